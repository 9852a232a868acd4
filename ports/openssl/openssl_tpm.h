/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_TPM_H
#define BM_PORTS_OPENSSL_OPENSSL_TPM_H

#include "ca/credential.h"

/*
 * What credentials for TPMs take beside core/crypto.h: OAEP, Diffie-Hellman
 * with a key of the moment, AES in CFB.
 */
const struct ca_credential_crypto *bm_openssl_credential_crypto(void);

#endif
