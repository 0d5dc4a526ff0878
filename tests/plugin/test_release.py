"""A release's number, changelog, bill of materials, and the schema that the next one is compared with."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import pytest
import tomllib
import yaml

from bluegreen.adapters.plugin.schema import origin
from dev.release import changelog, distribution, numbering, readme, sbom, schemas
from dev.release.__main__ import main

REPO = Path(__file__).resolve().parents[2]
FIRST = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All of it.\n"
DIGEST = schemas.digest_of(b'{"version": 1}')
DAY = date(2026, 12, 1)
REPOSITORY = "https://github.com/acme/bluegreen"


def test_what_was_unreleased_becomes_a_release_and_the_next_begins_empty():
    text = changelog.release(FIRST, "0.1.0", DAY, DIGEST)
    assert changelog.unreleased(text) == ""
    (made,) = changelog.releases(text)
    assert made == changelog.Release("0.1.0", DAY, DIGEST, "### Added\n\n- All of it.")
    more = text.replace(changelog.UNRELEASED, f"{changelog.UNRELEASED}\n\n- More.")
    assert changelog.unreleased(more) == "- More."
    assert [one.tag for one in changelog.releases(changelog.release(more, "0.2.0", DAY, DIGEST))] == [
        "v0.2.0",
        "v0.1.0",
    ]


@pytest.mark.parametrize(
    ("text", "version", "told"),
    [
        (FIRST, "1.0", "'1.0' is no version: three numbers with dots between them"),
        (FIRST, "01.0.0", "'01.0.0' is no version"),
        (FIRST.replace("- All of it.", "").replace("### Added", ""), "0.1.0", "has nothing under"),
        (
            f"{FIRST}\n## [0.2.0] - 2026-11-01\n\nSchema: SHA-256 `{DIGEST}`.\n",
            "0.2.0",
            "0.2.0 is not newer than 0.2.0",
        ),
        (f"{FIRST}\n## [0.10.0] - 2026-11-01\n\nSchema: SHA-256 `{DIGEST}`.\n", "0.9.0", "0.9.0 is not newer"),
        (f"{FIRST}\n## [0.1.0] - 2026-11-01\n\n- Text.\n", "0.2.0", r"0.1.0 has no line 'Schema: SHA-256"),
    ],
)
def test_what_is_no_release_is_refused(text, version, told):
    with pytest.raises(changelog.NoRelease, match=told):
        changelog.release(text, version, DAY, DIGEST)


def test_a_version_is_replaced_where_it_stands_alone():
    text = "bluegreen@0.1.0, v0.1.0-x.tar.gz, `0.1.0`. And 10.1.0, 0.1.01, 0.1.0.1, 0x1.0. End 0.1.0."
    wanted = "bluegreen@0.2.0, v0.2.0-x.tar.gz, `0.2.0`. And 10.1.0, 0.1.01, 0.1.0.1, 0x1.0. End 0.2.0."
    assert numbering.renumbered(text, "0.1.0", "0.2.0") == wanted


def git(repo, *words):
    who = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "-c",
        "tag.gpgsign=false",
        "-c",
        "commit.gpgsign=false",
    )
    subprocess.run(["git", "-C", str(repo), *who, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A repository with the files that a release writes."""
    for name in (numbering.VERSION, numbering.ORIGIN, "pyproject.toml", *numbering.NAMED_IN, schemas.SCHEMA):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((REPO / name).read_bytes())
    (tmp_path / "CHANGELOG.md").write_text(FIRST)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    return tmp_path


def test_the_places_of_the_version_have_the_packages():
    version = numbering.current(REPO)
    for name in numbering.NAMED_IN:
        assert version in (REPO / name).read_text(), name


