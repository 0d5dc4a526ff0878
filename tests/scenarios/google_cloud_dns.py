"""Two services behind a name in Cloud DNS, in Google's stand-in, and clients that go by its answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.app_processes import AppProcesses
from localcloud.cloud import LocalCloud
from localcloud.dns import DnsServer, balancer_address
from localcloud.dns_clients import NameProxy, Resolving
from localcloud.fault_proxy import FaultProxy
from localcloud.google.cloud import PROJECT
from localcloud.google.dns import CloudDns as Played
from localcloud.google.dns_answers import resolving
from localcloud.load import Load
from tests.e2e.stack import Stack, one_by_one
from tests.scenarios.on_google import OnGoogle
from tests.scenarios.variant import Requests

ZONE, NAME = f"projects/{PROJECT}/managedZones/example", "shop.example.com"


class CloudDns(OnGoogle):
    """Each shift waits 60 s for name servers, whatever the TTL: without steps a swap has one."""

    platform = "google_cloud_dns"
    data_plane = (
        "a process of the sample app for each color, found through a real DNS server over the records, TTL and all; "
        "Cloud DNS's API is played"
    )
    api = Played
    write_call = "POST:A,TXT"
    promotion_calls = 60
    rollback_calls = 40
    beside_others = True
    _ports: Mapping[str, int] = {"blue": 8081, "green": 8082}

    @contextlib.contextmanager
    def proxy(self, cloud: LocalCloud) -> Iterator[FaultProxy]:
        """The colors' own processes run as long, as their addresses are a part of the config."""
        with super().proxy(cloud) as proxy, AppProcesses() as apps:
            self._ports = {color: apps.start({"COLOR": color}).port for color in ("blue", "green")}
            self.ask("POST", f"projects/{PROJECT}/managedZones", {"name": "example", "dnsName": "example.com."})
            yield proxy

    def config(self, cloud: LocalCloud) -> dict[str, Any]:
        return {
            **{f"{color}Release": "v1" for color in ("blue", "green")},
            "zone": ZONE,
            "recordName": NAME,
            "addresses": {color: [balancer_address(port)] for color, port in self._ports.items()},
            "previewUrls": {color: f"http://127.0.0.1:{port}" for color, port in self._ports.items()},
            "scheme": "http",
            "ttlSeconds": "1",
            "bakeSeconds": "1",
            "strategy": {"steps": []},
        }

    @contextlib.contextmanager
    def around(self, cloud: LocalCloud, stack: Stack) -> Iterator[None]:
        with (
            DnsServer("http://127.0.0.1:1", resolving(self._records)) as server,
            NameProxy(Resolving(server.port), _reach, f"{NAME}:80") as production,
        ):
            self._production = production.url
            yield

    def _records(self, name: str = f"{NAME}.") -> list[dict[str, Any]]:
        return list(self.ask("GET", f"{ZONE}/rrsets", name=name).get("rrsets") or ())

    def _items(self) -> list[dict[str, Any]]:
        (record,) = self._records()
        return list(record["routingPolicy"]["wrr"]["items"])

    def _color(self, item: dict[str, Any]) -> str:
        return next(color for color, port in self._ports.items() if item["rrdatas"] == [balancer_address(port)])

    def live(self, stack: Stack) -> dict[str, int]:
        return {self._color(one): int(one["weight"]) for one in self._items() if one["weight"]}

    def drift(self, stack: Stack) -> None:
        shares = {"blue": 70, "green": 30}
        self._route([
            {"weight": weight, "rrdatas": [balancer_address(self._ports[color])]} for color, weight in shares.items()
        ])  # fmt: skip

    def _route(self, items: list[dict[str, Any]]) -> None:
        (record,) = self._records()
        moved = {**record, "routingPolicy": {"wrr": {"items": items}}}
        self.ask("POST", f"{ZONE}/changes", {"deletions": [record], "additions": [moved]})

    def others_write(self, stack: Stack, name: str) -> None:
        """An item of theirs that nobody is sent to yet, and a name beside."""
        address = f"198.51.100.{name.rpartition('-')[2]}"
        self._route([*self._items(), {"weight": 0, "rrdatas": [address]}])
        record = {"name": f"{name}.example.com.", "type": "A", "ttl": 60, "rrdatas": [address]}
        self.ask("POST", f"{ZONE}/changes", {"additions": [record]})

    def others_wrote(self, stack: Stack) -> set[str]:
        numbers = {str(one["rrdatas"][0]).rpartition(".")[2] for one in self._items() if not one["weight"]}
        return {f"theirs-{number}" for number in numbers if self._records(f"theirs-{number}.example.com.")}

    @contextlib.contextmanager
    def requests(self, stack: Stack) -> Iterator[Requests]:
        seen = Requests()
        with Load(self._production, rate_per_second=25, connections_kept=0) as running:
            yield seen
        seen.failed, seen.made, seen.errors = running.result.failed, len(running.result), running.result.errors

    def colors(self, stack: Stack) -> set[str]:
        with one_by_one(self._production) as client:
            return {client.get("/").headers["x-color"] for _ in range(30)}


def _reach(address: str, _port: int) -> tuple[str, int]:
    """An app listens at the port that its address is."""
    parts = [int(part) for part in address.split(".")]
    return "127.0.0.1", parts[2] << 8 | parts[3]
