# SPDX-License-Identifier: Apache-2.0
"""A root whose key a token made and keeps: SoftHSM, and a TPM in software."""
import atexit
import os
import shutil
import socket
import subprocess
import time

from root import (ISSUING, cli, folder, good, refused, request, root, sign,
                  verify)
from root import contains, equal, write

MODULE = "/usr/lib/softhsm/libsofthsm2.so"

FILE = """\
ceremony: %(name)s
title: The root of Token
root:
  subject: [ { O: Token }, { CN: Token Root CA } ]
  key:
    algorithm: p256
    place: "%(place)s"
%(module)s  validity: { for: 30y }
"""


def have(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise cli.Skip("no " + program)


def ceremony(name, place, module=None):
    write(name + ".yaml", FILE % {
        "name": name, "place": place,
        "module": "    module: %s\n" % module if module else "",
    } + ISSUING % {"org": "Token"})


def softhsm():
    """A token "roots" with a PIN in a file, whose name is returned."""
    have("softhsm2-util")
    if not os.path.exists(MODULE):
        raise cli.Skip("no " + MODULE)
    folder("tokens")
    os.environ["SOFTHSM2_CONF"] = os.path.abspath(write(
        "softhsm.conf", "directories.tokendir = %s\nlog.level = ERROR\n"
        % os.path.abspath("tokens")))
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label",
                    "roots", "--so-pin", "87654321", "--pin", "4321"],
                   stdout=subprocess.DEVNULL, check=True)
    write("pin", "4321\n")
    os.chmod("pin", 0o400)
    return os.path.abspath("pin")


def play(name):
    """A root, an authority below it, a list; what is where."""
    good("init", name + ".yaml", "--out", name)
    equal(sorted(os.listdir(name)), ["root.pem", "transcript"])
    folder(name + ".in")
    request(name + ".in/issuing.csr", "/O=Token/CN=Token Issuing CA")
    equal(sign(name), [name + ".out/issuing.pem"])
    equal(verify(name + ".out/issuing.pem", name + "/root.pem"), "OK")
    good("crl", name + ".yaml", "--dir", name, "--out", name + ".out")
    write("t", root("transcript", "--dir", name)[1])
    good("transcript", "--verify", "t", "--root", name + "/root.pem")


def test_a_root_in_a_token():
    uri = "pkcs11:token=roots;object=root?pin-source=file:" + softhsm()
    ceremony("hsm", uri, MODULE)
    play("hsm")
    contains(cli.read("t").decode(), "place: pkcs11:token=roots;object=root")


def test_a_key_in_a_token_is_not_made_twice():
    code, out, err = root("init", "hsm.yaml", "--out", "second")
    equal((code, out), (3, ""), err)
    equal(os.path.exists("second"), False)


def test_the_token_has_to_be_there():
    os.rename("tokens", "away")
    folder("tokens")
    refused(1, "key", args=("crl", "hsm.yaml", "--dir", "hsm", "--out",
                            "hsm.out"))
    os.rmdir("tokens")
    os.rename("away", "tokens")
    good("crl", "hsm.yaml", "--dir", "hsm", "--out", "hsm.out")


def test_a_rehearsal_touches_no_token():
    before = sorted(os.listdir("tokens/" + os.listdir("tokens")[0]))
    good("init", "hsm.yaml", "--out", "try", "--rehearse")
    equal(os.path.exists("try/root.key"), True)
    equal(sorted(os.listdir("tokens/" + os.listdir("tokens")[0])), before)


def swtpm():
    """A TPM, as a TCTI."""
    have("swtpm", "setpriv")
    folder("tpm")
    path = os.path.abspath("tpm.sock")
    # The socket goes with who started it.
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2",
         "--tpmstate", "dir=tpm",
         "--ctrl", "type=unixio,path=%s.ctrl" % path,
         "--server", "type=unixio,path=" + path,
         "--flags", "not-need-init,startup-clear"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(process.kill)
    deadline = time.monotonic() + 30
    while True:
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise AssertionError("the TPM does not answer") from None
        time.sleep(0.05)
    return "swtpm:path=" + path


def test_a_root_in_a_tpm():
    ceremony("tpm2", "tpm2:0x81000042?tcti=" + swtpm())
    play("tpm2")
    contains(cli.read("t").decode(), "place: tpm2:0x81000042")


if __name__ == "__main__":
    cli.main()
