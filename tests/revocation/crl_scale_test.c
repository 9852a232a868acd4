/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include <sys/resource.h>
#include <time.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * A list of a million entries goes from the writer straight into the stream
 * reader, octet for octet as it is made: at no time is there more of it than
 * what the two contexts hold.
 */

#ifndef SCALE_ENTRIES
#define SCALE_ENTRIES 1000000
#endif
#define JANUARY_2031 INT64_C(1924992000)

/* What the process may grow by: the contexts are static, so by noise. */
#define GROWTH_MAX_KB 1024
#define WARM_UP       1000 /* entries, before memory is looked at */

static struct bm_crl_writer writer;
static struct bm_crl_reader reader;

/* Entry number `i`, from nothing but the number. */
static void make_entry(uint64_t i, uint8_t serial[16],
                       struct bm_crl_entry *entry)
{
    uint64_t x = i * UINT64_C(0x9e3779b97f4a7c15);

    serial[0] = 0x40;
    for (unsigned k = 1; k < 16; k++) {
        serial[k] = (uint8_t)(x >> (k % 8 * 8));
    }
    *entry = (struct bm_crl_entry){ .serial = { serial, 16 },
                                    .revoked_at =
                                        JANUARY_2031 - (int64_t)(i % 100000) };
    if (i % 3 != 0) {
        entry->reason = BM_REASON_KEY_COMPROMISE;
    }
}

struct rows {
    uint64_t at;
    uint64_t n;
    uint8_t serial[16];
};

static bm_status rows_rewind(void *self)
{
    struct rows *rows = self;

    rows->at = 0;
    return BM_OK;
}

static bm_status rows_next(void *self, struct bm_crl_entry *entry)
{
    struct rows *rows = self;

    if (rows->at == rows->n) {
        return BM_E_END;
    }
    make_entry(rows->at++, rows->serial, entry);
    return BM_OK;
}

struct pipe {
    uint64_t octets;
    uint64_t entries;
    uint64_t wrong;
    bool ended;
    struct bm_crl_find *find;
};

static void see_entry(struct pipe *pipe)
{
    uint8_t serial[16];
    struct bm_crl_entry want;

    make_entry(pipe->entries++, serial, &want);
    pipe->wrong += !bm_bytes_equal(reader.entry.serial, want.serial) ||
                   reader.entry.revoked_at != want.revoked_at ||
                   reader.entry.reason != want.reason;
}

static bm_status pipe_put(void *self, struct bm_bytes octets)
{
    struct pipe *pipe = self;
    enum bm_crl_event event = BM_CRL_MORE;

    pipe->octets += octets.n;
    bm_crl_reader_feed(&reader, octets);
    do {
        BM_TRY(bm_crl_reader_next(&reader, &event));
        bm_crl_find_see(pipe->find, &reader, event);
        if (event == BM_CRL_ENTRY) {
            see_entry(pipe);
        }
        pipe->ended |= event == BM_CRL_END;
    } while (event != BM_CRL_MORE);
    return BM_OK;
}

static long peak_kb(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : -1;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct bm_bytes issuer = {
    (const uint8_t *)"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02"
                     "CA",
    15
};

static void write_and_read(uint64_t n, const struct bm_signer *signer,
                           struct pipe *pipe)
{
    struct bm_crl_config config = {
        .issuer = issuer,
        .this_update = JANUARY_2031,
        .next_update = JANUARY_2031 + 86400,
        .number = BM_LIT("\1"),
        .aki = BM_LIT("k"),
        .crypto = bm_test_crypto(),
        .sig_alg = signer->alg,
    };
    struct rows rows = { .n = n };
    struct bm_crl_source source = { &rows, rows_rewind, rows_next };
    struct bm_crl_sink sink = { pipe, pipe_put };
    struct bm_wr none = { NULL, 0, 0 };
    uint8_t room[200];
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    bm_crl_reader_open(&reader, config.crypto);
    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_sign(&writer, signer, &none, &sig), BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink), BM_OK);
    bm_crl_writer_close(&writer);
}

static void a_million_entries_need_no_memory(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_crl_entry last;
    struct bm_crl_query query = { .issuer = issuer };
    struct bm_crl_find find;
    struct bm_crl_answer answer;
    struct pipe pipe = { .find = &find };
    uint8_t serial[16];
    long before;
    double start;

    make_entry(SCALE_ENTRIES - 1, serial, &last);
    query.serial = last.serial;
    bm_crl_find_init(&find, &query);
    write_and_read(WARM_UP, signer, &pipe);
    CHECK(pipe.entries == WARM_UP && pipe.ended);
    bm_crl_reader_close(&reader);

    before = peak_kb();
    start = seconds();
    pipe = (struct pipe){ .find = &find };
    bm_crl_find_init(&find, &query);
    write_and_read(SCALE_ENTRIES, signer, &pipe);
    printf("# %d entries, %.1f MB, %.2f s, peak grew by %ld KB\n",
           SCALE_ENTRIES, (double)pipe.octets / 1e6, seconds() - start,
           peak_kb() - before);
    CHECK(pipe.entries == SCALE_ENTRIES && pipe.wrong == 0 && pipe.ended);
    CHECK(peak_kb() - before <= GROWTH_MAX_KB);
    CHECK_STATUS(
        bm_crl_find_result(&find, &reader, &signer->key, JANUARY_2031, &answer),
        BM_OK);
    CHECK(answer.state == BM_CRL_REVOKED);
    CHECK(answer.revoked_at == last.revoked_at);
    bm_crl_reader_close(&reader);
}

int main(void)
{
    RUN(a_million_entries_need_no_memory);
    return bm_test_done();
}
