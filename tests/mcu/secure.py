# SPDX-License-Identifier: Apache-2.0
"""The same node on a board with a secure world, mps2-an505: its keys are made and
kept where the node's own program cannot read them."""
import os
import re

import service
from service import contains, equal, holds
from stage import STAGE
from world import BIRTH, NODE

import node as nodes

# ports/mps2/an505/an505.h
SECURE_FLASH = 0xf00000


class SecureNode(nodes.Node):
    """A node beside a secure image instead of behind a bootloader: its program
    is loaded into slot 0 at each start."""

    def command(self, words, paint=True):
        command = super().command(words, paint)
        folder = self.maker.folder
        command[command.index("mps2-an385")] = "mps2-an505"
        command[command.index(self.program.path)] = os.path.join(
            folder, "ports/mps2/an505/an505_secure.elf")
        return command + ["-device", "loader,file=" + os.path.join(
            folder, "examples/sensor-node/sensor-node-an505")]


def private_keys(secure):
    """As Mbed TLS stores them, behind its magic word."""
    found = []
    for match in re.finditer(rb"PSA\0KEY\0", secure):
        at = match.start() + 36
        found.append(secure[at:at + 32])
    return found


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
    holds(STAGE.broker.published("s1") > 0, STAGE.broker.words())
    contains(str(site.device("s1")["key"]), "opaque")
    flash = n.copy()
    keys = private_keys(flash[SECURE_FLASH:])
    holds(len(keys) >= 3, "IDevID, an operational one, the secret")
    for key in keys:
        holds(key not in flash[:SECURE_FLASH] and key[::-1] not in
              flash[:SECURE_FLASH], "a private key is in the node's flash")
    equal(private_keys(n.get("DATA", 0x20000)), [], "keys in the node's log")
    # The same search finds what the node does have there.
    holds(b"s1" in flash[:SECURE_FLASH], "its name")
