/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_LINT_H
#define BM_CLI_LINT_H

#include "ca/profile.h"
#include "cli/report.h"

/*
 * Certificates of files, one after the other, for those who hold them against
 * profiles. What is not DER to the letter is read all the same where
 * core/ext.h has a tolerance for it, and the tolerance is named.
 */

struct lint_cert {
    struct bm_cert cert;
    unsigned tolerated; /* BM_TOLERATE_...: without which it does not parse */
};

/*
 * Parse by as little tolerance as it takes. On error `diag` is that of the
 * strict parser.
 */
BM_MUST_CHECK bm_status lint_parse(struct bm_bytes der, struct bm_diag *diag,
                                   struct lint_cert *c);

/* The certificate of --issuer: the first in a file. */
struct lint_issuer {
    struct input in;
    struct lint_cert c;
    bool is;
};

/* False, with words on stderr; lint_issuer_close() in any case. `name` may be
 * NULL: then there is none. */
bool lint_issuer_open(struct lint_issuer *issuer, const char *name);
void lint_issuer_close(struct lint_issuer *issuer);

/* What there is to do with each certificate. */
struct lint_walk {
    struct report *report;
    void *arg;
    void (*one)(void *arg, const struct object *object,
                const struct lint_cert *c);
};
void lint_files(const struct lint_walk *walk, char **files, int n);

/* "explicit DEFAULT FALSE (X.690 11.5)" ...: as lines, and as a list. */
void lint_print_tolerated(unsigned tolerated);
json_t *lint_tolerated(struct tree *t, unsigned tolerated);

/* "basic_constraints (FILE:22)" is a name and a place: octets of the name. */
int lint_rule_length(const char *rule);

/* One rule as a JSON object. */
json_t *lint_rule_tree(struct tree *t, const char *rule,
                       enum ca_profile_verdict verdict,
                       const struct ca_refusal *why);

/* What ca_profile_lint() returned is no verdict: no memory, say. */
bool lint_is_trouble(bm_status rc);

/* One rule that does not hold, or not wholly, as the end of a line. */
void lint_print_verdict(enum ca_profile_verdict verdict,
                        const struct ca_refusal *why);

#endif
