/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_ROWS_H
#define BM_STORE_TEST_CONTRACT_ROWS_H

#include "store/test/contract.h"

/* Everything but devices, certificates and claims. */

static inline void a_setting_is_kept_and_replaced(void)
{
    struct store *s = contract_open("rows", true);
    struct bm_bytes v;

    must_begin(s);
    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_E_NOT_FOUND);
    CHECK_STATUS(s->setting_put(s->self, "a", BM_LIT("one")), BM_OK);
    CHECK_STATUS(s->setting_put(s->self, "a", BM_LIT("two\0three")), BM_OK);
    CHECK_STATUS(s->setting_put(s->self, "b", (struct bm_bytes){ NULL, 0 }),
                 BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->setting_get(s->self, "a", &v), BM_OK);
    CHECK(bm_bytes_equal(v, BM_LIT("two\0three")));
    CHECK_STATUS(s->setting_get(s->self, "b", &v), BM_OK);
    CHECK(v.n == 0);
    s->close(s->self);
}

static inline void organisations_are_listed_in_scope(void)
{
    struct store *s = contract_open("rows", true);
    static const struct {
        struct store_scope scope;
        const char *want;
    } rows[] = {
        { { 0, 0 }, "1 2 3" }, { { 1, 0 }, "1 2" }, { { 0, 2 }, "2" },
        { { 2, 0 }, "3" },     { { 1, 3 }, "" },
    };

    must_begin(s);
    put_organisations(s);
    must_commit(s);
    must_read(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = { .n = 0 };
        const struct store_visit visit = { &seen, see_organisation };

        CHECK_STATUS(s->organisation_list(s->self, &rows[i].scope, &visit),
                     BM_OK);
        CHECK(saw(&seen, rows[i].want));
    }
    s->close(s->self);
}

static inline bm_status see_ecosystem(void *arg, const void *row)
{
    return see_id(arg, ((const struct store_ecosystem *)row)->id);
}

static inline void ecosystems_are_listed_in_scope(void)
{
    struct store *s = contract_open("rows", true);
    static const struct {
        struct store_scope scope;
        const char *want;
    } rows[] = {
        { { 0, 0 }, "1 2" }, { { 1, 0 }, "1" }, { { 0, 2 }, "1" },
        { { 0, 3 }, "2" },   { { 1, 3 }, "" },
    };

    must_begin(s);
    put_organisations(s);
    must_commit(s);
    must_read(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = { .n = 0 };
        const struct store_visit visit = { &seen, see_ecosystem };

        CHECK_STATUS(s->ecosystem_list(s->self, &rows[i].scope, &visit), BM_OK);
        CHECK(saw(&seen, rows[i].want));
    }
    s->close(s->self);
}

