"""Cloud DNS: managed zones, their record sets, and changes that are made all at once.

https://cloud.google.com/dns/docs/reference/rest/v1/changes
https://cloud.google.com/dns/docs/records
https://cloud.google.com/dns/docs/routing-policies-overview
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.google import compute_errors
from localcloud.google.compute_errors import ComputeError
from localcloud.google.errors import GoogleError
from localcloud.google.service import Handler, Service
from localcloud.google.world import Steps, World

Record = dict[str, Any]
TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
_ROUTED = ("A", "AAAA", "CNAME", "MX", "SRV", "TXT")
MOST_VALUES = 100
"""Resource records per record set: https://cloud.google.com/dns/quotas."""
_MOST_TTL_SECONDS = 2**31 - 1
_NAME = re.compile(r"(\*\.)?([A-Za-z0-9_-]{1,63}\.)+\Z")
_ZONE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_PAGE = 100


@dataclass
class Zone:
    """A managed zone's record sets by name and type, and its changes by their ids."""

    told: dict[str, Any]
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


class CloudDns(Service):
    """All of it; the name servers know of a change at the next turn.

    Attributes:
        zones: by project and name.
    """

    api, host, variable, base = "dns.v1", "dns.googleapis.com", "DNS", "/dns/v1/"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.zones: dict[tuple[str, str], Zone] = {}

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "managedZones.create": self._create_zone,
            "managedZones.get": lambda places, _query, _body: self._zone(places).told,
            "managedZones.list": lambda places, _query, _body: {
                "managedZones": [one.told for (project, _), one in self.zones.items() if project == places["project"]]
            },
            "managedZones.delete": self._delete_zone,
            "resourceRecordSets.list": self._list,
            "resourceRecordSets.get": lambda places, _query, _body: self._record(places),
            "resourceRecordSets.create": lambda places, _query, body: self._changed(places, [], [body])["additions"][0],
            "resourceRecordSets.patch": self._patch,
            "resourceRecordSets.delete": self._delete,
            "changes.create": lambda places, _query, body: self._changed(
                places, body.get("deletions") or [], body.get("additions") or []
            ),
            "changes.get": self._change,
            "changes.list": lambda places, _query, _body: {"changes": [*reversed(self._zone(places).changes.values())]},
        }

    def permission(self, method: str) -> str:
        kind, verb = method.split(".")
        return f"dns.{kind}.{_VERBS.get(verb, verb)}"

    def permissions_beside(self, method: str, places: Mapping[str, str], body: Any) -> list[str]:  # noqa: ARG002
        """Those of what a change brings and takes away: https://cloud.google.com/dns/docs/access-control."""
        kind, verb = method.split(".")
        if kind == "resourceRecordSets" and verb in ("create", "patch", "delete"):
            return ["dns.changes.create"]
        if method != "changes.create":
            return []
        gone, come = (
            {(one.get("name"), one.get("type")) for one in body.get(key) or ()} for key in ("deletions", "additions")
        )
        needs = {"create": come - gone, "delete": gone - come, "update": come & gone}
        return [f"dns.resourceRecordSets.{one}" for one, of in needs.items() if of]

    def in_its_words(self, error: GoogleError) -> GoogleError:
        return compute_errors.in_its_words(error)

    # -- zones

    def _create_zone(self, places: Mapping[str, str], _query: Mapping[str, str], body: Any) -> Any:
        name, dns_name = str(body.get("name") or ""), str(body.get("dnsName") or "")
        if not _ZONE_NAME.match(name):
            raise _invalid("entity.managedZone.name", name)
        if not _NAME.match(dns_name):
            raise _invalid("entity.managedZone.dnsName", dns_name)
        if (places["project"], name) in self.zones:
            raise ComputeError(409, "alreadyExists", f"The resource 'entity.managedZone' named '{name}' already exists")
        told = {"kind": "dns#managedZone", "visibility": "public", **copy.deepcopy(body), "id": str(len(self.zones))}
        zone = Zone(told)
        # https://cloud.google.com/dns/docs/zones: every zone has its own NS and SOA.
        server = "ns-cloud-a1.googledomains.com."
        soa = f"{server} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
        for kind, ttl, values in (("NS", 21_600, [server]), ("SOA", 21_600, [soa])):
            zone.records[dns_name.lower(), kind] = {
                "kind": "dns#resourceRecordSet", "name": dns_name.lower(), "type": kind, "ttl": ttl, "rrdatas": values
            }  # fmt: skip
        self.zones[places["project"], name] = zone
        return told

    def _delete_zone(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        zone = self._zone(places)
        if any(kind not in ("NS", "SOA") for _, kind in zone.records):
            # https://cloud.google.com/dns/docs/zones#delete-zone: its record sets have to go first.
            raise ComputeError(400, "containerNotEmpty", f"The resource named '{places['managedZone']}' is not empty")
        del self.zones[places["project"], places["managedZone"]]
        return {}

    def _zone(self, places: Mapping[str, str]) -> Zone:
        found = self.zones.get((places["project"], places["managedZone"]))
        if found is None:
            raise ComputeError(
                404,
                "notFound",
                f"The 'parameters.managedZone' resource named '{places['managedZone']}' does not exist.",
            )
        return found

    # -- record sets

    def _list(self, places: Mapping[str, str], query: Mapping[str, str], _body: Any) -> Any:
        zone, name, kind = self._zone(places), query.get("name", ""), query.get("type", "")
        if kind and not name:
            raise ComputeError(400, "invalid", "The 'parameters.type' parameter needs 'parameters.name'.")
        if query.get("filter"):
            raise GoogleError("UNIMPLEMENTED", "The stand-in does not play the parameter filter.")
        found = [
            one
            for (at, of), one in sorted(zone.records.items())
            if (not name or at == _lower(name)) and (not kind or of == kind)
        ]
        start, most = int(query.get("pageToken") or 0), int(query.get("maxResults") or _PAGE)
        more = {"nextPageToken": str(start + most)} if start + most < len(found) else {}
        return {"rrsets": found[start : start + most], **more}

    def _record(self, places: Mapping[str, str]) -> Record:
        found = self._zone(places).records.get((_lower(places["name"]), places["type"]))
        if found is None:
            named = f"{places['name']} ({places['type']})"
            raise ComputeError(404, "notFound", f"The 'parameters.name' resource named '{named}' does not exist.")
        return found

    def _patch(self, places: Mapping[str, str], _query: Mapping[str, str], body: Any) -> Any:
        there = self._record(places)
        wanted = {**there, **body}
        # A record set has values or a policy, and one that comes takes the other's place.
        for key, other in (("rrdatas", "routingPolicy"), ("routingPolicy", "rrdatas")):
            if key in body and other not in body:
                wanted.pop(other, None)
        return self._changed(places, [there], [wanted])["additions"][0]

    def _delete(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        self._changed(places, [self._record(places)], [])
        return {}

    # -- changes

    def _change(self, places: Mapping[str, str], _query: Mapping[str, str], _body: Any) -> Any:
        found = self._zone(places).changes.get(places["changeId"])
        if found is None:
            raise ComputeError(
                404, "notFound", f"The 'parameters.changeId' resource named '{places['changeId']}' does not exist."
            )
        return found

    def _changed(self, places: Mapping[str, str], deletions: list[Record], additions: list[Record]) -> dict[str, Any]:
        """All or nothing: what is taken away has to be there just so, and what comes must not be there."""
        zone = self._zone(places)
        if not deletions and not additions:
            raise ComputeError(400, "invalid", "The 'entity.change' parameter is required but was missing.")
        there = dict(zone.records)
        for number, one in enumerate(deletions):
            key = (_lower(str(one.get("name"))), str(one.get("type")))
            at = f"entity.change.deletions[{number}]"
            if key not in there:
                raise ComputeError(404, "notFound", f"The '{at}' resource named '{key[0]} ({key[1]})' does not exist.")
            if _essence(there.pop(key)) != _essence(one):
                raise ComputeError(412, "conditionNotMet", f"Precondition not met for '{at}'")
        added = []
        for number, one in enumerate(additions):
            at = f"entity.change.additions[{number}]"
            record = {"kind": "dns#resourceRecordSet", **copy.deepcopy(one)}
            record["name"] = _lower(str(record.get("name") or ""))
            _check(record, at, str(zone.told["dnsName"]))
            key = (record["name"], record["type"])
            if key in there:
                raise ComputeError(
                    409, "alreadyExists", f"The resource '{at}' named '{key[0]} ({key[1]})' already exists"
                )
            there[key] = record
            added.append(record)
        _check_names(there)
        zone.records = there
        change_id = str(len(zone.changes) + 1)
        zone.changes[change_id] = {
            "kind": "dns#change", "id": change_id, "startTime": "2026-01-01T00:00:00Z", "status": "pending",
            "deletions": deletions, "additions": added,
        }  # fmt: skip
        self.world.works.begin(_told(zone.changes[change_id]))
        return zone.changes[change_id]


_VERBS = {"patch": "update"}


def _told(change: dict[str, Any]) -> Steps:
    """The name servers get a change."""
    change["status"] = "done"
    yield


def _lower(name: str) -> str:
    return name.lower()


def _invalid(field_name: str, value: object) -> ComputeError:
    return ComputeError(400, "invalid", f"Invalid value for '{field_name}': '{value}'")


def _check(record: Record, at: str, zone: str) -> None:
    """Refuse a record set that is none by itself: https://cloud.google.com/dns/docs/records-overview."""
    name, kind, ttl = record["name"], record.get("type"), record.get("ttl", 0)
    if not _NAME.match(name) or not f".{name}".endswith(f".{zone.lower()}"):
        raise _invalid(f"{at}.name", name)
    if kind not in TYPES:
        raise _invalid(f"{at}.type", kind)
    if not 0 <= int(ttl) <= _MOST_TTL_SECONDS:
        raise _invalid(f"{at}.ttl", ttl)
    values, policy = record.get("rrdatas"), record.get("routingPolicy")
    # "A valid ResourceRecordSet contains only rrdata (...) or a routing_policy": Google's description.
    if bool(values) == bool(policy):
        raise _invalid(f"{at}", "a record set has either rrdatas or a routingPolicy")
    if policy:
        _check_policy(policy, kind, at)
    else:
        _check_values(values or [], kind, f"{at}.rrdatas")


def _check_policy(policy: Mapping[str, Any], kind: str, at: str) -> None:
    """https://cloud.google.com/dns/docs/routing-policies-overview."""
    if kind not in _ROUTED:
        raise _invalid(f"{at}.routingPolicy", f"records of type {kind} have no routing policy")
    if sum(bool(policy.get(key)) for key in ("geo", "wrr", "primaryBackup")) != 1:
        raise _invalid(f"{at}.routingPolicy", "one of geo, wrr and primaryBackup")
    items = (policy.get("wrr") or {}).get("items")
    if policy.get("wrr") is None:
        return
    if not items:
        raise _invalid(f"{at}.routingPolicy.wrr.items", "at least one item")
    for number, item in enumerate(items):
        where = f"{at}.routingPolicy.wrr.items[{number}]"
        # "This weight must be non-negative": Google's description.
        if float(item.get("weight") or 0) < 0:
            raise _invalid(f"{where}.weight", item["weight"])
        checked = item.get("healthCheckedTargets")
        if not item.get("rrdatas") and not checked:
            raise _invalid(f"{where}.rrdatas", "values, or healthCheckedTargets")
        if checked and checked.get("internalLoadBalancers") and checked.get("externalEndpoints"):
            raise _invalid(f"{where}.healthCheckedTargets", "internalLoadBalancers or externalEndpoints, not both")
        if item.get("rrdatas"):
            _check_values(item["rrdatas"], kind, f"{where}.rrdatas")


def _check_values(values: list[str], kind: str, at: str) -> None:
    if len(values) > MOST_VALUES or len(set(values)) != len(values):
        raise _invalid(at, f"{len(values)} values")
    if kind == "CNAME" and len(values) != 1:
        raise _invalid(at, "a CNAME has one value")
    for value in values:
        if kind in ("A", "AAAA"):
            if not _is_address(value, 4 if kind == "A" else 6):
                raise _invalid(at, value)
        elif kind == "CNAME" and not _NAME.match(value):
            raise _invalid(at, value)
        elif kind == "TXT" and any(len(part) > 255 for part in re.findall(r'"((?:[^"\\]|\\.)*)"', value)):
            raise _invalid(at, "a string of more than 255 characters")


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def _check_names(records: Mapping[tuple[str, str], Record]) -> None:
    """A CNAME stands alone: https://cloud.google.com/dns/docs/records-overview#dns_record_types."""
    for name, kind in records:
        others = [of for at, of in records if at == name and of != "CNAME"]
        if kind == "CNAME" and others:
            raise ComputeError(
                400,
                "cnameResourceRecordSetConflict",
                f"The resource record set 'entity.change.additions' is invalid because the DNS name '{name}' may have "
                f"either one CNAME resource record set or resource record sets of other types, but not both.",
            )


def _essence(record: Mapping[str, Any]) -> str:
    """A record set as a deletion is compared with it: the order of its values counts for nothing."""
    told = {key: value for key, value in record.items() if key not in ("kind", "signatureRrdatas")}
    told["name"] = _lower(str(told.get("name")))
    told["ttl"] = int(told.get("ttl") or 0)
    return json.dumps(_sorted(told), sort_keys=True)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items() if key != "kind"}
    if isinstance(value, list):
        return sorted((_sorted(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
