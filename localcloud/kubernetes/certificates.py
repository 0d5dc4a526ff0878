"""The node's own certificate authority, what it signs, and the keys of service accounts' tokens."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=30)


class Authority:
    """Signs for one node; its own key is never written down."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("bluegreen local node")
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self._write("ca.crt", _certificate(self._name, self._name, self._key, self._key, [(constraints, True)]))

    def server(self, name: str, hosts: Sequence[str], addresses: Sequence[str]) -> None:
        """Key and certificate of a server that is called by these names."""
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        self._sign(name, _name(name), [(x509.SubjectAlternativeName(names), False), (usage, False)])

    def client(self, name: str, user: str, group: str) -> None:
        """Key and certificate of a client that is this user."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        self._sign(name, _name(user, group), [(usage, False)])

    def key_pair(self, name: str) -> None:
        """A key that signs, and its public part."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(f"{name}.key", _private(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._write(f"{name}.pub", public)

    def _sign(self, name: str, subject: x509.Name, extensions: list[tuple[x509.ExtensionType, bool]]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(f"{name}.key", _private(key))
        self._write(f"{name}.crt", _certificate(subject, self._name, key, self._key, extensions))

    def _write(self, name: str, content: bytes) -> None:
        path = self._directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def _name(common: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    # In the older form, which every part reads.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> bytes:
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
