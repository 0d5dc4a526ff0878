"""The Service router against a real API server and its controllers: what is written, when it counts, whose it is."""

from __future__ import annotations

import shlex
import time

import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes import live_object as kubernetes_object
from bluegreen.kubernetes.client import MARKS_MANAGER, KubernetesConnection
from bluegreen.kubernetes.live_object import ANSWER_LASTS_SECONDS
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Convergence, Weights, other
from tests.routers import kubernetes_workshop
from tests.routers.kubernetes_workshop import OWNER, SELECTORS

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def here(pods_of_both_colors):
    return pods_of_both_colors


@pytest.fixture
def build(here):
    """Builds routers over the same fresh Services, as fresh processes would."""

    def make(section=None, **more):
        section = {**(section or kubernetes_workshop.section(here)), **more}

        def made(**changes):
            fields = Fields({**section, **changes}, "router")
            parsed = ROUTERS.parse(fields)
            assert parsed is not None, fields.problems
            return ROUTERS.build(parsed)

        made.service, made.stage = section["service"], section.get("stage_service")
        return made

    return make


@pytest.fixture
def router(build):
    return build()


@pytest.fixture
def pair(build, here):
    return build(kubernetes_workshop.section(here, stage=True))


def stands(here, pair):
    """The colors that production and the stage lead to."""
    by_color = {tuple(labels.items()): color for color, labels in SELECTORS.items()}
    found = [here.selector(name) or {} for name in (pair.service, pair.stage)]
    return tuple(by_color.get(tuple(sorted(labels.items())), "nobody") for labels in found)


# -- both Services


@pytest.mark.parametrize("color", COLORS)
def test_at_first_both_services_lead_to_the_one_color(here, pair, color):
    pair().write(Weights.all_on(color))
    assert stands(here, pair) == (color, color)
    assert pair().verify(Weights.all_on(color)) is Convergence.CONVERGED


def test_from_the_first_promotion_on_the_stage_leads_to_the_other_color(here, pair):
    pair().write(BLUE)
    pair().write(BLUE)  # as every promotion does before its gates run
    assert stands(here, pair) == ("blue", "green")
    for weights in (GREEN, BLUE, GREEN):
        pair().write(weights)
        assert pair().verify(weights) is Convergence.CONVERGED
        assert stands(here, pair) == (weights.live_color, other(weights.live_color))


def test_a_first_start_that_failed_begins_anew(here, pair):
    pair().write(BLUE)
    pair().write(Weights())
    assert stands(here, pair) == ("nobody", "blue")
    assert pair().verify(Weights()) is Convergence.CONVERGED
    pair().write(BLUE)
    assert stands(here, pair) == ("blue", "blue")


def test_production_is_written_before_the_stage_and_both_are_put_right_later(here, pair):
    writer = pair()
    writer.write(BLUE)
    here.cluster.delete(here.resource("Service", pair.stage))
    here.service(pair.stage)
    with pytest.raises(PlatformError, match=f"patch services: Service {here.namespace}/{pair.stage}"):
        writer.write(GREEN)
    assert stands(here, pair) == ("green", "nobody")
    assert writer.verify(GREEN) is Convergence.PENDING
    assert writer.progress() == f"the stage Service {pair.stage} leads to neither color instead of blue"
    assert pair().read().weights == GREEN, "production is what counts"
    pair().write(GREEN)
    assert stands(here, pair) == ("green", "blue")
    assert pair().verify(GREEN) is Convergence.CONVERGED


def test_a_stage_that_somebody_moved_is_put_right_by_the_next_write(here, pair):
    for weights in (BLUE, BLUE):
        pair().write(weights)
    here.move(pair.stage, {"app": "somebody-else"})
    assert pair().verify(BLUE) is Convergence.PENDING
    pair().write(BLUE)
    assert stands(here, pair) == ("blue", "green")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda here, name: here.cluster.delete(here.resource("Service", name)), "there is no Service .*-stage in "),
        (lambda here, name: here.move(name, {"app": "x"}), "has the selector app=x already, set by kubectl-edit"),
    ],
)
def test_a_stage_that_cannot_be_had_is_told_before_traffic_moves(here, pair, change, message):
    change(here, pair.stage)
    with pytest.raises(PlatformError, match=message):
        pair().write(BLUE)
    assert here.selector(pair.service) is None


# -- what a write leaves


def test_a_service_is_never_left_without_a_selector(here, router):
    router().write(GREEN)
    router().write(Weights())
    assert here.selector(router.service) == {**SELECTORS["blue"], "bluegreen/color": "none"}
    here.wait_until("nobody is behind it", lambda: not here.pods_behind(router.service))
    assert router().read().weights == Weights()


