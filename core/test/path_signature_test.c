/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include "core/test/path_pool.h"
#include "tests/harness/test_crypto.h"

/*
 * The same with the platform's cryptography: keys and signatures are those of
 * the test signers, P-256 under the numbers 0 to 3.
 */

static const struct bm_signer *p256(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

static struct bm_path_config real_chain(void)
{
    static const struct spec root = {
        .subject = "Root", .issuer = "Root", .key = 0, .signer = 0, .ca = true
    };
    const struct spec cas[] = { ca("Sub", 1, "Root", 0),
                                ca("Sub", 2, "Root", 0) };
    struct bm_path_config config;

    maker_signer = p256;
    config = begin(cas, 2);
    config.crypto = bm_test_crypto();
    make(&anchors[0], &root);
    make(&leaf,
         &(struct spec){
             .subject = "Leaf", .issuer = "Sub", .key = 3, .signer = 2 });
    return config;
}

static void real_signatures_are_verified(void)
{
    struct bm_path_config config = real_chain();

    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.step[1].cert == &pool[1]);
    config.pool_n = 1; /* the CA of the other key is left */
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_SIGNATURE);
}

/* A bit of the signed part or of the signature, where it still parses. */
static void a_changed_certificate_is_refused(void)
{
    struct bm_path_config config = real_chain();
    struct bm_bytes der = leaf.der;
    uint8_t *octets = maker_room + (der.p - maker_room);
    unsigned parsed = 0;

    for (size_t i = 7; i < der.n; i += 31) {
        struct bm_cert changed;

        octets[i] ^= 1;
        if (bm_cert_parse(der, BM_STRICT, NULL, &changed) == BM_OK) {
            CHECK(bm_path_find(&path, &config, &changed) != BM_OK);
            parsed++;
        }
        octets[i] ^= 1;
    }
    CHECK(parsed > 3);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
}

int main(void)
{
    RUN(real_signatures_are_verified);
    RUN(a_changed_certificate_is_refused);
    return bm_test_done();
}
