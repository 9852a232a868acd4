/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_trial.h"

/* Renewals, devices, identifiers; issuers that do not fit; and lint. */

/* ---- Renewal */

static const char renewable[] = HEAD
    "by: [token, current]\n"
    "keys: [p256]\n"
    "device: { identity: owner }\n"
    "renewal: { before: 30d }\n"
    "subject:\n"
    "  - { attribute: serialNumber, from: device, template: \"D-{device}\" }\n"
    "  - { attribute: CN, from: request, optional: true }\n"
    "subject_alt_name:\n"
    "  names:\n"
    "    - { kind: dns, from: device, template: \"{device}.example\" }\n"
    "    - { kind: dns, from: request, pattern: \".*\", optional: true }\n"
    "subject_key_id: none\n"
    "authority_key_id: true\n"
    "validity: { for: 90d, nested: true }\n";

static const struct {
    const char *subject;
    struct bm_bytes gn[3];
    const char *words;
} renewals[] = {
    { "CN=A b,serialNumber=D-SN-1", { { NULL, 0 } }, NULL },
    { "CN=a  B,serialNumber=D-SN-1", { { NULL, 0 } }, NULL },
    { "CN=A b,serialNumber=D-SN-1",
      { GN("\x82\x03"
           "a.b"),
        GN("\x82\x0c"
           "sn-1.EXAMPLE") },
      NULL },
    { "CN=x,serialNumber=D-SN-1",
      { { NULL, 0 } },
      "a renewal keeps the subject of the current certificate" },
    { "serialNumber=D-SN-1",
      { { NULL, 0 } },
      "a renewal keeps the subject of the current certificate" },
    { "CN=A b,serialNumber=SN-1",
      { { NULL, 0 } },
      "a renewal keeps the subject of the current certificate" },
    { "CN=A b,serialNumber=D-SN-1",
      { GN("\x82\x03"
           "a.b") },
      "a renewal keeps the names of the current certificate" },
    { "CN=A b,serialNumber=D-SN-1",
      { GN("\x82\x03"
           "a.b"),
        GN("\x82\x0c"
           "SN-1.example"),
        GN("\x82\x03"
           "c.d") },
      "a renewal keeps the names of the current certificate" },
    { "CN=A b,serialNumber=D-SN-2",
      { { NULL, 0 } },
      "the request is for device \"D-SN-2\", not for \"SN-1\"" },
};

/* RFC 7030 4.2.2 MUST: Subject and SubjectAltName stay what they are. */
static void a_renewal_keeps_the_names_octet_for_octet(void)
{
    static const struct bm_bytes gn[3] = { GN("\x82\x03"
                                              "a.b") };
    uint8_t der[2048];
    uint8_t exts[512];
    struct bm_cert current;
    struct trial t;

    begin(&t, renewable, "CN=A b,serialNumber=SN-1", put_names(gn, exts));
    t.request.device = BM_LIT("SN-1");
    world_issue(t.profile, &t.request, bm_test_signer_nth(BM_KEY_P256, 1), der,
                &current);
    end(&t);
    for (size_t i = 0; i < sizeof renewals / sizeof renewals[0]; i++) {
        bm_status rc;

        begin(&t, renewable, renewals[i].subject,
              put_names(renewals[i].gn, exts));
        t.request.device = BM_LIT("SN-1");
        t.request.current = &current;
        t.request.now += 80 * 86400;
        rc = fill(&t);
        if (renewals[i].words != NULL) {
            CHECK(rc != BM_OK);
            check_words(&t, renewals[i].words);
        } else {
            CHECK_STATUS(rc, BM_OK);
            CHECK(bm_bytes_equal(t.cert.subject, current.subject));
            CHECK(bm_bytes_equal(t.cert.ext.value[BM_EXT_SAN],
                                 current.ext.value[BM_EXT_SAN]));
        }
        end(&t);
    }
}

/* ---- Devices */

