"""A Lambda function that is called: the color's own version before it has traffic, or a hook that tests it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.aws.connection_option import AWS
from bluegreen.fields import Fields
from bluegreen.gates.texts import shortened
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Anything, Made, Number, Objects, Text
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color, Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext

_LIMIT = "an answer without an error"


def _functions(fields: Fields, name: str) -> dict[str, Any]:
    section = fields.section(name, None)
    if section is None:
        return {}
    functions: dict[str, Any] = {color: section.text(color) for color in COLORS}
    section.done()
    return functions


@declared
class LambdaInvokeGate(Options):
    """A Lambda function that is called and must answer without an error, in 15 seconds.

    A call whose answer is lost is repeated.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("lambda:InvokeFunction", "each time the gate runs", "arn:aws:lambda:*:*:function:*"),
    )

    payload: object = option(
        "the event that the function is given. It is stored in the stack's state: no secrets here",
        Anything(),
        default=None,
        positional=True,
        absent="an empty object",
    )
    functions: Mapping[Color, str] = option(
        "what is called for each color, each an ARN or a name with its version (``orders:3``); ``LambdaAlias`` fills "
        "in its own versions",
        Made("Mapping[str, pulumi.Input[str]]", _functions),
        default={},
    )
    hook: str = option(
        "the ARN or name of a function of your own that is called for both colors instead, as CodeDeploy's hooks are. "
        "It receives ``color``, ``other_color``, ``phase``, ``weight_percent``, ``service``, ``release``, "
        "``preview_url``, ``preview_headers`` and the ``payload``",
        Text(later=True),
        default="",
    )
    status_code: int = option(
        "what ``statusCode`` of the answer must be, for functions behind a URL, an API or a load balancer",
        Number(0, 599, whole=True),
        default=0,
        absent="anything",
    )
    json_match: Mapping[str, object] = option(
        'values that the answer must have, by dotted path (``{"body.ok": True}``); a ``body`` that is JSON is read',
        Objects("an object of dotted paths and values"),
        default={},
    )
    aws: AwsConnection = option(
        "where to call, with which credentials; ``LambdaAlias`` fills in the swap's",
        AWS,
        default=AwsConnection(),
        absent="boto3's own chain",
    )
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse both functions and a hook, and none of them."""
        if (not values["functions"] and fields.raw("functions") is None) == (values["hook"] == ""):
            fields.problem("functions", None, "a function for each color, or else a hook")

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"lambda hook {_short(self.hook)}" if self.hook else "lambda invoke"

    def evaluate(self, context: GateContext) -> Verdict:
        """Call it once."""
        name = self.hook or self.functions[context.color]
        event = self._event_of_the_hook(context) if self.hook else ({} if self.payload is None else self.payload)
        with called("lambda:InvokeFunction"):
            try:
                answer = self.aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
                body = answer["Payload"].read()
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return Verdict(Decision.FAIL, f"there is no {_short(name)}", _LIMIT)
        seen = f"{_short(name)} (version {answer.get('ExecutedVersion', 'unknown')})"
        if answer.get("FunctionError"):
            said = shortened(body.decode("utf-8", "replace"))
            return Verdict(Decision.FAIL, f"{seen}: {answer['FunctionError']} error", _LIMIT, said)
        wrong = self._wrong(body)
        return Verdict(Decision.PASS, f"{seen} answered") if wrong is None else Verdict(Decision.FAIL, *wrong, seen)

    def _event_of_the_hook(self, context: GateContext) -> dict[str, object]:
        preview = context.preview
        return {
            "color": context.color,
            "other_color": context.other_color,
            "phase": context.phase.value,
            "weight_percent": context.weight_percent,
            "service": context.service,
            "release": context.releases.get(context.color, ""),
            "preview_url": "" if preview is None else preview.url,
            "preview_headers": {} if preview is None else dict(preview.headers),
            "payload": self.payload,
        }

    def _wrong(self, body: bytes) -> tuple[str, str] | None:
        """The first deviation: the value in the answer, and the wanted one."""
        wanted = {**({"statusCode": self.status_code} if self.status_code else {}), **self.json_match}
        if not wanted:
            return None
        try:
            answer = json.loads(body)
        except ValueError:
            return "an answer that is not JSON", "a JSON answer"
        for dotted, value in wanted.items():
            seen = _at(answer, dotted)
            if seen != value:
                return shortened(f"{dotted} = {seen!r}"), f"{dotted} = {value!r}"
        return None


def _at(answer: object, dotted: str) -> object:
    """The value at a dotted path; a text on the way is read as JSON, since a proxy's ``body`` is one."""
    for part in dotted.split("."):
        if isinstance(answer, str):
            try:
                answer = json.loads(answer)
            except ValueError:
                return None
        answer = answer.get(part) if isinstance(answer, Mapping) else None
    return answer


def _short(name: str) -> str:
    return name.partition(":function:")[2] or name
