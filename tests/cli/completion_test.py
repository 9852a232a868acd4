#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shells complete each verb and each option that the help names, and no other.

completion_test.py BIRTHMARK
"""
import os
import re
import shutil
import subprocess

import cli
from cli import contains, equal

WORDS = os.path.join(cli.TOP, "cli/completion.words")
# Several lines of words at a time: what is offered for the last of each.
BASH = r"""
compopt() { :; }
birthmark() { "$PROGRAM" "$@"; }
. "$TOP/cli/completion.bash"
while read -r -a line; do
    [ "${line[-1]}" != . ] || line[-1]=
    COMP_WORDS=(birthmark "${line[@]}") COMP_CWORD=${#line[@]}
    COMPREPLY=()
    _birthmark
    echo "${COMPREPLY[*]}"
done
"""
# What the function hands to zsh's own, which would draw it.
ZSH = r"""
_describe() { print -r -- ${${(P)2}%%:*}; }
_arguments() { print -r -- ${${@#\*}%%[[]*} "|" $@; }
_files() { :; }
while read -r line; do
    words=(${=line})
    [[ $words[-1] != . ]] || words[-1]=
    CURRENT=$#words
    source $TOP/cli/completion.zsh
done
"""


def completed(lines):
    """What bash offers: '.' stands for an empty last word."""
    env = dict(os.environ, PROGRAM=cli.PROGRAM, TOP=cli.TOP,
               BIRTHMARK_WORDS=WORDS)
    done = subprocess.run(["bash", "-c", BASH], env=env, check=True,
                          input="\n".join(lines).encode() + b"\n",
                          stdout=subprocess.PIPE)
    answers = done.stdout.decode().splitlines()
    equal(len(answers), len(lines), "answers")
    return [answer.split() for answer in answers]


def help_of(*words):
    return cli.run(*words, "--help")[1]


def nouns():
    return re.findall(r"^  birthmark ([a-z]+) ", help_of(), re.M)


def verbs(noun):
    return re.findall(r"^  birthmark %s ([a-z-]+) " % noun, help_of(noun),
                      re.M)


def commands():
    """Each command as its words."""
    for noun in nouns():
        for verb in verbs(noun) or [None]:
            yield [noun] + ([verb] if verb else [])


def options(words):
    return re.findall(r"^  (--[a-z0-9-]+)", help_of(*words), re.M)


def test_bash_completes_each_noun_and_verb():
    first = completed(["."])[0]
    equal(sorted(first), sorted(nouns() + ["help", "--help", "--version"]))
    with_verbs = [noun for noun in nouns() if verbs(noun)]
    for noun, got in zip(with_verbs,
                         completed([noun + " ." for noun in with_verbs])):
        equal(sorted(got), sorted(verbs(noun) + ["--help"]), noun)


def test_bash_completes_each_option():
    every = list(commands())
    answers = completed([" ".join(words) + " --" for words in every])
    for words, got in zip(every, answers):
        equal("--help" in got, True, words)
        equal(sorted(got), sorted(set(options(words))), words)


def test_manuals_name_no_option_that_is_gone():
    every = {"--help", "--version"}
    for words in commands():
        every.update(options(words))
    for noun in nouns():
        page = cli.read(os.path.join(
            cli.TOP, "docs/man/birthmark-%s.1" % noun)).decode()
        for name in re.findall(r"\bFl (-[a-z0-9-]+)", page):
            if "-" + name not in every:
                raise AssertionError("%s: no option -%s" % (noun, name))


def test_each_word_list_is_of_an_option_that_exists():
    known = set()
    for words in commands():
        known.update(options(words))
    for line in cli.read(WORDS).decode().splitlines():
        if not line.startswith("#"):
            if line.split(":")[0] not in known:
                raise AssertionError("no option " + line)


def test_bash_completes_what_follows_an_option():
    got = completed(["cert list --status h", "cert revoke --reason key",
                     "ca create --out .", "token create --device ."])
    equal(got, [["held"], ["keyCompromise"], [], []])


def test_zsh_completes_verbs_and_options():
    if shutil.which("zsh") is None:
        raise cli.Skip("no zsh")
    every = [words for words in commands()]
    lines = ["birthmark .", "birthmark cert ."]
    lines += ["birthmark %s --" % " ".join(words) for words in every]
    env = dict(os.environ, TOP=cli.TOP, BIRTHMARK_WORDS=WORDS,
               PATH=os.path.dirname(cli.PROGRAM) + ":" + os.environ["PATH"])
    done = subprocess.run(["zsh", "-f", "-c", ZSH], env=env, check=True,
                          input="\n".join(lines).encode() + b"\n",
                          stdout=subprocess.PIPE)
    got = done.stdout.decode().splitlines()
    equal(len(got), len(lines), "answers")
    equal(sorted(got[0].split()), sorted(nouns() + ["help", "--version"]))
    equal(sorted(got[1].split()), sorted(verbs("cert") + ["--help"]))
    for words, line in zip(every, got[2:]):
        names = [name for name in line.split(" | ")[0].split()
                 if name.startswith("--")]
        equal(sorted(names), sorted(set(options(words))), words)
    contains(got[2 + every.index(["cert", "list"])],
             "--status[", "(valid pending")
    contains(got[2 + every.index(["cert", "issue"])], ":FILE:_files")


cli.main()
