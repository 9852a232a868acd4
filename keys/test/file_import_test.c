/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pem.h"
#include "keys/test/folder.h"
#include "tests/harness/test_crypto.h"

/* openssl genpkey; published here, so they protect nothing */
static const char rsa1024[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBAN8RcADwIPx5WGuB\n"
    "D/8+NYfP3LQ57oVYFmIIcbXdp+Yv1s566+Mhjonc2QMK4nGzQe04LMZ6HFqkO6mS\n"
    "hBcJsIE0xydOpeGeULm/igmVKl8Kchu8n/ZyW809v55fKxQrZeHIx8lzpmf4UKgZ\n"
    "1XVaHGK2aApb76DuNDq8VAP94ux7AgMBAAECgYEAhxidd8P2hlHLbhhVIuV/MAiA\n"
    "hxpKzbFCpQ6uJ1Hd3Lf+ZUDm2cE5/V6mg4Q1Dl1dQRjzbSUJRRAQHivhGb7BiO0c\n"
    "pu2b4fepxSKefhm1iHiqbM0JaUNm0Zxv/j8NYPL9X1iM231bbk+li5/XP7cxRYpg\n"
    "d9TlPuSUFLvGsiR9aPkCQQD79P4AP8NsOB+Y/86EuB4HsFshkh3EuvdfY+gNHyhX\n"
    "F29CQoB1Z/g8bmKZ9O6OYKogvOtfgAu7YMm4PuPdOIKdAkEA4qXF/XsJl2e62ue/\n"
    "oE45XCiV2m9l56GJ0tDMQzOUx7U106CCdAf2oAPd61ah1KWjeF3oqc6BmUF62/sv\n"
    "UNRT9wJBANd0FshLvmcKTyrchNNFRpi4nBVHB6G1Z9fwbPzbifl/lqqIh6TeNY4n\n"
    "rrWMl3q0+oZoRrYxntaq25RsYxpHOpkCQBVOgkNnGqq6HK3RlYkrcWcBhbzoNgtF\n"
    "e2BvMpSqt7TiizHe6ASibwPx+R3TohkMjUaWhXXZLQPMTRF7FqKho1cCQQCx9aRK\n"
    "ZXCEuRz8qNfmYrmJv1iQBnGS0kzR9e9l105enM0i1410+HlHX/mouMbgXjuN8XtV\n"
    "jVz8ZbY4v1h+lZSo\n"
    "-----END PRIVATE KEY-----\n";

static const char p521[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIB90BP90gQaF7mxYHV\n"
    "2uqpeQcmSd74SwWfVXcb/iPDJPrN/eOo6rLt3UTWEPPNb2g99TbX9UlDcFSQfTdq\n"
    "UjMXudKhgYkDgYYABAG6duRf053/Lo4/bjD6m+M2qs4sFzUNMzLFPt/l82WHbGUO\n"
    "8cIxbcEw1xE3XH6kJuemnQxtMI6PPTivoMDMLjo4LQB9aZZcZ37c3z1P+A7/L1Wc\n"
    "Nv5N6hTJKETQF+EXSRNywy9jLbIizlq4rQ5UPLRx4FkH0bXNz96GX+N9kgSUpcFn\n"
    "kw==\n"
    "-----END PRIVATE KEY-----\n";

static const char x25519[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIOC3pFbB4wTFL4fAKsDR3bP5862QNEvA+Wl9HFmUiilE\n"
    "-----END PRIVATE KEY-----\n";

/* Room for a private key in clear. */
struct clear {
    uint8_t buf[8192];
    struct bm_wr w;
};

static struct bm_bytes pkcs8(const struct bm_signer *signer, struct clear *c)
{
    const struct bm_key_maker *maker = bm_test_key_tools().maker;

    bm_wr_init(&c->w, c->buf, sizeof c->buf);
    CHECK_STATUS(maker->to_pkcs8(maker->self, signer, &c->w), BM_OK);
    return bm_wr_bytes(&c->w);
}

static struct bm_bytes as_pem(struct bm_bytes der, const char *label,
                              struct clear *c)
{
    bm_wr_init(&c->w, c->buf, sizeof c->buf);
    bm_pem_put(&c->w, label, der);
    return bm_wr_bytes(&c->w);
}

struct world {
    struct folder f;
    struct bm_kek *kek;
    struct bm_key_provider *p;
};

static void world_make(struct world *w)
{
    folder_make(&w->f);
    w->kek = folder_kek(&w->f);
    w->p = folder_provider(&w->f, w->kek);
}

static void world_remove(struct world *w)
{
    bm_key_file_free(w->p);
    bm_kek_close(w->kek);
    folder_remove(&w->f);
}

static void an_imported_key_is_the_same_key(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384,
                                              BM_KEY_ED25519, BM_KEY_RSA };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct bm_signer *signer = bm_test_signer(types[i]);
        struct bm_key *key = NULL;
        struct clear der;
        struct clear pem;
        struct clear out;
        struct world w;

        world_make(&w);
        (void)pkcs8(signer, &der);
        (void)as_pem(bm_wr_bytes(&der.w), "PRIVATE KEY", &pem);
        CHECK_STATUS(bm_key_file_import(w.p, "der.key", bm_wr_bytes(&der.w)),
                     BM_OK);
        CHECK_STATUS(bm_key_file_import(w.p, "pem.key", bm_wr_bytes(&pem.w)),
                     BM_OK);
        CHECK_STATUS(w.p->open(w.p->self, "pem.key", &key), BM_OK);
        CHECK(bm_bytes_equal(key->signer->key.der, signer->key.der));
        bm_key_close(key);
        bm_wr_init(&out.w, out.buf, sizeof out.buf);
        CHECK_STATUS(bm_key_file_export(w.p, "der.key", &out.w), BM_OK);
        CHECK_BYTES(out.buf, out.w.len, pem.buf, pem.w.len);
        world_remove(&w);
    }
}

static void what_is_no_private_key_is_refused(void)
{
    struct world w;
    struct clear der;
    struct clear text;
    struct bm_bytes key;

    world_make(&w);
    key = pkcs8(bm_test_signer(BM_KEY_P256), &der);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", BM_LIT("")), BM_E_KEYS_FILE);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", BM_LIT("words\n")),
                 BM_E_KEYS_FILE);
    CHECK_STATUS(bm_key_file_import(
                     w.p, "k.key", as_pem(key, "ENCRYPTED PRIVATE KEY", &text)),
                 BM_E_KEYS_FILE);
    CHECK_STATUS(
        bm_key_file_import(w.p, "k.key", as_pem(key, "EC PRIVATE KEY", &text)),
        BM_E_KEYS_FILE);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key",
                                    as_pem(bm_test_signer(BM_KEY_P256)->key.der,
                                           "PRIVATE KEY", &text)),
                 BM_E_KEYS_FILE);
    for (size_t n = 0; n < key.n; n++) {
        CHECK_STATUS(
            bm_key_file_import(w.p, "k.key", (struct bm_bytes){ key.p, n }),
            BM_E_KEYS_FILE);
    }
    der.buf[key.n] = 0;
    CHECK_STATUS(
        bm_key_file_import(w.p, "k.key", (struct bm_bytes){ key.p, key.n + 1 }),
        BM_E_KEYS_FILE);
    CHECK_STATUS(bm_key_file_import(w.p, "../k.key", key), BM_E_KEYS_URI);
    CHECK(folder_count(&w.f) == 1);
    world_remove(&w);
}

