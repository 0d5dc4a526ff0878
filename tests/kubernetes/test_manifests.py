"""Rendered manifests as a color's, and one manifest laid over another: what changes, and that nothing else does."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.kubernetes.helm_charts.release import colored
from bluegreen.kubernetes.manifests.coloring import color_manifests, flat, key_of
from bluegreen.kubernetes.merging import merged

# -- generated manifests: names that meet each other, in every place where one refers to another

NAMES = st.sampled_from(["web", "worker", "db", "web-blue", "elsewhere"])
LABELS = st.dictionaries(st.sampled_from(["app", "tier", "team"]), st.sampled_from(["a", "b"]), min_size=1)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


REFERENCES = st.one_of(
    *(NAMES.map(lambda name, key=key: {key: {"name": name, "optional": True}}) for key in ("configMapRef", "secretRef"))
)
VALUE_FROM = st.one_of(
    NAMES.map(lambda name: {"configMapKeyRef": {"name": name, "key": "k"}}),
    NAMES.map(lambda name: {"secretKeyRef": {"name": name, "key": "k"}}),
    st.just({"fieldRef": {"fieldPath": "metadata.name"}}),
)
ENV = st.one_of(
    st.builds(lambda text: {"name": "A", "value": text}, TEXTS),
    VALUE_FROM.map(lambda source: {"name": "B", "valueFrom": source}),
)
CONTAINERS = st.lists(
    maybe(
        name=TEXTS,
        image=TEXTS,
        env=st.lists(ENV, max_size=2),
        envFrom=st.lists(REFERENCES, max_size=2),
        ports=st.just([{"containerPort": 8080}]),
    ),
    max_size=2,
)
VOLUMES = st.lists(
    st.one_of(
        NAMES.map(lambda name: {"name": "v", "configMap": {"name": name, "defaultMode": 420}}),
        NAMES.map(lambda name: {"name": "v", "secret": {"secretName": name}}),
        NAMES.map(lambda name: {"name": "v", "persistentVolumeClaim": {"claimName": name}}),
        NAMES.map(lambda name: {"name": "v", "projected": {"sources": [{"secret": {"name": name}}]}}),
        st.just({"name": "v", "emptyDir": {}}),
    ),
    max_size=2,
)
POD = maybe(
    containers=CONTAINERS,
    initContainers=CONTAINERS,
    volumes=VOLUMES,
    imagePullSecrets=st.lists(NAMES.map(lambda name: {"name": name}), max_size=2),
    serviceAccountName=NAMES,
    tolerations=st.just([{"key": "spot"}]),
)
TEMPLATE = st.builds(lambda labels, spec: {"metadata": {"labels": labels}, "spec": spec}, LABELS, POD)


def an_object(kind: str, api_version: str, spec: st.SearchStrategy[Any] | None) -> st.SearchStrategy[dict[str, Any]]:
    metadata = st.builds(
        lambda name, more: {"name": name, **more}, NAMES, maybe(labels=LABELS, annotations=LABELS, namespace=TEXTS)
    )
    fields = {"metadata": metadata, **({} if spec is None else {"spec": spec})}
    return st.fixed_dictionaries({"apiVersion": st.just(api_version), "kind": st.just(kind), **fields})


WORKLOAD = st.builds(
    lambda labels, template, more: {"selector": {"matchLabels": labels}, "template": template, **more},
    LABELS,
    TEMPLATE,
    maybe(replicas=st.integers(0, 5), serviceName=NAMES, strategy=st.just({"type": "Recreate"})),
)
OBJECTS = st.one_of(
    an_object("Deployment", "apps/v1", WORKLOAD),
    an_object("StatefulSet", "apps/v1", WORKLOAD),
    an_object("Service", "v1", maybe(selector=LABELS, ports=st.just([{"port": 80}]), externalName=TEXTS)),
    an_object("ConfigMap", "v1", None).map(lambda one: {**one, "data": {"host": "web"}}),
    an_object("Secret", "v1", None),
    an_object("PersistentVolumeClaim", "v1", maybe(volumeName=TEXTS)),
    an_object("Job", "batch/v1", TEMPLATE.map(lambda template: {"template": template})),
    an_object("CronJob", "batch/v1", TEMPLATE.map(lambda one: {"jobTemplate": {"spec": {"template": one}}})),
    an_object("PodDisruptionBudget", "policy/v1", LABELS.map(lambda labels: {"selector": {"matchLabels": labels}})),
    an_object(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        NAMES.map(lambda name: {"scaleTargetRef": {"kind": "Deployment", "name": name}, "maxReplicas": 3}),
    ),
    an_object("ServiceAccount", "v1", None),
    an_object("Ingress", "networking.k8s.io/v1", st.just({"ingressClassName": "nginx"})),
    an_object("Deployment", "example.com/v1", st.just({"of": "somebody else's kind"})),
    an_object("Certificate", "cert-manager.io/v1", st.just({"secretName": "web"})),
)
MANIFESTS = st.lists(OBJECTS, max_size=6)
COLORS = st.sampled_from(["blue", "green"])


def undone(value: Any, color: str, path: tuple[str, ...] = ()) -> Any:
    """A color's manifest without what the color added: its label, and the end of names."""
    if isinstance(value, dict):
        return {
            key: undone(item, color, (*path, key))
            for key, item in value.items()
            if not (key == "bluegreen/color" and path[-1] in ("labels", "matchLabels", "selector"))
        }
    if isinstance(value, list):
        return [undone(item, color, path) for item in value]
    return value


