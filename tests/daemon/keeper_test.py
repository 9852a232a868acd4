#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The keeper: what the service has for itself is renewed while it works, and
whatever step is cut short, the next start works.

    keeper_test.py BIRTHMARK BIRTHMARKD
"""
import glob
import http.client
import os
import signal
import socket
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
import service  # noqa: E402
from service import (Key, Service, contains, equal, holds, openssl, read,
                     wait_until, write)


def served(s, port="devices"):
    """The certificate of the listener, PEM."""
    context = ssl.create_default_context(cafile=s.root)
    with context.wrap_socket(
            socket.create_connection(
                ("127.0.0.1", s.ports[port]), service.PATIENCE),
            server_hostname="127.0.0.1") as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))


def own(s, profile):
    """Serial numbers of what is good of a profile."""
    return {row["serial_number"] for row in s.certs()
            if row["profile"] == profile and row["status"] == "valid"}


def revoke(s, *serials):
    s.birthmark("cert", "revoke", "--dir", s.dir, "--url",
                "https://127.0.0.1:%d" % s.ports["operators"], *serials)


def keep(s):
    """Have the keeper look now."""
    s.process.send_signal(signal.SIGUSR1)


def newest(keys):
    return max(k.split("-")[-1] for k in keys if k.startswith("ocsp-"))


def times_renewed(s):
    return s.words().count("event=keeper.renewed")


class Load:
    """A device that enrols without a pause, over kept connections: again and
    again with one key, which gives it the same certificate. It connects again
    when a connection is closed between two requests, and comes again when it
    is told to; anything else is a failure."""

    def __init__(self, s, idevid, key):
        self.s = s
        self.idevid = idevid
        self.key = key
        self.end = False
        self.done = 0
        self.failed = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        connection = None
        while not self.end:
            fresh = connection is None
            try:
                if fresh:
                    connection = self.s.connect(cert=self.idevid.pair())
                answer = self.s.enrol(self.key, "many", over=connection)
                if answer.status == 200:
                    self.done += 1
                elif answer.status != 503 or "Retry-After" not in \
                        answer.headers:
                    self.failed.append(repr(answer))
                if answer.headers.get("Connection") == "close":
                    connection = None
            except (http.client.RemoteDisconnected, ConnectionResetError,
                    BrokenPipeError, ssl.SSLEOFError) as e:
                if fresh:
                    self.failed.append(repr(e))
                connection = None
            except OSError as e:
                self.failed.append(repr(e))
                connection = None

    def stop(self):
        self.end = True
        self.thread.join()


def test_what_is_due_is_renewed_while_the_service_works():
    with Service(name="due", limits_identity=100000) as s:
        idevid = s.issue("ieee-802.1ar-idevid",
                         Key(".", "idevid", "/serialNumber=SN-1"))
        s.start()
        before = served(s)
        equal(times_renewed(s), 0)
        load = Load(s, idevid, Key(".", "many", "/serialNumber=SN-1"))
        wait_until("requests are answered", lambda: load.done > 5)
        revoke(s, *own(s, "tls-server"), *own(s, "ocsp-responder"))
        keep(s)
        wait_until("all are renewed", lambda: times_renewed(s) == 3)
        wait_until("devices see the new certificate",
                   lambda: served(s) != before)
        wait_until("operators, too",
                   lambda: served(s, "operators") == served(s))
        done = load.done
        wait_until("and it goes on", lambda: load.done > done + 5)
        load.stop()
        equal(load.failed, [])
        equal(len(own(s, "tls-server")), 1)
        equal(len(own(s, "ocsp-responder")), 2)
        equal(served(s).replace("\n", "") in
              read(s.dir + "/ca/server.pem").decode().replace("\n", ""), True)
        # Nothing is due any more: it comes and goes.
        keep(s)
        equal(s.stop(), 0)
        contains(s.verify_ledger(), "valid")
        # And the next start works with what there is now, and removes the
        # keys that were replaced, when they are old enough.
        keys = set(os.listdir(s.dir + "/keys"))
        old = {k for k in keys if k == "server.key" or
               k.startswith("ocsp-") and k.split("-")[-1] < newest(keys)}
        equal(len(old), 3)
        for key in keys - {"server.key"}:
            os.utime(s.dir + "/keys/" + key, (0, 0))
        s.start()
        wait_until("old keys are gone", lambda: set(
            os.listdir(s.dir + "/keys")) == keys - old | {"server.key"})
        equal(times_renewed(s), 3)
        equal(s.stop(), 0)
        s.birthmark("ca", "crl", "--dir", s.dir)


def test_a_key_that_came_to_nothing_is_removed():
    with Service(name="nothing") as s:
        text = read(s.dir + "/profiles/tls-server.yaml").decode()
        serials = own(s, "tls-server")
        for serial in serials:
            s.birthmark("cert", "revoke", "--dir", s.dir, serial)
        # A profile that the server's own request does not fit any more.
        write(s.dir + "/profiles/tls-server.yaml",
              text.replace("pattern: \"(", "pattern: \"no(", 1))
        keys = sorted(os.listdir(s.dir + "/keys"))
        s.start()
        wait_until("the keeper has failed",
                   lambda: "event=keeper.failed" in s.words())
        wait_until("its key is gone", lambda: sorted(
            os.listdir(s.dir + "/keys")) == keys)
        equal(glob.glob(s.dir + "/keys/server-*"), [])
        equal(s.try_get("/.well-known/est/cacerts"), 200)
        write(s.dir + "/profiles/tls-server.yaml", text)
        s.restart()
        wait_until("it is renewed", lambda: times_renewed(s) == 1)


def test_a_keeper_that_is_killed_leaves_what_works():
    with Service(name="killed") as s:
        for profile in ("tls-server", "ocsp-responder"):
            for serial in own(s, profile):
                s.birthmark("cert", "revoke", "--dir", s.dir, serial)
        # Wherever it is just now, in several runs.
        for pause in (0, 0.3, 0.6):
            s.start(wait=False)
            killed = []

            def kill():
                for pid in s.rooms().get("keeper", []):
                    threading.Event().wait(pause)
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                    killed.append(pid)
                return killed
            wait_until("the keeper is there", kill)
            s.wait_ready()
            s.stop(signal.SIGKILL)
        s.start()
        wait_until("all is renewed", lambda: len(
            own(s, "tls-server")) >= 1 and "keeper.renewed" in s.words())
        served(s)
        equal(s.stop(), 0)
        contains(s.verify_ledger(), "valid")
        openssl("verify", "-CAfile", s.root, "-untrusted", s.operations,
                s.dir + "/ca/server.pem")


service.main()
