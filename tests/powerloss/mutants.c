/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/mutants.h"

const char *const mutant_names[MUTANTS] = {
    [MUTANT_NONE] = "none",
    [MUTANT_LATE_DATA] = "late data",
    [MUTANT_EARLY_ERASE] = "early erase",
    [MUTANT_LOOKS_ERASED] = "looks erased",
    [MUTANT_GIVES_UP] = "gives up",
    [MUTANT_FORGETFUL] = "forgetful",
    [MUTANT_NO_CRC] = "no CRC",
    [MUTANT_GULLIBLE] = "gullible",
    [MUTANT_GREEDY] = "greedy",
    [MUTANT_AGAIN] = "again",
    [MUTANT_EAGER] = "eager",
    [MUTANT_NEVER_RAISES] = "never raises",
};

static enum mutant chosen;
static struct world *world;
static bool verifying; /* in bm_verify_image() */

/*
 * Programs of slots and of scratch that are held back: the flash seems to have
 * them, and has them not. They go where they belong before the next record of
 * a journal would be... after it, that is: one moment too late.
 */
#define HELD 1024u
static struct held {
    enum range range;
    uint32_t at;
    size_t n;
    uint8_t octets[512];
} held[HELD];
static unsigned held_n;

static enum range range_of(const void *self)
{
    return (enum range)((const struct flash_sim *)self - world->sims);
}

static bool is_data(enum range range)
{
    return range <= RANGE_SCRATCH;
}

static bm_status let_go(void)
{
    for (unsigned i = 0; i < held_n; i++) {
        const struct held *h = &held[i];

        BM_TRY(flash_sim_program(&world->sims[h->range], h->at,
                                 (struct bm_bytes){ h->octets, h->n }));
    }
    held_n = 0;
    return BM_OK;
}

static bm_status late_program(void *self, uint32_t at, struct bm_bytes data)
{
    struct held *h = &held[held_n];

    if (is_data(range_of(self)) && data.n <= sizeof h->octets &&
        held_n < HELD) {
        h->range = range_of(self);
        h->at = at;
        h->n = data.n;
        memcpy(h->octets, data.p, data.n);
        held_n++;
        return BM_OK;
    }
    BM_TRY(flash_sim_program(self, at, data));
    return chosen == MUTANT_LATE_DATA ? let_go() : BM_OK;
}

static bm_status late_erase(void *self, uint32_t at)
{
    if (chosen == MUTANT_LATE_DATA) {
        BM_TRY(let_go());
    }
    BM_TRY(flash_sim_erase(self, at));
    return let_go();
}

/* What was held back is read as if it were there. */
static bm_status late_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    BM_TRY(flash_sim_read(self, at, out, n));
    for (unsigned i = 0; i < held_n; i++) {
        const struct held *h = &held[i];

        for (size_t j = 0; h->range == range_of(self) && j < h->n; j++) {
            if (h->at + j >= at && h->at + j < at + n) {
                out[h->at + j - at] = h->octets[j];
            }
        }
    }
    return BM_OK;
}

static bm_status lazy_erase(void *self, uint32_t at)
{
    const struct flash_sim *sim = self;

    for (uint32_t i = 0; i < sim->flash.sector; i++) {
        if (sim->octets[at + i] != 0xff) {
            return flash_sim_erase(self, at);
        }
    }
    return BM_OK;
}

static bm_status impatient_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    bm_status rc = flash_sim_read(self, at, out, n);

    return rc == BM_E_FLASH_READ ? BM_E_FLASH_POWER : rc;
}

static void change_flash(enum range range, struct bm_flash *flash)
{
    (void)range;
    switch (chosen) {
    case MUTANT_LATE_DATA:
    case MUTANT_EARLY_ERASE:
        flash->program = late_program;
        flash->erase = late_erase;
        flash->read = late_read;
        break;
    case MUTANT_LOOKS_ERASED:
        flash->erase = lazy_erase;
        break;
    case MUTANT_GIVES_UP:
        flash->read = impatient_read;
        break;
    default:
        break;
    }
}

static bm_status no_raise(void *self, unsigned number, uint32_t value)
{
    (void)self;
    (void)number;
    (void)value;
    return BM_OK;
}

