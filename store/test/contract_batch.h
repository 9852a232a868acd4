/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_BATCH_H
#define BM_STORE_TEST_CONTRACT_BATCH_H

#include "store/test/contract_delivery.h"

/* Batches, their rows, and their history. */

static inline uint64_t put_batch(struct store *s, uint32_t organisation,
                                 const char *name, enum store_batch_state state)
{
    struct store_batch b = { .organisation = organisation,
                             .state = state,
                             .options = 1,
                             .created = 70,
                             .recipient = BM_LIT("to") };

    NAME(b.name, name);
    NAME(b.profile, "p");
    NAME(b.creator, "operator:first");
    memset(b.upload, 5, sizeof b.upload);
    CHECK_STATUS(s->batch_put(s->self, &b), BM_OK);
    CHECK(b.id != 0);
    return b.id;
}

static inline void put_batch_row(struct store *s, uint64_t batch,
                                 uint32_t number,
                                 enum store_batch_row_state state)
{
    struct store_batch_row row = { .batch = batch,
                                   .number = number,
                                   .state = state,
                                   .csr = BM_LIT("csr"),
                                   .subject = BM_LIT("subject"),
                                   .key = BM_LIT("key") };

    NAME(row.device, "SN-1");
    NAME(row.column, "csr");
    CHECK_STATUS(s->batch_row_put(s->self, &row), BM_OK);
}

static inline bm_status came_batch(void *arg, const void *row)
{
    const struct store_batch *b = row;

    add_word(arg, b->name);
    return BM_OK;
}

/* "2:1:3": number, state, octets of what is kept of it. */
static inline bm_status came_batch_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    char word[32];

    (void)snprintf(word, sizeof word, "%u:%d:%zu", (unsigned)row->number,
                   (int)row->state, row->csr.n + row->key.n);
    add_word(arg, word);
    return BM_OK;
}

static inline void batch_rows_are(struct store *s, uint64_t batch,
                                  uint32_t after, int state, const char *want)
{
    struct came came = { "" };
    struct store_visit visit = { &came, came_batch_row };

    CHECK_STATUS(s->batch_row_list(s->self, batch, after,
                                   (enum store_batch_row_state)state, &visit),
                 BM_OK);
    CHECK(strcmp(came.text, want) == 0);
}

static inline void a_batch_is_kept_and_changes(void)
{
    struct store *s = contract_open("batch", true);
    const struct store_scope all = { 0, 0 };
    const struct store_scope other = { .organisation = 2 };
    struct store_batch b;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    id = put_batch(s, 1, "a", STORE_BATCH_CREATED);
    CHECK_STATUS(s->batch_get(s->self, &other, id, &b), BM_E_NOT_FOUND);
    CHECK_STATUS(s->batch_get(s->self, &all, id, &b), BM_OK);
    CHECK(b.id == id && b.organisation == 1 && b.options == 1 &&
          b.created == 70 && b.upload[31] == 5 &&
          strcmp(b.creator, "operator:first") == 0 &&
          bm_bytes_equal(b.recipient, BM_LIT("to")) && b.signature.n == 0);
    b.state = STORE_BATCH_READY;
    b.issued = 3;
    b.expires = 90;
    b.recipient = BM_LIT("not read");
    CHECK_STATUS(s->batch_put(s->self, &b), BM_OK);
    s->close(s->self);
    s = contract_open("batch", true);
    must_begin(s);
    put_organisations(s);
    id = put_batch(s, 1, "a", STORE_BATCH_READY);
    CHECK_STATUS(s->batch_sign(s->self, id, BM_LIT("signed"), BM_LIT("j")),
                 BM_OK);
    CHECK_STATUS(s->batch_get(s->self, &all, id, &b), BM_OK);
    CHECK(b.issued == 0 && b.state == STORE_BATCH_READY &&
          bm_bytes_equal(b.signature, BM_LIT("signed")) &&
          bm_bytes_equal(b.jws, BM_LIT("j")) &&
          bm_bytes_equal(b.recipient, BM_LIT("to")));
    s->close(s->self);
}

