/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

#define GOOD                               \
    "version: 1\n"                         \
    "public_url: http://ca.example:8080\n" \
    "ledger:\n"                            \
    "  origin: ca.example/ledger\n"

static void what_is_not_said_has_its_default(void)
{
    struct settings s;

    CHECK_STATUS(settings_parse(text(GOOD), "x", &s, NULL), BM_OK);
    CHECK(strcmp(s.public_url, "http://ca.example:8080") == 0);
    CHECK(strcmp(s.unlock, "file") == 0);
    CHECK(strcmp(s.origin, "ca.example/ledger") == 0);
    CHECK(s.crl_lifetime == 7 * 86400);
    CHECK(s.ocsp_lifetime == 3600);
    CHECK(s.bad_keys == NULL);
    settings_wipe(&s);
    CHECK(s.memory == NULL);
    settings_wipe(&s);
}

static void what_init_writes_can_be_read(void)
{
    char room[4096];
    struct bm_wr w;
    struct settings s;

    bm_wr_init(&w, (uint8_t *)room, sizeof room);
    settings_put(&w, "http://[2001:db8::1]:8080", "2001:db8::1/ledger");
    CHECK(w.len < sizeof room);
    CHECK_STATUS(settings_parse(bm_wr_bytes(&w), "x", &s, NULL), BM_OK);
    CHECK(strcmp(s.public_url, "http://[2001:db8::1]:8080") == 0);
    CHECK(strcmp(s.origin, "2001:db8::1/ledger") == 0);
    CHECK(s.bad_keys != NULL && strcmp(s.bad_keys, "bad-keys.txt") == 0);
    settings_wipe(&s);
}

static void an_error_has_file_line_and_column(void)
{
    static const struct {
        const char *text;
        const char *where; /* the words begin with it */
    } rows[] = {
        { "", "f:" },
        { "version: 2\npublic_url: http://a\nledger: { origin: x }\n",
          "f:1:10: " },
        { GOOD "public_ulr: x\n", "f:5:1: " },
        { GOOD "public_url: http://b\n", "f:5:1: " },
        { GOOD "crl:\n  lifetime: 1s\n", "f:6:13: " },
        { GOOD "crl:\n  lifetime: 100000000000000000000d\n", "f:6:13: " },
        { GOOD "ocsp:\n  lifetime: 59s\n", "f:6:13: " },
        { GOOD "ocsp:\n  livetime: 1h\n", "f:6:3: " },
        { "version: 1\npublic_url: https://a\nledger: { origin: x }\n",
          "f:2:13: " },
        { "version: 1\npublic_url: http://a\nledger: { origin: a b }\n",
          "f:3:19: " },
        { "version: 1\npublic_url: http://a\nledger: { origin: a+b }\n",
          "f:3:19: " },
        { "version: 1\nledger: { origin: x }\n", "f:" },
        { "version: 1\npublic_url: http://a\n", "f:" },
        { "version: 1\npublic_url: http://a\nledger: {}\n", "f:" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_refusal why = { BM_OK, "" };
        struct settings s;
        bm_status rc = settings_parse(text(rows[i].text), "f", &s, &why);

        CHECK(rc != BM_OK);
        CHECK_STATUS(why.status, rc);
        if (strncmp(why.words, rows[i].where, strlen(rows[i].where)) != 0) {
            printf("# row %zu: %s\n", i, why.words);
            CHECK(!"where");
        }
        CHECK(s.memory == NULL);
        CHECK_STATUS(settings_parse(text(rows[i].text), "f", &s, NULL), rc);
    }
}

static void every_prefix_is_read_or_refused(void)
{
    for (size_t n = 0; n < sizeof GOOD; n++) {
        struct settings s;
        bm_status rc = settings_parse(
            (struct bm_bytes){ (const uint8_t *)GOOD, n }, "f", &s, NULL);

        CHECK((rc == BM_OK) == (s.memory != NULL));
        settings_wipe(&s);
    }
}

/* It goes into certificates that live twenty years. */
static void a_public_url_is_a_scheme_and_a_host(void)
{
    static const struct {
        const char *url;
        bool valid;
    } rows[] = {
        { "http://ca.example", true },
        { "http://ca.example:8080", true },
        { "http://192.0.2.1:80", true },
        { "http://[2001:db8::1]:8080", true },
        { "http://[2001:db8::1]", true },
        { "http://CA-1.example", true },
        { "", false },
        { "http://", false },
        { "http:/", false },
        { "ca.example", false },
        { "https://ca.example", false },
        { "http://ca.example/", false },
        { "http://ca.example/path", false },
        { "http://ca.example:", false },
        { "http://ca.example:x", false },
        { "http://ca.example:80:80", false },
        { "http://ca.example:65536", false },
        { "http://ca.example:0", false },
        { "http://:8080", false },
        { "http://user@ca.example", false },
        { "http://ca example", false },
        { "http://ca.example?x", false },
        { "http://[2001:db8::1", false },
        { "http://[]", false },
        { "http://2001:db8::1", false },
        { "http://ca.example\n", false },
        { "HTTP://ca.example", false },
        { "http://..", false },
        { "http://-ca.example", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (settings_url_valid(rows[i].url) != rows[i].valid) {
            printf("# %s\n", rows[i].url);
            CHECK(!"valid");
        }
    }
}

int main(void)
{
    RUN(what_is_not_said_has_its_default);
    RUN(what_init_writes_can_be_read);
    RUN(an_error_has_file_line_and_column);
    RUN(every_prefix_is_read_or_refused);
    RUN(a_public_url_is_a_scheme_and_a_host);
    return bm_test_done();
}
