/* SPDX-License-Identifier: Apache-2.0 */

/* The rest, each beside what it cannot do without. */
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

void bench_formats(void)
{
    bench_csr();
}
