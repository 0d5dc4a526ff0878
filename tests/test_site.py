"""The docs as a site: every page has a place in its menu, and no link or anchor leads nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dev import docs_api, docs_site

REPO = Path(__file__).resolve().parents[1]
DOCS = REPO / "docs"
REGISTRY = {"_index.md", "installation-configuration.md"}
"""Pages of Pulumi's registry, which has its own form."""


class Loader(yaml.SafeLoader):
    """As the site's own, which names a function by a tag."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda _loader, name, _node: name)


def settings():
    return yaml.load((REPO / "mkdocs.yml").read_text(), Loader)


def test_the_menu_has_every_page_once():
    groups = docs_site.menu((DOCS / "index.md").read_text())
    pages = [page for group in groups for entries in group.values() for page in entries]
    assert sorted(pages) == sorted(path.name for path in DOCS.glob("*.md") if path.name not in REGISTRY)


def test_the_menu_is_that_of_the_index():
    index = "# All\n\n[a](a.md), [b](b.md#x)\n\n## How to\n\n| [c.md](c.md), [a](a.md) | [out](../x.md) |\n\n## None\n"
    assert docs_site.menu(index) == [{"Start": ["index.md", "b.md"]}, {"How to": ["c.md", "a.md"]}]


def test_a_link_that_is_called_by_its_file_s_name_is_called_by_the_title_on_the_site():
    titles = {"ci.md": docs_site.title("# In `CI`\n\ntext"), "a-b.md": "A, B"}
    page = "[ci.md](ci.md), [a-b.md](a-b.md#x), [ci](ci.md), [gone.md](gone.md), [ci.md](a-b.md)"
    said = "[In CI](ci.md), [A, B](a-b.md#x), [ci](ci.md), [gone.md](gone.md), [ci.md](a-b.md)"
    assert docs_site.with_titles(page, titles) == said


def test_the_pages_from_docstrings_stand_behind_their_list():
    groups = [{"Start": ["index.md"]}, {"Reference": ["config.md", "api.md", "gates.md"]}]
    assert docs_site.with_reference(groups, ["api-a.md", "api-b.md"]) == [
        {"Start": ["index.md"]},
        {"Reference": ["config.md", "api.md", "api-a.md", "api-b.md", "gates.md"]},
    ]


def test_a_warning_fails_the_build_and_links_and_anchors_are_warned_of():
    said = settings()
    assert said["strict"] is True
    assert said["validation"]["links"] == dict.fromkeys(
        ("not_found", "anchors", "absolute_links", "unrecognized_links"), "warn"
    )
    assert set(said["exclude_docs"].split()) == REGISTRY


def build(folder: Path, docs: Path = DOCS) -> subprocess.CompletedProcess[str]:
    if not os.environ.get("CI"):
        pytest.importorskip("mkdocstrings")
    config = folder / "mkdocs.yml"
    text = (REPO / "mkdocs.yml").read_text().replace("docs_dir: docs", f"docs_dir: {docs}")
    text = text.replace("[components]", f"[{REPO / 'components'}]")
    config.write_text(text.replace("dev/docs_site.py", str(REPO / "dev" / "docs_site.py")))
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", config, "--site-dir", folder / "site"]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(REPO)}
    return subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, check=False)


def test_the_site_is_built_without_a_warning(tmp_path):
    done = build(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "runbook" / "index.html").is_file()
    for page in docs_api.pages():
        html = (tmp_path / "site" / page.name.removesuffix(".md") / "index.html").read_text()
        assert not [name for name in page.objects if f'id="{name}"' not in html], page.name
        assert f'href="../{page.name.removesuffix(".md")}/"' in (tmp_path / "site" / "api" / "index.html").read_text()


def test_an_anchor_that_is_not_there_fails_it(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    for page in DOCS.glob("*.md"):
        (docs / page.name).write_text("# A page\n")
    pages = "".join(f"[page]({page.name})\n" for page in DOCS.glob("*.md") if page.name not in REGISTRY)
    more = "[there](install.md#a-page), [nowhere](install.md#nowhere)"
    (docs / "index.md").write_text(f"# A page\n\n{pages}\n{more}\n")
    done = build(tmp_path, docs)
    assert done.returncode != 0
    assert "'install.md#nowhere'" in done.stderr
    assert "#a-page" not in done.stderr


def test_headings_have_the_anchors_of_github():
    assert docs_site.slug("App Service: two slots", "-") == "app-service-two-slots"
    assert docs_site.slug("`pulumi up` fails, 100 %", "-") == "pulumi-up-fails-100-"


def test_links_out_of_the_docs_are_text_until_the_repository_is_known():
    page = "See [ecs](../stacks/ecs.py#L1), [all](../stacks), [gates](gates.md#a), ![p](pictures/demo.png)."
    assert docs_site.out_of_docs(page, "") == "See ecs, all, [gates](gates.md#a), ![p](pictures/demo.png)."
    told = docs_site.out_of_docs(page, "https://github.com/acme/bluegreen", "v7.0.0")
    assert "[ecs](https://github.com/acme/bluegreen/blob/v7.0.0/stacks/ecs.py#L1)" in told
    assert "[all](https://github.com/acme/bluegreen/tree/v7.0.0/stacks)" in told
    with pytest.raises(ValueError, match=r"there is no \.\./stacks/nothing\.py"):
        docs_site.out_of_docs("[a](../stacks/nothing.py)", "")
