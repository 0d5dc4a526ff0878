"""The ``retire`` section: the pods of retirements, and the permissions of their ServiceAccount."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Made, Nested, Text
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.model import COLORS, Color

KINDS: Mapping[str, str] = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
"""The kinds of workload, and how the API calls many of them."""

KUBECTL_IMAGE = "registry.k8s.io/kubectl:v1.34.4"
"""The image by default: ``kubectl`` and nothing else, no shell."""

_RESOURCE = re.compile(r"(?P<plural>[a-z0-9]+)(\.(?P<group>[a-z0-9.-]+))?/(?P<name>[a-z0-9.-]+)\Z")

# https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#writing-a-cronjob-spec
_LONGEST_NAME = 52


_A_RESOURCE = "a plural and a name, such as services/web or httproutes.gateway.networking.k8s.io/web"


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition at the moment that a color is scaled down: its traffic is on the other one."""

    resource: str = option(
        "the object that says it: ``services/web``, ``httproutes.gateway.networking.k8s.io/web``",
        Text(fits=_RESOURCE.match, allowed=_A_RESOURCE),
    )
    json_path: str = option(
        "where in it, as ``kubectl wait`` takes it: ``{.spec.selector.bluegreen/color}``", Text(), default=""
    )
    equals: str = option("what stands there then", Text(), default="")
    router: Mapping[str, Any] | None = option(
        "in place of both: a router's section. It finds its rules by what they match when the retirement is handed "
        "over, and what it has found has to stand there still",
        Made("Mapping[str, Any]", lambda fields, name: fields.raw(name)),
        default=None,
    )

    @classmethod
    def parse(cls, fields: Fields) -> Condition | None:
        """Read one; ``None`` when it is wrong, or not known yet."""
        options = read_options(cls, fields)
        section = fields.section("router", None)
        if section is None:
            options |= {name: fields.text(name) for name in ("json_path", "equals") if not options[name]}
        else:
            for name in ("json_path", "equals"):
                if options[name]:
                    fields.problem(name, options[name], "absent beside router, which takes its place")
            if not section.unknown:
                _check_router(section)
        return None if UNKNOWN in options.values() else cls(**options)

    def witness(self, color: Color) -> dict[str, Any]:
        """The router's present content that has to stay: by a JSON pointer into the object; empty without a router.

        Args:
            color: the one that has all of production.

        Raises:
            PlatformError: it does not have all of it, or the router was not reached.
        """
        if self.router is None:
            return {}
        parsed = ROUTERS.parse(Fields(self.router, "capacity.retire.only_if.router"))
        assert parsed is not None  # noqa: S101 - it was checked with the inputs
        content: dict[str, Any] = cast("Any", ROUTERS.build(parsed)).witness(color)
        return content


def _check_router(section: Fields) -> None:
    kind = section.text("kind", choices=ROUTERS.kinds())
    if kind is UNKNOWN:
        return
    if hasattr(ROUTERS.load(kind), "witness"):
        ROUTERS.parse(section)
    else:
        section.problem("kind", kind, "a router of weighted rules on Kubernetes; else json_path and equals")


_CONDITION = Nested(Condition)


def _conditions(fields: Fields, name: str) -> dict[Color, Condition]:
    sections = fields.section(name, None)
    if sections is None:
        return {}
    by_color = {color: _CONDITION.read(sections, color, None) for color in COLORS}
    sections.done()
    return {color: condition for color, condition in by_color.items() if condition is not None}


@dataclass(frozen=True, slots=True)
class RetireSettings:
    """The settings of the pods of retirements."""

    service_account: str = option("as whom, in the workloads' namespace; see ``retire_rules``", Text())
    image: str = option("with ``kubectl`` as its entry point", Text(), default=KUBECTL_IMAGE)
    only_if: Mapping[Color, Condition] = option(
        "what must be so for a color to be scaled down",
        Made("Mapping[Color, Mapping[str, Any]]", _conditions),
        default={},
    )

    @classmethod
    def parse(cls, fields: Fields) -> RetireSettings:
        """Read a ``retire`` section."""
        return cls(**read_options(cls, fields))


def cron_job_name(kind: str, workload: str) -> str:
    """The name of a workload's CronJob."""
    suffix = "-retire" if kind == "Deployment" else "-retire-sts"
    name = workload + suffix
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(workload.encode()).hexdigest()[:8]
    return f"{workload[: _LONGEST_NAME - len(suffix) - 9]}-{digest}{suffix}"


def retire_rules(
    workload_kind: str,
    workloads: Mapping[Color, str],
    autoscalers: Mapping[Color, str] | None = None,
    only_if: Mapping[Color, Condition] | None = None,
) -> list[dict[str, Any]]:
    """The rules of the Role that the ServiceAccount of retirements needs, and nothing beside.

    Args:
        workload_kind: ``Deployment`` or ``StatefulSet``.
        workloads: a workload's name for each color in this cluster.
        autoscalers: an autoscaler's name for each color that has one.
        only_if: as in the ``retire`` section.
    """
    conditions = {condition.resource for condition in (only_if or {}).values()}
    cron_jobs = [cron_job_name(workload_kind, name) for name in workloads.values()]
    rules = [
        _rule("apps", f"{KINDS[workload_kind]}/scale", sorted(set(workloads.values())), ["get", "patch"]),
        _rule("batch", "cronjobs", sorted(set(cron_jobs)), ["delete"]),
    ]
    if autoscalers:
        named = sorted(set(autoscalers.values()))
        rules.append(_rule("autoscaling", "horizontalpodautoscalers", named, ["get", "patch"]))
    rules.extend(
        _rule(match["group"] or "", match["plural"], [match["name"]], ["get"])
        for match in filter(None, map(_RESOURCE.match, sorted(conditions)))
    )
    return rules


def _rule(group: str, resource: str, names: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "resourceNames": names, "verbs": verbs}
