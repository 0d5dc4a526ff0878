"""A release's number, changelog, bill of materials, and the schema that the next one is compared with."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import pytest
import tomllib
import yaml

from bluegreen import _origin
from bluegreen.adapters.plugin import schema
from dev import plugin_archive
from dev.release import changelog, distribution, numbering, opinions, origin, readme, sbom, schemas
from dev.release.__main__ import main, parser
from localcloud.progress import Silent
from localcloud.tools import languages

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


def from_nowhere(folder):
    """A checkout of which there was no release, whatever this one's own last release was."""
    file = folder / origin.FILE
    file.write_text(re.sub(r'^REPOSITORY = ".*"$', 'REPOSITORY = ""', file.read_text(), flags=re.MULTILINE))


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
    for name in (numbering.VERSION, origin.FILE, "pyproject.toml", *numbering.NAMED_IN, schemas.SCHEMA):
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
    assert origin.recorded(checkout) == REPOSITORY
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
    from_nowhere(checkout)
    git(checkout, "commit", "--quiet", "--all", "--message", "none", "--allow-empty")
    git(checkout, "remote", "add", "origin", str(checkout))
    assert main(["number", "7.0.0"], checkout) == 1
    said = capsys.readouterr().err
    assert "nothing says which repository the release comes from: --repository names it, such as https://" in said
    assert main(["number", "7.0.0", "--repository", "acme/bluegreen"], checkout) == 1


def test_the_urls_are_written_once():
    text = (REPO / "pyproject.toml").read_text()
    once = origin.with_urls(text, REPOSITORY)
    again = origin.with_urls(once, f"{REPOSITORY}-2")
    assert origin.with_urls(again, REPOSITORY) == once
    project = tomllib.loads(again)["project"]
    assert project["urls"]["Issues"] == f"{REPOSITORY}-2/issues"
    assert project["scripts"] == tomllib.loads(text)["project"]["scripts"]
    assert {**project, "urls": None} == {**tomllib.loads(text)["project"], "urls": None}


def test_the_schema_says_what_pulumis_registry_asks_for_once_it_is_known():
    assert _origin.origin("", "7.0.0") == {}
    said = _origin.origin(REPOSITORY, "7.0.0")
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
    file = checkout / schemas.SCHEMA
    file.write_text('{"version": 1}')
    (checkout / "CHANGELOG.md").write_text(changelog.release(FIRST, "0.1.0", DAY, DIGEST))
    git(checkout, "commit", "--quiet", "--all", "--message", "release")
    git(checkout, "tag", "v0.1.0")
    file.write_text('{"version": 2}')
    assert schemas.last(checkout) == {"version": 1}
    git(checkout, "commit", "--quiet", "--all", "--message", "later")
    git(checkout, "tag", "--force", "v0.1.0")
    file.write_text('{"version": 3}')
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


METADATA = "Name: bluegreen\nVersion: 7.0.0\nSummary: a\nKeywords: b\n{}\n# bluegreen\n"
UNPUBLISHED = METADATA.format("")
MODULES = ("bluegreen/py.typed", "bluegreen/cli/report.html", "bluegreen/adapters/plugin/host.py")


