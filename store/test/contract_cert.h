/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_CERT_H
#define BM_STORE_TEST_CONTRACT_CERT_H

#include "store/test/contract.h"

/* Devices, certificates, claims. */

static inline void a_certificate_comes_back_as_it_was_put(void)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;
    struct store_cert got;

    must_begin(s);
    put_organisations(s);
    make_cert(&m, 1);
    m.row.device = put_device(s, 1, "SN-1");
    m.row.status = STORE_CERT_ABANDONED;
    m.row.reason = 9;
    m.row.revoked = -5;
    m.row.renews = 77;
    m.row.renewed_by = 78;
    m.row.superseded = UINT32_MAX;
    m.row.leaf = INT64_MAX;
    put_cert(s, &m);
    CHECK_STATUS(s->cert_get(s->self, &ALL, m.row.id, &got), BM_OK);
    CHECK(same_cert(&got, &m.row));
    must_commit(s);
    s->close(s->self);

    s = contract_open("cert", false);
    must_read(s);
    CHECK_STATUS(s->cert_get(s->self, &ALL, m.row.id, &got), BM_OK);
    CHECK(same_cert(&got, &m.row));
    CHECK_STATUS(s->cert_find(s->self, &ALL, "issuing", m.row.serial, &got),
                 BM_OK);
    CHECK(same_cert(&got, &m.row));
    CHECK_STATUS(s->cert_find(s->self, &ALL, "", m.row.serial, &got), BM_OK);
    CHECK(same_cert(&got, &m.row));
    CHECK_STATUS(s->cert_find(s->self, &ALL, "other", m.row.serial, &got),
                 BM_E_NOT_FOUND);
    CHECK(got.id == 0 && got.serial.p == NULL);
    CHECK_STATUS(s->cert_get(s->self, &ALL, m.row.id + 1, &got),
                 BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void a_serial_exists_once_per_ca(void)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;

    must_begin(s);
    make_cert(&m, 1);
    put_cert(s, &m);
    NAME(m.row.ca, "issuing-2");
    put_cert(s, &m);
    CHECK_STATUS(s->next_cert(s->self, &m.row.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m.row), BM_E_STORE_CONFLICT);
    /* after a failed write there is only one way */
    CHECK_STATUS(s->commit(s->self), BM_E_STORE_CONFLICT);
    must_read(s);
    CHECK_STATUS(s->cert_get(s->self, &ALL, 1, &m.row), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void ids_of_certificates_rise_and_come_in_any_order(void)
{
    struct store *s = contract_open("cert", true);
    struct store_cert_filter filter = { 0 };
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_cert };
    struct made_cert m[5];
    uint64_t device;

    must_begin(s);
    device = put_device(s, 1, "SN-1");
    for (size_t i = 0; i < 5; i++) {
        make_cert(&m[i], i);
        m[i].row.device = device;
        CHECK_STATUS(s->next_cert(s->self, &m[i].row.id), BM_OK);
        CHECK(i == 0 || m[i].row.id > m[i - 1].row.id);
    }
    CHECK_STATUS(s->cert_put(s->self, &m[2].row), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m[4].row), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m[0].row), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m[3].row), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m[1].row), BM_OK);
    must_commit(s);
    must_read(s);
    filter.device = device;
    CHECK_STATUS(s->cert_list(s->self, &ALL, &filter, &visit), BM_OK);
    CHECK(saw(&seen, "1 2 3 4 5"));
    seen.n = 0;
    filter.newest_first = true;
    CHECK_STATUS(s->cert_list(s->self, &ALL, &filter, &visit), BM_OK);
    CHECK(saw(&seen, "5 4 3 2 1"));
    s->close(s->self);
}

static inline void an_id_that_was_not_given_out_is_refused(void)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;

    must_begin(s);
    make_cert(&m, 1);
    m.row.id = 5;
    CHECK_STATUS(s->cert_put(s->self, &m.row), BM_E_ARGUMENT);
    s->rollback(s->self);
    s->close(s->self);
}

