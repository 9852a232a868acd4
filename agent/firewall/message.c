/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/message.h"

#include <string.h>

#include "device/number.h"
#include "firewall/table.h"

void firewall_head_put(const struct firewall_head *head,
                       uint8_t octets[FIREWALL_HEAD])
{
    memset(octets, 0, FIREWALL_HEAD);
    octets[0] = head->what;
    octets[1] = head->word;
    bm_number_put(octets + 4, 4, head->n);
}

bool firewall_head_get(const uint8_t octets[FIREWALL_HEAD],
                       struct firewall_head *head)
{
    head->what = octets[0];
    head->word = octets[1];
    head->n = (uint32_t)bm_number_get(octets + 4, 4);
    if (octets[2] != 0 || octets[3] != 0) {
        return false;
    }
    switch (head->what) {
    case FIREWALL_APPLY:
        return head->word < BM_FW_MODES && head->n <= FIREWALL_TABLE_MAX;
    case FIREWALL_COUNT:
        return head->word <= 1 && head->n == 0;
    default:
        return false;
    }
}

#define COUNT_HEAD 10

void firewall_count_put(struct bm_wr *w, const struct firewall_count *count)
{
    uint8_t frames[8];

    bm_number_put(frames, sizeof frames, count->frames);
    bm_wr_u8(w, count->kind);
    bm_wr_put(w, BM_ARRAY(frames));
    bm_wr_u8(w, (uint8_t)strlen(count->name));
    bm_wr_str(w, count->name);
}

bool firewall_count_next(struct bm_bytes *octets, struct firewall_count *count)
{
    size_t n;

    if (octets->n < COUNT_HEAD) {
        return false;
    }
    n = octets->p[COUNT_HEAD - 1];
    if (octets->p[0] > FIREWALL_REASON || n == 0 || n >= sizeof count->name ||
        n > octets->n - COUNT_HEAD ||
        memchr(octets->p + COUNT_HEAD, 0, n) != NULL) {
        return false;
    }
    memset(count, 0, sizeof *count);
    count->kind = octets->p[0];
    count->frames = bm_number_get(octets->p + 1, 8);
    memcpy(count->name, octets->p + COUNT_HEAD, n);
    octets->p += COUNT_HEAD + n;
    octets->n -= COUNT_HEAD + n;
    return true;
}
