/* SPDX-License-Identifier: Apache-2.0 */

/* Renewals that operators pull forward, and let go again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/attribute.h"
#include "ca/consortium.h"
#include "ca/internal.h"
#include "ca/pattern.h"
#include "ca/renewal.h"

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool ca_pull_names(const struct ca_pull_order *o)
{
    return given(o->ca) || given(o->profile) || given(o->device) ||
           given(o->model) || given(o->lot) || given(o->firmware) ||
           o->batch != 0 || o->organisation != 0;
}

static bm_status check_pattern(const char *text, struct ca_refusal *why)
{
    struct ca_pattern *pattern = malloc(sizeof *pattern);
    const char *words;
    size_t at;
    bm_status rc = BM_E_MEMORY;

    if (pattern != NULL) {
        rc = ca_pattern_compile(text, pattern, &at, &words);
    }
    free(pattern);
    return rc == BM_E_PROFILE ? ca_refuse(why, BM_E_ARGUMENT,
                                          "the pattern of devices: %s", words)
                              : rc;
}

static bm_status check_order(const struct ca_pull_order *o, int64_t now,
                             struct ca_refusal *why)
{
    if (!ca_pull_names(o)) {
        return ca_refuse(why, BM_E_ARGUMENT, "say which: " CA_PULL_WORDS);
    }
    if (o->over < CA_PULL_OVER_MIN || o->over > CA_PULL_OVER_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "they are spread over a second at least, and a year "
                         "at most");
    }
    if (o->from != 0 && (o->from < now || o->from - now > CA_PULL_OVER_MAX)) {
        return ca_refuse(why, BM_E_ARGUMENT, "it begins now or within a year");
    }
    if (o->ends != 0 && (o->ends < (o->from != 0 ? o->from : now) + o->over ||
                         o->ends - now > CA_PULL_ENDS_MAX)) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "it ends when all had their time, or later, and "
                         "within a hundred years");
    }
    return given(o->device) ? check_pattern(o->device, why) : BM_OK;
}

/* Only who sees everything may name everything. */
static bm_status check_whose(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_pull_order *o,
                             struct ca_refusal *why)
{
    struct store_organisation organisation;
    bool above;

    if (o->organisation == 0) {
        return actor->scope.organisation == 0 && actor->scope.ecosystem == 0
                   ? BM_OK
                   : ca_refuse(why, BM_E_CA_FORBIDDEN,
                               "%s does not see all organisations",
                               actor->name);
    }
    return ca_organisation_find(ca->c.store, actor, o->organisation,
                                &organisation, &above, why);
}

/* What an organisation may not use is not there for it. */
static bm_status check_profile(struct ca *ca, const struct ca_pull_order *o,
                               struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_allocation allocation = { .enabled = true };
    struct store_organisation row;

    if (o->organisation != 0) {
        BM_TRY(s->organisation_get(s->self, &ca_everything, o->organisation,
                                   &row));
        BM_TRY(ca_allocation_get(s, &row, o->profile, &allocation));
    }
    return allocation.enabled && ca_profile_find(ca, o->profile, NULL) != NULL
               ? BM_OK
               : ca_refuse(why, BM_E_NOT_FOUND, "profile %s", o->profile);
}

static bm_status check_batch(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_pull_order *o,
                             struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_batch row;
    bm_status rc;

    if (o->batch == 0) {
        return BM_OK;
    }
    rc = s->batch_get(s->self, &actor->scope, o->batch, &row);
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "batch %" PRIu64, o->batch)
                                : rc;
}

static bm_status check_which(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_pull_order *o,
                             struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_ca row;
    bm_status rc;

    if (given(o->ca)) {
        rc = s->ca_get(s->self, &actor->scope, o->ca, &row);
        if (rc != BM_OK) {
            return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "CA %s", o->ca)
                                        : rc;
        }
    }
    BM_TRY(check_batch(ca, actor, o, why));
    return given(o->profile) ? check_profile(ca, o, why) : BM_OK;
}

static bm_status count(void *arg, const void *visited)
{
    (void)visited;
    ++*(unsigned *)arg;
    return BM_OK;
}

static bm_status take_id(void *arg, const void *visited)
{
    *(uint64_t *)arg = ((const struct store_cert *)visited)->id;
    return BM_E_END;
}

#define PULL_WORDS (STORE_NAME_MAX + 3 * STORE_VALUE_MAX + 256)

static void add_words(char *text, size_t cap, const char *what,
                      const char *value)
{
    size_t n = strlen(text);

    if (value[0] != '\0') {
        (void)snprintf(text + n, cap - n, "; %s %s", what, value);
    }
}

static const char *state_of(const struct store_pull *row)
{
    return row->cancelled == 0 ? CA_PULL_MADE : "cancelled";
}

/* The record says in words what the row says: docs/ledger.md. The pattern of
 * devices comes last, which may have any characters. */
static void put_words(const struct store_pull *row, char text[PULL_WORDS])
{
    char batch[24] = "";

    if (row->batch != 0) {
        (void)snprintf(batch, sizeof batch, "%" PRIu64, row->batch);
    }
    (void)snprintf(text, PULL_WORDS,
                   "%s; %" PRId64 " to %" PRId64 "; ends %" PRId64
                   "; certificates to %" PRIu64,
                   state_of(row), row->from, row->until, row->ends, row->last);
    add_words(text, PULL_WORDS, "batch", batch);
    add_words(text, PULL_WORDS, "model", row->model);
    add_words(text, PULL_WORDS, "lot", row->lot);
    add_words(text, PULL_WORDS, "firmware", row->firmware);
    add_words(text, PULL_WORDS, "devices", row->device);
}

