/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/batch.h"
#include "tests/authority/world.h"

/* Batches: whose turn it is, what the signer refuses, what lapses. */

static const struct ca_actor second = { .name = "operator:second",
                                        .mode = "api",
                                        .organisation = 1,
                                        .roles = CA_ROLE_REGISTRAR };

#define ROWS_MAX 16

/* A batch of rows PREFIX-1..n, looked at. */
static uint64_t order(struct world *w, const char *profile, const char *prefix,
                      uint32_t n)
{
    static struct request csrs[ROWS_MAX];
    static char names[ROWS_MAX][32];
    struct ca_batch_row rows[ROWS_MAX] = { { .number = 0 } };
    struct ca_batch_order o = { .name = prefix, .profile = profile };
    struct ca_batch_check *check = NULL;
    struct store_batch batch = { .id = 0 };
    uint64_t id;

    memcpy(o.upload, prefix, strlen(prefix));
    must(ca_batch_create(w->ca, &admin, &o, w->now, &id, NULL) == BM_OK,
         "order");
    batch = (struct store_batch){ .id = id,
                                  .organisation = 1,
                                  .state = STORE_BATCH_CREATED };
    (void)snprintf(batch.profile, sizeof batch.profile, "%s", profile);
    (void)snprintf(batch.actor, sizeof batch.actor, "%s", admin.name);
    (void)snprintf(batch.creator, sizeof batch.creator, "%s", admin.name);
    must(ca_batch_check_new(w->ca, &batch, w->now, &check, NULL) == BM_OK,
         "check");
    for (uint32_t i = 0; i < n; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s-%u", prefix, i + 1);
        request_make(&csrs[i], world_key(), names[i], NULL);
        rows[i].number = i + 1;
        rows[i].device =
            (struct bm_bytes){ (const uint8_t *)names[i], strlen(names[i]) };
        rows[i].csr = csrs[i].csr.der;
    }
    must(ca_batch_check_rows(check, rows, n, w->now, NULL) == BM_OK &&
             ca_batch_check_end(check, NULL, w->now, NULL) == BM_OK,
         "rows");
    ca_batch_check_free(check);
    return id;
}

static struct store_batch batch_of(struct world *w, uint64_t id)
{
    const struct store_scope all = { 0, 0 };
    struct store *s = w->faulty.real;
    struct store_batch row;

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->batch_get(s->self, &all, id, &row) == BM_OK,
         "batch");
    s->rollback(s->self);
    row.recipient.p = row.signature.p = row.jws.p = NULL;
    return row;
}

struct rows {
    char text[256];
};

static bm_status see_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct rows *rows = arg;
    size_t n = strlen(rows->text);

    (void)snprintf(rows->text + n, sizeof rows->text - n, "%c",
                   ca_batch_row_name(row->state)[0]);
    return BM_OK;
}

/* States of its rows, by their first letters. */
static bool rows_are(struct world *w, uint64_t id, const char *want)
{
    struct store *s = w->faulty.real;
    struct rows rows = { "" };
    struct store_visit visit = { &rows, see_row };

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->batch_row_list(s->self, id, 0, (enum store_batch_row_state)0,
                               &visit) == BM_OK,
         "rows");
    s->rollback(s->self);
    return strcmp(rows.text, want) == 0;
}

/* Whose turn it is, and its step; 0: nobody's. */
static uint64_t go(struct world *w, struct ca_batch_turns *turns, bm_status *rc)
{
    struct store_batch batch;

    *rc = ca_batch_next(w->ca, turns, w->now, &batch, NULL);
    if (*rc != BM_OK) {
        return 0;
    }
    *rc = ca_batch_step(w->ca, &batch, w->now, NULL);
    if (*rc == BM_OK) {
        ca_batch_went(turns, batch.id);
    } else {
        ca_batch_failed(turns, batch.id, w->now);
    }
    return batch.id;
}

static void go_on(struct world *w)
{
    struct ca_batch_turns turns = { false };
    bm_status rc;

    for (int i = 0; i < 64 && go(w, &turns, &rc) != 0; i++) {
        CHECK_STATUS(rc, BM_OK);
    }
}

