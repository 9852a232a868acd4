#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Zephyr module (zephyr/) without Zephyr: Kconfig is read by kconfiglib,
CMakeLists.txt is run by CMake over stand-ins for the functions of Zephyr's that
it calls, and what it lists is compiled for a Cortex-M3 with what Kconfig says.

zephyr_test.py MBEDTLS    MBEDTLS: the library's sources
"""
import glob
import itertools
import os
import re
import subprocess
import sys
import tempfile

import kconfiglib

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
MBEDTLS = sys.argv[1]
CPU = ["-mcpu=cortex-m3", "-mthumb", "--specs=picolibc.specs"]
# Of Zephyr's, what our Kconfig asks about; from memory, like STAND_INS.
OTHERS = ["MBEDTLS_PSA_CRYPTO_C", "MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG",
          "NET_PKT_FILTER"]
OURS = ["BIRTHMARK_DEVICE", "BIRTHMARK_BOOT", "BIRTHMARK_FIREWALL",
        "BIRTHMARK_PSA"]
# Zephyr's, as far as it matters here: zephyr/cmake/modules/extensions.cmake.
# Written from memory, and compared with no copy of it.
STAND_INS = """
set(ZEPHYR_CURRENT_MODULE_DIR %s)
function(zephyr_include_directories)
    message("include ${ARGN}")
endfunction()
function(zephyr_library_named name)
    message("library ${name}")
endfunction()
function(zephyr_library_sources)
    foreach(source IN LISTS ARGN)
        message("source ${source}")
    endforeach()
endfunction()
function(zephyr_library_sources_ifdef feature)
    if(${feature})
        zephyr_library_sources(${ARGN})
    endif()
endfunction()
function(zephyr_library_link_libraries)
    message("link ${ARGN}")
endfunction()
include(%s/zephyr/CMakeLists.txt)
"""


def check(right, what):
    if not right:
        raise AssertionError(what)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def configured(tmp, yes):
    """kconfiglib's Kconfig with the symbols of `yes` switched on."""
    root = os.path.join(tmp, "Kconfig")
    with open(root, "w", encoding="utf-8") as f:
        for name in OTHERS:
            f.write("config %s\n\tbool \"%s\"\n" % (name, name))
        f.write('source "%s/zephyr/Kconfig"\n' % TOP)
    kconf = kconfiglib.Kconfig(root, warn_to_stderr=False)
    for name in OTHERS + OURS:
        kconf.syms[name].set_value(0)
    for name in yes:
        kconf.syms[name].set_value(2)
    return kconf


def listed(tmp, kconf):
    """word -> what CMakeLists.txt said behind it"""
    script = os.path.join(tmp, "run.cmake")
    with open(script, "w", encoding="utf-8") as f:
        for name, symbol in kconf.syms.items():
            if symbol.str_value == "y":
                f.write("set(CONFIG_%s y)\n" % name)
        f.write(STAND_INS % (TOP, TOP))
    done = subprocess.run(["cmake", "-P", script], stderr=subprocess.PIPE,
                          text=True, check=False)
    check(done.returncode == 0, done.stderr)
    said = {"include": [], "library": [], "source": [], "link": []}
    for line in done.stderr.splitlines():
        word, _, rest = line.partition(" ")
        said[word].append(os.path.relpath(rest, TOP) if word == "source"
                          else rest)
    return said


def selected(yes):
    with tempfile.TemporaryDirectory() as tmp:
        return listed(tmp, configured(tmp, yes))["source"]


ALL = ["BIRTHMARK", "MBEDTLS_PSA_CRYPTO_C", "NET_PKT_FILTER"] + OURS


def folder(name):
    return sorted(os.path.relpath(path, TOP) for path in
                  glob.glob(os.path.join(TOP, name, "*.c")))


def of(sources, name):
    return [path for path in sources if os.path.dirname(path) == name]


# -- tests ---------------------------------------------------------------------

def the_module_names_what_there_is():
    words = dict(line.strip().split(": ", 1) for line in
                 read("zephyr/module.yml").splitlines() if ": " in line)
    check(words["name"] == "birthmark", words)
    check(os.path.isfile(os.path.join(TOP, words["cmake"], "CMakeLists.txt")),
          "cmake")
    check(os.path.isfile(os.path.join(TOP, words["kconfig"])), "kconfig")


def kconfig_is_read_without_a_warning():
    with tempfile.TemporaryDirectory() as tmp:
        kconf = configured(tmp, ALL)
        # Of one that depends on what is absent: it does not say where.
        check(not kconf.warnings, "\n".join(kconf.warnings))
        for name in ["BIRTHMARK"] + OURS:
            node = kconf.syms[name].nodes[0]
            check(node.prompt and node.help, name + " has no prompt or help")


def both_files_know_the_same_options():
    asked = set(re.findall(r"CONFIG_(\w+)", read("zephyr/CMakeLists.txt")))
    defined = set(re.findall(r"config (\w+)", read("zephyr/Kconfig")))
    check(asked == defined == set(["BIRTHMARK"] + OURS),
          "CMakeLists.txt %s, Kconfig %s" % (asked, defined))


def nothing_is_built_unless_it_is_wanted():
    check(selected(OTHERS) == [], "without CONFIG_BIRTHMARK")
    check({os.path.dirname(p) for p in selected(["BIRTHMARK"])} == {"core"},
          "formats alone")