def test_without_a_selector_the_former_endpoints_would_stay(here):
    """Why there is always one. Should Kubernetes ever change this, nothing here breaks."""
    name = here.service(here.fresh_name(), selector=SELECTORS["blue"])
    here.wait_until("blue is behind it", lambda: here.pods_behind(name))
    here.service(name)
    assert here.selector(name) is None
    green = here.service(here.fresh_name(), selector=SELECTORS["green"])
    here.wait_until("the controller has been there since", lambda: here.pods_behind(green))
    assert here.pods_behind(name)


def test_the_stack_and_the_swap_own_fields_of_their_own(here, router):
    router().write(GREEN)
    router().mark({"lease.1": "x"})
    here.service(router.service, sessionAffinity="ClientIP")  # an unrelated update of the stack
    assert here.selector(router.service) == SELECTORS["green"]
    managers = here.managers(router.service)
    assert {name for name, fields in managers.items() if "f:selector" in fields} == {"bluegreen"}
    assert "lease.1" in managers[MARKS_MANAGER]
    assert "lease.1" not in managers["bluegreen"]


def test_a_selector_that_somebody_moved_is_drift_and_is_taken_back(here, router):
    router().write(GREEN)
    here.move(router.service, SELECTORS["blue"])
    assert router().read().weights == BLUE
    here.move(router.service, {"app": "somebody-else"})
    assert router().read().weights == Weights()
    router().write(GREEN)
    assert router().read().weights == GREEN


def test_the_commands_by_hand_do_what_they_say(here, node, pair):
    pair().write(BLUE)
    for weights, expected in ((GREEN, ("green", "blue")), (Weights(), ("nobody", "blue"))):
        for command in pair().commands(weights):
            assert command.startswith(f"kubectl --kubeconfig {here.cluster.kubeconfig} patch services ")
            node.kubectl(*shlex.split(command)[3:])
        assert stands(here, pair) == expected
        assert pair().read().weights == weights


# -- whose it is


def test_a_selector_of_somebody_else_is_refused_with_their_name(build, here):
    name = here.service(here.fresh_name(), manager="helm", selector=SELECTORS["blue"])
    strict = build(service=name)
    for operation in (lambda: strict().read(), lambda: strict().write(GREEN), lambda: strict().mark({"lease.1": "x"})):
        with pytest.raises(NotOwned, match="has the selector app=web,color=blue already, set by helm: declare it"):
            operation()
    assert (here.selector(name), here.annotations(name)) == (SELECTORS["blue"], {})


def test_a_service_is_taken_over_as_it_is_and_goes_on_after_the_swap(build, here, node, tmp_path):
    name = here.service(here.fresh_name(), manager="helm", selector=SELECTORS["blue"])
    adopting = build(service=name, adopt=True)
    assert adopting().read().weights == BLUE
    adopting().mark({"lease.1": "x"})
    assert dict(adopting().read().marks) == {"lease.1": "x"}
    adopting().write(GREEN)
    assert here.annotations(name)["bluegreen/owner"] == OWNER
    adopting().delete()
    assert (here.selector(name), here.annotations(name)) == (SELECTORS["green"], {})
    # Without an owner from now on: another manager applies another one without a conflict.
    manifest = f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: other}}}}\n"
    (tmp_path / "service.yaml").write_text(manifest)
    apply = ("apply", "--server-side", "--field-manager=x", "-n", here.namespace, "-f")
    node.kubectl(*apply, str(tmp_path / "service.yaml"))
    assert here.selector(name) == {"app": "other"}


def test_labels_that_are_neither_colors_are_not_taken_over(build, here):
    name = here.service(here.fresh_name(), manager="helm", selector={"app": "web"})
    with pytest.raises(NotOwned, match="has the selector app=web, which is neither color's"):
        build(service=name, adopt=True)().read()


def test_a_service_of_another_swap_is_refused_and_left_alone(here, router):
    router(owner="other/stack/web").write(GREEN)
    for operation in (lambda: router().read(), lambda: router().write(BLUE), lambda: router().mark({"lease.1": "x"})):
        with pytest.raises(NotOwned, match="belongs to 'other/stack/web', not to 'project/stack/web'"):
            operation()
    router().delete()
    assert router(owner="other/stack/web").read().weights == GREEN


def test_a_service_that_was_made_anew_is_another_one(here, router):
    before = router()
    before.write(BLUE)
    here.cluster.delete(here.resource("Service", router.service))
    here.service(router.service)
    for operation in (lambda: before.write(GREEN), lambda: before.mark({"lease.1": "x"})):
        with pytest.raises(PlatformError, match=r"metadata\.uid"):
            operation()
    assert (here.selector(router.service), here.annotations(router.service)) == (None, {})
    assert router().read().weights == Weights()


