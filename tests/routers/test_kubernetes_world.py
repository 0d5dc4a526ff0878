"""Kubernetes routers while somebody else acts between two of their calls, on an API server in memory."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import KubernetesConnection, Resource
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Weights
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import OWNER, PLANS, SERVICES, kind_of, name_of

SELECTORS = {color: {"app": "web", "color": color} for color in SERVICES}
KINDS = [*PLANS, "kubernetes_service"]
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def server():
    return Server()


def where(kind):
    if kind == "kubernetes_service":
        return Resource("v1", "Service", "services", "shop", "web")
    version, name, plural = ROUTERS.load(kind_of(kind)).kind
    return Resource(PLANS[kind].api_version or version, name, plural, "shop", name_of(kind))


def declare(server, kind):
    """The object as a stack declares it: without what is the swap's."""
    plain = {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}
    server.declare(where(kind), plain if kind == "kubernetes_service" else PLANS[kind].declared)
    return where(kind)


def router(server, kind, **more):
    section = {"kind": kind_of(kind), "namespace": "shop", "owner": OWNER, "cluster": {}}
    if kind == "kubernetes_service":
        section |= {"service": "web", "selectors": SELECTORS}
    else:
        section |= {"name": name_of(kind), "services": SERVICES, **PLANS[kind].section}
    fields = Fields({**section, **more}, "router")
    parsed = ROUTERS.parse(fields)
    assert parsed is not None, [str(problem) for problem in fields.problems]
    made = ROUTERS.build(parsed)
    made.cluster = server.cluster
    return made


def annotated(**annotations):
    return {"metadata": {"annotations": annotations}}


