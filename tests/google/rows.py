"""Google's rows of the table of platforms in this process: what a swap moves, and somebody else who writes it, too."""

from __future__ import annotations

from contextlib import contextmanager
from unittest import mock

from bluegreen.google.dns.pending import Pending
from bluegreen.rollout.clock import FakeClock
from tests.routers import cloud_dns_workshop, function_workshop, google_workshop, test_cloud_functions, url_map_workshop
from tests.routers.google_workshop import SERVICE
from tests.routers.url_map_workshop import ZONE, Hands


class Row:
    """What all have.

    Attributes:
        world: where it is: who acts before a request of the swap is in its ``before``.
        clock: time.
        router: the swap's section.
        capacity: the same.
    """

    capacity = None

    def theirs(self, number):
        """Somebody else writes what the swap writes, too: something called ``theirs-NUMBER``, which moves nobody."""
        raise NotImplementedError

    def kept(self):
        """What of it is there."""
        raise NotImplementedError

    def shares(self):
        """The share of requests of each color that has any."""
        raise NotImplementedError

    def serves(self, _color):
        """Whether anything runs that could answer."""
        return True


class CloudRun(Row):
    """A service, and somebody with ``gcloud run deploy`` and ``gcloud run services update --update-labels``."""

    def __init__(self, world, router):
        self.world, self.router = world, router
        self.clock = FakeClock()
        google_workshop.build(world)

    def theirs(self, number):
        self.world.annotate(**{f"theirs-{number}": "kept"})
        labels = {**(self.world.service().get("labels") or {}), f"theirs-{number}": "kept"}
        self.world.ask("PATCH", SERVICE, {"updateMask": "labels"}, {"labels": labels})
        self.world.release("white", f"v{number}")

    def kept(self):
        found = self.world.service()
        assert found["template"] == google_workshop.template("white", f"v{self._newest()}"), "their deploy"
        assert found["labels"]["team"] == "orders"
        return {name for name in found["annotations"] if name.startswith("theirs") and name in found["labels"]}

    def _newest(self):
        return max(name.rpartition("-")[2] for name in self.world.service()["annotations"] if "theirs" in name)

    def shares(self):
        found = self.world.shares()
        return {name.partition("-")[0]: share for name, share in found.items()}


@contextmanager
def revisions():
    with google_workshop.running(at_once=True) as world:
        yield CloudRun(world, google_workshop.section())


@contextmanager
def releases():
    with google_workshop.running(at_once=True) as world:
        yield CloudRun(world, google_workshop.installing_section())


class CloudFunction(Row):
    """A function, and its owner's pipeline, which deploys it."""

    def __init__(self, world):
        self.world, self.clock = world, FakeClock()
        self.function = test_cloud_functions.Function(world)
        blue = self.function.revision
        self.colors = {blue: "blue", self.function.deploy("v2"): "green"}
        named = {color: name for name, color in self.colors.items()}
        world.ask("PATCH", test_cloud_functions.SERVICE, {"updateMask": "traffic"}, {
            "traffic": [{"type": google_workshop.REVISION, "revision": blue, "percent": 100}]
        })  # fmt: skip
        self.router = test_cloud_functions.section(named)
        self.deployed = {}

    def theirs(self, number):
        self.deployed[f"theirs-{number}"] = self.function.deploy(f"theirs-{number}")

    def kept(self):
        environment = self.function.ask("GET", test_cloud_functions.FUNCTION)["serviceConfig"]["environmentVariables"]
        newest = environment["VERSION"]
        assert newest == max(self.deployed)
        assert self.function.revision == self.deployed[newest]
        there = self.world.google.run.revisions
        return {name for name, revision in self.deployed.items() if any(one.endswith(revision) for one in there)}

    def shares(self):
        return {self.colors[name]: share for name, share in self.function.shares().items()}


@contextmanager
def function():
    with google_workshop.running(at_once=True) as world:
        yield CloudFunction(world)


class DeployedFunction(Row):
    """A function whose releases the swap deploys, and somebody who deploys another source with a variable of theirs."""

    def __init__(self, world):
        self.world, self.clock = world, FakeClock()
        self.function = function_workshop.Function(world)
        self.router = function_workshop.section(tags={"blue": "blue", "green": "green"})

    def theirs(self, number):
        self.function.deploy(f"theirs-{number}", **{f"THEIRS_{number}": "kept"})

    def kept(self):
        """Their sources as revisions, where the function has kept their variables, too."""
        made = {self.function.runs(name).partition(" ")[0] for name in self.function.revisions()}
        config = self.function.told()["serviceConfig"]["environmentVariables"]
        return {one for one in made if one.startswith("theirs") and one.upper().replace("-", "_") in config}

    def shares(self):
        found = {}
        for runs, share in self.function.shares().items():
            found[runs.partition(" ")[2]] = found.get(runs.partition(" ")[2], 0) + share
        return found


@contextmanager
def function_with_its_releases():
    with google_workshop.running(at_once=True) as world:
        yield DeployedFunction(world)


