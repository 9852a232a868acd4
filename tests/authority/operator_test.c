/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ca/operator.h"
#include "tests/authority/world.h"

/* Operators: who is one, who makes one, and that there is always one. */

static const struct ca_operator_order template = { .id = "second",
                                                   .roles = CA_ROLE_REGISTRAR };

/* The first operator's certificate, as `init` wrote it. */
static void first_cert(struct issued *out)
{
    char path[FILES_PATH_MAX];
    uint8_t *der;
    size_t n;

    must(files_path(path, world_base()->dir, "operator/operator.pem") == BM_OK,
         "path");
    must(files_get_pem(path, "CERTIFICATE", &der, &n, NULL) == BM_OK, path);
    must(n <= sizeof out->der, path);
    memset(out, 0, sizeof *out);
    memcpy(out->der, der, n);
    out->n = n;
    must(bm_cert_parse(issued_der(out), BM_STRICT, NULL, &out->cert) == BM_OK,
         path);
    (void)snprintf(out->ca, sizeof out->ca, "operations");
    out->serial_n = out->cert.serial.n;
    memcpy(out->serial, out->cert.serial.p, out->serial_n);
    free(der);
}

static bm_status create(struct world *w, const struct ca_actor *actor,
                        const struct ca_operator_order *order,
                        const struct bm_signer *key, struct issued *out)
{
    struct ca_operator_order o = *order;
    struct ca_issue_result result;
    struct request r;
    bm_status rc;

    request_make(&r, key, NULL, "whatever");
    o.csr = &r.csr;
    rc = ca_operator_create(w->ca, actor, &o, w->now, &result);
    CHECK(rc == result.status);
    issued_keep(out, &result);
    return rc;
}

static bm_status shows(struct world *w, const struct issued *cert,
                       struct ca_operator *op)
{
    return ca_operator_authenticate(w->ca, issued_der(cert), "api", w->now, op,
                                    NULL);
}

static bm_status renew(struct world *w, const struct ca_operator *op,
                       const struct bm_signer *key, struct issued *out)
{
    struct ca_issue_result result;
    struct request r;
    bm_status rc;

    request_make(&r, key, NULL, "whatever");
    rc = ca_operator_renew(w->ca, op, &r.csr, false, w->now, &result);
    CHECK(rc == result.status);
    issued_keep(out, &result);
    return rc;
}

static void an_operator_is_who_has_the_certificate(void)
{
    struct world w;
    struct issued first;
    struct issued other;
    struct issued out;
    struct ca_operator op;
    struct request r;
    struct ca_issue_request q = { .actor = &admin,
                                  .by = CA_BY_OPERATOR,
                                  .profile = "operator" };

    world_open(&w);
    first_cert(&first);
    CHECK_STATUS(shows(&w, &first, &op), BM_OK);
    CHECK(strcmp(op.actor.name, "operator:first") == 0);
    CHECK(strcmp(op.actor.mode, "api") == 0 && !op.actor.authority);
    CHECK(op.actor.roles == CA_ROLE_ADMIN && op.actor.organisation == 1);
    CHECK(op.actor.scope.organisation == 0 && op.actor.scope.ecosystem == 0);
    CHECK(op.not_after == first.cert.not_after);

    /* A certificate of the same profile is not enough: it must be on record. */
    request_make(&r, world_key(), NULL, "first operator");
    q.csr = &r.csr;
    CHECK_STATUS(world_issue(&w, &q, &other), BM_OK);
    CHECK_STATUS(shows(&w, &other, &op), BM_E_CA_FORBIDDEN);
    CHECK(op.row.id[0] == '\0' && op.actor.roles == 0);

    CHECK_STATUS(create(&w, &admin, &template, world_key(), &out), BM_OK);
    CHECK_STATUS(shows(&w, &out, &op), BM_OK);
    CHECK(op.actor.roles == CA_ROLE_REGISTRAR);
    CHECK(strcmp(op.actor.name, "operator:second") == 0);

    /* Not one octet of it may differ. */
    out.der[out.n - 1] ^= 1;
    CHECK_STATUS(shows(&w, &out, &op), BM_E_CA_FORBIDDEN);
    w.now = first.cert.not_after + 1;
    CHECK_STATUS(shows(&w, &first, &op), BM_E_CA_STATUS);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void the_name_is_the_id_whatever_the_request_says(void)
{
    struct world w;
    struct issued out;
    struct bm_attr cn;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &template, world_key(), &out), BM_OK);
    CHECK(bm_name_find(out.cert.subject, BM_LIT("\x55\x04\x03"), &cn));
    CHECK(bm_bytes_equal(cn.value, BM_LIT("second")));
    CHECK(strcmp(out.ca, "operations") == 0);
    world_close(&w);
}

