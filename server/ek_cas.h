/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_EK_CAS_H
#define BM_SERVER_EK_CAS_H

#include "ca/refusal.h"
#include "core/cert.h"

/*
 * The makers of TPMs that this instance believes (`attestation.ek_cas` of
 * birthmark.yaml): a folder with certificates of their CAs, in files *.pem and
 * *.crt (PEM, any number) and *.der and *.cer (DER, one). Roots and CAs below
 * them alike: whatever is there is an anchor.
 */

/* What a path may be looked for in (BM_PATH_CERTS_MAX), and files of them. */
#define EK_CAS_MAX 256

struct ek_cas {
    struct bm_cert *certs;
    size_t n;
    struct bm_bytes *files; /* that the certificates are views of */
    size_t files_n;
};

/*
 * `folder` is absolute; NULL: none, and nobody is believed. BM_E_NOT_FOUND;
 * and whatever is wrong with a file, which is named: one that cannot be read is
 * not left out in silence. On BM_OK release with ek_cas_free().
 */
BM_MUST_CHECK bm_status ek_cas_read(const char *folder, struct ek_cas *cas,
                                    struct ca_refusal *why);
void ek_cas_free(struct ek_cas *cas); /* zero is fine */

#endif
