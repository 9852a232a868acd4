/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TRANSFER_ROWS_H
#define BM_STORE_TRANSFER_ROWS_H

/* Rows about devices that change hands. */
#include "store/rows.h"

enum store_transfer_state {
    STORE_TRANSFER_OFFERED = 1,
    STORE_TRANSFER_ACCEPTED,
    STORE_TRANSFER_REFUSED,
    STORE_TRANSFER_WITHDRAWN,
    STORE_TRANSFER_LAPSED
};

/*
 * Devices that one organisation offers to another. What it is about never
 * changes; what became of it is said once.
 */
struct store_transfer {
    uint64_t id;           /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation; /* who gives */
    uint32_t receiver;
    enum store_transfer_state state;
    uint32_t options; /* ca/'s to define */
    uint32_t devices; /* how many */
    int64_t created;
    int64_t expires;
    int64_t decided; /* accepted, refused, withdrawn, lapsed; 0: not yet */
    char creator[STORE_ACTOR_MAX];
    char decider[STORE_ACTOR_MAX];
    char profile[STORE_ID_MAX];  /* by which they renew from then on; or "" */
    char words[STORE_NAME_MAX];  /* of the giver; or "" */
    char reason[STORE_NAME_MAX]; /* why it was refused, withdrawn; or "" */
};

struct store_transferred {
    uint64_t transfer;
    uint32_t place;    /* from 1 */
    uint64_t device;   /* the giver's */
    uint64_t received; /* the receiver's; 0: it is not */
};

#endif
