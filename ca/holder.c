/* SPDX-License-Identifier: Apache-2.0 */

/* Whose a certificate or a token is. */
#include <string.h>

#include "ca/internal.h"
#include "ca/issue.h"
#include "ca/token.h"
#include "ca/transfer.h"

_Static_assert(CA_SERIAL_TEXT <= STORE_ID_MAX, "a serial number is an id");

static bm_status find_cert(struct ca *ca, struct bm_bytes der,
                           struct ca_holder *holder)
{
    struct store_cert row;

    BM_TRY(ca_find_der(ca, der, &row));
    holder->organisation = row.organisation;
    memcpy(holder->profile, row.profile, sizeof holder->profile);
    ca_hex(row.serial, holder->id, sizeof holder->id);
    return BM_OK;
}

static bm_status find_token(struct ca *ca, struct bm_bytes token,
                            struct ca_holder *holder)
{
    const struct store *store = ca->c.store;
    uint8_t hash[STORE_HASH_SIZE];
    struct store_token row;
    bm_status rc;

    BM_TRY(ca_token_hash(ca->c.crypto, token, hash));
    rc = store->token_find(store->self, hash, &row);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_E_CA_TOKEN : rc;
    }
    holder->organisation = row.organisation;
    memcpy(holder->profile, row.profile, sizeof holder->profile);
    memcpy(holder->device, row.device, sizeof holder->device);
    memcpy(holder->id, row.id, sizeof holder->id);
    /* As ca_issue() has it: one that is bound to a request waits with it. */
    holder->until = row.revoked != 0 ? INT64_MIN
                    : row.used == 0  ? row.expires - 1
                    : row.cert == 0  ? INT64_MAX
                                     : row.used + CA_TOKEN_REPEAT;
    return BM_OK;
}

static bm_status find_standing(struct ca *ca, struct bm_bytes der,
                               struct ca_standing *s)
{
    struct store_cert row;

    BM_TRY(ca_find_der(ca, der, &row));
    s->cert = row;
    memcpy(s->serial, row.serial.p, row.serial.n);
    s->cert.serial.p = s->serial;
    s->cert.der = (struct bm_bytes){ NULL, 0 };
    return row.device == 0 ? BM_OK
                           : ca_device_now(ca, s->cert.device, &s->device);
}

bm_status ca_find_standing(struct ca *ca, struct bm_bytes der,
                           struct ca_standing *standing)
{
    bm_status rc;

    memset(standing, 0, sizeof *standing);
    BM_TRY(ca->c.store->begin(ca->c.store->self, STORE_READ));
    rc = find_standing(ca, der, standing);
    ca->c.store->rollback(ca->c.store->self);
    return rc;
}

bm_status ca_find_begin(struct ca *ca)
{
    BM_TRY(ca->c.store->begin(ca->c.store->self, STORE_READ));
    ca->finding = true;
    return BM_OK;
}

void ca_find_end(struct ca *ca)
{
    ca->c.store->rollback(ca->c.store->self);
    ca->finding = false;
}

static bm_status find(struct ca *ca, struct bm_bytes what,
                      struct ca_holder *holder,
                      bm_status (*one)(struct ca *ca, struct bm_bytes what,
                                       struct ca_holder *holder))
{
    bool alone = !ca->finding;
    bm_status rc;

    memset(holder, 0, sizeof *holder);
    if (alone) {
        BM_TRY(ca_find_begin(ca));
    }
    rc = one(ca, what, holder);
    if (alone) {
        ca_find_end(ca);
    }
    return rc;
}

bm_status ca_find_cert_holder(struct ca *ca, struct bm_bytes der,
                              struct ca_holder *holder)
{
    return find(ca, der, holder, find_cert);
}

bm_status ca_find_token_holder(struct ca *ca, struct bm_bytes token,
                               struct ca_holder *holder)
{
    return find(ca, token, holder, find_token);
}
