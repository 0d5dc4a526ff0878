"""A promotion, a rollback, a failed gate and a retirement under the documented Role, and without each rule of it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from bluegreen.kubernetes.session import Request, Session
from bluegreen.kubernetes.workloads.retire import cron_job_name
from bluegreen.permissions import needed, rbac
from bluegreen.rollout.errors import BluegreenError, SwapFailed
from bluegreen.swap.service import SwapService
from tests.routers import kubernetes_workshop
from tests.routers.kubernetes_workshop import SELECTORS

KINDS = ["kubernetes_service", "kubernetes"]
WORKLOADS = {color: f"web-{color}" for color in ("blue", "green")}
NAMES = {
    "services": ["web", "web-stage"],
    "deployments.apps": sorted(WORKLOADS.values()),
    "horizontalpodautoscalers.autoscaling": sorted(WORKLOADS.values()),
    "cronjobs.batch": sorted(cron_job_name("Deployment", name) for name in WORKLOADS.values()),
}
# With workloads of another kind.
NOT_HERE = {"get statefulsets.apps", "patch statefulsets.apps/scale"}
ACTIONS = sorted({permission.action for permission in needed(KINDS)} - NOT_HERE)


class Account:
    """The swap's ServiceAccount, and what it may do."""

    def __init__(self, here, directory):
        self.here, self.directory, self._but = here, directory, ""
        self._session = Session(here.cluster.kubeconfig, None)
        self.documents = rbac.documents(KINDS, here.namespace, "swap", NAMES)
        self._apply(self.documents)
        self.token = here.node.kubectl("create", "token", "swap", "-n", here.namespace, "--duration=1h").strip()

    def kubeconfig(self):
        """The node's own, with the ServiceAccount in the administrator's place."""
        found = yaml.safe_load(Path(self.here.cluster.kubeconfig).read_text())
        for user in found["users"]:
            user["user"] = {"token": self.token}
        path = self.directory / "kubeconfig"
        path.write_text(yaml.safe_dump(found))
        return str(path)

    def may(self, but=""):
        """Grant the permissions in the docs, ``but`` one action; wait until the API server has heard of it."""
        documents = copy.deepcopy(self.documents)
        role = documents[1]
        for rule in role["rules"]:
            rule["verbs"] = [verb for verb in rule["verbs"] if f"{verb} {_resource_of(rule)}" != but]
        role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
        self._apply(documents)
        former, self._but = self._but, but
        for action in filter(None, (former, but)):
            self.here.wait_until(f"{action} is as wanted", lambda action=action: self.can(action) == (action != but))

    def can(self, action):
        """Whether the API server allows it at this moment."""
        verb, _, resource = action.partition(" ")
        plural, _, subresource = resource.partition("/")
        name = NAMES[plural][0] if plural in NAMES and verb in rbac.BY_NAME else ""
        attributes = {
            "namespace": self.here.namespace,
            "verb": verb,
            "group": plural.partition(".")[2],
            "resource": plural.partition(".")[0],
            "subresource": subresource,
            "name": name,
        }
        user = f"system:serviceaccount:{self.here.namespace}:swap"
        spec = {"user": user, "resourceAttributes": attributes}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return self._session.send(Request("POST", path, body=review))["status"]["allowed"]

    def _apply(self, documents):
        path = self.directory / "role.yaml"
        path.write_text(rbac.as_yaml(documents))
        self.here.node.kubectl("apply", "-f", str(path))


def _resource_of(rule):
    plural, _, subresource = rule["resources"][0].partition("/")
    named = ".".join(filter(None, (plural, rule["apiGroups"][0])))
    return f"{named}/{subresource}" if subresource else named


@pytest.fixture(scope="module")
def here(node):
    with kubernetes_workshop.namespace(node, "rbac") as made:
        for name in NAMES["services"]:
            made.service(name)
        for color, name in WORKLOADS.items():
            made.deployment(name, SELECTORS[color])
            made.autoscaler(name)
        made.wait_until_ready(*WORKLOADS.values())
        yield made


