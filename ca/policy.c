/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/internal.h"
#include "core/crl.h"
#include "core/oid.h"
#include "core/path.h"
#include "core/signed.h"

/* Roots that are active, and their octets: a trust bundle has to hold them. */
#define ROOTS_MAX   64
#define OCTETS_MAX  CA_BUNDLE_MAX
#define SUBJECT_MAX 160

struct judging {
    struct ca *ca;
    int64_t now;
    struct ca_refusal *why;
    char subject[SUBJECT_MAX]; /* of the signer, for words */
    struct bm_cert signer;
    struct bm_cert pool[BM_SIGNED_CERTS_MAX];
    size_t pool_n;
    struct bm_cert roots[ROOTS_MAX];
    size_t roots_n;
    uint8_t room[OCTETS_MAX];
    struct bm_wr octets;
    struct bm_path path;
};

void ca_policy_wipe(struct ca_policy *policy)
{
    free(policy->message);
    memset(policy, 0, sizeof *policy);
}

void ca_policy_put_floor(uint32_t floor, char text[CA_POLICY_FLOOR_MAX])
{
    (void)snprintf(text, CA_POLICY_FLOOR_MAX, "floor %" PRIu32, floor);
}

void ca_policy_put_words(uint64_t version, struct bm_bytes floor,
                         char words[STORE_ITEM_VERSION_MAX])
{
    (void)snprintf(words, STORE_ITEM_VERSION_MAX, "%" PRIu64 " %.*s", version,
                   (int)floor.n, floor.n != 0 ? (const char *)floor.p : "");
}

/* ---- What the message carries */

static bm_status refuse(struct judging *j, bm_status rc, const char *words)
{
    return ca_refuse(j->why, rc, "policy, signed by %s%s%s", j->subject,
                     words[0] != '\0' ? ": " : "", words);
}

static void name_signer(struct judging *j)
{
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)j->subject, sizeof j->subject - 1);
    bm_name_put_text(&w, j->signer.subject);
    j->subject[w.len <= w.cap ? w.len : 0] = '\0';
}

/* What cannot be read is passed over: no path goes through it. */
static void take_pool(struct judging *j, struct bm_bytes certs)
{
    struct bm_bytes der;

    while (j->pool_n < BM_SIGNED_CERTS_MAX && bm_cms_next(&certs, &der)) {
        j->pool_n +=
            bm_cert_parse(der, BM_STRICT, NULL, &j->pool[j->pool_n]) == BM_OK;
    }
}

static bm_status open_message(struct judging *j, struct bm_bytes message)
{
    struct bm_cms cms;
    bm_status rc = bm_signed_open(message, BM_LIT(BM_OID_CT_POLICY),
                                  j->ca->c.crypto, &j->signer, &cms);

    if (rc != BM_OK) {
        return ca_refuse(j->why, rc, "policy");
    }
    name_signer(j);
    take_pool(j, cms.certs);
    return BM_OK;
}

/* One purpose and no other: of a key that signs something else, too, a policy
 * would be one more thing to fear. */
static bm_status check_purpose(struct judging *j)
{
    const struct bm_exts *ext = &j->signer.ext;
    struct bm_bytes list = bm_exts_list(ext, BM_EXT_EKU);
    struct bm_bytes oid;

    if (!bm_exts_has(ext, BM_EXT_EKU) || !bm_eku_next(&list, &oid) ||
        list.n != 0 || !bm_oid_is(oid, BM_OID_KP_POLICY)) {
        return refuse(j, BM_E_PATH_EKU, "it is not for policies alone");
    }
    return ext->ca ? refuse(j, BM_E_PATH_KEY_USAGE, "it is a CA's") : BM_OK;
}

/* ---- Its chain */

