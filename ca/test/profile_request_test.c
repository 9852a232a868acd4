/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_trial.h"

/*
 * What requests may ask for and what they get: extensions, names and validity;
 * and that whatever is filled in is what the check accepts.
 */

/* ---- Extensions */

#define EXT(oid, critical, value)                      \
    {                                                  \
        BM_LIT_INIT(oid), BM_LIT_INIT(value), critical \
    }

static const char leaf[] = PLAIN ANY_CN
    "basic_constraints: { ca: false }\n"
    "key_usage: [digitalSignature]\n"
    "extended_key_usage: { purposes: [clientAuth] }\n"
    "policies: [ { oid: 1.2.3 } ]\n"
    "ocsp_nocheck: true\n"
    "extensions: [ { oid: 1.2.3.4, critical: false, value: null } ]\n"
    "ignored_extensions: [1.3.6.1.4.1.311.21.10]\n";

static const struct {
    struct bm_ext ext;
    const char *words; /* NULL: accepted */
} asked[] = {
    { EXT(BM_OID_CE_BASIC, true, "\x30\x00"), NULL },
    { EXT(BM_OID_CE_BASIC, false, "\x30\x00"), NULL },
    { EXT(BM_OID_CE_BASIC, true, "\x30\x03\x01\x01\xff"),
      "the request asks for a CA's certificate (p:10)" },
    { EXT(BM_OID_CE_KEY_USAGE, true, "\x03\x02\x07\x80"), NULL },
    { EXT(BM_OID_CE_KEY_USAGE, true, "\x03\x02\x06\xc0"),
      "the request asks for more key usage than the profile has (p:11)" },
    { EXT(BM_OID_CE_EKU, false, "\x30\x0a\x06\x08" BM_OID_KP_CLIENT_AUTH),
      NULL },
    { EXT(BM_OID_CE_EKU, false, "\x30\x0a\x06\x08" BM_OID_KP_OCSP_SIGNING),
      "the request asks for OCSPSigning (p:12)" },
    { EXT(BM_OID_CE_SKI, false, "\x04\x01x"), NULL },
    { EXT(BM_OID_CE_POLICIES, false, "\x30\x06\x30\x04\x06\x02\x2a\x03"),
      NULL },
    { EXT(BM_OID_CE_POLICIES, false, "\x30\x06\x30\x04\x06\x02\x2a\x04"),
      "the request asks for certificatePolicies (p:13)" },
    { EXT(BM_OID_OCSP_NOCHECK, false, "\x05\x00"), NULL },
    { EXT("\x2a\x03\x04", false, "\x05\x00"), NULL },
    { EXT("\x2a\x03\x04", false, "\x05\x01"),
      "the request asks for 1.2.3.4 (p:15)" },
    { EXT("\x2b\x06\x01\x04\x01\x82\x37\x15\x0a", true, "\x05\x00"), NULL },
    { EXT("\x2a\x03\x05", false, "\x05\x00"),
      "the request asks for extension 1.2.3.5, which is not in the profile" },
    { EXT("\x2a\x03\x05", true, "\x05\x00"),
      "the request asks for extension 1.2.3.5, which is not in the profile" },
    { EXT(BM_OID_CE_AKI, false, "\x30\x03\x80\x01x"),
      "the request asks for extension authorityKeyIdentifier" },
    { EXT(BM_OID_CE_NAME_CONSTR, true,
          "\x30\x09\xa0\x07\x30\x05\x82\x03"
          "a.b"),
      "the request asks for extension nameConstraints" },
    { EXT(BM_OID_CE_SAN, false,
          "\x30\x05\x82\x03"
          "a.b"),
      "dns \"a.b\" is not in the profile" },
};

static struct bm_bytes put_ext(const struct bm_ext *ext, uint8_t buf[512])
{
    struct bm_wr w;
    struct bm_ext_mark m;

    bm_wr_init(&w, buf, 512);
    m = bm_ext_open(&w, ext->oid, ext->critical);
    bm_wr_put(&w, ext->value);
    bm_ext_close(&w, &m);
    return bm_wr_bytes(&w);
}

static void a_request_asks_for_what_is_issued_or_is_refused(void)
{
    uint8_t buf[512];

    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct trial t;
        bm_status rc;

        begin(&t, leaf, "CN=x", put_ext(&asked[i].ext, buf));
        rc = fill(&t);
        if (asked[i].words == NULL) {
            CHECK_STATUS(rc, BM_OK);
        } else {
            CHECK(rc == BM_E_PROFILE_EXTENSION || rc == BM_E_PROFILE_SAN);
            check_words(&t, asked[i].words);
        }
        end(&t);
    }
}

