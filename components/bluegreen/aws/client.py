"""boto3 clients: one per service and connection, with bounded retries, readable errors and a count of the calls.

The Pulumi AWS provider's credentials do not reach this process, so region, profile, role and endpoint are inputs of
their own, with boto3's default chain behind them.
"""

from __future__ import annotations

import json
import random
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import boto3
import botocore
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError

from bluegreen._version import __version__
from bluegreen.clients.glances import Answers
from bluegreen.fields import Fields
from bluegreen.options.declared import option, read_options
from bluegreen.options.kinds import Text
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import before_pause, before_write, note, pause
from bluegreen.rollout.clock import steady_seconds
from bluegreen.rollout.errors import PlatformError

_ATTEMPTS = 5
# Bounded: 5 tries with full jitter (botocore's standard mode); a call that hangs is given up, not waited for.
SETTINGS = Config(
    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    connect_timeout=5,
    read_timeout=15,
    # Said as a whole: botocore would compose its own anew for each call, a tenth of what a call costs here.
    user_agent=f"bluegreen/{__version__} Boto3/{boto3.__version__} Botocore/{botocore.__version__}",
    # The plugin runs many swaps side by side: with botocore's 10, most of their calls would open a connection anew.
    max_pool_connections=64,
)
"""The settings of every client here."""

# An account's rates are shared with whoever else calls, and a throttled call was not done: it is tried more often than
# one that fails, for 2.5 minutes at the most. Not botocore's adaptive mode: after one throttled call that slows down
# every later one of the process, the restore of another service, too.
_THROTTLED_ATTEMPTS = 12
_THROTTLED_PAUSE_SECONDS = (2.0, 20.0)
_READS = ("Describe", "List", "Get")
_ASKED, _FAILED = "bluegreen-asked", 300
_THROTTLED_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "PriorRequestNotComplete",
        "ThrottledException",
        "RequestThrottled",
    }
)


@dataclass(frozen=True, slots=True)
class AwsConnection:
    """The region and the credentials for calls of AWS; every field may be absent (boto3's default chain decides)."""

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("sts:AssumeRole", "with a `role_arn` in the connection, by those who assume that role"),
    )

    region: str | None = option("such as ``eu-central-1``", Text(), default=None)
    profile: str | None = option("of the machine's AWS configuration", Text(), default=None)
    role_arn: str | None = option("a role that is assumed", Text(), default=None)
    external_id: str | None = option("the external id that the role's trust policy requires", Text(), default=None)
    endpoint_url: str | None = option("another address of all services", Text(address=True), default=None)

    @classmethod
    def parse(cls, fields: Fields | None) -> AwsConnection:
        """Read an ``aws`` section."""
        if fields is None:
            return cls()
        options = read_options(cls, fields)
        if options["external_id"] is not None and options["role_arn"] is None:
            fields.problem("external_id", options["external_id"], "none without a role_arn: it goes with the role")
        return cls(**options)

    def client(self, service: str) -> Any:
        """A client, made once per connection and service."""
        with _lock:
            return _factory(self, service)


_lock = threading.Lock()
_LOOK_AT = "look at what the connection, its profile and the environment (AWS_...) name for endpoint and credentials"


@lru_cache(maxsize=64)
def _session(connection: AwsConnection) -> boto3.Session:
    session = _unattended(connection)
    if connection.role_arn is None:
        return session
    credentials = session.get_credentials()
    if credentials is None:
        who = f"to take on the role {connection.role_arn}: set a profile, or the environment's own"
        raise CredentialRetrievalError(provider="the default chain", error_msg=f"there are no credentials {who}")

    def sts(service: str, **options: Any) -> Any:
        return session.client(service, **{"endpoint_url": connection.endpoint_url, **options})  # type: ignore[call-overload]

    # A swap with long holds outlives a role's hour: botocore renews these credentials by itself.
    fetcher = AssumeRoleCredentialFetcher(sts, credentials, connection.role_arn, extra_args=_said_of_a_role(connection))
    in_role = botocore.session.Session()
    # botocore has no public way to set credentials that renew themselves.
    in_role._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        fetcher.fetch_credentials, "assume-role"
    )
    return boto3.Session(botocore_session=in_role, region_name=connection.region or session.region_name)


def _said_of_a_role(connection: AwsConnection) -> dict[str, str]:
    external = {} if connection.external_id is None else {"ExternalId": connection.external_id}
    return {"RoleSessionName": "bluegreen", **external}


def _unattended(connection: AwsConnection) -> boto3.Session:
    """A session that never asks on a terminal: a plugin's is seen by nobody, and it would wait for ever."""
    core = botocore.session.Session(profile=connection.profile)
    assuming = core.get_component("credential_provider").get_provider("assume-role")
    # botocore's public way asks by `getpass`; where it has another inner form, the question comes as ever.
    if hasattr(assuming, "_prompter"):
        assuming._prompter = _refuse_to_ask
    return boto3.Session(botocore_session=core, region_name=connection.region)


