/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/acts.h"

#include "tests/powerloss/recover.h"

/* The application programs that much at once. */
#define PIECE 512u

static bm_status erase(const struct bm_flash *flash)
{
    for (uint32_t i = 0; i < flash->sectors; i++) {
        BM_TRY(flash->erase(flash->self, i * flash->sector));
    }
    return BM_OK;
}

/* One piece in whole units: octets of the image, and `fill` behind it. */
static bm_status put_piece(const struct bm_flash *flash, uint32_t at,
                           uint32_t n, struct bm_bytes octets)
{
    uint8_t piece[PIECE];
    uint32_t some = 0;

    memset(piece, POISON, n);
    if (octets.n > at) {
        some = (uint32_t)octets.n - at < n ? (uint32_t)octets.n - at : n;
        memcpy(piece, octets.p + at, some);
    }
    return flash->program(flash->self, at, (struct bm_bytes){ piece, n });
}

/* The image and, up to `end`, what is no image. */
static bm_status put_image(const struct bm_flash *flash, uint32_t end,
                           struct bm_bytes octets)
{
    uint32_t at = 0;

    while (at < end) {
        uint32_t n = PIECE < flash->sector ? PIECE : flash->sector;

        n = n < end - at ? n : end - at;
        BM_TRY(put_piece(flash, at, n, octets));
        at += n;
    }
    return BM_OK;
}

/*
 * The end of a slot as imgtool --pad makes it, with --confirm perhaps: magic,
 * and before it image_ok, each in a field of the part's alignment, which is 8
 * at least. What is between is erased.
 */
#define TRAILER 128u
static bm_status put_trailer(const struct bm_flash *flash, bool confirmed)
{
    static const uint8_t magic[16] = { 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2,
                                       0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f,
                                       0x2c, 0xb6, 0x79, 0x80 };
    static const uint8_t magic_of[14] = { 0x2d, 0xe1, 0x5d, 0x29, 0x41,
                                          0x0b, 0x8d, 0x77, 0x67, 0x9c,
                                          0x11, 0x0f, 0x1f, 0x8a };
    uint8_t end[TRAILER];
    uint32_t align = flash->unit > 8 ? flash->unit : 8;
    uint32_t field = align > 16 ? align : 16;

    memset(end, 0xff, sizeof end);
    if (confirmed) {
        end[TRAILER - field - align] = 1;
    }
    memcpy(end + TRAILER - 16, magic, 16);
    if (align > 8) {
        end[TRAILER - 16] = (uint8_t)align;
        end[TRAILER - 15] = 0;
        memcpy(end + TRAILER - 14, magic_of, 14);
    }
    return flash->program(flash->self, flash->sector * flash->sectors - TRAILER,
                          (struct bm_bytes){ end, sizeof end });
}

/* Where an update goes: the slot that does not run. */
static unsigned update_slot(const struct life *l)
{
    return l->device.xip ? 1 - l->slot : 1;
}

static bm_status write_image(struct life *l, const struct line *line)
{
    const struct image_made *image = image_get(line->what, update_slot(l));
    const struct bm_flash *flash =
        &l->world->sims[RANGE_SLOT + 2u * image->number + update_slot(l)].flash;
    uint32_t end = flash->sector * flash->sectors;

    l->written[image->number] = (uint8_t)line->what;
    BM_TRY(erase(flash));
    BM_TRY(put_image(flash, end - TRAILER, image->octets));
    return line->flags == 0
               ? BM_OK
               : put_trailer(flash, (line->flags & BM_REQUEST_PERMANENT) != 0);
}

static bm_status write_candidate(struct life *l, const struct line *line)
{
    const struct bm_flash *flash = &l->world->sims[RANGE_CANDIDATE].flash;
    struct bm_bytes octets = image_get(line->what, 0)->octets;

    l->candidate = (uint8_t)line->what;
    BM_TRY(erase(flash));
    return put_image(
        flash, ((uint32_t)octets.n + flash->unit - 1) & ~(flash->unit - 1),
        octets);
}

