/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Issuance by a key in a TPM, swtpm's, which is another process: so it is
 * the clock on the wall that counts. The limit is Esys_Sign() by itself, over a
 * connection of its own to the same TPM.
 */
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>

#include "bench/authority.h"
#include "bench/bench.h"
#include "keys/test/swtpm.h"
#include "keys/tpm2_internal.h"

#define HANDLE   "0x81020001"
#define HANDLE_N 0x81020001u
#define ROUNDS   15
#define TIMES    10
#define GROUP    64

static struct swtpm tpm;
static struct bench_authority authority;

struct raw {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR key;
};

static void *open_raw(void)
{
    struct raw *r = calloc(1, sizeof *r);

    bench_must(
        r != NULL && tpm2_tcti_open(tpm.tcti, &r->tcti) == BM_OK &&
            Esys_Initialize(&r->esys, r->tcti, NULL) == TSS2_RC_SUCCESS &&
            Esys_TR_FromTPMPublic(r->esys, HANDLE_N, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &r->key) == TSS2_RC_SUCCESS,
        "ESYS");
    return r;
}

static void run_raw(void *context)
{
    static const TPM2B_DIGEST digest = { .size = 32, .buffer = { 1 } };
    static const TPMT_SIG_SCHEME ecdsa = {
        .scheme = TPM2_ALG_ECDSA,
        .details = { .ecdsa = { .hashAlg = TPM2_ALG_SHA256 } }
    };
    static const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK,
                                                 .hierarchy = TPM2_RH_NULL };
    const struct raw *r = context;
    TPMT_SIGNATURE *sig = NULL;

    bench_must(Esys_Sign(r->esys, r->key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                         ESYS_TR_NONE, &digest, &ecdsa, &no_ticket,
                         &sig) == TSS2_RC_SUCCESS,
               "Esys_Sign");
    Esys_Free(sig);
}

static void close_raw(void *context)
{
    struct raw *r = context;

    Esys_Finalize(&r->esys);
    tpm2_tcti_close(r->tcti);
    free(r);
}

struct ours {
    struct bm_key_provider *provider;
    struct bm_key *key;
};

static void *open_key(void)
{
    struct ours *o = calloc(1, sizeof *o);

    bench_must(o != NULL, "memory");
    o->provider = swtpm_provider(&tpm);
    bench_must(o->provider->open(o->provider->self, HANDLE, &o->key) == BM_OK,
               "key");
    return o;
}

static void run_key(void *context)
{
    const struct ours *o = context;
    const struct bm_signer *s = o->key->signer;
    const uint8_t digest[32] = { 1 };
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    bench_must(s->sign_hash(s->self, BM_ARRAY(digest), &sig) == BM_OK, "sign");
}

static void close_key(void *context)
{
    struct ours *o = context;

    bm_key_close(o->key);
    bm_key_tpm2_free(o->provider);
    free(o);
}

/* A key of the CA's certificate: made elsewhere, and brought here. */
static void import(struct bm_bytes pem)
{
    static const char *const tools[][14] = {
        { "tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "parent" },
        { "tpm2_import", "-C", "parent", "-G", "ecc", "-i", "pem", "-u", "pub",
          "-r", "priv", "-a", "userwithauth|sign" },
        { "tpm2_flushcontext", "-t" },
        { "tpm2_load", "-C", "parent", "-u", "pub", "-r", "priv", "-c", "key" },
        { "tpm2_flushcontext", "-t" },
        { "tpm2_evictcontrol", "-C", "o", "-c", "key", HANDLE },
        { "tpm2_flushcontext", "-t" },
    };

    folder_put(&tpm.f, "pem", pem, 0600);
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        bench_must(swtpm_tool(&tpm, tools[i]) == 0, tools[i][0]);
    }
    (void)unlink(folder_file(&tpm.f, "pem"));
}

static void *open_groups(void)
{
    return bench_groups_open(&authority, GROUP, ROUNDS + 1);
}

static const struct bench_op ops[] = {
    { "Esys_Sign", open_raw, run_raw, close_raw, TIMES },
    { "a signature, verified", open_key, run_key, close_key, TIMES },
    { "groups", open_groups, bench_groups_run, bench_groups_close, 1 },
};
#define OPS (sizeof ops / sizeof ops[0])

static void make_world(void)
{
    char yaml[1024];

    swtpm_make(&tpm);
    bench_authority_open(&authority);
    (void)snprintf(yaml, sizeof yaml, "tokens: { tpm: \"%s\" }\n", tpm.tcti);
    bench_authority_move_key(&authority, "tpm2:" HANDLE, yaml, import);
}

void bench_tpm(void)
{
    const char *title = "a key in a TPM (swtpm), by the clock";
    double ns[OPS];

    if (access("/usr/bin/swtpm", X_OK) != 0) {
        bench_skip(title, "swtpm is not there");
        return;
    }
    make_world();
    bench_measure_wall(ops, OPS, ROUNDS, ns);
    bench_head(title, "1/s");
    bench_limit("limit: Esys_Sign", 1e9 / ns[0]);
    bench_rate("a signature, verified", 1e9 / ns[1], ns[0] / ns[1]);
    bench_rate("durable certificates in groups of 64", 1e9 * GROUP / ns[2],
               ns[0] * GROUP / ns[2]);
    bench_authority_close(&authority);
    swtpm_remove(&tpm);
}