class UrlMap(Row):
    """A map, and somebody who adds a host and a line of words to it."""

    def __init__(self, world, scope):
        self.world, self.clock = world, FakeClock()
        self.balancer = url_map_workshop.build(world.google, scope, size=1)
        self.router = url_map_workshop.section(self.balancer)

    def theirs(self, number):
        name = f"theirs-{number}"
        found = self.balancer.map()
        matcher = {"name": name, "defaultService": self.balancer.service("white")}
        self.balancer.change(
            hostRules=[*(found.get("hostRules") or ()), {"hosts": [f"{name}.example"], "pathMatcher": name}],
            pathMatchers=[*(found.get("pathMatchers") or ()), matcher],
            description=f"{name}\n{found['description']}",
        )

    def kept(self):
        found = self.balancer.map()
        words = found["description"].split()
        return {one["name"] for one in found["pathMatchers"] if one["name"] in words}

    def shares(self):
        return self.balancer.weights()


@contextmanager
def global_map():
    with google_workshop.running(at_once=True) as world:
        yield UrlMap(world, "global")


@contextmanager
def regional_map():
    with google_workshop.running(at_once=True) as world:
        yield UrlMap(world, f"regions/{google_workshop.REGION}")


class Groups(UrlMap):
    """The same with groups, and somebody who changes backend services and autoscalers, too."""

    def __init__(self, world):
        super().__init__(world, "global")
        self.hands = Hands(self.balancer)
        self.hands.release("green", 2)
        for color in ("blue", "green"):
            self.hands.autoscale(color, 1, 4)
        self.capacity = url_map_workshop.capacity_section(self.balancer, templates=url_map_workshop.templates(green=2))

    def theirs(self, number):
        super().theirs(number)
        for color in ("blue", "green"):
            found = self.balancer.ask("GET", self.balancer.service(color))
            words = f"theirs-{number}\n{found.get('description') or ''}"
            body = {"fingerprint": found["fingerprint"], "timeoutSec": 40 + number, "description": words}
            self.balancer.ask("PATCH", self.balancer.service(color), body)
            scaler = self.hands.scaler(color)
            policy = {**scaler["autoscalingPolicy"], "maxNumReplicas": 5 + number}
            path = f"projects/{google_workshop.PROJECT}/zones/{ZONE}/autoscalers"
            self.balancer.ask("PATCH", path, {"autoscalingPolicy": policy}, {"autoscaler": f"web-{color}"})

    def kept(self):
        there = super().kept()
        for color in ("blue", "green"):
            service = self.balancer.ask("GET", self.balancer.service(color))
            scaler = self.hands.scaler(color)
            assert service["timeoutSec"] == 40 + len(there)
            assert scaler["autoscalingPolicy"]["maxNumReplicas"] == 5 + len(there)
            assert {word for word in service["description"].split() if word.startswith("theirs-")} == there
        return there

    def serves(self, color):
        return bool(self.hands.templates(color))


@contextmanager
def groups():
    with google_workshop.running(at_once=True) as world:
        yield Groups(world)


class CloudDns(Row):
    """Two services behind a name, and somebody who adds an item to its records, and another name."""

    def __init__(self, world):
        self.world, self.clock = world, world.clock
        self.router = cloud_dns_workshop.section()

    def theirs(self, number):
        record = self.world.record()
        if record is not None:
            items = [*record["routingPolicy"]["wrr"]["items"], {"weight": 0, "rrdatas": [f"198.51.100.{number}"]}]
            self.world.put({**record, "routingPolicy": {"wrr": {"items": items}}})
        name = {"name": f"theirs-{number}.example.com.", "type": "A", "ttl": 60, "rrdatas": ["198.51.100.9"]}
        self.world.put(name)

    def kept(self):
        found = {one["rrdatas"][0].rpartition(".")[2] for one in self.world.items() if not one["weight"]}
        return {f"theirs-{number}" for number in found if self.world.record(f"theirs-{number}.example.com.")}

    def shares(self):
        return {color: share for color, share in self.world.shares().items() if share}


@contextmanager
def dns():
    with (
        cloud_dns_workshop.running() as world,
        mock.patch.object(Pending, "in_effect", return_value=True),  # `test_cloud_dns.py` is about resolvers
    ):
        yield CloudDns(world)


ROWS = {
    "a Cloud Run service, revisions of others": revisions,
    "a Cloud Run service with its releases": releases,
    "a function, deploys of others": function,
    "a function with its releases": function_with_its_releases,
    "a URL map, global": global_map,
    "a URL map, regional": regional_map,
    "a URL map with instance groups": groups,
    "two services in Cloud DNS": dns,
}
"""What makes each of them, blue being what is to be live first."""


def inputs(row, active):
    """A swap of it, in two steps, without holds that matter."""
    found = {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": row.router,
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        "propagation_seconds": 0,
        "converge_timeout_seconds": 300,
    }
    return {**found, "capacity": row.capacity} if row.capacity else found