@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_adds_between_a_look_and_a_write_stays(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    made.read()

    def act(method, path):
        if method == "PATCH":
            server.between = lambda *_: None
            server.edit(what, {"metadata": {"labels": {"theirs": "1"}, "annotations": {"theirs": "2"}}})

    server.between = act
    made.write(GREEN)
    found = server.get(what)
    assert found["metadata"]["labels"] == {"theirs": "1"}
    assert found["metadata"]["annotations"]["theirs"] == "2"
    assert router(server, kind).read().weights == GREEN


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_takes_no_call_more_than_one_where_nobody_acts(server, kind):
    declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    made.read()
    server.requests.clear()
    made.write(GREEN)
    assert [request.split()[0] for request in server.requests if "services/web" in request or "shop/" in request][
        :1
    ] == ["PATCH"]


@pytest.mark.parametrize("kind", KINDS)
def test_somebody_who_never_stops_is_told(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    turns = iter(range(1000))
    server.between = lambda method, _: server.edit(what, annotated(theirs=str(next(turns)))) if method == "PATCH" else 0
    with pytest.raises(PlatformError, match="the object has been modified"):
        made.write(GREEN)
    assert router(server, kind).read().weights == BLUE


def moved_by_hand(server, kind, weights):
    """Somebody else's write of the same fields, as another swap's code makes it."""
    other = router(server, kind)
    other.read()
    other.write(weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("marked", [False, True], ids=["moved at the write", "moved before a mark"])
def test_traffic_that_moved_since_the_look_is_not_written_over_but_by_a_restore(server, kind, marked):
    declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    # A Service has one selector: what was live is written again there, as a rehearsal does it.
    whole = kind == "kubernetes_service"
    wanted, theirs = (BLUE, GREEN) if whole else (Weights(blue=90, green=10), Weights(blue=50, green=50))
    made.read()

    def act(method, path):
        if method == "PATCH":
            server.between = lambda *_: None
            moved_by_hand(server, kind, theirs)

    if marked:
        moved_by_hand(server, kind, theirs)
        made.mark({"lease.1": "x"})  # whose answer has the other weights, and their version
    else:
        server.between = act
    with pytest.raises(TrafficMoved, match="somebody else moved the traffic"):
        made.write(wanted)
    assert router(server, kind).read().weights == theirs
    made.put_back(BLUE)
    assert router(server, kind).read().weights == BLUE


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_that_was_made_again_is_not_written_to_by_a_swap_that_goes_on(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    made.mark({"lease.1": "x"})
    server.remove(what)
    declare(server, kind)
    assert made.read().marks == {}, "whoever looks for its lease misses it"
    for act in (lambda: made.write(GREEN), lambda: made.mark({"lease.1": "y"})):
        with pytest.raises(NotOwned, match="was deleted and made again by somebody"):
            act()
    assert router(server, kind).read().weights == Weights()
    made.delete()
    assert server.get(what)["spec"] == server.get(declare(server, kind))["spec"]


@pytest.mark.parametrize("kind", KINDS)
def test_made_again_between_a_look_and_a_write(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    made.read()

    def act(method, path):
        if method == "PATCH":
            server.between = lambda *_: None
            server.remove(what)
            declare(server, kind)

    server.between = act
    with pytest.raises(PlatformError, match=r"deleted and made again|UID in precondition"):
        made.write(GREEN)
    assert router(server, kind).read().weights == Weights()


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_first_starts_one_wins(server, kind):
    what = declare(server, kind)
    one, other = router(server, kind), router(server, kind)
    stranger = router(server, kind, owner="project/stack/other")

    def act(method, _path):
        if method == "PATCH":
            server.between = lambda *_: None
            assert one.create(BLUE, {"lease.1": "x", "incarnation": "a1"})

    server.between = act
    assert not other.create(GREEN, {"lease.2": "y", "incarnation": "b2"})
    assert other.read() == one.read()
    assert (one.read().weights, one.marks()) == (BLUE, {"lease.1": "x", "incarnation": "a1"})
    with pytest.raises(NotOwned, match="belongs to 'project/stack/web', not to 'project/stack/other'"):
        stranger.create(GREEN, {"lease.3": "z"})
    one.mark({"lease.1": None})
    one.write(GREEN)
    assert one.marks() == {"incarnation": "a1"}
    one.delete()
    left = server.get(what)["metadata"].get("annotations") or {}
    assert not [name for name in left if name.startswith("bluegreen/")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_former_owner_is_taken_over_and_stamped_anew(server, kind):
    what = declare(server, kind)
    former = router(server, kind, owner="old/stack/web")
    former.write(BLUE)
    former.mark({"incarnation": "a1"})
    renamed = router(server, kind)
    with pytest.raises(NotOwned, match="belongs to 'old/stack/web'"):
        renamed.read()
    renamed.former_owner = "old/stack/web"
    assert renamed.read().weights == BLUE
    renamed.write(BLUE)
    assert server.get(what)["metadata"]["annotations"]["bluegreen/owner"] == OWNER
    assert router(server, kind).read().weights == BLUE
    with pytest.raises(NotOwned, match="belongs to 'project/stack/web'"):
        former.read()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_swap_deleted_keeps_leading_where_it_led(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(GREEN)
    before = server.get(what)["spec"]
    made.delete()
    assert server.get(what)["spec"] == before
    assert isinstance(server.cluster, KubernetesConnection)


def test_the_stage_is_written_to_as_it_is_then(server):
    declare(server, "kubernetes_service")
    stage = Resource("v1", "Service", "services", "shop", "web-stage")
    server.declare(stage, {"spec": {"ports": [{"port": 80}]}})
    made = router(server, "kubernetes_service", stage_service="web-stage")
    made._stage.cluster = server.cluster
    made.write(BLUE)

    def act(method, path):
        if method == "PATCH" and path == stage.path:
            server.between = lambda *_: None
            server.edit(stage, {"spec": {"sessionAffinity": "ClientIP"}})

    server.between = act
    made.write(GREEN)
    assert server.get(stage)["spec"]["sessionAffinity"] == "ClientIP"
    assert server.get(stage)["spec"]["selector"] == SELECTORS["blue"]
