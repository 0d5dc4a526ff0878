"""Picks the program by the stack's ``platform`` config, so that a stack imports only its own platform.

A config key that this program does not read is refused before anything is declared: a misspelt one would be without
effect.
"""

from importlib import import_module

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

import keys
from bluegreen import stack_config

PLATFORMS = keys.programs()

config = pulumi.Config()
platform = config.require("platform")
if platform not in PLATFORMS:
    raise pulumi.RunError(f"platform: {platform!r} is not allowed; allowed: {', '.join(PLATFORMS)}")
given = [
    key.removeprefix(f"{config.name}:")
    for key in {**get_config_env(), **CONFIG.get()}
    if key.startswith(f"{config.name}:")
]
# Beside the program's own: this project has the name of the package, whose settings are in the same namespace.
others = {"platform"} | (stack_config.KEYS if config.name == stack_config.NAMESPACE else set())
if wrong := list(keys.unread(given, keys.keys_of(platform) | others)):
    lines = "\n".join(f"  {line}" for line in wrong)
    raise pulumi.RunError(f"the stack's config is refused for platform {platform}; nothing was written:\n{lines}")
import_module(platform)
