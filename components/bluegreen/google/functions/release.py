"""The release of one color of a function: checked, and turned into a part of a function as Google has it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.google.cloud_run.shared_settings import changed, check_instances, check_variables
from bluegreen.google.functions.releases import BUILD, MARK, SECRETS, SERVICE, VARIABLES
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Required

_PLAIN = {
    "cpu": "availableCpu",
    "memory": "availableMemory",
    "min_instances": "minInstanceCount",
    "max_instances": "maxInstanceCount",
    "concurrency": "maxInstanceRequestConcurrency",
    "timeout_seconds": "timeoutSeconds",
    "service_account": "serviceAccountEmail",
}
_WHOLE = ("min_instances", "max_instances", "concurrency", "timeout_seconds")


class CloudFunctionRelease(TypedDict, total=False):
    """A color's release.

    Attributes:
        bucket: the bucket of Cloud Storage that the source is in; required.
        object: the object in it, an archive of the source; required. Another source is another object, or another
            ``generation``: an object that is overwritten under its name is the same release.
        generation: the object's generation, a whole number as a text: ``uploaded.generation.apply(str)`` of a
            ``gcp.storage.BucketObject``.
        runtime: the runtime, such as ``python312``; required.
        entry_point: the function in the source; required.
        env: environment variables. What is secret stands in ``secret_env``.
        secret_env: environment variables whose values are secrets of Secret Manager: a variable's name with
            ``SECRET:VERSION``, as ``gcloud functions deploy --set-secrets`` has it. An instance keeps the value that
            ``latest`` had when it started: a version by its number is the same for all.
        cpu: of one instance, such as ``"1"``; by default what Google finds right for its memory.
        memory: of one instance, such as ``512Mi`` (Google's own default, 256M).
        min_instances: how many are kept (0 to 1000, default 0: the first request waits for one to start).
        max_instances: how many there are at most (1 to 1000; Google's own limit by default).
        concurrency: how many requests an instance takes at a time (1 to 1000; Google's own default, 1).
        timeout_seconds: how long a request may take (1 to 3600; Google's own default, 60).
        service_account: the email address of who the function runs as; the project's default one if absent.
        template: what else a function has, by Google's own names, in ``buildConfig`` and ``serviceConfig``:
            ``vpcConnector``, ``ingressSettings``, ``workerPool``.
        release: what people call it, default the source's object, and its generation.
    """

    bucket: Required[pulumi.Input[str]]
    object: Required[pulumi.Input[str]]
    generation: pulumi.Input[str]
    runtime: Required[str]
    entry_point: Required[str]
    env: Mapping[str, Any]
    secret_env: Mapping[str, str]
    cpu: str
    memory: str
    min_instances: int
    max_instances: int
    concurrency: int
    timeout_seconds: int
    service_account: pulumi.Input[str]
    template: Mapping[str, Any]
    release: str


def template_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a function, ``buildConfig`` and ``serviceConfig``.

    Args:
        given: a release; its values may be outputs.
    """
    more: Mapping[str, Any] = given.get("template") or {}
    stored = {"bucket": given.get("bucket"), "object": given.get("object")}
    if given.get("generation") is not None:
        stored["generation"] = changed(given["generation"], _whole_text)
    build = {
        **(more.get(BUILD) or {}),
        "runtime": given.get("runtime"),
        "entryPoint": given.get("entry_point"),
        "source": {"storageSource": stored},
    }
    service: dict[str, Any] = dict(more.get(SERVICE) or {})
    for name, wire in _PLAIN.items():
        if given.get(name) is not None:
            service[wire] = changed(given[name], int) if name in _WHOLE else given[name]
    if given.get("env"):
        service[VARIABLES] = dict(given["env"])
    if given.get("secret_env"):
        named = sorted(given["secret_env"].items())
        service[SECRETS] = [changed(secret, _reference(name)) for name, secret in named]
    return {**more, BUILD: build, SERVICE: service}


def _whole_text(number: Any) -> str:
    return str(int(number))


def _reference(key: str) -> Callable[[Any], dict[str, str]]:
    def referred(secret: Any) -> dict[str, str]:
        full, _, version = str(secret).rpartition(":")
        project = {"projectId": full.split("/")[1]} if "/" in full else {}
        return {"key": key, **project, "secret": full.rpartition("/")[2], "version": version}

    return referred


def problems_in(given: Mapping[str, Any], color: Color) -> list[Problem]:
    """Everything that is wrong with a release, as far as it is known.

    Args:
        given: the release, ``UNKNOWN`` where only an update knows.
        color: whose.
    """
    fields = Fields(given, color)
    for name in ("bucket", "object", "runtime", "entry_point"):
        fields.text(name)
    cpu = fields.text("cpu", None)
    for name in ("memory", "release", "service_account"):
        fields.text(name, None)
    generation = fields.raw("generation")
    if generation is not None and generation is not UNKNOWN and not _is_whole(generation):
        fields.problem("generation", generation, "a whole number, as a text")
    at_a_time = check_instances(fields)
    if isinstance(at_a_time, int) and at_a_time > 1 and (cpu is None or _is_less_than_one(cpu)):
        fields.problem("cpu", cpu, f"at least 1 with a concurrency of {at_a_time}: Google takes no less")
    if MARK in check_variables(fields):
        fields.problem(f"env.{MARK}", "***", "absent: the swap marks each release with it")
    _check_more(fields)
    fields.done()
    return fields.problems


def _check_more(fields: Fields) -> None:
    more = fields.section("template", None)
    if more is None or more.unknown:
        return
    for part in (BUILD, SERVICE):
        more.section(part, None)
    more.done()


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.isdigit()
    return isinstance(value, (int, float)) and not isinstance(value, bool) and int(value) == value


def _is_less_than_one(cpu: object) -> bool:
    try:
        return float(str(cpu)) < 1
    except ValueError:
        return False


def label_of(source: object, generation: object) -> str:
    """A source's name for people: its object, and the generation where it has one: ``shop.zip#1723456``."""
    return f"{source}#{_whole_text(generation)}" if generation is not None else str(source)


# -- as a program declares it

_LISTED = {"directVpcNetworkInterface": "directVpcNetworkInterfaces"}


def as_declared(template: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a function by the names that ``pulumi_gcp`` has for them."""
    build = dict(template[BUILD])
    stored = dict(build["source"]["storageSource"])
    if "generation" in stored:
        stored["generation"] = int(stored["generation"])
    build["source"] = {"storageSource": stored}
    service = {_LISTED.get(name, name): value for name, value in template[SERVICE].items()}
    return {BUILD: build, SERVICE: service}
