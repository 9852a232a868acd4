/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"
#include "core/oid.h"
#include "core/test/damage.h"
#include "protocols/est/est.h"
#include "tests/harness/test_crypto.h"

static const uint8_t unique[] = { 0xfb, 0xff, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static uint8_t room[8192];

/* A request with this challenge ("" for none) and these attributes. */
static struct bm_csr request(const char *challenge, struct bm_bytes attributes)
{
    struct bm_csr_config config = {
        .subject = BM_LIT("\x30\x00"),
        .challenge = { (const uint8_t *)challenge, strlen(challenge) },
        .attributes = attributes,
    };
    struct bm_csr csr = { 0 };
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
    return csr;
}

static struct bm_csr plain_request(const char *challenge)
{
    return request(challenge, (struct bm_bytes){ NULL, 0 });
}

static bm_status bind_to(const char *challenge, bool required,
                         struct ca_refusal *why)
{
    struct bm_csr csr = plain_request(challenge);

    return est_binding_check(&csr, BM_ARRAY(unique), required, why);
}

/* RFC 7030 3.5: challengePassword is the base64 of tls-unique. */
static void a_request_is_bound_to_its_connection(void)
{
    CHECK_STATUS(bind_to("+/8DBAUGBwgJCgsM", false, NULL), BM_OK);
    CHECK_STATUS(bind_to("+/8DBAUGBwgJCgsM", true, NULL), BM_OK);
}

/* RFC 7030 3.5 MUST: it is verified where it is present. */
static void another_connections_binding_is_refused_with_the_cause(void)
{
    static const char *const bad[] = { "+/8DBAUGBwgJCgsN",
                                       "+/8DBAUGBwgJCgs",
                                       "+/8DBAUGBwgJCgsM=",
                                       "-_8DBAUGBwgJCgsM",
                                       "x",
                                       "secret" };
    struct ca_refusal why = { 0 };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(bind_to(bad[i], false, &why), BM_E_EST_BINDING);
        CHECK(strstr(why.words, "proxy") != NULL);
    }
}

/* RFC 7030 3.5: the server MAY refuse a request without. */
static void no_binding_is_fine_unless_the_label_wants_it(void)
{
    struct ca_refusal why = { 0 };

    CHECK_STATUS(bind_to("", false, NULL), BM_OK);
    CHECK_STATUS(bind_to("", true, &why), BM_E_EST_BINDING);
    CHECK(strstr(why.words, "missing") != NULL);
}

static void a_connection_without_binding_fits_no_challenge(void)
{
    const struct bm_bytes none = { NULL, 0 };
    struct bm_csr csr = plain_request("+/8DBAUGBwgJCgsM");

    CHECK_STATUS(est_binding_check(&csr, none, false, NULL), BM_E_EST_BINDING);
    csr = plain_request("");
    CHECK_STATUS(est_binding_check(&csr, none, false, NULL), BM_OK);
    CHECK_STATUS(est_binding_check(&csr, none, true, NULL), BM_E_EST_BINDING);
}

static void a_binding_over_255_characters_fits_none(void)
{
    uint8_t long_one[192] = { 0 };
    char challenge[256] = { 0 };
    struct bm_csr csr;

    memset(challenge, 'A', 255);
    csr = plain_request(challenge);
    CHECK_STATUS(est_binding_check(&csr, BM_ARRAY(long_one), false, NULL),
                 BM_E_EST_BINDING);
    memset(challenge, 0, sizeof challenge);
    memset(challenge, 'A', 252);
    csr = plain_request(challenge);
    CHECK_STATUS(est_binding_check(&csr, (struct bm_bytes){ long_one, 189 },
                                   false, NULL),
                 BM_OK);
}

/* ---- serverkeygen */

#define OID_37 "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x25"
#define OID_54 "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x36"
#define OID_15 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"
#define AES128 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02"
#define AES256 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"
#define DES3   "\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07"

