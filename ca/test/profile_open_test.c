/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_trial.h"

/*
 * What the profiles of the field need beyond names: extensions that a request
 * chooses, keyUsage by the kind of key, limits of size, validity and
 * signature; and what only certificates of others may have.
 */

#define OID_123 "\x2a\x03"
#define OID_124 "\x2a\x04"

static struct bm_bytes put_ext(const char *oid, bool critical,
                               struct bm_bytes value, uint8_t buf[512])
{
    struct bm_wr w;
    struct bm_ext_mark m;

    bm_wr_init(&w, buf, 512);
    m = bm_ext_open(&w, world_view(oid), critical);
    bm_wr_put(&w, value);
    bm_ext_close(&w, &m);
    return bm_wr_bytes(&w);
}

/* ---- Extensions that a request chooses */

#define OPEN                                                             \
    PLAIN ANY_CN "extensions:\n"                                         \
                 "  - oid: 1.2.3\n"                                      \
                 "    critical: true\n"                                  \
                 "    from: request\n"                                   \
                 "    value: { sequence: [ { utf8: \"[a-z]+\" }, "       \
                 "{ integer: any }, { oid: 1.2.5 }, { oid: any }, "      \
                 "{ set: [ { printable: x } ] }, { sequence_of: { ia5: " \
                 "\"[A-Z]{1,3}\" } } ] }\n"

#define LETTERS \
    "\x0c\x02"  \
    "ab"
#define NUMBER "\x02\x01\x05"
#define OIDS   "\x06\x02\x2a\x05\x06\x01\x2a"
#define SET    "\x31\x03\x13\x01x"
#define SEVERAL        \
    "\x30\x07\x16\x02" \
    "AB"               \
    "\x16\x01"         \
    "C"
#define REST OIDS SET SEVERAL

static const struct {
    struct bm_bytes value;
    bool good;
} values[] = {
    { BM_LIT_INIT("\x30\x1c" LETTERS NUMBER REST), true },
    { BM_LIT_INIT("\x30\x1d" LETTERS "\x02\x02\x00\x80" REST), true },
    { BM_LIT_INIT("\x30\x1d" LETTERS "\x02\x02\x00\x05" REST), false },
    { BM_LIT_INIT("\x30\x1b" LETTERS "\x02\x00" REST), false },
    { BM_LIT_INIT("\x30\x1c\x0c\x02"
                  "AB" NUMBER REST),
      false },
    { BM_LIT_INIT("\x30\x1c\x13\x02"
                  "ab" NUMBER REST),
      false },
    { BM_LIT_INIT("\x30\x1c\x0c\x02"
                  "a\xff" NUMBER REST),
      false },
    { BM_LIT_INIT("\x30\x19" LETTERS REST), false },
    { BM_LIT_INIT("\x30\x1e" LETTERS NUMBER REST "\x05\x00"), false },
    { BM_LIT_INIT("\x30\x1c" LETTERS NUMBER
                  "\x06\x02\x2a\x06\x06\x01\x2a" SET SEVERAL),
      false },
    { BM_LIT_INIT("\x30\x17" LETTERS NUMBER OIDS SET "\x30\x00"
                  "\x05\x00"),
      false },
    { BM_LIT_INIT("\x30\x15" LETTERS NUMBER OIDS SET "\x30\x00"), false },
    { BM_LIT_INIT("\x30\x1b" LETTERS NUMBER OIDS "\x31\x02\x13\x00" SEVERAL),
      false },
    { BM_LIT_INIT("\x31\x1c" LETTERS NUMBER REST), false },
    { BM_LIT_INIT("\x05\x00"), false },
};

static void an_extension_has_the_shape_that_the_profile_wants(void)
{
    uint8_t buf[512];
    struct trial t;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        bm_status rc;

        begin(&t, OPEN, "CN=x", put_ext(OID_123, false, values[i].value, buf));
        rc = fill(&t);
        if ((rc == BM_OK) != values[i].good) {
            printf("# %lu: %s\n", (unsigned long)i, t.why.words);
            CHECK(!"wrongly judged");
        }
        if (rc == BM_OK) {
            struct bm_bytes all = t.cert.ext.all;
            struct bm_ext ext = { .critical = false };

            while (!bm_oid_is(ext.oid, OID_123) && bm_ext_next(&all, &ext)) {
            }
            /* Critical as the profile says, whatever the request. */
            CHECK(ext.critical && bm_bytes_equal(ext.value, values[i].value));
        } else {
            check_words(&t, "extension 1.2.3 of the request is not as the "
                            "profile wants it (p:10)");
        }
        end(&t);
    }
}

