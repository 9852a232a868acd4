/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_MODEL_H
#define BM_TESTS_AUTHORITY_MODEL_H

#include "tests/authority/world.h"

/*
 * The rules of design section 7 once more, over arrays: what each act must
 * return, and what becomes of every certificate. Written to be read, and to
 * be compared with what the authority does over a store.
 */

#define MODEL_DEVICES  3
#define MODEL_PROFILES 3 /* LDEVID, SEVERAL, SUSPEND */
#define MODEL_KEYS     5 /* of each device */
#define MODEL_CERTS    4096
#define NONE           (-1)

struct model_profile {
    const char *name;
    bool one_active;
    bool same_key;
    bool suspends; /* a fork does */
    int64_t grace;
    int shares; /* keys of this profile, or NONE */
};
extern const struct model_profile model_profiles[MODEL_PROFILES];

struct model_cert {
    int device;
    int profile;
    int key; /* number among all */
    enum store_cert_status status;
    enum store_cert_status resume; /* of one that is on hold */
    bool forked;                   /* its fork is on record */
    bool by_suspension;            /* on hold, by the device's */
    uint8_t reason;
    int64_t at; /* issued */
    int64_t not_after;
    int renews;
    int renewed_by;
    unsigned superseded;
    struct issued issued;
};

struct model {
    int64_t now;
    bool suspended[MODEL_DEVICES];
    int n;
    struct model_cert *cert; /* MODEL_CERTS of them */
    unsigned forks;
    unsigned misuses;
    bool misused[MODEL_CERTS]; /* on record */
};

/* An operator resumes the device. */
void model_resume(struct model *m, int device);

/* A request, by the IDevID, by a certificate or by an operator. */
struct model_request {
    unsigned by;
    int device;
    int profile;
    int key;
    int with; /* CA_BY_CURRENT */
};

/*
 * BM_OK: `*made` is the certificate that was made, or given again. One that
 * was made has no `issued` yet, and no notAfter.
 */
bm_status model_issue(struct model *m, const struct model_request *r, int *made,
                      bool *repeated);
bm_status model_seen(struct model *m, int cert);
bm_status model_revoke(struct model *m, int cert, uint8_t reason);
bm_status model_release(struct model *m, int cert);

#endif
