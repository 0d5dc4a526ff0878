"""A feature flag that says whether the swap may continue, through OpenFeature: one adapter for every provider of it."""

from __future__ import annotations

import re
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bluegreen.gates.texts import shortened
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Anything, Text
from bluegreen.rollout.asking import contained, named
from bluegreen.rollout.calls import pause
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient
    from openfeature.evaluation_context import EvaluationContext

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
_ASKS_FOR_LEAVE = frozenset({Phase.CONFIRM, Phase.INCREASE, Phase.PROMOTE})
# Values that nobody decided on, or that may be old. A flag that cannot be read must not let traffic through.
_NOT_AN_ANSWER = frozenset({"DEFAULT", "ERROR", "STALE"})
_READY_SECONDS = 10.0
_READY_POLL_SECONDS = 0.02

_registered: set[str] = set()
_lock = threading.Lock()


@declared
class FeatureFlagGate(Options):
    """A feature flag, through OpenFeature. Needs ``pip install 'bluegreen[flags]'``.

    A flag of another value is waited for before a weight, and fails under traffic. It is evaluated for the service as
    targeting key, with ``color``, ``other_color``, ``release`` and ``phase``.
    """

    flag: str = option("the flag's key", Text(), positional=True)
    provider: str = option(
        "``module:function``: a function of your own that takes nothing and returns an OpenFeature provider",
        Text(fits=_PATH.match, allowed="module:function, which returns an OpenFeature provider"),
    )
    equals: bool | float | str = option(
        "the value that passes",
        Anything(
            "bool | float | str",
            fits=lambda value: isinstance(value, (bool, int, float, str)),
            allowed="true, false, a number or a text",
        ),
        default=True,
    )
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        return f"feature flag {self.flag}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Evaluate the flag once."""
        client, about = self._client(), self._about(context)
        asked = contained(lambda: _details(client, self.flag, self.equals, about))
        if asked.error is not None:
            raise GateUnavailable(f"{self.label}: the provider {self.provider} raised {shortened(named(asked.error))}")
        details: Any = asked.value
        reason = str(getattr(details.reason, "value", details.reason) or "")
        if details.error_code is not None or reason.upper() in _NOT_AN_ANSWER:
            why = shortened(f"{getattr(details.error_code, 'value', '') or ''} {details.error_message or ''}")
            raise GateUnavailable(f"{self.label}: no value for it (reason {reason or 'none'}) {why}".rstrip())
        wanted, seen = f"{self.equals!r}", shortened(repr(details.value))
        # true is not 1 here.
        if details.value == self.equals and isinstance(details.value, bool) == isinstance(self.equals, bool):
            return Verdict(Decision.PASS, seen, wanted)
        return Verdict(Decision.PENDING if context.phase in _ASKS_FOR_LEAVE else Decision.FAIL, seen, wanted)

    @staticmethod
    def _about(context: GateContext) -> EvaluationContext:
        from openfeature.evaluation_context import EvaluationContext  # noqa: PLC0415

        return EvaluationContext(
            targeting_key=context.service,
            attributes={
                "color": context.color,
                "other_color": context.other_color,
                "release": context.releases.get(context.color, ""),
                "phase": context.phase.value,
            },
        )

    def _provider(self) -> Any:
        module, _, function = self.provider.partition(":")
        return getattr(import_module(module), function)()

    def _client(self) -> OpenFeatureClient:
        """A client of the provider, which is made once and has to be ready.

        Raises:
            GateUnavailable: when there is none.
        """
        try:
            from openfeature import api  # noqa: PLC0415
            from openfeature.provider import ProviderStatus  # noqa: PLC0415
        except ImportError as error:
            raise GateUnavailable(f"{self.label} needs OpenFeature: pip install 'bluegreen[flags]'") from error
        # A domain of its own: the program may use OpenFeature for other things.
        domain = f"bluegreen {self.provider}"
        with _lock:
            if self.provider not in _registered:
                # The module and its function are the team's own and may raise anything, also the end of the process.
                made = contained(lambda: api.set_provider(self._provider(), domain))
                if made.error is not None:
                    why = shortened(named(made.error))
                    raise GateUnavailable(f"{self.label}: the provider {self.provider} cannot be made: {why}") from None
                _registered.add(self.provider)
                first = True
            else:
                first = False
            client = api.get_client(domain)
            # Providers are initialized in the background.
            waited_seconds = 0.0
            while client.get_provider_status() is ProviderStatus.NOT_READY and waited_seconds < _READY_SECONDS:
                pause(_READY_POLL_SECONDS)
                waited_seconds += _READY_POLL_SECONDS
            status = client.get_provider_status()
            if status is not ProviderStatus.READY:
                if first:
                    # It never worked, so the next question begins anew; one that did work comes back by itself.
                    _registered.discard(self.provider)
                raise GateUnavailable(f"{self.label}: the provider {self.provider} is not ready ({status.value})")
        return client


def _details(client: OpenFeatureClient, flag: str, equals: bool | float | str, about: EvaluationContext) -> Any:
    """Ask for the kind of value that is wanted. The default is never that value."""
    if isinstance(equals, bool):
        return client.get_boolean_details(flag, not equals, about)
    if isinstance(equals, str):
        return client.get_string_details(flag, f"not {equals}", about)
    default = 1 if equals == 0 else 0
    if float(equals).is_integer():
        # Whole numbers are floats or integers, as their flag has it; from the engine they all come as floats.
        details: Any = client.get_integer_details(flag, default, about)
        if getattr(details.error_code, "value", "") != "TYPE_MISMATCH":
            return details
    return client.get_float_details(flag, float(default), about)
