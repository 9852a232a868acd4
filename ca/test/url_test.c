/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/url.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static const struct {
    const char *text;
    enum ca_url_scheme scheme;
    const char *host;
    uint16_t port;
} good[] = {
    { "https://a/", CA_URL_HTTPS, "a", 443 },
    { "https://hooks.example.test/x/%41?y=1&z=~", CA_URL_HTTPS,
      "hooks.example.test", 443 },
    { "https://a:1/", CA_URL_HTTPS, "a", 1 },
    { "https://a:65535/", CA_URL_HTTPS, "a", 65535 },
    { "https://192.0.2.1:8443/", CA_URL_HTTPS, "192.0.2.1", 8443 },
    { "https://[2001:db8::1]/", CA_URL_HTTPS, "2001:db8::1", 443 },
    { "https://[::1]:8443/a", CA_URL_HTTPS, "::1", 8443 },
    { "syslog+tls://siem.example.test", CA_URL_SYSLOG, "siem.example.test",
      6514 },
    { "syslog+tls://[::1]:514", CA_URL_SYSLOG, "::1", 514 },
};

static void urls_of_both_kinds_are_read(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ca_url url;

        CHECK_STATUS(ca_url_parse(text_of(good[i].text), &url), BM_OK);
        CHECK(url.scheme == good[i].scheme && url.port == good[i].port);
        CHECK(strcmp(url.host, good[i].host) == 0);
    }
}

static const char *const bad[] = {
    "",
    "https://",
    "https:///",
    "https://a",
    "https://a?b",
    "http://a/",
    "HTTPS://a/",
    "https:/a/",
    "https://user@a/",
    "https://user:word@a/",
    "https://a:/",
    "https://a:0/",
    "https://a:080/",
    "https://a:65536/",
    "https://a:99999999999/",
    "https://a:-1/",
    "https://a b/",
    "https://a/b c",
    "https://a/#b",
    "https://a/\\b",
    "https://a/%4",
    "https://a/%zz",
    "https://a/\xc3\xa4",
    "https://\xc3\xa4/",
    "https://a\n/",
    "https://a/\r\nx: y",
    "https://[::1/",
    "https://::1/",
    "https://[a]/",
    "https://[]/",
    "https://[::1%25lo]/",
    "https://a..b/",
    "https://.a/",
    "syslog+tls://a/",
    "syslog+tls://a?x",
    "syslog+tls://",
    "syslog://a",
    "file:///etc/passwd",
};

static void all_others_are_refused(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static const struct ca_url none;
        struct ca_url url;

        if (ca_url_parse(text_of(bad[i]), &url) != BM_E_CA_URL) {
            printf("# %s\n", bad[i]);
            CHECK(!"refused");
        }
        CHECK(memcmp(&url, &none, sizeof url) == 0);
    }
    CHECK_STATUS(ca_url_parse(BM_LIT("https://a\0b/"), &(struct ca_url){ 0 }),
                 BM_E_CA_URL);
}

/* Every prefix ends before it is a URL, or is one of its own. */
static void no_octet_beyond_the_end_is_looked_at(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t n = 0; n < strlen(good[i].text); n++) {
            struct ca_url url;
            struct bm_bytes part = { (const uint8_t *)good[i].text, n };
            bm_status rc = ca_url_parse(part, &url);

            CHECK(rc == BM_OK || rc == BM_E_CA_URL);
        }
    }
}

int main(void)
{
    RUN(urls_of_both_kinds_are_read);
    RUN(all_others_are_refused);
    RUN(no_octet_beyond_the_end_is_looked_at);
    return bm_test_done();
}
