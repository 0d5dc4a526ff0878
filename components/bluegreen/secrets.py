"""Secrets, given by reference and never by value, and their removal from every text that is shown.

A declaration says where a secret is (``{"env": NAME}`` or ``{"file": PATH}``). The value is read when it is needed,
and so it is in no input, state, log or error.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import GateUnavailable, Problem, without_credentials
from bluegreen.secret_names import WELL_KNOWN, sounds_secret

HIDDEN = "<hidden>"
"""Stands for the value in a problem, where the value may be the secret itself."""

_REFERENCE = 'a reference: {"env": NAME} or {"file": PATH}, never the value'
_URL = 'a URL that begins with http:// or https://, without credentials, or {"env": NAME} or {"file": PATH}'
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECRET_FILE_BYTES = 65_536

# Addresses on these hosts let everybody who has them post: they are secrets as a whole.
_SECRET_URL_HOSTS = ("hooks.slack.com", "discord.com", "discordapp.com", ".webhook.office.com", ".logic.azure.com")

_SECRET_HEADER = re.compile(r"\A(proxy-)?authorization\Z|cookie|auth|credential", re.IGNORECASE)
_TOKEN = re.compile(r"(?<=-)[0-9a-f]{32}\Z")
_LEAST_CHARACTERS = 4
_LEAST_CHARACTERS_BY_NAME = 8
# A stand-in such as "test" is no secret, and would take a common word out of every message.
_LEAST_CHARACTERS_WELL_KNOWN = 6

_remembered: set[str] = set()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SecretRef:
    """The place of a secret. Exactly one of both is set.

    Attributes:
        env: the name of an environment variable.
        file: a path; a relative one starts at the working directory.
    """

    env: str | None = None
    file: str | None = None

    @classmethod
    def parse(cls, fields: Fields | None) -> SecretRef | None:
        """Check a section ``{"env": NAME}`` or ``{"file": PATH}``; ``None`` when absent, not known yet, or refused.

        What is refused is never echoed: it may be the secret.
        """
        if fields is None or fields.unknown:
            return None
        env, file = fields.text("env", None), fields.text("file", None)
        if (env is None) == (file is None) or (isinstance(env, str) and not _ENV_NAME.match(env)):
            fields.problem("", HIDDEN, _REFERENCE)
        fields.done()
        if _hide_problems(fields) or env is UNKNOWN or file is UNKNOWN:
            return None
        return cls(env, file)

    def value(self) -> str:
        """The secret, without white space around it. It is removed from every text that ``redact`` sees later.

        Raises:
            GateUnavailable: when it is missing or empty; names the reference.
        """
        try:
            secret = self._read().strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "it cannot be read as text"
            raise GateUnavailable(f"the secret in {self} is missing: {why}") from None
        if not secret:
            raise GateUnavailable(f"the secret in {self} is missing or empty")
        remember(secret)
        return secret

    def _read(self) -> str:
        if self.env is not None:
            return os.environ.get(self.env, "")
        if not self.file:
            return ""
        with Path(self.file).open("rb") as stream:
            return stream.read(_SECRET_FILE_BYTES).decode("utf-8")

    def __str__(self) -> str:
        return f"env {self.env}" if self.env is not None else f"file {self.file}"


UrlRef = str | SecretRef
"""A URL as plain text, or where it is."""


def parse_url(fields: Fields, name: str, *, required: bool = True) -> Any:
    """Check a URL field: plain text or a reference.

    Returns:
        The text or a ``SecretRef``; ``UNKNOWN`` while it is not known or when it is refused; ``None`` when it is absent
        and not required.
    """
    given = fields.raw(name)
    if given is None:
        if required and not fields.unknown:
            fields.problem(name, None, f"{_URL}; it is required")
        return UNKNOWN if required else None
    if given is UNKNOWN:
        return UNKNOWN
    if not isinstance(given, str):
        return SecretRef.parse(fields.section(name)) or UNKNOWN
    parts = _split(given)
    if parts is None:
        fields.problem(name, HIDDEN, _URL)
        return UNKNOWN
    host = parts.hostname or ""
    if any(host == known.lstrip(".") or host.endswith("." + known.lstrip(".")) for known in _SECRET_URL_HOSTS):
        fields.problem(name, HIDDEN, f"{_REFERENCE} (who has a URL of {host} can post there)")
        return UNKNOWN
    return given


def refuse_credentials(fields: Fields, name: str, url: object) -> bool:
    """Note that an address holds a user's name or password, without echoing it: it would be kept in the state."""
    try:
        refused = isinstance(url, str) and "@" in urlsplit(url if "://" in url else f"//{url}").netloc
    except ValueError:  # no address at all, which may hold one all the same
        refused = isinstance(url, str) and "@" in url
    if refused:
        fields.problem(name, HIDDEN, "an address without a user's name and password")
    return refused