static void every_prefix_of_such_a_value_is_refused(void)
{
    struct bm_bytes whole = values[0].value;
    uint8_t buf[512];
    struct trial t;

    for (size_t n = 1; n < whole.n; n++) {
        begin(&t, OPEN, "CN=x",
              put_ext(OID_123, false, (struct bm_bytes){ whole.p, n }, buf));
        CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
        end(&t);
    }
}

static void what_a_request_must_choose_it_must_bring(void)
{
    static const char optional[] =
        PLAIN ANY_CN "extensions: [ { oid: 1.2.3, critical: false, "
                     "from: request, optional: true, "
                     "value: { integer: any } } ]\n";
    uint8_t buf[512];
    uint8_t der[2048];
    struct bm_cert current;
    struct trial t;

    begin(&t, OPEN, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
    check_words(&t, "extension 1.2.3 of the request is missing (p:10)");
    end(&t);

    begin(&t, optional, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.ext.all.n != 0 && t.cert.ext.unknown_critical.n == 0);
    end(&t);

    /* A renewal keeps what there was, or asks for another. */
    begin(&t, optional, "CN=x", put_ext(OID_123, false, BM_LIT(NUMBER), buf));
    world_issue(t.profile, &t.request, bm_test_signer_nth(BM_KEY_P256, 1), der,
                &current);
    end(&t);
    begin(&t, optional, "CN=x", nothing);
    t.request.current = &current;
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(bm_bytes_equal(t.cert.ext.all, current.ext.all));
    end(&t);
}

static void too_much_is_refused(void)
{
    static const char much[] =
        PLAIN ANY_CN "extensions: [ { oid: 1.2.3, critical: false, "
                     "from: request, value: { sequence_of: "
                     "{ utf8: \"x*\" } } } ]\n";
    static uint8_t buf[4096];
    static uint8_t csr[8192];
    struct trial t;
    struct bm_wr w;
    struct bm_ext_mark m;
    size_t list;
    uint8_t name[512];
    struct bm_csr_config config = { .subject = world_name("CN=x", name) };

    bm_wr_init(&w, buf, sizeof buf);
    m = bm_ext_open(&w, BM_LIT(OID_123), false);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    while (w.len < 2100) {
        bm_der_put(&w, BM_DER_UTF8_STRING, BM_LIT("xxxxxxxxxxxxxxxxxxxxxxxx"));
    }
    bm_der_close(&w, list);
    bm_ext_close(&w, &m);
    config.extensions = bm_wr_bytes(&w);
    begin(&t, much, "CN=x", nothing);
    bm_wr_init(&w, csr, sizeof csr);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer_nth(BM_KEY_P256, 2), &w),
                 BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &t.csr), BM_OK);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
    check_words(&t, "too long (p:10)");
    end(&t);
}

/* ---- keyUsage by the kind of key */

static void key_usage_depends_on_the_key(void)
{
    static const char both[] =
        HEAD "by: [operator]\nkeys: [p256, rsa2048]\nsubject_key_id: none\n"
             "authority_key_id: true\nvalidity: { for: 90d, nested: true }\n"
             "subject: [ { attribute: CN, from: request } ]\n"
             "key_usage: [keyAgreement]\n"
             "key_usage_of_rsa: [keyEncipherment]\n";
    uint8_t buf[512];
    struct trial t;

    begin(&t, both, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.ext.key_usage == BM_KU_KEY_AGREEMENT);
    CHECK(bm_exts_is_critical(&t.cert.ext, BM_EXT_KEY_USAGE));
    world_csr("CN=x", nothing, bm_test_signer(BM_KEY_RSA), t.buf, &t.csr);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.ext.key_usage == BM_KU_KEY_ENCIPHERMENT);
    /* Nor may it ask for that of the other kind. */
    world_csr(
        "CN=x",
        put_ext(BM_OID_CE_KEY_USAGE, true, BM_LIT("\x03\x02\x03\x08"), buf),
        bm_test_signer(BM_KEY_RSA), t.buf, &t.csr);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
    end(&t);
}

/* ---- Limits */

