/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signed.h"

#include "core/cms_internal.h"
#include "core/oid.h"
#include "core/test/path_maker.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

#define TYPE      BM_OID_CT_MANIFEST
#define CONTENT   "what is signed"
#define SIGNED_AT INT64_C(1800000000)

static uint8_t signed_room[2048];
static uint8_t message_room[4096];
static struct bm_cert signer_cert;

static const struct bm_signer *p256(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

static struct bm_signed_by usual(void)
{
    maker_reset();
    maker_signer = p256;
    make(&signer_cert, &(struct spec){ .subject = "Bundles",
                                       .issuer = "Root",
                                       .key = 1,
                                       .signer = 0,
                                       .eku = "b" });
    return (struct bm_signed_by){ .crypto = bm_test_crypto(),
                                  .signer = p256(1),
                                  .cert = &signer_cert,
                                  .chain = signer_cert.der };
}

/* Whatever is left of an error is zero. */
static bm_status open_message(struct bm_bytes message,
                              const struct bm_crypto *crypto)
{
    static const struct bm_cert no_cert;
    static const struct bm_cms no_cms;
    struct bm_cert signer;
    struct bm_cms cms;
    bm_status rc;

    memset(&signer, 0xa5, sizeof signer);
    memset(&cms, 0xa5, sizeof cms);
    rc = bm_signed_open(message, BM_LIT(TYPE), crypto, &signer, &cms);
    if (rc == BM_OK) {
        CHECK_BYTES(cms.content.p, cms.content.n, CONTENT, strlen(CONTENT));
        CHECK(signer.key.type == BM_KEY_P256);
    } else {
        CHECK(memcmp(&signer, &no_cert, sizeof signer) == 0);
        CHECK(memcmp(&cms, &no_cms, sizeof cms) == 0);
    }
    return rc;
}

static void what_is_put_opens(void)
{
    struct bm_signed_by by = usual();
    struct bm_wr w;

    bm_wr_init(&w, message_room, sizeof message_room);
    CHECK_STATUS(
        bm_signed_put(&by, BM_LIT(TYPE), BM_LIT(CONTENT), SIGNED_AT, &w),
        BM_OK);
    CHECK_STATUS(open_message(bm_wr_bytes(&w), by.crypto), BM_OK);
}

/* ---- Messages whose signature is good, in another form */

struct form {
    const char *why;
    unsigned certs;   /* in all */
    unsigned signers; /* the same one, so often */
    bool crl;
    bool detached;
    struct bm_bytes type;    /* empty: the one that is asked for */
    enum bm_sig_alg alg;     /* with another key, or under another name */
    enum bm_key_type key;    /* of the signer: P-256 is number 1 */
    struct bm_bytes content; /* empty: the one that was signed */
    bm_status want;
};

static struct bm_bytes remake(const struct form *f, const struct bm_cms *cms)
{
    struct bm_bytes type = f->type.n == 0 ? BM_LIT(TYPE) : f->type;
    struct bm_cms_mark m;
    struct bm_wr w;
    size_t set;
    size_t some;

    bm_wr_init(&w, message_room, sizeof message_room);
    m = bm_cms_open(&w, 3);
    set = bm_der_open(&w, BM_DER_SET);
    bm_hash_alg_put(&w, bm_cms_hash_for(f->alg));
    bm_der_close(&w, set);
    set = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_oid(&w, type);
    if (!f->detached) {
        some = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
        bm_der_put(&w, BM_DER_OCTET_STRING,
                   f->content.n == 0 ? BM_LIT(CONTENT) : f->content);
        bm_der_close(&w, some);
    }
    bm_der_close(&w, set);
    if (f->certs != 0) {
        set = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
        bm_wr_put(&w, cms->certs);
        for (unsigned i = 1; i < f->certs; i++) {
            bm_wr_put(&w, BM_LIT("\x30\x00"));
        }
        bm_der_close(&w, set);
    }
    if (f->crl) {
        bm_der_put(&w, BM_DER_CONSTRUCTED(1), BM_LIT("\x30\x00"));
    }
    set = bm_der_open(&w, BM_DER_SET);
    for (unsigned i = 0; i < f->signers; i++) {
        bm_wr_put(&w, cms->signers);
    }
    bm_der_close(&w, set);
    bm_cms_close(&w, &m);
    return bm_wr_bytes(&w);
}

/* Not each platform has SHA-384; nobody gets as far as to look at it. */
static bm_status hash_any(void *self, enum bm_hash hash, struct bm_bytes data,
                          uint8_t *out)
{
    if (hash == BM_HASH_SHA256) {
        return bm_test_crypto()->hash(self, hash, data, out);
    }
    memset(out, 0x11, bm_hash_len(hash));
    return BM_OK;
}

/* Signed as the row says: by a key of its type where that is not P-256. */
static struct bm_bytes make_message(const struct form *f)
{
    const struct bm_signed_by by = usual();
    struct bm_crypto crypto = *by.crypto;
    struct bm_signer signer = *by.signer;
    struct bm_cms_sign_config config = {
        .crypto = &crypto,
        .signer = &signer,
        .cert = by.cert,
        .content_type = f->type.n == 0 ? BM_LIT(TYPE) : f->type,
        .content = BM_LIT(CONTENT),
        .certs = by.chain,
        .signing_time = SIGNED_AT,
    };
    struct bm_cert other;
    struct bm_cms cms;
    struct bm_wr w;

    if (f->key == BM_KEY_P384) { /* for its key: this one signs nothing */
        CHECK_STATUS(bm_cms_parse(bm_sample("cms", "signed-p384"), NULL, &cms),
                     BM_OK);
        CHECK_STATUS(bm_cert_parse(cms.certs, BM_STRICT, NULL, &other), BM_OK);
        signer.key = other.key;
        config.cert = &other;
        config.certs = other.der;
    }
    signer.alg = f->alg;
    crypto.hash = hash_any;
    bm_wr_init(&w, signed_room, sizeof signed_room);
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_OK);
    CHECK_STATUS(bm_cms_parse(bm_wr_bytes(&w), NULL, &cms), BM_OK);
    return remake(f, &cms);
}

