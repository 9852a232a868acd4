/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_CA_CROSS_H
#define BM_SERVER_CA_CROSS_H

#include "server/ca_install.h"

/*
 * Cross-certificates for roots of others: by one, whoever trusts a root of ours
 * trusts what is below the other, within the limits that the certificate
 * says. The other root itself is no anchor here, and is never taken.
 *
 * Taken is what an active root of this instance has signed (a ceremony, step
 * `cross`), is in force, for a key that is none of ours, and has name
 * constraints: without them, the others could speak for anybody. It is in the
 * trust bundle from then on, until it is retired, expires, or is on the list
 * of its root.
 *
 * As ca_install_pile(). BM_E_NOT_FOUND: there is nothing in it to be taken;
 * `tell` has said of each certificate why.
 */
BM_MUST_CHECK bm_status ca_cross_install(const struct ca_install *config,
                                         struct ca_refusal *why);

#endif
