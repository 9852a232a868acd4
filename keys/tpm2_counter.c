/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Counters: TPM 2.0 Part 1, 37.2; Part 3, 31.3 (TPM2_NV_DefineSpace), 31.8
 * (TPM2_NV_Increment), 31.13 (TPM2_NV_Read). One that was never counted up has
 * no value; what it starts with is above all that there ever were.
 */
#include <string.h>

#include "keys/tpm2_internal.h"
#include "keys/tpm2_seal.h"

#define COUNTER_SIZE 8

#define ATTRIBUTES                                                   \
    ((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD | \
     TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

struct counting {
    uint32_t index;
    TPM2B_AUTH owner;
    ESYS_TR nv;
    ESYS_TR session;
    bool is_written;
    uint64_t value;
};

static bm_status look(struct tpm2_link *link, struct counting *c)
{
    TPM2B_NV_PUBLIC *public = NULL;
    TPM2B_NAME *name = NULL;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_NV_ReadPublic(link->esys, c->nv, ESYS_TR_NONE, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &public, &name));
    if (rc == BM_OK) {
        TPMA_NV has = public->nvPublic.attributes;

        c->is_written = (has & TPMA_NV_WRITTEN) != 0;
        if ((has & ~(TPMA_NV)TPMA_NV_WRITTEN) != ATTRIBUTES) {
            rc = BM_E_KEY_MISMATCH;
        }
    }
    Esys_Free(public);
    Esys_Free(name);
    return rc;
}

/* What is at the index; BM_E_NOT_FOUND. */
static bm_status find(struct tpm2_link *link, struct counting *c)
{
    bool there = false;

    BM_TRY(tpm2_is_taken(link, c->index, &there));
    if (!there) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(tpm2_link_status(
        link, Esys_TR_FromTPMPublic(link->esys, c->index, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &c->nv)));
    return look(link, c);
}

static bm_status increment(struct tpm2_link *link, struct counting *c)
{
    return tpm2_link_status(link, Esys_NV_Increment(link->esys, c->nv, c->nv,
                                                    c->session, ESYS_TR_NONE,
                                                    ESYS_TR_NONE));
}

static bm_status take_value(const TPM2B_MAX_NV_BUFFER *data, uint64_t *value)
{
    if (data->size != COUNTER_SIZE) {
        return BM_E_KEYS_TOKEN;
    }
    *value = 0;
    for (size_t i = 0; i < COUNTER_SIZE; i++) {
        *value = *value << 8 | data->buffer[i];
    }
    return BM_OK;
}

static bm_status read_value(struct tpm2_link *link, struct counting *c)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_NV_Read(link->esys, c->nv, c->nv, c->session, ESYS_TR_NONE,
                           ESYS_TR_NONE, COUNTER_SIZE, 0, &data));
    if (rc == BM_OK) {
        rc = take_value(data, &c->value);
    }
    Esys_Free(data);
    return rc;
}

static bm_status define(struct tpm2_link *link, struct counting *c)
{
    static const TPM2B_AUTH no_auth;
    const TPM2B_NV_PUBLIC public = {
        .nvPublic = { .nvIndex = c->index,
                      .nameAlg = TPM2_ALG_SHA256,
                      .attributes = ATTRIBUTES,
                      .dataSize = COUNTER_SIZE },
    };

    BM_TRY(tpm2_owner_begin(link, &c->owner, &c->session));
    return tpm2_link_status(
        link, Esys_NV_DefineSpace(link->esys, ESYS_TR_RH_OWNER, c->session,
                                  ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &public,
                                  &c->nv));
}

/* The first value: one that is there without it was not finished. */
static bm_status make(struct tpm2_link *link, struct counting *c)
{
    bm_status rc = find(link, c);

    if (rc == BM_E_NOT_FOUND) {
        rc = define(link, c);
    } else if (rc == BM_E_KEY_MISMATCH || (rc == BM_OK && c->is_written)) {
        rc = BM_E_EXISTS;
    }
    return rc == BM_OK ? increment(link, c) : rc;
}

static bm_status read_counter(struct tpm2_link *link, struct counting *c)
{
    BM_TRY(find(link, c));
    return c->is_written ? read_value(link, c) : BM_E_NOT_FOUND;
}

static bm_status count(struct tpm2_link *link, struct counting *c)
{
    BM_TRY(find(link, c));
    return c->is_written ? increment(link, c) : BM_E_NOT_FOUND;
}

static bm_status run(struct tpm2_link *link, struct counting *c,
                     bm_status (*work)(struct tpm2_link *, struct counting *))
{
    bm_status rc;

    c->nv = ESYS_TR_NONE;
    BM_TRY(tpm2_session_get(link, &c->session));
    rc = work(link, c);
    if (c->nv != ESYS_TR_NONE && link->esys != NULL) {
        (void)Esys_TR_Close(link->esys, &c->nv);
    }
    return rc;
}

static bm_status run_make(struct tpm2_link *link, void *arg)
{
    return run(link, arg, make);
}

static bm_status run_read(struct tpm2_link *link, void *arg)
{
    return run(link, arg, read_counter);
}

static bm_status run_count(struct tpm2_link *link, void *arg)
{
    return run(link, arg, count);
}

static bm_status do_it(const struct bm_key_provider *provider,
                       struct counting *c, const struct tpm2_work *work)
{
    if (c->index < BM_KEY_TPM2_COUNTER_FIRST ||
        c->index > BM_KEY_TPM2_COUNTER_LAST) {
        return BM_E_KEYS_URI;
    }
    return tpm2_provider_do(provider, work);
}

bm_status bm_key_tpm2_counter_make(const struct bm_key_provider *provider,
                                   uint32_t index)
{
    const struct tpm2_provider *p = provider->self;
    struct counting c = { .index = index };
    /* Not again by itself: what was lost may have been done. */
    const struct tpm2_work work = { run_make, &c, false };
    bm_status rc = tpm2_auth_read(p->owner_auth_file, &c.owner);

    if (rc == BM_OK) {
        rc = do_it(provider, &c, &work);
    }
    bm_wipe(&c, sizeof c);
    return rc;
}

bm_status bm_key_tpm2_counter_read(const struct bm_key_provider *provider,
                                   uint32_t index, uint64_t *value)
{
    struct counting c = { .index = index };
    const struct tpm2_work work = { run_read, &c, true };
    bm_status rc = do_it(provider, &c, &work);

    *value = rc == BM_OK ? c.value : 0;
    return rc;
}

bm_status bm_key_tpm2_counter_increment(const struct bm_key_provider *provider,
                                        uint32_t index)
{
    struct counting c = { .index = index };
    const struct tpm2_work work = { run_count, &c, false };

    return do_it(provider, &c, &work);
}
