/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_PUMP_H
#define BM_DEVICE_PUMP_H

#include "device/job.h"
#include "device/tls.h"

/*
 * The pump joins the three parts that each do nothing alone: a job (job.h),
 * TLS (tls.h) and a stream of octets. One function is called until it is done;
 * it never blocks. The same loop runs in firmware and in the agent.
 *
 *     bm_enrol_as_job(&enrol, &job);
 *     bm_pump_init(&pump, &config);
 *     for (;;) {
 *         rc = bm_pump_run(&pump, uptime(), &seconds);
 *         if (rc != BM_E_TLS_AGAIN) { break; }
 *         ... poll the transport, `seconds` at most; all of them where
 *             pump.waiting is true: there is no connection then ...
 *     }
 *     bm_pump_close(&pump);
 */

/* How connections are made: sockets in the agent, lwIP in firmware. */
struct bm_connector {
    void *self;
    /* BM_OK and the stream; BM_E_TLS_AGAIN while the connection is being
     * made: called again then, with the same arguments; or why not. */
    bm_status (*open)(void *self, const char *host, uint16_t port,
                      const struct bm_transport **transport);
    /* Also gives up an open() that has not come to an end. */
    void (*close)(void *self);
};

struct bm_pump_config {
    const struct bm_job *job; /* started */
    const struct bm_tls *tls;
    const struct bm_connector *connector;
    /* Memory for the certificates that are shown, DER: those of one place.
     * 2,048 octets hold a chain of P-256. */
    uint8_t *chain;
    size_t chain_n;
};

struct bm_pump {
    bm_status why;  /* while waiting and at the end: what went wrong last */
    bool waiting;   /* for time alone */
    bool connected; /* a connection is open */

    /* Private. */
    const struct bm_pump_config *config;
    const struct bm_transport *transport;
    struct bm_tls_session *session;
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    uint8_t place; /* whose key is open */
    bool begun;    /* the connector was asked */
};

/* The configuration, and what it points to, live until bm_pump_close(). */
void bm_pump_init(struct bm_pump *p, const struct bm_pump_config *config);

/*
 * Do what can be done now, within bounds. BM_OK: the job is done.
 * BM_E_TLS_AGAIN: call again when the transport has moved, and after `*seconds`
 * at the latest: at once where that is 0 and not `waiting`.
 * Anything else: the job has stopped for this reason.
 */
BM_MUST_CHECK bm_status bm_pump_run(struct bm_pump *p, uint32_t uptime,
                                    uint32_t *seconds);

/* Close whatever is open. The job is left as it is. */
void bm_pump_close(struct bm_pump *p);

#endif