def packed(file, names, origin_text=None):
    with tarfile.open(file, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
        if origin_text is not None:
            entry = tarfile.TarInfo("bluegreen/_origin.py")
            entry.size = len(origin_text)
            archive.addfile(entry, io.BytesIO(origin_text.encode()))


def built(folder, *, metadata=UNPUBLISHED, extra=(), repository="", of_plugin="", schema=None):
    with zipfile.ZipFile(folder / "bluegreen-7.0.0-py3-none-any.whl", "w") as wheel:
        for name in (*MODULES, *extra):
            wheel.writestr(name, "")
        wheel.writestr("bluegreen-7.0.0.dist-info/METADATA", metadata)
    in_sources = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", *(f"components/{one}" for one in MODULES))
    packed(folder / "bluegreen-7.0.0.tar.gz", [f"bluegreen-7.0.0/{name}" for name in in_sources])
    for machine in ("", *(f"-{one}" for one in distribution.MACHINES)):
        plugin = folder / f"pulumi-resource-bluegreen-v7.0.0{machine}.tar.gz"
        packed(plugin, (*plugin_archive.AT_ROOT, *MODULES), f'REPOSITORY = "{of_plugin}"\n')
    (folder / "schema.json").write_text(json.dumps(schema or {"version": "7.0.0"}))
    (folder / distribution.BILL).write_text("{}")
    return distribution.problems_in(folder, "7.0.0", repository)


def test_what_is_built_is_looked_through(tmp_path):
    missing = distribution.problems_in(tmp_path, "7.0.0")
    assert missing[:2] == ["there is no bluegreen-7.0.0-py3-none-any.whl", "there is no bluegreen-7.0.0.tar.gz"]
    assert "there is no pulumi-resource-bluegreen-v7.0.0-darwin-arm64.tar.gz" in missing
    assert built(tmp_path) == []
    wheel = "bluegreen-7.0.0-py3-none-any.whl"
    assert built(tmp_path, extra=["tests/a.py"]) == [f"{wheel} has tests/a.py"]
    assert built(tmp_path, metadata="Version: 6.0.0\nSummary: a\n\ntext\n") == [
        f"{wheel} says nothing of Keywords",
        f"{wheel} says that it is 6.0.0",
        f"{wheel} has no description",
    ]
    assert built(tmp_path, schema={"version": "6.0.0"}) == ["schema.json is of version 6.0.0"]
    (tmp_path / "pulumi-resource-bluegreen-v7.0.0-linux-amd64.tar.gz").unlink()
    packed(tmp_path / "pulumi-resource-bluegreen-v7.0.0-linux-amd64.tar.gz", MODULES, 'REPOSITORY = ""\n')
    assert distribution.problems_in(tmp_path, "7.0.0") == [
        *(f"pulumi-resource-bluegreen-v7.0.0-linux-amd64.tar.gz lacks {name}" for name in plugin_archive.AT_ROOT),
        "schema.json is of version 6.0.0",
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


def test_what_is_published_leads_to_its_repository(tmp_path):
    told = {"version": "7.0.0", **_origin.origin(REPOSITORY, "7.0.0")}
    links = "".join(f"Project-URL: {label}, {url}\n" for label, url in origin.urls(REPOSITORY).items())
    whole = {"metadata": METADATA.format(links), "of_plugin": REPOSITORY, "schema": told}
    assert built(tmp_path, repository=REPOSITORY, **whole) == []
    wheel = "bluegreen-7.0.0-py3-none-any.whl"
    less = {**whole, "metadata": METADATA.format(links.replace("acme", "other")) + "[a](docs/a.md)\n"}
    assert built(tmp_path, repository=REPOSITORY, **less) == [
        *(f"{wheel} has no Project-URL {label}, {url}" for label, url in origin.urls(REPOSITORY).items()),
        f"{wheel}: its description leads to docs/a.md, beside it",
    ]
    found = built(tmp_path, repository=REPOSITORY, **{**whole, "of_plugin": "", "schema": {"version": "7.0.0"}})
    assert f"v7.0.0.tar.gz does not come from {REPOSITORY}: bluegreen/_origin.py says something else" in found[0]
    assert len([one for one in found if "does not come from" in one]) == len(distribution.MACHINES) + 1
    assert found[-5:] == [
        "schema.json says that its repository is None",
        *(f"schema.json has no {key}" for key in ("publisher", "homepage", "logoUrl", "pluginDownloadURL")),
    ]


def test_the_bill_of_materials_is_one_to_its_own_schema(tmp_path):
    file = tmp_path / distribution.BILL
    requirements = (REPO / "components" / "requirements.txt").read_text()
    file.write_text(sbom.bill(requirements, "7.0.0", REPOSITORY))
    assert opinions.of_bill(file) == []
    bill = json.loads(file.read_text())
    assert bill["metadata"]["component"]["externalReferences"] == [{"type": "vcs", "url": REPOSITORY}]
    bill["components"][0]["type"] = "thing"
    file.write_text(json.dumps(bill))
    (said,) = opinions.of_bill(file)
    assert "bluegreen.cdx.json is not CycloneDX 1.6" in said
    assert "thing" in said


def test_nothing_is_built_beside_something_else(tmp_path):
    (tmp_path / "old.whl").touch()
    with pytest.raises(changelog.NoRelease, match=r"is not empty: old.whl"):
        distribution.make(REPO, tmp_path)


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/acme/bluegreen.git", REPOSITORY),
        ("git@github.com:acme/bluegreen.git", REPOSITORY),
        ("ssh://git@github.com/acme/bluegreen", REPOSITORY),
        ("/srv/git/bluegreen.git", ""),
        ("https://github.com/acme", ""),
        ("", ""),
    ],
)
def test_a_checkout_with_a_remote_comes_from_there(remote, url, tmp_path):
    git(tmp_path, "init", "--quiet")
    if remote:
        git(tmp_path, "config", "remote.origin.url", remote)
    assert origin.of_git(tmp_path) == url


