/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "firewall/firewall.h"
#include "firewall/table_internal.h"

/*
 * What passes for a table can be searched for any packet, in as many
 * comparisons as it says, and is one that the writer would have written.
 */

static void must_find(const struct bm_fw_table *t, const struct bm_fw_packet *p)
{
    for (unsigned mode = 0; mode < BM_FW_MODES; mode++) {
        uint16_t rule = bm_fw_table_find(t, (enum bm_fw_mode)mode, p);

        must(rule == BM_FW_NO_RULE || rule < t->rule_n);
        must(bm_fw_table_probes(t, (enum bm_fw_mode)mode, p) <= t->probes);
    }
}

/* Packets whose fields are keys of the table, which are its borders. */
static void must_find_all(const struct bm_fw_table *t)
{
    for (size_t at = BM_FW_HEADER_SIZE; at + 16 <= t->size && at < 2048;
         at += 2) {
        struct bm_fw_packet p;

        memset(&p, 0, sizeof p);
        p.direction = at / 2 % 2;
        p.class_of = (uint8_t)(at / 4 % BM_FW_CLASSES);
        p.type = bm_fw_le16(t->p + at);
        p.proto = t->p[at];
        p.port = p.type;
        p.sport = p.type;
        for (unsigned i = 0; i < 4; i++) {
            p.peer[i] = bm_fw_le32(t->p + at + 4 * i);
        }
        p.mac[0] = p.peer[0] & 0xffff;
        p.mac[1] = p.peer[1];
        must_find(t, &p);
    }
}

static void must_have_names(const struct bm_fw_table *t)
{
    unsigned n = t->rule_n < 64 ? t->rule_n : 64;

    for (unsigned i = 0; i < n; i++) {
        struct bm_bytes name = bm_fw_table_name(t, i);

        must(name.n >= 1 && name.n <= BM_FW_NAME_MAX);
        must_be_inside((struct bm_bytes){ t->p, t->size }, name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *room = must_have_room(size);
    struct bm_fw_table table;

    if (size != 0) {
        memcpy(room, data, size);
    }
    if (bm_fw_table_open(&table, (struct bm_bytes){ room, size }) == BM_OK) {
        must(table.size == size && bm_fw_room(&table) >= 4);
        must_find_all(&table);
        must_have_names(&table);
    } else {
        must(table.p == NULL && table.rule_n == 0);
    }
    free(room);
    return 0;
}
