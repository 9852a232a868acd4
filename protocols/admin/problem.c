/* SPDX-License-Identifier: Apache-2.0 */

/* Refusals as problem documents (RFC 9457). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/admin/internal.h"

/* Statuses that mean another thing than the layer they are of. */
static const struct {
    bm_status rc;
    unsigned http;
} exact[] = {
    { BM_E_ARGUMENT, 400 },
    { BM_E_CA_FORBIDDEN, 403 },
    { BM_E_STORE_SCOPE, 403 },
    { BM_E_NOT_FOUND, 404 },
    { BM_E_EXISTS, 409 },
    { BM_E_STORE_CONFLICT, 409 },
    { BM_E_CA_STATUS, 409 },
    { BM_E_CA_TOKEN, 409 },
    { BM_E_CA_DEVICE, 409 },
    { BM_E_CA_FORK, 409 },
    { BM_E_CA_PENDING, 409 },
    { BM_E_CA_REQUEST, 409 },
    { BM_E_CA_OPERATOR, 409 },
    { BM_E_CA_LAST, 409 },
    { BM_E_CA_WAITING, 409 },
    { BM_E_CA_KEY_OWNED, 409 },
    { BM_E_CA_KEY_REUSED, 409 },
    { BM_E_CA_IDENTIFIER, 409 },
    { BM_E_CA_BATCH, 409 },
    { BM_E_BATCH_UPLOADS, 409 },
    { BM_E_BATCH_RECIPIENT, 422 },
    { BM_E_BATCH_KEYS, 409 },
    { BM_E_BATCH_NO_SECRET, 503 },
    { BM_E_BATCH_CHANGED, 409 },
    { BM_E_CA_APPROVAL, 202 },
    { BM_E_CA_REJECTED, 403 },
    { BM_E_CA_UNAVAILABLE, 409 },
    { BM_E_CA_RESTORED, 503 },
    { BM_E_CA_RECOVER, 503 },
    { BM_E_CA_CLOCK, 503 },
    { BM_E_BUSY, 503 },
    { BM_E_FULL, 503 },
    { BM_E_MEMORY, 503 },
    { BM_E_IO, 500 },
    { BM_E_INTERNAL, 500 },
    { BM_E_CA_SIGNER, 500 },
    { BM_E_BUFFER, 500 },
    { BM_E_STORE, 500 },
    { BM_E_STORE_CORRUPT, 500 },
    { BM_E_STORE_VERSION, 500 },
    { BM_E_STORE_OLDER, 500 },
    { BM_E_STORE_STATE, 500 },
    { BM_E_END, 500 },
    { BM_E_KEYS_GONE, 503 },
    { BM_E_KEYS_PIN, 503 },
    { BM_E_KEYS_LOCKOUT, 503 },
    { BM_E_KEYS_BUSY, 503 },
    { BM_E_CA_QUOTA, 409 },
    { BM_E_CA_NOT_ENABLED, 409 },
    { BM_E_CA_ORGANISATION, 409 },
    { BM_E_CA_ATTRIBUTE_OWNED, 409 },
    { BM_E_CA_EXPECTED, 409 },
    { BM_E_CA_DESTINATION, 409 },
    { BM_E_CA_TRANSFER, 409 },
    { BM_E_CA_TRANSFER_DEVICE, 409 },
    { BM_E_CA_TRANSFER_TAKEN, 409 },
    { BM_E_CA_TRANSFER_LIMIT, 409 },
    { BM_E_CA_TRANSFERRED, 409 },
    { BM_E_CA_EVENT_KIND, 400 },
};

static const struct {
    unsigned http;
    const char *title;
} titles[] = {
    { 202, "Accepted" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 409, "Conflict" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
};

static const char *title_of(unsigned http)
{
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].http == http) {
            return titles[i].title;
        }
    }
    return "Problem";
}

void admin_problem_say(struct admin_problem *problem, unsigned status,
                       const char *format, ...)
{
    va_list args;

    memset(problem, 0, sizeof *problem);
    problem->status = status;
    (void)snprintf(problem->title, sizeof problem->title, "%s",
                   title_of(status));
    va_start(args, format);
    (void)vsnprintf(problem->detail, sizeof problem->detail, format, args);
    va_end(args);
}

/* What a request asks for and the rules do not allow is 422: keys, names,
 * profiles, malformed objects within a well-formed request. The trouble of
 * the ledger and of our own keys is ours. */
static unsigned http_of(bm_status rc)
{
    const unsigned layer = (unsigned)rc >> 8;

    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        if (exact[i].rc == rc) {
            return exact[i].http;
        }
    }
    if (layer == (unsigned)BM_E_LEDGER_RECORD >> 8 ||
        layer == (unsigned)BM_E_KEYS_GONE >> 8) {
        return 500;
    }
    return 422;
}

void admin_problem_of(bm_status rc, const struct ca_refusal *why,
                      struct admin_problem *problem)
{
    const char *clause = bm_status_clause(rc);
    const char *words = why != NULL && why->status == rc ? why->words : "";

    admin_problem_say(problem, http_of(rc), "%s%s%s%s%s", clause,
                      clause[0] != '\0' ? ": " : "", bm_status_text(rc),
                      words[0] != '\0' ? ": " : "", words);
    problem->code = rc;
    (void)snprintf(problem->words, sizeof problem->words, "%s", words);
}

json_t *admin_problem_json(const struct admin_problem *problem)
{
    struct tree t = { false };
    json_t *o = tree_object(&t);
    char code[16];

    tree_set(&t, o, "type", tree_str(&t, "about:blank"));
    tree_set(&t, o, "title", tree_str(&t, problem->title));
    tree_set(&t, o, "status", tree_int(&t, problem->status));
    tree_set(&t, o, "detail", tree_str(&t, problem->detail));
    if (problem->code != BM_OK) {
        (void)snprintf(code, sizeof code, "0x%04x", (unsigned)problem->code);
        tree_set(&t, o, "code", tree_str(&t, code));
        tree_set(&t, o, "words", tree_str(&t, problem->words));
    }
    if (t.failed) {
        json_decref(o);
        return NULL;
    }
    return o;
}
