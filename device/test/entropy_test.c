/* SPDX-License-Identifier: Apache-2.0 */
#include "device/entropy.h"

#include "tests/harness/bm_test.h"

/*
 * Claims in 1/256 bit, and 1 + critbinom(512, 2^-H, 1 - 2^-30) computed with
 * exact binomial coefficients and 120 decimal digits:
 *
 *     p = Decimal(2) ** (-Decimal(claim) / 256)
 *     the least C with sum(comb(512, k) * p**k * (1-p)**(512-k)
 *                          for k in range(C, 513)) <= Decimal(2) ** -30
 */
static const struct {
    uint16_t claim;
    uint16_t cutoff;
} exact[] = {
    { 64, 477 },  { 65, 476 },  { 70, 472 },  { 85, 459 },  { 100, 446 },
    { 110, 437 }, { 127, 423 }, { 128, 422 }, { 129, 421 }, { 150, 404 },
    { 192, 371 }, { 200, 365 }, { 222, 348 }, { 255, 325 }, { 256, 325 },
    { 257, 324 }, { 300, 296 }, { 320, 284 }, { 333, 276 }, { 384, 248 },
    { 400, 240 }, { 444, 219 }, { 448, 217 }, { 511, 191 }, { 512, 190 },
    { 513, 190 }, { 576, 167 }, { 600, 159 }, { 640, 147 }, { 700, 130 },
    { 704, 129 }, { 768, 114 }, { 777, 112 }, { 832, 101 }, { 896, 89 },
    { 900, 89 },  { 960, 79 },  { 1000, 74 }, { 1023, 71 }, { 1024, 71 },
    { 1025, 70 }, { 1088, 63 }, { 1111, 60 }, { 1152, 56 }, { 1216, 51 },
    { 1280, 46 }, { 1300, 44 }, { 1344, 41 }, { 1408, 37 }, { 1472, 34 },
    { 1500, 32 }, { 1536, 31 }, { 1600, 28 }, { 1664, 26 }, { 1700, 25 },
    { 1728, 24 }, { 1792, 22 }, { 1856, 20 }, { 1900, 19 }, { 1920, 19 },
    { 1984, 17 }, { 1999, 17 }, { 2047, 16 }, { 2048, 16 }
};
#define EXACT (sizeof exact / sizeof exact[0])

#define STARTUP BM_ENTROPY_STARTUP
#define WINDOW  512

/*
 * A source with a script: sample number i is i modulo 256, but from sample
 * `from` on the value 255 comes `n` times, with another one after every `run`.
 */
struct source {
    struct bm_noise noise;
    size_t at;
    size_t from;
    size_t n;
    size_t run;
    size_t broken_at; /* reading this sample fails; 0: none */
    size_t in_run;
};

static bm_status read_source(void *self, uint8_t *out, size_t n)
{
    struct source *s = self;

    for (size_t i = 0; i < n; i++) {
        if (s->broken_at != 0 && s->at + i + 1 == s->broken_at) {
            s->broken_at = 0;
            return BM_E_RANDOM;
        }
        out[i] = (uint8_t)((s->at + i) % 255);
        if (s->at + i >= s->from && s->n > 0) {
            s->in_run++;
            if (s->in_run > s->run) {
                s->in_run = 0;
            } else {
                out[i] = 255;
                s->n--;
            }
        }
    }
    s->at += n;
    return BM_OK;
}

static void source_init(struct source *s, uint16_t claim)
{
    *s = (struct source){
        .noise = { s, read_source, claim },
        .from = SIZE_MAX,
        .run = SIZE_MAX,
    };
}

static uint16_t repeat_cutoff(unsigned claim)
{
    return (uint16_t)(1 + (30 * 256 + claim - 1) / claim);
}

static void cutoffs_are_those_of_the_standard(void)
{
    for (size_t i = 0; i < EXACT; i++) {
        struct bm_entropy e;
        struct source s;
        unsigned more;

        source_init(&s, exact[i].claim);
        CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_OK);
        CHECK(e.window_cutoff >= exact[i].cutoff);
        more = e.window_cutoff - exact[i].cutoff;
        CHECK(more <= (exact[i].claim % 64 == 0 ? 0 : 2));
        CHECK(e.repeat_cutoff == repeat_cutoff(exact[i].claim));
        CHECK(s.at == STARTUP);
    }
}

static void a_claim_out_of_range_is_refused(void)
{
    static const uint16_t claims[] = { 0, 1, 63, 2049, 65535 };

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        struct bm_entropy e;
        struct source s;
        uint8_t out[4] = { 1, 2, 3, 4 };

        source_init(&s, claims[i]);
        CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_E_ARGUMENT);
        CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_E_ARGUMENT);
        CHECK_BYTES(out, sizeof out, "\0\0\0", 4);
        CHECK(s.at == 0);
    }
}

