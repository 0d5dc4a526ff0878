"""Whether a column may change its type while a release that knows the old one reads and writes it."""

from __future__ import annotations

from sqlglot import exp

from bluegreen.schema.sql import MYSQL_FAMILY

_INTEGERS = ("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UMEDIUMINT", "UINT", "UBIGINT")
_SERIALS = {"SMALLSERIAL": "SMALLINT", "SERIAL": "INT", "BIGSERIAL": "BIGINT"}
_FLOATS = ("FLOAT", "DOUBLE")
_MYSQL_TEXT_BYTES = {"TINYTEXT": 2**8 - 1, "TEXT": 2**16 - 1, "MEDIUMTEXT": 2**24 - 1, "LONGTEXT": 2**32 - 1}
_MYSQL_BYTES_A_CHARACTER = 4
_SIZED = {"VARCHAR": "text", "NVARCHAR": "national text", "VARBINARY": "bytes"}
# Where a varchar without a length takes any text. Elsewhere that may mean one character.
_UNBOUNDED_VARCHAR = frozenset({"postgres", "sqlite", "duckdb", "redshift", "materialize", "risingwave"})


def is_widening(old: exp.DataType, new: exp.DataType, dialect: str) -> bool:
    """Whether every value of the old type is the same value of the new one. ``False`` where that is not known."""
    before, after = _name(old), _name(new)
    parameters = (_parameters(old), _parameters(new))
    if (before, parameters[0]) == (after, parameters[1]) and not (old.args.get("nested") or new.args.get("nested")):
        return True
    for ladder in (_INTEGERS, _UNSIGNED, _FLOATS):
        if before in ladder and after in ladder and not (ladder is _FLOATS and any(parameters)):
            return ladder.index(before) <= ladder.index(after)
    if before in _UNSIGNED and after in _INTEGERS:
        return _UNSIGNED.index(before) < _INTEGERS.index(after)
    if before == after == "DECIMAL":
        return _decimal_fits(*parameters, dialect)
    if before == after == "ENUM":
        # In the old order: its values are stored as numbers.
        return parameters[1][: len(parameters[0])] == parameters[0]
    return _text_fits(old, new, dialect)


def type_text(of: exp.DataType, dialect: str) -> str:
    """A type as people write it."""
    try:
        return of.sql(dialect=dialect)
    except Exception:  # noqa: BLE001 - a generator may refuse what its parser took
        return _name(of)


def is_serial(of: exp.DataType | None) -> bool:
    """Whether the type fills itself in."""
    return of is not None and str(getattr(of.this, "value", of.this)).upper() in _SERIALS


def _name(of: exp.DataType) -> str:
    name = str(getattr(of.this, "value", of.this)).upper()
    return _SERIALS.get(name, name)


def _parameters(of: exp.DataType) -> tuple[str, ...]:
    return tuple(item.sql().upper() if not isinstance(item, exp.Literal) else item.sql() for item in of.expressions)


def _decimal_fits(old: tuple[str, ...], new: tuple[str, ...], dialect: str) -> bool:
    if not new:
        return dialect == "postgres"  # there it is without limits
    try:
        before, after = [int(item) for item in old], [int(item) for item in new]
    except ValueError:
        return False
    if not before:
        return False
    (precision, *scale), (new_precision, *new_scale) = before, after
    old_scale, wider_scale = sum(scale[:1]), sum(new_scale[:1])
    return wider_scale >= old_scale and new_precision - wider_scale >= precision - old_scale


def _text_fits(old: exp.DataType, new: exp.DataType, dialect: str) -> bool:
    before, after = _sized(old, dialect), _sized(new, dialect)
    if before is None or after is None or before[0] != after[0]:
        return False
    return after[1] >= before[2]


def _sized(of: exp.DataType, dialect: str) -> tuple[str, float, float] | None:
    """The family, the characters that surely fit, and the most that may be in it."""
    name, parameters = _name(of), _parameters(of)
    if dialect in MYSQL_FAMILY and name in _MYSQL_TEXT_BYTES:
        most = _MYSQL_TEXT_BYTES[name]
        return "text", most // _MYSQL_BYTES_A_CHARACTER, most
    if name == "TEXT" and dialect not in ("tsql", "fabric", "oracle"):
        return "text", float("inf"), float("inf")
    if name not in _SIZED:
        return None
    if not parameters:
        unbounded = name == "VARCHAR" and dialect in _UNBOUNDED_VARCHAR
        return (_SIZED[name], float("inf"), float("inf")) if unbounded else None
    if parameters == ("MAX",):
        return _SIZED[name], float("inf"), float("inf")
    return (_SIZED[name], int(parameters[0]), int(parameters[0])) if parameters[0].isdigit() else None