static void an_order_that_is_wrong_is_refused(void)
{
    static const struct {
        const char *id;
        unsigned roles;
        struct store_scope scope;
        bm_status want;
    } rows[] = {
        { "", CA_ROLE_AUDITOR, { 0, 0 }, BM_E_ARGUMENT },
        { "Upper", CA_ROLE_AUDITOR, { 0, 0 }, BM_E_ARGUMENT },
        { "../x", CA_ROLE_AUDITOR, { 0, 0 }, BM_E_ARGUMENT },
        { "-x", CA_ROLE_AUDITOR, { 0, 0 }, BM_E_ARGUMENT },
        { "0123456789012345678901234567890123456789012345678901234567890123",
          CA_ROLE_AUDITOR,
          { 0, 0 },
          BM_E_ARGUMENT },
        { "x", 0, { 0, 0 }, BM_E_ARGUMENT },
        { "x", 1 << 1, { 0, 0 }, BM_E_ARGUMENT },
        { "x", CA_ROLE_AUDITOR | 1 << 2, { 0, 0 }, BM_E_ARGUMENT },
        { "x", CA_ROLE_AUDITOR, { 1, 1 }, BM_E_ARGUMENT },
        { "x", CA_ROLE_AUDITOR, { 0, 3 }, BM_E_NOT_FOUND },
        { "x", CA_ROLE_AUDITOR, { 9, 0 }, BM_E_NOT_FOUND },
        { "first", CA_ROLE_AUDITOR, { 0, 0 }, BM_E_EXISTS },
        { "x", CA_ROLE_AUDITOR, { 0, 2 }, BM_OK },
        { "y", CA_ROLE_ALL, { 1, 0 }, BM_OK },
    };
    struct world w;
    struct issued out;

    world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_operator_order o = { .id = rows[i].id,
                                       .roles = rows[i].roles,
                                       .scope = rows[i].scope };
        struct world_print before = world_print(&w);
        struct world_print after;

        CHECK_STATUS(create(&w, &admin, &o, world_key(), &out), rows[i].want);
        after = world_print(&w);
        CHECK(prints_equal(&before, &after) == (rows[i].want != BM_OK));
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Whose scope is in which: instance, ecosystem 1, organisations 1 and 2. */
static void nobody_gives_more_than_he_has(void)
{
    static const struct store_scope scopes[] = {
        { 0, 0 }, { 1, 0 }, { 0, 1 }, { 0, 2 }
    };
    static const bool may[4][4] = { { true, true, true, true },
                                    { false, true, true, true },
                                    { false, false, true, false },
                                    { false, false, false, true } };
    struct world w;
    struct issued out;

    world_open(&w);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 4; k++) {
            struct ca_actor actor = admin;
            char id[16];
            struct ca_operator_order o = { .id = id,
                                           .roles = CA_ROLE_ADMIN,
                                           .scope = scopes[k] };

            actor.scope = scopes[i];
            actor.organisation = scopes[i].organisation == 2 ? 2 : 1;
            (void)snprintf(id, sizeof id, "x%u%u", i, k);
            CHECK_STATUS(create(&w, &actor, &o, world_key(), &out),
                         may[i][k] ? BM_OK : BM_E_CA_FORBIDDEN);
            /* And so with ending one. */
            (void)snprintf(id, sizeof id, "x0%u", k);
            CHECK_STATUS(
                ca_operator_disable(w.ca, &actor, id, true, w.now, NULL),
                may[i][k] ? BM_OK : BM_E_NOT_FOUND);
            CHECK_STATUS(
                ca_operator_disable(w.ca, &admin, id, false, w.now, NULL),
                may[i][k] ? BM_OK : BM_E_CA_OPERATOR);
        }
    }
    CHECK(world_sound(&w));
    world_close(&w);
}

