/* SPDX-License-Identifier: Apache-2.0 */

/*
 * birthmark-agent connect: mutual TLS for programs that cannot sign where the
 * key is, in a TPM or a token. Standard input goes to a server, what it says to
 * standard output; so under a socket unit (Accept=yes), or inetd, a program
 * that speaks in the clear to a socket of this machine is the device.
 *
 * The key is open for the handshake alone: who takes this process over by what
 * he says later finds none, and a connection of weeks holds no token or TPM.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/carry.h"
#include "agent/net.h"
#include "agent/program.h"
#include "agent/state.h"
#include "agent/words.h"
#include "ports/openssl/openssl_tls.h"

/* All of a handshake, however slowly its octets move, in times of what a step
 * of it may take. */
#define HANDSHAKE_STEPS 4

/* For the server to take what was sent last. */
#define LINGER_MS 2000

struct connection {
    struct settings settings;
    struct state *state;
    struct net net;
    const struct bm_tls *tls;
    struct bm_tls_session *session;
    struct bm_tls_config config;
    struct carry carry;
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    uint8_t chain[STATE_CHAIN_ROOM];
    char host[SETTINGS_HOST_MAX];
    uint16_t port;
};

/* ---- The connection */

static bm_status open_identity(struct connection *c, const char **what,
                               char room[STATE_WHAT_MAX])
{
    const struct state_config how = { .settings = &c->settings,
                                      .how = STATE_SIGN };
    char flash[STATE_WHAT_MAX];
    bm_status rc = state_open(&c->state, &how, room);

    *what = room;
    if (rc != BM_OK) {
        /* Where there is no state yet, nothing is broken. */
        return rc == BM_E_NOT_FOUND &&
                       state_path(&c->settings, "flash", flash) == BM_OK &&
                       strcmp(room, flash) == 0
                   ? BM_E_AGENT_NONE
                   : rc;
    }
    *what = c->settings.state;
    rc = state_chain(c->state, BM_IDENTITY_CURRENT, c->chain, c->certs,
                     &c->config.chain_n);
    if (rc != BM_OK) {
        return rc == BM_E_IDENTITY_STATE ? BM_E_AGENT_NONE : rc;
    }
    c->config.chain = c->certs;
    *what = c->settings.keys.uri;
    return bm_identity_signer(&c->state->identity, BM_IDENTITY_CURRENT,
                              &c->config.signer);
}

static bm_status reach(struct connection *c)
{
    const int64_t step = c->settings.timeout * 1000;
    bm_status rc;

    net_init(&c->net, c->settings.timeout);
    while ((rc = c->net.connector.open(c->net.connector.self, c->host, c->port,
                                       &c->config.transport)) ==
           BM_E_TLS_AGAIN) {
        net_wait(&c->net, step);
    }
    return rc;
}

static bm_status shake_hands(struct connection *c)
{
    const int64_t until =
        net_now() + c->settings.timeout * HANDSHAKE_STEPS * 1000;
    bm_status rc;

    c->config.trust = &c->state->trust;
    c->config.expect = (struct bm_trust_expect){
        .use = BM_TRUST_CLOUD,
        .host = c->host,
        .uptime = state_uptime(c->state),
    };
    BM_TRY(bm_openssl_tls_new(&c->tls));
    BM_TRY(c->tls->open(c->tls->self, &c->config, &c->session));
    while ((rc = c->tls->handshake(c->session)) == BM_E_TLS_AGAIN) {
        int64_t left = until - net_now();

        if (left <= 0) {
            return BM_E_AGENT_TIMEOUT;
        }
        net_wait(&c->net, left);
    }
    return rc;
}

static void close_key(struct connection *c)
{
    const struct bm_keystore *keys = &c->state->keys.store;

    keys->close(keys->self,
                keystore_slot_of(&c->state->keys, c->config.signer));
}

/* What was sent last arrives: who closes with octets unread resets the
 * connection, and the server may lose what it had not read. */
static void hang_up(struct connection *c)
{
    if (c->tls != NULL) {
        c->tls->close(c->session);
        bm_openssl_tls_free(c->tls);
    }
    if (c->net.fd >= 0 && shutdown(c->net.fd, SHUT_WR) == 0) {
        struct pollfd p = { .fd = c->net.fd, .events = POLLIN };

        while (poll(&p, 1, LINGER_MS) > 0 &&
               recv(c->net.fd, c->carry.down.room, sizeof c->carry.down.room,
                    0) > 0) {
        }
    }
    net_close(&c->net);
}

/* ---- The command */

static int connect_as(struct connection *c, const char *place)
{
    char room[STATE_WHAT_MAX];
    const char *what = room;
    bm_status rc = open_identity(c, &what, room);

    if (rc == BM_OK) {
        what = place;
        rc = reach(c);
    }
    if (rc == BM_OK) {
        rc = shake_hands(c);
    }
    if (rc == BM_OK) {
        close_key(c);
        c->carry.tls = c->tls;
        c->carry.session = c->session;
        c->carry.net = &c->net;
        c->carry.in = STDIN_FILENO;
        c->carry.out = STDOUT_FILENO;
        rc = carry_all(&c->carry);
    }
    if (rc == BM_E_AGENT_NONE) {
        fprintf(stderr, "birthmark-agent: ");
        words_print(stderr, c->settings.state);
        fprintf(stderr, ": there is no identity to connect with: enroll gets "
                        "one\n");
        return ARGS_FAILED;
    }
    return rc == BM_OK ? ARGS_OK : words_failed(what, rc);
}

int connect_run(const struct args *args)
{
    struct connection *c = calloc(1, sizeof *c);
    int code;

    if (c == NULL) {
        return words_failed("memory", BM_E_MEMORY);
    }
    c->net.fd = -1;
    if (!settings_read_place(args->word, c->host, &c->port)) {
        fprintf(stderr, "birthmark-agent: ");
        words_print(stderr, args->word);
        fprintf(stderr, ": HOST or HOST:PORT is wanted\n");
        free(c);
        return ARGS_USAGE;
    }
    if (program_settings(args, &c->settings, &code)) {
        code = connect_as(c, args->word);
        hang_up(c);
        state_close(c->state);
        settings_free(&c->settings);
    }
    bm_wipe(c, sizeof *c);
    free(c);
    return code;
}
