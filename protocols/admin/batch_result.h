/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_BATCH_RESULT_H
#define BM_PROTOCOLS_ADMIN_BATCH_RESULT_H

#include <jansson.h>

#include "core/crypto.h"

/*
 * The certificates of a batch as one ZIP, made of what showBatchList and
 * listBatchCertificates tell. Who answers a GET makes it so, and the command
 * line; both ask for the certificates page by page, and hand them in as they
 * come.
 *
 * An archive is written from front to back, and nothing of it is kept but its
 * directory (zip.h). So all certificates are gone through several times, a
 * pass for each entry that is of all of them:
 *
 *     result_new(list)
 *     while result_pass()            certificates, keys, the list
 *         result_put() for each certificate, from the first to the last
 *     result_end()
 *
 * What a pass has seen must be what the one before has seen, and what is
 * signed; each key that the list has must be there. Otherwise the batch has
 * changed meanwhile, as when its keys were confirmed: BM_E_BATCH_CHANGED, and
 * no archive.
 */

enum admin_result_form {
    ADMIN_RESULT_PEM,
    ADMIN_RESULT_DER,
    ADMIN_RESULT_P7B,   /* CMS SignedData of certificates alone */
    ADMIN_RESULT_TABLE, /* one file for all */
    ADMIN_RESULT_FORMS,
    ADMIN_RESULT_P12 = ADMIN_RESULT_FORMS /* config.look() makes it */
};
/* "pem", "der", "p7b", "table"; ends with NULL. */
extern const char *const admin_result_forms[ADMIN_RESULT_FORMS + 1];

/* A certificate; views. */
struct admin_result_row {
    int64_t number;
    const char *device; /* "": there is no name */
    struct bm_bytes cert;
    struct bm_bytes chain; /* DER after DER */
    const char *key;       /* in PEM, encrypted; NULL: none was made */
};

struct admin_result_config {
    const struct bm_crypto *crypto;
    enum admin_result_form form;
    bool chain; /* with each certificate those of the CAs above it */
    void *arg;
    /* Octets of the archive; as in struct admin_zip_out. */
    bm_status (*write)(void *arg, struct bm_bytes octets);
    /* Look at a key, and put it with its certificate for ADMIN_RESULT_P12;
     * other than BM_OK is what admin_result_put() says. May be NULL. */
    bm_status (*look)(void *arg, const struct admin_result_row *row,
                      struct bm_wr *w);
};

struct admin_result;

/* `list` is what showBatchList tells; it is kept. */
BM_MUST_CHECK bm_status
admin_result_new(const struct admin_result_config *config, json_t *list,
                 struct admin_result **result);
/* Begin the next pass; `*more` is false when there is none left. */
BM_MUST_CHECK bm_status admin_result_pass(struct admin_result *result,
                                          bool *more);
/* An item of listBatchCertificates. BM_E_IO: it is none. */
BM_MUST_CHECK bm_status admin_result_put(struct admin_result *result,
                                         const json_t *item);
/* The signatures, the chain, and the end of the archive. */
BM_MUST_CHECK bm_status admin_result_end(struct admin_result *result);
/* NULL is fine. Nothing is written any more. */
void admin_result_free(struct admin_result *result);

/* Entries of all certificates: what it takes of memory. */
uint64_t admin_result_entries(enum admin_result_form form, const json_t *list);

#endif
