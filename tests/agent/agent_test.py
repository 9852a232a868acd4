# SPDX-License-Identifier: Apache-2.0
"""birthmark-agent against a running birthmarkd: every way to an identity, and
what happens when it goes wrong.

    python3 agent_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...

One instance serves all tests.
"""
import json
import os
import random
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import agent
from agent import IDEVID, LDEVID, Agent, make_service, token
import service
from service import (Key, contains, equal, free_port, holds, openssl, read, run,
                     wait_until, write)

WORLD = {}


def world():
    """The service, made once."""
    if not WORLD:
        WORLD["service"] = make_service().start()
    return WORLD["service"]


def device(name, label="early", more="", **how):
    """An Agent with a token of its own."""
    s = world()
    return Agent(s, name, label, token(s, name, label or LDEVID), more, **how)


def enrolled(name, label="early", more="", **how):
    a = device(name, label, more, **how)
    a.enroll()
    return a


def born(name, label="early", more=""):
    """One that has an IDevID, and no token left."""
    s = world()
    a = Agent(s, name, label)
    a.configure(s.ports["devices"], label, "birth:\n  label: %s\n"
                "  token_file: %s\n%s" % (IDEVID, a.birth_file, more))
    a.put_token(token(s, name, IDEVID), a.birth_file)
    a.enroll("--birth")
    os.remove(a.birth_file)
    return a


def key_files(a):
    return sorted(n for n in os.listdir(os.path.join(a.state, "keys"))
                  if n.endswith(".key"))


def on_record(a):
    """{serial: status} of a device's certificates."""
    rows = world().api("GET", "/certificates?device=" + a.name).json()
    return {r["serial_number"]: r["status"] for r in rows["items"]}


# ---- Ways to an identity

def test_a_token_gives_an_identity():
    a = device("token")
    code, out, _ = a.enroll()
    equal(code, 0)
    contains(out, "serialNumber=token", "serial ", "until ")
    status = a.status()
    equal(status["current"]["state"], "certificate")
    equal(status["pending"]["state"], "empty")
    equal(status["current"]["key"], "file:a.key")
    equal(status["idevid"]["state"], "empty")
    equal(key_files(a), ["a.key"])
    # It was proven: the server has seen it in use.
    contains(str(on_record(a)), "valid")
    holds(status["clock"]["last_known_good"] > "2026", "a clock that learned")


def test_a_second_identity_is_not_made_by_enroll():
    a = enrolled("second")
    code, _, err = a.enroll(check=False)
    equal(code, 3)
    contains(err, "renew")


def test_a_wrong_token_is_refused_with_the_servers_words():
    a = Agent(world(), "wrong", "early", "nonsense")
    code, _, err = a.enroll(check=False)
    equal(code, 1)
    contains(err, "HTTP 401")
    # The key that was asked for is still there, for the next try.
    equal(a.status()["pending"]["state"], "key")
    a.put_token(token(world(), "wrong", "early"))
    a.enroll()
    equal(key_files(a), ["a.key"])


def test_an_idevid_gives_an_identity():
    a = born("born")
    status = a.status()
    equal(status["idevid"]["state"], "certificate")
    equal(status["idevid"]["key"], "file:idevid.key")
    equal(status["current"]["state"], "empty")
    a.enroll()
    equal(a.status()["current"]["state"], "certificate")
    equal(key_files(a), ["a.key", "idevid.key"])
    code, _, err = a.enroll("--birth", check=False)
    equal(code, 3)
    contains(err, "never replaced")


def test_a_renewal_replaces_key_and_certificate():
    a = enrolled("renewed")
    before = a.serial()
    a.run("renew")
    after = a.serial()
    holds(before != after, "another certificate")
    equal(a.status()["current"]["key"], "file:b.key")
    equal(key_files(a), ["b.key"])
    a.run("renew")
    equal(key_files(a), ["a.key"])
    equal(list(on_record(a).values()).count("valid"), 1)


def test_what_the_request_asks_for_is_in_the_certificate():
    a = device("named")
    config = read(a.config).decode().replace(
        "  subject:", "  san: [\"dns:gw.example.com\"]\n  subject:")
    write(a.config, config)
    more = "layouts:\n  - { kind: nginx, dir: %s/tls }\n" % a.where
    write(a.config, config + more)
    a.enroll()
    out = openssl("x509", "-noout", "-ext", "subjectAltName", "-in",
                  a.where + "/tls/current/fullchain.pem")
    contains(out, "DNS:gw.example.com")