/* Records of before have less. */
static void put_old_words(const struct store_pull *row, char text[PULL_WORDS])
{
    (void)snprintf(text, PULL_WORDS, "%s; %" PRId64 " to %" PRId64,
                   state_of(row), row->from, row->until);
    add_words(text, PULL_WORDS, "devices", row->device);
}

bool ca_pull_is_said(const struct store_pull *row, struct bm_bytes words)
{
    char text[PULL_WORDS];

    put_words(row, text);
    if (bm_bytes_are(words, text, strlen(text))) {
        return true;
    }
    put_old_words(row, text);
    return row->batch == 0 && row->model[0] == '\0' && row->lot[0] == '\0' &&
           row->firmware[0] == '\0' && bm_bytes_are(words, text, strlen(text));
}

static bm_status put_record(struct ca *ca, const struct ca_actor *actor,
                            const struct store_pull *row, int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_PULL, actor, now);
    char text[PULL_WORDS];

    put_words(row, text);
    record.organisation = row->organisation;
    record.number = row->id;
    record.ca = ca_text(row->ca);
    record.profile = ca_text(row->profile);
    record.text = ca_text(text);
    return ca_put_record(ca, &record, NULL, NULL);
}

/* As it is on record of devices. */
static bm_status fill_value(const char *name, const char *value,
                            char to[STORE_VALUE_MAX], struct ca_refusal *why)
{
    struct store_attribute made;

    if (!given(value)) {
        return BM_OK;
    }
    BM_TRY(ca_attribute_make(ca_text(name), ca_text(value), &made, why));
    memcpy(to, made.value, sizeof made.value);
    return BM_OK;
}

static bm_status fill(const struct ca_actor *actor,
                      const struct ca_pull_order *o, int64_t now,
                      struct store_pull *row, struct ca_refusal *why)
{
    *row = (struct store_pull){ .organisation = o->organisation,
                                .from = o->from != 0 ? o->from : now,
                                .batch = o->batch,
                                .created = now };
    row->until = row->from + o->over;
    row->ends = o->ends != 0 ? o->ends : row->until + CA_PULL_ENDS;
    if (strlen(actor->name) >= sizeof row->creator ||
        (given(o->ca) && strlen(o->ca) >= sizeof row->ca) ||
        (given(o->profile) && strlen(o->profile) >= sizeof row->profile) ||
        (given(o->device) && strlen(o->device) >= sizeof row->device)) {
        return BM_E_ARGUMENT;
    }
    (void)snprintf(row->ca, sizeof row->ca, "%s", given(o->ca) ? o->ca : "");
    (void)snprintf(row->profile, sizeof row->profile, "%s",
                   given(o->profile) ? o->profile : "");
    (void)snprintf(row->device, sizeof row->device, "%s",
                   given(o->device) ? o->device : "");
    (void)snprintf(row->creator, sizeof row->creator, "%s", actor->name);
    BM_TRY(fill_value("model", o->model, row->model, why));
    BM_TRY(fill_value("lot", o->lot, row->lot, why));
    return fill_value("firmware", o->firmware, row->firmware, why);
}

static bm_status put(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_pull_order *o, int64_t now,
                     struct store_pull *row, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    unsigned n = 0;
    const struct store_visit visit = { &n, count };
    const struct store_cert_filter newest = { .newest_first = true };
    const struct store_visit take = { &row->last, take_id };

    BM_TRY(check_whose(ca, actor, o, why));
    BM_TRY(check_which(ca, actor, o, why));
    BM_TRY(s->pull_open(s->self, o->organisation, now, &visit));
    if (n >= CA_PULLS_MAX) {
        return ca_refuse(why, BM_E_LIMIT,
                         "%d are in force: cancel what is done with",
                         CA_PULLS_MAX);
    }
    BM_TRY(fill(actor, o, now, row, why));
    BM_TRY(s->cert_list(s->self, &ca_everything, &newest, &take));
    BM_TRY(s->pull_put(s->self, row));
    return put_record(ca, actor, row, now);
}

bm_status ca_pull(struct ca *ca, const struct ca_actor *actor,
                  const struct ca_pull_order *order, int64_t now,
                  struct store_pull *row, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_RENEWAL_PULL, why));
    BM_TRY(check_order(order, now, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put(ca, actor, order, now, row, why), now, why);
}

static bm_status cancel(struct ca *ca, const struct ca_actor *actor,
                        uint64_t id, int64_t now, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_pull row;
    bm_status rc = s->pull_get(s->self, &actor->scope, id, &row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "pull %" PRIu64, id);
    }
    BM_TRY(rc);
    if (row.cancelled != 0) {
        return ca_refuse(why, BM_E_EXISTS, "pull %" PRIu64 " is cancelled", id);
    }
    if (row.ends <= now) {
        return ca_refuse(why, BM_E_EXISTS, "pull %" PRIu64 " has ended", id);
    }
    row.cancelled = now;
    BM_TRY(s->pull_put(s->self, &row));
    return put_record(ca, actor, &row, now);
}

bm_status ca_pull_cancel(struct ca *ca, const struct ca_actor *actor,
                         uint64_t id, int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_RENEWAL_PULL, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, cancel(ca, actor, id, now, why), now, why);
}
