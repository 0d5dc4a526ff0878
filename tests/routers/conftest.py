import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.routers import alb_workshop


@pytest.fixture(scope="session")
def alb(aws_env):
    return alb_workshop.build()


class _Target(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Color", self.server.color)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def target_servers():
    """A process-local HTTP server for each color, in the place of the tasks."""
    servers = {}
    for color in ("blue", "green"):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Target)
        server.color = color
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[color] = server
    yield {color: server.server_address[1] for color, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()
