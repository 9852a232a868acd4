/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/allocation.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"

/* ---- What there is */

bm_status ca_allocation_get(const struct store *s,
                            const struct store_organisation *organisation,
                            const char *profile, struct store_allocation *row)
{
    bm_status rc = s->allocation_get(s->self, organisation->id, profile, row);

    if (rc == BM_E_NOT_FOUND) {
        *row = (struct store_allocation){ .organisation = organisation->id,
                                          .enabled = organisation->open,
                                          .limited = !organisation->open };
        (void)snprintf(row->profile, sizeof row->profile, "%s", profile);
        rc = BM_OK;
    }
    return rc;
}

void ca_allocation_words(const struct store_allocation *row,
                         char words[CA_ALLOCATION_TEXT])
{
    char version[32] = "";

    if (row->version != 0) {
        (void)snprintf(version, sizeof version, ", stays at %u",
                       (unsigned)row->version);
    }
    (void)snprintf(words, CA_ALLOCATION_TEXT, "%s, %s%s",
                   row->enabled ? "enabled" : "disabled",
                   row->limited ? "limited" : "unlimited", version);
}

bm_status ca_allocation_allows(const struct store_organisation *organisation,
                               const struct store_allocation *row,
                               struct ca_refusal *why)
{
    if (organisation->suspended) {
        return ca_refuse(why, BM_E_CA_ORGANISATION, "organisation %u is %s",
                         (unsigned)organisation->id,
                         ca_organisation_state(organisation));
    }
    return row->enabled
               ? BM_OK
               : ca_refuse(why, BM_E_CA_NOT_ENABLED, "%s", row->profile);
}

bm_status ca_allocation_check(struct ca *ca, uint32_t organisation,
                              const char *profile, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_organisation o;
    struct store_allocation row;

    BM_TRY(s->organisation_get(s->self, &ca_everything, organisation, &o));
    BM_TRY(ca_allocation_get(s, &o, profile, &row));
    return ca_allocation_allows(&o, &row, why);
}

/* ---- Changing it */

/* The organisation and what it has, for somebody above it. */
struct found {
    struct store_organisation organisation;
    struct store_allocation row;
    bool above;
};

static bm_status find(struct ca *ca, const struct ca_actor *actor,
                      const struct ca_allocating *what, struct found *f,
                      struct ca_refusal *why)
{
    const struct store *s = ca->c.store;

    BM_TRY(ca_organisation_find(s, actor, what->organisation, &f->organisation,
                                &f->above, why));
    return ca_allocation_get(s, &f->organisation, what->profile, &f->row);
}

static bm_status find_below(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_allocating *what, struct found *f,
                            struct ca_refusal *why)
{
    BM_TRY(find(ca, actor, what, f, why));
    return f->above ? BM_OK
                    : ca_refuse(why, BM_E_CA_FORBIDDEN,
                                "%s is of the organisation, and not above it",
                                actor->name);
}

static bm_status put(struct ca *ca, const struct ca_actor *actor,
                     const struct store_allocation *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_ALLOCATION, actor, now);
    char words[CA_ALLOCATION_TEXT];

    ca_allocation_words(row, words);
    record.organisation = row->organisation;
    record.profile = ca_text(row->profile);
    record.text = ca_text(words);
    record.number = row->quota;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->allocation_put(s->self, row);
}

/* Is there a profile that operators know, of a CA that the actor sees? */
static bm_status check_profile(struct ca *ca, const struct ca_actor *actor,
                               const char *name, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    const struct ca_bound *b = ca_profile_find(ca, name, NULL);
    struct store_ca row;
    bm_status rc;

    if (b == NULL) {
        return ca_profile_missing(ca, name, why);
    }
    if ((ca_profile_policy(b->profile)->by & ~(unsigned)CA_BY_AUTHORITY) == 0) {
        return ca_refuse(why, BM_E_NOT_FOUND, "profile %s", name);
    }
    rc = s->ca_get(s->self, actor->authority ? &ca_everything : &actor->scope,
                   b->ca, &row);
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "profile %s", name) : rc;
}

static bm_status enable_found(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_allocating *what, bool enable,
                              int64_t now, struct ca_refusal *why)
{
    struct found f;

    BM_TRY(find_below(ca, actor, what, &f, why));
    if (enable) {
        BM_TRY(check_profile(ca, actor, what->profile, why));
    }
    if (f.row.enabled == enable) {
        return ca_refuse(why, enable ? BM_E_EXISTS : BM_E_CA_NOT_ENABLED, "%s",
                         what->profile);
    }
    f.row.enabled = enable;
    return put(ca, actor, &f.row, now);
}

bm_status ca_allocation_enable(struct ca *ca, const struct ca_actor *actor,
                               const struct ca_allocating *what, bool enable,
                               int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_ALLOCATE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, enable_found(ca, actor, what, enable, now, why), now,
                  why);
}

/* ---- Quota */

/* `amount` more, or less: never less than is gone. */
static bm_status add(struct store_allocation *row, int64_t amount,
                     struct ca_refusal *why)
{
    uint64_t left = row->quota - row->issued;

    if (amount < 0 && (uint64_t)-amount > left) {
        return ca_refuse(why, BM_E_CA_QUOTA,
                         "organisation %u has %llu of %s left",
                         (unsigned)row->organisation, (unsigned long long)left,
                         row->profile);
    }
    if (amount > 0 && left + (uint64_t)amount > (uint64_t)CA_QUOTA_MAX) {
        return ca_refuse(why, BM_E_CA_QUOTA, "it would have over %lld",
                         (long long)CA_QUOTA_MAX);
    }
    row->quota = row->issued + left + (uint64_t)amount;
    return BM_OK;
}