static inline void what_ends_certificates_is_gone_on_with_first(void)
{
    struct store *s = contract_open("batch", true);
    struct came came = { "" };
    struct came opened = { "" };
    struct store_visit visit = { &came, came_batch };
    const struct store_visit open = { &opened, came_batch };
    const struct store_scope one = { .organisation = 1 };
    struct store_batch b;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    CHECK_STATUS(s->batch_open(s->self, &open), BM_OK);
    CHECK(opened.text[0] == '\0');
    (void)put_batch(s, 1, "ready", STORE_BATCH_READY);
    (void)put_batch(s, 1, "created", STORE_BATCH_CREATED);
    (void)put_batch(s, 2, "issuing", STORE_BATCH_ISSUING);
    id = put_batch(s, 1, "revoking", STORE_BATCH_REVOKING);
    CHECK_STATUS(s->batch_open(s->self, &open), BM_OK);
    CHECK(strcmp(opened.text, "revoking created issuing") == 0);
    CHECK_STATUS(s->batch_get(s->self, &one, id, &b), BM_OK);
    b.state = STORE_BATCH_REVOKED;
    b.expires = 50;
    CHECK_STATUS(s->batch_put(s->self, &b), BM_OK);
    opened.text[0] = '\0';
    CHECK_STATUS(s->batch_open(s->self, &open), BM_OK);
    CHECK(strcmp(opened.text, "created issuing") == 0);
    CHECK_STATUS(s->batch_lapsed(s->self, 50, &b), BM_E_NOT_FOUND);
    CHECK_STATUS(s->batch_lapsed(s->self, 51, &b), BM_OK);
    CHECK(b.id == id);
    CHECK_STATUS(
        s->batch_list(s->self, &one, 0, (enum store_batch_state)0, &visit),
        BM_OK);
    CHECK(strcmp(came.text, "ready created revoking") == 0);
    s->close(s->self);
}

static inline uint64_t put_cert_of(struct store *s, uint64_t device)
{
    static const uint8_t serial[] = { 9, 9 };
    struct store_cert cert = { .organisation = 1,
                               .device = device,
                               .status = STORE_CERT_VALID,
                               .not_after = 9,
                               .serial = BM_ARRAY(serial) };

    NAME(cert.ca, "issuing");
    NAME(cert.profile, "ldevid");
    CHECK_STATUS(s->next_cert(s->self, &cert.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &cert), BM_OK);
    return cert.id;
}

static inline void check_has(struct store *s, uint64_t batch, uint64_t device,
                             bool want)
{
    bool yes;

    CHECK_STATUS(s->batch_has_device(s->self, batch, device, &yes), BM_OK);
    CHECK(yes == want);
}

static inline bm_status came_issued(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct came *came = arg;
    size_t n = strlen(came->text);

    snprintf(came->text + n, sizeof came->text - n, "%s%u:%u",
             n == 0 ? "" : " ", (unsigned)row->number, (unsigned)row->cert);
    return BM_OK;
}

