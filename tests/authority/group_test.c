/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/authority/world.h"
#include "tests/harness/test_crypto.h"

/* Many requests in one call: one transaction, and the same results. */

/* A group that is being put together. */
struct group {
    struct ca_issue_request r[CA_GROUP_MAX + 1];
    struct ca_issue_result result[CA_GROUP_MAX + 1];
    struct request csr[CA_GROUP_MAX + 1];
    size_t n;
};

static struct group *group_new(void)
{
    struct group *g = calloc(1, sizeof *g);

    must(g != NULL, "memory");
    return g;
}

static struct ca_issue_request *group_add(struct group *g, const char *profile,
                                          const char *device,
                                          const struct bm_signer *key)
{
    struct ca_issue_request *r = &g->r[g->n];

    request_make(&g->csr[g->n], key, device, NULL);
    *r = (struct ca_issue_request){ .actor = &admin,
                                    .by = CA_BY_OPERATOR,
                                    .profile = profile,
                                    .csr = &g->csr[g->n].csr };
    g->n++;
    return r;
}

static struct ca_issue_request *group_by_cert(struct group *g,
                                              const struct by_cert *b)
{
    struct ca_issue_request *r = group_add(g, b->profile, b->device, b->key);

    r->actor = &est;
    r->by = b->by;
    r->presented = issued_der(b->with);
    return r;
}

static bm_status group_issue(struct world *w, struct group *g)
{
    return ca_issue(w->ca, g->r, g->n, w->now, g->result);
}

static void a_full_group_is_one_transaction(void)
{
    struct world w;
    struct group *g = group_new();
    uint64_t commits;
    unsigned valid;

    world_open(&w);
    for (size_t i = 0; i < CA_GROUP_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%zu", i);
        group_add(g, IDEVID, name, world_key());
    }
    w.now++; /* another second: there will be a checkpoint */
    commits = w.faulty.commits;
    valid = world_count(&w, STORE_CERT_VALID);
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    for (size_t i = 0; i < g->n; i++) {
        CHECK_STATUS(g->result[i].status, BM_OK);
    }
    CHECK(world_count(&w, STORE_CERT_VALID) == valid + CA_GROUP_MAX);
    /* and one for the checkpoint */
    CHECK(w.faulty.commits == commits + 2);
    CHECK(world_sound(&w));
    world_close(&w);
    free(g);
}

static void a_group_has_its_bound(void)
{
    struct world w;
    struct group *g = group_new();
    struct world_print before;
    struct world_print after;

    world_open(&w);
    for (size_t i = 0; i <= CA_GROUP_MAX; i++) {
        group_add(g, IDEVID, "SN-1", bm_test_signer(BM_KEY_P256));
    }
    before = world_print(&w);
    CHECK_STATUS(group_issue(&w, g), BM_E_ARGUMENT);
    g->n = 0;
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    world_close(&w);
    free(g);
}

static void a_refused_request_does_not_spoil_the_others(void)
{
    struct world w;
    struct group *g = group_new();
    uint64_t commits;

    world_open(&w);
    for (size_t i = 0; i < 30; i++) {
        char name[16];
        struct ca_issue_request *r;

        (void)snprintf(name, sizeof name, "SN-%zu", i);
        r = group_add(g, IDEVID, name, world_key());
        if (i % 3 == 1) {
            r->profile = "no-such-profile";
        } else if (i % 3 == 2) {
            r->by = CA_BY_TOKEN;
        }
    }
    w.now++;
    commits = w.faulty.commits;
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    for (size_t i = 0; i < g->n; i++) {
        CHECK_STATUS(g->result[i].status, i % 3 == 0   ? BM_OK
                                          : i % 3 == 1 ? BM_E_NOT_FOUND
                                                       : BM_E_CA_TOKEN);
        CHECK((g->result[i].der.n != 0) == (i % 3 == 0));
        CHECK((g->result[i].why.words[0] != '\0') == (i % 3 == 1));
    }
    CHECK(w.faulty.commits == commits + 2);
    CHECK(world_sound(&w));
    world_close(&w);
    free(g);
}

/* What two requests share, and how each of them ends. */
static void requests_about_one_thing_are_decided_one_after_another(void)
{
    struct world w;
    struct group *g = group_new();
    const struct bm_signer *key = world_key();
    const struct bm_signer *again = world_key();
    char secret[CA_TOKEN_CHARS + 1];
    struct ca_issue_request *r;

    world_open(&w);
    must(world_token(&w, LDEVID, "T-1", secret) == BM_OK, "token");
    /* One device, one active certificate: the second renews the first. */
    group_add(g, LDEVID, "D-1", world_key());
    group_add(g, LDEVID, "D-1", world_key());
    /* One key. */
    group_add(g, LDEVID, "K-1", key);
    group_add(g, LDEVID, "K-2", key);
    /* One token, one key: a lost reply; and then another key. */
    for (int i = 0; i < 3; i++) {
        r = group_add(g, LDEVID, "T-1", i < 2 ? again : world_key());
        r->actor = &est;
        r->by = CA_BY_TOKEN;
        r->token = (struct bm_bytes){ (const uint8_t *)secret, 32 };
    }
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    CHECK_STATUS(g->result[0].status, BM_OK);
    CHECK(g->result[0].cert_status == STORE_CERT_VALID);
    CHECK_STATUS(g->result[1].status, BM_OK);
    CHECK(g->result[1].cert_status == STORE_CERT_PENDING);
    CHECK_STATUS(g->result[2].status, BM_OK);
    CHECK_STATUS(g->result[3].status, BM_E_CA_KEY_OWNED);
    CHECK_STATUS(g->result[4].status, BM_OK);
    CHECK(!g->result[4].repeated);
    CHECK_STATUS(g->result[5].status, BM_OK);
    CHECK(g->result[5].repeated && g->result[5].id == g->result[4].id);
    CHECK_BYTES(g->result[5].der.p, g->result[5].der.n, g->result[4].der.p,
                g->result[4].der.n);
    CHECK_STATUS(g->result[6].status, BM_E_CA_TOKEN);
    CHECK(world_sound(&w));
    world_close(&w);
    free(g);
}

