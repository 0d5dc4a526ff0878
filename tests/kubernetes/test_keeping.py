"""An annotation of the swap's that somebody else wrote is kept before the stack changes its object."""

from __future__ import annotations

import asyncio

import pulumi
import pytest
from pulumi.runtime.proto import resource_pb2

from bluegreen.kubernetes import KubernetesService, aws_load_balancer, gateway_route, nginx
from bluegreen.kubernetes.client import MANAGER, Conflict, Resource
from bluegreen.kubernetes.component import Place
from bluegreen.kubernetes.routes import keeping
from bluegreen.kubernetes.routes.keeping import keep, keeper
from bluegreen.kubernetes.routes.nginx_canary import INGRESS
from bluegreen.rollout.errors import PlatformError
from tests.aws import mocked
from tests.kubernetes.declared import Declared

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
WHAT = Resource(*INGRESS, "default", "shop")
OURS = {"bluegreen/owner": "p/s/shop", "bluegreen/forward": "{}"}


def ingress(annotations=None, **managers):
    """An Ingress with its books: who wrote which of its annotations."""
    entries = [
        {"manager": name, "fieldsV1": {"f:metadata": {"f:annotations": {f"f:{key}": {} for key in keys}}}}
        for name, keys in managers.items()
    ]
    there = {WEIGHT: "70", "team": "shop", **OURS} if annotations is None else annotations
    metadata = {"uid": "u", "resourceVersion": "7", "annotations": there, "managedFields": entries}
    return {"metadata": metadata}


class Cluster:
    """One object; each write is noted, and what stands in `fails` is raised first."""

    def __init__(self, *found, fails=()):
        self.found, self.fails, self.applied = list(found), list(fails), []

    def get(self, what):
        assert what == WHAT
        found = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(found, Exception):
            raise found
        return found

    def apply(self, what, fields):
        assert what == WHAT
        self.applied.append(fields)
        if self.fails:
            raise self.fails.pop(0)


@pytest.mark.parametrize("manager", ["kubectl-patch", "kubectl-edit", "kubectl", "helm"])
def test_what_somebody_else_wrote_is_owned_as_it_is_with_all_that_was(manager):
    cluster = Cluster(ingress(**{MANAGER: OURS, manager: [WEIGHT], "pulumi-kubernetes-1": ["team"]}))
    assert keep(cluster, WHAT, WEIGHT) == ""
    (fields,) = cluster.applied
    assert fields == {"metadata": {"uid": "u", "resourceVersion": "7", "annotations": {WEIGHT: "70", **OURS}}}


@pytest.mark.parametrize(
    "found",
    [
        None,
        ingress({}),
        ingress({"team": "shop", **OURS}),
        ingress(**{MANAGER: [WEIGHT, *OURS], "kubectl": [WEIGHT]}),
    ],
    ids=["no object", "nothing", "no weight", "ours already"],
)
def test_nothing_is_written_where_nothing_is_in_danger(found):
    cluster = Cluster(found)
    assert keep(cluster, WHAT, WEIGHT) == ""
    assert not cluster.applied


def test_it_is_kept_where_no_swap_is_any_more_too():
    cluster = Cluster(ingress({WEIGHT: "70", "team": "shop"}, kubectl=[WEIGHT]))
    assert keep(cluster, WHAT, WEIGHT) == ""
    assert [fields["metadata"]["annotations"] for fields in cluster.applied] == [{WEIGHT: "70"}]


def test_whoever_writes_in_between_is_looked_at_again():
    drifted = ingress(**{MANAGER: OURS, "kubectl": [WEIGHT]})
    newer = {"metadata": {**drifted["metadata"], "resourceVersion": "8"}}
    cluster = Cluster(drifted, newer, fails=[Conflict("patch ingresses", "another version")])
    assert keep(cluster, WHAT, WEIGHT) == ""
    assert [fields["metadata"]["resourceVersion"] for fields in cluster.applied] == ["7", "8"]


def test_what_cannot_be_kept_stops_the_change_and_what_cannot_be_seen_is_said():
    drifted = ingress(**{MANAGER: OURS, "kubectl": [WEIGHT]})
    with pytest.raises(PlatformError, match="so it was not begun, and it could not be kept"):
        keep(Cluster(drifted, fails=[PlatformError("patch ingresses", "forbidden: no")]), WHAT, WEIGHT)
    said = keep(Cluster(PlatformError("get ingresses", "no route")), WHAT, WEIGHT)
    assert WEIGHT in said
    assert "no route" in said


class Callbacks(mocked.Callbacks):
    """An engine's side, which takes hooks, too."""

    def __init__(self):
        self.hooks = {}

    def register_resource_hook(self, hook):
        self.hooks[hook.name] = hook
        return resource_pb2.RegisterResourceHookRequest(name=hook.name)


@pytest.mark.parametrize(
    ("entry", "annotation"),
    [
        (nginx(host="a"), WEIGHT),
        (aws_load_balancer(host="a"), "alb.ingress.kubernetes.io/actions.production"),
        (gateway_route(parent_refs=[{"name": "a"}], hostnames=["a"]), None),
    ],
    ids=["nginx", "aws", "gateway"],
)
def test_the_ingress_with_the_swaps_annotation_has_the_hook_and_no_other_object(entry, annotation, monkeypatch):
    callbacks, kept, seen = Callbacks(), [], []
    monkeypatch.setattr(mocked, "Callbacks", lambda: callbacks)
    monkeypatch.setattr(keeping, "MockMonitor", type(None))
    monkeypatch.setattr(keeping, "keep", lambda cluster, what, name: kept.append((cluster, what, name)) or "")

    def note(args):
        if args.opts.hooks is not None and args.opts.hooks.before_update:
            seen.append(args.name)

    options = pulumi.ResourceOptions(transformations=[note])
    colors = {"blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
    settings = {"kubernetes_connection": {"context": "far"}, "namespace": "web"}
    Declared(lambda: KubernetesService("shop", active_color="blue", entry=entry, opts=options, **colors, **settings))
    assert seen == ([] if annotation is None else ["shop"])
    assert all(name.endswith(" of far/web/shop") for name in callbacks.hooks), "no other component's"
    for hook in callbacks.hooks.values():
        asyncio.run(hook.callback(None))
    expected = [] if annotation is None else [("far", Resource(*INGRESS, "web", "shop"), annotation)]
    assert [(cluster.context, what, name) for cluster, what, name in kept] == expected


def test_a_program_under_mocks_has_no_hook():
    mocked.run(lambda: None)
    assert keeper(Place("default", {}), "shop", WEIGHT) is None