#define SYMMETRIC  "\x30\x12" OID_37 "\x31\x03\x04\x01k"
#define ASYMMETRIC "\x30\x12" OID_54 "\x31\x03\x04\x01k"
#define BROKEN     "\x30\x12" OID_54 "\x31\x03\x02\x01k"
#define EMPTY      "\x30\x11" OID_54 "\x31\x02\x04\x00"
#define TWO        "\x30\x15" OID_54 "\x31\x06\x04\x01k\x04\x01l"
#define CAN_128    "\x30\x1c" OID_15 "\x31\x0f\x30\x0d\x30\x0b" AES128
#define CAN_BOTH \
    "\x30\x29" OID_15 "\x31\x1c\x30\x1a\x30\x0b" AES256 "\x30\x0b" AES128
#define CAN_OLD    "\x30\x1b" OID_15 "\x31\x0e\x30\x0c\x30\x0a" DES3
#define CAN_BROKEN "\x30\x10" OID_15 "\x31\x03\x02\x01\x05"

static const struct {
    struct bm_bytes attributes;
    bm_status rc;
    bool enveloped;
    enum est_cipher cipher;
} keygens[] = {
    { BM_LIT_INIT(""), BM_OK, false, 0 },
    { BM_LIT_INIT(CAN_OLD), BM_OK, false, 0 },
    { BM_LIT_INIT(ASYMMETRIC), BM_OK, true, EST_CIPHER_AES256_CBC },
    { BM_LIT_INIT(ASYMMETRIC CAN_128), BM_OK, true, EST_CIPHER_AES128_CBC },
    { BM_LIT_INIT(ASYMMETRIC CAN_BOTH), BM_OK, true, EST_CIPHER_AES256_CBC },
    /* RFC 7030 4.4.1.1, 4.4.1.2: an error, never less protection */
    { BM_LIT_INIT(SYMMETRIC), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(SYMMETRIC ASYMMETRIC), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(ASYMMETRIC CAN_OLD), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(ASYMMETRIC CAN_BROKEN), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(BROKEN), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(EMPTY), BM_E_EST_KEYGEN, false, 0 },
    { BM_LIT_INIT(TWO), BM_E_EST_KEYGEN, false, 0 },
};

/* RFC 7030 4.4.1.1, 4.4.1.2 */
static void the_request_says_how_its_key_travels(void)
{
    static const struct est_keygen zero;
    struct est_keygen keygen;
    struct ca_refusal why = { 0 };

    for (size_t i = 0; i < sizeof keygens / sizeof keygens[0]; i++) {
        struct bm_csr csr = request("", keygens[i].attributes);

        memset(&keygen, 0xff, sizeof keygen);
        CHECK_STATUS(est_keygen_parse(&csr, &keygen, &why), keygens[i].rc);
        CHECK(keygen.enveloped == keygens[i].enveloped);
        CHECK(keygen.cipher == keygens[i].cipher);
        if (keygens[i].enveloped) {
            CHECK_BYTES(keygen.recipient.p, keygen.recipient.n, "k", 1);
        } else {
            CHECK(memcmp(&keygen, &zero, sizeof keygen) == 0);
        }
    }
}

static void our_request_has_the_clients_other_attributes(void)
{
    uint8_t out[1024];
    struct bm_wr w;
    struct bm_csr csr = request("secret", BM_LIT(ASYMMETRIC CAN_128));

    bm_wr_init(&w, out, sizeof out);
    est_keygen_put_attributes(&w, &csr);
    CHECK(w.len == 0);
    CHECK_STATUS(bm_csr_parse(bm_sample("csr", "sorted"), NULL, &csr), BM_OK);
    est_keygen_put_attributes(&w, &csr);
    csr = request("", bm_wr_bytes(&w));
    CHECK(csr.challenge.n == 0 && bm_exts_has(&csr.ext, BM_EXT_SAN));
}

static struct bm_cert cert_of(const char *name)
{
    struct bm_cert cert = { 0 };

    CHECK_STATUS(bm_cert_parse(bm_sample("cert", name), BM_STRICT, NULL, &cert),
                 BM_OK);
    return cert;
}

static bm_status receives(const struct bm_cert *cert, struct bm_bytes id)
{
    struct est_keygen keygen = { .enveloped = true, .recipient = id };

    return est_recipient_check(&keygen, cert, bm_test_crypto(), NULL);
}

