"""AWS clients and calls: one client a service and region, made when first needed and shared by all threads.

Making a client costs a tenth of a second and more, so nothing is made before a call has to go out; a command that
changes nothing makes none but for its lookups.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from localcloud.plugins.aws.errors import ApiError
from localcloud.plugins.values import Props, ProviderError

T = TypeVar("T")

# What the provider calls a service in its `endpoints` config, where boto3 has another name for it.
_ENDPOINT_NAMES: Final = {
    "applicationautoscaling": "application-autoscaling",
    "appautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "cloudwatchlog": "logs",
}


@dataclass(frozen=True)
class Settings:
    """The provider's configuration; what it leaves open comes from the usual AWS environment."""

    region: str
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    profile: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(config: Props) -> Settings:
        """From the provider's inputs, in which anything but a string is JSON-encoded."""
        region = config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        profile = config.get("profile") or os.environ.get("AWS_PROFILE")
        if not region:
            raise ProviderError("no AWS region: set `aws:region` in the stack's config or AWS_REGION")
        tags = _decoded(config.get("defaultTags")) or {}
        endpoints: dict[str, str] = {}
        for entry in _decoded(config.get("endpoints")) or []:
            endpoints.update({_ENDPOINT_NAMES.get(name, name): url for name, url in entry.items()})
        return Settings(
            region=region,
            access_key=config.get("accessKey"),
            secret_key=config.get("secretKey"),
            token=config.get("token"),
            profile=profile,
            endpoints=endpoints,
            default_tags=tags.get("tags", {}),
        )

    def require_credentials(self) -> None:
        """Fails early, as the real provider does, where no source of credentials is in sight."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE")
        files = (
            os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
            os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
        )
        given = self.access_key or any(os.environ.get(name) for name in names)
        if not given and not any(Path(name).expanduser().is_file() for name in files):
            raise ProviderError(
                "no valid AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
            )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


class Clients:
    """Makes and keeps the clients. Making one is not thread-safe in botocore; using one is."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def made(self) -> int:
        return len(self._clients)

    def client(self, service: str, region: str) -> Any:
        client = self._clients.get((service, region))
        if client is not None:
            return client
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self._clients[(service, region)] = self._make(service, region)
            return client

    def _make(self, service: str, region: str) -> Any:
        # boto3's own client layer adds nothing to these calls and 0.1 s to the import.
        import botocore.config  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        settings = self.settings
        if self._session is None:
            self._session = botocore.session.Session(profile=settings.profile)
        config = botocore.config.Config(
            connect_timeout=5, read_timeout=60, retries={"mode": "standard"}, max_pool_connections=32
        )
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=settings.endpoints.get(service),
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            aws_session_token=settings.token,
            config=config,
        )


class Aws:
    """The API in one region, for the functions in `services/`."""

    def __init__(self, clients: Clients, region: str | None = None) -> None:
        self._clients = clients
        self.region = region or clients.settings.region

    def within(self, props: Props) -> Aws:
        """Calls in the same account, in the region that a resource asks for."""
        region = props.get("region")
        return Aws(self._clients, region) if isinstance(region, str) and region != self.region else self

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """One API call; `operation` is the API's own name. Arguments that are None are left out."""
        from botocore import xform_name  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        client = self._clients.client(service, self.region)
        given = {key: value for key, value in arguments.items() if value is not None}
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**given)
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise ApiError(service, operation, detail.get("Code", ""), detail.get("Message", "")) from None
        except BotoCoreError as error:
            raise ApiError(service, operation, type(error).__name__, str(error)) from None
        return answer

    def find(self, service: str, operation: str, missing: tuple[str, ...], /, **given: Any) -> dict[str, Any] | None:
        """A call that answers None for what does not exist; `missing` are the codes (or parts of them) that say so."""
        try:
            return self.call(service, operation, **given)
        except ApiError as error:
            if any(code in error.code for code in missing):
                return None
            raise

    def pages(self, service: str, operation: str, key: str, /, **arguments: Any) -> list[Any]:
        """All elements of a paged answer."""
        from botocore import xform_name  # noqa: PLC0415
        from botocore.exceptions import ClientError  # noqa: PLC0415

        client = self._clients.client(service, self.region)
        try:
            return [
                item for page in client.get_paginator(xform_name(operation)).paginate(**arguments) for item in page[key]
            ]
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise ApiError(service, operation, detail.get("Code", ""), detail.get("Message", "")) from None

    def wait(self, what: str, probe: Callable[[], T | None], seconds: float, interval: float = 0.3) -> T:
        """Calls `probe` until it answers something; says what it waited for when that takes too long."""
        deadline = time.monotonic() + seconds
        while True:
            answer = probe()
            if answer is not None:
                return answer
            if self._clients.cancelled.wait(interval):
                raise ProviderError(f"cancelled while waiting for {what}")
            if time.monotonic() >= deadline:
                raise ProviderError(f"timed out after {seconds:g} s waiting for {what}")

    def retry(self, codes: tuple[str, ...], seconds: float, act: Callable[[], T]) -> T:
        """Calls `act` again while it fails with one of `codes`, for as long as the real provider would."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return act()
            except ApiError as error:  # noqa: PERF203
                if error.code not in codes or time.monotonic() >= deadline or self._clients.cancelled.wait(0.5):
                    raise

    def endpoint(self) -> str:
        """The address of API Gateway's API: the emulator serves the APIs themselves there, too."""
        return str(self._clients.client("apigateway", self.region).meta.endpoint_url)

    def caller(self) -> dict[str, Any]:
        return self.call("sts", "GetCallerIdentity")

    def emulator(self, path: str) -> Any:
        """The emulator's own introspection, None where the endpoint is AWS or some other server."""
        endpoint = str(self._clients.client("elbv2", self.region).meta.endpoint_url)
        if not endpoint.startswith(("http://127.0.0.1:", "http://localhost:")):
            return None
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(f"{endpoint}{path}", timeout=5) as answer:
            return json.load(answer)
        return None


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most APIs take them; ECS writes `key` and `value`."""
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def tag_map(tags: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as Pulumi has them, without AWS's own."""
    return {tag[key]: tag.get(value, "") for tag in tags or [] if not tag[key].startswith("aws:")}


def tag_change(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> tuple[dict[str, str], list[str]]:
    """(tags to set, keys to remove) that bring the old tags to the new ones."""
    before, after = old or {}, new or {}
    return {k: v for k, v in after.items() if before.get(k) != v}, [k for k in before if k not in after]
