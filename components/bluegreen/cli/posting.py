"""The same comment on a pull request, posted once and edited from then on: GitHub's and GitLab's REST APIs.

Where the pull request is comes from the CI's own variables; the token is the job's.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from bluegreen.cli.stack import CommandFailed
from bluegreen.clients.http import Answer, fetch
from bluegreen.rollout.clock import Clock
from bluegreen.secrets import redact

_TIMEOUT_SECONDS = 30.0
_MOST_BYTES = 20_000_000
_TRIES = 4
_PAGES = 100
_LONGEST_PAUSE_SECONDS = 120.0
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_OK, _TOO_MANY, _FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = range(200, 300), 429, 403, 404, 500


@dataclass(frozen=True, slots=True)
class Host:
    """Where comments of one pull request are.

    Attributes:
        comments: the address of the list, which takes new ones.
        one: the address of a single one, with ``{}`` for its id.
        headers: who asks.
        edits_with: the method that edits.
        query: of the list.
    """

    comments: str
    one: str
    headers: Mapping[str, str] = field(repr=False)
    edits_with: str = "PATCH"
    query: str = "per_page=100"


def host_of(environ: Mapping[str, str] = os.environ) -> Host:
    """Where this CI's pull request is.

    Raises:
        CommandFailed: naming the variable that is missing.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        api, repository = _needed(environ, "GITHUB_API_URL"), _needed(environ, "GITHUB_REPOSITORY")
        token, number = _needed(environ, "GITHUB_TOKEN"), _pull_request(environ)
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        issues = f"{api}/repos/{repository}/issues"
        return Host(f"{issues}/{number}/comments", f"{issues}/comments/{{}}", headers)
    if environ.get("GITLAB_CI") == "true":
        api, project = _needed(environ, "CI_API_V4_URL"), _needed(environ, "CI_PROJECT_ID")
        token, number = _needed(environ, "GITLAB_TOKEN"), _needed(environ, "CI_MERGE_REQUEST_IID")
        notes = f"{api}/projects/{quote(project, safe='')}/merge_requests/{number}/notes"
        return Host(notes, f"{notes}/{{}}", {"PRIVATE-TOKEN": token}, "PUT", "per_page=100&sort=asc")
    raise CommandFailed(
        "this is neither GitHub Actions nor GitLab CI: without --post the comment is printed, for whatever posts it"
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise CommandFailed(f"the variable {name} is not set: the job that posts a comment needs it")
    return value.rstrip("/")


def _pull_request(environ: Mapping[str, str]) -> str:
    match = re.match(r"refs/pull/(\d+)/", environ.get("GITHUB_REF", ""))
    if match:
        return match[1]
    try:  # of a job that runs for another reason, such as a comment or a label
        event = json.loads(Path(_needed(environ, "GITHUB_EVENT_PATH")).read_text())
        return str(int((event.get("pull_request") or event.get("issue") or {})["number"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CommandFailed("this job runs for no pull request: GITHUB_REF names none, and its event neither") from None


def post(host: Host, body: str, clock: Clock) -> str:
    """Edit the comment that begins with the body's first line, or post a new one; returns its id.

    Raises:
        CommandFailed: the API refuses it, or could not run.
    """
    first = body.partition("\n")[0]
    content = {"body": body}
    mine = next((one for one in _all(host, clock) if str(one.get("body", "")).startswith(first)), None)
    if mine is not None:
        answer = _ask(host, host.edits_with, host.one.format(mine["id"]), clock, content)
        if answer.status in _OK:
            return str(mine["id"])
        if answer.status not in (_FORBIDDEN, _NOT_FOUND):  # somebody else's, or deleted meanwhile
            raise _refused(host.edits_with, host.one.format(mine["id"]), answer)
    answer = _ask(host, "POST", host.comments, clock, content)
    if answer.status not in _OK:
        raise _refused("POST", host.comments, answer)
    return str(json.loads(answer.text)["id"])


def _all(host: Host, clock: Clock) -> Iterator[Mapping[str, Any]]:
    """Every comment, page by page."""
    url = f"{host.comments}?{host.query}"
    for _ in range(_PAGES):
        answer = _ask(host, "GET", url, clock)
        if answer.status not in _OK:
            raise _refused("GET", url, answer)
        yield from json.loads(answer.text)
        after = _NEXT.search(answer.headers.get("link", ""))
        if after is None:
            return
        if httpx.URL(after[1]).host != httpx.URL(host.comments).host:  # the token is for this host alone
            raise CommandFailed(f"the next page of comments is at another host: {after[1]}")
        url = after[1]


def _ask(host: Host, method: str, url: str, clock: Clock, content: Mapping[str, str] | None = None) -> Answer:
    """One request; one that came too early is sent again when the API says so.

    A request that was not answered is sent again only where that makes no second comment.
    """
    for left in reversed(range(_TRIES)):
        try:
            answer = fetch(
                method,
                url,
                timeout_seconds=_TIMEOUT_SECONDS,
                most_bytes=_MOST_BYTES,
                headers={**host.headers, "Content-Type": "application/json", "User-Agent": "bluegreen"},
                content=json.dumps(content).encode() if content is not None else None,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if left and method != "POST":
                clock.sleep(1)
                continue
            raise CommandFailed(redact(f"{method} {url} was not answered: {error}")) from None
        pause = _pause_seconds(answer, clock)
        if pause is None and answer.status >= _SERVER_ERROR and method != "POST":
            pause = 1.0
        if pause is None or not left:
            return answer
        clock.sleep(pause)
    raise AssertionError("unreachable")


def _pause_seconds(answer: Answer, clock: Clock) -> float | None:
    """How long to wait before the next try, where the API refused this one for coming too early."""
    if answer.status not in (_TOO_MANY, _FORBIDDEN):
        return None
    headers = answer.headers
    if headers.get("retry-after", "").isdigit():
        return min(float(headers["retry-after"]), _LONGEST_PAUSE_SECONDS)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        until = float(headers["x-ratelimit-reset"]) - clock.wall_seconds()
        return min(max(until, 1.0), _LONGEST_PAUSE_SECONDS)
    return _LONGEST_PAUSE_SECONDS / 2 if answer.status == _TOO_MANY else None


def _refused(method: str, url: str, answer: Answer) -> CommandFailed:
    return CommandFailed(redact(f"{method} {url} was refused with {answer.status}: {answer.text[:300]}"))
