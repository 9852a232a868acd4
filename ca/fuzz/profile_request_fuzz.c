/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/fuzz/fuzz_profiles.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

/*
 * Whatever a request holds: what a profile fills in, its check accepts, and
 * what it refuses leaves nothing behind. The first octet says which profile,
 * the rest is the request.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

#define PROFILES (sizeof fuzz_profiles / sizeof fuzz_profiles[0])

static struct ca_profile *profiles[PROFILES];

/* A CA of the samples will do: it is P-256 and has a key identifier. */
static void start(void)
{
    static struct bm_cert issuer;
    struct ca_profile_issuer by = { .id = "issuing",
                                    .cert = &issuer,
                                    .sig_alg = BM_SIG_ECDSA_SHA256,
                                    .public_url = "http://ca.example",
                                    .crypto = bm_test_crypto() };

    must(bm_cert_parse(bm_sample("cert", "root-p256"), BM_STRICT, NULL,
                       &issuer) == BM_OK);
    for (size_t i = 0; i < PROFILES; i++) {
        struct bm_bytes text = { (const uint8_t *)fuzz_profiles[i],
                                 strlen(fuzz_profiles[i]) };

        must(ca_profile_parse(text, "p", &profiles[i], NULL) == BM_OK);
        must(ca_profile_bind(profiles[i], &by, NULL) == BM_OK);
    }
}

static bm_status count(void *arg, struct bm_bytes identifier)
{
    size_t *n = arg;

    must(identifier.n >= 3);
    (*n)++;
    return BM_OK;
}

static void try_request(const struct ca_profile *profile,
                        const struct ca_profile_request *request)
{
    static uint8_t room[65536];
    struct ca_refusal why = { .status = BM_OK };
    struct bm_cert cert;
    struct bm_wr w;
    char device[256];
    size_t n = 0;
    bm_status rc;

    bm_wr_init(&w, room, sizeof room);
    rc = ca_profile_fill(profile, request, &w, &why);
    if (rc != BM_OK) {
        must(w.len == 0 && why.status == rc);
        return;
    }
    must(w.len <= w.cap);
    must(ca_profile_check(profile, bm_wr_bytes(&w), &cert, &why) == BM_OK);
    must(bm_bytes_equal(cert.key.der, request->csr->key.der));
    must(bm_bytes_equal(cert.serial, request->serial));
    must(ca_profile_identifiers(profile, &cert, &n, count) == BM_OK);
    if (ca_profile_policy(profile)->device) {
        must(ca_profile_device(profile, request, device, sizeof device, NULL) ==
             BM_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_csr csr;
    struct ca_profile_request request = { .csr = &csr,
                                          .now = INT64_C(1795600000),
                                          .serial = BM_LIT("\x01"
                                                           "23456789abcdef0") };

    if (profiles[0] == NULL) {
        start();
    }
    if (size == 0 || bm_csr_parse((struct bm_bytes){ data + 1, size - 1 }, NULL,
                                  &csr) != BM_OK) {
        return 0;
    }
    try_request(profiles[data[0] % PROFILES], &request);
    request.device = BM_LIT("SN-1");
    try_request(profiles[data[0] % PROFILES], &request);
    return 0;
}
