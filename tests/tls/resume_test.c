/* SPDX-License-Identifier: Apache-2.0 */

/* Sessions that OpenSSL's port takes up again, and those that it does not. */
#include "tests/tls/ports.h"

/* Trust that a test may change under way. */
static struct bm_bytes anchors[2];
static struct bm_trust_work work;
static struct bm_clock clock_2027;
static struct bm_trust client_trust;
static struct bm_trust server_trust;

static void open_trust(struct bm_trust *trust, unsigned anchor)
{
    const struct bm_clock_config now = { .build = 1800000000 };
    struct bm_bytes *place = &anchors[trust == &client_trust];
    const struct bm_trust_config config = { .crypto = bm_test_crypto(),
                                            .clock = &clock_2027,
                                            .anchors = place,
                                            .anchors_n = 1,
                                            .work = &work };

    *place = tls_cert(anchor);
    CHECK_STATUS(bm_clock_open(&clock_2027, NULL, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(trust, &config), BM_OK);
}

static struct tls_pair *again(uint16_t version)
{
    const struct meeting m = { OPENSSL, OPENSSL, version };
    struct tls_pair *p = meet(&m);

    p->client.config.fresh = false;
    p->server.config.fresh = false;
    p->client.config.trust = &client_trust;
    p->server.config.trust = &server_trust;
    return p;
}

/* TLS 1.3: what a session can be taken up by comes behind the handshake. */
static void read_ticket(struct tls_pair *p)
{
    uint8_t octet;
    size_t n;

    if (p->client.status == BM_OK) {
        (void)tls_end_read(&p->client, &octet, 1, &n);
    }
}

static bool is_resumed(const struct tls_end *e)
{
    struct bm_tls_facts facts;

    e->tls->facts(e->session, &facts);
    return facts.resumed;
}

/* A handshake that has to be good, and whether both resumed. */
static bool meet_again(struct tls_pair *p)
{
    bool resumed;

    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    read_ticket(p);
    resumed = is_resumed(&p->client);
    CHECK(is_resumed(&p->server) == resumed);
    tls_pair_close(p);
    return resumed;
}

static const uint16_t versions[] = { BM_TLS_1_3, BM_TLS_1_2 };

static void a_session_is_taken_up_with_its_peer_and_verdict(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p;
        struct bm_bytes peer;

        CHECK(!meet_again(again(versions[i])));
        p = again(versions[i]);
        tls_pair_run(p);
        CHECK(is_resumed(&p->client) && is_resumed(&p->server));
        peer = p->server.tls->peer(p->server.session);
        CHECK_BYTES(peer.p, peer.n, tls_cert(TLS_DEVICE).p,
                    tls_cert(TLS_DEVICE).n);
        peer = p->client.tls->peer(p->client.session);
        CHECK_BYTES(peer.p, peer.n, tls_cert(TLS_SERVER).p,
                    tls_cert(TLS_SERVER).n);
        CHECK(p->server.tls->verdict(p->server.session)->status == BM_OK);
        read_ticket(p);
        tls_pair_close(p);
        CHECK(meet_again(again(versions[i])));
    }
}

/* RFC 5929: tls-unique of a resumed session is not what it was; tls-exporter
 * is of the connection. */
static void a_resumed_session_has_a_binding_of_its_own_or_none(void)
{
    for (size_t i = 0; i < 2; i++) {
        uint8_t binding[2][BM_TLS_BINDING_MAX];
        size_t n;
        struct tls_pair *p;

        (void)meet_again(again(versions[i]));
        p = again(versions[i]);
        tls_pair_run(p);
        CHECK(is_resumed(&p->client));
        CHECK_STATUS(p->client.tls->binding(p->client.session, binding[0], &n),
                     i == 0 ? BM_OK : BM_E_NOT_FOUND);
        CHECK_STATUS(p->server.tls->binding(p->server.session, binding[1], &n),
                     i == 0 ? BM_OK : BM_E_NOT_FOUND);
        if (i == 0) {
            CHECK_BYTES(binding[0], 32, binding[1], 32);
        }
        tls_pair_close(p);
    }
}

static void a_server_judges_again_before_it_resumes(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p;

        (void)meet_again(again(versions[i]));
        open_trust(&server_trust, TLS_OTHER_ROOT);
        p = again(versions[i]);
        tls_pair_run(p);
        CHECK_STATUS(p->server.status, BM_E_PATH_NO_ISSUER);
        CHECK_STATUS(outcome(&p->client), BM_E_TLS_ALERT);
        CHECK(!is_resumed(&p->server));
        tls_pair_close(p);
        open_trust(&server_trust, TLS_ROOT);
        CHECK(!meet_again(again(versions[i]))); /* that one is forgotten */
    }
}

