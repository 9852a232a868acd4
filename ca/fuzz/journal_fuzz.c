/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/fuzz/blind.h"
#include "ca/journal_internal.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Entry by entry; one that is taken is the one encoding of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct journal_memory memory;
    uint8_t chain[CA_TREE_HASH] = { 0 };

    memset(&memory, 0, sizeof memory);
    for (; size >= CA_JOURNAL_ENTRY; size -= CA_JOURNAL_ENTRY) {
        uint8_t again[CA_JOURNAL_ENTRY];
        struct ca_journal_entry entry;

        if (journal_parse(&blind, data, chain, &entry) != BM_OK) {
            must(entry.kind == 0 && entry.serial_n == 0);
        } else {
            must(journal_put(&blind, &entry, chain, again) == BM_OK);
            must(memcmp(again, data, sizeof again) == 0);
            must(journal_remember(&memory, &entry) == BM_OK ||
                 memory.keys == JOURNAL_KEYS_MAX);
        }
        data += CA_JOURNAL_ENTRY;
    }
    return 0;
}