static void only_an_administrator_makes_operators(void)
{
    struct world w;
    struct ca_actor actor = admin;
    struct issued out;

    world_open(&w);
    actor.roles = CA_ROLE_ALL & ~(unsigned)CA_ROLE_ADMIN;
    CHECK_STATUS(create(&w, &actor, &template, world_key(), &out),
                 BM_E_CA_FORBIDDEN);
    CHECK_STATUS(ca_operator_disable(w.ca, &actor, "first", true, w.now, NULL),
                 BM_E_CA_FORBIDDEN);
    world_close(&w);
}

static void a_lost_reply_is_given_again(void)
{
    struct world w;
    const struct bm_signer *key = world_key();
    struct ca_operator_order o = template;
    struct issued out;
    struct issued again;
    uint64_t leaves;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &o, key, &out), BM_OK);
    leaves = world_leaves(&w);
    CHECK_STATUS(create(&w, &admin, &o, key, &again), BM_OK);
    CHECK(again.repeated && again.id == out.id && again.n == out.n);
    CHECK(world_leaves(&w) == leaves);
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &again), BM_E_EXISTS);
    o.roles = CA_ROLE_ADMIN;
    CHECK_STATUS(create(&w, &admin, &o, key, &again), BM_E_EXISTS);
    world_close(&w);
}