static void a_certificate_is_no_larger_than_it_may_be(void)
{
    char text[1024];
    struct trial t;
    uint8_t der[2048];
    struct bm_cert cert;
    size_t most;

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    /* Header, tbs, algorithm, BIT STRING, and 72 octets of signature. */
    most = 4 + t.tbs.len + 12 + 3 + 72;
    world_issue(t.profile, &t.request, bm_test_signer_nth(BM_KEY_P256, 1), der,
                &cert);
    CHECK(cert.der.n <= most);
    end(&t);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof text, PLAIN ANY_CN "max_octets: %lu\n",
                       (unsigned long)(most - i));
        begin(&t, text, "CN=x", nothing);
        CHECK_STATUS(ca_profile_fill(t.profile, &t.request, &t.tbs, &t.why),
                     BM_OK);
        CHECK_STATUS(
            ca_profile_check(t.profile, bm_wr_bytes(&t.tbs), &t.cert, &t.why),
            i == 0 ? BM_OK : BM_E_PROFILE_TBS);
        end(&t);
    }
    check_words(&t, "has ");
}

static void an_operator_may_ask_for_as_much_as_at_most(void)
{
    static const struct {
        int64_t days;
        bool good;
    } wishes[] = { { 10, true }, { 90, true }, { 200, true }, { 201, false } };
    struct trial t;

    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        begin(&t,
              HEAD "by: [operator]\nkeys: [p256]\nsubject_key_id: none\n"
                   "authority_key_id: true\n" ANY_CN
                   "validity: { for: 90d, at_most: 200d, nested: true }\n",
              "CN=x", nothing);
        CHECK_STATUS(fill(&t), BM_OK);
        CHECK(t.cert.not_after == WORLD_NOW + 90 * 86400);
        t.request.not_after = WORLD_NOW + wishes[i].days * 86400;
        CHECK_STATUS(fill(&t), wishes[i].good ? BM_OK : BM_E_PROFILE_VALIDITY);
        CHECK(!wishes[i].good ||
              t.cert.not_after == WORLD_NOW + wishes[i].days * 86400);
        end(&t);
    }
}

static void an_issuer_signs_as_the_profile_says(void)
{
    struct ca_profile *p = world_parse(
        world_view(PLAIN ANY_CN "signatures: [ecdsa-sha384, ed25519]\n"), "p");
    struct ca_refusal why;

    CHECK_STATUS(world_bind(p, &world.ca, &why), BM_E_PROFILE_ISSUER);
    CHECK(strcmp(why.words,
                 "the issuer does not sign as the profile says (p:10)") == 0);
    ca_profile_free(p);
}

/* ---- What only others may have */

static void what_others_may_have_is_not_issued(void)
{
    static const char text[] = PLAIN
        "subject:\n"
        "  - { attribute: CN, from: request }\n"
        "  - { attribute: O, from: others }\n"
        "subject_alt_name:\n"
        "  optional: true\n"
        "  names: [ { kind: dns, from: others } ]\n"
        "extensions: [ { oid: 1.2.4, critical: false, from: others, "
        "value: { integer: any } } ]\n"
        "accepts: { optional: [others, 1.2.3], key_usage: [keyAgreement] }\n";
    static const struct bm_bytes name[3] = { GN("\x82\x03"
                                                "a.b") };
    uint8_t buf[512];
    struct trial t;

    begin(&t, text, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(!bm_exts_has(&t.cert.ext, BM_EXT_SAN));
    end(&t);
    begin(&t, text, "O=y,CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SUBJECT);
    end(&t);
    begin(&t, text, "CN=x", put_names(name, buf));
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
    end(&t);
    begin(&t, text, "CN=x", put_ext(OID_124, false, BM_LIT(NUMBER), buf));
    CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
    end(&t);
    begin(&t, text, "CN=x", put_ext(OID_123, false, BM_LIT(NUMBER), buf));
    CHECK_STATUS(fill(&t), BM_E_PROFILE_EXTENSION);
    end(&t);
}

int main(void)
{
    world_make();
    RUN(an_extension_has_the_shape_that_the_profile_wants);
    RUN(every_prefix_of_such_a_value_is_refused);
    RUN(what_a_request_must_choose_it_must_bring);
    RUN(too_much_is_refused);
    RUN(key_usage_depends_on_the_key);
    RUN(a_certificate_is_no_larger_than_it_may_be);
    RUN(an_operator_may_ask_for_as_much_as_at_most);
    RUN(an_issuer_signs_as_the_profile_says);
    RUN(what_others_may_have_is_not_issued);
    return bm_test_done();
}
