"""The rules for every gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable, PlatformError
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import GateContext, Preview
from bluegreen.testing.expecting import expect, keeps_to_sections, parsed_by


@dataclass(frozen=True, slots=True)
class GateCase:
    """A gate to be held against the rules.

    Attributes:
        section: a good entry of ``gates``, with its ``kind``.
        context: what it may look at.
    """

    section: Mapping[str, object]
    context: GateContext = field(
        default_factory=lambda: GateContext("green", Preview("http://127.0.0.1:9", {}), service="web")
    )

    def build(self) -> Any:
        """The gate."""
        return GATES.build(parsed_by(GATES, self.section))


def its_options_are_refused_by_name(case: GateCase) -> None:
    """See ``keeps_to_sections``."""
    keeps_to_sections(GATES, case.section)


def it_says_what_it_is(case: GateCase) -> None:
    """A label for people, and when it runs."""
    gate = case.build()
    expect(isinstance(gate.label, str) and gate.label.strip(), "its label is no text, or an empty one")
    expect("\n" not in gate.label, "its label has more than one line")
    expect(gate.phases and set(gate.phases) <= set(Phase), "its phases are none, or something else than phases")
    expect(isinstance(gate.needs_preview, bool), "needs_preview is neither true nor false")
    expect(isinstance(gate.offline, bool), "offline is neither true nor false")


def it_answers_or_says_that_it_cannot_be_asked(case: GateCase) -> None:
    """A verdict with a value, or ``GateUnavailable``: anything else would be a failure of the swap's."""
    gate = case.build()
    try:
        verdict = gate.evaluate(case.context)
    except (GateUnavailable, PlatformError) as error:
        expect(str(error), "it has no answer, and gives no reason")
        return
    except Exception as error:
        raise AssertionError(f"it raises {type(error).__name__}, and not GateUnavailable: {error}") from error
    expect(isinstance(verdict, Verdict), f"its answer is no Verdict, but {type(verdict).__name__}")
    expect(isinstance(verdict.decision, Decision), "its decision is none")
    if verdict.decision is Decision.FAIL:
        expect(verdict.value, "it fails without saying what it has seen")


def without_a_preview_it_is_not_passed(case: GateCase) -> None:
    """Where it needs a preview address and there is none, that is never a pass."""
    gate = case.build()
    if not gate.needs_preview:
        return
    try:
        verdict = gate.evaluate(GateContext("green", service="web"))
    except Exception:  # noqa: BLE001 - which errors it may raise is another rule's matter
        return
    expect(getattr(verdict, "decision", None) is not Decision.PASS, "without a preview address it passes")


RULES: tuple[Callable[[GateCase], None], ...] = (
    its_options_are_refused_by_name,
    it_says_what_it_is,
    it_answers_or_says_that_it_cannot_be_asked,
    without_a_preview_it_is_not_passed,
)