static inline void an_organisation_is_changed_in_name_and_state(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope other = { 2, 0 };
    struct store_organisation org;

    must_begin(s);
    put_organisations(s);
    CHECK_STATUS(s->organisation_get(s->self, &ALL, 2, &org), BM_OK);
    CHECK(org.ecosystem == 1 && strcmp(org.name, "Maker 2") == 0 &&
          org.created == 101 && !org.suspended && !org.open);
    NAME(org.name, "Another");
    org.suspended = true;
    org.open = true; /* is for ever what it was */
    CHECK_STATUS(s->organisation_put(s->self, &org), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->organisation_get(s->self, &ALL, 2, &org), BM_OK);
    CHECK(strcmp(org.name, "Another") == 0 && org.suspended && !org.open);
    CHECK_STATUS(s->organisation_get(s->self, &other, 2, &org), BM_E_NOT_FOUND);
    CHECK(org.id == 0);
    CHECK_STATUS(s->organisation_get(s->self, &ALL, 9, &org), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    org = (struct store_organisation){ .ecosystem = 1, .open = true };
    CHECK_STATUS(s->organisation_put(s->self, &org), BM_OK);
    CHECK_STATUS(s->organisation_get(s->self, &ALL, 4, &org), BM_OK);
    CHECK(org.open);
    s->rollback(s->self);
    must_begin(s);
    org = (struct store_organisation){ .id = 2, .ecosystem = 2 };
    CHECK_STATUS(s->organisation_put(s->self, &org), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline bm_status see_allocation(void *arg, const void *row)
{
    const struct store_allocation *a = row;

    return see_id(arg, 10 * a->organisation + a->quota);
}

static inline void an_allocation_is_kept_and_changed(void)
{
    struct store *s = contract_open("rows", true);
    struct store_allocation a = { .organisation = 2,
                                  .profile = "p",
                                  .enabled = true,
                                  .limited = true,
                                  .version = 3,
                                  .quota = UINT64_C(1) << 40,
                                  .issued = UINT32_MAX };
    struct store_allocation got;
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_allocation };

    must_begin(s);
    CHECK_STATUS(s->allocation_get(s->self, 2, "p", &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->allocation_put(s->self, &a), BM_OK);
    CHECK_STATUS(s->allocation_get(s->self, 2, "p", &got), BM_OK);
    CHECK(got.organisation == 2 && strcmp(got.profile, "p") == 0 &&
          got.enabled && got.limited && got.version == 3 &&
          got.quota == UINT64_C(1) << 40 && got.issued == UINT32_MAX);
    CHECK_STATUS(s->allocation_get(s->self, 1, "p", &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->allocation_get(s->self, 2, "q", &got), BM_E_NOT_FOUND);
    a.enabled = false;
    a.limited = false;
    a.version = 0;
    a.quota = 6;
    CHECK_STATUS(s->allocation_put(s->self, &a), BM_OK);
    a.organisation = 1;
    a.quota = 5;
    CHECK_STATUS(s->allocation_put(s->self, &a), BM_OK);
    NAME(a.profile, "a");
    a.quota = 4;
    CHECK_STATUS(s->allocation_put(s->self, &a), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->allocation_get(s->self, 2, "p", &got), BM_OK);
    CHECK(!got.enabled && !got.limited && got.version == 0 && got.quota == 6);
    CHECK_STATUS(s->allocation_list(s->self, 0, &visit), BM_OK);
    CHECK(saw(&seen, "14 15 26"));
    seen.n = 0;
    CHECK_STATUS(s->allocation_list(s->self, 1, &visit), BM_OK);
    CHECK(saw(&seen, "14 15"));
    s->rollback(s->self);
    must_begin(s);
    a.limited = true; /* by less than is gone */
    CHECK_STATUS(s->allocation_put(s->self, &a), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline bm_status see_version(void *arg, const void *row)
{
    const struct store_version *v = row;

    CHECK(v->text.n == 0 && v->hash[0] == v->version);
    return see_id(arg, v->version);
}

static inline void versions_of_a_profile_stay(void)
{
    struct store *s = contract_open("rows", true);
    struct store_version v = { .profile = "p", .created = 5 };
    struct store_version got;
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_version };

    must_begin(s);
    CHECK_STATUS(s->version_get(s->self, "p", 0, &got), BM_E_NOT_FOUND);
    for (uint32_t i = 1; i <= 3; i++) {
        v.version = i;
        v.hash[0] = (uint8_t)i;
        v.text = text_of(i == 2 ? "two" : "other");
        CHECK_STATUS(s->version_put(s->self, &v), BM_OK);
    }
    NAME(v.profile, "q");
    CHECK_STATUS(s->version_put(s->self, &v), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->version_get(s->self, "p", 2, &got), BM_OK);
    CHECK(strcmp(got.profile, "p") == 0 && got.version == 2 &&
          got.created == 5 && bm_bytes_equal(got.text, text_of("two")));
    CHECK_STATUS(s->version_get(s->self, "p", 0, &got), BM_OK);
    CHECK(got.version == 3);
    CHECK_STATUS(s->version_get(s->self, "p", 4, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->version_list(s->self, "p", &visit), BM_OK);
    CHECK(saw(&seen, "1 2 3"));
    s->rollback(s->self);
    must_begin(s);
    CHECK_STATUS(s->version_put(s->self, &v), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void make_ca(struct store_ca *ca, const char *id, uint32_t org)
{
    memset(ca, 0, sizeof *ca);
    NAME(ca->id, id);
    ca->organisation = org;
    ca->kind = STORE_CA_ISSUING;
    ca->status = STORE_CA_ACTIVE;
    NAME(ca->parent, "root");
    ca->cert = text_of("certificate");
    NAME(ca->key_uri, "file:issuing.key");
    ca->ocsp_cert = text_of("responder");
    NAME(ca->ocsp_key_uri, "file:ocsp.key");
    ca->created = 55;
    ca->shards = 64;
}

static inline void a_ca_is_kept_and_changed(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope one = { 0, 1 };
    const struct store_scope two = { 0, 2 };
    struct store_ca ca;
    struct store_ca got;

    must_begin(s);
    make_ca(&ca, "issuing", 1);
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    ca.status = STORE_CA_RETIRED;
    ca.ocsp_cert = (struct bm_bytes){ NULL, 0 };
    ca.shards = 16; /* they only grow */
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->ca_get(s->self, &one, "issuing", &got), BM_OK);
    CHECK(strcmp(got.id, "issuing") == 0 && got.organisation == 1 &&
          got.kind == STORE_CA_ISSUING && got.status == STORE_CA_RETIRED &&
          strcmp(got.parent, "root") == 0 &&
          bm_bytes_equal(got.cert, text_of("certificate")) &&
          got.ocsp_cert.n == 0 && got.created == 55 && got.shards == 64 &&
          strcmp(got.key_uri, "file:issuing.key") == 0 &&
          strcmp(got.ocsp_key_uri, "file:ocsp.key") == 0);
    CHECK_STATUS(s->ca_get(s->self, &two, "issuing", &got), BM_E_NOT_FOUND);
    CHECK(got.id[0] == '\0');
    CHECK_STATUS(s->ca_get(s->self, &ALL, "other", &got), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    ca.organisation = 2; /* a CA does not change hands */
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void cas_of_the_ecosystem_are_seen_by_all(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope one = { 1, 1 };
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_ca };
    struct store_ca ca;

    must_begin(s);
    put_organisations(s);
    make_ca(&ca, "a", 1);
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    make_ca(&ca, "b", 0);
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    make_ca(&ca, "c", 2);
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->ca_list(s->self, &one, &visit), BM_OK);
    CHECK(saw(&seen, "1 0"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->ca_list(s->self, &ALL, &visit), BM_OK);
    CHECK(saw(&seen, "1 0 2"));
    s->close(s->self);
}

static inline void cas_of_an_ecosystem_are_not_there_for_another(void)
{
    struct store *s = contract_open("rows", true);
    static const struct {
        struct store_scope scope;
        bool seen;
    } rows[] = {
        { { 0, 0 }, true },  { { 1, 0 }, true }, { { 2, 0 }, false },
        { { 0, 1 }, true },  { { 0, 2 }, true }, { { 0, 3 }, false },
        { { 1, 3 }, false }, { { 1, 1 }, true },
    };
    struct store_ca ca;

    must_begin(s);
    put_organisations(s);
    make_ca(&ca, "theirs", 0);
    ca.ecosystem = 1;
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_OK);
    must_commit(s);
    must_read(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = { .n = 0 };
        const struct store_visit visit = { &seen, see_ca };

        CHECK_STATUS(s->ca_list(s->self, &rows[i].scope, &visit), BM_OK);
        CHECK(saw(&seen, rows[i].seen ? "0" : ""));
        CHECK_STATUS(s->ca_get(s->self, &rows[i].scope, "theirs", &ca),
                     rows[i].seen ? BM_OK : BM_E_NOT_FOUND);
    }
    s->rollback(s->self);
    must_begin(s);
    make_ca(&ca, "theirs", 0);
    ca.ecosystem = 2; /* nor does it change sides */
    CHECK_STATUS(s->ca_put(s->self, &ca), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void the_last_crl_is_kept(void)
{
    struct store *s = contract_open("rows", true);
    struct store_crl crl = { .number = 7,
                             .this_update = 8,
                             .next_update = 9,
                             .published = 5,
                             .base = 6,
                             .base_update = 4,
                             .base_from = 3,
                             .base_change = 2 };
    struct store_crl got;
    uint64_t number = 1;

    must_begin(s);
    NAME(crl.ca, "issuing");
    CHECK_STATUS(s->crl_get(s->self, "issuing", STORE_LIST_COMPLETE, &got),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(s->crl_put(s->self, &crl), BM_OK);
    crl.number = 8;
    crl.der = text_of("list");
    CHECK_STATUS(s->crl_number(s->self, "issuing", &number), BM_OK);
    CHECK(number == 7);
    CHECK_STATUS(s->crl_put(s->self, &crl), BM_OK);
    crl.list = STORE_LIST_DELTA;
    crl.number = 12;
    crl.der = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(s->crl_put(s->self, &crl), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->crl_number(s->self, "issuing", &number), BM_OK);
    CHECK(number == 12);
    CHECK_STATUS(s->crl_number(s->self, "other", &number), BM_OK);
    CHECK(number == 0);
    CHECK_STATUS(s->crl_get(s->self, "issuing", 1, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->crl_get(s->self, "issuing", STORE_LIST_DELTA, &got), BM_OK);
    CHECK(got.list == STORE_LIST_DELTA && got.number == 12 && got.der.n == 0);
    CHECK_STATUS(s->crl_get(s->self, "issuing", STORE_LIST_COMPLETE, &got),
                 BM_OK);
    CHECK(strcmp(got.ca, "issuing") == 0 && got.number == 8 &&
          got.this_update == 8 && got.next_update == 9 &&
          got.list == STORE_LIST_COMPLETE && got.published == 5 &&
          got.base == 6 && got.base_update == 4 && got.base_from == 3 &&
          got.base_change == 2 && bm_bytes_equal(got.der, text_of("list")));
    s->close(s->self);
}

static inline void put_revocation(struct store *s, const char *ca, uint8_t n)
{
    const uint8_t serial[2] = { n, 1 };
    const struct store_revocation row = { .serial = BM_ARRAY(serial),
                                          .revoked = 100 + n,
                                          .invalid_since = 50 + n,
                                          .expires = 1000 + n,
                                          .reason = n };

    CHECK_STATUS(s->revocation_put(s->self, ca, &row), BM_OK);
}

/* First octets of the serials from here to the end. */
static inline void walk_serials(struct store *s, struct store_revocations *walk,
                                struct seen *seen)
{
    struct store_revocation row;

    memset(seen, 0, sizeof *seen);
    while (s->revocations_next(walk, &row) == BM_OK) {
        CHECK(row.serial.n == 2 && row.revoked == 100 + row.serial.p[0] &&
              row.invalid_since == 50 + row.serial.p[0] &&
              row.expires == 1000 + row.serial.p[0] &&
              row.reason == row.serial.p[0]);
        (void)see_id(seen, row.serial.p[0]);
    }
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_END);
}

/* The complete list's. */
static inline bm_status open_walk(struct store *s, int64_t from,
                                  struct store_revocations **walk)
{
    const struct store_revocations_of of = { .ca = "issuing",
                                             .expires_from = from };

    return s->revocations_open(s->self, &of, walk);
}

static inline void revocations_are_walked_in_order_of_serial(void)
{
    struct store *s = contract_open("rows", true);
    struct store_revocations *walk;
    struct store_revocations *all;
    struct store_revocation row;
    struct seen seen;
    struct bm_bytes v;

    must_begin(s);
    put_revocation(s, "issuing", 9);
    put_revocation(s, "issuing", 3);
    put_revocation(s, "issuing", 200);
    put_revocation(s, "other", 4);
    put_revocation(s, "issuing", 5);
    put_revocation(s, "issuing", 3);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(open_walk(s, 1005, &walk), BM_OK);
    CHECK_STATUS(open_walk(s, 0, &all), BM_OK);
    walk_serials(s, walk, &seen);
    CHECK(saw(&seen, "5 9 200"));
    for (int pass = 0; pass < 3; pass++) {
        CHECK_STATUS(s->revocations_rewind(walk), BM_OK);
        CHECK_STATUS(s->revocations_next(walk, &row), BM_OK);
        CHECK_STATUS(s->setting_get(s->self, "x", &v), BM_E_NOT_FOUND);
        CHECK_STATUS(s->revocations_next(all, &row), BM_OK);
        walk_serials(s, walk, &seen);
        CHECK(saw(&seen, "9 200"));
    }
    s->revocations_close(all);
    s->revocations_close(walk);
    s->revocations_close(NULL);
    s->close(s->self);
}

static inline void a_walk_ends_with_its_transaction(void)
{
    struct store *s = contract_open("rows", true);
    struct store_revocations *walk;
    struct store_revocations *late;
    struct store_revocation row;
    void (*close_late)(struct store_revocations * walk);

    must_begin(s);
    put_revocation(s, "issuing", 9);
    CHECK_STATUS(open_walk(s, 0, &walk), BM_OK);
    CHECK_STATUS(open_walk(s, 0, &late), BM_OK);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_STORE_STATE);
    CHECK_STATUS(s->revocations_rewind(walk), BM_E_STORE_STATE);
    close_late = s->revocations_close;
    s->revocations_close(walk);
    s->close(s->self);
    close_late(late); /* a walk may be closed after its store */
}

static inline void a_hold_is_lifted(void)
{
    struct store *s = contract_open("rows", true);
    struct store_revocations *walk;
    struct seen seen;
    const uint8_t serial[2] = { 9, 1 };

    must_begin(s);
    put_revocation(s, "issuing", 9);
    put_revocation(s, "issuing", 10);
    CHECK_STATUS(s->revocation_remove(s->self, "issuing", BM_ARRAY(serial)),
                 BM_OK);
    CHECK_STATUS(open_walk(s, 0, &walk), BM_OK);
    walk_serials(s, walk, &seen);
    CHECK(saw(&seen, "10"));
    s->revocations_close(walk);
    CHECK_STATUS(s->revocation_remove(s->self, "issuing", BM_ARRAY(serial)),
                 BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void operators_are_found_by_certificate(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope two = { 0, 2 };
    const struct store_scope three = { 0, 3 };
    struct store_operator op = { .organisation = 1, .roles = 5, .created = 6 };
    struct store_operator got;
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_operator };

    must_begin(s);
    NAME(op.id, "first");
    memset(op.cert, 1, sizeof op.cert);
    CHECK_STATUS(s->operator_put(s->self, &op), BM_OK);
    op.disabled = true;
    op.roles = UINT32_MAX;
    memset(op.cert, 2, sizeof op.cert);
    memset(op.next, 9, sizeof op.next);
    op.scope = (struct store_scope){ 7, 8 };
    op.cert_id = 10;
    CHECK_STATUS(s->operator_put(s->self, &op), BM_OK);
    NAME(op.id, "second");
    op.organisation = 2;
    memset(op.next, 0, sizeof op.next);
    memset(op.cert, 3, sizeof op.cert);
    CHECK_STATUS(s->operator_put(s->self, &op), BM_OK);
    must_commit(s);
    must_begin(s);
    memset(op.cert, 2, sizeof op.cert);
    CHECK_STATUS(s->operator_find(s->self, op.cert, &got), BM_OK);
    CHECK(strcmp(got.id, "first") == 0 && got.organisation == 1 &&
          got.roles == UINT32_MAX && got.disabled && got.created == 6 &&
          got.cert[31] == 2 && got.cert_id == 10 && got.next[0] == 9 &&
          got.next[31] == 9 && got.scope.ecosystem == 7 &&
          got.scope.organisation == 8);
    memset(op.cert, 9, sizeof op.cert);
    CHECK_STATUS(s->operator_find(s->self, op.cert, &got), BM_OK);
    CHECK(strcmp(got.id, "first") == 0);
    CHECK_STATUS(s->operator_get(s->self, &two, "second", &got), BM_OK);
    CHECK(got.organisation == 2 && got.cert[0] == 3);
    CHECK_STATUS(s->operator_get(s->self, &three, "second", &got),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(s->operator_get(s->self, &ALL, "third", &got), BM_E_NOT_FOUND);
    memset(op.cert, 1, sizeof op.cert);
    CHECK_STATUS(s->operator_find(s->self, op.cert, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->operator_list(s->self, &two, &visit), BM_OK);
    CHECK(saw(&seen, "2"));
    seen.n = 0;
    CHECK_STATUS(s->operator_list(s->self, &ALL, &visit), BM_OK);
    CHECK(saw(&seen, "1 2"));
    /* one certificate is one operator */
    memset(op.cert, 2, sizeof op.cert);
    CHECK_STATUS(s->operator_put(s->self, &op), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void events_are_listed_newest_first(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope two = { 0, 2 };
    struct store_event e = { .at = 11 };
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_event };

    must_begin(s);
    NAME(e.kind, "fork");
    NAME(e.text, "twice");
    for (uint32_t i = 1; i <= 6; i++) {
        e.organisation = i % 2 + 1;
        e.device = i % 3;
        CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
        CHECK(e.id == i);
    }
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->event_list(s->self, &ALL, 0, 0, &visit), BM_OK);
    CHECK(saw(&seen, "6 5 4 3 2 1"));
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &two, 0, 0, &visit), BM_OK);
    CHECK(saw(&seen, "5 3 1"));
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &ALL, 1, 0, &visit), BM_OK);
    CHECK(saw(&seen, "4 1"));
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &two, 1, 0, &visit), BM_OK);
    CHECK(saw(&seen, "1"));
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &ALL, 0, 4, &visit), BM_OK);
    CHECK(saw(&seen, "3 2 1"));
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &ALL, 1, 4, &visit), BM_OK);
    CHECK(saw(&seen, "1"));
    s->close(s->self);
}

static inline void put_leaf(struct store *s, uint32_t tree, uint64_t index,
                            bm_status want)
{
    struct store_leaf leaf = { .tree = tree,
                               .index = index,
                               .organisation = 3,
                               .record = BM_LIT("record") };

    memset(leaf.salt, (int)index, sizeof leaf.salt);
    CHECK_STATUS(s->leaf_put(s->self, &leaf), want);
}

static inline void leaves_are_kept_per_tree(void)
{
    struct store *s = contract_open("rows", true);
    struct store_leaf got;
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_leaf };

    must_begin(s);
    for (uint64_t i = 0; i < 5; i++) {
        put_leaf(s, 1, i, BM_OK);
        put_leaf(s, 2, i, BM_OK);
    }
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(s->leaf_get(s->self, 2, 3, &got), BM_OK);
    CHECK(got.tree == 2 && got.index == 3 && got.organisation == 3 &&
          got.salt[31] == 3 && bm_bytes_equal(got.record, BM_LIT("record")));
    CHECK_STATUS(s->leaf_get(s->self, 2, 5, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->leaf_get(s->self, 3, 0, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->leaf_list(s->self, 1, 2, &visit), BM_OK);
    CHECK(saw(&seen, "2 3 4"));
    put_leaf(s, 1, 4, BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void tiles_and_heads_are_kept(void)
{
    struct store *s = contract_open("rows", true);
    static uint8_t tile[STORE_TILE_SIZE];
    struct store_head head = {
        .tree = 1, .size = 5, .edge = BM_LIT("edge"), .checkpoint = BM_LIT("")
    };
    struct store_head got;
    struct bm_bytes hashes;

    memset(tile, 0xa5, sizeof tile);
    must_begin(s);
    CHECK_STATUS(s->head_get(s->self, 0, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->tile_put(s->self, 1, 0, 7, BM_ARRAY(tile)), BM_OK);
    CHECK_STATUS(s->tile_put(s->self, 1, 0, 7, BM_ARRAY(tile)), BM_OK);
    CHECK_STATUS(s->head_put(s->self, &head), BM_OK);
    head.size = 6;
    head.checkpoint = BM_LIT("note");
    CHECK_STATUS(s->head_put(s->self, &head), BM_OK);
    head.tree = 2;
    CHECK_STATUS(s->head_put(s->self, &head), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->tile_get(s->self, 1, 0, 7, &hashes), BM_OK);
    CHECK_BYTES(hashes.p, hashes.n, tile, sizeof tile);
    CHECK_STATUS(s->tile_get(s->self, 1, 1, 7, &hashes), BM_E_NOT_FOUND);
    CHECK_STATUS(s->head_get(s->self, 1, &got), BM_OK);
    CHECK(got.tree == 1 && got.size == 6 &&
          bm_bytes_equal(got.edge, BM_LIT("edge")) &&
          bm_bytes_equal(got.checkpoint, BM_LIT("note")));
    CHECK_STATUS(s->head_get(s->self, 0, &got), BM_OK);
    CHECK(got.tree == 2);
    s->close(s->self);
}

static inline void make_attestation(struct store_attestation *a, uint8_t key,
                                    uint64_t device, uint8_t ek)
{
    memset(a, 0, sizeof *a);
    memset(a->key, key, sizeof a->key);
    a->organisation = 3;
    a->device = device;
    a->place = STORE_PLACE_TPM;
    memset(a->ek, ek, sizeof a->ek);
    a->at = 1000 + key;
}

static inline void where_a_key_was_made_is_kept(void)
{
    static const struct {
        uint8_t key;
        uint64_t device;
        uint8_t ek;
    } rows[] = { { 1, 7, 100 }, { 2, 7, 101 }, { 3, 8, 100 }, { 4, 0, 102 } };
    struct store *s = contract_open("rows", true);
    struct store_attestation a;
    struct store_attestation got;

    must_begin(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_attestation(&a, rows[i].key, rows[i].device, rows[i].ek);
        CHECK_STATUS(s->attestation_put(s->self, &a), BM_OK);
    }
    must_commit(s);
    must_read(s);
    make_attestation(&a, 1, 7, 100);
    CHECK_STATUS(s->attestation_get(s->self, a.key, &got), BM_OK);
    CHECK(memcmp(&got, &a, sizeof a) == 0);
    /* the latest */
    CHECK_STATUS(s->attestation_of_device(s->self, 7, &got), BM_OK);
    CHECK(got.key[0] == 2);
    CHECK_STATUS(s->attestation_of_ek(s->self, 3, a.ek, &got), BM_OK);
    CHECK(got.key[0] == 3);
    /* 0 is no device, and none is nobody's */
    CHECK_STATUS(s->attestation_of_device(s->self, 0, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->attestation_of_device(s->self, 9, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->attestation_of_ek(s->self, 2, a.ek, &got), BM_E_NOT_FOUND);
    memset(a.ek, 9, sizeof a.ek);
    CHECK_STATUS(s->attestation_of_ek(s->self, 3, a.ek, &got), BM_E_NOT_FOUND);
    memset(a.key, 9, sizeof a.key);
    CHECK_STATUS(s->attestation_get(s->self, a.key, &got), BM_E_NOT_FOUND);
    CHECK(got.at == 0);
    s->rollback(s->self);
    must_begin(s);
    make_attestation(&a, 1, 8, 101);
    CHECK_STATUS(s->attestation_put(s->self, &a), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

/* That it may be lost with the power is no promise. */
static inline void what_is_durable_soon_is_there_at_once(void)
{
    struct store *s = contract_open("rows", true);
    struct store *other = contract_open("rows", false);
    struct bm_bytes value;

    for (uint8_t i = 0; i < 4; i++) {
        enum store_mode mode = i % 2 == 0 ? STORE_WRITE_SOON : STORE_WRITE;

        CHECK_STATUS(s->begin(s->self, mode), BM_OK);
        CHECK_STATUS(s->setting_put(s->self, "x", (struct bm_bytes){ &i, 1 }),
                     BM_OK);
        must_commit(s);
        must_read(other);
        CHECK_STATUS(other->setting_get(other->self, "x", &value), BM_OK);
        CHECK(value.n == 1 && value.p[0] == i);
        other->rollback(other->self);
    }
    CHECK_STATUS(s->begin(s->self, STORE_WRITE_SOON), BM_OK);
    CHECK_STATUS(s->setting_put(s->self, "x", text_of("y")), BM_OK);
    s->rollback(s->self);
    must_read(s);
    CHECK_STATUS(s->setting_get(s->self, "x", &value), BM_OK);
    CHECK(value.n == 1 && value.p[0] == 3);
    s->close(s->self);
    other->close(other->self);
}

static inline void contract_rows(void)
{
    RUN(what_is_durable_soon_is_there_at_once);
    RUN(a_setting_is_kept_and_replaced);
    RUN(organisations_are_listed_in_scope);
    RUN(a_ca_is_kept_and_changed);
    RUN(cas_of_the_ecosystem_are_seen_by_all);
    RUN(cas_of_an_ecosystem_are_not_there_for_another);
    RUN(ecosystems_are_listed_in_scope);
    RUN(an_organisation_is_changed_in_name_and_state);
    RUN(an_allocation_is_kept_and_changed);
    RUN(versions_of_a_profile_stay);
    RUN(the_last_crl_is_kept);
    RUN(revocations_are_walked_in_order_of_serial);
    RUN(a_walk_ends_with_its_transaction);
    RUN(a_hold_is_lifted);
    RUN(operators_are_found_by_certificate);
    RUN(where_a_key_was_made_is_kept);
    RUN(events_are_listed_newest_first);
    RUN(leaves_are_kept_per_tree);
    RUN(tiles_and_heads_are_kept);
}

#endif
