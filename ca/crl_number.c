/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers of lists. All lists of a CA draw from one sequence: so whatever was
 * lost or restored, one number is enough to be beyond it, in each of them.
 */
#include <stdio.h>

#include "ca/crl_internal.h"
#include "ca/setting.h"

static bm_status floor_name(const char *id, char name[STORE_ID_MAX + 16])
{
    int n = snprintf(name, STORE_ID_MAX + 16, CA_SETTING_CRL "%s", id);

    return n > 0 && n < STORE_ID_MAX + 16 ? BM_OK : BM_E_LIMIT;
}

/* Numbers up to this one have been used, or may have been. */
static bm_status read_floor(struct ca *ca, const char *id, uint64_t *number)
{
    char name[STORE_ID_MAX + 16];
    bm_status rc;

    *number = 0;
    BM_TRY(floor_name(id, name));
    rc = ca_setting_get(ca->c.store, name, number);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status crl_last_number(struct ca *ca, const char *id, uint64_t *number)
{
    const struct store *s = ca->c.store;
    uint64_t last;

    BM_TRY(read_floor(ca, id, number));
    BM_TRY(s->crl_number(s->self, id, &last));
    if (last > *number) {
        *number = last;
    }
    return BM_OK;
}

void crl_put_number(uint64_t number, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

bm_status ca_crl_used(struct ca *ca, const char *id, uint64_t number)
{
    char name[STORE_ID_MAX + 16];
    uint64_t last;

    BM_TRY(floor_name(id, name));
    BM_TRY(crl_last_number(ca, id, &last));
    if (number <= last) {
        return BM_OK;
    }
    return ca_setting_put(ca->c.store, name, number);
}

bm_status ca_crl_skip(struct ca *ca, const char *id, uint64_t n)
{
    uint64_t last;

    BM_TRY(crl_last_number(ca, id, &last));
    /* Numbers stay positive as INTEGERs of 64 bits. */
    return last <= INT64_MAX - n ? ca_crl_used(ca, id, last + n)
                                 : BM_E_CRL_NUMBER;
}
