/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_BATCH_ROWS_H
#define BM_STORE_BATCH_ROWS_H

/* Rows about batches; part of rows.h. */
#include "store/rows.h"

/*
 * Batches (ca/batch.h): many certificates ordered at once. Of a batch that has
 * ended no row changes any more but to lose what was kept to be handed out.
 */
enum store_batch_state {
    STORE_BATCH_CREATED = 1, /* its rows are read and looked at */
    STORE_BATCH_AWAITING,    /* the approval of a second operator */
    STORE_BATCH_ISSUING,
    STORE_BATCH_READY,  /* every row has its certificate, or was skipped */
    STORE_BATCH_PARTLY, /* some have none */
    STORE_BATCH_DOWNLOADED,
    STORE_BATCH_EXPIRED, /* what there was to hand out is gone */
    STORE_BATCH_REJECTED,
    STORE_BATCH_REVOKING,
    STORE_BATCH_REVOKED,
    STORE_BATCH_ABORTED
};

/* How many rows a batch can have. */
#define STORE_BATCH_ROWS_MAX ((UINT32_C(1) << 20) - 1)

struct store_batch {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    enum store_batch_state state;
    uint32_t options; /* ca/'s to define */
    char name[STORE_NAME_MAX];
    char profile[STORE_ID_MAX];
    char creator[STORE_ACTOR_MAX];
    char actor[STORE_ACTOR_MAX];     /* in whose name it is issued */
    uint8_t upload[STORE_HASH_SIZE]; /* SHA-256 of the file it came as */
    char reason[STORE_NAME_MAX];     /* why it is as it is; or "" */
    uint32_t revocation;             /* reason that it is revoked for */
    int64_t created;
    int64_t changed;
    int64_t expires; /* when what it hands out goes; 0: not yet known */
    uint32_t rows;
    uint32_t wrong;   /* rows that are refused before anything is issued */
    uint32_t skipped; /* duplicates */
    uint32_t issued;  /* with those revoked since */
    uint32_t refused; /* when they were to be issued */
    uint32_t revoked; /* by the whole batch being so */
    struct bm_bytes recipient; /* certificate that keys are encrypted to, DER;
                                  or empty */
    struct bm_bytes signature; /* over the list of its certificates, CMS; or
                                  empty */
    struct bm_bytes jws;       /* the same as JWS; or empty */
};

enum store_batch_row_state {
    STORE_ROW_WAITING = 1,
    STORE_ROW_ISSUED,
    STORE_ROW_SKIPPED,
    STORE_ROW_WRONG,
    STORE_ROW_REFUSED
};

#define STORE_PLACE_NAME_MAX 32 /* names of columns, with NUL */

struct store_batch_row {
    uint64_t batch;
    uint32_t number; /* from 1 */
    enum store_batch_row_state state;
    uint64_t cert;                     /* STORE_ROW_ISSUED: its id */
    char column[STORE_PLACE_NAME_MAX]; /* where it is wrong; or "" */
    char device[STORE_NAME_MAX];       /* name; "": the request says it */
    char name[STORE_NAME_MAX];         /* of the file in an archive; or "" */
    char words[STORE_NAME_MAX];        /* why there is no certificate */
    struct bm_bytes csr;     /* DER; empty when it is not needed any more */
    struct bm_bytes subject; /* Name with header, instead of the request's */
    struct bm_bytes key;     /* a key that was made here, encrypted; or empty */
};

/* Rows that follow one another, and so do the ids of their certificates. */
struct store_batch_issued {
    uint64_t batch;
    uint32_t first; /* number of the first row */
    uint32_t n;
    uint64_t cert; /* of that */
};

/* A change of state. */
struct store_batch_event {
    uint64_t batch;
    int64_t at;
    enum store_batch_state state;
    char actor[STORE_ACTOR_MAX];
    char text[STORE_NAME_MAX];
};

#endif
