/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script.h"

#include <stdlib.h>

#include "ca/profile.h"
#include "tests/harness/bm_test.h"

#define HEAD                                                \
    "ceremony: x\n"                                         \
    "title: a root for tests\n"                             \
    "root:\n"                                               \
    "  subject: [ { O: Example }, { CN: Example Root } ]\n" \
    "  key: { algorithm: p256, place: file }\n"             \
    "  validity: { for: 30y }\n"

#define PIN "0000000000000000000000000000000000000000000000000000000000000000"

static const char whole[] =
    HEAD "custodians: { threshold: 2, names: [ Ada, Bob, Carol ] }\n"
         "sign:\n"
         "  - { step: a, kind: subordinate, request: a.csr,\n"
         "      subject: [ { C: DE }, { CN: A } ], validity: { for: 1y },\n"
         "      path_len: 3, keys: [p256], key_sha256: " PIN ",\n"
         "      policies: [ { oid: 1.2.3 } ], public_url: 'http://x' }\n"
         "  - { step: b, kind: cross, certificate: b.pem,\n"
         "      certificate_sha256: " PIN ", validity: { for: 1y } }\n"
         "  - { step: c, kind: request }\n"
         "crl: { lifetime: 90d, revoked: [ { serial: 0a0B,\n"
         "  date: 2026-01-02T03:04:05Z, reason: superseded } ] }\n";

