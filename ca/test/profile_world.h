/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_PROFILE_WORLD_H
#define BM_CA_TEST_PROFILE_WORLD_H

#include <stdlib.h>

#include "ca/profile.h"
#include "core/oid.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * A root and an issuing CA made by their own profiles, and requests of
 * devices: what tests of profiles have in common.
 */

#define WORLD_NOW INT64_C(1795600000) /* 2026-11-25 */
#define WORLD_URL "http://ca.example:8080"

#define WORLD_ROOM 16384

static const uint8_t world_serial[16] = { 1, 0x9a, 2, 3, 4,  5,  6,  7,
                                          8, 9,    8, 7, 10, 11, 12, 13 };

static struct {
    uint8_t root_der[2048];
    uint8_t ca_der[2048];
    struct bm_cert root;
    struct bm_cert ca;
} world;

static inline struct bm_bytes world_view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static inline struct bm_bytes world_shipped(const char *name)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return world_view(p->text);
        }
    }
    return (struct bm_bytes){ NULL, 0 };
}

/* NULL, and a failed check, where it does not parse. */
static inline struct ca_profile *world_parse(struct bm_bytes text,
                                             const char *file)
{
    struct ca_profile *profile;
    struct ca_refusal why = { .status = BM_OK };

    if (ca_profile_parse(text, file, &profile, &why) != BM_OK) {
        printf("# %s\n", why.words);
        CHECK(!"the profile does not parse");
    }
    return profile;
}

static inline bm_status world_bind(struct ca_profile *profile,
                                   const struct bm_cert *issuer,
                                   struct ca_refusal *why)
{
    const struct ca_profile_issuer by = { .id = "issuing-2",
                                          .cert = issuer,
                                          .sig_alg = BM_SIG_ECDSA_SHA256,
                                          .public_url = WORLD_URL,
                                          .crypto = bm_test_crypto() };

    return ca_profile_bind(profile, &by, why);
}

/* A Name from RFC 4514 text, in `buf`. */
static inline struct bm_bytes world_name(const char *text, uint8_t buf[512])
{
    struct bm_wr w;
    size_t bad;

    bm_wr_init(&w, buf, 512);
    CHECK_STATUS(bm_name_from_text(world_view(text), &w, &bad), BM_OK);
    return bm_wr_bytes(&w);
}

/* A request, signed; `buf` holds it. */
static inline void world_csr(const char *subject, struct bm_bytes extensions,
                             const struct bm_signer *signer, uint8_t buf[4096],
                             struct bm_csr *csr)
{
    uint8_t name[512];
    struct bm_csr_config config = { .subject = world_name(subject, name),
                                    .extensions = extensions };
    struct bm_wr w;

    bm_wr_init(&w, buf, 4096);
    CHECK_STATUS(bm_csr_build(&config, signer, &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, csr), BM_OK);
}

static inline struct ca_profile_request world_request(const struct bm_csr *csr)
{
    return (struct ca_profile_request){
        .csr = csr,
        .now = WORLD_NOW,
        .serial = { world_serial, sizeof world_serial },
    };
}

/* Fill, check, and sign by `signer`. */
static inline void world_issue(const struct ca_profile *profile,
                               const struct ca_profile_request *request,
                               const struct bm_signer *signer,
                               uint8_t der[2048], struct bm_cert *cert)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t tbs[2048];
    uint8_t sig[BM_SIGNATURE_MAX];
    struct bm_wr t;
    struct bm_wr s;
    struct bm_wr d;

    bm_wr_init(&t, tbs, sizeof tbs);
    bm_wr_init(&s, sig, sizeof sig);
    bm_wr_init(&d, der, 2048);
    CHECK_STATUS(ca_profile_fill(profile, request, &t, &why), BM_OK);
    CHECK_STATUS(ca_profile_check(profile, bm_wr_bytes(&t), cert, &why), BM_OK);
    if (why.status != BM_OK) {
        printf("# %s\n", why.words);
    }
    CHECK_STATUS(signer->sign(signer->self, bm_wr_bytes(&t), &s), BM_OK);
    bm_cert_assemble(&d, bm_wr_bytes(&t), signer->alg, bm_wr_bytes(&s));
    CHECK_STATUS(bm_cert_parse(bm_wr_bytes(&d), BM_STRICT, NULL, cert), BM_OK);
}

/* Make the root and the CA: keys 0 and 1. */
static inline void world_make(void)
{
    const struct bm_signer *root_key = bm_test_signer_nth(BM_KEY_P256, 0);
    const struct bm_signer *ca_key = bm_test_signer_nth(BM_KEY_P256, 1);
    struct ca_profile *root = world_parse(world_shipped("root"), "root.yaml");
    struct ca_profile *sub =
        world_parse(world_shipped("sub-ca"), "sub-ca.yaml");
    struct ca_refusal why;
    uint8_t buf[4096];
    struct bm_csr csr;
    struct ca_profile_request request;

    CHECK_STATUS(world_bind(root, NULL, &why), BM_OK);
    world_csr("CN=Example Root CA,O=Example", (struct bm_bytes){ NULL, 0 },
              root_key, buf, &csr);
    request = world_request(&csr);
    world_issue(root, &request, root_key, world.root_der, &world.root);

    CHECK_STATUS(world_bind(sub, &world.root, &why), BM_OK);
    world_csr("CN=Example Issuing CA,O=Example", (struct bm_bytes){ NULL, 0 },
              ca_key, buf, &csr);
    request = world_request(&csr);
    world_issue(sub, &request, root_key, world.ca_der, &world.ca);
    ca_profile_free(root);
    ca_profile_free(sub);
}

#endif
