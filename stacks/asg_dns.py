"""A service on EC2, an Auto Scaling group and a load balancer a color; Route 53's weighted records choose the color."""

import pulumi
import pulumi_aws as aws

import bluegreen
from bluegreen.aws import AutoScalingGroups, dns
from settings import network, setting, swaps

config = pulumi.Config()
vpc_id, subnet_ids = network()
zone_name = config.get("zoneName") or "shop.internal"
# A private one, for clients in the VPC.
zone_id = config.get("zoneId") or aws.route53.Zone("zone", name=zone_name, vpcs=[{"vpc_id": vpc_id}]).zone_id
# `{color}` in it is the color's name; what it starts listens on port 8080 and answers /healthz.
user_data = config.get("userData") or "#!/bin/sh\nCOLOR={color} exec app\n"

web = AutoScalingGroups(
    "web",
    active_color=config.require("activeColor"),
    blue={"image_id": config.require("blueImage"), "user_data": user_data.replace("{color}", "blue")},
    green={"image_id": config.require("greenImage"), "user_data": user_data.replace("{color}", "green")},
    vpc_id=vpc_id,
    subnet_ids=subnet_ids,
    entry=dns(
        zone_id=zone_id,
        record_name=f"web.{zone_name}",
        behind="load_balancers",
        internal=True,
        alias=False,
        ttl_seconds=setting("ttlSeconds", 30),
        health_check={"interval": 5, "timeout": 2},
        deregistration_delay_seconds=setting("deregistrationDelaySeconds", 30),
    ),
    instance_type=config.get("instanceType") or "t3.micro",
    desired_count=setting("desiredCount", 2),
    **swaps(gates=[bluegreen.gates.http("/healthz", interval_seconds=2)], steady_state_timeout_seconds=1800),
)

pulumi.export("url", web.url)
pulumi.export("previewUrls", web.preview_urls)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
pulumi.export("zoneId", zone_id)
