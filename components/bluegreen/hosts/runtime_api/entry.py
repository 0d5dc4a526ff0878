"""HAProxy before the colors, as programs declare it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bluegreen.arguments.reporting import reporting
from bluegreen.connections import SshConnection
from bluegreen.hosts.proxy import Proxy
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Anything, Flag, Text
from bluegreen.rollout.errors import Problem
from bluegreen.rollout.model import COLORS


@declared
class Haproxy(Options):
    """An HAProxy whose configuration chooses a color's backend by a map, which the swap writes."""

    function: ClassVar[Function] = Function("haproxy", returns="Proxy")

    map_file: str = option(
        "the map's file on the machine that runs `pulumi`, by the path that the configuration has for it",
        Text(),
    )
    socket: str = option(
        "the runtime API, of level admin: a path, or ``host:port``",
        Text(),
    )
    backends: Mapping[str, str] | None = option(
        "HAProxy's backend for each color, whose servers have ``check``; ``NAME-blue`` and ``NAME-green`` by default",
        Anything("Mapping[str, str]"),
        default=None,
    )
    adopt: bool = option(
        "whether the map says already where requests go, and is taken over as it is; else it has to be without a "
        "line before the first update",
        Flag(),
        default=False,
    )
    ssh: SshConnection | None = option(
        "the host that map and runtime API are on, where it is not the machine that runs `pulumi`: ``host``, and "
        "``port``, ``username``, ``key_file``, ``known_hosts`` where they are not the usual ones",
        Anything("SshConnection"),
        default=None,
    )

    def problems(self) -> list[Problem]:
        """None: the swap's own check has them."""
        return []

    def router(self, name: str, owner: str) -> dict[str, Any]:
        """The router's section."""
        return {
            "kind": "haproxy",
            "map_file": self.map_file,
            "backends": dict(self.backends or {}) or {color: f"{name}-{color}" for color in COLORS},
            "socket": self.socket,
            "owner": owner,
            **({"adopt": True} if self.adopt else {}),
            **({"ssh": dict(self.ssh)} if self.ssh is not None else {}),
        }


# -- written by `python dev/public_functions.py` from the options above


@reporting
def haproxy(
    *,
    map_file: str,
    socket: str,
    backends: Mapping[str, str] | None = None,
    adopt: bool = False,
    ssh: SshConnection | None = None,
) -> Proxy:
    """An HAProxy whose configuration chooses a color's backend by a map, which the swap writes.

    Args:
        map_file: the map's file on the machine that runs `pulumi`, by the path that the configuration has for it.
        socket: the runtime API, of level admin: a path, or ``host:port``.
        backends: HAProxy's backend for each color, whose servers have ``check``; ``NAME-blue`` and ``NAME-green`` by
            default.
        adopt: whether the map says already where requests go, and is taken over as it is; else it has to be without a
            line before the first update.
        ssh: the host that map and runtime API are on, where it is not the machine that runs `pulumi`: ``host``, and
            ``port``, ``username``, ``key_file``, ``known_hosts`` where they are not the usual ones.
    """
    return Haproxy(map_file=map_file, socket=socket, backends=backends, adopt=adopt, ssh=ssh)
