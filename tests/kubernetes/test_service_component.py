"""The resources of a service on Kubernetes, and its refusals before any resource."""

from __future__ import annotations

import json

import pulumi
import pytest

import bluegreen
from bluegreen.kubernetes import KubernetesService, gateway_route, service
from bluegreen.kubernetes.workloads.workload import DISRUPTION_BUDGET
from tests.kubernetes.declared import Declared

SHORTEST = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
SCALING = {"min_replicas": 2, "max_replicas": 6, "target_cpu_percent": 60}


def declared(config=None, **more):
    return Declared(lambda: KubernetesService("web", **{**SHORTEST, **more}), config)


def template(found, color="blue", kind="Deployment"):
    return found.one(kind, f"web-{color}")["spec"]["template"]


def container(found, color="blue"):
    (only,) = template(found, color)["spec"]["containers"]
    return only


def test_the_shortest_program_has_both_colors_and_one_owner_of_traffic():
    found = declared()
    assert set(found.of("Deployment")) == {"web-blue", "web-green"}
    assert set(found.of("Service")) == {"web", "web-stage", "web-blue", "web-green"}
    router = found.swap["router"]
    assert (router["kind"], router["service"], router["stage_service"]) == ("kubernetes_service", "web", "web-stage")
    assert router["owner"] == "shop/test/web"
    assert found.swap["releases"] == {"blue": "app:v1", "green": "app:v2"}
    assert found.swap["plan"] == ["100 % blue; gates: target health"]


def test_only_the_first_live_color_starts_with_pods():
    found = declared(replicas=3)
    counts = {name: one["spec"]["replicas"] for name, one in found.of("Deployment").items()}
    assert counts == {"web-blue": 3, "web-green": 0}
    found = declared(replicas=3, active_color="green", idle_capacity_percent=50)
    counts = {name: one["spec"]["replicas"] for name, one in found.of("Deployment").items()}
    assert counts == {"web-blue": 2, "web-green": 3}


