/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_SCRIPT_INTERNAL_H
#define BM_TESTS_FAULT_SCRIPT_INTERNAL_H

#include "ca/issue.h"
#include "tests/fault/report.h"
#include "tests/fault/script.h"

/* Between what plays (script.c) and what is played (script_acts.c). */

#define LDEVID "ieee-802.1ar-ldevid"
#define ISSUER "issuing"

/* More than one script ever has in hand. */
#define OWN_MAX 4096
#define GROUP   64
#define CSR_MAX 2048

/* A certificate that this script was given. */
struct own {
    char name[32];   /* of the device */
    uint64_t device; /* its number in this script */
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
    char ca[STORE_ID_MAX];
    uint8_t *der;
    size_t der_n;
    int64_t not_after;
    bool identity;
    bool pending;
    bool held;
    bool dead;     /* revoked, or followed by another */
    size_t renews; /* index of the one before, + 1 */
};

/* A script that is being played. */
struct script {
    const struct script_config *config;
    struct script_result *result;
    struct instance *in;
    struct ca_actor actor;
    int64_t now;
    uint64_t state; /* of the lots */
    uint64_t devices;
    struct own own[OWN_MAX];
    size_t own_n;

    /* One group on its way. */
    uint8_t csr_room[GROUP][CSR_MAX];
    struct bm_csr csr[GROUP];
    char name[GROUP][32];
    uint64_t device[GROUP];
    struct ca_issue_request request[GROUP];
    struct ca_issue_result issued[GROUP];
};

#define SAY(s, ...) report_say((s)->config->report, (s)->now, __VA_ARGS__)

struct script_act {
    const char *name;
    bm_status (*run)(struct script *s);
    unsigned weight;
};

/* In the order of the short script. */
extern const struct script_act script_acts[];
extern const size_t script_acts_n;

uint64_t script_draw(struct script *s, uint64_t below);

/* Request `i` of the group, by an operator, for the device number `device`. */
void script_order(struct script *s, size_t i, const char *profile,
                  uint64_t device);

/* Acts (script_batch.c): a batch is ordered and its file read; one goes on. */
bm_status script_order_batch(struct script *s);
bm_status script_go_on(struct script *s);

/* The operator that `init` made. */
struct ca_actor script_operator(void);

/* A request of a device for a key of its own. */
bm_status script_make_csr(const char *name, uint8_t room[CSR_MAX],
                          struct bm_csr *csr);

#endif