static void the_device_of_a_request_is_found(void)
{
    static const struct {
        const char *asked;
        const char *device;
        size_t cap;
        const char *name; /* or the refusal */
    } cases[] = {
        { "CN=x,serialNumber=SN-1", "", 256, "SN-1" },
        { "CN=x", "", 256, "x" },
        { "", "SN-1", 256, "SN-1" },
        { "serialNumber=SN-1", "SN-1", 256, "SN-1" },
        { "serialNumber=SN-1", "", 5, "SN-1" },
        { "serialNumber=SN-1", "", 4, "!" },
        { "", "", 256, "!the request names no device" },
        { "CN=a,CN=b", "", 256, "!CN occurs twice, so it names no device" },
        { "CN=a b", "", 256, "!\"a b\" is no name of a device" },
        { "CN=a", "b", 256, "!the request is for device \"a\", not for \"b\"" },
        { "", "a b", 256, "!\"a b\" is no name of a device" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial t;
        char name[256] = "?";
        bm_status rc;

        begin(&t, renewable, cases[i].asked, nothing);
        t.request.device = world_view(cases[i].device);
        rc = ca_profile_device(t.profile, &t.request, name, cases[i].cap,
                               &t.why);
        if (cases[i].name[0] == '!') {
            CHECK(rc == (cases[i].name[1] == '\0' ? BM_E_BUFFER
                                                  : BM_E_PROFILE_DEVICE));
            check_words(&t, cases[i].name + 1);
            CHECK(name[0] == '\0');
        } else {
            CHECK_STATUS(rc, BM_OK);
            CHECK(strcmp(name, cases[i].name) == 0);
        }
        end(&t);
    }
}

static void a_profile_without_devices_names_none(void)
{
    struct trial t;
    char name[256];

    begin(&t, PLAIN ANY_CN, "CN=x", nothing);
    CHECK_STATUS(
        ca_profile_device(t.profile, &t.request, name, sizeof name, &t.why),
        BM_E_PROFILE_DEVICE);
    end(&t);
}

/* The type is the request's, the number is the device's. */
static void a_hardware_module_name_is_that_of_the_device(void)
{
    static const struct {
        struct bm_bytes gn[3];
        const char *words;
    } cases[] = {
        { { { NULL, 0 } }, NULL },
        { { GN("\xa0\x1c\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x10"
               "\x30\x0e\x06\x06\x2b\x06\x01\x04\x01\x09\x04\x04"
               "SN-1") },
          NULL },
        { { GN("\xa0\x1c\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x10"
               "\x30\x0e\x06\x06\x2b\x06\x01\x04\x01\x09\x04\x04"
               "SN-2") },
          "hardwareModuleName \"SN-2\" is not in the profile" },
        { { GN("\xa0\x1c\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x10"
               "\x30\x0e\x06\x06\x2b\x06\x01\x04\x02\x09\x04\x04"
               "SN-1") },
          "hardwareModuleName \"SN-1\" is not in the profile" },
    };
    uint8_t exts[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trial t;

        begin(&t, (const char *)world_shipped("ieee-802.1ar-idevid").p,
              "serialNumber=SN-1", put_names(cases[i].gn, exts));
        if (cases[i].words != NULL) {
            CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
            check_words(&t, cases[i].words);
        } else {
            CHECK_STATUS(fill(&t), BM_OK);
            CHECK(bm_exts_has(&t.cert.ext, BM_EXT_SAN) ==
                  (cases[i].gn[0].n != 0));
        }
        end(&t);
    }
}

/* ---- Identifiers */

struct found {
    size_t n;
    uint8_t octets[16][128];
    size_t len[16];
};

static bm_status take(void *arg, struct bm_bytes identifier)
{
    struct found *f = arg;

    if (f->n == 16 || identifier.n > sizeof f->octets[0]) {
        return BM_E_LIMIT;
    }
    memcpy(f->octets[f->n], identifier.p, identifier.n);
    f->len[f->n++] = identifier.n;
    return BM_OK;
}

static void find(const char *subject, const char *names, struct found *f)
{
    static const char text[] = PLAIN
        "subject: [ { attribute: O, from: request, optional: true },\n"
        "  { attribute: CN, from: request } ]\n"
        "subject_alt_name:\n  names: [ { kind: dns, from: request, max: 9,\n"
        "    pattern: \".*\" }, { kind: email, from: request, "
        "optional: true } ]\n"
        "unique: [subject, CN, dns, email, uri]\n";
    struct trial t;
    uint8_t buf[512];
    struct bm_bytes gn[3] = { { (const uint8_t *)names, strlen(names) },
                              { NULL, 0 },
                              { NULL, 0 } };

    begin(&t, text, subject, put_names(gn, buf));
    CHECK_STATUS(fill(&t), BM_OK);
    *f = (struct found){ .n = 0 };
    CHECK_STATUS(ca_profile_identifiers(t.profile, &t.cert, f, take), BM_OK);
    end(&t);
}

/* RFC 5280 7: equal is what its rules of comparison make equal. */
static void identifiers_are_the_same_for_equal_names_only(void)
{
    struct found a;
    struct found b;

    find("CN=A b,O=x",
         "\x82\x03"
         "a.b\x81\x05"
         "A@b.c",
         &a);
    CHECK(a.n == 4);
    CHECK_BYTES(a.octets[2], a.len[2], "dns\0\0a.b", 8);
    CHECK_BYTES(a.octets[3], a.len[3], "email\0\0A@b.c", 12);
    CHECK_BYTES(a.octets[1], a.len[1],
                "attribute\0issuing\0\x06\x03\x55\x04\x03\x0c\x03"
                "a b",
                28);
    find("CN=a  B\\ ,O=X",
         "\x82\x03"
         "A.B\x81\x05"
         "A@B.C",
         &b);
    CHECK(b.n == 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_BYTES(a.octets[i], a.len[i], b.octets[i], b.len[i]);
    }
    find("CN=ab,O=x",
         "\x82\x03"
         "a.c\x81\x05"
         "a@b.c",
         &b);
    for (size_t i = 0; i < 4; i++) {
        CHECK(a.len[i] != b.len[i] ||
              memcmp(a.octets[i], b.octets[i], a.len[i]) != 0);
    }
}

/* RFC 5280 7.4, RFC 3986 6.2.2, RFC 8141 3.1 */
static void a_uri_is_unique_however_it_is_written(void)
{
    static const struct {
        const char *uri;
        const char *other;
        bool same;
    } cases[] = {
        { "http://u@h.x/a", "HTTP://u@H.X/a", true },
        { "http://h.x/a", "http://h.x/A", false },
        { "http://u@h.x", "http://U@h.x", false },
        { "http://h.x:80?q", "http://H.x:80?q", true },
        { "http://h.x?q@A", "http://h.x?q@a", false },
        { "http://h.x/%7ea", "http://h.x/~%61", true },
        { "http://h.x/%2f", "http://h.x/%2F", true },
        { "http://h.x/%2f", "http://h.x//", false },
        { "urn:dev:sn:A", "URN:DEV:sn:A", true },
        { "urn:dev:sn:A", "urn:dev:sn:a", false },
        { "urn:dev:sn:A", "urn:dev:SN:A", false },
    };
    static const char text[] =
        PLAIN ANY_CN "subject_alt_name: { names: [ { kind: uri, "
                     "from: request } ] }\nunique: [uri]\n";

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *uri[2] = { cases[i].uri, cases[i].other };
        struct found f = { .n = 0 };

        for (size_t k = 0; k < 2; k++) {
            uint8_t name[64];
            uint8_t exts[512];
            struct bm_bytes gn[3] = { { name, 0 }, { NULL, 0 }, { NULL, 0 } };
            struct bm_wr w;
            struct trial t;

            bm_wr_init(&w, name, sizeof name);
            bm_general_name_put(&w, BM_GN_URI, world_view(uri[k]));
            gn[0].n = w.len;
            begin(&t, text, "CN=x", put_names(gn, exts));
            CHECK_STATUS(fill(&t), BM_OK);
            CHECK_STATUS(ca_profile_identifiers(t.profile, &t.cert, &f, take),
                         BM_OK);
            end(&t);
        }
        CHECK(f.n == 2);
        CHECK((f.len[0] == f.len[1] && memcmp(f.octets[0], f.octets[1],
                                              f.len[0]) == 0) == cases[i].same);
    }
}

