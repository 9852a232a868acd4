/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/manufacturer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/pattern.h"
#include "core/crl.h"
#include "core/path.h"

/* Makes, changes and removes manufacturers; idevid.c judges by them. */

const char *ca_revocation_rule_name(enum store_revocation_rule rule)
{
    switch (rule) {
    case STORE_RULE_REQUIRED:
        return "required";
    case STORE_RULE_LOADED:
        return "loaded";
    case STORE_RULE_NONE:
        return "none";
    default:
        return "unknown";
    }
}

enum store_revocation_rule ca_revocation_rule_of(const char *name)
{
    for (int rule = STORE_RULE_REQUIRED; rule <= STORE_RULE_NONE; rule++) {
        if (strcmp(name, ca_revocation_rule_name(
                             (enum store_revocation_rule)rule)) == 0) {
            return (enum store_revocation_rule)rule;
        }
    }
    return (enum store_revocation_rule)0;
}

bm_status ca_certs_parse(struct bm_bytes der, size_t max, struct bm_cert *certs,
                         size_t *n)
{
    struct bm_der d;

    *n = 0;
    bm_der_init(&d, der, NULL);
    while (bm_der_left(&d) != 0) {
        struct bm_bytes one;

        if (*n == max) {
            return BM_E_LIMIT;
        }
        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &one));
        BM_TRY(bm_cert_parse(one, BM_STRICT, NULL, &certs[*n]));
        ++*n;
    }
    return BM_OK;
}

bm_status ca_manufacturer_ca_hash(const struct bm_crypto *crypto,
                                  const struct bm_cert *cert,
                                  uint8_t hash[BM_HASH_MAX])
{
    uint8_t both[2 * BM_HASH_MAX];
    size_t n = bm_hash_len(BM_HASH_SHA256);

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, cert->subject, both));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, cert->key.der, both + n));
    return crypto->hash(crypto->self, BM_HASH_SHA256,
                        (struct bm_bytes){ both, 2 * n }, hash);
}

bm_status ca_manufacturer_hash(const struct bm_crypto *crypto,
                               const struct store_manufacturer *row,
                               uint8_t hash[BM_HASH_MAX])
{
    const char *const texts[] = { row->name, row->pattern, row->device,
                                  row->profiles };
    size_t cap = row->anchors.n + row->cas.n + 4 * STORE_NAME_MAX;
    uint8_t *room = malloc(cap);
    struct bm_wr w;
    size_t n;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, cap);
    bm_wr_u8(&w, (uint8_t)row->rule);
    bm_wr_u8(&w, (uint8_t)(row->outlives | row->listed << 1 |
                           (row->removed != 0) << 2));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ca_wr_octets(&w, ca_text(texts[i]));
    }
    ca_wr_octets(&w, row->anchors);
    ca_wr_octets(&w, row->cas);
    rc = bm_wr_finish(&w, &n);
    if (rc == BM_OK) {
        rc = crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash);
    }
    free(room);
    return rc;
}

bm_status ca_manufacturer_find(const struct store *s,
                               const struct ca_actor *actor, const char *name,
                               struct store_manufacturer *row,
                               struct ca_refusal *why)
{
    bm_status rc = BM_E_NOT_FOUND;

    memset(row, 0, sizeof *row);
    if (actor->scope.organisation == 0 ||
        actor->scope.organisation == actor->organisation) {
        rc = s->manufacturer_find(s->self, actor->organisation, name, row);
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "manufacturer %s", name)
                                : rc;
}

/* ---- What an order says */

static bm_status check_name(const char *name, struct ca_refusal *why)
{
    return ca_is_name(name) && strcmp(name, "any") != 0
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "names of manufacturers are made of a-z, 0-9, '.' "
                           "and '-', and \"any\" is all of them");
}

static bm_status check_pattern(const char *text, struct ca_refusal *why)
{
    struct ca_pattern *pattern;
    const char *words;
    size_t at;
    bm_status rc = BM_OK;

    if (strlen(text) >= STORE_NAME_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a pattern of %d characters",
                         STORE_NAME_MAX);
    }
    pattern = malloc(sizeof *pattern);
    if (pattern == NULL) {
        return BM_E_MEMORY;
    }
    if (ca_pattern_compile(text, pattern, &at, &words) != BM_OK) {
        rc = ca_refuse(why, BM_E_ARGUMENT, "pattern, at character %zu: %s",
                       at + 1, words);
    }
    free(pattern);
    return rc;
}

