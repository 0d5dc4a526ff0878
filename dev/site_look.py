"""Look at every page of the built site in a browser, at a telephone's width and at a desktop's.

`python -m dev.site_look dist/site` names each page that has to be scrolled sideways, each picture that is not drawn,
and each page without a heading, and fails where there is one.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from dev import browser

WIDTHS = (390, 1280)
"""In CSS pixels."""
_PROBE = "/__look__"
_LIMIT_SECONDS = 600
_SCRIPT = """<!doctype html><pre id="found">unfinished</pre><script>
const look = (page, width) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.style.width = width + "px";
  frame.style.height = "900px";
  frame.onload = () => {
    const seen = frame.contentDocument, found = [];
    if (seen.documentElement.scrollWidth > width + 1)
      found.push("is " + seen.documentElement.scrollWidth + " wide");
    for (const picture of seen.images)
      if (picture.complete && !picture.naturalWidth) found.push("does not draw " + picture.getAttribute("src"));
    if (!seen.querySelector("h1")) found.push("has no heading");
    frame.remove();
    done(found.map(one => page + " at " + width + " " + one));
  };
  frame.src = "/" + page;
  document.body.appendChild(frame);
});
(async () => {
  const found = [];
  for (const width of WIDTHS) for (const page of PAGES) found.push(...await look(page, width));
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


class _Server(http.server.SimpleHTTPRequestHandler):
    """The site, and the page that looks at it."""

    probe: bytes

    def do_GET(self) -> None:
        """Answer."""
        if self.path != _PROBE:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self.probe)))
        self.end_headers()
        self.wfile.write(self.probe)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def problems_in(site: Path) -> list[str]:
    """Each page's problems in a sentence; empty where there is none.

    Raises:
        NoBrowser: there is no Chromium.
    """
    words = browser.command()
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    script = _SCRIPT.replace("WIDTHS", json.dumps(WIDTHS)).replace("PAGES", json.dumps(pages))
    handler = functools.partial(type("Server", (_Server,), {"probe": script.encode()}), directory=str(site))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        tempfile.TemporaryDirectory() as profile,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}{_PROBE}"
        more = [
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            f"--virtual-time-budget={_LIMIT_SECONDS * 1000}",
            "--dump-dom",
            url,
        ]
        done = subprocess.run([*words, *more], capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
        server.shutdown()
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    if found is None or found[1] == "unfinished":
        return [f"the browser did not come to an end: {done.stderr.strip()[-500:]}"]
    return list(map(str, json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))))


def main(words: list[str] | None = None) -> int:
    """Look at a site; the exit status is 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m dev.site_look", description=__doc__)
    parser.add_argument("site", type=Path, nargs="?", default=Path("dist/site"))
    site = parser.parse_args(words).site
    pages = len(list(site.rglob("*.html")))
    problems = problems_in(site)
    print(
        "\n".join(problems)
        if problems
        else f"{pages} pages at {' and '.join(map(str, WIDTHS))} pixels: nothing is wrong"
    )
    return 1 if problems or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
