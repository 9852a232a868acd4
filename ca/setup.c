/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/setup.h"

#include <stdio.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/internal.h"
#include "ca/lists.h"

static bm_status hash_of(struct ca *ca, struct bm_bytes in, uint8_t hash[32])
{
    uint8_t room[BM_HASH_MAX];

    BM_TRY(ca->c.crypto->hash(ca->c.crypto->self, BM_HASH_SHA256, in, room));
    memcpy(hash, room, 32);
    return BM_OK;
}

static bm_status put_history(struct ca *ca, const struct ca_actor *actor,
                             struct ca_genesis *genesis, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_ecosystem ecosystem = { .created = now };
    struct store_organisation organisation = { .created = now };
    struct ca_record record = ca_record_of(CA_RECORD_GENESIS, actor, now);

    (void)snprintf(ecosystem.name, sizeof ecosystem.name, "%s",
                   genesis->ecosystem);
    (void)snprintf(organisation.name, sizeof organisation.name, "%s",
                   genesis->organisation);
    BM_TRY(s->ecosystem_put(s->self, &ecosystem));
    organisation.ecosystem = ecosystem.id;
    organisation.open = true;
    BM_TRY(s->organisation_put(s->self, &organisation));
    genesis->ecosystem_id = ecosystem.id;
    genesis->organisation_id = organisation.id;
    record.text = ca_text(genesis->organisation);
    return ca_put_record(ca, &record, NULL, NULL);
}

bm_status ca_begin_history(struct ca *ca, const struct ca_actor *actor,
                           struct ca_genesis *genesis, int64_t now,
                           struct ca_refusal *why)
{
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_history(ca, actor, genesis, now), now, why);
}

static bm_status put_ca(struct ca *ca, const struct ca_actor *actor,
                        const struct store_ca *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_CA, actor, now);
    char ecosystem[CA_ECOSYSTEM_TEXT];
    uint8_t hash[32];

    if (!ca_list_id_valid(row->id)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(hash_of(ca, row->cert, hash));
    record.organisation = row->organisation;
    record.ca = ca_text(row->id);
    if (row->ecosystem != 0) {
        record.subject = ca_text(ca_ecosystem_text(row->ecosystem, ecosystem));
    }
    record.hash = BM_ARRAY(hash);
    record.text =
        ca_text(row->status == STORE_CA_ACTIVE ? "active" : "retired");
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->ca_put(s->self, row);
}

/* What is of an ecosystem is for whoever is above it to change; what is of the
 * instance, for operators of the instance. */
static bm_status check_above(const struct ca_actor *actor,
                             const struct store_ca *row, struct ca_refusal *why)
{
    const struct store_scope *scope = &actor->scope;

    return actor->authority || (scope->organisation == 0 &&
                                (scope->ecosystem == 0 ||
                                 scope->ecosystem == row->ecosystem))
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "%s is not above those whose CA it is", actor->name);
}

bm_status ca_install_all(struct ca *ca, const struct ca_actor *actor,
                         const struct store_ca *rows, size_t n, int64_t now,
                         struct ca_refusal *why)
{
    bm_status rc = BM_OK;

    BM_TRY(ca_authorise(actor, CA_ACT_CA_INSTALL, why));
    BM_TRY(ca_begin(ca, now, why));
    for (size_t i = 0; rc == BM_OK && i < n; i++) {
        rc = check_above(actor, &rows[i], why);
        if (rc == BM_OK) {
            rc = put_ca(ca, actor, &rows[i], now);
        }
    }
    return ca_end(ca, rc, now, why);
}

bm_status ca_install(struct ca *ca, const struct ca_actor *actor,
                     const struct store_ca *row, int64_t now,
                     struct ca_refusal *why)
{
    return ca_install_all(ca, actor, row, 1, now, why);
}

bm_status ca_add_operator(struct ca *ca, const struct ca_actor *actor,
                          const struct store_operator *row, int64_t now,
                          struct ca_refusal *why)
{
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, ca_put_operator(ca, actor, row, now), now, why);
}

/* "profile/NAME" in the settings: the hash that is on record. */
static bm_status note_hash(struct ca *ca, const struct store_version *v,
                           bool *known)
{
    const struct store *s = ca->c.store;
    char setting[STORE_ID_MAX + 16];
    struct bm_bytes hash;
    bm_status rc;

    (void)snprintf(setting, sizeof setting, "profile/%s", v->profile);
    rc = s->setting_get(s->self, setting, &hash);
    *known = rc == BM_OK && bm_bytes_are(hash, v->hash, sizeof v->hash);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    return s->setting_put(s->self, setting, BM_ARRAY(v->hash));
}

/* A text that is the last version is known; another one is the next. */
static bm_status note_profile(struct ca *ca, const struct ca_bound *bound,
                              int64_t now)
{
    static const struct ca_actor authority = { .name = "authority",
                                               .mode = "start",
                                               .authority = true };
    const struct store *s = ca->c.store;
    const char *name = ca_profile_policy(bound->profile)->name;
    struct ca_record record = ca_record_of(CA_RECORD_PROFILE, &authority, now);
    struct store_version v = { .created = now };
    struct store_version last;
    bool known;
    bm_status rc;

    BM_TRY(ca_version_of(s, ca->c.crypto, bound->profile, &v.version));
    rc = s->version_get(s->self, name, v.version, &last);
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    memcpy(v.profile, name, strlen(name) + 1);
    v.text = ca_profile_text(bound->profile);
    BM_TRY(hash_of(ca, v.text, v.hash));
    BM_TRY(s->version_put(s->self, &v));
    BM_TRY(note_hash(ca, &v, &known));
    ca->dirty = true;
    if (known) {
        return BM_OK; /* from before there were versions */
    }
    record.profile = ca_text(name);
    record.hash = BM_ARRAY(v.hash);
    record.number = v.version;
    return ca_put_record(ca, &record, NULL, NULL);
}

static bm_status note_all(struct ca *ca, int64_t now)
{
    for (size_t i = 0; i < ca->c.profiles_n; i++) {
        if (!ca->c.profiles[i].old) {
            BM_TRY(note_profile(ca, &ca->c.profiles[i], now));
        }
    }
    return BM_OK;
}

bm_status ca_note_profiles(struct ca *ca, int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, note_all(ca, now), now, why);
}
