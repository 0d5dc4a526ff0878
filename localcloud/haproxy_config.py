"""HAProxy's configuration for a world of load balancers. Pure: what may change without a reload is in the map.

The map says what a route forwards to, so that a shift is one atomic change of a running proxy:

    ROUTE         how many numbers are drawn from, one a share
    ROUTE/NUMBER  the target group that requests with this number go to
    ROUTE:GROUP   the same group, while clients that have it in their cookie stay with it
    ROUTE:age     for how many seconds they do
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.haproxy_world import Group, Listener, Route, Target, World

CARRIED = ("HTTP", "HTTPS", "TCP", "TLS", "TCP_UDP")
"""Listener protocols that are served; of TCP_UDP, HAProxy has no UDP."""

ENCRYPTED = ("HTTPS", "TLS")
ADMIN, ROUTES, CERTIFICATES = "admin.sock", "routes.map", "certificates"
"""Where a proxy's home has the socket that takes commands, the map, and the certificates, named by their first name."""

_HTTP = ("HTTP", "HTTPS")
_HEAD = """\
global
    stats socket {admin} mode 600 level admin
    nbthread 1
    maxconn 4000
    hard-stop-after 600s
defaults
    timeout connect 5s
    timeout client 350s
    timeout server 350s
    timeout http-request 10s
    timeout http-keep-alive 60s
    timeout check 10s
    retries 0
"""


@dataclass(frozen=True)
class Place:
    """A bound socket that the proxy inherits: its descriptor and its port on loopback."""

    descriptor: int
    port: int


