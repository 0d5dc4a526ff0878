"""A color's release as a part of a function: what is checked of it, its mark, what a deploy sends. Pure.

A function has one build and one configuration, and each deploy makes a revision of its Cloud Run service, whose name
Google gives. So a release is known by a mark in an environment variable, which goes with the deploy itself and stands
in its revision always: a digest of the release. Whoever deploys after that without a release keeps the function's
variables, and so makes revisions with a copy of the mark: the first one that has it is the release's own.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#Function
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.cloud_run.rules import NOTE_PREFIX
from bluegreen.plain import holds_unknown, plain
from bluegreen.platforms.templates import Template, suffix
from bluegreen.rollout.model import COLORS, Color
from bluegreen.secrets import refuse_credentials

BUILD, SERVICE = "buildConfig", "serviceConfig"
VARIABLES, SECRETS = "environmentVariables", "secretEnvironmentVariables"
ALL_TRAFFIC = "allTrafficOnLatestRevision"
MARK = "BLUEGREEN_RELEASE"
"""The environment variable of a release's mark."""
_SWAPS_OWN = {SERVICE: (ALL_TRAFFIC, "revision", "service", "uri")}
_GOOGLES_OWN = {BUILD: ("build", "sourceProvenance", "sourceToken")}
Function = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FunctionTemplate:
    """A color's part of a function: how it is built, and what its revision is to be."""

    hint: str = "Mapping[str, Any]"
    bounds: str = ""

    def read(self, fields: Fields, name: str, default: Any) -> Any:
        """One, with secrets by reference alone."""
        section = fields.section(name, default)
        if section is None or section.unknown:
            return UNKNOWN if section is not None else default
        before = len(section.problems)
        build, service = section.section(BUILD), section.section(SERVICE, None)
        if build is not None and not build.unknown:
            build.text("runtime")
            build.text("entryPoint", None)
            if build.raw("source") is None:
                build.problem("source", None, "where the source is, such as a storageSource; it is required")
            _refuse(build, _GOOGLES_OWN[BUILD], "absent: Google tells it")
            _check_variables(build)
        if service is not None and not service.unknown:
            _refuse(service, _SWAPS_OWN[SERVICE], "absent: the swap moves traffic, and Google names the rest")
            if MARK in _check_variables(service):
                service.problem(f"{VARIABLES}.{MARK}", "***", "absent: the swap marks each release with it")
        section.done()
        given = fields.raw(name)
        return UNKNOWN if len(section.problems) > before or holds_unknown(given) else plain(given)


def _refuse(fields: Fields, names: Iterable[str], allowed: str) -> None:
    for name in names:
        if fields.raw(name) is not None:
            fields.problem(name, fields.raw(name), allowed)


def _check_variables(fields: Fields) -> dict[str, str]:
    found = fields.mapping(VARIABLES)
    section = fields.section(VARIABLES, None)
    for name, value in found.items():
        if section is not None and "://" in value:
            refuse_credentials(section, name, value)  # it would stand in the state
    return found


def service_of(function: str) -> str:
    """The full name of a function's Cloud Run service, which is called as the function is: it has no capitals here."""
    return function.replace("/functions/", "/services/")


def text_of(color: Color, template: Template) -> str:
    """``source shop/v2.zip as release green-1f3a90bc``."""
    source = template[BUILD].get("source")
    stored = source.get("storageSource") if isinstance(source, Mapping) else None
    where = ""
    if isinstance(stored, Mapping):
        generation = stored.get("generation")
        where = f" {stored.get('bucket')}/{stored.get('object')}{f'#{generation}' if generation else ''}"
    return f"source{where} as release {suffix(color, template)}"


def marked(color: Color, template: Template) -> dict[str, Any]:
    """The release with its mark, as a function that is made with it has it."""
    service = dict(template.get(SERVICE) or {})
    service[VARIABLES] = {**(service.get(VARIABLES) or {}), MARK: suffix(color, template)}
    return {**template, SERVICE: service}


# -- what is sent


def to_send(
    color: Color, templates: Mapping[Color, Template], former: Mapping[Color, Template], there: Function
) -> tuple[str, dict[str, Any]]:
    """The mask and the body of a deploy that makes the function a color's release, and moves no traffic.

    A function has one configuration for both colors: what either of them declares is the release's own, or Google's
    default where the release is silent. What neither declares, nor has declared before, is somebody else's and stays.

    Args:
        color: whose release.
        templates: both releases.
        former: those that were declared before; empty where nobody knows.
        there: the function as it is.
    """
    wanted = marked(color, templates[color])
    declared = [templates[one] for one in COLORS] + [former[one] for one in COLORS if one in former]
    body: dict[str, dict[str, Any]] = {BUILD: {}, SERVICE: {ALL_TRAFFIC: False}}
    paths = {f"{SERVICE}.{ALL_TRAFFIC}", f"{SERVICE}.{VARIABLES}"}
    for part in (BUILD, SERVICE):
        known = [one.get(part) or {} for one in declared]
        own, now = wanted.get(part) or {}, there.get(part) or {}
        paths |= {f"{part}.{name}" for one in known for name in one}
        body[part] |= copy.deepcopy(dict(own))
        for name, merge in ((VARIABLES, _variables), (SECRETS, _secrets)):
            if f"{part}.{name}" in paths:
                body[part][name] = merge(now.get(name), [one.get(name) for one in known], own.get(name))
    return ",".join(sorted(paths)), body


def _variables(there: Any, declared: Sequence[Any], own: Any) -> dict[str, str]:
    ours = {name for one in declared for name in one or {}}
    kept = {name: value for name, value in (there or {}).items() if name not in ours}
    return {**kept, **(own or {})}


def _secrets(there: Any, declared: Sequence[Any], own: Any) -> list[Any]:
    ours = {one.get("key") for several in declared for one in several or ()}
    return [*(own or ()), *(copy.deepcopy(one) for one in there or () if one.get("key") not in ours)]


# -- what is there


def mark_of(revision: Mapping[str, Any]) -> str:
    """The release that a revision of a function's service says that it is; empty without one."""
    containers: Sequence[Mapping[str, Any]] = revision.get("containers") or ({},)
    return next((str(one.get("value")) for one in containers[0].get("env") or () if one.get("name") == MARK), "")


def first_of(revisions: Iterable[Mapping[str, Any]], release: str) -> Mapping[str, Any] | None:
    """The revision that a release's own deploy has made, if there is one."""
    own = [one for one in revisions if mark_of(one) == release and not one.get("deleteTime")]
    return min(own, key=lambda one: str(one.get("createTime") or ""), default=None)


def noted(annotations: Mapping[str, str], release: str) -> str:
    """The revision that is noted for a release on the service; empty where there is none."""
    return annotations.get(NOTE_PREFIX + release, "")


def with_notes(annotations: Mapping[str, str], notes: Mapping[str, str], kept: Iterable[str]) -> dict[str, str]:
    """The annotations with the revisions of releases, and without the notes of those that nobody needs any more.

    Args:
        annotations: as they are.
        notes: the short name of a revision, by its release.
        kept: further revisions whose notes stay.
    """
    stay = {*kept, *notes.values()}
    there = {name: value for name, value in annotations.items() if not name.startswith(NOTE_PREFIX) or value in stay}
    return {**there, **{NOTE_PREFIX + release: name for release, name in notes.items()}}