static bm_status take_root(void *arg, const void *visited)
{
    const struct store_ca *row = visited;
    struct judging *j = arg;
    size_t at = j->octets.len;

    if (row->kind != STORE_CA_ROOT || row->status != STORE_CA_ACTIVE) {
        return BM_OK;
    }
    bm_wr_put(&j->octets, row->cert);
    if (j->roots_n == ROOTS_MAX || j->octets.len > j->octets.cap) {
        return BM_E_LIMIT;
    }
    return bm_cert_parse((struct bm_bytes){ j->room + at, row->cert.n },
                         BM_STRICT, NULL, &j->roots[j->roots_n++]);
}

/* The CA with this certificate. */
struct issuer {
    struct bm_bytes der;
    char id[STORE_ID_MAX];
};

static bm_status match_issuer(void *arg, const void *visited)
{
    const struct store_ca *row = visited;
    struct issuer *issuer = arg;

    if (!bm_bytes_equal(row->cert, issuer->der)) {
        return BM_OK;
    }
    memcpy(issuer->id, row->id, sizeof issuer->id);
    return BM_E_END;
}

/* Lists that were made elsewhere are in the store as they came. Of CAs, ours
 * have none among their own certificates. */
static bm_status is_listed(const struct store *s, const char *id,
                           struct bm_bytes serial)
{
    struct bm_crl_entry entry;
    struct store_crl row;
    struct bm_crl crl;
    bm_status rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &row);

    if (rc != BM_OK || row.der.n == 0) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    if (bm_crl_parse(row.der, NULL, &crl) != BM_OK) {
        return BM_E_STORE_CORRUPT; /* it was read when it was loaded */
    }
    while (bm_crl_entry_next(&crl.entries, &entry)) {
        if (bm_bytes_equal(entry.serial, serial)) {
            return BM_E_PATH_REVOKED;
        }
    }
    return BM_OK;
}

/* Of a CA: the signer's own certificate has a row. */
static bm_status check_revoked(void *self, const struct bm_cert *cert,
                               const struct bm_cert *issuer)
{
    struct judging *j = self;
    const struct store *s = j->ca->c.store;
    struct issuer found = { issuer->der, "" };
    const struct store_visit visit = { &found, match_issuer };

    if (cert == &j->signer) {
        return BM_OK;
    }
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    return found.id[0] == '\0' ? BM_E_PATH_STATUS_UNKNOWN
                               : is_listed(s, found.id, cert->serial);
}

static bm_status find_path(struct judging *j)
{
    const struct store *s = j->ca->c.store;
    const struct store_visit visit = { j, take_root };
    const struct bm_revocation revocation = { j, check_revoked };
    struct bm_path_config config = {
        .crypto = j->ca->c.crypto,
        .anchors = j->roots,
        .pool = j->pool,
        .pool_n = j->pool_n,
        .time = j->now,
        .flags = BM_PATH_NEED_EKU,
        .purpose = BM_LIT(BM_OID_KP_POLICY),
        .key_usage = BM_KU_DIGITAL_SIGNATURE,
        .revocation = &revocation,
    };
    bm_status rc;

    bm_wr_init(&j->octets, j->room, sizeof j->room);
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    config.anchors_n = j->roots_n;
    rc = bm_path_find(&j->path, &config, &j->signer);
    if (rc == BM_OK) {
        return BM_OK;
    }
    return refuse(j, rc,
                  rc == BM_E_PATH_NO_ISSUER
                      ? "the message has no chain to a root of this authority"
                  : j->path.fault.cert == &j->signer ? ""
                                                     : "a CA above it");
}

/* ---- Its own certificate */

static bm_status check_row(struct judging *j, struct ca_policy_signer *signer)
{
    struct store_cert row;
    bm_status rc = ca_find_der(j->ca, j->signer.der, &row);

    if (rc == BM_E_NOT_FOUND) {
        return refuse(j, BM_E_PATH_STATUS_UNKNOWN,
                      "this authority did not issue its certificate");
    }
    BM_TRY(rc);
    BM_TRY(ca_check_signer(&row, j->now, j->why));
    memcpy(signer->ca, row.ca, sizeof signer->ca);
    memcpy(signer->serial, row.serial.p, row.serial.n);
    signer->serial_n = row.serial.n;
    memcpy(signer->key, row.key, sizeof signer->key);
    return BM_OK;
}

