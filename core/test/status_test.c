/* SPDX-License-Identifier: Apache-2.0 */
#include "core/status.h"

#include "tests/harness/bm_test.h"

static const bm_status all[] = {
#define X(name, value, clause, text) BM_##name,
    BM_STATUS_LIST(X)
#undef X
};
#define ALL_N (sizeof all / sizeof all[0])

static void each_value_is_given_once(void)
{
    for (size_t i = 0; i < ALL_N; i++) {
        for (size_t j = 0; j < i; j++) {
            CHECK(all[i] != all[j]);
        }
    }
}

/* Two statuses that read the same could not be told apart in a log. */
static void each_status_reads_differently(void)
{
    for (size_t i = 0; i < ALL_N; i++) {
        for (size_t j = 0; j < i; j++) {
            CHECK(strcmp(bm_status_name(all[i]), bm_status_name(all[j])) != 0);
            CHECK(strcmp(bm_status_text(all[i]), bm_status_text(all[j])) != 0 ||
                  strcmp(bm_status_clause(all[i]), bm_status_clause(all[j])) !=
                      0);
        }
    }
}

/* Within a layer numbers may be left out: they are given before they are
 * taken. */
static void numbers_rise_and_no_layer_is_left_out(void)
{
    for (size_t i = 1; i < ALL_N; i++) {
        unsigned before = (unsigned)all[i - 1];
        unsigned now = (unsigned)all[i];

        CHECK((now > before && now >> 8 == before >> 8) ||
              now == ((before >> 8) + 1) << 8 ||
              now == (((before >> 8) + 1) << 8 | 1));
    }
}

/* Printed in one line, in ASCII, without the separators of a log. */
static void words_are_fit_for_a_log(void)
{
    for (size_t i = 0; i < ALL_N; i++) {
        const char *words[] = { bm_status_name(all[i]),
                                bm_status_clause(all[i]),
                                bm_status_text(all[i]) };

        for (size_t k = 0; k < 3; k++) {
            for (const char *c = words[k]; *c != '\0'; c++) {
                CHECK(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\');
            }
        }
        CHECK(words[0][0] == 'B' && words[2][0] != '\0');
    }
}

static void a_status_says_where_to_look(void)
{
    CHECK(strcmp(bm_status_name(BM_E_DER_TAG), "BM_E_DER_TAG") == 0);
    CHECK(strcmp(bm_status_clause(BM_E_DER_TAG), "X.690 8.1.2") == 0);
    CHECK(strcmp(bm_status_text(BM_E_DER_TAG), "unexpected tag") == 0);
    CHECK(BM_OK == 0 && strcmp(bm_status_text(BM_OK), "success") == 0);
}

static void an_unknown_number_is_no_crash(void)
{
    bm_status unknown = (bm_status)0x7f7f;

    CHECK(strcmp(bm_status_text(unknown), "unknown status") == 0);
    CHECK(bm_status_clause(unknown)[0] == '\0');
    CHECK(bm_status_name(unknown) != NULL);
}

static bm_status fails(int *reached)
{
    BM_TRY(BM_OK);
    *reached = 1;
    BM_TRY(BM_E_LIMIT);
    *reached = 2;
    return BM_OK;
}

static void try_returns_what_is_not_ok(void)
{
    int reached = 0;

    CHECK_STATUS(fails(&reached), BM_E_LIMIT);
    CHECK(reached == 1);
}

int main(void)
{
    RUN(each_value_is_given_once);
    RUN(each_status_reads_differently);
    RUN(numbers_rise_and_no_layer_is_left_out);
    RUN(words_are_fit_for_a_log);
    RUN(a_status_says_where_to_look);
    RUN(an_unknown_number_is_no_crash);
    RUN(try_returns_what_is_not_ok);
    return bm_test_done();
}
