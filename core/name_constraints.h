/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_NAME_CONSTRAINTS_H
#define BM_CORE_NAME_CONSTRAINTS_H

#include "core/cert.h"

/*
 * Name constraints (RFC 5280 4.2.1.10): what a CA may let be named below it.
 *
 * Each CA of a path is held against each certificate below it. That is the
 * same as carrying the intersection of all permitted and the union of all
 * excluded subtrees down the path (6.1.4 (g)), and needs no memory.
 *
 * directoryName applies to the subject too, and rfc822Name to emailAddress
 * attributes of the subject. A wildcard dNSName is excluded as soon as one
 * of the names it stands for is. otherName, x400Address, ediPartyName and
 * registeredID have no rule for what lies within what, and neither has a URI
 * without a host name: where such a name is present and its form is
 * constrained, the certificate is refused.
 *
 * Directory names compare as bm_name_equal() says (RFC 5280 7.1): a CA gets
 * around an excluded one by another string type than PrintableString and
 * UTF8String, or by other case outside ASCII. Permitted ones hold it.
 */

/*
 * Check the names of `cert` against the extension of a CA above it; the
 * caller leaves out self-issued intermediates. `*work` is decremented for
 * each comparison, and BM_E_PATH_WORK returned where it would go below 0.
 *
 * BM_E_PATH_NC_EXCLUDED, _PERMITTED or _FORM: `*at` is the name.
 */
BM_MUST_CHECK bm_status bm_name_constraints_check(const struct bm_exts *ca,
                                                  const struct bm_cert *cert,
                                                  uint32_t *work,
                                                  const uint8_t **at);

#endif
