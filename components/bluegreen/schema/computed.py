"""Whether a generated column can stop a write: its expression may fail for values that the live color writes."""

from __future__ import annotations

from sqlglot import exp

# These take every value of a column, and give one that fits.
_NEVER_FAILS = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Coalesce, exp.Lower, exp.Upper),
    *(exp.Concat, exp.DPipe, exp.Case, exp.If, exp.Is, exp.Not, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE),
    *(exp.LT, exp.LTE, exp.Trim, exp.MD5, exp.Length),
)
_OF_ANY_LENGTH = frozenset({"TEXT", "LONGTEXT", "BOOLEAN"})


def may_fail(definition: exp.ColumnDef) -> bool:
    """Whether a new generated column may refuse a row; ``False`` also for one that is not generated."""
    kinds = [item.kind for item in definition.args.get("constraints") or ()]
    computed = next((kind for kind in kinds if type(kind).__name__ == "ComputedColumnConstraint"), None)
    if computed is None:
        return False
    value = computed.this
    bare = value.this if isinstance(value, exp.Paren) else value
    must = any(isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null") for kind in kinds)
    if must and not isinstance(bare, exp.Coalesce):
        return True
    if not isinstance(value, exp.Expression) or not all(isinstance(node, _NEVER_FAILS) for node in value.walk()):
        return True
    if isinstance(bare, (exp.Column, exp.Coalesce)):
        return False  # of the column's own type, as people write it
    kind = definition.args.get("kind")
    name = str(getattr(kind.this, "value", kind.this)).upper() if isinstance(kind, exp.DataType) else ""
    unlimited = name == "VARCHAR" and isinstance(kind, exp.DataType) and not kind.expressions
    whole = isinstance(bare, exp.Length) and name in ("INT", "BIGINT")
    return not (name in _OF_ANY_LENGTH or unlimited or whole)
