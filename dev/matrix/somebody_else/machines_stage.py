"""Managed instance groups behind a URL map, in Google's stand-in within this process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bluegreen.google.instance_groups.names import AUTOSCALER_NOTE, RETIRE_NOTE
from bluegreen.rollout.model import COLORS
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import Calls, Staged
from dev.matrix.somebody_else.url_map_stage import GLOBAL, ZONE, UrlMapStage, service_of
from localcloud.google.bare import COMPUTE

_LEAST, _MOST = 1, 4
_OTHER = f"{GLOBAL}/instanceTemplates/web-other"


def _group(color: str) -> str:
    return f"{ZONE}/instanceGroupManagers/web-{color}"


def _scaler(color: str) -> str:
    return f"{ZONE}/autoscalers/web-{color}"


def _template(color: str) -> str:
    return f"{GLOBAL}/instanceTemplates/web-{color}"


class MachinesStage(UrlMapStage):
    """The capacity is what is looked at. An autoscaler that a swap holds has a note in its description."""

    name = "url_map with instance_group"
    hands = frozenset({"scales", "resets", "deploys"})

    def _build(self) -> None:
        super()._build()
        self._make("instanceTemplates", "web-other", properties={"machineType": "e2-small"})
        for color in COLORS:
            policy = {"minNumReplicas": _LEAST, "maxNumReplicas": _MOST, "mode": "ON"}
            self._make("autoscalers", f"web-{color}", ZONE, target=_group(color), autoscalingPolicy=policy)

    def _told(self, name: str) -> dict[str, Any]:
        return self._google.compute.objects[name]

    def put_back(self) -> None:
        """One instance in each group, with an autoscaler of its own."""
        for color in COLORS:
            self._described(service_of(color))
            self._own(color)
            self.scale(color, 1)
        self.mend()
        super().put_back()

    def _described(self, name: str) -> None:
        """Without a description."""
        if self._told(name).get("description"):
            self._ask("PATCH", name, {"fingerprint": self._ask("GET", name)["fingerprint"], "description": None})

    def _own(self, color: str) -> None:
        """The autoscaler as its owner declares it, who knows no notes of the swap's."""
        policy = {**self._told(_scaler(color))["autoscalingPolicy"], "mode": "ON"}
        body = {"name": f"web-{color}", "description": None, "autoscalingPolicy": policy}
        self._ask("PATCH", f"{ZONE}/autoscalers", body)

    def capacity(self) -> dict[str, Any] | None:
        """The ``capacity`` section."""
        return {
            "kind": "instance_group",
            "groups": {color: _group(color) for color in COLORS},
            "backend_services": {color: service_of(color) for color in COLORS},
            "templates": {color: _template(color) for color in COLORS},
            "desired_count": 1,
        }

    # -- looking

    def look(self) -> Sight:
        """The same, and the colors that have another template."""
        return replace(super().look(), changed=self.changed())

    def sized(self) -> frozenset[str]:
        """The colors whose group wants instances."""
        return frozenset(color for color in COLORS if self._told(_group(color))["targetSize"])

    def retiring(self) -> frozenset[str]:
        """The colors whose backend service says when they may rest."""
        return frozenset(
            color for color in COLORS if f'"{RETIRE_NOTE}"' in str(self._told(service_of(color)).get("description"))
        )

    def suspended(self) -> frozenset[str]:
        """The colors whose autoscaler is to be given back."""
        return frozenset(
            color for color in COLORS if f'"{AUTOSCALER_NOTE}"' in str(self._told(_scaler(color)).get("description"))
        )

    def changed(self) -> frozenset[str]:
        """The colors whose group has another template."""
        return frozenset(
            color for color in COLORS if not str(self._told(_group(color))["instanceTemplate"]).endswith(color)
        )

    # -- hands

    def scale(self, color: str, size: int) -> None:
        """Another size, which autoscaling leaves alone."""
        policy = {**self._told(_scaler(color))["autoscalingPolicy"], "minNumReplicas": min(size, _LEAST)}
        self._ask("PATCH", f"{ZONE}/autoscalers", {"name": f"web-{color}", "autoscalingPolicy": policy})
        status, answer = self._google.ask(
            "POST", f"/compute/v1/{_group(color)}/resize", {"size": str(size)}, None, COMPUTE
        )
        assert status == 200, answer

    def _bring(self, color: str, template: str) -> None:
        fingerprint = self._ask("GET", _group(color))["fingerprint"]
        self._ask("PATCH", _group(color), {"fingerprint": fingerprint, "versions": [{"instanceTemplate": template}]})

    def act(self, hand: str, color: str) -> None:
        """The autoscalers as their owner declares them, without the swap's notes; or another template in a color."""
        if hand == "resets":
            for one in COLORS:
                self._own(one)
        elif hand == "deploys":
            self._bring(color, _OTHER)

    def mend(self) -> None:
        """The stack's own update comes before the swap's: each group has its declared template again."""
        for color in self.changed():
            self._bring(color, _template(color))


STAGES = {MachinesStage.name: Staged(MachinesStage, Calls(39, 47, 25))}
