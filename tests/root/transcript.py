# SPDX-License-Identifier: Apache-2.0
"""A second implementation of docs/ceremony.md, "The transcript": knows nothing
of the program, and leaves signatures to OpenSSL.
"""
import base64
import hashlib
import re
import subprocess
import tempfile

HEAD = b"birthmark transcript 1\n"
REHEARSAL = b"REHEARSAL with throw-away keys, of no value\n"
CONTEXT = b"birthmark transcript signature 1\n"
LINE = re.compile(rb"([a-z0-9-]{1,32}): ([^\x00-\x1f\x7f]+)\n")


class Bad(Exception):
    """What is wrong, and where."""


def split(text):
    """The head, and the entries as octets."""
    head = HEAD
    if text.startswith(HEAD + REHEARSAL):
        head += REHEARSAL
    if not text.startswith(head):
        raise Bad("head")
    entries = text[len(head):].split(b"\nentry: ")
    if entries[0] != b"":
        raise Bad("something before the first entry")
    return head, [b"entry: " + e for e in entries[1:]]


def fields(entry):
    """Its lines as pairs; every octet belongs to one."""
    pairs = []
    at = 0
    while at < len(entry):
        match = LINE.match(entry, at)
        if match is None:
            raise Bad("line at %d" % at)
        match.group(2).decode()
        pairs.append((match.group(1).decode(), match.group(2).decode()))
        at = match.end()
    return pairs


def check_signature(tbs, signature, public_key):
    with tempfile.NamedTemporaryFile() as file:
        file.write(base64.b64decode(signature, validate=True))
        file.flush()
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", public_key,
             "-signature", file.name], input=CONTEXT + tbs,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Bad("signature")


def verify(text, public_key):
    """The entries, as lists of pairs; Bad where it is not one. The key is
    P-256 in a PEM file."""
    head, entries = split(text)
    before = hashlib.sha256(head).hexdigest()
    out = []
    last = ""
    opened = False
    for number, entry in enumerate(entries, 1):
        pairs = fields(entry)
        keys = [key for key, _ in pairs]
        if keys[:4] != ["entry", "before", "time", "event"] or \
                keys[-1] != "hash" or "hash" in keys[:-1]:
            raise Bad("entry %d: form" % number)
        if pairs[0][1] != str(number) or pairs[1][1] != before:
            raise Bad("entry %d: place" % number)
        body = entry[:entry.rindex(b"hash: ")]
        before = hashlib.sha256(body).hexdigest()
        if pairs[-1][1] != before:
            raise Bad("entry %d: hash" % number)
        if pairs[2][1] < last:
            raise Bad("entry %d: time" % number)
        last = pairs[2][1]
        event = pairs[3][1]
        opened = opened or event == "session"
        if not opened or ("signature" in keys) != (event == "closed"):
            raise Bad("entry %d: session" % number)
        if event == "closed":
            if keys[-2] != "signature":
                raise Bad("entry %d: signature" % number)
            check_signature(body[:body.rindex(b"signature: ")], pairs[-2][1],
                            public_key)
            opened = False
        out.append(pairs)
    if opened or not out:
        raise Bad("not signed to its end")
    return out
