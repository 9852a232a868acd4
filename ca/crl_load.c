/* SPDX-License-Identifier: Apache-2.0 */

/* Lists that were made elsewhere: the cold root's. */
#include <string.h>

#include "ca/crl_internal.h"
#include "ca/revoke.h"

/* The number as 64 bits; lists with longer ones are none of ours. */
static bm_status take_number(struct bm_bytes number, uint64_t *value)
{
    *value = 0;
    if (number.n == 0 || number.n > 8 || (number.p[0] & 0x80) != 0) {
        return BM_E_CRL_NUMBER;
    }
    for (size_t i = 0; i < number.n; i++) {
        *value = *value << 8 | number.p[i];
    }
    return BM_OK;
}

/* RFC 5280 5.2, 5.3: a list with a critical extension that is not known
 * "MUST NOT" be used to determine the status of certificates. */
static bool is_understood(const struct bm_crl *crl)
{
    struct bm_bytes entries = crl->entries;
    struct bm_crl_entry entry;
    bool ok = crl->ext.unknown_critical.n == 0;

    while (ok && bm_crl_entry_next(&entries, &entry)) {
        ok = entry.unknown_critical.n == 0;
    }
    return ok;
}

static bm_status check_list(struct ca *ca, const struct crl_issuer *l,
                            const struct bm_crl *crl, int64_t now,
                            struct ca_refusal *why)
{
    if (!bm_name_equal(crl->head.issuer, l->cert.subject)) {
        return ca_refuse(why, BM_E_CRL_ISSUER, "it is not the list of %s",
                         l->row.id);
    }
    BM_TRY(bm_crl_verify(crl, &l->cert.key, ca->c.crypto));
    if (l->cert.ext.key_usage != 0 &&
        (l->cert.ext.key_usage & BM_KU_CRL_SIGN) == 0) {
        return BM_E_PATH_KEY_USAGE;
    }
    if (crl->ext.base.n != 0 || crl->ext.has_idp) {
        return ca_refuse(why, BM_E_CRL_SCOPE, "it is not a complete list");
    }
    if (!is_understood(crl)) {
        return BM_E_CRL_CRITICAL;
    }
    if (!crl->head.has_next_update || crl->head.next_update <= now ||
        crl->head.this_update > now + CA_CLOCK_SLACK) {
        return BM_E_CRL_TIME;
    }
    return BM_OK;
}

static bm_status load_list(struct ca *ca, const struct ca_actor *actor,
                           const char *id, const struct bm_crl *crl,
                           int64_t now, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct crl_issuer issuer;
    struct store_crl row;
    uint8_t hash[BM_HASH_MAX];
    uint64_t number;

    BM_TRY(crl_find_issuer(ca, id, &issuer, why));
    BM_TRY(check_list(ca, &issuer, crl, now, why));
    BM_TRY(take_number(crl->ext.number, &number));
    BM_TRY(crl_find_last(ca, id, STORE_LIST_COMPLETE, &row));
    if (number <= row.number) {
        return ca_refuse(why, BM_E_CRL_NUMBER, "%llu is not above %llu",
                         (unsigned long long)number,
                         (unsigned long long)row.number);
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, crl->der, hash));
    row.number = number;
    row.this_update = crl->head.this_update;
    row.next_update = crl->head.next_update;
    row.published = row.this_update;
    row.der = crl->der;
    return crl_record(ca, actor, &row, hash, now);
}

bm_status ca_crl_load(struct ca *ca, const struct ca_actor *actor,
                      const char *id, struct bm_bytes der, int64_t now,
                      struct ca_refusal *why)
{
    struct bm_crl crl;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_CA_CRL, why));
    rc = bm_crl_parse(der, NULL, &crl);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, load_list(ca, actor, id, &crl, now, why), now, why);
}