def _refuse_to_ask(prompt: str) -> str:
    raise CredentialRetrievalError(
        provider="assume-role",
        error_msg=f"the profile needs an MFA code ({prompt.strip().rstrip(':')}), which cannot be typed here: put "
        "credentials with a session token into the environment first (`aws sts get-session-token`, `aws sso login`)",
    )


def make_client(connection: AwsConnection, service: str, settings: Config = SETTINGS, *, patient: bool = True) -> Any:
    """Make a client that announces its calls and asks before it writes.

    Args:
        connection: where and as whom.
        service: boto3's name of it.
        settings: what it is made with.
        patient: whether throttled calls are tried again where botocore has given up.
    """
    with called(f"{service} client"):
        try:
            client = _session(connection).client(  # type: ignore[call-overload]
                service, config=settings, endpoint_url=connection.endpoint_url
            )
        except BotoCoreError:
            raise
        except ValueError as error:  # an endpoint that is no URL, a program for credentials that answers in no JSON
            raise PlatformError(f"{service} client", f"{error}; {_LOOK_AT}") from error
    answers = Answers()
    client.meta.events.register("before-call", partial(_ask, answers))
    client.meta.events.register("after-call", partial(_answered, answers))
    client.meta.events.register("request-created", _ask_before_writing)
    if patient:
        client.meta.events.register_last("needs-retry", _wait_its_turn)
    return client


Factory = Callable[[AwsConnection, str], Any]
"""Makes a client of a connection and boto3's name of a service, or hands out one that it has made before."""

_client = lru_cache(maxsize=64)(make_client)
_factory: Factory = _client


@contextmanager
def clients_by(factory: Factory) -> Iterator[None]:
    """Take clients from a factory meanwhile, in all of this process: to watch requests, or to redirect them.

    Args:
        factory: is called for every call; ``make_client`` makes what it changes.
    """
    global _factory  # noqa: PLW0603 - there is one process
    former, _factory = _factory, factory
    try:
        yield
    finally:
        _factory = former


def forget_credentials() -> None:
    """Look for credentials anew: the environment is another one."""
    _session.cache_clear()
    _client.cache_clear()


def _ask(answers: Answers, model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> Any:
    """Announce a call, unless a preview has just got the answer to the same one: that is returned then."""
    if model.name.startswith(_READS):
        asked = (model.name, params["url_path"], repr(params["query_string"]), repr(params["body"]))
        answer = answers.find(asked)
        if answer is not None:
            return answer
        context[_ASKED] = (asked, steady_seconds())
    note(f"{model.service_model.signing_name}:{model.name}")
    return None


def _answered(answers: Answers, http_response: Any, parsed: Any, context: Mapping[str, Any], **_: object) -> None:
    if _ASKED in context and http_response.status_code < _FAILED:
        asked, at_seconds = context[_ASKED]
        answers.keep(asked, at_seconds, (http_response, parsed))


def _ask_before_writing(operation_name: str, **_: object) -> None:
    """Ask before every try of a call: the last ones may come minutes after the first."""
    if not operation_name.startswith(_READS):
        before_write()


def _wait_its_turn(attempts: int, response: tuple[Any, dict[str, Any]] | None, **_: object) -> float | None:
    """The pause before another try of a throttled call, after botocore itself has given up; ``None`` is no more."""
    code = response[1].get("Error", {}).get("Code") if response is not None else None
    if code in _THROTTLED_CODES and attempts < _THROTTLED_ATTEMPTS:
        pause_seconds = random.uniform(*_THROTTLED_PAUSE_SECONDS)  # noqa: S311 - jitter, not a secret
        if attempts < _ATTEMPTS:  # botocore may wait itself, which it says to nobody
            before_pause(pause_seconds)
            return pause_seconds
        pause(pause_seconds)
        return 0.0
    return None


def error_code(error: ClientError) -> str:
    """The API's own code, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def as_argument(value: object) -> str:
    """JSON for a command of the AWS CLI: one word of a shell, whatever quotes it has."""
    return shlex.quote(json.dumps(value))


@contextmanager
def called(call: str) -> Iterator[None]:
    """Turn boto3's exceptions into a ``PlatformError`` that names the call."""
    try:
        yield
    except ClientError as error:
        message = error.response.get("Error", {}).get("Message", "")
        raise PlatformError(call, f"{error_code(error)}: {message}".strip(": ")) from error
    except BotoCoreError as error:
        raise PlatformError(call, str(error)) from error
    except OSError as error:  # a program, a token's or a certificate's file that is not there
        raise PlatformError(call, f"{error}; {_LOOK_AT}") from error
