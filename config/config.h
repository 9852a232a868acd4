/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CONFIG_CONFIG_H
#define BM_CONFIG_CONFIG_H

#include "core/bytes.h"

/*
 * The strict reader of YAML that everything people write goes through: the
 * configuration, profiles, policies.
 *
 * A text becomes a tree of nodes that know their line and column, and a table
 * of keys (struct config_key) reads a node into a struct. What the table does
 * not name is an error, and every error says where it is.
 *
 * Of YAML 1.1 this is the part that cannot surprise:
 *
 *   - one document, without directives;
 *   - no anchors, aliases, tags and merge keys;
 *   - keys are scalars, and none occurs twice;
 *   - UTF-8 without byte order mark and NUL;
 *   - a scalar is a string until a table asks for something else: `no` and
 *     `010` are never a boolean and never an octal number.
 *
 * Reading a text opens no file and keeps no state.
 */

/*
 * What people write by hand is far smaller. Bounds time and memory before
 * anything is read.
 */
#define CONFIG_TEXT_MAX ((size_t)1 << 20)

/* Mappings and sequences inside each other. */
#define CONFIG_DEPTH_MAX 16

/* Nodes in all: a policy of 10,000 rules, and some room. */
#define CONFIG_NODES_MAX 131072
#define CONFIG_KEYS_MAX  512 /* of one mapping: it is searched for each */

#define CONFIG_WORDS_MAX 256

/*
 * What is wrong, and where: lines and columns count from 1, columns in
 * characters. The words may hold what the text says; who prints them escapes.
 */
struct config_error {
    bm_status status;
    unsigned line;
    unsigned column;
    char words[CONFIG_WORDS_MAX];
};

enum config_kind {
    CONFIG_SCALAR,
    CONFIG_SEQUENCE,
    CONFIG_MAPPING
};

struct config_node {
    enum config_kind kind;
    bool plain; /* a scalar without quotes */
    unsigned line;
    unsigned column;
    const char *key; /* in a mapping; else NULL */
    unsigned key_line;
    unsigned key_column;
    const char *text; /* of a scalar: never with a NUL inside; else NULL */
    size_t n;         /* octets of `text`, or nodes inside */
    struct config_node *first;
    struct config_node *next; /* in the mapping or sequence around it */
};

/* A text that was read, with all memory that came of it. */
struct config;

/*
 * Read `text`. On BM_OK the caller owns `*config` (config_free()); otherwise
 * it is NULL and `*error`, which may be NULL, says why.
 */
BM_MUST_CHECK bm_status config_parse(struct bm_bytes text,
                                     struct config **config,
                                     struct config_error *error);
void config_free(struct config *config); /* NULL is fine */

/* The outermost node. */
const struct config_node *config_root(const struct config *config);

/* What `key` stands for in a mapping, or NULL. */
const struct config_node *config_get(const struct config_node *mapping,
                                     const char *key);

/* `n` zeroed octets that live as long as `config`; NULL without memory. */
void *config_memory(struct config *config, size_t n);

/* Blame `node`; returns `status`. `error` may be NULL. */
BM_MUST_CHECK bm_status config_fail(struct config_error *error,
                                    const struct config_node *node,
                                    bm_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- Tables */

enum config_type {
    CONFIG_NODE,     /* const struct config_node *: for code of the caller */
    CONFIG_STRING,   /* const char *: never empty; lives as `config` does */
    CONFIG_STRINGS,  /* const char *const *: of a sequence; ends with NULL */
    CONFIG_BOOL,     /* bool: true or false */
    CONFIG_INTEGER,  /* int64_t: decimal, without leading zeros */
    CONFIG_DURATION, /* int64_t, in seconds: see below */
    CONFIG_TIME,     /* int64_t: "2031-02-03T04:05:06Z" (RFC 3339), UTC */
    CONFIG_CHOICE,   /* unsigned: one of `choices` */
    CONFIG_SET,      /* unsigned: a sequence of `choices`, or-ed together */
    CONFIG_SECTION,  /* a mapping, read with `keys` into the struct there */
    CONFIG_LIST      /* struct config_list: a sequence of mappings */
};

/*
 * A duration is a whole number and a unit without a space: `90d`. Units are
 * s, m (minutes), h, d, w, and y, which is 365 days; there is no month. Zero
 * is `0s`.
 */
#define CONFIG_DURATION_MAX (INT64_C(10000) * 365 * 24 * 3600)

struct config_choice { /* tables end with a zero row */
    const char *name;
    unsigned value;
};

struct config_list {
    void *items; /* `n` structs of `size` octets, zeroed and then read */
    size_t n;
};

struct config_key { /* tables end with a zero row */
    const char *name;
    enum config_type type;
    bool required;
    size_t offset; /* of the member that it fills */
    /*
     * Bounds of INTEGER and DURATION, and of how many in STRINGS and LIST;
     * both zero: none.
     */
    int64_t min;
    int64_t max;
    const struct config_choice *choices; /* CHOICE, SET */
    const struct config_key *keys;       /* SECTION, LIST */
    size_t size;                         /* LIST: of an item */
};

/*
 * Read a mapping into the struct at `into`, as `keys` says. Members whose
 * keys are absent stay as they are: so defaults are what stood there before.
 * On error `*into` is of no use.
 */
BM_MUST_CHECK bm_status config_read(struct config *config,
                                    const struct config_node *node,
                                    const struct config_key *keys, void *into,
                                    struct config_error *error);

/* The same for the value of a single key, for tables of the caller's own. */
BM_MUST_CHECK bm_status config_read_value(struct config *config,
                                          const struct config_node *node,
                                          const struct config_key *key,
                                          void *into,
                                          struct config_error *error);

/* ---- Beside it */

/*
 * Read a file of at most `max` octets. On BM_OK the caller frees `*text`, of
 * `*n` octets and a NUL. BM_E_CONFIG_DEPTH when it is larger; BM_E_NOT_FOUND
 * and BM_E_IO leave errno as it came.
 */
BM_MUST_CHECK bm_status config_load(const char *path, size_t max, char **text,
                                    size_t *n);

/*
 * Is `name` nearer to `word` than whatever `*least` was set by? Start with
 * CONFIG_NEAR_MAX + 1 to find what was probably meant.
 */
#define CONFIG_NEAR_MAX 2
bool config_is_nearer(const char *word, const char *name, size_t *least);

#endif
