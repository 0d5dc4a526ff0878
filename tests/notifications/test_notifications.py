"""Notifiers against real servers on this machine."""

import hashlib
import hmac
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.notifications import base
from bluegreen.notifications.base import notify_all
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.notifications.slack_notifier import SlackNotifier, message
from bluegreen.notifications.teams_notifier import TeamsNotifier
from bluegreen.notifications.teams_notifier import message as teams_message
from bluegreen.notifications.webhook_notifier import WebhookNotifier
from bluegreen.notifications.words import STAGES
from bluegreen.rollout.model import Outcome
from bluegreen.secrets import SecretRef
from bluegreen.signing import signature_header
from localcloud import loopback

RECORD = {
    "id": "5f2a",
    "service": "web",
    "outcome": "restored",
    "from": {"blue": 100, "green": 0},
    "to": "green",
    "release": "app:v2",
    "seconds": 12.5,
    "steps": [{"at_seconds": 1, "blue": 90, "green": 10}, {"at_seconds": 2, "blue": 100, "green": 0}],
    "reason": "gate http /healthz failed: status 503",
    "restored": "restored and verified: blue 100 %, green 0 %",
    "next_step": "mend green",
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch):
    monkeypatch.setattr(base, "_PAUSE_SECONDS", 0)


class Server:
    """Answers with the next of ``statuses`` (the last one stays) and remembers what it got."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.requests = []

    def status(self):
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def serving(*statuses, location=None):
    server = Server(*statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.requests.append((self.path, dict(self.headers), body))
            self.send_response(server.status())
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = loopback.Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{listening.server_port}"
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


@contextmanager
def peer(answer):
    """A server that takes a connection and then does what ``answer`` does with it."""
    ended = threading.Event()

    def run():
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection, ended), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def told_by(*notifiers, record=None):
    told = []
    notify_all(notifiers, record or RECORD, lambda kind, text: told.append((kind, text)))
    return told


def parsed(kind, **options):
    fields = Fields({"kind": kind, **options}, "notifications[0]")
    return NOTIFIERS.parse(fields), [str(problem) for problem in fields.problems]


# -- the webhook


def test_a_webhook_gets_the_record():
    with serving(204) as server:
        assert told_by(WebhookNotifier(f"{server.url}/hook")) == [
            ("notify", f"webhook {server.url.removeprefix('http://')} was notified")
        ]
    ((path, headers, body),) = server.requests
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Bluegreen-Swap"] == "5f2a"
    assert "X-Bluegreen-Signature" not in headers
    assert json.loads(body) == RECORD


def test_a_webhook_with_a_secret_is_signed(monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "correct-horse")
    with serving(200) as server:
        told_by(WebhookNotifier(server.url, SecretRef(env="HOOK_SECRET")))
    ((_, headers, body),) = server.requests
    at, signature = (part.partition("=")[2] for part in headers["X-Bluegreen-Signature"].split(","))
    assert signature == hmac.new(b"correct-horse", f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_the_signature_is_what_others_compute():
    header = signature_header("secret", b'{"a": 1}', 1_700_000_000.9)
    # printf '1700000000.{"a": 1}' | openssl dgst -sha256 -hmac secret
    digest = hmac.new(b"secret", b'1700000000.{"a": 1}', "sha256").hexdigest()
    assert header == {"X-Bluegreen-Signature": f"t=1700000000,v1={digest}"}


def test_a_url_by_reference_is_read_when_it_is_needed(tmp_path):
    with serving(200) as server:
        (tmp_path / "url").write_text(f"{server.url}/a/secret/path\n")
        told = told_by(WebhookNotifier(SecretRef(file=str(tmp_path / "url"))))
    assert server.requests[0][0] == "/a/secret/path"
    assert "was notified" in told[0][1]
    assert "secret/path" not in told[0][1]


# -- what can go wrong


def test_a_first_try_that_fails_is_followed_by_a_second():
    with serving(500, 200) as server:
        assert "was notified" in told_by(WebhookNotifier(server.url))[0][1]
    assert len(server.requests) == 2


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (503, 2), (429, 2), (404, 1), (403, 1)])
def test_a_refusal_is_told_and_no_more(status, tries):
    with serving(status) as server:
        ((kind, text),) = told_by(WebhookNotifier(f"{server.url}/hook"))
    assert kind == "notify"
    assert text.endswith(f"could not be notified: status {status}")
    assert len(server.requests) == tries


def test_a_redirect_is_not_followed():
    with serving(200) as other, serving(307, location=other.url) as server:
        assert "status 307" in told_by(WebhookNotifier(server.url))[0][1]
    assert other.requests == []


def test_a_dead_port():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "could not be notified: " in told_by(WebhookNotifier(f"http://127.0.0.1:{port}"))[0][1]


def hang(connection, ended):
    with connection:
        ended.wait(60)


def trickle(connection, ended):
    """A byte at a time: no timeout of a single read ever comes."""
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not ended.wait(0.02):
                connection.sendall(b"x")
        except OSError:
            return


def nonsense(connection, _):
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def test_a_server_that_hangs():
    with peer(hang) as url:
        ((_, text),) = told_by(WebhookNotifier(url, timeout_seconds=0.1))
    assert text.endswith("could not be notified: no answer in 0.1 s")


def test_a_server_that_answers_a_byte_at_a_time():
    with peer(trickle) as url:
        ((_, text),) = told_by(WebhookNotifier(url, timeout_seconds=1))
    assert text.endswith("could not be notified: no answer in 1 s")


def test_a_server_that_speaks_something_else():
    with peer(nonsense) as url:
        assert "could not be notified: " in told_by(WebhookNotifier(url))[0][1]


def test_one_that_fails_keeps_nobody_else_from_it():
    with serving(200) as good, serving(500) as bad:
        told = told_by(WebhookNotifier(bad.url), WebhookNotifier(good.url))
    assert ["was notified" in text for _, text in told] == [False, True]


def test_a_missing_secret_is_told_by_its_reference(monkeypatch):
    monkeypatch.delenv("SLACK_URL", raising=False)
    ((_, text),) = told_by(SlackNotifier(SecretRef(env="SLACK_URL")))
    assert text == ("slack (env SLACK_URL) could not be notified: the secret in env SLACK_URL is missing or empty")


def test_nothing_that_a_notifier_or_a_listener_does_gets_out():
    class Odd:
        label, outcomes, timeout_seconds = "odd", (), 0.1

        def notify(self, record):
            raise ZeroDivisionError

    def refuse(*_):
        raise ZeroDivisionError

    notify_all([Odd()], RECORD, refuse)


@pytest.mark.parametrize("error", [SystemExit("usage"), KeyboardInterrupt(), GeneratorExit(), MemoryError()])
def test_a_notifier_that_ends_the_process_is_told_of_and_no_more(error):
    class Ends:
        label, outcomes, timeout_seconds = "ends", (), 5

        def notify(self, record):
            raise error

    why = str(error) or type(error).__name__
    assert told_by(Ends()) == [("notify", f"ends could not be notified: {why}")]


def test_only_the_outcomes_that_were_asked_for():
    with serving(200) as server:
        notifier = WebhookNotifier(server.url, outcomes=("not_restored", "aborted"))
        assert told_by(notifier) == []
        assert len(told_by(notifier, record={**RECORD, "outcome": "aborted"})) == 1
    assert len(server.requests) == 1


# -- secrets


@pytest.mark.parametrize("status", [200, 404])
def test_no_secret_is_sent_or_shown(monkeypatch, caplog, status):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("SHOP_API_TOKEN", "correct-horse")
    with serving(status) as server:
        monkeypatch.setenv("CHAT_URL", f"{server.url}/services/T0000/B0000/battery-staple")
        record = {**RECORD, "reason": "sent correct-horse", "steps": [{"note": "correct-horse"}]}
        notifiers = [WebhookNotifier(server.url), SlackNotifier(SecretRef(env="CHAT_URL"))]
        told = told_by(*notifiers, record=record)
    bodies = b"".join(body for _, _, body in server.requests)
    assert len(server.requests) == 2, told
    assert b"correct-horse" not in bodies
    assert b"sent ***" in bodies
    for text in ("correct-horse", "battery-staple"):
        assert text not in repr(told)
        assert text not in repr(notifiers)
        assert text not in caplog.text


# -- the chat message


def test_a_message_says_how_it_ended():
    found = message(RECORD)
    (attachment,) = found["attachments"]
    assert found["text"] == "web: not promoted to green; the former weights are live"
    assert attachment["text"].splitlines() == [
        "gate http /healthz failed: status 503",
        "restored and verified: blue 100 %, green 0 %",
        "mend green",
    ]
    assert {field["title"]: field["value"] for field in attachment["fields"]} == {
        "Release": "app:v2",
        "Took": "12.5 s",
        "Traffic": "blue 100 %, green 0 % -&gt; blue 100 %, green 0 %",
    }


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_words_and_a_color(outcome):
    found = message({"outcome": outcome.value, "to": "green"})
    assert "green" in found["text"]
    color = found["attachments"][0]["color"]
    bad, warned = outcome is Outcome.NOT_RESTORED, outcome.value in ("paused", "restored", "aborted", "taken_over")
    assert color == ("#e01e5a" if bad else "#ecb22e" if warned else "#2eb67d")


@pytest.mark.parametrize(
    "record",
    [{}, {"outcome": "new"}, {"outcome": None, "steps": "x", "from": 3, "seconds": "x"}, {"steps": [None], "to": None}],
)
def test_a_record_that_is_not_as_expected_still_makes_a_message(record):
    assert json.dumps(message(record))


def test_a_record_cannot_mention_a_channel_nor_grow_without_end():
    found = message({**RECORD, "service": "<!channel>", "reason": "&" + "x" * 10_000})
    assert found["text"].startswith("&lt;!channel&gt;: ")
    assert len(found["attachments"][0]["text"]) < 2_100


def test_a_message_is_posted(monkeypatch):
    with serving(200) as server:
        monkeypatch.setenv("CHAT_URL", f"{server.url}/services/abc-defg")
        assert told_by(SlackNotifier(SecretRef(env="CHAT_URL"))) == [("notify", "slack (env CHAT_URL) was notified")]
    assert json.loads(server.requests[0][2]) == message(RECORD)


def test_a_card_of_teams_says_the_same_and_no_text_of_a_record_is_markup(monkeypatch):
    with serving(202) as server:
        monkeypatch.setenv("CHAT_URL", f"{server.url}/workflows/abc")
        assert told_by(TeamsNotifier(SecretRef(env="CHAT_URL"))) == [("notify", "teams (env CHAT_URL) was notified")]
    (attachment,) = json.loads(server.requests[0][2])["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    head, *details, facts = attachment["content"]["body"]
    assert (head["text"], head["color"]) == ("web: not promoted to green; the former weights are live", "Warning")
    assert [block["text"].replace("\\", "") for block in details] == [
        "gate http /healthz failed: status 503",
        "restored and verified: blue 100 %, green 0 %",
        "mend green",
    ]
    assert {fact["title"] for fact in facts["facts"]} == {"Release", "Took", "Traffic"}
    bad = teams_message({**RECORD, "reason": "[here](https://example.com) " + "x" * 10_000})
    text = bad["attachments"][0]["content"]["body"][1]["text"]
    assert text.startswith(r"\[here\]\(https://example\.com\)")
    assert len(text) < 2_100


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("made", [message, teams_message])
def test_every_stage_has_words(made, stage):
    assert "green" in json.dumps(made({"outcome": stage, "to": "green"}))


# -- the declaration


def test_what_is_declared_is_what_is_built():
    found, problems = parsed(
        "webhook", url="https://example.com/x", secret={"env": "HOOK_SECRET"}, outcomes=["restored", "not_restored"]
    )
    assert problems == []
    built = NOTIFIERS.build(found)
    assert built == WebhookNotifier("https://example.com/x", SecretRef(env="HOOK_SECRET"), ("restored", "not_restored"))
    assert built.label == "webhook example.com"
    found, problems = parsed("slack", url={"file": "/run/slack-url"})
    assert problems == []
    assert NOTIFIERS.build(found) == SlackNotifier(SecretRef(file="/run/slack-url"))


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams"])
def test_what_is_not_known_yet_has_no_problems(kind):
    assert parsed(kind, url=UNKNOWN, outcomes=UNKNOWN)[1] == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"kind": "pigeon"}, "notifications[0].kind"),
        ({"kind": "webhook"}, "notifications[0].url"),
        ({"kind": "webhook", "url": "https://me:battery-staple@example.com"}, "notifications[0].url"),
        ({"kind": "webhook", "url": "https://example.com", "secret": "battery-staple"}, "notifications[0].secret"),
        ({"kind": "webhook", "url": "https://example.com", "outcomes": ["won"]}, "notifications[0].outcomes[0]"),
        ({"kind": "webhook", "url": "https://example.com", "channel": "x"}, "notifications[0].channel"),
        ({"kind": "slack"}, "notifications[0].url"),
        ({"kind": "slack", "url": "https://hooks.slack.com/services/battery-staple"}, "notifications[0].url"),
        ({"kind": "slack", "url": "https://chat.example.com/battery-staple"}, "notifications[0].url"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_never_with_a_secret(options, field):
    found, problems = parsed(**options)
    assert found is None
    assert [problem.partition(":")[0] for problem in problems] == [field]
    assert "battery-staple" not in problems[0]
