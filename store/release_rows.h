/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_RELEASE_ROWS_H
#define BM_STORE_RELEASE_ROWS_H

/* Rows about what devices are to have and have said; part of rows.h. */
#include "store/rows.h"

/*
 * Delivery (docs/delivery.md): what devices are to have. A release and its
 * items never change; for whom they are, the assignments say.
 */
struct store_release {
    uint64_t id; /* 0 when putting: chosen, and filled in */
    uint32_t organisation;
    uint32_t mode; /* of operation, plus 1; 0: it says nothing of it */
    char name[STORE_ID_MAX]; /* unique within the organisation */
    int64_t created;
    char creator[STORE_ACTOR_MAX];
};

enum store_item_kind {
    STORE_ITEM_FIRMWARE = 1,
    STORE_ITEM_KEYSET,
    STORE_ITEM_POLICY
};

#define STORE_ITEM_VERSION_MAX 33 /* with NUL */

/* One of a kind, and number of the image, per release. */
struct store_item {
    uint64_t id; /* likewise */
    uint64_t release;
    enum store_item_kind kind;
    uint32_t image; /* firmware: number of the image */
    uint8_t hash[STORE_HASH_SIZE];
    uint64_t size;
    char version[STORE_ITEM_VERSION_MAX]; /* for people; or "" */
    /* Of a policy: the certificate of its signer. "": that was not kept. */
    char signer_ca[STORE_ID_MAX];
    uint8_t signer[STORE_SERIAL_MAX]; /* its serial number */
    size_t signer_n;
};

/* For whom: all devices, those of an organisation, one of them. There is one
 * of a release and target: assigning again changes it. */
struct store_assignment {
    uint64_t id; /* filled in */
    uint64_t release;
    uint32_t organisation; /* 0: of all */
    uint64_t device;       /* 0: all of those */
    uint32_t percent;      /* 0 to 100 */
    uint64_t number;       /* filled in: rises with each that is put */
    int64_t created;
    char actor[STORE_ACTOR_MAX];
};

/* One that covers a device, with what must be known of its release. */
struct store_assigned {
    struct store_assignment assignment;
    uint32_t mode;
    char release[STORE_ID_MAX];
};

/* The manifest that a device was given last. */
struct store_manifest {
    uint64_t device;
    uint32_t organisation;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    uint8_t said[STORE_HASH_SIZE]; /* of what it says, version and dates
                                      apart */
    struct bm_bytes message;
};

/* How far an item came with a device, as bits. */
enum {
    STORE_STEP_OFFERED = 1 << 0, /* a manifest named it */
    STORE_STEP_FETCHED = 1 << 1, /* the rest is what the device says */
    STORE_STEP_TRIED = 1 << 2,
    STORE_STEP_TAKEN = 1 << 3,
    STORE_STEP_REVERTED = 1 << 4,
    STORE_STEP_REFUSED = 1 << 5,
    STORE_STEPS_ALL = (1 << 6) - 1
};
#define STORE_STEPS 6

struct store_progress {
    uint64_t assignment;
    uint64_t item;
    uint64_t device;
    uint64_t version; /* of the last manifest that named it */
    uint32_t steps;   /* STORE_STEP_... */
    /* Filled in by progress_find() alone: of the item. */
    enum store_item_kind kind;
    char words[STORE_ITEM_VERSION_MAX]; /* its version, for people; or "" */
};

#define STORE_MODE_MAX 16 /* with NUL */

/* What a device has said of itself. */
struct store_heard {
    uint64_t device;
    uint32_t organisation;
    uint64_t number;          /* the highest of its events */
    char key[STORE_NAME_MAX]; /* how and where its key was made; or "" */
    int64_t key_at;           /* when it said so */
    /* The policy of the firewall that is in force, and when it said so. */
    char policy[STORE_ITEM_VERSION_MAX]; /* its version; "" not known */
    uint8_t policy_hash[STORE_HASH_SIZE];
    int64_t policy_at;
    char mode[STORE_MODE_MAX]; /* of operation: "normal"; "" not known */
    int64_t mode_at;
    uint64_t missed;   /* events of the firewall that it had no room for, in */
    int64_t missed_at; /* all, and when it said so last; 0: never */
};

/* Events of a device's own telling that are kept, the latest: what it can
 * make us store is bounded. And of what others have told of it. */
#define STORE_CLAIMED_MAX 256
#define STORE_NOTICED_MAX 256
/* And of what is told of no device, of each organisation. */
#define STORE_PLAIN_MAX 1024
/* And those that a destination has not been given yet. */
#define STORE_CLAIMED_UNDELIVERED_MAX 4096

#endif
