"""Which versions of Pulumi the tests run with: the oldest that is allowed, and the newest that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bluegreen.adapters.plugin import sdk
from localcloud.tools import oldest_sdk
from localcloud.tools import pulumi as cli

REPO = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = sdk.TESTED_VERSIONS


def test_the_checkouts_own_sdk_is_the_newest():
    for pins in ("constraints.txt", "components/requirements.txt"):
        assert f"\npulumi=={NEWEST}\n" in f"\n{(REPO / pins).read_text()}", pins


def test_the_oldest_that_is_allowed_is_tried_beside_it_sdk_and_cli():
    (allowed,) = re.findall(r'"pulumi>=([\d.]+),<4"', (REPO / "pyproject.toml").read_text())
    assert f"{allowed}.0" == OLDEST
    assert oldest_sdk.VERSION == OLDEST
    assert cli.OLDEST == OLDEST


def test_the_cli_is_no_older_than_the_sdk_and_pages_say_what_is_tried():
    assert [int(part) for part in cli.VERSION.split(".")] >= [int(part) for part in NEWEST.split(".")]
    page = (REPO / "docs" / "swap-providers.md").read_text()
    for version in (OLDEST, NEWEST, cli.VERSION):
        assert version in page
    least = OLDEST.removesuffix(".0")
    assert f"need Pulumi {least} or newer" in (REPO / "docs" / "plugin.md").read_text()
    assert f"pulumi>={least},<4\n" in (REPO / "examples" / "python" / "requirements.txt").read_text()


def test_examples_have_the_newest_sdks_of_their_languages():
    assert f"github.com/pulumi/pulumi/sdk/v3 v{cli.VERSION}\n" in (REPO / "examples" / "go" / "go.mod").read_text()
    described = json.loads((REPO / "examples" / "typescript" / "package.json").read_text())
    assert described["dependencies"]["@pulumi/pulumi"] == cli.VERSION