static void a_renewal_works_when_it_is_seen_and_then_ends_the_old_one(void)
{
    struct world w;
    const struct bm_signer *key = world_key();
    struct issued old;
    struct issued next;
    struct issued again;
    struct ca_operator op;
    struct ca_operator renewed;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &template, world_key(), &old), BM_OK);
    w.now += DAY;
    CHECK_STATUS(shows(&w, &old, &op), BM_OK);
    CHECK_STATUS(renew(&w, &op, key, &next), BM_OK);
    CHECK(next.cert_status == STORE_CERT_PENDING && !next.repeated);
    CHECK(bm_name_equal(next.cert.subject, old.cert.subject));
    CHECK_STATUS(renew(&w, &op, key, &again), BM_OK);
    CHECK(again.repeated && again.id == next.id);
    CHECK_STATUS(shows(&w, &old, &op), BM_OK); /* until then it works */
    CHECK(world_sound(&w));

    CHECK_STATUS(shows(&w, &next, &renewed), BM_OK);
    CHECK(strcmp(renewed.actor.name, "operator:second") == 0 &&
          renewed.actor.roles == CA_ROLE_REGISTRAR);
    CHECK(status_of(&w, &next) == STORE_CERT_VALID);
    CHECK(status_of(&w, &old) == STORE_CERT_REVOKED);
    CHECK(shows(&w, &old, &op) == BM_E_CA_FORBIDDEN);
    CHECK_STATUS(shows(&w, &next, &renewed), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void another_key_takes_the_place_of_a_renewal_that_nobody_used(void)
{
    struct world w;
    struct issued old;
    struct issued lost;
    struct issued next;
    struct ca_operator op;

    world_open(&w);
    first_cert(&old);
    CHECK_STATUS(shows(&w, &old, &op), BM_OK);
    CHECK_STATUS(renew(&w, &op, world_key(), &lost), BM_OK);
    CHECK_STATUS(renew(&w, &op, world_key(), &next), BM_OK);
    CHECK(status_of(&w, &lost) == STORE_CERT_REVOKED);
    CHECK_STATUS(shows(&w, &lost, &op), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(shows(&w, &next, &op), BM_OK);
    CHECK_STATUS(shows(&w, &old, &op), BM_E_CA_FORBIDDEN);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_renewal_has_another_key(void)
{
    struct world w;
    const struct bm_signer *key = world_key();
    struct issued old;
    struct issued next;
    struct ca_operator op;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &template, key, &old), BM_OK);
    CHECK_STATUS(shows(&w, &old, &op), BM_OK);
    CHECK_STATUS(renew(&w, &op, key, &next), BM_E_CA_KEY_REUSED);
    world_close(&w);
}

static void who_is_disabled_is_nobody_until_enabled(void)
{
    struct world w;
    struct issued out;
    struct issued next;
    struct ca_operator op;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &template, world_key(), &out), BM_OK);
    CHECK_STATUS(shows(&w, &out, &op), BM_OK);
    CHECK_STATUS(renew(&w, &op, world_key(), &next), BM_OK);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "second", true, w.now, NULL),
                 BM_OK);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "second", true, w.now, NULL),
                 BM_E_CA_OPERATOR);
    CHECK_STATUS(shows(&w, &out, &op), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(shows(&w, &next, &op), BM_E_CA_FORBIDDEN);
    CHECK(world_sound(&w));
    CHECK_STATUS(
        ca_operator_disable(w.ca, &admin, "second", false, w.now, NULL), BM_OK);
    CHECK_STATUS(
        ca_operator_disable(w.ca, &admin, "second", false, w.now, NULL),
        BM_E_CA_OPERATOR);
    CHECK_STATUS(shows(&w, &next, &op), BM_OK);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "nobody", true, w.now, NULL),
                 BM_E_NOT_FOUND);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void the_last_administrator_stays(void)
{
    struct ca_operator_order o = template;
    struct world w;
    struct issued first;
    struct issued second;

    world_open(&w);
    first_cert(&first);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "first", true, w.now, NULL),
                 BM_E_CA_LAST);
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_KEY_COMPROMISE),
                 BM_E_CA_LAST);
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_HOLD), BM_E_CA_LAST);

    /* Neither of these would do. */
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &second), BM_OK);
    o = (struct ca_operator_order){ .id = "third",
                                    .roles = CA_ROLE_ADMIN,
                                    .scope = { 0, 1 } };
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &second), BM_OK);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "first", true, w.now, NULL),
                 BM_E_CA_LAST);

    o = (struct ca_operator_order){ .id = "fourth", .roles = CA_ROLE_ADMIN };
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &second), BM_OK);
    CHECK_STATUS(world_revoke(&w, &second, BM_REASON_HOLD), BM_OK);
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_UNSPECIFIED), BM_E_CA_LAST);
    CHECK_STATUS(world_release(&w, &second), BM_OK);
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_UNSPECIFIED), BM_OK);
    CHECK_STATUS(ca_operator_disable(w.ca, &admin, "fourth", true, w.now, NULL),
                 BM_E_CA_LAST);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void a_reader_takes_a_renewal_as_it_is(void)
{
    struct world w;
    struct issued old;
    struct issued next;
    struct ca_operator op;
    struct world_print before;
    struct world_print after;

    world_open(&w);
    first_cert(&old);
    CHECK_STATUS(shows(&w, &old, &op), BM_OK);
    CHECK_STATUS(renew(&w, &op, world_key(), &next), BM_OK);
    CHECK_STATUS(world_reopen_to_read(&w), BM_OK);
    before = world_print(&w);
    CHECK_STATUS(shows(&w, &next, &op), BM_OK);
    CHECK(op.actor.roles == CA_ROLE_ADMIN);
    CHECK_STATUS(shows(&w, &old, &op), BM_OK);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    world_close(&w);
}

static const struct ca_actor registrar = { .name = "operator:second",
                                           .mode = "api",
                                           .organisation = 1,
                                           .roles = CA_ROLE_REGISTRAR };