def test_a_build_names_the_repository_that_it_is_given_and_no_other_than_the_recorded(checkout):
    from_nowhere(checkout)
    assert origin.of_build(checkout, "") == ""
    assert origin.of_build(checkout, f"{REPOSITORY}/") == REPOSITORY
    with pytest.raises(changelog.NoRelease, match=r"_origin\.py names no repository.*number VERSION --repository URL"):
        origin.of_release(checkout)
    origin.write(checkout, REPOSITORY, "7.0.0")
    assert origin.of_build(checkout, "") == origin.of_release(checkout) == REPOSITORY
    assert origin.of_build(checkout, REPOSITORY.replace("acme", "Acme")) == REPOSITORY, "as GitHub compares them"
    with pytest.raises(
        changelog.NoRelease, match=r"come from https://github.com/acme/bluegreen, and --repository says"
    ):
        origin.of_build(checkout, f"{REPOSITORY}-2")
    with pytest.raises(changelog.NoRelease, match=r"acme/bluegreen is no repository that a release can come from"):
        origin.of_build(checkout, "acme/bluegreen")


def test_a_tag_without_a_repository_is_not_built(checkout, tmp_path, capsys):
    from_nowhere(checkout)
    version = numbering.current(checkout)
    (checkout / "CHANGELOG.md").write_text(changelog.release(FIRST, version, DAY, DIGEST))
    words = ["build", str(tmp_path / "dist"), "--tag", f"v{version}", "--repository", REPOSITORY]
    assert main(words, checkout) == 1
    assert "a release has to say where it comes from" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()


def test_the_workflow_gives_a_release_its_tag_and_its_repository():
    workflow = yaml.safe_load((REPO / ".github" / "workflows" / "release.yml").read_text())
    steps = {step["name"]: step for step in workflow["jobs"]["build"]["steps"] if "name" in step}
    words = [shlex.split(steps[name]["run"].split(" >")[0])[3:] for name in ("Notes", "Build and check")]
    noted, built = (parser().parse_args(found) for found in words)
    assert noted.tag == built.tag == "$GITHUB_REF_NAME"
    assert built.repository == "$REPOSITORY"
    assert steps["Build and check"]["env"]["REPOSITORY"] == "${{ github.server_url }}/${{ github.repository }}"
    pins = (REPO / "constraints.txt").read_text()
    tools = [word for word in shlex.split(steps["Tools"]["run"])[6:] if "/" not in word]
    assert {word.partition("[")[0] for word in tools} == {
        "build",
        "twine",
        "check-wheel-contents",
        "cyclonedx-python-lib",
    }
    assert all(f"\n{word.partition('[')[0]}==" in pins for word in tools)


def test_what_is_written_into_the_schema_is_what_its_code_says(checkout, monkeypatch):
    """A build has no need of the packages that the schema is made with."""
    version = numbering.current(checkout)
    origin.write(checkout, REPOSITORY, version)
    monkeypatch.setattr(schema, "REPOSITORY", REPOSITORY)
    said = json.dumps(schema.package_schema.__wrapped__(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert (checkout / schemas.SCHEMA).read_text() == said
    assert f'"{REPOSITORY}/raw/v{version}/docs/pictures/logo.svg"' in said


@pytest.mark.tools
@pytest.mark.parametrize(
    ("language", "file", "said"),
    [
        (
            "nodejs",
            "package.json",
            [f'"homepage": "{REPOSITORY}"', '"server": "github://api.github.com/acme/bluegreen"'],
        ),
        ("python", "pulumi-plugin.json", ['"server": "github://api.github.com/acme/bluegreen"']),
        ("python", "pyproject.toml", [f'Homepage = "{REPOSITORY}"', f'Repository = "{REPOSITORY}"']),
        ("go", "pulumi-plugin.json", ['"server": "github://api.github.com/acme/bluegreen"']),
    ],
)
def test_an_sdk_says_where_its_plugin_is(language, file, said, tmp_path):
    text = origin.in_schema((REPO / schemas.SCHEMA).read_text(), _origin.origin(REPOSITORY, "7.0.0"))
    (tmp_path / "schema.json").write_text(text)
    command = [languages.ensure(Silent()) / languages.GENERATOR, language, "schema.json", "sdk"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    found = "".join(path.read_text() for path in (tmp_path / "sdk").rglob(file))
    assert not [one for one in said if one not in found], found
