"""Values go to the engine and come back as they are: secrets, what is not known yet, and output values."""

from __future__ import annotations

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from bluegreen import secrets
from bluegreen.adapters.plugin.values import Received, message, received
from bluegreen.fields import UNKNOWN

# The engine's own words, which no version may change.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

names = st.text(max_size=8)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=20) | st.just(UNKNOWN)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)


def struct(fields):
    return json_format.ParseDict(fields, struct_pb2.Struct())


def secret(value):
    return {SIGNATURE: SECRET, "value": value}


def output(**fields):
    return {SIGNATURE: OUTPUT, **fields}


def paths_in(value, path=()):
    """Every place in a value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from paths_in(item, (*path, name))


def typed(value):
    """With the kind of each value, since in Python ``True`` is 1; numbers have but one kind on the wire."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return ("number", float(value)) if number else (type(value).__name__, value)


@given(st.dictionaries(names, values, max_size=4), st.data())
def test_what_is_sent_is_what_is_received_with_the_same_secrets(sent, data):
    places = sorted(paths_in(sent), key=repr)
    secrets = data.draw(st.sets(st.sampled_from(places)) if places else st.just(set()))
    found = received(message(sent, frozenset(secrets)))
    assert typed(found.values) == typed(sent)
    assert found.secrets == secrets


@given(st.dictionaries(names, values, max_size=4), st.data())
def test_what_came_secret_goes_back_secret_and_nothing_else_does(sent, data):
    places = sorted(paths_in(sent), key=repr)
    came = message(sent, frozenset(data.draw(st.sets(st.sampled_from(places)) if places else st.just(set()))))
    found = received(came)
    assert message(found.values, found.secrets) == came


@pytest.mark.parametrize(("sent", "value", "is_secret"), [
    (output(value="x"), "x", False),
    (output(value="x", secret=True), "x", True),
    (output(value="x", secret=False, dependencies=["urn:a"]), "x", False),
    (output(), UNKNOWN, False),
    (output(secret=True, dependencies=["urn:a"]), UNKNOWN, True),
    (output(value=None), None, False),
    (NOT_KNOWN, UNKNOWN, False),
    (secret(NOT_KNOWN), UNKNOWN, True),
    (secret(output(value={"a": [1]})), {"a": [1]}, True),
    (output(value=secret("x")), "x", True),
])  # fmt: skip
def test_an_output_value_is_its_value(sent, value, is_secret):
    found = received(struct({"gates": [{"headers": sent}]}))
    assert found.values == {"gates": [{"headers": value}]}
    assert found.secrets == ({("gates", 0, "headers")} if is_secret else set())


def test_secrets_in_secrets_in_outputs_are_all_kept():
    found = received(struct({"a": secret({"b": [output(value={"c": secret("x"), "d": 1}, secret=True)]})}))
    assert found == Received({"a": {"b": [{"c": "x", "d": 1}]}}, frozenset({("a",), ("a", "b", 0), ("a", "b", 0, "c")}))
    expected = {"a": secret({"b": [secret({"c": secret("x"), "d": 1})]})}
    assert message(found.values, found.secrets) == struct(expected)


def test_a_path_that_is_not_there_says_nothing():
    assert message({"a": 1}, frozenset({("b",), ("a", "b"), ("a", 0)})) == struct({"a": 1})


def test_what_an_update_leaves_out_of_place_is_no_secret():
    """Outputs have more than inputs: a secret is one at its own path alone."""
    found = received(struct({"event_log": secret("x"), "name": "x"}))
    assert message({**found.values, "history": ["x"]}, found.secrets) == struct(
        {"event_log": secret("x"), "name": "x", "history": ["x"]}
    )


def test_the_sdk_reads_it_the_same_way():
    sent = message({"open": {"a": [1, None]}, "closed": "x", "later": UNKNOWN}, frozenset({("closed",)}))
    read = rpc.deserialize_properties(sent, keep_unknowns=True)
    assert rpc.is_rpc_secret(read["closed"])
    assert rpc.unwrap_rpc_secret(read["closed"]) == "x"
    assert read["open"] == {"a": [1, None]}
    assert rpc.contains_unknowns(read["later"])


def test_an_empty_message_has_no_values():
    assert received(struct_pb2.Struct()) == Received({}, frozenset())
    assert message({}) == struct_pb2.Struct()


def test_what_the_engine_says_is_secret_is_redacted_from_then_on():
    """An error of an HTTP library may show the header that it could not send."""
    received(struct({"gates": [{"headers": {"Authorization": secret("Bearer 0123456789")}}], "name": secret("web")}))
    assert secrets.redact("web: illegal header value b'Bearer 0123456789'") == "web: illegal header value b'***'"


def test_what_is_made_of_a_secret_release_is_a_secret():
    found = received(struct({"releases": {"blue": secret("app:v1")}}))
    sent = message(
        {"history": [{"release": "app:v1"}], "previous": {"release": "app:v1"}, "name": "web"}, found.secrets
    )
    assert {name for name, value in json_format.MessageToDict(sent).items() if SIGNATURE in value} == {
        "history",
        "previous",
    }