/* Certificates 1..12: device A has 1 4 7 10, B the others but 3 6 9 12. */
static inline struct store *twelve(uint64_t *a, uint64_t *b)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;

    must_begin(s);
    put_organisations(s);
    *a = put_device(s, 1, "A");
    *b = put_device(s, 3, "B");
    for (uint64_t i = 1; i <= 12; i++) {
        make_cert(&m, i);
        m.row.device = i % 3 == 1 ? *a : i % 3 == 2 ? *b : 0;
        m.row.organisation = i % 3 == 1 ? 1 : i % 3 == 2 ? 3 : 2;
        if (i % 2 == 0) {
            NAME(m.row.ca, "operations");
            NAME(m.row.profile, "tls-server");
            m.row.status = STORE_CERT_HELD;
            m.row.not_after = 5000 + (int64_t)i;
        }
        put_cert(s, &m);
    }
    must_commit(s);
    return s;
}

static inline void lists_of_certificates_are_filtered(void)
{
    uint64_t a;
    uint64_t b;
    struct store *s = twelve(&a, &b);
    static const uint64_t no_device = 0;
    const struct {
        struct store_scope scope;
        struct store_cert_filter filter;
        const uint64_t *device;
        size_t stop;
        const char *want;
    } rows[] = {
        { { 0, 0 }, { 0 }, &no_device, 0, "1 2 3 4 5 6 7 8 9 10 11 12" },
        { { 0, 0 }, { .after = 9 }, &no_device, 0, "10 11 12" },
        { { 0, 0 }, { .after = 12 }, &no_device, 0, "" },
        { { 0, 0 }, { .newest_first = true }, &no_device, 3, "12 11 10" },
        { { 0, 0 },
          { .after = 4, .newest_first = true },
          &no_device,
          0,
          "3 2 1" },
        { { 0, 0 }, { .ca = "operations" }, &no_device, 2, "2 4" },
        { { 0, 0 }, { .profile = "tls-server" }, &no_device, 2, "2 4" },
        { { 0, 0 }, { .status = STORE_CERT_HELD }, &no_device, 2, "2 4" },
        { { 0, 0 }, { .expires_before = 5004 }, &no_device, 0, "2" },
        { { 1, 0 }, { 0 }, &no_device, 0, "1 3 4 6 7 9 10 12" },
        { { 0, 3 }, { 0 }, &no_device, 0, "2 5 8 11" },
        { { 2, 3 }, { 0 }, &no_device, 0, "2 5 8 11" },
        { { 1, 3 }, { 0 }, &no_device, 0, "" },
        { { 0, 3 }, { .ca = "operations" }, &no_device, 0, "2 8" },
        { { 0, 0 }, { 0 }, &a, 0, "1 4 7 10" },
        { { 0, 0 }, { .after = 4 }, &a, 0, "7 10" },
        { { 0, 0 }, { .after = 7, .newest_first = true }, &a, 0, "4 1" },
        { { 0, 0 }, { .newest_first = true }, &a, 2, "10 7" },
        { { 0, 0 }, { 0 }, &a, 3, "1 4 7" },
        { { 0, 0 }, { .ca = "operations" }, &a, 0, "4 10" },
        { { 0, 0 }, { .profile = "tls-server" }, &a, 0, "4 10" },
        { { 0, 0 }, { .status = STORE_CERT_HELD }, &a, 0, "4 10" },
        { { 0, 0 }, { .expires_before = 5006 }, &a, 0, "4" },
        { { 0, 1 }, { 0 }, &a, 0, "1 4 7 10" },
        { { 0, 2 }, { 0 }, &a, 0, "" },
        { { 1, 0 }, { 0 }, &b, 0, "" },
        { { 2, 0 }, { .newest_first = true }, &b, 0, "11 8 5 2" },
    };

    must_read(s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_cert_filter filter = rows[i].filter;
        struct seen seen = { .stop = rows[i].stop };
        const struct store_visit visit = { &seen, see_cert };

        filter.device = *rows[i].device;
        CHECK_STATUS(s->cert_list(s->self, &rows[i].scope, &filter, &visit),
                     BM_OK);
        if (!saw(&seen, rows[i].want)) {
            printf("# row %d\n", (int)i);
            CHECK(!"the list is right");
        }
    }
    s->close(s->self);
}

