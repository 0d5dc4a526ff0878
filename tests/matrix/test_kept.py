"""A run of strikes that was interrupted continues from what it has tried, as long as the sources are the same."""

from __future__ import annotations

import pytest

from dev.matrix import kept
from dev.matrix.somebody_else import run
from dev.matrix.somebody_else.acts import ACTS
from dev.matrix.somebody_else.memory_stage import MemoryStage
from dev.matrix.somebody_else.report import figures
from dev.matrix.somebody_else.trial import Trials


def test_what_was_tried_is_not_tried_again(tmp_path, monkeypatch):
    first = run.run(stages=["memory"], most={"memory": 5}, workers=0, keep=tmp_path)
    monkeypatch.setattr(run, "_tried", lambda job: pytest.fail(f"{job} was tried again"))
    again = run.run(stages=["memory"], most={"memory": 5}, workers=0, keep=tmp_path)
    assert figures(again) == figures(first)
    assert [str(one.point) for one in again.tried] == [str(one.point) for one in first.tried]
    assert {one.point.act for one in again.tried} <= set(ACTS)


def test_time_goes_on_from_stage_to_stage():
    """A process' memory of one stage would be of the future for the next one, and so never too old."""
    with Trials.on(MemoryStage()) as first:
        first._clock.sleep(60)
        before = first._clock.now_seconds
    with Trials.on(MemoryStage()) as second:
        assert second._clock.now_seconds >= before


def test_what_other_sources_did_does_not_count(tmp_path, monkeypatch):
    sources = tmp_path / "dev" / "matrix"
    sources.mkdir(parents=True)
    (sources / "one.py").write_text("a = 1")
    monkeypatch.setattr(kept, "_ROOT", tmp_path)
    before = kept.folder_for(tmp_path / "kept")
    assert kept.folder_for(tmp_path / "kept") == before
    (sources / "one.py").write_text("a = 2")
    assert kept.folder_for(tmp_path / "kept") != before
