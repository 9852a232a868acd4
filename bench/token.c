/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Issuance by a key in a PKCS#11 token, SoftHSM's, which signs in this
 * process: so CPU time is what it takes. The limit is C_Sign by itself on the
 * same token, and one bare verification of the request; what the token signed
 * is verified as well, which is part of ours.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/authority.h"
#include "bench/bench.h"
#include "keys/pkcs11_internal.h"
#include "keys/test/token.h"

#define URI "pkcs11:token=one;object=issuing"

/* Warming up and all rounds, of which each runs TIMES_n groups. */
#define CALLS   32
#define TIMES_1 8
#define TIMES_8 2

static struct token_world world;
static struct bench_authority authority;

/* ---- The limit */

static void must(ck_rv_t rv, const char *what)
{
    bench_must(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ||
                   rv == CKR_USER_ALREADY_LOGGED_IN,
               what);
}

struct raw {
    struct ck_function_list *f;
    ck_session_handle_t session;
    ck_object_handle_t key;
};

static void find_key(struct raw *r)
{
    ck_object_class_t class = CKO_PRIVATE_KEY;
    struct ck_attribute wanted = { CKA_CLASS, &class, sizeof class };
    unsigned long n = 0;

    must(r->f->C_FindObjectsInit(r->session, &wanted, 1), "C_FindObjectsInit");
    must(r->f->C_FindObjects(r->session, &r->key, 1, &n), "C_FindObjects");
    must(r->f->C_FindObjectsFinal(r->session), "C_FindObjectsFinal");
    bench_must(n == 1, "key");
}

static void *open_raw(void)
{
    struct raw *r = calloc(1, sizeof *r);
    unsigned char pin[] = TOKEN_PIN;
    ck_slot_id_t slots[4];
    unsigned long n = 4;

    bench_must(r != NULL, "memory");
    r->f = p11_kit_module_load(TOKEN_MODULE, P11_KIT_MODULE_UNMANAGED);
    bench_must(r->f != NULL, "module");
    must(r->f->C_Initialize(NULL), "C_Initialize");
    must(r->f->C_GetSlotList(1, slots, &n), "C_GetSlotList");
    must(r->f->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL,
                             &r->session),
         "C_OpenSession");
    must(r->f->C_Login(r->session, CKU_USER, pin, sizeof TOKEN_PIN - 1),
         "C_Login");
    find_key(r);
    return r;
}

static void run_raw(void *context)
{
    const struct raw *r = context;
    struct ck_mechanism ecdsa = { CKM_ECDSA, NULL, 0 };
    unsigned char digest[32] = { 1 };
    unsigned char sig[64];
    unsigned long n = sizeof sig;

    must(r->f->C_SignInit(r->session, &ecdsa, r->key), "C_SignInit");
    must(r->f->C_Sign(r->session, digest, sizeof digest, sig, &n), "C_Sign");
}

static void close_raw(void *context)
{
    struct raw *r = context;

    (void)r->f->C_CloseSession(r->session);
    p11_kit_module_release(r->f);
    free(r);
}

/* ---- Ours */

struct ours {
    struct bm_key_provider *provider;
    struct bm_key *key;
};

static void *open_key(void)
{
    struct ours *o = calloc(1, sizeof *o);

    bench_must(o != NULL, "memory");
    o->provider = token_provider(&world);
    bench_must(o->provider->open(o->provider->self, &URI[strlen("pkcs11:")],
                                 &o->key) == BM_OK,
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
    bm_key_pkcs11_free(o->provider);
    free(o);
}

static void import(struct bm_bytes pem)
{
    const char *argv[] = { "softhsm2-util", "--import", NULL,
                           "--token",       "one",      "--label",
                           "issuing",       "--id",     "01",
                           "--pin",         TOKEN_PIN,  NULL };

    folder_put(&world.f, "pem", pem, 0600);
    argv[2] = folder_file(&world.f, "pem");
    bench_must(token_run(argv) == 0, "softhsm2-util --import");
    (void)unlink(folder_file(&world.f, "pem"));
}

static void *open_1(void)
{
    return bench_groups_open(&authority, 1, CALLS * TIMES_1);
}

static void *open_8(void)
{
    return bench_groups_open(&authority, 8, CALLS * TIMES_8);
}

static void *open_64(void)
{
    return bench_groups_open(&authority, 64, CALLS);
}

static void *open_256(void)
{
    return bench_groups_open(&authority, 256, CALLS);
}

static void make_world(void)
{
    char yaml[1024];

    token_world_make(&world);
    bench_authority_open(&authority);
    (void)snprintf(yaml, sizeof yaml,
                   "tokens: { modules: [%s], pin: \"%s\" }\n", TOKEN_MODULE,
                   world.pin_file);
    bench_authority_move_key(&authority, URI, yaml, import);
}

static const struct bench_op ops[] = {
    BENCH_RAW_VERIFY,
    { "C_Sign", open_raw, run_raw, close_raw, 50 },
    { "a signature, verified", open_key, run_key, close_key, 50 },
    { "one at a time", open_1, bench_groups_run, bench_groups_close, TIMES_1 },
    { "in groups of 8", open_8, bench_groups_run, bench_groups_close, TIMES_8 },
    { "in groups of 64", open_64, bench_groups_run, bench_groups_close, 1 },
    { "in groups of 256", open_256, bench_groups_run, bench_groups_close, 1 },
};
static const size_t group[] = { 0, 0, 0, 1, 8, 64, 256 };
#define OPS (sizeof ops / sizeof ops[0])

void bench_token(void)
{
    const char *title = "a key in a PKCS#11 token (SoftHSM), one core";
    double ns[OPS];
    double limit;

    if (access(TOKEN_MODULE, F_OK) != 0) {
        bench_skip(title, TOKEN_MODULE " is not there");
        return;
    }
    make_world();
    bench_measure(ops, OPS, 1, ns);
    limit = ns[0] + ns[1];
    bench_head(title, "us");
    bench_limit("limit: C_Sign", ns[1] / 1e3);
    bench_limit("     + EVP_PKEY_verify", ns[0] / 1e3);
    bench_note("a signature, verified", ns[2] / 1e3, limit / 1e3);
    for (size_t i = 3; i < OPS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "durable certificates, %s",
                       ops[i].name);
        bench_note(name, ns[i] / (double)group[i] / 1e3, limit / 1e3);
    }
    bench_limit("thousand certificates per second of CPU time",
                1e6 * (double)group[OPS - 1] / ns[OPS - 1]);
    bench_authority_close(&authority);
    token_world_remove(&world);
}
