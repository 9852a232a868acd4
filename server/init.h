/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_INIT_H
#define BM_SERVER_INIT_H

#include "server/instance.h"

/*
 * Making an instance in one step. It works at once: a cold root, issuing and
 * operations CAs with OCSP responders, profiles, a server certificate, the
 * first operator, the ledger with its beginning, and empty revocation lists.
 * Or it is one below a root that is elsewhere: with the keys and requests of
 * its CAs; all the rest is made when their certificates are installed
 * (ca_install.h).
 *
 * It is built beside its place and moved there when it is whole: `dir` exists
 * afterwards as an instance, or as it was before.
 */

#define INIT_HOSTS_MAX 16

struct init_config {
    const char *dir;          /* must not exist, or be an empty directory */
    const char *organisation; /* name, UTF-8, at most 64 characters */
    const char *const *hosts; /* DNS names and IP addresses of the server; the
                                 first stands in public_url */
    size_t hosts_n;
    /* Without a root: the CAs wait for certificates from elsewhere. */
    bool subordinate;
    const struct instance_port *port;
    int64_t now;
};

/* BM_E_EXISTS: something is there. */
BM_MUST_CHECK bm_status init_instance(const struct init_config *config,
                                      struct ca_refusal *why);

#endif
