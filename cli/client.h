/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_CLIENT_H
#define BM_CLI_CLIENT_H

#include "protocols/admin/admin.h"

/*
 * The API of a server, over HTTPS with the operator's certificate. What a
 * refusal says there is the refusal here: status and words arrive as they
 * were made.
 *
 * An act carries an Idempotency-Key, so that it can be sent again when the
 * answer was lost, and when the server asks for it to come again: once each.
 */
struct client;

struct client_config {
    const char *url;   /* https://HOST[:PORT] */
    const char *cert;  /* PEM files: certificate with those above it, */
    const char *key;   /* its key; may be the same file */
    const char *trust; /* and what the server's certificate must lead to */
    const struct bm_crypto *crypto; /* random numbers; outlives it */
};

/* Opens no connection yet. The caller owns `*client`, NULL on error. */
BM_MUST_CHECK bm_status client_open(const struct client_config *config,
                                    struct client **client,
                                    struct ca_refusal *why);
void client_close(struct client *client); /* NULL is fine */

struct client_request {
    unsigned operation; /* index of admin_operations */
    const json_t *params;
    struct bm_bytes octets; /* the body, of one that takes octets */
};

/*
 * Have the server run an operation of admin.h. `*result` is the caller's and
 * fits the table, or NULL. BM_E_IO when the server could not be asked or its
 * answer makes no sense.
 */
BM_MUST_CHECK bm_status client_ask(struct client *client,
                                   const struct client_request *request,
                                   json_t **result, struct ca_refusal *why);

/* Nobody was there: the last request has reached no server. */
bool client_alone(const struct client *client);

#endif
