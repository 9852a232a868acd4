/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/base64.h"
#include "protocols/est/est.h"
#include "tests/harness/bm_test.h"

/* RFC 7617 2 and RFC 6750 2.1 have the first ones as examples. */
static const struct {
    const char *header;
    const char *user;
    const char *token;
} good[] = {
    { "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
    { "Bearer mF_9.B5f-4.1JqM", "", "mF_9.B5f-4.1JqM" },
    { "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
    { "BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", "Aladdin", "open sesame" },
    { "bearer a", "", "a" },
    { "Bearer abc==", "", "abc==" },
    { "Basic OnRva2Vu", "", "token" },            /* ":token" */
    { "Basic U04tMTphOmI=", "SN-1", "a:b" },      /* "SN-1:a:b" */
    { "Basic w6Q6w7Y=", "\xc3\xa4", "\xc3\xb6" }, /* UTF-8 */
};
#define GOOD_N (sizeof good / sizeof good[0])

static const char *const bad[] = {
    "",
    "Basic",
    "Basic ",
    "Basic QWxhZGRpbg==",                /* no colon */
    "Basic QWxhZGRpbjo=",                /* empty token */
    "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=", /* padding */
    "Basic QWxhZGRp bjpvcGVuIHNlc2FtZQ==",
    "Basic QQA6Yg==", /* NUL in the user */
    "Basic YTpiCg==", /* newline in the token */
    "Basic\tYTpi",
    "BasicYTpi",
    "Bearer",
    "Bearer ",
    "Bearer =",
    "Bearer a b",
    "Bearer a=b",
    "Bearer a\"b",
    "Digest username=\"Mufasa\"",
    "Negotiate YTpi",
    "YTpi",
};

static void a_device_shows_its_token_as_basic_or_bearer(void)
{
    struct est_credentials c;

    for (size_t i = 0; i < GOOD_N; i++) {
        CHECK_STATUS(est_credentials_parse(good[i].header, &c, NULL), BM_OK);
        CHECK_BYTES(c.user, c.user_n, good[i].user, strlen(good[i].user));
        CHECK_BYTES(c.token, c.token_n, good[i].token, strlen(good[i].token));
    }
}

static void no_header_means_no_credentials(void)
{
    struct est_credentials c;

    CHECK_STATUS(est_credentials_parse(NULL, &c, NULL), BM_OK);
    CHECK(c.user_n == 0 && c.token_n == 0);
}

/* RFC 7030 3.2.3 leaves the schemes to us. What is refused is not repeated. */
static void malformed_credentials_are_refused_and_not_told(void)
{
    static const struct est_credentials zero;
    struct est_credentials c;
    struct ca_refusal why;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&c, 0xff, sizeof c);
        memset(&why, 0, sizeof why);
        CHECK_STATUS(est_credentials_parse(bad[i], &c, &why),
                     BM_E_EST_CREDENTIALS);
        CHECK(memcmp(&c, &zero, sizeof c) == 0);
        CHECK(why.words[0] != '\0' && strstr(why.words, "YTpi") == NULL);
    }
}

static bm_status basic_of(size_t user, size_t token)
{
    uint8_t pair[1024];
    uint8_t header[2048] = { 0 };
    struct est_credentials c;
    struct bm_wr w;

    memset(pair, 'x', sizeof pair);
    pair[user] = ':';
    bm_wr_init(&w, header, sizeof header);
    bm_wr_str(&w, "Basic ");
    bm_base64_put(&w, (struct bm_bytes){ pair, user + 1 + token }, 0);
    return est_credentials_parse((const char *)header, &c, NULL);
}

static void names_and_tokens_are_bounded(void)
{
    CHECK_STATUS(basic_of(EST_USER_MAX, EST_TOKEN_MAX), BM_OK);
    CHECK_STATUS(basic_of(EST_USER_MAX + 1, 1), BM_E_EST_CREDENTIALS);
    CHECK_STATUS(basic_of(1, EST_TOKEN_MAX + 1), BM_E_EST_CREDENTIALS);
    CHECK_STATUS(basic_of(500, 500), BM_E_EST_CREDENTIALS);
}

static bm_status bearer_of(size_t n)
{
    char header[1024] = "Bearer ";
    struct est_credentials c;

    memset(header + 7, 'x', n);
    header[7 + n] = '\0';
    return est_credentials_parse(header, &c, NULL);
}

static void bearers_are_bounded(void)
{
    CHECK_STATUS(bearer_of(EST_TOKEN_MAX), BM_OK);
    CHECK_STATUS(bearer_of(EST_TOKEN_MAX + 1), BM_E_EST_CREDENTIALS);
}

static void wiped_credentials_leave_nothing(void)
{
    static const struct est_credentials zero;
    struct est_credentials c;

    CHECK_STATUS(est_credentials_parse(good[0].header, &c, NULL), BM_OK);
    est_credentials_wipe(&c);
    CHECK(memcmp(&c, &zero, sizeof c) == 0);
}

static void damage_is_refused_or_stays_in_bounds(void)
{
    struct est_credentials c;

    for (size_t i = 0; i < GOOD_N; i++) {
        size_t size = strlen(good[i].header);
        char *copy = malloc(size + 1);

        memcpy(copy, good[i].header, size + 1);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            if (est_credentials_parse(copy, &c, NULL) == BM_OK) {
                CHECK(c.token_n >= 1 && c.token_n <= EST_TOKEN_MAX);
            }
            copy[bit / 8] = good[i].header[bit / 8];
        }
        for (size_t n = size; n-- > 0;) {
            copy[n] = '\0';
            if (est_credentials_parse(copy, &c, NULL) == BM_OK) {
                CHECK(c.token_n >= 1 && c.token_n <= EST_TOKEN_MAX);
            }
        }
        free(copy);
    }
}

int main(void)
{
    RUN(a_device_shows_its_token_as_basic_or_bearer);
    RUN(no_header_means_no_credentials);
    RUN(malformed_credentials_are_refused_and_not_told);
    RUN(names_and_tokens_are_bounded);
    RUN(bearers_are_bounded);
    RUN(wiped_credentials_leave_nothing);
    RUN(damage_is_refused_or_stays_in_bounds);
    return bm_test_done();
}
