/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_DELIVERY_H
#define BM_STORE_TEST_CONTRACT_DELIVERY_H

#include "store/test/contract.h"

/* Releases, assignments, manifests, progress, and what devices say. */

static inline uint64_t put_release(struct store *s, uint32_t organisation,
                                   const char *name)
{
    struct store_release r = { .organisation = organisation,
                               .mode = 2,
                               .created = 77 };

    NAME(r.name, name);
    NAME(r.creator, "operator:first");
    CHECK_STATUS(s->release_put(s->self, &r), BM_OK);
    CHECK(r.id != 0);
    return r.id;
}

static inline uint64_t put_item(struct store *s, uint64_t release,
                                enum store_item_kind kind, uint8_t mark)
{
    struct store_item item = { .release = release, .kind = kind, .size = 1000 };

    memset(item.hash, mark, sizeof item.hash);
    NAME(item.version, "1.2.3+4");
    NAME(item.signer_ca, "operations");
    memset(item.signer, mark, 3);
    item.signer_n = 3;
    CHECK_STATUS(s->item_put(s->self, &item), BM_OK);
    return item.id;
}

static inline uint64_t put_assignment(struct store *s, uint64_t release,
                                      uint32_t organisation, uint64_t device,
                                      uint32_t percent)
{
    struct store_assignment a = { .release = release,
                                  .organisation = organisation,
                                  .device = device,
                                  .percent = percent,
                                  .created = 88 };

    NAME(a.actor, "operator:second");
    CHECK_STATUS(s->assignment_put(s->self, &a), BM_OK);
    CHECK(a.id != 0 && a.number != 0 && a.percent == percent);
    return a.id;
}

/* The names, or numbers, that a walk came by: "a b". */
struct came {
    char text[128];
};

static inline void add_word(struct came *came, const char *word)
{
    size_t n = strlen(came->text);

    (void)snprintf(came->text + n, sizeof came->text - n, "%s%s",
                   n != 0 ? " " : "", word);
}

static inline bm_status came_release(void *arg, const void *row)
{
    const struct store_release *r = row;

    add_word(arg, r->name);
    return BM_OK;
}

static inline bm_status came_item(void *arg, const void *row)
{
    const struct store_item *i = row;
    char word[24];

    CHECK(strcmp(i->signer_ca, "operations") == 0 && i->signer_n == 3 &&
          i->signer[2] == i->hash[0]);
    (void)snprintf(word, sizeof word, "%d:%u", (int)i->kind,
                   (unsigned)i->hash[0]);
    add_word(arg, word);
    return BM_OK;
}

static inline bm_status came_assignment(void *arg, const void *row)
{
    const struct store_assignment *a = row;
    char word[24];

    (void)snprintf(word, sizeof word, "%u/%u", (unsigned)a->organisation,
                   (unsigned)a->percent);
    add_word(arg, word);
    return BM_OK;
}

static inline bm_status came_assigned(void *arg, const void *row)
{
    const struct store_assigned *a = row;

    CHECK(a->mode == 2);
    add_word(arg, a->release);
    return BM_OK;
}

static inline void a_release_is_kept_under_its_name(void)
{
    const struct store_scope one = { 0, 1 };
    struct store *s = contract_open("delivery", true);
    struct came came = { "" };
    const struct store_visit visit = { &came, came_release };
    const struct store_visit items = { &came, came_item };
    struct store_release got;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    id = put_release(s, 1, "fw-1");
    (void)put_release(s, 2, "fw-1"); /* another organisation's own */
    (void)put_release(s, 1, "fw-2");
    (void)put_item(s, id, STORE_ITEM_KEYSET, 1);
    (void)put_item(s, id, STORE_ITEM_FIRMWARE, 2);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->release_find(s->self, 1, "fw-1", &got), BM_OK);
    CHECK(got.id == id && got.organisation == 1 && got.mode == 2 &&
          got.created == 77 && strcmp(got.creator, "operator:first") == 0);
    CHECK_STATUS(s->release_find(s->self, 3, "fw-1", &got), BM_E_NOT_FOUND);
    CHECK(got.id == 0);
    CHECK_STATUS(s->release_list(s->self, &ALL, 0, &visit), BM_OK);
    CHECK(strcmp(came.text, "fw-1 fw-1 fw-2") == 0);
    came.text[0] = '\0';
    CHECK_STATUS(s->release_list(s->self, &one, id, &visit), BM_OK);
    CHECK(strcmp(came.text, "fw-2") == 0);
    came.text[0] = '\0';
    CHECK_STATUS(s->item_list(s->self, id, &items), BM_OK);
    CHECK(strcmp(came.text, "2:1 1:2") == 0);
    s->close(s->self);
}

