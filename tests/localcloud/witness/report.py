"""What both came to, side by side, and Knative's side as it is kept: `make test` holds the stand-in to that."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from localcloud.tools import knative
from tests.localcloud.witness.cases import CASES, Seen
from tests.localcloud.witness.differences import DIFFERENCES

BEGIN, END = "<!-- witness:begin -->", "<!-- witness:end -->"
KEPT = Path(__file__).with_name("knative.json")
By = Mapping[str, list[Seen]]
"""The states of all steps, by case."""


def keep(found: By, requests: int) -> None:
    """Write down what Knative came to."""
    states = {case: [dataclasses.asdict(one) for one in seen] for case, seen in found.items()}
    lines = [f"  {json.dumps(case)}: [\n{_lines(seen)}\n  ]" for case, seen in states.items()]
    told = f'"version": "{knative.VERSION}",\n "requests": {requests},\n "states": {{\n'
    KEPT.write_text("{" + told + ",\n".join(lines) + "\n }\n}\n")


def _lines(seen: list[dict[str, object]]) -> str:
    return ",\n".join(f"    {json.dumps(one)}" for one in seen)


def kept() -> tuple[dict[str, list[Seen]], int]:
    """The same, read: by case, and how many requests went as it says."""
    told = json.loads(KEPT.read_text())
    states = {case: [_seen(one) for one in seen] for case, seen in told["states"].items()}
    return states, told["requests"]


def _seen(told: dict[str, object]) -> Seen:
    values: dict[str, object] = dict(told)
    for name in ("followed", "revisions"):
        listed = values[name]
        assert isinstance(listed, list)
        values[name] = tuple(tuple(one) if isinstance(one, list) else one for one in listed)
    return Seen(**values)  # type: ignore[arg-type]


def compare(google: By, witness: By) -> dict[tuple[str, int], str]:
    """The steps that come to something else, by case and place, and in what."""
    found = {}
    for case, steps in google.items():
        for place, (ours, theirs) in enumerate(zip(steps, witness[case], strict=True), start=1):
            told = [
                f"{field.name}: {getattr(ours, field.name)}, Knative {getattr(theirs, field.name)}"
                for field in dataclasses.fields(Seen)
                if getattr(ours, field.name) != getattr(theirs, field.name)
            ]
            if told:
                found[case, place] = "; ".join(told)
    return found


def summary(differing: Mapping[tuple[str, int], str], requests: int) -> str:
    """In a sentence."""
    steps = sum(len(one) for one in CASES.values())
    return (
        f"{steps} writes in {len(CASES)} sequences, Knative Serving {knative.VERSION}: {steps - len(differing)} come "
        f"to the same state, {len(differing)} to another; {requests} requests went as Knative said."
    )


def in_docs(page: str, differing: Mapping[tuple[str, int], str], requests: int) -> str:
    """The page with the figures between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    reasons = {DIFFERENCES[one]: None for one in differing}
    places = [
        ", ".join(f"{case} ({place})" for case, place in differing if DIFFERENCES[case, place] == why)
        for why in reasons
    ]
    lines = [summary(differing, requests), ""]
    if differing:
        lines += ["| sequence (its write) | what differs, and why |", "| --- | --- |"]
        lines += [f"| {place} | {why} |" for place, why in zip(places, reasons, strict=True)]
    return f"{before}{BEGIN}\n" + "\n".join(lines).strip() + f"\n{END}{after}"
