/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_TREE_H
#define BM_PROTOCOLS_ADMIN_TREE_H

#include <jansson.h>

#include "core/bytes.h"

/*
 * JSON values, being made: what an operation of the API answers, and what the
 * command line prints of a file, as JSON as it stands or as text. So no field
 * is written down twice.
 *
 * Builders never fail at once. Memory that was not to be had, or a value
 * that could not be made, is remembered in the tree, and whoever started it
 * asks once at the end. All functions take ownership of the values they are
 * given, NULL included, and hand out values the caller owns.
 */
struct tree {
    bool failed;
};

json_t *tree_object(struct tree *t);
json_t *tree_array(struct tree *t);

/*
 * Foreign characters: what is not UTF-8 becomes U+FFFD, because JSON knows
 * nothing else. Strings of core/ that have been checked pass unchanged.
 */
json_t *tree_text(struct tree *t, struct bm_bytes text);
json_t *tree_str(struct tree *t, const char *text);

/*
 * Take one character from the front of `*text`. False, with the first octet
 * in `*c`, when the octets there are not UTF-8 (one octet is then taken).
 * Not to be called with nothing left.
 */
bool tree_next_char(struct bm_bytes *text, uint32_t *c);

/* Octets, as lower-case hexadecimal digits. */
json_t *tree_hex(struct tree *t, struct bm_bytes octets);
json_t *tree_int(struct tree *t, int64_t value);
json_t *tree_bool(struct tree *t, bool value);

/* A time as RFC 3339 writes it. */
json_t *tree_time(struct tree *t, int64_t time);

/* What `put` writes of `what`: a name, an OID. */
json_t *tree_put(struct tree *t, void (*put)(struct bm_wr *, struct bm_bytes),
                 struct bm_bytes what);

/* The dotted form of an OID. */
json_t *tree_oid(struct tree *t, struct bm_bytes oid);

/* Its registered name, or the dotted form where it has none. */
json_t *tree_oid_name(struct tree *t, struct bm_bytes oid);

/* Append to an object under `key`; the order of calls is kept. */
void tree_set(struct tree *t, json_t *object, const char *key, json_t *value);
/* The same of a text, if it is not empty. */
void tree_set_text(struct tree *t, json_t *object, const char *key,
                   const char *text);
void tree_append(struct tree *t, json_t *array, json_t *value);

#endif