static void a_client_judges_again_before_it_resumes(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p;

        (void)meet_again(again(versions[i]));
        open_trust(&client_trust, TLS_OTHER_ROOT);
        p = again(versions[i]);
        tls_pair_run(p);
        CHECK_STATUS(p->client.status, BM_E_PATH_NO_ISSUER);
        CHECK_STATUS(outcome(&p->server), BM_E_TLS_ALERT);
        tls_pair_close(p);
        open_trust(&client_trust, TLS_ROOT);
        CHECK(!meet_again(again(versions[i])));
    }
}

/* A server of somebody else, under the same name, that does not take up what
 * the client offers: it is judged for itself. */
static void another_server_gains_nothing_by_an_offer(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p;
        const struct bm_tls *other;

        (void)meet_again(again(versions[i]));
        tls_must(bm_openssl_tls_new(&other), "OpenSSL");
        p = again(versions[i]);
        p->server.tls = other;
        tls_end_identity(&p->server, TLS_STRANGER);
        tls_pair_run(p);
        CHECK_STATUS(p->client.status, BM_E_PATH_NO_ISSUER);
        CHECK(p->client.tls->peer(p->client.session).n == 0);
        tls_pair_close(p);
        bm_openssl_tls_free(other);
    }
}

/* Nor does another client: what it shows, or does not show, counts. */
static void another_client_gains_nothing_by_a_session(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p;

        (void)meet_again(again(versions[i]));
        p = again(versions[i]);
        tls_end_identity(&p->client, TLS_STRANGER);
        tls_pair_run(p);
        CHECK_STATUS(p->server.status, BM_E_PATH_NO_ISSUER);
        tls_pair_close(p);
    }
}

static void sessions_are_of_one_kind_of_connection(void)
{
    struct tls_pair *p;
    struct bm_trust other = client_trust;

    (void)meet_again(again(BM_TLS_1_3));
    p = again(BM_TLS_1_3);
    p->client.config.fresh = true;
    CHECK(!meet_again(p));
    p = again(BM_TLS_1_3);
    p->server.config.fresh = true;
    CHECK(!meet_again(p));
    (void)meet_again(again(BM_TLS_1_3));
    p = again(BM_TLS_1_3);
    p->client.config.trust = &other;
    CHECK(!meet_again(p));
    p = again(BM_TLS_1_3);
    p->server.config.peer_optional = true;
    CHECK(!meet_again(p));
    p = again(BM_TLS_1_3);
    p->client.config.expect.use = BM_TRUST_ENROL;
    CHECK(!meet_again(p));
    p = again(BM_TLS_1_3);
    p->client.config.expect.use = BM_TRUST_ENROL;
    CHECK(!meet_again(p));
}

static void a_client_without_a_certificate_resumes_where_that_is_allowed(void)
{
    for (int i = 0; i < 2; i++) {
        struct tls_pair *p = again(BM_TLS_1_3);

        p->client.config.signer = NULL;
        p->client.config.chain_n = 0;
        p->server.config.peer_optional = true;
        CHECK(meet_again(p) == (i == 1));
    }
}

/* More than are remembered: the oldest make way, and nothing leaks. */
static void what_is_remembered_is_bounded(void)
{
    for (size_t i = 0; i < BM_OPENSSL_TLS_REMEMBERED + 5; i++) {
        struct tls_pair *p = again(BM_TLS_1_2);

        p->client.config.fresh = true;
        CHECK(!meet_again(p));
    }
}

int main(void)
{
    ports_open();
    open_trust(&client_trust, TLS_ROOT);
    open_trust(&server_trust, TLS_ROOT);
    RUN(a_session_is_taken_up_with_its_peer_and_verdict);
    RUN(a_resumed_session_has_a_binding_of_its_own_or_none);
    RUN(a_server_judges_again_before_it_resumes);
    RUN(a_client_judges_again_before_it_resumes);
    RUN(another_server_gains_nothing_by_an_offer);
    RUN(another_client_gains_nothing_by_a_session);
    RUN(sessions_are_of_one_kind_of_connection);
    RUN(a_client_without_a_certificate_resumes_where_that_is_allowed);
    RUN(what_is_remembered_is_bounded);
    ports_close();
    return bm_test_done();
}
