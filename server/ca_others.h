/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_CA_OTHERS_H
#define BM_SERVER_CA_OTHERS_H

#include "server/ca_install.h"

/*
 * CAs of others, for the trust list of an ecosystem (ca/bundle.h). Nothing
 * here is issued by them, and nobody who has a certificate of theirs is known
 * here for it.
 *
 * Both as ca_install_pile(); `whose` is the ecosystem, and the organisation of
 * a member's CA. Where no ecosystem is said, it is that of the organisation; of
 * neither, the actor's, or the first one. Taken is what is a CA's, in force,
 * for a key that no CA here has, but a member's of the same name and scope,
 * which has been renewed. BM_E_NOT_FOUND: there is nothing in it to be
 * taken, `tell` has said of each certificate why; or there is no such
 * ecosystem, or organisation in it. In its bundle from then on, until retired
 * or expired.
 */

/*
 * Cross-certificates for roots of others: by one, whoever trusts a root of ours
 * trusts what is below the other, within the limits that the certificate
 * says. The other root itself is no anchor here, and is never taken.
 *
 * An active root of this instance has to have signed it (a ceremony, step
 * `cross`), with name constraints: without them, the others could speak for
 * anybody. It leaves the bundle, too, when it is on the list of its root.
 */
BM_MUST_CHECK bm_status ca_cross_install(const struct ca_install *config,
                                         const struct store_scope *whose,
                                         struct ca_refusal *why);

/*
 * CAs that members of the consortium run themselves: anchors for their devices
 * and services, on the word of who installs them; never for enrolment. What
 * such a CA has revoked is in the bundle while its list is here (ca_crl_load).
 * Of no organisation it is the ecosystem's.
 */
BM_MUST_CHECK bm_status ca_member_install(const struct ca_install *config,
                                          const struct store_scope *whose,
                                          struct ca_refusal *why);

#endif