@pytest.fixture(scope="module")
def account(here, tmp_path_factory):
    return Account(here, tmp_path_factory.mktemp("account"))


@pytest.fixture(scope="module")
def inputs(here, account):
    cluster = {"kubeconfig": account.kubeconfig()}
    retire = {"service_account": "default", "image": "bluegreen.local/kubectl:v1.34.4"}
    return {
        "name": "web",
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "poll_interval_seconds": 0.1,
        "steady_state_timeout_seconds": 180,
        "router": {
            "kind": "kubernetes_service",
            "namespace": here.namespace,
            "service": "web",
            "stage_service": "web-stage",
            "selectors": SELECTORS,
            "owner": "a/b/web",
            "cluster": cluster,
        },
        "capacity": {
            "kind": "kubernetes",
            "namespace": here.namespace,
            "workloads": WORKLOADS,
            "autoscalers": WORKLOADS,
            "retire": retire,
            "cluster": cluster,
        },
    }


@pytest.fixture(scope="module")
def swap(inputs):
    """The first start, as the state has it then."""
    return SwapService().create(inputs)[1]


def replicas(here, color):
    return here.object("Deployment", WORKLOADS[color])["spec"]["replicas"]


def test_the_documented_rules_are_enough(here, account, inputs, swap):
    service = SwapService()
    assert here.selector("web") == SELECTORS["blue"]
    promoted = service.update(swap, {**inputs, "active_color": "green"})
    assert promoted["history"][0]["outcome"] == "promoted"
    assert here.selector("web") == SELECTORS["green"]
    assert here.selector("web-stage") == SELECTORS["blue"]
    job = here.resource("CronJob", cron_job_name("Deployment", WORKLOADS["blue"]))
    assert here.cluster.get(job) is not None, "the retirement is handed over"
    back = service.update(promoted, inputs)
    assert back["history"][0]["outcome"] == "rolled_back"
    assert here.cluster.get(job) is None, "and is cancelled"
    failing = [{"kind": "command", "command": ["false"], "phases": ["bake"]}]
    with pytest.raises(SwapFailed, match="restored and verified: blue 100 %"):
        service.update(back, {**inputs, "active_color": "green", "gates": failing, "bake_seconds": 1})
    assert here.selector("web") == SELECTORS["blue"]
    at_once = {**inputs, "active_color": "green", "scale_down_delay_seconds": 0, "retry": "without that gate"}
    promoted = service.update(back, at_once)
    assert replicas(here, "blue") == 0
    assert service.diff(promoted, {**at_once, "active_color": "blue"}).notes[0].startswith("rollback: blue was live")
    assert service.update(promoted, inputs)["live_color"] == "blue"
    assert replicas(here, "blue") == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_rule_is_named_before_traffic_moves(here, account, inputs, swap, action):
    account.may(but=action)
    wanted = {**inputs, "active_color": "green"}
    try:
        with pytest.raises(BluegreenError, match=f"{action}: .* is forbidden: User ") as refused:
            SwapService().update(swap, wanted)
        assert here.selector("web") == SELECTORS["blue"]
        if isinstance(refused.value, SwapFailed):
            assert "traffic was not moved" in str(refused.value)
    finally:
        account.may()
        SwapService().update(swap, inputs)  # whatever is left of it is tidied up


def test_a_role_for_other_objects_is_not_enough(here, account, inputs, swap):
    former = account.documents
    account.documents = rbac.documents(KINDS, here.namespace, "swap", {**NAMES, "services": ["another"]})
    try:
        account._apply(account.documents)
        here.wait_until("it may not read web", lambda: not account.can("get services"))
        with pytest.raises(BluegreenError, match=r'get services: .*services "web" is forbidden'):
            SwapService().update(swap, {**inputs, "active_color": "green"})
    finally:
        account.documents = former
        account.may()
