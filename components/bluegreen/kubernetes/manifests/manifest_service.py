"""A service from rendered manifests in two colors, behind any entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pulumi

from bluegreen.component import digests
from bluegreen.component.base import owner_of
from bluegreen.component.declaration import known, refuse
from bluegreen.kubernetes.component import SwapSettings, place_of
from bluegreen.kubernetes.entered import EnteredComponent, name_problems
from bluegreen.kubernetes.entry import Entry, EntryContext
from bluegreen.kubernetes.manifests import ports
from bluegreen.kubernetes.manifests import without_traffic as acting
from bluegreen.kubernetes.manifests.coloring import key_of
from bluegreen.kubernetes.manifests.discovery import asking_the_cluster
from bluegreen.kubernetes.manifests.release import ColorManifests, ManifestRelease, read, shared_objects
from bluegreen.kubernetes.manifests.values import colliding
from bluegreen.kubernetes.objects import declare
from bluegreen.kubernetes.routes.weighted_entry import WeightedEntry
from bluegreen.kubernetes.selectors.entry import service
from bluegreen.kubernetes.service_swap import Workloads, checked, first_counts, resting
from bluegreen.kubernetes.several_entries import each_of, entry_of, production_ports
from bluegreen.kubernetes.workloads import autoscaling as scaling
from bluegreen.kubernetes.workloads.in_place import guard
from bluegreen.kubernetes.workloads.workload import shared_labels
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import Color

if TYPE_CHECKING:
    from typing_extensions import Unpack

SERVICE_SUFFIX = "-entry"
"""Of the Services that previews and gates use: manifests and charts bring Services with the colors' plain names."""


