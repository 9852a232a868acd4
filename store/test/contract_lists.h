/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_LISTS_H
#define BM_STORE_TEST_CONTRACT_LISTS_H

#include "store/test/contract.h"

/* Entries of lists, their shards, and what changed since a list was made. */

/* Serial { n, 7 }, in shard n % 4, of a certificate that expires then. */
static inline void list_entry(struct store *s, const char *ca, uint8_t n,
                              int64_t expires)
{
    const uint8_t serial[2] = { n, 7 };
    const struct store_revocation row = { .serial = BM_ARRAY(serial),
                                          .revoked = 100 + n,
                                          .expires = expires,
                                          .shard = n % 4,
                                          .reason = 1 };

    CHECK_STATUS(s->revocation_put(s->self, ca, &row), BM_OK);
}

static inline void lift_entry(struct store *s, const char *ca, uint8_t n)
{
    const uint8_t serial[2] = { n, 7 };

    CHECK_STATUS(s->revocation_remove(s->self, ca, BM_ARRAY(serial)), BM_OK);
}

/* Writes "1 2 -3": serial numbers, those that are gone with a minus. */
static inline bool walk_says(struct store *s,
                             const struct store_revocations_of *of,
                             const char *want)
{
    struct store_revocations *walk;
    struct store_revocation row;
    char text[400] = "";
    size_t n = 0;

    CHECK_STATUS(s->revocations_open(s->self, of, &walk), BM_OK);
    CHECK_STATUS(s->revocations_rewind(walk), BM_OK);
    while (s->revocations_next(walk, &row) == BM_OK) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%u",
                              n == 0 ? "" : " ", row.gone ? "-" : "",
                              row.serial.p[0]);
        CHECK(row.gone
                  ? row.revoked == 0 && row.shard == 0 && row.reason == 0
                  : row.revoked == 100 + row.serial.p[0] &&
                        row.shard == row.serial.p[0] % 4 && row.reason == 1);
    }
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_END);
    s->revocations_close(walk);
    if (strcmp(text, want) != 0) {
        printf("# walk \"%s\", want \"%s\"\n", text, want);
        return false;
    }
    return true;
}

static inline void each_shard_has_its_own_and_the_whole_list_all(void)
{
    struct store *s = contract_open("rows", true);
    struct store_revocations_of of = { .ca = "issuing" };

    must_begin(s);
    for (uint8_t n = 12; n > 0; n--) {
        list_entry(s, "issuing", n, 1000 + n);
    }
    list_entry(s, "other", 1, 2000);
    must_commit(s);
    must_read(s);
    CHECK(walk_says(s, &of, "1 2 3 4 5 6 7 8 9 10 11 12"));
    of.list = 1;
    CHECK(walk_says(s, &of, "1 5 9"));
    of.expires_from = 1005;
    CHECK(walk_says(s, &of, "5 9"));
    of.list = 3;
    CHECK(walk_says(s, &of, "7 11"));
    of.list = 4;
    CHECK(walk_says(s, &of, ""));
    s->close(s->self);
}

static inline void a_shard_that_cannot_be_is_refused(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_revocation row = { .serial = BM_LIT("\x01"),
                                          .shard = STORE_SHARD_ANY + 1 };

    must_begin(s);
    CHECK_STATUS(s->revocation_put(s->self, "issuing", &row), BM_E_ARGUMENT);
    s->close(s->self);
}

static inline void put_anywhere(struct store *s, uint8_t n)
{
    const uint8_t serial[2] = { n, 7 };
    const struct store_revocation row = { .serial = BM_ARRAY(serial),
                                          .revoked = 100,
                                          .expires = 1000,
                                          .shard = STORE_SHARD_ANY };

    CHECK_STATUS(s->revocation_put(s->self, "issuing", &row), BM_OK);
}

static inline void what_may_be_in_any_shard_is_in_each(void)
{
    static const uint8_t want[] = { 1, 2, 5 };
    struct store *s = contract_open("rows", true);
    struct store_revocations_of of = { .ca = "issuing", .list = 1 };
    struct store_revocations *walk;
    struct store_revocation row;

    must_begin(s);
    list_entry(s, "issuing", 5, 1000);
    list_entry(s, "issuing", 1, 1000);
    put_anywhere(s, 2);
    CHECK_STATUS(s->revocations_open(s->self, &of, &walk), BM_OK);
    for (size_t i = 0; i < sizeof want; i++) {
        CHECK_STATUS(s->revocations_next(walk, &row), BM_OK);
        CHECK(row.serial.p[0] == want[i] &&
              row.shard == (want[i] == 2 ? STORE_SHARD_ANY : 1));
    }
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_END);
    s->revocations_close(walk);
    of.list = 3;
    CHECK_STATUS(s->revocations_open(s->self, &of, &walk), BM_OK);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_OK);
    CHECK(row.serial.p[0] == 2);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_END);
    s->revocations_close(walk);
    s->close(s->self);
}

/*
 * The base has 1, 2, 3 and 5, which expires at 300. Since then: 2 was lifted,
 * 4 put, 6 put and lifted, 3 put again, 5 expired.
 */
