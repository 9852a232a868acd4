/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/message.h"

#include <string.h>

#include "core/fuzz/must.h"

/* Any octets: a request or none, and counts, each with a name that ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes list = { data, size };
    struct firewall_head head;
    struct firewall_count count;
    size_t before = size;

    if (size >= FIREWALL_HEAD && firewall_head_get(data, &head)) {
        uint8_t again[FIREWALL_HEAD];

        must(head.n <= FIREWALL_TABLE_MAX);
        firewall_head_put(&head, again);
        must(memcmp(again, data, sizeof again) == 0);
    }
    while (firewall_count_next(&list, &count)) {
        must(list.n < before);
        must(memchr(count.name, 0, sizeof count.name) != NULL);
        before = list.n;
    }
    return 0;
}
