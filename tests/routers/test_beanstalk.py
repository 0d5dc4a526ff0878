"""Elastic Beanstalk: names are exchanged once, whatever comes of the answer, and the next process follows."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

import pytest

from bluegreen.aws.beanstalk.environments import Environments
from bluegreen.aws.client import AwsConnection
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Convergence, Traffic, Weights
from bluegreen.rollout.ports import Preview
from bluegreen.swap.service import SwapService
from localcloud import loopback
from tests.routers.beanstalk_workshop import APPLICATION, IDLE, PREFIX, VERSIONS, host, section

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
SWAP = "SwapEnvironmentCNAMEs"


def build(**more):
    fields = Fields(section(**more), "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, fields.problems
    return ROUTERS.build(parsed)


@pytest.fixture
def shop(beanstalk):
    build().write(BLUE)
    return beanstalk


def test_the_first_write_marks_the_application_and_moves_nothing(beanstalk):
    assert build().read() == Traffic(Weights())
    build().write(BLUE)
    assert beanstalk.tags == {"bluegreen:shop:owner": "project/stack/web"}
    assert (beanstalk.live, beanstalk.exchanges) == ("blue", 0)
    assert build().read().weights == BLUE


def test_a_first_write_that_would_move_traffic_is_refused(beanstalk):
    with pytest.raises(NotOwned, match="from blue to green: set activeColor to blue"):
        build().write(GREEN)
    assert (beanstalk.tags, beanstalk.exchanges) == ({}, 0)


def test_a_name_of_another_swap_is_refused_and_two_services_share_an_application(shop):
    with pytest.raises(NotOwned, match="the name shop is owned by project/stack/web"):
        build(owner="other/stack/web").read()
    beside = build(owner="other/stack/api", cname_prefix=IDLE)
    beside.write(GREEN)
    assert set(shop.tags) == {"bluegreen:shop:owner", "bluegreen:shop-idle:owner"}
    beside.delete()
    assert set(shop.tags) == {"bluegreen:shop:owner"}


def test_a_promotion_is_one_exchange_and_a_rollback_is_another(shop):
    shop.takes = 3
    build().write(GREEN)
    assert (shop.live, shop.exchanges, shop.calls.count(SWAP)) == ("green", 1, 1)
    assert build().verify(GREEN) is Convergence.CONVERGED
    build().write(GREEN)
    assert shop.exchanges == 1, "what is there already is left alone"
    build().write(BLUE)
    assert (shop.live, shop.exchanges) == ("blue", 2)


def test_one_that_is_under_way_is_followed_and_never_asked_for_again(shop):
    """As after a kill: the process that requested it is gone."""
    shop.takes = 4
    shop.answer(SWAP, {})
    router = build()
    assert router.read().weights == BLUE
    with pytest.raises(PlatformError, match="another operation is open there: shop-blue is Updating"):
        router.write(GREEN)
    while build().verify(GREEN) is Convergence.PENDING:
        assert "is Updating" in build().progress() or shop.live in ("blue", "green")
    assert (shop.live, shop.exchanges) == ("green", 1)


def test_one_that_comes_to_nothing_says_so_and_is_not_asked_for_again(shop):
    shop.loses, shop.takes = True, 2
    with pytest.raises(PlatformError, match="the platform ended it without making green live"):
        build().write(GREEN)
    assert (shop.live, shop.calls.count(SWAP)) == ("blue", 1)


class Failing(BaseHTTPRequestHandler):
    """Whoever answers an error of the server's: it may have been done."""

    asked: list[str]

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_an_answer_that_does_not_say_what_was_done_is_not_asked_for_again(monkeypatch):
    """Over a socket: boto3 repeats such a request by itself, which here would take the exchange back."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    handler = type("Handler", (Failing,), {"asked": []})
    server = loopback.Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        connection = AwsConnection(region="eu-west-3", endpoint_url=f"http://127.0.0.1:{server.server_port}")
        environments = Environments({"blue": "shop-blue", "green": "shop-green"}, connection)
        assert environments.exchange() is False
        assert environments.exchange() is False
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(handler.asked) == 2, "once each"


@pytest.mark.parametrize(
    ("changes", "said", "undelivered"),
    [
        ({"Status": "Updating"}, "environment shop-green is Updating", False),
        (
            {"Health": "Yellow", "HealthStatus": "Warning"},
            "the health of environment shop-green is Yellow (Warning)",
            False,
        ),
        ({"Health": "Grey", "HealthStatus": ""}, "the health of environment shop-green is Grey", False),
        ({"VersionLabel": "v0"}, "environment shop-green runs the version v0 instead of v2", True),
    ],
)
def test_health_is_what_beanstalk_tells(shop, changes, said, undelivered):
    assert build(versions=VERSIONS).health("green").ready
    shop.of("green").update(changes)
    health = build(versions=VERSIONS).health("green")
    assert (health.ready, health.reason, health.undelivered) == (False, said, undelivered)


def test_a_color_is_reached_by_the_name_that_its_environment_has_now(shop):
    asked = Preview("https://somewhere.example:8443/healthz", {"a": "b"})
    for _ in range(2):
        router = build()
        router.read()
        assert router.reaches(shop.live, asked) == Preview(f"https://{host(PREFIX)}:8443/healthz", {"a": "b"})
        other = "green" if shop.live == "blue" else "blue"
        assert router.reaches(other, asked).url == f"https://{host(IDLE)}:8443/healthz"
        shop.exchange()


def test_the_commands_look_before_they_exchange(shop):
    look, exchange = build().commands(GREEN)
    assert "describe-environments" in look
    assert "--environment-names shop-green" in look
    assert "swap-environment-cnames" in exchange
    assert exchange.endswith("--source-environment-name shop-blue --destination-environment-name shop-green")
    router = build()
    router.read()
    (command,) = router.commands(Weights())
    assert APPLICATION in command
    assert command.endswith("--tags-to-remove bluegreen:shop:owner")


def test_neither_environment_has_the_name(shop):
    shop.of("blue")["CNAME"] = host("another")
    with pytest.raises(PlatformError, match="neither environment has the name shop"):
        build().read()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cname_prefix": "a"}, "router.cname_prefix"),
        ({"environments": {"blue": "shop-blue", "green": "shop-blue"}}, "router.environments.green"),
        ({"swap_timeout_seconds": 1}, "router.swap_timeout_seconds"),
    ],
)
def test_a_section_that_cannot_be_is_refused_by_name(changes, field):
    fields = Fields(section(**changes), "router")
    assert ROUTERS.parse(fields) is None
    assert field in [problem.field for problem in fields.problems]


def test_a_swap_promotes_fails_and_rolls_back_with_as_many_calls_as_ever(shop):
    inputs = {
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": section(versions=VERSIONS),
    }
    service = SwapService(clock=FakeClock())
    _, first = service.create(inputs)
    shop.of("green")["Health"] = "Red"
    with pytest.raises(Exception, match="the health of environment shop-green is Red"):
        service.update(first, {**inputs, "active_color": "green", "steady_state_timeout_seconds": 5})
    assert shop.exchanges == 0
    shop.of("green")["Health"] = "Green"
    second = service.update(first, {**inputs, "active_color": "green", "retry": "1"})
    assert (shop.live, second["live_color"], shop.exchanges) == ("green", "green", 1)
    third = service.update(second, inputs)
    assert (shop.live, third["history"][0]["outcome"], shop.exchanges) == ("blue", "rolled_back", 2)
