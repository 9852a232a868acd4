/* SPDX-License-Identifier: Apache-2.0 */

/* What is measured on the large store. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/large/large.h"
#include "core/crl.h"
#include "core/name.h"
#include "ports/openssl/openssl.h"

#define ROUNDS 31
#define TIMES  500

static const struct store_scope scope = { 0, 1 };

static bm_status count(void *arg, const void *row)
{
    (void)row;
    ++*(unsigned *)arg;
    return BM_OK;
}

/* One of the rows, spread over all of them. */
static uint64_t pick(uint64_t rows, uint64_t i)
{
    return (i * UINT64_C(2654435761) + 12345) % rows;
}

static void by_serial(struct store *s, uint64_t rows, uint64_t i)
{
    struct large_row row;
    struct store_cert cert;

    large_row_make(&row, pick(rows, i));
    large_must(s->cert_find(s->self, &scope, "issuing", BM_ARRAY(row.serial),
                            &cert) == BM_OK,
               "by serial");
}

static void by_device(struct store *s, uint64_t rows, uint64_t i)
{
    struct store_cert_filter filter = { .device = pick(rows, i) + 1 };
    unsigned n = 0;
    const struct store_visit visit = { &n, count };

    large_must(s->cert_list(s->self, &scope, &filter, &visit) == BM_OK &&
                   n == 1,
               "by device");
}

static void by_name(struct store *s, uint64_t rows, uint64_t i)
{
    struct large_row row;
    struct store_device device;

    large_row_make(&row, pick(rows, i));
    large_must(s->device_find(s->self, 1, row.device, &device) == BM_OK,
               "by name");
}

static void by_key(struct store *s, uint64_t rows, uint64_t i)
{
    struct large_row row;
    unsigned n = 0;
    const struct store_visit visit = { &n, count };

    large_row_make(&row, pick(rows, i));
    large_must(s->claim_list(s->self, STORE_CLAIM_KEY, row.key, &visit) ==
                       BM_OK &&
                   n == 1,
               "by key");
}

static void absent(struct store *s, uint64_t rows, uint64_t i)
{
    struct large_row row;
    unsigned n = 0;
    const struct store_visit visit = { &n, count };

    (void)rows;
    large_row_absent(&row, i);
    large_must(s->claim_list(s->self, STORE_CLAIM_KEY, row.key, &visit) ==
                       BM_OK &&
                   n == 0,
               "absent");
}

/* What making up a row costs, which is in the others as well. */
static void nothing(struct store *s, uint64_t rows, uint64_t i)
{
    struct large_row row;

    (void)s;
    large_row_make(&row, pick(rows, i));
}

static const struct {
    const char *name;
    void (*run)(struct store *s, uint64_t rows, uint64_t i);
} lookups[] = {
    { "  (making up the row)", nothing },
    { "certificate by serial", by_serial },
    { "certificates of a device", by_device },
    { "device by name", by_name },
    { "who holds a key", by_key },
    { "a key that nobody holds", absent },
};

#define LOOKUPS (sizeof lookups / sizeof lookups[0])

void large_lookups(const char *path, uint64_t rows)
{
    static double us[LOOKUPS][ROUNDS];
    struct store *s = large_open(path, false);
    uint64_t at = 0;

    large_must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    absent(s, rows, 0); /* what is read once */
    for (size_t r = 0; r < ROUNDS; r++) {
        for (size_t i = 0; i < LOOKUPS; i++) {
            double cpu = large_cpu();

            for (unsigned k = 0; k < TIMES; k++) {
                lookups[i].run(s, rows, at++);
            }
            us[i][r] = (large_cpu() - cpu) / TIMES * 1e6;
        }
    }
    printf("\nlook up, us of CPU time\n");
    for (size_t i = 0; i < LOOKUPS; i++) {
        printf("  %-44s %10.2f\n", lookups[i].name,
               large_median(us[i], ROUNDS));
    }
    printf("  %-44s %10.1f\n", "resident memory, MB", large_resident() / 1e6);
    s->close(s->self);
}

