/* SPDX-License-Identifier: Apache-2.0 */

/* Lists that were made elsewhere: the cold root's, a member's. */
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

bool ca_crl_is_shared(const struct store_ca *row, const struct bm_cert *cert,
                      const struct bm_cert *of)
{
    return row->kind != STORE_CA_LINK &&
           bm_bytes_equal(cert->key.der, of->key.der) &&
           bm_name_equal(cert->subject, of->subject);
}

/* More than an instance has. */
#define SHARING_MAX 64

/* The CAs that a list is of: a member's whose certificate was renewed is two
 * rows, and one issuer. */
struct sharing {
    const struct bm_cert *of;
    char ids[SHARING_MAX][STORE_ID_MAX];
    size_t n;
};

static bm_status take_sharing(void *arg, const void *visited)
{
    const struct store_ca *row = visited;
    struct sharing *sh = arg;
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &cert));
    if (!ca_crl_is_shared(row, &cert, sh->of)) {
        return BM_OK;
    }
    if (sh->n == SHARING_MAX) {
        return BM_E_LIMIT;
    }
    memcpy(sh->ids[sh->n++], row->id, sizeof row->id);
    return BM_OK;
}

/* Is it above the last one of this CA, or that very one? */
static bm_status check_number(const struct ca *ca, const char *id,
                              const struct store_crl *list, bool *newer,
                              struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_crl last;
    bm_status rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &last);

    *newer = rc == BM_E_NOT_FOUND;
    if (rc != BM_OK) {
        return *newer ? BM_OK : rc;
    }
    *newer = list->number > last.number;
    return *newer || (list->number == last.number &&
                      bm_bytes_equal(list->der, last.der))
               ? BM_OK
               : ca_refuse(why, BM_E_CRL_NUMBER, "%llu is not above %llu",
                           (unsigned long long)list->number,
                           (unsigned long long)last.number);
}

/* All or none: an older list must not come back by way of a CA that has had
 * none. */
static bm_status check_numbers(struct ca *ca, struct sharing *sh,
                               const struct store_crl *list,
                               struct ca_refusal *why)
{
    size_t n = 0;

    for (size_t i = 0; i < sh->n; i++) {
        bool newer;

        BM_TRY(check_number(ca, sh->ids[i], list, &newer, why));
        if (newer) {
            memcpy(sh->ids[n++], sh->ids[i], sizeof sh->ids[i]);
        }
    }
    sh->n = n; /* that are to have it */
    return n != 0 ? BM_OK
                  : ca_refuse(why, BM_E_CRL_NUMBER, "%llu is not above %llu",
                              (unsigned long long)list->number,
                              (unsigned long long)list->number);
}

static bm_status put_list(struct ca *ca, const struct ca_actor *actor,
                          const char *id, const struct store_crl *list,
                          int64_t now)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    uint8_t hash[BM_HASH_MAX];
    struct store_crl row;

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, list->der, hash));
    BM_TRY(crl_find_last(ca, id, STORE_LIST_COMPLETE, &row));
    row.number = list->number;
    row.this_update = list->this_update;
    row.next_update = list->next_update;
    row.published = list->this_update;
    row.der = list->der;
    return crl_record(ca, actor, &row, hash, now);
}

static bm_status load_list(struct ca *ca, const struct ca_actor *actor,
                           const char *id, const struct bm_crl *crl,
                           int64_t now, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_crl list = { .this_update = crl->head.this_update,
                              .next_update = crl->head.next_update,
                              .der = crl->der };
    struct crl_issuer issuer;
    struct sharing sh = { .of = &issuer.cert };
    struct store_visit visit = { &sh, take_sharing };

    BM_TRY(crl_find_issuer(ca, id, &issuer, why));
    BM_TRY(check_list(ca, &issuer, crl, now, why));
    BM_TRY(take_number(crl->ext.number, &list.number));
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    BM_TRY(check_numbers(ca, &sh, &list, why));
    for (size_t i = 0; i < sh.n; i++) {
        BM_TRY(put_list(ca, actor, sh.ids[i], &list, now));
    }
    return BM_OK;
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
