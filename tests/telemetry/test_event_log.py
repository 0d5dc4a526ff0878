import json
import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from bluegreen.rollout.model import Event, Outcome
from bluegreen.telemetry.event_log import VARIABLE, EventLog

AT = 1_700_000_000.25


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_event_is_a_line_of_json(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path, "web")
    log.on_event(Event(AT, "promotion", "promotion to green"))
    log.swap_id = "5f2a"
    log.on_event(Event(AT + 1, "shift", "green 10 %", {"weights": {"blue": 90, "green": 10}, "is": Outcome.PAUSED}))
    first, second = read(path)
    assert first == {
        "time": "2023-11-14T22:13:20.250Z",
        "service": "web",
        "swap": "",
        "kind": "promotion",
        "text": "promotion to green",
        "data": {},
    }
    assert datetime.fromisoformat(first["time"].replace("Z", "+00:00")).timestamp() == AT
    assert second["swap"] == "5f2a"
    assert second["data"] == {"weights": {"blue": 90, "green": 10}, "is": "paused"}


def test_the_file_is_its_owners_alone_and_never_begun_anew(tmp_path):
    path = tmp_path / "events.jsonl"
    for text in ("one", "two"):
        EventLog(path).on_event(Event(AT, "verify", text))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line["text"] for line in read(path)] == ["one", "two"]


def test_what_json_cannot_hold_is_written_as_text(tmp_path):
    path = tmp_path / "events.jsonl"
    data = {"nan": float("nan"), "set": {1}, "odd": object, "line": "a\nb", "lone": "\ud800"}
    EventLog(path).on_event(Event(AT, "gate", "é", data))
    (line,) = read(path)
    assert line["data"]["nan"] == "nan"
    assert line["data"]["set"] == [1]
    assert line["data"]["line"] == "a\nb"
    assert line["text"] == "é"


def test_no_secret_is_written(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("SHOP_API_TOKEN", "correct-horse")
    path = tmp_path / "events.jsonl"
    with caplog.at_level(logging.INFO, "bluegreen.events"):
        EventLog(path).on_event(Event(AT, "gate", "sent correct-horse", {"deep": [{"header": "x correct-horse"}]}))
    assert "correct-horse" not in path.read_text() + caplog.text
    assert "correct-horse" not in json.dumps(caplog.records[0].bluegreen)
    assert read(path)[0]["text"] == "sent ***"


def test_lines_of_several_swaps_do_not_mix(tmp_path):
    path = tmp_path / "events.jsonl"
    text = "x" * 5_000

    def write(number):
        log = EventLog(path, f"service-{number}")
        for _ in range(50):
            log.on_event(Event(AT, "gate", text))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [line["text"] for line in read(path)] == [text] * 200


@pytest.mark.parametrize("where", ["missing/events.jsonl", "."])
def test_a_file_that_cannot_be_written_is_told_once_and_no_more(tmp_path, where):
    told = []
    log = EventLog(tmp_path / where, tell=told.append)
    for _ in range(3):
        log.on_event(Event(AT, "shift", "green 10 %"))
    assert len(told) == 1
    assert str(tmp_path / where) in told[0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_stops_nothing():
    told = []
    EventLog("/dev/full", tell=told.append).on_event(Event(AT, "shift", "green 10 %"))
    assert told == ["events are not written to /dev/full: No space left on device"]


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    told = []
    EventLog(tmp_path / "pipe", tell=told.append).on_event(Event(AT, "shift", "green 10 %"))
    assert len(told) == 1


def test_a_line_after_one_that_was_cut_is_whole(tmp_path, monkeypatch):
    path, told = tmp_path / "events.jsonl", []
    log = EventLog(path, tell=told.append)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    log.on_event(Event(AT, "shift", "one"))
    monkeypatch.undo()
    log.on_event(Event(AT, "shift", "two"))
    assert json.loads(path.read_text().splitlines()[-1])["text"] == "two"
    assert len(told) == 1


def test_the_standard_logging_has_the_record(caplog):
    with caplog.at_level(logging.INFO, "bluegreen.events"):
        log = EventLog(None, "web")
        for kind in ("shift", "restore", "failed"):
            log.on_event(Event(AT, kind, f"100 % {kind}"))
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "100 % shift"),
        ("WARNING", "100 % restore"),
        ("ERROR", "100 % failed"),
    ]
    assert caplog.records[0].bluegreen["service"] == "web"


def test_without_a_handler_nothing_is_printed(capfd):
    EventLog(None).on_event(Event(AT, "failed", "it failed"))
    assert capfd.readouterr() == ("", "")


def test_a_broken_handler_or_listener_stops_nothing(tmp_path):
    class Broken(logging.Handler):
        def emit(self, record):
            raise ZeroDivisionError

    def refuse(_):
        raise ZeroDivisionError

    logger, handler = logging.getLogger("bluegreen.events"), Broken()
    logger.addHandler(handler)
    try:
        EventLog(tmp_path / "a", tell=refuse).on_event(Event(AT, "failed", "it failed"))
    finally:
        logger.removeHandler(handler)


def test_the_environment_names_the_file(tmp_path):
    path = tmp_path / "events.jsonl"
    EventLog.from_environment("web", environ={VARIABLE: str(path)}).on_event(Event(AT, "shift", "green 10 %"))
    EventLog.from_environment("web", environ={}).on_event(Event(AT, "shift", "green 50 %"))
    assert [line["text"] for line in read(path)] == ["green 10 %"]
