/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BATCH_RUN_H
#define BM_CA_BATCH_RUN_H

#include "ca/batch_internal.h"

/*
 * How batches are gone on with, between the files that do it: nothing here is
 * remembered that a start would miss. What it spares is reading rows again, and
 * hashing lines; and it knows which rows the signer is suspected to refuse.
 */

/* Octets of the CSRs of one step: 256 of the largest that there are would be
 * sixteen megabytes. */
#define BATCH_ROOM_MAX ((size_t)4 << 20)

/* So many rows the signer may refuse one after another before it is the signer,
 * and not they. */
#define BATCH_SUSPECTS_MAX 8

/* A row that the signer has refused alone, and why. */
struct batch_suspect {
    uint32_t number;
    char words[STORE_NAME_MAX];
};

/* What is hashed of the list of a batch. */
enum batch_listing {
    BATCH_LIST_NONE,
    BATCH_LIST_AHEAD, /* each row as it is issued, hoping that all will be */
    BATCH_LIST_ROWS   /* all rows, one after another: nothing more is issued */
};

/* How far one batch is. */
struct batch_place {
    struct batch_place *next;
    uint64_t id;
    enum store_batch_state state;
    uint32_t after; /* rows up to this one are done */
    uint32_t alone; /* and up to this one each is asked for alone: the signer
                       has refused one of them */
    enum batch_listing listing;
    uint32_t lines;            /* that are hashed ahead */
    struct bm_hash_state hash; /* of the list so far */
    size_t suspects_n;
    struct batch_suspect suspects[BATCH_SUSPECTS_MAX];
};

struct batch_want {
    struct store_batch_row row; /* views are into `room` */
    struct bm_csr csr;
};

/* What all of them use, one after another. */
struct ca_batch_run {
    struct batch_place *places;
    size_t max; /* rows of this step */
    size_t n;
    size_t room_n;
    struct store_batch_issued issued; /* in this transaction, not told yet */
    struct batch_place *place;        /* of the batch that is issued */
    struct ca_issue_also also;
    struct batch_want want[CA_BATCH_STEP];
    struct ca_issue_request requests[CA_BATCH_STEP];
    struct ca_issue_result results[CA_BATCH_STEP];
    uint8_t room[BATCH_ROOM_MAX];
};

/* Of one batch, for one step. */
struct batch_work {
    struct ca *ca;
    struct ca_batch_run *run;
    struct batch_place *place;
    const struct store_batch *batch;
    int64_t now;
    struct ca_refusal *why;
};

/* Its place is forgotten: it begins again, or has ended. */
void batch_place_drop(struct batch_work *w);

/* A change of state in a transaction of its own, if it is as it was. */
BM_MUST_CHECK bm_status batch_go_to(const struct batch_work *w,
                                    const struct ca_batch_change *change);

/* Issue the next rows; or, when there are none, write the list. */
BM_MUST_CHECK bm_status batch_issue(struct batch_work *w);
/*
 * Ahead of that: rows are about to be issued, one is, and not all were that
 * should have been. It spares reading them again. Where rows were issued before
 * a start, or one is refused, the list is made of what the store has.
 */
BM_MUST_CHECK bm_status batch_ahead_begin(const struct batch_work *w);
BM_MUST_CHECK bm_status batch_ahead_put(struct batch_place *place,
                                        const struct bm_crypto *crypto,
                                        const struct store_batch_row *row,
                                        const struct store_cert *cert,
                                        const uint8_t hash[STORE_HASH_SIZE]);
void batch_ahead_drop(const struct batch_work *w);
/* The next lines of the list; with the last it is signed, and the batch has
 * ended. */
BM_MUST_CHECK bm_status batch_list(struct batch_work *w);
/* Revoke the next certificates. */
BM_MUST_CHECK bm_status batch_revoke(struct batch_work *w);

#endif
