/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/handover.h"

#include <string.h>

#include "boot/crc.h"
#include "boot/handover_internal.h"
#include "boot/le.h"

static void put_u32(struct bm_wr *w, uint32_t v)
{
    uint8_t octets[4];

    bm_le32_put(octets, v);
    bm_wr_put(w, BM_ARRAY(octets));
}

/* u16 type | u16 length */
static void put_head(struct bm_wr *w, uint32_t type, size_t n)
{
    put_u32(w, type | (uint32_t)n << 16);
}

static void put_entry(struct bm_wr *w, uint32_t type, struct bm_bytes octets)
{
    put_head(w, type, octets.n);
    bm_wr_put(w, octets);
}

void bm_handover_begin(struct bm_wr *w)
{
    put_u32(w, BM_HANDOVER_MAGIC); /* u16, then the length: bm_handover_end() */
}

#if BM_HANDOVER_RECORDS
/*
 * The record comes with its image, and its last value, a byte string as long as
 * a digest, is zero there: an image cannot have its own digest in what the
 * digest is over.
 */
static void put_record(struct bm_wr *w, unsigned number,
                       const struct bm_image *image)
{
    static const uint8_t head[] = { 0x58, BM_IMAGE_DIGEST_SIZE };
    size_t n = sizeof head + BM_IMAGE_DIGEST_SIZE;
    struct bm_bytes record = image->boot_record;

    if (record.n < n ||
        memcmp(record.p + record.n - n, head, sizeof head) != 0) {
        return;
    }
    put_entry(w, HANDOVER_TYPE(HANDOVER_MAJOR_TFM, number, HANDOVER_RECORD),
              record);
    if (w->len <= w->cap) {
        memcpy(w->buf + w->len - BM_IMAGE_DIGEST_SIZE, image->digest.p,
               BM_IMAGE_DIGEST_SIZE);
    }
}
#endif

void bm_handover_image(struct bm_wr *w, unsigned number,
                       const struct bm_image *image)
{
    put_entry(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, number, HANDOVER_DIGEST),
              image->digest);
#if BM_HANDOVER_RECORDS
    put_record(w, number, image);
#endif
}

void bm_handover_measured(void *writer, unsigned number,
                          const struct bm_image *image)
{
    struct bm_wr *w = writer;

    if (image == NULL) {
        w->len = 0;
        bm_handover_begin(w);
    } else {
        bm_handover_image(w, number, image);
    }
}

bm_status bm_handover_end(struct bm_wr *w, const struct bm_boot_result *result,
                          enum bm_lifecycle lifecycle)
{
    const uint32_t told[HANDOVER_WORDS] = { result->event,    result->refusal,
                                            result->slot,     result->epoch,
                                            result->consumed, lifecycle };
    size_t n = w->len + 4 + 4 * HANDOVER_WORDS + 8;

    if (n > w->cap) {
        return BM_E_BUFFER;
    }
    bm_le16_put(w->buf + 2, (uint16_t)n);
    put_head(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_TOLD),
             sizeof told);
    for (unsigned i = 0; i < HANDOVER_WORDS; i++) {
        put_u32(w, told[i]);
    }
    n = w->len;
    put_head(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_CRC), 4);
    put_u32(w, bm_crc32(0, w->buf, n));
    return BM_OK;
}
