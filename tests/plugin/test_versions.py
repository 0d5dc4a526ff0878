"""Which versions of Pulumi the tests run with: the oldest that is allowed, and the newest that there is."""

from __future__ import annotations

import re
from pathlib import Path

from bluegreen.adapters.plugin import sdk
from localcloud.tools import newest_sdk
from localcloud.tools import pulumi as cli

REPO = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = sdk.TESTED_VERSIONS


def test_the_checkouts_own_sdk_is_the_oldest_that_is_allowed():
    (allowed,) = re.findall(r'"pulumi>=([\d.]+),<4"', (REPO / "pyproject.toml").read_text())
    assert f"{allowed}.0" == OLDEST
    for pins in ("constraints.txt", "components/requirements.txt"):
        assert f"\npulumi=={OLDEST}\n" in f"\n{(REPO / pins).read_text()}", pins


def test_the_newest_sdk_is_the_one_that_is_fetched_beside_it():
    assert newest_sdk.VERSION == NEWEST


def test_a_cli_of_the_oldest_version_that_is_allowed_is_the_one_that_is_built():
    assert cli.VERSION == OLDEST, "what is newer is taken from PATH where it is installed"


def test_the_newest_cli_is_no_older_than_the_newest_sdk_and_the_page_says_what_is_tried():
    assert [int(part) for part in cli.NEWEST.split(".")] >= [int(part) for part in NEWEST.split(".")]
    page = (REPO / "docs" / "swap-providers.md").read_text()
    for version in (OLDEST, NEWEST, cli.NEWEST):
        assert version in page
