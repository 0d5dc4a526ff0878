"""Strategies under the names that users know from elsewhere, with the same percentages and waiting times.

CodeDeploy's "linear" shifts its percentage at once and again each interval: 10, 20, ... 90 %, each held for the
interval, then 100 %. "Canary" is one step and then the rest. ECS's own strategies do the same with its defaults: 5 %
for 10 minutes, and 10 % every 6 minutes, where the last step (100 %) has no waiting time of its own.

Neither service asks for anything in a waiting time but alarms; here each hold is kept under all gates.

Sources: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html and
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bluegreen.rollout.model import Strategy
from bluegreen.rollout.strategy import all_at_once, canary, linear

_MINUTE = 60
_PREFIX = "CodeDeployDefault."

_CODEDEPLOY = {
    "ECSAllAtOnce": all_at_once(),
    "ECSLinear10PercentEvery1Minutes": linear(10, hold_seconds=_MINUTE),
    "ECSLinear10PercentEvery3Minutes": linear(10, hold_seconds=3 * _MINUTE),
    "ECSCanary10Percent5Minutes": canary(10, hold_seconds=5 * _MINUTE),
    "ECSCanary10Percent15Minutes": canary(10, hold_seconds=15 * _MINUTE),
    "LambdaAllAtOnce": all_at_once(),
    "LambdaCanary10Percent5Minutes": canary(10, hold_seconds=5 * _MINUTE),
    "LambdaCanary10Percent10Minutes": canary(10, hold_seconds=10 * _MINUTE),
    "LambdaCanary10Percent15Minutes": canary(10, hold_seconds=15 * _MINUTE),
    "LambdaCanary10Percent30Minutes": canary(10, hold_seconds=30 * _MINUTE),
    "LambdaLinear10PercentEvery1Minute": linear(10, hold_seconds=_MINUTE),
    "LambdaLinear10PercentEvery2Minutes": linear(10, hold_seconds=2 * _MINUTE),
    "LambdaLinear10PercentEvery3Minutes": linear(10, hold_seconds=3 * _MINUTE),
    "LambdaLinear10PercentEvery10Minutes": linear(10, hold_seconds=10 * _MINUTE),
}
_ECS = {
    "BLUE_GREEN": all_at_once(),
    "CANARY": canary(5, hold_seconds=10 * _MINUTE),
    "LINEAR": linear(10, hold_seconds=6 * _MINUTE),
}

PRESETS: Mapping[str, Strategy] = MappingProxyType(
    {
        name: replace(strategy, name=name)
        for name, strategy in (
            *_CODEDEPLOY.items(),
            *((_PREFIX + name, strategy) for name, strategy in _CODEDEPLOY.items()),
            *_ECS.items(),
        )
    }
)
"""Every name and its strategy, which is called like that in plans and messages."""


def preset(name: str) -> Strategy | str:
    """The strategy that goes by ``name`` in CodeDeploy or ECS, such as ``"ECSCanary10Percent5Minutes"``.

    A name that is not known is given back as it is: the swap's contract refuses it and says which names there are.

    Args:
        name: with or without ``CodeDeployDefault.`` before it; ``BLUE_GREEN``, ``CANARY`` and ``LINEAR`` are ECS's.
    """
    return PRESETS.get(name, name) if isinstance(name, str) else name