static void insert(struct world *w)
{
    world = w;
    world_each_flash(w, change_flash);
    if (chosen == MUTANT_NEVER_RAISES) {
        w->boot.counters.raise = no_raise;
    }
}

static void on(struct world *w)
{
    (void)w;
    held_n = 0;
}

static bm_status done(struct world *w)
{
    (void)w;
    return let_go();
}

static const struct world_double mutant_double = { insert, on, done };

void mutant_choose(enum mutant mutant)
{
    chosen = mutant;
    world_double = &mutant_double;
}

/* What the linker puts in place of the functions of boot/. */
bm_status __real_bm_journal_put(struct bm_journal *journal, const void *state);
bm_status __wrap_bm_journal_put(struct bm_journal *journal, const void *state);
uint32_t __real_bm_crc32(uint32_t crc, const void *p, size_t n);
uint32_t __wrap_bm_crc32(uint32_t crc, const void *p, size_t n);
uint32_t __real_bm_image_digest_end(const struct bm_image_header *header);
uint32_t __wrap_bm_image_digest_end(const struct bm_image_header *header);
bm_status __real_bm_verify_image(const struct bm_verify *v,
                                 struct bm_image *image,
                                 struct bm_verdict *verdict);
bm_status __wrap_bm_verify_image(const struct bm_verify *v,
                                 struct bm_image *image,
                                 struct bm_verdict *verdict);
bm_status __real_bm_request_get(const struct bm_flash *mailbox,
                                uint32_t consumed, struct bm_request *request,
                                uint32_t *sequence);
bm_status __wrap_bm_request_get(const struct bm_flash *mailbox,
                                uint32_t consumed, struct bm_request *request,
                                uint32_t *sequence);
bm_status __real_bm_boot_swap(const struct bm_boot *boot,
                              struct bm_boot_result *result);
bm_status __wrap_bm_boot_swap(const struct bm_boot *boot,
                              struct bm_boot_result *result);

bm_status __wrap_bm_journal_put(struct bm_journal *journal, const void *state)
{
    if (chosen == MUTANT_FORGETFUL &&
        range_of(journal->flash->self) == RANGE_JOURNAL) {
        return BM_OK;
    }
    return __real_bm_journal_put(journal, state);
}

uint32_t __wrap_bm_crc32(uint32_t crc, const void *p, size_t n)
{
    return chosen == MUTANT_NO_CRC ? 0x5a5a5a5a : __real_bm_crc32(crc, p, n);
}

uint32_t __wrap_bm_image_digest_end(const struct bm_image_header *header)
{
    uint32_t more = chosen == MUTANT_GREEDY && !verifying ? 16 : 0;

    return __real_bm_image_digest_end(header) + more;
}

bm_status __wrap_bm_verify_image(const struct bm_verify *v,
                                 struct bm_image *image,
                                 struct bm_verdict *verdict)
{
    bm_status rc;

    verifying = true;
    rc = __real_bm_verify_image(v, image, verdict);
    verifying = false;
    if (chosen == MUTANT_GULLIBLE && v->ring != NULL &&
        (rc == BM_E_IMAGE_KEY || rc == BM_E_IMAGE_DIGEST)) {
        verdict->yes = BM_VERDICT_YES;
        verdict->no = ~BM_VERDICT_YES;
        return BM_OK;
    }
    return rc;
}

bm_status __wrap_bm_request_get(const struct bm_flash *mailbox,
                                uint32_t consumed, struct bm_request *request,
                                uint32_t *sequence)
{
    return __real_bm_request_get(mailbox, chosen == MUTANT_AGAIN ? 0 : consumed,
                                 request, sequence);
}

bm_status __wrap_bm_boot_swap(const struct bm_boot *boot,
                              struct bm_boot_result *result)
{
    bm_status rc = __real_bm_boot_swap(boot, result);

    if (chosen == MUTANT_EAGER && rc == BM_OK &&
        result->event == BM_BOOT_TRIAL) {
        return boot->counters.raise(boot->counters.self, BM_COUNTER_IMAGE,
                                    result->image.counter);
    }
    return rc;
}
