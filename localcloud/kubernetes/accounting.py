"""Removes the counters that kube-proxy makes in the kernel and leaves there. Most machines have no program for it."""

from __future__ import annotations

import contextlib
import socket
import struct

COUNTERS = ("ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts")

_NETLINK_NETFILTER = 12
_DELETE = 7 << 8 | 3  # of the subsystem "accounting"
_REQUEST_WITH_ANSWER = 0x01 | 0x04
_NAME = 1


def clean() -> None:
    """One that is not there, or that rules still use, stays as it is."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        kernel.settimeout(2)
        for name in COUNTERS:
            text = name.encode() + b"\0"
            attribute = struct.pack("=HH", 4 + len(text), _NAME) + text + b"\0" * (-len(text) % 4)
            body = struct.pack("=BBH", 0, 0, 0) + attribute
            kernel.send(struct.pack("=IHHII", 16 + len(body), _DELETE, _REQUEST_WITH_ANSWER, 1, 0) + body)
            kernel.recv(4096)
