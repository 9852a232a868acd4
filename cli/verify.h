/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_VERIFY_H
#define BM_CLI_VERIFY_H

#include "cli/diag.h"
#include "cli/pile.h"
#include "cli/show.h"
#include "core/path.h"

/*
 * What `birthmark cert verify` does once its command line is read. Each
 * function checks one kind of file and adds what it found to `result`; a
 * refusal is left in `why`.
 */
struct verify {
    const struct bm_crypto *crypto;
    struct pile anchors;
    struct pile pool; /* --untrusted, and what came with the file */
    struct crl_pile crls;
    struct bm_path_config config; /* all but anchors, pool, revocation */
    struct bm_bytes host;         /* to be named by the leaf, or empty */
    enum bm_gn_kind host_kind;
    const char *content; /* file with the content of a detached signature */
    unsigned tolerate;
    bool json;
    /* Results. */
    struct tree t;
    json_t *result;
    struct refusal why;
    char words[512]; /* for `why` */
};

/*
 * Is there a path from `leaf` to an anchor? It is added to `to`. `purpose`
 * and --host apply.
 */
bool verify_leaf(struct verify *v, const struct bm_cert *leaf, json_t *to);

/* The path alone, without --host; `key_usage` is what the leaf must have. */
bool verify_path(struct verify *v, const struct bm_cert *leaf,
                 uint16_t key_usage, json_t *to);

/* Who a certificate is, in a path. */
json_t *verify_step(struct verify *v, const struct bm_cert *cert);

bool verify_csr(struct verify *v, const struct bm_csr *csr);
bool verify_cms(struct verify *v, struct bm_bytes der,
                const struct bm_cms *cms);
bool verify_crl(struct verify *v, struct input *in,
                const struct object *object);

/* Refuse: `false`, with the status and, where they help, words. */
bool verify_refuse(struct verify *v, bm_status status, const char *words);

/* The same for a parser's refusal of `der`, with the place in it. */
bool verify_refuse_at(struct verify *v, const struct bm_diag *diag,
                      bm_status rc, struct bm_bytes der);

/* The same for what is wrong with `part`, a view into `der`. */
bool verify_refuse_part(struct verify *v, bm_status rc, struct bm_bytes part,
                        struct bm_bytes der);

/*
 * The status of `cert`, by the CRLs given: a bm_revocation check whose self
 * is a struct verify.
 */
bm_status verify_revocation(void *self, const struct bm_cert *cert,
                            const struct bm_cert *issuer);

#endif
