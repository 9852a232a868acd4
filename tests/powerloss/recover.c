/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/recover.h"

#include "boot/crc.h"
#include "boot/recovery.h"

#define DATA 512u /* octets of the image in a frame, as BM_RECOVERY_DATA_MAX */

/* What is sent next. */
struct sender {
    struct world *world;
    const struct image_made *image;
    uint8_t kind;
    uint8_t sequence;
    uint32_t sent; /* octets of the image */
    uint8_t frame[DATA + 16];
    size_t n;
    size_t at; /* octets of the frame that are gone */
    bm_status said;
};

static void put_le(uint8_t *p, uint32_t value, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

/* a5 5a | u8 kind | u8 sequence | u16 length | octets | u32 CRC-32 */
static void make_frame(struct sender *s, size_t octets)
{
    uint8_t *f = s->frame;

    f[0] = 0xa5;
    f[1] = 0x5a;
    f[2] = s->kind;
    f[3] = ++s->sequence;
    put_le(f + 4, (uint32_t)octets, 2);
    put_le(f + 6 + octets, bm_crc32(0, f + 2, 4 + octets), 4);
    s->n = 10 + octets;
    s->at = 0;
}

static void make_begin(struct sender *s)
{
    memset(s->frame + 6, 0, 8);
    s->frame[7] = s->image->number;
    put_le(s->frame + 10, (uint32_t)s->image->octets.n, 4);
    make_frame(s, 8);
}

static void make_data(struct sender *s)
{
    size_t left = s->image->octets.n - s->sent;
    size_t n = left < DATA ? left : DATA;

    put_le(s->frame + 6, s->sent, 4);
    memcpy(s->frame + 10, s->image->octets.p + s->sent, n);
    s->sent += (uint32_t)n;
    make_frame(s, 4 + n);
}

static void make_next(struct sender *s)
{
    if (s->kind == BM_RECOVERY_DATA && s->sent < s->image->octets.n) {
        make_data(s);
        return;
    }
    s->kind++;
    switch (s->kind) {
    case BM_RECOVERY_BEGIN:
        make_begin(s);
        break;
    case BM_RECOVERY_DATA:
        make_data(s);
        break;
    default:
        make_frame(s, 0);
    }
}

static bm_status get(void *self, uint8_t *octet)
{
    struct sender *s = self;

    if (!world_alive(s->world)) {
        return BM_E_FLASH_POWER;
    }
    if (s->at == s->n) {
        make_next(s);
    }
    *octet = s->frame[s->at++];
    return BM_OK;
}

/* The answer to BM_RECOVERY_END: kind, sequence, length, status. */
static bm_status put(void *self, struct bm_bytes octets)
{
    struct sender *s = self;

    if (octets.n >= 8 && octets.p[0] == (BM_RECOVERY_END | 0x80)) {
        s->said = (bm_status)(octets.p[4] | octets.p[5] << 8);
    }
    return BM_OK;
}

bm_status recover_send(struct world *w, const struct bm_boot_result *result,
                       const struct image_made *image)
{
    struct sender s = { .world = w, .image = image, .said = BM_E_INTERNAL };
    const struct bm_serial serial = { &s, get, put };
    struct bm_boot_result used = *result;

    BM_TRY(bm_recovery_serve(&w->boot, BM_LIFECYCLE_OPEN, &used, &serial));
    return s.said;
}
