# SPDX-License-Identifier: Apache-2.0
"""What a static credential looks like. Each find_*(octets) yields (place, what)
for whatever it is sure of; nothing here says more of a secret than where it is.
"""
import base64
import binascii
import re

# -- text ----------------------------------------------------------------------

PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\r\n]+"
                 rb"(?:[A-Za-z-]+: [^\r\n]*[\r\n]+)*[\r\n]*([A-Za-z0-9+/=]{16,})")
# ca/token.h: 32 characters of base32, in either case, in groups or not.
TOKEN = re.compile(rb"(?<![A-Za-z0-9])(?:[a-z2-7]{32}|[A-Z2-7]{32}|"
                   rb"(?:[a-z2-7]{4}[ -]){7}[a-z2-7]{4}|"
                   rb"(?:[a-z2-7]{8}[ -]){3}[a-z2-7]{8})(?![A-Za-z0-9])")
# A name that says so and a value behind it; not the format of one ("%s"), and
# not a word for "none".
NAMED = re.compile(rb"(?i)(pass(?:word|wd|phrase)?|pwd|secret|token|psk|"
                   rb"api[_-]?key|private[_-]?key|credentials?)"
                   rb"[\"' ]{0,3}[=:][\"' ]{0,3}([!-~]{4,})")
NO_VALUE = re.compile(rb"(?i)%|<|\{|\$|^(null|none|true|false)\b|^.?(0x)?$")
URL = re.compile(rb"[a-z][a-z0-9+.-]{2,9}://[!-9;-?A-~]{1,64}:[!-?A-~]{1,64}@"
                 rb"[A-Za-z0-9\[]")
HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:, ]?){31,}[0-9A-Fa-f]{2}"
                 rb"(?![0-9A-Fa-f])")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{32,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")


def find_text(octets):
    for match in PEM.finditer(octets):
        yield match.start(), "PEM: " + match.group(1).decode()
    for match in TOKEN.finditer(octets):
        letters = set(match.group().lower())
        # Random ones have half a dozen digits and repeat letters; words have
        # no digits, and the alphabet itself has each once.
        if letters & set(b"234567") and len(letters - set(b" -")) < 32:
            yield match.start(), "a one-time token"
    for match in NAMED.finditer(octets):
        if not NO_VALUE.search(match.group(2)):
            yield match.start(), "a value for '%s'" % match.group(1).decode()
    for match in URL.finditer(octets):
        if b"%" not in match.group():
            yield match.start(), "a URL with a password"


def decoded(octets):
    """(place, octets, in what they were): text that may be binary."""
    for match in HEX.finditer(octets):
        yield (match.start(), binascii.unhexlify(
            re.sub(rb"[:, ]", b"", match.group())), "hexadecimal")
    for match in BASE64.finditer(octets):
        text = re.sub(rb"[\r\n=]", b"", match.group())
        text = text.replace(b"-", b"+").replace(b"_", b"/")
        # It may begin behind a letter that is none of it.
        for skip in range(4):
            part = text[skip:]
            part = part[:len(part) - (len(part) % 4 == 1)]
            yield (match.start() + skip,
                   base64.b64decode(part + b"=" * (-len(part) % 4)), "base64")


# -- DER -----------------------------------------------------------------------

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
EC = bytes.fromhex("2a8648ce3d0201")
RSA = bytes.fromhex("2a864886f70d010101")
EDWARDS = {bytes.fromhex("2b65" + n): name for n, name in (
    ("6e", "X25519"), ("6f", "X448"), ("70", "Ed25519"), ("71", "Ed448"))}


def tlv(octets, at):
    """(tag, start of the value, its end), or None where no DER is. X.690 8.1"""
    if at + 2 > len(octets):
        return None
    length, start = octets[at + 1], at + 2
    if length & 0x80:
        n = length & 0x7f
        if not 1 <= n <= 3 or start + n > len(octets):
            return None
        length, start = int.from_bytes(octets[start:start + n], "big"), start + n
        if length < (0x80 if n == 1 else 1 << 8 * (n - 1)):
            return None
    if start + length > len(octets):
        return None
    return octets[at], start, start + length


def elements(octets, start, end):
    """[(tag, value)] of a constructed value, or None."""
    found = []
    while start < end:
        one = tlv(octets, start)
        if one is None or one[2] > end:
            return None
        found.append((one[0], octets[one[1]:one[2]]))
        start = one[2]
    return found


def varied(octets):
    """A key, not a template that one will be written into."""
    return len(set(octets)) > len(octets) // 4


def key_in(octets, at):
    """The kind of private key whose SEQUENCE begins here, or None."""
    outer = tlv(octets, at)
    parts = outer and elements(octets, outer[1], outer[2])
    if not parts or len(parts) < 2 or parts[0][0] != INTEGER:
        return None
    tags = [tag for tag, _ in parts]
    # ECPrivateKey ::= SEQUENCE { INTEGER 1, OCTET STRING, ... }
    if parts[0][1] == b"\1" and tags[1] == OCTETS and \
            len(parts[1][1]) in (28, 32, 48, 66) and varied(parts[1][1]):
        return "SEC 1"
    # RSAPrivateKey ::= SEQUENCE { INTEGER 0, n, e, d, p, q, dp, dq, qinv }
    if parts[0][1] == b"\0" and len(parts) >= 9 and set(tags) == {INTEGER} and \
            varied(parts[3][1]):
        return "PKCS #1"
    # OneAsymmetricKey ::= SEQUENCE { INTEGER 0 or 1, algorithm, OCTET STRING }
    if tags[1] == SEQUENCE and len(parts) > 2 and tags[2] == OCTETS and \
            varied(parts[2][1]):
        algorithm = elements(parts[1][1], 0, len(parts[1][1]))
        if algorithm and algorithm[0][0] == OID:
            return known(algorithm[0][1])
    # EncryptedPrivateKeyInfo is not static: it needs a password, which is.
    return None


def known(oid):
    name = {EC: "EC", RSA: "RSA"}.get(oid) or EDWARDS.get(oid)
    return name and "PKCS #8, " + name


def find_der(octets):
    at = octets.find(b"\x30")
    inner = 0
    while at >= 0:
        what = key_in(octets, at)
        if what and at >= inner:
            inner = tlv(octets, at)[2]
            yield at, "DER: " + what
        at = octets.find(b"\x30", at + 1)


# -- constants -----------------------------------------------------------------

# A key of so many octets, by chance: no fewer different octets, and hardly
# fewer differences of neighbours, which tables have; no more characters. By
# chance one key in a thousand looks otherwise, of the short ones one in seventy.
SIZES = ((32, 25, 24), (16, 14, 13))


def random_like(octets, distinct, printable):
    return len(set(octets)) >= distinct and \
        len({b - a & 255 for a, b in zip(octets, octets[1:])}) >= distinct - 1 \
        and sum(32 <= c < 127 or c in b"\0\r\n" for c in octets) <= printable


def find_random(octets, named):
    """The first of each size; of short ones only in a constant with a name:
    between constants there is too much that looks like them."""
    for size, distinct, printable in SIZES if named else SIZES[:1]:
        for at in range(len(octets) - size + 1):
            if random_like(octets[at:at + size], distinct, printable):
                yield at, "%d octets that look random" % size
                return
