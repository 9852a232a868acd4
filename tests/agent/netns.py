# SPDX-License-Identifier: Apache-2.0
"""A device in a network namespace, with a cable to the namespace of the test.
Who imports this is begun anew in namespaces of its own: before anything else
is done, then."""
import atexit
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
INSIDE = "BM_TEST_NAMESPACE"


def enter():
    """This script again, in namespaces of its own: root's, or such as everybody
    may have where that is permitted."""
    how = ["unshare", "--net", "--mount"]
    if os.geteuid() != 0:
        how.append("--map-root-user")
    env = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    env[INSIDE] = "1"
    if shutil.which("nft", path=env["PATH"]) is None or subprocess.run(
            how + ["nft", "list", "tables"], env=env, check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode != 0:
        print("1..0 # SKIP no network namespaces with nftables")
        sys.exit(77)
    os.execvpe(how[0], how + [sys.executable] + sys.argv, env)


if os.environ.get(INSIDE) is None:
    enter()

# pylint: disable=wrong-import-position
from service import run, wait_until, write

HOST, DEVICE = "10.77.0.1", "10.77.0.2"
COMMAND = []  # before one that is to run in the device


def make_namespace():
    """The device: whoever runs in it finds the server as `localhost`."""
    holder = subprocess.Popen(["unshare", "--net", "--mount", "sleep",
                               "1000000"])
    atexit.register(holder.kill)
    ours = os.readlink("/proc/self/ns/net")
    wait_until("there is a namespace", lambda: os.readlink(
        "/proc/%d/ns/net" % holder.pid) != ours)
    # nsenter: in its mount namespace a host of its own.
    COMMAND[:] = ["nsenter", "-t", str(holder.pid), "--net", "--mount"]
    run("sh", "-ec",
        "ip link set lo up\n"
        "ip link add cable type veth peer name eth0 netns %d\n"
        "ip link set cable address 02:00:5e:00:00:01\n"
        "ip link set cable up\nip addr add %s/24 dev cable\n"
        % (holder.pid, HOST))
    write("hosts", "%s localhost\n" % HOST)
    inside("ip link set lo up", "ip link set eth0 up",
           "ip addr add %s/24 dev eth0" % DEVICE,
           "mount --bind %s /etc/hosts" % os.path.abspath("hosts"))


def inside(*commands, check=True):
    """Each a command of the shell, in the device."""
    return run(*COMMAND, "sh", "-ec", "\n".join(commands), check=check)


def queue_env():
    """The environment of a program that is to have queues in nftables: of some
    kernels they have to be had another way (tests/firewall/xt_queue.c)."""
    probe = "add table inet probe; add chain inet probe queued; " \
            "add rule inet probe queued queue num 1; delete table inet probe"
    if subprocess.run(["nft", probe], check=False, stderr=subprocess.DEVNULL
                      ).returncode == 0:
        return None
    return dict(os.environ, LD_PRELOAD=os.environ["BM_XT_QUEUE"],
                ASAN_OPTIONS="verify_asan_link_order=0")
