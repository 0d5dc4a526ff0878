"""What AWS refuses only at an update, so that a preview refuses it: the limits, each with where it is documented."""

from __future__ import annotations

# "Condition values per rule", over all of its conditions:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
CONDITION_VALUES = 5
