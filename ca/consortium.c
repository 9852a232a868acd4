/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/consortium.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"

const char *ca_organisation_state(const struct store_organisation *row)
{
    return row->suspended ? "suspended" : "active";
}

/* RFC 3629: whether it is UTF-8 the record's encoding looks at. */
static bm_status check_name(const char *name, struct ca_refusal *why)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if ((uint8_t)name[i] < 0x20 || name[i] == 0x7f) {
            n = 0;
        }
    }
    return n != 0 && n <= CA_MEMBER_NAME_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "a name has 1 to %d octets, and none of them is a "
                           "control character",
                           CA_MEMBER_NAME_MAX);
}

static bool is_of_instance(const struct ca_actor *actor)
{
    return actor->authority ||
           (actor->scope.organisation == 0 && actor->scope.ecosystem == 0);
}

static const struct store_scope *scope_of(const struct ca_actor *actor)
{
    return actor->authority ? &ca_everything : &actor->scope;
}

bm_status ca_organisation_find(const struct store *s,
                               const struct ca_actor *actor, uint32_t id,
                               struct store_organisation *row, bool *above,
                               struct ca_refusal *why)
{
    bm_status rc = s->organisation_get(s->self, scope_of(actor), id, row);

    *above = actor->authority || actor->scope.organisation == 0;
    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, rc, "organisation %u", (unsigned)id)
               : rc;
}

/* ---- Names are taken once */

struct naming {
    const char *name;
    uint32_t ecosystem; /* of organisations */
    uint32_t id;        /* who has it already: the same may */
};

static bm_status meet_ecosystem(void *arg, const void *visited)
{
    const struct store_ecosystem *row = visited;
    const struct naming *n = arg;

    return strcmp(row->name, n->name) == 0 ? BM_E_EXISTS : BM_OK;
}

static bm_status meet_organisation(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    const struct naming *n = arg;

    return row->ecosystem == n->ecosystem && row->id != n->id &&
                   strcmp(row->name, n->name) == 0
               ? BM_E_EXISTS
               : BM_OK;
}

static bm_status check_free(struct ca *ca, const struct store_organisation *row,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    const struct store_scope scope = { .ecosystem = row->ecosystem };
    struct naming n = { row->name, row->ecosystem, row->id };
    const struct store_visit visit = { &n, meet_organisation };
    bm_status rc = s->organisation_list(s->self, &scope, &visit);

    return rc == BM_E_EXISTS ? ca_refuse(why, rc, "organisation %s", row->name)
                             : rc;
}

/* ---- Ecosystems */

#define ECOSYSTEM_WORD "ecosystem "

const char *ca_ecosystem_text(uint32_t ecosystem, char text[CA_ECOSYSTEM_TEXT])
{
    (void)snprintf(text, CA_ECOSYSTEM_TEXT, ECOSYSTEM_WORD "%u",
                   (unsigned)ecosystem);
    return text;
}

uint32_t ca_ecosystem_of_text(struct bm_bytes text)
{
    char back[CA_ECOSYSTEM_TEXT];
    uint64_t value = 0;

    for (size_t i = strlen(ECOSYSTEM_WORD); i < text.n && value <= UINT32_MAX;
         i++) {
        value = value * 10 + (text.p[i] - (uint64_t)'0');
    }
    if (value > UINT32_MAX) {
        return 0;
    }
    ca_ecosystem_text((uint32_t)value, back); /* is it written the one way? */
    return bm_bytes_are(text, back, strlen(back)) ? (uint32_t)value : 0;
}

static bm_status put_ecosystem(struct ca *ca, const struct ca_actor *actor,
                               struct store_ecosystem *row, int64_t now,
                               struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_ECOSYSTEM, actor, now);
    struct naming n = { .name = row->name };
    const struct store_visit visit = { &n, meet_ecosystem };
    bm_status rc = s->ecosystem_list(s->self, &ca_everything, &visit);

    if (rc == BM_E_EXISTS) {
        return ca_refuse(why, rc, "ecosystem %s", row->name);
    }
    BM_TRY(rc);
    BM_TRY(s->ecosystem_put(s->self, row));
    record.subject = ca_text(row->name);
    record.number = row->id;
    return ca_put_record(ca, &record, NULL, NULL);
}

