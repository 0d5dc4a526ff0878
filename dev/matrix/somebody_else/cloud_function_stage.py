"""A function whose releases the swap deploys, in Google's stand-in within this process: nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import httpx

from bluegreen.google.cloud_run.rules import REVISION
from bluegreen.google.functions.releases import MARK, mark_of
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else import moto_stage
from dev.matrix.somebody_else.run_stage import PARENT, RunStage
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from localcloud.google.bare import FUNCTIONS, RUN, BareGoogle
from localcloud.google.functions import CloudFunctions

FUNCTION = f"{PARENT}/functions/web"


def _part(color: str) -> dict[str, Any]:
    source = {"storageSource": {"bucket": "sources", "object": "v1.zip"}}
    return {
        "buildConfig": {"runtime": "go123", "entryPoint": "Web", "source": source},
        "serviceConfig": {"environmentVariables": {"COLOR": color}},
    }


class FunctionStage(RunStage):
    """A function whose one revision is a stranger's: both releases have to be deployed by the first swap."""

    name = "cloud_function"

    def _build(self) -> None:
        self._google = BareGoogle(at_once=True)
        self._refused = False
        query = {"functionId": "web"}
        status, answer = self._google.ask("POST", f"/v2/{PARENT}/functions", query, _part("white"), FUNCTIONS)
        assert status == 200, answer
        self._white = str(self._service["latestReadyRevision"])

    def _answer(self, verb: str, path: str, query: Mapping[str, str], body: Any) -> httpx.Response:
        host = FUNCTIONS if "/functions/" in path or "/operations/operation-" in path else RUN
        return self._google.answer(verb, path, query, body, host)

    @property
    def _function(self) -> dict[str, Any]:
        return cast(CloudFunctions, self._google.services[FUNCTIONS]).functions[FUNCTION]

    def _names(self) -> dict[str, str]:
        """The short names of the revisions, by the color that each is."""
        found = {"white": self._white.rpartition("/")[2]}
        for name, revision in self._google.run.revisions.items():
            found.setdefault(mark_of(revision).partition("-")[0], name.rpartition("/")[2])
        return found

    def _send(self, shares: Mapping[str, int]) -> None:
        names = self._names()
        targets = [{"type": REVISION, "revision": names[name], "percent": percent} for name, percent in shares.items()]
        self._patch("traffic", {"traffic": targets})

    def put_back(self) -> None:
        """The same, and neither color's revision is there."""
        RunStage.put_back(self)
        revisions = self._google.run.revisions
        for name in [name for name in revisions if name != self._white]:
            del revisions[name]
        latest = {key: value for key, value in revisions[self._white].items() if key in ("containers", "timeout")}
        self._service.update(latestCreatedRevision=self._white, latestReadyRevision=self._white, template=latest)
        self._function["serviceConfig"]["environmentVariables"].pop(MARK, None)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "cloud_function",
            "function": FUNCTION,
            "service": self.service,
            "templates": {color: _part(color) for color in COLORS},
            "owner": moto_stage.OWNER,
            "made_with_it": True,
        }

    def look(self) -> Sight:
        """The targets and the annotations."""
        colors = {name: color for color, name in self._names().items()}
        weights: dict[str, int] = {}
        for target in self._service.get("traffic") or ():
            color = colors.get(str(target.get("revision", "")).rpartition("/")[2], "")
            if color in COLORS and target.get("percent"):
                weights[color] = weights.get(color, 0) + int(target["percent"])
        return self.sight(weights)


STAGES = {FunctionStage.name: Staged(FunctionStage, Calls(15, 21, 11))}
