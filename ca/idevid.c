/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/manufacturer.h"
#include "ca/pattern.h"
#include "ca/slot.h"
#include "ca/transfer.h"
#include "core/crl.h"
#include "core/oid.h"
#include "core/path.h"

/*
 * IDevIDs of manufacturers: whose is one, does it count, and which device is
 * it. Judged again for each request: what was loaded or removed meanwhile
 * counts at once.
 */

/* Parsed certificates and a compiled pattern are large: not on the stack. */
struct judging {
    struct ca *ca;
    const struct ca_shown *shown;
    int64_t now;
    struct bm_cert leaf;
    struct bm_bytes serial; /* serialNumber of the leaf */
    uint8_t key[STORE_HASH_SIZE];
    uint8_t cert[STORE_HASH_SIZE];

    const struct store_manufacturer *row; /* whom it is held against */
    size_t anchors_n;
    size_t pool_n;
    size_t sent_n; /* at the front of the pool */
    struct bm_cert anchors[CA_MANUFACTURER_CERTS];
    struct bm_cert pool[CA_SHOWN_CERTS + CA_MANUFACTURER_CERTS];
    struct ca_pattern pattern;

    struct ca_idevid best;
    unsigned rank;             /* of `best`; 0: there is none */
    bool several;              /* of that rank */
    struct ca_refusal failure; /* the one that came furthest */
};

/* ---- Revocation */

static bm_status ask_list(const struct judging *j, const struct bm_cert *cert,
                          const struct bm_cert *issuer, struct bm_bytes der)
{
    struct bm_crl_trust trust = { j->ca->c.crypto, &issuer->key, j->now };
    struct bm_crl_answer answer;
    struct bm_crl_query query;
    struct bm_crl crl;

    bm_crl_query_cert(&query, cert);
    if (bm_crl_parse(der, NULL, &crl) != BM_OK ||
        bm_crl_find(&crl, &trust, &query, &answer) != BM_OK) {
        return BM_E_PATH_STATUS_UNKNOWN; /* too old, among others */
    }
    switch (answer.state) {
    case BM_CRL_GOOD:
        return BM_OK;
    case BM_CRL_REVOKED:
        return BM_E_PATH_REVOKED;
    default:
        return BM_E_PATH_STATUS_UNKNOWN;
    }
}

/* The rule of the manufacturer: a list that is missing, or too old, is no
 * reason to believe that nothing was revoked. */
static bm_status check_status(void *self, const struct bm_cert *cert,
                              const struct bm_cert *issuer)
{
    const struct judging *j = self;
    const struct store *s = j->ca->c.store;
    struct store_list list;
    uint8_t hash[BM_HASH_MAX];
    bm_status rc;

    BM_TRY(ca_manufacturer_ca_hash(j->ca->c.crypto, issuer, hash));
    rc = s->list_get(s->self, j->row->id, hash, &list);
    if (rc == BM_E_NOT_FOUND) {
        return j->row->rule == STORE_RULE_LOADED ? BM_OK
                                                 : BM_E_PATH_STATUS_UNKNOWN;
    }
    return rc == BM_OK ? ask_list(j, cert, issuer, list.der) : rc;
}

/* ---- The path */

/*
 * IEEE 802.1AR-2018 8.10: keyUsage has digitalSignature; extKeyUsage had
 * better not be there, and where it is, it must allow what the certificate is
 * shown for. So the key of a TPM's attestation (TCG, tcg-kp-AIKCertificate)
 * is none.
 */
static bm_status find_path(struct judging *j)
{
    struct bm_revocation revocation = { j, check_status };
    struct bm_path_config config = {
        .crypto = j->ca->c.crypto,
        .anchors = j->anchors,
        .anchors_n = j->anchors_n,
        .pool = j->pool,
        .pool_n = j->pool_n,
        .time = j->now,
        .validity = j->row->outlives ? BM_PATH_AT_ISSUANCE : BM_PATH_NOW,
        .purpose = BM_LIT(BM_OID_KP_CLIENT_AUTH),
        .key_usage = BM_KU_DIGITAL_SIGNATURE,
        .revocation = j->row->rule == STORE_RULE_NONE ? NULL : &revocation,
    };
    struct bm_path path;

    return bm_path_find(&path, &config, &j->leaf);
}

static bm_status parse_cas(struct judging *j)
{
    size_t more;

    BM_TRY(ca_certs_parse(j->row->anchors, CA_MANUFACTURER_CERTS, j->anchors,
                          &j->anchors_n));
    BM_TRY(ca_certs_parse(j->row->cas, CA_MANUFACTURER_CERTS,
                          j->pool + j->sent_n, &more));
    j->pool_n = j->sent_n + more;
    return BM_OK;
}

