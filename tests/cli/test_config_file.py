"""One value of a config file changes, and nothing else of its text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.cli import config_file
from bluegreen.cli.config_file import ConfigFile
from bluegreen.cli.stack import CommandFailed

TEXT = """\
# The shop's production.
encryptionsalt: v1:abc
config:
  aws:region: eu-central-1

  shop:activeColor: blue  # who is live; see the runbook
  # Images come from the pipeline.
  shop:blueImage: "shop:1"
  shop:greenImage: 'shop:2'
  shop:token:
    secure: AAAB
  shop:services:
    web: {activeColor: green, image: a}
    api:
      activeColor: blue
"""


def file(text=TEXT):
    return ConfigFile(Path("Pulumi.production.yaml"), text, "shop")


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("activeColor", "green", "  shop:activeColor: green  # who is live; see the runbook"),
        ("shop:activeColor", "green", "  shop:activeColor: green  # who is live; see the runbook"),
        ("blueImage", "shop:3", '  shop:blueImage: "shop:3"'),
        ("greenImage", "it's", "  shop:greenImage: 'it''s'"),
        ("services.web.activeColor", "blue", "    web: {activeColor: blue, image: a}"),
        ("services.api.activeColor", "green", "      activeColor: green"),
        ("aws:region", "eu-west-1", "  aws:region: eu-west-1"),
        ("activeColor", "on", '  shop:activeColor: "on"  # who is live; see the runbook'),
        ("activeColor", "a: b", '  shop:activeColor: "a: b"  # who is live; see the runbook'),
    ],
)
def test_one_line_changes(key, value, line):
    after = file().with_value(key, value)
    changed = [(old, new) for old, new in zip(TEXT.splitlines(), after.text.splitlines(), strict=True) if old != new]
    assert [new for _, new in changed] == [line]
    assert after.value(key) == value
    assert yaml.safe_load(after.text)["config"]["aws:region"]


def test_a_new_key_is_one_more_line():
    after = file().with_value("promoteTo", "10")
    assert "config:\n  shop:promoteTo: 10\n  aws:region" in after.text
    assert after.value("promoteTo") == 10
    assert file("").with_value("a", "b").text == "config:\n  shop:a: b\n"
    assert file("encryptionsalt: x").with_value("a", "b").text == "encryptionsalt: x\nconfig:\n  shop:a: b\n"


def test_line_ends_of_another_system_stay():
    after = file(TEXT.replace("\n", "\r\n")).with_value("activeColor", "green").with_value("promoteTo", "10")
    assert after.text.count("\r\n") == after.text.count("\n")


@pytest.mark.parametrize(
    ("key", "why"),
    [("token", "is a secret"), ("services.web", "is an object"), ("nowhere.at.all", "set it by hand")],
)
def test_what_is_no_text_is_refused(key, why):
    with pytest.raises(CommandFailed, match=why):
        file().with_value(key, "x")


def test_what_is_no_yaml_is_refused():
    with pytest.raises(CommandFailed, match="is no YAML"):
        file("config: [").value("activeColor")


@given(value=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1))
def test_whatever_is_written_is_read_again(value):
    for key in ("activeColor", "blueImage", "greenImage", "new"):
        after = file().with_value(key, value)
        assert str(after.value(key)) == value
        others = yaml.safe_load(after.text)["config"]
        others.pop(f"shop:{key}", None)
        before = yaml.safe_load(TEXT)["config"]
        before.pop(f"shop:{key}", None)
        assert others == before


def test_it_is_found_beside_the_project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: config\n")
    with pytest.raises(CommandFailed, match="this stack's config is kept elsewhere"):
        config_file.read("acme/shop/production", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "Pulumi.production.yaml").write_text(TEXT)
    found = config_file.read("acme/shop/production", str(tmp_path))
    assert (found.project, found.value("activeColor")) == ("shop", "blue")
    with pytest.raises(CommandFailed, match=r"there is no Pulumi\.yaml"):
        config_file.read("production", str(tmp_path / "config"))
