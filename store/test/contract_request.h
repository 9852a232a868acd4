/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_REQUEST_H
#define BM_STORE_TEST_CONTRACT_REQUEST_H

#include "store/test/contract.h"

/* Tokens, and requests that wait for a decision. */

static inline void make_token(struct store_token *t, uint8_t n, uint32_t org)
{
    memset(t, 0, sizeof *t);
    memset(t->hash, n, sizeof t->hash);
    (void)snprintf(t->id, sizeof t->id, "token-%u", (unsigned)n);
    t->organisation = org;
    NAME(t->profile, "tls-client");
    NAME(t->device, "SN-1");
    t->created = 1;
    t->expires = 2;
}

static inline void tokens_are_found_and_used(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope one = { 0, 1 };
    const struct store_scope two = { 0, 2 };
    struct store_token t;
    struct store_token got;
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_token };

    must_begin(s);
    make_token(&t, 2, 2);
    CHECK_STATUS(s->token_put(s->self, &t), BM_OK);
    make_token(&t, 1, 1);
    CHECK_STATUS(s->token_put(s->self, &t), BM_OK);
    NAME(t.creator, "operator:first");
    CHECK_STATUS(s->token_change(s->self, &t), BM_OK);
    CHECK_STATUS(s->token_find(s->self, t.hash, &got), BM_OK);
    CHECK(got.creator[0] == '\0'); /* who made it never changes */
    memset(t.creator, 0, sizeof t.creator);
    t.used = 3;
    t.revoked = 4;
    t.cert = 5;
    memset(t.key, 6, sizeof t.key);
    CHECK_STATUS(s->token_change(s->self, &t), BM_OK);
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(s->token_find(s->self, t.hash, &got), BM_OK);
    CHECK(memcmp(&got, &t, sizeof t) == 0);
    CHECK_STATUS(s->token_get(s->self, &one, "token-1", &got), BM_OK);
    CHECK(memcmp(&got, &t, sizeof t) == 0);
    CHECK_STATUS(s->token_get(s->self, &two, "token-1", &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->token_list(s->self, &two, NULL, &visit), BM_OK);
    CHECK(saw(&seen, "2"));
    seen.n = 0;
    CHECK_STATUS(s->token_list(s->self, &ALL, NULL, &visit), BM_OK);
    CHECK(saw(&seen, "2 1"));
    seen.n = 0;
    CHECK_STATUS(s->token_list(s->self, &ALL, "token-2", &visit), BM_OK);
    CHECK(saw(&seen, "1"));
    seen.n = 0;
    CHECK_STATUS(s->token_list(s->self, &ALL, "token-1", &visit), BM_OK);
    CHECK(saw(&seen, ""));
    seen.n = 0;
    CHECK_STATUS(s->token_list(s->self, &ALL, "token-7", &visit), BM_OK);
    CHECK(saw(&seen, "2 1"));
    memset(t.hash, 9, sizeof t.hash);
    CHECK_STATUS(s->token_find(s->self, t.hash, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->token_change(s->self, &t), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    make_token(&t, 1, 1);
    CHECK_STATUS(s->token_put(s->self, &t), BM_E_STORE_CONFLICT);
    s->rollback(s->self);
    must_begin(s);
    t.organisation = 2;
    CHECK_STATUS(s->token_change(s->self, &t), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void make_waiting(struct store_request *r, uint8_t key,
                                uint32_t organisation, const char *device)
{
    memset(r, 0, sizeof *r);
    r->organisation = organisation;
    r->state = STORE_REQUEST_PENDING;
    NAME(r->profile, "ldevid");
    NAME(r->device, device);
    memset(r->key, key, sizeof r->key);
    r->by = 2;
    NAME(r->asked, "token:1");
    NAME(r->first, "operator:first");
    r->created = 100 + key;
    r->csr = text_of("request");
}

static inline bm_status see_request(void *arg, const void *row)
{
    const struct store_request *r = row;

    return see_id(arg, r->id);
}

static inline void list_requests(struct store *s,
                                 const struct store_scope *scope,
                                 const struct store_request_filter *filter,
                                 const char *want)
{
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_request };

    CHECK_STATUS(s->request_list(s->self, scope, filter, &visit), BM_OK);
    CHECK(saw(&seen, want));
}

static inline void requests_are_found_by_whom_and_what_for(void)
{
    struct store *s = contract_open("rows", true);
    const struct store_scope two = { 0, 2 };
    struct store_request_filter filter = { .after = 1 };
    struct store_request r;
    struct store_request got;

    must_begin(s);
    for (uint8_t i = 1; i <= 4; i++) {
        make_waiting(&r, i == 4 ? 1 : i, i == 2 ? 2 : 1, "SN-1");
        CHECK_STATUS(s->request_put(s->self, &r), BM_OK);
        CHECK(r.id == i);
    }
    must_commit(s);
    must_begin(s);
    make_waiting(&r, 1, 1, "SN-1");
    got = r;
    CHECK_STATUS(s->request_find(s->self, &got), BM_OK);
    CHECK(got.id == 4 && got.state == STORE_REQUEST_PENDING && got.by == 2 &&
          got.created == 101 && strcmp(got.asked, "token:1") == 0 &&
          strcmp(got.first, "operator:first") == 0 && got.decider[0] == 0 &&
          bm_bytes_equal(got.csr, BM_LIT("request")));
    make_waiting(&got, 1, 1, "SN-2");
    CHECK_STATUS(s->request_find(s->self, &got), BM_E_NOT_FOUND);
    make_waiting(&got, 1, 2, "SN-1");
    CHECK_STATUS(s->request_find(s->self, &got), BM_E_NOT_FOUND);
    make_waiting(&got, 1, 1, "SN-1");
    NAME(got.profile, "idevid");
    CHECK_STATUS(s->request_find(s->self, &got), BM_E_NOT_FOUND);

    r.id = 4;
    r.state = STORE_REQUEST_ISSUED;
    NAME(r.decider, "operator:second");
    r.decided = 77;
    r.cert = 88;
    NAME(r.device, "never changes");
    CHECK_STATUS(s->request_put(s->self, &r), BM_OK);
    CHECK_STATUS(s->request_get(s->self, &ALL, 4, &got), BM_OK);
    CHECK(got.state == STORE_REQUEST_ISSUED && got.decided == 77 &&
          got.cert == 88 && strcmp(got.decider, "operator:second") == 0 &&
          strcmp(got.device, "SN-1") == 0);
    CHECK_STATUS(s->request_get(s->self, &two, 4, &got), BM_E_NOT_FOUND);
    list_requests(s, &ALL, &filter, "2 3 4");
    list_requests(s, &two, &filter, "2");
    filter = (struct store_request_filter){ .state = STORE_REQUEST_ISSUED };
    list_requests(s, &ALL, &filter, "4");
    r.organisation = 2;
    CHECK_STATUS(s->request_put(s->self, &r), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void open_requests_are_counted_up_to_a_bound(void)
{
    struct store *s = contract_open("rows", true);
    struct store_request r;
    uint32_t n = 0;

    must_begin(s);
    for (uint8_t i = 1; i <= 5; i++) {
        make_waiting(&r, i, 1, i < 4 ? "SN-1" : "SN-2");
        CHECK_STATUS(s->request_put(s->self, &r), BM_OK);
    }
    CHECK_STATUS(s->request_count(s->self, 1, NULL, 0, 100, &n), BM_OK);
    CHECK(n == 5);
    CHECK_STATUS(s->request_count(s->self, 1, NULL, 0, 3, &n), BM_OK);
    CHECK(n == 3);
    CHECK_STATUS(s->request_count(s->self, 1, "SN-1", 0, 100, &n), BM_OK);
    CHECK(n == 3);
    CHECK_STATUS(s->request_count(s->self, 1, "SN-1", 101, 100, &n), BM_OK);
    CHECK(n == 2);
    CHECK_STATUS(s->request_count(s->self, 2, NULL, 0, 100, &n), BM_OK);
    CHECK(n == 0);
    r.state = STORE_REQUEST_APPROVED;
    CHECK_STATUS(s->request_put(s->self, &r), BM_OK);
    CHECK_STATUS(s->request_count(s->self, 1, "SN-2", 0, 100, &n), BM_OK);
    CHECK(n == 2);
    r.state = STORE_REQUEST_REJECTED;
    CHECK_STATUS(s->request_put(s->self, &r), BM_OK);
    CHECK_STATUS(s->request_count(s->self, 1, "SN-2", 0, 100, &n), BM_OK);
    CHECK(n == 1);
    s->close(s->self);
}

static inline void a_reply_is_kept_for_one_request(void)
{
    struct store *s = contract_open("rows", true);
    struct store_reply r = { .created = 10 };
    struct store_reply got;
    uint32_t n = 0;

    NAME(r.operator_id, "first");
    memset(r.key, 1, sizeof r.key);
    memset(r.request, 2, sizeof r.request);
    must_begin(s);
    CHECK_STATUS(s->reply_find(s->self, "first", r.key, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->reply_put(s->self, &r), BM_OK);
    r.status = 201;
    r.body = text_of("{}");
    r.created = 99; /* never changes */
    CHECK_STATUS(s->reply_put(s->self, &r), BM_OK);
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(s->reply_find(s->self, "first", r.key, &got), BM_OK);
    CHECK(got.status == 201 && got.created == 10 && got.request[31] == 2 &&
          bm_bytes_equal(got.body, BM_LIT("{}")));
    CHECK_STATUS(s->reply_find(s->self, "second", r.key, &got), BM_E_NOT_FOUND);
    NAME(r.operator_id, "second");
    CHECK_STATUS(s->reply_put(s->self, &r), BM_OK);
    CHECK_STATUS(s->reply_count(s->self, "second", 9, &n), BM_OK);
    CHECK(n == 1);
    CHECK_STATUS(s->reply_purge(s->self, 10), BM_OK);
    CHECK_STATUS(s->reply_find(s->self, "first", r.key, &got), BM_OK);
    CHECK_STATUS(s->reply_purge(s->self, 11), BM_OK);
    CHECK_STATUS(s->reply_find(s->self, "first", r.key, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->reply_count(s->self, "second", 9, &n), BM_OK);
    CHECK(n == 1);
    memset(r.request, 3, sizeof r.request);
    CHECK_STATUS(s->reply_put(s->self, &r), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void contract_request(void)
{
    RUN(tokens_are_found_and_used);
    RUN(requests_are_found_by_whom_and_what_for);
    RUN(open_requests_are_counted_up_to_a_bound);
    RUN(a_reply_is_kept_for_one_request);
}

#endif
