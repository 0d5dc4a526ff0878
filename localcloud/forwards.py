"""Ports of this machine that lead to containers which are gone.

An emulator that is killed leaves its rules in the packet filter. The port of such a rule is free for the next
local server that asks the kernel for one: whoever calls it is led to the container's address, and out of the machine.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
import time
from collections.abc import Callable

from localcloud import packet_filter
from localcloud.podman import POOLS

_FORWARD = re.compile(r"^-A (NETAVARK-DN-\S+) .*--dport (\d+) -j DNAT --to-destination ([\d.]+):\d+$", re.MULTILINE)
# A container that is made or removed right now may have its rules for a moment without being there.
_STAYS_SECONDS = 1.0


def remove_dead() -> None:
    """Remove the forwards of containers that are gone, of any local cloud, and nobody else's."""
    first = dead(packet_filter.saved("iptables", "nat"), _is_there)
    if not first:
        return
    time.sleep(_STAYS_SECONDS)
    again = dead(packet_filter.saved("iptables", "nat"), _is_there)
    if gone := [line for line in again if line in first]:
        packet_filter.change("iptables", "*nat\n" + "".join(f"-D{line[2:]}\n" for line in gone) + "COMMIT\n")


def dead(rules: str, is_there: Callable[[ipaddress.IPv4Address], bool]) -> list[str]:
    """The rules that lead to containers which are gone; of others' ports and addresses none.

    Args:
        rules: what `iptables-save -t nat` shows.
        is_there: whether something may answer at an address.
    """
    forwards: dict[tuple[str, str], dict[str, bool]] = {}
    for match in _FORWARD.finditer(rules):
        address = ipaddress.ip_address(match[3])
        lives = address not in POOLS or is_there(ipaddress.IPv4Address(address))
        forwards.setdefault((match[1], match[2]), {})[match[0]] = lives
    gone = {line for of_port in forwards.values() for line, lives in of_port.items() if not lives}
    free = {place for place, of_port in forwards.items() if not any(of_port.values())}
    return [line for line in rules.splitlines() if line in gone or _place(line) in free]


def _place(line: str) -> tuple[str, str] | None:
    """The chain of forwards and the port that a rule is about."""
    chain, port = re.search(r"(NETAVARK-DN-\S+)", line), re.search(r" --dport (\d+) ", line)
    return (chain[1], port[1]) if line.startswith("-A ") and chain and port else None


def _is_there(address: ipaddress.IPv4Address) -> bool:
    """Whether a bridge leads to the address, and some container is plugged into it."""
    for line in _ip("-o", "-4", "address").splitlines():
        bridge, place = line.split()[1], re.search(r" inet (\S+)", line)
        if place and address in ipaddress.ip_interface(place[1]).network:
            return bool(_ip("-o", "link", "show", "master", bridge).strip())
    return False


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False).stdout
