/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_TRANSFER_H
#define BM_STORE_TEST_CONTRACT_TRANSFER_H

#include "store/test/contract_cert.h"

/* Devices that change hands. */

static inline uint64_t put_transfer(struct store *s, uint32_t from, uint32_t to,
                                    int64_t expires)
{
    struct store_transfer t = { .organisation = from,
                                .receiver = to,
                                .state = STORE_TRANSFER_OFFERED,
                                .options = 3,
                                .devices = 2,
                                .created = 70,
                                .expires = expires };

    NAME(t.creator, "operator:first");
    NAME(t.words, "as agreed");
    CHECK_STATUS(s->transfer_put(s->self, &t), BM_OK);
    CHECK(t.id != 0);
    return t.id;
}

struct transfers_seen {
    size_t n;
    uint64_t id[8];
};

static inline bm_status see_transfer(void *arg, const void *visited)
{
    const struct store_transfer *row = visited;
    struct transfers_seen *seen = arg;

    CHECK(seen->n < 8);
    seen->id[seen->n++] = row->id;
    return BM_OK;
}

static inline void transfers_are(struct store *s, uint32_t ecosystem,
                                 uint32_t organisation, uint64_t after,
                                 size_t n)
{
    const struct store_scope scope = { ecosystem, organisation };
    struct transfers_seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_transfer };

    CHECK_STATUS(s->transfer_list(s->self, &scope, after, &visit), BM_OK);
    CHECK(seen.n == n);
    for (size_t i = 1; i < seen.n; i++) {
        CHECK(seen.id[i] > seen.id[i - 1]);
    }
}

static inline void a_transfer_is_seen_by_its_sides(void)
{
    struct store *s = contract_open("transfers", true);
    const struct store_scope other = { .ecosystem = 2 };
    const struct store_scope giver = { .organisation = 1 };
    struct store_transfer t;
    uint64_t first;

    must_begin(s);
    put_organisations(s);
    first = put_transfer(s, 1, 2, 90);
    (void)put_transfer(s, 2, 1, 90);
    CHECK_STATUS(s->transfer_get(s->self, &other, first, &t), BM_E_NOT_FOUND);
    CHECK_STATUS(s->transfer_get(s->self, &ALL, first + 9, &t), BM_E_NOT_FOUND);
    transfers_are(s, 0, 0, 0, 2);
    transfers_are(s, 0, 0, first, 1);
    transfers_are(s, 0, 1, 0, 2);
    transfers_are(s, 0, 2, 0, 2);
    transfers_are(s, 1, 0, 0, 2);
    transfers_are(s, 0, 3, 0, 0);
    transfers_are(s, 2, 0, 0, 0);
    must_commit(s);
    s->close(s);

    s = contract_open("transfers", false);
    must_read(s);
    CHECK_STATUS(s->transfer_get(s->self, &giver, first, &t), BM_OK);
    CHECK(t.id == first && t.organisation == 1 && t.receiver == 2 &&
          t.state == STORE_TRANSFER_OFFERED && t.options == 3 &&
          t.devices == 2 && t.created == 70 && t.expires == 90 &&
          t.decided == 0 && strcmp(t.creator, "operator:first") == 0 &&
          t.decider[0] == '\0' && strcmp(t.words, "as agreed") == 0);
    s->rollback(s->self);
    s->close(s);
}

struct many_seen {
    uint64_t last;
    unsigned n;
    unsigned enough;
};

static inline bm_status see_next(void *arg, const void *visited)
{
    const struct store_transfer *row = visited;
    struct many_seen *seen = arg;

    CHECK(row->id > seen->last);
    seen->last = row->id;
    return ++seen->n == seen->enough ? BM_E_END : BM_OK;
}

static inline unsigned count_transfers(struct store *s,
                                       const struct store_scope *scope,
                                       unsigned enough)
{
    struct many_seen seen = { .enough = enough };
    const struct store_visit visit = { &seen, see_next };

    CHECK_STATUS(s->transfer_list(s->self, scope, 0, &visit), BM_OK);
    return seen.n;
}

