"""Each block of data in the docs can be read by what reads it; those of commands and Python are run elsewhere."""

from __future__ import annotations

import json
import re

import pytest
import tomllib
import yaml

from tests.test_docs import PAGES

ELSEWHERE = {"python", "sh", "text", "typescript", ""}
"""Run, compiled or typed by other tests, or what a program prints."""


def members_too(text):
    """A whole document, or some members of an object."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(f"{{{text}}}")


READ = {"json": members_too, "yaml": lambda text: list(yaml.safe_load_all(text)), "toml": tomllib.loads}
BLOCKS = [
    pytest.param(language, text, id=f"{page.name}-{number}-{language}")
    for page in PAGES
    for number, (language, text) in enumerate(
        re.findall(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE), 1
    )
    if language not in ELSEWHERE
]


@pytest.mark.parametrize(("language", "text"), BLOCKS)
def test_a_block_can_be_read(language, text):
    assert language in READ, f"nothing here reads {language}"
    assert READ[language](text)


def test_there_are_blocks_and_a_wrong_one_is_found():
    assert len(BLOCKS) > 20
    for language, text in (("json", '{"a": }'), ("json", '"a": 1 "b": 2'), ("yaml", "a: [b"), ("toml", "[a")):
        with pytest.raises((ValueError, yaml.YAMLError)):
            READ[language](text)
