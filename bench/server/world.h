/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_WORLD_H
#define BM_BENCH_SERVER_WORLD_H

#include "bench/authority.h"
#include "bench/server/load.h"
#include "bench/server/process.h"

/*
 * An instance in a temporary directory, birthmarkd on it, and requests of
 * devices that nobody has seen. All requests are made before the server
 * starts, by the library, so that no clock sees it.
 */

#define WORLD_NAME_MAX 32

/* What a device sends to be enrolled, and who it is. */
struct world_request {
    struct bm_bytes post; /* HTTP, whole */
    struct load_identity identity;
    X509 *cert; /* of the identity */
    char name[WORLD_NAME_MAX];
};

struct world {
    struct bench_authority authority;
    const char *program;      /* birthmarkd */
    char dir[FILES_PATH_MAX]; /* of the instance, from the root on */
    struct process server;
    unsigned devices; /* ports */
    unsigned operators;
    unsigned publisher;
    unsigned metrics;
    /* Of the server's kind, for those we compare with. */
    struct load_identity tls;
    X509 *tls_ca;
    X509 *issuing;
};

/* `program` is the birthmarkd that will be measured. */
void world_open(struct world *w, const char *program);
/* Stops the server and removes all. */
void world_close(struct world *w);

/* Requests of `n` devices: each with a token of its own, as HTTP Basic; or
 * each with a certificate of its own for the handshake. */
void world_make_tokens(struct world *w, struct world_request *to, size_t n);
enum world_devices {
    WORLD_BORN,  /* with an IDevID, for simpleenroll */
    WORLD_ACTIVE /* with an LDevID, for simplereenroll */
};
void world_make_devices(struct world *w, struct world_request *to, size_t n,
                        enum world_devices kind);
void world_free_requests(struct world_request *requests, size_t n);

/* GET cacerts, whatever the number: for struct load_config. */
struct bm_bytes world_cacerts(void *arg, size_t i, unsigned connection);

/* Another request of a device with an IDevID, for a new key under the profile
 * "bench", of which a device may have any number; without asking the
 * instance. The caller frees its octets. */
struct bm_bytes world_make_more(const struct world_request *device);

/* Hand the instance over to birthmarkd; nothing can be made any more. */
void world_serve(struct world *w);
/* Stop birthmarkd, start it again: seconds until its first answer. */
double world_restart(struct world *w);

#endif
