/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_MESSAGE_H
#define BM_FIREWALL_MESSAGE_H

#include "core/signed.h"

/*
 * A table as it is delivered: signed, in the form that all contents of ours
 * have (core/signed.h), with the content type and by a certificate of the
 * purpose that docs/firewall-table.md names.
 *
 * Not here: whether that signer is to be trusted (device/trust.h, path.h), and
 * what the table says (table.h), which may only be asked behind it.
 */

/*
 * Open a message and verify its signature. `*table` is what was signed, and
 * lies wherever it does in the message: bm_fw_table_open() wants it at a
 * multiple of 4. `*signer` is the certificate that signed, and has the one
 * purpose; `*certs` are all that the message carries (bm_cms_next()). On error
 * all three are zero: as bm_signed_open() says, or BM_E_PATH_EKU,
 * BM_E_PATH_KEY_USAGE.
 */
BM_MUST_CHECK bm_status bm_fw_message_open(struct bm_bytes message,
                                           const struct bm_crypto *crypto,
                                           struct bm_cert *signer,
                                           struct bm_bytes *certs,
                                           struct bm_bytes *table);

/*
 * May a certificate sign policies, by its extKeyUsage? It has that one purpose
 * and no other: BM_E_PATH_EKU. Chain, dates and revocation are path.h's.
 */
BM_MUST_CHECK bm_status bm_fw_signer_check(const struct bm_cert *cert);

/* Append the signed message. On error `*w` is as it was. */
BM_MUST_CHECK bm_status bm_fw_message_sign(const struct bm_signed_by *by,
                                           struct bm_bytes table,
                                           int64_t signing_time,
                                           struct bm_wr *w);

#endif