def test_a_service_that_is_not_there_is_told(here, build):
    gone = build(service=here.fresh_name())
    assert gone().read().weights == Weights()
    gone().delete()
    with pytest.raises(PlatformError, match=f"there is no Service {here.namespace}/{gone.service} in "):
        gone().write(BLUE)
    assert gone().verify(BLUE) is Convergence.PENDING
    health = gone().health("blue")
    assert (health.ready, health.fatal) == (False, True)


def test_what_is_let_go_has_no_trace_of_the_swap(here, pair):
    pair().write(BLUE)
    pair().mark({"lease.1": "x"})
    pair().delete()
    for name in (pair.service, pair.stage):
        assert (here.selector(name), here.annotations(name)) == (SELECTORS["blue"], {})
        assert set(here.managers(name)) == {kubernetes_workshop.STACK}


def test_letting_go_takes_into_account_who_writes_at_the_same_instant(here, router, monkeypatch):
    made, get, touched = router(), KubernetesConnection.get, []
    made.write(BLUE)

    def get_and_be_late(cluster, what):
        found = get(cluster, what)
        if not touched:
            touched.append(cluster.merge(what, {"metadata": {"annotations": {"team": "orders"}}}, "somebody"))
        return found

    monkeypatch.setattr(KubernetesConnection, "get", get_and_be_late)
    made.delete()
    assert here.annotations(router.service) == {"team": "orders"}
    assert set(here.managers(router.service)) == {kubernetes_workshop.STACK, "somebody"}


# -- calls


def counted_calls(operation, made):
    calls = []
    with counted(calls.append):
        operation(made)
    return [call.partition(".")[0] for call in calls]


def test_each_operation_makes_as_few_calls_as_it_can(here, router, pair):
    def settled(made):
        """The controller has followed: how often ``verify`` looks until then is not counted here."""
        green = {pod["metadata"]["name"] for pod in here.pods(SELECTORS["green"])}
        here.wait_until("green alone is behind it", lambda: here.pods_behind(made.service) == green)
        time.sleep(ANSWER_LASTS_SECONDS)  # the write's answer is not that of this moment any more
        return made

    def calls_of(made):
        operations = {
            "read": lambda made: made.read(),
            "first write": lambda made: made.write(BLUE),
            "write": lambda made: made.write(GREEN),
            "verify": lambda made: made.verify(GREEN),
            "verify again": lambda made: made.verify(GREEN),
            "health": lambda made: made.health("green"),
            "marks": lambda made: made.marks(),
            "mark": lambda made: made.mark({"lease.1": None, "outcome.1": "x"}),
            "delete": lambda made: made.delete(),
        }
        return {
            name: counted_calls(operation, settled(made) if name == "verify" else made)
            for name, operation in operations.items()
        }

    get, patch, slices, pods = "get services", "patch services", "list endpointslices", "list pods"
    expected = {
        "read": [get],
        "first write": [get, slices, patch],
        "write": [patch],
        "verify": [get, slices, pods],
        "verify again": [get, slices],
        "health": [pods],
        "marks": [get],
        "mark": [patch],
        "delete": [get, patch],
    }
    assert calls_of(router()) == expected
    twice = {"first write": [get, get, slices, patch, patch], "write": [patch] * 2, "delete": [get, patch] * 2}
    router().write(BLUE)
    rehearsed = router()
    assert counted_calls(lambda made: made.write(BLUE), rehearsed) == [get, slices, pods, patch]
    assert counted_calls(lambda made: made.health("green"), rehearsed) == [], "that has been looked at beside"
    assert counted_calls(lambda made: made.write(GREEN), router()) == [get, patch], "a rollback has no time to lose"
    looks = {"verify": [get, slices, pods, get], "verify again": [get, slices, get]}
    assert calls_of(pair()) == {**expected, **twice, **looks}


def test_what_was_written_in_this_moment_is_not_asked_for_again(router, monkeypatch):
    monkeypatch.setattr(kubernetes_object, "ANSWER_LASTS_SECONDS", 600)
    made = router()
    made.write(BLUE)
    assert "get services" not in counted_calls(lambda made: made.verify(BLUE), made)
    assert counted_calls(lambda made: made.verify(BLUE), made)[0] == "get services", "once, and then it is looked at"
    made.write(BLUE)
    assert made.verify(GREEN) is Convergence.PENDING, "and it is looked at what was written"