/* ---- Names */

static const char named[] = PLAIN
    "subject: [ { attribute: CN, from: request, optional: true } ]\n"
    "subject_alt_name:\n"
    "  critical: if_subject_is_empty\n"
    "  names:\n"
    "    - { kind: dns, from: request, pattern: \"[a-z.]+\", max: 2, "
    "optional: true }\n"
    "    - { kind: dns, from: request, pattern: \"[0-9.]+x\", "
    "optional: true }\n"
    "    - { kind: ip, from: request, within: [10.0.0.0/8, \"fd00::/8\"], "
    "optional: true }\n"
    "    - { kind: email, from: request, pattern: \".*@example\\\\.com\", "
    "optional: true }\n"
    "    - { kind: uri, from: request, pattern: \"urn:uuid:.*\", "
    "optional: true }\n"
    "    - { kind: directoryName, from: request, pattern: \"CN=.,O=x\", "
    "optional: true }\n"
    "    - { kind: hardwareModuleName, from: request, type_under: 1.2.3, "
    "optional: true }\n"
    "    - { kind: permanentIdentifier, from: request, type: 1.2.9, "
    "optional: true }\n";

/* GeneralNames of up to three elements. */
static const struct {
    struct bm_bytes gn[3];
    const char *words;
} sans[] = {
    { { GN("\x82\x03"
           "a.b") },
      NULL },
    { { GN("\x82\x03"
           "a.b"),
        GN("\x82\x03"
           "c.d") },
      NULL },
    { { GN("\x82\x03"
           "a.b"),
        GN("\x82\x03"
           "1.x") },
      NULL },
    { { GN("\x82\x03"
           "1.x"),
        GN("\x82\x03"
           "a.b"),
        GN("\x87\x04\x0a\x01\x02\x03") },
      NULL },
    { { GN("\x82\x03"
           "a.b"),
        GN("\x82\x03"
           "c.d"),
        GN("\x82\x03"
           "e.f") },
      "dns \"e.f\" is one name too many" },
    { { GN("\x82\x03"
           "a.b"),
        GN("\x82\x03"
           "a.b") },
      "dns \"a.b\" is asked for twice" },
    { { GN("\x82\x03"
           "A.b") },
      "dns \"A.b\" does not match the profile" },
    { { GN("\x87\x04\x0b\x01\x02\x03") },
      "ip \"11.1.2.3\" does not match the profile" },
    { { GN("\x87\x10\xfd\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x01") },
      NULL },
    { { GN("\x87\x10\xfe\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x01") },
      "ip \"fe01::1\" does not match the profile" },
    { { GN("\x81\x0d"
           "a@example.com") },
      NULL },
    { { GN("\x81\x0d"
           "a@example.org") },
      "email \"a@example.org\" does not match the profile" },
    { { GN("\x86\x0b"
           "urn:uuid:12") },
      NULL },
    { { GN("\x86\x08"
           "http://a") },
      "uri \"http://a\" does not match the profile" },
    { { GN("\xa4\x1a\x30\x18\x31\x0a\x30\x08\x06\x03\x55\x04\x0a\x0c\x01x"
           "\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01y") },
      NULL },
    { { GN("\xa4\x0e\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x0a\x0c\x01y") },
      "directoryName \"O=y\" does not match the profile" },
    { { GN("\xa0\x16\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x0a\x30\x08"
           "\x06\x03\x2a\x03\x04\x04\x01z") },
      NULL },
    { { GN("\xa0\x15\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x09\x30\x07"
           "\x06\x02\x2a\x04\x04\x01z") },
      "hardwareModuleName \"z\" does not match the profile" },
    { { GN("\xa0\x15\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x09\x30\x07"
           "\x0c\x01z\x06\x02\x2a\x09") },
      NULL },
    { { GN("\xa0\x11\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x05\x30\x03"
           "\x0c\x01z") },
      "permanentIdentifier \"z\" does not match the profile" },
    { { GN("\x88\x02\x2a\x03") },
      "a name of another kind \"\" is not in the profile" },
    { { { NULL, 0 } }, "the request has no names" },
};

static void names_match_a_row_or_are_refused(void)
{
    uint8_t buf[512];

    for (size_t i = 0; i < sizeof sans / sizeof sans[0]; i++) {
        for (int empty = 0; empty < 2; empty++) {
            struct trial t;
            bm_status rc;

            begin(&t, named, empty ? "" : "CN=x", put_names(sans[i].gn, buf));
            rc = fill(&t);
            if (sans[i].words == NULL) {
                CHECK_STATUS(rc, BM_OK);
                CHECK(bm_exts_is_critical(&t.cert.ext, BM_EXT_SAN) ==
                      (empty == 1));
            } else {
                CHECK_STATUS(rc, BM_E_PROFILE_SAN);
                check_words(&t, sans[i].words);
            }
            end(&t);
        }
    }
}