static void name(uint8_t out[BM_REQUEST_NAME], unsigned id, unsigned slot)
{
    if (id != NOTHING) {
        memcpy(out, image_get((enum image_id)id, slot)->digest,
               BM_REQUEST_NAME);
    }
}

static uint8_t images_written(const struct life *l)
{
    return (uint8_t)((l->written[0] != NOTHING ? 1u : 0) |
                     (l->written[1] != NOTHING ? 2u : 0));
}

static bm_status put_request(struct life *l, const struct line *line)
{
    struct bm_request request = { .flags = line->flags };

    if ((line->flags & BM_REQUEST_INSTALL) != 0) {
        request.images = images_written(l);
    }
    for (unsigned i = 0; i < l->device.images; i++) {
        name(request.running[i], l->runs[i], l->slot);
        name(request.update[i], l->written[i], update_slot(l));
    }
    name(request.keyset, l->candidate, 0);
    return bm_request_put(&l->world->sims[RANGE_MAILBOX].flash,
                          l->result.consumed, &request);
}

bm_status act_do(struct life *l, const struct line *line)
{
    switch (line->act) {
    case ACT_WRITE:
        return write_image(l, line);
    case ACT_CANDIDATE:
        return write_candidate(l, line);
    case ACT_REQUEST:
        return put_request(l, line);
    case ACT_RECOVER:
        return recover_send(l->world, &l->result, image_get(line->what, 0));
    case ACT_RESTART:
    case ACT_END:
        break;
    }
    return BM_OK;
}

static unsigned write_facts(const struct life *l, const struct line *line,
                            struct facts chain[ACT_CHAIN])
{
    unsigned number = image_get(line->what, 0)->number;
    unsigned slot = update_slot(l);
    unsigned n = 1;

    for (; n < 4; n++) {
        chain[n] = chain[n - 1];
    }
    chain[1].at[number][slot] = NOTHING;
    chain[2].at[number][slot] = (uint8_t)line->what;
    chain[1].trailer[number] = chain[2].trailer[number] = 0;
    chain[3] = chain[2];
    chain[3].trailer[number] = line->flags;
    return n;
}

static void request_facts(const struct life *l, const struct line *line,
                          struct facts *f)
{
    f->asked |= line->flags;
    if ((line->flags & BM_REQUEST_INSTALL) != 0) {
        f->images |= images_written(l);
        memcpy(f->update, l->written, sizeof f->update);
    }
    if ((line->flags & BM_REQUEST_CONFIRM) != 0) {
        memcpy(f->running, l->runs, sizeof f->running);
    }
    if ((line->flags & BM_REQUEST_KEYSET) != 0) {
        f->keyset = l->candidate;
    }
}

/* Recovery writes as the application does, and asks as it does. */
static unsigned recover_facts(const struct life *l, const struct line *line,
                              struct facts chain[ACT_CHAIN])
{
    unsigned number = image_get(line->what, 0)->number;
    unsigned n = write_facts(l, line, chain);

    chain[n - 1].asked |= BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT;
    chain[n - 1].images |= (uint8_t)(1u << number);
    chain[n - 1].update[number] = (uint8_t)line->what;
    return n;
}

unsigned act_facts(const struct life *l, const struct line *line,
                   const struct facts *f, struct facts chain[ACT_CHAIN])
{
    chain[0] = *f;
    chain[1] = *f;
    switch (line->act) {
    case ACT_WRITE:
        return write_facts(l, line, chain);
    case ACT_CANDIDATE:
        chain[1].candidate = NOTHING;
        chain[2] = chain[1];
        chain[2].candidate = (uint8_t)line->what;
        return 3;
    case ACT_REQUEST:
        request_facts(l, line, &chain[1]);
        return 2;
    case ACT_RECOVER:
        return recover_facts(l, line, chain);
    case ACT_RESTART:
    case ACT_END:
        break;
    }
    return 1;
}
