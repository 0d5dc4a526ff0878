"""Name to router class. An unknown name is refused, never guessed; a class is imported only when it is used."""

from __future__ import annotations

from bluegreen.registry import Registry
from bluegreen.routers.base import TrafficRouter

ROUTERS: Registry[TrafficRouter] = Registry(
    "router",
    {
        "alb": "bluegreen.routers.alb:AlbRouter",
        "alb_listeners": "bluegreen.routers.listener_pair:ListenerPairRouter",
        "memory": "bluegreen.routers.memory:MemoryRouter",
    },
)