static void one_name_of_two_servers_goes_to_the_first(void)
{
    struct world w;
    struct group *g = group_new();

    world_open(&w);
    for (int i = 0; i < 2; i++) {
        group_add(g, SERVER, NULL, world_key());
        request_server(&g->csr[i], world_key(), "a.example");
    }
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    CHECK_STATUS(g->result[0].status, BM_OK);
    CHECK_STATUS(g->result[1].status, BM_E_CA_IDENTIFIER);
    world_close(&w);
    free(g);
}

/*
 * The pending certificate is used, which ends its predecessor, while somebody
 * else asks for the same device: whoever comes second must see it.
 */
static void a_confirmation_within_a_group_is_seen_by_the_rest(void)
{
    static const bool confirm_first[] = { false, true };

    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct group *g = group_new();
        struct issued idevid;
        struct issued old;
        struct issued pending;
        struct by_cert current = { CA_BY_CURRENT, LDEVID, "SN-1", &pending,
                                   NULL };
        struct by_cert reset = { CA_BY_IDEVID, LDEVID, "SN-1", &idevid, NULL };

        world_open(&w);
        must(by_operator(&w, IDEVID, "SN-1", world_key(), &idevid) == BM_OK &&
                 by_operator(&w, LDEVID, "SN-1", world_key(), &old) == BM_OK,
             "device");
        w.now += 70 * DAY;
        must(by_current(&w, "SN-1", &old, world_key(), &pending) == BM_OK,
             "renewal");
        w.now += 15 * DAY;
        current.key = world_key();
        reset.key = world_key();
        group_by_cert(g, confirm_first[i] ? &current : &reset);
        group_by_cert(g, confirm_first[i] ? &reset : &current);
        CHECK_STATUS(group_issue(&w, g), BM_OK);
        if (confirm_first[i]) {
            /* Seen in use; not yet to be renewed; then replaced by another. */
            CHECK_STATUS(g->result[0].status, BM_E_CA_WINDOW);
            CHECK_STATUS(g->result[1].status, BM_OK);
            CHECK(status_of(&w, &old) == STORE_CERT_REVOKED);
            CHECK(status_of(&w, &pending) == STORE_CERT_VALID);
        } else {
            /* Superseded by the return to the IDevID, so not good any more. */
            CHECK_STATUS(g->result[0].status, BM_OK);
            CHECK_STATUS(g->result[1].status, BM_E_CA_STATUS);
            CHECK(status_of(&w, &old) == STORE_CERT_VALID);
            CHECK(status_of(&w, &pending) == STORE_CERT_REVOKED);
        }
        CHECK(world_sound(&w));
        world_close(&w);
        free(g);
    }
}

/* A renewal without a device: predecessor and successor in one group. */
static void a_server_and_its_renewal_are_decided_in_order(void)
{
    struct world w;
    struct group *g = group_new();
    struct issued old;
    struct issued next;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = SERVER, .csr = &q.csr
    };
    struct by_cert by_old = { CA_BY_CURRENT, SERVER, NULL, &old, NULL };
    struct by_cert by_next = { CA_BY_CURRENT, SERVER, NULL, &next, NULL };

    world_open(&w);
    request_server(&q, world_key(), "a.example");
    must(world_issue(&w, &r, &old) == BM_OK, "server");
    w.now += 70 * DAY;
    r.by = CA_BY_CURRENT;
    r.actor = &est;
    r.presented = issued_der(&old);
    request_server(&q, world_key(), "a.example");
    must(world_issue(&w, &r, &next) == BM_OK, "renewal");
    by_old.key = world_key();
    by_next.key = world_key();
    group_by_cert(g, &by_old);
    group_by_cert(g, &by_next);
    request_server(&g->csr[0], by_old.key, "a.example");
    request_server(&g->csr[1], by_next.key, "a.example");
    CHECK_STATUS(group_issue(&w, g), BM_OK);
    CHECK_STATUS(g->result[0].status, BM_OK); /* supersedes `next`, */
    CHECK_STATUS(g->result[1].status, BM_E_CA_STATUS);
    CHECK(status_of(&w, &next) == STORE_CERT_REVOKED);
    CHECK(status_of(&w, &old) == STORE_CERT_VALID);
    CHECK(world_sound(&w));
    world_close(&w);
    free(g);
}

int main(void)
{
    RUN(a_full_group_is_one_transaction);
    RUN(a_group_has_its_bound);
    RUN(a_refused_request_does_not_spoil_the_others);
    RUN(requests_about_one_thing_are_decided_one_after_another);
    RUN(one_name_of_two_servers_goes_to_the_first);
    RUN(a_confirmation_within_a_group_is_seen_by_the_rest);
    RUN(a_server_and_its_renewal_are_decided_in_order);
    return bm_test_done();
}