/* ---- Issuers */

static void an_issuer_that_cannot_issue_is_refused(void)
{
    static const struct {
        const char *text;
        bool by_root;
        const char *words;
    } cases[] = {
        { PLAIN ANY_CN "basic_constraints: { ca: true }\n"
                       "key_usage: [keyCertSign]\n",
          false, "the issuer's path length leaves no room for a CA (p:10)" },
        { PLAIN ANY_CN "basic_constraints: { ca: true }\n"
                       "key_usage: [keyCertSign]\n",
          true, NULL },
    };
    struct ca_refusal why;
    struct bm_cert cert = world.ca;
    struct ca_profile *p;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        p = world_parse(world_view(cases[i].text), "p");
        if (cases[i].words == NULL) {
            CHECK_STATUS(world_bind(p, &world.root, &why), BM_OK);
        } else {
            CHECK_STATUS(world_bind(p, &world.ca, &why), BM_E_PROFILE_ISSUER);
            CHECK(strcmp(why.words, cases[i].words) == 0);
        }
        ca_profile_free(p);
    }
    p = world_parse(world_view(PLAIN ANY_CN), "p");
    cert.ext.ca = false;
    CHECK_STATUS(world_bind(p, &cert, &why), BM_E_PROFILE_ISSUER);
    CHECK(strncmp(why.words, "the issuer's certificate is no CA's", 35) == 0);
    CHECK_STATUS(world_bind(p, NULL, &why), BM_E_PROFILE_ISSUER);
    CHECK_STATUS(world_bind(p, &world.ca, NULL), BM_OK);
    CHECK_STATUS(world_bind(p, &world.root, NULL), BM_OK); /* and again */
    ca_profile_free(p);

    p = world_parse(world_shipped("root"), "p");
    CHECK_STATUS(world_bind(p, &world.root, &why), BM_E_PROFILE_ISSUER);
    ca_profile_free(p);
}

