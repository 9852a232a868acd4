/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/recovery.h"

#include <string.h>

#include "boot/crc.h"
#include "boot/harden.h"
#include "boot/le.h"
#include "boot/state.h"

#define HEAD     4u /* kind, sequence, length */
#define CRC_SIZE 4u
#define OFFSET   4u /* before the octets of BM_RECOVERY_DATA */

/* Octets of a frame between its two first ones and its CRC. */
#define FRAME_MAX (HEAD + OFFSET + BM_RECOVERY_DATA_MAX)
_Static_assert(FRAME_MAX + CRC_SIZE <= BM_IMAGE_TLVS_MAX,
               "a frame has room where the TLVs are when one is verified");

enum {
    IMAGE = 0,
    KEYSET = 1
};

struct session {
    const struct bm_boot *boot;
    enum bm_lifecycle lifecycle;
    struct bm_boot_result *result;
    const struct bm_serial *serial;
    uint8_t *frame; /* kind, sequence, length, octets, CRC */
    /* What is being received; size 0: nothing. */
    const struct bm_flash *flash;
    uint32_t size;
    uint32_t received;
    uint8_t what;
    uint8_t image;
    /* It has come to its end, and to this: who asks again is told again. */
    bool ended;
    bm_status said;
};

static struct bm_bytes octets_of(const struct session *s)
{
    return (struct bm_bytes){ s->frame + HEAD, bm_le16(s->frame + 2) };
}

/* ---- Frames */

static bm_status get_some(const struct session *s, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        BM_TRY(s->serial->get(s->serial->self, p + i));
    }
    return BM_OK;
}

/* Up to the end of the two octets with which a frame begins. */
static bm_status get_start(const struct session *s)
{
    uint8_t before;
    uint8_t octet = 0;

    do {
        before = octet;
        BM_TRY(get_some(s, &octet, 1));
    } while (before != 0xa5 || octet != 0x5a);
    return BM_OK;
}

/* Not an answer, as where a line echoes what is put on it: answering those
 * would never end, and one to a reset would look like the end of this. */
static bm_status get_frame(const struct session *s)
{
    size_t n;

    BM_TRY(get_start(s));
    BM_TRY(get_some(s, s->frame, HEAD));
    n = HEAD + bm_le16(s->frame + 2);
    if (n > FRAME_MAX) {
        return BM_E_RECOVERY_FRAME;
    }
    BM_TRY(get_some(s, s->frame + HEAD, n - HEAD + CRC_SIZE));
    return (s->frame[0] & 0x80) == 0 &&
                   bm_le32(s->frame + n) == bm_crc32(0, s->frame, n)
               ? BM_OK
               : BM_E_RECOVERY_FRAME;
}

/* Answer the frame that is there; `n` octets at HEAD + 4 are told beside the
 * status. */
static bm_status answer(const struct session *s, bm_status status, size_t n)
{
    static const uint8_t start[] = { 0xa5, 0x5a };
    uint8_t *f = s->frame;

    f[0] |= 0x80;
    bm_le16_put(f + 2, (uint16_t)(4 + n));
    bm_le32_put(f + HEAD, (uint32_t)status);
    n += HEAD + 4;
    bm_le32_put(f + n, bm_crc32(0, f, n));
    BM_TRY(s->serial->put(s->serial->self, BM_ARRAY(start)));
    return s->serial->put(s->serial->self,
                          (struct bm_bytes){ f, n + CRC_SIZE });
}

/* ---- What frames ask for. Each returns the status for the answer, and what
 * else is told in `*n` octets at HEAD + 4. */

static bm_status hello(struct session *s, size_t *n)
{
    const struct bm_boot *b = s->boot;
    uint8_t *p = s->frame + HEAD + 4;

    p[0] = BM_RECOVERY_VERSION;
    p[1] = (uint8_t)b->images;
    bm_le16_put(p + 2, BM_RECOVERY_DATA_MAX);
    bm_le32_put(p + 4, s->result->epoch);
    bm_le32_put(p + 8, s->lifecycle);
    *n = 12;
    for (unsigned i = 0; i < b->images; i++, *n += 4) {
        const struct bm_flash *slot = &b->slot[i][1].flash;

        bm_le32_put(p + *n, slot->sector * slot->sectors);
    }
    return BM_OK;
}

static bm_status erase_first(const struct session *s)
{
    return s->flash->erase(s->flash->self, 0);
}

/* Nothing of what was there before is left to be taken for an image. */
static bm_status begin(struct session *s, size_t *n)
{
    struct bm_bytes asked = octets_of(s);
    const uint8_t *p = asked.p;
    const struct bm_boot *b = s->boot;

    (void)n;
    s->size = 0;
    s->ended = false;
    if (asked.n != 8 || p[0] > KEYSET || p[1] >= b->images) {
        return BM_E_RECOVERY_FRAME;
    }
    s->what = p[0];
    s->image = p[1];
    s->flash = s->what == KEYSET ? &b->candidate : &b->slot[s->image][1].flash;
    if (bm_le32(p + 4) > s->flash->sector * s->flash->sectors) {
        return BM_E_RECOVERY_SIZE;
    }
    BM_TRY(erase_first(s));
    s->size = bm_le32(p + 4);
    s->received = 0;
    return BM_OK;
}

