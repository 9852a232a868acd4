/* SPDX-License-Identifier: Apache-2.0 */

/* The rest, each beside what it cannot do without. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "core/cms.h"
#include "core/crl.h"
#include "core/csr.h"
#include "ports/openssl/openssl.h"

struct formats {
    struct bm_crypto *crypto;
    struct bm_signer *signer;
    uint8_t digest[32];
    uint8_t out[2048];
};

static void *open_formats(void)
{
    struct formats *f = calloc(1, sizeof *f);

    bench_must(f != NULL && bm_openssl_new(&f->crypto) == BM_OK &&
                   bm_openssl_signer_generate(BM_KEY_P256, 0, &f->signer) ==
                       BM_OK,
               "provider");
    return f;
}

static void close_formats(void *context)
{
    struct formats *f = context;

    bm_openssl_signer_free(f->signer);
    bm_openssl_free(f->crypto);
    free(f);
}

static void sign(void *context)
{
    struct formats *f = context;
    struct bm_wr w;

    bm_wr_init(&w, f->out, sizeof f->out);
    bench_must(f->signer->sign_hash(f->signer->self, BM_ARRAY(f->digest), &w) ==
                   BM_OK,
               "sign");
}

static void build_csr(void *context)
{
    struct formats *f = context;
    struct bm_csr_config config = { .challenge = BM_LIT("channel binding") };
    struct bm_wr w;
    uint8_t subject[2] = { BM_DER_SEQUENCE, 0 };

    config.subject = BM_ARRAY(subject);
    bm_wr_init(&w, f->out, sizeof f->out);
    bench_must(bm_csr_build(&config, f->signer, &w) == BM_OK, "bm_csr_build");
}

static void bench_csr(void)
{
    static const struct bench_op ops[] = {
        { "sign", open_formats, sign, close_formats, 200 },
        { "bm_csr_build", open_formats, build_csr, close_formats, 200 },
    };
    double ns[2];

    bench_measure(ops, 2, 1, ns);
    bench_head("build a request", "us");
    bench_limit("limit: one signature", ns[0] / 1e3);
    bench_row("bm_csr_build", ns[1] / 1e3, ns[0] / ns[1], 0.85);
}

/* A list of LIST_ENTRIES, made once, read in chunks of LIST_CHUNK. */
#define LIST_ENTRIES 20000
#define LIST_MAX     (1u << 20)
#define LIST_CHUNK   4096

static uint8_t list[LIST_MAX];
static size_t list_n;

struct entries {
    uint32_t i;
};

static bm_status rewind_entries(void *self)
{
    struct entries *e = self;

    e->i = 0;
    return BM_OK;
}

static bm_status next_entry(void *self, struct bm_crl_entry *entry)
{
    static uint8_t serial[16];
    struct entries *e = self;

    if (e->i == LIST_ENTRIES) {
        return BM_E_END;
    }
    e->i++;
    serial[0] = 0x40;
    serial[14] = (uint8_t)(e->i >> 8);
    serial[15] = (uint8_t)e->i;
    *entry = (struct bm_crl_entry){ .serial = BM_ARRAY(serial),
                                    .revoked_at = 1700000000 };
    return BM_OK;
}

static bm_status put_list(void *self, struct bm_bytes octets)
{
    (void)self;
    bench_must(octets.n <= LIST_MAX - list_n, "list too long");
    memcpy(list + list_n, octets.p, octets.n);
    list_n += octets.n;
    return BM_OK;
}

