/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/crc.h"
#include "boot/handover.h"
#include "boot/handover_internal.h"
#include "boot/le.h"

struct entry {
    uint32_t type;
    struct bm_bytes octets;
};

/* The next entry of `rest`, or false: it is not whole. */
static bool take_entry(struct bm_bytes *rest, struct entry *entry)
{
    size_t n;

    if (rest->n < 4) {
        return false;
    }
    n = bm_le16(rest->p + 2);
    if (rest->n - 4 < n) {
        return false;
    }
    entry->type = bm_le16(rest->p);
    entry->octets = (struct bm_bytes){ rest->p + 4, n };
    rest->p += 4 + n;
    rest->n -= 4 + n;
    return true;
}

static bool take_told(struct bm_bytes told, struct bm_handover *h)
{
    if (told.n != 4 * HANDOVER_WORDS) {
        return false;
    }
    h->event = (enum bm_boot_event)bm_le32(told.p);
    h->refusal = (bm_status)bm_le32(told.p + 4);
    h->slot = bm_le32(told.p + 8);
    h->epoch = bm_le32(told.p + 12);
    h->consumed = bm_le32(told.p + 16);
    h->lifecycle = (enum bm_lifecycle)bm_le32(told.p + 20);
    return true;
}

/* An entry of types that are not known is none of ours: TF-M has more. */
static bool take_known(const struct entry *entry, struct bm_handover *h)
{
    unsigned module = entry->type >> 6 & 0x3f;

    if (entry->type == HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_TOLD)) {
        return take_told(entry->octets, h);
    }
    if (module >= BM_BOOT_IMAGES) {
        return true;
    }
    if (entry->type ==
        HANDOVER_TYPE(HANDOVER_MAJOR_OURS, module, HANDOVER_DIGEST)) {
        h->image[module].digest = entry->octets;
        return entry->octets.n == BM_IMAGE_DIGEST_SIZE;
    }
    if (entry->type ==
        HANDOVER_TYPE(HANDOVER_MAJOR_TFM, module, HANDOVER_RECORD)) {
        h->image[module].record = entry->octets;
    }
    return true;
}

/* Everything, up to the CRC at its end. */
static bool take_all(struct bm_bytes all, struct bm_handover *h)
{
    struct bm_bytes rest = { all.p + 4, all.n - 4 };
    struct entry entry;

    while (take_entry(&rest, &entry)) {
        const uint8_t *start = entry.octets.p - 4;

        if (entry.type == HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_CRC)) {
            return rest.n == 0 && entry.octets.n == 4 &&
                   bm_le32(entry.octets.p) ==
                       bm_crc32(0, all.p, (size_t)(start - all.p));
        }
        if (!take_known(&entry, h)) {
            return false;
        }
    }
    return false;
}

bm_status bm_handover_get(struct bm_bytes octets, struct bm_handover *handover)
{
    struct bm_handover h = { 0 };

    *handover = h;
    if (octets.n < 4 || bm_le16(octets.p) != BM_HANDOVER_MAGIC) {
        return BM_E_BOOT_HANDOVER;
    }
    if (bm_le16(octets.p + 2) < 4 || bm_le16(octets.p + 2) > octets.n) {
        return BM_E_BOOT_HANDOVER;
    }
    octets.n = bm_le16(octets.p + 2);
    if (!take_all(octets, &h)) {
        return BM_E_BOOT_HANDOVER;
    }
    *handover = h;
    return BM_OK;
}
