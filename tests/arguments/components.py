"""Every component with arguments that are all right, to be made wrong one by one."""

from __future__ import annotations

from typing import Any

from bluegreen import aws, azure, google, hosts
from bluegreen.adapters.plugin.components import COMPONENTS, load

_AWS = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}
_IMAGES = {"blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
_SERVICE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "app:v1", "ports": [{"containerPort": 8080}]}]},
        },
    },
}

GOOD: dict[str, dict[str, Any]] = {
    "bluegreen:aws:AutoScalingGroups": {**_AWS, "blue": {"image_id": "ami-1"}, "green": {"image_id": "ami-2"}},
    "bluegreen:aws:BeanstalkEnvironments": {
        "application": "shop",
        "cname_prefix": "shop",
        "blue": {"version": "v1"},
        "green": {"version": "v2"},
        "environment_args": {"solution_stack_name": "64bit Amazon Linux 2023 v4.3.0 running Python 3.12"},
    },
    "bluegreen:aws:EcsCodeDeployService": {**_AWS, **_IMAGES},
    "bluegreen:aws:EcsNativeService": {**_AWS, **_IMAGES},
    "bluegreen:aws:EcsService": {**_AWS, **_IMAGES},
    "bluegreen:aws:EksClusters": {**_AWS, "blue": {"cluster_name": "old"}, "green": {"cluster_name": "new"}},
    "bluegreen:aws:HttpApiStage": {"api_id": "api", "blue": {"value": "blue"}, "green": {"value": "green"}},
    "bluegreen:aws:LambdaAlias": {"function_name": "web", "blue": {"version": "1"}, "green": {"version": "2"}},
    "bluegreen:aws:RestApiStage": {
        "rest_api_id": "api",
        "blue": {"deployment_id": "d1"},
        "green": {"deployment_id": "d2"},
    },
    "bluegreen:azure:ContainerApp": {"resource_group_name": "shop", "environment_id": "/env", **_IMAGES},
    "bluegreen:azure:TwoApps": {
        "resource_group_name": "shop",
        "entry": azure.traffic_manager(),
        "blue": {"host": "blue.azurewebsites.net", "release": "v1"},
        "green": {"host": "green.azurewebsites.net", "release": "v2"},
    },
    "bluegreen:azure:VmScaleSets": {
        "resource_group_name": "shop",
        "subnet_id": "/subscriptions/s/subnet",
        "entry": azure.application_gateway(subnet_id="/subscriptions/s/subnet"),
        "blue": {"image": "a:b:c:1"},
        "green": {"image": "a:b:c:2"},
    },
    "bluegreen:azure:WebAppSlots": {
        "resource_group_name": "shop",
        "plan_id": "/plan",
        "warm_up_path": "/healthz",
        **_IMAGES,
    },
    "bluegreen:cloudfoundry:RoutedApps": {
        "space": "shop/production",
        "route": "web.apps.example.com",
        "blue": {"release": "v1"},
        "green": {"release": "v2"},
    },
    "bluegreen:google:CloudFunction": {
        "location": "europe-west1",
        "blue": {"bucket": "sources", "object": "v1.zip", "runtime": "python312", "entry_point": "shop"},
        "green": {"bucket": "sources", "object": "v2.zip", "runtime": "python312", "entry_point": "shop"},
    },
    "bluegreen:google:CloudRunPair": {"location": "europe-west1", "entry": google.url_map(), **_IMAGES},
    "bluegreen:google:CloudRunService": {"location": "europe-west1", **_IMAGES},
    "bluegreen:google:GkeClusters": {
        "entry": google.url_map(),
        **{
            color: {"endpoint_groups": [f"projects/shop/zones/z/networkEndpointGroups/{color}"], "release": "v1"}
            for color in ("blue", "green")
        },
    },
    "bluegreen:google:InstanceGroups": {
        "zone": "europe-west1-b",
        "entry": google.url_map(),
        "blue": {"image": "projects/shop/global/images/app-v1"},
        "green": {"image": "projects/shop/global/images/app-v2"},
    },
    "bluegreen:google:TwoServices": {
        "entry": google.cloud_dns(zone="projects/shop/managedZones/example", record_name="shop.example.com"),
        "blue": {"targets": ["blue.example.net"], "release": "v1"},
        "green": {"targets": ["green.example.net"], "release": "v2"},
    },
    "bluegreen:hosts:ProxiedService": {
        "proxies": [hosts.envoy(routes_file="/etc/envoy/web.json", admin_url="http://127.0.0.1:9901")],
        "blue": {"release": "v1"},
        "green": {"release": "v2"},
    },
    "bluegreen:kubernetes:ArgoRollout": _IMAGES,
    "bluegreen:kubernetes:HelmService": {"blue": {"chart": "web"}, "green": {"chart": "web"}},
    "bluegreen:kubernetes:KubernetesClusters": {
        "blue": {"context": "one", "image": "app:v1"},
        "green": {"context": "two", "image": "app:v2"},
        "entry": lambda addresses: aws.dns(zone_id="Z1", record_name="web.example.com", targets=addresses),
        "addresses": {"blue": "one.example.com", "green": "two.example.com"},
    },
    "bluegreen:kubernetes:KubernetesService": _IMAGES,
    "bluegreen:kubernetes:ManifestService": {"blue": {"manifests": [_SERVICE]}, "green": {"manifests": [_SERVICE]}},
}
TOKENS = sorted(COMPONENTS)


def make(token: str, name: Any = "web", **arguments: Any) -> Any:
    """The component, declared."""
    return load(token)(name, **{"active_color": "blue", **GOOD[token], **arguments})
