"""The table of the calls that a swap makes at most, in docs/safety.md.

python -m dev.matrix.somebody_else.budgets          # writes it anew
"""

from __future__ import annotations

import re
from pathlib import Path

from dev.matrix.somebody_else.stages import STAGED

DOCS = Path(__file__).resolve().parents[3] / "docs" / "safety.md"
_TABLE = re.compile(r"<!-- calls -->\n.*?<!-- /calls -->", re.DOTALL)
_HEAD = "| | promotion | promotion in two steps | rollback |\n| --- | ---: | ---: | ---: |\n"


def renewed(text: str) -> str:
    """The page with its table as the stages declare it; those in memory are none of the platforms."""
    rows = [
        f"| `{name}` | {calls.promotion} | {calls.in_two_steps or '-'} | {calls.rollback} |\n"
        for name, staged in sorted(STAGED.items())
        if (calls := staged.at_most) is not None and not name.startswith("memory")
    ]
    return _TABLE.sub(f"<!-- calls -->\n{_HEAD}{''.join(rows)}<!-- /calls -->", text)


if __name__ == "__main__":
    DOCS.write_text(renewed(DOCS.read_text()))
