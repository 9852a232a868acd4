# SPDX-License-Identifier: Apache-2.0
"""The keys and certificates of a hostile EST server: one honest CA, and what
looks like it. All of it is made by openssl, in a directory of its own."""
import os
import subprocess


def openssl(*args, stdin=b""):
    return subprocess.run(("openssl",) + args, input=stdin, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


CA = """\
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
"""

SERVER = """\
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=%s
authorityKeyIdentifier=keyid
"""

CLIENT = """\
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
authorityKeyIdentifier=keyid
"""

HOSTS = "DNS:localhost,IP:127.0.0.1"


class Pki:
    """root > issuing > everything else; "foreign" is a root nobody knows. A
    folder that has them already is used as it is."""

    def __init__(self, where):
        self.dir = where
        os.makedirs(where, exist_ok=True)
        if os.path.exists(self.path("no_server.pem")):
            return
        self.root("root", "/CN=Honest Root")
        self.root("foreign", "/CN=Honest Root")
        self.root("next", "/CN=Honest Root 2")
        self.sub("issuing", "root", "/CN=Honest Issuing CA")
        # What a root says of the next one, and the next one of it (RFC 4210
        # 4.4): NewWithOld, OldWithNew.
        self.cross("new_with_old", "next", "root")
        self.cross("old_with_new", "root", "next")
        self.leaf("server", "issuing", "/CN=localhost", SERVER % HOSTS)
        self.leaf("stranger", "foreign", "/CN=localhost", SERVER % HOSTS)
        self.leaf("misnamed", "issuing", "/CN=other.example",
                  SERVER % "DNS:other.example")
        self.leaf("no_server", "issuing", "/CN=localhost",
                  CLIENT + "subjectAltName=" + HOSTS + "\n")

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", self.path(name + ".key"))

    def root(self, name, subject):
        self.key(name)
        self.write(name + ".ext", CA.encode())
        openssl("req", "-new", "-key", self.path(name + ".key"), "-subj",
                subject, "-out", self.path(name + ".csr"))
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-signkey",
                self.path(name + ".key"), "-days", "3650", "-extfile",
                self.path(name + ".ext"), "-out", self.path(name + ".pem"))

    def cross(self, name, of, by):
        """A certificate of a CA's key by another CA."""
        self.sign(self.read(of + ".csr"), by, CA, name)

    def sub(self, name, by, subject):
        self.leaf(name, by, subject, CA)

    def leaf(self, name, by, subject, extensions):
        self.key(name)
        openssl("req", "-new", "-key", self.path(name + ".key"), "-subj",
                subject, "-out", self.path(name + ".csr"))
        self.sign(self.read(name + ".csr"), by, extensions, name)
        with open(self.path(name + ".chain.pem"), "wb") as f:
            f.write(self.read(name + ".pem"))
            if by == "issuing":
                f.write(self.read("issuing.pem"))

    def sign(self, csr_pem, by, extensions, name, days="90"):
        """A certificate for a request; its DER."""
        ext = self.write(name + ".ext", extensions.encode())
        csr = self.write(name + ".asked", csr_pem)
        openssl("x509", "-req", "-in", csr, "-CA", self.path(by + ".pem"),
                "-CAkey", self.path(by + ".key"), "-days", days, "-extfile",
                ext, "-out", self.path(name + ".pem"), "-set_serial",
                "0x" + os.urandom(12).hex().replace("0", "1", 1))
        return self.der(name)

    def der(self, name):
        return openssl("x509", "-in", self.path(name + ".pem"), "-outform",
                       "DER")

    def certs_only(self, *ders):
        """A certs-only CMS message, DER."""
        return certs_only(ders)


def tlv(tag, body):
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    n = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | n]) + len(body).to_bytes(n, "big") + body


SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
DATA = bytes.fromhex("06092a864886f70d010701")


def certs_only(ders):
    """RFC 7030 4.1.3: SignedData without content and without signers."""
    inner = (tlv(0x02, b"\1") + tlv(0x31, b"") + tlv(0x30, DATA) +
             tlv(0xa0, b"".join(ders)) + tlv(0x31, b""))
    return tlv(0x30, SIGNED_DATA + tlv(0xa0, tlv(0x30, inner)))