static void batches_take_turns(void)
{
    struct world w;
    struct ca_batch_turns turns = { false };
    bm_status rc;
    uint64_t a;
    uint64_t b;

    world_open(&w);
    a = order(&w, LDEVID, "A", 3);
    b = order(&w, LDEVID, "B", 3);
    /* Rows, and then the list, of each. */
    CHECK(go(&w, &turns, &rc) == a && go(&w, &turns, &rc) == b);
    CHECK(go(&w, &turns, &rc) == a && go(&w, &turns, &rc) == b);
    CHECK(go(&w, &turns, &rc) == 0 && rc == BM_E_NOT_FOUND);
    CHECK(batch_of(&w, a).state == STORE_BATCH_READY);
    CHECK(batch_of(&w, b).state == STORE_BATCH_READY);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void one_whose_step_fails_keeps_nobody_from_his_turn(void)
{
    struct world w;
    struct ca_batch_turns turns = { false };
    struct store_batch none;
    bm_status rc;
    uint64_t a;
    uint64_t b;

    world_open(&w);
    a = order(&w, LDEVID, "A", 3);
    b = order(&w, LDEVID, "B", 3);
    faulty_arm(&w.signer.f, 1, BM_E_KEYS_GONE);
    CHECK(go(&w, &turns, &rc) == a && rc == BM_E_KEYS_GONE);
    faulty_disarm(&w.signer.f);
    CHECK(go(&w, &turns, &rc) == b && rc == BM_OK);
    CHECK(go(&w, &turns, &rc) == b && rc == BM_OK);
    CHECK(batch_of(&w, b).state == STORE_BATCH_READY);
    CHECK_STATUS(ca_batch_next(w.ca, &turns, w.now, &none, NULL), BM_E_BUSY);
    w.now += 2;
    CHECK(go(&w, &turns, &rc) == a && rc == BM_OK);
    CHECK(rows_are(&w, a, "iii"));
    world_close(&w);
}

static void a_failure_after_another_is_waited_for_longer(void)
{
    struct ca_batch_turns turns = { false };

    ca_batch_failed(&turns, 7, 100);
    CHECK(turns.failed[0].until == 102);
    ca_batch_failed(&turns, 7, 102);
    CHECK(turns.failed[0].until == 106);
    for (int i = 0; i < 20; i++) {
        ca_batch_failed(&turns, 7, 200);
    }
    CHECK(turns.failed[0].until == 500);
    ca_batch_went(&turns, 7);
    CHECK(turns.failed[0].id == 0 && turns.failed[0].until == 0);
    /* More of them than there is room for: none is lost, one waits less. */
    for (uint64_t id = 1; id <= CA_BATCH_FAILED_MAX + 1; id++) {
        ca_batch_failed(&turns, id, 100 + (int64_t)id);
    }
    CHECK(turns.failed[0].id == CA_BATCH_FAILED_MAX + 1);
}

/* A signer that refuses all that has these octets in it. */
static const char *hated;
static bm_status (*signs)(void *self, const struct ca_signing *group, size_t n,
                          int64_t now, struct ca_refusal *why);

static bool has(struct bm_bytes in, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= in.n; i++) {
        if (memcmp(in.p + i, what, n) == 0) {
            return true;
        }
    }
    return false;
}

static bm_status refuse(void *self, const struct ca_signing *group, size_t n,
                        int64_t now, struct ca_refusal *why)
{
    for (size_t i = 0; i < n; i++) {
        if (has(group[i].tbs, hated)) {
            return ca_refuse(why, BM_E_CA_SIGNER, "hated");
        }
    }
    return signs(self, group, n, now, why);
}

static void begin_to_hate(struct world *w, const char *what)
{
    hated = what;
    if (w->signer.base.certs != refuse) {
        signs = w->signer.base.certs;
        w->signer.base.certs = refuse;
    }
}

