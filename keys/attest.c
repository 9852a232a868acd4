/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/attest.h"

#include <string.h>

#include "core/cbor.h"

/* The version is under this key of every message, and comes first. */
#define VERSION 1

/* A byte string of a message; the first row of a table has the key 2. */
struct member {
    size_t offset;
    size_t min; /* 0: may be left out */
    size_t max;
};

#define MEMBER(type, name, least, most)                                      \
    {                                                                        \
        .offset = offsetof(struct type, name), .min = (least), .max = (most) \
    }

static const struct member claim[] = {
    MEMBER(bm_attest_claim, ek_cert, 1, BM_ATTEST_CERT_MAX),
    MEMBER(bm_attest_claim, ek_chain, 0, BM_ATTEST_CHAIN_MAX),
    MEMBER(bm_attest_claim, ak, 1, BM_ATTEST_PUBLIC_MAX),
    MEMBER(bm_attest_claim, key, 1, BM_ATTEST_PUBLIC_MAX),
};

static const struct member challenge[] = {
    MEMBER(bm_attest_challenge, nonce, BM_ATTEST_NONCE_SIZE,
           BM_ATTEST_NONCE_SIZE),
    MEMBER(bm_attest_challenge, credential, 1, BM_ATTEST_CREDENTIAL_MAX),
    MEMBER(bm_attest_challenge, seed, 1, BM_ATTEST_SEED_MAX),
};

static const struct member answer[] = {
    MEMBER(bm_attest_answer, nonce, BM_ATTEST_NONCE_SIZE, BM_ATTEST_NONCE_SIZE),
    MEMBER(bm_attest_answer, secret, BM_ATTEST_SECRET_SIZE,
           BM_ATTEST_SECRET_SIZE),
    MEMBER(bm_attest_answer, statement, 1, BM_ATTEST_STATEMENT_MAX),
    MEMBER(bm_attest_answer, signature, 1, BM_ATTEST_SIGNATURE_MAX),
};

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static struct bm_bytes get_member(const void *message, const struct member *row)
{
    return *(const struct bm_bytes *)(const void *)((const uint8_t *)message +
                                                    row->offset);
}

static void put(struct bm_wr *w, const struct member *rows, size_t n,
                const void *message)
{
    size_t there = 1;

    for (size_t i = 0; i < n; i++) {
        there += get_member(message, &rows[i]).n != 0;
    }
    bm_cbor_put_map(w, there);
    bm_cbor_put_uint(w, VERSION);
    bm_cbor_put_uint(w, BM_ATTEST_VERSION);
    for (size_t i = 0; i < n; i++) {
        struct bm_bytes value = get_member(message, &rows[i]);

        if (value.n != 0) {
            bm_cbor_put_uint(w, VERSION + 1 + i);
            bm_cbor_put_bytes(w, value);
        }
    }
}

/* The head of a map, and the version in it; `*n` is what is left of it. */
static bm_status take_head(struct bm_cbor *c, size_t *n)
{
    uint64_t key = 0;
    uint64_t version = 0;

    BM_TRY(bm_cbor_take_map(c, n));
    if (*n == 0) {
        return BM_E_ATTEST;
    }
    BM_TRY(bm_cbor_take_uint(c, &key));
    BM_TRY(bm_cbor_take_uint(c, &version));
    *n -= 1;
    return key == VERSION && version == BM_ATTEST_VERSION ? BM_OK : BM_E_ATTEST;
}

/* The pair of `*left` that is next, if it is that of this row. */
static bm_status take_member(struct bm_cbor *c, uint64_t key,
                             const struct member *row, size_t *left,
                             struct bm_bytes *value)
{
    struct bm_cbor ahead = *c;
    uint64_t found = 0;