class ManifestService(EnteredComponent):
    """Both colors of a service whose objects are rendered already, and the swap between them."""

    def __init__(
        self,
        name: str,
        *,
        active_color: str,
        blue: ManifestRelease,
        green: ManifestRelease,
        namespace: str | None = None,
        entry: Entry | None = None,
        entries: Sequence[Entry] | None = None,
        entry_names: Sequence[str] | None = None,
        container_port: int | str = 8080,
        workload: str | None = None,
        replicas: int | None = None,
        per_color_kinds: Collection[str] = (),
        shared: Collection[str] = (),
        without_traffic: Mapping[str, str] | None = None,
        retire_image: pulumi.Input[str] | None = None,
        retire_service_account: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[SwapSettings],
    ) -> None:
        """Declare both colors.

        What becomes of the manifests is said by ``bluegreen.kubernetes.manifests.coloring``.

        Args:
            name: the service's name, at most 40 characters.
            active_color: ``"blue"`` or ``"green"``: who carries production traffic.
            blue: blue's manifests.
            green: green's manifests.
            namespace: where everything is; the stack's ``kubernetes:namespace`` when absent, then ``default``.
            entry: how requests reach the pods: see ``KubernetesService``.
            entries: the same.
            entry_names: the same.
            container_port: the port that pods listen on, or its name.
            workload: which Deployment or StatefulSet gets the requests, and is scaled: ``web``, ``Deployment/web``;
                the only one when absent.
            replicas: pods that the first live color starts with; what the manifests say when absent.
            per_color_kinds: kinds that each color has of its own beside the usual ones: ``ServiceAccount``.
            shared: objects that both colors have in common all the same: ``Service/redis``.
            without_traffic: where an object acts that needs no traffic for it, by its name in the manifests:
                ``{"Deployment/worker": "live"}`` has its replicas in the color that is live alone, ``"both"`` runs in
                both. A CronJob, and a workload that no Service of the manifests leads to, is ``live``, a Job
                ``both``, unless it is said otherwise.
            retire_image: with ``kubectl`` as its entry point, for the CronJob that scales the old color down.
            retire_service_account: as whom; one with just that right is made when absent.
            opts: the usual options.
            **settings: how swaps go: see ``SwapSettings``.

        Raises:
            pulumi.RunError: naming each wrong field, its value and what is allowed. Nothing was written.
        """
        super().__init__("bluegreen:kubernetes:ManifestService", name, {}, opts)
        place, entry = place_of(settings, namespace), entry_of(name, entry, entries, entry_names, service())
        settings = resting(entry, settings)
        given: dict[Color, ManifestRelease] = {"blue": blue, "green": green}
        read_one = partial(
            read,
            namespace=place.namespace,
            workload=workload,
            per_color_kinds=per_color_kinds,
            shared=shared,
            production=[one for each, called in each_of(entry, name) for one in _production_names(each, called)],
            ask=asking_the_cluster(place),
        )
        colors, problems = _read_colors(given, read_one)
        problems = [*name_problems(name), *problems]
        if len(colors) < len(given):
            refuse(name, problems)
        _tell_of_unsure_scopes(self, name, place.namespace, colors)
        both, wrong = shared_objects(active_color, colors)
        kinds = {color: brought.workload["kind"] for color, brought in colors.items()}
        if len(set(kinds.values())) > 1:
            problems.append(Problem("green.manifests", kinds["green"], f"a {kinds['blue']}, as blue has"))
        live = colors["green" if active_color == "green" else "blue"]
        count = replicas if replicas is not None else _replicas_of(live.workload)
        context = EntryContext(
            name=name,
            owner=owner_of(name),
            place=place,
            port=container_port,
            selectors={color: brought.selector for color, brought in colors.items()},
            labels=shared_labels(name, None),
            parent=self,
            service_suffix=SERVICE_SUFFIX,
        )
        said = dict(without_traffic or {})
        wrong += _problems_between(colors, said, container_port, production_ports(entry, context))
        swap = checked(
            context,
            active_color,
            entry,
            Workloads(
                kind=kinds["blue"],
                names={color: brought.name for color, brought in colors.items()},
                replicas=count,
                autoscalers={
                    color: brought.autoscaler["metadata"]["name"]
                    for color, brought in colors.items()
                    if brought.autoscaler is not None
                },
                autoscaling=_range_of(live.autoscaler),
                retire_image=retire_image,
                retire_service_account=retire_service_account,
            ),
            settings,
            [*problems, *wrong],
        )
        counts = first_counts(active_color, count, settings)
        of_live = {
            color: acting.of_the_live_color(brought.split.own, brought.split.shared, brought.workload, said, color)
            for color, brought in colors.items()
        }
        _tell(self, name, of_live)
        _tell_of_keda(self, name, colors)

        def color_objects() -> list[pulumi.Resource]:
            common: list[pulumi.Resource] = [declare(brought, self) for brought in both]
            router = entry.router(context)
            hooks = {color: guard(brought.name, place.namespace, color, router) for color, brought in colors.items()}
            return [
                *common,
                *(
                    _declared(
                        manifest,
                        brought,
                        counts[color],
                        self,
                        common,
                        rests=color != active_color and key_of(manifest) in of_live[color],
                        hooks=hooks[color],
                    )
                    for color, brought in colors.items()
                    for manifest in brought.split.own
                ),
            ]

        texts = {color: pulumi.Output.from_input(brought.text) for color, brought in colors.items()}
        for color, brought in colors.items():
            digests.tell_what_moves(color, brought.split.own)
        rendered = {
            color: digests.of_manifests(brought.split.own, [brought.workload, brought.autoscaler])
            for color, brought in colors.items()
        }
        self._show_entered(swap, *swap.declare(self, texts, rendered, color_objects))


def _read_colors(
    releases: Mapping[Color, ManifestRelease],
    read_one: Callable[[Color, ManifestRelease], tuple[ColorManifests | None, list[Problem]]],
) -> tuple[dict[Color, ColorManifests], list[Problem]]:
    """Read the colors' manifests, and return all problems; a color that cannot be read is left out."""
    colors: dict[Color, ColorManifests] = {}
    problems: list[Problem] = []
    for color, release in releases.items():
        manifests, wrong = read_one(color, release)
        problems += wrong
        if manifests is not None:
            colors[color] = manifests
    return colors, problems


