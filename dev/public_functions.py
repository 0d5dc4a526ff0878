"""Write the functions by which programs declare gates, metric sources and notifications, from their options.

python dev/public_functions.py          # writes the modules and the tables in docs/gates.md
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bluegreen.gates.limits import Policy
from bluegreen.gates.registry import GATES
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Option, options_of
from bluegreen.options.kinds import Texts

CHECKOUT = Path(__file__).resolve().parent.parent
_PACKAGE = CHECKOUT / "components" / "bluegreen"
_DOCS = CHECKOUT / "docs" / "gates.md"
_WIDTH = 120


def modules() -> dict[Path, str]:
    """Each generated module with its text."""
    gates = [_function(kind, GATES.load(kind), kind, limits=True) for kind in sorted(GATES.entries)]
    sources = [_function(kind, METRICS.load(kind), f"{kind}_source") for kind in sorted(METRICS.entries)]
    notifiers = [_function(kind, NOTIFIERS.load(kind), kind) for kind in sorted(NOTIFIERS.entries)]
    gates_about = "Functions that declare gates and metric sources in a program; each returns plain inputs."
    return {
        _PACKAGE / "gates" / "functions.py": _module(gates_about, [_limits(), *sources, *gates]),
        _PACKAGE / "notifications" / "functions.py": _module(
            "Functions that declare notifications in a program; each returns plain inputs.", notifiers
        ),
    }


def _module(about: str, parts: Iterable[str]) -> str:
    body = "\n\n".join(parts)
    checked = [
        line
        for word, line in (
            ("pulumi.Input", "import pulumi"),
            ("Unpack[", "from typing_extensions import Unpack"),
            ("AwsConnection", "from bluegreen.connections import AwsConnection"),
        )
        if word in body
    ]
    from_typing = [name for name in ("Any", "Literal", "TypedDict") if re.search(rf"\b{name}\b", body)]
    if checked:
        from_typing = ["TYPE_CHECKING", *from_typing]
    from_abc = [name for name in ("Mapping", "Sequence") if re.search(rf"\b{name}\b", body)]
    names = [name for name in ("Inputs", "Reference", "inputs_of", "listed") if re.search(rf"\b{name}\b", body)]
    lines = [
        f'"""{about}',
        "",
        "This file is written by ``python dev/public_functions.py`` from the options of the classes themselves.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        f"from collections.abc import {', '.join(from_abc)}",
        *([f"from typing import {', '.join(from_typing)}"] if from_typing else []),
        "",
        f"from bluegreen.options.inputs import {', '.join(names)}",
        "",
    ]
    if checked:
        plain, own = (
            [line for line in checked if "bluegreen" not in line],
            [line for line in checked if "bluegreen" in line],
        )
        lines += ["if TYPE_CHECKING:", *(f"    {line}" for line in plain)]
        lines += ["", *(f"    {line}" for line in own)] if own else []
        lines += ["", ""]
    return _formatted("\n".join(lines).rstrip("\n") + "\n\n\n" + body)


def _formatted(text: str) -> str:
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "components/bluegreen/generated.py", "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout


def _limits() -> str:
    about = inspect.cleandoc(Policy.__doc__ or "")
    lines = ["class Limits(TypedDict, total=False):", *_docstring(about, "Attributes", options_of(Policy), {}), ""]
    lines += [f"    {found.argument}: {_hint(found)}" for found in options_of(Policy)]
    return "\n".join(lines) + "\n"


def _function(kind: str, cls: type[Any], name: str, *, limits: bool = False) -> str:
    found = list(options_of(cls))
    positional = [one for one in found if one.positional]
    named = [one for one in found if not one.positional]
    lines = [f"def {name}("]
    lines += [_argument(one) for one in positional]
    if named:
        lines += ["    *,", *(_argument(one) for one in [*filter(_required, named), *_optional(named)])]
    lines += ["    **limits: Unpack[Limits],"] if limits else []
    lines += [") -> Inputs:"]
    about = inspect.cleandoc(cls.__doc__ or "")
    more = {"limits": "see ``bluegreen.gates``."} if limits else {}
    lines += _docstring(about, "Args", [*positional, *filter(_required, named), *_optional(named)], more)
    given = ", ".join(f"{one.name}={_given(one)}" for one in found)
    lines += [f"    return inputs_of({kind!r}, {'limits, ' if limits else ''}{given})".replace("'", '"')]
    return "\n".join(lines) + "\n"


def _required(one: Option) -> bool:
    return one.required


def _optional(options: Iterable[Option]) -> list[Option]:
    return [one for one in options if not one.required]


def _argument(one: Option) -> str:
    hint = _hint(one)
    if one.required:
        return f"    {one.argument}: {hint},"
    return f"    {one.argument}: {hint if hint == 'object' else f'{hint} | None'} = None,"


def _hint(one: Option) -> str:
    return one.kind.hint


def _given(one: Option) -> str:
    texts = isinstance(one.kind, Texts) and one.kind.choices is None
    return f"listed({one.argument})" if texts else one.argument


def _docstring(about: str, section: str, options: Iterable[Option], more: dict[str, str]) -> Iterator[str]:
    lines = about.splitlines()
    yield f'    """{lines[0]}'
    yield from (f"    {line}".rstrip() for line in lines[1:])
    yield ""
    yield f"    {section}:"
    for name, text in [*((one.argument, one.text) for one in options), *more.items()]:
        yield from textwrap.wrap(
            f"{name}: {text}",
            _WIDTH,
            initial_indent=" " * 8,
            subsequent_indent=" " * 12,
            break_long_words=False,
            break_on_hyphens=False,
        )
    yield '    """'


def docs(text: str) -> str:
    """The page with its tables of options renewed."""

    def table(found: re.Match[str]) -> str:
        kind = found[1]
        cls = Policy if kind == "limits" else METRICS.load(kind[:-7]) if kind.endswith("_source") else GATES.load(kind)
        rows = ["| option | meaning |", "| --- | --- |"]
        rows += [f"| `{one.argument}` | {_cell(one)} |" for one in options_of(cls)]
        return f"<!-- options:{kind} -->\n" + "\n".join(rows) + "\n<!-- /options -->"

    return re.sub(r"<!-- options:(\w+) -->.*?<!-- /options -->", table, text, flags=re.DOTALL)


def _cell(one: Option) -> str:
    told = one.text
    if one.kind.hint.startswith("Literal["):
        choices = re.findall(r'"([^"]+)"', one.kind.hint)
        unsaid = any(f"``{choice}``" not in one.help for choice in choices)
        told += f" One of {', '.join(f'``{choice}``' for choice in choices)}." if unsaid else ""
    told = told.replace("``", "`").replace("|", "\\|")
    return told[:1].upper() + told[1:]


def main() -> None:
    """Write all of it."""
    for path, text in modules().items():
        path.write_text(text)
    _DOCS.write_text(docs(_DOCS.read_text()))


if __name__ == "__main__":
    main()