/* Program a piece; the sectors that begin in it are erased first. */
static bm_status program(const struct session *s, struct bm_bytes piece)
{
    const struct bm_flash *flash = s->flash;
    uint32_t at = s->received;

    while (piece.n > 0) {
        size_t room = flash->sector - at % flash->sector;
        size_t n = piece.n < room ? piece.n : room;

        if (at != 0 && at % flash->sector == 0) {
            BM_TRY(flash->erase(flash->self, at));
        }
        BM_TRY(
            flash->program(flash->self, at, (struct bm_bytes){ piece.p, n }));
        piece.p += n;
        piece.n -= n;
        at += (uint32_t)n;
    }
    return BM_OK;
}

static bm_status data(struct session *s, size_t *n)
{
    struct bm_bytes piece = octets_of(s);
    uint32_t offset = bm_le32(piece.p);
    uint32_t octets = (uint32_t)piece.n - OFFSET;
    uint32_t size = s->size;
    uint32_t padding;

    if (piece.n <= OFFSET || s->size == 0 || offset > s->received) {
        return BM_E_RECOVERY_ORDER;
    }
    if (offset == s->received) {
        if (octets > size - s->received) {
            return BM_E_RECOVERY_SIZE;
        }
        padding = -octets % BM_RECOVERY_GRAIN;
        if (padding != 0 && octets != size - s->received) {
            return BM_E_RECOVERY_FRAME;
        }
        memset(s->frame + HEAD + piece.n, 0xff, padding);
        s->size = 0; /* unless all goes well, it begins anew */
        BM_TRY(program(
            s, (struct bm_bytes){ piece.p + OFFSET, octets + padding }));
        s->size = size;
        s->received += octets;
    }
    bm_le32_put(s->frame + HEAD + 4, s->received);
    *n = 4;
    return BM_OK;
}

/* ---- The end of what was received */

/* A swap that could not be finished, and is not to be any more: slot 1 has
 * something else now. */
static bm_status give_up_moving(struct bm_start *start)
{
    if (start->state.phase != BM_PHASE_MOVING) {
        return BM_OK;
    }
    start->state.phase = BM_PHASE_IDLE;
    return bm_start_put(start);
}

/* Verified where it is; the next start does so again, and then installs it.
 * The request takes the place of the one that was read: stack is short here. */
static bm_status take_image(const struct session *s, struct bm_start *start)
{
    struct bm_image *image = &s->result->image;
    struct bm_request *request = &start->request;
    struct bm_verdict verdict; /* not the result's, by which an image runs */

    BM_TRY(bm_start_keys(start));
    BM_TRY(bm_start_verify(s->boot, BM_WHICH(s->image, 1u), image, &verdict));
    memset(request, 0, sizeof *request);
    request->flags = BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT;
    request->images = (uint8_t)(1u << s->image);
    memcpy(request->update[s->image], image->digest.p, BM_REQUEST_NAME);
    BM_TRY(give_up_moving(start));
    return bm_request_put(&s->boot->mailbox, start->state.consumed, request);
}

static bm_status take_keyset(const struct session *s, struct bm_start *start)
{
    static const struct bm_keyset_offer offer = { .road = BM_KEYSET_RECOVERY };

    /* Where no set counts any more, whatever is signed and not older does. */
    (void)!bm_start_keys(start);
    BM_TRY(bm_keyset_accept(s->boot, &offer, &start->keyset));
    start->state.keyset = (uint8_t)start->keyset.place;
    start->result->epoch = start->keyset.epoch;
    return bm_start_put(start);
}

static bm_status end(struct session *s, size_t *n)
{
    struct bm_start start;
    bm_status rc;

    (void)n;
    if (s->ended) {
        return s->said;
    }
    if (s->size == 0 || s->received != s->size) {
        return BM_E_RECOVERY_ORDER;
    }
    rc = bm_start_begin(&start, s->boot, s->result);
    if (rc == BM_OK) {
        rc = s->what == KEYSET ? take_keyset(s, &start) : take_image(s, &start);
    }
    if (rc != BM_OK) {
        s->size = 0;
        BM_TRY(erase_first(s));
    }
    s->ended = true;
    s->said = rc;
    return rc;
}

/* ---- Serving */

static bm_status serve(struct session *s)
{
    static bm_status (*const asked[])(struct session *, size_t *) = {
        [BM_RECOVERY_HELLO] = hello,
        [BM_RECOVERY_BEGIN] = begin,
        [BM_RECOVERY_DATA] = data,
        [BM_RECOVERY_END] = end,
    };
    uint8_t kind = s->frame[0];
    uint8_t head[HEAD];
    bm_status status = BM_E_RECOVERY_KIND;
    size_t n = 0;

    memcpy(head, s->frame, HEAD);
    if (kind < sizeof asked / sizeof asked[0] && asked[kind] != NULL) {
        status = asked[kind](s, &n);
    } else if (kind == BM_RECOVERY_RESET) {
        status = BM_OK;
    }
    memcpy(s->frame, head, HEAD); /* verifying took its place */
    return answer(s, status, status == BM_OK ? n : 0);
}

bm_status bm_recovery_serve(const struct bm_boot *boot,
                            enum bm_lifecycle lifecycle,
                            struct bm_boot_result *result,
                            const struct bm_serial *serial)
{
    struct session s = { .boot = boot,
                         .lifecycle = lifecycle,
                         .result = result,
                         .serial = serial,
                         .frame = boot->work->tlvs };
    bm_status rc;

    BM_VERDICT_NO(&result->verdict);
    do {
        rc = get_frame(&s);
        if (rc == BM_OK) {
            BM_TRY(serve(&s));
        } else if (rc != BM_E_RECOVERY_TIMEOUT && rc != BM_E_RECOVERY_FRAME) {
            return rc;
        }
    } while (rc != BM_OK || s.frame[0] != (BM_RECOVERY_RESET | 0x80));
    return BM_OK;
}
