/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/import.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"

/* One certificate on its way in. */
struct entry {
    struct ca *ca;
    const struct ca_actor *actor;
    const struct ca_import *import;
    int64_t now;
    struct ca_refusal *why;
    struct bm_cert cert;
    char ca_id[STORE_ID_MAX];
    bool is_ours;                     /* the certificate of a CA of ours */
    const struct ca_profile *profile; /* NULL: import->otherwise */
    struct store_device device;
    bool has_device;
    struct store_cert row;
};

/* In front of what is wrong stands which one it is about. */
static bm_status refuse(const struct entry *e, bm_status status,
                        const char *words)
{
    char serial[CA_SERIAL_TEXT];

    ca_hex(e->cert.serial, serial, sizeof serial);
    return ca_refuse(e->why, status, "%s%s%s", serial,
                     words[0] == '\0' ? "" : ": ", words);
}

/* Generations of a CA may share a name, so the signature decides. */
static bm_status match_issuer(void *arg, const void *visited)
{
    struct entry *e = arg;
    const struct bm_crypto *crypto = e->ca->c.crypto;
    const struct store_ca *ca = visited;
    struct bm_cert issuer;

    BM_TRY(bm_cert_parse(ca->cert, BM_STRICT, NULL, &issuer));
    if (!bm_bytes_equal(issuer.subject, e->cert.issuer) ||
        crypto->verify(crypto->self, &issuer.key, e->cert.sig_alg, e->cert.tbs,
                       e->cert.signature) != BM_OK) {
        return BM_OK;
    }
    memcpy(e->ca_id, ca->id, sizeof e->ca_id);
    return BM_E_END;
}

static bm_status find_issuer(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    struct store_visit visit = { e, match_issuer };
    bm_status rc = bm_cert_parse(e->import->der, BM_STRICT, NULL, &e->cert);

    if (rc != BM_OK) {
        return ca_refuse(e->why, rc, "not a certificate");
    }
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    if (e->ca_id[0] == '\0') {
        return refuse(e, BM_E_SIGNATURE, "no CA of this instance signed it");
    }
    return BM_OK;
}

static bm_status match_ca(void *arg, const void *visited)
{
    struct entry *e = arg;
    const struct store_ca *ca = visited;

    e->is_ours = e->is_ours || bm_bytes_equal(ca->cert, e->import->der);
    return BM_OK;
}

/* A file with a chain has those of our CAs, too, which are on record. */
static bm_status check_not_ca(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    struct store_visit visit = { e, match_ca };

    if (!e->cert.ext.ca) {
        return BM_OK;
    }
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    if (!e->is_ours && e->import->otherwise != NULL) {
        return BM_OK;
    }
    return e->is_ours ? BM_E_END
                      : refuse(e, BM_E_PROFILE, "it is that of another CA");
}

/* BM_E_END: it is on record, and the very same. */
static bm_status find_known(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    struct store_cert row;
    bm_status rc =
        s->cert_find(s->self, &ca_everything, e->ca_id, e->cert.serial, &row);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (row.der.n == 0) {
        return refuse(e, BM_E_CA_STATUS,
                      "it is on record as abandoned, and revoked");
    }
    return bm_bytes_equal(row.der, e->import->der)
               ? BM_E_END
               : refuse(e, BM_E_STORE_CONFLICT,
                        "another certificate has this serial number");
}

static bm_status take_named(struct entry *e)
{
    const struct ca_bound *b =
        ca_profile_find(e->ca, e->import->profile, e->ca_id);
    struct ca_refusal inner = { .status = BM_OK };
    struct bm_cert cert;
    bm_status rc;

    if (b == NULL) {
        return refuse(e, BM_E_NOT_FOUND, "its CA has no such profile");
    }
    rc = ca_profile_check(b->profile, e->cert.tbs, &cert, &inner);
    e->profile = b->profile;
    return rc == BM_OK ? BM_OK : refuse(e, rc, inner.words);
}

static bm_status take_fitting(struct entry *e)
{
    char words[2 * STORE_ID_MAX + 64];
    struct bm_cert cert;

    for (size_t i = 0; i < e->ca->c.profiles_n; i++) {
        const struct ca_bound *b = &e->ca->c.profiles[i];

        if (strcmp(b->ca, e->ca_id) != 0 ||
            ca_profile_check(b->profile, e->cert.tbs, &cert, NULL) != BM_OK) {
            continue;
        }
        if (e->profile != NULL) {
            (void)snprintf(words, sizeof words,
                           "it fits %s and %s: say which it is",
                           ca_profile_policy(e->profile)->name,
                           ca_profile_policy(b->profile)->name);
            return refuse(e, BM_E_PROFILE, words);
        }
        e->profile = b->profile;
    }
    return e->profile != NULL
               ? BM_OK
               : refuse(e, BM_E_PROFILE, "it fits none of its CA");
}

/* What does not fit is kept all the same, if it may be. */
static bm_status take_profile(struct entry *e)
{
    bool kept = e->import->otherwise != NULL;
    bm_status rc = BM_OK;

    if (kept && e->cert.ext.ca) {
        return BM_OK;
    }
    rc = e->import->profile != NULL ? take_named(e) : take_fitting(e);
    if (kept && rc != BM_OK && rc != BM_E_MEMORY) {
        e->profile = NULL;
        rc = BM_OK;
    }
    return rc;
}

static const char *profile_name(const struct entry *e)
{
    return e->profile != NULL ? ca_profile_policy(e->profile)->name
                              : e->import->otherwise;
}

