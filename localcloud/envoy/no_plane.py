"""The data plane of a cloud that is played within a test's process: nothing runs, and nobody asks."""

from __future__ import annotations


class Ready:
    """A unit that always runs."""

    def ready(self, *_: object) -> bool:
        return True

    def kill(self) -> None:
        """Nothing is there."""


class NoPlane:
    """No process and no request; `well` says whether the address answers."""

    well = True

    def prepare(self, *_: object) -> Ready:
        return Ready()

    def reach(self, *_: object) -> Ready:
        return Ready()

    def install(self, *_: object) -> None:
        """Nothing is there."""

    end = show = rename = install

    def answers(self, *_: object) -> bool:
        return self.well
