# SPDX-License-Identifier: Apache-2.0
"""What is in a trust bundle: its CBOR, as docs/trust-bundle.md has it."""

NAME, VERSION = 2, 3
ANCHORS, CROSS, DENIED = 6, 7, 8
STATUS, USES = 2, 3
ACTIVE, WITHDRAWN = 1, 2
ENROL = 1


def head(data):
    """(type, number, rest) of a CBOR item."""
    kind, more, data = data[0] >> 5, data[0] & 31, data[1:]
    if more > 23:
        n = 1 << (more - 24)
        more, data = int.from_bytes(data[:n], "big"), data[n:]
    return kind, more, data


def item(data):
    kind, n, data = head(data)
    if kind == 0:
        return n, data
    if kind in (2, 3):
        return data[:n], data[n:]
    values = []
    for _ in range(n * (2 if kind == 5 else 1)):
        value, data = item(data)
        values.append(value)
    return (values if kind == 4 else dict(zip(values[::2], values[1::2]))), data
