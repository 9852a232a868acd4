/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_API_H
#define BM_AGENT_API_H

#include <signal.h>

#include "agent/net.h"
#include "agent/state.h"
#include "device/http.h"

/*
 * The device API of birthmarkd (docs/device-api.md), over one kept connection
 * under an identity, or with a one-time secret. The server is the one of the
 * settings, judged as for enrolment: the way to repair stays open, and what an
 * expired server says is not believed (api.doubtful).
 *
 * Blocks for at most API_SECONDS per step, or until `*stop` is not 0.
 */
#define API_SECONDS 60

/* A bundle for hosts: a deny list of some thousand serial numbers. */
#define API_BODY_MAX 65536

/* Who asks: an identity, or a device with its one-time secret. */
struct api_as {
    bool show; /* an identity at all, */
    enum bm_identity_place place;
    const char *device; /* the user of the token, or NULL */
    struct bm_bytes token;
};

struct api {
    struct state *state;
    const struct api_as *as;
    const volatile sig_atomic_t *stop; /* or NULL */
    struct net net;
    const struct bm_tls *tls;
    struct bm_tls_session *session;
    const struct bm_signer *signer;
    bool doubtful; /* the server's certificate has expired, for all we know */
    bool closed;   /* the server ends the connection */
    uint8_t chain[STATE_CHAIN_ROOM];
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    size_t certs_n;
    /* Of the last answer. */
    struct bm_http http;
    uint8_t body[API_BODY_MAX];
    size_t body_n;
};

/* On BM_OK the caller closes; on error all is closed. Too large for a stack. */
BM_MUST_CHECK bm_status api_open(struct api *api, struct state *state,
                                 const struct api_as *as,
                                 const volatile sig_atomic_t *stop);

/*
 * GET https://SERVER/device/v1/PATH. BM_OK for any complete answer: its status
 * is api->http.status. BM_E_LIMIT: the body is too long.
 */
BM_MUST_CHECK bm_status api_get(struct api *api, const char *path);

/* The same for POST, with a body of application/cbor. */
BM_MUST_CHECK bm_status api_post(struct api *api, const char *path,
                                 struct bm_bytes body);

void api_close(struct api *api);

#endif
