"""The calls of both: writes to one service, one after the other, in words that mean the same to both APIs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A target of traffic.

    Attributes:
        revision: the end of its name; none: whichever is the latest ready one.
        percent: of requests.
        tag: by which it can be called alone.
        latest: whether it says, too, that it means the latest one.
    """

    revision: str | None
    percent: int = 0
    tag: str = ""
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a service, which makes it where there is none.

    Attributes:
        revision: the end of the name of what is deployed; none: the template stays.
        traffic: the targets; none: they stay.
        fails: whether what is deployed never gets healthy.
        anew: whether it is another release under that name.
        stale: whether it is sent as of an earlier look.
    """

    revision: str | None = None
    traffic: tuple[Target, ...] | None = None
    fails: bool = False
    anew: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """A revision is deleted."""

    revision: str


Step = Write | Delete


@dataclass(frozen=True, slots=True)
class Seen:
    """The state that a step comes to.

    Attributes:
        refused: whether the request itself was.
        ready: whether the service is.
        created: the end of the name of the revision that was made last.
        latest: the same of the latest ready one.
        followed: by which requests go: revision, percent, tag, whether it is whichever is the latest.
        revisions: all that are there.
    """

    refused: bool
    ready: bool
    created: str
    latest: str
    followed: tuple[tuple[str, int, str, bool], ...]
    revisions: tuple[str, ...]


def _to(**percents: int) -> tuple[Target, ...]:
    return tuple(Target(name, percent) for name, percent in percents.items())


_BLUE, _GREEN = Write("blue", _to(blue=100)), Write("green", _to(blue=100))
_TAGGED = Target("green", 0, "next")
LATEST = Target(None, 100)

CASES: dict[str, tuple[Step, ...]] = {
    "a first deploy, and a second, say nothing of traffic": (Write("blue"), Write("green")),
    "a deploy with a tag and no traffic, shifted and put back": (
        _BLUE,
        Write("green", (Target("blue", 100), _TAGGED)),
        Write(traffic=(Target("blue", 90), Target("green", 10, "next"))),
        Write(traffic=(Target("green", 100, "next"),)),
        Write(traffic=(Target("blue", 100), _TAGGED)),
        Write(traffic=_to(blue=100)),
    ),
    "the latest revision, and pinned by its name": (
        Write("blue", (LATEST,)),
        Write("green"),
        Write(traffic=_to(green=100)),
        Write("white"),
        Write(traffic=(Target("green", 90), Target(None, 10))),
        Write("black"),
        Write(traffic=()),
    ),
    "a deploy in the midst of a shift": (
        _BLUE,
        _GREEN,
        Write(traffic=_to(blue=50, green=50)),
        Write("white"),
        Write("black", (*_to(blue=50, green=50), Target(None, 0, "next"))),
        Write(traffic=_to(black=100)),
    ),
    "a revision that is not there": (
        _BLUE,
        Write(traffic=_to(blue=50, nobody=50)),
        Write(traffic=_to(blue=100)),
        Write(traffic=(Target("blue", 100), Target("nobody", 0, "next"))),
        Write("green"),
        Write("nobody"),
        Write(traffic=_to(nobody=100)),
    ),
    "a first deploy whose requests go to nobody": (Write("blue", _to(nobody=100)), Write(traffic=_to(blue=100))),
    "percents that are not 100": (
        _BLUE,
        _GREEN,
        Write(traffic=_to(blue=90)),
        Write(traffic=_to(blue=0)),
        Write(traffic=_to(blue=60, green=60)),
        Write(traffic=_to(blue=110, green=-10)),
        Write("white", _to(blue=50, white=40)),
        Write(traffic=_to(blue=40, green=60)),
    ),
    "a tag twice": (
        _BLUE,
        _GREEN,
        Write(traffic=(Target("blue", 100, "next"), _TAGGED)),
        Write(traffic=(Target("blue", 100, "now"), _TAGGED)),
        Write(traffic=(Target("blue", 100, "next"), Target("green", 0, "now"))),
    ),
    "two targets of one revision": (
        _BLUE,
        Write(traffic=(Target("blue", 40), Target("blue", 60, "now"))),
        Write(traffic=(Target("blue", 100, "now"), Target("blue", 0, "next"))),
    ),
    "a name, and the latest, at once": (_BLUE, Write(traffic=(Target("blue", 100, latest=True),))),
    "a release that fails, without traffic": (
        _BLUE,
        Write("bad", fails=True),
        Write(traffic=(Target("blue", 100, "now"),)),
        Write("green"),
        Write(traffic=_to(green=100)),
    ),
    "a release that fails, with a tag": (
        _BLUE,
        _GREEN,
        Write("bad", (Target("blue", 100), Target("bad", 0, "next")), fails=True),
        Write(traffic=(Target("green", 100), Target("bad", 0, "next"))),
        Write(traffic=_to(green=100)),
        Write("white", (Target("green", 100), Target("white", 0, "next"))),
    ),
    "a release that fails, with requests": (
        _BLUE,
        Write("bad", _to(blue=50, bad=50), fails=True),
        Write(traffic=_to(bad=100)),
        Write(traffic=_to(blue=100)),
        Write("green", _to(green=100)),
    ),
    "the latest revision fails": (
        Write("blue"),
        Write("bad", fails=True),
        Write(traffic=(Target(None, 100, "next"),)),
        Write("green"),
    ),
    "the first revision fails": (Write("bad", fails=True), Write("blue")),
    "the first revision fails, and has its requests by its name": (
        Write("bad", _to(bad=100), fails=True),
        Write("blue"),
        Write(traffic=_to(blue=100)),
    ),
    "a write of an earlier look": (
        _BLUE,
        _GREEN,
        Write(traffic=_to(green=100), stale=True),
        Write(traffic=_to(green=100)),
    ),
    "the last name again": (_BLUE, Write("blue"), Write("blue", anew=True)),
    "an earlier name again": (_BLUE, _GREEN, Write("blue")),
    "an earlier name again, for another release": (_BLUE, _GREEN, Write("blue", anew=True)),
    "a deleted revision": (
        _BLUE,
        _GREEN,
        Write("white"),
        Delete("green"),
        Delete("nobody"),
        Write(traffic=_to(green=100)),
    ),
    "the deletion of a revision that has requests": (_BLUE, _GREEN, Delete("blue")),
    "the deletion of a revision that has a tag": (
        _BLUE,
        Write("green", (Target("blue", 100), _TAGGED)),
        Write("white"),
        Delete("green"),
    ),
    "the deletion of the latest revision": (_BLUE, _GREEN, Delete("green")),
    "the deletion of the only revision": (_BLUE, Delete("blue")),
}