static void a_microcontroller_gets_p256_and_sha256_all_the_way(void)
{
    struct ca_profile *p = world_parse(
        world_view(PLAIN ANY_CN "device: { identity: owner, class: mcu }\n"),
        "p");
    struct ca_profile_issuer by = { .id = "x",
                                    .cert = &world.ca,
                                    .sig_alg = BM_SIG_ECDSA_SHA384,
                                    .public_url = WORLD_URL,
                                    .crypto = bm_test_crypto() };
    struct ca_refusal why;

    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_E_PROFILE_ISSUER);
    CHECK(strncmp(why.words, "class: mcu needs", 16) == 0);
    by.sig_alg = BM_SIG_ECDSA_SHA256;
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_OK);
    ca_profile_free(p);
}

/* The device verifies the CA's certificate, too, and that of each above it. */
static void nor_is_another_algorithm_above_the_issuer(void)
{
    struct ca_profile *p = world_parse(
        world_view(PLAIN ANY_CN "device: { identity: owner, class: mcu }\n"),
        "p");
    struct bm_cert ca = world.ca;
    struct bm_cert middle = world.ca;
    struct bm_cert root = world.root;
    const struct bm_cert *above[] = { &middle, &root };
    struct ca_profile_issuer by = { .id = "x",
                                    .cert = &ca,
                                    .sig_alg = BM_SIG_ECDSA_SHA256,
                                    .public_url = WORLD_URL,
                                    .crypto = bm_test_crypto(),
                                    .above = above,
                                    .above_n = 2 };
    struct ca_refusal why;

    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_OK);
    root.sig_alg = BM_SIG_RSA_SHA256; /* on itself: nobody verifies it */
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_OK);
    root.key.type = BM_KEY_P384;
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_E_PROFILE_ISSUER);
    CHECK(strstr(why.words, "above the issuer") != NULL);
    root = world.root;
    middle.sig_alg = BM_SIG_ECDSA_SHA384;
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_E_PROFILE_ISSUER);
    middle = world.ca;
    ca.sig_alg = BM_SIG_ECDSA_SHA384;
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_E_PROFILE_ISSUER);
    ca = world.ca;
    CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_OK);
    ca_profile_free(p);
}

static void urls_need_a_public_url(void)
{
    static const char *const urls[] = { NULL, "", "no url", "ftp//x" };
    struct ca_profile *p =
        world_parse(world_view(PLAIN ANY_CN "crl: true\n"), "p");
    struct ca_profile_issuer by = { .id = "x",
                                    .cert = &world.ca,
                                    .sig_alg = BM_SIG_ECDSA_SHA256,
                                    .crypto = bm_test_crypto() };
    struct ca_refusal why;

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        by.public_url = urls[i];
        CHECK_STATUS(ca_profile_bind(p, &by, &why), BM_E_PROFILE_ISSUER);
        CHECK(strncmp(why.words,
                      i < 2 ? "needs public_url (p:10)"
                            : "public_url is no URL (p:10)",
                      20) == 0);
    }
    ca_profile_free(p);
}

static void an_unbound_profile_fills_nothing(void)
{
    struct ca_profile *p = world_parse(world_view(PLAIN ANY_CN), "p");
    uint8_t buf[4096];
    struct bm_csr csr;
    struct ca_profile_request request;
    struct bm_wr w;

    world_csr("CN=x", nothing, bm_test_signer_nth(BM_KEY_P256, 2), buf, &csr);
    request = world_request(&csr);
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(ca_profile_fill(p, &request, &w, NULL), BM_E_ARGUMENT);
    ca_profile_free(p);
}

