"""Every component with rich settings, as programs in other languages write them and as Python programs do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bluegreen
from bluegreen import gates, notifications
from bluegreen.aws import alb, alb_listeners, dns, nlb
from bluegreen.azure import application_gateway, traffic_manager
from bluegreen.gates import cloudwatch_source, prometheus_source
from bluegreen.google import cloud_dns, url_map
from bluegreen.hosts import envoy, haproxy
from bluegreen.kubernetes import (
    aws_load_balancer,
    contour,
    gateway_route,
    grpc_route,
    istio,
    linkerd,
    nginx,
    service,
    traefik,
)
from bluegreen.kubernetes.argo_engine import analysis as argo_analysis

CHART = str(Path(__file__).parents[1] / "kubernetes" / "chart")
URL = "http://prometheus:9090"
MANIFESTS = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"snake_case": "stays", "camelCase": "stays"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": "app:v1"}]},
            },
        },
    }
]

HOW = {
    "strategy": {"steps": {"weights": [{"weightPercent": 10.0, "holdSeconds": 300.0}, {"weightPercent": 50.0}]}},
    "promoteToPercent": 50.0,
    "bakeSeconds": 600.0,
    "steadyStateTimeoutSeconds": 900.0,
    "gates": [
        {"targetHealth": {"minHealthyPercent": 90.0, "intervalSeconds": 5.0}},
        {
            "http": {
                "path": "/ready",
                "failureLimit": 3.0,
                "headers": {"X-My_Header": "a"},
                "jsonMatch": {"a_b.cD": 1.0},
            }
        },
        {"metric": {"source": {"prometheus": {"address": URL, "query": "up", "stepSeconds": 30.0}}, "min": 0.5}},
        {"successRate": {"address": {"env": "PROM_URL"}, "min": 0.99}},
        {"webhook": {"url": "https://ci.example.com", "type": "pre-rollout", "metadata": {"team_name": "a"}}},
        {"command": {"command": ["./check", "--fast"], "runTimeoutSeconds": 30.0, "phases": ["before"]}},
        {"baseline": {"source": {"prometheus": {"address": URL, "query": "rate"}}, "worse": "higher"}},
    ],
    "notifications": [
        {"slack": {"url": {"env": "SLACK_URL"}, "outcomes": ["restored"]}},
        {"webhook": {"url": "https://hooks.example.com", "secret": {"file": "/run/secret"}}},
    ],
    "eventLog": "events.jsonl",
}
PYTHON_HOW = {
    "strategy": bluegreen.steps([(10, 300), (50, 0)]),
    "promote_to_percent": 50,
    "bake_seconds": 600,
    "steady_state_timeout_seconds": 900,
    "gates": [
        gates.target_health(min_healthy_percent=90, interval_seconds=5),
        gates.http("/ready", failure_limit=3, headers={"X-My_Header": "a"}, json_match={"a_b.cD": 1}),
        gates.metric(prometheus_source(URL, "up", step_seconds=30), min=0.5),
        gates.success_rate({"env": "PROM_URL"}, min=0.99),
        gates.webhook("https://ci.example.com", type="pre-rollout", metadata={"team_name": "a"}),
        gates.command(["./check", "--fast"], run_timeout_seconds=30, phases=["before"]),
        gates.baseline(prometheus_source(URL, "rate"), worse="higher"),
    ],
    "notifications": [
        notifications.slack({"env": "SLACK_URL"}, outcomes=["restored"]),
        notifications.webhook("https://hooks.example.com", secret={"file": "/run/secret"}),
    ],
    "event_log": "events.jsonl",
}
NETWORK = {"vpcId": "vpc-1", "subnetIds": ["subnet-1", "subnet-2"], "tags": {"cost_center": "7", "costCenter": "8"}}
PYTHON_NETWORK = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"], "tags": NETWORK["tags"]}


@dataclass(frozen=True)
class Same:
    """One component, twice."""

    token: str
    given: dict[str, Any]
    python: Callable[[], dict[str, Any]]
    """Anew each time: what functions made is used up by the component that takes it."""
    what: str = ""

    def __str__(self) -> str:
        return f"{self.token.rpartition(':')[2]} {self.what}".strip()


def _images(**more: Any) -> dict[str, Any]:
    return {"activeColor": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}, **more}


def _python_images(**more: Any) -> dict[str, Any]:
    return {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}, **more}


AWS = [
    Same(
        "bluegreen:aws:EcsService",
        {
            "activeColor": "green",
            "blue": {"image": "app:v1", "environment": {"my_var": "1", "myVar": "2"}, "ports": [9000.0]},
            "green": {"containers": [{"name": "a", "image": "app:v2", "portMappings": [{"containerPort": 9000.0}]}]},
            "containerPort": 9000.0,
            "desiredCount": 4.0,
            "cpu": 256.0,
            "entry": {
                "alb": {
                    "hostHeaders": ["shop.example.com"],
                    "rulePriority": 7.0,
                    "healthCheck": {"path": "/up", "healthyThreshold": 3.0},
                    "slowStartSeconds": 30.0,
                    "internal": False,
                }
            },
            "autoscaling": {
                "minCapacity": 2.0,
                "maxCapacity": 9.0,
                "targetCpuPercent": 60.0,
                "policies": [{"target_value": 5.0}],
            },
            "awsConnection": {"region": "eu-central-1", "roleArn": "arn:aws:iam::1:role/swap"},
            **NETWORK,
            **HOW,
        },
        lambda: {
            "active_color": "green",
            "blue": {"image": "app:v1", "environment": {"my_var": "1", "myVar": "2"}, "ports": [9000]},
            "green": {"containers": [{"name": "a", "image": "app:v2", "portMappings": [{"containerPort": 9000}]}]},
            "container_port": 9000,
            "desired_count": 4,
            "entry": alb(
                host_headers=["shop.example.com"],
                rule_priority=7,
                health_check={"path": "/up", "healthy_threshold": 3},
                slow_start_seconds=30,
            ),
            "autoscaling": {
                "min_capacity": 2,
                "max_capacity": 9,
                "target_cpu_percent": 60,
                "policies": [{"target_value": 5}],
            },
            "aws_connection": {"region": "eu-central-1", "role_arn": "arn:aws:iam::1:role/swap"},
            **PYTHON_NETWORK,
            **PYTHON_HOW,
        },
    ),
    Same(
        "bluegreen:aws:EcsService",
        _images(
            entry={"nlb": {"protocol": "TCP", "testPort": 0.0, "colorPorts": {"blue": 81.0, "green": 82.0}}}, **NETWORK
        ),
        lambda: _python_images(entry=nlb(test_port=None, color_ports={"blue": 81, "green": 82}), **PYTHON_NETWORK),
        "nlb",
    ),
    Same(
        "bluegreen:aws:EcsService",
        _images(
            # As SDKs would have it that say every default.
            entry={"dns": {"zoneId": "Z1", "recordName": "a.example.com", "behind": "cloud_map", "scheme": "http"}},
            strategy={"preset": {"name": "ECSCanary10Percent5Minutes"}},
            **NETWORK,
        ),
        lambda: _python_images(
            entry=dns(zone_id="Z1", record_name="a.example.com"),
            strategy=bluegreen.preset("ECSCanary10Percent5Minutes"),
            **PYTHON_NETWORK,
        ),
        "dns",
    ),
    Same(
        "bluegreen:aws:EcsService",
        _images(
            blue={
                "existing": {
                    "serviceArn": "arn:aws:ecs:eu-central-1:1:service/c/old",
                    "targetGroupArn": "arn:old",
                    "taskDefinitionArn": "arn:aws:ecs:eu-central-1:1:task-definition/old:1",
                    "release": "app:v0",
                }
            },
            entry={"albListeners": {"testPort": 8443.0, "unitStickinessSeconds": 60.0}},
            **NETWORK,
        ),
        lambda: _python_images(
            blue={
                "existing": {
                    "service_arn": "arn:aws:ecs:eu-central-1:1:service/c/old",
                    "target_group_arn": "arn:old",
                    "task_definition_arn": "arn:aws:ecs:eu-central-1:1:task-definition/old:1",
                    "release": "app:v0",
                }
            },
            entry=alb_listeners(test_port=8443, unit_stickiness_seconds=60),
            **PYTHON_NETWORK,
        ),
        "existing",
    ),
    Same(
        "bluegreen:aws:EcsNativeService",
        _images(
            deploymentStrategy="CANARY",
            stepPercent=20.0,
            stepMinutes=3.0,
            lifecycleHooks=[
                {"hookTargetArn": "arn:f", "roleArn": "arn:r", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
            ],
            front={"certificateArns": ["arn:c"], "targetGroups": {"deregistrationDelaySeconds": 5.0}},
            tasks={"cpu": 512.0, "memory": 1024.0, "taskRoleArn": "arn:t"},
            **NETWORK,
        ),
        lambda: _python_images(
            deployment_strategy="CANARY",
            step_percent=20,
            step_minutes=3,
            lifecycle_hooks=[
                {"hook_target_arn": "arn:f", "role_arn": "arn:r", "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"]}
            ],
            front={"certificate_arns": ["arn:c"], "target_groups": {"deregistration_delay_seconds": 5}},
            tasks={"cpu": 512, "memory": 1024, "task_role_arn": "arn:t"},
            **PYTHON_NETWORK,
        ),
    ),
    Same(
        "bluegreen:aws:EcsCodeDeployService",
        _images(
            deploymentConfig={"type": "linear", "percent": 20.0, "intervalMinutes": 2.0},
            hooks={"AfterInstall": "arn:f"},
            terminationWaitMinutes=5.0,
            testPort=8443.0,
            alarmNames=["errors"],
            **NETWORK,
        ),
        lambda: _python_images(
            deployment_config={"type": "linear", "percent": 20, "interval_minutes": 2},
            hooks={"AfterInstall": "arn:f"},
            termination_wait_minutes=5,
            test_port=8443,
            alarm_names=["errors"],
            **PYTHON_NETWORK,
        ),
    ),
    Same(
        "bluegreen:aws:EcsCodeDeployService",
        _images(deploymentConfig="ECSCanary10Percent5Minutes", **NETWORK),
        lambda: _python_images(deployment_config="ECSCanary10Percent5Minutes", **PYTHON_NETWORK),
        "by name",
    ),
    Same(
        "bluegreen:aws:AutoScalingGroups",
        {
            "activeColor": "blue",
            "blue": {"imageId": "ami-1", "userData": "#!/bin/sh", "template": {"ebs_optimized": "true"}},
            "green": {"launchTemplateId": "lt-1", "version": 7.0},
            "autoscaling": {"minCapacity": 2.0, "maxCapacity": 8.0, "targetRequestsPerInstance": 100.0},
            "warmPool": {"minSize": 1.0, "poolState": "Running", "reuseOnScaleIn": False},
            "instanceRefresh": {"minHealthyPercent": 80.0, "instanceWarmupSeconds": 30.0},
            "securityGroupIds": ["sg-1"],
            "keyName": "key",
            **NETWORK,
        },
        lambda: {
            "active_color": "blue",
            "blue": {"image_id": "ami-1", "user_data": "#!/bin/sh", "template": {"ebs_optimized": "true"}},
            "green": {"launch_template_id": "lt-1", "version": 7},
            "autoscaling": {"min_capacity": 2, "max_capacity": 8, "target_requests_per_instance": 100},
            "warm_pool": {"min_size": 1, "pool_state": "Running", "reuse_on_scale_in": False},
            "instance_refresh": {"min_healthy_percent": 80, "instance_warmup_seconds": 30},
            "security_group_ids": ["sg-1"],
            "key_name": "key",
            **PYTHON_NETWORK,
        },
    ),
    Same(
        "bluegreen:aws:EksClusters",
        {
            "activeColor": "blue",
            "blue": {"clusterName": "old", "version": "1.32"},
            "green": {
                "version": "1.33",
                "roleArn": "arn:r",
                "autoMode": {"nodeRoleArn": "arn:n"},
                "cluster": {"deletion_protection": True},
            },
            "service": {"name": "web", "port": "http"},
            "entry": {"dns": {"zoneId": "Z1", "recordName": "a.example.com", "behind": "load_balancers"}},
            **NETWORK,
        },
        lambda: {
            "active_color": "blue",
            "blue": {"cluster_name": "old", "version": "1.32"},
            "green": {
                "version": "1.33",
                "role_arn": "arn:r",
                "auto_mode": {"node_role_arn": "arn:n"},
                "cluster": {"deletion_protection": True},
            },
            "service": {"name": "web", "port": "http"},
            "entry": dns(zone_id="Z1", record_name="a.example.com", behind="load_balancers"),
            **PYTHON_NETWORK,
        },
    ),
    Same(
        "bluegreen:aws:EksClusters",
        {"activeColor": "blue", "blue": {"clusterName": "old", "version": "1.32", "autoMode": True}, **NETWORK},
        lambda: {
            "active_color": "blue",
            "blue": {"cluster_name": "old", "version": "1.32", "auto_mode": True},
            "green": None,
            **PYTHON_NETWORK,
        },
        "of one color",
    ),
    Same(
        "bluegreen:azure:ContainerApp",
        {
            "activeColor": "blue",
            "resourceGroupName": "shop",
            "environmentId": "/env",
            "targetPort": 9000.0,
            "identityIds": ["/ids/one"],
            "secrets": {"db-key": "https://shop.vault.azure.net/secrets/db"},
            "azureConnection": {"tenantId": "t1"},
            "blue": {"image": "app:v1", "env": {"A_B": "1"}},
            "green": {
                "image": "app:v2",
                "secretEnv": {"DB_KEY": "db-key"},
                "minReplicas": 1.0,
                "healthPath": "/healthz",
                "template": {"volumes": [{"name": "data", "storageType": "EmptyDir"}]},
            },
        },
        lambda: {
            "active_color": "blue",
            "resource_group_name": "shop",
            "environment_id": "/env",
            "target_port": 9000,
            "identity_ids": ["/ids/one"],
            "secrets": {"db-key": "https://shop.vault.azure.net/secrets/db"},
            "azure_connection": {"tenant_id": "t1"},
            "blue": {"image": "app:v1", "env": {"A_B": "1"}},
            "green": {
                "image": "app:v2",
                "secret_env": {"DB_KEY": "db-key"},
                "min_replicas": 1,
                "health_path": "/healthz",
                "template": {"volumes": [{"name": "data", "storageType": "EmptyDir"}]},
            },
        },
    ),
    Same(
        "bluegreen:google:InstanceGroups",
        {
            "activeColor": "blue",
            "region": "europe-west1",
            "entry": {
                "urlMap": {
                    "region": "europe-west1",
                    "network": "shop",
                    "previewHosts": {"blue": "old.test", "green": "new.test"},
                    "sslCertificates": ["shop"],
                }
            },
            "autoscaling": {"minCount": 2.0, "maxCount": 4.0, "targetCpuPercent": 70.0},
            "healthPath": "/ready",
            "machineType": "e2-medium",
            "networkTags": ["web"],
            "labels": {"team": "shop"},
            "googleConnection": {"impersonate": "swap@shop.test"},
            "blue": {"image": "projects/shop/global/images/app-v1", "startupScript": "A_B=1"},
            "green": {"template": "projects/shop/global/instanceTemplates/next", "release": "next"},
        },
        lambda: {
            "active_color": "blue",
            "region": "europe-west1",
            "entry": url_map(
                region="europe-west1",
                network="shop",
                preview_hosts={"blue": "old.test", "green": "new.test"},
                ssl_certificates=["shop"],
            ),
            "autoscaling": {"min_count": 2, "max_count": 4, "target_cpu_percent": 70},
            "health_path": "/ready",
            "machine_type": "e2-medium",
            "network_tags": ["web"],
            "labels": {"team": "shop"},
            "google_connection": {"impersonate": "swap@shop.test"},
            "blue": {"image": "projects/shop/global/images/app-v1", "startup_script": "A_B=1"},
            "green": {"template": "projects/shop/global/instanceTemplates/next", "release": "next"},
        },
    ),
    Same(
        "bluegreen:google:GkeClusters",
        {
            "activeColor": "blue",
            "entry": {"urlMap": {}},
            "healthPath": "/ready",
            "maxRatePerEndpoint": 20.0,
            "googleConnection": {"impersonate": "swap@shop.test"},
            "blue": {"endpointGroups": ["projects/shop/zones/z/networkEndpointGroups/old"], "release": "1.33"},
            "green": {"endpointGroups": ["projects/shop/zones/z/networkEndpointGroups/new"], "release": "1.34"},
        },
        lambda: {
            "active_color": "blue",
            "entry": url_map(),
            "health_path": "/ready",
            "max_rate_per_endpoint": 20,
            "google_connection": {"impersonate": "swap@shop.test"},
            "blue": {"endpoint_groups": ["projects/shop/zones/z/networkEndpointGroups/old"], "release": "1.33"},
            "green": {"endpoint_groups": ["projects/shop/zones/z/networkEndpointGroups/new"], "release": "1.34"},
        },
    ),
    Same(
        "bluegreen:google:CloudRunPair",
        {
            "activeColor": "blue",
            "location": "europe-west1",
            "entry": {"urlMap": {"host": "shop.example.com", "sslCertificates": ["shop"], "redirectHttp": True}},
            "containerPort": 9000.0,
            "public": True,
            "labels": {"team": "shop"},
            "gates": [],
            "googleConnection": {"impersonate": "swap@shop.test"},
            "blue": {"existing": "shop-web", "release": "v1"},
            "green": {"image": "app:v2", "env": {"A_B": "1"}, "maxInstances": 3.0},
        },
        lambda: {
            "active_color": "blue",
            "location": "europe-west1",
            "entry": url_map(host="shop.example.com", ssl_certificates=["shop"], redirect_http=True),
            "container_port": 9000,
            "public": True,
            "labels": {"team": "shop"},
            "gates": [],
            "google_connection": {"impersonate": "swap@shop.test"},
            "blue": {"existing": "shop-web", "release": "v1"},
            "green": {"image": "app:v2", "env": {"A_B": "1"}, "max_instances": 3},
        },
    ),
    Same(
        "bluegreen:google:CloudFunction",
        {
            "activeColor": "blue",
            "location": "europe-west1",
            "functionName": "checkout",
            "public": True,
            "labels": {"team": "shop"},
            "googleConnection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
            "blue": {"bucket": "sources", "object": "v1.zip", "runtime": "python312", "entryPoint": "shop"},
            "green": {
                "bucket": "sources",
                "object": "shop.zip",
                "generation": "1723456789012345",
                "runtime": "python313",
                "entryPoint": "shop",
                "env": {"A_B": "1"},
                "secretEnv": {"DB_KEY": "db-key:3"},
                "minInstances": 1.0,
                "timeoutSeconds": 60.0,
                "template": {"serviceConfig": {"vpcConnector": "projects/shop/connectors/c"}},
            },
        },
        lambda: {
            "active_color": "blue",
            "location": "europe-west1",
            "function_name": "checkout",
            "public": True,
            "labels": {"team": "shop"},
            "google_connection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
            "blue": {"bucket": "sources", "object": "v1.zip", "runtime": "python312", "entry_point": "shop"},
            "green": {
                "bucket": "sources",
                "object": "shop.zip",
                "generation": "1723456789012345",
                "runtime": "python313",
                "entry_point": "shop",
                "env": {"A_B": "1"},
                "secret_env": {"DB_KEY": "db-key:3"},
                "min_instances": 1,
                "timeout_seconds": 60,
                "template": {"serviceConfig": {"vpcConnector": "projects/shop/connectors/c"}},
            },
        },
    ),
    Same(
        "bluegreen:google:CloudRunService",
        {
            "activeColor": "blue",
            "location": "europe-west1",
            "containerPort": 9000.0,
            "public": True,
            "labels": {"team": "shop"},
            "googleConnection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
            "blue": {"image": "app:v1", "env": {"A_B": "1"}},
            "green": {
                "image": "app:v2",
                "secretEnv": {"DB_KEY": "db-key:3"},
                "minInstances": 1.0,
                "timeoutSeconds": 60.0,
                "healthPath": "/healthz",
                "template": {"volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}]},
            },
        },
        lambda: {
            "active_color": "blue",
            "location": "europe-west1",
            "container_port": 9000,
            "public": True,
            "labels": {"team": "shop"},
            "google_connection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
            "blue": {"image": "app:v1", "env": {"A_B": "1"}},
            "green": {
                "image": "app:v2",
                "secret_env": {"DB_KEY": "db-key:3"},
                "min_instances": 1,
                "timeout_seconds": 60,
                "health_path": "/healthz",
                "template": {"volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}]},
            },
        },
    ),
    Same(
        "bluegreen:azure:VmScaleSets",
        {
            "activeColor": "blue",
            "resourceGroupName": "shop",
            "subnetId": "/subscriptions/s/subnet",
            "entry": {
                "applicationGateway": {
                    "subnetId": "/subscriptions/s/gateway",
                    "previewHosts": {"blue": "old.test", "green": "new.test"},
                    "previewPort": 9090.0,
                    "zones": ["1", "2"],
                }
            },
            "autoscaling": {"minCount": 2.0, "maxCount": 4.0, "targetCpuPercent": 60.0},
            "healthPath": "/ready",
            "vmSize": "Standard_B1s",
            "sshPublicKeys": ["ssh-ed25519 A"],
            "azureConnection": {"tenantId": "t1"},
            "blue": {"image": "a:b:c:1", "userData": "A_B=1"},
            "green": {"image": "a:b:c:2", "release": "next"},
        },
        lambda: {
            "active_color": "blue",
            "resource_group_name": "shop",
            "subnet_id": "/subscriptions/s/subnet",
            "entry": application_gateway(
                subnet_id="/subscriptions/s/gateway",
                preview_hosts={"blue": "old.test", "green": "new.test"},
                preview_port=9090,
                zones=["1", "2"],
            ),
            "autoscaling": {"min_count": 2, "max_count": 4, "target_cpu_percent": 60},
            "health_path": "/ready",
            "vm_size": "Standard_B1s",
            "ssh_public_keys": ["ssh-ed25519 A"],
            "azure_connection": {"tenant_id": "t1"},
            "blue": {"image": "a:b:c:1", "user_data": "A_B=1"},
            "green": {"image": "a:b:c:2", "release": "next"},
        },
    ),
    Same(
        "bluegreen:azure:WebAppSlots",
        {
            "activeColor": "blue",
            "resourceGroupName": "shop",
            "planId": "/plan",
            "warmUpPath": "/healthz",
            "warmUpStatuses": "200,204",
            "productionSettings": {"DB_NAME": "production"},
            "slotSettings": {"DB_NAME": "test"},
            "withPreview": True,
            "swapTimeoutSeconds": 900.0,
            "identityIds": ["/ids/one"],
            "azureConnection": {"tenantId": "t1"},
            "blue": {"image": "app:v1", "settings": {"A_B": "1"}},
            "green": {"runtime": "PYTHON|3.12", "release": "next"},
        },
        lambda: {
            "active_color": "blue",
            "resource_group_name": "shop",
            "plan_id": "/plan",
            "warm_up_path": "/healthz",
            "warm_up_statuses": "200,204",
            "production_settings": {"DB_NAME": "production"},
            "slot_settings": {"DB_NAME": "test"},
            "with_preview": True,
            "swap_timeout_seconds": 900,
            "identity_ids": ["/ids/one"],
            "azure_connection": {"tenant_id": "t1"},
            "blue": {"image": "app:v1", "settings": {"A_B": "1"}},
            "green": {"runtime": "PYTHON|3.12", "release": "next"},
        },
    ),
    Same(
        "bluegreen:azure:TwoApps",
        {
            "activeColor": "blue",
            "resourceGroupName": "shop",
            "blue": {"host": "blue.example.com", "resourceId": "/subscriptions/s/app", "release": "v1"},
            "green": {"host": "green.example.com", "release": "v2"},
            "entry": {"trafficManager": {"ttlSeconds": 30.0, "statusCodes": ["200-299"], "intervalSeconds": 10.0}},
            "azureConnection": {"tenantId": "t1"},
        },
        lambda: {
            "active_color": "blue",
            "resource_group_name": "shop",
            "blue": {"host": "blue.example.com", "resource_id": "/subscriptions/s/app", "release": "v1"},
            "green": {"host": "green.example.com", "release": "v2"},
            "entry": traffic_manager(ttl_seconds=30, status_codes=["200-299"], interval_seconds=10),
            "azure_connection": {"tenant_id": "t1"},
        },
    ),
    Same(
        "bluegreen:google:TwoServices",
        {
            "activeColor": "blue",
            "blue": {"targets": ["203.0.113.1"], "release": "v1", "previewUrl": "https://blue.example.com"},
            "green": {"targets": ["203.0.113.2"], "release": "v2", "previewUrl": "https://green.example.com"},
            "entry": {
                "cloudDns": {
                    "zone": "projects/shop/managedZones/example",
                    "recordName": "shop.example.com",
                    "ttlSeconds": 30.0,
                    "adopt": True,
                    "port": 8443.0,
                }
            },
            "googleConnection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
        },
        lambda: {
            "active_color": "blue",
            "blue": {"targets": ["203.0.113.1"], "release": "v1", "preview_url": "https://blue.example.com"},
            "green": {"targets": ["203.0.113.2"], "release": "v2", "preview_url": "https://green.example.com"},
            "entry": cloud_dns(
                zone="projects/shop/managedZones/example",
                record_name="shop.example.com",
                ttl_seconds=30,
                adopt=True,
                port=8443,
            ),
            "google_connection": {"impersonate": "swap@shop.iam.gserviceaccount.com"},
        },
    ),
    Same(
        "bluegreen:aws:BeanstalkEnvironments",
        {
            "activeColor": "blue",
            "application": "shop",
            "cnamePrefix": "shop",
            "blue": {"version": "v1"},
            "green": {"version": "v2", "release": "second"},
            "environmentArgs": {
                "solutionStackName": "64bit Amazon Linux 2023 running Docker",
                "settings": [{"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"}],
            },
            "swapTimeoutSeconds": 300.0,
        },
        lambda: {
            "active_color": "blue",
            "application": "shop",
            "cname_prefix": "shop",
            "blue": {"version": "v1"},
            "green": {"version": "v2", "release": "second"},
            "environment_args": {
                "solution_stack_name": "64bit Amazon Linux 2023 running Docker",
                "settings": [{"namespace": "aws:autoscaling:asg", "name": "MinSize", "value": "2"}],
            },
            "swap_timeout_seconds": 300,
        },
    ),
    Same(
        "bluegreen:aws:LambdaAlias",
        {
            "activeColor": "blue",
            "functionName": "arn:aws:lambda:eu-central-1:123456789012:function:f",
            "blue": {"version": "1"},
            "green": {"version": "2", "release": "second"},
            "aliasName": "prod",
            "strategy": {"linear": {"stepPercent": 25.0, "holdSeconds": 60.0}},
            "gates": [
                {"lambdaInvoke": {"payload": {"a_b": 1.0}, "statusCode": 200.0}},
                {
                    "minimumTraffic": {
                        "requests": 5.0,
                        "source": {
                            "cloudwatch": {
                                "namespace": "AWS/Lambda",
                                "metricName": "Invocations",
                                "dimensions": {"FunctionName": "{function}"},
                                "statistic": "Sum",
                                "aws": {"roleArn": "arn:w"},
                            }
                        },
                    }
                },
            ],
        },
        lambda: {
            "active_color": "blue",
            "function_name": "arn:aws:lambda:eu-central-1:123456789012:function:f",
            "blue": {"version": "1"},
            "green": {"version": "2", "release": "second"},
            "alias_name": "prod",
            "strategy": bluegreen.linear(25, hold_seconds=60),
            "gates": [
                gates.lambda_invoke({"a_b": 1}, status_code=200),
                gates.minimum_traffic(
                    5,
                    source=cloudwatch_source(
                        "AWS/Lambda",
                        "Invocations",
                        dimensions={"FunctionName": "{function}"},
                        statistic="Sum",
                        aws={"role_arn": "arn:w"},
                    ),
                ),
            ],
        },
    ),
    Same(
        "bluegreen:aws:RestApiStage",
        {
            "activeColor": "blue",
            "restApiId": "api",
            "blue": {"deploymentId": "d1", "variables": {"my_backend": "a"}},
            "green": {"deploymentId": "d2", "variables": {"my_backend": "b"}},
            "variables": {"shared_One": "x"},
            "stageArgs": {"xray_tracing_enabled": True},
            "strategy": {"canary": {"weightPercent": 5.0, "holdSeconds": 60.0}},
            "tags": {"a_b": "c"},
        },
        lambda: {
            "active_color": "blue",
            "rest_api_id": "api",
            "blue": {"deployment_id": "d1", "variables": {"my_backend": "a"}},
            "green": {"deployment_id": "d2", "variables": {"my_backend": "b"}},
            "variables": {"shared_One": "x"},
            "stage_args": {"xray_tracing_enabled": True},
            "strategy": bluegreen.canary(5, hold_seconds=60),
            "tags": {"a_b": "c"},
        },
    ),
    Same(
        "bluegreen:cloudfoundry:RoutedApps",
        {
            "activeColor": "green",
            "space": "shop/production",
            "route": "web.apps.example.com",
            "overlapSeconds": 30.0,
            "instances": 3.0,
            "cloudfoundryConnection": {"apiUrl": "https://api.cf.example.com"},
            "blue": {"image": "app:v1", "app": "old"},
            "green": {"image": "app:v2"},
        },
        lambda: {
            "active_color": "green",
            "space": "shop/production",
            "route": "web.apps.example.com",
            "overlap_seconds": 30,
            "instances": 3,
            "cloudfoundry_connection": {"api_url": "https://api.cf.example.com"},
            "blue": {"image": "app:v1", "app": "old"},
            "green": {"image": "app:v2"},
        },
    ),
    Same(
        "bluegreen:hosts:ProxiedService",
        {
            "activeColor": "green",
            "proxies": [
                {
                    "envoy": {
                        "routesFile": "/etc/envoy/web.json",
                        "adminUrl": "http://127.0.0.1:9901",
                        "clusters": {"blue": "b_1", "green": "g_1"},
                        "adopt": True,
                    }
                },
                {
                    "haproxy": {
                        "mapFile": "/etc/haproxy/web.map",
                        "socket": "/run/haproxy/admin.sock",
                        "ssh": {"host": "edge-1", "port": 2222.0, "keyFile": "/keys/edge"},
                    }
                },
            ],
            "blue": {"release": "v1", "url": "http://10.0.0.1"},
            "green": {"release": "v2", "url": "http://10.0.0.2", "digest": "sha256:1"},
            "url": "http://web.example.com",
            "strategy": {"canary": {"weightPercent": 5.0, "holdSeconds": 60.0}},
        },
        lambda: {
            "active_color": "green",
            "proxies": [
                envoy(
                    routes_file="/etc/envoy/web.json",
                    admin_url="http://127.0.0.1:9901",
                    clusters={"blue": "b_1", "green": "g_1"},
                    adopt=True,
                ),
                haproxy(
                    map_file="/etc/haproxy/web.map",
                    socket="/run/haproxy/admin.sock",
                    ssh={"host": "edge-1", "port": 2222, "key_file": "/keys/edge"},
                ),
            ],
            "blue": {"release": "v1", "url": "http://10.0.0.1"},
            "green": {"release": "v2", "url": "http://10.0.0.2", "digest": "sha256:1"},
            "url": "http://web.example.com",
            "strategy": bluegreen.canary(5, hold_seconds=60),
        },
    ),
    Same(
        "bluegreen:aws:HttpApiStage",
        {
            "activeColor": "green",
            "apiId": "api",
            "blue": {"value": "b1"},
            "green": {"value": "g1", "release": "new"},
            "previewStages": False,
            "stageName": "prod",
            "strategy": {"allAtOnce": {}},
        },
        lambda: {
            "active_color": "green",
            "api_id": "api",
            "blue": {"value": "b1"},
            "green": {"value": "g1", "release": "new"},
            "preview_stages": False,
            "stage_name": "prod",
            "strategy": bluegreen.all_at_once(),
        },
    ),
]

SCALING = {"minReplicas": 2.0, "maxReplicas": 6.0, "targetCpuPercent": 60.0}
PYTHON_SCALING = {"min_replicas": 2, "max_replicas": 6, "target_cpu_percent": 60}
ROUTES: list[tuple[str, dict[str, Any], Callable[[], Any]]] = [
    (
        "service",
        {"nodePorts": {"production": 30080.0}, "stageSuffix": "", "serviceType": "NodePort"},
        lambda: service(node_ports={"production": 30080}, stage_suffix=None, service_type="NodePort"),
    ),
    (
        "gatewayRoute",
        {"parentRefs": [{"name": "public"}], "hostnames": ["a.b"], "port": 81.0},
        lambda: gateway_route(parent_refs=[{"name": "public"}], hostnames=["a.b"], port=81),
    ),
    (
        "grpcRoute",
        {"parentRefs": [{"name": "public"}], "grpcServices": ["shop.v1.Orders"], "url": "http://a.b"},
        lambda: grpc_route(parent_refs=[{"name": "public"}], grpc_services=["shop.v1.Orders"], url="http://a.b"),
    ),
    (
        "traefik",
        {"hostnames": ["a.b"], "entryPoints": ["web"], "tls": {}},
        lambda: traefik(hostnames=["a.b"], entry_points=["web"], tls={}),
    ),
    (
        "istio",
        {"hosts": ["a.b"], "subsets": True, "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}},
        lambda: istio(hosts=["a.b"], subsets=True, traffic_policy={"loadBalancer": {"simple": "RANDOM"}}),
    ),
    ("linkerd", {"serviceName": "web"}, lambda: linkerd(service_name="web")),
    (
        "nginx",
        {"host": "a.b", "tlsSecret": "cert", "annotations": {"a/snake_case": "1"}},
        lambda: nginx(host="a.b", tls_secret="cert", annotations={"a/snake_case": "1"}),
    ),
    (
        "contour",
        {"fqdn": "a.b", "tls": {"secretName": "cert"}},
        lambda: contour(fqdn="a.b", tls={"secretName": "cert"}),
    ),
    (
        "awsLoadBalancer",
        {"host": "a.b", "stickinessSeconds": 30.0},
        lambda: aws_load_balancer(host="a.b", stickiness_seconds=30),
    ),
]
KUBERNETES = [
    Same(
        "bluegreen:kubernetes:KubernetesService",
        _images(
            blue={"image": "app:v1", "env": {"MY_VAR": "1"}, "config": {"a_b": "c", "dE": "f"}, "configPath": "/etc/a"},
            entry={"gatewayRoute": {"parentRefs": [{"name": "public", "sectionName": "https"}], "url": "https://a.b"}},
            autoscaling={**SCALING, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60.0}}},
            disruptionBudget={},
            readinessPath="",
            resources={"requests": {"cpu": "100m"}},
            podTemplateOverrides={"spec": {"terminationGracePeriodSeconds": 9.0}},
            labels={"my_label": "x"},
            replicas=3.0,
            kubernetesConnection={"context": "one"},
            **HOW,
        ),
        lambda: _python_images(
            blue={
                "image": "app:v1",
                "env": {"MY_VAR": "1"},
                "config": {"a_b": "c", "dE": "f"},
                "config_path": "/etc/a",
            },
            entry=gateway_route(parent_refs=[{"name": "public", "sectionName": "https"}], url="https://a.b"),
            autoscaling={**PYTHON_SCALING, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}},
            disruption_budget=None,
            readiness_path=None,
            resources={"requests": {"cpu": "100m"}},
            pod_template_overrides={"spec": {"terminationGracePeriodSeconds": 9}},
            labels={"my_label": "x"},
            replicas=3,
            kubernetes_connection={"context": "one"},
            **PYTHON_HOW,
        ),
    ),
    *(
        Same(
            "bluegreen:kubernetes:KubernetesService",
            _images(entry={kind: options}),
            lambda made=made: _python_images(entry=made()),
            kind,
        )
        for kind, options, made in ROUTES
    ),
    Same(
        "bluegreen:kubernetes:KubernetesClusters",
        {
            "activeColor": "blue",
            "blue": {"context": "one", "image": "app:v1"},
            "green": {"context": "two", "kubeconfig": "/etc/two", "image": "app:v2"},
            "entry": {"dns": {"zoneId": "Z1", "recordName": "shop.example.com", "ttlSeconds": 30.0}},
            "addresses": {"blue": "one.example.com", "green": "two.example.com"},
            "options": {"kind": "StatefulSet", "preStopSeconds": 9.0, "labels": {"my_label": "x"}},
            "autoscaling": SCALING,
        },
        lambda: {
            "active_color": "blue",
            "blue": {"context": "one", "image": "app:v1"},
            "green": {"context": "two", "kubeconfig": "/etc/two", "image": "app:v2"},
            "entry": lambda found: dns(zone_id="Z1", record_name="shop.example.com", ttl_seconds=30, targets=found),
            "addresses": {"blue": "one.example.com", "green": "two.example.com"},
            "options": {"kind": "StatefulSet", "pre_stop_seconds": 9, "labels": {"my_label": "x"}},
            "autoscaling": PYTHON_SCALING,
        },
    ),
    Same(
        "bluegreen:kubernetes:KubernetesClusters",
        {
            "activeColor": "blue",
            "blue": {"context": "one", "image": "app:v1"},
            "green": {"context": "two", "image": "app:v2"},
            "entry": {"alb": {"internal": True}},
            "serviceType": "ClusterIP",
            **{key: NETWORK[key] for key in ("vpcId", "subnetIds")},
        },
        lambda: {
            "active_color": "blue",
            "blue": {"context": "one", "image": "app:v1"},
            "green": {"context": "two", "image": "app:v2"},
            "entry": alb(internal=True),
            "service_type": "ClusterIP",
            "vpc_id": "vpc-1",
            "subnet_ids": ["subnet-1", "subnet-2"],
        },
        "alb",
    ),
    Same(
        "bluegreen:kubernetes:HelmService",
        {
            "activeColor": "blue",
            "blue": {"chart": CHART, "values": {"image": {"tag": "v1"}, "replica_count": 2.0}},
            "green": {"chart": CHART, "values": {"image": {"tag": "v2"}}, "release": "second"},
            "containerPort": "web",
            "selectors": {"blue": {"app": "b"}, "green": {"app": "g"}},
            "replicas": 3.0,
        },
        lambda: {
            "active_color": "blue",
            "blue": {"chart": CHART, "values": {"image": {"tag": "v1"}, "replica_count": 2}},
            "green": {"chart": CHART, "values": {"image": {"tag": "v2"}}, "release": "second"},
            "container_port": "web",
            "selectors": {"blue": {"app": "b"}, "green": {"app": "g"}},
            "replicas": 3,
        },
    ),
    Same(
        "bluegreen:kubernetes:ManifestService",
        {
            "activeColor": "green",
            "blue": {"manifests": MANIFESTS},
            "green": {"manifests": MANIFESTS, "release": "second"},
            "containerPort": 9000.0,
            "perColorKinds": ["ServiceAccount"],
            "workload": "Deployment/web",
        },
        lambda: {
            "active_color": "green",
            "blue": {"manifests": MANIFESTS},
            "green": {"manifests": MANIFESTS, "release": "second"},
            "container_port": 9000,
            "per_color_kinds": ["ServiceAccount"],
            "workload": "Deployment/web",
        },
    ),
    Same(
        "bluegreen:kubernetes:ArgoRollout",
        _images(
            prePromotion=[
                {"successRate": {"address": URL, "count": 3.0}},
                {"template": {"templateName": "smoke", "clusterScope": True}},
            ],
            postPromotion=[
                {"p99": {"address": URL, "maxSeconds": 0.2, "name": "slow"}},
                {"analysis": {"name": "own", "metrics": [{"name": "m", "failureLimit": 1.0}], "seconds": 30.0}},
            ],
            workload={"preStopSeconds": 9.0, "annotations": {"a_b": "c"}},
            autoscaling=SCALING,
            rolloutOverrides={"minReadySeconds": 4.0},
            previewReplicas=1.0,
        ),
        lambda: _python_images(
            pre_promotion=[
                argo_analysis.success_rate(URL, count=3),
                {"templateName": "smoke", "clusterScope": True},
            ],
            post_promotion=[
                argo_analysis.p99(URL, max_seconds=0.2, name="slow"),
                argo_analysis.analysis("own", [{"name": "m", "failureLimit": 1}], seconds=30),
            ],
            workload={"pre_stop_seconds": 9, "annotations": {"a_b": "c"}},
            autoscaling=PYTHON_SCALING,
            rollout_overrides={"minReadySeconds": 4},
            preview_replicas=1,
        ),
    ),
]
ALL = [*AWS, *KUBERNETES]
