"""Where the package comes from: a release writes it, and its schema and its archives say so."""

from __future__ import annotations

REPOSITORY = ""
"""A URL, such as ``https://github.com/acme/bluegreen``; empty until there was a release."""


def origin(repository: str, version: str) -> dict[str, str]:
    """The schema's fields by which a package is found and downloaded, as Pulumi's registry asks for them.

    Args:
        repository: on GitHub, ``https://github.com/acme/bluegreen``; its releases have the plugin. Empty: none is said.
        version: the release's.
    """
    if not repository:
        return {}
    host, owner, name = repository.removeprefix("https://").split("/")
    return {
        "publisher": owner,
        "homepage": repository,
        "repository": repository,
        "logoUrl": f"{repository}/raw/v{version}/docs/pictures/logo.svg",
        # The engine asks GitHub's API for the release's archive of the machine that it runs on.
        "pluginDownloadURL": f"github://api.{host}/{owner}/{name}",
    }
