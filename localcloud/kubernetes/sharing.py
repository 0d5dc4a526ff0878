"""State that nodes in several network namespaces share: the kernel's settings, directories, the root of cgroups.

Each begins with what the others have changed, and the last one to end puts it back. A directory that one of them took
away would be gone below the others' mounts: the kernel unmounts whatever stands on it, in every mount namespace.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from localcloud.kubernetes import machine
from localcloud.kubernetes.layout import Layout
from localcloud.kubernetes.machine import Claim
from localcloud.kubernetes.network import is_of_the_network
from localcloud.kubernetes.sandbox import Sandbox


def others() -> list[Claim]:
    """The claims of nodes that run in other network namespaces."""
    return [one for one in machine.of_others() if Sandbox(Layout.of(Path(one.state_dir)).directory).processes()]


def with_what_others_changed(claim: Claim, running: Sequence[Claim]) -> Claim:
    """A claim with all that has to be put back if this node is the last to end. Pure.

    Args:
        claim: with the kernel's settings as they are now, and the directories that are missing now.
        running: of the nodes that run already.
    """
    settings, directories = dict(claim.kernel_settings), list(claim.directories)
    for one in running:
        settings |= {name: value for name, value in one.kernel_settings.items() if not is_of_the_network(name)}
        directories += one.directories
    return Claim(claim.state_dir, settings, list(dict.fromkeys(directories)))


def to_put_back(claim: Claim, running: Sequence[Claim]) -> Claim:
    """The part of a claim that is put back when its node ends: where others run, its own network's. Pure."""
    if not running:
        return claim
    own = {name: value for name, value in claim.kernel_settings.items() if is_of_the_network(name)}
    return Claim(claim.state_dir, own, [])
