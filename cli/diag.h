/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_DIAG_H
#define BM_CLI_DIAG_H

#include "ca/refusal.h"
#include "core/status.h"
#include "protocols/admin/tree.h"

/*
 * Why something was refused, as words and as JSON; the one place that
 * formats it:
 *
 *     dev.der: RFC 5280 4.2.1.9: malformed basicConstraints: BOOLEAN is not
 *     00 or ff (X.690 11.1) at 417
 *
 * Offsets count octets of DER. In a PEM file the block is named, and the
 * offset is that in the DER inside it.
 */

#define REFUSAL_NOWHERE UINT64_MAX

struct refusal {
    const char *file;  /* as given on the command line */
    unsigned block;    /* PEM block, from 1; 0 when the file is not PEM */
    bm_status status;  /* the reason */
    bm_status within;  /* the field that was being read, or BM_OK */
    uint64_t at;       /* offset, or REFUSAL_NOWHERE */
    bool of_der;       /* counted in the DER of the block or certificate that
                          was named, not in the file */
    const char *words; /* what no status says (then BM_OK), or NULL */
};

/* A refusal of `der`, whose parser left `diag`, at a place to be filled in. */
struct refusal refusal_of(const struct bm_diag *diag, bm_status rc,
                          struct bm_bytes der);

/* One line on stderr. */
void refusal_print(const struct refusal *r);

/*
 * What an act on an instance was refused for, as one line on stderr:
 *
 *     birthmark cert issue: subject is outside the profile: ...
 *
 * `why` NULL: there are no words. Returns the exit code of cmd.h that goes with
 * it: 3 where something would have been overwritten, else 1.
 */
int refusal_print_act(const char *who, bm_status rc,
                      const struct ca_refusal *why);

/* {"clause", "text", "status", "offset", ...}; the caller owns it. */
json_t *refusal_tree(struct tree *t, const struct refusal *r);

/* "FILE: No such file or directory" on stderr. */
void refusal_print_errno(const char *file, int error);

/* The words of an errno value. */
#define ERRNO_WORDS_MAX 128
void errno_words(int error, char words[ERRNO_WORDS_MAX]);

#endif
