"""Locks of several processes, and who removes them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from localcloud.cache import locked


def test_who_waits_for_a_lock_whose_directory_goes_with_it_gets_one_of_its_own(tmp_path: Path) -> None:
    """As of a node that goes down while the next one is on its way up."""
    path = tmp_path / "run" / "node.lock"
    waits, order = threading.Event(), []

    def next_one() -> None:
        with locked(path, waits.set):
            order.append("next")
            assert path.exists()

    with locked(path):
        waiting = threading.Thread(target=next_one)
        waiting.start()
        assert waits.wait(60)
        path.unlink()
        path.parent.rmdir()
        order.append("first")
    waiting.join(60)
    assert order == ["first", "next"]


def test_one_at_a_time(tmp_path: Path) -> None:
    path, inside, most = tmp_path / "lock", [], []

    def enter(number: int) -> None:
        for _ in range(20):
            with locked(path):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()
                if number == 0:
                    path.unlink()  # from here on the next one may be in

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 80
    assert set(most) == {1}