static bm_status find_device(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    struct ca_refusal inner = { .status = BM_OK };
    char name[STORE_NAME_MAX];
    bm_status rc;

    if (e->profile == NULL || !ca_profile_policy(e->profile)->device) {
        return BM_OK;
    }
    rc =
        ca_profile_cert_device(e->profile, &e->cert, name, sizeof name, &inner);
    if (rc != BM_OK) {
        return refuse(e, rc, inner.words);
    }
    e->has_device = true;
    rc = s->device_find(s->self, e->actor->organisation, name, &e->device);
    if (rc == BM_E_NOT_FOUND) {
        e->device =
            (struct store_device){ .organisation = e->actor->organisation,
                                   .created = e->now };
        memcpy(e->device.name, name, sizeof name);
        return BM_OK;
    }
    return rc;
}

/* As if it had been issued now; one that is suspended or has ended stays
 * so. */
static bm_status write_device(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    bool identity =
        e->profile != NULL && ca_profile_policy(e->profile)->identity;
    enum store_device_state state =
        identity ? STORE_DEVICE_BORN : STORE_DEVICE_ACTIVE;
    struct ca_record record = ca_record_of(CA_RECORD_DEVICE, e->actor, e->now);

    if (!e->has_device || e->device.state >= state) {
        return BM_OK;
    }
    e->device.state = state;
    e->device.changed = e->now;
    BM_TRY(s->device_put(s->self, &e->device));
    record.organisation = e->device.organisation;
    record.subject = ca_text(e->device.name);
    record.text = ca_text(identity ? "born" : "active");
    return ca_put_record(e->ca, &record, NULL, NULL);
}

static bm_status hash_of(const struct entry *e, struct bm_bytes in,
                         uint8_t out[STORE_HASH_SIZE])
{
    const struct bm_crypto *crypto = e->ca->c.crypto;
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, in, hash));
    memcpy(out, hash, STORE_HASH_SIZE);
    return BM_OK;
}

static bm_status write_cert(struct entry *e)
{
    const struct store *s = e->ca->c.store;
    struct store_cert *row = &e->row;
    const char *profile = profile_name(e);
    struct ca_record record = ca_record_of(CA_RECORD_IMPORT, e->actor, e->now);
    uint8_t hash[STORE_HASH_SIZE];

    *row = (struct store_cert){
        .serial = e->cert.serial,
        .organisation = e->actor->organisation,
        .device = e->has_device ? e->device.id : 0,
        .status = STORE_CERT_VALID,
        .not_before = e->cert.not_before,
        .not_after = e->cert.not_after,
        .issued = e->cert.not_before,
        .shard =
            e->profile == NULL ? 0 : ca_profile_shard(e->profile, &e->cert),
        .der = e->import->der
    };
    memcpy(row->ca, e->ca_id, sizeof row->ca);
    (void)snprintf(row->profile, sizeof row->profile, "%s", profile);
    BM_TRY(hash_of(e, e->cert.key.der, row->key));
    BM_TRY(hash_of(e, row->der, hash));
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    record.hash = BM_ARRAY(hash);
    record.profile = ca_text(profile);
    record.subject = ca_text(e->has_device ? e->device.name : "");
    BM_TRY(ca_put_record(e->ca, &record, &row->tree, &row->leaf));
    BM_TRY(s->next_cert(s->self, &row->id));
    return s->cert_put(s->self, row);
}

static bm_status claim(void *arg, struct bm_bytes identifier)
{
    struct entry *e = arg;
    const struct store *s = e->ca->c.store;
    uint8_t hash[STORE_HASH_SIZE];

    BM_TRY(hash_of(e, identifier, hash));
    return s->claim_put(s->self, STORE_CLAIM_IDENTIFIER, hash, e->row.id);
}

/* Whoever else holds them: it exists, and so it holds them, too. */
static bm_status write_claims(struct entry *e)
{
    const struct store *s = e->ca->c.store;

    BM_TRY(s->claim_put(s->self, STORE_CLAIM_KEY, e->row.key, e->row.id));
    return e->profile == NULL
               ? BM_OK
               : ca_profile_identifiers(e->profile, &e->cert, e, claim);
}

static bm_status put(struct entry *e)
{
    BM_TRY(find_issuer(e));
    BM_TRY(check_not_ca(e));
    BM_TRY(find_known(e));
    BM_TRY(take_profile(e));
    BM_TRY(find_device(e));
    BM_TRY(write_device(e));
    BM_TRY(write_cert(e));
    return write_claims(e);
}

bm_status ca_put_imports(struct ca *ca, const struct ca_actor *actor,
                         const struct ca_import *imports, size_t n, int64_t now,
                         struct ca_imported *imported, struct ca_refusal *why)
{
    *imported = (struct ca_imported){ .certs = 0 };
    for (size_t i = 0; i < n; i++) {
        struct entry e = { .ca = ca,
                           .actor = actor,
                           .import = &imports[i],
                           .now = now,
                           .why = why };
        bm_status rc = put(&e);

        if (rc != BM_OK && rc != BM_E_END) {
            return rc;
        }
        imported->certs += rc == BM_OK;
        imported->known += rc == BM_E_END;
        imported->otherwise += rc == BM_OK && e.profile == NULL;
    }
    return BM_OK;
}

bm_status ca_import(struct ca *ca, const struct ca_actor *actor,
                    const struct ca_import *imports, size_t n, int64_t now,
                    struct ca_imported *imported, struct ca_refusal *why)
{
    bm_status rc;

    *imported = (struct ca_imported){ .certs = 0 };
    BM_TRY(ca_authorise(actor, CA_ACT_CERT_IMPORT, why));
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_put_imports(ca, actor, imports, n, now, imported, why);
    rc = ca_end(ca, rc, now, why);
    if (rc != BM_OK) {
        *imported = (struct ca_imported){ .certs = 0 };
    }
    return rc;
}
