/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/outbound.h"

#include "device/renewal.h"
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/enrolment.h"
#include "examples/sensor-node/peer.h"
#include "examples/sensor-node/refresh.h"
#include "examples/sensor-node/report.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"

static const struct outbound_work *const works[OUTBOUND_JOBS] = {
    [OUTBOUND_ENROL] = &enrolment_work, [OUTBOUND_REFRESH] = &refresh_work,
    [OUTBOUND_UPDATE] = &update_work,   [OUTBOUND_PEER] = &peer_work,
    [OUTBOUND_HTTPS] = &report_https,   [OUTBOUND_MQTT] = &report_mqtt,
};

static bool is_due(const struct outbound *o, unsigned job)
{
    return (int32_t)(board_uptime() - o->at[job]) >= 0;
}

void outbound_open(struct node *n)
{
    n->pump_config = (struct bm_pump_config){
        .job = &n->asked,
        .tls = &n->network.tls.tls,
        .connector = &n->network.out.connector,
        .chain = n->chain,
        .chain_n = sizeof n->chain,
    };
}

void outbound_now(struct node *n, enum outbound_job job)
{
    n->outbound.at[job] = board_uptime();
    n->outbound.failures[job] = 0;
}

/* Told when either has grown: what is left of 64 KB is what an application has.
 */
static void say_memory(struct node *n)
{
    size_t stack = board_stack();
    size_t now;
    size_t peak;

    bm_mbedtls_tls_used(&n->network.tls, &now, &peak);
    if (stack <= n->outbound.stack && peak <= n->outbound.tls) {
        return;
    }
    n->outbound.stack = stack;
    n->outbound.tls = peak;
    say("memory", (struct say_field[]){ { "stack", NULL, (long)stack },
                                        { "tls", NULL, (long)peak },
                                        { NULL, NULL, 0 } });
}

/* Not sooner than the job says or, where it would wait, than that; and after
 * failures, than backing off says. */
static void finish(struct node *n, bm_status rc, uint32_t waits)
{
    struct outbound *o = &n->outbound;
    uint32_t wait = works[o->job]->end(n, rc);

    bm_wipe(&n->job, sizeof n->job);
    o->busy = false;
    say_memory(n);
    wait = wait > waits ? wait : waits;
    if (rc == BM_OK) {
        o->failures[o->job] = 0;
    } else if (wait == 0) {
        if (o->failures[o->job] < UINT8_MAX) {
            o->failures[o->job]++;
        }
        wait = bm_backoff(&n->crypto, o->failures[o->job]);
    }
    o->at[o->job] = board_uptime() + wait;
}

/* The job that has been due for the longest; of equals the first one in the
 * table. An order alone would let the last ones starve where those before them
 * take as long as their intervals. OUTBOUND_JOBS: none. */
static unsigned choose(struct node *n)
{
    const struct outbound *o = &n->outbound;
    unsigned found = OUTBOUND_JOBS;

    for (unsigned job = 0; job < OUTBOUND_JOBS; job++) {
        if (is_due(o, job) && works[job]->wanted(n) &&
            (found == OUTBOUND_JOBS ||
             (int32_t)(o->at[job] - o->at[found]) < 0)) {
            found = job;
        }
    }
    return found;
}

static bool begin(struct node *n)
{
    struct outbound *o = &n->outbound;
    unsigned job = choose(n);
    bm_status rc;

    if (job == OUTBOUND_JOBS) {
        return false;
    }
    o->job = (uint8_t)job;
    o->busy = true;
    rc = works[job]->begin(n);
    if (rc == BM_OK) {
        bm_pump_init(&n->pump, &n->pump_config);
    } else {
        finish(n, rc, 0);
    }
    return true;
}

bool outbound_shakes(const struct node *n)
{
    return n->outbound.busy && !n->pump.connected && !n->pump.waiting;
}

bool outbound_poll(struct node *n)
{
    struct outbound *o = &n->outbound;
    uint32_t seconds = 0;
    bm_status rc;

    if (!o->busy) {
        /* Memory is for one handshake at a time. */
        return !peer_shakes(n) && begin(n);
    }
    if (works[o->job]->run != NULL) {
        rc = works[o->job]->run(n);
        if (rc != BM_E_TLS_AGAIN) {
            finish(n, rc, 0);
        }
        return rc != BM_E_TLS_AGAIN;
    }
    /* One that connects anew waits, too: connecting takes more than one call,
     * so TLS is not open yet. A peer has but seconds (peer.c). */
    if (outbound_shakes(n) && peer_shakes(n)) {
        return false;
    }
    rc = bm_pump_run(&n->pump, board_uptime(), &seconds);
    if (rc == BM_E_TLS_AGAIN &&
        (!n->pump.waiting || seconds <= OUTBOUND_PATIENCE)) {
        return seconds == 0 && !n->pump.waiting;
    }
    bm_pump_close(&n->pump);
    /* Of a job that is over, the seconds are left over. */
    finish(n, rc == BM_E_TLS_AGAIN ? n->pump.why : rc,
           rc == BM_E_TLS_AGAIN ? seconds : 0);
    return true;
}
