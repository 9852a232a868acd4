# SPDX-License-Identifier: Apache-2.0
"""P-256 as far as a search for private keys needs it: which octets are points of
the curve, and whose point a number is. Not constant in time: what it multiplies
with stands in an image that anybody may read. FIPS 186-4 D.1.2.3, SEC 1 2.3."""

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def on_curve(x, y):
    return x < P and y < P and (y * y - x * x * x + 3 * x - B) % P == 0


def add_affine(p, q):
    """p + q, affine; neither is the point at infinity, nor is the sum."""
    if p == q:
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def add_mixed(p, q):
    """p, Jacobian, + q, affine; not for p = q, which a sum of ascending
    multiples never is."""
    x, y, z = p
    zz = z * z % P
    h = (q[0] * zz - x) % P
    r = (q[1] * zz * z - y) % P
    hh = h * h % P
    hhh = h * hh % P
    v = x * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y * hhh) % P, z * h % P


ROWS = []  # ROWS[i][b] is b * 256^i * G: 31 additions are a multiplication


def fill_rows():
    base = G
    for _ in range(32):
        row = [None, base]
        for _ in range(2, 256):
            row.append(add_affine(row[-1], base))
        ROWS.append(row)
        base = add_affine(row[-1], base)


class Keys:
    """Public keys, and the question whether a number is the private half."""

    def __init__(self, points):
        self.points = set(points)
        self.xs = [x for x, _ in self.points]

    def has(self, scalar):
        """`scalar`: 32 octets, most significant first."""
        if not self.xs or not 0 < int.from_bytes(scalar, "big") < N:
            return False
        if not ROWS:
            fill_rows()
        point = None
        for i, octet in enumerate(reversed(scalar)):
            if octet:
                part = ROWS[i][octet]
                point = (part[0], part[1], 1) if point is None \
                    else add_mixed(point, part)
        x, _, z = point
        return any((x - mine * z * z) % P == 0 for mine in self.xs)
