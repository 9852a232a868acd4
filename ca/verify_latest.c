/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAs, operators, profiles, lists, manufacturers, destinations: few rows, each
 * of which is what its last record says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/destination.h"
#include "ca/internal.h"
#include "ca/lists.h"
#include "ca/manufacturer.h"
#include "ca/operator.h"
#include "ca/verify_internal.h"
#include "core/cert.h"

static const struct store_scope everything = { 0, 0 };

static struct verify_latest *find_list(struct verify *v,
                                       enum ca_record_kind kind, const char *id,
                                       uint32_t list)
{
    for (size_t i = 0; i < v->latest_n; i++) {
        if (v->latest[i].kind == kind && v->latest[i].list == list &&
            strcmp(v->latest[i].id, id) == 0) {
            return &v->latest[i];
        }
    }
    return NULL;
}

static struct verify_latest *find(struct verify *v, enum ca_record_kind kind,
                                  const char *id)
{
    return find_list(v, kind, id, STORE_LIST_COMPLETE);
}

static bm_status add(struct verify *v, struct verify_latest **latest)
{
    if (v->latest_n == v->latest_cap) {
        size_t cap = v->latest_cap == 0 ? 64 : 2 * v->latest_cap;
        struct verify_latest *more;

        if (cap > VERIFY_LATEST_MAX) {
            return BM_E_LIMIT;
        }
        more = realloc(v->latest, cap * sizeof *more);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        v->latest = more;
        v->latest_cap = cap;
    }
    *latest = &v->latest[v->latest_n++];
    memset(*latest, 0, sizeof **latest);
    return BM_OK;
}

bm_status verify_get_latest(struct verify *v, enum ca_record_kind kind,
                            const char *id, uint32_t list,
                            struct verify_latest **latest)
{
    *latest = find_list(v, kind, id, list);
    if (*latest == NULL) {
        BM_TRY(add(v, latest));
        (*latest)->kind = kind;
        (*latest)->list = list;
        memcpy((*latest)->id, id, strlen(id) + 1);
    }
    return BM_OK;
}

static void copy(char *to, size_t cap, struct bm_bytes from)
{
    size_t n = from.n < cap ? from.n : cap - 1;

    if (n != 0) {
        memcpy(to, from.p, n);
    }
    to[n] = '\0';
}

#define ALL_BUNDLES "of devices"

static struct bm_bytes id_of(const struct ca_record *record)
{
    switch (record->kind) {
    case CA_RECORD_OPERATOR:
    case CA_RECORD_MANUFACTURER:
    case CA_RECORD_DESTINATION:
        return record->subject;
    case CA_RECORD_PROFILE:
        return record->profile;
    case CA_RECORD_BUNDLE:
        return BM_LIT(ALL_BUNDLES); /* whatever its series was */
    default:
        return record->ca;
    }
}

/* Whose bundle it was; 0: it was given up, and nobody knows. */
static bool bundle_list(const struct ca_record *record, uint32_t *list)
{
    *list = record->text.n == 0 ? CA_BUNDLE_FIRST
                                : ca_ecosystem_of_text(record->text);
    return *list != 0 ||
           bm_bytes_are(record->text, CA_BUNDLE_LOST, strlen(CA_BUNDLE_LOST));
}

bm_status verify_note_latest(struct verify *v, const struct ca_record *record)
{
    struct verify_latest *latest;
    char id[STORE_ID_MAX];
    uint32_t list = STORE_LIST_COMPLETE;

    copy(id, sizeof id, id_of(record));
    if (record->kind == CA_RECORD_CRL &&
        !ca_list_named(record->subject, &list)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "a list of %s is recorded that there cannot be",
                            id);
    }
    if (record->kind == CA_RECORD_MANUFACTURER ||
        record->kind == CA_RECORD_DESTINATION) {
        list = record->organisation; /* each may have one of that name */
    }
    if (record->kind == CA_RECORD_BUNDLE && !bundle_list(record, &list)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "a trust bundle is recorded that is of no list");
    }
    BM_TRY(verify_get_latest(v, record->kind, id, list, &latest));
    memset(latest->hash, 0, sizeof latest->hash);
    if (record->hash.n == sizeof latest->hash) {
        memcpy(latest->hash, record->hash.p, sizeof latest->hash);
    }
    copy(latest->text, sizeof latest->text, record->text);
    latest->organisation = record->organisation;
    latest->ecosystem = record->kind == CA_RECORD_CA
                            ? ca_ecosystem_of_text(record->subject)
                            : 0;
    latest->number = record->number;
    return BM_OK;
}

