# SPDX-License-Identifier: Apache-2.0
"""birthmarkd under load, while its processes are killed, stopped and reloaded
and its disk is full. What a client was told has happened: each certificate is
in the store and in the ledger, and good by OCSP; each revocation holds.

    python3 service_test.py BIRTHMARK BIRTHMARKD [TEST]...

FAULT_ROUNDS says how many more processes are killed, at random.
"""
import http.client
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, Skip, equal, holds, pem_of_certs_only,
                     serial_of, wait_until)

CLIENTS = 4

# Answers of a service that is not itself just now: come again.
BUSY = (429, 500, 503)


def rounds():
    return int(os.environ.get("FAULT_ROUNDS", "0"))


class Client(threading.Thread):
    """A device that asks for one certificate after another, each until it has
    it, on a connection that it keeps for as long as it can."""

    def __init__(self, fleet, number):
        super().__init__(daemon=True)
        self.fleet = fleet
        self.service = fleet.service
        self.name = "SN-%d" % number
        self.device = Key(fleet.where, self.name, "/serialNumber=" + self.name)
        self.over = None
        self.made = 0
        self.wrong = []      # what should never have been answered
        self.failures = 0    # attempts that came to nothing
        self.dropped = []    # of them, those on a new connection
        self.new = True

    def attempt(self, key):
        """A PEM, or None."""
        try:
            if self.over is None:
                self.over = self.service.connect(cert=self.device.pair())
                self.new = True
            answer = self.service.enrol(key, "many", over=self.over)
            self.new = False
        except (OSError, http.client.HTTPException) as e:
            self.failures += 1
            if self.new:
                self.dropped.append(repr(e))
            self.close()
            return None
        if answer.headers.get("Connection") == "close":
            self.close()
        if answer.status == 200:
            return pem_of_certs_only(answer.body)
        self.failures += 1
        self.dropped.append(repr(answer))
        if answer.status not in BUSY:
            self.wrong.append(repr(answer))
        return None

    def close(self):
        if self.over is not None:
            self.over.close()
        self.over = None

    def get(self, key):
        """The serial number of its certificate, asked for until it is there;
        None when something went wrong."""
        pem = wait_until("a certificate for " + self.name,
                         lambda: self.wrong or self.attempt(key),
                         4 * service.PATIENCE)
        return None if self.wrong else serial_of(pem)

    def new_key(self):
        self.made += 1
        return Key(self.fleet.where, "%s-%d" % (self.name, self.made),
                   "/serialNumber=" + self.name)

    def one(self, key=None):
        key = key or self.new_key()
        serial = self.get(key)
        if serial is None:
            return
        # Before the operator hears of it: one that is revoked is not given
        # again, and its key gets no other.
        if self.made % 5 == 0 and self.get(key) not in (serial, None):
            self.wrong.append("another certificate for the same key")
        self.fleet.issued.append(serial)

    def run(self):
        try:
            while not self.fleet.ends and not self.wrong:
                self.one()
        except Exception as e:  # pylint: disable=broad-except
            self.wrong.append(repr(e))
        self.close()


class Revoker(threading.Thread):
    """The operator, who revokes one in three."""

    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.fleet = fleet
        self.wrong = []
        self.done = 0

    def attempt(self, serial):
        try:
            answer = self.fleet.service.api(
                "POST", "/certificates/%s/revocation" % serial,
                {"reason": "superseded"})
        except (OSError, http.client.HTTPException):
            return False
        # 409: it is revoked, and the answer that said so was lost
        if answer.status in (200, 201, 409):
            return True
        if answer.status not in BUSY:
            self.wrong.append(repr(answer))
        return bool(self.wrong)

    def run(self):
        try:
            while not self.fleet.ends and not self.wrong:
                if len(self.fleet.issued) < 3 * (self.done + 1):
                    time.sleep(0.02)
                    continue
                serial = self.fleet.issued[3 * self.done]
                wait_until("the revocation", lambda: self.attempt(serial),
                           4 * service.PATIENCE)
                self.fleet.revoked.add(serial)
                self.done += 1
        except Exception as e:  # pylint: disable=broad-except
            self.wrong.append(repr(e))


class Fleet:
    """Clients and an operator; in a `with` the service runs and they work."""

    def __init__(self, svc, where):
        self.service = svc
        self.where = where
        self.issued = []      # serial numbers, as acknowledged
        self.revoked = set()
        self.ends = False
        self.clients = [Client(self, i) for i in range(CLIENTS)]
        self.prober = Client(self, CLIENTS)
        for client in self.clients + [self.prober]:
            svc.issue("ieee-802.1ar-idevid", client.device)
        self.threads = self.clients + [Revoker(self)]

    def __enter__(self):
        self.service.start()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *why):
        self.stop()

    def stop(self):
        self.ends = True
        for thread in self.threads:
            if thread.is_alive():
                thread.join()

    def check_clients(self):
        for thread in self.threads + [self.prober]:
            holds(not thread.wrong, "%s: %s" % (thread.name,
                                                "; ".join(thread.wrong)))

    def goes_on(self):
        """Every client gets another certificate."""
        before = [c.made for c in self.clients]

        def all_more():
            self.check_clients()
            return all(c.made >= b + 2 for c, b in zip(self.clients, before))
        wait_until("all clients are served", all_more, 4 * service.PATIENCE)


