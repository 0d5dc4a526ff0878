"""One value of a stack's config file, changed in its place: comments, order and quotes of all the rest stay."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bluegreen.cli.stack import CommandFailed

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./:@-]*")
_KEYWORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A stack's config file.

    Attributes:
        path: `Pulumi.STACK.yaml`.
        text: what it says.
        project: the project's name, which is the namespace of keys without one.
    """

    path: Path
    text: str
    project: str

    def value(self, key: str) -> Any:
        """The value of a key; ``None`` where the file does not have it.

        Args:
            key: with or without a namespace; dots lead into an object.
        """
        node = _found(self._config(), self._paths(key))
        return None if node is None else yaml.safe_load(yaml.serialize(node))

    def with_value(self, key: str, value: str) -> ConfigFile:
        """The file with another value for a key.

        Raises:
            CommandFailed: the value is a secret or an object, or the file is no such file.
        """
        paths, config = self._paths(key), self._config()
        node = _found(config, paths)
        if node is None:
            return self._with_new(paths[0], value, config)
        if not isinstance(node, yaml.ScalarNode):
            kind = "a secret" if _is_secret(node) else "an object"
            raise CommandFailed(f"{self.path.name}: {key} is {kind}, and this command changes texts alone")
        start, end = node.start_mark.index, node.end_mark.index
        written = _scalar(value, node.style)
        return ConfigFile(self.path, self.text[:start] + written + self.text[end:], self.project)

    def _with_new(self, path: tuple[str, ...], value: str, config: yaml.MappingNode | None) -> ConfigFile:
        parent: yaml.Node | None = config
        for part in path[:-1]:
            parent = _child(parent, part)
        if not isinstance(parent, yaml.MappingNode) or not parent.value or parent.flow_style:
            if len(path) == 1 and config is None and not re.search(r"^config:", self.text, re.MULTILINE):
                text = self.text if not self.text or self.text.endswith("\n") else f"{self.text}{self._newline}"
                lines = ("config:", f"  {path[0]}: {_scalar(value, None)}", "")
                return ConfigFile(self.path, text + self._newline.join(lines), self.project)
            raise CommandFailed(f"{self.path.name} has no place for {'.'.join(path)}: set it by hand")
        first = parent.value[0][0].start_mark
        line = f"{' ' * first.column}{path[-1]}: {_scalar(value, None)}{self._newline}"
        at = first.index - first.column
        return ConfigFile(self.path, self.text[:at] + line + self.text[at:], self.project)

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def _config(self) -> yaml.MappingNode | None:
        try:
            root = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise CommandFailed(f"{self.path} is no YAML: {' '.join(str(error).split())}") from None
        node = _child(root, "config") if isinstance(root, yaml.MappingNode) else None
        return node if isinstance(node, yaml.MappingNode) else None

    def _paths(self, key: str) -> list[tuple[str, ...]]:
        """How the key may be written: with the project's name as its namespace first, as `pulumi config set` does."""
        first, *rest = key.split(".")
        if ":" in first:
            return [(first, *rest)]
        return [(f"{self.project}:{first}", *rest), (first, *rest)]


def read(stack: str, cwd: str) -> ConfigFile:
    """The config file of a stack.

    Args:
        stack: its name, with or without organization and project.
        cwd: the project's folder.

    Raises:
        CommandFailed: there is no such project or file.
    """
    folder = Path(cwd)
    project_file = next((path for name in ("Pulumi.yaml", "Pulumi.yml") if (path := folder / name).exists()), None)
    if project_file is None:
        raise CommandFailed(f"there is no Pulumi.yaml in {cwd}: name the project's folder with --cwd")
    try:
        project = yaml.safe_load(project_file.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        raise CommandFailed(f"{project_file} is no YAML: {' '.join(str(error).split())}") from None
    where = folder / str(project.get("stackConfigDir") or ".")
    short = stack.rpartition("/")[2]
    for name in (f"Pulumi.{short}.yaml", f"Pulumi.{short}.yml"):
        path = where / name
        if path.exists():
            return ConfigFile(path, path.read_bytes().decode("utf-8"), str(project.get("name", "")))
    raise CommandFailed(f"there is no {where / f'Pulumi.{short}.yaml'}: this stack's config is kept elsewhere")


def difference(before: ConfigFile, after: ConfigFile) -> str:
    """The change, as a unified diff."""
    lines = (before.text.splitlines(), after.text.splitlines())
    return "\n".join(difflib.unified_diff(*lines, before.path.name, before.path.name, lineterm="", n=1))


def _found(config: yaml.Node | None, paths: list[tuple[str, ...]]) -> yaml.Node | None:
    for path in paths:
        node = config
        for part in path:
            node = _child(node, part) if isinstance(node, yaml.MappingNode) else None
        if node is not None:
            return node
    return None


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if getattr(key, "value", None) == name), None)


def _is_secret(node: yaml.Node) -> bool:
    return _child(node, "secure") is not None


def _scalar(value: str, style: str | None) -> str:
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _PLAIN.fullmatch(value) or value.lower() in _KEYWORDS:
        return value if value.isdigit() and style is None else json.dumps(value, ensure_ascii=False)
    return value
