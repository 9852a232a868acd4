#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each command block of README.md and docs/ does what the page promises.

A page is one script, run in a folder of its own: its blocks in order, stopped by
the first command that fails. README.md of this folder has the convention.

docs_test.py BIN [PAGE]...
docs_test.py --left PAGE N      the commands of the Nth block that is not run, for who does
"""
import concurrent.futures
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# What makes lines a command block, whatever the fence says.
COMMAND = re.compile(r"^ *(\$ |sudo |(birthmark(d|-agent)?|systemctl|make|openssl|"
                     r"curl|softhsm2-util|cmake) +[a-z.-])")
PLAIN = ("text", "yaml", "ini", "json", "c", "cmake", "diff", "cddl")


KINDS = ("setup", "with", "file", "prints", "after", "not run")


class Wrong(Exception):
    """The page does not keep to the convention."""


class Page:
    def __init__(self, path):
        self.path = path
        self.script = []
        self.ran = 0
        self.left = []  # (line, reason, commands) of what is not run
        self.notes = {}
        with open(os.path.join(TOP, path), encoding="utf-8") as f:
            self.read(f.read().split("\n"))

    def wrong(self, line, what):
        raise Wrong("%s:%d: %s" % (self.path, line, what))

    def read(self, lines):
        i = 0
        while i < len(lines):
            if lines[i].lstrip().startswith("<!-- "):
                i = self.comment(lines, i)
            elif lines[i].lstrip().startswith("```"):
                i = self.fence(lines, i)
            else:
                if lines[i].startswith("    ") and COMMAND.match(lines[i]) \
                        and not lines[i - 1].startswith(("|", "-", "*")):
                    self.wrong(i + 1, "commands belong into a fenced block")
                i += 1
        if self.notes:
            self.wrong(len(lines), "a comment without a block")

    def comment(self, lines, i):
        """<!-- KIND: ... -->, over one line or several: README.md has the kinds."""
        start = i
        while "-->" not in lines[i]:
            i += 1
        text = textwrap.dedent("\n".join(lines[start:i + 1]))
        text = text.strip()[len("<!-- "):text.strip().index("-->")].strip()
        kind, colon, rest = text.partition(":")
        if colon and kind in KINDS:
            if kind == "after":
                self.script.append(rest)
            else:
                self.notes[kind] = rest.strip()
        return i + 1

    def fence(self, lines, i):
        end = i + 1
        while not lines[end].lstrip().startswith("```"):
            end += 1
        language = lines[i].strip()[3:].strip()
        body = textwrap.dedent("\n".join(lines[i + 1:end])).split("\n")
        notes, self.notes = self.notes, {}
        commands = any(COMMAND.match(line) for line in body)
        if "not run" in notes:
            self.left.append((i + 1, notes["not run"], commands_of(body)))
        elif "file" in notes:
            self.file(body, notes)
        elif language == "sh":
            self.block(i + 1, body, notes)
        elif commands and language not in PLAIN:
            self.wrong(i + 1, "commands that nobody runs: ```sh, or "
                              "<!-- not run: REASON -->")
        elif language == "text" and any(t.startswith("$ ") for t in body):
            self.wrong(i + 1, "a prompt in a text: say <!-- not run: REASON -->")
        return end + 1

    def block(self, line, body, notes):
        """With prompts, what has none is what the commands print."""
        self.script.append(notes.get("setup", ""))
        self.script.append("at %d" % line)
        if "prints" in notes:
            self.shows(line, body, notes)
        else:
            self.script.append(put_in(commands_of(body), notes))
        self.ran += 1

    def file(self, body, notes):
        """What a page says that a file has, the commands after it find in it."""
        self.script.append(notes.get("setup", ""))
        body = put_in(re.sub(r"([\\$`])", r"\\\1", "\n".join(body)), notes)
        self.script.append("cat >> %s << BM_END\n%s\nBM_END"
                           % (notes["file"], body))

    def shows(self, line, body, notes):
        """Each command prints what stands below it, whatever its exit code."""
        pairs = dialogue(body)
        if not pairs:
            self.wrong(line, "nothing with a prompt")
        for command, answer in pairs:
            self.script.append("prints %s %s" % tuple(
                shlex.quote(put_in("\n".join(text), notes))
                for text in (command, answer)))


def dialogue(body):
    """[(lines of a command, lines below it)]"""
    pairs, goes_on = [], False
    for text in body:
        if text.startswith("$ "):
            pairs.append(([text[2:]], []))
        elif pairs:
            pairs[-1][0 if goes_on else 1].append(text)
        goes_on = text.endswith("\\") and (goes_on or text.startswith("$ "))
    return pairs


def commands_of(body):
    if any(text.startswith("$ ") for text in body):
        body = [text for command, _ in dialogue(body) for text in command]
    return "\n".join(body)


def put_in(text, notes):
    """Words of the page that stand for what only a run knows."""
    for row in notes.get("with", "").split("\n"):
        word, equals, value = row.strip().partition("=")
        if equals:
            text = re.sub(r"(?<!\w)%s(?!\w)" % re.escape(word),
                          lambda _, v=value: v, text)
    return text


def run(page, bin_):
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, ".page")
        with open(script, "w", encoding="utf-8") as f:
            f.write('. "$LIB"\n' + "\n".join(page.script) + "\n")
        env = {"PATH": bin_ + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder,
               "LIB": os.path.join(HERE, "lib.sh"), "TOP": TOP, "LC_ALL": "C.UTF-8",
               "WORK": folder}
        # A network and a list of hosts of its own: the ports are the usual ones.
        try:
            subprocess.run(
                ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork",
                 "--kill-child", "bash", "-eu", "-o", "pipefail", script],
                cwd=folder, env=env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                check=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as e:
            log = (e.stdout or b"").decode(errors="replace").splitlines()
            at = [line for line in log if line.startswith("== line ")]
            raise AssertionError("%s: block at %s %s:\n%s" % (
                page.path, at[-1][3:] if at else "its start",
                "failed" if isinstance(e, subprocess.CalledProcessError)
                else "does not end", "\n".join(log[-25:]))) from e


def pages(named):
    return named or ["README.md"] + sorted(
        os.path.relpath(path, TOP)
        for path in glob.glob(os.path.join(TOP, "docs/*.md")))


def attempt(path, bin_):
    """(path, what it was read as, what is wrong)"""
    page = None
    try:
        page = Page(path)
        if page.ran:
            run(page, bin_)
    except (Wrong, AssertionError) as e:
        return path, page, str(e)
    return path, page, None


def main():
    if sys.argv[1] == "--left":
        print(Page(sys.argv[2]).left[int(sys.argv[3]) - 1][2])
        return 0
    bin_, named = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if subprocess.run(["unshare", "--map-root-user", "--net", "--mount", "true"],
                      check=False, stderr=subprocess.DEVNULL).returncode != 0 \
            or shutil.which("ip") is None:
        print("1..0 # SKIP no namespaces for a user here")
        return 77
    failed = ran = 0
    left = []
    # They mostly wait.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        tried = list(pool.map(lambda path: attempt(path, bin_), pages(named)))
    for number, (path, page, wrong) in enumerate(tried, 1):
        if wrong:
            failed = 1
            print("# " + wrong.replace("\n", "\n# "))
        print("%s %d - %s" % ("not ok" if wrong else "ok", number,
                              path.replace("/", "_")), flush=True)
        if page:
            ran += page.ran
            left += ["%s:%d: %s" % (path, line, why) for line, why, _ in page.left]
    print("# %d blocks ran, %d did not:" % (ran, len(left)))
    for line in left:
        print("#   " + line)
    print("1..%d" % len(tried))
    return failed


sys.exit(main())
