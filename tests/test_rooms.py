"""Rules for the platforms' rooms: one folder a service, and its two sides apart."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import bluegreen
from bluegreen import permissions
from bluegreen.adapters.plugin.components import COMPONENTS
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS

SOURCE = Path(bluegreen.__file__).parent
PLATFORMS = sorted({where.split(".")[1] for where in ROUTERS.entries.values()} - {"memory"})
PROGRAMS = {"pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "pulumi_kubernetes"}
"""What a program declares resources with."""
CLIENTS = {"asyncssh", "azure", "boto3", "botocore", "kubernetes", "tenacity"}
"""What a provider calls a platform with."""


def rooms(platform: str) -> list[Path]:
    return sorted(path.parent for path in (SOURCE / platform).glob("*/__init__.py"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_room_is_a_folder_without_code_of_its_own(platform):
    registered = (where.split(".") for where in (*ROUTERS.entries.values(), *CAPACITIES.entries.values()))
    assert {parts[2] for parts in registered if parts[1] == platform} <= {room.name for room in rooms(platform)}
    for room in rooms(platform):
        assert not (room / "__init__.py").read_text(), room
        assert len(list(room.glob("*.py"))) > 1, f"{room.name} is empty"
        assert not [path for path in room.iterdir() if path.is_dir() and path.name != "__pycache__"], room


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_module_directly_below_a_platform_bears_a_public_name(platform):
    """Once it is imported it would stand in the function's place: ``bluegreen.kubernetes.service`` is one."""
    public = set(getattr(importlib.import_module(f"bluegreen.{platform}"), "__all__", ()))
    modules = {path.stem for path in (SOURCE / platform).iterdir()}
    assert len(modules) > len(rooms(platform))
    assert not modules & public


def test_platforms_stand_in_rooms_alone():
    for gone in ("routers", "capacity", "plugin", "aws/entry", "kubernetes/entry"):
        assert not list((SOURCE / gone).glob("*.py")), gone


def with_blocked(packages: set[str], program: str) -> str:
    """The output of a program in a fresh interpreter in which these packages cannot be imported."""
    block = f"import sys\nsys.modules.update(dict.fromkeys({sorted(packages)!r}))\n"
    command = [sys.executable, "-c", block + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_whatever_calls_a_platform_is_imported_without_what_declares_on_it():
    registries = sorted({*permissions._REGISTRIES, "bluegreen.notifications.registry:NOTIFIERS"})
    program = (
        "from importlib import import_module\n"
        f"for where in {registries!r}:\n"
        "    module, _, name = where.partition(':')\n"
        "    registry = getattr(import_module(module), name)\n"
        "    for kind in registry.entries:\n"
        "        print(registry.what, kind, registry.load(kind).__name__)\n"
    )
    loaded = with_blocked(PROGRAMS, program).splitlines()
    assert {line.split()[0] for line in loaded} == {"router", "capacity", "gate", "metric", "notification"}
    assert {"router alb AlbRouter", "router nginx_canary NginxCanaryRouter", "capacity ecs EcsCapacity"} <= set(loaded)
    assert len(loaded) > 35


def test_whatever_is_declared_is_imported_without_what_calls_a_platform():
    program = (
        "from importlib import import_module\n"
        "from bluegreen.adapters.plugin.components import COMPONENTS, load\n"
        "for token in COMPONENTS:\n"
        "    print(load(token).__name__)\n"
        f"for platform in {PLATFORMS!r}:\n"
        "    platform = import_module(f'bluegreen.{platform}')\n"
        "    for name in getattr(platform, '__all__', ()):\n"
        "        print(getattr(platform, name).__name__)\n"
    )
    loaded = set(with_blocked(CLIENTS, program).split())
    assert {token.rpartition(":")[2] for token in COMPONENTS} <= loaded
    assert {"alb", "dns", "nlb", "service", "gateway_route", "nginx", "envoy", "haproxy"} <= loaded


def imports(path: Path, *, lazy: bool) -> set[str]:
    """The modules that a file imports; ``lazy``: within functions, too."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                found.update((child.module or "", *(f"{child.module}.{alias.name}" for alias in child.names)))
            is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            if not is_typing and (lazy or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))):
                walk(child)

    walk(ast.parse(path.read_text()))
    return found


def test_neither_side_of_a_room_imports_the_other():
    """A hook of a program may ask a client while it runs; nothing else crosses."""
    modules = {
        "bluegreen." + ".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in SOURCE.rglob("*.py")
    }
    declares, calls = set(), set()
    for name, path in modules.items():
        outside = {one.partition(".")[0] for one in imports(path, lazy=True)}
        if name.startswith(tuple(f"bluegreen.{platform}." for platform in PLATFORMS)):
            declares |= {name} if outside & {"pulumi", *PROGRAMS} else set()
            calls |= {name} if outside & CLIENTS else set()
    assert len(declares) > 30
    assert len(calls) > 10
    assert not declares & calls
    for name in sorted(declares):
        assert not reached(name, modules) & calls, name
    for name in sorted(calls):
        assert not reached(name, modules) & declares, name


def reached(name: str, modules: dict[str, Path]) -> set[str]:
    """Every module of the package that importing one imports."""
    seen, left = {name}, [name]
    while left:
        for one in imports(modules[left.pop()], lazy=False) & modules.keys() - seen:
            seen.add(one)
            left.append(one)
    return seen - {name}
