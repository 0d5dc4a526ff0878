"""A program of the user's own that says by its exit status whether the swap may continue."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import IO

from bluegreen.gates.texts import last_line
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Number, Text, Texts
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Verdict
from bluegreen.rollout.ports import THROUGHOUT, GateContext
from bluegreen.secrets import redact

TRY_AGAIN_STATUS = os.EX_TEMPFAIL
_KEPT_BYTES = 8_192
_LABEL_CHARACTERS = 60
_OUTPUT_ENDS_SECONDS = 1.0


@declared
class CommandGate(Options):
    """A program: exit status 0 passes, 75 cannot say yet and is run again, every other fails.

    There is no shell. The environment variables ``BLUEGREEN_COLOR``, ``BLUEGREEN_OTHER_COLOR``, ``BLUEGREEN_PHASE``,
    ``BLUEGREEN_WEIGHT_PERCENT``, ``BLUEGREEN_RELEASE``, ``BLUEGREEN_SERVICE``, ``BLUEGREEN_PREVIEW_URL`` and
    ``BLUEGREEN_PREVIEW_HEADERS`` (JSON) say what is checked; the rest of the environment is the swap's own.
    """

    command: tuple[str, ...] = option(
        "the program and its arguments. They are stored in the stack's state, so they hold no secrets",
        Texts(least=1, allowed="a list of texts: the program and its arguments"),
        positional=True,
    )
    run_timeout_seconds: float = option(
        "how long it may run before it is killed with all that it started", Number(0.1, 86_400, "seconds"), default=60
    )
    directory: str = option("where it runs", Text(), default="", absent="the working directory")
    needs_preview: bool = False
    phases: frozenset[Phase] = THROUGHOUT
    offline: bool = False

    @property
    def label(self) -> str:
        """The name that people read."""
        text = redact(shlex.join(self.command))  # before it is cut: half a secret would not be found any more
        return f"command {text if len(text) <= _LABEL_CHARACTERS else text[: _LABEL_CHARACTERS - 1] + '…'}"

    def evaluate(self, context: GateContext) -> Verdict:
        """Run it once."""
        process = self._start(context)
        kept = bytearray()
        reader = threading.Thread(target=_keep_the_end, args=(process.stdout, kept), daemon=True)
        reader.start()
        try:
            status = process.wait(self.run_timeout_seconds)
        except subprocess.TimeoutExpired:
            raise GateUnavailable(f"{self.label}: no end in {self.run_timeout_seconds:g} s; it was killed") from None
        finally:
            if process.returncode is None:
                _kill(process)
        # Something that it left behind may hold its output open for ever.
        reader.join(_OUTPUT_ENDS_SECONDS)
        said = last_line(bytes(kept).decode("utf-8", "replace"))
        seen = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
        if status == 0:
            return Verdict(Decision.PASS, seen)
        decision = Decision.PENDING if status == TRY_AGAIN_STATUS else Decision.FAIL
        return Verdict(decision, seen, "exit status 0", said)

    def _start(self, context: GateContext) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.directory or None,
                env={**os.environ, **_variables_of(context)},
                # A group of its own, so that all of it can be killed.
                start_new_session=True,
            )
        except OSError as error:
            raise GateUnavailable(f"{self.label}: {error.filename}: {error.strerror}") from error
        except (ValueError, IndexError) as error:
            raise GateUnavailable(f"{self.label}: it cannot be started: {error}") from error


def _variables_of(context: GateContext) -> Mapping[str, str]:
    preview = context.preview
    return {
        "BLUEGREEN_COLOR": context.color,
        "BLUEGREEN_OTHER_COLOR": context.other_color,
        "BLUEGREEN_PHASE": context.phase.value,
        "BLUEGREEN_WEIGHT_PERCENT": str(context.weight_percent),
        "BLUEGREEN_RELEASE": context.releases.get(context.color, ""),
        "BLUEGREEN_SERVICE": context.service,
        "BLUEGREEN_PREVIEW_URL": "" if preview is None else preview.url,
        "BLUEGREEN_PREVIEW_HEADERS": json.dumps({} if preview is None else dict(preview.headers)),
    }


def _keep_the_end(stream: IO[bytes] | None, kept: bytearray) -> None:
    """Read to the end, whatever its length, since a full pipe would hold the program up."""
    if stream is not None:
        with stream:
            while chunk := os.read(stream.fileno(), _KEPT_BYTES):
                kept += chunk
                del kept[:-_KEPT_BYTES]


def _kill(process: subprocess.Popen[bytes]) -> None:
    # It is not waited for yet, so its number still means this group and no other.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
