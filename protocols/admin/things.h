/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_THINGS_H
#define BM_PROTOCOLS_ADMIN_THINGS_H

#include "ca/profile.h"
#include "protocols/admin/tree.h"
#include "store/store.h"

/*
 * Things of the store as JSON: one builder each, for the API and the command
 * line. The caller owns what it gets.
 */

/* "valid", "revoked", ..., and "expired" for what would be good otherwise. */
const char *things_cert_status(const struct store_cert *row, int64_t now);

/* The status that a word stands for; 0 for "expired", which any of those that
 * are good can be. False: no such word. */
bool things_cert_status_of(const char *word, enum store_cert_status *status);

/* What the store knows of a certificate; its own contents are not in it.
 * `device`: the name of its device, or "". */
json_t *things_cert(struct tree *t, const struct store_cert *row,
                    const char *device, int64_t now);

/* "open", "used", "revoked" or "expired". */
json_t *things_token(struct tree *t, const struct store_token *row,
                     int64_t now);
json_t *things_device(struct tree *t, const struct store_device *row);
json_t *things_event(struct tree *t, const struct store_event *row);

/* `file`: what it was read from. */
json_t *things_profile(struct tree *t, const struct ca_profile *profile,
                       const char *file);

/*
 * Octets of a serial number: hexadecimal digits of either case, colons
 * between them or not; as INTEGER contents. False if it is none.
 */
bool things_parse_serial(const char *text, uint8_t serial[STORE_SERIAL_MAX],
                         size_t *n);

#endif