def test_one_command_writes_version_schema_and_changelog(checkout, monkeypatch, capsys):
    def printed(*words, **options):
        if words[0][0] == "git":
            return run(*words, **options)
        version = numbering.current(checkout)
        return subprocess.CompletedProcess(words, 0, json.dumps({"version": version}).encode())

    run = subprocess.run
    monkeypatch.setattr(numbering.subprocess, "run", printed)
    former = numbering.current(REPO)
    words = ["number", "7.0.0", "--day", "2026-12-01", "--repository", f"{REPOSITORY}/"]
    assert main(words, checkout) == 0
    assert "git tag v7.0.0 && git push --follow-tags" in capsys.readouterr().out
    assert numbering.current(checkout) == "7.0.0"
    assert numbering.repository_of(checkout) == REPOSITORY
    urls = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["urls"]
    assert urls["Homepage"] == REPOSITORY
    assert all(url.startswith(REPOSITORY) for url in urls.values())
    for name in numbering.NAMED_IN:
        text = (checkout / name).read_text()
        assert "7.0.0" in text
        assert former not in text
    (made,) = changelog.releases((checkout / "CHANGELOG.md").read_text())
    assert made.digest == schemas.digest_of((checkout / schemas.SCHEMA).read_bytes())
    assert schemas.last(checkout) == {"version": "7.0.0"}, "the release's own commit, before its tag"
    assert main(["notes", "--tag", "v7.0.0"], checkout) == 0
    assert capsys.readouterr().out == "### Added\n\n- All of it.\n"
    assert main(["notes", "--tag", "v7.0.1"], checkout) == 1
    assert "all three are of one version" in capsys.readouterr().err


def test_a_checkout_with_changes_gets_no_number(checkout, capsys):
    (checkout / "CHANGELOG.md").write_text(f"{FIRST}- More.\n")
    assert main(["number", "7.0.0"], checkout) == 1
    assert "CHANGELOG.md" in capsys.readouterr().err
    assert numbering.current(checkout) == numbering.current(REPO)


def test_a_refused_release_writes_nothing(checkout, capsys):
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert main(["number", "0.0.1"], checkout) == 1
    assert "0.0.1 is older than" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_the_first_release_says_where_it_comes_from(checkout, capsys):
    (checkout / numbering.ORIGIN).write_text('REPOSITORY = ""\n')
    git(checkout, "commit", "--quiet", "--all", "--message", "none", "--allow-empty")
    assert main(["number", "7.0.0"], checkout) == 1
    assert "--repository names it, such as https://github.com/acme/bluegreen" in capsys.readouterr().err
    assert main(["number", "7.0.0", "--repository", "acme/bluegreen"], checkout) == 1


def test_the_urls_are_written_once():
    text = (REPO / "pyproject.toml").read_text()
    once = numbering.with_urls(text, REPOSITORY)
    again = numbering.with_urls(once, f"{REPOSITORY}-2")
    assert numbering.with_urls(again, REPOSITORY) == once
    project = tomllib.loads(again)["project"]
    assert project["urls"]["Issues"] == f"{REPOSITORY}-2/issues"
    assert project["scripts"] == tomllib.loads(text)["project"]["scripts"]
    assert {**project, "urls": None} == {**tomllib.loads(text)["project"], "urls": None}


def test_the_schema_says_what_pulumis_registry_asks_for_once_it_is_known():
    assert origin("", "7.0.0") == {}
    said = origin(REPOSITORY, "7.0.0")
    assert set(said) == {"publisher", "repository", "homepage", "logoUrl", "pluginDownloadURL"}
    assert said["pluginDownloadURL"] == "github://api.github.com/acme/bluegreen"
    assert said["publisher"] == "acme"
    logo = said["logoUrl"].removeprefix(f"{REPOSITORY}/raw/v7.0.0/")
    assert (REPO / logo).is_file()
    for page in ("_index.md", "installation-configuration.md"):
        heading = (REPO / "docs" / page).read_text().split("---\n")[1]
        assert {"title", "meta_desc", "layout"} <= set(yaml.safe_load(heading)), page


def test_the_last_releases_schema_is_that_of_its_tag(checkout):
    assert schemas.last(checkout) is None, "nothing was released"
    schema = checkout / schemas.SCHEMA
    schema.write_text('{"version": 1}')
    (checkout / "CHANGELOG.md").write_text(changelog.release(FIRST, "0.1.0", DAY, DIGEST))
    git(checkout, "commit", "--quiet", "--all", "--message", "release")
    git(checkout, "tag", "v0.1.0")
    schema.write_text('{"version": 2}')
    assert schemas.last(checkout) == {"version": 1}
    git(checkout, "commit", "--quiet", "--all", "--message", "later")
    git(checkout, "tag", "--force", "v0.1.0")
    schema.write_text('{"version": 3}')
    with pytest.raises(changelog.NoRelease, match=r"v0.1.0 has a schema of SHA-256 \w+; CHANGELOG.md says"):
        schemas.last(checkout)
    git(checkout, "tag", "--delete", "v0.1.0")
    with pytest.raises(changelog.NoRelease, match=r"there is no v0.1.0 here \(`git fetch --tags` brings it\)"):
        schemas.last(checkout)


