"""Services from manifests and from charts: what they declare, and what they refuse before anything is declared."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest
import yaml

from bluegreen.kubernetes import HelmService, ManifestService, gateway_route, service
from tests.aws.mocked import Recorder
from tests.kubernetes.declared import Declared

CHART = Path(__file__).parent / "chart"


def deployment(image, name="web", **spec):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}},
            **spec,
        },
    }


AUTOSCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web"},
    "spec": {
        "minReplicas": 2,
        "maxReplicas": 6,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
    },
}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "labels": {"version": "v1"}}}


def declared(blue, green=None, **more):
    colors = {"blue": {"manifests": blue}, "green": {"manifests": blue if green is None else green}}
    return Declared(lambda: ManifestService("web", **{"active_color": "blue", **colors, **more}))


def test_manifests_become_both_colors_and_the_swap_scales_their_workload():
    found = declared([deployment("app:v1", replicas=3), AUTOSCALER], [deployment("app:v2"), AUTOSCALER])
    counts = {name: one["spec"]["replicas"] for name, one in found.of("Deployment").items()}
    assert counts == {"web-blue": 3, "web-green": 0}
    swap = found.swap
    assert swap["capacity"]["workloads"] == {"blue": "web-blue", "green": "web-green"}
    assert swap["capacity"]["replicas"] == 3
    assert swap["capacity"]["autoscaling"] == {"min_replicas": 2, "max_replicas": 6}
    assert swap["capacity"]["autoscalers"] == {"blue": "web-blue", "green": "web-green"}
    assert "minReplicas" not in found.one("HorizontalPodAutoscaler", "web-blue")["spec"]
    assert swap["router"]["selectors"]["green"] == {"app": "web", "bluegreen/color": "green"}
    assert swap["releases"]["blue"].startswith("app:v1 (")


def test_a_service_of_the_manifests_is_the_colors_own_beside_the_one_of_production():
    internal = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    found = declared([deployment("app:v1"), internal])
    assert set(found.of("Service")) == {
        *("web", "web-stage", "web-blue", "web-green"),
        *("web-blue-entry", "web-green-entry"),
    }
    assert "selector" not in found.one("Service", "web")["spec"]
    assert found.one("Service", "web-green")["spec"]["selector"]["bluegreen/color"] == "green"
    assert found.component.services is not None


def test_what_both_colors_have_in_common_is_declared_once_as_the_live_color_has_it():
    other = {**ACCOUNT, "metadata": {"name": "web", "labels": {"version": "v2"}}}
    colors = ([deployment("app:v1"), ACCOUNT], [deployment("app:v2"), other])
    assert declared(*colors).one("ServiceAccount", "web")["metadata"]["labels"] == {"version": "v1"}
    found = declared(*colors, active_color="green")
    assert found.one("ServiceAccount", "web")["metadata"]["labels"] == {"version": "v2"}
    assert set(declared(*colors, per_color_kinds=["ServiceAccount"]).of("ServiceAccount")) == {
        "web-blue",
        "web-green",
        "web-retire",
    }


def test_manifests_are_read_from_yaml_from_a_file_and_from_a_folder(tmp_path):
    text = yaml.safe_dump_all([deployment("app:v1"), None, ACCOUNT])
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_text(yaml.safe_dump(deployment("app:v1")))
    (tmp_path / "sub" / "b.yml").write_text(yaml.safe_dump(ACCOUNT))
    wanted = declared([deployment("app:v1"), ACCOUNT]).objects
    for given in (text, tmp_path / "one.yaml", str(tmp_path / "sub")):
        assert declared(given).objects == wanted


def test_a_minimum_of_none_is_a_minimum():
    scaled = {**AUTOSCALER, "spec": {**AUTOSCALER["spec"], "minReplicas": 0}}
    found = declared([deployment("app:v1"), scaled])
    assert found.swap["capacity"]["autoscaling"] == {"min_replicas": 0, "max_replicas": 6}


def test_one_of_several_workloads_gets_the_requests():
    both = [deployment("app:v1"), deployment("worker:v1", "worker", replicas=4)]
    found = declared(both, workload="Deployment/web", without_traffic={"Deployment/worker": "both"})
    assert found.swap["capacity"]["workloads"]["green"] == "web-green"
    assert found.one("Deployment", "worker-green")["spec"]["replicas"] == 4, "nobody else scales it"


@pytest.mark.parametrize(("active", "idle"), [("blue", "green"), ("green", "blue")])
def test_what_acts_without_traffic_acts_in_one_color(active, idle):
    """Of a CronJob in both colors everything would be done twice."""

    def cron(name, **more):
        pods = {"template": {"spec": {"containers": [{"name": "c", "image": "app:v1"}]}}}
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": pods}, **more}
        return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "spec": spec}

    manifests = [deployment("app:v1"), cron("nightly"), cron("never", suspend=True), cron("once")]
    found = declared(manifests, active_color=active, shared=["CronJob/once"])
    suspended = {
        name: found.one("CronJob", name)["spec"].get("suspend") for name in (f"nightly-{active}", f"nightly-{idle}")
    }
    assert suspended == {f"nightly-{active}": None, f"nightly-{idle}": True}
    assert found.one("CronJob", f"never-{active}")["spec"]["suspend"] is True
    assert "suspend" not in found.one("CronJob", "once")["spec"]


def test_steps_are_taken_behind_a_route():
    route = gateway_route(parent_refs=[{"name": "public"}], hostnames=["shop.example.com"])
    router = declared([deployment("app:v1")], entry=route).swap["router"]
    assert router["services"] == {"blue": "web-blue-entry", "green": "web-green-entry"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"blue": None}, "blue.manifests: None is not allowed; allowed: readable YAML (objects, YAML, or a path)"),
        ({"blue": "/nowhere.yaml"}, "blue.manifests: '/nowhere.yaml' is not allowed; allowed: readable YAML"),
        ({"blue": "a: [\n"}, "blue.manifests: '(manifests)' is not allowed; allowed: readable YAML"),
        ({"blue": [{"kind": "Deployment"}]}, "allowed: an object with apiVersion, kind and metadata.name"),
        ({"blue": [ACCOUNT]}, "a Deployment or StatefulSet, one alone; `workload` says which: none is there"),
        (
            {"blue": [deployment("a"), deployment("b", "worker")]},
            "`workload` says which: Deployment/web, Deployment/worker",
        ),
        ({"blue": [deployment("a")], "workload": "api"}, "allowed: the workload api, one alone"),
        ({"blue": [deployment("a", selector={})]}, "Deployment/web spec.selector.matchLabels: None is not allowed"),
        (
            {"blue": [{**deployment("a"), "metadata": {"name": "web", "namespace": "other"}}]},
            "blue.manifests: ['Deployment/web'] is not allowed; allowed: objects in the namespace 'default'",
        ),
        (
            {"blue": [deployment("a"), ACCOUNT], "green": [deployment("a"), {**ACCOUNT, "secrets": [{"name": "b"}]}]},
            "manifests ServiceAccount/web: 'one for each color' is not allowed; allowed: the same in both colors",
        ),
        (
            {"blue": [deployment("a")], "green": [{**deployment("a"), "kind": "StatefulSet"}]},
            "green.manifests: 'StatefulSet' is not allowed; allowed: a Deployment, as blue has",
        ),
        ({"blue": [deployment("a")], "entry": service(port=0)}, "port: 0 is not allowed"),
    ],
)
def test_manifests_that_cannot_be_are_refused_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**arguments)
    assert expected in str(refused.value)


# -- charts


def release(tag, **more):
    return {"chart": str(CHART), "version": "1.4.0", "values": {"image": {"tag": tag}}, **more}


def installed(**more):
    colors = {"active_color": "blue", "blue": release("v1"), "green": release("v2")}
    return Declared(lambda: HelmService("web", **{**colors, **more}))


def test_a_chart_is_installed_for_each_color_under_a_name_of_its_own():
    found = installed(replicas=3)
    charts = found.of("Chart")
    assert set(charts) == {"web-blue", "web-green"}
    for color, tag in (("blue", "v1"), ("green", "v2")):
        chart = charts[f"web-{color}"]
        assert (chart["name"], chart["skipAwait"]) == (f"web-{color}", True)
        assert chart["values"] == {"image": {"tag": tag}, "fullnameOverride": f"web-{color}"}
    swap = found.swap
    assert swap["capacity"]["workloads"] == {"blue": "web-blue", "green": "web-green"}
    assert swap["router"]["selectors"]["blue"] == {"bluegreen/service": "web", "bluegreen/color": "blue"}
    assert swap["releases"]["blue"].startswith("chart 1.4.0 (")
    assert swap["releases"]["blue"] != swap["releases"]["green"]


def test_a_release_that_helm_keeps_is_selected_by_its_instance():
    repository = "https://charts.example.com"
    blue = {"chart": "shop", "repository": repository, "version": "1.4.0", "release": "shop of May"}
    found = installed(install="release", blue=blue, green=blue, autoscaling={"min_replicas": 2, "max_replicas": 4})
    one = found.of("Release")["web-blue"]
    assert (one["name"], one["skipAwait"], one["repositoryOpts"]) == ("web-blue", True, {"repo": repository})
    assert found.swap["router"]["selectors"]["blue"] == {"app.kubernetes.io/instance": "web-blue"}
    assert found.swap["releases"]["blue"] == "shop of May"


def kept_by_helm(monkeypatch, resource_names, **more):
    """Helm tells what a release has brought."""
    answer = Recorder.new_resource

    def told(self, args):
        made, outputs = answer(self, args)
        brought = {
            "resourceNames": {
                kind: [f"default/{one}" for one in listed(args.name)] for kind, listed in resource_names.items()
            }
        }
        return made, {**outputs, **(brought if args.typ.endswith(":Release") else {})}

    monkeypatch.setattr(Recorder, "new_resource", told)
    return installed(install="release", autoscaling={"min_replicas": 2, "max_replicas": 4}, **more)


@pytest.mark.parametrize("key", ["Deployment/apps/v1", "Deployment.apps/v1", "StatefulSet/apps/v1", "CronJob/batch/v1"])
def test_a_release_with_other_pods_than_the_workloads_is_not_selected_by_its_instance(monkeypatch, key):
    """A worker's pods and those of a subchart have the instance, too, and would get production's requests."""
    found = {"Deployment/apps/v1": lambda name: [name], "Service/v1": lambda name: [name, f"{name}-other"]}
    found[f"{key}"] = lambda name: [name, f"{name}-worker"] if key == "Deployment/apps/v1" else [f"{name}-worker"]
    refused = (
        r"selectors\.(blue|green): None is not allowed; allowed: .*pods of web-\1 alone have.*/web-\1-worker as well"
    )
    with pytest.raises(pulumi.RunError, match=refused):
        kept_by_helm(monkeypatch, found)
    labels = {color: {"app.kubernetes.io/instance": f"web-{color}", "role": "web"} for color in ("blue", "green")}
    made = kept_by_helm(monkeypatch, found, selectors=labels)
    assert made.swap["router"]["selectors"] == labels


def test_a_release_with_the_workload_alone_is(monkeypatch):
    made = kept_by_helm(monkeypatch, {"Deployment/apps/v1": lambda name: [name], "Service/v1": lambda name: [name]})
    assert made.swap["router"]["selectors"]["green"] == {"app.kubernetes.io/instance": "web-green"}


def test_what_of_a_release_acts_in_both_colors_is_said(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: said.append(text))
    labels = {color: {"role": f"web-{color}"} for color in ("blue", "green")}
    found = {"Deployment/apps/v1": lambda name: [name], "CronJob/batch/v1": lambda name: [f"{name}-report"]}
    kept_by_helm(monkeypatch, found, selectors=labels)
    assert sorted(text.partition(" of ")[0] for text in said) == [
        "web: CronJob/web-blue-report",
        "web: CronJob/web-green-report",
    ]


def test_names_and_labels_of_ones_own_are_taken():
    found = installed(
        workloads={"blue": "one", "green": "two"},
        selectors={"blue": {"app": "one"}, "green": {"app": "two"}},
        autoscaling={"min_replicas": 2, "max_replicas": 4},
    )
    assert "fullnameOverride" not in found.of("Chart")["web-blue"]["values"]
    capacity = found.swap["capacity"]
    assert capacity["workloads"] == capacity["autoscalers"] == {"blue": "one", "green": "two"}
    assert capacity["autoscaling"] == {"min_replicas": 2, "max_replicas": 4}
    assert found.swap["router"]["selectors"]["green"] == {"app": "two"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"green": {}}, "green.chart: None is not allowed"),
        ({"green": release("v2", values=3)}, "green.values: 3 is not allowed; allowed: an object"),
        ({"green": release("v2", tags="v2")}, "green.tags: 'v2' is not allowed; allowed: no such field"),
        ({"install": "release"}, "autoscaling: None is not allowed; allowed: the range of the chart's autoscaler"),
        ({"install": "helm"}, "install: 'helm' is not allowed; allowed: chart, release"),
        ({"workload": "Pod"}, "workload: 'Pod' is not allowed; allowed: Deployment, StatefulSet"),
        ({"workloads": {"blue": "a"}}, "workloads.green: None is not allowed"),
        ({"selectors": {"blue": {"a": "b"}}}, "selectors.green: None is not allowed"),
        ({"autoscaling": {"min_replicas": 2}}, "autoscaling.max_replicas: None is not allowed"),
    ],
)
def test_charts_that_cannot_be_are_refused_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        installed(**arguments)
    assert expected in str(refused.value)


def pods(name, **labels):
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app:v1"}]}}
    return deployment("app:v1", name, template=template, selector={"matchLabels": {"app": "shop"}})


def a_service(**selector):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": selector, "ports": [{"port": 80}]},
    }


WEB, WORKER = pods("web", app="shop", role="web"), pods("worker", app="shop", role="worker")


@pytest.mark.parametrize(
    ("more", "selector"),
    [
        ([a_service(role="web")], {"role": "web"}),
        ([a_service(app="shop", role="web")], {"app": "shop", "role": "web"}),
        ([], {"app": "shop", "role": "web"}),
        ([a_service(app="shop")], {"app": "shop", "role": "web"}),
        ([a_service(role="worker")], {"app": "shop", "role": "web"}),
    ],
)
def test_production_selects_the_pods_of_the_workload_and_not_those_of_another_one(more, selector):
    found = declared([WEB, WORKER, *more], workload="web")
    for color in ("blue", "green"):
        assert found.swap["router"]["selectors"][color] == {**selector, "bluegreen/color": color}


def test_a_workload_whose_labels_another_one_has_too_is_refused_by_name():
    with pytest.raises(pulumi.RunError) as refused:
        declared([pods("web", app="shop"), WORKER], workload="web")
    assert "Deployment/web spec.template.metadata.labels" in str(refused.value)
    assert "Deployment/worker-blue has them, too" in str(refused.value)


def test_a_service_that_means_both_workloads_keeps_doing_so():
    both = [pods("web", app="shop"), pods("worker", app="shop"), a_service(app="shop")]
    found = declared(both, workload="web")
    assert found.swap["router"]["selectors"]["blue"] == {"app": "shop", "bluegreen/color": "blue"}
