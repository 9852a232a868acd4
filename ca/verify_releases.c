/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releases: each is what was recorded when it was made, and none is there that
 * was not. What is in a release is few rows, so it is looked at with its
 * record; which releases have one is known by their ids, 8 octets each. The
 * record of its policy, if it has one, is the one in front.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/release.h"
#include "ca/verify_internal.h"

static const struct store_scope everything = { 0, 0 };

struct content {
    struct store_item items[CA_RELEASE_ITEMS_MAX];
    size_t n;
};

static bm_status take_item(void *arg, const void *visited)
{
    struct content *c = arg;

    if (c->n == CA_RELEASE_ITEMS_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    c->items[c->n++] = *(const struct store_item *)visited;
    return BM_OK;
}

static bm_status remember(struct verify *v, uint64_t id)
{
    if (v->releases_n == v->releases_cap) {
        size_t cap = v->releases_cap == 0 ? 64 : 2 * v->releases_cap;
        uint64_t *more;

        if (cap > VERIFY_RELEASES_MAX) {
            return BM_E_LIMIT;
        }
        more = realloc(v->releases, cap * sizeof *more);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        v->releases = more;
        v->releases_cap = cap;
    }
    v->releases[v->releases_n++] = id;
    return BM_OK;
}

/* ---- Policies */

static void take_name(struct bm_bytes text, char name[STORE_ID_MAX])
{
    size_t n = text.n < STORE_ID_MAX ? text.n : 0;

    if (n != 0) {
        memcpy(name, text.p, n);
    }
    name[n] = '\0';
}

bm_status verify_note_policy(struct verify *v, const struct ca_record *record)
{
    struct verify_policy *p = &v->policy;

    *p = (struct verify_policy){ .there = true,
                                 .organisation = record->organisation };
    take_name(record->subject, p->release);
    memcpy(p->hash, record->hash.p, sizeof p->hash);
    ca_policy_put_words(record->number, record->text, p->words);
    take_name(record->ca, p->signer_ca);
    memcpy(p->signer, record->serial.p, record->serial.n);
    p->signer_n = record->serial.n;
    return BM_OK;
}

bm_status verify_no_release(struct verify *v)
{
    struct verify_policy *p = &v->policy;

    if (!p->there) {
        return BM_OK;
    }
    p->there = false;
    return verify_found(v, BM_E_LEDGER_MISSING,
                        "a policy of release %s is recorded, and the release "
                        "is not",
                        p->release);
}

/* Releases from before signers were kept have none, and are offered to
 * nobody. */
static bool is_signer(const struct verify_policy *p,
                      const struct store_item *item)
{
    return item->signer_ca[0] == '\0' ||
           (strcmp(p->signer_ca, item->signer_ca) == 0 &&
            p->signer_n == item->signer_n &&
            memcmp(p->signer, item->signer, p->signer_n) == 0);
}

/* The policy of a release, if it has one, is the recorded one. */
static bm_status compare_policy(struct verify *v,
                                const struct store_release *row,
                                const struct content *content)
{
    const struct verify_policy *p = &v->policy;
    const struct store_item *item = NULL;

    for (size_t i = 0; i < content->n; i++) {
        if (content->items[i].kind == STORE_ITEM_POLICY) {
            item = &content->items[i];
        }
    }
    if (item == NULL && !p->there) {
        return BM_OK;
    }
    if (!p->there) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "the policy of release %s is not on record",
                            row->name);
    }
    return item != NULL && p->organisation == row->organisation &&
                   strcmp(p->release, row->name) == 0 &&
                   memcmp(p->hash, item->hash, sizeof p->hash) == 0 &&
                   strcmp(p->words, item->version) == 0 && is_signer(p, item)
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "the policy of release %s is not as it was "
                              "recorded",
                              row->name);
}

/* ---- What is in a release */

static bm_status compare(struct verify *v, const struct store_release *row,
                         struct bm_bytes recorded)
{
    const struct store *s = v->store;
    struct content content = { .n = 0 };
    const struct store_visit visit = { &content, take_item };
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = s->item_list(s->self, row->id, &visit);

    if (rc != BM_OK) {
        return verify_damage(v, rc, "release", row->name);
    }
    BM_TRY(
        ca_release_hash(v->crypto, row->mode, content.items, content.n, hash));
    if (!bm_bytes_are(recorded, hash, STORE_HASH_SIZE)) {
        BM_TRY(verify_found(v, BM_E_LEDGER_CHANGED,
                            "release %s is not as it was recorded", row->name));
    }
    return compare_policy(v, row, &content);
}

static bm_status note_release(struct verify *v, const struct ca_record *record)
{
    const struct store *s = v->store;
    char name[STORE_ID_MAX];
    struct store_release row;
    bm_status rc;

    take_name(record->subject, name);
    rc = s->release_find(s->self, record->organisation, name, &row);
    if (rc == BM_E_NOT_FOUND) {
        return verify_found(v, BM_E_LEDGER_MISSING,
                            "release %s is recorded, but not in the store",
                            name);
    }
    if (rc != BM_OK) {
        return verify_damage(v, rc, "release", name);
    }
    BM_TRY(remember(v, row.id));
    return compare(v, &row, record->hash);
}

bm_status verify_note_release(struct verify *v, const struct ca_record *record)
{
    bm_status rc = note_release(v, record);

    v->policy.there = false;
    return rc;
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static bm_status check_recorded(void *arg, const void *visited)
{
    const struct store_release *row = visited;
    struct verify *v = arg;

    return v->releases_n != 0 && bsearch(&row->id, v->releases, v->releases_n,
                                         sizeof row->id, compare_ids) != NULL
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_UNRECORDED,
                              "release %s is not on record", row->name);
}

bm_status verify_releases(struct verify *v)
{
    const struct store *s = v->store;
    const struct store_visit visit = { v, check_recorded };

    BM_TRY(verify_no_release(v));
    if (v->releases_n != 0) {
        qsort(v->releases, v->releases_n, sizeof v->releases[0], compare_ids);
    }
    return verify_damage(v, s->release_list(s->self, &everything, 0, &visit),
                         "release", "");
}