static bm_status check_template(const char *text, struct ca_refusal *why)
{
    const char *hole = strstr(text, CA_DEVICE_HOLE);

    return hole != NULL && strpbrk(text, "{") == hole &&
                   strpbrk(hole + 1, "{") == NULL &&
                   strlen(text) < STORE_NAME_MAX - CA_SERIAL_NUMBER_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "a name of devices has " CA_DEVICE_HOLE
                           " in it, once");
}

static bm_status check_profiles(struct ca *ca, const char *names,
                                struct ca_refusal *why)
{
    char name[STORE_ID_MAX];

    if (strlen(names) >= STORE_NAME_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "too many profiles");
    }
    for (;;) {
        size_t n = strcspn(names, ",");
        const struct ca_bound *b;

        (void)snprintf(name, sizeof name, "%.*s", (int)n, names);
        b = ca_profile_find(ca, name, NULL);
        if (b == NULL) {
            return ca_profile_missing(ca, name, why);
        }
        if ((ca_profile_policy(b->profile)->by & CA_BY_IDEVID) == 0) {
            return ca_refuse(why, BM_E_ARGUMENT, "%s is not issued for IDevIDs",
                             name);
        }
        if (names[n] == '\0') {
            return BM_OK;
        }
        names += n + 1;
    }
}

/* ---- Its certificates */

/* The certificates of an order, as they are checked. */
struct certs {
    const struct ca_manufacturer_order *order;
    struct ca *ca;
    int64_t now;
    size_t anchors_n;
    size_t cas_n;
    struct bm_cert anchors[CA_MANUFACTURER_CERTS];
    struct bm_cert cas[CA_MANUFACTURER_CERTS];
    struct bm_cert ours; /* that is compared with */
    struct ca_refusal *why;
};

static bm_status read_certs(struct certs *c, struct bm_bytes der,
                            const char *what, struct bm_cert *certs, size_t *n)
{
    bm_status rc = der.n > STORE_CHAIN_MAX
                       ? BM_E_LIMIT
                       : ca_certs_parse(der, CA_MANUFACTURER_CERTS, certs, n);

    return rc == BM_OK ? BM_OK
           : rc == BM_E_LIMIT
               ? ca_refuse(c->why, rc, "%s: at most %d", what,
                           CA_MANUFACTURER_CERTS)
               : ca_refuse(c->why, rc, "%s, certificate %zu", what, *n + 1);
}

/* Whoever has a certificate of ours is judged by what is on record of it. */
static bm_status is_not_ours(void *arg, const void *visited)
{
    const struct store_ca *row = visited;
    struct certs *c = arg;

    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &c->ours));
    for (size_t i = 0; i < c->anchors_n + c->cas_n; i++) {
        const struct bm_cert *cert =
            i < c->anchors_n ? &c->anchors[i] : &c->cas[i - c->anchors_n];

        if (bm_bytes_equal(cert->key.der, c->ours.key.der)) {
            return ca_refuse(c->why, BM_E_ARGUMENT,
                             "%s is a CA of this instance: see idevid_of of "
                             "profiles",
                             row->id);
        }
    }
    return BM_OK;
}

static bm_status check_anchor(const struct certs *c, size_t i)
{
    const struct bm_cert *cert = &c->anchors[i];

    if (!cert->ext.ca || (bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) &&
                          (cert->ext.key_usage & BM_KU_KEY_CERT_SIGN) == 0)) {
        return ca_refuse(c->why, BM_E_PATH_CA, "anchor %zu", i + 1);
    }
    if (bm_spki_weak(&cert->key) != BM_OK) {
        return ca_refuse(c->why, bm_spki_weak(&cert->key), "anchor %zu", i + 1);
    }
    return !c->order->outlives && cert->not_after < c->now
               ? ca_refuse(c->why, BM_E_PATH_EXPIRED, "anchor %zu", i + 1)
               : BM_OK;
}

