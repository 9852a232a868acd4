# SPDX-License-Identifier: Apache-2.0
"""Shares as pictures, before a reader of QR codes that is not ours."""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import shamir

TOOL = sys.argv[1]
PROGRAM = sys.argv[2]
SVG = "{http://www.w3.org/2000/svg}"


def shares():
    """Shares of every length of text, and names that XML would trip over."""
    for n in (1, 20, 40, 64):
        names = ["<&\"'>" + "W" * 60, "Bob"]
        names = [name[:n] for name in names]
        yield from shamir.split("R" * n, names, 2, os.urandom(32), os.urandom)


def picture(kind, text):
    return subprocess.run([TOOL, kind], input=text.encode(), check=True,
                          stdout=subprocess.PIPE, timeout=60).stdout.decode()


def scan(rows):
    """Rows of modules, True is dark, as zbarimg(1) reads them."""
    scale = 4
    with tempfile.NamedTemporaryFile(suffix=".pgm") as f:
        f.write(b"P5 %d %d 255\n" % (len(rows[0]) * scale, len(rows) * scale))
        for row in rows:
            line = b"".join((b"\0" if m else b"\xff") * scale for m in row)
            f.write(line * scale)
        f.flush()
        return subprocess.run(
            # QR alone: among so many modules it finds bar codes as well.
            ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable",
             "-Sqrcode.enable", "-Sqrcode.binary", f.name],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60).stdout.decode()


def rows_of_svg(page):
    """What the path fills, and a quiet zone that the page has around it."""
    path = page.find(f".//{SVG}path").get("d")
    runs = [tuple(map(int, run)) for run in
            re.findall(r"M(\d+) (\d+)h(\d+)v1h-(?:\d+)z", path)]
    if "".join("M%d %dh%dv1h-%dz" % (x, y, n, n) for x, y, n in runs) != path:
        raise AssertionError(path)
    side = max(x + n for x, _, n in runs) + 8
    rows = [[False] * side for _ in range(side)]
    for x, y, n in runs:
        rows[y + 4][x + 4:x + 4 + n] = [True] * n
    return rows


def rows_of_blocks(text):
    """White on black: a full block is two light modules."""
    pairs = {"\u2588": (False, False), "\u2580": (False, True),
             "\u2584": (True, False), " ": (True, True)}
    rows = []
    for line in text.splitlines():
        body = re.fullmatch("\033\\[37;40;1m(.*)\033\\[0m", line)[1]
        rows.append([pairs[c][0] for c in body])
        rows.append([pairs[c][1] for c in body])
    return rows


def a_printed_share_scans_as_its_text():
    for text in shares():
        page = xml.etree.ElementTree.fromstring(picture("svg", text))
        got = scan(rows_of_svg(page))
        if got != text:
            raise AssertionError((got, text))


def under_the_picture_stands_the_text():
    for text in shares():
        page = xml.etree.ElementTree.fromstring(picture("svg", text))
        lines = [e.text for e in page.iter(SVG + "text")]
        share = shamir.read(text)
        want = [share["custodian"], share["owner"],
                "share %(x)d of %(n)d, any %(k)d open" % share]
        if lines != want + text.splitlines():
            raise AssertionError(lines)
        box = [int(v) for v in page.get("viewBox").split()]
        for e in page.iter(SVG + "text"):
            right = int(e.get("x")) + len(e.text) * int(
                e.get("font-size")) * 6 // 10
            if right > box[2] or int(e.get("y")) > box[3] - 40:
                raise AssertionError("off the page: " + e.text)


def a_share_scans_from_a_terminal():
    for text in shares():
        got = scan(rows_of_blocks(picture("blocks", text)))
        if got != text:
            raise AssertionError((got, text))


def what_is_shown_is_picture_and_text():
    text = next(shares())
    with tempfile.NamedTemporaryFile(suffix=".share") as f:
        f.write(text.encode())
        f.flush()
        shown = subprocess.run([PROGRAM, "unlock", "show", f.name], check=True,
                               stdout=subprocess.PIPE,
                               timeout=60).stdout.decode()
    drawn, _, below = shown.partition("\n\n")
    if below != text or scan(rows_of_blocks(drawn)) != text:
        raise AssertionError(shown)


def main():
    tests = [a_printed_share_scans_as_its_text,
             under_the_picture_stands_the_text,
             a_share_scans_from_a_terminal,
             what_is_shown_is_picture_and_text]
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            test()
            print("ok %d - %s" % (i, test.__name__))
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            print("not ok %d - %s\n# %r" % (i, test.__name__, e))
    print("1..%d" % len(tests))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