/* ---- What the organisation has set */

static bool is_named(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, name) == 0 || strcmp(*list, "any") == 0) {
            return true;
        }
    }
    return false;
}

/* Is `name` one of `names`, which have commas between them? */
static bool is_among(const char *names, const char *name)
{
    size_t n = strlen(name);

    while (*names != '\0') {
        size_t len = strcspn(names, ",");

        if (len == n && memcmp(names, name, n) == 0) {
            return true;
        }
        names += len + (names[len] == ',');
    }
    return false;
}

static bm_status check_rules(struct judging *j, const char *serial,
                             bool expected, struct ca_refusal *why)
{
    const struct store_manufacturer *m = j->row;
    const struct ca_profile_policy *policy = j->shown->policy;
    const char *words;
    size_t at;

    if (policy != NULL &&
        (!is_named(policy->manufacturers, m->name) ||
         (m->profiles[0] != '\0' && !is_among(m->profiles, policy->name)))) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "an IDevID of %s does not entitle to %s", m->name,
                         policy->name);
    }
    if (m->pattern[0] != '\0' &&
        (ca_pattern_compile(m->pattern, &j->pattern, &at, &words) != BM_OK ||
         !ca_pattern_match(&j->pattern, j->serial))) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "serialNumber \"%s\" is none that is taken of %s",
                         serial, m->name);
    }
    return m->listed && !expected
               ? ca_refuse(why, BM_E_CA_MANUFACTURER,
                           "device %s of %s is not expected", serial, m->name)
               : BM_OK;
}

/* ---- One manufacturer after another */

static bm_status name_device(const struct judging *j, struct ca_idevid *found)
{
    const char *template = j->row->device;
    const char *hole = strstr(template, CA_DEVICE_HOLE);
    int n = hole == NULL
                ? -1
                : snprintf(found->device, sizeof found->device, "%.*s%s%s",
                           (int)(hole - template), template, found->serial,
                           hole + sizeof CA_DEVICE_HOLE - 1);

    return n > 0 && (size_t)n < sizeof found->device ? BM_OK
                                                     : BM_E_STORE_CORRUPT;
}

/* The device that came with it before has the name that it got then. */
static bm_status find_bound(const struct judging *j, struct ca_idevid *found)
{
    const struct store *s = j->ca->c.store;
    struct store_device device;
    struct store_idevid row;
    bm_status rc =
        s->idevid_find(s->self, found->manufacturer, found->serial, &row);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? name_device(j, found) : rc;
    }
    BM_TRY(ca_device_now(j->ca, row.device, &device));
    found->organisation = device.organisation; /* it may have changed hands */
    memcpy(found->device, device.name, sizeof found->device);
    found->id = device.id;
    found->bound = memcmp(row.key, j->key, sizeof j->key) == 0;
    return BM_OK;
}

static bm_status hold_against(struct judging *j, struct ca_idevid *found,
                              struct ca_refusal *why)
{
    const struct store *s = j->ca->c.store;
    bm_status rc;

    BM_TRY(parse_cas(j));
    rc = find_path(j);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "as an IDevID of %s", j->row->name);
    }
    *found = (struct ca_idevid){ .manufacturer = j->row->id,
                                 .organisation = j->row->organisation };
    memcpy(found->name, j->row->name, sizeof found->name);
    memcpy(found->serial, j->serial.p, j->serial.n);
    memcpy(found->key, j->key, sizeof found->key);
    memcpy(found->cert, j->cert, sizeof found->cert);
    ca_hex((struct bm_bytes){ j->cert, STORE_HASH_SIZE / 2 }, found->mark,
           sizeof found->mark);
    rc = s->serial_find(s->self, found->manufacturer, found->serial);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    found->expected = rc == BM_OK;
    BM_TRY(check_rules(j, found->serial, found->expected, why));
    return find_bound(j, found);
}

/* A medium that fails says nothing of the certificate. */
static bool is_failure(bm_status rc)
{
    return rc == BM_E_MEMORY || rc == BM_E_IO || rc == BM_E_FULL ||
           rc == BM_E_INTERNAL || rc == BM_E_CRYPTO || rc == BM_E_NOT_FOUND ||
           (rc >= BM_E_STORE && rc <= BM_E_STORE_STATE);
}

/* That it is somebody else's says least of all. */
static void note_failure(struct judging *j, const struct ca_refusal *why)
{
    if (why->status != BM_E_PATH_NO_ISSUER &&
        (j->failure.status == BM_OK ||
         j->failure.status == BM_E_PATH_NO_ISSUER)) {
        j->failure = *why;
    }
}