/* What is not below an anchor was meant otherwise. */
static bm_status check_ca(const struct certs *c, size_t i)
{
    const struct bm_cert *cert = &c->cas[i];
    struct bm_path_config config = {
        .crypto = c->ca->c.crypto,
        .anchors = c->anchors,
        .anchors_n = c->anchors_n,
        .pool = c->cas,
        .pool_n = c->cas_n,
        .time = c->order->outlives ? cert->not_before : c->now,
        .validity = c->order->outlives ? BM_PATH_AT_ISSUANCE : BM_PATH_NOW,
        .key_usage = BM_KU_KEY_CERT_SIGN,
    };
    struct bm_path path;
    bm_status rc =
        cert->ext.ca ? bm_path_find(&path, &config, cert) : BM_E_PATH_CA;

    return rc == BM_OK ? BM_OK : ca_refuse(c->why, rc, "CA %zu", i + 1);
}

static bm_status check_certs(struct certs *c)
{
    const struct store *s = c->ca->c.store;
    const struct store_visit visit = { c, is_not_ours };

    BM_TRY(
        read_certs(c, c->order->anchors, "anchors", c->anchors, &c->anchors_n));
    BM_TRY(read_certs(c, c->order->cas, "CAs", c->cas, &c->cas_n));
    if (c->anchors_n == 0) {
        return ca_refuse(c->why, BM_E_ARGUMENT,
                         "a manufacturer has an anchor at least");
    }
    for (size_t i = 0; i < c->anchors_n; i++) {
        BM_TRY(check_anchor(c, i));
    }
    for (size_t i = 0; i < c->cas_n; i++) {
        BM_TRY(check_ca(c, i));
    }
    return s->ca_list(s->self, &ca_everything, &visit);
}

static bm_status check_order(struct ca *ca,
                             const struct ca_manufacturer_order *order,
                             int64_t now, struct ca_refusal *why)
{
    struct certs *c;
    bm_status rc;

    BM_TRY(check_name(order->name, why));
    if (order->pattern != NULL) {
        BM_TRY(check_pattern(order->pattern, why));
    }
    if (order->device != NULL) {
        BM_TRY(check_template(order->device, why));
    }
    if (order->profiles != NULL) {
        BM_TRY(check_profiles(ca, order->profiles, why));
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return BM_E_MEMORY;
    }
    c->order = order;
    c->ca = ca;
    c->now = now;
    c->why = why;
    rc = check_certs(c);
    free(c);
    return rc;
}

/* ---- Acts */

static bm_status record(struct ca *ca, const struct ca_actor *actor,
                        const struct store_manufacturer *row, const char *what,
                        int64_t now)
{
    struct ca_record r = ca_record_of(CA_RECORD_MANUFACTURER, actor, now);
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(ca_manufacturer_hash(ca->c.crypto, row, hash));
    r.organisation = row->organisation;
    r.subject = ca_text(row->name);
    r.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    r.text = ca_text(what);
    return ca_put_record(ca, &r, NULL, NULL);
}

static bm_status count_one(void *arg, const void *visited)
{
    const struct store_manufacturer *row = visited;
    size_t *n = arg;

    *n += row->removed == 0;
    return BM_OK;
}

static bm_status check_room(struct ca *ca, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    size_t n = 0;
    const struct store_visit visit = { &n, count_one };

    BM_TRY(s->manufacturer_list(s->self, &ca_everything, 0, &visit));
    return n < CA_MANUFACTURERS_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_LIMIT, "%d manufacturers",
                           CA_MANUFACTURERS_MAX);
}

static void set(char *to, size_t cap, const char *text, const char *otherwise)
{
    (void)snprintf(to, cap, "%s", text != NULL ? text : otherwise);
}