#define USUAL .alg = BM_SIG_ECDSA_SHA256, .key = BM_KEY_P256

static const struct form forms[] = {
    { "as it should be", 1, 1, USUAL, .want = BM_OK },
    { "as many certificates as there may be", BM_SIGNED_CERTS_MAX, 1, USUAL,
      .want = BM_OK },
    { "one more", BM_SIGNED_CERTS_MAX + 1, 1, USUAL, .want = BM_E_LIMIT },
    { "no certificate", 0, 1, USUAL, .want = BM_E_CMS_SIGNER },
    { "a CRL inside", 1, 1, USUAL, .crl = true, .want = BM_E_CMS_FORM },
    { "content that is elsewhere", 1, 1, USUAL, .detached = true,
      .want = BM_E_CMS_FORM },
    { "no signer", 1, 0, USUAL, .want = BM_E_CMS_FORM },
    { "two signers", 1, 2, USUAL, .want = BM_E_CMS_FORM },
    { "another type", 1, 1, USUAL, .type = BM_LIT_INIT(BM_OID_CT_BUNDLE),
      .want = BM_E_CMS_FORM },
    { "a type that begins so", 1, 1, USUAL, .type = BM_LIT_INIT(TYPE "\x01"),
      .want = BM_E_CMS_FORM },
    { "content that was not signed", 1, 1, USUAL,
      .content = BM_LIT_INIT("another"), .want = BM_E_CMS_DIGEST },
    { "SHA-384", 1, 1, .alg = BM_SIG_ECDSA_SHA384, .key = BM_KEY_P256,
      .want = BM_E_ALG_UNSUPPORTED },
    { "RSA with SHA-256", 1, 1, .alg = BM_SIG_RSA_SHA256, .key = BM_KEY_P256,
      .want = BM_E_ALG_UNSUPPORTED },
};

static void other_forms_are_refused(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        int failed = bm_test_failed;

        CHECK_STATUS(open_message(make_message(&forms[i]), bm_test_crypto()),
                     forms[i].want);
        if (bm_test_failed != failed) {
            printf("# %s\n", forms[i].why);
        }
    }
}

/* Each of these platforms verifies such a signature, or would. */
static bm_status believe(void *self, const struct bm_spki *key,
                         enum bm_sig_alg alg, struct bm_bytes message,
                         struct bm_bytes signature)
{
    (void)self;
    (void)alg;
    CHECK(key->type == BM_KEY_P384 && message.n != 0 && signature.n != 0);
    return BM_OK;
}

static void a_key_that_is_not_p256_is_refused(void)
{
    static const struct form form = { "P-384 with SHA-256", 1, 1,
                                      .alg = BM_SIG_ECDSA_SHA256,
                                      .key = BM_KEY_P384 };
    struct bm_crypto crypto = *bm_test_crypto();

    crypto.verify = believe;
    crypto.verify_hash = believe;
    CHECK_STATUS(open_message(make_message(&form), &crypto),
                 BM_E_KEY_UNSUPPORTED);
}

static void every_prefix_is_refused_and_what_is_behind_as_well(void)
{
    struct bm_bytes message = make_message(&forms[0]);

    for (size_t n = 0; n < message.n; n++) {
        CHECK(open_message((struct bm_bytes){ message.p, n },
                           bm_test_crypto()) != BM_OK);
    }
    message_room[message.n] = 0;
    CHECK(open_message((struct bm_bytes){ message.p, message.n + 1 },
                       bm_test_crypto()) != BM_OK);
}

/* The signature is the last of it, and its last octet is of a number. */
static void a_signature_that_is_another_is_refused(void)
{
    struct bm_bytes message = make_message(&forms[0]);

    message_room[message.n - 1] ^= 1;
    CHECK_STATUS(open_message(message, bm_test_crypto()), BM_E_CMS_SIGNATURE);
}

/* ---- Writing */

static void what_cannot_be_signed_leaves_nothing(void)
{
    struct bm_signed_by by = usual();
    struct bm_signer signer = *by.signer;
    struct bm_wr w;

    bm_wr_init(&w, message_room, sizeof message_room);
    bm_wr_u8(&w, 7);
    signer.alg = BM_SIG_ECDSA_SHA384;
    by.signer = &signer;
    CHECK_STATUS(
        bm_signed_put(&by, BM_LIT(TYPE), BM_LIT(CONTENT), SIGNED_AT, &w),
        BM_E_ALG_UNSUPPORTED);
    by.signer = p256(2); /* its certificate is another's */
    CHECK_STATUS(
        bm_signed_put(&by, BM_LIT(TYPE), BM_LIT(CONTENT), SIGNED_AT, &w),
        BM_E_ARGUMENT);
    by = usual();
    w.cap = 200;
    CHECK_STATUS(
        bm_signed_put(&by, BM_LIT(TYPE), BM_LIT(CONTENT), SIGNED_AT, &w),
        BM_E_BUFFER);
    CHECK(w.len == 1);
}

int main(void)
{
    RUN(what_is_put_opens);
    RUN(other_forms_are_refused);
    RUN(a_key_that_is_not_p256_is_refused);
    RUN(every_prefix_is_refused_and_what_is_behind_as_well);
    RUN(a_signature_that_is_another_is_refused);
    RUN(what_cannot_be_signed_leaves_nothing);
    return bm_test_done();
}
