"""The docs as a site: its menu, the reference from docstrings, headings' anchors, and links out of the folder `docs`.

The menu is that of docs/index.md; after docs/api.md come the pages that are made from docstrings. The pages are
written for whoever reads them in the repository: there `../stacks/ecs.py` is a file beside them. On the site it is
text, until there was a release, which records its repository (or `SITE_REPOSITORY` says a URL): then it is a link to
the file there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from dev import docs_api
from dev.release import origin

REPO = Path(__file__).resolve().parents[1]
_PAGE = re.compile(r"\]\(([\w-]+\.md)(?:#[^)]*)?\)")
_NAMED = re.compile(r"\[(?P<name>[\w-]+\.md)\]\((?P=name)(?P<anchor>#[^)]*)?\)")
_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>\.\./[^)\s]+)\)")


def menu(index: str) -> list[dict[str, list[str]]]:
    """The pages that the index lists, by its headings, each where it comes first; before those, the pages of none."""
    start, *sections = re.split(r"^## (.+)$", index, flags=re.MULTILINE)
    listed: set[str] = {"index.md"}
    groups: dict[str, list[str]] = {"Start": []}
    for heading, text in (*zip(sections[::2], sections[1::2], strict=True), ("Start", start)):
        pages = [page for page in dict.fromkeys(_PAGE.findall(text)) if page not in listed]
        groups.setdefault(heading, []).extend(pages)
        listed.update(pages)
    groups["Start"].insert(0, "index.md")
    return [{heading: pages} for heading, pages in groups.items() if pages]


def slug(text: str, separator: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", separator)


def out_of_docs(markdown: str, repository: str, branch: str = "main") -> str:
    """A page whose links to files outside of the docs lead to the repository; without one they are their text.

    Raises:
        ValueError: there is no such file.
    """

    def linked(match: re.Match[str]) -> str:
        path, _, anchor = match["target"].partition("#")
        file = (REPO / "docs" / path).resolve()
        if not file.exists():
            raise ValueError(f"there is no {path}")
        if not repository:
            return match["text"]
        kind = "tree" if file.is_dir() else "blob"
        where = f"{repository}/{kind}/{branch}/{file.relative_to(REPO).as_posix()}"
        return f"[{match['text']}]({where}{'#' + anchor if anchor else ''})"

    return _LINK.sub(linked, markdown)


def with_titles(markdown: str, titles: dict[str, str]) -> str:
    """A page whose links that are called by a file's name, as in `[choose.md](choose.md)`, are called by its title."""

    def titled(match: re.Match[str]) -> str:
        name, anchor = match["name"], match["anchor"] or ""
        return f"[{titles[name]}]({name}{anchor})" if name in titles else match[0]

    return _NAMED.sub(titled, markdown)


def title(markdown: str) -> str:
    """A page's title without marks."""
    found = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    return found[1].replace("`", "") if found else ""


def with_reference(groups: list[dict[str, list[str]]], pages: list[str]) -> list[dict[str, list[str]]]:
    """A menu with the pages from docstrings behind the one that lists them."""
    return [
        {heading: [name for entry in entries for name in ([entry, *pages] if entry == "api.md" else [entry])]}
        for group in groups
        for heading, entries in group.items()
    ]


def reference(docs: Path) -> tuple[docs_api.Page, ...]:
    """The pages that are made from docstrings: none where no page has a list of them."""
    listing = docs / "api.md"
    return docs_api.pages() if listing.is_file() and docs_api.LIST in listing.read_text() else ()


def on_config(config: Any, **_: Any) -> Any:
    """MkDocs calls this first."""
    docs = Path(config.docs_dir)
    config.nav = with_reference(menu((docs / "index.md").read_text()), [page.name for page in reference(docs)])
    return config


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """MkDocs calls this when it knows the pages."""
    for page in reference(Path(config.docs_dir)):
        files.append(File.generated(config, page.name, content=page.markdown))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """MkDocs calls this for each page."""
    if page.file.src_uri == "api.md":
        markdown = docs_api.with_list(markdown)
    markdown = with_titles(
        markdown, {path.name: title(path.read_text()) for path in Path(config.docs_dir).glob("*.md")}
    )
    repository = os.environ.get("SITE_REPOSITORY", "").rstrip("/") or origin.recorded(REPO)
    return out_of_docs(markdown, repository, os.environ.get("SITE_REF", "main"))
