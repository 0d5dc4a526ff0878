"""The pages of the reference that the site makes from docstrings: a list of what each has, which mkdocstrings renders.

No file of the repository repeats what a docstring says. A package with components has its page by itself.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import Any

from bluegreen.adapters.plugin.components import COMPONENTS
from bluegreen.component.swap_settings import SwapSettings

LIST = "<!-- pages of the reference -->"
"""Where docs/api.md has the list of them."""

_NAMES = {
    "aws": "AWS",
    "azure": "Azure",
    "cloudfoundry": "Cloud Foundry",
    "google": "Google Cloud",
    "hosts": "Hosts of your own",
    "kubernetes": "Kubernetes",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the reference.

    Attributes:
        name: its file's name.
        title: its heading.
        about: what it has, in a sentence.
        objects: full names, each with a heading of its own.
    """

    name: str
    title: str
    about: str
    objects: tuple[str, ...]

    @property
    def markdown(self) -> str:
        """The page, before docstrings are put in."""
        return "\n\n".join([f"# {self.title}", self.about, *map(_directive, self.objects)]) + "\n"


def resolved(name: str) -> Any:
    """The object with this full name."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def bases(thing: Any) -> list[Any]:
    """The mappings of ours whose keys this one has, too; Python 3.11 itself forgets them."""
    if not hasattr(thing, "__total__"):
        return []
    written = ast.parse(inspect.getsource(thing)).body[0]
    names = [ast.unparse(base) for base in written.bases] if isinstance(written, ast.ClassDef) else []
    found = [reduce(getattr, name.split("."), _module(thing)) for name in names]
    return [one for one in found if hasattr(one, "__total__")]


def _module(thing: Any) -> Any:
    return sys.modules[thing.__module__]


def _directive(name: str) -> str:
    """The line that mkdocstrings reads; a mapping names those whose keys it has as well."""
    return f"::: {name}\n    options:\n      show_bases: true" if bases(resolved(name)) else f"::: {name}"


def _exported(module: str) -> tuple[str, ...]:
    return tuple(f"{module}.{name}" for name in import_module(module).__all__)


def _shape(thing: Any, hint: str) -> list[type]:
    """The classes of ours that say which keys a mapping has, of those that an annotation names."""
    names = re.findall(r"[A-Za-z_]\w*", hint)
    classes: list[Any] = [getattr(_module(thing), name, None) for name in names]
    return [one for one in classes if hasattr(one, "__total__") and one.__module__.startswith("bluegreen.")]


def _hints(thing: Any) -> list[str]:
    """The annotations of a mapping's keys, or else of the arguments, as they are written."""
    if hasattr(thing, "__total__"):
        return [getattr(one, "__forward_arg__", str(one)) for one in thing.__annotations__.values()]
    return [str(one.annotation) for one in inspect.signature(thing).parameters.values()]


def shapes(names: tuple[str, ...], known: list[Any]) -> tuple[str, ...]:
    """The full names of the mappings that these take, and that those take; what is ``known`` stands elsewhere."""
    todo = [resolved(name) for name in names]
    known += todo
    for thing in todo:
        named = [*bases(thing), *(one for hint in _hints(thing) for one in _shape(thing, hint))]
        new = [one for one in dict.fromkeys(named) if one not in known]
        known += new
        todo += new
    return tuple(f"{one.__module__}.{one.__name__}" for one in todo[len(names) :])


def _platform(package: str, known: list[Any]) -> Page:
    title = _NAMES.get(package, package.capitalize())
    about = f"`bluegreen.{package}`: the components, the releases that they take, and what programs give them."
    exported = _exported(f"bluegreen.{package}")
    return Page(f"api-{package}.md", f"API: {title}", about, (*exported, *shapes(exported, known)))


def pages() -> tuple[Page, ...]:
    """All of them, in the order of the menu."""
    modules = ("gates", "notifications")
    functions = tuple(name for name in _exported("bluegreen") if name.rpartition(".")[2] not in modules)
    settings = "bluegreen.component.swap_settings.SwapSettings"
    notifiers = _exported("bluegreen.notifications.functions")
    presets = tuple(f"bluegreen.gates.{name}" for name in ("prometheus", "success_rate", "p99", "cloudwatch"))
    gates = _exported("bluegreen.gates.functions")
    ports = ("TrafficRouter", "Capacity", "Gate", "GateContext", "Preview")
    known: list[Any] = [SwapSettings]
    platforms = [_platform(package, known) for package in sorted({token.split(":")[1] for token in COMPONENTS})]
    return (
        Page(
            "api-functions.md",
            "API: strategies, settings, notifications",
            "`bluegreen`: strategies and presets; the settings that every component takes; `bluegreen.notifications`.",
            (*functions, settings, *notifiers),
        ),
        Page(
            "api-gates.md",
            "API: gates",
            "`bluegreen.gates`: each function declares a gate, or where a gate's metric comes from. Wrong values are "
            "refused by the component that the gate is given to, with all other problems, before anything is written.",
            (*presets, *gates, "bluegreen.gates.functions.Limits"),
        ),
        *platforms,
        Page(
            "api-swap.md",
            "API: the swap and its ports",
            "`TrafficSwap` for programs that declare it themselves ([its inputs](config.md), [routers and capacities]"
            "(sections.md)), and what a router, a capacity or a gate [of your own](your-own-kinds.md) implements.",
            (
                "bluegreen.swap.dynamic.TrafficSwap",
                *(f"bluegreen.rollout.ports.{name}" for name in ports),
                *(f"bluegreen.rollout.model.{name}" for name in ("Phase", "Verdict", "Decision")),
            ),
        ),
    )


def with_list(markdown: str) -> str:
    """docs/api.md with a line for each page."""
    rows = [f"| [{page.title.removeprefix('API: ')}]({page.name}) | {page.about} |" for page in pages()]
    return markdown.replace(LIST, "\n".join(["| page | has |", "| --- | --- |", *rows]))
