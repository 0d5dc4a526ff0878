"""The README where its folder is not beside it, as on a package index: links and pictures by whole URLs. Pure."""

from __future__ import annotations

import re

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
_ELSEWHERE = ("http://", "https://", "#", "mailto:")


def absolute(markdown: str, repository: str, tag: str) -> str:
    """The text with the files of a repository at a tag in the place of those beside it.

    Args:
        markdown: the text.
        repository: its URL; empty where it is not known: the text stays as it is.
        tag: of the release.
    """

    def whole(match: re.Match[str]) -> str:
        target = match["target"]
        if not repository or target.startswith(_ELSEWHERE):
            return match[0]
        kind = "raw" if match["picture"] else "blob"
        return f"{match['picture']}[{match['text']}]({repository}/{kind}/{tag}/{target})"

    return _LINK.sub(whole, markdown)


def relative_links(markdown: str) -> list[str]:
    """The links and pictures that lead to files beside the text."""
    return [one["target"] for one in _LINK.finditer(markdown) if not one["target"].startswith(_ELSEWHERE)]
