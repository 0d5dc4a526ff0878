"""Traefik, the proxy that carries requests by Gateway API routes and by resources of its own.

Without what proves to a certificate authority that a domain is one's own by a record in DNS: those are the clients of
more than a hundred services, of which nothing here is used: 912 of the 2,460 packages that there are to compile.
"""

from __future__ import annotations

from localcloud.tools.go import Program

VERSION = "3.4.0"
MODULE = "github.com/traefik/traefik/v3"

_ACME = "pkg/provider/acme/provider.go"

ensure = Program(
    "traefik",
    "Traefik",
    VERSION,
    MODULE,
    "./cmd/traefik",
    edits=[
        (_ACME, '\t"github.com/go-acme/lego/v4/providers/dns"\n', ""),
        (
            _ACME,
            "dns.NewDNSChallengeProviderByName(p.DNSChallenge.Provider)",
            'nil, errors.New("this build has no DNS challenge")',
        ),
    ],
).ensure
"""Returns the directory with `traefik` in it."""
