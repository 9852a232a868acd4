/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mutual TLS with keys that are not in this process, or not in the clear: a
 * sealed file, a PKCS#11 token (SoftHSM), a TPM (swtpm). The other end has a
 * key of the test.
 */
#include "keys/test/swtpm.h"
#include "keys/test/token.h"
#include "ports/openssl/openssl_tls.h"
#include "tests/harness/test_tls.h"

static const struct bm_tls *tls;
static struct tls_pair pair;

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

static void take_key(struct tls_end *e, unsigned cert, const struct bm_key *key)
{
    static struct tls_cert made;
    static struct bm_bytes chain;

    tls_make_for(&made, cert, key->signer->key.der);
    chain = (struct bm_bytes){ made.der, made.n };
    e->config.chain = &chain;
    e->config.signer = key->signer;
}

static void check_pair(void)
{
    tls_pair_run(&pair);
    CHECK_STATUS(pair.client.status, BM_OK);
    CHECK_STATUS(pair.server.status, BM_OK);
    tls_pair_close(&pair);
}

/* As a client and as a server, in both versions. */
static void use_key(const struct bm_key *key)
{
    const uint16_t versions[] = { BM_TLS_1_3, BM_TLS_1_2 };

    for (size_t i = 0; i < 2; i++) {
        tls_pair_configure(&pair, tls, tls, versions[i]);
        take_key(&pair.client, TLS_DEVICE, key);
        check_pair();
        tls_pair_configure(&pair, tls, tls, versions[i]);
        take_key(&pair.server, TLS_SERVER, key);
        check_pair();
    }
}

static void use(struct bm_key_provider *p, const char *rest)
{
    struct bm_key *key = NULL;

    CHECK_STATUS(p->generate(p->self, rest, &p256, &key), BM_OK);
    if (key != NULL) {
        use_key(key);
        bm_key_close(key);
    }
}

static void a_key_in_a_sealed_file_does_it(void)
{
    struct folder f = { { 0 }, { 0 } };
    struct bm_kek *kek;
    struct bm_key_provider *p;

    folder_make(&f);
    kek = folder_kek(&f);
    p = folder_provider(&f, kek);
    use(p, "device.key");
    bm_key_file_free(p);
    bm_kek_close(kek);
    folder_remove(&f);
}

static void a_key_in_a_token_does_it(void)
{
    struct token_world w;
    struct bm_key_provider *p;

    token_world_make(&w);
    p = token_provider(&w);
    use(p, "token=one;object=device");
    bm_key_pkcs11_free(p);
    token_world_remove(&w);
}

static void a_key_in_a_tpm_does_it(void)
{
    struct swtpm t;
    struct bm_key_provider *p;

    swtpm_make(&t);
    p = swtpm_provider(&t);
    use(p, "0x81010001");
    bm_key_tpm2_free(p);
    swtpm_remove(&t);
}

static void a_tpm_that_is_gone_is_named(void)
{
    struct swtpm t;
    struct bm_key_provider *p;
    struct bm_key *key = NULL;

    swtpm_make(&t);
    p = swtpm_provider(&t);
    CHECK_STATUS(p->generate(p->self, "0x81010001", &p256, &key), BM_OK);
    tls_pair_configure(&pair, tls, tls, 0);
    take_key(&pair.client, TLS_DEVICE, key);
    swtpm_kill(&t);
    tls_pair_run(&pair);
    CHECK_STATUS(pair.client.status, BM_E_KEYS_GONE);
    CHECK(pair.server.status != BM_OK);
    tls_pair_close(&pair);
    bm_key_close(key);
    bm_key_tpm2_free(p);
    swtpm_remove(&t);
}

int main(void)
{
    tls_must(bm_openssl_tls_new(&tls), "OpenSSL");
    RUN(a_key_in_a_sealed_file_does_it);
    RUN(a_key_in_a_token_does_it);
    RUN(a_key_in_a_tpm_does_it);
    RUN(a_tpm_that_is_gone_is_named);
    bm_openssl_tls_free(tls);
    return bm_test_done();
}
