/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_DIFFERENTIAL_SAME_H
#define BM_TESTS_DIFFERENTIAL_SAME_H

#include <openssl/x509v3.h>

#include "core/alg.h"
#include "core/ext.h"
#include "tests/differential/diff.h"

/*
 * Is what we read what OpenSSL read? Shared by the kinds of objects. All
 * compare values, and none asks OpenSSL to print anything.
 */

bool same_string(struct bm_bytes ours, const ASN1_STRING *theirs);

/* INTEGER contents, two's complement, with a sign. */
bool same_integer(struct bm_bytes ours, const ASN1_INTEGER *theirs);

bool same_oid(struct bm_bytes oid, const ASN1_OBJECT *theirs);

/* Every relative name, attribute, string type and value, in order. */
bool same_name(struct bm_bytes ours, const X509_NAME *theirs);

bool same_time(int64_t ours, const ASN1_TIME *theirs);

bool same_general_name(const struct bm_general_name *ours,
                       const GENERAL_NAME *theirs);

/* Every extension as it stands. `all` is the contents of Extensions. */
const char *same_ext_list(struct bm_bytes all,
                          const STACK_OF(X509_EXTENSION) * theirs);

/* Every extension, then the meaning of each that we know. */
const char *same_exts(const struct bm_exts *ours,
                      const STACK_OF(X509_EXTENSION) * theirs);

/*
 * Does OpenSSL read the value of every extension that it knows, and each
 * only once? `*why` is set if not. What neither of us looks into, and what
 * only OpenSSL knows, is passed over.
 */
bool openssl_reads_exts(const STACK_OF(X509_EXTENSION) * exts,
                        struct diff_why *why);

/* The same for a revocation list, and for one entry of it. */
bool openssl_reads_crl_exts(const STACK_OF(X509_EXTENSION) * exts,
                            struct diff_why *why);
bool openssl_reads_entry_exts(const STACK_OF(X509_EXTENSION) * exts,
                              struct diff_why *why);

/*
 * Does OpenSSL make a key of this? A type or curve that we do not know may
 * be nonsense: neither looks.
 */
bool openssl_reads_key(X509_PUBKEY *pub, struct diff_why *why);

/*
 * The first reason of OpenSSL's error queue and the field that it names, or
 * `where`; the queue is emptied. Static memory.
 */
struct diff_why openssl_reason(const char *where);

/* Is this a key that OpenSSL would use? EC points must be on the curve. */
bool ours_has_usable_key(const struct bm_spki *key);

#endif
