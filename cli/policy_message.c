/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_message.h"

#include <stdlib.h>
#include <string.h>

/* A copy: in a message a table lies wherever it does. */
static bm_status open_table(struct bm_bytes table, struct policy_message *m)
{
    m->memory = malloc(table.n + 1);
    if (m->memory == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(m->memory, table.p, table.n);
    m->n = table.n;
    return bm_fw_table_open(&m->table, (struct bm_bytes){ m->memory, table.n });
}

bm_status policy_message_open(struct bm_bytes octets,
                              const struct bm_crypto *crypto,
                              struct policy_message *m)
{
    struct bm_bytes table = octets;
    bm_status rc = BM_OK;

    *m = (struct policy_message){ .n = 0 };
    m->is_signed = octets.n < 4 || memcmp(octets.p, "BMFW", 4) != 0;
    if (m->is_signed) {
        rc = bm_fw_message_open(octets, crypto, &m->signer, &m->certs, &table);
    }
    if (rc == BM_OK) {
        rc = open_table(table, m);
    }
    if (rc != BM_OK) {
        policy_message_wipe(m);
    }
    return rc;
}

void policy_message_wipe(struct policy_message *m)
{
    free(m->memory);
    *m = (struct policy_message){ .n = 0 };
}
