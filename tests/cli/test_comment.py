"""The comment on a pull request: what it says, how long it is, and how it is posted once and edited from then on."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from bluegreen.cli import posting, stack
from bluegreen.cli.comment import LIMIT_CHARACTERS, code, markdown, marker
from bluegreen.cli.exits import Exit
from bluegreen.cli.main import main
from bluegreen.cli.moves import moves_in
from bluegreen.cli.stack import CommandFailed
from bluegreen.rollout.clock import FakeClock
from localcloud import loopback
from tests.cli.previews import of, preview, said
from tests.swap.bench import Swap


@pytest.fixture
def swap():
    return Swap("comment")


def test_the_summary_comes_first_and_details_are_folded(swap):
    text = markdown(moves_in(preview(of(swap, "green"), {**of(swap, "blue", "api"), "op": "same"})), "shop/production")
    first, second, *_ = text.splitlines()
    assert first == "<!-- bluegreen:shop/production -->"
    assert second == "### Traffic: 1 service moves, 1 stays as it is"
    row = "| `web` | blue 100 %, green 0 % → **blue 0 %, green 100 %** | `v2` | promotion | 2 min, 7 min at most |"
    assert row in text
    assert text.index("| `web`") < text.index("<details><summary>web: 3 steps</summary>")
    assert "1 service unchanged." in text


def test_warnings_stand_on_top(swap):
    drift = "drift: the live weights are blue 70 %, green 30 %"
    text = markdown(moves_in(preview(of(swap, "blue"), diagnostics=[said("web", drift)])), "k")
    assert text.index("> [!WARNING]") < text.index("| Service |")
    assert f"> - `web`: `{drift}`" in text


@pytest.mark.parametrize("length", [10, 2000])
def test_fifty_services_fit_whatever_their_plans_say(swap, length):
    steps = [{"weight_percent": share, "hold_seconds": 60} for share in range(1, 100)]
    many = [
        of(swap, "green", f"service-{number}-{'n' * (length // 20)}", strategy={"steps": steps}) for number in range(50)
    ]
    lines = [said(one["newState"]["inputs"]["name"], f"warning {'w' * length}") for one in many]
    text = markdown(moves_in(preview(*many, diagnostics=lines)), "shop/production")
    assert len(text) <= LIMIT_CHARACTERS
    assert "50 services move" in text
    assert all(f"| `service-{number}-" in text for number in range(50)), "each has its line"
    assert re.search(r"The details of \d+ services are left out", text)
    assert text.count("<details>") == text.count("</details>")


def test_one_service_whose_details_do_not_fit_is_named_all_the_same(swap):
    text = markdown(moves_in(preview(of(swap, "green"))), "k", 600)
    assert len(text) <= 600
    assert "| `web` |" in text
    assert "The details of 1 service are left out" in text


def test_no_text_of_others_is_markup(swap):
    swap.more["releases"] = {"blue": "v1", "green": "`a` | <b>@team</b>\n# x"}
    text = markdown(moves_in(preview(of(swap, "green", "</summary>@you"))), "a -->b")
    assert text.splitlines()[0] == "<!-- bluegreen:a----b -->"
    assert "`` `a` \\| <b>@team</b> # x ``" in text
    assert "<summary>&lt;/summary&gt;&#64;you: 3 steps</summary>" in text
    assert code("a``b`c") == "``` a``b`c ```"


def test_a_stack_without_swaps_says_so():
    assert "### Traffic: this stack has no swap" in markdown([], "k")


def test_a_stack_whose_unchanged_resources_the_preview_leaves_out_changes_nothing(capsys, tmp_path):
    """Without `--show-sames` a swap that stays as it is stands in the count alone."""
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({**preview(), "changeSummary": {"same": 4}}))
    assert main(["comment", str(file)]) == Exit.DONE
    assert capsys.readouterr().out == "<!-- bluegreen:shop/production -->\n### Traffic: nothing changes\n\n"
    file.write_text(json.dumps({**preview(), "changeSummary": {"same": 1}}))
    assert main(["comment", str(file)]) == Exit.DONE
    assert "### Traffic: this stack has no swap" in capsys.readouterr().out


def test_it_reads_what_pulumi_printed_and_refuses_everything_else(swap, tmp_path, capsys):
    file = tmp_path / "preview.json"
    file.write_text("Loading policy packs...\n" + json.dumps(preview(of(swap, "green"))))
    assert main(["comment", str(file)]) == Exit.DONE
    assert capsys.readouterr().out.startswith("<!-- bluegreen:shop/production -->\n")
    for text in ("", "error: no stack", "{}", "[1]", '{"steps": '):
        file.write_text(text)
        assert main(["comment", str(file)]) == Exit.REFUSED
        assert "this is not what `pulumi preview --json` prints" in capsys.readouterr().err


def test_a_plan_says_the_same_on_a_terminal(swap, capsys, monkeypatch):
    class Done:
        returncode, stdout, stderr = 0, json.dumps(preview(of(swap, "green"))), ""

    commands = []
    monkeypatch.setattr(stack, "run", lambda command, seconds=0: commands.append(command) or Done)
    assert main(["plan", "--stack", "production"]) == Exit.DONE
    said_ = capsys.readouterr().out
    assert (
        "web: promotion: blue 100 %, green 0 % -> blue 0 %, green 100 %\n  1. 10 % green, 90 % blue for 30 s" in said_
    )
    assert "  takes 2 min, 7 min at most (a restore is not in it)" in said_
    assert commands[0][:5] == ["pulumi", "preview", "--json", "--show-sames", "--stack"]
    assert main(["plan", "--json"]) == Exit.DONE
    (move,) = json.loads(capsys.readouterr().out)["moves"]
    assert move["after"] == {"blue": 0, "green": 100}
    assert main(["plan", "--swap", "api"]) == Exit.REFUSED
    assert "no swap called api; it has: web" in capsys.readouterr().err


# -- where it is posted


class Forge:
    """Speaks what GitHub's and GitLab's REST APIs document of comments: pages, tokens, limits.

    Attributes:
        comments: by id, in the order in which they were made.
        refuses: answers that are given first: status and headers.
        asked: method and path of each request.
    """

    def __init__(self) -> None:
        self.comments: dict[int, str] = {}
        self.refuses: list[tuple[int, dict[str, str]]] = []
        self.asked: list[str] = []
        self.others: set[int] = set()
        self.page_size = 100
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forge.answer(self)

            do_POST = do_PATCH = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = loopback.Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append(f"{handler.command} {parts.path}")
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else {}
        if "secret-token" not in f"{handler.headers.get('Authorization')}{handler.headers.get('PRIVATE-TOKEN')}":
            return self._send(handler, 401, {"message": "Bad credentials"})
        if self.refuses:
            status, headers = self.refuses.pop(0)
            return self._send(handler, status, {"message": "API rate limit exceeded"}, headers)
        if len(str(body.get("body", ""))) > LIMIT_CHARACTERS:
            return self._send(handler, 422, {"message": "body is too long"})
        last = parts.path.rpartition("/")[2]
        if handler.command == "GET":
            query = parse_qs(parts.query)
            page, size = int(query.get("page", ["1"])[0]), min(int(query.get("per_page", ["30"])[0]), self.page_size)
            ids = sorted(self.comments)[(page - 1) * size : page * size]
            more = page * size < len(self.comments)
            link = {"Link": f'<{self.url}{parts.path}?per_page={size}&page={page + 1}>; rel="next"'} if more else {}
            return self._send(handler, 200, [{"id": one, "body": self.comments[one]} for one in ids], link)
        if handler.command == "POST":
            made = max(self.comments, default=0) + 1
            self.comments[made] = body["body"]
            return self._send(handler, 201, {"id": made})
        if int(last) in self.others:
            return self._send(handler, 403, {"message": "Resource not accessible by integration"})
        self.comments[int(last)] = body["body"]
        return self._send(handler, 200, {"id": int(last)})

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler, status: int, data: object, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(data).encode()
        handler.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def forge():
    made = Forge()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["GitHub", "GitLab"])
def ci(request, forge, monkeypatch):
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    variables = {
        "GitHub": {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": forge.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_TOKEN": "secret-token",
            "GITHUB_REF": "refs/pull/17/merge",
        },
        "GitLab": {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{forge.url}/api/v4",
            "CI_PROJECT_ID": "42",
            "GITLAB_TOKEN": "secret-token",
            "CI_MERGE_REQUEST_IID": "17",
        },
    }[request.param]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return request.param


BODY = f"{marker('shop/production')}\n### Traffic: nothing moves\n"


def test_it_is_posted_once_and_edited_from_then_on(forge, ci):
    first = posting.post(posting.host_of(), BODY, FakeClock())
    again = posting.post(posting.host_of(), BODY.replace("nothing", "web"), FakeClock())
    assert first == again
    assert list(forge.comments.values()) == [BODY.replace("nothing", "web")]
    path = {"GitHub": "/repos/acme/shop/issues/17/comments", "GitLab": "/api/v4/projects/42/merge_requests/17/notes"}[
        ci
    ]
    edit = {"GitHub": "PATCH /repos/acme/shop/issues/comments/1", "GitLab": f"PUT {path}/1"}[ci]
    assert forge.asked == [f"GET {path}", f"POST {path}", f"GET {path}", edit]


def test_its_own_comment_is_found_on_the_second_page(forge, ci):
    forge.comments = {number: f"comment {number}" for number in range(1, 131)}
    forge.comments[117] = BODY
    assert posting.post(posting.host_of(), BODY + "new", FakeClock()) == "117"
    assert len(forge.comments) == 130
    assert [line.partition(" ")[0] for line in forge.asked][:2] == ["GET", "GET"]


def test_another_stack_s_comment_and_people_s_quotes_stay(forge, ci):
    forge.comments = {1: f"{marker('shop/staging')}\nx", 2: f"> {BODY}"}
    assert posting.post(posting.host_of(), BODY, FakeClock()) == "3"
    assert forge.comments[2] == f"> {BODY}"


def test_a_comment_that_may_not_be_edited_is_left_and_a_new_one_made(forge, ci):
    forge.comments, forge.others = {1: BODY}, {1}
    assert posting.post(posting.host_of(), BODY, FakeClock()) == "2"


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "7"}, 7),
        (403, {"Retry-After": "3"}, 3),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1020"}, 20),
        (429, {}, 60),
        (429, {"Retry-After": "86400"}, 120),
    ],
)
def test_a_rate_limit_is_waited_for_and_has_an_end(forge, ci, status, headers, waited):
    clock = FakeClock(1000)
    forge.refuses = [(status, headers)]
    posting.post(posting.host_of(), BODY, clock)
    assert clock.now_seconds - 1000 == waited
    assert list(forge.comments.values()) == [BODY]
    forge.refuses = [(status, headers)] * 4
    with pytest.raises(CommandFailed, match=f"was refused with {status}: .*rate limit"):
        posting.post(posting.host_of(), BODY, clock)


def test_a_refused_token_is_said_and_never_shown(forge, ci, monkeypatch, swap, tmp_path, capsys):
    file = tmp_path / "preview.json"
    file.write_text(json.dumps(preview(of(swap, "green"))))
    monkeypatch.setenv("GITHUB_TOKEN", "wrong-one")
    monkeypatch.setenv("GITLAB_TOKEN", "wrong-one")
    assert main(["comment", str(file), "--post"], FakeClock()) == Exit.REFUSED
    said_ = capsys.readouterr().err
    assert "was refused with 401" in said_
    assert "wrong-one" not in said_


def test_a_variable_that_is_missing_is_named(forge, ci, monkeypatch):
    token = {"GitHub": "GITHUB_TOKEN", "GitLab": "GITLAB_TOKEN"}[ci]
    monkeypatch.delenv(token)
    with pytest.raises(CommandFailed, match=f"the variable {token} is not set"):
        posting.host_of()


def test_a_pull_request_is_found_in_the_event(forge, tmp_path):
    event = tmp_path / "event.json"
    told = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_TOKEN": "secret-token",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_PATH": str(event),
    }
    for number, content in ((5, {"pull_request": {"number": 5}}), (6, {"issue": {"number": 6}})):
        event.write_text(json.dumps(content))
        assert posting.host_of(told).comments.endswith(f"/issues/{number}/comments")
    event.write_text("{}")
    with pytest.raises(CommandFailed, match="runs for no pull request"):
        posting.host_of(told)


def test_elsewhere_it_says_how_to_go_on():
    with pytest.raises(CommandFailed, match="without --post the comment is printed"):
        posting.host_of({})


def test_the_token_goes_to_no_other_host(forge, ci, monkeypatch):
    forge.comments = dict.fromkeys(range(1, 131), "x")
    send = Forge._send
    monkeypatch.setattr(
        Forge,
        "_send",
        staticmethod(
            lambda handler, status, data, headers=None: send(
                handler,
                status,
                data,
                {key: value.replace("127.0.0.1", "localhost") for key, value in (headers or {}).items()},
            )
        ),
    )
    with pytest.raises(CommandFailed, match="at another host"):
        posting.post(posting.host_of(), BODY, FakeClock())
