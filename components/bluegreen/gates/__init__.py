"""Gates: checks that must pass before the first step, during each hold and during the bake.

The functions here declare gates in a user's program; each returns the plain inputs that the swap checks and builds
its gate from. All of them take the limits that Argo Rollouts' users know: see ``bluegreen.gates.functions.Limits``.

In queries, dimensions and alarm names ``{color}`` stands for the color under test, ``{other_color}`` for the other one,
``{release}`` for what is installed in it, ``{service}`` for the service's name and ``{window}`` for the time that a
value is made from, as in ``60s``. Other braces are left alone.
"""

from __future__ import annotations

from bluegreen.gates.functions import *  # noqa: F403 - one for each kind, written from their options
from bluegreen.gates.presets import cloudwatch as cloudwatch
from bluegreen.gates.presets import p99 as p99
from bluegreen.gates.presets import prometheus as prometheus
from bluegreen.gates.presets import success_rate as success_rate
