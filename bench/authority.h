/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_AUTHORITY_H
#define BM_BENCH_AUTHORITY_H

#include "ca/issue.h"
#include "server/instance.h"

/*
 * A real instance, and requests of devices to feed it with. `open` makes one in
 * a temporary directory (under TMPDIR, or build/), which `close` removes;
 * `open_in` opens the one in `dir`, or makes it there, and it stays.
 */
struct bench_authority {
    char dir[FILES_PATH_MAX];
    struct bm_crypto *crypto;
    struct instance *instance;
    struct ca_actor actor;
    int64_t now;
    uint64_t device; /* number of the next one */
    bool stays;
};

void bench_authority_open(struct bench_authority *a);
void bench_authority_open_in(struct bench_authority *a, const char *dir);
void bench_authority_close(struct bench_authority *a);

/*
 * Put the key of the issuing CA somewhere else: `import` is given it in clear,
 * and `uri` names it from then on. `yaml` is added to the settings.
 */
void bench_authority_move_key(struct bench_authority *a, const char *uri,
                              const char *yaml,
                              void (*import)(struct bm_bytes pem));

/* A parsed request, with the memory it lives in. */
struct bench_request {
    struct bm_csr csr;
    uint8_t der[512];
};

/* Requests of devices that nobody has seen, with fresh keys. */
void bench_requests_make(struct bench_authority *a, struct bench_request *to,
                         size_t n);

/* Issue to all of them, in one call; ends the program if one is refused. */
void bench_issue_group(struct bench_authority *a,
                       const struct bench_request *requests, size_t n);

/* Groups of one size, handed to the signer as such, one behind the other
 * (durable.c): by this authority, or by one of their own. */
void *bench_groups_open(struct bench_authority *a, size_t group, size_t calls);
void bench_groups_run(void *context);
void bench_groups_close(void *context);

#endif