def psa_is_not_offered_where_zephyr_defines_the_same_function():
    """mbedtls_psa_external_get_random(); that ours is called then is not said,
    and Kconfig's help says that it is not."""
    with tempfile.TemporaryDirectory() as tmp:
        text = configured(tmp, ALL).syms["BIRTHMARK_PSA"].nodes[0].help
        check("bm_mbedtls_open() is NOT used" in text, text)
    check(not of(selected(["BIRTHMARK"] + OURS), "ports/mbedtls"),
          "without PSA")
    check(not of(selected(ALL + ["MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG"]),
                 "ports/mbedtls"), "with Zephyr's")
    check(of(selected(ALL), "ports/mbedtls"), "with ours")


def the_lists_are_complete():
    sources = selected(ALL)
    check(len(sources) == len(set(sources)), "one is there twice")
    for path in sources:
        check(os.path.isfile(os.path.join(TOP, path)), path + " is missing")
    check(of(sources, "ports/zephyr") == folder("ports/zephyr"), "the hook")
    for name in ("core", "device", "firewall"):
        check(of(sources, name) == folder(name), "%s: %s" % (
            name, sorted(set(of(sources, name)) ^ set(folder(name)))))
    # Zephyr has storage and memory for keys itself, and sockets with TLS.
    left = set(folder("ports/mbedtls")) - set(sources)
    check({path for path in left if "/mbedtls_tls" not in path} == {
        "ports/mbedtls/mbedtls_its.c", "ports/mbedtls/mbedtls_memory.c"},
        "ports/mbedtls: %s" % sorted(left))


def compiled(tmp, sources, kconf):
    """source -> (symbols that it has, symbols that it needs)"""
    autoconf = os.path.join(tmp, "autoconf.h")
    kconf.write_autoconf(autoconf)
    symbols = {}
    for name in sorted({os.path.dirname(path) for path in sources}):
        out = os.path.join(tmp, name)
        os.makedirs(out)
        flags = ["-std=c11", "-O0", "-Wall", "-Wextra", "-Werror",
                 "-ffreestanding", "-I" + TOP, "-imacros", autoconf]
        if name == "ports/zephyr":
            flags += ["-isystem", TOP + "/ports/zephyr/test/api"]
        elif name.startswith("ports/"):
            flags += ["-isystem", MBEDTLS + "/include", "-I" + TOP +
                      "/ports/mbedtls", "-DMBEDTLS_CONFIG_FILE=\""
                      "bm_mbedtls_config.h\"", "-DBM_MBEDTLS_TLS"]
        mine = of(sources, name)
        done = subprocess.run(
            ["arm-none-eabi-gcc"] + CPU + flags + ["-c"] +
            [os.path.join(TOP, path) for path in mine], cwd=out,
            stderr=subprocess.PIPE, text=True, check=False)
        check(done.returncode == 0, done.stderr)
        for path in mine:
            text = subprocess.run(
                ["arm-none-eabi-nm", os.path.join(
                    out, os.path.basename(path)[:-2] + ".o")], check=True,
                stdout=subprocess.PIPE, text=True).stdout
            rows = [line.split()[-2:] for line in text.splitlines()]
            symbols[path] = ({n for t, n in rows if t in "TDRB"},
                             {n for t, n in rows if t == "U"})
    return symbols


def what_is_listed_compiles_and_is_all_that_it_needs():
    """For each choice of options; of other libraries' only the C library's
    memory and strings, PSA's, and what the hook of the firewall calls."""
    with tempfile.TemporaryDirectory() as tmp:
        symbols = compiled(tmp, selected(ALL), configured(tmp, ALL))
    allowed = re.compile(r"mem\w+|str\w+|__aeabi_\w+|psa_\w+|"
                         r"mbedtls_(ctr_drbg|sha256|psa)_\w+|abort|"
                         r"(net_if|net_pkt|npf|k)_\w+")
    for n in range(len(OURS) + 1):
        for some in itertools.combinations(OURS, n):
            chosen = selected(["BIRTHMARK", "MBEDTLS_PSA_CRYPTO_C",
                               "NET_PKT_FILTER"] + list(some))
            has = set().union(*(symbols[path][0] for path in chosen))
            needs = set().union(*(symbols[path][1] for path in chosen)) - has
            missing = sorted(x for x in needs if not allowed.fullmatch(x))
            check(not missing, "%s: %s" % (some, missing))


TESTS = [
    the_module_names_what_there_is,
    kconfig_is_read_without_a_warning,
    both_files_know_the_same_options,
    nothing_is_built_unless_it_is_wanted,
    psa_is_not_offered_where_zephyr_defines_the_same_function,
    the_lists_are_complete,
    what_is_listed_compiles_and_is_all_that_it_needs,
]


def main():
    failed = 0
    for i, test in enumerate(TESTS):
        try:
            test()
            print("ok %d - %s" % (i + 1, test.__name__))
        except AssertionError as e:
            failed += 1
            print("# " + str(e).replace("\n", "\n# "))
            print("not ok %d - %s" % (i + 1, test.__name__))
        sys.stdout.flush()
    print("1..%d" % len(TESTS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
