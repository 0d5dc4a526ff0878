"""States hold the dynamic provider by its module's and its class' name: other bytes would end what exists."""

from __future__ import annotations

import base64

from pulumi.dynamic.dynamic import serialize_provider

from bluegreen.swap.dynamic import TrafficSwap, TrafficSwapProvider

IN_STATES = "gASVNQAAAAAAAACMFmJsdWVncmVlbi5zd2FwLmR5bmFtaWOUjBNUcmFmZmljU3dhcFByb3ZpZGVylJOUKYGULg=="
"""As version 0.1.0 wrote it."""


def test_the_provider_has_the_bytes_that_states_have():
    assert serialize_provider(TrafficSwapProvider()) == IN_STATES
    assert b"bluegreen.swap.dynamic" in base64.b64decode(IN_STATES)


def test_the_swaps_type_is_the_one_that_states_have():
    assert TrafficSwap._resource_type_name == "dynamic/bluegreen:TrafficSwap"
