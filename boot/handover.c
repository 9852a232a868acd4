/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/handover.h"

#include <string.h>

#include "boot/crc.h"
#include "boot/handover_internal.h"

static void put_u16(struct bm_wr *w, uint32_t v)
{
    bm_wr_u8(w, (uint8_t)v);
    bm_wr_u8(w, (uint8_t)(v >> 8));
}

static void put_u32(struct bm_wr *w, uint32_t v)
{
    put_u16(w, v);
    put_u16(w, v >> 16);
}

static void put_entry(struct bm_wr *w, uint32_t type, struct bm_bytes octets)
{
    put_u16(w, type);
    put_u16(w, (uint32_t)octets.n);
    bm_wr_put(w, octets);
}

void bm_handover_begin(struct bm_wr *w)
{
    put_u16(w, BM_HANDOVER_MAGIC);
    put_u16(w, 0); /* the length: bm_handover_end() */
}

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

void bm_handover_image(struct bm_wr *w, unsigned number,
                       const struct bm_image *image)
{
    put_entry(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, number, HANDOVER_DIGEST),
              image->digest);
    put_record(w, number, image);
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
    uint32_t told[HANDOVER_WORDS] = { result->event,    result->refusal,
                                      result->slot,     result->epoch,
                                      result->consumed, lifecycle };
    size_t n = w->len + 4 + 4 * HANDOVER_WORDS + 8;

    if (n > w->cap) {
        return BM_E_BUFFER;
    }
    w->buf[2] = (uint8_t)n;
    w->buf[3] = (uint8_t)(n >> 8);
    put_u16(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_TOLD));
    put_u16(w, 4 * HANDOVER_WORDS);
    for (unsigned i = 0; i < HANDOVER_WORDS; i++) {
        put_u32(w, told[i]);
    }
    n = w->len;
    put_u16(w, HANDOVER_TYPE(HANDOVER_MAJOR_OURS, 0, HANDOVER_CRC));
    put_u16(w, 4);
    put_u32(w, bm_crc32(0, w->buf, n));
    return BM_OK;
}