def instance(name, **settings):
    where = os.path.abspath(name)
    os.mkdir(where)
    settings.setdefault("limits_identity", 1000000)
    settings.setdefault("listeners", 2)
    return Service(where, **settings)


# ---- What has been acknowledged

def check_ocsp(fleet):
    for serial in fleet.issued:
        want = "revoked" if serial in fleet.revoked else "good"
        wait_until("OCSP says %s of %s" % (want, serial),
                   lambda s=serial, w=want: fleet.service.ocsp(s) == w)


def check_store(fleet):
    """The service has stopped."""
    svc = fleet.service
    rows = {row["serial_number"]: row for row in svc.certs()
            if row["profile"] == "many"}
    for serial in fleet.issued:
        holds(serial in rows, serial + " was handed out and is not stored")
        holds("leaf" in rows[serial]["ledger"], serial + " has no leaf")
    for serial in fleet.revoked:
        equal(rows[serial]["status"], "revoked", serial)
    # each key was asked for until there was an answer: none has two
    extra = {s for s, row in rows.items()
             if row["status"] in ("valid", "pending")} - set(fleet.issued)
    equal(extra, set(), "certificates that nobody was given")
    svc.verify_ledger()


def check_all(fleet):
    fleet.stop()
    fleet.check_clients()
    print("# %d certificates, %d revoked; %d attempts repeated" % (
        len(fleet.issued), len(fleet.revoked),
        sum(c.failures for c in fleet.clients)))
    holds(len(fleet.issued) == len(set(fleet.issued)),
          "a serial number twice")
    check_ocsp(fleet)
    equal(fleet.service.stop(), 0, "exit code")
    check_store(fleet)


# ---- Faults

def probe(fleet, room):
    """Does that work which needs this process?"""
    svc = fleet.service
    try:
        if room == "publisher":
            return svc.public("GET", "/crl/issuing.crl").status == 200
        if room == "status":
            return svc.ocsp(fleet.issued[-1], os.urandom(16)) in (
                "good", "revoked")
        if room == "operators":
            return svc.api("GET", "/certificates?limit=1").status == 200
        return svc.try_get("/.well-known/est/cacerts") == 200
    except (OSError, http.client.HTTPException):
        return False


def recovers(fleet, room, fault):
    """After this fault everything works again; says how soon, as somebody
    sees it who comes anew."""
    key = fleet.prober.new_key()
    fleet.prober.close()
    began = time.monotonic()
    fault()
    wait_until(room + " works again", lambda: probe(fleet, room))
    probed = time.monotonic()
    fleet.prober.one(key)
    fleet.check_clients()
    print("# %-12s %6.0f ms, a certificate after %6.0f ms" % (
        room, (probed - began) * 1e3, (time.monotonic() - began) * 1e3))


def send(pids, how):
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            pass


def kill(fleet, room, pids):
    recovers(fleet, room, lambda: send(pids, signal.SIGKILL))
    holds(fleet.service.process.poll() is None, "the supervisor has ended")


def kill_supervisor(fleet):
    svc = fleet.service
    pids = service.descendants(svc.process.pid)
    svc.process.kill()
    svc.process.wait()
    began = time.monotonic()
    wait_until("all processes are gone", lambda: not any(
        service.room_of(pid) for pid in pids))
    print("# all gone after %.0f ms" % ((time.monotonic() - began) * 1e3))
    recovers(fleet, "supervisor", lambda: svc.start(wait=False))


def test_what_is_acknowledged_survives_the_death_of_any_process():
    with instance("kill") as svc, Fleet(svc, "kill") as fleet:
        fleet.goes_on()
        for room in sorted(svc.rooms()):
            if room == "supervisor":
                continue
            kill(fleet, room, svc.rooms().get(room, []))
            fleet.goes_on()
        for _ in range(rounds()):
            rooms = svc.rooms()
            del rooms["supervisor"]
            room = random.choice(sorted(rooms))
            kill(fleet, room, [random.choice(rooms[room])])
        kill_supervisor(fleet)
        fleet.goes_on()
        check_all(fleet)


def test_a_process_that_stands_still_delays_and_loses_nothing():
    with instance("still") as svc, Fleet(svc, "still") as fleet:
        fleet.goes_on()
        for room, pids in sorted(svc.rooms().items()):
            send(pids, signal.SIGSTOP)
            time.sleep(0.3)  # the fault itself
            recovers(fleet, room, lambda p=pids: send(p, signal.SIGCONT))
            fleet.goes_on()
        check_all(fleet)


