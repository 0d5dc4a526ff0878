"""A node's changes of the machine's network, and their removal: a bridge, iptables rules, kernel settings."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import time
from pathlib import Path

from localcloud import packet_filter
from localcloud.kubernetes.layout import API_SERVICE, BRIDGE, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE
from localcloud.processes import run

# What the kubelet, kube-proxy and the bridge set; all but the network's are the whole machine's.
KERNEL_SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
LINKS_GONE_SECONDS = 10.0

_PROC = Path("/proc/sys")
_CHAIN = "BLUEGREEN-NODE"
_OURS = re.compile(rf"^(KUBE-|{_CHAIN}$)")


def kernel_settings() -> dict[str, str]:
    """The present values of the kernel's settings."""
    return {name: (_PROC / name).read_text().strip() for name in KERNEL_SETTINGS if (_PROC / name).is_file()}


def is_of_the_network(setting: str) -> bool:
    """Whether each network namespace has a kernel setting of its own; all others are the machine's."""
    return setting.startswith("net/")


def restore(settings: dict[str, str]) -> None:
    """Put kernel settings back."""
    for name, value in settings.items():
        if (_PROC / name).read_text().strip() != value:
            (_PROC / name).write_text(value)


def conflict() -> str | None:
    """The address on this machine that leaves no room for a node."""
    wanted = [ipaddress.ip_network(text) for text in (POD_RANGE, SERVICE_RANGE)]
    for address in re.findall(r" inet (\S+)", _ip("-o", "-4", "address")):
        interface = ipaddress.ip_interface(address)
        if any(interface.network.overlaps(network) for network in wanted):
            return f"this machine has the address {address}, and a node uses {POD_RANGE} and {SERVICE_RANGE}"
    if any(name.startswith("KUBE-SERVICES") for name in _chains("iptables")):
        return "another Kubernetes has its rules in this machine's iptables (chain KUBE-SERVICES): end it first"
    return None


def make_bridge() -> None:
    """The pods' bridge. It is there before any pod, since its address is the node's."""
    run(["ip", "link", "add", BRIDGE, "type", "bridge"], what="ip link add")
    run(["ip", "address", "add", f"{NODE_ADDRESS}/{POD_RANGE.partition('/')[2]}", "dev", BRIDGE], what="ip address add")
    run(["ip", "link", "set", BRIDGE, "up"], what="ip link set")
    # So that what arrives from pods may be sent on to loopback.
    (_PROC / "net/ipv4/conf" / BRIDGE / "route_localnet").write_text("1")


def lead_pods_to(api_port: int) -> None:
    """Forward pods, and nobody else, to the API server on loopback. kube-proxy's rules have to be there already.

    kube-proxy leads to the address that the API server advertises, where nothing listens: these rules come before it.
    """
    to_api = f"-j DNAT --to-destination 127.0.0.1:{api_port}"
    rules = f"""\
*nat
:{_CHAIN} - [0:0]
-A {_CHAIN} -d {API_SERVICE}/32 -p tcp --dport 443 {to_api}
-A {_CHAIN} -d {NODE_ADDRESS}/32 -p tcp --dport {api_port} {to_api}
-I PREROUTING 1 -i {BRIDGE} -j {_CHAIN}
COMMIT
*filter
:{_CHAIN} - [0:0]
-A {_CHAIN} -i {BRIDGE} -j ACCEPT
-A {_CHAIN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {_CHAIN} -j DROP
-I FORWARD 1 -o {BRIDGE} -j {_CHAIN}
COMMIT
"""
    packet_filter.change("iptables", rules)


def proxy_is_ready() -> bool:
    """Whether kube-proxy has written its rules."""
    rules = packet_filter.saved("iptables", "nat")
    return "-j KUBE-SERVICES" in rules and ":KUBE-NODEPORTS" in rules


def clean() -> None:
    """Remove the bridge and every rule of Kubernetes and of this module."""
    for program in ("iptables", "ip6tables"):
        for table in ("nat", "filter", "mangle"):
            if removal := _removal(packet_filter.saved(program, table)):
                packet_filter.change(program, f"*{table}\n{removal}COMMIT\n")
    # The kernel takes the pods' ends of the bridge away shortly after the pods themselves.
    deadline = time.monotonic() + LINKS_GONE_SECONDS
    while (ports := _ip("-o", "link", "show", "master", BRIDGE)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for port in re.findall(r"^\d+: ([^@:]+)", ports, re.MULTILINE):
        _ip("link", "delete", port)
    _ip("link", "delete", BRIDGE)


def _removal(saved: str) -> str:
    """From what `iptables-save` shows, what removes our chains and the rules that lead to them."""
    lines = saved.splitlines()
    chains = [line[1:].split()[0] for line in lines if line.startswith(":")]
    ours = {name for name in chains if _OURS.match(name)}
    leading = [
        f"-D{line[2:]}"
        for line in lines
        if line.startswith("-A ") and line.split()[1] not in ours and ours & set(re.findall(r" -[jg] (\S+)", line))
    ]
    flushed = [f":{name} - [0:0]" for name in sorted(ours)]
    removed = [f"-X {name}" for name in sorted(ours)]
    return "".join(f"{line}\n" for line in [*leading, *flushed, *removed])


def _chains(program: str) -> list[str]:
    return re.findall(r"^:(\S+)", packet_filter.saved(program, "nat"), re.MULTILINE)


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False).stdout