bm_status ca_ecosystem_create(struct ca *ca, const struct ca_actor *actor,
                              const char *name, int64_t now,
                              struct store_ecosystem *row,
                              struct ca_refusal *why)
{
    *row = (struct store_ecosystem){ .created = now, .own_list = true };
    BM_TRY(ca_authorise(actor, CA_ACT_ECOSYSTEM_CREATE, why));
    if (!is_of_instance(actor)) {
        return ca_refuse(
            why, BM_E_CA_FORBIDDEN,
            "ecosystems are for operators of the instance to make");
    }
    BM_TRY(check_name(name, why));
    memcpy(row->name, name, strlen(name) + 1);
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_ecosystem(ca, actor, row, now, why), now, why);
}

/* ---- Organisations */

static bm_status put_organisation(struct ca *ca, const struct ca_actor *actor,
                                  struct store_organisation *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_ORGANISATION, actor, now);

    BM_TRY(s->organisation_put(s->self, row));
    record.organisation = row->id;
    record.subject = ca_text(row->name);
    record.text = ca_text(ca_organisation_state(row));
    record.number = row->ecosystem;
    return ca_put_record(ca, &record, NULL, NULL);
}

struct seeking {
    uint32_t id;
    bool found;
};

static bm_status seek_ecosystem(void *arg, const void *visited)
{
    struct seeking *s = arg;

    s->found =
        s->found || ((const struct store_ecosystem *)visited)->id == s->id;
    return BM_OK;
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        struct store_organisation *row, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct seeking seeking = { .id = row->ecosystem };
    const struct store_visit visit = { &seeking, seek_ecosystem };

    BM_TRY(s->ecosystem_list(s->self, scope_of(actor), &visit));
    if (!seeking.found) {
        return ca_refuse(why, BM_E_NOT_FOUND, "ecosystem %u",
                         (unsigned)row->ecosystem);
    }
    BM_TRY(check_free(ca, row, why));
    return put_organisation(ca, actor, row, now);
}

bm_status ca_organisation_create(struct ca *ca, const struct ca_actor *actor,
                                 struct store_organisation *row, int64_t now,
                                 struct ca_refusal *why)
{
    row->id = 0;
    row->created = now;
    row->suspended = false;
    row->open = false;
    BM_TRY(ca_authorise(actor, CA_ACT_ORGANISATION_CREATE, why));
    if (!actor->authority && actor->scope.organisation != 0) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "organisations are for operators of an ecosystem to "
                         "make");
    }
    BM_TRY(check_name(row->name, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, create(ca, actor, row, now, why), now, why);
}

static bm_status rename_found(struct ca *ca, const struct ca_actor *actor,
                              uint32_t id, const char *name, int64_t now,
                              struct ca_refusal *why)
{
    struct store_organisation row;
    bool above;

    BM_TRY(ca_organisation_find(ca->c.store, actor, id, &row, &above, why));
    memcpy(row.name, name, strlen(name) + 1);
    BM_TRY(check_free(ca, &row, why));
    return put_organisation(ca, actor, &row, now);
}

bm_status ca_organisation_rename(struct ca *ca, const struct ca_actor *actor,
                                 uint32_t id, const char *name, int64_t now,
                                 struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_ORGANISATION_RENAME, why));
    BM_TRY(check_name(name, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, rename_found(ca, actor, id, name, now, why), now, why);
}

static bm_status suspend_found(struct ca *ca, const struct ca_actor *actor,
                               uint32_t id, bool suspend, int64_t now,
                               struct ca_refusal *why)
{
    struct store_organisation row;
    bool above;

    BM_TRY(ca_organisation_find(ca->c.store, actor, id, &row, &above, why));
    if (!above) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "%s is of the organisation, and not above it",
                         actor->name);
    }
    if (row.suspended == suspend) {
        return ca_refuse(why, BM_E_CA_ORGANISATION, "organisation %u is %s",
                         (unsigned)id, ca_organisation_state(&row));
    }
    row.suspended = suspend;
    return put_organisation(ca, actor, &row, now);
}

bm_status ca_organisation_suspend(struct ca *ca, const struct ca_actor *actor,
                                  uint32_t id, bool suspend, int64_t now,
                                  struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_ORGANISATION_SUSPEND, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, suspend_found(ca, actor, id, suspend, now, why), now,
                  why);
}
