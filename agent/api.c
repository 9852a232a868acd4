/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/api.h"

#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "ports/openssl/openssl_tls.h"

/* How often it is looked whether to stop. */
#define STEP_MS 500

/* The body of a claim is the largest: certificates of an endorsement key. */
#define REQUEST_MAX 20480

/* User and one-time secret. */
#define TOKEN_MAX 1024

/* One step of TLS, tried until it moves, or patience ends. */
struct step {
    struct api *api;
    int64_t until;
};

static struct step begin(struct api *api)
{
    return (struct step){ api, net_now() + API_SECONDS * 1000 };
}

/* BM_E_TLS_AGAIN becomes a wait; anything else is the answer. */
static bool again(const struct step *step, bm_status *rc)
{
    int64_t left = step->until - net_now();

    if (*rc != BM_E_TLS_AGAIN) {
        return false;
    }
    if (step->api->stop != NULL && *step->api->stop != 0) {
        *rc = BM_E_AGENT_STOPPED;
        return false;
    }
    if (left <= 0) {
        *rc = BM_E_AGENT_TIMEOUT;
        return false;
    }
    net_wait(&step->api->net, left < STEP_MS ? left : STEP_MS);
    return true;
}

static bm_status connect_to(struct api *api,
                            const struct bm_transport **transport)
{
    const struct settings *s = api->state->settings;
    const struct step step = begin(api);
    bm_status rc;

    do {
        rc = api->net.connector.open(api->net.connector.self, s->host, s->port,
                                     transport);
    } while (again(&step, &rc));
    return rc;
}

static bm_status shake_hands(struct api *api)
{
    const struct step step = begin(api);
    const struct bm_trust_verdict *verdict;
    bm_status rc;

    do {
        rc = api->tls->handshake(api->session);
    } while (again(&step, &rc));
    BM_TRY(rc);
    verdict = api->tls->verdict(api->session);
    api->doubtful = verdict == NULL || verdict->expired;
    return BM_OK;
}

static bm_status open_session(struct api *api)
{
    struct state *state = api->state;
    struct bm_tls_config config = {
        .trust = &state->trust,
        .expect = { .use = BM_TRUST_ENROL,
                    .host = state->settings->host,
                    .secret = api->as->token.n != 0,
                    .uptime = state_uptime(state) },
        .chain = api->certs,
    };

    if (api->as->show) {
        BM_TRY(state_chain(state, api->as->place, api->chain, api->certs,
                           &api->certs_n));
        BM_TRY(
            bm_identity_signer(&state->identity, api->as->place, &api->signer));
    }
    BM_TRY(connect_to(api, &config.transport));
    config.chain_n = api->certs_n;
    config.signer = api->signer;
    BM_TRY(api->tls->open(api->tls->self, &config, &api->session));
    return shake_hands(api);
}

bm_status api_open(struct api *api, struct state *state,
                   const struct api_as *as, const volatile sig_atomic_t *stop)
{
    bm_status rc;

    memset(api, 0, sizeof *api);
    api->state = state;
    api->as = as;
    api->stop = stop;
    net_init(&api->net, state->settings->timeout);
    rc = bm_openssl_tls_new(&api->tls);
    if (rc == BM_OK) {
        rc = open_session(api);
    }
    if (rc != BM_OK) {
        api_close(api);
    }
    return rc;
}

static bm_status send_all(struct api *api, struct bm_bytes octets)
{
    const struct step step = begin(api);

    while (octets.n != 0) {
        size_t n = 0;
        bm_status rc;

        do {
            rc = api->tls->write(api->session, octets, &n);
        } while (again(&step, &rc));
        BM_TRY(rc);
        octets.p += n;
        octets.n -= n;
    }
    return BM_OK;
}

static bm_status keep(struct api *api, struct bm_bytes piece)
{
    if (piece.n > sizeof api->body - api->body_n) {
        return BM_E_LIMIT;
    }
    memcpy(api->body + api->body_n, piece.p, piece.n);
    api->body_n += piece.n;
    return BM_OK;
}

/* What arrived, into head and body. */
static bm_status take(struct api *api, struct bm_bytes in)
{
    while (in.n != 0 && !api->http.done) {
        struct bm_bytes piece = { NULL, 0 };

        BM_TRY(bm_http_read(&api->http, &in, &piece));
        if (piece.n != 0) {
            BM_TRY(keep(api, piece));
        }
    }
    /* Nothing was asked that this could be the answer to. */
    return in.n == 0 ? BM_OK : BM_E_HTTP_SYNTAX;
}

