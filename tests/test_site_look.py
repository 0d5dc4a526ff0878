"""The site in a browser: pages that are too wide, pictures that are not there, pages without a heading are found."""

from __future__ import annotations

import pytest

from dev import browser, site_look

pytestmark = pytest.mark.tools

HEAD = '<!doctype html><meta name="viewport" content="width=device-width"><style>body { margin: 0 }</style>'


@pytest.fixture
def site(tmp_path):
    try:
        browser.command()
    except browser.NoBrowser as missing:
        pytest.skip(f"the site is not looked at in a browser here: {missing}")
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "index.html").write_text(f"{HEAD}<h1>Good</h1><p>text")
    return tmp_path


def test_a_page_that_fits_passes_and_each_other_is_named(site, capsys):
    assert site_look.main([str(site)]) == 0
    assert "1 pages at 390 and 1280 pixels: nothing is wrong" in capsys.readouterr().out
    (site / "wide.html").write_text(f'{HEAD}<h1>Wide</h1><div style="width: 700px">text</div>')
    (site / "bare.html").write_text(f'{HEAD}<p>text<img src="gone.png">')
    assert site_look.main([str(site)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bare.html at 390 does not draw gone.png",
        "bare.html at 390 has no heading",
        "wide.html at 390 is 700 wide",
        "bare.html at 1280 does not draw gone.png",
        "bare.html at 1280 has no heading",
    ]
