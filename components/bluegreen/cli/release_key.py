"""The config key that a color's release comes from, by the keys that the stack's config has. Pure."""

from __future__ import annotations

from bluegreen.cli.config_file import ConfigFile
from bluegreen.cli.stack import CommandFailed
from bluegreen.rollout.model import Color, other

COLOR = "{color}"
"""The idle color in a key or a value."""
_NAMES = ("Image", "Release")
"""The ends of the keys that the programs of ``stacks/`` read, and that deploy knows by itself."""


def release_key(file: ConfigFile, config_key: str, idle: Color, runs: str, release: str) -> str:
    """The key of the idle color's release, beside the key of the active color.

    A line of the idle color says what the program reads. Before the first deploy there may be none: then the live
    color's image is a sign of it, and a live color's release is not: one that is adopted has another key.

    Args:
        file: the stack's config file.
        config_key: the key of the active color; empty where it is not known.
        idle: the color.
        runs: the idle color's release by the swap's outputs, which tells an image from another text beside it.
        release: what is to be deployed, for the error.

    Raises:
        CommandFailed: the file does not tell; with what to type instead.
    """
    before = config_key[: max(config_key.rfind("."), config_key.rfind(":")) + 1]
    keys = [f"{before}{idle}{name}" for name in _NAMES]
    there = [key for key in keys if file.value(key) is not None]
    if len(there) > 1:
        there = [key for key in there if str(file.value(key)) == runs] or there
    if not there and file.value(f"{before}{other(idle)}{_NAMES[0]}") is not None:
        there = keys[:1]
    if len(there) == 1:
        return there[0]
    known = f"both {' and '.join(there)}" if there else f"neither {' nor '.join(keys)}"
    raise CommandFailed(
        f"{file.path.name} has {known}: name the key that the program reads, "
        f"as in --set '{before}{COLOR}{_NAMES[1]}={release}'; nothing was changed"
    )