/* A row says what its last record says. */
static bm_status compare(struct verify *v, enum ca_record_kind kind,
                         const char *id, uint32_t organisation,
                         const uint8_t hash[STORE_HASH_SIZE], const char *text)
{
    struct verify_latest *latest = find(v, kind, id);

    if (latest == NULL) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED, "%s %s is not on record",
                            ca_record_kind_name(kind), id);
    }
    latest->met = true;
    if (latest->organisation != organisation ||
        memcmp(latest->hash, hash, STORE_HASH_SIZE) != 0 ||
        strcmp(latest->text, text) != 0) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "%s %s is not as it was recorded",
                            ca_record_kind_name(kind), id);
    }
    return BM_OK;
}

/* Before ecosystems had lists of their own, what was told of others was on the
 * only one there was. */
static bm_status ecosystem_before(struct verify *v, const struct store_ca *ca,
                                  uint32_t *ecosystem)
{
    const struct store *s = v->store;
    struct store_organisation org;
    bm_status rc = BM_E_NOT_FOUND;

    *ecosystem = 0;
    if (ca->kind != STORE_CA_MEMBER && strcmp(ca->id, "cross") != 0 &&
        strncmp(ca->id, "cross-", 6) != 0) {
        return BM_OK;
    }
    if (ca->organisation != 0) {
        rc = s->organisation_get(s->self, &everything, ca->organisation, &org);
    }
    *ecosystem = rc == BM_OK ? org.ecosystem : CA_BUNDLE_FIRST;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status compare_ca(void *arg, const void *row)
{
    const struct store_ca *ca = row;
    struct verify *v = arg;
    const struct verify_latest *latest = find(v, CA_RECORD_CA, ca->id);
    uint8_t hash[CA_TREE_HASH];
    uint32_t ecosystem = latest != NULL ? latest->ecosystem : 0;

    if (ecosystem == 0) {
        BM_TRY(ecosystem_before(v, ca, &ecosystem));
    }
    if (latest != NULL && ecosystem != ca->ecosystem) {
        BM_TRY(verify_found(v, BM_E_LEDGER_CHANGED,
                            "ca %s is on another list than was recorded",
                            ca->id));
    }
    BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, ca->cert, hash));
    return compare(v, CA_RECORD_CA, ca->id, ca->organisation, hash,
                   ca->status == STORE_CA_ACTIVE ? "active" : "retired");
}

/* An administrator was called admin once. */
static void put_right(struct verify_latest *latest)
{
    if (latest != NULL && strcmp(latest->text, "admin") == 0) {
        copy(latest->text, sizeof latest->text, BM_LIT("administrator"));
    }
}

static bm_status compare_operator(void *arg, const void *row)
{
    const struct store_operator *o = row;
    struct verify *v = arg;
    char words[CA_OPERATOR_TEXT];

    ca_operator_words(o, words);
    put_right(find(v, CA_RECORD_OPERATOR, o->id));
    return compare(v, CA_RECORD_OPERATOR, o->id, o->organisation, o->cert,
                   words);
}

/* Whom the organisation trusts to name its devices, and for what. */
static bm_status compare_manufacturer(void *arg, const void *row)
{
    const struct store_manufacturer *m = row;
    struct verify *v = arg;
    struct verify_latest *latest =
        find_list(v, CA_RECORD_MANUFACTURER, m->name, m->organisation);
    uint8_t hash[BM_HASH_MAX];

    if (latest == NULL) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "manufacturer %s is not on record", m->name);
    }
    latest->met = true;
    BM_TRY(ca_manufacturer_hash(v->crypto, m, hash));
    return memcmp(hash, latest->hash, sizeof latest->hash) == 0
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "manufacturer %s is not as it was recorded",
                              m->name);
}