def without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := without_empty(item)) not in ({}, None)}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


@given(MANIFESTS, COLORS)
def test_nothing_changes_but_the_colors_label_and_names_that_end_with_it(manifests, color):
    before = copy.deepcopy(manifests)
    split = color_manifests(manifests, color)
    assert manifests == before, "what was given is left alone"
    assert len(split.own) + len(split.shared) == len(manifests)
    assert all(found in manifests for found in split.shared)
    mine = [manifest for manifest in manifests if manifest not in split.shared]
    for was, now in zip(mine, split.own, strict=True):
        plain_was, plain_now = without_empty(was), without_empty(undone(now, color))
        for path, old, new in differing(plain_was, plain_now):
            assert new == f"{old}-{color}", (path, old, new)
            assert path[-1] in ("name", "secretName", "claimName", "serviceName", "serviceAccountName"), path
        assert now["metadata"]["labels"]["bluegreen/color"] == color


def differing(one: Any, two: Any, path: tuple[Any, ...] = ()):
    """Where two values differ, down to the leaves."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in one.keys() | two.keys():
            yield from differing(one.get(key), two.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, pair in enumerate(zip(one, two, strict=True)):
            yield from differing(*pair, (*path, number))
    elif one != two:
        yield path, one, two


@given(MANIFESTS)
def test_the_colors_never_meet(manifests):
    blue, green = (color_manifests(manifests, color) for color in ("blue", "green"))
    own = [{key_of(found) for found in split.own} for split in (blue, green)]
    given_names = {key_of(found) for found in manifests}
    if not any(name.endswith(("-blue", "-green")) for name in given_names):
        assert not own[0] & own[1]
        assert not (own[0] | own[1]) & {
            key_of(found) for found in blue.shared if found["apiVersion"] != "example.com/v1"
        }
    for split, color in ((blue, "blue"), (green, "green")):
        for found in split.own:
            if found["kind"] in ("Deployment", "StatefulSet"):
                selector = found["spec"]["selector"]["matchLabels"]
                assert selector["bluegreen/color"] == color
                assert found["spec"]["template"]["metadata"]["labels"]["bluegreen/color"] == color


@given(MANIFESTS, COLORS)
def test_every_reference_leads_to_the_same_object_as_before(manifests, color):
    split = color_manifests(manifests, color)
    renamed = {
        (manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests if manifest not in split.shared
    }
    mine = [manifest for manifest in manifests if manifest not in split.shared]
    for was, now in zip(mine, split.own, strict=True):
        for before, after in zip(references(was), references(now), strict=True):
            wanted = f"{before[1]}-{color}" if before in renamed else before[1]
            assert after == (before[0], wanted)


def references(manifest: dict[str, Any]):
    """The references of a manifest, in their order: an independent reading of the same places."""
    kinds = {
        "configMapRef": "ConfigMap",
        "configMapKeyRef": "ConfigMap",
        "secretRef": "Secret",
        "secretKeyRef": "Secret",
    }

    def walk(value: Any):
        if isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif isinstance(value, dict):
            for key, item in sorted(value.items()):
                if key in kinds:
                    yield kinds[key], item["name"]
                elif key == "configMap":
                    yield "ConfigMap", item["name"]
                elif key == "secret":
                    yield "Secret", item.get("secretName") or item.get("name")
                elif key == "persistentVolumeClaim":
                    yield "PersistentVolumeClaim", item["claimName"]
                elif key == "imagePullSecrets":
                    yield from (("Secret", one["name"]) for one in item)
                elif key == "scaleTargetRef":
                    yield item["kind"], item["name"]
                elif key == "serviceName":
                    yield "Service", item
                else:
                    yield from walk(item)

    yield from walk(manifest.get("spec"))


def a_deployment(name="web", **pod):
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


def test_more_kinds_can_be_the_colors_own_and_fewer():
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "web"},
        "roleRef": {"kind": "Role", "name": "web"},
        "subjects": [{"kind": "ServiceAccount", "name": "web"}, {"kind": "User", "name": "ada"}],
    }
    redis = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis"}}
    split = color_manifests(
        [a_deployment(serviceAccountName="web"), account, binding, redis],
        "blue",
        per_color_kinds=["ServiceAccount", "RoleBinding"],
        shared=["Service/redis"],
    )
    assert [key_of(found) for found in split.own] == [
        "Deployment/web-blue",
        "ServiceAccount/web-blue",
        "RoleBinding/web-blue",
    ]
    deployment, _, bound = split.own
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "web-blue"
    assert [subject["name"] for subject in bound["subjects"]] == ["web-blue", "ada"]
    assert bound["roleRef"]["name"] == "web", "the Role is both colors'"
    assert split.shared == [redis]


def test_a_custom_kind_that_makes_pods_is_a_workload():
    rollout = {**a_deployment(), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    (own,) = color_manifests([rollout], "green", per_color_kinds=["Rollout"]).own
    assert own["spec"]["selector"]["matchLabels"]["bluegreen/color"] == "green"
    assert own["spec"]["template"]["metadata"]["labels"]["bluegreen/color"] == "green"
    binding = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"template": {"a": 1}}}
    assert color_manifests([binding], "green", per_color_kinds=["Thing"]).own[0]["spec"] == {"template": {"a": 1}}


def test_lists_of_objects_are_their_objects():
    listed = {"apiVersion": "v1", "kind": "List", "items": [a_deployment("a"), a_deployment("b")]}
    assert [key_of(found) for found in flat([listed, a_deployment("c")])] == [
        "Deployment/a",
        "Deployment/b",
        "Deployment/c",
    ]


# -- one laid over another

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), JSON), st.dictionaries(st.sampled_from("abc"), JSON))
def test_what_is_laid_over_counts_and_all_else_stays(base, over):
    found = merged(base, over)
    for key in base.keys() - over.keys():
        assert found[key] == base[key]
    for key, value in over.items():
        if value is None:
            assert key not in found
        elif not isinstance(value, (dict, list)):
            assert found[key] == value
    assert merged(found, over) == found or has_named_lists(over), "laying it over once more changes nothing"


def has_named_lists(value: Any) -> bool:
    """A list whose names are not unique is merged by the last of a name."""
    return '"name"' in json.dumps(value)


def test_named_items_of_a_list_are_merged_and_others_replaced():
    base = {"containers": [{"name": "app", "image": "a", "env": [{"name": "A", "value": "1"}]}], "args": ["x"]}
    over = {"containers": [{"name": "app", "env": [{"name": "B", "value": "2"}]}, {"name": "new"}], "args": ["y"]}
    app, new = merged(base, over)["containers"]
    assert app == {"name": "app", "image": "a", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    assert new == {"name": "new"}
    assert merged(base, over)["args"] == ["y"]


# -- a chart's object

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@given(OBJECTS, COLORS)
def test_of_a_chart_only_the_workload_changes(manifest, color):
    labels = {"bluegreen/service": "web", "bluegreen/color": color}
    token = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
    found = colored(token, manifest, "web", labels, 2)
    is_workload = manifest["kind"] in ("Deployment", "StatefulSet") and manifest["apiVersion"] == "apps/v1"
    if not is_workload or manifest["metadata"]["name"] != "web":
        target = manifest.get("spec", {}).get("scaleTargetRef", {}).get("name")
        assert found is None or (manifest["kind"], target) == ("HorizontalPodAutoscaler", "web")
        return
    changed, set_once = found
    assert set_once == ["spec.replicas"]
    assert changed["spec"]["replicas"] == 2
    assert changed["spec"]["selector"] == manifest["spec"]["selector"], "the chart's own"
    template = changed["spec"]["template"]
    assert template["spec"] == manifest["spec"]["template"]["spec"]
    assert labels.items() <= template["metadata"]["labels"].items()


def test_a_charts_autoscaler_leaves_its_minimum_to_the_swap():
    spec = {"minReplicas": 2, "maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    manifest = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": spec}
    changed, set_once = colored("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", manifest, "web", {}, 2)
    assert changed["spec"] == {key: value for key, value in spec.items() if key != "minReplicas"}
    assert set_once == ["spec.minReplicas"]


@pytest.mark.parametrize("name", ["web-redis", "other"])
def test_other_workloads_of_a_chart_stay_as_they_are(name):
    assert colored(DEPLOYMENT, a_deployment(name), "web", {}, 2) is None