void large_opening(const char *path, uint64_t rows)
{
    double open_ms[ROUNDS];
    double ready_ms[ROUNDS];
    struct store *s;

    for (size_t r = 0; r < ROUNDS; r++) {
        double wall = large_wall();

        s = large_open(path, false);
        open_ms[r] = (large_wall() - wall) * 1e3;
        large_must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
        absent(s, rows, r);
        ready_ms[r] = (large_wall() - wall) * 1e3;
        s->close(s->self);
    }
    printf("\nopen, ms\n");
    printf("  %-44s %10.2f\n", "the handle", large_median(open_ms, ROUNDS));
    printf("  %-44s %10.2f\n", "until the first claim is looked up",
           large_median(ready_ms, ROUNDS));
}

/*
 * Putting: on the large store and on an empty one in turns, against what the
 * cryptography of an issuance takes.
 */

/* One P-256 verification and one signature, with nothing around. */
static double limit_us(void)
{
    enum {
        N = 200
    };
    static const uint8_t digest[32] = { 1 };
    struct bm_signer *signer;
    EVP_PKEY_CTX *verify;
    EVP_PKEY_CTX *sign;
    uint8_t signature[80];
    size_t n = sizeof signature;
    double cpu;

    large_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &signer) == BM_OK,
               "key");
    verify = EVP_PKEY_CTX_new(bm_openssl_signer_pkey(signer), NULL);
    sign = EVP_PKEY_CTX_new(bm_openssl_signer_pkey(signer), NULL);
    large_must(verify != NULL && sign != NULL &&
                   EVP_PKEY_verify_init(verify) == 1 &&
                   EVP_PKEY_sign_init(sign) == 1,
               "contexts");
    cpu = large_cpu();
    for (unsigned i = 0; i < N; i++) {
        n = sizeof signature;
        large_must(
            EVP_PKEY_sign(sign, signature, &n, digest, sizeof digest) == 1 &&
                EVP_PKEY_verify(verify, signature, n, digest, sizeof digest) ==
                    1,
            "signature");
    }
    cpu = large_cpu() - cpu;
    EVP_PKEY_CTX_free(verify);
    EVP_PKEY_CTX_free(sign);
    bm_openssl_signer_free(signer);
    return cpu / N * 1e6;
}

/* Long enough that checkpoints and merges have their share in each round. */
#define RATE_ROUNDS 11
#define RATE_TIMES  (LARGE_GROUP * 160)

static double put_us(struct store *s, uint64_t first)
{
    double cpu = large_cpu();

    large_issue(s, first, RATE_TIMES);
    return (large_cpu() - cpu) / RATE_TIMES * 1e6;
}

void large_rate(const char *path, uint64_t rows)
{
    double large[RATE_ROUNDS];
    double empty[RATE_ROUNDS];
    double limit[RATE_ROUNDS];
    char other[512];
    struct store *s = large_open(path, false);
    struct store *e;
    double l;
    double m;

    (void)snprintf(other, sizeof other, "%s.empty", path);
    for (size_t r = 0; r < RATE_ROUNDS; r++) {
        limit[r] = limit_us();
        large[r] = put_us(s, rows + r * RATE_TIMES);
        (void)unlink(other);
        e = large_open(other, true);
        empty[r] = put_us(e, 0);
        e->close(e->self);
    }
    (void)unlink(other);
    l = large_median(large, RATE_ROUNDS);
    m = large_median(limit, RATE_ROUNDS);
    printf("\nput a certificate in groups of %d, us of CPU time    ratio\n",
           LARGE_GROUP);
    printf("  %-44s %10.2f\n", "limit: verify and sign", m);
    printf("  %-44s %10.2f %8.2f\n", "empty store",
           large_median(empty, RATE_ROUNDS),
           m / (m + large_median(empty, RATE_ROUNDS)));
    printf("  %-44s %10.2f %8.2f\n", "this store", l, m / (m + l));
    printf("  %-44s %10.1f\n", "resident memory, MB", large_resident() / 1e6);
    printf("  ratio: limit / (limit + store)\n");
    s->close(s->self);
}

/*
 * A list of a million.
 */
#define REVOKED 1000000

