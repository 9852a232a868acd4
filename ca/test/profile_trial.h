/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_PROFILE_TRIAL_H
#define BM_CA_TEST_PROFILE_TRIAL_H

#include "ca/test/profile_world.h"

/* A request under a profile of few lines, and what came of it. */

static const struct bm_bytes nothing = { NULL, 0 };

#define HEAD          \
    "profile: p\n"    \
    "about: a test\n" \
    "ca: issuing\n"
#define PLAIN                       \
    HEAD "by: [operator]\n"         \
         "keys: [p256]\n"           \
         "subject_key_id: none\n"   \
         "authority_key_id: true\n" \
         "validity: { for: 90d, nested: true }\n"
#define ANY_CN "subject: [ { attribute: CN, from: request } ]\n"

struct trial {
    struct ca_profile *profile;
    struct ca_profile_request request;
    struct bm_csr csr;
    struct bm_cert cert; /* of `tbs`, once checked */
    struct ca_refusal why;
    uint8_t buf[4096];
    uint8_t octets[4096];
    struct bm_wr tbs;
};

static inline void begin_by(struct trial *t, const char *text,
                            const char *subject, struct bm_bytes exts,
                            const struct bm_cert *issuer)
{
    memset(t, 0, sizeof *t);
    t->profile = world_parse(world_view(text), "p");
    CHECK_STATUS(world_bind(t->profile, issuer, &t->why), BM_OK);
    world_csr(subject, exts, bm_test_signer_nth(BM_KEY_P256, 2), t->buf,
              &t->csr);
    t->request = world_request(&t->csr);
    bm_wr_init(&t->tbs, t->octets, sizeof t->octets);
}

static inline void begin(struct trial *t, const char *text, const char *subject,
                         struct bm_bytes exts)
{
    begin_by(t, text, subject, exts, &world.ca);
}

/* Fill; what is filled must be accepted, and what is refused leaves nothing. */
static inline bm_status fill(struct trial *t)
{
    bm_status rc;

    t->tbs.len = 0;
    t->why = (struct ca_refusal){ .status = BM_OK };
    rc = ca_profile_fill(t->profile, &t->request, &t->tbs, &t->why);
    if (rc != BM_OK) {
        CHECK(t->tbs.len == 0 && t->why.status == rc);
        return rc;
    }
    CHECK_STATUS(
        ca_profile_check(t->profile, bm_wr_bytes(&t->tbs), &t->cert, &t->why),
        BM_OK);
    if (t->why.status != BM_OK) {
        printf("# %s\n", t->why.words);
    }
    return BM_OK;
}

static inline void end(struct trial *t)
{
    ca_profile_free(t->profile);
}

static inline void check_words(const struct trial *t, const char *words)
{
    if (strncmp(t->why.words, words, strlen(words)) != 0) {
        printf("# got %s, want %s\n", t->why.words, words);
        CHECK(!"the refusal is another one");
    }
}

/* Elements of GeneralNames in tables. */
#define GN(octets) BM_LIT_INIT(octets)

/* The extension of up to three names; nothing without any. */
static inline struct bm_bytes put_names(const struct bm_bytes gn[3],
                                        uint8_t buf[512])
{
    struct bm_wr w;
    struct bm_ext_mark m;
    size_t list;

    bm_wr_init(&w, buf, 512);
    m = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), false);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < 3; i++) {
        bm_wr_put(&w, gn[i]);
    }
    bm_der_close(&w, list);
    bm_ext_close(&w, &m);
    return gn[0].n != 0 ? bm_wr_bytes(&w) : nothing;
}

#endif
