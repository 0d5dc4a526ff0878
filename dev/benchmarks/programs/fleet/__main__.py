"""As many services as `services` says behind shared load balancers, each promoted by a swap of its own.

The colors' units are one process on `targetPort` of this machine: containers would be most of what is measured.
All else is what a service of a real stack has: target groups and rules made by the `alb` entry, and the swap.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

from bluegreen.aws import alb
from bluegreen.aws.component import EnteredComponent, draft, tags_of
from bluegreen.aws.entry import Entry, EntryContext
from bluegreen.component.base import owner_of
from bluegreen.rollout.model import Color

SERVICES_PER_BALANCER = 25
"""Each takes three rules and two target groups; a load balancer has 100 of each by default."""

config = pulumi.Config()
active_color = config.require("activeColor")
target_port = config.require_int("targetPort")
connection = {"region": "us-east-1"}
vpc_id = aws.ec2.get_vpc(default=True).id
subnet_ids = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc_id]}]).ids


class _Idle(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("idle", props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(news)


class Idle(Resource, module="benchmarks", name="Idle"):
    """Updated when `turn` changes, and does nothing then: what is left is what the engine takes for an update."""

    turn: pulumi.Output[str]

    def __init__(self, name: str, parent: pulumi.Resource) -> None:
        turn = config.get("turn") or "0"
        super().__init__(_Idle(), name, {"turn": turn}, pulumi.ResourceOptions(parent=parent))


class Service(EnteredComponent):
    """A service without tasks: its colors are targets that are there already."""

    def __init__(self, name: str, releases: Mapping[Color, str], entry: Entry) -> None:
        super().__init__("benchmarks:index:Service", name)
        swapping = draft(
            name,
            active_color,
            {},
            router=entry.draft(owner_of(name), connection),
            preview_headers=entry.preview_headers,
            problems=entry.problems({}),
        )
        tags, color_tags = tags_of(name, None)
        entered = entry.declare(
            EntryContext(
                name=name,
                owner=swapping.owner,
                active_color=active_color,
                vpc_id=vpc_id,
                subnet_ids=subnet_ids,
                port=8080,
                target_type="ip",
                connection=connection,
                tags=tags,
                color_tags=color_tags,
                parent=self,
            )
        )
        targets = [
            aws.lb.TargetGroupAttachment(
                f"{name}-{color}",
                target_group_arn=group,
                target_id="127.0.0.1",
                port=target_port,
                opts=pulumi.ResourceOptions(parent=self, depends_on=entered.attachments[color]),
            )
            for color, group in entered.target_group_arns.items()
        ]
        swap = swapping.declare(
            self,
            router=entered.router,
            releases={**releases},
            preview_urls=entered.preview_urls,
            preview_headers=entered.preview_headers,
            listener_arn=entered.listener_arn,
            target_group_arns=entered.target_group_arns,
            depends_on=targets,
        )
        # An output of the component, as the swap's are: the engine saves the stack's state for those once more.
        self._show_entered(swap, entry, entered, turn=Idle(name, self).turn)


def shared_listener(number: int) -> pulumi.Output[str]:
    """Of a load balancer that answers 503 to hosts that it does not know."""
    balancer = aws.lb.LoadBalancer(f"fleet-{number}", load_balancer_type="application", subnets=subnet_ids)
    answer: Any = {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "503"}}
    listener = aws.lb.Listener(
        f"fleet-{number}",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[answer],
    )
    return listener.arn


def service(number: int) -> Service:
    """The service of one host name."""
    entry = alb(
        listener_arn=listeners[number // SERVICES_PER_BALANCER],
        host_headers=[f"s{number:02}.example.com"],
        rule_priority=10 * (number + 1),
        health_check={"path": "/", "interval": 5, "timeout": 2},
    )
    return Service(f"s{number:02}", {"blue": "app:v1", "green": "app:v2"}, entry)


count = config.require_int("services")
listeners = [shared_listener(number) for number in range(-(-count // SERVICES_PER_BALANCER))]
services = [service(number) for number in range(count)]
pulumi.export("histories", [service.history for service in services])