static inline void rows_that_follow_one_another_are_issued_at_once(void)
{
    struct store *s = contract_open("batch", true);
    const struct store_scope all = { 0, 0 };
    struct store_batch_issued rows = { .first = 2, .n = 2, .cert = 70 };
    struct came came = { "" };
    struct store_visit visit = { &came, came_issued };
    struct store_batch b;

    must_begin(s);
    put_organisations(s);
    rows.batch = put_batch(s, 1, "a", STORE_BATCH_ISSUING);
    for (uint32_t i = 1; i <= 4; i++) {
        put_batch_row(s, rows.batch, i, STORE_ROW_WAITING);
    }
    CHECK_STATUS(s->batch_issued(s->self, &rows), BM_OK);
    batch_rows_are(s, rows.batch, 0, 0, "1:1:6 2:2:3 3:2:3 4:1:6");
    CHECK_STATUS(s->batch_get(s->self, &all, rows.batch, &b), BM_OK);
    CHECK(b.issued == 2);
    CHECK_STATUS(
        s->batch_row_list(s->self, rows.batch, 0, STORE_ROW_ISSUED, &visit),
        BM_OK);
    CHECK(strcmp(came.text, "2:70 3:71") == 0);
    rows.first = 4;
    rows.n = 0;
    CHECK_STATUS(s->batch_issued(s->self, &rows), BM_E_ARGUMENT);
    rows.n = STORE_BATCH_ROWS_MAX;
    CHECK_STATUS(s->batch_issued(s->self, &rows), BM_E_ARGUMENT);
    rows.batch++;
    rows.n = 1;
    CHECK_STATUS(s->batch_issued(s->self, &rows), BM_E_NOT_FOUND);
    rows.batch--;
    rows.first = 3; /* has been issued */
    rows.n = 2;
    CHECK_STATUS(s->batch_issued(s->self, &rows), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void rows_of_a_batch_are_its_own(void)
{
    struct store *s = contract_open("batch", true);
    struct store_batch_row row = { .state = STORE_ROW_ISSUED };
    uint64_t device;
    uint64_t a;
    uint64_t b;

    must_begin(s);
    put_organisations(s);
    device = put_device(s, 1, "of-a-batch");
    row.cert = put_cert_of(s, device);
    a = put_batch(s, 1, "a", STORE_BATCH_CREATED);
    b = put_batch(s, 1, "b", STORE_BATCH_CREATED);
    put_batch_row(s, a, 1, STORE_ROW_WAITING);
    put_batch_row(s, a, 2, STORE_ROW_SKIPPED);
    put_batch_row(s, a, STORE_BATCH_ROWS_MAX, STORE_ROW_WAITING);
    put_batch_row(s, b, 1, STORE_ROW_WAITING);
    batch_rows_are(s, a, 0, 0, "1:1:6 2:3:6 1048575:1:6");
    batch_rows_are(s, a, 1, STORE_ROW_WAITING, "1048575:1:6");
    row.batch = a;
    row.number = 1;
    CHECK_STATUS(s->batch_row_change(s->self, &row), BM_OK);
    batch_rows_are(s, a, 0, STORE_ROW_ISSUED, "1:2:3");
    check_has(s, a, device, true);
    check_has(s, b, device, false);
    check_has(s, a, device + 1, false);
    check_has(s, a, 0, false);
    CHECK_STATUS(s->batch_forget(s->self, a), BM_OK);
    batch_rows_are(s, a, 0, 0, "1:2:0 2:3:0 1048575:1:0");
    CHECK_STATUS(s->batch_clear(s->self, a, STORE_ROW_WAITING), BM_OK);
    batch_rows_are(s, a, 0, 0, "1:2:0 2:3:0");
    CHECK_STATUS(s->batch_clear(s->self, a, (enum store_batch_row_state)0),
                 BM_OK);
    batch_rows_are(s, a, 0, 0, "");
    batch_rows_are(s, b, 0, 0, "1:1:6");
    row.batch = 0;
    CHECK_STATUS(s->batch_row_put(s->self, &row), BM_E_ARGUMENT);
    row.batch = b;
    CHECK_STATUS(s->batch_row_put(s->self, &row), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline bm_status came_batch_event(void *arg, const void *row)
{
    const struct store_batch_event *e = row;

    add_word(arg, e->text);
    return BM_OK;
}

static inline void the_history_of_a_batch_keeps_its_order(void)
{
    struct store *s = contract_open("batch", true);
    struct came came = { "" };
    struct store_visit visit = { &came, came_batch_event };
    struct store_batch_event e = { .batch = 3,
                                   .at = 7,
                                   .state = STORE_BATCH_ISSUING };

    must_begin(s);
    NAME(e.actor, "operator:first");
    NAME(e.text, "b");
    CHECK_STATUS(s->batch_event_put(s->self, &e), BM_OK);
    NAME(e.text, "a");
    CHECK_STATUS(s->batch_event_put(s->self, &e), BM_OK);
    e.batch = 4;
    CHECK_STATUS(s->batch_event_put(s->self, &e), BM_OK);
    CHECK_STATUS(s->batch_event_list(s->self, 3, &visit), BM_OK);
    CHECK(strcmp(came.text, "b a") == 0);
    s->close(s->self);
}

static inline void a_secret_is_kept_until_it_is_dropped(void)
{
    struct store *s = contract_open("batch", true);
    struct bm_bytes sealed;

    must_begin(s);
    CHECK_STATUS(s->batch_secret_get(s->self, 3, &sealed), BM_E_NOT_FOUND);
    CHECK(sealed.n == 0);
    CHECK_STATUS(s->batch_secret_put(s->self, 3, BM_LIT("sealed")), BM_OK);
    CHECK_STATUS(s->batch_secret_drop(s->self, 4), BM_OK);
    CHECK_STATUS(s->batch_secret_get(s->self, 3, &sealed), BM_OK);
    CHECK(bm_bytes_equal(sealed, BM_LIT("sealed")));
    CHECK_STATUS(s->batch_secret_drop(s->self, 3), BM_OK);
    CHECK_STATUS(s->batch_secret_get(s->self, 3, &sealed), BM_E_NOT_FOUND);
    CHECK_STATUS(s->batch_secret_put(s->self, 3, BM_LIT("again")), BM_OK);
    CHECK_STATUS(s->batch_secret_put(s->self, 3, BM_LIT("twice")),
                 BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void contract_batch(void)
{
    RUN(a_batch_is_kept_and_changes);
    RUN(what_ends_certificates_is_gone_on_with_first);
    RUN(rows_that_follow_one_another_are_issued_at_once);
    RUN(rows_of_a_batch_are_its_own);
    RUN(the_history_of_a_batch_keeps_its_order);
    RUN(a_secret_is_kept_until_it_is_dropped);
}

#endif