static void write_list(void *context)
{
    static const uint8_t issuer[] = { 0x30, 0x0d, 0x31, 0x0b, 0x30,
                                      0x09, 0x06, 0x03, 0x55, 0x04,
                                      0x06, 0x13, 0x02, 'D',  'E' };
    struct formats *f = context;
    struct entries entries = { 0 };
    const struct bm_crl_source source = { &entries, rewind_entries,
                                          next_entry };
    const struct bm_crl_sink sink = { NULL, put_list };
    const struct bm_crl_config config = {
        .issuer = BM_ARRAY(issuer),
        .this_update = 1700000000,
        .next_update = 1700086400,
        .number = BM_LIT("\x01"),
        .aki = BM_LIT("0123456789abcdefghij"),
        .crypto = f->crypto,
        .sig_alg = f->signer->alg,
    };
    struct bm_crl_writer w;
    struct bm_wr memory = { NULL, 0, 0 };
    struct bm_wr sig;

    list_n = 0;
    bm_wr_init(&sig, f->out, sizeof f->out);
    bench_must(bm_crl_writer_open(&w, &config, &source) == BM_OK &&
                   bm_crl_writer_sign(&w, f->signer, &memory, &sig) == BM_OK &&
                   bm_crl_writer_put(&w, bm_wr_bytes(&sig), &sink) == BM_OK,
               "bm_crl_writer");
    bm_crl_writer_close(&w);
}

static void *open_list(void)
{
    void *f = open_formats();

    write_list(f);
    return f;
}

static void read_list(void *context)
{
    struct formats *f = context;
    struct bm_crl_reader r;
    enum bm_crl_event event = BM_CRL_MORE;
    uint32_t n = 0;

    bm_crl_reader_open(&r, f->crypto);
    for (size_t at = 0; at < list_n; at += LIST_CHUNK) {
        size_t left = list_n - at;

        bm_crl_reader_feed(
            &r, (struct bm_bytes){ list + at,
                                   left < LIST_CHUNK ? left : LIST_CHUNK });
        do {
            bench_must(bm_crl_reader_next(&r, &event) == BM_OK, "CRL");
            n += event == BM_CRL_ENTRY ? 1 : 0;
        } while (event != BM_CRL_MORE && event != BM_CRL_END);
    }
    bench_must(event == BM_CRL_END && n == LIST_ENTRIES &&
                   bm_crl_reader_verify(&r, &f->signer->key) == BM_OK,
               "CRL");
    bm_crl_reader_close(&r);
}

static void hash_list(void *context)
{
    struct formats *f = context;

    bench_must(f->crypto->hash(f->crypto->self, BM_HASH_SHA256,
                               (struct bm_bytes){ list, list_n },
                               f->digest) == BM_OK,
               "hash");
}

static void read_theirs(void *context)
{
    const uint8_t *p = list;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)list_n);
    struct formats *f = context;

    bench_must(crl != NULL &&
                   X509_CRL_verify(crl, bm_openssl_signer_pkey(f->signer)) == 1,
               "d2i_X509_CRL");
    X509_CRL_free(crl);
}

static double mb_per_s(double ns)
{
    return (double)list_n * 1e3 / ns;
}

/* One list for all: the signer that is at hand when it is read made it. */
static void bench_crl(void)
{
    double ns[4];
    static const struct bench_op ops[] = {
        { "hash", open_list, hash_list, close_formats, 2 },
        { "write", open_list, write_list, close_formats, 1 },
    };
    static const struct bench_op readers[] = {
        { "read", open_list, read_list, close_formats, 1 },
    };
    static const struct bench_op theirs[] = {
        { "d2i_X509_CRL", open_list, read_theirs, close_formats, 1 },
    };

    bench_measure(ops, 2, 1, ns);
    bench_measure(readers, 1, 1, &ns[2]);
    bench_measure(theirs, 1, 1, &ns[3]);
    bench_head("revocation list of 20,000 entries, as a stream", "MB/s");
    bench_limit("limit: SHA-256 alone", mb_per_s(ns[0]));
    bench_rate("write and sign (three passes)", mb_per_s(ns[1]), ns[0] / ns[1]);
    bench_rate("read and verify, in chunks of 4 KB", mb_per_s(ns[2]),
               ns[0] / ns[2]);
    bench_rate("d2i_X509_CRL and X509_CRL_verify", mb_per_s(ns[3]),
               ns[0] / ns[3]);
}

void bench_formats(void)
{
    bench_csr();
    bench_crl();
}
