"""Declaring gates that ask somebody else: a webhook, a program, a feature flag, the pending migrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bluegreen.gates.limits import Limits


def _inputs(kind: str, limits: Mapping[str, object], **options: object) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    return {"kind": kind, **given, **limits}


def _texts(one_or_more: str | Sequence[str] | None) -> list[str] | None:
    if one_or_more is None:
        return None
    return [one_or_more] if isinstance(one_or_more, str) else list(one_or_more)


def webhook(
    url: str | Mapping[str, str],
    *,
    type: str | None = None,  # noqa: A002 - Flagger's users know it by this name
    secret: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    request_timeout_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> dict[str, Any]:
    """A webhook that says whether the swap may go on, as Flagger's do.

    Args:
        url: where requests are sent, ``{"env": NAME}`` or ``{"file": PATH}``: where that is.
        type: ``confirm-rollout``, ``pre-rollout``, ``rollout`` (the default), ``confirm-traffic-increase``,
            ``confirm-promotion``, ``post-rollout`` or ``rollback``. The ``confirm-`` ones are asked until they answer
            2xx; a 2xx of ``rollback`` rolls back.
        secret: ``{"env": NAME}`` or ``{"file": PATH}``: what requests are signed with; ``bluegreen.gates.webhook_gate``
            says how that is verified.
        metadata: texts of your own that are sent with each request.
        request_timeout_seconds: how long one answer may take, default 10.
        limits: see ``bluegreen.gates``.
    """
    return _inputs(
        "webhook",
        limits,
        url=url,
        type=type,
        secret=secret,
        metadata=metadata,
        request_timeout_seconds=request_timeout_seconds,
    )


def command(
    command: Sequence[str],
    *,
    run_timeout_seconds: float | None = None,
    directory: str | None = None,
    **limits: Unpack[Limits],
) -> dict[str, Any]:
    """A program: exit status 0 passes, 75 cannot say yet and is asked again, every other fails.

    It is told what it is asked about by ``BLUEGREEN_COLOR``, ``BLUEGREEN_PREVIEW_URL`` and others.

    Args:
        command: the program and its arguments; there is no shell. They are stored in the stack's state, so they hold
            no secrets.
        run_timeout_seconds: how long it may run before it is killed, default 60.
        directory: where it runs; default: the working directory.
        limits: see ``bluegreen.gates``.
    """
    return _inputs(
        "command", limits, command=_texts(command), run_timeout_seconds=run_timeout_seconds, directory=directory
    )


def feature_flag(
    flag: str, *, provider: str, equals: bool | float | str | None = None, **limits: Unpack[Limits]
) -> dict[str, Any]:
    """A feature flag, through OpenFeature. Needs ``pip install 'bluegreen[flags]'``.

    A flag of another value is waited for before a weight, and fails under traffic.

    Args:
        flag: the flag's key.
        provider: ``module:function``: a function of your own that returns an OpenFeature provider.
        equals: the value that passes, default ``True``.
        limits: see ``bluegreen.gates``.
    """
    return _inputs("feature_flag", limits, flag=flag, provider=provider, equals=equals)


def schema(
    migrations: str | Sequence[str],
    *,
    dialect: str | None = None,
    uses: Sequence[str] | None = None,
    queries: str | Sequence[str] | None = None,
    applied: str | Sequence[str] | None = None,
    applied_until: str | None = None,
    history: Mapping[str, str] | None = None,
    history_table: str | None = None,
    allow_none: bool | None = None,
    blocking: Literal["off", "warn", "refuse"] | None = None,
    table_rows: Mapping[str, int] | None = None,
    **limits: Unpack[Limits],
) -> dict[str, Any]:
    """Refuses pending migrations that the live color could not live with. Needs ``pip install 'bluegreen[schema]'``.

    Args:
        migrations: the pending SQL files, or patterns of them (``migrations/*.sql``). Of a pattern's files it is not
            known which are pending, unless ``applied_until`` says so: then what one of them makes, no later one may
            narrow or drop. A list of names is taken as what is pending.
        dialect: sqlglot's name of the SQL dialect, default ``postgres``.
        uses: what the live color still uses, each ``table`` or ``table.column``.
        queries: SQL files with the statements of the live color, from which the same is taken. With neither,
            everything is taken as used.
        applied: SQL files with the present schema (a dump, or the migrations that are applied). Types are compared with
            these; without them every change of a type is refused.
        applied_until: the last of ``migrations`` that is applied already: its version, its name or its path. Those
            before it count as ``applied``.
        history: ``{"env": NAME}`` or ``{"file": PATH}``: where the URL of the database is, such as
            ``postgresql://reader@db/app``, ``mysql://...`` or ``sqlite:///path``. The tool's own table in it, which is
            only read, says what is applied. Needs ``pip install 'bluegreen[history]'``.
        history_table: which table that is, where the database has those of more than one tool.
        allow_none: whether a pattern may match no file; default: it is refused, since it may be misspelt.
        blocking: what is done about statements that take nothing away and stop production by their lock: ``warn`` (the
            default) says so in the preview and the log, ``refuse`` refuses them, ``off`` does not look.
        table_rows: how many rows tables have, by name: of those with 10,000 or fewer no lock is told.
        limits: see ``bluegreen.gates``.
    """
    return _inputs(
        "schema",
        limits,
        migrations=_texts(migrations),
        dialect=dialect,
        uses=_texts(uses),
        queries=_texts(queries),
        applied=_texts(applied),
        applied_until=applied_until,
        history=history,
        history_table=history_table,
        allow_none=allow_none,
        blocking=blocking,
        table_rows=table_rows,
    )
