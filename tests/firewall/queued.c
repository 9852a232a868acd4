/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/queued.h"

#include <stdlib.h>

#include "tests/firewall/kernel.h"
#include "tests/firewall/steps.h"

static const char probe[] =
    "set -e\n"
    "nft -f - 2> /dev/null <<'EOF'\n"
    "table inet probe { chain queued { queue num 1; }; }\n"
    "delete table inet probe\n"
    "EOF\n";

bool queued_open(struct queued *q)
{
    *q = (struct queued){ .now = 0 };
    if (!kernel_shell(probe)) {
        /* No sanitizer of a program that is not this one minds. */
        if (setenv("LD_PRELOAD", XT_QUEUE, 1) != 0 || !kernel_shell(probe)) {
            return false;
        }
    }
    return queue_open(&q->queue) == BM_OK;
}

void queued_close(struct queued *q)
{
    inspect_free(q->inspect);
    queue_close(q->queue);
    *q = (struct queued){ .now = 0 };
}

bool queued_table(struct queued *q, struct bm_bytes table)
{
    const struct bm_fw_subnets subnets = step_subnets();

    inspect_free(q->inspect);
    if (inspect_new(table, &q->inspect) != BM_OK) {
        return false;
    }
    inspect_set_subnets(q->inspect, &subnets);
    return true;
}

void queued_serve(void *q)
{
    struct queued *queued = q;

    queue_serve(queued->queue, queued->inspect, queued->now);
}
