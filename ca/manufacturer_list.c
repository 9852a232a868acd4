/* SPDX-License-Identifier: Apache-2.0 */

/* Revocation lists of manufacturers. */
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/manufacturer.h"
#include "core/crl.h"

/* A list, and whose it may be. */
struct load {
    struct ca *ca;
    const struct ca_actor *actor;
    int64_t now;
    struct bm_crl crl;
    struct store_manufacturer row;
    size_t certs_n;
    struct bm_cert certs[2 * CA_MANUFACTURER_CERTS];
    struct ca_refusal *why;
};

/*
 * RFC 5280 5.2.5: what a list is about. A part of one (a delta, some reasons
 * only, certificates of one kind or of other issuers) would take the place of
 * the whole.
 */
static bool is_whole(const struct bm_crl *crl)
{
    const struct bm_crl_idp *idp = &crl->ext.idp;

    return crl->ext.base.n == 0 && crl->ext.unknown_critical.n == 0 &&
           (!crl->ext.has_idp ||
            (!idp->has_reasons && !idp->indirect && !idp->only_user_certs &&
             !idp->only_ca_certs && !idp->only_attribute_certs));
}

static bool may_sign_lists(const struct bm_cert *ca)
{
    return !bm_exts_has(&ca->ext, BM_EXT_KEY_USAGE) ||
           (ca->ext.key_usage & BM_KU_CRL_SIGN) != 0;
}

static bm_status find_signer(const struct load *l, const struct bm_cert **found)
{
    bm_status rc = BM_E_CRL_ISSUER;

    for (size_t i = 0; i < l->certs_n; i++) {
        const struct bm_cert *cert = &l->certs[i];

        if (!bm_name_equal(cert->subject, l->crl.head.issuer) ||
            !may_sign_lists(cert)) {
            continue;
        }
        rc = bm_crl_verify(&l->crl, &cert->key, l->ca->c.crypto);
        if (rc == BM_OK) {
            *found = cert;
            return BM_OK;
        }
    }
    return ca_refuse(l->why, rc, "it is signed by no CA of %s", l->row.name);
}

static bm_status check_list(const struct load *l)
{
    const struct bm_crl_head *head = &l->crl.head;

    if (!is_whole(&l->crl)) {
        return ca_refuse(l->why, BM_E_CRL_SCOPE, "it is not a complete list");
    }
    return head->has_next_update && head->next_update > l->now &&
                   head->this_update <= l->now + CA_CLOCK_SLACK
               ? BM_OK
               : ca_refuse_plain(l->why, BM_E_CRL_TIME);
}

/* Going back to an earlier list would forget what was revoked since. */
static bm_status put(struct load *l, const struct bm_cert *signer)
{
    const struct store *s = l->ca->c.store;
    struct store_list last;
    struct store_list list = { .manufacturer = l->row.id,
                               .this_update = l->crl.head.this_update,
                               .next_update = l->crl.head.next_update,
                               .der = l->crl.der };
    uint8_t hash[BM_HASH_MAX];
    bm_status rc;

    BM_TRY(ca_manufacturer_ca_hash(l->ca->c.crypto, signer, hash));
    memcpy(list.ca, hash, sizeof list.ca);
    rc = s->list_get(s->self, l->row.id, list.ca, &last);
    if (rc == BM_OK && list.this_update <= last.this_update) {
        return ca_refuse(l->why, BM_E_CRL_NUMBER,
                         "it is not newer than the one that is here");
    }
    return rc == BM_OK || rc == BM_E_NOT_FOUND ? s->list_put(s->self, &list)
                                               : rc;
}

static bm_status record(struct load *l, const uint8_t settings[BM_HASH_MAX])
{
    struct ca_record r = ca_record_of(CA_RECORD_MANUFACTURER, l->actor, l->now);
    uint8_t hash[BM_HASH_MAX];
    char words[sizeof "list " + 64] = "list ";

    BM_TRY(l->ca->c.crypto->hash(l->ca->c.crypto->self, BM_HASH_SHA256,
                                 l->crl.der, hash));
    ca_hex((struct bm_bytes){ hash, STORE_HASH_SIZE }, words + 5,
           sizeof words - 5);
    r.organisation = l->row.organisation;
    r.subject = ca_text(l->row.name);
    r.hash = (struct bm_bytes){ settings, STORE_HASH_SIZE };
    r.text = ca_text(words);
    return ca_put_record(l->ca, &r, NULL, NULL);
}

static bm_status load(struct load *l, const char *name)
{
    const struct bm_cert *signer = NULL;
    uint8_t settings[BM_HASH_MAX];
    size_t n;

    BM_TRY(
        ca_manufacturer_find(l->ca->c.store, l->actor, name, &l->row, l->why));
    if (l->row.removed != 0) {
        return ca_refuse(l->why, BM_E_NOT_FOUND, "manufacturer %s was removed",
                         name);
    }
    BM_TRY(ca_manufacturer_hash(l->ca->c.crypto, &l->row, settings));
    BM_TRY(ca_certs_parse(l->row.anchors, CA_MANUFACTURER_CERTS, l->certs, &n));
    BM_TRY(ca_certs_parse(l->row.cas, CA_MANUFACTURER_CERTS, l->certs + n,
                          &l->certs_n));
    l->certs_n += n;
    BM_TRY(find_signer(l, &signer));
    BM_TRY(check_list(l));
    BM_TRY(put(l, signer));
    return record(l, settings);
}

bm_status ca_manufacturer_load_crl(struct ca *ca, const struct ca_actor *actor,
                                   const char *name, struct bm_bytes der,
                                   int64_t now, struct ca_refusal *why)
{
    struct load *l = NULL;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_MANUFACTURER_EXPECT, why));
    l = calloc(1, sizeof *l);
    if (l == NULL) {
        return BM_E_MEMORY;
    }
    l->ca = ca;
    l->actor = actor;
    l->now = now;
    l->why = why;
    rc = bm_crl_parse(der, NULL, &l->crl);
    if (rc != BM_OK) {
        rc = ca_refuse_plain(why, rc);
        goto out;
    }
    rc = ca_begin(ca, now, why);
    if (rc == BM_OK) {
        rc = ca_end(ca, load(l, name), now, why);
    }

out:
    free(l);
    return rc;
}
