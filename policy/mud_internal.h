/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_MUD_INTERNAL_H
#define BM_POLICY_MUD_INTERNAL_H

#include <jansson.h>

#include "policy/mud.h"
#include "policy/policy.h"

/* Between mud.c, which reads entries, and mud_write.c, which writes rules. */

#define MUD_ENTRIES_MAX 1024
#define MUD_WORD_MAX    64 /* of a port, a kind */

/* An entry of an access list, as far as a rule is about it. */
struct mud_entry {
    const char *name;
    enum policy_direction direction;
    bool six;
    int protocol;            /* -1: any */
    const char *peer;        /* a name; or NULL */
    const char *cidr;        /* addresses; or NULL */
    bool local;              /* the device's own subnet */
    int initiated;           /* enum policy_direction, or -1: not said */
    char port[MUD_WORD_MAX]; /* "443", "1-9, 11-99"; empty: any */
    char sport[MUD_WORD_MAX];
    char kind[MUD_WORD_MAX];
};

struct mud {
    const struct policy_mud_config *config;
    struct config_error *error;
    struct mud_entry *entries;
    size_t n;
};

/* Is the entry about answers alone? */
bool mud_is_answer(const struct mud *mud, const struct mud_entry *entry);

/* The addresses of a name, or NULL. */
const char *mud_resolve(const struct mud *mud, const char *name);

/* Names without addresses, or rules: a text that the caller frees; NULL
 * without memory. An empty list of names is the empty text. */
char *mud_write_missing(const struct mud *mud);
char *mud_write_policy(const struct mud *mud, const char *url);

#endif
