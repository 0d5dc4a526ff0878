"""The page of every error's text: read from where errors are raised, with a cause and what to do."""

from __future__ import annotations

import pytest

from dev import error_texts

LEAST_SHARE = 0.95
"""Of the texts that the page has as they are, between two runs of the command that writes it."""


def test_the_page_has_the_texts_that_the_package_raises():
    rows = {one.row for one in error_texts.texts()}
    page = set(error_texts.listed())
    assert len(rows) > 200
    again = "run `python -m dev.error_texts`"
    assert len(rows & page) >= LEAST_SHARE * len(rows), f"{again}: {sorted(rows - page)}"
    assert len(rows & page) >= LEAST_SHARE * len(page), f"{again}: {sorted(page - rows)}"


def test_a_text_is_read_with_its_kind_and_without_names():
    tree = error_texts.ast.parse(
        'raise PlatformError(call, f"there is no {a} in {b}{c}\\n  Next: x")\n'
        "raise PlatformError(call, reason)\n"
        'raise ValueError("not a text of ours")\n'
    )
    assert list(error_texts._raised(tree)) == [("PlatformError", "there is no … in …")]


@pytest.mark.parametrize(
    ("area", "text", "kind", "what"),
    [
        ("AWS", "there is no service … in …", "PlatformError", "make it, or correct the name"),
        ("AWS", "the record …; this swap is …: choose another name", "NotOwned", "`pulumi destroy` there"),
        ("Azure", "no token of Microsoft Entra ID: …", "PlatformError", "log in"),
        ("Gates", "… needs sqlglot: pip install 'bluegreen[schema]'", "GateUnavailable", "the command in the text"),
        ("The swap", "the live weights are … instead of …: somebody else moved them", "Stopped", "find out who"),
        ("The command", "there is no terminal to confirm on: --yes runs", "CommandFailed", "`--yes`"),
        ("Messages and metrics", "no answer in … s", "NotificationFailed", "correct address or file"),
        ("Hosts of your own", "is not JSON: …", "Unfit", "correct it as the text says"),
    ],
)
def test_a_text_has_what_to_do(area, text, kind, what):
    one = error_texts.Text(area, text, kind)
    assert what in one.advice[1]
    assert one.row.startswith(f"| `{text}` | ")


def test_texts_are_found_by_a_word(capsys):
    error_texts.main(["AllowTcpForwarding"])
    assert "the sshd of … does not forward to …" in capsys.readouterr().out
