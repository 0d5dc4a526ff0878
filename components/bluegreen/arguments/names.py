"""Names of components: platforms' objects are named after them, in full or with a color and a suffix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.rollout.errors import Problem


@dataclass(frozen=True, slots=True)
class NameRule:
    """The rule for a name.

    Attributes:
        pattern: of the whole name.
        letters: the same in words.
        longest: how many characters it may have.
        why: who has that limit.
    """

    pattern: str
    letters: str
    longest: int
    why: str = ""

    def problems(self, name: object) -> list[Problem]:
        """The problems with a name."""
        fits = isinstance(name, str) and re.fullmatch(self.pattern, name) and len(name) <= self.longest
        allowed = f"{self.letters}; at most {self.longest} characters{self.why}"
        return [] if fits else [Problem("name", name, allowed)]


_WORDS = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_GROUPS = " (AWS allows a target group 32)"
AWS = NameRule(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", "letters, digits, `.`, `_` and hyphens between them", 50)
TARGET_GROUPS = NameRule(_WORDS, "letters, digits, and hyphens between them", 18, _GROUPS)
# What AWS takes longer names of, services and tags, has a color or a suffix and Pulumi's own characters behind.
ANY_LENGTH = NameRule(_WORDS, "letters, digits, and hyphens between them", 200)
OF_A_DEPLOYMENT_GROUP = NameRule(
    _WORDS, "letters, digits, and hyphens between them", 90, " (AWS allows a deployment group 100)"
)
KUBERNETES = NameRule(
    r"[a-z](?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits, and hyphens between them, a letter first", 40
)

RULES: Mapping[str, NameRule] = {
    "bluegreen:aws:AutoScalingGroups": TARGET_GROUPS,
    "bluegreen:aws:EcsCodeDeployService": OF_A_DEPLOYMENT_GROUP,
    "bluegreen:aws:EcsNativeService": ANY_LENGTH,
    "bluegreen:aws:EcsService": ANY_LENGTH,
    "bluegreen:aws:EksClusters": TARGET_GROUPS,
    "bluegreen:kubernetes:ArgoRollout": KUBERNETES,
    "bluegreen:kubernetes:HelmService": KUBERNETES,
    "bluegreen:kubernetes:KubernetesClusters": KUBERNETES,
    "bluegreen:kubernetes:KubernetesService": KUBERNETES,
    "bluegreen:kubernetes:ManifestService": KUBERNETES,
}
"""By a component's token; the others' names stand in names of AWS's that take more."""
