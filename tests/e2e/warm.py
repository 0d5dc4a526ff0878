"""A warm Python for the programs and dynamic providers of the tests' stacks.

Nearly all that such a process does is to import the same packages, which is most of the CPU of a `pulumi up`. Here one
process of each test worker has imported them, and what PULUMI_PYTHON_CMD names asks it for a fork that continues as it.
Other people's packages alone are warm: what ours forget to import is missed as ever.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib.util
import marshal
import os
import runpy
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

_AWS = (
    *("apigateway", "apigatewayv2", "appautoscaling", "autoscaling", "cloudwatch", "codedeploy", "ec2", "ecs", "eks"),
    *("iam", "lambda_", "lb", "route53", "servicediscovery"),
)
_KUBERNETES = (
    *("apiextensions", "apps.v1", "autoscaling.v2", "batch.v1", "core.v1", "helm.v3", "helm.v4", "meta.v1"),
    *("networking.v1", "policy.v1", "rbac.v1"),
)
WARM = (
    *("pulumi", "pulumi.dynamic.dynamic"),
    *("pulumi.runtime.proto.language_pb2_grpc", "pulumi.runtime.proto.provider_pb2_grpc"),
    *(f"pulumi_aws.{name}" for name in _AWS),
    *(f"pulumi_kubernetes.{name}" for name in _KUBERNETES),
    *("boto3", "botocore.httpsession", "httpx", "kubernetes.client", "kubernetes.config", "tenacity"),
)
SERVICES = (
    *("apigateway", "apigatewayv2", "application-autoscaling", "autoscaling", "cloudwatch", "codedeploy", "ec2", "ecs"),
    *("eks", "elbv2", "iam", "lambda", "route53", "servicediscovery", "sts"),
)
CLIENT = Path(__file__).with_name("warm_client.py")
_PR_SET_PDEATHSIG = 1


@functools.cache
def python() -> str:
    """The value of PULUMI_PYTHON_CMD. The warm process starts with the first call, and ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="bluegreen-warm-"))
    address, command = folder / "socket", folder / "python"
    command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-IS", str(CLIENT), str(address)])} "$@"\n')
    command.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [sys.executable, "-u", __file__, str(address)]
    # It lives for as long as this end of its stdin is open, which nobody else has.
    warm = subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert warm.stdout is not None
    assert warm.stdout.readline() == b"ready\n", "the warm Python did not start"
    _processes.append(warm)
    return str(command)


_processes: list[subprocess.Popen[bytes]] = []


def env() -> dict[str, str]:
    """The environment in which `pulumi` runs programs, dynamic providers and local plugins by the warm Python.

    The plugin of this checkout among them: the one on PATH, which the engine would prefer, has a Python of its own.
    The key of a stack that was made with `keeper.INIT` is where it says; and Go collects less of its garbage.
    """
    from tests.e2e import keeper

    return {"PULUMI_PYTHON_CMD": python(), "LOCALCLOUD_PYTHON": python(), "GOGC": "400", **keeper.env()}


def twin_of(client: int) -> int | None:
    """The process that really is the program for which another one stands."""
    with contextlib.suppress(FileNotFoundError):
        told = (Path(python()).parent / str(client)).read_text()
        return int(told) if told else None  # it is being written
    return None


