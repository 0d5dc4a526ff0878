"""Stand-in for `pulumi-language-python`, where only the Pulumi CLI could be built.

The official host comes with an official install and is not a Go module of its own. This one speaks the same protocol
(gRPC, `pulumirpc.LanguageRuntime`): the engine starts it with its own address as the last argument, reads the port from
the first line of stdout, and asks it to run programs, policy packs and plugins written in Python.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any


def _skip_pulumi_init() -> None:
    """Let the protocol modules load without the SDK around them: 0.2 s less in every pulumi command."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise SystemExit(
            f"the Python package `pulumi` is not installed for {sys.executable}: run `pip install '.[dev]'`"
        )
    root = Path(spec.origin).parent
    for name, path in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


if __name__ == "__main__":
    _skip_pulumi_init()

import grpc  # noqa: E402
from google.protobuf import empty_pb2  # noqa: E402
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2  # noqa: E402

from localcloud import language_packages  # noqa: E402
from localcloud.children import Children, chunks  # noqa: E402

# What the program launcher exits with when it has shown the user what is wrong itself.
_EXIT_MESSAGE_SHOWN = 32
_LAUNCHER = "pulumi-language-python-exec"
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # as the engine has it
_ENGINE_GRACE_SECONDS = 600

_LIST_PLUGINS = """
import glob, json, os, sys
found = {}
for path in sys.path:
    for name in glob.glob(os.path.join(path or ".", "*", "pulumi-plugin.json")):
        with open(name) as file:
            found.setdefault(os.path.dirname(name), json.load(file))
print(json.dumps(list(found.values())))
"""
_LIST_PACKAGES = """
import importlib.metadata, json
print(json.dumps(sorted({(d.metadata["Name"], d.version) for d in importlib.metadata.distributions()})))
"""