# ---- When it goes wrong

def test_whatever_moment_it_is_killed_at_it_goes_on():
    """The agent is killed at random, and started again, until it is through:
    no key is lost, no second certificate is left over."""
    seed = random.randrange(1 << 32)
    print("# seed %d" % seed)
    rng = random.Random(seed)
    a = device("killed")
    kills = 0
    for what in ["enroll", "renew", "renew"]:
        before = a.serial() if what == "renew" else None
        while True:
            p = subprocess.Popen(a.command(what), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            try:
                p.wait(rng.uniform(0.0, 0.35) * (1 + kills / 10))
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                kills += 1
                code, out, _ = a.run("status", "--json", check=False)
                if code == 0 and json.loads(out)["current"].get(
                        "serial_number") not in (None, before):
                    break
                continue
            equal(p.returncode, 0, what)
            break
        holds(a.serial() != before, "a new certificate")
    print("# %d kills" % kills)
    a.run("renew")
    equal(len(key_files(a)), 1)
    equal(list(on_record(a).values()).count("valid"), 1)


def test_a_revoked_identity_is_told():
    a = enrolled("revoked")
    answer = world().api("POST", "/certificates/%s/revocation" % a.serial(),
                         {"reason": "keyCompromise"})
    equal(answer.status // 100, 2, repr(answer))
    code, _, err = a.run("renew", check=False)
    equal(code, 1)
    contains(err, "HTTP 403")


def test_a_copied_state_is_found_out():
    a = enrolled("original")
    b = Agent(world(), "original", "early")
    b.where = os.path.abspath("device-copy")
    b.state = os.path.join(b.where, "state")
    b.config = os.path.join(b.where, "agent.yaml")
    os.makedirs(b.where)
    shutil.copytree(a.state, b.state)
    b.configure(world().ports["devices"], "early")
    a.run("renew")
    code, _, err = b.run("renew", check=False)
    equal(code, 1)
    contains(err, "HTTP 403", "superseded")
    # The honest one is not harmed.
    a.run("renew")


def test_an_expired_identity_is_renewed_within_its_grace():
    a = enrolled("expired", "grace")
    end = time.time() + 4
    wait_until("it has expired", lambda: time.time() > end)
    before = a.serial()
    a.run("renew")
    holds(a.serial() != before, "another certificate")


def test_an_expired_identity_comes_back_by_its_idevid():
    a = born("late", "strict")
    a.enroll()
    before = a.serial()
    end = time.time() + 4
    wait_until("it has expired", lambda: time.time() > end)
    a.run("renew")
    holds(a.serial() != before, "another certificate")


def test_approval_by_a_second_operator_is_waited_for():
    a = device("approved", "approved")
    code, _, err = a.enroll("--no-wait", check=False)
    equal(code, 4)
    contains(err, "again in")
    equal(a.status()["pending"]["state"], "key")
    s = world()
    rows = s.api("GET", "/requests").json()["items"]
    row = next(row for row in rows if row["device"] == "approved")
    # Whoever made the token is behind the request: somebody else decides.
    second = Key(".", "second", "/CN=second")
    made = s.api("POST", "/operators", {
        "id": "second", "roles": ["registrar"],
        "csr": read(second.csr).decode()}).json()
    second.put(made["pem"] + "".join(made["chain"]))
    answer = s.api("POST", "/requests/%d/approval" % row["id"], {},
                   cert=second.pair())
    equal(answer.status, 200, repr(answer))
    a.enroll()
    equal(a.status()["current"]["state"], "certificate")
    equal(key_files(a), ["a.key"])


def test_without_secret_and_idevid_there_is_nothing_to_show():
    a = Agent(world(), "nothing", "early")
    code, _, err = a.enroll(check=False)
    equal(code, 1)
    contains(err, "nothing to get one with")


def test_no_server_is_an_error_that_says_so():
    a = device("alone", port=free_port())
    began = time.monotonic()
    code, _, err = a.enroll("--no-wait", check=False)
    equal(code, 4)
    contains(err, "no connection to the server")
    holds(time.monotonic() - began < service.PATIENCE, "no long wait")


def test_another_servers_certificate_is_refused():
    a = device("misled")
    write(a.where + "/other.pem", openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null", "-subj",
        "/CN=Other", "-days", "100", "-addext", "keyUsage=keyCertSign"))
    write(a.config, read(a.config).decode().replace(
        world().root, a.where + "/other.pem"))
    code, _, err = a.enroll("--no-wait", check=False)
    holds(code in (1, 4), "refused")
    contains(err, "RFC 5280 6.1")
    equal(on_record(a), {})


def test_a_secret_that_others_may_read_is_not_used():
    a = device("open")
    os.chmod(a.token_file, 0o644)
    code, _, err = a.enroll(check=False)
    equal(code, 1)
    contains(err, "may be read by others")
    os.chmod(a.token_file, 0o600)
    a.enroll()
    os.chmod(a.state + "/flash", 0o640)
    equal(a.run("renew", check=False)[0], 1)


# ---- As a service

def test_a_service_renews_by_itself():
    with device("brief", "brief") as a:
        a.start()
        a.wait_for("event=identity.enrolled")
        first = a.serial()
        a.wait_for("event=identity.renewed", count=2)
        holds(a.serial() != first, "another certificate")
        # Commands work beside it.
        a.run("seal", "note", stdin=b"x")
        equal(a.run("unseal", "note")[1], "x")
        second = Agent(world(), "brief")
        equal(second.run("run", check=False)[0], 4)
        equal(a.stop(), 0)
        contains(a.words(), "event=stop")
        equal(len(key_files(a)), 1)


def test_a_service_survives_a_network_that_is_away():
    port = free_port()
    with device("patient", "brief", port=port) as a:
        a.start()
        a.wait_for("event=enrol.waits", "BM_E_AGENT_CONNECT")
        # It comes back, as a wire would: by SIGHUP there is no need to wait.
        a.configure(world().ports["devices"], "brief")
        a.process.send_signal(signal.SIGHUP)
        a.wait_for("event=reload", "event=identity.enrolled")
        write(a.config, "nonsense: [")
        a.process.send_signal(signal.SIGHUP)
        a.wait_for("event=reload.failed", "event=identity.renewed")
        equal(a.stop(), 0)


def test_a_service_is_born_enrolls_and_tells_systemd():
    import socket
    s = world()
    a = Agent(s, "whole", "early")
    a.configure(s.ports["devices"], "early",
                "birth:\n  label: %s\n  token_file: %s\n" % (
                    IDEVID, a.birth_file))
    a.put_token(token(s, "whole", IDEVID), a.birth_file)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, a:
        told.bind(a.where + "/notify")
        told.settimeout(service.PATIENCE)
        a.env["NOTIFY_SOCKET"] = a.where + "/notify"
        a.start()
        a.wait_for("event=identity.born", "event=identity.enrolled")
        words = b""
        while b"READY=1" not in words or b"STATUS=identity until" not in words:
            words += told.recv(4096)
        equal(a.stop(), 0)


def test_a_service_learns_the_time_and_takes_the_bundle():
    with enrolled("timely") as a:
        before = a.status()["clock"]["last_known_good"]
        a.start()
        a.wait_for("event=bundle.taken", "event=sleep")
        equal(a.stop(), 0)
        status = a.status()
        holds(status["clock"]["last_known_good"] >= before, "time goes on")
        holds(status["trust"]["bundle_version"] > 0, "a bundle that is kept")


# ---- Services around it

def test_layouts_and_hooks_follow_a_renewal():
    out = os.path.abspath("hooked")
    a = device("hooked", more="""\
layouts:
  - { kind: nginx, dir: %(d)s/nginx, export_key: true }
  - { kind: mosquitto, dir: %(d)s/mosquitto }
hooks:
  - name: note
    run: [/bin/sh, -c, "echo $BM_EVENT $BM_SERIAL >> %(out)s"]
""" % {"d": os.path.abspath("device-hooked"), "out": out})
    a.enroll()
    first = a.serial()
    at = a.where + "/nginx/current/"
    # The key and the certificate that a service finds belong together.
    for serial in (first, None):
        if serial is None:
            a.run("renew")
            serial = a.serial()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(at + "fullchain.pem", at + "key.pem")
        equal(service.serial_of(read(at + "fullchain.pem").decode()), serial)
    equal(stat.S_IMODE(os.stat(at + "key.pem").st_mode), 0o600)
    holds(not os.path.exists(a.where + "/mosquitto/current/server.key"),
          "no key where it was not asked for")
    equal(read(out).decode(), "enrolled %s\nrenewed %s\n" % (first,
                                                             a.serial()))


def test_a_hook_that_fails_loses_no_certificate_and_is_made_up_for():
    out = os.path.abspath("failing")
    a = device("failing", more="""\
hooks:
  - { name: x, run: [/bin/sh, -c, "test -e %s.ok && echo x >> %s"], retries: 0 }
""" % (out, out))
    code, _, err = a.enroll(check=False)
    equal(code, 1)
    contains(err, "hook failed")
    equal(a.status()["current"]["state"], "certificate")
    write(out + ".ok", "")
    with a:
        a.start()
        wait_until("the hook ran", lambda: os.path.exists(out))
        a.wait_for("event=sleep")
        equal(a.stop(), 0)
    equal(read(out), b"x\n")


# ---- The vault

def test_records_are_sealed_and_honestly_described():
    a = enrolled("sealed")
    a.run("seal", "wifi", stdin=b"secret \0 octets\n")
    equal(run(*a.command("unseal", "wifi"))[1], "secret \0 octets\n")
    vault = a.status()["vault"]
    equal(vault["records"], ["wifi"])
    equal(vault["secret"], "plaintext-equivalent")
    equal(vault["rollback"], "none")
    holds(b"secret \0" not in read(a.state + "/flash"), "nothing in clear")
    a.run("seal", "wifi", "--delete")
    equal(a.run("unseal", "wifi", check=False)[0], 1)
    equal(a.run("seal", "big", stdin=b"x" * 5000, check=False)[0], 1)


# ---- Who it runs as

def test_root_leaves_nothing_in_the_state_of_another_user():
    if os.geteuid() != 0:
        raise service.Skip("only root could")
    a = device("others")
    os.mkdir(a.state)
    os.chown(a.state, 65534, 65534)
    for what in ("enroll", "run"):
        code, _, err = a.run(what, check=False)
        equal(code, 1)
        contains(err, a.state)
    equal(os.listdir(a.state), [])


def test_nobody_needs_to_be_root():
    if os.geteuid() != 0:
        raise service.Skip("tests run as somebody else already")
    a = device("nobody", prefix=["setpriv", "--reuid=65534",
                                 "--regid=65534", "--clear-groups"])
    # What leads to it is the test's own; let that user through.
    at = a.where
    while at != "/tmp" and at != "/":
        os.chmod(at, os.stat(at).st_mode | 0o711)
        at = os.path.dirname(at)
    anchors = write(a.where + "/anchors.pem", read(world().root))
    write(a.config, read(a.config).decode().replace(world().root, anchors))
    for path in (a.where, a.config, a.token_file, anchors):
        os.chown(path, 65534, 65534)
    a.enroll()
    a.run("renew")
    a.run("seal", "x", stdin=b"y")
    equal(a.run("unseal", "x")[1], "y")
    equal(os.stat(a.state + "/flash").st_uid, 65534)
    # And root, who could, does not make files there that it cannot read.
    a.prefix = []
    code, _, err = a.run("renew", check=False)
    equal(code, 1)
    contains(err, "belongs to another user")


def test_settings_are_checked_without_doing_anything():
    a = device("checked")
    code, out, _ = a.run("--check")
    equal(code, 0)
    contains(out, "server https://127.0.0.1", "token ")
    holds(not os.path.exists(a.state), "nothing is made")
    write(a.config, read(a.config).decode() + "sate: /x\n")
    code, _, err = a.run("--check", check=False)
    equal(code, 1)
    contains(err, "agent.yaml:13:1: ", 'did you mean "state"')


if __name__ == "__main__":
    try:
        service.main()
    finally:
        if WORLD:
            WORLD["service"].stop(signal.SIGKILL)
