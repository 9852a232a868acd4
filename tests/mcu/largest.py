# SPDX-License-Identifier: Apache-2.0
"""The node as `make size` measures it with both versions of TLS and IPv6: it has
to run in the 64 KB that it fits into, and not only to be linked.
"""
import os

import stage
from node import user_net
from service import equal, free_port, holds, read, wait_until
from stage import PEER_PORT, STAGE
from policy import PEERS, adopt, answers
from updates import TAKEN, until_told

# mps2_stack_size of examples/sensor-node/CMakeLists.txt
STACK = 3520


def test_the_largest_build_lives_as_the_usual_one_does():
    """Born, active, reporting; a policy is taken, and peers are answered under
    it."""
    program = os.path.join(stage.FOLDER,
                           "examples/sensor-node/sensor-node-most.bin")
    holds(os.path.getsize(program) > os.path.getsize(STAGE.maker.program),
          "it is the larger one")
    n = STAGE.node("large")
    n.slot(0, read(STAGE.maker.image("1.0.0", program=program)))
    port = free_port()
    with n.begin(net=user_net((port, PEER_PORT))) as start:
        start.wait("report", via="https", patience=120)
        start.wait("report", via="mqtt")
        _, name = adopt(n, start, PEERS)
        wait_until("it answers", lambda: answers(port))
        until_told(name, TAKEN)
        holds(not start.seen("failed"), start.text())
        used = max(int(e.fields["stack"]) for e in start.seen("memory"))
        print("# stack: %d of %d octets" % (used, STACK))
        holds(used < STACK, "the stack was left")
    equal(STAGE.site.state("large"), "active")
    n.remove()
