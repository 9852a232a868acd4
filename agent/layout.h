/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_LAYOUT_H
#define BM_AGENT_LAYOUT_H

#include "agent/state.h"

/*
 * The identity as the files that services expect.
 *
 * All files of a layout change at once: they are written into a folder of
 * their own, whole and on the disk, and then the link `current` is exchanged
 * for one that leads there:
 *
 *     DIR/current -> gen-7
 *     DIR/gen-7/fullchain.pem, ...
 *     DIR/gen-6/...            the one before, for who is reading it
 *
 * So a service that opens DIR/current/... finds a certificate and a key that
 * belong together, whenever it looks and whenever the power goes.
 *
 *   nginx        fullchain.pem, anchors.pem, key.pem
 *   mosquitto    ca.crt, server.crt, server.key
 *   haproxy      haproxy.pem (certificate, chain and key), anchors.pem
 *   openssl-dir  anchors under their hashes: a CApath
 *   files        as the settings say
 *
 * The private key is written only where the settings say `export_key: true`;
 * elsewhere the file key.uri says which key it is (of a token or TPM), and for
 * nginx key.conf says it in its own words, to be included.
 */

/* What is written: the certificates of the current identity, and its key. */
struct layout_source {
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    size_t certs_n;
    const struct bm_bytes *anchors;
    size_t anchors_n;
    struct bm_bytes key; /* PEM; empty: it is not known */
    const char *key_uri; /* where it is */
};

/* Makes the layout say this. `*changed` is false when it did already. */
BM_MUST_CHECK bm_status layout_write(const struct settings_layout *layout,
                                     const struct layout_source *source,
                                     bool *changed);

#endif
