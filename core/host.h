/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_HOST_H
#define BM_CORE_HOST_H

#include "core/cert.h"

/*
 * Host names: how two compare, and whether a certificate names the peer that
 * was meant (RFC 9525). Only subjectAltName counts; the common name of the
 * subject is never looked at.
 *
 * Names are ASCII as they stand on the wire: an internationalized name is
 * given as A-labels ("xn--..."), an address as octets.
 */

/* Equal without regard to ASCII case. */
bool bm_host_equal(struct bm_bytes a, struct bm_bytes b);

/* Is `host` `base` with one label or more put before it? */
bool bm_host_is_under(struct bm_bytes host, struct bm_bytes base);

/* Dot-separated labels of letters, digits, '-' and '_', none of them empty. */
bool bm_host_is_plain(struct bm_bytes host);

/* What follows the last '@'; empty if there is none. */
struct bm_bytes bm_mailbox_host(struct bm_bytes mailbox);

/* Same local part to the octet, same host without regard to case. */
bool bm_mailbox_equal(struct bm_bytes a, struct bm_bytes b);

/*
 * Does the subjectAltName hold `name`? BM_E_PATH_HOST if not.
 *
 *   BM_GN_DNS    a host name without a final dot; "*.example.com" in the
 *                certificate stands for exactly one label (RFC 9525 6.3), and
 *                needs two labels behind the star
 *   BM_GN_IP     4 or 16 octets
 *   BM_GN_EMAIL  a mailbox; its domain compares without case
 *   BM_GN_URI    compared as it stands, as OPC UA and 5G use it
 *
 * Any other kind: BM_E_ARGUMENT.
 */
BM_MUST_CHECK bm_status bm_host_match(const struct bm_cert *cert,
                                      enum bm_gn_kind kind,
                                      struct bm_bytes name);

#endif
