"""Write the functions by which programs declare gates, metric sources, notifications and entries, from their options.

python dev/public_functions.py          # writes the modules and the tables in docs/gates.md and docs/sections.md
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from bluegreen.aws.client import AwsConnection
from bluegreen.azure.client import AzureConnection
from bluegreen.cloudfoundry.client import CloudFoundryConnection
from bluegreen.component import settings
from bluegreen.gates.limits import Policy
from bluegreen.gates.registry import GATES
from bluegreen.google.client import GoogleConnection
from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.metrics.registry import METRICS
from bluegreen.notifications.registry import NOTIFIERS
from bluegreen.options.declared import Option, options_of
from bluegreen.options.functions import Function
from bluegreen.options.kinds import Both, Kind, Nested, Number, Text, Texts
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.registry import Registry

CHECKOUT = Path(__file__).resolve().parent.parent
_PACKAGE = CHECKOUT / "components" / "bluegreen"
_DOCS = CHECKOUT / "docs" / "gates.md"
_SECTIONS = CHECKOUT / "docs" / "sections.md"
_WIDTH = 120
MARKER = "# -- written by `python dev/public_functions.py` from the options above"
_WRITTEN = "This file is written by ``python dev/public_functions.py`` from the options of the classes themselves."


def modules() -> dict[Path, str]:
    """Each generated module with its text."""
    gates = [_function(kind, GATES.load(kind), kind, limits=True) for kind in sorted(GATES.entries)]
    sources = [_function(kind, METRICS.load(kind), f"{kind}_source") for kind in sorted(METRICS.entries)]
    notifiers = [_function(kind, NOTIFIERS.load(kind), kind) for kind in sorted(NOTIFIERS.entries)]
    gates_about = "Functions that declare gates and metric sources in a program; each returns plain inputs."
    return {
        _PACKAGE / "gates" / "functions.py": _module(gates_about, [_limits(), *sources, *gates]),
        _PACKAGE / "component" / "swap_settings.py": _swap_settings(),
        _PACKAGE / "notifications" / "functions.py": _module(
            "Functions that declare notifications in a program; each returns plain inputs.", notifiers
        ),
        **{path: _below_its_classes(path) for path in sorted(_PACKAGE.rglob("*.py")) if MARKER in path.read_text()},
    }


def _below_its_classes(path: Path) -> str:
    """A module whose classes of options are followed by their functions."""
    module = import_module(".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts))
    text, _, _ = path.read_text().partition(MARKER)
    classes = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    typed = [_typed_dictionary(cls) for cls in classes if isinstance(vars(cls).get("typed"), str)]
    functions = [_entry_function(cls) for cls in classes if isinstance(vars(cls).get("function"), Function)]
    return _formatted(f"{text}{MARKER}\n\n\n" + "\n\n".join([*typed, *functions]))


def _typed_dictionary(cls: type[Any]) -> str:
    lines = [f"class {cls.typed}(TypedDict, total=False):"]
    lines += [*_docstring(inspect.cleandoc(cls.__doc__ or ""), "Attributes", options_of(cls), {}), ""]
    return "\n".join([*lines, *(f"    {one.argument}: {one.kind.hint}" for one in options_of(cls))]) + "\n"


def _entry_function(cls: type[Any]) -> str:
    function: Function = cls.function
    options = [*filter(_required, options_of(cls)), *_optional(options_of(cls))]
    rest = function.rest
    lines = ["@reporting", f"def {function.name}(", "    *,"]
    lines += [f"    {one.argument}: {_entry_hint(one)}{_default(one)}," for one in options]
    lines += [f"    **{rest.name}: Unpack[{rest.type}],"] if rest is not None else []
    lines += [f") -> {function.returns or cls.__name__}:"]
    more = {} if rest is None else {f"**{rest.name}": f"{rest.help}."}
    lines += _docstring(inspect.cleandoc(cls.__doc__ or ""), "Args", options, more, _entry_text)
    given = ", ".join(f"{one.attribute}={_entry_given(one)}" for one in options_of(cls))
    if function.by:
        made = f"{function.by}({cls.__name__}({given}){'' if rest is None else f', {rest.name}'})"
    else:
        made = f"{cls.__name__}({given}{'' if rest is None else f', {rest.name}={rest.name}'})"
    return "\n".join([*lines, f"    return {made}"]) + "\n"


def _entry_hint(one: Option) -> str:
    return f"{one.kind.hint} | None" if one.default is None else one.kind.hint


def _default(one: Option) -> str:
    return "" if one.required else f" = {one.default!r}"


def _entry_text(one: Option) -> str:
    """Its help, with the bounds; a default stands in the signature, or in the help where it needs words."""
    bounds = one.kind.bounds if isinstance(one.kind, Number) else ""
    return f"{one.help} ({bounds})." if bounds and ". " not in one.help else f"{one.help}."


def _entry_given(one: Option) -> str:
    return f"listed({one.argument})" if one.kind.hint.startswith("Sequence") else one.argument


def _swap_settings() -> str:
    fields = [
        dataclasses.replace(one, help=re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", one.help))
        for one in sorted(settings.all_of_them(), key=lambda one: one.name)
    ]
    about = "How a component's swaps go; every component takes these beside its own arguments."
    lines = ["class SwapSettings(TypedDict, total=False):", *_docstring(about, "Attributes", fields, {}), ""]
    lines += [f"    {one.name}: {settings.hint_of(one)}" for one in fields]
    head = f'''"""The settings that every component takes for its swaps, as programs give them.