    *value = (struct bm_bytes){ NULL, 0 };
    if (*left != 0) {
        BM_TRY(bm_cbor_take_uint(&ahead, &found));
    }
    if (found != key) {
        return row->min == 0 ? BM_OK : BM_E_ATTEST;
    }
    BM_TRY(bm_cbor_take_bytes(&ahead, value));
    /* One that is empty is left out: there is one encoding of a message. */
    if (value->n == 0 || value->n < row->min || value->n > row->max) {
        return BM_E_ATTEST;
    }
    *left -= 1;
    *c = ahead;
    return BM_OK;
}

static bm_status take_members(struct bm_bytes in, const struct member *rows,
                              size_t n, void *message)
{
    struct bm_cbor c;
    size_t left = 0;

    if (in.n > BM_ATTEST_MESSAGE_MAX) {
        return BM_E_ATTEST;
    }
    bm_cbor_init(&c, in, NULL);
    BM_TRY(take_head(&c, &left));
    for (size_t i = 0; i < n; i++) {
        struct bm_bytes value;

        BM_TRY(take_member(&c, VERSION + 1 + i, &rows[i], &left, &value));
        *(struct bm_bytes *)(void *)((uint8_t *)message + rows[i].offset) =
            value;
    }
    return left == 0 ? bm_cbor_end(&c) : BM_E_ATTEST;
}

void bm_attest_put_claim(struct bm_wr *w, const struct bm_attest_claim *m)
{
    put(w, claim, ROWS(claim), m);
}

void bm_attest_put_challenge(struct bm_wr *w,
                             const struct bm_attest_challenge *m)
{
    put(w, challenge, ROWS(challenge), m);
}

void bm_attest_put_answer(struct bm_wr *w, const struct bm_attest_answer *m)
{
    put(w, answer, ROWS(answer), m);
}

void bm_attest_put_verdict(struct bm_wr *w, const struct bm_attest_verdict *m)
{
    bm_cbor_put_map(w, 2);
    bm_cbor_put_uint(w, VERSION);
    bm_cbor_put_uint(w, BM_ATTEST_VERSION);
    bm_cbor_put_uint(w, VERSION + 1);
    bm_cbor_put_uint(w, m->seconds);
}

bm_status bm_attest_parse_claim(struct bm_bytes in, struct bm_attest_claim *m)
{
    bm_status rc;

    memset(m, 0, sizeof *m);
    rc = take_members(in, claim, ROWS(claim), m);
    if (rc != BM_OK) {
        memset(m, 0, sizeof *m);
    }
    return rc;
}

bm_status bm_attest_parse_challenge(struct bm_bytes in,
                                    struct bm_attest_challenge *m)
{
    bm_status rc;

    memset(m, 0, sizeof *m);
    rc = take_members(in, challenge, ROWS(challenge), m);
    if (rc != BM_OK) {
        memset(m, 0, sizeof *m);
    }
    return rc;
}

bm_status bm_attest_parse_answer(struct bm_bytes in, struct bm_attest_answer *m)
{
    bm_status rc;

    memset(m, 0, sizeof *m);
    rc = take_members(in, answer, ROWS(answer), m);
    if (rc != BM_OK) {
        memset(m, 0, sizeof *m);
    }
    return rc;
}

static bm_status take_verdict(struct bm_bytes in, uint64_t *seconds)
{
    struct bm_cbor c;
    uint64_t key = 0;
    size_t left = 0;

    bm_cbor_init(&c, in, NULL);
    BM_TRY(take_head(&c, &left));
    if (left != 1) {
        return BM_E_ATTEST;
    }
    BM_TRY(bm_cbor_take_uint(&c, &key));
    BM_TRY(bm_cbor_take_uint(&c, seconds));
    BM_TRY(bm_cbor_end(&c));
    return key == VERSION + 1 && *seconds != 0 ? BM_OK : BM_E_ATTEST;
}

bm_status bm_attest_parse_verdict(struct bm_bytes in,
                                  struct bm_attest_verdict *m)
{
    bm_status rc = take_verdict(in, &m->seconds);

    if (rc != BM_OK) {
        m->seconds = 0;
    }
    return rc;
}
