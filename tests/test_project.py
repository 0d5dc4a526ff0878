"""Rules for the project as a whole: its public names and its layers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bluegreen
from bluegreen import aws, azure, cloudfoundry, google, hosts, kubernetes

REPO = Path(__file__).resolve().parents[1]
TESTS = REPO / "tests"
SOURCE = REPO / "components" / "bluegreen"


def test_the_public_names():
    assert bluegreen.__all__ == [
        "Color",
        "Step",
        "Strategy",
        "all_at_once",
        "canary",
        "gates",
        "linear",
        "notifications",
        "preset",
        "steps",
    ]
    assert aws.__all__ == [
        "AsgRelease",
        "AutoScalingGroups",
        "BeanstalkEnvironments",
        "BeanstalkRelease",
        "EcsCodeDeployService",
        "EcsNativeService",
        "EcsRelease",
        "EcsService",
        "EksClusters",
        "EksRelease",
        "FrontOptions",
        "HttpApiRelease",
        "HttpApiStage",
        "LambdaAlias",
        "LambdaVersion",
        "RestApiRelease",
        "RestApiStage",
        "SwapSettings",
        "TaskOptions",
        "alb",
        "alb_listeners",
        "dns",
        "nlb",
    ]
    assert all(getattr(aws, name).__module__.startswith("bluegreen.aws.") for name in aws.__all__)
    assert azure.__all__ == [
        "AppTarget",
        "ContainerApp",
        "ContainerAppRelease",
        "SwapSettings",
        "TwoApps",
        "VmRelease",
        "VmScaleSets",
        "WebAppRelease",
        "WebAppSlots",
        "application_gateway",
        "load_balancer",
        "traffic_manager",
    ]
    assert all(getattr(azure, name).__module__.startswith("bluegreen.azure.") for name in azure.__all__)
    assert cloudfoundry.__all__ == ["AppRelease", "RoutedApps", "SwapSettings"]
    assert all(
        getattr(cloudfoundry, name).__module__.startswith("bluegreen.cloudfoundry.") for name in cloudfoundry.__all__
    )
    assert google.__all__ == [
        "CloudFunction",
        "CloudFunctionRelease",
        "CloudRunPair",
        "CloudRunPairRelease",
        "CloudRunRelease",
        "CloudRunService",
        "GkeCluster",
        "GkeClusters",
        "GroupRelease",
        "InstanceGroups",
        "ServiceTarget",
        "SwapSettings",
        "TwoServices",
        "cloud_dns",
        "url_map",
    ]
    assert all(getattr(google, name).__module__.startswith("bluegreen.google.") for name in google.__all__)
    assert hosts.__all__ == ["ProxiedRelease", "ProxiedService", "SwapSettings", "envoy", "haproxy"]
    assert kubernetes.__all__ == [
        "ArgoRollout",
        "ClusterRelease",
        "HelmRelease",
        "HelmService",
        "KubernetesClusters",
        "KubernetesRelease",
        "KubernetesService",
        "ManifestRelease",
        "ManifestService",
        "SwapSettings",
        "WorkloadOptions",
        "aws_load_balancer",
        "contour",
        "gateway_route",
        "grpc_route",
        "istio",
        "linkerd",
        "nginx",
        "service",
        "traefik",
    ]
    assert all(getattr(kubernetes, name).__module__.startswith("bluegreen.kubernetes.") for name in kubernetes.__all__)
    with pytest.raises(AttributeError, match="no attribute 'elastic'"):
        aws.elastic  # noqa: B018 - looking at it is the test


def imported_by(module: str) -> set[str]:
    """The top-level packages that importing a module brings in, in a fresh interpreter."""
    program = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_stack_imports_only_its_own_platform():
    program = "import sys; from bluegreen.aws import LambdaAlias; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("bluegreen.aws.")}
    assert not any("ecs" in name or "eks" in name or "route53" in name for name in ours), ours


PROGRAMS = {
    "aws": "from bluegreen.aws import EcsService, alb",
    "azure": "from bluegreen.azure import ContainerApp",
    "cloudfoundry": "from bluegreen.cloudfoundry import RoutedApps",
    "hosts": "from bluegreen.hosts import ProxiedService, envoy",
    "kubernetes": "from bluegreen.kubernetes import KubernetesService, service",
    "memory": "import bluegreen.swap.dynamic",
}
NOT_FOR_PROGRAMS = (
    *("asyncssh", "azure.identity", "boto3", "botocore", "google.auth", "httpx", "kubernetes"),
    *("plotly", "rich", "scipy", "sqlglot", "typer", "bluegreen.cli", "bluegreen.schema"),
)


@pytest.mark.parametrize("platform", PROGRAMS)
def test_a_program_pays_for_no_other_platform_and_for_no_client(platform):
    """Each import is paid in every preview and every update."""
    program = f"import sys; {PROGRAMS[platform]}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    others = {f"bluegreen.{other}" for other in (*PROGRAMS, "google")} - {f"bluegreen.{platform}"}
    needless = {
        name
        for name in done.stdout.split()
        for package in (*NOT_FOR_PROGRAMS, *others)
        if name == package or name.startswith(f"{package}.")
    }
    assert not needless


def test_the_core_needs_the_standard_library_alone():
    modules = [f"bluegreen.rollout.{path.stem}" for path in (SOURCE / "rollout").glob("[a-z]*.py")]
    third_party = {"boto3", "botocore", "httpx", "pulumi", "pulumi_aws", "grpc"}
    assert len(modules) > 5
    assert not imported_by(", ".join(modules)) & third_party


def test_the_swaps_provider_loads_no_platform_before_it_is_used():
    assert not imported_by("bluegreen.swap.dynamic") & {"boto3", "botocore", "httpx", "pulumi_aws"}


def test_no_platform_has_a_name_in_the_core():
    names = re.compile(
        r"\b(alb|elb|ecs|aws|boto3?|lambda_|kubernetes|k8s|azure|gcp|route53|cloudfoundry)\b", re.IGNORECASE
    )
    for folder in ("rollout", "swap"):
        for path in (SOURCE / folder).glob("*.py"):
            if path.name == "presets.py":
                continue  # its subject are names from elsewhere
            found = [line for line in path.read_text().splitlines() if names.search(line)]
            assert not found, f"{path.name}: {found}"


def test_the_package_is_typed():
    assert (SOURCE / "py.typed").exists()


def _is_a_set(node):
    if isinstance(node, ast.BinOp):
        return _is_a_set(node.left) or _is_a_set(node.right)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return called or isinstance(node, (ast.Set, ast.SetComp))


def test_parameters_of_tests_stand_in_one_order():
    """Workers that collect a set's items in different orders run no test at all."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "parametrize":
                assert not any(_is_a_set(argument) for argument in node.args), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("package", ["components/bluegreen", "localcloud", "dev", "policies"])
def test_no_modules_import_each_other_in_a_circle(package):
    """Within functions and for types alone it is one all the same."""
    root = REPO / package
    modules = {_dotted(path, root): path for path in root.rglob("*.py")}
    left = {name: _imported(path) & modules.keys() - {name} for name, path in modules.items()}
    assert len(left) > 5
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    assert not left


def _dotted(path, root):
    return ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(path):
    found = set()
    package = path.name == "__init__.py"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not package:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return found
