"""Apps by their own names over HTTPS: a proxy for clients that ask for them, as the internet would lead them there.

A name's certificate is signed by that of the API, which clients trust already. What is read from it goes to the data
plane as plain HTTP; an address that is in none of the cloud's own domains is refused. Addresses of load balancers are
led there over plain HTTP, with the `Host` that a client gives, as they would be found by a socket.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_MOST_BYTES = 1 << 16


class Names:
    """A context manager.

    Args:
        plane: where requests go, as plain HTTP.
        authority: key and certificate that sign the names'.
        domains: the ends of the names that are led there.
        addresses: the beginnings of the addresses that are.
    """

    def __init__(self, plane: str, authority: Path, domains: tuple[str, ...], addresses: tuple[str, ...] = ()) -> None:
        where = urlsplit(plane)
        self._plane = (where.hostname or "127.0.0.1", where.port or 80)
        self._authority, self._domains, self._addresses = authority, domains, addresses
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True

    def __enter__(self) -> Names:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The value of `HTTPS_PROXY`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):  # whoever leaves in the middle has left
                    names.lead(self.request)

        return Handler

    def lead(self, client: socket.socket) -> None:
        """Answer a CONNECT, and carry what comes after it."""
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MOST_BYTES:
            more = client.recv(_MOST_BYTES)
            if not more:
                return
            head += more
        verb, target, *_ = [*head.split(b"\r\n")[0].decode("latin-1").split(" "), "", ""]
        if target.startswith("http://") and (urlsplit(target).hostname or "").startswith(self._addresses or ("/",)):
            self._lead_plain(client, head)
            return
        host = target.rpartition(":")[0].lower()
        if verb != "CONNECT" or not host.endswith(self._domains):
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            self._context(host).wrap_socket(client, server_side=True) as secure,
            socket.create_connection(self._plane) as plain,
        ):
            back = threading.Thread(target=_carry, args=(plain, secure), daemon=True)
            back.start()
            _carry(secure, plain)
            back.join()

    def _lead_plain(self, client: socket.socket, head: bytes) -> None:
        """One request for an address. Envoy itself would take a whole URL's host for the one that is meant."""
        first, _, rest = head.partition(b"\r\n")
        verb, target, version = first.split(b" ")
        parts = urlsplit(target.decode("latin-1"))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with socket.create_connection(self._plane) as plain:
            plain.sendall(b" ".join((verb, path.encode("latin-1"), version)) + b"\r\nConnection: close\r\n" + rest)
            back = threading.Thread(target=_carry, args=(client, plain), daemon=True)
            back.start()
            _carry(plain, client)
            back.join()

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._signed(host)
            return self._contexts[host]

    def _signed(self, host: str) -> ssl.SSLContext:
        pem = self._authority.read_bytes()
        authority, signer = x509.load_pem_x509_certificate(pem), serialization.load_pem_private_key(pem, None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(private + certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """Until one of the two is done."""
    with contextlib.suppress(OSError):
        while data := source.recv(_MOST_BYTES):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
