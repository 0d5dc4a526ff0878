"""Services: manifests, ports and URLs, by use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

import pulumi

from bluegreen.kubernetes.entry import EntryContext
from bluegreen.kubernetes.objects import AWAIT_ADDRESS, declare, metadata
from bluegreen.rollout.model import COLORS, Color

TYPES = ("ClusterIP", "NodePort", "LoadBalancer")
SELECTOR = ("spec.selector",)
"""Of a Service that is declared without one: it is set by others."""
MorePorts = Union[Sequence[Mapping[str, Any]], "pulumi.Output[list[dict[str, Any]]]"]
DEFAULT_PORTS = {"http": 80, "https": 443}


def service_manifest(
    context: EntryContext,
    name: str,
    *,
    port: int,
    selector: Mapping[str, Any] | None = None,
    service_type: str = "ClusterIP",
    node_port: int | None = None,
    app_protocol: str | None = None,
    annotations: Mapping[str, Any] | None = None,
    more_ports: MorePorts = (),
) -> dict[str, Any]:
    """A Service's manifest; without ``selector`` where that is the swap's."""
    entry: dict[str, Any] = {"name": "http", "port": port, "targetPort": context.port}
    entry |= {} if node_port is None else {"nodePort": node_port}
    entry |= {} if app_protocol is None else {"appProtocol": app_protocol}
    awaited = AWAIT_ADDRESS if service_type == "LoadBalancer" else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, context.place.namespace, context.labels, {**awaited, **(annotations or {})}),
        "spec": {
            "type": service_type,
            **({} if selector is None else {"selector": dict(selector)}),
            "ports": more_ports.apply(lambda more: with_ports(entry, more))
            if isinstance(more_ports, pulumi.Output)
            else with_ports(entry, more_ports),
        },
    }


def with_ports(entry: Mapping[str, Any], more: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A Service's port and further ones, which are another Service's: the nodes' ports are that one's alone.

    Args:
        entry: the port that it has anyway.
        more: the others; one of the same number says more about it.
    """
    others = [{key: value for key, value in one.items() if key != "nodePort" and value is not None} for one in more]
    alike = next((one for one in others if one.get("port") == entry["port"]), {})
    mine = {**entry, **alike}
    return [mine, *(_renamed(one, mine["name"]) for one in others if one is not alike)]


def _renamed(port: dict[str, Any], taken: str) -> dict[str, Any]:
    return {**port, "name": f"{port['name']}-{port.get('port')}"} if port.get("name") == taken else port


def found_ports(service: Any) -> pulumi.Output[list[dict[str, Any]]]:
    """The ports of a Service that is there already, as far as they are known."""
    keys = {"name": (), "protocol": (), "port": (), "targetPort": ("target_port",), "appProtocol": ("app_protocol",)}

    def ports(spec: Any) -> list[dict[str, Any]]:
        return [
            {key: value for key, others in keys.items() if (value := _field(one, *others, key)) is not None}
            for one in _field(spec, "ports") or ()
        ]

    return pulumi.Output.from_input(service.spec).apply(ports)


def color_services(
    context: EntryContext,
    *,
    port: int,
    service_type: str = "ClusterIP",
    node_ports: Mapping[str, int] | None = None,
    app_protocol: str | None = None,
    more_ports: MorePorts = (),
) -> dict[Color, Any]:
    """A Service for each color that never changes: the way to it by itself, live or idle."""
    return {
        color: declare(
            service_manifest(
                context,
                color_names(context)[color],
                port=port,
                selector=context.selectors[color],
                service_type=service_type,
                node_port=(node_ports or {}).get(color) if service_type == "NodePort" else None,
                app_protocol=app_protocol,
                more_ports=more_ports,
            ),
            context.parent,
        )
        for color in COLORS
    }


def color_names(context: EntryContext) -> dict[Color, str]:
    """The names of the colors' Services."""
    return {color: f"{context.name}-{color}{context.service_suffix}" for color in COLORS}


def by_use(context: EntryContext, **others: str) -> dict[str, str]:
    """The names of all Services, by use."""
    return {**others, **{str(color): name for color, name in color_names(context).items()}}


def cluster_url(name: str, namespace: str, port: int) -> pulumi.Output[str]:
    """The URL of a Service within the cluster."""
    return pulumi.Output.from_input(f"http://{name}.{namespace}.svc.cluster.local{_suffix('http', port)}")


def url_of(service: Any, name: str, namespace: str, *, service_type: str, port: int, host: str) -> pulumi.Output[str]:
    """The URL of a Service: for a node port ``host`` is a node's address."""
    if service_type == "NodePort":
        return pulumi.Output.concat("http://", host, ":", service.spec.apply(_node_port))
    if service_type == "LoadBalancer":
        return pulumi.Output.concat("http://", service.status.apply(address_of), _suffix("http", port))
    return cluster_url(name, namespace, port)


def found_url(service: Any, name: str, namespace: str, host: str) -> pulumi.Output[str]:
    """The URL of a Service that is there already, whatever type it is of."""

    def url(known: Sequence[Any]) -> str:
        spec, status, node = known
        if _field(spec, "type") == "NodePort":
            return f"http://{node}:{_node_port(spec)}"
        balanced = _field(spec, "type") == "LoadBalancer"
        where = address_of(status) if balanced else f"{name}.{namespace}.svc.cluster.local"
        return f"http://{where}{_suffix('http', int(_field(_port(spec), 'port') or DEFAULT_PORTS['http']))}"

    return pulumi.Output.all(service.spec, service.status, host).apply(url)


def _suffix(scheme: str, port: int) -> str:
    return "" if DEFAULT_PORTS[scheme] == port else f":{port}"


def _node_port(spec: Any) -> str:
    # None yet in a preview of a Service that is to be made.
    return str(int(_field(_port(spec), "node_port", "nodePort") or 0))


def _port(spec: Any) -> Any:
    """The first port, as far as it is known."""
    return next(iter(_field(spec, "ports") or ()), None)


def address_of(status: Any) -> str:
    """The host name or address in a Service's status."""
    ingress: Sequence[Any] = _field(_field(status, "load_balancer", "loadBalancer"), "ingress") or []
    return str(_field(ingress[0], "hostname") or _field(ingress[0], "ip")) if ingress else "address-pending.invalid"


def _field(value: Any, *names: str) -> Any:
    """A field of an output: an object where the stack made the resource, a plain mapping where it was looked up."""
    for name in names:
        field_value = value.get(name) if isinstance(value, Mapping) else None
        field_value = getattr(value, name, None) if field_value is None else field_value
        if field_value is not None:
            return field_value
    return None