def test_a_reload_under_load_drops_nothing():
    with instance("reload") as svc, Fleet(svc, "reload") as fleet:
        fleet.goes_on()
        for _ in range(3):
            svc.process.send_signal(signal.SIGHUP)
            fleet.goes_on()
        fleet.stop()
        for client in fleet.clients:
            equal(client.dropped, [], "requests that were dropped")
        check_all(fleet)


def server_serial(svc):
    """Of the certificate that a new connection sees."""
    port = svc.ports["devices"]
    return serial_of(ssl.get_server_certificate(
        ("127.0.0.1", port), timeout=service.PATIENCE))


def test_renewing_its_own_certificate_drops_nothing():
    with instance("renew") as svc, Fleet(svc, "renew") as fleet:
        fleet.goes_on()
        old = server_serial(svc)
        # one that is revoked is due for renewal, whatever its age
        answer = svc.api("POST", "/certificates/%s/revocation" % old,
                         {"reason": "superseded"})
        holds(answer.status in (200, 201), answer)
        svc.process.send_signal(signal.SIGUSR1)  # the keeper, now
        wait_until("the new certificate is seen",
                   lambda: server_serial(svc) != old)
        fleet.goes_on()
        fleet.stop()
        for client in fleet.clients:
            equal(client.dropped, [], "requests that were dropped")
        check_all(fleet)


def test_a_graceful_stop_answers_what_was_accepted():
    """Requests that wait for the issuer when the order to stop comes."""
    with instance("stop") as svc:
        fleet = Fleet(svc, "stop")
        svc.start()
        for client in fleet.clients:
            client.one()
        issuer = svc.rooms()["issuer"][0]
        os.kill(issuer, signal.SIGSTOP)
        for client in fleet.clients:
            key = client.new_key()
            client.over.request("POST",
                                "/.well-known/est/many/simpleenroll",
                                key.body(),
                                {"Content-Type": "application/pkcs10"})
        # that they were read shows in what the kernel still holds of them
        wait_until("the requests are read", lambda: unread(svc) == 0)
        svc.process.send_signal(signal.SIGTERM)
        wait_until("it takes no more", lambda: not service.listening(
            svc.ports["devices"]))
        os.kill(issuer, signal.SIGCONT)
        for client in fleet.clients:
            answer = client.over.getresponse()
            body = answer.read()
            equal(answer.status, 200, "an accepted request")
            fleet.issued.append(serial_of(pem_of_certs_only(body)))
        equal(svc.process.wait(service.PATIENCE), 0, "exit code")
        svc.process = None
        fleet.check_clients()
        check_store(fleet)


def unread(svc):
    """Octets that the listener has not taken from the kernel."""
    port = ":%04X" % svc.ports["devices"]
    waiting = 0
    for line in service.read("/proc/net/tcp").decode().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(port) and fields[3] == "01":
            waiting += int(fields[4].split(":")[1], 16)
    return waiting


# ---- A full disk

def small_disk(where, size):
    os.mkdir(where)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size,
                           "tmpfs", where], stderr=subprocess.DEVNULL,
                          check=False)
    if done.returncode != 0:
        raise Skip("no file system can be mounted here")


def fill(path):
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    f.write(b"\0" * size)
            except OSError:
                pass


def test_a_full_disk_is_said_and_forgiven():
    small_disk("disk", "32m")
    try:
        with instance("disk/full") as svc:
            full_disk(svc)
    finally:
        subprocess.run(["umount", "disk"], check=False)


def full_disk(svc):
    fleet = Fleet(svc, "disk/full")
    fleet.where = "."  # keys of clients are not to be in the way
    svc.log = os.path.abspath("full.log")
    svc.start()
    client = fleet.clients[0]
    client.one()
    fill("disk/filler")
    refused = []
    while len(refused) < 5 and len(fleet.issued) < 500:
        key = client.new_key()
        pem = client.attempt(key)
        if pem is None:
            refused.append(key)
        else:
            fleet.issued.append(serial_of(pem))
    equal(len(refused), 5, "requests refused by a full disk")
    holds(svc.process.poll() is None, "the supervisor has ended")
    os.remove("disk/filler")
    for key in refused:
        fleet.issued.append(client.get(key))
    fleet.check_clients()
    check_ocsp(fleet)
    equal(svc.stop(), 0, "exit code")
    check_store(fleet)


def in_a_namespace():
    """Start again as root of a mount namespace of our own, if we may."""
    if os.environ.get("SERVICE_TEST_MOUNTS") or not shutil.which("unshare"):
        return
    env = dict(os.environ, SERVICE_TEST_MOUNTS="1")
    how = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    if subprocess.run(how + ["true"], stderr=subprocess.DEVNULL,
                      check=False).returncode == 0:
        os.execvpe(how[0], how + [sys.executable] + sys.argv, env)


if __name__ == "__main__":
    in_a_namespace()
    service.main()
