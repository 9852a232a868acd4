/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/admin/admin.h"

/*
 * A request as text: method, path, query and content type in a line each, and
 * a body. What is routed fits the table; what is not has a problem that can
 * be told.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_problem(const struct admin_problem *problem)
{
    json_t *json = admin_problem_json(problem);

    must(problem->status >= 400 && json != NULL);
    json_decref(json);
}

/* The next line, with NUL in place of its end. */
static const char *line(char **left)
{
    char *at = *left;
    char *end = strchr(at, '\n');

    if (end == NULL) {
        end = at + strlen(at);
        *left = end;
        return at;
    }
    *end = '\0';
    *left = end + 1;
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    char *left = text;
    struct admin_problem problem;
    struct admin_http http;
    char words[ADMIN_WORDS_MAX];
    unsigned operation;
    json_t *params;
    char allow[64];

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, n);
    text[n] = '\0';
    http.method = line(&left);
    http.path = line(&left);
    http.query = line(&left);
    http.content_type = line(&left);
    http.body.p = (const uint8_t *)left;
    http.body.n = (size_t)(text + n - left);
    if (admin_route(&http, &operation, &params, allow, &problem) == BM_OK) {
        must(operation < admin_operations_n);
        must(admin_check(admin_operations[operation].params, params, words));
    } else {
        must(params == NULL);
        check_problem(&problem);
    }
    json_decref(params);
    free(text);
    return 0;
}
