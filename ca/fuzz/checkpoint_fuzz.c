/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ca/fuzz/blind.h"
#include "ca/ledger_internal.h"
#include "core/base64.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is what the note begins with. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t raw[32] = { 0 };
    const struct bm_spki key = { .type = BM_KEY_ED25519,
                                 .key = { raw, sizeof raw } };
    struct bm_bytes note = { data, size };
    struct ca_refusal why = { .status = BM_OK };
    struct ca_tree_head head;
    uint8_t room[LEDGER_ORIGIN_ROOM + 128];
    struct bm_bytes line = { data, 0 };
    char number[32];
    struct bm_wr w;
    bm_status rc;

    rc = ca_checkpoint_open(note, &blind, &key, NULL, &head, &why);
    if (rc != BM_OK) {
        must(why.status == rc && head.tree == 0 && head.size == 0);
        return 0;
    }
    while (data[line.n] != '\n') {
        line.n++;
    }
    must(ledger_origin_tree(line) == head.tree);
    bm_wr_init(&w, room, sizeof room);
    bm_wr_put(&w, line);
    (void)snprintf(number, sizeof number, "\n%llu\n",
                   (unsigned long long)head.size);
    bm_wr_str(&w, number);
    bm_base64_put(&w, BM_ARRAY(head.root), 0);
    bm_wr_str(&w, "\n\n");
    must(w.len < size && memcmp(room, data, w.len) == 0);
    return 0;
}
