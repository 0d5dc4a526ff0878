"""Revisions and traffic of Google's stand-in: how operations fail, and what is at work at one time."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.google.bare import PROJECT, REGION, BareGoogle
from localcloud.google.run import LATEST, REVISION

PARENT = f"projects/{PROJECT}/locations/{REGION}"
SERVICE = f"/v2/{PARENT}/services/web"


class Door:
    """A unit that gets ready when its image's door is opened."""

    def __init__(self, image: str, opened: set[str]) -> None:
        self.image, self.opened = image, opened

    def ready(self, *_: object) -> bool:
        return self.image in self.opened

    def kill(self) -> None:
        """Nothing is there."""


@pytest.fixture
def google() -> BareGoogle:
    made = BareGoogle(images=frozenset({"app:v1", "app:v2", "app:v3"}))
    deploy(made, "blue", [to("blue", 100)])
    made.settle()
    return made


def to(name: str, percent: int, tag: str = "") -> dict[str, Any]:
    return {"type": REVISION, "revision": f"web-{name}", "percent": percent, **({"tag": tag} if tag else {})}


def template(name: str, image: str) -> dict[str, Any]:
    return {"revision": f"web-{name}", "containers": [{"image": image}]}


def deploy(google: BareGoogle, name: str, traffic: list[Any] | None = None, image: str = "app:v1") -> str:
    """Returns its operation's name."""
    body = {"template": template(name, image), **({} if traffic is None else {"traffic": traffic})}
    if google.ask("GET", SERVICE)[0] == 404:
        status, answer = google.ask("POST", f"/v2/{PARENT}/services", {"serviceId": "web"}, body)
    else:
        status, answer = google.ask("PATCH", SERVICE, {"updateMask": ",".join(sorted(body))}, body)
    assert status == 200, answer
    return str(answer["name"])


def send(google: BareGoogle, *traffic: dict[str, Any]) -> str:
    status, answer = google.ask("PATCH", SERVICE, {"updateMask": "traffic"}, {"traffic": list(traffic)})
    assert status == 200, answer
    return str(answer["name"])


def error_of(google: BareGoogle, operation: str) -> tuple[int, str]:
    """Once all is over."""
    google.settle()
    told = google.ask("GET", f"/v2/{operation}")[1]
    assert told["done"]
    return (told["error"]["code"], told["error"]["message"]) if "error" in told else (0, "")


def shares(google: BareGoogle) -> dict[str, int]:
    statuses = google.ask("GET", SERVICE)[1]["trafficStatuses"]
    return {one["revision"].removeprefix("web-"): one["percent"] for one in statuses}


def test_traffic_to_a_revision_that_is_not_there_is_taken_and_its_operation_fails(google: BareGoogle) -> None:
    code, message = error_of(google, send(google, to("blue", 50), to("nobody", 50)))
    assert code == 13
    assert message.startswith("Revision 'web-nobody' does not exist or is deleted.")
    service = google.ask("GET", SERVICE)[1]
    assert service["terminalCondition"] == {"type": "Ready", "state": "CONDITION_FAILED", "message": message}
    assert "reconciling" not in service
    assert shares(google) == {"blue": 100}
    assert error_of(google, send(google, to("blue", 100))) == (0, "")
    assert google.ask("GET", SERVICE)[1]["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_a_tag_of_a_revision_that_failed_holds_all_traffic_where_it_is(google: BareGoogle) -> None:
    deploy(google, "green")
    google.settle()
    code, message = error_of(google, deploy(google, "bad", [to("blue", 100), to("bad", 0, "next")], "app:v9"))
    assert code == 9
    assert message.startswith("Revision 'web-bad' is not ready and cannot serve traffic. Image 'app:v9' not found")
    code, message = error_of(google, send(google, to("green", 100), to("bad", 0, "next")))
    assert (code, message) == (9, "Revision 'web-bad' is not ready and cannot serve traffic.")
    assert shares(google) == {"blue": 100}
    assert error_of(google, send(google, to("green", 100))) == (0, "")
    assert shares(google) == {"green": 100}
    assert google.ask("GET", SERVICE)[1]["terminalCondition"]["state"] == "CONDITION_FAILED", "its latest one failed"


def test_traffic_to_a_revision_that_still_starts_follows_when_it_has(google: BareGoogle) -> None:
    opened: set[str] = set()
    google.plane.prepare = lambda image, *_: Door(image, opened)  # type: ignore[assignment,method-assign]
    deploy(google, "green", image="app:v2")
    moved = send(google, to("green", 100))
    for _ in range(5):
        google.works.go_on()
    assert google.ask("GET", SERVICE)[1]["reconciling"]
    assert shares(google) == {"blue": 100}
    opened.add("app:v2")
    assert error_of(google, moved) == (0, "")
    assert shares(google) == {"green": 100}


def test_the_latest_ready_revision_is_the_one_made_last_whichever_was_ready_last(google: BareGoogle) -> None:
    opened = {"app:v3"}
    google.plane.prepare = lambda image, *_: Door(image, opened)  # type: ignore[assignment,method-assign]
    deploy(google, "green", image="app:v2")
    deploy(google, "white", [{"type": LATEST, "percent": 100}], image="app:v3")
    for _ in range(5):
        google.works.go_on()
    opened.add("app:v2")
    google.settle()
    assert google.ask("GET", SERVICE)[1]["latestReadyRevision"].endswith("/web-white")


@pytest.mark.parametrize("percents", [(110, -10), (50, 40), (0, 0)])
def test_percents_are_of_a_hundred(google: BareGoogle, percents: tuple[int, int]) -> None:
    body = {"traffic": [to("blue", percents[0]), to("green", percents[1])]}
    status, answer = google.ask("PATCH", SERVICE, {"updateMask": "traffic"}, body)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("name", "traffic"),
    [
        ("blue", [to("blue", 100)]),
        ("blue", [to("green", 100), to("blue", 0, "now")]),
        ("green", [to("blue", 100)]),
        ("green", [{"type": LATEST, "percent": 100}]),
    ],
    ids=["requests", "tag", "latest", "requests as the latest"],
)
def test_a_revision_that_can_get_requests_and_the_latest_are_not_deleted(
    google: BareGoogle, name: str, traffic: list[Any]
) -> None:
    deploy(google, "green", traffic)
    google.settle()
    status, answer = google.ask("DELETE", f"{SERVICE}/revisions/web-{name}")
    assert (status, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert google.ask("GET", f"{SERVICE}/revisions/web-{name}")[0] == 200


def test_any_other_revision_is_deleted(google: BareGoogle) -> None:
    deploy(google, "green", [to("green", 100)])
    google.settle()
    assert google.ask("DELETE", f"{SERVICE}/revisions/web-blue")[0] == 200
    assert google.ask("GET", f"{SERVICE}/revisions/web-blue")[0] == 404
