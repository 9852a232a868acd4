# SPDX-License-Identifier: Apache-2.0
"""Files that no factory sends: each is refused in words that say where, and
nothing is different afterwards.

    BATCH_ORDERS=ORDERS hostile_test.py BIRTHMARK BIRTHMARKD
"""
import io
import os
import re
import signal
import struct
import tarfile
import zipfile

import orders
from orders import store
from service import (DAEMON, PROGRAM, Service, Skip, contains, equal, holds,
                     main, read, run, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"
TOO_LARGE = "larger than 65536 octets"


def tar_of(*infos):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for info, octets in infos:
            info.size = len(octets)
            t.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def zip_of(*pairs):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, octets in pairs:
            z.writestr(name, octets)
    return out.getvalue()


def lying_zip():
    """A bomb that says it is small, in both of its headers."""
    octets = bytearray(zip_of(("a", b"\0" * (64 << 20))))
    real = struct.pack("<I", 64 << 20)
    while real in octets:
        at = octets.index(real)
        octets[at:at + 4] = struct.pack("<I", 100)
    return bytes(octets)


def good(prefix="H"):
    return orders.rows(orders.table(1, prefix))[0]


def cases():
    device, csr = good()
    line = b"%s,%s\r\n" % (device.encode(), orders.table(1, "H").split(
        b"\r\n")[1].split(b",")[1])
    head = b"device,csr\r\n"
    return [
        # ---- tables
        (head + line[:-2] + b",x\r\n", "row 1: 3 columns, where the header"),
        (b"device,key\r\n" + line, "column 2: columns are csr, device"),
        (b"csr,csr\r\n" + line, "column 2: the same column twice"),
        (b"device\r\nx\r\n", "there is no column csr"),
        (b",".join([b"csr"] * 9) + b"\r\n", "header"),
        (head + b'"H-1' + line, "row 1, column 1 device: it ends within"),
        (head + b'H"1' + line, "row 1, column 1 device: a quote"),
        (head + b'"H-1"x' + line, "behind the closing quote"),
        (head + b"H-1\rx," + line, "CR without LF"),
        (head + b"H-1," + b"A" * 70000 + b"\r\n", "longer than 65536"),
        (head + b"H\x1b[2J-1," + line.split(b",")[1],
         "row 1, column device: not a line"),
        (head + b"H-\xff," + line.split(b",")[1],
         "row 1, column device: not a line"),
        (head + b"H-1,MAA=\r\n", "row 1, column csr"),
        (head + b"H-1,!!!\r\n", "row 1, column csr: not one certification"),
        (head + b"".join(b"x%d,!\r\n" % i for i in range(20000)),
         "more than 10000 rows are wrong"),
        (head, "there is no row"),
        (b"\0" * 5000, "header"),
        (os.urandom(3000), ""),
        # ---- lists
        (b"[", "row 1: not an object"),
        (b"[{]", "row 1, at octet"),
        (b"[{", "row 1: it ends within an object"),
        (b"[{}]", "row 1, column csr: there is none"),
        (b'[{"csr": 1}]', "row 1, column csr: not a string"),
        (b'[{"csr": "x", "csr": "y"}]', "row 1, at octet"),
        (b'[{"csr": "MAA="}', "row 1: no comma behind it"),
        (b'[{"csr": "MAA="}] x', "behind the end of the list"),
        (b'[{"csr": "x", "key": "y"}]', "row 1, column key: members are"),
        (b'[{"csr": ' + b"[" * 60000 + b"]" * 60000 + b"}]",
         "longer than 65536"),
        (b'[{"csr": ' + b"[" * 3000 + b"]" * 3000 + b"}]", "row 1, at octet"),
        (b'[{"csr": "' + b"A" * 70000 + b'"}]', "longer than 65536"),
        (b'[{"csr": "\\u0000"}]', "row 1"),
        # ---- archives
        (zip_of(("a", b"\0" * (64 << 20))), TOO_LARGE),
        (lying_zip(), "entry 1"),
        (zip_of(("../a", csr)), "leads out of the archive"),
        (zip_of(("/etc/a", csr)), "leads out of the archive"),
        (zip_of(("a/../../b", csr)), "leads out of the archive"),
        (zip_of(("n" * 300, csr)), "its name is none"),
        (zip_of(("a", csr), ("a.txt", b"hello")),
         "row 2, a.txt, column csr: not one certification request"),
        (zip_of(("a", csr), ("b", csr)), "row 2, b, column csr"),
        (zip_of(("a", csr))[:-30], ""),
        (zip_of(), ""),
        (b"PK\x03\x04" + os.urandom(2000), ""),
        (tar_of((member("a", tarfile.SYMTYPE, "/etc/passwd"), b"")),
         "it is a link, or no file"),
        (tar_of((member("b"), csr), (member("a", tarfile.LNKTYPE, "b"), b"")),
         "it is a link, or no file"),
        (tar_of((member("a", tarfile.FIFOTYPE), b"")), "or no file"),
        (tar_of((member("a"), b"\0" * 200000)), TOO_LARGE),
        (b"\x1f\x8b" + os.urandom(500), ""),
    ]


def what_is_there(srv):
    return [store(srv, "SELECT count(*) FROM %s" % table) for table in
            ("certificate", "device", "claim_recent", "revocation", "event")] \
        + [store(srv, "SELECT count(*) FROM batch_row WHERE csr != x''")]


def tried(srv, name, octets, words):
    write(name, octets)
    code, _, err = srv.birthmark("batch", "create", "--dir", srv.dir,
                                 "--profile", LDEVID, name, check=False)
    equal(code, 1, (name, words, err))
    contains(err, words)
    contains(err, "is rejected")


def test_hostile_files_change_nothing_in_the_directory_or_in_a_server():
    with Service(limits_organisation=100000) as srv:
        some = cases()
        before = what_is_there(srv)
        for i, (octets, words) in enumerate(some):
            if i % 4 == 0:
                tried(srv, "file-%d" % i, octets, words)
        equal(what_is_there(srv), before)
        srv.start()
        before = what_is_there(srv)
        reader = srv.rooms()["reader"]
        for i, (octets, words) in enumerate(some):
            tried(srv, "file-%d" % i, octets, words)
        equal(what_is_there(srv), before)
        equal(srv.rooms()["reader"], reader, "the process that reads")
        equal(os.listdir(os.path.join(srv.dir, "uploads")), [])
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def test_what_a_file_says_takes_the_memory_of_its_reader_alone():
    with Service(name="memory") as srv:
        srv.start()
        reader, = srv.rooms()["reader"]
        limits = read("/proc/%d/limits" % reader).decode()
        if b"__asan_init" in read(DAEMON):
            raise Skip("sanitizers take all addresses that there are")
        holds(re.search(r"Max address space +%d " % (512 << 20), limits),
              limits)


def test_a_folder_with_links_is_not_read():
    with Service(name="links") as srv:
        os.mkdir("with-links")
        os.symlink("/etc/passwd", "with-links/a.csr")
        code, _, err = srv.birthmark("batch", "create", "--dir", srv.dir,
                                     "--profile", LDEVID, "with-links",
                                     check=False)
        equal(code, 1)
        contains(err, "a.csr")
        equal(store(srv, "SELECT count(*) FROM batch"), [(0,)])


def test_a_reader_that_dies_rejects_its_file_and_comes_back():
    with Service(name="dies") as srv:
        srv.start()
        reader, = srv.rooms()["reader"]
        os.kill(reader, signal.SIGSTOP)
        write("one.csv", orders.table(1, "R"))
        number = run(PROGRAM, "batch", "create", "--dir", srv.dir, "--profile",
                     LDEVID, "--no-wait", "one.csv")[1].strip()
        wait_until("it is asked for", lambda: store(
            srv, "SELECT state FROM batch WHERE id = ?", number) == [(1,)])
        os.kill(reader, signal.SIGKILL)
        wait_until("it is rejected", lambda: store(
            srv, "SELECT state FROM batch WHERE id = ?", number) == [(8,)])
        contains(store(srv, "SELECT reason FROM batch")[0][0],
                 "the process that reads it has ended")
        wait_until("it is back", lambda: srv.rooms().get("reader",
                                                         [reader]) != [reader])
        holds(run(PROGRAM, "batch", "create", "--dir", srv.dir, "--profile",
                  LDEVID, "one.csv")[0] == 0, "another one")


main()
