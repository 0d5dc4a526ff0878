"""Tokens of the UAA: who asks, when they are renewed, and that they stand nowhere."""

from __future__ import annotations

import json
import logging

import pytest

from bluegreen.clients.http import Answer
from bluegreen.cloudfoundry import tokens
from bluegreen.cloudfoundry.client import CloudFoundryConnection, Session, _session
from bluegreen.rollout.errors import PlatformError
from bluegreen.secrets import redact
from localcloud.cloudfoundry.cloud import BareCloudFoundry
from localcloud.cloudfoundry.uaa import USER, Principal
from tests.routers import cloudfoundry_workshop as workshop
from tests.routers.cloudfoundry_workshop import led_to, patient, router


@pytest.fixture
def cloud():
    cloud = BareCloudFoundry()
    workshop.build(cloud, 1, "blue")
    return cloud


@pytest.fixture
def now(monkeypatch):
    """Seconds, turned by hand."""
    clock = {"seconds": 1000.0}
    monkeypatch.setattr(tokens, "steady_seconds", lambda: clock["seconds"])
    return clock


def session():
    return CloudFoundryConnection().session()


def test_one_token_is_good_for_many_calls(cloud):
    with led_to(cloud):
        for _ in range(3):
            router().read()
    assert cloud.uaa.asked == ["client_credentials"]


def test_a_client_asks_anew_a_minute_before_the_end(cloud, now):
    with led_to(cloud):
        session().all("/v3/apps", "apps", {})
        now["seconds"] += cloud.uaa.life_seconds - 61
        session().all("/v3/apps", "apps", {})
        assert cloud.uaa.asked == ["client_credentials"]
        now["seconds"] += 2
        session().all("/v3/apps", "apps", {})
    assert cloud.uaa.asked == ["client_credentials"] * 2


def test_a_user_renews_by_the_token_that_came_with_the_first_one(cloud, now):
    with led_to(cloud, USER):
        session().all("/v3/apps", "apps", {})
        now["seconds"] += cloud.uaa.life_seconds
        session().all("/v3/apps", "apps", {})
        cloud.uaa.revoke(refresh=True)
        now["seconds"] += cloud.uaa.life_seconds
        session().all("/v3/apps", "apps", {})
    assert cloud.uaa.asked == ["password", "refresh_token", "refresh_token", "password"]


def test_a_token_that_is_revoked_before_its_time_is_replaced_once(cloud):
    with led_to(cloud):
        session().all("/v3/apps", "apps", {})
        cloud.uaa.revoke()
        assert session().all("/v3/apps", "apps", {})
    assert cloud.uaa.asked == ["client_credentials"] * 2


def test_the_login_of_the_command_is_used_where_the_environment_names_nobody(cloud, tmp_path, monkeypatch):
    _, given = cloud.uaa.token("Basic Y2Y6", {"grant_type": "password", "username": "dora", "password": USER.secret})
    home = tmp_path / ".cf"
    home.mkdir()
    file = {"Target": cloud.url, "RefreshToken": given["refresh_token"], "UAAOAuthClient": "cf"}
    (home / "config.json").write_text(json.dumps(file))
    with led_to(cloud):
        for name in ("CF_CLIENT_ID", "CF_CLIENT_SECRET", "CF_API_URL"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("CF_HOME", str(tmp_path))
        assert session().url == cloud.url
        assert session().all("/v3/apps", "apps", {})
        cloud.uaa.revoke(refresh=True)
        _session.cache_clear()
        with pytest.raises(PlatformError, match="log in again with `cf login`"):
            session().all("/v3/apps", "apps", {})


def test_nobody_and_nowhere_are_told_with_what_to_do(cloud, monkeypatch):
    with led_to(cloud):
        monkeypatch.delenv("CF_CLIENT_ID")
        with pytest.raises(PlatformError, match="set CF_CLIENT_ID and CF_CLIENT_SECRET"):
            session().all("/v3/apps", "apps", {})
        monkeypatch.delenv("CF_API_URL")
        with pytest.raises(PlatformError, match="set CF_API_URL"):
            session()


def test_a_wrong_secret_is_told_without_it(cloud):
    with led_to(cloud, Principal("bluegreen", "wrong-secret")):
        with pytest.raises(PlatformError, match="the UAA gives no token to bluegreen: Bad credentials") as found:
            session().all("/v3/apps", "apps", {})
        assert "look at CF_CLIENT_ID and CF_CLIENT_SECRET" in str(found.value)
        assert "wrong-secret" not in str(found.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("api.example.com", "is 'api.example.com', which is no URL: api_url, CF_API_URL or what `cf api` has set"),
        ("https://", "is 'https://', which is no URL"),
        ("ftp://api.example.com", "which is no URL"),
        (
            "https://me:hunter2@api.example.com",
            "what `cf api` has set has a user's name or password in it",
        ),
    ],
)
def test_an_address_that_is_none_is_told_where_it_is_set(cloud, monkeypatch, address, said):
    with led_to(cloud):
        monkeypatch.setenv("CF_API_URL", address)
        with pytest.raises(PlatformError) as found:
            session()
    assert said in str(found.value)
    assert "hunter2" not in str(found.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (None, "api could not be reached: [Errno 111] Connection refused"),
            "; look at its address: api_url",
        ),
        ((None, "api could not be reached: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "; set SSL_CERT_FILE to"),
        ((Answer(200, b"<html>It works</html>", headers={}), ""), "is no Cloud Foundry API: look at its address"),
    ],
    ids=["unreachable", "an authority of one's own", "a web page"],
)
def test_an_api_that_is_not_there_is_told_with_what_to_look_at(cloud, monkeypatch, answer, said):
    with led_to(cloud), patient():
        monkeypatch.setattr(Session, "exchange", lambda *_: answer)
        with pytest.raises(PlatformError) as found:
            session().all("/v3/apps", "apps", {})
    assert said in str(found.value)


def test_no_secret_stands_in_a_text(cloud, caplog):
    caplog.set_level(logging.DEBUG)
    with led_to(cloud, USER):
        session().all("/v3/apps", "apps", {})
        bearer = session()._tokens.bearer("apps")
        assert redact(f"{bearer} and {USER.secret}") == "bearer *** and ***"
        assert USER.secret not in repr(tokens.identity())
    assert bearer.partition(" ")[2] not in caplog.text
    assert USER.secret not in caplog.text


@pytest.mark.parametrize("statuses", [[503, 502], [429, 429, 429]])
def test_what_passes_is_tried_again(cloud, statuses):
    with led_to(cloud), patient() as clock:
        cloud.api.busy += statuses
        before = clock.monotonic_seconds()
        assert session().all("/v3/apps", "apps", {})
        assert clock.monotonic_seconds() > before


def test_what_stays_is_told_as_cloud_foundry_says_it(cloud):
    with led_to(cloud), patient():
        cloud.api.busy += [503] * 5
        with pytest.raises(PlatformError, match="UnknownError: busy"):
            session().all("/v3/apps", "apps", {})
        with pytest.raises(PlatformError, match=r"Unknown query parameter\(s\): 'colour'"):
            session().all("/v3/apps", "apps", {"colour": "blue"})
