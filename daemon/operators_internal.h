/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_OPERATORS_INTERNAL_H
#define BM_DAEMON_OPERATORS_INTERNAL_H

#include <event2/event.h>
#include <jansson.h>

#include "core/crypto.h"
#include "daemon/gcra.h"
#include "daemon/http.h"
#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"

/* Shared by the sources of the operator listener. */

/* A request that the issuer has. */
struct waiting {
    struct http_request *request; /* NULL: a free place */
    uint32_t tag;
    int64_t since;
    json_t *params; /* where a file is made of the answer; else NULL */
};

/* Archives that are being made at a time. */
#define OPERATORS_RESULTS_MAX 16

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
    struct bm_crypto *crypto;
    struct result *results[OPERATORS_RESULTS_MAX]; /* or NULL */
};

/* ---- operators_desk.c: from request to answer */

/* Answer, now or when the issuer has (http_config.request_fn). */
void operators_serve(void *self, struct http_request *r);

/* Give up on those that have waited since before `when`: they are told to
 * come again. */
void operators_give_up(struct operators *o, int64_t when);

/* Send a question off, whose answer has this tag: BM_E_BUSY without an
 * issuer. */
BM_MUST_CHECK bm_status operators_ask(struct operators *o,
                                      const struct wire_admin *m, uint32_t tag);

/* Of the link to the issuer. */
extern const struct link_verb operators_verbs[];
void operators_lost(void *self, struct link *link);

/* ---- operators_result.c: an archive, made while it is taken */

/* Answer with the archive whose list the issuer has told. 200: that is done, or
 * will be; otherwise with what status to refuse. */
BM_MUST_CHECK unsigned operators_result_begin(struct operators *o,
                                              struct http_request *request,
                                              const json_t *params,
                                              struct bm_bytes body);
/* False: no archive has asked with this tag. */
bool operators_result_answer(struct operators *o, uint32_t tag,
                             const struct wire_administered *m);
/* Once per second: ask again, give up. */
void operators_results_tick(struct operators *o);
/* The issuer is gone: what it was asked is asked again. */
void operators_results_lost(struct operators *o);

#endif
