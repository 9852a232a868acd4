/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_REFUSAL_H
#define BM_CA_REFUSAL_H

#include "core/status.h"

/*
 * Why something was refused, in one line that names the rule:
 *
 *     subject is outside the profile: commonName "a b" does not match
 *     [A-Z0-9-]+ (ieee-802.1ar-ldevid.yaml:14)
 *
 * The caller owns it and may pass NULL wherever one is asked for. Filled on
 * failure only. `words` are what no status can say: values, names, the rule's
 * place; they never hold secrets, but may hold what a stranger wrote, so
 * whoever prints them escapes.
 */
#define CA_REFUSAL_WORDS_MAX 320

struct ca_refusal {
    bm_status status;
    char words[CA_REFUSAL_WORDS_MAX]; /* "" where the status says it all */
};

/* Fill in, cutting what is too long; returns `status`. */
BM_MUST_CHECK bm_status ca_refuse(struct ca_refusal *why, bm_status status,
                                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, unless something nearer to the cause has been said already. */
BM_MUST_CHECK bm_status ca_refuse_plain(struct ca_refusal *why,
                                        bm_status status);

#endif
