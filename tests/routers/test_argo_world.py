"""The router over a Rollout while somebody else acts between two of its calls, on an API server in memory."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes.argo_engine.live_rollout import API
from bluegreen.kubernetes.client import Resource
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from tests.routers.kubernetes_memory import Server

WHAT = Resource(API, "Rollout", "rollouts", "shop", "web")
OWNER = "project/stack/web"
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def server():
    made = Server()
    for color in ("blue", "green"):
        template = {"template": {"metadata": {"labels": {"bluegreen/color": color}}}}
        made.declare(Resource("v1", "PodTemplate", "podtemplates", "shop", f"web-{color}"), template)
    declare(made)
    return made


def declare(server):
    blue_green = {"activeService": "web", "autoPromotionEnabled": False}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "strategy": {"blueGreen": blue_green}}
    server.declare(WHAT, {"spec": spec})


def router(server, **more):
    workloads = {"blue": "web-blue", "green": "web-green"}
    section = {"namespace": "shop", "rollout": "web", "workloads": workloads, "owner": OWNER, **more}
    fields = Fields({"kind": "argo_rollouts", **section}, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, [str(problem) for problem in fields.problems]
    made = ROUTERS.build(parsed)
    made.cluster = server.cluster
    return made


def wanted(server):
    return server.get(WHAT)["spec"].get("workloadRef", {}).get("name")


def paused(server, name):
    """As the controller leaves it before traffic."""
    server.say(
        WHAT,
        {
            "observedGeneration": str(server.get(WHAT)["metadata"]["generation"]),
            "currentPodHash": name,
            "pauseConditions": [{"reason": "BlueGreenPause"}],
        },
    )


def made_again(server):
    def act(method, _path):
        if method == "PATCH":
            server.between = lambda *_: None
            server.remove(WHAT)
            declare(server)

    return act


def test_of_two_first_starts_one_wins_and_its_marks_go_with_the_swap(server):
    made = router(server)
    assert made.create(BLUE, {"lease.1": "x", "incarnation": "a1"})
    assert not router(server).create(GREEN, {"lease.2": "y"})
    assert router(server).read().marks == {"lease.1": "x", "incarnation": "a1"}
    assert wanted(server) == "web-blue"
    made.delete()
    assert not [name for name in server.get(WHAT)["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]
    assert wanted(server) == "web-blue"


@pytest.mark.parametrize("call", ["point", "resume"])
def test_a_rollout_that_is_made_again_between_a_look_and_a_write_is_left_alone(server, call):
    made = router(server)
    made.write(BLUE)
    if call == "resume":
        paused(server, "web-blue")
    server.between = made_again(server)
    with pytest.raises(PlatformError, match="UID in precondition"):
        made.write(BLUE)
    assert wanted(server) is None
    with pytest.raises(NotOwned, match="was deleted and made again by somebody"):
        made.write(BLUE)
    with pytest.raises(NotOwned, match="was deleted and made again by somebody"):
        made.mark({"lease.1": "x"})
    assert wanted(server) is None


def test_what_somebody_adds_between_a_look_and_a_write_stays(server):
    made = router(server)
    made.write(BLUE)

    def act(method, _path):
        if method == "PATCH":
            server.between = lambda *_: None
            server.edit(WHAT, {"spec": {"minReadySeconds": 7}, "metadata": {"labels": {"theirs": "1"}}})

    server.between = act
    made.write(GREEN)
    found = server.get(WHAT)
    assert found["spec"]["minReadySeconds"] == 7
    assert found["metadata"]["labels"] == {"theirs": "1"}
    assert wanted(server) == "web-green"


def test_a_former_owner_is_taken_over_and_another_one_refused(server):
    router(server, owner="old/stack/web").write(BLUE)
    made = router(server)
    with pytest.raises(NotOwned, match="belongs to 'old/stack/web'"):
        made.write(BLUE)
    made.former_owner = "old/stack/web"
    made.write(BLUE)
    assert server.get(WHAT)["metadata"]["annotations"]["bluegreen/owner"] == OWNER


def capacity(server, **more):
    section = {"namespace": "shop", "rollout": "web", "workloads": {"blue": "web-blue", "green": "web-green"}, **more}
    fields = Fields({"kind": "argo_rollouts", "owner": OWNER, **section}, "capacity")
    made = CAPACITIES.build(CAPACITIES.parse(fields))
    made.cluster = server.cluster
    return made


def test_who_points_it_back_while_it_starts_is_not_overruled(server):
    made = capacity(server)
    made.prepare("green", 1)
    assert wanted(server) == "web-green"
    made.ready("green")
    server.edit(WHAT, {"spec": {"workloadRef": {"name": "web-blue"}}})
    for again in (lambda: made.ready("green"), lambda: made.prepare("green", 1)):
        with pytest.raises(PlatformError, match="'web-blue' instead of 'web-green': somebody else set it"):
            again()
    assert wanted(server) == "web-blue"


def test_nothing_is_asked_between_the_look_at_the_owner_and_what_is_written_by_it(server):
    capacity(server).prepare("blue", 1)
    assert [request.rpartition("/")[2] for request in server.requests[-4:]] == ["web-blue", "web", "replicasets", "web"]


@pytest.mark.parametrize(
    ("mark", "won"), [("verdict", True), ("abort", True), ("incarnation", False), ("lease.9", False)]
)
def test_a_note_without_a_lease_is_no_first_start_that_came_first(server, mark, won):
    capacity(server).prepare("blue", 1)
    server.edit(WHAT, {"metadata": {"annotations": {f"bluegreen/mark.{mark}": "x"}}})
    assert router(server).create(BLUE, {"lease.1": "x", "incarnation": "a1"}) is won


def test_who_points_it_back_after_its_gates_were_asked_is_not_overruled_but_a_failure_is_put_right(server):
    router(server).write(BLUE)
    made = router(server)
    made.write(BLUE)  # as a rehearsal does
    server.edit(WHAT, {"spec": {"workloadRef": {"name": "web-green"}}})  # as the capacity does
    made.marks()
    server.edit(WHAT, {"spec": {"workloadRef": {"name": "web-blue"}}})
    made.marks()
    with pytest.raises(PlatformError, match="'web-blue' instead of 'web-green': somebody else set it"):
        made.write(GREEN)
    assert wanted(server) == "web-blue"
    made.put_back(GREEN)
    assert wanted(server) == "web-green"


def test_what_it_has_pointed_elsewhere_itself_it_points_back(server):
    router(server).write(BLUE)
    made = router(server)
    made.read()
    for weights, name in ((GREEN, "web-green"), (BLUE, "web-blue")):
        made.write(weights)
        assert wanted(server) == name
