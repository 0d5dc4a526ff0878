"""A service on ECS whose tasks register in Cloud Map; Route 53's weighted records choose the color."""

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import EcsService, dns
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()
zone_name = config.get("zoneName") or "shop.internal"
# A private one, for clients in the VPC.
zone_id = config.get("zoneId") or aws.route53.Zone("zone", name=zone_name, vpcs=[{"vpc_id": vpc_id}]).zone_id

web = EcsService(
    "web",
    active_color=config.require("activeColor"),
    blue={"image": config.require("blueImage"), "environment": {"COLOR": "blue"}, "ports": [8080]},
    green={"image": config.require("greenImage"), "environment": {"COLOR": "green"}, "ports": [8080]},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=dns(
        zone_id=zone_id,
        record_name=f"web.{zone_name}",
        ttl_seconds=setting("ttlSeconds", 60),
        namespace_name=config.get("namespaceName"),
    ),
    container_port=8080,
    assign_public_ip=config.get_bool("assignPublicIp") or False,
    desired_count=setting("desiredCount", 2),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=300),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("zoneId", zone_id)
