"""YAML is what kubectl reads: the values are those of `kubectl create --dry-run=client -o json`."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.kubernetes.manifests.reading import objects_in


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
        ("y", True),
        ("N", False),
        ("1.5e400", "1.5e400"),
        ("! 12", "12"),
        ("!custom abc", "abc"),
        ("!!binary aGVsbG8=", "hello"),
        ("<<", "<<"),
        ("12345678901234567890", 12345678901234567168),
        ("99999999999999999999999", 1e23),
        ("9007199254740993", 9007199254740993),
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
    text = "---\nbase: &base {a: 1}\nmore: {<<: *base, b: 2}\n---\n---\nx: z\n"
    assert objects_in(text) == [{"base": {"a": 1}, "more": {"a": 1, "b": 2}}, {"x": "z"}]


@pytest.mark.parametrize("text", ["a: [", "a: *missing", "\ta: 1"])
def test_what_is_no_yaml_is_told(text):
    with pytest.raises(yaml.YAMLError):
        objects_in(text)


def test_no_tag_makes_anything_but_json():
    text = "a: !!python/object:os.system {b: 1}\nc: !!set {d}\ne: !!timestamp 2001-01-01\n"
    assert objects_in(text) == [{"a": {"b": 1}, "c": {"d": None}, "e": "2001-01-01"}]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: .inf", "inf is no number"),
        ("a: [.nan]", "nan is no number"),
        ('{"a": NaN}', "NaN is no number"),
        ("~: 1", "~ is no key"),
        ("12345678901234567890: 1", "is no key"),
        ("? [a, b]\n: 1", "a key that is a list"),
        ("<<: 3", "<< takes an object"),
        ("a: !!int abc", "'abc' is no int"),
        ("a: &a\n  b: *a", "a value contains itself"),
        ('a: "\\ud83d\\ude00"', "half a character"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (BOMB, "aliases of aliases"),
    ],
)
def test_what_json_cannot_say_is_told(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        objects_in(text)


def test_of_two_equal_keys_the_last_one_counts_a_merge_too():
    assert objects_in("a: 1\na: 2\n") == [{"a": 2}]
    text = "b: &b {a: 1, c: 3}\nafter: {a: 2, <<: *b}\nbefore: {<<: *b, a: 2}\nquoted: {'<<': *b}\n"
    base = {"a": 1, "c": 3}
    assert objects_in(text) == [{"b": base, "after": base, "before": {"a": 2, "c": 3}, "quoted": {"<<": base}}]
    assert objects_in("x: &x {a: 1}\ny: &y {a: 2, d: 4}\nm: {<<: [*x, *y]}\n")[0]["m"] == {"a": 1, "d": 4}


def test_tabs_between_tokens_and_several_json_values_are_taken():
    assert objects_in("a:\t1\t# one\nb: [\t1,\t2 ]\n") == [{"a": 1, "b": [1, 2]}]
    assert objects_in('{"a": 1}{"a": 2}\n{"a": 3e2}\n') == [{"a": 1}, {"a": 2}, {"a": 300}]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=8), values, min_size=1, max_size=4))
def test_json_is_read_as_it_is(value):
    assert objects_in(json.dumps(value)) == [value]
