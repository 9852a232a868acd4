/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_CA_WORLD_H
#define BM_TESTS_CA_WORLD_H

/*
 * An instance with a history, on disk, and what tests do to it behind its
 * back: SQL in its database, its files changed.
 */
#include "server/init.h"

#define WORLD_NOW   INT64_C(1790000000)
#define WORLD_DAY   86400
#define WORLD_CERTS 300

/* What the certificates of a history are for: by number. */
enum {
    WORLD_REVOKED = 3,
    WORLD_HELD = 5,
    WORLD_RELEASED = 7,
    WORLD_RENEWED = 9, /* confirmed: revoked as superseded */
    WORLD_PENDING = 11 /* its renewal is not confirmed */
};

struct world {
    char dir[128]; /* the instance */
    char origin[128];
    uint8_t key_der[64]; /* of the ledger */
    struct bm_spki key;
    struct instance *instance;
    struct ca_actor actor;
    int64_t now;
    uint8_t serial[WORLD_CERTS][STORE_SERIAL_MAX];
    size_t serial_n[WORLD_CERTS];
    uint8_t der[WORLD_CERTS][1024];
    size_t der_n[WORLD_CERTS];
};

/* All end the program when they do not work. */
void world_new(struct world *w);   /* made, and closed */
void world_begin(struct world *w); /* ... with a history, and kept */
void world_free(struct world *w);
void world_open(struct world *w, enum instance_mode mode);
void world_close(struct world *w);

/* The database and its ledger alone, for reading; the caller closes them. */
struct store *world_store(const struct world *w);
struct ca_ledger *world_ledger(const struct world *w, struct store *store);

/* Issue for device SN-`i`; renew the one that is held in `der[i]`. */
void world_issue(struct world *w, unsigned first, unsigned n);
void world_renew(struct world *w, unsigned i, bool confirm);
/* Everything of the enum above, after `n` were issued. */
void world_live(struct world *w);

/* Keep the database; bring it back. The instance is closed. */
void world_keep(struct world *w);
void world_restore(struct world *w);
/* Run SQL; false when it did not change anything. */
bool world_sql(struct world *w, const char *sql);

/* A path inside the instance; until the next call. */
const char *world_path(const struct world *w, const char *name);

#endif