static bm_status add(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_manufacturer_order *order, int64_t now,
                     struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_manufacturer row;
    bm_status rc;

    BM_TRY(check_order(ca, order, now, why));
    BM_TRY(check_room(ca, why));
    rc = s->manufacturer_find(s->self, actor->organisation, order->name, &row);
    if (rc == BM_OK && row.removed == 0) {
        return ca_refuse(why, BM_E_EXISTS, "manufacturer %s", order->name);
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    row.organisation = actor->organisation;
    row.rule = order->rule;
    row.outlives = order->outlives;
    row.listed = order->listed;
    row.created = now;
    row.removed = 0;
    row.anchors = order->anchors;
    row.cas = order->cas;
    set(row.name, sizeof row.name, order->name, "");
    set(row.pattern, sizeof row.pattern, order->pattern, "");
    set(row.device, sizeof row.device, order->device, CA_DEVICE_HOLE);
    set(row.profiles, sizeof row.profiles, order->profiles, "");
    set(row.creator, sizeof row.creator, actor->name, "");
    BM_TRY(s->manufacturer_put(s->self, &row));
    BM_TRY(record(ca, actor, &row, "added", now));
    return ca_put_event(ca, "manufacturer-added", row.organisation, 0, now,
                        row.name);
}

bm_status ca_manufacturer_add(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_manufacturer_order *order,
                              int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise_own(actor, CA_ACT_MANUFACTURER_CHANGE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, add(ca, actor, order, now, why), now, why);
}

/* One that counts. Its views are lost with the next call of the store. */
static bm_status find_active(struct ca *ca, const struct ca_actor *actor,
                             const char *name, struct store_manufacturer *row,
                             struct ca_refusal *why)
{
    BM_TRY(ca_manufacturer_find(ca->c.store, actor, name, row, why));
    return row->removed == 0 ? BM_OK
                             : ca_refuse(why, BM_E_NOT_FOUND,
                                         "manufacturer %s was removed", name);
}

/* The certificates go, too: to count again it must say them again. */
static bm_status remove_one(struct ca *ca, const struct ca_actor *actor,
                            const char *name, int64_t now,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_manufacturer row;

    BM_TRY(find_active(ca, actor, name, &row, why));
    row.removed = now;
    row.anchors = row.cas = (struct bm_bytes){ NULL, 0 };
    BM_TRY(s->manufacturer_put(s->self, &row));
    BM_TRY(s->serial_forget(s->self, row.id));
    BM_TRY(record(ca, actor, &row, "removed", now));
    return ca_put_event(ca, "manufacturer-removed", row.organisation, 0, now,
                        row.name);
}

bm_status ca_manufacturer_remove(struct ca *ca, const struct ca_actor *actor,
                                 const char *name, int64_t now,
                                 struct ca_refusal *why)
{
    BM_TRY(ca_authorise_own(actor, CA_ACT_MANUFACTURER_CHANGE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, remove_one(ca, actor, name, now, why), now, why);
}

static bm_status expect(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_serials *serials, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct ca_record r = ca_record_of(CA_RECORD_MANUFACTURER, actor, now);
    struct store_manufacturer row;
    uint8_t hash[BM_HASH_MAX];
    char words[64];

    BM_TRY(find_active(ca, actor, serials->manufacturer, &row, why));
    BM_TRY(ca_manufacturer_hash(ca->c.crypto, &row, hash));
    for (size_t i = 0; i < serials->n; i++) {
        size_t n = strlen(serials->serial[i]);

        if (n == 0 || n > CA_SERIAL_NUMBER_MAX) {
            return ca_refuse(why, BM_E_ARGUMENT,
                             "serial number %zu: 1 to %d characters", i + 1,
                             CA_SERIAL_NUMBER_MAX);
        }
        BM_TRY(s->serial_put(s->self, row.id, serials->serial[i]));
    }
    (void)snprintf(words, sizeof words, "expects %zu devices", serials->n);
    r.organisation = row.organisation;
    r.subject = ca_text(row.name);
    r.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    r.text = ca_text(words);
    return ca_put_record(ca, &r, NULL, NULL);
}

bm_status ca_manufacturer_expect(struct ca *ca, const struct ca_actor *actor,
                                 const struct ca_serials *serials, int64_t now,
                                 struct ca_refusal *why)
{
    BM_TRY(ca_authorise_own(actor, CA_ACT_MANUFACTURER_EXPECT, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, expect(ca, actor, serials, now, why), now, why);
}
