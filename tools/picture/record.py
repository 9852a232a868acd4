#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A terminal picture: what a program prints on a terminal, as it comes, as one
SVG that moves. It follows the reader's light or dark; who wants nothing to move
sees the end.

    record.py OUT.svg TITLE COMMAND...

The program runs on a terminal of its own, and nothing of its output is changed;
but time is: where it waits for long the picture does not.
"""
import html
import os
import pty
import re
import select
import struct
import fcntl
import sys
import termios
import time

COLUMNS, ROWS = 96, 30
WIDTH, HEIGHT = 8.4, 18  # of a character, in pixels
MARGIN, BAR = 16, 34
LONGEST = 0.9            # seconds that the picture waits at most
END = 6                  # and at its end

ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")

STYLE = """\
.paper{fill:#fbfbf9;stroke:#d5d5d0}.bar{fill:#ececE8}
text{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;\
white-space:pre;fill:#24292f}
.b{font-weight:700;fill:#0b5cad}.d{fill:#6b7280}.t{fill:#6b7280}
@media(prefers-color-scheme:dark){.paper{fill:#14171c;stroke:#30363d}\
.bar{fill:#20252c}text{fill:#d6dbe1}.b{fill:#79b8ff}.d,.t{fill:#8b949e}}
.roll,.o,.f{animation:roll %(seconds).1fs step-end infinite}.o{opacity:0}
%(frames)s
@media(prefers-reduced-motion){.roll,.o,.f{animation:none!important}\
.roll{transform:translateY(%(last)dpx)}}
"""


def watch(command):
    """[(second, text)] as it comes."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ,
                struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began, parts = time.monotonic(), []
    while True:
        select.select([fd], [], [])
        try:
            octets = os.read(fd, 65536)
        except OSError:  # it has ended
            break
        if not octets:
            break
        sys.stdout.buffer.write(octets)
        sys.stdout.flush()
        parts.append((time.monotonic() - began,
                      octets.decode("utf-8", "replace")))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 0:
        sys.exit("record.py: %s: exit code %d" % (command[0], code))
    return parts


class Screen:
    """Lines that grow at the end: of what terminals do, what is needed here."""

    def __init__(self):
        self.lines = [[]]  # of (character, class)
        self.column = 0
        self.style = ""

    def put(self, text):
        at = 0
        while at < len(text):
            escape = ESCAPE.match(text, at)
            if escape:
                self.control(*escape.groups())
                at = escape.end()
                continue
            self.character(text[at])
            at += 1

    def control(self, number, letter):
        if letter == "m":
            self.style = {"1": "b", "2": "d"}.get(number, "")
        elif letter == "K":
            del self.lines[-1][self.column:]

    def character(self, c):
        if c == "\n":
            self.lines.append([])
            self.column = 0
        elif c == "\r":
            self.column = 0
        elif c >= " ":
            if self.column == COLUMNS:
                self.character("\n")
            line = self.lines[-1]
            line[self.column:self.column + 1] = [(c, self.style)]
            self.column += 1


def spans(line):
    """A line in SVG: runs of one class."""
    found, at = "", 0
    while at < len(line):
        style, to = line[at][1], at
        while to < len(line) and line[to][1] == style:
            to += 1
        text = html.escape("".join(c for c, _ in line[at:to]), quote=False)
        found += '<tspan class="%s">%s</tspan>' % (style, text) if style \
            else text
        at = to
    return found


class Film:
    """What the screen was when: `frames`, [(second, lines)], and of lines that
    were written over what they said before: `passing`, [(from, to, line, its
    text)]."""

    def __init__(self, parts):
        self.screen, self.frames, self.passing = Screen(), [], []
        self.now, before, last = 0.0, 0.0, (0.0, 0, [])
        for second, text in parts:
            self.now += min(second - before, LONGEST)
            before = second
            self.screen.put(text)
            self.frames.append((self.now, len(self.screen.lines)))
            last = self.look(*last)
        while self.screen.lines and not self.screen.lines[-1]:
            self.screen.lines.pop()

    def look(self, since, number, said):
        """Is it another text in the line that was the last one?"""
        if said != self.screen.lines[number][:len(said)]:
            self.passing.append((since, self.now, number, said))
        number = len(self.screen.lines) - 1
        return self.now, number, list(self.screen.lines[number])


def steps(name, keys):
    return "@keyframes %s{%s}" % (name, "".join(
        "%.2f%%{%s}" % (percent, what) for percent, what in keys))


def draw_lines(film, percent):
    """(elements, keyframes): lines, and what they said before."""
    elements, frames, shown_from = [], [], {}

    def put(number, line, extra=""):
        elements.append('<text x="%d" y="%d"%s>%s</text>' % (
            MARGIN, BAR + number * HEIGHT + 13, extra, spans(line)))

    for i, (since, until, number, said) in enumerate(film.passing):
        frames.append(steps("o%d" % i, [
            (0, "opacity:0"), (percent(since), "opacity:1"),
            (percent(until), "opacity:0"), (100, "opacity:0")]))
        put(number, said, ' class="o" style="animation-name:o%d"' % i)
        shown_from[number] = until
    for number, line in enumerate(film.screen.lines):
        extra = ""
        if number in shown_from:
            frames.append(steps("f%d" % number, [
                (0, "opacity:0"), (percent(shown_from[number]), "opacity:1"),
                (100, "opacity:1")]))
            extra = ' class="f" style="animation-name:f%d"' % number
        if line:
            put(number, line, extra)
    return elements, frames


def roll(film, percent):
    """The keyframes that keep the newest line at the bottom."""
    keys, shown = [], None
    for now, lines in film.frames:
        shift = (ROWS - lines) * HEIGHT
        if shift != shown:
            keys.append((percent(now), "transform:translateY(%dpx)" % shift))
            shown = shift
    keys.append((100, "transform:translateY(%dpx)" % shown))
    return steps("roll", keys), shown


def draw(title, film):
    seconds = film.now + END

    def percent(second):
        return 100 * second / seconds

    width, height = COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + MARGIN + BAR
    elements, frames = draw_lines(film, percent)
    rolling, last = roll(film, percent)
    style = STYLE % {"seconds": seconds, "last": last,
                     "frames": rolling + "".join(frames)}
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" '
        'viewBox="0 0 %d %d" role="img" aria-label="%s">' % (
            width, height, html.escape(title)),
        "<style>" + style + "</style>",
        '<rect class="paper" x=".5" y=".5" width="%d" height="%d" rx="10"/>'
        % (width - 1, height - 1),
        '<path class="bar" d="M1 %dV10.5A9.5 9.5 0 0 1 10.5 1H%.1fA9.5 9.5 0 0 '
        '1 %.1f 10.5V%dz"/>' % (BAR - 8, width - 10.5, width - 1, BAR - 8),
        '<text class="t" x="%d" y="18">%s</text>' % (MARGIN,
                                                     html.escape(title)),
        '<clipPath id="c"><rect x="0" y="%d" width="%d" height="%d"/>'
        '</clipPath><g clip-path="url(#c)"><g class="roll">' % (
            BAR, width, ROWS * HEIGHT)] + elements + ["</g></g></svg>", ""])


def main():
    out, title, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    film = Film(watch(command))
    with open(out, "w", encoding="utf-8") as f:
        f.write(draw(title, film))


if __name__ == "__main__":
    main()