/* Read 4,096 samples after a start with that script. */
static bm_status play(struct source *s, struct bm_entropy *e)
{
    uint8_t out[64];

    BM_TRY(bm_entropy_open(e, &s->noise));
    for (size_t i = 0; i < 4096; i += sizeof out) {
        BM_TRY(bm_entropy_read(e, out, sizeof out));
    }
    return BM_OK;
}

static void a_value_may_repeat_one_time_less_than_the_cutoff(void)
{
    static const uint16_t claims[] = { 64, 100, 256, 300, 1024, 2048 };

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        for (size_t from = 0; from < STARTUP + 300; from += 37) {
            struct bm_entropy e;
            struct source s;

            source_init(&s, claims[i]);
            s.from = from;
            s.n = repeat_cutoff(claims[i]) - 1u;
            CHECK_STATUS(play(&s, &e), BM_OK);
            source_init(&s, claims[i]);
            s.from = from;
            s.n = repeat_cutoff(claims[i]);
            CHECK_STATUS(play(&s, &e), BM_E_ENTROPY_REPEAT);
        }
    }
}

static void a_window_may_hold_one_less_than_the_cutoff(void)
{
    for (size_t i = 0; i < EXACT; i++) {
        struct bm_entropy e;
        struct source s;
        uint16_t cutoff;

        /* The start takes two windows; the third begins with the value. */
        source_init(&s, exact[i].claim);
        CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_OK);
        cutoff = e.window_cutoff;
        for (unsigned more = 0; more < 2; more++) {
            source_init(&s, exact[i].claim);
            s.from = STARTUP;
            s.n = cutoff - 1u + more;
            s.run = repeat_cutoff(exact[i].claim) / 2u;
            CHECK_STATUS(play(&s, &e), more ? BM_E_ENTROPY_BIAS : BM_OK);
        }
    }
}

static void the_start_is_tested_too(void)
{
    struct bm_entropy e;
    struct source s;

    source_init(&s, 256);
    s.from = 0;
    s.n = STARTUP;
    s.run = 10;
    CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_E_ENTROPY_BIAS);
    source_init(&s, 256);
    s.from = STARTUP - 31;
    s.n = 31;
    CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_E_ENTROPY_REPEAT);
}

static void what_failed_once_stays_failed(void)
{
    struct bm_entropy e;
    struct source s;
    uint8_t out[40];

    source_init(&s, 512);
    s.from = STARTUP + 20;
    s.n = 16;
    CHECK_STATUS(play(&s, &e), BM_E_ENTROPY_REPEAT);
    for (int i = 0; i < 3; i++) {
        size_t at = s.at;

        memset(out, 0x55, sizeof out);
        CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_E_ENTROPY_REPEAT);
        CHECK(out[0] == 0 && out[39] == 0 && s.at == at);
        CHECK_STATUS(e.failed, BM_E_ENTROPY_REPEAT);
    }
    CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_OK);
    CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_OK);
}

static void a_source_that_cannot_be_read_gives_nothing(void)
{
    struct bm_entropy e;
    struct source s;
    uint8_t out[40] = { 0 };

    source_init(&s, 512);
    s.broken_at = STARTUP + 35;
    CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_OK);
    memset(out, 0x55, sizeof out);
    CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_E_RANDOM);
    CHECK(out[0] == 0 && out[39] == 0);
    CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_OK);

    source_init(&s, 512);
    s.broken_at = 5;
    CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_E_RANDOM);
    CHECK_STATUS(bm_entropy_read(&e, out, sizeof out), BM_E_RANDOM);
}

static void a_seed_takes_what_the_claim_says(void)
{
    static const struct {
        uint16_t claim;
        unsigned bits;
        size_t samples;
    } cases[] = {
        { 2048, 256, 32 }, { 256, 256, 256 }, { 64, 320, 1280 },
        { 2047, 256, 33 }, { 300, 320, 274 }, { 1024, 1, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bm_entropy e;
        struct source s;

        source_init(&s, cases[i].claim);
        CHECK_STATUS(bm_entropy_open(&e, &s.noise), BM_OK);
        CHECK(bm_entropy_samples(&e, cases[i].bits) == cases[i].samples);
    }
}

int main(void)
{
    RUN(cutoffs_are_those_of_the_standard);
    RUN(a_claim_out_of_range_is_refused);
    RUN(a_value_may_repeat_one_time_less_than_the_cutoff);
    RUN(a_window_may_hold_one_less_than_the_cutoff);
    RUN(the_start_is_tested_too);
    RUN(what_failed_once_stays_failed);
    RUN(a_source_that_cannot_be_read_gives_nothing);
    RUN(a_seed_takes_what_the_claim_says);
    return bm_test_done();
}
