/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SHOW_BUNDLE_H
#define BM_CLI_SHOW_BUNDLE_H

#include "core/bundle.h"
#include "protocols/admin/tree.h"

/*
 * A trust bundle (docs/trust-bundle.md) as a tree: all of it, certificates by
 * their subjects and hashes. `signer` is the certificate that signed it.
 */
json_t *show_bundle(struct tree *t, const struct bm_bundle *bundle,
                    const struct bm_cert *signer,
                    const struct bm_crypto *crypto);

/*
 * Print it: a JSON object, or text with the serial numbers of an issuer by
 * their number. Takes `bundle` over; an exit code of cmd.h, with words.
 */
int show_bundle_print(const char *path, const struct tree *t, json_t *bundle,
                      bool json);

/* On stderr, where a message of `n` octets is not for small devices. */
void show_bundle_warn(const char *path, const struct bm_bundle *bundle,
                      size_t n);

#endif
