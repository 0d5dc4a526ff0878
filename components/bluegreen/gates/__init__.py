"""Gates: checks that must pass before the first step, during each hold and during the bake.

The functions here declare gates in a user's program; each returns the plain inputs that the swap checks and builds
its gate from. All of them take the limits that Argo Rollouts' users know: see ``bluegreen.gates.functions.Limits``.

In queries, dimensions and alarm names ``{color}`` stands for the color under test, ``{other_color}`` for the other one,
``{release}`` for what is installed in it, ``{service}`` for the service's name and ``{window}`` for the time that a
value is made from, as in ``60s``. Other braces are left alone.
"""

from __future__ import annotations

from bluegreen.gates.functions import baseline as baseline
from bluegreen.gates.functions import cloudwatch_alarms as cloudwatch_alarms
from bluegreen.gates.functions import cloudwatch_source as cloudwatch_source
from bluegreen.gates.functions import command as command
from bluegreen.gates.functions import feature_flag as feature_flag
from bluegreen.gates.functions import http as http
from bluegreen.gates.functions import lambda_invoke as lambda_invoke
from bluegreen.gates.functions import metric as metric
from bluegreen.gates.functions import minimum_traffic as minimum_traffic
from bluegreen.gates.functions import prometheus_source as prometheus_source
from bluegreen.gates.functions import schema as schema
from bluegreen.gates.functions import target_health as target_health
from bluegreen.gates.functions import webhook as webhook
from bluegreen.gates.presets import cloudwatch as cloudwatch
from bluegreen.gates.presets import p99 as p99
from bluegreen.gates.presets import prometheus as prometheus
from bluegreen.gates.presets import success_rate as success_rate
