/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_CA_ADOPT_H
#define BM_SERVER_CA_ADOPT_H

#include "server/ca_install.h"
#include "server/waiting.h"

/*
 * An authority that exists already becomes one of an instance: its key, and
 * its certificate with what leads to a root. What it has issued and revoked is
 * ca/import.h.
 *
 * The same again finishes what was interrupted, and does nothing where it is
 * done.
 */
struct ca_adopt {
    const char *id;
    enum waiting_kind kind;
    /* Where the key is; NULL: `pkcs8` (bm_key_file_import()) is sealed into
     * keys/. */
    const char *key_uri;
    struct bm_bytes pkcs8;
    /* What is told, and by whom: its certificates hold that of the CA. */
    struct ca_install install;
};

/*
 * BM_E_KEY_MISMATCH: no certificate is for this key; BM_E_EXISTS: there is
 * another CA of this name, or it has the key; and what ca_install_pile() says.
 * A request that waits under this id is given up; its key stays in keys/.
 *
 * Afterwards the file of a request is left, and instance_unfinished() names
 * this CA, until what it has issued and revoked is on record and the caller
 * says waiting_drop().
 */
BM_MUST_CHECK bm_status ca_adopt(const struct ca_adopt *config,
                                 struct ca_refusal *why);

#endif
