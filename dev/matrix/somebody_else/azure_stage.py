"""Shared by stages of one of Azure's resources, in its stand-in within this process: no server, nothing waits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.azure.client import AzureConnection, Session
from bluegreen.azure.tags import MARK_PREFIX, OWNER_TAG
from bluegreen.clients import glances
from bluegreen.clients.http import Answer
from dev.matrix.somebody_else.stage import Heard
from dev.matrix.somebody_else.tagged_stage import TaggedStage
from localcloud.azure.bare import BareAzure
from localcloud.azure.cloud import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"


class AzureStage(TaggedStage):
    """A resource whose tags have the owner and the marks.

    Attributes:
        tagged_id: its resource id.
        azure: the stand-in, while the stage is opened.
    """

    owner_note, mark_prefix = OWNER_TAG, MARK_PREFIX
    tagged_id: str
    azure: BareAzure

    @abstractmethod
    def build(self) -> BareAzure:
        """A stand-in that plays what is needed; the resource group is made next."""

    @abstractmethod
    def fill(self) -> None:
        """Make what stays the same."""

    @abstractmethod
    def looks(self, verb: str, path: str, action: str) -> bool:
        """Whether a call tells where traffic goes."""

    def writes(self, verb: str, path: str) -> bool:  # noqa: ARG002 - for those whose POST only tells
        """Whether a call changes anything."""
        return verb != "GET"

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of whoever prepares the stage, or acts on it."""
        answer = self.azure.answer(verb, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Azure is there meanwhile, and each call of the product is noted."""
        self.azure = self.build()
        self.ask("PUT", GROUP, {"location": "westeurope"})
        self.fill()

        def once(
            _session: Session, verb: str, path: str, _version: str, action: str, body: Any, **headers: str
        ) -> tuple[Answer | None, str]:
            told = self.azure.answer(verb, path, body, **headers)
            self.follow()
            heard().called(action, writes=self.writes(verb, path), looks=self.looks(verb, path, action))
            return Answer(told.status_code, told.content, headers=told.headers), ""

        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        session = Session(AzureConnection(), "https://azure.test")
        ours = mock.patch.object(AzureConnection, "session", return_value=session)
        with self.sizes_heard(heard), nothing_kept, ours, mock.patch.object(Session, "exchange", once):
            yield

    @property
    def body(self) -> dict[str, Any]:
        """The resource as the stand-in keeps it."""
        return self.azure.world.get(self.tagged_id).body

    @property
    def noted(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.body.get("tags") or {})

    def note(self, notes: Mapping[str, str]) -> None:
        """Other tags."""
        self.body["tags"] = dict(notes)
