/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_DIFFERENTIAL_MAKE_H
#define BM_TESTS_DIFFERENTIAL_MAKE_H

#include <openssl/x509v3.h>

#include "tests/differential/diff.h"

/* What the makers share. */

struct ext_list {
    X509V3_CTX ctx;
    STACK_OF(X509_EXTENSION) * exts;
};

/* One of each type: a second one is passed over. */
void make_add_ext(struct ext_list *list, int nid, const char *value);

/* An extension that neither knows. */
void make_add_private(struct ext_list *list);

void make_set_serial(X509 *x);

X509_NAME *make_name(void);
EVP_PKEY *make_key(void);
const EVP_MD *make_md(EVP_PKEY *signer);

/* What OpenSSL wrote; nothing ends the program. */
struct bm_bytes make_written(uint8_t *der, int n);

#endif
