/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_TEST_ROOM_H
#define BM_CEREMONY_TEST_ROOM_H

/* A folder with a root, a stick that is carried in, and one that is carried
 * out. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/ceremony.h"
#include "core/csr.h"
#include "core/oid.h"
#include "core/pem.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"
#include "tests/harness/test_maker.h"

#define ROOM_NOW INT64_C(1795600000)

static const char room_script[] =
    "ceremony: room\n"
    "title: a root for tests\n"
    "root:\n"
    "  subject: [ { O: Example }, { CN: Example Root CA } ]\n"
    "  key: { algorithm: p256, place: file }\n"
    "  validity: { for: 30y }\n"
    "sign:\n"
    "  - { step: issuing, kind: subordinate, request: issuing.csr,\n"
    "      subject: [ { CN: Issuing } ], validity: { for: 10y },\n"
    "      path_len: 0 }\n"
    "  - { step: ours, kind: request }\n"
    "crl: { lifetime: 90d }\n";

/* The secret is random; what makes it slow to guess is tested elsewhere. */
static bm_status room_scrypt(void *self, const struct bm_scrypt_config *config,
                             uint8_t *out, size_t n)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_hkdf_config hkdf = { .hash = BM_HASH_SHA256,
                                         .secret = config->secret,
                                         .salt = config->salt };

    (void)self;
    return crypto->hkdf(crypto->self, &hkdf, out, n);
}

static struct bm_key_maker room_maker;

struct room {
    char base[64];
    char root[128];
    char in[128];
    char out[128];
    struct script script;
    struct ceremony_config config;
};

static inline void room_say(bm_status rc, const struct ca_refusal *why)
{
    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_name(rc), why->words);
    }
}

/* A request of a new key (those of tests are published) in `in`. */
static inline void room_put_request(const struct room *r)
{
    uint8_t name[128];
    uint8_t der[1024];
    uint8_t pem[2048];
    char path[256];
    const struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_csr_config config = { .extensions = { NULL, 0 } };
    struct bm_signer *signer = NULL;
    struct bm_wr w;
    struct bm_wr d;
    struct bm_wr p;
    size_t mark;

    bm_wr_init(&w, name, sizeof name);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    BM_LIT("Issuing"));
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    bm_wr_init(&d, der, sizeof der);
    CHECK_STATUS(room_maker.generate(room_maker.self, &spec, &signer), BM_OK);
    CHECK_STATUS(bm_csr_build(&config, signer, &d), BM_OK);
    room_maker.release(room_maker.self, signer);
    bm_wr_init(&p, pem, sizeof pem);
    bm_pem_put(&p, "CERTIFICATE REQUEST", bm_wr_bytes(&d));
    (void)snprintf(path, sizeof path, "%s/issuing.csr", r->in);
    CHECK_STATUS(files_create(path, bm_wr_bytes(&p), 0644, NULL), BM_OK);
}

static inline void room_open(struct room *r, const char *script)
{
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes text = { (const uint8_t *)script, strlen(script) };
    bm_status rc;

    memset(r, 0, sizeof *r);
    room_maker = *bm_test_key_tools().maker;
    room_maker.scrypt = room_scrypt;
    memcpy(r->base, "/tmp/bm-ceremony-XXXXXX", 24);
    CHECK(mkdtemp(r->base) != NULL);
    (void)snprintf(r->root, sizeof r->root, "%s/root", r->base);
    (void)snprintf(r->in, sizeof r->in, "%s/in", r->base);
    (void)snprintf(r->out, sizeof r->out, "%s/out", r->base);
    CHECK(mkdir(r->in, 0700) == 0 && mkdir(r->out, 0700) == 0);
    rc = script_parse(&r->script, text, "room.yaml", &why);
    room_say(rc, &why);
    CHECK_STATUS(rc, BM_OK);
    r->config =
        (struct ceremony_config){ .script = &r->script,
                                  .tools = { bm_test_crypto(), &room_maker },
                                  .dir = r->root,
                                  .tool = "test",
                                  .act = "test",
                                  .now = ROOM_NOW };
    room_put_request(r);
}

static inline void room_close(struct room *r)
{
    script_free(&r->script);
    CHECK_STATUS(files_remove_tree(r->base, NULL), BM_OK);
}

/* One session: steps, or a list. */
static inline bm_status room_session(struct room *r, bool list)
{
    struct ca_refusal why = { .status = BM_OK };
    static struct ceremony_outcome outcomes[SCRIPT_STEPS_MAX];
    struct ceremony_work work = { .in = r->in,
                                  .out = r->out,
                                  .outcomes = outcomes };
    uint8_t head[TRANSCRIPT_HASH_SIZE];
    struct ceremony *c = NULL;
    bm_status rc = ceremony_open(&r->config, &c, &why);

    if (rc == BM_OK) {
        rc = list ? ceremony_sign_crl(c, r->out, outcomes, &why)
                  : ceremony_sign(c, &work, &why);
    }
    room_say(rc, &why);
    if (c != NULL) {
        CHECK_STATUS(ceremony_close(c, head, &why), BM_OK);
    }
    ceremony_free(c);
    return rc;
}

static inline void room_read(const struct room *r, const char *name,
                             uint8_t **data, size_t *n)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", r->base, name);
    *data = NULL;
    *n = 0;
    if (files_read(path, TRANSCRIPT_MAX, data, n, NULL) != BM_OK) {
        *n = 0;
    }
}

#endif
