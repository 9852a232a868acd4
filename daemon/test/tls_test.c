/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "daemon/test/certs.h"
#include "tests/harness/bm_test.h"

/* Both ends in memory: a pair of BIOs, and turns until nothing moves. */

static EVP_PKEY *key;
static X509 *cert;
static struct bm_bytes pem;

static SSL_CTX *server_of(bool require_client)
{
    struct tls_config config = {
        .chain = pem,
        .key = key,
        .require_client = require_client,
    };
    SSL_CTX *ctx = NULL;

    CHECK_STATUS(tls_new(&config, &ctx, NULL), BM_OK);
    return ctx;
}

struct pair {
    SSL_CTX *ctx[2]; /* server, client */
    SSL *ssl[2];
    unsigned long error[2];
    bool done[2];
};

static void shake(struct pair *p, SSL_CTX *server, SSL_CTX *client)
{
    BIO *bio[2];

    memset(p, 0, sizeof(*p));
    p->ctx[0] = server;
    p->ctx[1] = client;
    CHECK(BIO_new_bio_pair(&bio[0], 65536, &bio[1], 65536) == 1);
    for (int i = 0; i < 2; i++) {
        p->ssl[i] = SSL_new(p->ctx[i]);
        SSL_set_bio(p->ssl[i], bio[i], bio[i]);
    }
    SSL_set_accept_state(p->ssl[0]);
    SSL_set_connect_state(p->ssl[1]);
    for (int turn = 0; turn < 20; turn++) {
        int i = turn % 2 == 0;
        int rc;
        char octet;

        ERR_clear_error();
        rc = p->done[i] ? SSL_read(p->ssl[i], &octet, 1)
                        : SSL_do_handshake(p->ssl[i]);
        if (rc == 1) {
            p->done[i] = true;
        } else if (p->error[i] == 0) {
            p->error[i] = ERR_peek_error();
        }
    }
    ERR_clear_error();
}

static void part(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        SSL_free(p->ssl[i]);
        SSL_CTX_free(p->ctx[i]);
    }
}

/* The client's offer, and what comes of it. */
static const struct {
    int version; /* 0: any */
    const char *suites;
    const char *groups;
    const char *got;     /* suite, or NULL */
    const char *failure; /* otherwise */
} offers[] = {
    { 0, NULL, NULL, "TLS_AES_128_GCM_SHA256", NULL },
    { 0, NULL, "P-256", "TLS_AES_128_GCM_SHA256", NULL },
    { TLS1_2_VERSION, NULL, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL },
    { TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", NULL,
      "ECDHE-ECDSA-CHACHA20-POLY1305", NULL },
    { TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM", "P-256",
      "ECDHE-ECDSA-AES128-CCM", NULL },
    { TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM8", NULL, NULL,
      "no_shared_cipher" },
    { TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL, NULL,
      "no_shared_cipher" },
    { TLS1_2_VERSION, "AES128-GCM-SHA256", NULL, NULL, "no_shared_cipher" },
    { TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", NULL, NULL,
      "no_shared_cipher" }, /* the key is not RSA */
    { TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL, NULL, "version" },
    { TLS1_VERSION, "ALL:@SECLEVEL=0", NULL, NULL, "version" },
    { TLS1_3_VERSION, NULL, "P-521", NULL, "no_shared_group" },
};

static void only_the_intended_is_agreed_on(void)
{
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        SSL_CTX *client = certs_client(NULL, NULL);
        char list[32];
        struct pair p;

        if (offers[i].version != 0) {
            SSL_CTX_set_min_proto_version(client, offers[i].version);
            SSL_CTX_set_max_proto_version(client, offers[i].version);
        }
        if (offers[i].suites != NULL) {
            CHECK(SSL_CTX_set_cipher_list(client, offers[i].suites) == 1);
        }
        if (offers[i].groups != NULL) {
            (void)snprintf(list, sizeof(list), "%s", offers[i].groups);
            CHECK(SSL_CTX_set1_groups_list(client, list) == 1);
        }
        shake(&p, server_of(false), client);
        CHECK(p.done[0] == (offers[i].got != NULL));
        if (p.done[0] && offers[i].got != NULL) {
            CHECK(strcmp(SSL_get_cipher_name(p.ssl[0]), offers[i].got) == 0);
        } else if (offers[i].failure != NULL &&
                   strcmp(tls_failure(p.error[0]), offers[i].failure) != 0) {
            printf("# offer %zu: %s, not %s\n", i, tls_failure(p.error[0]),
                   offers[i].failure);
            CHECK(!"as the table says");
        }
        part(&p);
    }
}

/* Whether it is good is for others to say: this one nobody has signed. */
static void a_client_certificate_is_taken_as_it_comes(void)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *client = certs_client(key, cert);
        struct pair p;

        SSL_CTX_set_max_proto_version(client, version);
        shake(&p, server_of(true), client);
        CHECK(p.done[0] && p.done[1]);
        CHECK(SSL_get0_peer_certificate(p.ssl[0]) != NULL);
        CHECK(SSL_session_reused(p.ssl[0]) == 0);
        part(&p);
    }
}

static void operators_need_a_certificate(void)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *client = certs_client(NULL, NULL);
        struct pair p;

        SSL_CTX_set_max_proto_version(client, version);
        shake(&p, server_of(true), client);
        CHECK(!p.done[0]);
        CHECK(strcmp(tls_failure(p.error[0]), "no_certificate") == 0);
        part(&p);
    }
}