def _problems_between(
    colors: Mapping[Color, ColorManifests],
    said: Mapping[str, str],
    container_port: Any,
    production: Mapping[str, list[Mapping[str, Any]] | None],
) -> list[Problem]:
    """The problems of the colors' objects with each other, with ``without_traffic``, and with production's ports."""
    own = {color: manifests.split.own for color, manifests in colors.items()}
    problems = [*colliding(own), *acting.problems_in(said, own)]
    for color, manifests in colors.items():
        field = f"{color}.manifests"
        problems += ports.missing_ports(field, [*manifests.split.own, *manifests.split.shared], production)
        problems += ports.unnamed_port(container_port, field, manifests.workload)
    return problems


def _tell_of_unsure_scopes(
    component: pulumi.Resource, name: str, namespace: Any, colors: Mapping[Color, ColorManifests]
) -> None:
    """Log the objects of which only the cluster knows whether they are in a namespace."""
    for key in dict.fromkeys(key for manifests in colors.values() for key in manifests.unsure):
        pulumi.log.info(
            f"{name}: only the cluster knows whether {key} is in a namespace: it is declared in {namespace}, "
            "which is left out if it is not",
            component,
        )


def _declared(
    manifest: Mapping[str, Any],
    color: ColorManifests,
    first_count: int,
    parent: pulumi.Resource,
    depends_on: list[pulumi.Resource],
    *,
    rests: bool,
    hooks: pulumi.ResourceHookBinding | None,
) -> pulumi.Resource:
    """Declare one object of a color. The swap's fields are set once, or not at all; ``hooks`` are the workload's."""
    if rests:
        return cast("pulumi.Resource", declare(acting.at_rest(manifest), parent, depends_on=depends_on))
    spec = manifest.get("spec", {})
    set_once: Sequence[str] = ()
    called = hooks if manifest is color.workload else None
    if manifest is color.workload:
        manifest, set_once = {**manifest, "spec": {**spec, "replicas": first_count}}, ["spec.replicas"]
    if manifest is color.autoscaler:
        manifest = {**manifest, "spec": {key: value for key, value in spec.items() if key != "minReplicas"}}
        set_once = scaling.MINIMUM
    made: pulumi.Resource = declare(manifest, parent, set_once=set_once, depends_on=depends_on, hooks=called)
    return made


def _tell(component: pulumi.Resource, name: str, of_live: Mapping[Color, Sequence[str]]) -> None:
    """Log which objects act in one color alone, for whoever did not know it of their manifests."""
    keys_of_live = dict.fromkeys(key.removesuffix(f"-{color}") for color, keys in of_live.items() for key in keys)
    if keys_of_live:
        told = "acts in the live color alone, as nothing leads requests to it; `without_traffic` may say otherwise"
        pulumi.log.info(f"{name}: {', '.join(keys_of_live)}: {told}", component)


def _tell_of_keda(component: pulumi.Resource, name: str, colors: Mapping[Color, ColorManifests]) -> None:
    """Warn of workloads that both KEDA and the swap scale."""
    names = [key for one in colors.values() for key in acting.scaled_by_keda(one.split.own, one.workload)]
    if names:
        told = (
            "scales what the swap scales, and puts its own count back while traffic moves: leave minReplicaCount at "
            "what a promotion needs, or use a HorizontalPodAutoscaler"
        )
        pulumi.log.warn(f"{name}: {', '.join(names)} {told}", component)


def _production_names(entry: Entry, name: str) -> list[str]:
    """The Services that there are for production: of a route only a mesh has one."""
    if isinstance(entry, WeightedEntry):
        service_name = getattr(entry.platform, "service_name", None)
        return [service_name] if service_name else []
    return [getattr(entry, "service_name", None) or name]


def _replicas_of(workload: Mapping[str, Any]) -> int:
    replicas = known(workload["spec"].get("replicas", 1))
    return replicas if isinstance(replicas, int) and replicas > 0 else 1


def _range_of(autoscaler: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The range that the manifests give autoscaling."""
    if autoscaler is None:
        return None
    spec = autoscaler["spec"]
    least = spec.get("minReplicas")  # 0 is one, and not as if it were absent
    return {"min_replicas": 1 if least is None else least, "max_replicas": spec["maxReplicas"]}
