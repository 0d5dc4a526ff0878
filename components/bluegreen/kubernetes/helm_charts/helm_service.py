"""A service from Helm charts in two colors, behind any entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from bluegreen.component import digests
from bluegreen.component.base import owner_of
from bluegreen.component.declaration import known, refuse
from bluegreen.fields import Fields
from bluegreen.kubernetes.component import SwapSettings, place_of
from bluegreen.kubernetes.entered import EnteredComponent, name_problems
from bluegreen.kubernetes.entry import Entry, EntryContext
from bluegreen.kubernetes.helm_charts import installed
from bluegreen.kubernetes.helm_charts import release as helm_release
from bluegreen.kubernetes.helm_charts.release import HelmRelease, chart_arguments, colored, pod_labels, with_kind
from bluegreen.kubernetes.manifests import ports
from bluegreen.kubernetes.manifests import without_traffic as acting
from bluegreen.kubernetes.manifests.manifest_service import SERVICE_SUFFIX
from bluegreen.kubernetes.selectors.entry import service
from bluegreen.kubernetes.service_swap import Workloads, checked, first_counts, resting
from bluegreen.kubernetes.several_entries import entry_of, production_ports
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads.in_place import another_chart, guard
from bluegreen.kubernetes.workloads.release import check_labels
from bluegreen.kubernetes.workloads.workload import KINDS, shared_labels
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS, Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

INSTALLS = ("chart", "release")


class HelmService(EnteredComponent):
    """Both colors of a service that a chart installs, and the swap between them."""

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: HelmRelease,
        green: HelmRelease,
        namespace: str | None = None,
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        container_port: int | str = "http",
        install: str = "chart",
        workload: str = "Deployment",
        workloads: Mapping[str, str] | None = None,
        selectors: Mapping[str, Mapping[str, str]] | None = None,
        replicas: int = 2,
        autoscaling: scaling.AutoscalingRange | Mapping[str, Any] | None = None,
        without_traffic: Mapping[str, str] | None = None,
        retire_image: pulumi.Input[str] | None = None,
        retire_service_account: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors: a release ``NAME-COLOR`` of a chart for each.

        Args:
            name: the service's name, at most 40 characters.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's chart and values.
            green: green's.
            namespace: where everything is; the stack's ``kubernetes:namespace`` when absent, then ``default``.
            entry: how requests reach the pods: see ``KubernetesService``.
            entries: the same.
            entry_names: the same.
            container_port: the port that pods listen on, or its name: ``http`` in most charts.
            install: ``chart`` (default): each of its objects is a resource of the stack, and hooks do not run;
                ``release``: Helm keeps a release. It then has to have an autoscaler: where a chart says ``replicas``,
                every upgrade sets them back, at worst to none.
            workload: the kind of what the swap scales: ``Deployment`` or ``StatefulSet``.
            workloads: its name in each color; ``NAME-COLOR`` when absent, by the value ``fullnameOverride``.
            selectors: labels that select each color's pods. With ``chart`` the pods get labels of their own for that;
                with ``release`` the default is ``app.kubernetes.io/instance: NAME-COLOR``.
            replicas: pods that the first live color starts with, with ``chart``; later its present size counts.
            autoscaling: the range, ``min_replicas`` and ``max_replicas``, of the HorizontalPodAutoscaler that the
                chart makes for the workload, under its name; absent where it makes none.
            without_traffic: where an object of the chart acts that needs no traffic for it, by its name without the
                color, with ``chart``: ``{"Deployment/shop-worker": "live"}`` has its replicas in the color that is live
                alone, ``"both"`` runs in both. A CronJob, and a workload whose containers name no port, is ``live``, a
                Job ``both``, unless it is said otherwise.
            retire_image: with ``kubectl`` as its entry point, for the CronJob that scales the old color down.
            retire_service_account: as whom; one with just that right is made when absent.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:kubernetes:HelmService", name, {}, opts)
        place, entry = place_of(settings, namespace), entry_of(name, entry, entries, entry_names, service())
        settings = resting(entry, settings)
        releases: dict[Color, HelmRelease] = {"blue": blue, "green": green}
        names: dict[Color, str] = {color: (workloads or {}).get(color, f"{name}-{color}") for color in COLORS}
        problems = [*name_problems(name), *_problems(install, workload, workloads, selectors)]
        said = dict(without_traffic or {})
        problems += acting.problems_in(said, None)
        if said and install == "release":
            allowed = 'none with install="release", where Helm has the objects: the chart\'s values say it'
            problems.append(Problem("without_traffic", said, allowed))
        if install == "release" and autoscaling is None:
            allowed = "the range of the chart's autoscaler: an upgrade would set replicas back that a chart says itself"
            problems.append(Problem("autoscaling", None, allowed))
        for color, release in releases.items():
            problems += helm_release.problems_in(color, known(release))
        if autoscaling is not None:
            problems += scaling.range_problems(known(autoscaling))
        context = EntryContext(
            name=name,
            owner=owner_of(name),
            place=place,
            port=container_port,
            selectors={color: _selector(name, color, install, selectors) for color in COLORS},
            labels=shared_labels(name, None),
            parent=self,
            service_suffix=SERVICE_SUFFIX,
        )
        swap = checked(
            context,
            active_color,
            entry,
            Workloads(
                kind=workload,
                names=names,
                replicas=replicas,
                autoscalers={} if autoscaling is None else names,
                autoscaling=None if autoscaling is None else scaling.capacity_section(autoscaling),
                retire_image=retire_image,
                retire_service_account=retire_service_account,
            ),
            settings,
            problems,
        )
        counts = first_counts(active_color, replicas, settings)
        texts: dict[Color, pulumi.Output[str]] = {
            color: pulumi.Output.from_input(dict(release)).apply(helm_release.release_name)
            for color, release in releases.items()
        }

        def color_objects() -> list[pulumi.Resource]:
            router, compare = entry.router(context), another_chart if install == "release" else None
            hooks = {color: guard(f"{name}-{color}", place.namespace, color, router, compare) for color in COLORS}
            made = {
                color: _installed(
                    f"{name}-{color}",
                    place.namespace,
                    install,
                    chart_arguments(release, names[color] if workloads is None else None),
                    _transform(
                        names[color],
                        pod_labels(name, color),
                        counts[color],
                        partial(_check_ports, entry, context),
                        partial(_rests, name, color, names[color], said) if color != active_color else lambda _: False,
                        hooks[color],
                    ),
                    self,
                    hooks[color],
                )
                for color, release in releases.items()
            }
            if install == "release":
                for color, one in made.items():
                    texts[color] = _held_against(name, color, one, names[color], texts[color], selectors)
            return list(made.values())

        for color, release in releases.items():
            digests.tell_what_a_chart_moves(color, release)
        charts = {color: digests.of_chart(release) for color, release in releases.items()}
        self._show_entered(swap, *swap.declare(self, texts, charts, color_objects))


def _problems(
    install: str,
    workload: str,
    workloads: Mapping[str, str] | None,
    selectors: Mapping[str, Mapping[str, str]] | None,
) -> list[Problem]:
    fields = Fields(known({"install": install, "workload": workload, "workloads": workloads, "selectors": selectors}))
    fields.text("install", choices=INSTALLS)
    fields.text("workload", choices=KINDS)
    named = fields.section("workloads", None)
    if named is not None:
        for color in COLORS:
            named.text(color)
        named.done()
    labels = fields.section("selectors", None)
    if labels is not None:
        for color in COLORS:
            check_labels(labels, color)
        labels.done()
    return fields.problems


def _selector(
    name: str, color: Color, install: str, selectors: Mapping[str, Mapping[str, str]] | None
) -> Mapping[str, Any]:
    if selectors is not None:
        return selectors.get(color) or {}
    return {"app.kubernetes.io/instance": f"{name}-{color}"} if install == "release" else pod_labels(name, color)


def _installed(
    release: str,
    namespace: str,
    install: str,
    arguments: Mapping[str, Any],
    transform: Any,
    parent: pulumi.Resource,
    hooks: pulumi.ResourceHookBinding | None,
) -> pulumi.Resource:
    # The swap waits for the color that it needs; the other one may be broken.
    common = {"name": release, "namespace": namespace, "skip_await": True, **arguments}
    made: pulumi.Resource
    if install == "release":
        from pulumi_kubernetes.helm.v3 import Release  # noqa: PLC0415 - only what a stack uses

        made = Release(release, opts=pulumi.ResourceOptions(parent=parent, hooks=hooks), **common)
    else:
        from pulumi_kubernetes.helm.v4 import Chart  # noqa: PLC0415 - only what a stack uses

        made = Chart(release, opts=pulumi.ResourceOptions(parent=parent, transforms=[transform]), **common)
    return made


def _held_against(
    name: str,
    color: Color,
    release: Any,
    workload: str,
    text: pulumi.Output[str],
    selectors: Mapping[str, Any] | None,
) -> pulumi.Output[str]:
    """A release's text for the swap, which waits for Helm's objects: production takes no other pods."""

    def look(values: Mapping[str, Sequence[str]] | None) -> None:
        problem = installed.problem_of_the_default_selector(color, workload, values) if selectors is None else None
        if problem is not None:
            refuse(name, [problem])
        if acting := installed.acting_by_themselves(values):
            told = "whichever is live; where that must not be, the chart's values have to suspend it at rest"
            pulumi.log.warn(f"{name}: {', '.join(acting)} of {color}'s release acts in both colors, {told}")

    looked = release.resource_names.apply(look)
    # A preview knows the text although it may not know the objects.
    if pulumi.runtime.is_dry_run():
        return text
    return pulumi.Output.all(text, looked).apply(lambda values: str(values[0]))


def _check_ports(entry: Entry, context: EntryContext, manifest: Mapping[str, Any], *, is_workload: bool) -> None:
    """Refuse a port of production that it does not have, as soon as the chart is rendered."""
    if not isinstance(manifest.get("kind"), str) or not isinstance(manifest.get("metadata"), Mapping):
        return
    production = production_ports(entry, context)
    problems = ports.missing_ports("the chart's", [manifest], production)
    if is_workload:
        problems += ports.unnamed_port(context.port, "the chart's", manifest)
    if problems:
        refuse(context.name, problems)


def _rests(name: str, color: Color, workload: str, said: Mapping[str, str], manifest: Mapping[str, Any]) -> bool:
    """Whether an object of a chart does nothing in a color that is not live."""
    metadata, spec = manifest.get("metadata"), manifest.get("spec") or {}
    if not isinstance(manifest.get("kind"), str) or not isinstance(metadata, Mapping):
        return False

    def plain(named: Mapping[str, Any]) -> dict[str, Any]:
        return {**named, "name": str(named.get("name")).replace(f"-{color}", "", 1)}

    shown = {**manifest, "metadata": plain(metadata)}
    if "scaleTargetRef" in spec:
        shown["spec"] = {**spec, "scaleTargetRef": plain(spec["scaleTargetRef"])}
    if not acting.is_of_the_live_color(shown, said, workload.replace(f"-{color}", "", 1)):
        return False
    told = "acts in the live color alone, as nothing leads requests to it; `without_traffic` may say otherwise"
    pulumi.log.info(f"{name}: {shown['kind']}/{shown['metadata']['name']} of the chart {told}")
    return True


def _transform(
    workload: str,
    labels: Mapping[str, str],
    first_count: int,
    check_ports: Callable[..., None],
    rests: Callable[[Mapping[str, Any]], bool],
    hooks: pulumi.ResourceHookBinding | None = None,
) -> Any:
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        result = colored(args.type_, args.props, workload, labels, first_count)
        check_ports(args.props, is_workload=result is not None and "spec.replicas" in result[1])
        if result is None:
            whole = with_kind(args.type_, args.props)
            return pulumi.ResourceTransformResult(acting.at_rest(whole), args.opts) if rests(whole) else None
        props, set_once = result
        guarded = hooks if "spec.replicas" in set_once else None
        ignored = pulumi.ResourceOptions(ignore_changes=set_once, hooks=guarded)
        return pulumi.ResourceTransformResult(props, pulumi.ResourceOptions.merge(args.opts, ignored))

    return transform
