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

#endif
