"""Functions that declare gates and metric sources in a program; each returns plain inputs.

This file is written by ``python dev/public_functions.py`` from the options of the classes themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from bluegreen.options.inputs import Inputs, Reference, inputs_of, listed

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Unpack

    from bluegreen.connections import AwsConnection

__all__ = [
    "baseline",
    "cloudwatch_alarms",
    "cloudwatch_source",
    "command",
    "error_rate",
    "feature_flag",
    "http",
    "lambda_invoke",
    "metric",
    "minimum_traffic",
    "prometheus_source",
    "schema",
    "target_health",
    "webhook",
]


class Limits(TypedDict, total=False):
    """How often a gate runs, and how its answers are counted.

    Attributes:
        interval_seconds: the time between two questions (0.05 to 86400, default 10).
        failure_limit: failed answers allowed in one phase; each hold is a phase (0 to 1000, default 0).
        inconclusive_limit: inconclusive answers allowed in one phase (0 to 1000, default 0).
        consecutive_error_limit: questions in a row that may go unanswered (0 to 1000, default 4).
        timeout_seconds: how long the gate may be pending where nothing else ends the phase (1 to 604800, default the
            swap's own time-out).
        phases: when it runs, instead of the phases that are usual for its kind (``confirm``, ``before``, ``increase``,
            ``promote``, ``hold``, ``bake``, ``after``).
    """

    interval_seconds: float
    failure_limit: int
    inconclusive_limit: int
    consecutive_error_limit: int
    timeout_seconds: float
    phases: Sequence[str]


def cloudwatch_source(
    namespace: str,
    metric_name: str,
    *,
    dimensions: Mapping[str, pulumi.Input[str]] | None = None,
    color_dimensions: Mapping[str, Mapping[str, pulumi.Input[str]]] | None = None,
    statistic: str | None = None,
    period_seconds: int | None = None,
    missing_value: float | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    name: str | None = None,
) -> Inputs:
    """A statistic of a CloudWatch metric, for ``metric``, ``minimum_traffic`` and ``baseline``.

    Only periods that began within the window count, so that nothing from before a phase is taken for its traffic.

    Args:
        namespace: such as ``"AWS/ApplicationELB"``.
        metric_name: such as ``"RequestCount"``.
        dimensions: values by name, with placeholders: ``{"LoadBalancer": "app/web/50dc6c495c0c9188"}``.
        color_dimensions: those that differ: ``{"blue": {"TargetGroup": ...}, "green": {"TargetGroup": ...}}``.
        statistic: ``Average``, ``Sum``, ``Minimum``, ``Maximum``, ``SampleCount`` or a percentile such as ``p99``.
            Units are the metric's own: ``TargetResponseTime`` is in seconds. Default ``Average``.
        period_seconds: one sample's length, 1, 5, 10, 20, 30 or a multiple of 60. Less than 60 is for high-resolution
            metrics alone (CloudWatch, "MetricStat"). 1 to 86400, default 60.
        missing_value: what no data means. 0 suits counts that are only reported when there is something to count, such
            as ``HTTPCode_Target_5XX_Count``; declare ``minimum_traffic`` beside it. Default no data.
        aws: where to call, with which credentials (``region``, ``profile``, ``role_arn``, ``external_id``,
            ``endpoint_url``, default boto3's own chain).
        name: how people call it (default the metric's name and the statistic).
    """
    return inputs_of(
        "cloudwatch",
        namespace=namespace,
        metric_name=metric_name,
        dimensions=dimensions,
        color_dimensions=color_dimensions,
        statistic=statistic,
        period_seconds=period_seconds,
        missing_value=missing_value,
        aws=aws,
        name=name,
    )


def prometheus_source(
    address: str | Reference,
    query: str,
    *,
    step_seconds: float | None = None,
    token: Reference | None = None,
    name: str | None = None,
) -> Inputs:
    """A PromQL query that answers with one number, for ``metric``, ``minimum_traffic`` and ``baseline``.

    Args:
        address: where Prometheus is, without ``/api/v1``: ``"https://prometheus.internal:9090"``; or a reference.
        query: PromQL with placeholders. In a series ``{window}`` is the step, so that no sample is in two of them.
        step_seconds: the distance between two samples of a series. At least twice the scrape interval: a rate takes two
            samples (Prometheus, "rate"). 1 to 3600, default 30.
        token: where the bearer token is.
        name: how people call it (default the query).
    """
    return inputs_of("prometheus", address=address, query=query, step_seconds=step_seconds, token=token, name=name)


def baseline(
    source: Mapping[str, Any],
    *,
    worse: Literal["higher", "lower"],
    significance: float | None = None,
    tolerance_percent: float | None = None,
    min_samples: int | None = None,
    window_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The new color against the old one, in the same time, while a hold gives traffic to both.

    Fails when the one-sided Mann-Whitney U test of both colors' samples says that the new color is worse and its median
    is worse by more than the tolerance. Needs ``pip install 'bluegreen[analysis]'``. It never runs in the bake,
    where the old color has no traffic, and needs a hold that is long enough for ``min_samples``.

    Args:
        source: the samples of each color, one every ``step_seconds`` or ``period_seconds``.
        worse: the direction that is bad: ``higher`` for latency and errors, ``lower`` for success.
        significance: the chance of a false alarm in one question. It runs often: what ``failure_limit`` allows makes up
            for that. 0.000001 to 0.5, default 0.01.
        tolerance_percent: by how much the median may be worse, in percent of the old color's (0 to 1000, default 5).
        min_samples: how many samples of each color; fewer are pending (2 to 10000, default 10).
        window_seconds: how far back samples count, and never to before the first shift (1 to 86400, default 300).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "baseline",
        limits,
        source=source,
        worse=worse,
        significance=significance,
        tolerance_percent=tolerance_percent,
        min_samples=min_samples,
        window_seconds=window_seconds,
    )


def cloudwatch_alarms(
    names: Sequence[str],
    *,
    insufficient_data: Literal["pending", "pass"] | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """Alarms of which none may be in ALARM before the first shift, and none at any time from there to the bake's end.

    The rule is CodeDeploy's ("Monitoring deployments with CloudWatch alarms"): an alarm that activates stops the
    deployment. One that went to ALARM and back between two questions is found in its history.

    Args:
        names: names of metric alarms or composite alarms of one account and region, with placeholders (1 to 100).
        insufficient_data: what an alarm without data is (default ``pending``).
        aws: where to call, with which credentials (``region``, ``profile``, ``role_arn``, ``external_id``,
            ``endpoint_url``, default boto3's own chain).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of("cloudwatch_alarms", limits, alarms=listed(names), insufficient_data=insufficient_data, aws=aws)


def command(
    command: Sequence[str],
    *,
    run_timeout_seconds: float | None = None,
    directory: str | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A program: exit status 0 passes, 75 cannot say yet and is run again, every other fails.

    There is no shell. The environment variables ``BLUEGREEN_COLOR``, ``BLUEGREEN_OTHER_COLOR``, ``BLUEGREEN_PHASE``,
    ``BLUEGREEN_WEIGHT_PERCENT``, ``BLUEGREEN_RELEASE``, ``BLUEGREEN_SERVICE``, ``BLUEGREEN_PREVIEW_URL`` and
    ``BLUEGREEN_PREVIEW_HEADERS`` (JSON) say what is checked; the rest of the environment is the swap's own.

    Args:
        command: the program and its arguments. They are stored in the stack's state, so they hold no secrets.
        run_timeout_seconds: how long it may run before it is killed with all that it started (0.1 to 86400, default
            60).
        directory: where it runs (default the working directory).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "command", limits, command=listed(command), run_timeout_seconds=run_timeout_seconds, directory=directory
    )


def error_rate(
    *,
    max_percent: float | None = None,
    requests: int | None = None,
    window_seconds: float | None = None,
    without_data: Literal["pending", "pass"] | None = None,
    prometheus: str | Reference | None = None,
    token: Reference | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The share of requests that the color under test fails, as its entry counts them: no metric, no label to name.

    Load balancers and API Gateway count 5xx answers, Lambda errors, all three in CloudWatch; routes on Kubernetes
    count in Prometheus, by what Istio, Linkerd, Traefik, ingress-nginx and Contour call it. Only what came after the
    first shift counts, and a single failed request is no rate. Components have this gate by themselves for promotions
    with steps, where a hold is long enough for the entry's metrics to arrive (``error_rate`` of their settings).

    Args:
        max_percent: the largest share that passes (0 to 100, default 1).
        requests: the smallest number of requests that make a share (1 to 1000000, default 20).
        window_seconds: the time that counts (60 to 86400, default 600).
        without_data: what it is that too little was counted, or that the metrics cannot be read: ``pending``, so that a
            phase that ends so has failed, or ``pass`` (default ``pending``).
        prometheus: where Prometheus is, for entries on Kubernetes; those on AWS need none.
        token: where its bearer token is.
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "error_rate",
        limits,
        max_percent=max_percent,
        requests=requests,
        window_seconds=window_seconds,
        without_data=without_data,
        prometheus=prometheus,
        token=token,
    )


def feature_flag(
    flag: str,
    *,
    provider: str,
    equals: bool | float | str | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A feature flag, through OpenFeature. Needs ``pip install 'bluegreen[flags]'``.

    A flag of another value is waited for before a weight, and fails under traffic. It is evaluated for the service as
    targeting key, with ``color``, ``other_color``, ``release`` and ``phase``.

    Args:
        flag: the flag's key.
        provider: ``module:function``: a function of your own that takes nothing and returns an OpenFeature provider.
        equals: the value that passes (default true).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of("feature_flag", limits, flag=flag, provider=provider, equals=equals)


def http(
    path: str,
    *,
    status: int | None = None,
    body_contains: str | None = None,
    json_match: Mapping[str, object] | None = None,
    count: int | None = None,
    latency_limit_ms: float | None = None,
    headers: Mapping[str, str] | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A smoke test of the color's preview address: each request must be answered as expected and in time.

    Args:
        path: the requested path, with its query.
        status: the expected status (100 to 599, default 200).
        body_contains: a text that the body must contain.
        json_match: values that the JSON body must have, by dotted path (``{"db.ok": True}``).
        count: requests each time (1 to 100, default 1).
        latency_limit_ms: the slowest answer allowed, in milliseconds, to the end of its body (8 MiB of it at most) (1
            to 60000, default 5000).
        headers: more request headers. They are stored in the stack's state: no secrets here. A ``Host`` is the public
            name: with HTTPS its certificate is the one that counts.
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "http",
        limits,
        path=path,
        status=status,
        body_contains=body_contains,
        json_match=json_match,
        count=count,
        latency_limit_ms=latency_limit_ms,
        headers=headers,
    )


def lambda_invoke(
    payload: object = None,
    *,
    functions: Mapping[str, pulumi.Input[str]] | None = None,
    hook: pulumi.Input[str] | None = None,
    status_code: int | None = None,
    json_match: Mapping[str, object] | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A Lambda function that is called and must answer without an error, in 15 seconds.

    A call whose answer is lost is repeated.

    Args:
        payload: the event that the function is given. It is stored in the stack's state: no secrets here. Default an
            empty object.
        functions: what is called for each color, each an ARN or a name with its version (``orders:3``); ``LambdaAlias``
            fills in its own versions.
        hook: the ARN or name of a function of your own that is called for both colors instead, as CodeDeploy's hooks
            are. It receives ``color``, ``other_color``, ``phase``, ``weight_percent``, ``service``, ``release``,
            ``preview_url``, ``preview_headers`` and the ``payload``.
        status_code: what ``statusCode`` of the answer must be, for functions behind a URL, an API or a load balancer (0
            to 599, default anything).
        json_match: values that the answer must have, by dotted path (``{"body.ok": True}``); a ``body`` that is JSON is
            read.
        aws: where to call, with which credentials; ``LambdaAlias`` fills in the swap's (``region``, ``profile``,
            ``role_arn``, ``external_id``, ``endpoint_url``, default boto3's own chain).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "lambda_invoke",
        limits,
        payload=payload,
        functions=functions,
        hook=hook,
        status_code=status_code,
        json_match=json_match,
        aws=aws,
    )


def metric(
    source: Mapping[str, Any],
    *,
    min: float | None = None,
    max: float | None = None,
    fail_below: float | None = None,
    fail_above: float | None = None,
    window_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A metric of the color under test against fixed limits, in holds and in the bake. No data is never a pass.

    A value passes from ``min`` to ``max``, both included. Outer limits make room between good and bad, as a success
    condition beside a failure condition does in Argo Rollouts: outside the outer ones is a fail, between an inner and
    an outer one is inconclusive. A side without an outer limit fails at its inner one.

    Args:
        source: from ``prometheus_source`` or ``cloudwatch_source``.
        min: the smallest value that passes; this or ``max`` is required.
        max: the largest value that passes.
        fail_below: values from here up to ``min`` are inconclusive instead of failed (default ``min``).
        fail_above: values from ``max`` up to here are inconclusive instead of failed (default ``max``).
        window_seconds: the time that a value is made from; CloudWatch needs two periods (1 to 86400, default 60).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "metric",
        limits,
        source=source,
        min=min,
        max=max,
        fail_below=fail_below,
        fail_above=fail_above,
        window_seconds=window_seconds,
    )


def minimum_traffic(
    requests: int,
    *,
    source: Mapping[str, Any],
    **limits: Unpack[Limits],
) -> Inputs:
    """Enough requests to the new color since the hold or the bake began. Fewer are pending: never a pass.

    Without it a color that nobody used looks as healthy as one that everybody used.

    Args:
        requests: how many (1 or more).
        source: counts them over ``{window}``, such as ``prometheus_source(address,
            'sum(increase(http_requests_total{color="{color}"}[{window}]))')``, or a CloudWatch ``RequestCount`` with
            ``statistic="Sum"``.
        limits: see ``bluegreen.gates``.
    """
    return inputs_of("minimum_traffic", limits, source=source, requests=requests)


def schema(
    migrations: str | Sequence[str],
    *,
    dialect: str | None = None,
    uses: Sequence[str] | None = None,
    queries: str | Sequence[str] | None = None,
    applied: str | Sequence[str] | None = None,
    applied_until: str | None = None,
    history: Reference | None = None,
    history_table: str | None = None,
    allow_none: bool | None = None,
    blocking: Literal["off", "warn", "refuse"] | None = None,
    table_rows: Mapping[str, int] | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """Refuses pending migrations that the live color could not live with. Needs ``pip install 'bluegreen[schema]'``.

    It reads the SQL that is applied before or with the new release, while the live color runs on the same database.
    Paths are relative to the working directory. A name without ``*``, ``?`` or ``[`` has to be there.

    Args:
        migrations: the pending SQL files, or patterns of them (``migrations/*.sql``), read in the order in which their
            tool applies them. Of a pattern's files it is not known which are pending, unless ``applied_until`` says so:
            then what one of them makes, no later one may narrow or drop. A list of names is taken as what is pending.
        dialect: sqlglot's name of the SQL dialect (default ``postgres``).
        uses: what the live color still uses, each ``table`` or ``table.column``.
        queries: SQL files with the statements of the live color, from which the same is taken. With neither, everything
            is taken as used.
        applied: SQL files with the present schema (a dump, or the migrations that are applied). Types are compared with
            these; without them every change of a type is refused.
        applied_until: the last of ``migrations`` that is applied already: its version, its name or its path. Those
            before it count as ``applied``.
        history: ``{"env": NAME}`` or ``{"file": PATH}``: where the URL of the database is, such as
            ``postgresql://reader@db/app``, ``mysql://...`` or ``sqlite:///path``. The tool's own table in it, which is
            only read, says what is applied. Needs ``pip install 'bluegreen[history]'``.
        history_table: which table that is, where the database has those of more than one tool.
        allow_none: whether a pattern may match no file; otherwise it is refused, since it may be misspelt (default
            false).
        blocking: what is done about statements that take nothing away and stop production by their lock: ``warn`` says
            so in the preview and the log, ``refuse`` refuses them, ``off`` does not look (default ``warn``).
        table_rows: how many rows tables have, by name: of those with 10,000 or fewer no lock is reported.
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "schema",
        limits,
        migrations=listed(migrations),
        dialect=dialect,
        uses=listed(uses),
        queries=listed(queries),
        applied=listed(applied),
        applied_until=applied_until,
        history=history,
        history_table=history_table,
        allow_none=allow_none,
        blocking=blocking,
        table_rows=table_rows,
    )


def target_health(
    *,
    min_healthy_percent: float | None = None,
    min_healthy_targets: int | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The platform's own health checks. Every swap has this gate; declare it to change its limit.

    Args:
        min_healthy_percent: of the registered targets (1 to 100, default 100).
        min_healthy_targets: how many healthy targets at least; before traffic they are waited for (1 or more, default
            1).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "target_health", limits, min_healthy_percent=min_healthy_percent, min_healthy_targets=min_healthy_targets
    )


def webhook(
    url: str | Reference,
    *,
    type: Literal[
        "confirm-rollout",
        "pre-rollout",
        "rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "post-rollout",
        "rollback",
    ]
    | None = None,
    secret: Reference | None = None,
    metadata: Mapping[str, str] | None = None,
    request_timeout_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A webhook that says whether the swap may continue, as Flagger's do.

    It receives a POST of JSON with ``name``, ``phase`` (the hook), ``color``, ``weight``, ``releases``, ``metadata``
    and ``timestamp``.

    Args:
        url: where requests are sent, or where that is: ``{"env": NAME}`` or ``{"file": PATH}``.
        type: when it runs. The ``confirm-`` ones run until they answer 2xx; a 2xx of ``rollback`` rolls back. Default
            ``rollout``.
        secret: ``{"env": NAME}`` or ``{"file": PATH}``: what requests are signed with; ``bluegreen.gates.webhook_gate``
            says how that is verified.
        metadata: texts of your own that are sent with each request.
        request_timeout_seconds: how long one answer may take (0.1 to 600, default 10).
        limits: see ``bluegreen.gates``.
    """
    return inputs_of(
        "webhook",
        limits,
        url=url,
        type=type,
        secret=secret,
        metadata=metadata,
        request_timeout_seconds=request_timeout_seconds,
    )