/* The issuer's hold, whatever the profile says: RFC 5280 6.1.4 (g). */
static void the_issuers_name_constraints_hold(void)
{
    static const char below[] =
        PLAIN "subject: [ { attribute: CN, from: request } ]\n"
              "subject_alt_name: { names: [ { kind: dns, from: request } ] }\n";
    static const char constrained[] =
        HEAD "by: [operator]\nkeys: [p256]\nsubject_key_id: sha1\n"
             "authority_key_id: true\nvalidity: { for: 1y, nested: true }\n"
             "subject: [ { attribute: CN, from: request } ]\n"
             "basic_constraints: { ca: true, path_len: 0 }\n"
             "key_usage: [keyCertSign]\n"
             "name_constraints:\n"
             "  permitted: [ { kind: dns, value: example.com } ]\n";
    static const struct bm_bytes in[3] = { GN("\x82\x0d"
                                              "a.example.com") };
    static const struct bm_bytes out[3] = { GN("\x82\x0d"
                                               "a.example.org") };
    uint8_t der[2048];
    uint8_t exts[512];
    struct bm_cert ca;
    struct bm_cert cert;
    struct trial t;

    begin_by(&t, constrained, "CN=ca", nothing, &world.root);
    world_issue(t.profile, &t.request, bm_test_signer_nth(BM_KEY_P256, 0), der,
                &ca);
    end(&t);
    begin_by(&t, below, "CN=x", put_names(in, exts), &ca);
    CHECK_STATUS(fill(&t), BM_OK);
    end(&t);
    begin_by(&t, below, "CN=x", put_names(out, exts), &ca);
    CHECK_STATUS(ca_profile_fill(t.profile, &t.request, &t.tbs, &t.why), BM_OK);
    CHECK_STATUS(
        ca_profile_check(t.profile, bm_wr_bytes(&t.tbs), &cert, &t.why),
        BM_E_PROFILE_ISSUER);
    check_words(&t, "a name is outside the issuer's name constraints");
    end(&t);
}

/* ---- Lint */

struct report {
    size_t n;
    size_t broken;
    size_t unknown;
    char first[CA_REFUSAL_WORDS_MAX];
    char why[CA_REFUSAL_WORDS_MAX];
};

static void note(void *arg, const char *rule, enum ca_profile_verdict verdict,
                 const struct ca_refusal *why)
{
    struct report *r = arg;

    r->n++;
    r->unknown += verdict == CA_PROFILE_UNKNOWN;
    CHECK((verdict == CA_PROFILE_HOLDS) == (why == NULL));
    if (verdict == CA_PROFILE_BROKEN && r->broken++ == 0) {
        (void)snprintf(r->first, sizeof r->first, "%s", rule);
        (void)snprintf(r->why, sizeof r->why, "%s", why->words);
    }
}

static void lint_tells_every_rule_of_a_foreign_certificate(void)
{
    struct report report = { .n = 0 };
    struct ca_profile_lint lint = { .arg = &report,
                                    .rule = note,
                                    .crypto = bm_test_crypto() };
    struct ca_profile *p = world_parse(world_shipped("sub-ca"), "sub-ca.yaml");

    CHECK_STATUS(ca_profile_lint(p, &world.ca, &lint), BM_OK);
    CHECK(report.n == 23 && report.broken == 0);
    CHECK(report.unknown == 3); /* issuer, its validity, its key identifier */
    report = (struct report){ .n = 0 };
    lint.issuer = &world.root;
    CHECK_STATUS(ca_profile_lint(p, &world.ca, &lint), BM_OK);
    CHECK(report.n == 23 && report.broken == 0 && report.unknown == 0);
    report = (struct report){ .n = 0 };
    CHECK_STATUS(ca_profile_lint(p, &world.root, &lint), BM_E_PROFILE_VALIDITY);
    CHECK(report.n == 23 && report.broken == 3); /* path length and AKI, too */
    CHECK(strncmp(report.first, "validity (sub-ca.yaml:", 22) == 0);
    CHECK(strncmp(report.why, "valid for longer", 16) == 0);
    ca_profile_free(p);
}

static void find_mcu(void *arg, const char *rule,
                     enum ca_profile_verdict verdict,
                     const struct ca_refusal *why)
{
    bool *found = arg;

    (void)rule;
    *found =
        *found || (verdict == CA_PROFILE_BROKEN &&
                   strstr(why->words, "class: mcu needs an issuer") != NULL);
}