static void revoke(struct store *s, uint64_t rows)
{
    struct large_row row;
    struct store_revocation entry = { .revoked = 1770000000,
                                      .expires = 1860000000,
                                      .reason = 1 };

    large_must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (uint64_t i = 0; i < REVOKED; i++) {
        large_row_make(&row, i * (rows > REVOKED ? rows / REVOKED : 1));
        entry.serial = BM_ARRAY(row.serial);
        large_must(s->revocation_put(s->self, "issuing", &entry) == BM_OK,
                   "revocation");
    }
    large_must(s->commit(s->self) == BM_OK, "commit");
}

struct walk {
    struct store *s;
    struct store_revocations *rows;
};

static bm_status walk_rewind(void *self)
{
    struct walk *w = self;

    return w->s->revocations_rewind(w->rows);
}

static bm_status walk_next(void *self, struct bm_crl_entry *entry)
{
    struct walk *w = self;
    struct store_revocation row;

    BM_TRY(w->s->revocations_next(w->rows, &row));
    memset(entry, 0, sizeof *entry);
    entry->serial = row.serial;
    entry->revoked_at = row.revoked;
    entry->reason = row.reason;
    return BM_OK;
}

static bm_status sink(void *self, struct bm_bytes octets)
{
    *(uint64_t *)self += octets.n;
    return BM_OK;
}

static void write_list(struct store *s, uint64_t *octets)
{
    static const uint8_t number[] = { 1 };
    struct bm_crypto *crypto;
    struct bm_signer *signer;
    struct bm_crl_writer writer;
    struct walk walk = { s, NULL };
    const struct bm_crl_source source = { &walk, walk_rewind, walk_next };
    const struct bm_crl_sink out = { octets, sink };
    struct bm_crl_config config = { .this_update = 1770000000,
                                    .next_update = 1770600000,
                                    .number = BM_ARRAY(number),
                                    .aki = BM_LIT("0123456789abcdefghij"),
                                    .sig_alg = BM_SIG_ECDSA_SHA256 };
    const struct store_revocations_of of = { .ca = "issuing" };
    struct bm_wr none = { NULL, 0, 0 };
    struct bm_wr sig;
    struct bm_wr name;
    uint8_t sig_octets[100];
    uint8_t name_octets[100];
    size_t bad;

    large_must(bm_openssl_new(&crypto) == BM_OK, "cryptography");
    large_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &signer) == BM_OK,
               "key");
    bm_wr_init(&name, name_octets, sizeof name_octets);
    bm_wr_init(&sig, sig_octets, sizeof sig_octets);
    large_must(bm_name_from_text(BM_LIT("CN=Issuing"), &name, &bad) == BM_OK,
               "name");
    config.issuer = bm_wr_bytes(&name);
    config.crypto = crypto;
    large_must(s->revocations_open(s->self, &of, &walk.rows) == BM_OK, "walk");
    large_must(bm_crl_writer_open(&writer, &config, &source) == BM_OK &&
                   bm_crl_writer_sign(&writer, signer, &none, &sig) == BM_OK &&
                   bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &out) == BM_OK,
               "list");
    bm_crl_writer_close(&writer);
    s->revocations_close(walk.rows);
    bm_openssl_signer_free(signer);
    bm_openssl_free(crypto);
}

void large_crl(const char *path, uint64_t rows)
{
    struct store *s = large_open(path, false);
    uint64_t octets = 0;
    double put = large_cpu();
    double before;
    double cpu;

    revoke(s, rows);
    s->close(s->self);
    put = large_cpu() - put;
    s = large_open(path, false);
    large_must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    before = large_resident();
    cpu = large_cpu();
    write_list(s, &octets);
    cpu = large_cpu() - cpu;
    printf("\nrevocation list of %d\n", REVOKED);
    printf("  %-44s %10.2f\n", "putting an entry, us", put / REVOKED * 1e6);
    printf("  %-44s %10.2f\n", "CPU time of the list, s", cpu);
    printf("  %-44s %10.1f\n", "octets, MB", (double)octets / 1e6);
    printf("  %-44s %10.1f\n", "memory it took, MB",
           (large_resident() - before) / 1e6);
    s->close(s->self);
}