static bm_status check_enabled(const struct store_allocation *row,
                               struct ca_refusal *why)
{
    return row->enabled
               ? BM_OK
               : ca_refuse(why, BM_E_CA_NOT_ENABLED, "%s for organisation %u",
                           row->profile, (unsigned)row->organisation);
}

static bm_status give_found(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_allocating *what, int64_t amount,
                            int64_t now, struct ca_refusal *why)
{
    struct found f;

    BM_TRY(find_below(ca, actor, what, &f, why));
    if (amount >= 0) {
        BM_TRY(check_enabled(&f.row, why));
    }
    if (!f.row.limited) { /* counting out begins, or does not */
        f.row.quota = f.row.issued;
    }
    f.row.limited = amount != CA_UNLIMITED;
    if (f.row.limited) {
        BM_TRY(add(&f.row, amount, why));
    } else {
        f.row.quota = 0;
    }
    return put(ca, actor, &f.row, now);
}

static bool is_amount(int64_t amount)
{
    return amount >= -CA_QUOTA_MAX && amount <= CA_QUOTA_MAX;
}

bm_status ca_allocation_give(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_allocating *what, int64_t amount,
                             int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_ALLOCATE, why));
    if (amount != CA_UNLIMITED && !is_amount(amount)) {
        return ca_refuse(why, BM_E_ARGUMENT, "an amount");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, give_found(ca, actor, what, amount, now, why), now, why);
}

static bm_status check_limited(const struct store_allocation *row,
                               struct ca_refusal *why)
{
    return row->limited ? BM_OK
                        : ca_refuse(why, BM_E_CA_ORGANISATION,
                                    "organisation %u has %s without limit",
                                    (unsigned)row->organisation, row->profile);
}

static bm_status move_found(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_allocating *from, uint32_t to,
                            int64_t amount, int64_t now, struct ca_refusal *why)
{
    const struct ca_allocating other = { to, from->profile };
    struct found f;
    struct found t;

    BM_TRY(find_below(ca, actor, from, &f, why));
    BM_TRY(find_below(ca, actor, &other, &t, why));
    if (f.organisation.id == t.organisation.id) {
        return ca_refuse(why, BM_E_ARGUMENT, "to the same organisation");
    }
    if (f.organisation.ecosystem != t.organisation.ecosystem) {
        return ca_refuse(why, BM_E_ARGUMENT, "to another ecosystem");
    }
    BM_TRY(check_limited(&f.row, why));
    BM_TRY(check_limited(&t.row, why));
    BM_TRY(check_enabled(&t.row, why));
    BM_TRY(add(&f.row, -amount, why));
    BM_TRY(add(&t.row, amount, why));
    BM_TRY(put(ca, actor, &f.row, now));
    return put(ca, actor, &t.row, now);
}

bm_status ca_allocation_move(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_allocating *from, uint32_t to,
                             int64_t amount, int64_t now,
                             struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_ALLOCATE, why));
    if (amount < 1 || !is_amount(amount)) {
        return ca_refuse(why, BM_E_ARGUMENT, "an amount");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, move_found(ca, actor, from, to, amount, now, why), now,
                  why);
}

/* ---- Versions */

static bm_status stay_found(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_allocating *what, bool stay,
                            int64_t now, struct ca_refusal *why)
{
    const struct ca_bound *b = ca_profile_find(ca, what->profile, NULL);
    struct found f;

    BM_TRY(find(ca, actor, what, &f, why));
    BM_TRY(check_enabled(&f.row, why));
    if (b == NULL || b->version == 0) {
        return ca_profile_missing(ca, what->profile, why);
    }
    if ((f.row.version != 0) == stay) {
        return ca_refuse(why, BM_E_EXISTS, "%s %s", what->profile,
                         stay ? "stays already" : "follows already");
    }
    f.row.version = stay ? b->version : 0;
    return put(ca, actor, &f.row, now);
}

bm_status ca_allocation_stay(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_allocating *what, bool stay,
                             int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_VERSION_CHOOSE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, stay_found(ca, actor, what, stay, now, why), now, why);
}

bm_status ca_version_of(const struct store *s, const struct bm_crypto *crypto,
                        const struct ca_profile *profile, uint32_t *version)
{
    struct store_version last;
    uint8_t hash[BM_HASH_MAX];
    bm_status rc;

    *version = 0;
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, ca_profile_text(profile),
                        hash));
    rc = s->version_get(s->self, ca_profile_policy(profile)->name, 0, &last);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    *version = last.version;
    if (rc == BM_E_NOT_FOUND ||
        memcmp(hash, last.hash, sizeof last.hash) != 0) {
        if (last.version == UINT32_MAX) {
            return BM_E_LIMIT;
        }
        *version = last.version + 1;
    }
    return BM_OK;
}

const struct ca_bound *ca_version_find(const struct ca *ca, const char *name,
                                       uint32_t version)
{
    for (size_t i = 0; i < ca->c.profiles_n; i++) {
        const struct ca_bound *b = &ca->c.profiles[i];

        if (b->version == version &&
            strcmp(ca_profile_policy(b->profile)->name, name) == 0) {
            return b;
        }
    }
    return NULL;
}

const struct ca_bound *ca_version_of_cert(const struct ca *ca,
                                          const struct store_cert *row)
{
    const struct ca_bound *b =
        row->version != 0 ? ca_version_find(ca, row->profile, row->version)
                          : NULL;

    return b != NULL ? b : ca_profile_find(ca, row->profile, NULL);
}
