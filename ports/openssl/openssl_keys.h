/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_KEYS_H
#define BM_PORTS_OPENSSL_OPENSSL_KEYS_H

#include "keys/maker.h"

/*
 * Keys of hosts, made and held by OpenSSL: what keys/ needs beside
 * core/crypto.h. Signers are those of openssl.h; ML-DSA works where the
 * library has it.
 *
 * The struct is constant and serves any number of threads.
 */
const struct bm_key_maker *bm_openssl_key_maker(void);

#endif
