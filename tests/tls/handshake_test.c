/* SPDX-License-Identifier: Apache-2.0 */

/* Both ports, each with each, in TLS 1.3 and 1.2. */
#include "tests/tls/ports.h"

static void check_talk(struct tls_end *from, struct tls_end *to)
{
    uint8_t in[3000];
    uint8_t out[3000];
    size_t have = 0;
    size_t sent = 0;

    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7);
    }
    for (int i = 0; i < 100000 && have < sizeof out; i++) {
        size_t n = 0;
        bm_status rc = BM_E_TLS_AGAIN;

        if (sent < sizeof in) {
            rc = from->tls->write(
                from->session, (struct bm_bytes){ in + sent, sizeof in - sent },
                &n);
            sent += n;
        }
        CHECK(rc == BM_OK || rc == BM_E_TLS_AGAIN);
        rc = to->tls->read(to->session, out + have, sizeof out - have, &n);
        CHECK(rc == BM_OK || rc == BM_E_TLS_AGAIN);
        have += n;
    }
    CHECK_BYTES(out, have, in, sizeof in);
}

/* A binding of both sides is the same; Mbed TLS has none in TLS 1.2. */
static void check_binding(const struct meeting *m, struct tls_pair *p)
{
    uint8_t binding[2][BM_TLS_BINDING_MAX];
    size_t n[2];
    bm_status rc[2];

    rc[0] = p->client.tls->binding(p->client.session, binding[0], &n[0]);
    rc[1] = p->server.tls->binding(p->server.session, binding[1], &n[1]);
    CHECK_STATUS(rc[0], m->version == BM_TLS_1_2 && m->client == MBEDTLS
                            ? BM_E_NOT_FOUND
                            : BM_OK);
    CHECK_STATUS(rc[1], m->version == BM_TLS_1_2 && m->server == MBEDTLS
                            ? BM_E_NOT_FOUND
                            : BM_OK);
    if (rc[0] == BM_OK && rc[1] == BM_OK) {
        CHECK_BYTES(binding[0], n[0], binding[1], n[1]);
        CHECK(n[0] == (m->version == BM_TLS_1_2 ? 12 : 32));
    }
}

static void check_knows(const struct tls_end *e, unsigned cert,
                        uint16_t version)
{
    const struct bm_trust_verdict *v = e->tls->verdict(e->session);
    struct bm_bytes peer = e->tls->peer(e->session);
    struct bm_tls_facts facts;

    CHECK(v != NULL && v->status == BM_OK);
    CHECK_BYTES(peer.p, peer.n, tls_cert(cert).p, tls_cert(cert).n);
    e->tls->facts(e->session, &facts);
    CHECK(facts.version == version);
    CHECK(!facts.resumed);
    CHECK(facts.alert == BM_TLS_ALERT_NONE);
}

static void check_close(struct tls_end *first, struct tls_end *other)
{
    uint8_t octet;
    size_t n;

    tls_end_close(first);
    CHECK_STATUS(tls_end_read(other, &octet, 1, &n), BM_E_TLS_CLOSED);
    tls_end_close(other);
}

static void talk(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    if (p->client.status == BM_OK && p->server.status == BM_OK) {
        check_talk(&p->client, &p->server);
        check_talk(&p->server, &p->client);
        check_binding(m, p);
        check_knows(&p->client, TLS_SERVER, m->version);
        check_knows(&p->server, TLS_DEVICE, m->version);
        check_close(&p->server, &p->client);
    }
    tls_pair_close(p);
}

static void each_port_talks_to_each(void)
{
    at_each_meeting(talk);
}

static void talk_octet_by_octet(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->up.piece = 1;
    p->down.piece = 1;
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    if (p->client.status == BM_OK && p->server.status == BM_OK) {
        check_talk(&p->server, &p->client);
        check_talk(&p->client, &p->server);
    }
    tls_pair_close(p);
}

static void a_stream_that_drips_changes_nothing(void)
{
    at_each_meeting(talk_octet_by_octet);
}

static void agree_on_the_newest(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->client.config.version = 0;
    p->server.config.version = m->version == BM_TLS_1_3 ? 0 : BM_TLS_1_2;
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    check_knows(&p->client, TLS_SERVER, m->version);
    check_knows(&p->server, TLS_DEVICE, m->version);
    tls_pair_close(p);
}

static void the_newest_version_in_common_is_taken(void)
{
    at_each_meeting(agree_on_the_newest);
}