/* RFC 5915 3: a private key may carry a public one, and OpenSSL believes it. */
static void halves_that_do_not_belong_together_are_refused(void)
{
    const struct bm_key_maker *maker = bm_test_key_tools().maker;
    const struct bm_key_spec spec = { BM_KEY_P256, 0 };
    struct bm_signer *signer = NULL;
    struct world w;
    struct clear der;
    struct bm_bytes key;
    size_t scalar = 0;

    world_make(&w);
    CHECK_STATUS(maker->generate(maker->self, &spec, &signer), BM_OK);
    key = pkcs8(signer, &der);
    for (size_t i = 0; scalar == 0 && i + 34 <= key.n; i++) {
        if (key.p[i] == 0x04 && key.p[i + 1] == 0x20) { /* OCTET STRING, 32 */
            scalar = i + 2;
        }
    }
    CHECK(scalar != 0 && scalar + 32 + 65 <= key.n);
    for (size_t i = 0; i < 32; i++) {
        der.buf[scalar + i] ^= 1;
        CHECK_STATUS(bm_key_file_import(w.p, "k.key", key), BM_E_KEYS_FILE);
        der.buf[scalar + i] ^= 1;
    }
    CHECK(folder_count(&w.f) == 1);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", key), BM_OK);
    maker->release(maker->self, signer);
    world_remove(&w);
}