def test_no_release_keeps_an_update_waiting_and_no_name_stays_taken():
    found = declared()
    for kind in ("Deployment", "Service"):
        for one in found.of(kind).values():
            assert one["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
    for one in found.of("Deployment").values():
        assert one["metadata"]["annotations"]["pulumi.com/deletionPropagationPolicy"] == "background"


def test_both_colors_are_alike_but_for_the_release():
    found = declared(autoscaling=SCALING, idle_capacity_percent=100)
    for kind in ("Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        blue, green = (
            json.dumps(found.one(kind, f"web-{color}"), sort_keys=True)
            .replace(f'"{color}"', "C")
            .replace(f"-{color}", "-C")
            for color in ("blue", "green")
        )
        assert blue.replace("app:v1", "app:v2") == green


def test_a_change_in_place_takes_no_pod_away_before_another_one_is_ready():
    spec = declared(min_ready_seconds=5).one("Deployment", "web-blue")["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["minReadySeconds"] == 5


def test_a_pod_serves_on_while_proxies_learn_that_it_ends():
    found = declared(pre_stop_seconds=7, termination_grace_period_seconds=40)
    assert container(found)["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert template(found)["spec"]["terminationGracePeriodSeconds"] == 40
    assert "lifecycle" not in container(declared(pre_stop_seconds=0))


def test_pods_are_selected_by_labels_of_their_color_alone():
    found = declared(labels={"team": "shop"})
    selector = {"app.kubernetes.io/name": "web", "bluegreen/color": "green"}
    spec = found.one("Deployment", "web-green")["spec"]
    assert spec["selector"] == {"matchLabels": selector}
    assert spec["template"]["metadata"]["labels"] == {**selector, "team": "shop"}
    assert found.swap["router"]["selectors"]["green"] == selector
    assert found.one("Service", "web-green")["spec"]["selector"] == selector
    assert found.one("PodDisruptionBudget", "web-green")["spec"]["selector"] == {"matchLabels": selector}


def test_settings_are_a_config_map_and_other_settings_make_other_pods():
    config = {"LOG_LEVEL": "debug"}
    found = declared(blue={"image": "app:v1", "config": config, "secrets": ["database"], "env": {"A": "b"}})
    assert found.one("ConfigMap", "web-blue")["data"] == config
    assert container(found)["envFrom"] == [{"configMapRef": {"name": "web-blue"}}, {"secretRef": {"name": "database"}}]
    assert container(found)["env"] == [{"name": "A", "value": "b"}]
    digest = template(found)["metadata"]["annotations"]["bluegreen/config"]
    other = declared(blue={"image": "app:v1", "config": {"LOG_LEVEL": "info"}})
    assert template(other)["metadata"]["annotations"]["bluegreen/config"] != digest
    assert set(found.of("ConfigMap")) == {"web-blue"}
    assert found.swap["releases"]["blue"].startswith("app:v1 (")


def test_settings_may_be_files():
    found = declared(blue={"image": "app:v1", "config": {"app.toml": "debug = true"}, "config_path": "/etc/app"})
    assert container(found)["volumeMounts"] == [{"name": "config", "mountPath": "/etc/app", "readOnly": True}]
    assert template(found)["spec"]["volumes"] == [{"name": "config", "configMap": {"name": "web-blue"}}]
    assert "envFrom" not in container(found)


def test_what_only_an_update_knows_is_taken():
    built = pulumi.Output.from_input("app:built")
    config = {"DATABASE": pulumi.Output.from_input("db.example.com")}
    found = declared(green={"image": built, "config": config}, blue={"image": "app:v1"})
    assert container(found, "green")["image"] == "app:built"
    assert found.swap["releases"]["green"].startswith("app:built (")
    known = declared(green={"image": "app:built", "config": {"DATABASE": "db.example.com"}})
    digests = [template(one, "green")["metadata"]["annotations"]["bluegreen/config"] for one in (found, known)]
    assert digests[0] == digests[1], "the same settings, whenever they are known"


def test_everything_else_of_a_pod_is_laid_over_it():
    found = declared(
        pod_template_overrides={
            "metadata": {"annotations": {"linkerd.io/inject": "enabled"}},
            "spec": {
                "tolerations": [{"key": "spot", "operator": "Exists"}],
                "topologySpreadConstraints": None,
                "containers": [
                    {"name": "app", "securityContext": {"readOnlyRootFilesystem": True}},
                    {"name": "proxy", "image": "envoy:v1"},
                ],
            },
        }
    )
    spec = template(found)["spec"]
    app, proxy = spec["containers"]
    assert (app["image"], app["securityContext"]) == ("app:v1", {"readOnlyRootFilesystem": True})
    assert proxy == {"name": "proxy", "image": "envoy:v1"}
    assert "topologySpreadConstraints" not in spec
    assert template(found)["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}


def test_a_stateful_set_has_volumes_and_names_of_its_own():
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    found = declared(workload="StatefulSet", volume_claim_templates=[claim], autoscaling=SCALING)
    blue = found.one("StatefulSet", "web-blue")["spec"]
    assert (blue["serviceName"], blue["podManagementPolicy"]) == ("web-blue-pods", "Parallel")
    assert blue["volumeClaimTemplates"] == [claim]
    assert "strategy" not in blue
    assert found.one("Service", "web-blue-pods")["spec"]["clusterIP"] == "None"
    assert found.swap["capacity"]["workload_kind"] == "StatefulSet"
    target = found.one("HorizontalPodAutoscaler", "web-green")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("StatefulSet", "web-green")


def test_autoscaling_leaves_the_least_size_to_the_swap():
    metric = {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue"}}}
    found = declared(autoscaling={**SCALING, "metrics": [metric], "behavior": {"scaleDown": {}}})
    spec = found.one("HorizontalPodAutoscaler", "web-blue")["spec"]
    assert "minReplicas" not in spec
    assert spec["maxReplicas"] == 6
    assert [one["type"] for one in spec["metrics"]] == ["Resource", "Pods"]
    capacity = found.swap["capacity"]
    assert capacity["autoscaling"] == {"min_replicas": 2, "max_replicas": 6}
    assert capacity["autoscalers"] == {"blue": "web-blue", "green": "web-green"}
    assert "autoscaling" not in declared().swap["capacity"]


def test_a_disruption_takes_one_pod_at_a_time_unless_it_is_said_otherwise():
    spec = declared().one("PodDisruptionBudget", "web-blue")["spec"]
    assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
    spec = declared(disruption_budget={"min_available": "50%"}).one("PodDisruptionBudget", "web-blue")["spec"]
    assert (spec["minAvailable"], "maxUnavailable" in spec) == ("50%", False)
    assert not declared(disruption_budget=None).of("PodDisruptionBudget")
    assert DISRUPTION_BUDGET == {"max_unavailable": 1}


def test_retirement_may_scale_both_colors_and_no_more():
    found = declared()
    rules = found.one("Role", "web-retire")["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "patch", "delete"}
    assert all(rule["resourceNames"] for rule in rules), "nothing of anybody else"
    assert "secrets" not in json.dumps(rules)
    (subject,) = found.one("RoleBinding", "web-retire")["subjects"]
    assert (subject["name"], found.swap["capacity"]["retire"]["service_account"]) == ("web-retire", "web-retire")
    condition = found.swap["capacity"]["retire"]["only_if"]["blue"]
    assert condition == {
        "resource": "services/web",
        "json_path": "{.spec.selector.bluegreen/color}",
        "equals": "green",
    }
    given = declared(retire_service_account="ops", retire_image="mirror/kubectl")
    assert not given.of("Role")
    retire = given.swap["capacity"]["retire"]
    assert (retire["service_account"], retire["image"]) == ("ops", "mirror/kubectl")


def test_what_runs_already_is_a_color_as_it_is():
    existing = {"workload": "legacy", "labels": {"app": "web"}, "release": "app:v0"}
    found = declared(
        blue={"existing": {**existing, "autoscaler": "legacy-cpu"}},
        green={"image": "app:v2", "labels": {"app": "web-green"}},
        entry=service(service_name="shop", adopt=True),
        autoscaling=SCALING,
    )
    assert set(found.of("Deployment")) == {"web-green"}
    swap = found.swap
    assert swap["releases"]["blue"] == "app:v0"
    assert swap["capacity"]["workloads"] == {"blue": "legacy", "green": "web-green"}
    assert swap["capacity"]["autoscalers"] == {"blue": "legacy-cpu", "green": "web-green"}
    assert swap["router"]["selectors"]["blue"] == existing["labels"]
    assert (swap["router"]["service"], swap["router"]["adopt"]) == ("shop", True)
    only_if = swap["capacity"]["retire"]["only_if"]
    assert only_if["green"] == {"resource": "services/shop", "json_path": "{.spec.selector.app}", "equals": "web"}
    green = found.one("Deployment", "web-green")["spec"]
    assert green["selector"]["matchLabels"] == swap["router"]["selectors"]["green"] == {"app": "web-green"}
    assert green["template"]["metadata"]["labels"]["bluegreen/color"] == "green"


def test_a_dot_in_a_labels_name_is_no_step_on_the_way_to_it():
    colors = {color: {"image": "a", "labels": {"app.example.com/web": color}} for color in ("blue", "green")}
    only_if = declared(**colors).swap["capacity"]["retire"]["only_if"]
    assert only_if["green"]["json_path"] == "{.spec.selector.app\\.example\\.com/web}"


def test_labels_that_both_colors_pods_have_are_refused():
    existing = {"workload": "legacy", "labels": {"app": "web"}, "release": "app:v0"}
    with pytest.raises(pulumi.RunError, match="allowed: labels of which one stands in blue's, too"):
        declared(blue={"existing": existing})


def test_where_the_swap_calls_is_where_the_stack_is():
    config = {"kubernetes:context": "staging", "kubernetes:kubeconfig": "~/.kube/other", "kubernetes:namespace": "shop"}

    def program():
        pulumi.runtime.set_all_config(config)
        return KubernetesService("web", **SHORTEST)

    found = Declared(program)
    for section in (found.swap["router"], found.swap["capacity"]):
        assert section["cluster"] == {"context": "staging", "kubeconfig": "~/.kube/other"}
        assert section["namespace"] == "shop"
    assert found.one("Deployment", "web-blue")["metadata"]["namespace"] == "shop"
    given = declared(kubernetes_connection={"context": "production"}, namespace="web")
    assert given.swap["router"]["cluster"] == {"context": "production"}
    assert given.one("Service", "web")["metadata"]["namespace"] == "web"
    assert "cluster" not in declared().swap["router"], "the client's own default"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"active_color": "purple"}, "active_color: 'purple' is not allowed; allowed: blue, green"),
        ({"green": {}}, "green.image: None is not allowed; allowed: a container image"),
        ({"green": {"image": "a", "imagee": "b"}}, "green.imagee: 'b' is not allowed; allowed: no such field"),
        ({"green": {"image": "a", "env": {"A": 1}}}, "green.env.A: 1 is not allowed; allowed: a text"),
        ({"green": {"image": "a", "config_path": "etc"}}, "green.config_path: 'etc' is not allowed; allowed: a path"),
        ({"green": {"image": "a", "config_path": "/etc"}}, "allowed: none, where there is no config"),
        ({"blue": {"existing": {"workload": "w", "release": "r"}}}, "blue.existing.labels: None is not allowed"),
        (
            {"blue": {"existing": {"workload": "w", "release": "r", "labels": {"a b": "c"}}}},
            "blue.existing.labels: 'a b' is not allowed; allowed: names of labels",
        ),
        ({"replicas": 0}, "capacity.replicas: 0 is not allowed"),
        ({"workload": "DaemonSet"}, "workload: 'DaemonSet' is not allowed; allowed: Deployment, StatefulSet"),
        ({"container_port": 0}, "container_port: 0 is not allowed; allowed: a number, 1 to 65535"),
        ({"pre_stop_seconds": 30}, "pre_stop_seconds: 30 is not allowed; allowed: less than termination_grace"),
        ({"volume_claim_templates": [{}]}, "volume_claim_templates: 1 is not allowed; allowed: none of a Deployment"),
        ({"disruption_budget": {}}, "disruption_budget: {} is not allowed; allowed: max_unavailable or min_available"),
        ({"disruption_budget": {"max": 1}}, "disruption_budget.max: 1 is not allowed; allowed: no such field"),
        ({"autoscaling": {**SCALING, "max_replicas": 1}}, "autoscaling.max_replicas: 1 is not allowed"),
        ({"autoscaling": {"min_replicas": 1, "max_replicas": 2}}, "allowed: at least one of target_cpu_percent"),
        ({"autoscaling": {**SCALING, "min_replicas": 3}}, "replicas: 2 is not allowed; allowed: 3 to 6"),
        ({"autoscaling": {**SCALING, "cpu": 1}}, "autoscaling.cpu: 1 is not allowed; allowed: no such field"),
        ({"labels": {"team": "a b"}}, "labels.team: 'a b' is not allowed; allowed: a label's value"),
        ({"entry": service(service_type="Public")}, "service_type: 'Public' is not allowed; allowed: ClusterIP"),
        ({"entry": service(stage_suffix="-blue")}, "stage_suffix: '-blue' is not allowed"),
        ({"entry": service(node_ports={"blue": 30000})}, "allowed: none without a Service of type NodePort"),
        ({"entry": service(overrides={"selector": {}})}, "overrides.selector: {} is not allowed; allowed: none"),
        ({"entry": service(service_name="web-blue", adopt=True)}, "service_name: 'web-blue' is not allowed"),
        ({"strategy": bluegreen.canary(10, hold_seconds=1)}, "none: the kubernetes_service router cannot split"),
        ({"kubernetes_connection": {"contex": "a"}}, "router.cluster.contex: 'a' is not allowed"),
        (
            {"kubernetes_connection": {"kubeconfig": "apiVersion: v1\nusers: []"}},
            'router.cluster.kubeconfig: "(a kubeconfig\'s content)" is not allowed; allowed: a path',
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_message_before_anything_is_declared(arguments, expected):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**arguments)
    assert expected in str(refused.value)
    assert "nothing was written" in str(refused.value)


@pytest.mark.parametrize("name", ["Web", "web_1", "1web", "web-", "w" * 41])
def test_a_name_has_to_be_one_that_objects_can_have(name):
    with pytest.raises(pulumi.RunError, match=r"name: .* is not allowed; allowed: small letters"):
        Declared(lambda: KubernetesService(name, **SHORTEST))


def test_an_argument_that_there_is_not_is_refused_by_its_name():
    with pytest.raises(TypeError, match="unexpected arguments: bake"):
        declared(bake=1)
    with pytest.raises(pulumi.RunError, match=r"entry\.options\.hosts: .* no such field; known here: adopt, "):
        declared(entry=gateway_route(parent_refs=[{"name": "public"}], hosts=["a"]))


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(pulumi.RunError) as refused:
        declared(active_color="purple", green={}, entry=service(port=0))
    for field in ("active_color", "green.image", "port"):
        assert field in str(refused.value)
