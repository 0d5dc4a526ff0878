"""Shared by stages on moto: AWS in this process, whose calls are noted on a tape."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

import boto3
from moto import mock_aws

from bluegreen.aws import client as aws
from bluegreen.clients import glances
from dev.matrix.lanes import Lane
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Heard

_ACCESS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test-only",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_ELSEWHERE = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN")
_READS = ("Describe", "List", "Get")
OWNER = "project/stack/web"
OWNER_TAG = "bluegreen:owner"
MARK_PREFIX = "bluegreen:mark:"
TAKEN = {OWNER_TAG: STRANGER, f"{MARK_PREFIX}incarnation": STRANGERS_MARK}
"""The tags of what is another swap's."""


class MotoStage(MemorySizes):
    """One router's AWS service; sizes are in memory.

    Attributes:
        looking: the calls, as CloudTrail names them, that tell where traffic goes.
    """

    looking: frozenset[str]

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """The account is there meanwhile."""
        lane = self.lane()

        def answered(call: str) -> None:
            writes = not call.partition(":")[2].startswith(_READS)
            self.follow()
            if not writes:
                self.goes_on()
            heard().called(call, writes=writes, looks=call in self.looking)

        # Nothing waits here, and each look of a preview is one after which somebody acts.
        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        with self._account(), lane.used(), self.sizes_heard(heard), nothing_kept:
            lane.answered, lane.parameters = answered, self.asked
            self.build()
            yield

    @contextmanager
    def _account(self) -> Iterator[None]:
        there = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        with mock.patch.dict(os.environ, {**there, **_ACCESS}, clear=True), mock_aws():
            aws.forget_credentials()
            boto3.setup_default_session()
            try:
                yield
            finally:
                aws.forget_credentials()
                boto3.DEFAULT_SESSION = None

    def asked(self, call: str, parameters: Mapping[str, Any]) -> None:
        """Look at a call of the swap before it is sent; may refuse it as AWS does and moto does not."""

    def lane(self) -> Lane:
        """The way on which the product calls AWS."""
        return Lane()

    def goes_on(self) -> None:
        """Do what the platform does by itself, before a read of the swap is reported."""

    def build(self) -> None:
        """Make what stays the same."""
        raise NotImplementedError

    def mend(self) -> None:
        """The swap may continue refusing."""


def no_definitions() -> AbstractContextManager[object]:
    """Meanwhile moto's APIs are there without what reads definitions of them, which none of these has."""
    library = "openapi_spec_validator"
    names = (library, f"{library}.validation", f"{library}.validation.exceptions")
    return mock.patch.dict(sys.modules, {name: mock.MagicMock() for name in names})


def marks_of(tags: Mapping[str, str]) -> dict[str, str]:
    """The swap's notes among tags."""
    return {key.removeprefix(MARK_PREFIX): value for key, value in tags.items() if key.startswith(MARK_PREFIX)}


def others_of(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are none of the swap's."""
    return {key: value for key, value in tags.items() if not key.startswith("bluegreen:")}


def as_tags(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """As most APIs take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