static inline void a_name_and_a_kind_are_there_once(void)
{
    struct store *s = contract_open("delivery", true);
    struct store_release r = { .organisation = 1 };
    struct store_item item = { .kind = STORE_ITEM_FIRMWARE, .size = 1 };

    must_begin(s);
    put_organisations(s);
    (void)put_release(s, 1, "fw-1");
    must_commit(s);
    must_begin(s);
    NAME(r.name, "fw-1");
    CHECK_STATUS(s->release_put(s->self, &r), BM_E_STORE_CONFLICT);
    s->rollback(s->self);
    must_begin(s);
    item.release = put_release(s, 1, "fw-2");
    (void)put_item(s, item.release, STORE_ITEM_FIRMWARE, 1);
    CHECK_STATUS(s->item_put(s->self, &item), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void the_narrower_and_the_later_assignment_comes_first(void)
{
    struct store *s = contract_open("delivery", true);
    struct came came = { "" };
    const struct store_visit visit = { &came, came_assigned };
    uint64_t a;
    uint64_t b;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    a = put_release(s, 1, "a");
    b = put_release(s, 1, "b");
    id = put_assignment(s, a, 0, 0, 100);
    (void)put_assignment(s, b, 0, 0, 100);
    (void)put_assignment(s, put_release(s, 1, "c"), 1, 0, 10);
    (void)put_assignment(s, put_release(s, 1, "d"), 1, 5, 100);
    (void)put_assignment(s, put_release(s, 1, "e"), 2, 0, 100);
    CHECK_STATUS(s->assignment_of_device(s->self, 1, 5, &visit), BM_OK);
    CHECK(strcmp(came.text, "d c b a") == 0);
    /* Again: the same one, and the last by now. */
    CHECK(put_assignment(s, a, 0, 0, 50) == id);
    came.text[0] = '\0';
    CHECK_STATUS(s->assignment_of_device(s->self, 2, 6, &visit), BM_OK);
    CHECK(strcmp(came.text, "e a b") == 0);
    s->close(s->self);
}

static inline void assignments_of_others_are_not_seen(void)
{
    const struct store_scope two = { 0, 2 };
    struct store *s = contract_open("delivery", true);
    struct came came = { "" };
    const struct store_visit visit = { &came, came_assignment };
    uint64_t r;

    must_begin(s);
    put_organisations(s);
    r = put_release(s, 1, "a");
    (void)put_assignment(s, r, 0, 0, 30);
    (void)put_assignment(s, r, 1, 0, 40);
    (void)put_assignment(s, r, 2, 0, 50);
    CHECK_STATUS(s->assignment_list(s->self, &ALL, r, &visit), BM_OK);
    CHECK(strcmp(came.text, "0/30 1/40 2/50") == 0);
    came.text[0] = '\0';
    CHECK_STATUS(s->assignment_list(s->self, &two, r, &visit), BM_OK);
    CHECK(strcmp(came.text, "2/50") == 0);
    s->close(s->self);
}

static inline void a_blob_is_for_those_that_were_assigned_it(void)
{
    struct store *s = contract_open("delivery", true);
    uint8_t hash[STORE_HASH_SIZE];
    uint64_t r;

    memset(hash, 9, sizeof hash);
    must_begin(s);
    put_organisations(s);
    r = put_release(s, 1, "a");
    (void)put_item(s, r, STORE_ITEM_FIRMWARE, 9);
    CHECK_STATUS(s->item_assigned(s->self, 1, hash), BM_E_NOT_FOUND);
    (void)put_assignment(s, r, 1, 5, 100);
    CHECK_STATUS(s->item_assigned(s->self, 1, hash), BM_OK);
    CHECK_STATUS(s->item_assigned(s->self, 2, hash), BM_E_NOT_FOUND);
    (void)put_assignment(s, r, 0, 0, 1);
    CHECK_STATUS(s->item_assigned(s->self, 2, hash), BM_OK);
    (void)put_assignment(s, r, 0, 0, 0); /* for nobody any more */
    CHECK_STATUS(s->item_assigned(s->self, 2, hash), BM_E_NOT_FOUND);
    hash[0] = 8;
    CHECK_STATUS(s->item_assigned(s->self, 1, hash), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void the_last_manifest_of_a_device_is_kept(void)
{
    struct store *s = contract_open("delivery", true);
    struct store_manifest m = { .device = 5,
                                .organisation = 1,
                                .version = 7,
                                .issued = 100,
                                .next_update = 200,
                                .message = text_of("first") };
    struct store_manifest got;

    memset(m.said, 3, sizeof m.said);
    must_begin(s);
    CHECK_STATUS(s->manifest_put(s->self, &m), BM_OK);
    m.version = 8;
    m.message = text_of("second");
    CHECK_STATUS(s->manifest_put(s->self, &m), BM_OK);
    CHECK_STATUS(s->manifest_get(s->self, 5, &got), BM_OK);
    CHECK(got.device == 5 && got.organisation == 1 && got.version == 8 &&
          got.issued == 100 && got.next_update == 200 && got.said[31] == 3 &&
          bm_bytes_equal(got.message, m.message));
    CHECK_STATUS(s->manifest_get(s->self, 6, &got), BM_E_NOT_FOUND);
    CHECK(got.version == 0);
    CHECK_STATUS(s->manifest_forget(s->self), BM_OK);
    CHECK_STATUS(s->manifest_get(s->self, 5, &got), BM_OK);
    CHECK(got.device == 5 && got.version == 0 && got.next_update == 0 &&
          got.message.n == 0);
    s->close(s->self);
}

static inline void steps_add_up_and_are_counted(void)
{
    struct store *s = contract_open("delivery", true);
    struct store_progress p = {
        .assignment = 1, .device = 5, .version = 3, .steps = STORE_STEP_OFFERED
    };
    struct store_progress got;
    uint64_t counts[STORE_STEPS];
    uint8_t hash[STORE_HASH_SIZE];

    memset(hash, 9, sizeof hash);
    must_begin(s);
    put_organisations(s);
    p.item = put_item(s, put_release(s, 1, "a"), STORE_ITEM_FIRMWARE, 9);
    CHECK_STATUS(s->progress_put(s->self, &p), BM_OK);
    p.steps = STORE_STEP_FETCHED | STORE_STEP_REFUSED;
    p.version = 2; /* it does not go down */
    CHECK_STATUS(s->progress_put(s->self, &p), BM_OK);
    CHECK_STATUS(s->progress_find(s->self, 5, hash, &got), BM_OK);
    CHECK(got.kind == STORE_ITEM_FIRMWARE);
    CHECK(got.assignment == 1 && got.item == p.item && got.device == 5 &&
          got.version == 3 && got.steps == (STORE_STEP_OFFERED | p.steps));
    p.device = 6;
    p.steps = STORE_STEP_OFFERED;
    CHECK_STATUS(s->progress_put(s->self, &p), BM_OK);
    CHECK_STATUS(s->progress_count(s->self, 1, p.item, counts), BM_OK);
    CHECK(counts[0] == 2 && counts[1] == 1 && counts[2] == 0 &&
          counts[3] == 0 && counts[4] == 0 && counts[5] == 1);
    CHECK_STATUS(s->progress_count(s->self, 2, p.item, counts), BM_OK);
    CHECK(counts[0] == 0);
    /* Offered again by another assignment: that is what counts then. */
    p.assignment = 2;
    p.version = 9;
    CHECK_STATUS(s->progress_put(s->self, &p), BM_OK);
    CHECK_STATUS(s->progress_find(s->self, 6, hash, &got), BM_OK);
    CHECK(got.assignment == 2);
    CHECK_STATUS(s->progress_find(s->self, 7, hash, &got), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline bm_status count_row(void *arg, const void *row)
{
    const struct store_event *e = row;
    unsigned *n = arg;

    n[e->claimed ? 1 : 0]++;
    return BM_OK;
}

static inline void what_a_device_claims_is_bounded(void)
{
    struct store *s = contract_open("delivery", true);
    struct store_event e = { .organisation = 1, .at = 5, .device = 5 };
    unsigned n[2] = { 0, 0 };
    const struct store_visit visit = { n, count_row };

    must_begin(s);
    put_organisations(s);
    NAME(e.kind, "fork");
    CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    NAME(e.kind, "taken");
    e.claimed = true;
    for (unsigned i = 0; i < STORE_CLAIMED_MAX + 3; i++) {
        CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    }
    CHECK_STATUS(s->event_forget(s->self, 5, &pushed_out), BM_OK);
    CHECK_STATUS(s->event_list(s->self, &ALL, 5, 0, &visit), BM_OK);
    CHECK(n[0] == 1 && n[1] == STORE_CLAIMED_MAX);
    s->close(s->self);
}

static inline void what_a_device_said_last_is_kept(void)
{
    struct store *s = contract_open("delivery", true);
    struct store_heard h = { .device = 5,
                             .organisation = 1,
                             .number = 9,
                             .key = "in PSA",
                             .key_at = 44,
                             .policy = "3 floor 2",
                             .policy_hash = { 7 },
                             .policy_at = 45,
                             .mode = "repair",
                             .mode_at = 46,
                             .missed = 12,
                             .missed_at = 47 };
    struct store_heard got;

    must_begin(s);
    CHECK_STATUS(s->heard_put(s->self, &h), BM_OK);
    h.number = 10;
    CHECK_STATUS(s->heard_put(s->self, &h), BM_OK);
    CHECK_STATUS(s->heard_get(s->self, 5, &got), BM_OK);
    CHECK(got.device == 5 && got.organisation == 1 && got.number == 10 &&
          got.key_at == 44);
    CHECK(strcmp(got.key, "in PSA") == 0);
    CHECK(strcmp(got.policy, "3 floor 2") == 0 && got.policy_hash[0] == 7 &&
          got.policy_at == 45);
    CHECK(strcmp(got.mode, "repair") == 0 && got.mode_at == 46);
    CHECK(got.missed == 12 && got.missed_at == 47);
    CHECK_STATUS(s->heard_get(s->self, 6, &got), BM_E_NOT_FOUND);
    CHECK(got.number == 0);
    s->close(s->self);
}

static inline void contract_delivery(void)
{
    RUN(a_release_is_kept_under_its_name);
    RUN(a_name_and_a_kind_are_there_once);
    RUN(the_narrower_and_the_later_assignment_comes_first);
    RUN(assignments_of_others_are_not_seen);
    RUN(a_blob_is_for_those_that_were_assigned_it);
    RUN(the_last_manifest_of_a_device_is_kept);
    RUN(steps_add_up_and_are_counted);
    RUN(what_a_device_claims_is_bounded);
    RUN(what_a_device_said_last_is_kept);
}

#endif
