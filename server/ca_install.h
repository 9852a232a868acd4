/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_CA_INSTALL_H
#define BM_SERVER_CA_INSTALL_H

#include "server/instance.h"

/*
 * Certificates of CAs that come from elsewhere: of those that wait for one,
 * a newer one for the same key, of the roots and intermediates that lead to
 * them, and what one generation of a root says of another.
 *
 * All of them are taken from one pile, in any order, and held against what is
 * here: a certificate is installed because its key is ours and a path leads
 * from it to a root (core/path.h). The first root is taken on the word of who
 * installs it; every later one must have been signed by one that is here.
 *
 * All of it is one transaction, and files that follow it; who is interrupted
 * installs the same pile again. The instance is to be opened again afterwards,
 * and fitted out (outfit.h).
 */

enum ca_installed {
    CA_INSTALLED_CA,           /* it signs from now on */
    CA_INSTALLED_ROOT,         /* a root that is new here */
    CA_INSTALLED_INTERMEDIATE, /* on the way to it */
    CA_INSTALLED_LINK,         /* between two roots */
    CA_INSTALLED_MEMBER,       /* of a member of the consortium */
    CA_INSTALLED_KNOWN,        /* it was here before */
    CA_INSTALLED_NOT,          /* passed over: `words` say why */
    CA_INSTALLED_PROFILE       /* `id` cannot be issued by it: `words` */
};

struct ca_install {
    struct instance *instance; /* for writing */
    const struct ca_actor *actor;
    const struct bm_cert *certs;
    size_t certs_n;
    /* Of an authority that is taken over: its roots are believed, and its
     * certificates are what they are (RFC 5280 4.2 is not held against
     * them). */
    bool foreign;
    int64_t now;

    /* What has been done, and what cannot be: told when it is durable. */
    void *arg;
    void (*tell)(void *arg, enum ca_installed what, const char *id,
                 const struct bm_cert *cert, const char *words);
};

/*
 * BM_E_NOT_FOUND: there is nothing in it for this instance;
 * BM_E_PATH_...: no path to a root; BM_E_PROFILE_ISSUER: what a CA of its kind
 * must issue could not be issued by it.
 */
BM_MUST_CHECK bm_status ca_install_pile(const struct ca_install *config,
                                        struct ca_refusal *why);

#endif