static void an_operator_may_name_other_names_than_the_request(void)
{
    struct trial t;
    uint8_t buf[512];

    begin(&t, named, "CN=x", put_names(sans[4].gn, buf));
    t.request.san = BM_LIT("\x30\x05\x82\x03"
                           "g.h");
    t.request.subject = world_name("CN=other", buf);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(bm_bytes_equal(t.cert.ext.value[BM_EXT_SAN], t.request.san));
    CHECK(bm_bytes_equal(t.cert.subject, t.request.subject));
    t.request.san = BM_LIT("\x30\x05\x82\x03"
                           "G.h");
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
    t.request.san = BM_LIT("\x30\x05\x82\x03"
                           "g.");
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
    check_words(&t, "malformed names");
    end(&t);
}

static void hostile_requests_do_not_get_far(void)
{
    static uint8_t many[4096];
    struct trial t;
    struct bm_wr w;
    size_t m;

    begin(&t, named, "CN=x", nothing);
    bm_wr_init(&w, many, sizeof many);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    for (unsigned i = 0; i < 65; i++) {
        char name[8];

        (void)snprintf(name, sizeof name, "a%u.b", i);
        bm_general_name_put(&w, BM_GN_DNS, world_view(name));
    }
    bm_der_close(&w, m);
    t.request.san = bm_wr_bytes(&w);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
    check_words(&t, "more than 64 names");

    /* A serial number that is none of ours. */
    t.request = world_request(&t.csr);
    t.request.serial.n = 15;
    CHECK_STATUS(fill(&t), BM_E_ARGUMENT);
    t.request.serial = BM_LIT("\x80"
                              "123456789012345");
    CHECK_STATUS(fill(&t), BM_E_ARGUMENT);
    end(&t);

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    world_csr("CN=x", nothing, bm_test_signer(BM_KEY_P384), t.buf, &t.csr);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_KEY);
    check_words(&t, "ECDSA P-384 key of 384 bits is not in the profile (p:5)");
    end(&t);

    begin(&t, PLAIN ANY_CN, "", nothing);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SUBJECT);
    check_words(&t, "CN is missing (p:9)");
    end(&t);
}

/* ---- Subject */

static const struct {
    const char *rows;
    const char *asked;
    const char *given; /* or the refusal */
} subjects[] = {
    { "{ attribute: CN, from: request, pattern: \"[A-Z0-9-]+\" }", "CN=AB-1",
      "CN=AB-1" },
    { "{ attribute: CN, from: request, pattern: \"[A-Z0-9-]+\" }", "CN=a b",
      "!CN \"a b\" does not match [A-Z0-9-]+ (p:9)" },
    { "{ attribute: O, fixed: Example }, { attribute: CN, from: request }",
      "CN=x", "CN=x,O=Example" },
    { "{ attribute: O, fixed: Example }, { attribute: CN, from: request }",
      "CN=x,O=example", "CN=x,O=Example" },
    { "{ attribute: O, fixed: Example }, { attribute: CN, from: request }",
      "CN=x,O=Other", "!O \"Other\" is not what the profile issues (p:9)" },
    { "{ attribute: O, from: issuer }, { attribute: CN, from: request }",
      "CN=x", "CN=x,O=Example" },
    { "{ attribute: O, from: issuer }, { attribute: CN, from: request }",
      "CN=x,O=Other", "!O \"Other\" is not what the profile issues (p:9)" },
    { "{ attribute: L, from: issuer }", "", "!the issuer has no L (p:9)" },
    { "{ attribute: L, from: issuer, optional: true }, "
      "{ attribute: CN, fixed: x }",
      "", "CN=x" },
    { "{ attribute: O, from: request, as_issuer: true }", "O=Example",
      "O=Example" },
    { "{ attribute: O, from: request, as_issuer: true }", "O=Other",
      "!O \"Other\" is not the issuer's (p:9)" },
    { "{ attribute: L, from: request, as_issuer: true }", "L=x", "L=x" },
    { "{ attribute: O, from: dropped }, { attribute: CN, from: request }",
      "CN=x,O=Internet Widgits Pty Ltd", "CN=x" },
    { "{ attribute: CN, from: request }", "CN=x,O=y",
      "!O \"y\" is not in the profile (p:9)" },
    { "{ attribute: CN, from: request }", "CN=x,CN=y",
      "!CN \"x\" is not in the profile (p:9)" },
    { "{ attribute: DC, fixed: example }, { attribute: DC, fixed: com }, "
      "{ attribute: CN, from: request }",
      "CN=x", "CN=x,DC=com,DC=example" },
    { "{ attribute: OU, from: request, pattern: \"[0-9]+\", optional: true }, "
      "{ attribute: OU, from: request, pattern: \"[a-z]+\" }",
      "OU=abc", "OU=abc" },
    { "{ attribute: OU, from: request, pattern: \"[0-9]+\", optional: true }, "
      "{ attribute: OU, from: request, pattern: \"[a-z]+\" }",
      "OU=abc,OU=12", "OU=abc,OU=12" },
    { "{ attribute: 1.3.6.1.4.1.37244.2.1, fixed: FFF1 }, "
      "{ attribute: matter-pid, from: request, pattern: \"[0-9A-F]{4}\" }",
      "matter-pid=8000", "matter-pid=8000,matter-vid=FFF1" },
    { "{ attribute: CN, from: request, pattern: \".{1,64}\" }",
      "CN=\xc3\x9c\xc3\xb1\xe2\x82\xac", "CN=\xc3\x9c\xc3\xb1\xe2\x82\xac" },
};

