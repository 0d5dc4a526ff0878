"""The plugin's adapter with nothing around it: no engine, no gRPC."""

from __future__ import annotations

from bluegreen.adapters.native import NativeSwap
from bluegreen.rollout.clock import FakeClock


def adapter(cancelled=None, said=None):
    return NativeSwap(lambda *text: (said if said is not None else []).append(text), cancelled, FakeClock())


def checked(olds, news):
    made, problems = adapter().check(olds, news)
    assert problems == []
    return made


def both(blue):
    return {"blue": blue, "green": 100 - blue}


def shown(swap, color, **more):
    said = []
    made = checked(swap.state.inputs, swap.inputs(color, **more))
    return adapter(said=said).diff(swap.state.outputs, made), said
