/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/safe.h"

struct refusal refusal_of(const struct bm_diag *diag, bm_status rc,
                          struct bm_bytes der)
{
    struct refusal r = { .status = rc, .at = REFUSAL_NOWHERE };
    size_t at = bm_diag_offset(diag, der.p, der.n);

    if (diag->status == rc) {
        r.within = diag->within;
        r.at = at == SIZE_MAX ? REFUSAL_NOWHERE : at;
    }
    return r;
}

/* "RFC 5280 4.2.1.9: malformed basicConstraints" */
static void print_field(bm_status status)
{
    const char *clause = bm_status_clause(status);

    fprintf(stderr, "%s%s%s", clause, clause[0] != '\0' ? ": " : "",
            bm_status_text(status));
}

/* The field and the reason, or the reason alone. */
static void print_reason(const struct refusal *r)
{
    const char *clause = bm_status_clause(r->status);

    if (r->within == BM_OK || r->within == r->status) {
        print_field(r->status);
        return;
    }
    print_field(r->within);
    fprintf(stderr, ": %s", bm_status_text(r->status));
    if (clause[0] != '\0') {
        fprintf(stderr, " (%s)", clause);
    }
}

void refusal_print(const struct refusal *r)
{
    safe_print_str(stderr, r->file);
    if (r->block != 0) {
        fprintf(stderr, ": block %u", r->block);
    }
    fputs(": ", stderr);
    if (r->status != BM_OK) {
        print_reason(r);
    }
    if (r->words != NULL) {
        fputs(r->status != BM_OK ? ": " : "", stderr);
        safe_print_str(stderr, r->words);
    }
    if (r->at != REFUSAL_NOWHERE) {
        fprintf(stderr, " at %" PRIu64 "%s", r->at,
                r->of_der ? " of its DER" : "");
    }
    fputc('\n', stderr);
}

int refusal_print_act(const char *who, bm_status rc,
                      const struct ca_refusal *why)
{
    /* Words of another failure would mislead. */
    bool said = why != NULL && why->status == rc && why->words[0] != '\0';

    safe_print_str(stderr, who);
    fputs(": ", stderr);
    print_field(rc);
    if (said) {
        fputs(": ", stderr);
        safe_print_str(stderr, why->words);
    }
    fputc('\n', stderr);
    return rc == BM_E_EXISTS ? CMD_REFUSED : CMD_FAILED;
}

/* RFC 5280 4.2.1.9 for a field in trouble, else the clause of the reason. */
static const char *deciding_clause(const struct refusal *r)
{
    const char *field = bm_status_clause(r->within);

    return field[0] != '\0' ? field : bm_status_clause(r->status);
}

json_t *refusal_tree(struct tree *t, const struct refusal *r)
{
    json_t *o = tree_object(t);
    char number[16];

    if (r->block != 0) {
        tree_set(t, o, "block", tree_int(t, r->block));
    }
    if (r->status != BM_OK) {
        snprintf(number, sizeof number, "0x%04x", (unsigned)r->status);
        tree_set(t, o, "clause", tree_str(t, deciding_clause(r)));
        tree_set(t, o, "text", tree_str(t, bm_status_text(r->status)));
        tree_set(t, o, "status", tree_str(t, number));
        tree_set(t, o, "name", tree_str(t, bm_status_name(r->status)));
    }
    if (r->within != BM_OK && r->within != r->status) {
        tree_set(t, o, "within", tree_str(t, bm_status_text(r->within)));
    }
    if (r->words != NULL) {
        tree_set(t, o, r->status != BM_OK ? "detail" : "text",
                 tree_str(t, r->words));
    }
    if (r->at != REFUSAL_NOWHERE) {
        tree_set(t, o, "offset", tree_int(t, (int64_t)r->at));
    }
    return o;
}

void errno_words(int error, char words[ERRNO_WORDS_MAX])
{
    if (strerror_r(error, words, ERRNO_WORDS_MAX) != 0) {
        snprintf(words, ERRNO_WORDS_MAX, "error %d", error);
    }
}

void refusal_print_errno(const char *file, int error)
{
    char words[ERRNO_WORDS_MAX];

    errno_words(error, words);
    safe_print_str(stderr, file);
    fprintf(stderr, ": %s\n", words);
}
