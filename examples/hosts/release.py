"""A release for trying bluegreen: ``python release.py PORT TEXT``. One whose text begins with "broken" answers 500."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, text = int(sys.argv[1]), sys.argv[2]


class Answer(BaseHTTPRequestHandler):
    """Healthy at /healthz; at any other path its text."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        broken = text.startswith("broken") and self.path != "/healthz"
        body = f"{text}\n".encode()
        self.send_response(500 if broken else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