static bm_status judge(struct judging *j, const struct ca_policy *policy,
                       struct ca_policy_signer *signer)
{
    BM_TRY(open_message(j, (struct bm_bytes){ policy->message, policy->n }));
    BM_TRY(check_purpose(j));
    BM_TRY(find_path(j));
    return check_row(j, signer);
}

bm_status ca_policy_judge(struct ca *ca, const struct ca_policy *policy,
                          int64_t now, struct ca_policy_signer *signer,
                          struct ca_refusal *why)
{
    struct judging *j = calloc(1, sizeof *j);
    bm_status rc;

    memset(signer, 0, sizeof *signer);
    if (j == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    j->ca = ca;
    j->now = now;
    j->why = why;
    rc = judge(j, policy, signer);
    free(j);
    return rc;
}

/* ---- Later */

/* What an item names was there when its release was made. */
static bm_status must_be_there(bm_status rc)
{
    return rc == BM_E_NOT_FOUND ? BM_E_STORE_CORRUPT : rc;
}

/* The certificate of a CA is gone with the next call of the store. */
static bm_status take_serial(const struct store_ca *row, struct bm_wr *serial)
{
    struct bm_cert cert;
    size_t n;

    if (bm_cert_parse(row->cert, BM_STRICT, NULL, &cert) != BM_OK) {
        return BM_E_STORE_CORRUPT;
    }
    bm_wr_put(serial, cert.serial);
    return bm_wr_finish(serial, &n);
}

/* No CA on the way to the root is on a list of the one above it. */
static bm_status check_cas(const struct store *s, const char *signer_ca,
                           struct ca_refusal *why)
{
    uint8_t room[STORE_SERIAL_MAX];
    char id[STORE_ID_MAX];
    struct store_ca row;
    struct bm_wr serial;
    bm_status rc;

    (void)snprintf(id, sizeof id, "%s", signer_ca);
    for (unsigned above = 0; above < BM_SIGNED_CERTS_MAX; above++) {
        BM_TRY(must_be_there(s->ca_get(s->self, &ca_everything, id, &row)));
        if (row.parent[0] == '\0') {
            return BM_OK;
        }
        bm_wr_init(&serial, room, sizeof room);
        BM_TRY(take_serial(&row, &serial));
        rc = is_listed(s, row.parent, bm_wr_bytes(&serial));
        if (rc != BM_OK) {
            return rc == BM_E_PATH_REVOKED
                       ? ca_refuse(why, rc, "CA %s is revoked", id)
                       : rc;
        }
        (void)snprintf(id, sizeof id, "%s", row.parent);
    }
    return BM_E_STORE_CORRUPT;
}

static bm_status check_still(const struct store *store,
                             const struct store_item *item, int64_t now,
                             struct ca_refusal *why)
{
    struct store_cert row;

    BM_TRY(must_be_there(store->cert_find(
        store->self, &ca_everything, item->signer_ca,
        (struct bm_bytes){ item->signer, item->signer_n }, &row)));
    BM_TRY(ca_check_signer(&row, now, why));
    return check_cas(store, item->signer_ca, why);
}

bm_status ca_policy_still(const struct store *store,
                          const struct store_item *item, int64_t now,
                          struct ca_refusal *why)
{
    bm_status rc;

    if (item->signer_ca[0] == '\0') {
        return ca_refuse(why, BM_E_PATH_STATUS_UNKNOWN,
                         "who signed it was not kept");
    }
    rc = check_still(store, item, now, why);
    return rc == BM_E_STORE_CORRUPT
               ? ca_refuse(why, rc, "what is stored of who signed it is broken")
               : rc;
}