def routes_map(world: World) -> dict[str, str]:
    """The map's entries."""
    entries: dict[str, str] = {}
    for listener in carried(world):
        for route in listener.routes:
            shares = {group: weight for group, weight in route.shares.items() if group in world.groups}
            if not shares:
                continue
            unit = math.gcd(*shares.values())
            numbers = [group for group, weight in shares.items() for _ in range(weight // unit)]
            entries[route.id] = str(len(numbers))
            entries |= {f"{route.id}/{number}": group for number, group in enumerate(numbers)}
            if route.sticky_seconds:
                entries |= {f"{route.id}:{group}": group for group in shares}
                entries[f"{route.id}:age"] = str(route.sticky_seconds)
    return entries


def carried(world: World) -> list[Listener]:
    """The listeners that are served."""
    return [listener for listener in world.listeners if listener.protocol in CARRIED]


def config(world: World, places: Mapping[str, Place], by_name: Place, home: Path) -> str:
    """The configuration's text.

    Args:
        world: what to serve.
        places: where each listener is served, by the listener's id.
        by_name: where the proxy is that knows listeners by name and port.
        home: the proxy's directory.
    """
    lines = [_HEAD.format(admin=home / ADMIN)]
    for listener in carried(world):
        lines += _frontend(listener, places[listener.id], home)
        if listener.protocol in _HTTP:
            lines += [line for route in listener.routes for line in _answer(route)]
    for group in world.groups.values():
        lines += _backend(group)
    lines += _by_name(carried(world), by_name, places)
    return "\n".join(lines) + "\n"


def _frontend(listener: Listener, place: Place, home: Path) -> list[str]:
    http = listener.protocol in _HTTP
    tls = ""
    if listener.protocol in ENCRYPTED:
        tls = " ssl" + "".join(f" crt {home / CERTIFICATES / file_name(names)}" for names in listener.certificates)
        tls += " alpn h2,http/1.1" if http else ""
    top = [
        f"frontend listener-{listener.id}",
        f"    mode {'http' if http else 'tcp'}",
        f"    bind fd@{place.descriptor}{tls}",
    ]
    return top + (_http_routing if http else _tcp_routing)(listener, f"map({home / ROUTES})")


def _tcp_routing(listener: Listener, lookup: str) -> list[str]:
    (route,) = listener.routes
    return [
        f"    tcp-request connection set-var(sess.size) str({route.id}),{lookup}",
        "    tcp-request connection set-var(sess.number) rand(1000000),mod(sess.size)",
        f"    tcp-request connection set-var(sess.group) str({route.id}),concat(/,sess.number),{lookup}",
        "    use_backend group-%[var(sess.group)] if { var(sess.group) -m found }",
    ]


def _http_routing(listener: Listener, lookup: str) -> list[str]:
    def let(name: str, value: str, when: str = "") -> str:
        return f"    http-request set-var(txn.{name}) {value} {when}".rstrip()

    return [
        # While an older process ends, its clients' kept connections end with an answer, not between two of them.
        "    option idle-close-on-response",
        "    option http-server-close",
        "    option forwardfor",
        *(let("route", f"str({route.id})", _condition(route)) for route in listener.routes),
        # Elastic Load Balancing's own cookie for target groups; here it holds the group's id.
        let("wish", "req.cook(AWSALBTG)"),
        let("age", f"var(txn.route),concat(:age),{lookup}"),
        let("group", f"var(txn.route),concat(:,txn.wish),{lookup}"),
        let("size", f"var(txn.route),{lookup}"),
        let("number", "rand(1000000),mod(txn.size)"),
        let("group", f"var(txn.route),concat(/,txn.number),{lookup}", "if !{ var(txn.group) -m found }"),
        '    http-response add-header Set-Cookie "AWSALBTG=%[var(txn.group)]; Max-Age=%[var(txn.age)]; Path=/" '
        "if { var(txn.age) -m found }",
        "    use_backend group-%[var(txn.group)] if { var(txn.group) -m found }",
        "    use_backend answer-%[var(txn.route)]",
    ]


def _condition(route: Route) -> str:
    """The first route that fits is taken."""
    first = "if !{ var(txn.route) -m found }"
    return " ".join([first, *(f"{{ {_fetch(condition)} }}" for condition in route.conditions)])


def _fetch(condition: Mapping[str, Any]) -> str:
    """One condition; its values are alternatives."""
    field = condition["Field"]
    if field == "source-ip":
        return "src " + " ".join(condition["SourceIpConfig"]["Values"])
    if field == "http-request-method":
        return "method " + " ".join(condition["HttpRequestMethodConfig"]["Values"])
    if field == "http-header":
        header = condition["HttpHeaderConfig"]
        return f"req.hdr({header['HttpHeaderName']}) -i -m reg {_patterns(header['Values'])}"
    if field == "host-header":
        values = (condition.get("HostHeaderConfig") or condition).get("Values", [])
        return f"req.hdr(host),field(1,:) -i -m reg {_patterns(values)}"
    if field == "path-pattern":
        values = (condition.get("PathPatternConfig") or condition).get("Values", [])
        return f"path -m reg {_patterns(values)}"
    if field == "query-string":
        pairs = condition["QueryStringConfig"]["Values"]
        wanted = [f"(^|.*&){_regex(one.get('Key', '*'))}={_regex(one['Value'])}(&.*|$)" for one in pairs]
        return "query -i -m reg " + " ".join(f"'^{one}'" for one in wanted)
    raise ValueError(f"condition {field} is not carried")


def _patterns(values: Iterable[str]) -> str:
    return " ".join(f"'^{_regex(value)}$'" for value in values)


def _regex(pattern: str) -> str:
    """ELB's wildcards as a regular expression in which nothing else is special, to HAProxy's parser neither."""
    wild = {"*": ".*", "?": "."}
    return "".join(
        wild.get(one)
        or (one if one.isalnum() and one.isascii() else "".join(f"\\x{byte:02x}" for byte in one.encode()))
        for one in pattern
    )


def _answer(route: Route) -> list[str]:
    """The answer of a route that forwards to nothing: its own, or 503."""
    lines = [f"backend answer-{route.id}", "    mode http"]
    kind = route.action["Type"]
    if kind == "fixed-response":
        fixed = route.action["FixedResponseConfig"]
        body = "".join(f"\\x{byte:02x}" for byte in fixed.get("MessageBody", "").encode())
        content = f' content-type "{fixed["ContentType"]}" string "{body}"' if body else ""
        return [*lines, f"    http-request return status {fixed['StatusCode']}{content}"]
    if kind == "redirect":
        to = {
            "Host": "#{host}",
            "Path": "/#{path}",
            "Port": "#{port}",
            "Protocol": "#{protocol}",
            **route.action["RedirectConfig"],
        }
        known = {
            "#{host}": "%[req.hdr(host),field(1,:)]",
            "/#{path}": "%[path]",
            "#{port}": "%[dst_port]",
            "#{protocol}": "http",
        }
        protocol, host, port, path = (known.get(to[key], to[key]) for key in ("Protocol", "Host", "Port", "Path"))
        code = to["StatusCode"].removeprefix("HTTP_")
        return [*lines, f"    http-request redirect location {protocol.lower()}://{host}:{port}{path} code {code}"]
    return [f"backend answer-{route.id}"]


def _backend(group: Group) -> list[str]:
    http = group.protocol in _HTTP
    sticky = group.attributes.get("stickiness.enabled") == "true" and group.attributes.get("stickiness.type")
    lines = [f"backend group-{group.id}", f"    mode {'http' if http else 'tcp'}"]
    lines.append(f"    balance {'source' if sticky == 'source_ip' else 'roundrobin'}")
    if http and sticky == "lb_cookie":
        age = group.attributes.get("stickiness.lb_cookie.duration_seconds", "86400")
        lines.append(f"    cookie AWSALB insert nocache maxlife {age}s")
    if group.check["HealthCheckProtocol"] in _HTTP:
        codes = (group.check.get("Matcher") or {}).get("HttpCode") or ("200" if http else "200-399")
        lines.append(f"    option httpchk GET {group.check.get('HealthCheckPath') or '/'}")
        lines.append(f"    http-check expect status {codes}")
    return lines + [_server(group, target, bool(http and sticky == "lb_cookie")) for target in group.targets]


def _server(group: Group, target: Target, cookie: bool) -> str:
    check = group.check
    words = [f"server t{target.port} 127.0.0.1:{target.port} check port {target.check_port}"]
    words.append(f"inter {check['HealthCheckIntervalSeconds']}s")
    words.append(f"rise {check['HealthyThresholdCount']} fall {check['UnhealthyThresholdCount']}")
    if group.protocol in ENCRYPTED:
        words.append("ssl verify none")  # as ELB, which does not look at targets' certificates
    if check["HealthCheckProtocol"] == "HTTPS":
        words.append("check-ssl verify none")
    if group.attributes.get("proxy_protocol_v2.enabled") == "true":
        words.append("send-proxy-v2 check-send-proxy")
    if cookie:
        words.append(f"cookie t{target.port}")
    return "    " + " ".join(words)


def _by_name(listeners: Iterable[Listener], place: Place, places: Mapping[str, Place]) -> list[str]:
    """An HTTP proxy for the names of load balancers, which no name server knows: it reaches listeners and no more."""
    lines = ["frontend by-name", "    mode http", f"    bind fd@{place.descriptor}"]
    after = []
    for listener in listeners:
        if listener.protocol not in ENCRYPTED:
            names = [f"{listener.host}:{listener.port}", *([listener.host] if listener.port == 80 else [])]
            lines.append(f"    use_backend name-{listener.id} if {{ req.hdr(host) -i {' '.join(names)} }}")
            after += [
                f"backend name-{listener.id}",
                "    mode http",
                "    option http-server-close",
                f"    server itself 127.0.0.1:{places[listener.id].port}",
            ]
    return lines + after


def file_name(names: Iterable[str]) -> str:
    """The file of the certificate for these names."""
    return next(iter(names)).replace("*", "_") + ".pem"