static bm_status end(struct world *w, const struct issued *cert)
{
    struct ca_revocation r = { .ca = cert->ca,
                               .serial = issued_serial(cert),
                               .reason = BM_REASON_HOLD };

    return ca_revoke(w->ca, &registrar, &r, w->now, NULL);
}

/* Whoever may revoke ends no operator by it, but himself. */
static void operators_are_for_administrators_to_end(void)
{
    struct ca_operator_order o = { .id = "third", .roles = CA_ROLE_ADMIN };
    struct world w;
    struct issued first;
    struct issued second;
    struct issued third;
    struct issued device;

    world_open(&w);
    first_cert(&first);
    CHECK_STATUS(create(&w, &admin, &template, world_key(), &second), BM_OK);
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &third), BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", world_key(), &device), BM_OK);
    CHECK_STATUS(end(&w, &third), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(end(&w, &first), BM_E_CA_FORBIDDEN);
    CHECK_STATUS(end(&w, &device), BM_OK);
    CHECK_STATUS(end(&w, &second), BM_OK);
    CHECK(world_sound(&w));
    world_close(&w);
}

/* Who has a certificate of that CA can be taken for the service itself. */
static void the_operations_ca_is_for_administrators_of_the_instance(void)
{
    struct ca_actor of_one = admin;
    struct world w;
    struct issued out;
    struct request r;
    struct ca_issue_request q = { .actor = &registrar,
                                  .by = CA_BY_OPERATOR,
                                  .profile = "operator",
                                  .csr = &r.csr };

    world_open(&w);
    request_make(&r, world_key(), NULL, "somebody");
    CHECK_STATUS(world_issue(&w, &q, &out), BM_E_CA_FORBIDDEN);
    of_one.scope.organisation = 1;
    q.actor = &of_one;
    CHECK_STATUS(world_issue(&w, &q, &out), BM_E_CA_FORBIDDEN);
    q.actor = &admin;
    CHECK_STATUS(world_issue(&w, &q, &out), BM_OK);
    world_close(&w);
}

/* A row that somebody changed behind the ledger's back. */
static void a_scope_that_grew_in_the_store_alone_is_found(void)
{
    struct ca_operator_order o = { .id = "second",
                                   .roles = CA_ROLE_ADMIN,
                                   .scope = { 0, 1 } };
    const struct store_scope all = { 0, 0 };
    struct store_operator row;
    struct world w;
    struct issued out;

    world_open(&w);
    CHECK_STATUS(create(&w, &admin, &o, world_key(), &out), BM_OK);
    CHECK(world_sound(&w));
    CHECK_STATUS(w.store->begin(w.store->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(w.store->operator_get(w.store->self, &all, "second", &row),
                 BM_OK);
    row.scope.organisation = 0;
    CHECK_STATUS(w.store->operator_put(w.store->self, &row), BM_OK);
    CHECK_STATUS(w.store->commit(w.store->self), BM_OK);
    CHECK(!world_sound(&w));
    world_close(&w);
}

int main(void)
{
    RUN(an_operator_is_who_has_the_certificate);
    RUN(the_name_is_the_id_whatever_the_request_says);
    RUN(an_order_that_is_wrong_is_refused);
    RUN(nobody_gives_more_than_he_has);
    RUN(only_an_administrator_makes_operators);
    RUN(a_lost_reply_is_given_again);
    RUN(a_renewal_works_when_it_is_seen_and_then_ends_the_old_one);
    RUN(another_key_takes_the_place_of_a_renewal_that_nobody_used);
    RUN(a_renewal_has_another_key);
    RUN(who_is_disabled_is_nobody_until_enabled);
    RUN(the_last_administrator_stays);
    RUN(a_reader_takes_a_renewal_as_it_is);
    RUN(operators_are_for_administrators_to_end);
    RUN(the_operations_ca_is_for_administrators_of_the_instance);
    RUN(a_scope_that_grew_in_the_store_alone_is_found);
    return bm_test_done();
}
