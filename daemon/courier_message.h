/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_COURIER_MESSAGE_H
#define BM_DAEMON_COURIER_MESSAGE_H

#include "core/crypto.h"
#include "daemon/wire.h"

/*
 * What is sent of an event, as octets; docs/events.md is the contract. The
 * strings of an event may come from a device: whatever is in them, what is
 * written here has the form that it should have.
 */

/*
 * A CloudEvents 1.0 object (JSON). `source` names the instance. NULL: no
 * memory; free() it.
 */
char *courier_json(const struct wire_event *event, const char *source);

/*
 * The signature of a webhook (Standard Webhooks): "v1," and base64 of
 * HMAC-SHA256 over "ID.TIME.BODY".
 */
#define COURIER_SIGNATURE_MAX 64
struct courier_signing {
    struct bm_bytes secret;
    struct bm_bytes id;
    int64_t time;
    struct bm_bytes body;
};
BM_MUST_CHECK bm_status courier_sign(const struct bm_crypto *crypto,
                                     const struct courier_signing *signing,
                                     char signature[COURIER_SIGNATURE_MAX]);

/* Longest message of syslog: every octet of an event may take three. */
#define COURIER_SYSLOG_MAX 4096

/*
 * RFC 5425 4.3: the octets of a message, a blank, and the message (RFC 5424),
 * appended to `w`, which has room for COURIER_SYSLOG_MAX. `host`: of the
 * instance.
 */
void courier_syslog_put(struct bm_wr *w, const struct wire_event *event,
                        const char *host);

#endif