static inline void a_delta_has_what_changed_since_its_base(void)
{
    struct store *s = contract_open("rows", true);
    struct store_revocations_of delta = { .ca = "issuing",
                                          .list = STORE_LIST_DELTA,
                                          .base_from = 200,
                                          .expires_from = 200 };

    must_begin(s);
    CHECK_STATUS(s->change_last(s->self, &delta.base_change), BM_OK);
    CHECK(delta.base_change == 0);
    list_entry(s, "issuing", 1, 900);
    list_entry(s, "issuing", 2, 900);
    list_entry(s, "issuing", 3, 900);
    list_entry(s, "issuing", 5, 300);
    CHECK(walk_says(s, &delta, "1 2 3 5"));
    CHECK_STATUS(s->change_last(s->self, &delta.base_change), BM_OK);
    CHECK(walk_says(s, &delta, ""));
    list_entry(s, "other", 7, 900);
    lift_entry(s, "issuing", 2);
    list_entry(s, "issuing", 4, 900);
    list_entry(s, "issuing", 6, 900);
    list_entry(s, "issuing", 3, 900);
    lift_entry(s, "issuing", 6);
    must_commit(s);
    must_read(s);
    CHECK(walk_says(s, &delta, "-2 3 4 -6"));
    delta.expires_from = 301;
    CHECK(walk_says(s, &delta, "-2 3 4 -5 -6"));
    delta.expires_from = 1000; /* all have expired */
    CHECK(walk_says(s, &delta, "-1 -2 -3 -4 -5 -6"));
    s->close(s->self);
}

struct changes {
    size_t n;
    struct store_change row[8];
};

static inline bm_status see_change(void *arg, const void *row)
{
    struct changes *c = arg;

    if (c->n < 8) {
        c->row[c->n++] = *(const struct store_change *)row;
    }
    return BM_OK;
}

/* Which shards have changes that are not forgotten: "1 3". */
static inline bool changes_say(struct store *s, const char *want)
{
    struct changes c = { .n = 0 };
    const struct store_visit visit = { &c, see_change };
    char text[64] = "";
    size_t n = 0;

    CHECK_STATUS(s->change_list(s->self, "issuing", &visit), BM_OK);
    for (size_t i = 0; i < c.n; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u",
                              n == 0 ? "" : " ", (unsigned)c.row[i].shard);
    }
    if (strcmp(text, want) != 0) {
        printf("# changes \"%s\", want \"%s\"\n", text, want);
        return false;
    }
    return true;
}

static inline void put_base(struct store *s, uint32_t list)
{
    struct store_crl row = { .list = list, .number = 1, .base = 1 };

    NAME(row.ca, "issuing");
    CHECK_STATUS(s->change_last(s->self, &row.base_change), BM_OK);
    CHECK_STATUS(s->crl_put(s->self, &row), BM_OK);
    CHECK_STATUS(s->change_forget(s->self, "issuing"), BM_OK);
}

/* By the complete list, by the base of a delta, and by that of the shard. */
static inline void a_change_is_kept_until_all_lists_have_it(void)
{
    struct store *s = contract_open("rows", true);
    struct changes c = { .n = 0 };
    const struct store_visit visit = { &c, see_change };
    uint64_t last;

    must_begin(s);
    CHECK_STATUS(s->change_forget(s->self, "issuing"), BM_OK);
    list_entry(s, "other", 1, 900);
    put_base(s, STORE_LIST_DELTA);
    put_base(s, STORE_LIST_BEFORE);
    put_base(s, 1);
    list_entry(s, "issuing", 1, 900);
    list_entry(s, "issuing", 3, 900);
    CHECK(changes_say(s, "1 3"));
    put_base(s, STORE_LIST_COMPLETE);
    CHECK(changes_say(s, "1 3"));
    put_base(s, STORE_LIST_BEFORE);
    CHECK(changes_say(s, "1 3"));
    put_base(s, STORE_LIST_DELTA);
    CHECK(changes_say(s, "1")); /* shard 3 never had a list: it is due */
    put_base(s, 1);
    CHECK(changes_say(s, ""));
    /* Ids go on rising when nothing is left of them. */
    list_entry(s, "issuing", 5, 900);
    CHECK_STATUS(s->change_last(s->self, &last), BM_OK);
    CHECK(last == 4);
    CHECK_STATUS(s->change_list(s->self, "issuing", &visit), BM_OK);
    CHECK(c.n == 1 && c.row[0].shard == 1 && c.row[0].id == 4);
    s->close(s->self);
}

static inline void a_change_of_any_shard_is_kept_until_each_has_it(void)
{
    struct store *s = contract_open("rows", true);

    must_begin(s);
    put_base(s, 1);
    put_base(s, 3);
    put_anywhere(s, 2);
    put_base(s, STORE_LIST_COMPLETE);
    put_base(s, 1);
    CHECK(changes_say(s, "1025"));
    put_base(s, 3);
    CHECK(changes_say(s, ""));
    s->close(s->self);
}

static inline void contract_lists(void)
{
    RUN(each_shard_has_its_own_and_the_whole_list_all);
    RUN(a_shard_that_cannot_be_is_refused);
    RUN(what_may_be_in_any_shard_is_in_each);
    RUN(a_delta_has_what_changed_since_its_base);
    RUN(a_change_is_kept_until_all_lists_have_it);
    RUN(a_change_of_any_shard_is_kept_until_each_has_it);
}

#endif
