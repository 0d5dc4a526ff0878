"""Every component tells what its colors run by a digest of the thing: the same name may be that of another one."""

from __future__ import annotations

import pytest

from bluegreen.aws import AutoScalingGroups, EcsService, EksClusters
from bluegreen.component import digests
from bluegreen.kubernetes import ArgoRollout, HelmService, KubernetesService, ManifestService
from bluegreen.swap import contract
from tests.aws import mocked
from tests.aws.test_eks_clusters import SHORTEST as CLUSTERS
from tests.kubernetes.declared import SWAP, whole
from tests.kubernetes.test_rendered_components import AUTOSCALER, deployment


def swap_of(program, **outputs):
    recorder, _ = mocked.run(program, None, outputs)
    (found,) = (found.inputs for found in recorder.resources if found.type == SWAP)
    return whole(found)


NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}
COMPONENTS = {
    "ecs": (
        lambda blue: EcsService("web", active_color="blue", blue=blue, green={"image": "app:v2"}, **NETWORK),
        {"image": "app:v1", "environment": {"A": "1"}},
        {"image": "app:v1", "environment": {"A": "2"}},
    ),
    "auto scaling": (
        lambda blue: AutoScalingGroups(
            "web", active_color="blue", blue=blue, green={"image_id": "ami-2"}, port=80, **NETWORK
        ),
        {"image_id": "ami-1", "user_data": "one"},
        {"image_id": "ami-1", "user_data": "two"},
    ),
    "kubernetes": (
        lambda blue: KubernetesService("web", active_color="blue", blue=blue, green={"image": "app:v2"}),
        {"image": "app:v1", "config": {"A": "1"}},
        {"image": "app:v1", "config": {"A": "2"}},
    ),
    "argo rollouts": (
        lambda blue: ArgoRollout("web", active_color="blue", blue=blue, green={"image": "app:v2"}),
        {"image": "app:v1", "env": {"A": "1"}},
        {"image": "app:v1", "env": {"A": "2"}},
    ),
    "eks": (
        lambda blue: EksClusters("shop", **{**CLUSTERS, "blue": blue}),
        {"cluster_name": "old", "version": "1.32", "release": "addons"},
        {"cluster_name": "other", "version": "1.32", "release": "addons"},
    ),
    "helm": (
        lambda blue: HelmService("web", active_color="blue", blue=blue, green={"chart": "shop", "version": "2"}),
        {"chart": "shop", "version": "1", "release": "shop", "values": {"a": 1}},
        {"chart": "shop", "version": "9", "release": "shop", "values": {"a": 2}},
    ),
    "manifests": (
        lambda blue: ManifestService(
            "web", active_color="blue", blue=blue, green={"manifests": [deployment("app:v2")], "release": "two"}
        ),
        {"manifests": [deployment("app:v1")], "release": "one"},
        {"manifests": [deployment("app:v9")], "release": "one"},
    ),
}


@pytest.mark.parametrize(("program", "one", "another"), COMPONENTS.values(), ids=COMPONENTS)
def test_another_thing_in_the_live_color_is_told_whatever_it_is_called(program, one, another):
    olds, again, news = (swap_of(lambda given=given: program(given)) for given in (one, one, another))
    assert set(olds["digests"]) == {"blue", "green"}
    assert contract.live_release_change(olds, again) is None
    assert str(contract.live_release_change(olds, news)).startswith("blue: ")
    assert contract.fingerprint(olds, "green") == contract.fingerprint(news, "green")


def test_another_name_for_the_same_chart_is_no_other_release():
    program, one, _ = COMPONENTS["helm"]
    olds, news = swap_of(lambda: program(one)), swap_of(lambda: program({**one, "release": "the shop"}))
    assert olds["releases"] != news["releases"]
    assert contract.live_release_change(olds, news) is None


def test_a_size_that_is_the_swaps_is_no_other_release():
    def program(replicas, least):
        scaled = {**AUTOSCALER, "spec": {**AUTOSCALER["spec"], "minReplicas": least}}
        both = {"manifests": [deployment("app:v1", replicas=replicas), scaled]}
        return swap_of(lambda: ManifestService("web", active_color="blue", blue=both, green=both))

    assert program(2, 2)["digests"] == program(5, 3)["digests"]


def test_more_memory_for_both_colors_is_a_setting_and_no_release():
    def program(memory):
        colors = {"blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
        return swap_of(lambda: EcsService("web", active_color="blue", memory=memory, **colors, **NETWORK))

    assert contract.live_release_change(program(512), program(1024)) is None


def test_a_charts_files_are_what_a_chart_is(tmp_path):
    (tmp_path / "Chart.yaml").write_text("name: shop\nversion: 1.0.0\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "web.yaml").write_text("kind: Deployment\n")
    found = []

    def program():
        digests.of_chart({"chart": str(tmp_path), "release": "shop"}).apply(found.append)

    mocked.run(program)
    mocked.run(program)
    (tmp_path / "templates" / "web.yaml").write_text("kind: StatefulSet\n")
    mocked.run(program)
    assert found[0] == found[1] != found[2]
    (tmp_path / "Chart.yaml").unlink()
    mocked.run(program)
    (tmp_path / "templates" / "web.yaml").write_text("kind: Job\n")
    mocked.run(program)
    assert found[3] == found[4], "a folder that is no chart has a chart's name by accident"


def test_a_digest_is_the_same_in_every_language():
    assert digests.digest({"b": 1.0, "a": (1, 2), "c": None}) == digests.digest({"a": [1, 2], "b": 1})
    assert digests.digest({"a": "1"}) != digests.digest({"a": 1})


def test_what_is_there_already_is_told_by_what_names_it():
    existing = {"task_definition_arn": "td:1", "service_arn": "a/b", "target_group_arn": "tg", "release": "v1"}
    found = swap_of(
        lambda: EcsService(
            "web",
            active_color="blue",
            blue={"existing": existing},
            green={"image": "app:v2"},
            cluster_arn="c",
            **NETWORK,
        )
    )
    assert "blue" not in found["digests"]
    assert contract.fingerprint(found, "blue") != contract.fingerprint(
        {**found, "capacity": {**found["capacity"], "task_definitions": {"blue": "td:2"}}}, "blue"
    )
