"""Elastic Beanstalk: two environments of an application, and the name that leads to one of them.

A promotion exchanges the environments' names, all at once: Beanstalk has no shares between two environments, and undoes
an exchange that is requested once more. Who resolved it before goes to the former environment until that answer
expires.

The owner and the marks are tags of the *application*: each change of an environment's own tags is an update of that
environment, in which Beanstalk exchanges no names. Their keys hold production's name, so that several swaps have room.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from bluegreen.aws.beanstalk import environments as beanstalk
from bluegreen.aws.beanstalk.environments import SWAP, Environment, Environments
from bluegreen.aws.client import AwsConnection
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.typed import typed
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Flag, Number, Text
from bluegreen.permissions import Permission
from bluegreen.platforms.looks import Look
from bluegreen.platforms.ownership import Ownership
from bluegreen.platforms.places import Same, alike, dns_name
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.exchanging import Standing, bring_live
from bluegreen.rollout.model import Color, Convergence, Readiness, Traffic, Weights
from bluegreen.rollout.ports import Capability, Preview

_ENVIRONMENTS = "arn:aws:elasticbeanstalk:*:*:environment/*"
_APPLICATIONS = "arn:aws:elasticbeanstalk:*:*:application/*"
# https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_CreateEnvironment.html
_PREFIX = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{2,61}[A-Za-z0-9])")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{2,38}[A-Za-z0-9])")
_TTL_SECONDS = 60.0


@dataclass(slots=True)
class BeanstalkRouter(Options):
    """The name of production, which one of two environments has.

    The first write tags the application with the owner; before it no color is live as far as the swap is concerned. It
    moves no traffic: where the other color has production's name, it is refused.

    Attributes:
        former_owner, incarnation: of the resource's last update, no part of the section: who owned the name, and the
            mark on the application.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    exchanges: ClassVar[bool] = True
    propagation_seconds: ClassVar[float] = _TTL_SECONDS
    where: ClassVar[frozenset[str]] = frozenset({"kind", "cname_prefix", "environments"})
    same_place: ClassVar[Mapping[str, Same]] = {"cname_prefix": alike(dns_name)}
    release_keys: ClassVar[frozenset[str]] = frozenset({"versions"})
    releases_beside: ClassVar[bool] = True
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("elasticbeanstalk:DescribeEnvironments", "every preview and update", _ENVIRONMENTS),
        Permission("elasticbeanstalk:ListTagsForResource", "every preview and update: the lease", _APPLICATIONS),
        Permission(SWAP, "promotions and rollbacks", _ENVIRONMENTS),
        Permission("elasticbeanstalk:UpdateTagsForResource", "every swap: its lease", _APPLICATIONS),
        Permission("elasticbeanstalk:AddTags", "the same: what it is allowed by", _APPLICATIONS),
        Permission("elasticbeanstalk:RemoveTags", "the end of every swap; `pulumi destroy`", _APPLICATIONS),
    )

    cname_prefix: str = option(
        "production's name up to its first dot: ``shop`` of ``shop.eu-central-1.elasticbeanstalk.com``",
        Text(fits=_PREFIX.fullmatch, allowed="4 to 63 letters, digits and hyphens between them"),
    )
    environments: Mapping[Color, str] = option(
        "each color's environment by its name",
        Both(
            Text(fits=_NAME.fullmatch, allowed="4 to 40 letters, digits and hyphens between them"),
            differs="another environment than blue's",
        ),
    )
    owner: str = option("who owns the name, a tag of the application: ``project/stack/name``", Text())
    versions: Mapping[Color, str] = option(
        "the label of the application version that each color runs: one that runs another is not promoted",
        Both(Text()),
        default={},
        absent="whatever is there",
    )
    swap_timeout_seconds: float = option(
        "how long an exchange may take; both environments are being updated meanwhile",
        Number(least=30, most=2400, unit="seconds"),
        default=600,
    )
    made_with_it: bool = option(
        "the environments were made together with the swap, so that nobody depends on which of them has production's "
        "name before the first write; it may then exchange them",
        Flag(),
        default=False,
    )
    aws: AwsConnection = aws_option()
    former_owner: str = ""
    incarnation: str = ""
    _seen: Mapping[Color, Environment] = field(default_factory=dict, init=False)
    _tags: Mapping[str, str] | None = field(default=None, init=False)
    _fresh: Look = field(default_factory=Look, init=False)

    @property
    def id(self) -> str:
        """Production's name up to its first dot, and both environments."""
        return f"{self.cname_prefix}/{self.environments['blue']}/{self.environments['green']}"

    @property
    def _api(self) -> Environments:
        return Environments(self.environments, self.aws)

    @property
    def _owner_tag(self) -> str:
        return f"bluegreen:{self.cname_prefix.lower()}:owner"

    @property
    def _mark_prefix(self) -> str:
        return f"bluegreen:{self.cname_prefix.lower()}:mark:"

    # -- reading

    def read(self) -> Traffic:
        """Who has production's name, and the marks: two calls."""
        self._look_closely()
        self._fresh.taken()
        if not self._is_owned():
            return Traffic(Weights())
        return Traffic(Weights.all_on(self._live_for_sure()), self._marks())

    def _look_closely(self) -> None:
        """The tags and the names: two calls, and where the application is known the names last.

        What the next write, and whatever is said of the traffic, relies on most is as new as it can be.
        """
        if not self._seen:
            self._look()
            self._look_at_tags()
        else:
            self._look_at_tags()
            self._look()

    def _look(self) -> Mapping[Color, Environment]:
        self._seen = self._api.find()
        return self._seen

    def _look_at_tags(self) -> Mapping[str, str]:
        """The application's tags, if the name is nobody else's: one call."""
        self._tags = None
        tags = self._api.tags(self._application)
        holder = tags.get(self._owner_tag)
        ownership = Ownership(self.owner, self.former_owner, self.incarnation)
        if holder is not None and not ownership.holds(holder, self._marks_in(tags)):
            raise NotOwned(
                "elasticbeanstalk:ListTagsForResource",
                f"the name {self.cname_prefix} is owned by {holder}; this swap is {self.owner}",
            )
        self._tags = tags
        return tags

    @property
    def _application(self) -> str:
        return (self._seen or self._look())["blue"].application_arn

    @property
    def _live(self) -> Color | None:
        return beanstalk.live_of(self._seen, self.cname_prefix)

    def _live_for_sure(self) -> Color:
        live = self._live
        if live is None:
            names = " and ".join(f"{one.name} has {one.cname}" for one in self._seen.values())
            raise PlatformError(
                "elasticbeanstalk:DescribeEnvironments",
                f"neither environment has the name {self.cname_prefix}: {names}. Exchange names by hand, or set "
                "cname_prefix",
            )
        return live

    def _is_owned(self) -> bool:
        return self._owner_tag in (self._tags or {})

    def _marks_in(self, tags: Mapping[str, str]) -> dict[str, str]:
        prefix = self._mark_prefix
        return {key.removeprefix(prefix): value for key, value in tags.items() if key.startswith(prefix)}

    def _marks(self) -> dict[str, str]:
        return self._marks_in(self._tags or {}) if self._is_owned() else {}

    def marks(self) -> Mapping[str, str]:
        """The marks: one call, and one more in a fresh process."""
        self._fresh.spent()
        self._look_at_tags()
        return self._marks()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Set and remove marks: one call, and one before it where the tags have not been looked at."""
        self._fresh.spent()
        tags = self._tags if self._tags is not None else self._look_at_tags()
        if not self._is_owned():
            return
        stamp = {} if tags.get(self._owner_tag) == self.owner else {self._owner_tag: self.owner}
        kept = {self._mark_prefix + name: value for name, value in changes.items() if value is not None}
        gone = [key for name, value in changes.items() if value is None and (key := self._mark_prefix + name) in tags]
        self._tag({**stamp, **kept}, gone)

    def _tag(self, kept: Mapping[str, str], gone: list[str]) -> None:
        if kept or gone:
            self._api.tag(self._application, kept, gone)
        left = {key: value for key, value in {**(self._tags or {}), **kept}.items() if key not in gone}
        self._tags = left

    # -- writing

    def write(self, weights: Weights) -> None:
        """Exchange the names, if the color has not production's already; no weight at all lets go."""
        if weights == Weights():
            self.delete()
            return
        wanted = weights.live_color
        if wanted is None:
            raise PlatformError(SWAP, f"two environments cannot share production's name: {weights}")
        if not self._fresh.spent():
            self._look_closely()
        live = self._live_for_sure()
        if not self._is_owned():
            if live != wanted and not self.made_with_it:
                raise NotOwned(
                    SWAP,
                    f"taking over the name {self.cname_prefix} would move its traffic from {live} to {wanted}: set "
                    f"activeColor to {live}",
                )
            self._tag({self._owner_tag: self.owner}, [])
        if live != wanted:
            seen = Standing(live, beanstalk.busy_with(self._seen))
            bring_live(self, wanted, limit_seconds=self.swap_timeout_seconds, call=SWAP, seen=seen)
        if (self._tags or {}).get(self._owner_tag) != self.owner:
            self._tag({self._owner_tag: self.owner}, [])

    def standing(self) -> Standing:
        """Who has production's name, and what is done to either environment: one call."""
        self._look()
        return Standing(self._live, beanstalk.busy_with(self._seen))

    def before_exchange(self, wanted: Color) -> None:  # noqa: ARG002 - there are two
        """Whose name it is, once more: one call."""
        self._look_at_tags()
        if not self._is_owned():
            raise NotOwned(
                SWAP, f"somebody has let go of the name {self.cname_prefix} meanwhile; nothing was exchanged"
            )

    def exchange(self, wanted: Color) -> bool:  # noqa: ARG002 - there are two
        """Ask for the exchange, once."""
        return self._api.exchange()

    # -- the rest

    def verify(self, weights: Weights) -> Convergence:
        """Who has production's name now, once nothing is done to either environment: two calls."""
        self._look_closely()
        live = Weights.all_on(self._live_for_sure()) if self._is_owned() else Weights()
        done = live == weights and not (self._is_owned() and beanstalk.busy_with(self._seen))
        return Convergence.CONVERGED if done else Convergence.PENDING

    def progress(self) -> str:
        """The work of Beanstalk on the environments."""
        return beanstalk.busy_with(self._seen) if self._seen else ""

    @typed
    def commands(self, weights: Weights) -> tuple[str, ...]:
        """The commands that do it by hand."""
        names = {color: shlex.quote(name) for color, name in self.environments.items()}
        if weights == Weights():
            arn = self._seen["blue"].application_arn if self._seen else "APPLICATION_ARN"
            return (
                f"aws elasticbeanstalk update-tags-for-resource --resource-arn {arn} "
                f"--tags-to-remove {self._owner_tag}",
            )
        wanted = weights.live_color or "blue"
        asks = f"--environment-names {names[wanted]} --query 'Environments[].CNAME'"
        return (
            f"aws elasticbeanstalk describe-environments {asks}    # where this is not {self.cname_prefix}:",
            f"aws elasticbeanstalk swap-environment-cnames --source-environment-name {names['blue']} "
            f"--destination-environment-name {names['green']}",
        )

    def health(self, color: Color) -> Readiness:
        """Whether the color's environment is ready, green and runs the declared version: one call."""
        return beanstalk.readiness_of(self._look()[color], self.versions.get(color, ""))

    def health_to_go_back(self, color: Color) -> Readiness:
        """Whether it is ready and green."""
        return beanstalk.readiness_of(self._look()[color], "")

    def reaches(self, color: Color, preview: Preview) -> Preview:
        """How a color is reached now: by the name that its environment has at this moment.

        Args:
            color: which.
            preview: by whatever name.
        """
        environment = self._seen.get(color)
        if environment is None or not environment.cname:
            return preview
        url = urlsplit(preview.url)
        port = f":{url.port}" if url.port else ""
        return Preview(urlunsplit(url._replace(netloc=f"{environment.cname.lower()}{port}")), preview.headers)

    def delete(self) -> None:
        """Take the owner and the marks off the application; the names stay where they are."""
        self._look()
        tags = self._look_at_tags()
        if self._is_owned():
            self._tag({}, [key for key in tags if key == self._owner_tag or key.startswith(self._mark_prefix)])