static void disagree_on_versions(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->client.config.version = m->version;
    p->server.config.version =
        m->version == BM_TLS_1_2 ? BM_TLS_1_3 : BM_TLS_1_2;
    tls_pair_run(p);
    CHECK_STATUS(p->server.status, BM_E_TLS_SUITE);
    CHECK_STATUS(p->client.status, BM_E_TLS_ALERT);
    CHECK(alert_of(&p->client) == 70 || alert_of(&p->client) == 40);
    tls_pair_close(p);
}

static void without_a_version_in_common_both_are_told(void)
{
    at_each_meeting(disagree_on_versions);
}

static void end_without_a_word(const struct meeting *m)
{
    struct tls_pair *p = meet(m);
    uint8_t octet;
    size_t n;

    tls_pair_run(p);
    CHECK_STATUS(p->server.status, BM_OK);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(tls_end_write(&p->server, BM_LIT("x")), BM_OK);
    p->down.closed = true;
    p->up.closed = true;
    CHECK_STATUS(tls_end_read(&p->client, &octet, 1, &n), BM_OK);
    CHECK_STATUS(tls_end_read(&p->client, &octet, 1, &n), BM_E_TLS_TRUNCATED);
    CHECK_STATUS(tls_end_read(&p->client, &octet, 1, &n), BM_E_TLS_TRUNCATED);
    CHECK_STATUS(tls_end_read(&p->server, &octet, 1, &n), BM_E_TLS_TRUNCATED);
    tls_pair_close(p);
}

static void an_end_without_close_notify_is_told_apart(void)
{
    at_each_meeting(end_without_a_word);
}

/* Certificates of `from`, and a signature by another key. */
static bm_status lie(void *self, struct bm_bytes digest, struct bm_wr *sig)
{
    const struct bm_signer *other = bm_test_signer_nth(BM_KEY_P256, 3);

    (void)self;
    return other->sign_hash(other->self, digest, sig);
}

static void sign_with_another_key(const struct meeting *m)
{
    struct tls_pair *p = meet(m);
    struct bm_signer liar;

    /* Only OpenSSL can be made to lie: the other takes keys of PSA's. */
    if (m->client == OPENSSL) {
        liar = *p->client.config.signer;
        liar.sign_hash = lie;
        p->client.config.signer = &liar;
        tls_pair_run(p);
        CHECK_STATUS(p->server.status, BM_E_TLS_PROOF);
        CHECK_STATUS(outcome(&p->client), BM_E_TLS_ALERT);
        tls_pair_close(p);
    }
    p = meet(m);
    if (m->server == OPENSSL) {
        liar = *p->server.config.signer;
        liar.sign_hash = lie;
        p->server.config.signer = &liar;
        tls_pair_run(p);
        CHECK_STATUS(p->client.status, BM_E_TLS_PROOF);
        CHECK_STATUS(outcome(&p->server), BM_E_TLS_ALERT);
        tls_pair_close(p);
    }
}

static void a_peer_without_the_key_of_its_certificate_is_refused(void)
{
    at_each_meeting(sign_with_another_key);
}

static bm_status gone(void *self, struct bm_bytes digest, struct bm_wr *sig)
{
    (void)self;
    (void)digest;
    (void)sig;
    return BM_E_KEYS_GONE;
}

static void lose_the_key(const struct meeting *m)
{
    struct tls_pair *p = meet(m);
    struct bm_signer lost = *p->client.config.signer;

    if (m->client != OPENSSL) {
        return;
    }
    lost.sign_hash = gone;
    p->client.config.signer = &lost;
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_E_KEYS_GONE);
    CHECK(p->server.status != BM_OK);
    tls_pair_close(p);
}

static void why_a_key_does_not_sign_is_handed_up(void)
{
    at_each_meeting(lose_the_key);
}

static void show_nothing(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->client.config.signer = NULL;
    p->client.config.chain_n = 0;
    tls_pair_run(p);
    CHECK_STATUS(p->server.status, BM_E_TLS_NO_CERT);
    CHECK(p->server.tls->verdict(p->server.session) == NULL);
    CHECK_STATUS(outcome(&p->client), BM_E_TLS_ALERT);
    /* RFC 8446 4.4.2.4 has certificate_required, RFC 5246 7.4.6
     * handshake_failure; Mbed TLS says no_certificate (41) in TLS 1.3. */
    CHECK(alert_of(&p->client) == (m->version == BM_TLS_1_2 ? 40
                                   : m->server == MBEDTLS   ? 41
                                                            : 116));
    tls_pair_close(p);

    p = meet(m);
    p->client.config.signer = NULL;
    p->client.config.chain_n = 0;
    p->server.config.peer_optional = true;
    tls_pair_run(p);
    CHECK_STATUS(p->server.status, BM_OK);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK(p->server.tls->verdict(p->server.session) == NULL);
    CHECK(p->server.tls->peer(p->server.session).n == 0);
    tls_pair_close(p);
}