def interpreter(root_directory: str, options: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The Python to run user code with, and what its environment needs so that every child uses the same one."""
    path = language_packages.virtualenv(root_directory, options)
    if path is not None:
        python = language_packages.python_in(path)
        if not python.is_file():
            raise FileNotFoundError(
                f"the `virtualenv` option is {options['virtualenv']!r}, but there is no {python}: "
                f"run `pulumi install` in {root_directory}"
            )
        search_path = f"{path / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        return str(python), {"VIRTUAL_ENV": str(path), "PULUMI_RUNTIME_VIRTUALENV": str(path), "PATH": search_path}
    python_command = os.environ.get("PULUMI_PYTHON_CMD") or sys.executable
    return python_command, {"PULUMI_PYTHON_CMD": python_command}


def installed(name: str, version: str) -> bool:
    """Whether the engine has this resource plugin already."""
    home = os.environ.get("PULUMI_HOME") or os.path.expanduser("~/.pulumi")
    return Path(home, "plugins", f"resource-{name}-v{version}").is_dir()


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):  # type: ignore[misc, no-any-unimported, unused-ignore]
    """Every call that the engine makes of a Python language host in an update, an install or a policy run."""

    def __init__(self, engine: str, children: Children) -> None:
        self._engine = engine
        self._children = children

    def Handshake(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        # The engine stops the program by itself: its next request is refused, and it ends.
        return empty_pb2.Empty()

    def GetRequiredPackages(self, request: Any, _context: Any) -> Any:  # noqa: N802
        packages = [
            plugin_pb2.PackageDependency(kind="resource", name=name, version=version)
            for name, version in self._required(request)
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def GetRequiredPlugins(self, request: Any, _context: Any) -> Any:  # noqa: N802
        plugins = [
            plugin_pb2.PluginDependency(kind="resource", name=name, version=version)
            for name, version in self._required(request)
        ]
        return language_pb2.GetRequiredPluginsResponse(plugins=plugins)

    def _required(self, request: Any) -> list[tuple[str, str]]:
        environment = language_packages.virtualenv(request.info.root_directory, dict(request.info.options))
        if environment is not None and not language_packages.python_in(environment).is_file():
            return []  # requested before an install, too: nothing is there that could need a plugin
        listed = self._ask(request, _LIST_PLUGINS)
        # Plugins are never downloaded here, so one that is not there is left for the first resource that needs it.
        return [
            (plugin["name"], plugin["version"])
            for plugin in listed
            if plugin.get("resource") and installed(plugin.get("name", ""), plugin.get("version", ""))
        ]

    @staticmethod
    def _ask(request: Any, script: str) -> Any:
        python, env = interpreter(request.info.root_directory, dict(request.info.options))
        output = subprocess.run([python, "-c", script], env=os.environ | env, check=True, capture_output=True)
        return json.loads(output.stdout)

    def GetProgramDependencies(self, request: Any, _context: Any) -> Any:  # noqa: N802
        dependencies = [
            language_pb2.DependencyInfo(name=name, version=v) for name, v in self._ask(request, _LIST_PACKAGES)
        ]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def About(self, request: Any, _context: Any) -> Any:  # noqa: N802
        python, _env = interpreter(request.info.root_directory, dict(request.info.options))
        output = subprocess.run([python, "--version"], check=True, capture_output=True, text=True).stdout
        return language_pb2.AboutResponse(executable=python, version=output.strip().removeprefix("Python "))

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        info, options = request.info, dict(request.info.options)
        directory = info.program_directory or request.directory or info.root_directory
        try:
            for name, data in language_packages.install(info.root_directory, directory, options, self._children):
                yield language_pb2.InstallDependenciesResponse(**{name: data})
        except (language_packages.PackageError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    def GeneratePackage(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            language_packages.generate(request.schema, request.directory)
        except language_packages.PackageError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return language_pb2.GeneratePackageResponse()

    def Link(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            imports = language_packages.link(request.info.root_directory, [linked.path for linked in request.packages])
        except (language_packages.PackageError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return language_pb2.LinkResponse(import_instructions=imports)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a Pulumi program to its end."""
        try:
            python, env = interpreter(request.info.root_directory, dict(request.info.options))
        except FileNotFoundError as error:
            return language_pb2.RunResponse(error=str(error))
        launcher = _find_on_path(_LAUNCHER)
        if launcher is None:
            return language_pb2.RunResponse(error=f"{_LAUNCHER} is not on PATH: run `python -m localcloud up`")
        options = {
            "--monitor": request.monitor_address,
            "--engine": self._engine,
            "--project": request.project,
            "--root_directory": request.info.root_directory,
            "--stack": request.stack,
            "--pwd": request.pwd,
            "--dry_run": "true" if request.dryRun else "",
            "--parallel": str(request.parallel),
            "--organization": request.organization,
        }
        arguments = [part for option, value in options.items() if value for part in (option, value)]
        env = env | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        program = request.program or request.info.entry_point or "."
        child = self._children.start(
            [python, "-u", launcher, *arguments, program, *request.args],
            env=os.environ | env,
            cwd=request.info.program_directory or request.pwd or None,
        )
        context.add_callback(lambda: self._children.kill(child))
        code = child.wait()
        self._children.finished(child)
        if code == _EXIT_MESSAGE_SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}" if code else "")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Run a plugin or a policy pack written in Python; its output is streamed as it comes."""
        try:
            python, env = interpreter(request.info.root_directory, dict(request.info.options))
        except FileNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        program = request.info.program_directory or request.program
        if request.kind == "analyzer":
            command = [python, "-u", "-m", "pulumi.policy", *request.args, program]
        else:
            command = [python, "-u", program, *request.args]
        env = env | dict(entry.partition("=")[::2] for entry in request.env)
        child = self._children.start(
            command, env=os.environ | env, cwd=request.pwd or None, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(lambda: self._children.kill(child))
        for name, data in chunks(child):
            yield (
                language_pb2.RunPluginResponse(stdout=data)
                if name == "stdout"
                else language_pb2.RunPluginResponse(stderr=data)
            )
        code = child.wait()
        self._children.finished(child)
        yield language_pb2.RunPluginResponse(exitcode=code)


def _find_on_path(name: str) -> str | None:
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(directory or ".", name)
        if candidate.is_file():
            return str(candidate)
    return None


def main(arguments: list[str]) -> None:
    """Serve until the engine ends this process, or is gone itself."""
    # Go style flags (`-root=…`) come first; the engine's address is the last argument.
    positional = [argument for argument in arguments if not argument.startswith("-")]
    children = Children()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16),
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(
        LanguageHost(positional[-1] if positional else "", children), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    asked_to_end = threading.Event()
    # Ctrl-C reaches the whole terminal: what runs is finished first, as the engine requires. SIGTERM ends at once.
    grace: list[float] = [_ENGINE_GRACE_SECONDS]

    def end(number: int, _frame: object) -> None:
        if number == signal.SIGTERM:
            grace[0] = 0
            children.close()
        asked_to_end.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    server.start()
    print(port, flush=True)

    engine_pid = os.getppid()
    while not asked_to_end.wait(1):
        if os.getppid() != engine_pid:  # the engine was killed: nobody will end this process
            break
    else:
        stopped = server.stop(grace[0])
        while not stopped.wait(1):
            if os.getppid() != engine_pid or grace[0] == 0:
                break
    children.close()
    # Not sys.exit: it would wait for worker threads whose calls nobody reads any more.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
