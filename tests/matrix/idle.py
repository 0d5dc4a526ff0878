"""An update that does nothing and says that all is well: what the matrix must not let through."""

from __future__ import annotations

from dataclasses import replace


class Idle:
    def __init__(self, state):
        self.state = state

    def preview(self, news):
        return self.state.outputs.get("live_color") != news["active_color"]

    def up(self, news):
        outputs = {**self.state.outputs, **news, "live_color": news["active_color"]}
        self.state = replace(self.state, outputs=outputs)


def make(adapter, clock, state):
    return Idle(state)
