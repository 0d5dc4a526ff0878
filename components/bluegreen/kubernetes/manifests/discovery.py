"""The kinds of a cluster, read while a program runs: once for each API version, without an error if it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

if TYPE_CHECKING:
    from bluegreen.kubernetes.component import Place
    from bluegreen.kubernetes.manifests.scopes import Ask


def asking_the_cluster(place: Place) -> Ask | None:
    """A function that asks the swap's cluster for its kinds, and whether they are in a namespace.

    A cluster that does not answer, or that is to be made, knows nothing, and is not read again.

    Returns:
        ``None`` where no engine runs the program, as in unit tests with Pulumi's mocks.
    """
    if isinstance(get_monitor(), MockMonitor):
        return None
    answers = True

    def ask(api_version: str) -> Mapping[str, bool]:
        nonlocal answers
        from bluegreen.kubernetes.client import KubernetesConnection  # noqa: PLC0415 - only where a kind is unknown
        from bluegreen.rollout.errors import PlatformError  # noqa: PLC0415

        try:
            return KubernetesConnection(**place.cluster).kinds(api_version) if answers else {}
        except PlatformError:
            answers = False
            return {}

    return ask
