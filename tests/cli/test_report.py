"""The report: one HTML file that needs nothing else, a page for each swap; nothing in it is anybody's markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bluegreen.cli import report, stack, view
from bluegreen.cli.exits import Exit
from bluegreen.cli.main import main
from bluegreen.memory.router import MemoryRouter
from bluegreen.rollout.errors import PlatformError, SwapFailed
from tests.swap.bench import Swap

EMPTY = {"meta", "br", "rect", "link", "img", "input", "hr"}


class Tree(HTMLParser):
    """Whether every element is closed where it was opened, and what the page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "action")]
        self.loads += [value or "" for name, value in attrs if name == "href" and tag == "link"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def swap():
    return Swap("report")


def shown(swap):
    return view.described(stack.Found("web", swap.outputs))


def refused(swap):
    swap.here.broken.add("green")
    with pytest.raises(SwapFailed):
        swap.up("green")
    swap.here.broken.clear()


def test_each_swap_has_a_page_with_weights_gates_and_outcome(swap):
    refused(swap)
    swap.up("green", retry="mended")
    swap.up("blue")
    text = report.html(shown(swap))
    tree = Tree(text)
    assert tree.loads == [], "it needs nothing but itself"
    assert tree.tags.count("article") == len(swap.outputs["history"])
    assert "script" not in tree.tags
    for word in ("rolled back", "promoted", "restored", "3 of 3 healthy", "at least 100 % of targets", "started"):
        assert word in tree.text
    assert "green 10 % from 0 s on, green 50 % from 30 s on, green 100 % from 1 min on" in text
    anchors = re.findall(r'<article id="([^"]+)"', text)
    assert re.findall(r'href="#([^"]+)"', text) == anchors
    assert len(set(anchors)) == len(anchors)


def test_a_time_line_covers_the_whole_swap_and_both_colors_share_it(swap):
    swap.up("green")
    text = report.html(shown(swap), swap_id=swap.outputs["history"][0]["id"])
    rects = [
        tuple(map(float, one))
        for one in re.findall(r'x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', text)
    ]
    lasting = [one for one in rects if one[2] > 1]
    edges = {round(one[0] + one[2], 1) for one in lasting}
    assert max(edges) == report._WIDTH - 10
    assert min(one[0] for one in rects) == report._LEFT
    heights: dict[float, float] = {}
    for left, _, _, height in lasting:
        heights[left] = heights.get(left, 0) + height
    assert len({round(height) for height in heights.values()}) == 1, "blue and green make 100 % together"


def test_what_others_wrote_is_text(swap):
    swap.more["releases"] = {"blue": "v1", "green": "<script>alert(1)</script>"}
    swap.up("green")
    swap.here.marks["outcome.aaaaaaaa"] = "aborted green 2026-11-21T11:00:00Z 3.0s <img src=x onerror=alert(1)>"
    one = shown(swap)
    one["history"][0]["by"] = {"who": "<b>", "run_url": "javascript:alert(1)", "commit": "'\"><i>"}
    events = [{"swap": one["history"][0]["id"], "time": "x", "kind": "<u>", "text": "</article><script>"}]
    tree = Tree(report.html(one, events))
    assert not {"script", "img", "b", "i", "u"} & set(tree.tags)
    assert "javascript:" not in report.html(one)


def test_an_event_log_s_lines_stand_with_their_swap(swap):
    swap.up("green")
    one = shown(swap)
    mine = one["history"][0]["id"]
    log = (
        f'{{"time": "2026-11-30T10:00:00+00:00", "swap": "{mine}", "kind": "shift", "text": "green 10 %"}}\n'
        '{"time": "2026-11-30T10:00:01+00:00", "swap": "another", "kind": "shift", "text": "not mine"}\n'
        '{"time": "2026-11-30T10:00:02+00:00", "sw'
    )
    text = report.html(one, report.events_in(log))
    assert "2026-11-30 10:00:00Z</td><td>shift</td><td>green 10 %</td>" in text
    assert "not mine" not in text


def test_the_verb_writes_a_file_and_says_what_is_in_it(swap, monkeypatch, tmp_path, capsys):
    resource = {"urn": "urn:x::web-swap", "type": stack.TYPES[0], "outputs": swap.outputs}
    exported = {"deployment": {"resources": [resource]}}
    monkeypatch.setattr(stack, "export", lambda place: exported)
    file = tmp_path / "report.html"
    assert main(["report", str(file)]) == Exit.DONE
    assert capsys.readouterr().out == f"{file}: 1 swap of web\n"
    Tree(file.read_text("utf-8"))
    assert main(["report", str(file), "--id", "nobody"]) == Exit.REFUSED
    assert "web has no swap with the id nobody; it has: " in capsys.readouterr().err
    assert main(["report", str(tmp_path / "nowhere" / "report.html")]) == Exit.REFUSED
    assert "the report cannot be written" in capsys.readouterr().err
    exported["deployment"]["resources"].append({**resource, "outputs": {**swap.outputs, "name": "api"}})
    assert main(["report", str(file)]) == Exit.REFUSED
    assert "name it with --swap (web, api)" in capsys.readouterr().err


def test_one_that_cannot_be_read_is_reported_from_the_state(swap, monkeypatch):
    def fail(_):
        raise PlatformError("read", "no route to host")

    swap.up("green")
    monkeypatch.setattr(MemoryRouter, "read", fail)
    text = report.html(shown(swap))
    assert "Now: unknown." in text
    assert "promoted" in text