static inline void of_many_transfers_each_is_listed_once(void)
{
    static const struct {
        struct store_scope scope;
        unsigned n;
    } rows[] = {
        { { 0, 0 }, 300 }, { { 0, 1 }, 200 }, { { 0, 2 }, 200 },
        { { 0, 3 }, 200 }, { { 1, 0 }, 300 }, { { 1, 3 }, 0 },
        { { 1, 1 }, 200 },
    };
    struct store *s = contract_open("transfers", true);

    must_begin(s);
    put_organisations(s);
    for (uint32_t i = 0; i < 300; i++) {
        (void)put_transfer(s, 1 + i % 3, 1 + (i + 1) % 3, 90);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(count_transfers(s, &rows[i].scope, 0) == rows[i].n);
        CHECK(count_transfers(s, &rows[i].scope, 65) ==
              (rows[i].n < 65 ? rows[i].n : 65));
    }
    s->rollback(s->self);
    s->close(s);
}

static inline void of_a_transfer_its_end_is_said(void)
{
    struct store *s = contract_open("transfers", true);
    struct store_transfer t;
    uint32_t n;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    id = put_transfer(s, 1, 2, 90);
    CHECK_STATUS(s->transfer_count(s->self, 1, 89, &n), BM_OK);
    CHECK(n == 1);
    CHECK_STATUS(s->transfer_count(s->self, 2, 89, &n), BM_OK);
    CHECK(n == 0); /* those that it offers */
    CHECK_STATUS(s->transfer_get(s->self, &ALL, id, &t), BM_OK);
    t.state = STORE_TRANSFER_REFUSED;
    t.decided = 80;
    t.devices = 9; /* is not changed, nor is what follows */
    t.expires = 900;
    NAME(t.creator, "operator:x");
    NAME(t.words, "else");
    NAME(t.decider, "operator:second");
    NAME(t.profile, "p");
    NAME(t.reason, "no");
    CHECK_STATUS(s->transfer_put(s->self, &t), BM_OK);
    CHECK_STATUS(s->transfer_get(s->self, &ALL, id, &t), BM_OK);
    CHECK(t.state == STORE_TRANSFER_REFUSED && t.decided == 80 &&
          strcmp(t.decider, "operator:second") == 0 &&
          strcmp(t.profile, "p") == 0 && strcmp(t.reason, "no") == 0);
    CHECK(t.devices == 2 && t.expires == 90 &&
          strcmp(t.creator, "operator:first") == 0 &&
          strcmp(t.words, "as agreed") == 0);
    CHECK_STATUS(s->transfer_count(s->self, 1, 89, &n), BM_OK);
    CHECK(n == 0);
    t.receiver = 3; /* there is none of those two */
    CHECK_STATUS(s->transfer_put(s->self, &t), BM_E_NOT_FOUND);
    s->rollback(s->self);
    s->close(s);
}

static inline void what_lapses_first_is_found_first(void)
{
    struct store *s = contract_open("transfers", true);
    struct store_transfer t;
    uint64_t later;
    uint64_t sooner;
    uint32_t n;

    must_begin(s);
    put_organisations(s);
    later = put_transfer(s, 1, 2, 95);
    sooner = put_transfer(s, 1, 2, 90);
    CHECK_STATUS(s->transfer_lapsed(s->self, 89, &t), BM_E_NOT_FOUND);
    CHECK_STATUS(s->transfer_lapsed(s->self, 95, &t), BM_OK);
    CHECK(t.id == sooner);
    CHECK_STATUS(s->transfer_count(s->self, 1, 90, &n), BM_OK);
    CHECK(n == 1);
    t.state = STORE_TRANSFER_LAPSED;
    CHECK_STATUS(s->transfer_put(s->self, &t), BM_OK);
    CHECK_STATUS(s->transfer_lapsed(s->self, 94, &t), BM_E_NOT_FOUND);
    CHECK_STATUS(s->transfer_lapsed(s->self, 95, &t), BM_OK);
    CHECK(t.id == later);
    s->rollback(s->self);
    s->close(s);
}

