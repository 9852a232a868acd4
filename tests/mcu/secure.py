# SPDX-License-Identifier: Apache-2.0
"""The same node on a board with a secure world, mps2-an505: its keys are made and
kept where the node's own program cannot read them."""
import os
import sys

import service
from birth import claimed
from service import contains, equal, holds
from stage import STAGE
from world import BIRTH, NODE

import node as nodes

sys.path.insert(0, os.path.join(nodes.TOP, "ports/mps2/an505/test"))
# pylint: disable=wrong-import-position
from search import NOR_SIZE, Qmp, places_of, private_keys, public_of


class SecureNode(nodes.Node):
    """A node beside a secure image instead of behind a bootloader: its program
    is loaded into slot 0 at each start."""

    def command(self, words, paint=True):
        command = super().command(words, paint)
        folder = self.maker.folder
        command[command.index("mps2-an385")] = "mps2-an505"
        command[command.index(self.program.path)] = os.path.join(
            folder, "ports/mps2/an505/an505_secure.elf")
        return command + [
            "-qmp", "unix:%s,server=on,wait=off" % self.monitor(), "-device",
            "loader,file=" + os.path.join(
                folder, "examples/sensor-node/sensor-node-an505")]

    def monitor(self):
        return os.path.join(self.where, "qmp")


def test_the_same_node_keeps_its_keys_in_a_secure_world():
    site = STAGE.site
    n = SecureNode(STAGE.maker, "s1")
    n.provision(STAGE.settings("s1"))
    start = n.run("until=active")
    holds(start.seen("born"), start.text())
    service.wait_until("s1 is active", lambda: site.state("s1") == "active")
    equal([(r["profile"], r["ca"]) for r in site.certificates("s1")],
          [(BIRTH, "factory"), (NODE, "issuing")])
    # The next start has them, too.
    with n.begin() as start:
        start.wait("report", via="https", status=204)
        start.wait("report", via="mqtt")
        holds(not start.seen("born"), "it is born once")
        # In mid-life, all that it may read.
        qmp = Qmp(n.monitor())
        ram = qmp.memory(os.path.join(n.where, "ram"))
        qmp.close()
    holds(STAGE.broker.published("s1") > 0, STAGE.broker.words())
    contains(claimed("s1"),
             "place=opaque noise=host's-urandom-by-the-secure-world")
    flash = n.copy()
    memories = {"flash": flash[:NOR_SIZE], "ram": ram}
    keys = private_keys(flash[NOR_SIZE:])
    holds(len(keys) >= 3, "IDevID, an operational one, the secret")
    for key in keys:
        equal(places_of(key, memories), [], "a private key")
    equal(private_keys(n.get("DATA", 0x20000)), [], "keys in the node's log")
    # The same search finds what the node does have: its public keys.
    publics = [places_of(public_of(key)[1:33], memories) for key in keys]
    holds(["flash", "ram"] in publics, publics)
