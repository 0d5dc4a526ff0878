"""The two pages that Pulumi's registry shows: its form, and the same service in each language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[1]
PAGES = [REPO / "docs" / name for name in ("_index.md", "installation-configuration.md")]
INDEX = PAGES[0].read_text()
SCHEMA = json.loads((REPO / "components" / "schema.json").read_text())
INPUTS = set(SCHEMA["resources"]["bluegreen:aws:EcsService"]["inputProperties"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_registrys_heading_and_no_other_title(page):
    _, heading, text = page.read_text().split("---\n", 2)
    assert yaml.safe_load(heading)["layout"] == "package"
    assert {"title", "meta_desc"} <= set(yaml.safe_load(heading))
    assert not re.search(r"^# ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_leads_nowhere_beside_itself(page):
    """The registry has no other page of this folder."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    assert not [target for target in targets if not target.startswith(("https://", "#", "/"))]


def languages():
    """The code of each language that may be chosen."""
    marks = re.findall(r"\{\{([<%]) (/?)(chooser|choosable)(.*?) [>%]\}\}", INDEX)
    opened = []
    for bracket, closing, name, _ in marks:
        if closing:
            assert opened.pop() == (bracket, name)
        else:
            opened.append((bracket, name))
    assert not opened
    chosen = re.search(r'chooser language "(.+?)"', INDEX)[1].split(",")
    blocks = re.findall(r"choosable language (\w+) %\}\}\s+```(\w+)\n(.*?)```", INDEX, re.DOTALL)
    assert [language for language, _, _ in blocks] == [code for _, code, _ in blocks] == chosen
    return {language: text for language, _, text in blocks}


def test_each_language_of_the_first_page_has_the_same_service():
    code = languages()
    inputs = yaml.safe_load(code["yaml"])["resources"]["web"]["properties"]
    assert set(inputs) <= INPUTS
    typescript = re.findall(r"^ {4}(\w+):", code["typescript"], re.MULTILINE)
    python = re.findall(r"^ {4}(\w+)=", code["python"], re.MULTILINE)
    camel = [re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in python]
    assert list(inputs) == typescript == camel
