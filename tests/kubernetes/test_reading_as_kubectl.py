"""The same values and the same refusals as kubectl itself, read from the one that the local node has."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from bluegreen.kubernetes.manifests.reading import objects_in
from localcloud.progress import Silent
from localcloud.tools import kubernetes

HEAD = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: x}\n"
PLAIN = """
010 0o17 08 00 0_7 07_7 0O7 0777777777777777777777777 1_000 1__0 1_ _1 -_1 0b11 0b1_0 -0b1 0B1 0b 0x1F 0X1F 0x_1 +0x1f
-0o7 0o8 on y Y N Yes YES yEs tRue TRUE Off n ~ NULL Null nUll 2026-04-01 2001-12-14t21:59:43.10-05:00 22:30 190:20:30
1:30.5 -1:20 = =x 12345678901234567890 99999999999999999999999 18446744073709551615 18446744073709551616
1.5e -9223372036854775809 1.5e400 1e309 1e308 5e-324 1e-400 +.5 -.5 .5 . .. .e3 1. 1.e3 1e3 1E3 1e+3 1e 1e+
1e2.5 1e5_0 1_0.5 685_230.15 .5_0 ._5 1.2.3 1-2 --1 + -0 -0.0 0.0 1.0 0.1 0.000001 1e-7 1e21 100000000000000000000.0
123456789.123456789 12e03 infinity nan inf -.inf2 .INF2 0x1.8p1 0x << b:c '1' 50%
"""
TAGGED = ["!!str 5", '!!int "7"', "!!float 3", "!!binary aGVsbG8=", "!custom abc", "! 12", "!!timestamp 2001-01-01"]
SPECS = {
    "scalars": "\n".join(f"  k{number}: {one}" for number, one in enumerate(PLAIN.split())),
    "tagged": "\n".join(f"  k{number}: {one}" for number, one in enumerate(TAGGED)),
    "keys": "  {on: 1, off: 2, yes: 3, n: 4, 1.5: 6, 010: 7, 1e3: 8, 2026-04-01: 9, 22:30: 10, .inf: 11, 1.0: 12}",
    "long keys": "  {1e21: 6, 0.1: 7, 1e-7: 3, 123456789.5: 4, 99999999999999999999999: 7, 0.00012: 1, 123456.7: 2}",
    "equal keys": "  {a: 1, a: 2}",
    "merges": "  base: &b {a: 1, c: 3}\n  m: {a: 2, <<: *b}\n  k: {<<: *b, a: 2}\n  q: {'<<': *b}",
    "merges of lists": "  one: &b {a: 1}\n  two: &c {a: 2, d: 4}\n  m: {<<: [*b, *c]}\n  k:\n    <<: *b\n    <<: *c",
    "aliases": "  m: &a 010\n  l: *a",
    "tags": "  a: !!set {x, y}\n  b: !!omap [x: 1]\n  c: !!map {a: !!seq [1]}\n  d: !Ref {x: 1}\n  e: !Join [1]",
    "tabs": "  a:\t1\t# a comment\n  b: [\t1,\t2\t]",
    "texts": "  a: >-\n    x\n    y\n\n    z\n  b: |+\n    x\n\n  c: |\n    x\n    ---\n    y\n  d:\n  e: ''",
}
REFUSED = [
    *("a: .inf", "a: [.nan]", "null: 5", "~: 5", "12345678901234567890: 5", "? [a]\n  : 1", "m: {<<: 3}"),
    *("a: !!int abc", "a: &a\n    b: *a", 'a: "\\ud83d\\ude00"', "a: `x`", 'a: "x\\u0007y\x07"'),
]


def asked(path):
    kubectl = kubernetes.ensure(Silent()) / "kubectl"
    command = [kubectl, "label", "--local", "--dry-run=client", "-f", path, "-o", "json", "read=yes"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def of_64_bits(digits):
    """kubectl shows no more digits of a float than tell it from others."""
    return int(digits) if abs(int(digits)) < 2**63 else float(digits)


def values(text):
    decoder, rest = json.JSONDecoder(parse_int=of_64_bits), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        yield value
        rest = rest[end:].lstrip()


def test_values_are_those_of_kubectl(tmp_path):
    texts = {name: f"{HEAD}spec:\n{spec}\n" for name, spec in sorted(SPECS.items())}
    for number, text in enumerate(texts.values()):
        (tmp_path / f"{number:02}.yaml").write_text(text)
    answer = asked(tmp_path)
    assert not answer.returncode, answer.stderr
    for name, there in zip(texts, values(answer.stdout), strict=True):
        (here,) = objects_in(texts[name])
        assert here["spec"] == there["spec"], name


@pytest.mark.parametrize("spec", REFUSED)
def test_what_kubectl_refuses_is_refused(tmp_path, spec):
    text = f"{HEAD}spec:\n  {spec}\n"
    (tmp_path / "one.yaml").write_text(text)
    assert asked(tmp_path).returncode
    with pytest.raises((ValueError, yaml.YAMLError)):
        objects_in(text)
