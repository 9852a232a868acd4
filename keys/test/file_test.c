/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/test/folder.h"

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

/* Sign with the one, verify with the public half of the other. */
static bm_status agrees(const struct bm_key *a, const struct bm_key *b)
{
    const struct bm_crypto *crypto = bm_test_key_tools().crypto;
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    BM_TRY(a->signer->sign(a->signer->self, BM_LIT("message"), &w));
    return crypto->verify(crypto->self, &b->signer->key, a->signer->alg,
                          BM_LIT("message"), bm_wr_bytes(&w));
}

static void a_key_of_each_type_comes_back(void)
{
    static const struct {
        struct bm_key_spec spec;
        const char *words;
    } rows[] = {
        { { BM_KEY_P256, 0 }, "file k.key, ECDSA P-256, encrypted" },
        { { BM_KEY_P384, 0 }, "file k.key, ECDSA P-384, encrypted" },
        { { BM_KEY_ED25519, 0 }, "file k.key, Ed25519, encrypted" },
        { { BM_KEY_RSA, 2048 }, "file k.key, RSA 2048, encrypted" },
        { { BM_KEY_MLDSA65, 0 }, "file k.key, ML-DSA-65, encrypted" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct folder f;
        struct bm_kek *kek;
        struct bm_key_provider *provider;
        struct bm_key *made = NULL;
        struct bm_key *again = NULL;
        uint8_t buf[128];
        uint8_t spki[4096];
        struct bm_wr w;
        bm_status rc;

        folder_make(&f);
        kek = folder_kek(&f);
        provider = folder_provider(&f, kek);
        {
            const struct bm_key_provider *list[] = { provider, NULL };
            const struct bm_keys keys = { list };

            rc = bm_key_generate(&keys, "file:k.key", &rows[i].spec, &made);
            if (rc == BM_E_CRYPTO_UNSUPPORTED || rc == BM_E_KEY_UNSUPPORTED) {
                CHECK(rows[i].spec.type >= BM_KEY_MLDSA44 && made == NULL);
                CHECK(folder_count(&f) == 1);
            } else {
                CHECK_STATUS(rc, BM_OK);
                CHECK_STATUS(bm_key_open(&keys, "file:k.key", &again), BM_OK);
            }
        }
        if (again != NULL) {
            CHECK(again->signer->key.type == rows[i].spec.type);
            CHECK_STATUS(agrees(made, again), BM_OK);
            CHECK_STATUS(agrees(again, made), BM_OK);
            bm_wr_init(&w, buf, sizeof buf);
            again->describe(again->self, &w);
            CHECK_BYTES(buf, w.len, rows[i].words, strlen(rows[i].words));
            bm_wr_init(&w, spki, sizeof spki);
            CHECK_STATUS(bm_key_file_public(provider, "k.key", &w), BM_OK);
            CHECK_BYTES(spki, w.len, made->signer->key.der.p,
                        made->signer->key.der.n);
            CHECK(folder_mode(&f, "k.key") == 0400);
            CHECK(folder_count(&f) == 2);
        }
        bm_key_close(made);
        bm_key_close(again);
        bm_key_file_free(provider);
        bm_kek_close(kek);
        folder_remove(&f);
    }
}

static void a_key_is_never_overwritten(void)
{
    struct folder f;
    struct bm_kek *kek;
    struct bm_key_provider *p;
    struct bm_key *key = NULL;
    uint8_t before[BM_KEY_FILE_MAX];
    uint8_t after[BM_KEY_FILE_MAX];
    struct bm_bytes a;
    struct bm_bytes b;

    folder_make(&f);
    kek = folder_kek(&f);
    p = folder_provider(&f, kek);
    CHECK_STATUS(p->generate(p->self, "a.key", &p256, &key), BM_OK);
    bm_key_close(key);
    a = folder_get(&f, "a.key", before, sizeof before);
    CHECK_STATUS(p->generate(p->self, "a.key", &p256, &key), BM_E_EXISTS);
    CHECK(key == NULL);
    b = folder_get(&f, "a.key", after, sizeof after);
    CHECK_BYTES(a.p, a.n, b.p, b.n);
    bm_key_file_free(p);
    bm_kek_close(kek);
    folder_remove(&f);
}

int main(void)
{
    RUN(a_key_of_each_type_comes_back);
    RUN(a_key_is_never_overwritten);
    return bm_test_done();
}
