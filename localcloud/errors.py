"""The one error of the local cloud: what is wrong, in one line, with what to do about it."""

from __future__ import annotations


class LocalCloudError(Exception):
    """Something is missing or did not work; the message is meant for the user as it stands."""