static void clients_send_only_so_many_certificates(void)
{
    for (int n = 6; n <= 8; n++) {
        SSL_CTX *client = certs_client(key, cert);
        struct pair p;

        for (int i = 0; i < n; i++) {
            SSL_CTX_add1_chain_cert(client, cert);
        }
        shake(&p, server_of(false), client);
        CHECK(p.done[0] == (n < 8));
        CHECK(n < 8 || strcmp(tls_failure(p.error[0]), "certificate") == 0);
        part(&p);
    }
}

static void nothing_is_resumed_and_no_ticket_is_given(void)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *server = server_of(false);
        SSL_CTX *client = certs_client(NULL, NULL);
        SSL_SESSION *session;
        struct pair p;

        SSL_CTX_set_max_proto_version(client, version);
        shake(&p, server, client);
        CHECK(p.done[0] && p.done[1]);
        session = SSL_get1_session(p.ssl[1]);
        CHECK(SSL_SESSION_has_ticket(session) == 0);
        CHECK(SSL_SESSION_is_resumable(session) == 0 ||
              version == TLS1_2_VERSION);
        SSL_SESSION_free(session);
        part(&p);
    }
}

static void a_client_cannot_renegotiate(void)
{
    SSL_CTX *client = certs_client(NULL, NULL);
    struct pair p;
    char octet;

    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    shake(&p, server_of(false), client);
    CHECK(p.done[0] && p.done[1]);
    CHECK(SSL_renegotiate(p.ssl[1]) == 1);
    (void)SSL_do_handshake(p.ssl[1]);
    CHECK(SSL_read(p.ssl[0], &octet, 1) <= 0);
    /* A no_renegotiation alert, and the old keys go on. */
    CHECK(SSL_do_handshake(p.ssl[1]) != 1);
    part(&p);
}

static void protocols_are_agreed_on(void)
{
    static const struct {
        const unsigned char *list;
        unsigned n;
        bool passes;
    } cases[] = {
        { (const unsigned char *)"\x08http/1.1", 9, true },
        { (const unsigned char *)"\x02h2\x08http/1.1", 12, true },
        { (const unsigned char *)"\x02h2", 3, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SSL_CTX *client = certs_client(NULL, NULL);
        struct pair p;

        SSL_CTX_set_alpn_protos(client, cases[i].list, cases[i].n);
        shake(&p, server_of(false), client);
        CHECK(p.done[0] == cases[i].passes);
        CHECK(cases[i].passes ||
              strcmp(tls_failure(p.error[0]), "no_shared_protocol") == 0);
        part(&p);
    }
}

/* RFC 9266 4.2, RFC 5929 3: what both sides can compute. */
static void both_ends_have_the_same_binding(void)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t ours[TLS_BINDING_MAX];
    uint8_t theirs[TLS_BINDING_MAX];
    size_t n;
    struct pair p;
    SSL_CTX *client = certs_client(NULL, NULL);

    shake(&p, server_of(false), client);
    CHECK_STATUS(tls_binding(p.ssl[0], ours, &n), BM_OK);
    CHECK(n == 32);
    CHECK(SSL_export_keying_material(p.ssl[1], theirs, 32, label,
                                     sizeof(label) - 1,
                                     (const unsigned char *)"", 0, 1) == 1);
    CHECK_BYTES(ours, n, theirs, 32);
    part(&p);

    client = certs_client(NULL, NULL);
    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    shake(&p, server_of(false), client);
    CHECK_STATUS(tls_binding(p.ssl[0], ours, &n), BM_OK);
    CHECK(n == 12);
    CHECK_BYTES(ours, n, theirs, SSL_get_finished(p.ssl[1], theirs, 64));
    part(&p);

    /* RFC 7627 6.1: without extended master secret it binds nothing. */
    client = certs_client(NULL, NULL);
    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    SSL_CTX_set_options(client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    shake(&p, server_of(false), client);
    CHECK(p.done[0]);
    CHECK_STATUS(tls_binding(p.ssl[0], ours, &n), BM_E_NOT_FOUND);
    part(&p);
}

static void bad_configurations_are_refused(void)
{
    EVP_PKEY *other = certs_key();
    struct ca_refusal why;
    struct tls_config config = { .chain = pem, .key = other };
    SSL_CTX *ctx;

    CHECK_STATUS(tls_new(&config, &ctx, &why), BM_E_KEY_MISMATCH);
    CHECK(ctx == NULL && why.words[0] != '\0');
    config.key = key;
    for (size_t n = 0; n < pem.n - 1; n++) {
        config.chain.n = n;
        if (tls_new(&config, &ctx, &why) == BM_OK) {
            CHECK(!"a part of a certificate is none");
        }
        CHECK(ctx == NULL);
    }
    config.chain = pem;
    config.client_cas = BM_LIT("\x30\x03\x02\x01\x01");
    CHECK_STATUS(tls_new(&config, &ctx, &why), BM_E_CERT);
    CHECK(ERR_peek_error() == 0);
    EVP_PKEY_free(other);
}

int main(void)
{
    key = certs_key();
    cert = certs_make(key, "server");
    pem = certs_pem(cert);
    RUN(only_the_intended_is_agreed_on);
    RUN(a_client_certificate_is_taken_as_it_comes);
    RUN(operators_need_a_certificate);
    RUN(clients_send_only_so_many_certificates);
    RUN(nothing_is_resumed_and_no_ticket_is_given);
    RUN(a_client_cannot_renegotiate);
    RUN(protocols_are_agreed_on);
    RUN(both_ends_have_the_same_binding);
    RUN(bad_configurations_are_refused);
    certs_free(pem);
    X509_free(cert);
    EVP_PKEY_free(key);
    return bm_test_done();
}
