"""Two environments of Elastic Beanstalk, whose names are exchanged; what they run a build has uploaded before."""

import pulumi

from bluegreen import gates
from bluegreen.aws import BeanstalkEnvironments
from settings import setting, swaps

config = pulumi.Config()
web = BeanstalkEnvironments(
    "shop",
    active_color=config.require("activeColor"),
    application=config.require("application"),
    cname_prefix=config.require("cnamePrefix"),
    blue={"version": config.require("blueVersion")},
    green={"version": config.require("greenVersion")},
    environment_args={
        "solution_stack_name": config.require("solutionStack"),
        "settings": setting("environmentSettings", []),
    },
    **swaps(gates=[gates.http("/healthz", interval_seconds=2)]),
)
pulumi.export("url", web.url)
pulumi.export("environmentNames", web.environment_names)
pulumi.export("liveColor", web.live_color)
pulumi.export("weights", web.weights)
pulumi.export("history", web.history)