/* Whom the organisation tells what happens to its devices. */
static bm_status compare_destination(void *arg, const void *row)
{
    const struct store_destination *d = row;
    struct verify *v = arg;
    struct verify_latest *latest =
        find_list(v, CA_RECORD_DESTINATION, d->name, d->organisation);
    uint8_t hash[BM_HASH_MAX];

    if (latest == NULL) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "destination %s is not on record", d->name);
    }
    latest->met = true;
    BM_TRY(ca_destination_hash(v->crypto, d, hash));
    return memcmp(hash, latest->hash, sizeof latest->hash) == 0 &&
                   strcmp(latest->text, d->disabled ? "disabled" : "enabled") ==
                       0
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "destination %s is not as it was recorded",
                              d->name);
}

static bm_status compare_profile(struct verify *v, struct verify_latest *latest)
{
    const struct store *s = v->store;
    char name[STORE_ID_MAX + 16];
    struct bm_bytes hash;
    bm_status rc;

    (void)snprintf(name, sizeof name, "profile/%s", latest->id);
    rc = s->setting_get(s->self, name, &hash);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    latest->met = true;
    return rc == BM_OK && bm_bytes_are(hash, latest->hash, sizeof latest->hash)
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "profile %s in use is not the recorded one",
                              latest->id);
}

/* The list that was made or loaded last, and that the signer signed it. */
static bm_status compare_crl(struct verify *v, struct verify_latest *latest)
{
    const struct store *s = v->store;
    uint8_t hash[CA_TREE_HASH];
    struct store_crl crl;
    bm_status rc = s->crl_get(s->self, latest->id, latest->list, &crl);
    bool loaded;

    latest->met = true;
    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    loaded = rc == BM_OK && crl.der.n != 0;
    if (loaded) {
        BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, crl.der, hash));
    }
    if (rc != BM_OK || crl.number != latest->number ||
        (loaded && memcmp(hash, latest->hash, sizeof hash) != 0)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "the last list of %s is not the recorded one",
                            latest->id);
    }
    if (loaded || !v->journal_whole) {
        return BM_OK;
    }
    for (size_t i = 0; i < v->cas_n; i++) {
        if (strcmp(v->cas[i].id, latest->id) == 0 &&
            v->cas[i].crl < latest->number) {
            return verify_found(v, BM_E_LEDGER_JOURNAL,
                                "list %llu of %s is recorded, but not in the "
                                "signer's journal",
                                (unsigned long long)latest->number, latest->id);
        }
    }
    return BM_OK;
}

/* The bundle that is handed out is the recorded one; and the signer signed what
 * is recorded. */
static bm_status compare_bundle(struct verify *v, struct verify_latest *latest)
{
    struct ca_bundle_last last;
    uint8_t hash[CA_TREE_HASH];
    struct bm_cms cms;
    bm_status rc = BM_E_NOT_FOUND;

    latest->met = true;
    if (v->journal_whole && v->bundle < latest->number) {
        BM_TRY(verify_found(v, BM_E_LEDGER_JOURNAL,
                            "trust bundle %llu is recorded, but not in the "
                            "signer's journal",
                            (unsigned long long)latest->number));
    }
    if (latest->list != 0) {
        rc = ca_bundle_last(v->store, latest->list, &last);
    }
    /* None is handed out that was given up, and none of a store that was
     * restored, until one is made. */
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(verify_damage(v, rc, "trust bundle", ""));
    if (rc == BM_OK && last.version == latest->number &&
        bm_cms_parse(last.message, NULL, &cms) == BM_OK) {
        BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, cms.content,
                               hash));
        if (memcmp(hash, latest->hash, sizeof hash) == 0) {
            return BM_OK;
        }
    }
    return verify_found(v, BM_E_LEDGER_CHANGED,
                        "the trust bundle of ecosystem %u is not the recorded "
                        "one",
                        (unsigned)latest->list);
}