class Warm:
    """The warm process: forks for whoever connects, and tells how the fork ended."""

    def __init__(self, address: Path) -> None:
        self._folder = address.parent
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(64)
        self._wakes, self._wakener = socket.socketpair()
        self._wakener.setblocking(False)
        signal.set_wakeup_fd(self._wakener.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever started this
        self._twins: dict[int, tuple[socket.socket, Path]] = {}
        self._selector = selectors.DefaultSelector()
        for awaited in (self._listener, self._wakes, sys.stdin):
            self._selector.register(awaited, selectors.EVENT_READ)

    def serve(self) -> list[str]:
        """Until stdin ends; in a fork this returns, with what is to be run."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    shutil.rmtree(self._folder, ignore_errors=True)
                    sys.exit()  # and the forks with it
                elif key.fileobj is self._wakes:
                    self._wakes.recv(4096)
                    self._reap()
                elif key.fileobj is not self._listener:
                    self._kill(key.data)
                elif arguments := self._accept():
                    return arguments

    def _accept(self) -> list[str] | None:
        connection, _ = self._listener.accept()
        connection.settimeout(10)
        asked = head = b""
        with contextlib.suppress(OSError), connection.makefile("rb") as file:
            head, streams, _, _ = socket.recv_fds(connection, 4, 3)
            asked = file.read(int.from_bytes(head, "big"))
        if not asked or len(asked) != int.from_bytes(head, "big"):
            return None  # killed before it had said all
        arguments, env, folder, client = marshal.loads(asked)
        twin = os.fork()
        if twin == 0:
            connection.close()
            self._become(streams, env, folder)
            return list(arguments)
        for stream in streams:
            os.close(stream)
        told = self._folder / str(client)
        told.write_text(str(twin))
        self._twins[twin] = connection, told
        self._selector.register(connection, selectors.EVENT_READ, twin)
        self._tell(connection, twin)
        return None

    @staticmethod
    def _tell(connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):  # the caller was killed
            connection.sendall(number.to_bytes(4, "big"))

    def _become(self, streams: list[int], env: dict[str, str], folder: str) -> None:
        """In the fork: nothing of the warm process is left but what it has imported."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self._selector.close()
        for each in (
            self._listener,
            self._wakes,
            self._wakener,
            *(connection for connection, _ in self._twins.values()),
        ):
            each.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)

    def _kill(self, twin: int) -> None:
        """Kill the twin of a process that was killed: a closed connection can mean nothing else."""
        if twin not in self._twins:
            return  # it has ended in the same moment, and nothing is left of it
        self._selector.unregister(self._twins[twin][0])
        for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
            with contextlib.suppress(ProcessLookupError):
                kill(twin, signal.SIGKILL)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                twin, status = os.waitpid(-1, os.WNOHANG)
                if not twin:
                    return
                connection, told = self._twins.pop(twin)
                told.unlink()
                with contextlib.suppress(KeyError):  # killed with what stands for it
                    self._selector.unregister(connection)
                self._tell(connection, status)
                connection.close()


def run(arguments: list[str]) -> None:
    """As `python -u` runs them."""
    module = arguments[0] == "-m"
    sys.argv = arguments[module:]
    first = os.getcwd() if module else os.path.dirname(os.path.realpath(arguments[0]))
    sys.path[:0] = [first, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    status = 0
    try:
        if importlib.util.find_spec("sitecustomize"):  # as an interpreter does when it starts
            importlib.import_module("sitecustomize")
        if module:
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        status = ended.code or 0
    # As an interpreter ends, but for taking a thousand modules apart.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def read_models_once() -> None:
    """Make botocore read a service's model (a tenth of a second for some) once a process."""
    from botocore.loaders import JSONFileLoader, Loader

    read = functools.cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda _, path: read(path)  # type: ignore[method-assign]
    # Hundreds of folders, looked through for each session.
    listed = functools.cache(Loader().list_available_services)
    Loader.list_available_services = lambda _, type_name: listed(type_name)  # type: ignore[method-assign]
    versions = functools.cache(Loader().list_api_versions)
    Loader.list_api_versions = lambda _, service_name, type_name: versions(service_name, type_name)  # type: ignore


def _know_services() -> None:
    """Read it for all forks, and import what botocore imports only then."""
    from botocore.session import Session

    read_models_once()
    for name in SERVICES:
        Session().create_client(name, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none").close()


def main() -> None:
    del sys.path[0]  # the folder of this file
    for name in WARM:
        hasattr(importlib.import_module(name), "anything")  # Pulumi's packages are imported by the first look into them
    _know_services()
    assert len(os.listdir("/proc/self/task")) == 1, "a process with threads cannot be forked"
    gc.freeze()
    warm = Warm(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    run(warm.serve())


if __name__ == "__main__":
    main()
