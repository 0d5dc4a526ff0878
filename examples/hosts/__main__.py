"""Two processes on this machine behind an Envoy that reads its routes from a file."""

import os

import pulumi

import bluegreen
from bluegreen.hosts import ProxiedService, envoy

config = pulumi.Config()
web = ProxiedService(
    "web",
    active_color=config.require("activeColor"),
    proxies=[envoy(routes_file=os.path.abspath("routes.json"), admin_url="http://127.0.0.1:9901")],
    url="http://127.0.0.1:8080",
    blue={"release": config.require("blueRelease"), "url": "http://127.0.0.1:8081"},
    green={"release": config.require("greenRelease"), "url": "http://127.0.0.1:8082"},
    strategy=bluegreen.steps([(10, 3), (50, 3)]),
    gates=[bluegreen.gates.http("/", interval_seconds=1)],
    config_key="activeColor",
)
pulumi.export("url", web.url)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
