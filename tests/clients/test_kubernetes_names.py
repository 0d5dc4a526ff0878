"""Names that go into paths: as Kubernetes has them where they are given, escaped wherever they come from."""

from __future__ import annotations

import pytest
from urllib3.util import parse_url

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import Resource
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import PlatformError
from tests.routers.kubernetes_weighted_workshop import PLANS, SERVICES, kind_of

BAD = ("../../../../api/v1/namespaces/kube-system/secrets/x", "web/../prod", "web?dryRun=All", "Web", "web%2F", "..")
WORKLOADS = {"blue": "web-blue", "green": "web-green"}


def problems(registry, section):
    fields = Fields(section, "section")
    registry.parse(fields)
    return [str(problem) for problem in fields.problems]


def sections():
    for plan in PLANS:
        section = {"kind": kind_of(plan), "name": "web", "services": SERVICES, "owner": "a/b/c", **PLANS[plan].section}
        for path in (("namespace",), ("name",), ("services", "blue")):
            yield pytest.param(ROUTERS, section, path, id=f"{plan} {'.'.join(path)}")
    argo = {"kind": "argo_rollouts", "rollout": "web", "workloads": WORKLOADS, "owner": "a/b/c"}
    for path in (("namespace",), ("rollout",), ("workloads", "green")):
        yield pytest.param(ROUTERS, argo, path, id=f"argo_rollouts {'.'.join(path)}")
    selectors = {"blue": {"color": "blue"}, "green": {"color": "green"}}
    service = {"kind": "kubernetes_service", "service": "web", "selectors": selectors, "owner": "a/b/c"}
    for path in (("namespace",), ("service",), ("stage_service",)):
        yield pytest.param(ROUTERS, service, path, id=f"kubernetes_service {'.'.join(path)}")
    workloads = {"kind": "kubernetes", "workloads": WORKLOADS, "autoscalers": WORKLOADS}
    for path in (("namespace",), ("workloads", "blue"), ("autoscalers", "green")):
        yield pytest.param(CAPACITIES, workloads, path, id=f"kubernetes capacity {'.'.join(path)}")


@pytest.mark.parametrize(("registry", "section", "path"), [*sections()])
def test_a_name_that_no_object_can_have_is_refused_where_it_is_given(registry, section, path):
    section = {"namespace": "shop", **section}
    assert problems(registry, section) == []
    for name in BAD:
        changed = {**section, path[0]: name if len(path) == 1 else {**section[path[0]], path[1]: name}}
        (refused, *_) = problems(registry, changed)
        assert refused.startswith(f"section.{'.'.join(path)}: {name!r} is not allowed; allowed: a name of lower-case")


@pytest.mark.parametrize("name", [name for name in BAD if name != ".."])
def test_a_name_that_an_object_of_the_cluster_has_given_stays_one_segment(name):
    path = Resource("argoproj.io/v1alpha1", "AnalysisRun", "analysisruns", name, name, "status").path
    assert path.count("/") == 8
    assert parse_url(f"https://cluster{path}").request_uri == path


def test_a_name_that_leads_elsewhere_is_asked_for_by_nobody():
    with pytest.raises(PlatformError, match=r"'\.\.' cannot be the name of an object"):
        _ = Resource("v1", "Service", "services", "shop", "..").path
    with pytest.raises(PlatformError, match="cannot be the name"):
        _ = Resource("v1", "Service", "services", ".", "web").path