static inline void of_a_certificate_only_its_life_changes(void)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;
    struct made_cert other;
    struct store_cert got;

    must_begin(s);
    make_cert(&m, 1);
    put_cert(s, &m);
    make_cert(&other, 2); /* what must not get through */
    other.row.id = m.row.id;
    other.row.status = m.row.status = STORE_CERT_REVOKED;
    other.row.reason = m.row.reason = 4;
    other.row.revoked = m.row.revoked = 12345;
    other.row.renewed_by = m.row.renewed_by = 9;
    other.row.superseded = m.row.superseded = 2;
    CHECK_STATUS(s->cert_change(s->self, &other.row), BM_OK);
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->cert_get(s->self, &ALL, m.row.id, &got), BM_OK);
    CHECK(same_cert(&got, &m.row));
    s->rollback(s->self);

    must_begin(s);
    other.row.id = 99;
    CHECK_STATUS(s->cert_change(s->self, &other.row), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    other.row.id = m.row.id;
    other.row.organisation = 2;
    CHECK_STATUS(s->cert_change(s->self, &other.row), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void a_certificate_needs_the_device_that_it_names(void)
{
    struct store *s = contract_open("cert", true);
    struct made_cert m;

    must_begin(s);
    make_cert(&m, 1);
    m.row.device = put_device(s, 2, "SN-1"); /* of another organisation */
    CHECK_STATUS(s->next_cert(s->self, &m.row.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m.row), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void a_device_is_found_by_its_name(void)
{
    struct store *s = contract_open("device", true);
    struct store_device d;
    uint64_t id;

    must_begin(s);
    id = put_device(s, 1, "SN-1");
    CHECK(put_device(s, 2, "SN-1") != id);
    (void)put_device(s, 1, "");
    CHECK_STATUS(s->device_find(s->self, 1, "SN-1", &d), BM_OK);
    CHECK(d.id == id && d.organisation == 1);
    must_commit(s);
    s->close(s->self);
    s = contract_open("device", false);
    must_read(s);
    CHECK_STATUS(s->device_find(s->self, 1, "SN-1", &d), BM_OK);
    CHECK(d.id == id && d.organisation == 1 && d.created == 7 &&
          d.changed == 8 && d.state == STORE_DEVICE_EXPECTED && d.resume == 0);
    CHECK_STATUS(s->device_find(s->self, 1, "", &d), BM_OK);
    CHECK_STATUS(s->device_find(s->self, 3, "SN-1", &d), BM_E_NOT_FOUND);
    CHECK_STATUS(s->device_find(s->self, 1, "SN-2", &d), BM_E_NOT_FOUND);
    CHECK(d.id == 0);
    s->close(s->self);
}

static inline void a_name_of_a_device_is_taken_once(void)
{
    struct store *s = contract_open("device", true);
    struct store_device d = { .organisation = 1, .state = STORE_DEVICE_BORN };

    must_begin(s);
    (void)put_device(s, 1, "SN-1");
    must_commit(s);
    must_begin(s);
    NAME(d.name, "SN-1");
    CHECK_STATUS(s->device_put(s->self, &d), BM_E_STORE_CONFLICT);
    CHECK(d.id == 0);
    CHECK_STATUS(s->commit(s->self), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void of_a_device_only_its_state_changes(void)
{
    struct store *s = contract_open("device", true);
    struct store_device d = { .organisation = 1,
                              .state = STORE_DEVICE_SUSPENDED,
                              .resume = STORE_DEVICE_ACTIVE,
                              .created = 1,
                              .changed = 99 };
    struct store_device got;

    must_begin(s);
    d.id = put_device(s, 1, "SN-1");
    NAME(d.name, "SN-2");
    CHECK_STATUS(s->device_put(s->self, &d), BM_OK);
    CHECK_STATUS(s->device_get(s->self, &ALL, d.id, &got), BM_OK);
    CHECK(got.state == STORE_DEVICE_SUSPENDED &&
          got.resume == STORE_DEVICE_ACTIVE && got.changed == 99 &&
          got.created == 7 && strcmp(got.name, "SN-1") == 0);
    d.organisation = 2;
    CHECK_STATUS(s->device_put(s->self, &d), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void devices_are_listed_in_pages(void)
{
    struct store *s = contract_open("device", true);
    struct seen seen = { .stop = 2 };
    const struct store_visit visit = { &seen, see_device };
    const struct store_scope two = { 1, 2 };
    const struct store_scope other = { 2, 2 };
    char name[16];

    must_begin(s);
    put_organisations(s);
    for (unsigned i = 1; i <= 9; i++) {
        (void)snprintf(name, sizeof name, "SN-%u", i);
        (void)put_device(s, i % 3 + 1, name);
    }
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->device_list(s->self, &ALL, 0, &visit), BM_OK);
    CHECK(saw(&seen, "1 2"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->device_list(s->self, &ALL, 2, &visit), BM_OK);
    CHECK(saw(&seen, "3 4 5 6 7 8 9"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->device_list(s->self, &two, 1, &visit), BM_OK);
    CHECK(saw(&seen, "4 7"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->device_list(s->self, &other, 0, &visit), BM_OK);
    CHECK(saw(&seen, ""));
    s->close(s->self);
}

static inline void claims_are_listed_newest_first(void)
{
    struct store *s = contract_open("claim", true);
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_ref };
    uint8_t hash[STORE_HASH_SIZE] = { 1, 2, 3 };
    uint8_t other[STORE_HASH_SIZE] = { 1, 2, 3, [15] = 1 };

    must_begin(s);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, hash, 5), BM_OK);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, hash, 7), BM_OK);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, other, 6), BM_OK);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_IDENTIFIER, hash, 8), BM_OK);
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, hash, 9), BM_OK);
    CHECK_STATUS(s->claim_put(s->self, STORE_CLAIM_KEY, hash, 5), BM_OK);
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_KEY, hash, &visit), BM_OK);
    CHECK(saw(&seen, "9 7 5"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_IDENTIFIER, hash, &visit),
                 BM_OK);
    CHECK(saw(&seen, "8"));
    s->rollback(s->self);
    must_read(s);
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_KEY, hash, &visit), BM_OK);
    CHECK(saw(&seen, "7 5"));
    memset(&seen, 0, sizeof seen);
    seen.stop = 1;
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_KEY, hash, &visit), BM_OK);
    CHECK(saw(&seen, "7"));
    memset(&seen, 0, sizeof seen);
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_IDENTIFIER, other, &visit),
                 BM_OK);
    CHECK(saw(&seen, ""));
    s->close(s->self);
}

static inline void contract_cert(void)
{
    RUN(a_certificate_comes_back_as_it_was_put);
    RUN(a_serial_exists_once_per_ca);
    RUN(ids_of_certificates_rise_and_come_in_any_order);
    RUN(an_id_that_was_not_given_out_is_refused);
    RUN(lists_of_certificates_are_filtered);
    RUN(of_a_certificate_only_its_life_changes);
    RUN(a_certificate_needs_the_device_that_it_names);
    RUN(a_device_is_found_by_its_name);
    RUN(a_name_of_a_device_is_taken_once);
    RUN(of_a_device_only_its_state_changes);
    RUN(devices_are_listed_in_pages);
    RUN(claims_are_listed_newest_first);
}

#endif
