# SPDX-License-Identifier: Apache-2.0
"""The servers around the nodes are as strict as the tests of nodes need them to
be: whoever is a stranger, expired or revoked is refused by each of them. The
devices here are OpenSSL's, so that a node's own judgement plays no part.
"""
import os

import service
from service import Key, equal, holds, openssl, pem_of_certs_only, read, run
from stage import STAGE
from world import BIRTH, NODE, Broker, Sink, long_ago, onsite

CLIENT = """\
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
"""


def certified(name, root, **how):
    """A client's key, its certificate by a root that the test has."""
    key = Key(".", name, "/serialNumber=" + name)
    ext = service.write(name + ".ext", CLIENT)
    run("openssl", "x509", "-req", "-in", key.csr, "-CA", root + ".pem",
        "-CAkey", root + ".key", "-set_serial", "0x1" + os.urandom(8).hex(),
        "-days", "1", "-extfile", ext, "-out", key.cert, **how)
    return key


def enrolled(name):
    """Born and active."""
    site = STAGE.site
    born = Key(".", name + "-born", "/serialNumber=" + name)
    answer = site.enrol(born, BIRTH, (name, site.token(name, BIRTH)))
    born.put(pem_of_certs_only(answer.body))
    key = Key(".", name, "/serialNumber=" + name)
    answer = site.enrol(key, NODE, cert=born.pair())
    equal(answer.status, 200, answer)
    return key.put(pem_of_certs_only(answer.body) +
                   read(site.issuing).decode())


def taken(key, sink, broker):
    """Who lets it in: (birthmarkd, the service, the broker)"""
    site = STAGE.site
    own = site.try_get("/device/v1/status", cert=key.pair()) == 200
    args = ["--cacert", site.root, "--cert", key.cert, "--key", key.key]
    https = run("curl", "-sSf", *args, "-d", "x=1", "https://localhost:%d/" %
                sink.port, check=False)[0] == 0
    mqtt = run("mosquitto_pub", "-h", "localhost", "-p", str(broker.port),
               "--cafile", site.root, *args[2:], "-t", "x", "-m", "1", "-q",
               "1", check=False)[0] == 0
    return own, https, mqtt


def test_servers_take_devices_and_nobody_else():
    site = STAGE.site
    good = enrolled("curl-1")
    equal(taken(good, STAGE.sink, STAGE.broker), (True,) * 3, "in order")
    stranger = certified("curl-2", onsite.make_root("nobody"))
    equal(taken(stranger, STAGE.sink, STAGE.broker), (False,) * 3, "stranger")
    late = certified("curl-3", site.above, env=long_ago(40))
    openssl("x509", "-in", late.cert, "-noout")
    equal(taken(late, STAGE.sink, STAGE.broker), (False,) * 3, "expired")


def test_servers_refuse_who_is_revoked():
    site = STAGE.site
    key = enrolled("curl-4")
    serial = site.certificates("curl-4", NODE)[0]["serial_number"]
    site.revoke(serial)
    site.fresh_lists(serial)
    with Sink(site, STAGE.key, site.put_lists("revoked.pem")) as sink, \
            Broker(site, STAGE.key, "strict") as broker:
        equal(taken(key, sink, broker), (False,) * 3, "revoked")
        equal(taken(enrolled("curl-5"), sink, broker), (True,) * 3, "other")
        holds(any("revoked" in why for why in sink.refused), sink.refused)
