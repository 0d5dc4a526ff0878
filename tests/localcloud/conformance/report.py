"""The outcomes of the tests over both plugins, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from localcloud.tools import kubernetes_plugin

BEGIN, END = "<!-- conformance:begin -->", "<!-- conformance:end -->"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures.

    Attributes:
        tests: how many drive a plugin.
        failing: those that fail over the stand-in itself, and how.
        differing: those that pass over the stand-in and fail over Pulumi's plugin, and how.
        unlisted: those of them that no reason is given for.
        stale: those that a reason is given for, and that have the same outcome.
    """

    tests: int
    failing: Mapping[str, str]
    differing: Mapping[str, str]
    unlisted: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def as_listed(self) -> bool:
        """Whether nothing differs but what is listed."""
        return not (self.failing or self.unlisted or self.stale)

    def summary(self) -> str:
        """In a sentence."""
        same = self.tests - len(self.differing)
        return (
            f"{self.tests} tests over both, Pulumi's plugin as of {kubernetes_plugin.DATE} "
            f"(`{kubernetes_plugin.COMMIT}`): {same} have the same outcome, {len(self.differing)} another one."
        )

    def text(self, reasons: Mapping[str, str]) -> str:
        """For a terminal."""
        lines = [self.summary()]
        lines += [f"over the stand-in: {name}: {said}" for name, said in self.failing.items()]
        lines += [f"differs, NOT LISTED: {name}: {self.differing[name]}" for name in self.unlisted]
        lines += [
            f"differs, {reason_of(name, reasons)}: {name}" for name in self.differing if name not in self.unlisted
        ]
        lines += [f"listed, and does not differ: {name}" for name in self.stale]
        return "\n".join(lines)


def read(junit: str) -> dict[str, str]:
    """The outcomes in pytest's report: a test's name, and what went wrong if anything. Skipped ones are left out."""
    by_test = {}
    for case in ElementTree.fromstring(junit).iter("testcase"):
        if case.find("skipped") is not None:
            continue
        wrong = [one for kind in ("failure", "error") for one in case.findall(kind)]
        driven = any(one.get("name") == "drove" for one in case.iter("property"))
        if driven or wrong:
            name = f"{str(case.get('classname')).rpartition('.')[2]}::{case.get('name')}"
            said = " ".join(one.get("message") or "failed" for one in wrong)
            by_test[name] = said.splitlines()[0][:300] if said else ""
    return by_test


def compare(standing: Mapping[str, str], real: Mapping[str, str], reasons: Mapping[str, str]) -> Comparison:
    """Both sides' outcomes, and what is listed."""
    names = standing.keys() | real.keys()
    failing = {name: standing[name] for name in sorted(names) if standing.get(name)}
    differing = {
        name: real.get(name, "did not run") for name in sorted(names) if name not in failing and real.get(name, "none")
    }
    return Comparison(
        tests=len(names),
        failing=failing,
        differing=differing,
        unlisted=tuple(name for name in differing if not reason_of(name, reasons)),
        stale=tuple(name for name in sorted(reasons) if name not in differing | _tests(differing)),
    )


def reason_of(name: str, reasons: Mapping[str, str]) -> str:
    """Why a test differs, which may stand there for all of its parameters; empty where nothing does."""
    return reasons.get(name) or reasons.get(name.partition("[")[0], "")


def _tests(differing: Mapping[str, str]) -> dict[str, str]:
    return {name.partition("[")[0]: said for name, said in differing.items()}


def in_docs(page: str, comparison: Comparison, reasons: Mapping[str, str]) -> str:
    """The page with the figures between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [comparison.summary(), ""]
    if comparison.differing:
        lines += ["| what differs | why |", "| --- | --- |"]
        lines += [f"| `{name.partition('::')[2]}` | {reason} |" for name, reason in sorted(reasons.items())]
    return f"{before}{BEGIN}\n" + "\n".join(lines).strip() + f"\n{END}{after}"