static void a_row_that_the_signer_refuses_has_its_refusal_and_no_other(void)
{
    struct world w;
    uint64_t a;
    uint64_t b;

    world_open(&w);
    begin_to_hate(&w, "A-2");
    a = order(&w, LDEVID, "A", 4);
    go_on(&w);
    CHECK(batch_of(&w, a).state == STORE_BATCH_PARTLY);
    CHECK(batch_of(&w, a).refused == 1 && batch_of(&w, a).issued == 3);
    CHECK(rows_are(&w, a, "irii"));
    /* The last. */
    begin_to_hate(&w, "B-2");
    b = order(&w, LDEVID, "B", 2);
    go_on(&w);
    CHECK(batch_of(&w, b).state == STORE_BATCH_PARTLY && rows_are(&w, b, "ir"));
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_signer_that_refuses_all_stops_the_batch_and_no_row_is_lost(void)
{
    struct world w;
    uint64_t id;

    world_open(&w);
    begin_to_hate(&w, "A-");
    id = order(&w, LDEVID, "A", 12);
    go_on(&w);
    CHECK(batch_of(&w, id).state == STORE_BATCH_ABORTED);
    CHECK(batch_of(&w, id).refused == 0);
    CHECK(rows_are(&w, id, "wwwwwwwwwwww"));
    begin_to_hate(&w, "nobody");
    CHECK_STATUS(
        ca_batch_act(w.ca, &admin, id, CA_BATCH_RESUME, "", w.now, NULL),
        BM_OK);
    go_on(&w);
    CHECK(batch_of(&w, id).state == STORE_BATCH_READY);
    CHECK(rows_are(&w, id, "iiiiiiiiiiii"));
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_small_batch_waits_for_a_signer_that_refuses_all_of_it(void)
{
    struct world w;

    world_open(&w);
    for (uint32_t n = 1; n <= 3; n++) {
        char name[] = { (char)('A' + n), '\0' };
        uint64_t id;

        begin_to_hate(&w, name);
        id = order(&w, LDEVID, name, n);
        go_on(&w);
        CHECK(batch_of(&w, id).state == STORE_BATCH_ABORTED);
        CHECK(strstr(batch_of(&w, id).reason, "signer refuses") != NULL);
        CHECK(batch_of(&w, id).refused == 0);
        begin_to_hate(&w, "nobody");
        CHECK_STATUS(
            ca_batch_act(w.ca, &admin, id, CA_BATCH_RESUME, "", w.now, NULL),
            BM_OK);
        go_on(&w);
        CHECK(batch_of(&w, id).state == STORE_BATCH_READY);
        CHECK(batch_of(&w, id).issued == n);
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

static void one_that_nobody_resumes_lapses(void)
{
    struct world w;
    uint64_t a;
    uint64_t b;

    world_open(&w);
    begin_to_hate(&w, "A-");
    a = order(&w, LDEVID, "A", 2);
    go_on(&w);
    CHECK(batch_of(&w, a).expires == w.now + CA_BATCH_KEEP);
    b = order(&w, LDEVID, "A", 2);
    go_on(&w);
    begin_to_hate(&w, "nobody");
    CHECK_STATUS(
        ca_batch_act(w.ca, &admin, b, CA_BATCH_RESUME, "", w.now, NULL), BM_OK);
    CHECK(batch_of(&w, b).expires == 0);
    go_on(&w);
    w.now += CA_BATCH_KEEP + 1;
    go_on(&w);
    go_on(&w);
    CHECK(batch_of(&w, a).state == STORE_BATCH_EXPIRED && rows_are(&w, a, ""));
    CHECK(strcmp(batch_of(&w, a).reason, "nobody resumed it in time") == 0);
    CHECK_STATUS(
        ca_batch_act(w.ca, &admin, a, CA_BATCH_RESUME, "", w.now, NULL),
        BM_E_CA_BATCH);
    CHECK(batch_of(&w, b).state == STORE_BATCH_EXPIRED);
    CHECK(rows_are(&w, b, "ii"));
    world_close(&w);
}

static void one_that_is_aborted_before_its_approval_leaves_no_row(void)
{
    struct world w;
    uint64_t id;

    world_open(&w);
    id = order(&w, WAITS, "A", 2);
    CHECK_STATUS(
        ca_batch_act(w.ca, &admin, id, CA_BATCH_ABORT, "", w.now, NULL), BM_OK);
    CHECK(rows_are(&w, id, "") && batch_of(&w, id).expires == 0);
    CHECK_STATUS(
        ca_batch_act(w.ca, &admin, id, CA_BATCH_RESUME, "", w.now, NULL),
        BM_E_CA_BATCH);
    world_close(&w);
}

static void one_that_nobody_approves_lapses(void)
{
    struct world w;
    uint64_t a;
    uint64_t b;

    world_open(&w);
    a = order(&w, WAITS, "A", 2);
    b = order(&w, WAITS, "B", 2);
    CHECK(batch_of(&w, a).state == STORE_BATCH_AWAITING);
    CHECK_STATUS(
        ca_batch_act(w.ca, &second, b, CA_BATCH_APPROVE, "", w.now, NULL),
        BM_OK);
    CHECK(batch_of(&w, b).expires == 0);
    w.now += CA_BATCH_WAIT;
    go_on(&w);
    CHECK(batch_of(&w, a).state == STORE_BATCH_AWAITING);
    CHECK(batch_of(&w, b).state == STORE_BATCH_READY);
    /* And that one for as long as its profile says. */
    CHECK(batch_of(&w, b).expires == w.now + INT64_C(2) * 24 * 3600);
    w.now++;
    /* Nobody has looked yet, and it is over all the same. */
    CHECK_STATUS(
        ca_batch_act(w.ca, &second, a, CA_BATCH_APPROVE, "", w.now, NULL),
        BM_E_CA_BATCH);
    go_on(&w);
    CHECK(batch_of(&w, a).state == STORE_BATCH_EXPIRED);
    CHECK(strcmp(batch_of(&w, a).reason, "nobody approved it in time") == 0);
    CHECK(rows_are(&w, a, "") && batch_of(&w, b).state == STORE_BATCH_READY);
    world_close(&w);
}

/* ---- Its secret */

/* What was asked to be sealed last, and for which batch. */
static uint8_t asked_for[CA_BATCH_STATEMENT_SIZE];
static bm_status sealer_says;

static bm_status seal(const struct ca_batch_secret *secret,
                      struct bm_bytes batch, struct bm_wr *sealed)
{
    must(batch.n == sizeof asked_for, "a statement");
    memcpy(asked_for, batch.p, batch.n);
    bm_wr_put(sealed, (struct bm_bytes){ secret->with, 4 });
    return sealer_says;
}

static bm_status order_keys(struct world *w, const char *file, uint64_t *id)
{
    const struct ca_batch_secret secret = { .text = "told once",
                                            .seal = seal,
                                            .with = { 's', 'e', 'a', 'l' } };
    struct ca_batch_order o = {
        .name = file, .profile = LDEVID, .keys = BM_KEY_P256, .secret = &secret
    };

    memcpy(o.upload, file, strlen(file));
    return ca_batch_create(w->ca, &admin, &o, w->now, id, NULL);
}

static bool secret_is(struct world *w, uint64_t id, const char *want)
{
    struct store *s = w->faulty.real;
    struct bm_bytes sealed;
    bool is;

    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    is = s->batch_secret_get(s->self, id, &sealed) == BM_OK &&
         bm_bytes_are(sealed, want, strlen(want));
    s->rollback(s->self);
    return is;
}

static void its_secret_is_sealed_for_the_batch_that_it_is(void)
{
    uint8_t statement[CA_BATCH_STATEMENT_SIZE];
    uint8_t other[CA_BATCH_STATEMENT_SIZE];
    struct store_batch row;
    struct world_print before;
    struct world_print after;
    struct world w;
    uint64_t id;

    world_open(&w);
    sealer_says = BM_OK;
    CHECK_STATUS(order_keys(&w, "one", &id), BM_OK);
    CHECK(secret_is(&w, id, "seal"));
    row = batch_of(&w, id);
    ca_batch_statement(&row, statement);
    CHECK(memcmp(asked_for, statement, sizeof statement) == 0);
    /* Another id, organisation or file is another batch. */
    row.id++;
    ca_batch_statement(&row, other);
    CHECK(memcmp(other, statement, sizeof other) != 0);
    row = batch_of(&w, id);
    row.organisation++;
    ca_batch_statement(&row, other);
    CHECK(memcmp(other, statement, sizeof other) != 0);
    row = batch_of(&w, id);
    row.upload[STORE_HASH_SIZE - 1] ^= 1;
    ca_batch_statement(&row, other);
    CHECK(memcmp(other, statement, sizeof other) != 0);
    /* What cannot be sealed is not ordered. */
    before = world_print(&w);
    sealer_says = BM_E_CRYPTO;
    CHECK_STATUS(order_keys(&w, "two", &id), BM_E_CRYPTO);
    after = world_print(&w);
    CHECK(id == 0 && prints_equal(&before, &after));
    CHECK(world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(its_secret_is_sealed_for_the_batch_that_it_is);
    RUN(batches_take_turns);
    RUN(one_whose_step_fails_keeps_nobody_from_his_turn);
    RUN(a_failure_after_another_is_waited_for_longer);
    RUN(a_row_that_the_signer_refuses_has_its_refusal_and_no_other);
    RUN(a_signer_that_refuses_all_stops_the_batch_and_no_row_is_lost);
    RUN(a_small_batch_waits_for_a_signer_that_refuses_all_of_it);
    RUN(one_that_nobody_resumes_lapses);
    RUN(one_that_is_aborted_before_its_approval_leaves_no_row);
    RUN(one_that_nobody_approves_lapses);
    return bm_test_done();
}