/* One that is handed out is on record. */
static bm_status compare_bundles(struct verify *v)
{
    struct ca_bundle_last last;
    uint32_t list = 0;
    bm_status rc;

    while ((rc = ca_bundle_list_next(v->store, &list)) == BM_OK) {
        if (find_list(v, CA_RECORD_BUNDLE, ALL_BUNDLES, list) == NULL &&
            ca_bundle_last(v->store, list, &last) != BM_E_NOT_FOUND) {
            BM_TRY(verify_found(v, BM_E_LEDGER_UNRECORDED,
                                "the trust bundle of ecosystem %u is not on "
                                "record",
                                (unsigned)list));
        }
    }
    return rc == BM_E_END ? BM_OK : verify_damage(v, rc, "ecosystem", "");
}

/* Those that have no table to walk over. */
static bm_status compare_other(struct verify *v, struct verify_latest *latest)
{
    if (latest->kind == CA_RECORD_PROFILE) {
        return compare_profile(v, latest);
    }
    if (latest->kind == CA_RECORD_DESTINATION) {
        latest->met = latest->met || strcmp(latest->text, "removed") == 0;
        return BM_OK;
    }
    if (latest->kind == CA_RECORD_BUNDLE) {
        return compare_bundle(v, latest);
    }
    return latest->kind == CA_RECORD_CRL ? compare_crl(v, latest) : BM_OK;
}

bm_status verify_compare_latest(struct verify *v)
{
    const struct store_visit cas = { v, compare_ca };
    const struct store_visit operators = { v, compare_operator };
    const struct store_visit manufacturers = { v, compare_manufacturer };
    const struct store_visit destinations = { v, compare_destination };
    const struct store *s = v->store;

    BM_TRY(verify_damage(
        v, s->manufacturer_list(s->self, &everything, 0, &manufacturers),
        "manufacturer", ""));
    BM_TRY(verify_damage(
        v, s->destination_list(s->self, &everything, 0, &destinations),
        "destination", ""));
    BM_TRY(verify_damage(v, s->ca_list(s->self, &everything, &cas), "CA", ""));
    BM_TRY(verify_damage(v, s->operator_list(s->self, &everything, &operators),
                         "operator", ""));
    BM_TRY(verify_compare_members(v));
    BM_TRY(compare_bundles(v));
    for (size_t i = 0; i < v->latest_n; i++) {
        struct verify_latest *latest = &v->latest[i];

        BM_TRY(compare_other(v, latest));
        if (!latest->met) {
            BM_TRY(verify_found(v, BM_E_LEDGER_MISSING,
                                "%s %s is recorded, but not in the store",
                                ca_record_kind_name(latest->kind), latest->id));
        }
    }
    return BM_OK;
}

struct list {
    struct verify *v;
    size_t cap;
};

static bm_status add_ca(void *arg, const void *row)
{
    const struct store_ca *ca = row;
    struct list *l = arg;
    struct verify *v = l->v;
    struct verify_ca *more;
    struct bm_cert cert;
    uint8_t hash[CA_TREE_HASH] = { 0 };

    if (v->cas_n == l->cap) {
        l->cap = 2 * l->cap + 8;
        if (l->cap > VERIFY_LATEST_MAX) {
            return BM_E_LIMIT;
        }
        more = realloc(v->cas, l->cap * sizeof *more);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        v->cas = more;
    }
    if (bm_cert_parse(ca->cert, BM_STRICT, NULL, &cert) == BM_OK) {
        BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, cert.key.der,
                               hash));
    }
    memset(&v->cas[v->cas_n], 0, sizeof v->cas[0]);
    memcpy(v->cas[v->cas_n].id, ca->id, sizeof ca->id);
    memcpy(v->cas[v->cas_n].key, hash, sizeof v->cas[0].key);
    v->cas_n++;
    return BM_OK;
}

bm_status verify_read_cas(struct verify *v)
{
    struct list list = { v, 0 };
    const struct store_visit visit = { &list, add_ca };

    return verify_damage(
        v, v->store->ca_list(v->store->self, &everything, &visit), "CA", "");
}
