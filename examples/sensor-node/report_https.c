/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/report.h"
#include "examples/sensor-node/say.h"

static bool wanted(struct node *n)
{
    return n->settings.https.host[0] != '\0' &&
           node_has(n, BM_IDENTITY_CURRENT);
}

static bm_status begin(struct node *n)
{
    const struct settings_service *s = &n->settings.https;
    struct bm_exchange_request request = {
        .method = "POST",
        .path = { (const uint8_t *)s->name, strlen(s->name) },
        .type = "application/json",
        .body = reading_json(n->settings.device, n->job.https.reading),
    };

    n->job.https.config = (struct bm_exchange_config){
        .identity = &n->identity,
        .place = BM_IDENTITY_CURRENT,
        .trust = &n->trust,
        .use = BM_TRUST_CLOUD,
        .host = s->host,
        .port = s->port,
        .room = n->job.https.head,
        .room_n = sizeof n->job.https.head,
    };
    bm_exchange_init(&n->job.https.exchange, &n->job.https.config);
    BM_TRY(bm_exchange_start(&n->job.https.exchange, &request, NULL,
                             board_uptime()));
    bm_exchange_as_job(&n->job.https.exchange, &n->asked);
    return BM_OK;
}

/* RFC 9110 15.3: whatever else a service says, it has not taken the reading. */
static bool taken(unsigned http)
{
    return http >= 200 && http <= 299;
}

static uint32_t end(struct node *n, bm_status rc)
{
    const unsigned http = n->job.https.exchange.reply.status;

    if (rc == BM_OK && !taken(http)) {
        rc = bm_exchange_status(http);
    }
    if (rc == BM_OK) {
        say("report", (struct say_field[]){ { "via", "https", 0 },
                                            { "status", NULL, (long)http },
                                            { NULL, NULL, 0 } });
    } else {
        say_failed("https", rc);
    }
    return n->settings.interval;
}

const struct outbound_work report_https = { .wanted = wanted,
                                            .begin = begin,
                                            .end = end };
