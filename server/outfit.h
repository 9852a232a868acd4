/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_OUTFIT_H
#define BM_SERVER_OUTFIT_H

#include "server/instance.h"

/*
 * What an authority needs for itself before anybody can use it: OCSP
 * responders, the certificate of its TLS server, the first operator, and
 * revocation lists.
 *
 * Each step looks whether what it makes is there, so that whoever was
 * interrupted begins again, and an instance whose CAs get their certificates
 * one after another is fitted out with what each of them makes possible.
 */

/* The instance is open for writing; all of it is durable on BM_OK. */
BM_MUST_CHECK bm_status outfit_make(struct instance *instance, int64_t now,
                                    struct ca_refusal *why);

/*
 * Of what waits, that which the operations CA is to sign first: a key for the
 * TLS server, and a request that names its hosts (DNS names and addresses).
 */
struct outfit_server {
    const char *dir;
    const char *organisation;
    const char *const *hosts;
    size_t hosts_n;
};
BM_MUST_CHECK bm_status outfit_prepare_server(
    const struct outfit_server *server, const struct bm_key_provider *files,
    struct ca_refusal *why);

/* O=organisation, CN=organisation and what it is, or only that where the name
 * of the organisation is long. BM_E_LIMIT. */
BM_MUST_CHECK bm_status outfit_put_name(struct bm_wr *w,
                                        const char *organisation,
                                        const char *what);

/* O=organisation, CN=name. */
BM_MUST_CHECK bm_status outfit_put_names(struct bm_wr *w,
                                         const char *organisation,
                                         const char *name);

#endif