def resolve_url(url: UrlRef) -> str:
    """The URL itself. One from a reference is a secret: its text and its path are redacted from now on.

    Raises:
        GateUnavailable: when the reference is missing, or what it holds is no such URL.
    """
    if isinstance(url, str):
        return url
    value = url.value()
    parts = _split(value)
    if parts is None:
        raise GateUnavailable(f"{url} holds no URL that begins with http:// or https:// and has no credentials")
    # Messages of HTTP libraries name the path without the host.
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if len(path) >= _LEAST_CHARACTERS_BY_NAME:
        remember(path)
    return value


def shown_url(url: object) -> str:
    """A URL for labels and messages: its host (and port) alone, or the reference to it."""
    parts = _split(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname:
        return f"({url})" if isinstance(url, SecretRef) else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port}" if parts.port else host


def remember(value: str) -> None:
    """Redact this value from now on, also as it looks in a URL, in JSON, in Base64 and line by line."""
    with _lock:
        _remembered.update(form for form in _forms(value) if len(form) >= _LEAST_CHARACTERS)


def remember_headers(headers: Mapping[str, str]) -> None:
    """Redact the values of those headers that let somebody in (``Authorization``, ``Cookie``, ``X-Api-Key``)."""
    for name, value in headers.items():
        if _SECRET_HEADER.search(name) or sounds_secret(name.replace("-", "_")):
            for part in (value, value.partition(" ")[2]):  # libraries and services name it without its scheme, too
                if len(part.strip()) >= _LEAST_CHARACTERS_BY_NAME:
                    remember(part.strip())


def remember_tokens(headers: Mapping[str, str]) -> None:
    """Redact tokens at the end of a header's name or value by which a color is reached: they let their holder in."""
    for text in (*headers, *headers.values()):
        match = _TOKEN.search(text)
        if match is not None:
            remember(match[0])


def _forms(value: str) -> frozenset[str]:
    """A secret as it may stand in a text: as it is, in a URL, in JSON, as Python shows it, in Base64, by its lines."""
    # A variable may hold bytes that are no UTF-8, which quoting would refuse.
    urls = (quote(value, safe=safe, errors="surrogatepass") for safe in ("", "/"))
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    forms = {value, *urls, json.dumps(value)[1:-1], repr(value)[1:-1], encoded}
    forms.update(line for line in map(str.strip, value.splitlines()) if len(line) >= _LEAST_CHARACTERS_BY_NAME)
    return frozenset(forms)


def redact(text: str) -> str:
    """The text without secrets, each replaced by ``***``.

    Secrets are what was handed out, what stands in a secret-looking variable, and who a URL's credentials are for.
    """
    for value in _known.values():
        text = text.replace(value, "***")
    return without_credentials(text)


class _Known:
    """All that is a secret now; found out again only where a variable or what was handed out is another one."""

    def __init__(self) -> None:
        self._environment: Mapping[Any, Any] | None = None
        self._remembered: set[str] = set()
        self._count = 0
        self._values: tuple[str, ...] = ()

    def values(self) -> tuple[str, ...]:
        """The longest first: a secret that holds another one must not leave its rest behind."""
        environment = _environment()
        with _lock:
            same = environment == self._environment and _remembered is self._remembered
            if not same or len(_remembered) != self._count:  # what is remembered only grows
                values = sorted(_remembered | _in_variables(), key=lambda item: (-len(item), item))
                self._environment, self._remembered, self._count = environment, _remembered, len(_remembered)
                self._values = tuple(values)
            return self._values


_known = _Known()


def _environment() -> Mapping[Any, Any]:
    """A copy of all variables: undecoded where this Python keeps them so, since every message needs one."""
    return dict(getattr(os.environ, "_data", None) or os.environ)


def _in_variables() -> set[str]:
    values: set[str] = set()
    for name in filter(sounds_secret, list(os.environ)):
        value = os.environ.get(name, "")
        least = _LEAST_CHARACTERS_WELL_KNOWN if name in WELL_KNOWN else _LEAST_CHARACTERS_BY_NAME
        if len(value.strip()) >= least:
            values.update((value, *_forms(value.strip())))
    return values


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


_redacting = _Redacting()


def guard_log(name: str) -> None:
    """Redact what a library writes to its log: ``httpx`` logs every URL that it asks."""
    logging.getLogger(name).addFilter(_redacting)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    clean = "@" not in parts.netloc and url.isprintable() and " " not in url
    return parts if usable and clean else None


def _hide_problems(fields: Fields) -> bool:
    """One problem in place of all of the section's, without values and names; whether there were any."""
    within = f"{fields.path}."
    others = [item for item in fields.problems if item.field != fields.path and not item.field.startswith(within)]
    if len(others) == len(fields.problems):
        return False
    # In place: sections share the list.
    fields.problems[:] = [*others, Problem(fields.path, HIDDEN, _REFERENCE)]
    return True
