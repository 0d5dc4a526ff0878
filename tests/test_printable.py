"""Text that others wrote is shown on one line, and is no command for a terminal or for what reads a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.printable import printable


@given(st.text())
def test_whatever_it_is_it_is_one_line_without_commands(text):
    seen = printable(text)
    assert all(letter.isprintable() for letter in seen if letter not in "\ue000\uf8ff" and ord(letter) < 0x2FF)
    assert seen.splitlines() in ([], [seen])
    assert "::" not in seen
    assert printable(seen) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("promotion to green", "promotion to green"),
        ("x\n::error::deploy failed", "x :error:deploy failed"),
        ("##vso[task.setvariable variable=a]b", "#vso[task.setvariable variable=a]b"),
        ("##[error]no", "#[error]no"),
        ("\x1b[2J\x1b[1;1HAll good", "[2J [1;1HAll good"),
        ("Grüße, 東京", "Grüße, 東京"),
        ("a\u202eb\u2028c", "a b c"),
    ],
)
def test_what_is_left_of_it(text, seen):
    assert printable(text) == seen