static void lint_finds_an_issuer_that_no_microcontroller_verifies(void)
{
    struct bm_cert issuer = world.root;
    bool found = false;
    struct ca_profile_lint lint = { .arg = &found,
                                    .rule = find_mcu,
                                    .issuer = &issuer,
                                    .crypto = bm_test_crypto() };
    struct ca_profile *p = world_parse(
        world_view(PLAIN ANY_CN "device: { identity: owner, class: mcu }\n"),
        "p");

    CHECK(ca_profile_lint(p, &world.ca, &lint) != BM_OK);
    CHECK(!found);
    issuer.key.type = BM_KEY_P384;
    CHECK(ca_profile_lint(p, &world.ca, &lint) != BM_OK);
    CHECK(found);
    ca_profile_free(p);
}

/* ---- Wildcards */

#define OF_DEVICE                                                    \
    PLAIN "device: { identity: owner }\n"                            \
          "subject: [ { attribute: CN, from: device } ]\n"           \
          "subject_alt_name: { names: [ { kind: dns, from: device, " \
          "template: \"{device}.gw.example\" } ] }\n"
#define FIXED                                              \
    PLAIN "device: { identity: owner }\n"                  \
          "subject: [ { attribute: CN, from: device } ]\n" \
          "subject_alt_name: { names: [ { kind: dns, "     \
          "fixed: \"*.gw.example\" } ] }\n"

/* It would be the host of every other device. */
static void a_device_called_star_gets_no_wildcard(void)
{
    static const char *const names[] = { "CN=*", "CN=*.a", "CN=a*" };
    struct ca_profile *of_device = world_parse(BM_LIT(OF_DEVICE), "p");
    struct ca_refusal why;
    struct trial t;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(&t, OF_DEVICE, names[i], nothing);
        CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
        end(&t);
    }
    begin(&t, OF_DEVICE, "CN=a", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    end(&t);
    /* The check finds it by itself. */
    CHECK_STATUS(world_bind(of_device, &world.ca, &why), BM_OK);
    begin(&t, FIXED, "CN=*", nothing);
    CHECK_STATUS(fill(&t), BM_OK);
    CHECK_STATUS(
        ca_profile_check(of_device, bm_wr_bytes(&t.tbs), &t.cert, &why),
        BM_E_PROFILE_SAN);
    end(&t);
    ca_profile_free(of_device);
}

/* What the author has not thought of. */
static void a_wildcard_needs_a_pattern_that_has_it(void)
{
    static const struct bm_bytes star[3] = { GN("\x82\x05"
                                                "*.a.b") };
    static const struct bm_bytes plain[3] = { GN("\x82\x05"
                                                 "A-b.c") };
    static const char usual[] =
        PLAIN ANY_CN "subject_alt_name: { names: [ { kind: dns, "
                     "from: request } ] }\n";
    static const char wild[] =
        PLAIN ANY_CN "subject_alt_name: { names: [ { kind: dns, "
                     "from: request, pattern: \"[*].+\" } ] }\n";
    uint8_t buf[512];
    struct trial t;

    begin(&t, usual, "CN=x", put_names(star, buf));
    CHECK_STATUS(fill(&t), BM_E_PROFILE_SAN);
    end(&t);
    begin(&t, usual, "CN=x", put_names(plain, buf));
    CHECK_STATUS(fill(&t), BM_OK);
    end(&t);
    begin(&t, wild, "CN=x", put_names(star, buf));
    CHECK_STATUS(fill(&t), BM_OK);
    end(&t);
}

int main(void)
{
    world_make();
    RUN(a_renewal_keeps_the_names_octet_for_octet);
    RUN(the_device_of_a_request_is_found);
    RUN(a_profile_without_devices_names_none);
    RUN(a_hardware_module_name_is_that_of_the_device);
    RUN(identifiers_are_the_same_for_equal_names_only);
    RUN(a_uri_is_unique_however_it_is_written);
    RUN(an_issuer_that_cannot_issue_is_refused);
    RUN(a_microcontroller_gets_p256_and_sha256_all_the_way);
    RUN(nor_is_another_algorithm_above_the_issuer);
    RUN(urls_need_a_public_url);
    RUN(an_unbound_profile_fills_nothing);
    RUN(the_issuers_name_constraints_hold);
    RUN(a_device_called_star_gets_no_wildcard);
    RUN(a_wildcard_needs_a_pattern_that_has_it);
    RUN(lint_tells_every_rule_of_a_foreign_certificate);
    RUN(lint_finds_an_issuer_that_no_microcontroller_verifies);
    return bm_test_done();
}
