"""A port that leads to a container which is gone leads nowhere any more; every other rule stays."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys

import pytest

from localcloud import forwards
from tests.e2e.stack import REPO

DN, PORTS = "NETAVARK-DN-5CF72F241662A", "NETAVARK-HOSTPORT-DNAT"


def of_container(port: int, address: str, name: str) -> list[str]:
    """As netavark writes a published port."""
    subnet = ipaddress.ip_network(f"{address}/28", strict=False)
    where = f"-p tcp -m tcp --dport {port}"
    return [
        f'-A {PORTS} {where} -m comment --comment "dnat name: bluegreen id: {name}" -j {DN}',
        f"-A {DN} -s {subnet} {where} -j NETAVARK-HOSTPORT-SETMARK",
        f"-A {DN} -s 127.0.0.1/32 {where} -j NETAVARK-HOSTPORT-SETMARK",
        f"-A {DN} {where} -j DNAT --to-destination {address}:8080",
    ]


CHAINS = [f":{DN} - [0:0]", f":{PORTS} - [0:0]", ":NETAVARK-HOSTPORT-SETMARK - [0:0]"]
LEADING = [f"-A OUTPUT -m addrtype --dst-type LOCAL -j {PORTS}"]
GONE = of_container(32807, "10.172.192.2", "2cdda1")
HERE = of_container(33995, "10.133.64.3", "c31720")
OTHERS = of_container(44063, "10.88.0.2", "719c06")


def saved(*rules: list[str]) -> str:
    """Chain by chain, as `iptables-save` sorts them."""
    found = [line for of_one in rules for line in of_one]
    ordered = [line for chain in ("OUTPUT", DN, PORTS) for line in found if line.startswith(f"-A {chain} ")]
    return "\n".join(["*nat", *CHAINS, *ordered, "COMMIT", ""])


def is_here(address: ipaddress.IPv4Address) -> bool:
    return str(address) == "10.133.64.3"


def test_of_a_container_that_is_gone_all_rules_go_and_no_other():
    assert set(forwards.dead(saved(LEADING, GONE, HERE, OTHERS), is_here)) == set(GONE)
    assert forwards.dead(saved(LEADING, HERE, OTHERS), is_here) == []


def test_a_port_that_has_been_taken_again_loses_but_the_old_way():
    again = of_container(33995, "10.172.192.2", "2cdda1")
    assert forwards.dead(saved(LEADING, again, HERE), is_here) == [again[-1]]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has network namespaces and a packet filter in them")
def test_in_a_real_packet_filter_they_are_gone():
    """In a network namespace of its own, where no container of that address is."""
    program = f"""
from localcloud import forwards, packet_filter
packet_filter.change("iptables", {saved(LEADING, GONE, OTHERS)!r})
forwards.remove_dead()
print(packet_filter.saved("iptables", "nat"))
"""
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, check=True
    )
    left = [line for line in done.stdout.splitlines() if "--dport" in line]
    assert sorted(left) == sorted(OTHERS)
    assert LEADING[0] in done.stdout
