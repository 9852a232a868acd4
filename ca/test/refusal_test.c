/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/refusal.h"
#include "tests/harness/bm_test.h"

static void a_refusal_says_status_and_words(void)
{
    struct ca_refusal why = { BM_OK, "" };

    CHECK_STATUS(ca_refuse(&why, BM_E_CA_WINDOW, "%d of %s", 3, "x"),
                 BM_E_CA_WINDOW);
    CHECK_STATUS(why.status, BM_E_CA_WINDOW);
    CHECK(strcmp(why.words, "3 of x") == 0);
}

static void nobody_need_listen(void)
{
    CHECK_STATUS(ca_refuse(NULL, BM_E_CA_WINDOW, "%d", 3), BM_E_CA_WINDOW);
    CHECK_STATUS(ca_refuse_plain(NULL, BM_E_CA_WINDOW), BM_E_CA_WINDOW);
}

static void what_is_too_long_is_cut(void)
{
    struct ca_refusal why = { BM_OK, "" };
    char longer[2 * CA_REFUSAL_WORDS_MAX];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_STATUS(ca_refuse(&why, BM_E_CA_WINDOW, "%s", longer), BM_E_CA_WINDOW);
    CHECK(strlen(why.words) == CA_REFUSAL_WORDS_MAX - 1);
}

/* The same status was told nearer to its cause: those words stay. */
static void plain_words_do_not_hide_better_ones(void)
{
    struct ca_refusal why = { BM_OK, "" };

    CHECK_STATUS(ca_refuse(&why, BM_E_CA_WINDOW, "better"), BM_E_CA_WINDOW);
    CHECK_STATUS(ca_refuse_plain(&why, BM_E_CA_WINDOW), BM_E_CA_WINDOW);
    CHECK(strcmp(why.words, "better") == 0);
    CHECK_STATUS(ca_refuse_plain(&why, BM_E_IO), BM_E_IO);
    CHECK_STATUS(why.status, BM_E_IO);
    CHECK(why.words[0] == '\0');
}

int main(void)
{
    RUN(a_refusal_says_status_and_words);
    RUN(nobody_need_listen);
    RUN(what_is_too_long_is_cut);
    RUN(plain_words_do_not_hide_better_ones);
    return bm_test_done();
}