static void an_import_never_overwrites(void)
{
    struct world w;
    struct clear der;
    struct clear before;
    struct clear after;
    struct bm_bytes a;
    struct bm_bytes b;

    world_make(&w);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key",
                                    pkcs8(bm_test_signer(BM_KEY_P256), &der)),
                 BM_OK);
    a = folder_get(&w.f, "k.key", before.buf, sizeof before.buf);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key",
                                    pkcs8(bm_test_signer(BM_KEY_P384), &der)),
                 BM_E_EXISTS);
    b = folder_get(&w.f, "k.key", after.buf, sizeof after.buf);
    CHECK_BYTES(a.p, a.n, b.p, b.n);
    CHECK(folder_count(&w.f) == 2);
    world_remove(&w);
}

/* The maker makes what a port allows; what a file keeps is less. */
static void a_key_beyond_4096_bits_is_refused(void)
{
    const struct bm_key_maker *maker = bm_test_key_tools().maker;
    const struct bm_key_spec spec = { BM_KEY_RSA, 4104 };
    struct bm_signer *signer = NULL;
    struct world w;
    struct clear der;

    world_make(&w);
    CHECK_STATUS(maker->generate(maker->self, &spec, &signer), BM_OK);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", pkcs8(signer, &der)),
                 BM_E_KEY_UNSUPPORTED);
    CHECK(folder_count(&w.f) == 1);
    maker->release(maker->self, signer);
    world_remove(&w);
}

static void a_weak_key_is_refused(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", BM_LIT(rsa1024)),
                 BM_E_PATH_WEAK);
    CHECK(folder_count(&w.f) == 1);
    world_remove(&w);
}

static void a_curve_that_is_not_kept_is_refused(void)
{
    struct world w;

    world_make(&w);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", BM_LIT(p521)),
                 BM_E_KEY_UNSUPPORTED);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key", BM_LIT(x25519)),
                 BM_E_KEY_UNSUPPORTED);
    CHECK(folder_count(&w.f) == 1);
    world_remove(&w);
}

static void nothing_is_exported_that_does_not_open(void)
{
    struct world w;
    struct clear out;
    struct clear der;
    uint8_t file[BM_KEY_FILE_MAX];
    struct bm_bytes text;

    world_make(&w);
    bm_wr_init(&out.w, out.buf, sizeof out.buf);
    CHECK_STATUS(bm_key_file_export(w.p, "k.key", &out.w), BM_E_NOT_FOUND);
    CHECK_STATUS(bm_key_file_import(w.p, "k.key",
                                    pkcs8(bm_test_signer(BM_KEY_P256), &der)),
                 BM_OK);
    text = folder_get(&w.f, "k.key", file, sizeof file);
    folder_put(&w.f, "l.key", text, 0400);
    CHECK_STATUS(bm_key_file_export(w.p, "l.key", &out.w), BM_E_KEYS_FILE);
    CHECK(out.w.len == 0);
    world_remove(&w);
}

int main(void)
{
    RUN(an_imported_key_is_the_same_key);
    RUN(what_is_no_private_key_is_refused);
    RUN(halves_that_do_not_belong_together_are_refused);
    RUN(an_import_never_overwrites);
    RUN(a_key_beyond_4096_bits_is_refused);
    RUN(a_weak_key_is_refused);
    RUN(a_curve_that_is_not_kept_is_refused);
    RUN(nothing_is_exported_that_does_not_open);
    return bm_test_done();
}
