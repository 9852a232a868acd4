/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_H
#define BM_STORE_TEST_CONTRACT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "tests/harness/bm_test.h"

/*
 * What every store promises, as tests that know nothing but store.h. A
 * program defines contract_open() and runs contract_*() of the headers beside
 * this one.
 */

/* A handle on the store of this name; `fresh`: an empty one, whatever was
 * there before. NULL when it does not open, which is a failure. */
struct store *contract_open(const char *name, bool fresh);

static const struct store_scope ALL = { 0, 0 };

static inline struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static inline void name_it(char *to, size_t cap, const char *name)
{
    (void)snprintf(to, cap, "%s", name);
}

#define NAME(array, text) name_it((array), sizeof(array), (text))

static inline void must_begin(struct store *s)
{
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
}

static inline void must_read(struct store *s)
{
    CHECK_STATUS(s->begin(s->self, STORE_READ), BM_OK);
}

static inline void must_commit(struct store *s)
{
    CHECK_STATUS(s->commit(s->self), BM_OK);
}

/* Two ecosystems; organisations 1 and 2 in the first one, 3 in the other. */
static inline void put_organisations(struct store *s)
{
    struct store_ecosystem eco = { .created = 100 };
    struct store_organisation org = { .created = 101 };

    NAME(eco.name, "Consortium");
    CHECK_STATUS(s->ecosystem_put(s->self, &eco), BM_OK);
    CHECK(eco.id == 1);
    eco.id = 0;
    CHECK_STATUS(s->ecosystem_put(s->self, &eco), BM_OK);
    CHECK(eco.id == 2);
    for (uint32_t i = 1; i <= 3; i++) {
        org.id = 0;
        org.ecosystem = i == 3 ? 2 : 1;
        (void)snprintf(org.name, sizeof org.name, "Maker %u", (unsigned)i);
        CHECK_STATUS(s->organisation_put(s->self, &org), BM_OK);
        CHECK(org.id == i);
    }
}

/* A device with a name of its own. */
static inline uint64_t put_device(struct store *s, uint32_t organisation,
                                  const char *name)
{
    struct store_device d = { .organisation = organisation,
                              .state = STORE_DEVICE_EXPECTED,
                              .created = 7,
                              .changed = 8 };

    NAME(d.name, name);
    CHECK_STATUS(s->device_put(s->self, &d), BM_OK);
    CHECK(d.id != 0);
    return d.id;
}

/* A row whose every member is different, made from its number. */
struct made_cert {
    struct store_cert row;
    uint8_t serial[16];
    uint8_t der[700];
};

static inline void make_cert(struct made_cert *m, uint64_t n)
{
    struct store_cert *row = &m->row;

    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < 8; i++) {
        m->serial[i] = (uint8_t)(n >> (56 - 8 * i));
    }
    m->serial[0] = 0x01;
    m->serial[15] = (uint8_t)(n * 37);
    for (size_t i = 0; i < sizeof m->der; i++) {
        m->der[i] = (uint8_t)(n + i * 7);
    }
    row->serial = BM_ARRAY(m->serial);
    row->der = BM_ARRAY(m->der);
    row->organisation = 1;
    NAME(row->ca, "issuing");
    NAME(row->profile, "ieee-802.1ar-ldevid");
    row->status = STORE_CERT_VALID;
    row->not_before = 1000 + (int64_t)n;
    row->not_after = INT64_C(253402300799);
    row->issued = 2000 + (int64_t)n;
    memset(row->key, (int)n, sizeof row->key);
    row->tree = 1;
    row->leaf = n;
    row->shard = (uint32_t)n % 65;
    row->version = (uint32_t)n % 7;
}

static inline void put_cert(struct store *s, struct made_cert *m)
{
    CHECK_STATUS(s->next_cert(s->self, &m->row.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &m->row), BM_OK);
}

static inline bool same_cert(const struct store_cert *a,
                             const struct store_cert *b)
{
    return a->id == b->id && bm_bytes_equal(a->serial, b->serial) &&
           a->organisation == b->organisation && strcmp(a->ca, b->ca) == 0 &&
           strcmp(a->profile, b->profile) == 0 && a->device == b->device &&
           a->status == b->status && a->resume == b->resume &&
           a->reason == b->reason && a->not_before == b->not_before &&
           a->not_after == b->not_after && a->issued == b->issued &&
           a->revoked == b->revoked && a->renews == b->renews &&
           a->renewed_by == b->renewed_by && a->superseded == b->superseded &&
           memcmp(a->key, b->key, sizeof a->key) == 0 && a->tree == b->tree &&
           a->leaf == b->leaf && a->shard == b->shard &&
           a->version == b->version && bm_bytes_equal(a->der, b->der);
}

/* A visitor that writes down an id per row. */
struct seen {
    uint64_t id[64];
    size_t n;
    size_t stop; /* after so many rows; 0: never */
};

static inline bm_status see_id(struct seen *seen, uint64_t id)
{
    if (seen->n < sizeof seen->id / sizeof seen->id[0]) {
        seen->id[seen->n] = id;
    }
    seen->n++;
    return seen->stop != 0 && seen->n == seen->stop ? BM_E_END : BM_OK;
}

static inline bm_status see_cert(void *arg, const void *row)
{
    const struct store_cert *c = row;

    return see_id(arg, c->id);
}

static inline bm_status see_device(void *arg, const void *row)
{
    const struct store_device *d = row;

    return see_id(arg, d->id);
}

static inline bm_status see_ref(void *arg, const void *row)
{
    return see_id(arg, *(const uint64_t *)row);
}

static inline bm_status see_organisation(void *arg, const void *row)
{
    const struct store_organisation *o = row;

    return see_id(arg, o->id);
}

static inline bm_status see_event(void *arg, const void *row)
{
    const struct store_event *e = row;

    return see_id(arg, e->id);
}

static inline bm_status see_leaf(void *arg, const void *row)
{
    const struct store_leaf *l = row;

    return see_id(arg, l->index);
}

/* Rows without a number: their organisation. */
static inline bm_status see_ca(void *arg, const void *row)
{
    const struct store_ca *c = row;

    return see_id(arg, c->organisation);
}

static inline bm_status see_operator(void *arg, const void *row)
{
    const struct store_operator *o = row;

    return see_id(arg, o->organisation);
}

static inline bm_status see_token(void *arg, const void *row)
{
    const struct store_token *t = row;

    return see_id(arg, t->organisation);
}

/* "1 2 3": what was seen, to compare with. */
static inline bool saw(const struct seen *seen, const char *want)
{
    char text[400] = "";
    size_t n = 0;

    for (size_t i = 0; i < seen->n && i < 64; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%llu",
                              i == 0 ? "" : " ",
                              (unsigned long long)seen->id[i]);
    }
    if (strcmp(text, want) != 0) {
        printf("# saw \"%s\", want \"%s\"\n", text, want);
        return false;
    }
    return true;
}

/* Events that are gone, and that a destination was not given. */
static uint64_t pushed_out_n;

static inline bm_status count_pushed_out(void *arg, const void *visited)
{
    (void)visited;
    ++*(uint64_t *)arg;
    return BM_OK;
}

static const struct store_visit pushed_out = { &pushed_out_n,
                                               count_pushed_out };

#endif
