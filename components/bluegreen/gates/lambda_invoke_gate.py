"""A Lambda function that is called: the color's own version before it has traffic, or a hook that tests it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.clients.aws import AwsConnection, called, error_code
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.base import THROUGHOUT, GateContext
from bluegreen.gates.texts import shortened
from bluegreen.permissions import Permission
from bluegreen.rollout.model import COLORS, Color, Decision, Phase, Verdict

_LIMIT = "an answer without an error"


@dataclass(frozen=True, slots=True)
class LambdaInvokeGate:
    """Calls a function and waits for its answer, 15 seconds at most; a call whose answer is lost is repeated.

    Attributes:
        functions: what is called for each color: a function's ARN or name with its version (``orders:3``).
        hook: what is called for both instead: a function of the user's own that tests the color. It is told
            ``color``, ``other_color``, ``phase``, ``weight_percent``, ``service``, ``release``, ``preview_url``,
            ``preview_headers`` and the ``payload``.
        payload: the event that the function is given.
        status_code: what ``statusCode`` of the answer must be; 0 is anything.
        json_match: values that the answer must have, by dotted path (``{"body.ok": True}``).
        aws: where and as whom to call.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("lambda:InvokeFunction", "each time the gate is asked", "arn:aws:lambda:*:*:function:*"),
    )

    functions: Mapping[Color, str] = field(default_factory=dict)
    hook: str = ""
    payload: object = None
    status_code: int = 0
    json_match: Mapping[str, object] = field(default_factory=dict)
    aws: AwsConnection = field(default_factory=AwsConnection)
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @classmethod
    def parse(cls, fields: Fields) -> Mapping[str, object]:
        """Check one entry of ``gates``."""
        section, hook = fields.section("functions", None), fields.text("hook", "")
        functions: dict[str, Any] = {}
        if section is not None:
            functions = {color: section.text(color) for color in COLORS}
            section.done()
        if (section is None) == (hook == ""):
            fields.problem("functions", None, "a function for each color, or else a hook")
        match = fields.raw("json_match")
        if match is not None and match is not UNKNOWN and not isinstance(match, Mapping):
            fields.problem("json_match", match, "an object of dotted paths and values")
        return {
            "functions": functions,
            "hook": hook,
            "payload": fields.raw("payload"),
            "status_code": fields.whole("status_code", 0, least=0, most=599),
            "json_match": match if isinstance(match, Mapping) else {},
            "aws": AwsConnection.parse(fields.section("aws", None)),
        }

    @property
    def label(self) -> str:
        """What people call it."""
        return f"lambda hook {_short(self.hook)}" if self.hook else "lambda invoke"

    def evaluate(self, context: GateContext) -> Verdict:
        """Call it once."""
        name = self.hook or self.functions[context.color]
        event = self._told(context) if self.hook else ({} if self.payload is None else self.payload)
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

    def _told(self, context: GateContext) -> dict[str, object]:
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
        """The first thing that is not as expected: what was seen and what was wanted."""
        wanted = {**({"statusCode": self.status_code} if self.status_code else {}), **self.json_match}
        if not wanted:
            return None
        try:
            answer = json.loads(body)
        except ValueError:
            return "an answer that is not JSON", "a JSON answer"
        for dotted, value in wanted.items():
            found = _at(answer, dotted)
            if found != value:
                return shortened(f"{dotted} = {found!r}"), f"{dotted} = {value!r}"
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
