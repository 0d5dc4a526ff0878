"""50 promotions under AWS' documented API rates (see localcloud/throttle.py), as one account makes them.

Real calls to the emulator's ELBv2, ECS and Application Auto Scaling, with boto3's real retries; swaps without an engine
around them. Local processes stand for the tasks behind the load balancers. ECS services with tasks of their own are as
many as there are workers, each one's for the promotions that it makes one after the other: 100 containers would be most
of what is measured, and it is the load balancer's rates that are the narrow ones.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler

import pytest

from bluegreen.rollout.model import other
from bluegreen.swap.service import SwapService
from localcloud import loopback
from localcloud.fault_proxy import FaultProxy
from localcloud.throttle import Account
from tests.e2e.fleet import Fleet, retiring, units, wait_until_healthy

SERVICES = 50
WORKERS = 4
"""How many swaps Pulumi's dynamic provider does at once."""
_names = itertools.count(1)


class Throttled:
    """A fleet whose swaps call through a proxy with an account's rates."""

    def __init__(self, cloud, port, ending):
        self.olds = []
        self.proxy = ending.enter_context(FaultProxy(cloud.endpoint))
        self.fleet = Fleet(f"fleet{next(_names)}", SERVICES, port, self.proxy.url)
        ending.callback(self.fleet.remove)
        self.pairs = ending.enter_context(units(cloud, self.fleet, WORKERS))
        wait_until_healthy(self.fleet)

    def start(self, target, capacity_of):
        """The other color has the traffic everywhere, the target a new release, and the rates begin to count."""
        self.target = target
        for number, inputs in enumerate(self.fleet.inputs):
            pair = capacity_of(number)
            inputs.pop("capacity", None)
            if pair is not None:
                inputs["capacity"] = self.pairs[pair]
            inputs["releases"] = {**inputs["releases"], target: f"new in {target}"}
        if not self.olds:
            self.olds = [SwapService().create(inputs)[1] for inputs in self.fleet.inputs]
        self.account = Account()
        self.proxy.limit = self.account.allows

    def promote(self, number):
        news = {**self.fleet.inputs[number], "active_color": self.target}
        self.olds[number] = SwapService().update(self.olds[number], news)
        return self.olds[number]["history"][0]

    def ended_well(self, entries):
        self.proxy.limit = None
        assert Counter(entry["outcome"] for entry in entries) == {"promoted": SERVICES}
        assert self.fleet.live() == [{self.target}] * SERVICES
        # A retirement that is throttled away is reported and no more: each was handed over.
        used = {one["capacity"]["services"][other(self.target)] for one in self.fleet.inputs if "capacity" in one}
        assert retiring(self.fleet.name) == used
        assert self.account.throttled["elasticloadbalancing:ModifyRule"] > 0
        allowed, refused = (sum(counter.values()) for counter in (self.account.allowed, self.account.throttled))
        logging.getLogger(__name__).info("%d calls were let through, %d throttled", allowed, refused)


class _Target(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def target_server():
    """The port of the process that stands for the tasks."""
    with loopback.Server(("127.0.0.1", 0), _Target) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def throttled(cloud, aws_env, target_server):
    with ExitStack() as ending:
        yield Throttled(cloud, target_server, ending)


def test_as_many_at_once_as_one_update_makes(throttled):
    throttled.start("green", lambda number: number % WORKERS)

    def work(worker):
        return [throttled.promote(number) for number in range(worker, SERVICES, WORKERS)]

    with ThreadPoolExecutor(WORKERS) as workers:
        entries = [entry for done in workers.map(work, range(WORKERS)) for entry in done]
    throttled.ended_well(entries)