/* One deadline for all of an answer: one that drips is given up, too. */
static bm_status receive_all(struct api *api)
{
    const struct step step = begin(api);
    uint8_t room[4096];

    bm_http_init(&api->http);
    api->body_n = 0;
    while (!api->http.done) {
        size_t n = 0;
        bm_status rc;

        do {
            rc = api->tls->read(api->session, room, sizeof room, &n);
        } while (again(&step, &rc));
        if (rc == BM_E_TLS_CLOSED) {
            api->closed = true;
            return bm_http_end(&api->http);
        }
        BM_TRY(rc);
        BM_TRY(take(api, (struct bm_bytes){ room, n }));
        if (net_now() >= step.until && !api->http.done) {
            return BM_E_AGENT_TIMEOUT;
        }
    }
    api->closed = api->http.close;
    return BM_OK;
}

/* RFC 9112 3.2: Host has the port where it is not the usual one, and brackets
 * around an address of IPv6. */
static void put_head(struct bm_wr *w, const struct settings *s,
                     const char *method, const char *path)
{
    const bool v6 = strchr(s->host, ':') != NULL;
    char port[16];

    bm_wr_str(w, method);
    bm_wr_str(w, " /device/v1/");
    bm_wr_str(w, path);
    bm_wr_str(w, v6 ? " HTTP/1.1\r\nHost: [" : " HTTP/1.1\r\nHost: ");
    bm_wr_str(w, s->host);
    (void)snprintf(port, sizeof port, "%s:%u\r\n", v6 ? "]" : "",
                   (unsigned)s->port);
    bm_wr_str(w, port);
}

/* RFC 7617 2: "Basic" and the base64 of user:password. */
static bm_status put_token(struct bm_wr *w, const struct api_as *as)
{
    uint8_t both[TOKEN_MAX];
    struct bm_wr plain;
    size_t n;
    bm_status rc;

    if (as->token.n == 0) {
        return BM_OK;
    }
    bm_wr_init(&plain, both, sizeof both);
    bm_wr_str(&plain, as->device == NULL ? "" : as->device);
    bm_wr_u8(&plain, ':');
    bm_wr_put(&plain, as->token);
    rc = bm_wr_finish(&plain, &n);
    if (rc == BM_OK) {
        bm_wr_str(w, "Authorization: Basic ");
        bm_base64_put(w, bm_wr_bytes(&plain), 0);
        bm_wr_str(w, "\r\n");
    }
    bm_wipe(both, sizeof both);
    return rc;
}

static void put_body(struct bm_wr *w, struct bm_bytes body)
{
    char length[96];

    (void)snprintf(length, sizeof length,
                   "Content-Type: application/cbor\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   body.n);
    bm_wr_str(w, length);
    bm_wr_put(w, body);
}

static bm_status ask(struct api *api, const char *method, const char *path,
                     const struct bm_bytes *body)
{
    uint8_t room[REQUEST_MAX];
    struct bm_wr w;
    size_t n;
    bm_status rc;

    if (api->closed) {
        return BM_E_TLS_CLOSED;
    }
    bm_wr_init(&w, room, sizeof room);
    put_head(&w, api->state->settings, method, path);
    rc = put_token(&w, api->as);
    if (rc == BM_OK) {
        if (body != NULL) {
            put_body(&w, *body);
        } else {
            bm_wr_str(&w, "\r\n");
        }
        rc = bm_wr_finish(&w, &n);
    }
    if (rc == BM_OK) {
        rc = send_all(api, bm_wr_bytes(&w));
    }
    bm_wipe(room, sizeof room);
    return rc == BM_OK ? receive_all(api) : rc;
}

bm_status api_get(struct api *api, const char *path)
{
    return ask(api, "GET", path, NULL);
}

bm_status api_post(struct api *api, const char *path, struct bm_bytes body)
{
    return ask(api, "POST", path, &body);
}

void api_close(struct api *api)
{
    if (api->tls != NULL) {
        api->tls->close(api->session);
        bm_openssl_tls_free(api->tls);
    }
    if (api->signer != NULL) {
        bm_identity_close(&api->state->identity, api->as->place);
    }
    if (api->state != NULL) {
        net_close(&api->net);
    }
    memset(api, 0, sizeof *api);
}