/* RFC 7030 4.4.1.2 MUST: the key may encipher, agree, or is unrestricted. */
static void a_key_that_may_only_sign_receives_nothing(void)
{
    struct bm_cert cert = cert_of("tls-server");
    uint8_t id[BM_SKI_SIZE];

    CHECK_STATUS(bm_ski_make(bm_test_crypto(), BM_SKI_RFC7093, &cert.key, id),
                 BM_OK);
    cert.ext.present |= 1u << BM_EXT_KEY_USAGE;
    cert.ext.key_usage = BM_KU_DIGITAL_SIGNATURE;
    CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_E_EST_KEYGEN);
    cert.ext.key_usage = BM_KU_DIGITAL_SIGNATURE | BM_KU_KEY_AGREEMENT;
    CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_OK);
    cert.ext.key_usage = BM_KU_KEY_ENCIPHERMENT;
    CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_E_EST_KEYGEN);
    cert.ext.present &= ~(1u << BM_EXT_KEY_USAGE);
    CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_OK);
}

/* RFC 7030 4.4.1.2 MUST: no matching key, no answer but an error. */
static void a_key_is_named_by_its_identifier(void)
{
    struct bm_cert cert = cert_of("tls-server");
    uint8_t id[BM_SKI_SIZE];

    cert.ext.present &= ~(1u << BM_EXT_KEY_USAGE);
    for (int method = 0; method < 2; method++) {
        CHECK_STATUS(bm_ski_make(bm_test_crypto(), (enum bm_ski_method)method,
                                 &cert.key, id),
                     BM_OK);
        CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_OK);
        id[0] ^= 1;
        CHECK_STATUS(receives(&cert, BM_ARRAY(id)), BM_E_EST_KEYGEN);
    }
    CHECK_STATUS(receives(&cert, (struct bm_bytes){ id, 0 }), BM_E_EST_KEYGEN);
}

static void a_certificates_own_identifier_names_it(void)
{
    struct bm_cert cert = cert_of("tls-server");

    cert.ext.present &= ~(1u << BM_EXT_KEY_USAGE);
    cert.ext.present |= 1u << BM_EXT_SKI;
    cert.ext.value[BM_EXT_SKI] = BM_LIT("\x04\x02me");
    CHECK_STATUS(receives(&cert, BM_LIT("me")), BM_OK);
    CHECK_STATUS(receives(&cert, BM_LIT("m")), BM_E_EST_KEYGEN);
}

/* Whatever parses as a request has its attributes read without a fault. */
static bool check_reading(struct bm_bytes in)
{
    uint8_t out[DAMAGE_SAMPLE_MAX];
    struct est_keygen keygen;
    struct bm_csr csr;
    struct bm_wr w;

    if (bm_csr_parse(in, NULL, &csr) != BM_OK) {
        return false;
    }
    if (csr.challenge.n != 0 && csr.challenge.n != 16) {
        CHECK_STATUS(est_binding_check(&csr, BM_ARRAY(unique), false, NULL),
                     BM_E_EST_BINDING);
    }
    if (est_keygen_parse(&csr, &keygen, NULL) == BM_OK) {
        CHECK(damage_inside(in, keygen.recipient));
    }
    bm_wr_init(&w, out, sizeof out);
    est_keygen_put_attributes(&w, &csr);
    CHECK(w.len <= csr.attributes.n);
    return true;
}

static void damaged_requests_are_read_in_bounds(void)
{
    damage_step = 3;
    CHECK(damage_all("csr", check_reading) > 10);
}

int main(void)
{
    RUN(a_request_is_bound_to_its_connection);
    RUN(another_connections_binding_is_refused_with_the_cause);
    RUN(no_binding_is_fine_unless_the_label_wants_it);
    RUN(a_connection_without_binding_fits_no_challenge);
    RUN(a_binding_over_255_characters_fits_none);
    RUN(the_request_says_how_its_key_travels);
    RUN(our_request_has_the_clients_other_attributes);
    RUN(a_key_that_may_only_sign_receives_nothing);
    RUN(a_key_is_named_by_its_identifier);
    RUN(a_certificates_own_identifier_names_it);
    RUN(damaged_requests_are_read_in_bounds);
    return bm_test_done();
}
