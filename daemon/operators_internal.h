/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_OPERATORS_INTERNAL_H
#define BM_DAEMON_OPERATORS_INTERNAL_H

#include <event2/event.h>

#include "daemon/gcra.h"
#include "daemon/http.h"
#include "daemon/link.h"
#include "daemon/room.h"

/* Shared by the sources of the operator listener. */

/* A request that the issuer has. */
struct waiting {
    struct http_request *request; /* NULL: a free place */
    uint32_t tag;
    int64_t since;
};

struct operators {
    struct room *room;
    struct http_server *http;
    struct gcra *identities;
    struct link *issuer; /* NULL: there is none at present */
    char *openapi;
    struct waiting *waiting;
    size_t places;
    size_t waiting_n;
    uint32_t next_tag;
    struct event *tick;
};

/* ---- operators_desk.c: from request to answer */

/* Answer, now or when the issuer has (http_config.request_fn). */
void operators_serve(void *self, struct http_request *r);

/* Give up on those that have waited since before `when`: they are told to
 * come again. */
void operators_give_up(struct operators *o, int64_t when);

/* Of the link to the issuer. */
extern const struct link_verb operators_verbs[];
void operators_lost(void *self, struct link *link);

#endif