static void a_subject_is_made_row_by_row(void)
{
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        struct trial t;
        char text[1024];
        uint8_t want[512];
        bm_status rc;

        (void)snprintf(text, sizeof text, PLAIN "subject: [ %s ]\n",
                       subjects[i].rows);
        begin(&t, text, subjects[i].asked, nothing);
        rc = fill(&t);
        if (subjects[i].given[0] == '!') {
            CHECK_STATUS(rc, BM_E_PROFILE_SUBJECT);
            check_words(&t, subjects[i].given + 1);
        } else {
            CHECK_STATUS(rc, BM_OK);
            if (!bm_bytes_equal(t.cert.subject,
                                world_name(subjects[i].given, want))) {
                printf("# %s\n", subjects[i].rows);
                CHECK(!"another subject");
            }
        }
        end(&t);
    }
}

/* ---- Validity */

static void validity_is_as_the_profile_says(void)
{
    struct trial t;

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.not_before == WORLD_NOW);
    CHECK(t.cert.not_after == WORLD_NOW + 90 * 86400);

    t.request.not_after = WORLD_NOW + 86400; /* less, on an operator's wish */
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.not_after == WORLD_NOW + 86400);
    t.request.not_after = WORLD_NOW + 91 * 86400;
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    check_words(&t, "an end later than the profile's");
    t.request.not_after = WORLD_NOW;
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    check_words(&t, "an end in the past");

    t.request.not_after = 0; /* the issuer's end cuts it short */
    t.request.now = world.ca.not_after - 86400;
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.not_after == world.ca.not_after);
    t.request.now = world.ca.not_after;
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    check_words(&t, "the issuer's certificate is not valid now");
    t.request.now = world.ca.not_before - 1;
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    end(&t);

    begin(&t,
          HEAD ANY_CN "by: [operator]\nkeys: [p256]\nsubject_key_id: none\n"
                      "authority_key_id: true\n"
                      "validity: { until: never, nested: false, "
                      "backdate: 1h }\n",
          "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.not_before == WORLD_NOW - 3600);
    CHECK(t.cert.not_after == BM_TIME_NEVER);
    t.request.not_after = WORLD_NOW + 86400;
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    check_words(&t, "the profile's certificates never end");
    end(&t);

    begin(&t,
          HEAD ANY_CN "by: [operator]\nkeys: [p256]\nsubject_key_id: none\n"
                      "authority_key_id: true\n"
                      "validity: { until: 2030-01-01T00:00:00Z, "
                      "nested: false }\n",
          "CN=x", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK(t.cert.not_after == INT64_C(1893456000));
    t.request.now = INT64_C(1893456000);
    CHECK_STATUS(fill(&t), BM_E_PROFILE_VALIDITY);
    check_words(&t, "the profile's certificates have ended");
    end(&t);
}

int main(void)
{
    world_make();
    RUN(a_request_asks_for_what_is_issued_or_is_refused);
    RUN(names_match_a_row_or_are_refused);
    RUN(an_operator_may_name_other_names_than_the_request);
    RUN(hostile_requests_do_not_get_far);
    RUN(a_subject_is_made_row_by_row);
    RUN(validity_is_as_the_profile_says);
    return bm_test_done();
}
