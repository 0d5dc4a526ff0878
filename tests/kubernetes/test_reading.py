"""YAML is what kubectl reads: the values are those of `kubectl create --dry-run=client -o json`."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.kubernetes.reading import objects_in


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-04-01", "2026-04-01"),
        ("2026-04-01T22:30:00Z", "2026-04-01T22:30:00Z"),
        ("22:30", "22:30"),
        ("190:20:30", "190:20:30"),
        ("1:30.5", "1:30.5"),
        ("=", "="),
        ("1e3", 1000),
        ("12345e2", 1234500),
        ("1.5e-1", 0.15),
        (".5", 0.5),
        ("1.", 1),
        ("0644", 420),
        ("0o644", 420),
        ("-010", -8),
        ("089", 89),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("+7", 7),
        ("1.2.3", "1.2.3"),
        ("1.30", 1.3),
        ("v1", "v1"),
        ("yes", True),
        ("off", False),
        ("true", True),
        ("~", None),
        ("null", None),
        ("-.inf", -math.inf),
        ("'1e3'", "1e3"),
        ('"2026-04-01"', "2026-04-01"),
        ("-", None),
        ("100m", "100m"),
        ("1Gi", "1Gi"),
        ("0x", "0x"),
        ("e3", "e3"),
    ],
)
def test_a_value_is_what_kubectl_takes_it_for(written, read):
    if written == "-":
        assert objects_in("a:\n- \n") == [{"a": [None]}]
        return
    ((found,),) = (tuple(item.values()) for item in objects_in(f"a: {written}"))
    assert (type(found), found) == (type(read), read)


def test_every_key_is_a_text():
    assert objects_in("80: a\ntrue: b\n1.5: c\n2026-04-01: d\nnested:\n- 8: e\n") == [
        {"80": "a", "true": "b", "1.5": "c", "2026-04-01": "d", "nested": [{"8": "e"}]}
    ]


def test_documents_anchors_and_merges():
    text = "---\nbase: &base {a: 1}\nmore: {<<: *base, b: 2}\n---\n---\nx: y\n"
    assert objects_in(text) == [{"base": {"a": 1}, "more": {"a": 1, "b": 2}}, {"x": "y"}]


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object:os.system {}", "a: *missing"])
def test_what_is_no_yaml_is_told(text):
    with pytest.raises(yaml.YAMLError):
        objects_in(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=8), values, min_size=1, max_size=4))
def test_json_is_read_as_it_is(value):
    assert objects_in(json.dumps(value)) == [value]
