/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Organisations are what their last records say; and of each profile so many
 * certificates are gone as were recorded as counted.
 */
#include <stdio.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/verify_internal.h"

static const struct store_scope everything = { 0, 0 };

/* Of an organisation: by its number alone. */
#define NO_PROFILE ""

static bool is_counted(const struct ca_record *record)
{
    return record->kind == CA_RECORD_ISSUANCE &&
           bm_bytes_are(record->text, "counted", 7);
}

/* What came from elsewhere, or was given up, is never counted. */
static bool is_of_certificate(const struct ca_record *record)
{
    return record->kind == CA_RECORD_ISSUANCE ||
           record->kind == CA_RECORD_IMPORT ||
           record->kind == CA_RECORD_ABANDONED;
}

static void put_words(struct verify_latest *latest,
                      const struct ca_record *record)
{
    (void)snprintf(latest->text, sizeof latest->text, "%.*s%s%.*s",
                   (int)record->subject.n, (const char *)record->subject.p,
                   record->subject.n != 0 ? ": " : "", (int)record->text.n,
                   (const char *)record->text.p);
}

bm_status verify_note_member(struct verify *v, const struct ca_record *record)
{
    struct verify_latest *latest;
    char profile[STORE_ID_MAX] = NO_PROFILE;
    enum ca_record_kind kind = record->kind == CA_RECORD_ORGANISATION
                                   ? CA_RECORD_ORGANISATION
                                   : CA_RECORD_ALLOCATION;

    if (is_of_certificate(record) && !is_counted(record)) {
        return BM_OK;
    }
    if (record->profile.n >= sizeof profile) {
        return verify_found(v, BM_E_LEDGER_RECORD, "a profile of no such name");
    }
    if (record->profile.n != 0) {
        memcpy(profile, record->profile.p, record->profile.n);
    }
    BM_TRY(verify_get_latest(v, kind, profile, record->organisation, &latest));
    if (is_counted(record)) {
        latest->counted++;
        return BM_OK;
    }
    put_words(latest, record);
    latest->number = record->number;
    latest->recorded = true;
    return BM_OK;
}

static bm_status differs(struct verify *v, bm_status status, const char *what,
                         uint32_t organisation, const char *profile)
{
    return verify_found(v, status, "organisation %u%s%s: %s",
                        (unsigned)organisation, profile[0] != '\0' ? ", " : "",
                        profile, what);
}

/* Those that are open were there before there were records of them. */
static bm_status compare_organisation(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct verify *v = arg;
    struct verify_latest *latest;
    char words[sizeof latest->text];

    BM_TRY(verify_get_latest(v, CA_RECORD_ORGANISATION, NO_PROFILE, row->id,
                             &latest));
    latest->met = true;
    if (!latest->recorded) {
        return row->open && !row->suspended
                   ? BM_OK
                   : differs(v, BM_E_LEDGER_UNRECORDED, "it is not on record",
                             row->id, NO_PROFILE);
    }
    (void)snprintf(words, sizeof words, "%.150s: %s", row->name,
                   ca_organisation_state(row));
    return latest->number == row->ecosystem && strcmp(latest->text, words) == 0
               ? BM_OK
               : differs(v, BM_E_LEDGER_CHANGED, "it is not as recorded",
                         row->id, NO_PROFILE);
}

/* A row that only counts what an open organisation had. */
static bool only_counts(const struct store_allocation *row)
{
    return row->enabled && !row->limited && row->version == 0 &&
           row->quota == 0;
}

static bm_status compare_allocation(void *arg, const void *visited)
{
    const struct store_allocation *row = visited;
    struct verify *v = arg;
    struct verify_latest *latest;
    char words[CA_ALLOCATION_TEXT];

    BM_TRY(verify_get_latest(v, CA_RECORD_ALLOCATION, row->profile,
                             row->organisation, &latest));
    latest->met = true;
    if (latest->counted != row->issued) {
        BM_TRY(differs(v, BM_E_LEDGER_CHANGED,
                       "other certificates counted than are recorded",
                       row->organisation, row->profile));
    }
    if (!latest->recorded) {
        return only_counts(row) ? BM_OK
                                : differs(v, BM_E_LEDGER_UNRECORDED,
                                          "its allocation is not on record",
                                          row->organisation, row->profile);
    }
    ca_allocation_words(row, words);
    return latest->number == row->quota && strcmp(latest->text, words) == 0
               ? BM_OK
               : differs(v, BM_E_LEDGER_CHANGED,
                         "its allocation is not as recorded", row->organisation,
                         row->profile);
}

bm_status verify_compare_members(struct verify *v)
{
    const struct store_visit organisations = { v, compare_organisation };
    const struct store_visit allocations = { v, compare_allocation };
    const struct store *s = v->store;

    BM_TRY(verify_damage(
        v, s->organisation_list(s->self, &everything, &organisations),
        "organisation", ""));
    return verify_damage(v, s->allocation_list(s->self, 0, &allocations),
                         "allocation", "");
}
