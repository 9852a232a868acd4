/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PUBLISHER_SITE_H
#define BM_DAEMON_PUBLISHER_SITE_H

#include "core/bytes.h"

/*
 * What the publisher has, and under which path (design, section 9):
 *
 *     /crl/ID.crl                      crl/ID.crl
 *     /crl/ID/SHARD.crl                crl/ID/SHARD.crl
 *     /crl/ID-delta.crl                crl/ID-delta.crl
 *     /ca/ID.crt                       a CA certificate, DER
 *     /bundle                          crl/trust.bundle
 *     /bundle/N                        crl/trust-N.bundle, of ecosystem N
 *     /ledger/checkpoint               ledger/checkpoint
 *     /ledger/tile/L/N[.p/W]           the same path below ledger/
 *     /ledger/tile/entries/N[.p/W]
 *     /ledger/T/...                    a later tree (docs/ledger.md)
 *     /ocsp, /ocsp/...                 OCSP
 *     /healthz
 *
 * The path is compared as it came, without decoding: what is published has
 * names of letters, digits and a few marks. A path that is none of these has
 * nothing behind it, so there is none that leads out of a directory.
 */
enum site_kind {
    SITE_NONE,
    SITE_CRL,
    SITE_CA,
    SITE_BUNDLE,
    SITE_CHECKPOINT,
    SITE_TILE, /* and entry bundles: never change once they are there */
    SITE_OCSP,
    SITE_HEALTH
};

/* Below the instance, with NUL: "ledger/", a tree, "tile/entries/", six
 * elements of 2^56 tiles, ".p/255". */
#define SITE_FILE_MAX 96
/* STORE_ID_MAX of store.h */
#define SITE_ID_MAX 64

struct site_path {
    enum site_kind kind;
    char id[SITE_ID_MAX];     /* of a CA, and of that whose CRL it is */
    char file[SITE_FILE_MAX]; /* of what is a file: "crl/issuing.crl" */
    const char *rest;         /* SITE_OCSP: behind "/ocsp", raw */
};

/* Which of them is this? SITE_NONE, and all else empty, when it is none. */
void site_path_parse(const char *path, struct site_path *out);

#endif
