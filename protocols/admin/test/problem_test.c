/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "protocols/admin/admin.h"
#include "tests/harness/bm_test.h"

static void refusals_have_their_status_of_http(void)
{
    static const struct {
        bm_status rc;
        unsigned http;
    } rows[] = {
        { BM_E_ARGUMENT, 400 },    { BM_E_CA_FORBIDDEN, 403 },
        { BM_E_NOT_FOUND, 404 },   { BM_E_CA_STATUS, 409 },
        { BM_E_CA_TOKEN, 409 },    { BM_E_PROFILE_SUBJECT, 422 },
        { BM_E_CSR, 422 },         { BM_E_CA_KEY_BAD, 422 },
        { BM_E_CA_REASON, 422 },   { BM_E_CRL_SIGNATURE, 422 },
        { BM_E_CA_RESTORED, 503 }, { BM_E_FULL, 503 },
        { BM_E_BUSY, 503 },        { BM_E_LEDGER_JOURNAL, 500 },
        { BM_E_STORE, 500 },       { BM_E_KEYS_GONE, 503 },
        { BM_E_INTERNAL, 500 },    { BM_E_KEYS_BUSY, 503 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct admin_problem problem;

        admin_problem_of(rows[i].rc, NULL, &problem);
        CHECK(problem.status == rows[i].http && problem.code == rows[i].rc);
    }
}

/* There is no refusal that would be told as a success. */
static void no_status_is_a_success(void)
{
#define X(name, value, clause, text) BM_##name,
    static const bm_status all[] = { BM_STATUS_LIST(X) };
#undef X

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct admin_problem problem;

        admin_problem_of(all[i], NULL, &problem);
        CHECK(problem.status >= 400 || all[i] == BM_E_CA_APPROVAL);
        CHECK(strcmp(problem.title, "Problem") != 0);
    }
}

static void a_problem_says_what_a_program_needs(void)
{
    struct ca_refusal why = { .status = BM_OK };
    struct admin_problem problem;
    char *text;
    json_t *json;

    CHECK_STATUS(ca_refuse(&why, BM_E_PROFILE_SAN, "dns \"a\xff\" is none"),
                 BM_E_PROFILE_SAN);
    admin_problem_of(BM_E_PROFILE_SAN, &why, &problem);
    json = admin_problem_json(&problem);
    text = json_dumps(json, JSON_COMPACT);
    CHECK(text != NULL &&
          strcmp(text,
                 "{\"type\":\"about:blank\",\"title\":\"Unprocessable "
                 "Content\",\"status\":422,\"detail\":\"RFC 5280 4.2.1.6: "
                 "subjectAltName is outside the profile: dns \\\"a\xef\xbf\xbd"
                 "\\\" is none\",\"code\":\"0x1304\",\"words\":\"dns \\\"a"
                 "\xef\xbf\xbd\\\" is none\"}") == 0);
    free(text);
    json_decref(json);

    /* Words of another failure would mislead. */
    admin_problem_of(BM_E_MEMORY, &why, &problem);
    CHECK(problem.words[0] == '\0');
    CHECK(strcmp(problem.detail, "out of memory") == 0);
}

int main(void)
{
    RUN(refusals_have_their_status_of_http);
    RUN(no_status_is_a_success);
    RUN(a_problem_says_what_a_program_needs);
    return bm_test_done();
}