static bm_status parse(const char *text, struct script *s,
                       struct ca_refusal *why)
{
    return script_parse(
        s, (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, "x.yaml",
        why);
}

static void a_file_is_what_it_says(void)
{
    struct script s;

    CHECK_STATUS(parse(whole, &s, NULL), BM_OK);
    CHECK(strcmp(s.name, "x") == 0 && strcmp(s.root_id, "root") == 0);
    CHECK(s.threshold == 2 && s.custodians_n == 3 && s.steps_n == 3);
    CHECK(s.steps[0].kind == SCRIPT_SUBORDINATE && s.steps[0].key.is &&
          !s.steps[0].pin.is && s.steps[0].ca.path_len == 3);
    CHECK(s.steps[1].kind == SCRIPT_CROSS && s.steps[1].pin.is &&
          s.steps[1].ca.path_len == BM_PATH_LEN_NONE);
    CHECK(s.steps[2].kind == SCRIPT_REQUEST && s.steps[2].file == NULL);
    CHECK(script_find(&s, "b") == &s.steps[1] && script_find(&s, "d") == NULL);
    CHECK(s.crl_lifetime == 90 * 86400 && s.revoked_n == 1);
    CHECK_BYTES(s.revoked[0].serial, s.revoked[0].serial_n, "\x0a\x0b", 2);
    script_free(&s);
}

static void the_place_of_a_key_is_a_file_or_a_token(void)
{
    static const struct {
        const char *key;
        bool good;
    } cases[] = {
        { "place: file", true },
        { "place: 'pkcs11:token=a;object=b', module: /m.so", true },
        { "place: 'tpm2:0x81000001'", true },
        { "place: 'pkcs11:token=a;object=b'", false },
        { "place: 'pkcs11:token=a;object=b', module: m.so", false },
        { "place: 'pkcs11:token=a;pin-value=1', module: /m.so", false },
        { "place: file, module: /m.so", false },
        { "place: 'tpm2:0x41000001'", false },
        { "place: root.key", false },
        { "place: 'file:root.key'", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        struct script s;
        bm_status rc;

        (void)snprintf(text, sizeof text,
                       "ceremony: x\ntitle: x\nroot:\n"
                       "  subject: [ { CN: x } ]\n"
                       "  key: { algorithm: p256, %s }\n"
                       "  validity: { for: 30y }\n",
                       cases[i].key);
        rc = parse(text, &s, NULL);
        if ((rc == BM_OK) != cases[i].good) {
            printf("# %s\n", cases[i].key);
            CHECK(false);
        }
        script_free(&s);
    }
}

/* What is behind HEAD, and what is said about it. */
static const struct {
    const char *text;
    const char *words;
} wrong[] = {
    { "rot: 1\n", "x.yaml:7:1: unknown key \"rot\"" },
    { "sign: [ { step: a, kind: b } ]\n", "x.yaml:7:26: unknown kind" },
    { "sign: [ { step: a, kind: subordinate } ]\n", "needs request" },
    { "sign: [ { step: A, kind: request } ]\n", "x.yaml:7:17: the name" },
    { "sign: [ { step: a, kind: request }, { step: a, kind: request } ]\n",
      "x.yaml:7:45: there is a step of this name" },
    { "sign: [ { step: a, kind: request, request: b } ]\n", "has no request" },
    { "sign: [ { step: a, kind: request, path_len: 1 } ]\n",
      "has no path_len" },
    { "sign: [ { step: a, kind: cross, certificate: b,\n"
      "  validity: { for: 1y } } ]\n",
      "needs certificate_sha256" },
    { "sign: [ { step: a, kind: new-with-old, certificate: b,\n"
      "  certificate_sha256: 0A } ]\n",
      "x.yaml:8:23: a SHA-256 is 64" },
    { "sign: [ { step: a, kind: subordinate, request: .b,\n"
      "  subject: [ { CN: A } ], validity: { for: 1y } } ]\n",
      "x.yaml:7:48: is the name of a file" },
    { "sign: [ { step: a, kind: subordinate, request: b, renews: c,\n"
      "  subject: [ { CN: A } ], validity: { for: 1y } } ]\n",
      "no such step before" },
    { "sign: [ { step: a, kind: subordinate, request: b,\n"
      "  subject: [ { CN: A, O: B } ], validity: { for: 1y } } ]\n",
      "x.yaml:8:14: an item of subject" },
    { "custodians: { threshold: 1, names: [ a, b ] }\n", "must be 2 to 16" },
    { "custodians: { threshold: 3, names: [ a, b ] }\n", "more than there" },
    { "custodians: { threshold: 2, names: [ a, a ] }\n", "occurs twice" },
    { "custodians: { threshold: 2, names: [ a, \"\\u00e9\" ] }\n",
      "printable ASCII" },
    { "crl: { lifetime: 1s }\n", "lifetime must be" },
    { "crl: { revoked: [ { serial: 0, date: 2026-01-02T03:04:05Z,\n"
      "  reason: superseded } ] }\n",
      "two digits per octet" },
    { "crl: { revoked: [ { serial: 00, date: 2026-01-02T03:04:05Z,\n"
      "  reason: certificateHold } ] }\n",
      "unknown reason" },
};

static void what_is_wrong_has_a_place(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ca_refusal why = { .status = BM_OK };
        char text[2048];
        struct script s;

        (void)snprintf(text, sizeof text, "%s%s", HEAD, wrong[i].text);
        CHECK(parse(text, &s, &why) != BM_OK);
        CHECK(s.config == NULL);
        if (strstr(why.words, wrong[i].words) == NULL ||
            strncmp(why.words, "x.yaml:", 7) != 0) {
            printf("# %zu: %s\n", i, why.words);
            CHECK(false);
        }
    }
}

/* The rules of profiles are broken where the file breaks them. */
static void a_profile_is_refused_at_its_place_in_the_file(void)
{
    static const struct {
        const char *text;
        const char *place;
    } cases[] = {
        { "sign:\n"
          "  - step: a\n"
          "    kind: subordinate\n"
          "    request: a\n"
          "    subject:\n"
          "      - { CN: A }\n"
          "      - { C: Germany }\n"
          "    validity: { for: 1y }\n",
          "x.yaml:13:9: C cannot be" },
        { "sign:\n"
          "  - step: a\n"
          "    validity: { for: 1y, until: 2040-01-01T00:00:00Z }\n"
          "    kind: subordinate\n"
          "    request: a\n"
          "    subject: [ { CN: A } ]\n",
          "x.yaml:9:15: needs either for or until" },
        { "sign:\n"
          "  - { step: a, kind: subordinate, request: a,\n"
          "      subject: [ { CN: A } ], validity: { for: 1y },\n"
          "      name_constraints:\n"
          "        { permitted: [ { kind: dns, value: a },\n"
          "                       { kind: dsn, value: a } ] } }\n",
          "x.yaml:12:32: unknown kind" },
        { "sign:\n"
          "  - { step: a, kind: subordinate, request: a,\n"
          "      subject: [ { CN: A } ], validity: { for: 1y },\n"
          "      policies: [ { oid: 1.2.3 }, { oid: one } ] }\n",
          "x.yaml:10:" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ca_refusal why = { .status = BM_OK };
        char text[2048];
        struct script s;

        (void)snprintf(text, sizeof text, "%s%s", HEAD, cases[i].text);
        CHECK(parse(text, &s, &why) != BM_OK);
        if (strncmp(why.words, cases[i].place, strlen(cases[i].place)) != 0) {
            printf("# %zu: %s\n", i, why.words);
            CHECK(false);
        }
    }
}

static void name_of(const char *subject, bool rehearsal, char out[512])
{
    char text[2048];
    uint8_t der[1024];
    struct bm_wr w;
    struct bm_wr t;
    struct script s;
    struct ca_refusal why = { .status = BM_OK };

    memset(out, 0, 512);
    (void)snprintf(text, sizeof text,
                   "ceremony: x\ntitle: x\nroot:\n  subject: %s\n"
                   "  key: { algorithm: p256, place: file }\n"
                   "  validity: { for: 30y }\n",
                   subject);
    if (parse(text, &s, &why) != BM_OK) {
        printf("# %s\n", why.words);
        CHECK(false);
        return;
    }
    bm_wr_init(&w, der, sizeof der);
    script_put_subject(&w, &s.root, rehearsal);
    bm_wr_init(&t, (uint8_t *)out, 511);
    bm_name_put_text(&t, bm_wr_bytes(&w));
    script_free(&s);
}

#define LONG_NAME "0123456789012345678901234567890123456789012345678901234"

static void a_rehearsal_says_so_in_every_subject(void)
{
    char name[512];

    name_of("[ { O: E }, { CN: R } ]", false, name);
    CHECK(strcmp(name, "CN=R,O=E") == 0);
    name_of("[ { O: E }, { CN: R } ]", true, name);
    CHECK(strcmp(name, "CN=REHEARSAL - R,O=E") == 0);
    name_of("[ { O: E } ]", true, name);
    CHECK(strcmp(name, "OU=REHEARSAL,O=E") == 0);
    name_of("[ { CN: '" LONG_NAME "' } ]", true, name);
    CHECK(strcmp(name, "OU=REHEARSAL,CN=" LONG_NAME) == 0);
}

static void every_prefix_is_refused_or_a_file(void)
{
    for (size_t n = 0; n <= sizeof whole - 1; n++) {
        struct ca_refusal why = { .status = BM_OK };
        uint8_t *copy = malloc(n + 1);
        struct script s;
        bm_status rc;

        memcpy(copy, whole, n);
        rc = script_parse(&s, (struct bm_bytes){ copy, n }, "x.yaml", &why);
        CHECK(rc == BM_OK || (why.status == rc && s.config == NULL));
        CHECK(rc == BM_OK || strncmp(why.words, "x.yaml", 6) == 0);
        script_free(&s);
        free(copy);
    }
}

static void every_bit_flip_is_refused_or_a_file(void)
{
    uint8_t copy[sizeof whole];

    for (size_t i = 0; i < 8 * (sizeof whole - 1); i++) {
        struct ca_refusal why = { .status = BM_OK };
        struct script s;
        bm_status rc;

        memcpy(copy, whole, sizeof whole);
        copy[i / 8] ^= (uint8_t)(1U << i % 8);
        rc = script_parse(&s, (struct bm_bytes){ copy, sizeof whole - 1 },
                          "x.yaml", &why);
        CHECK(rc == BM_OK || (why.status == rc && s.config == NULL));
        script_free(&s);
    }
}

int main(void)
{
    RUN(a_file_is_what_it_says);
    RUN(the_place_of_a_key_is_a_file_or_a_token);
    RUN(what_is_wrong_has_a_place);
    RUN(a_profile_is_refused_at_its_place_in_the_file);
    RUN(a_rehearsal_says_so_in_every_subject);
    RUN(every_prefix_is_refused_or_a_file);
    RUN(every_bit_flip_is_refused_or_a_file);
    return bm_test_done();
}