static void a_client_shows_a_certificate_unless_that_is_optional(void)
{
    at_each_meeting(show_nothing);
}

static void be_a_stranger(const struct meeting *m)
{
    for (int optional = 0; optional < 2; optional++) {
        struct tls_pair *p = meet(m);

        tls_end_identity(&p->client, TLS_STRANGER);
        p->server.config.peer_optional = optional != 0;
        tls_pair_run(p);
        CHECK_STATUS(p->server.status, BM_E_PATH_NO_ISSUER);
        CHECK(p->server.tls->verdict(p->server.session)->status ==
              BM_E_PATH_NO_ISSUER);
        CHECK(p->server.tls->peer(p->server.session).n == 0);
        CHECK_STATUS(outcome(&p->client), BM_E_TLS_ALERT);
        if (optional == 0) {
            CHECK(alert_of(&p->client) == 48);
        }
        tls_pair_close(p);
    }
}

static void a_client_of_others_is_refused_also_where_it_need_not_show_any(void)
{
    at_each_meeting(be_a_stranger);
}

static void be_another_host(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->client.config.expect.host = "other.example.test";
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_E_PATH_HOST);
    CHECK_STATUS(outcome(&p->server), BM_E_TLS_ALERT);
    CHECK(alert_of(&p->server) == 42);
    tls_pair_close(p);
}

static void a_server_of_another_name_is_refused(void)
{
    at_each_meeting(be_another_host);
}

static bm_status broken(void *self, uint8_t *out, size_t cap, size_t *n)
{
    (void)self;
    (void)out;
    (void)cap;
    (void)n;
    return BM_E_IO;
}

static void break_the_stream(const struct meeting *m)
{
    struct tls_pair *p = meet(m);

    p->client.transport.receive = broken;
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_E_IO);
    CHECK_STATUS(p->client.tls->handshake(p->client.session), BM_E_IO);
    CHECK_STATUS(p->server.status, BM_E_TLS_TRUNCATED);
    tls_pair_close(p);
}

static void what_the_stream_says_is_handed_up(void)
{
    at_each_meeting(break_the_stream);
}

static void the_configuration_is_checked(void)
{
    for (size_t i = 0; i < PORTS; i++) {
        const struct meeting m = { (unsigned)i, (unsigned)i, 0 };
        struct tls_pair *p = meet(&m);
        const struct bm_tls *tls = ports[i];
        struct bm_tls_config c = p->server.config;
        struct bm_tls_session *s;
        struct bm_bytes many[BM_TLS_CHAIN_MAX + 1];

        c.signer = NULL;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_ARGUMENT);
        CHECK(s == NULL);
        c = p->server.config;
        c.signer = p->client.config.signer;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_KEY_MISMATCH);
        c = p->server.config;
        c.version = 0x0302;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_ARGUMENT);
        c = p->server.config;
        for (size_t k = 0; k <= BM_TLS_CHAIN_MAX; k++) {
            many[k] = tls_cert(TLS_SERVER);
        }
        c.chain = many;
        c.chain_n = BM_TLS_CHAIN_MAX + 1;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_ARGUMENT);
        c = p->server.config;
        c.trust = NULL;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_ARGUMENT);
        c = p->client.config;
        c.chain_n = 0;
        CHECK_STATUS(tls->open(tls->self, &c, &s), BM_E_ARGUMENT);
        CHECK(s == NULL);
        tls->close(NULL);
    }
}

int main(void)
{
    ports_open();
    RUN(each_port_talks_to_each);
    RUN(a_stream_that_drips_changes_nothing);
    RUN(the_newest_version_in_common_is_taken);
    RUN(without_a_version_in_common_both_are_told);
    RUN(an_end_without_close_notify_is_told_apart);
    RUN(a_peer_without_the_key_of_its_certificate_is_refused);
    RUN(why_a_key_does_not_sign_is_handed_up);
    RUN(a_client_shows_a_certificate_unless_that_is_optional);
    RUN(a_client_of_others_is_refused_also_where_it_need_not_show_any);
    RUN(a_server_of_another_name_is_refused);
    RUN(what_the_stream_says_is_handed_up);
    RUN(the_configuration_is_checked);
    ports_close();
    return bm_test_done();
}
