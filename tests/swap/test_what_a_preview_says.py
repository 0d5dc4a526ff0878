"""What a preview says of a swap before anything runs: gates on files, pinned clients, other places, first starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from bluegreen.gates.registry import GATES
from bluegreen.memory.router import MemoryRouter
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Text
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import GateUnavailable, Problem
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.swap.service import SwapService
from tests.swap.bench import Swap

ANSWERS = {
    "no": Verdict(Decision.FAIL, "3 dangers", "0", "a column is dropped"),
    "yes, but": Verdict(Decision.PASS, "0 dangers", "0", "two files were not understood"),
    "yes": Verdict(Decision.PASS),
}


@declared
class OnFiles(Options):
    """Looks at local files alone."""

    label: str = "files"
    needs_preview: bool = False
    phases: frozenset = frozenset({Phase.CONFIRM})
    offline: bool = True
    answer: ClassVar[str] = ""

    def evaluate(self, _context):
        if self.answer == "":
            raise GateUnavailable("no such file")
        return ANSWERS[self.answer]


@dataclass(slots=True)
class Peculiar(MemoryRouter):
    """A platform that pins clients, was found at another place, and knows what a first start must not be."""

    clients_stay: ClassVar[str] = "clients stay with a color"
    stands_elsewhere: ClassVar[str] = "it stands at priority 7, not at 5"
    taken: ClassVar[bool] = False
    owner: str = option("who owns it", Text(), default="")

    @staticmethod
    def problems_of_a_first_start(section):
        return [Problem("name", section["name"], "a name that nobody has")] if Peculiar.taken else []


@pytest.fixture
def peculiar(monkeypatch):
    monkeypatch.setitem(ROUTERS.entries, "peculiar", f"{__name__}:Peculiar")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", ["gate files cannot run: no such file"]),
        ("no", ["gate files will refuse this promotion: 3 dangers against 0; a column is dropped"]),
        ("yes, but", ["gate files passes: 0 dangers against 0; two files were not understood"]),
        ("yes", []),
    ],
)
def test_the_answer_of_a_gate_on_files_stands_in_the_preview(monkeypatch, answer, said):
    monkeypatch.setitem(GATES.entries, "files", f"{__name__}:OnFiles")
    monkeypatch.setattr(OnFiles, "answer", answer)
    swap = Swap("previewed")
    found = swap.service().diff(swap.outputs, swap.inputs("green", gates=[{"kind": "files"}]))
    assert [text for text in found.warnings if text.startswith("gate files")] == said


def test_clients_that_stay_and_another_place_are_warned_of(peculiar):
    swap = Swap("previewed", router={"kind": "peculiar", "name": "previewed"})
    steps = swap.service().diff(swap.outputs, swap.inputs("green"))
    assert "it stands at priority 7, not at 5" in steps.warnings
    assert "clients stay with a color" in steps.notes
    at_once = swap.service().diff(swap.outputs, swap.inputs("green", strategy={"name": "all_at_once"}))
    assert "clients stay with a color" not in at_once.notes
    swap.up("green")
    back = swap.service().diff(swap.outputs, swap.inputs("blue"))
    assert "clients stay with a color" not in back.notes


def test_an_owner_that_changes_is_told_with_what_happens_to_the_former_one_s_object(peculiar):
    router = {"kind": "peculiar", "name": "previewed", "owner": "shop/dev/web"}
    swap = Swap("previewed", router=router)
    found = swap.service().diff(swap.outputs, swap.inputs("blue", router={**router, "owner": "shop/production/web"}))
    assert any("it was shop/dev/web and is shop/production/web from now on" in text for text in found.warnings)


def test_what_only_the_platform_knows_of_a_first_start_is_refused_with_its_field(peculiar, monkeypatch):
    monkeypatch.setattr(Peculiar, "taken", True)
    swap = Swap("previewed", started=False, router={"kind": "peculiar", "name": "previewed"})
    _, problems = SwapService().check({}, swap.inputs("blue"))
    assert [(problem.field, problem.allowed) for problem in problems] == [("router.name", "a name that nobody has")]
    several = swap.inputs("blue", router=None, routers=[{"kind": "peculiar", "name": "first"}])
    assert SwapService().check({}, several)[1][0].field == "routers[0].name"