static bm_status try_one(void *arg, const void *visited)
{
    struct judging *j = arg;
    struct ca_refusal why = { BM_OK, "" };
    struct ca_idevid found = { .id = 0 };
    unsigned rank;
    bm_status rc;

    j->row = visited;
    if (j->row->removed != 0) {
        return BM_OK;
    }
    rc = hold_against(j, &found, &why);
    if (rc != BM_OK) {
        why.status = rc;
        note_failure(j, &why);
        return is_failure(rc) ? rc : BM_OK;
    }
    rank = found.bound ? 3 : found.expected ? 2 : 1;
    if (rank >= j->rank) {
        j->several = rank == j->rank;
        j->rank = rank;
        j->best = found;
    }
    return BM_OK;
}

/* ---- The certificate that is shown */

/*
 * IEEE 802.1AR-2018 8.6: subject has a serialNumber, which names the device
 * among those of its manufacturer. As octets: two that differ in the case of a
 * letter are two.
 */
static bm_status take_serial(struct judging *j, struct ca_refusal *why)
{
    struct bm_name_walk walk;
    struct bm_attr attr;

    bm_name_walk(&walk, j->leaf.subject);
    while (bm_name_next(&walk, &attr)) {
        if (!bm_bytes_equal(attr.type, BM_LIT(BM_OID_AT_SERIAL))) {
            continue;
        }
        if (j->serial.n != 0 || (attr.tag != BM_DER_PRINTABLE_STRING &&
                                 attr.tag != BM_DER_UTF8_STRING)) {
            return ca_refuse(why, BM_E_CA_MANUFACTURER,
                             "serialNumber is no string, or is there twice");
        }
        j->serial = attr.value;
    }
    if (j->serial.n == 0 || j->serial.n > CA_SERIAL_NUMBER_MAX) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "an IDevID has a serialNumber in its subject");
    }
    for (size_t i = 0; i < j->serial.n; i++) {
        if (j->serial.p[i] <= ' ' || j->serial.p[i] > '~') {
            return ca_refuse(why, BM_E_CA_MANUFACTURER,
                             "serialNumber has characters that no name of a "
                             "device has");
        }
    }
    return BM_OK;
}

static bm_status read_shown(struct judging *j, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = j->ca->c.crypto;
    uint8_t hash[BM_HASH_MAX];

    if (bm_cert_parse(j->shown->cert, BM_STRICT, NULL, &j->leaf) != BM_OK ||
        ca_certs_parse(j->shown->chain, CA_SHOWN_CERTS, j->pool, &j->sent_n) !=
            BM_OK) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "its chain cannot be read, or is too long");
    }
    if (j->leaf.ext.ca) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "the certificate of a CA is no IDevID");
    }
    BM_TRY(take_serial(j, why));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, j->leaf.key.der, hash));
    memcpy(j->key, hash, sizeof j->key);
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, j->shown->cert, hash));
    memcpy(j->cert, hash, sizeof j->cert);
    return BM_OK;
}

static bm_status judge(struct judging *j, struct ca_idevid *idevid,
                       struct ca_refusal *why)
{
    const struct store *s = j->ca->c.store;
    const struct store_visit visit = { j, try_one };

    BM_TRY(read_shown(j, why));
    BM_TRY(s->manufacturer_list(s->self, &ca_everything, 0, &visit));
    if (j->rank == 0) {
        return j->failure.status != BM_OK
                   ? ca_refuse(why, j->failure.status, "%s", j->failure.words)
                   : ca_refuse(why, BM_E_CA_MANUFACTURER,
                               "it leads to no anchor of a manufacturer");
    }
    if (j->several) {
        return ca_refuse(why, BM_E_CA_MANUFACTURER,
                         "more than one would have it, %s among them",
                         j->best.name);
    }
    *idevid = j->best;
    return BM_OK;
}

bm_status ca_judge_idevid(struct ca *ca, const struct ca_shown *shown,
                          int64_t now, struct ca_idevid *idevid,
                          struct ca_refusal *why)
{
    struct judging *j = calloc(1, sizeof *j);
    bm_status rc = BM_E_MEMORY;

    memset(idevid, 0, sizeof *idevid);
    if (j != NULL) {
        j->ca = ca;
        j->shown = shown;
        j->now = now;
        rc = judge(j, idevid, why);
    }
    free(j);
    return rc;
}

bm_status ca_find_idevid(struct ca *ca, const struct ca_shown *shown,
                         int64_t now, struct ca_idevid *idevid,
                         struct ca_refusal *why)
{
    bool alone = !ca->finding;
    bm_status rc;

    memset(idevid, 0, sizeof *idevid);
    if (alone) {
        BM_TRY(ca_find_begin(ca));
    }
    rc = ca_judge_idevid(ca, shown, now, idevid, why);
    if (alone) {
        ca_find_end(ca);
    }
    return rc;
}
