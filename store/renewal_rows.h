/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_RENEWAL_ROWS_H
#define BM_STORE_RENEWAL_ROWS_H

/* Rows about renewal and misuse; part of rows.h. */
#include "store/rows.h"

/*
 * Renewals that are pulled forward: of the certificates of devices with ids up
 * to `last` that match all that is named. What is "" or zero does not
 * restrict.
 */
struct store_pull {
    uint64_t id;           /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation; /* 0: of all */
    char ca[STORE_ID_MAX]; /* id: of one generation */
    char profile[STORE_ID_MAX];  /* name */
    char device[STORE_NAME_MAX]; /* pattern of names of devices */
    char model[STORE_VALUE_MAX]; /* attributes of theirs */
    char lot[STORE_VALUE_MAX];
    char firmware[STORE_VALUE_MAX];
    uint64_t batch; /* of devices that have a certificate of it */
    int64_t from;   /* over this time they are spread */
    int64_t until;
    int64_t ends;  /* from then on it counts no more */
    uint64_t last; /* id of the last certificate that there was */
    int64_t created;
    int64_t cancelled; /* 0: in force */
    char creator[STORE_ACTOR_MAX];
};

/*
 * Certificates of an organisation's devices that are the last of their line:
 * good, or renewals that were not seen in use, with nothing behind them. Those
 * that end at `from`, if their id is above `after`, or later; and before
 * `before`.
 */
struct store_due {
    int64_t from;
    uint64_t after;
    int64_t before;
};

#define STORE_SIGNAL_MAX 32 /* kinds, with NUL */

/*
 * A sign that something is wrong with a device, or with no device that is
 * known: one row of a kind, however often it comes.
 */
struct store_signal {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    uint64_t device; /* 0: of none that is known */
    char kind[STORE_SIGNAL_MAX];
    uint64_t count;
    int64_t first;
    int64_t last;
    char text[STORE_NAME_MAX]; /* of the last one */
};

/* Zero members do not restrict. */
struct store_signal_filter {
    uint64_t before; /* ids below this one: where the last page ended */
    uint64_t device;
    const char *kind;
};

/* Where a device is that its maker keeps account of. */
struct store_shipping {
    uint64_t device;
    uint32_t organisation;
    int64_t shipped; /* 0: it is in stock */
    int64_t at;      /* when that was said */
};

#endif
