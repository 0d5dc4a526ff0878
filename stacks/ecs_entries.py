"""A service on ECS reached in three ways, which one swap moves: a public ALB, an internal NLB, a private name."""

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import EcsService, alb, dns, nlb
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()
zone_name = config.get("zoneName") or "shop.internal"
zone_id = config.get("zoneId") or aws.route53.Zone("zone", name=zone_name, vpcs=[{"vpc_id": vpc_id}]).zone_id

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}, "ports": [8080]},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}, "ports": [8080]},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=alb(health_check={"interval": 5, "timeout": 2}),
    entries=[
        nlb(internal=True, health_check={"protocol": "HTTP", "path": "/healthz", "interval": 5, "timeout": 2}),
        dns(
            zone_id=zone_id,
            record_name=f"web.{zone_name}",
            ttl_seconds=setting("ttlSeconds", 60),
            namespace_name=config.get("namespaceName"),
        ),
    ],
    container_port=8080,
    desired_count=setting("desiredCount", 2),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=300),
)

pulumi.export("url", web.url)
pulumi.export("entryUrls", web.entry_urls)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("zoneId", zone_id)
pulumi.export("targetGroups", web.target_group_arns)