def test_the_bill_of_materials_has_every_pin_of_the_plugin():
    requirements = (REPO / "components" / "requirements.txt").read_text()
    bill = json.loads(sbom.bill(requirements, "7.0.0"))
    pinned = [line.split("==") for line in requirements.splitlines() if "==" in line and not line.startswith("#")]
    assert len(bill["components"]) == len(pinned) > 20
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/bluegreen@7.0.0"
    purls = [one["purl"] for one in bill["components"]]
    assert purls == sorted(purls)
    assert any(purl.startswith("pkg:pypi/pulumi-kubernetes@") for purl in purls), "names as package URLs have them"
    assert bill["dependencies"][0]["dependsOn"] == purls


def built(folder, *, metadata="Name: bluegreen\nVersion: 7.0.0\nSummary: a\nKeywords: b\n\n# bluegreen\n", extra=()):
    names = ("bluegreen/py.typed", "bluegreen/cli/report.html", "bluegreen/adapters/plugin/host.py")
    with zipfile.ZipFile(folder / "bluegreen-7.0.0-py3-none-any.whl", "w") as wheel:
        for name in (*names, *extra):
            wheel.writestr(name, "")
        wheel.writestr("bluegreen-7.0.0.dist-info/METADATA", metadata)
    with tarfile.open(folder / "bluegreen-7.0.0.tar.gz", "w:gz") as sources:
        for name in ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", *(f"components/{one}" for one in names)):
            sources.addfile(tarfile.TarInfo(f"bluegreen-7.0.0/{name}"))
    return distribution.problems_in(folder, "7.0.0")


def test_what_is_built_is_looked_through(tmp_path):
    assert distribution.problems_in(tmp_path, "7.0.0") == [
        "there is no bluegreen-7.0.0-py3-none-any.whl",
        "there is no bluegreen-7.0.0.tar.gz",
    ]
    assert built(tmp_path) == []
    wheel = "bluegreen-7.0.0-py3-none-any.whl"
    assert built(tmp_path, extra=["tests/a.py"]) == [f"{wheel} has tests/a.py"]
    assert built(tmp_path, metadata="Version: 6.0.0\nSummary: a\n\ntext\n") == [
        f"{wheel} says nothing of Keywords",
        f"{wheel} says that it is 6.0.0",
        f"{wheel} has no description",
    ]


def test_the_readme_leads_to_the_release_where_nothing_is_beside_it():
    text = "![a [b]](docs/p.png) [all](docs/a.md#b) [x](#y) [z](https://example.com/)"
    whole = readme.absolute(text, REPOSITORY, "v7.0.0")
    assert f"![a [b]]({REPOSITORY}/raw/v7.0.0/docs/p.png) [all]({REPOSITORY}/blob/v7.0.0/docs/a.md#b)" in whole
    assert "[x](#y) [z](https://example.com/)" in whole
    assert readme.relative_links(whole) == []
    assert readme.absolute(text, "", "v7.0.0") == text
    own = (REPO / "README.md").read_text()
    assert readme.relative_links(own)
    assert readme.relative_links(readme.absolute(own, REPOSITORY, "v7.0.0")) == []


def test_a_published_wheel_leads_to_its_repository(tmp_path):
    wheel = "bluegreen-7.0.0-py3-none-any.whl"
    built(tmp_path, metadata="Version: 7.0.0\nSummary: a\nKeywords: b\n\n# bluegreen\n[a](docs/a.md)\n")
    assert distribution.problems_in(tmp_path, "7.0.0", published=True) == [
        f"{wheel} says nothing of Project-URL",
        f"{wheel}: its description leads to docs/a.md, beside it",
    ]


def test_nothing_is_built_beside_something_else(tmp_path):
    (tmp_path / "old.whl").touch()
    with pytest.raises(changelog.NoRelease, match=r"is not empty: old.whl"):
        distribution.make(REPO, tmp_path)