{_WRITTEN}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from bluegreen.rollout.model import Strategy


'''
    return _formatted(head + "\n".join(lines) + "\n")


def _module(about: str, parts: Iterable[str]) -> str:
    body = "\n\n".join(parts)
    functions = sorted(re.findall(r"^def (\w+)\(", body, re.MULTILINE))
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
        _WRITTEN,
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
    public = f"__all__ = {functions!r}"
    return _formatted("\n".join(lines).rstrip("\n") + f"\n\n{public}\n\n\n" + body)


def _formatted(text: str) -> str:
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "components/bluegreen/generated.py", "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=CHECKOUT).stdout


def _limits() -> str:
    about = inspect.cleandoc(Policy.__doc__ or "")
    lines = ["class Limits(TypedDict, total=False):", *_docstring(about, "Attributes", options_of(Policy), {}), ""]
    lines += [f"    {limit.argument}: {_hint(limit)}" for limit in options_of(Policy)]
    return "\n".join(lines) + "\n"


def _function(kind: str, cls: type[Any], name: str, *, limits: bool = False) -> str:
    options = list(options_of(cls))
    positional = [one for one in options if one.positional]
    named = [one for one in options if not one.positional]
    lines = [f"def {name}("]
    lines += [_argument(one) for one in positional]
    if named:
        lines += ["    *,", *(_argument(one) for one in [*filter(_required, named), *_optional(named)])]
    lines += ["    **limits: Unpack[Limits],"] if limits else []
    lines += [") -> Inputs:"]
    about = inspect.cleandoc(cls.__doc__ or "")
    more = {"limits": "see ``bluegreen.gates``."} if limits else {}
    lines += _docstring(about, "Args", [*positional, *filter(_required, named), *_optional(named)], more)
    given = ", ".join(f"{one.name}={_given(one)}" for one in options)
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


def _docstring(
    about: str,
    section: str,
    options: Iterable[Option],
    more: dict[str, str],
    text_of: Callable[[Option], str] = lambda one: one.text,
) -> Iterator[str]:
    lines = about.splitlines()
    yield f'    """{lines[0]}'
    yield from (f"    {line}".rstrip() for line in lines[1:])
    yield ""
    yield f"    {section}:"
    for name, text in [*((one.argument, text_of(one)) for one in options), *more.items()]:
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

    def table(match: re.Match[str]) -> str:
        kind = match[1]
        cls = Policy if kind == "limits" else METRICS.load(kind[:-7]) if kind.endswith("_source") else GATES.load(kind)
        return f"<!-- options:{kind} -->\n{_table(cls)}\n<!-- /options -->"

    return re.sub(r"<!-- options:(\w+) -->.*?<!-- /options -->", table, text, flags=re.DOTALL)


def sections(text: str) -> str:
    """The page of routers and capacities with its tables of options renewed."""
    connections = {
        "aws": AwsConnection,
        "azure": AzureConnection,
        "cloudfoundry": CloudFoundryConnection,
        "cluster": KubernetesConnection,
        "google": GoogleConnection,
    }
    registries: dict[str, Registry[Any]] = {"routers": ROUTERS, "capacities": CAPACITIES}

    def tables(match: re.Match[str]) -> str:
        named = registries.get(match[1])
        kinds = connections if named is None else {kind: named.load(kind) for kind in sorted(named.entries)}
        parts = [
            f"### `{kind}`\n\n{_first_line(cls)}\n\n{_table(cls, required=True)}"
            for kind, cls in kinds.items()
            if kind != "memory"  # for tests
        ]
        return f"<!-- sections:{match[1]} -->\n" + "\n\n".join(parts) + "\n<!-- /sections -->"

    return re.sub(r"<!-- sections:(\w+) -->.*?<!-- /sections -->", tables, text, flags=re.DOTALL)


def _first_line(cls: type[Any]) -> str:
    return inspect.cleandoc(cls.__doc__ or "").splitlines()[0].replace("``", "`")


def _table(cls: type[Any], *, required: bool = False) -> str:
    rows = ["| option | meaning |", "| --- | --- |"]
    for one in options_of(cls):
        rows.append(f"| `{one.argument}`{' (required)' if required and one.required else ''} | {_cell(one)} |")
        if isinstance(one.kind, Nested) and one.name not in ("aws", "cluster"):
            rows += [f"| `{one.argument}.{inner.argument}` | {_cell(inner)} |" for inner in options_of(one.kind.of)]
    return "\n".join(rows)


def _choices(kind: Kind) -> tuple[str, ...]:
    if isinstance(kind, Both):
        return _choices(kind.each)
    known = isinstance(kind, Text) and kind.choices is not None and not callable(kind.choices)
    return tuple(kind.choices) if known else ()  # type: ignore[attr-defined]


def _cell(one: Option) -> str:
    told, choices = one.text, _choices(one.kind)
    if any(f"``{choice}``" not in one.help for choice in choices):
        told += f" One of {', '.join(f'``{choice}``' for choice in choices)}."
    told = told.replace("``", "`").replace("|", "\\|")
    return told[:1].upper() + told[1:]


def main() -> None:
    """Write all of it."""
    for path, text in modules().items():
        path.write_text(text)
    _DOCS.write_text(docs(_DOCS.read_text()))
    _SECTIONS.write_text(sections(_SECTIONS.read_text()))


if __name__ == "__main__":
    main()