/* "1:7:0": place, device, what was received for it. */
static inline bm_status came_transferred(void *arg, const void *visited)
{
    const struct store_transferred *row = visited;
    char *text = arg;
    size_t n = strlen(text);

    (void)snprintf(text + n, 64 - n, "%s%u:%u:%u", n != 0 ? " " : "",
                   (unsigned)row->place, (unsigned)row->device,
                   (unsigned)row->received);
    return BM_OK;
}

static inline void transferred_are(struct store *s, uint64_t transfer,
                                   uint32_t after, const char *want)
{
    char text[64] = "";
    const struct store_visit visit = { text, came_transferred };

    CHECK_STATUS(s->transferred_list(s->self, transfer, after, &visit), BM_OK);
    CHECK(strcmp(text, want) == 0);
}

static inline void a_device_is_on_offer_until_that_ends(void)
{
    struct store *s = contract_open("transfers", true);
    struct store_transferred row = { .place = 2, .device = 7 };
    struct store_transfer t;
    uint64_t other = 0;
    uint64_t id;

    must_begin(s);
    put_organisations(s);
    id = put_transfer(s, 1, 2, 90);
    row.transfer = id;
    CHECK_STATUS(s->transferred_put(s->self, &row), BM_OK);
    row.place = 1;
    row.device = 8;
    CHECK_STATUS(s->transferred_put(s->self, &row), BM_OK);
    transferred_are(s, id, 0, "1:8:0 2:7:0");
    transferred_are(s, id, 1, "2:7:0");
    transferred_are(s, id + 1, 0, "");
    row.received = 9;
    CHECK_STATUS(s->transferred_put(s->self, &row), BM_OK);
    transferred_are(s, id, 0, "1:8:9 2:7:0");
    CHECK_STATUS(s->transfer_of_device(s->self, 7, 89, &other), BM_OK);
    CHECK(other == id);
    CHECK_STATUS(s->transfer_of_device(s->self, 7, 90, &other), BM_E_NOT_FOUND);
    CHECK_STATUS(s->transfer_of_device(s->self, 6, 89, &other), BM_E_NOT_FOUND);
    CHECK_STATUS(s->transfer_get(s->self, &ALL, id, &t), BM_OK);
    t.state = STORE_TRANSFER_WITHDRAWN;
    CHECK_STATUS(s->transfer_put(s->self, &t), BM_OK);
    CHECK_STATUS(s->transfer_of_device(s->self, 7, 89, &other), BM_E_NOT_FOUND);
    s->rollback(s->self);
    s->close(s);
}

static inline bm_status count_line(void *arg, const void *visited)
{
    const struct store_device *row = visited;
    uint64_t *last = arg;

    CHECK(row->id > *last && row->came == row->organisation);
    *last = row->id;
    return BM_OK;
}

static inline void rows_of_one_line_are_found_together(void)
{
    struct store *s = contract_open("transfers", true);
    struct store_device d;
    uint64_t id[3];
    uint64_t last = 0;
    const struct store_visit visit = { &last, count_line };

    must_begin(s);
    put_organisations(s);
    for (uint32_t i = 0; i < 3; i++) {
        id[i] = put_device(s, i + 1, "SN-1");
    }
    CHECK_STATUS(s->device_line(s->self, 0, &visit), BM_OK);
    CHECK(last == 0); /* of none is no line */
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_STATUS(s->device_get(s->self, &ALL, id[i], &d), BM_OK);
        d.line = id[0];
        d.came = i + 1;
        CHECK_STATUS(s->device_put(s->self, &d), BM_OK);
    }
    CHECK_STATUS(s->device_line(s->self, id[0], &visit), BM_OK);
    CHECK(last == id[1]);
    s->rollback(s->self);
    s->close(s);
}

static inline void contract_transfer(void)
{
    RUN(a_transfer_is_seen_by_its_sides);
    RUN(of_many_transfers_each_is_listed_once);
    RUN(of_a_transfer_its_end_is_said);
    RUN(what_lapses_first_is_found_first);
    RUN(a_device_is_on_offer_until_that_ends);
    RUN(rows_of_one_line_are_found_together);
}

#endif
