/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "protocols/est/est.h"
#include "tests/harness/bm_test.h"

static const struct {
    const char *path;
    enum est_operation operation;
    const char *label;
} good[] = {
    { "/.well-known/est/cacerts", EST_CACERTS, "" },
    { "/.well-known/est/simpleenroll", EST_SIMPLEENROLL, "" },
    { "/.well-known/est/simplereenroll", EST_SIMPLEREENROLL, "" },
    { "/.well-known/est/fullcmc", EST_FULLCMC, "" },
    { "/.well-known/est/serverkeygen", EST_SERVERKEYGEN, "" },
    { "/.well-known/est/csrattrs", EST_CSRATTRS, "" },
    { "/.well-known/est/tls-client/cacerts", EST_CACERTS, "tls-client" },
    { "/.well-known/est/ieee-802.1ar-ldevid/simpleenroll", EST_SIMPLEENROLL,
      "ieee-802.1ar-ldevid" },
    { "/tls-client/.well-known/est/simpleenroll", EST_SIMPLEENROLL,
      "tls-client" },
    { "/.well-known/.well-known/est/cacerts", EST_CACERTS, ".well-known" },
    /* RFC 3986 6.2.2.2: an octet and its percent-encoding are the same */
    { "/.well-known/est/%74ls%2dclient/%63acerts", EST_CACERTS, "tls-client" },
    { "/%2Ewell-known/est/cacerts", EST_CACERTS, "" },
    { "/.well-known/est/a%25b/cacerts", EST_CACERTS, "a%b" },
    { "/.well-known/est/"
      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890/"
      "cacerts",
      EST_CACERTS,
      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890" },
};
#define GOOD_N (sizeof good / sizeof good[0])

static const char *const bad[] = {
    "",
    "/",
    "/.well-known",
    "/.well-known/est",
    "/.well-known/est/",
    "/.well-known/est/cacerts/",
    "/.well-known/est//cacerts",
    "//.well-known/est/cacerts",
    ".well-known/est/cacerts",
    "/.well-known/EST/cacerts",
    "/.well-known/est/CACERTS",
    "/.well-known/est/cacert",
    "/.well-known/est/a/b/cacerts",
    "/est/cacerts",
    "/a/est/cacerts",
    "/a/b/c/cacerts",
    "/a/.well-known/est/b/cacerts",
    "/cacerts/.well-known/est/cacerts",
    "//.well-known/est/simpleenroll",
    /* RFC 7030 3.2.2: a label is no operation's name */
    "/.well-known/est/cacerts/cacerts",
    "/.well-known/est/simpleenroll/cacerts",
    "/.well-known/est/%73impleenroll/cacerts",
    "/.well-known/est/a%2fb/cacerts",
    "/.well-known/est/a%00/cacerts",
    "/.well-known/est/a%7f/cacerts",
    "/.well-known/est/a%20b/cacerts",
    "/.well-known/est/a%c3%a4/cacerts",
    "/.well-known/est/a%/cacerts",
    "/.well-known/est/a%2/cacerts",
    "/.well-known/est/a%zz/cacerts",
    "/.well-known/est/cacerts%",
    "/.well-known/est/"
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901/"
    "cacerts",
};

static void each_operation_has_a_path_with_and_without_a_label(void)
{
    struct est_path path;

    for (size_t i = 0; i < GOOD_N; i++) {
        CHECK_STATUS(est_path_parse(good[i].path, &path), BM_OK);
        CHECK(path.operation == good[i].operation);
        CHECK(strcmp(path.label, good[i].label) == 0);
    }
}

static void nothing_else_is_a_path_of_est(void)
{
    static const struct est_path zero;
    struct est_path path;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&path, 0xff, sizeof path);
        if (est_path_parse(bad[i], &path) != BM_E_NOT_FOUND) {
            printf("# %s\n", bad[i]);
            CHECK(!"refused");
        }
        CHECK(memcmp(&path, &zero, sizeof path) == 0);
    }
}

static void no_beginning_of_a_path_is_one(void)
{
    struct est_path path;

    for (size_t i = 0; i < GOOD_N; i++) {
        for (size_t n = 0; n < strlen(good[i].path); n++) {
            char *copy = calloc(1, n + 1);

            memcpy(copy, good[i].path, n);
            CHECK_STATUS(est_path_parse(copy, &path), BM_E_NOT_FOUND);
            free(copy);
        }
    }
}

static void a_flipped_bit_gives_no_malformed_label(void)
{
    char copy[128];
    struct est_path path;

    for (size_t i = 0; i < GOOD_N; i++) {
        size_t n = strlen(good[i].path);

        memcpy(copy, good[i].path, n + 1);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            if (est_path_parse(copy, &path) == BM_OK) {
                CHECK(strlen(path.label) <= EST_LABEL_MAX);
                CHECK(strchr(path.label, '/') == NULL);
            }
            copy[bit / 8] = good[i].path[bit / 8];
        }
    }
}

static void only_what_carries_a_request_is_posted(void)
{
    CHECK(!est_operation_posts(EST_CACERTS));
    CHECK(!est_operation_posts(EST_CSRATTRS));
    CHECK(est_operation_posts(EST_SIMPLEENROLL));
    CHECK(est_operation_posts(EST_SIMPLEREENROLL));
    CHECK(est_operation_posts(EST_SERVERKEYGEN));
    CHECK(est_operation_posts(EST_FULLCMC));
    CHECK(strcmp(est_operation_name(EST_CSRATTRS), "csrattrs") == 0);
}

int main(void)
{
    RUN(each_operation_has_a_path_with_and_without_a_label);
    RUN(nothing_else_is_a_path_of_est);
    RUN(no_beginning_of_a_path_is_one);
    RUN(a_flipped_bit_gives_no_malformed_label);
    RUN(only_what_carries_a_request_is_posted);
    return bm_test_done();
}
