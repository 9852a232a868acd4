/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT by lwIP's client, over the layer of ports/lwip: connect, publish once
 * with an acknowledgement (QoS 1), leave.
 */
#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/report.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/show.h"

/* Seconds for all of it. */
#define PATIENCE 30

static bool wanted(struct node *n)
{
    return n->settings.mqtt.host[0] != '\0' && node_has(n, BM_IDENTITY_CURRENT);
}

static bm_status show(void *self, struct bm_tls_config *tls)
{
    struct node *n = self;

    tls->expect = (struct bm_trust_expect){ .use = BM_TRUST_CLOUD,
                                            .host = n->settings.mqtt.host,
                                            .uptime = board_uptime() };
    return show_identity(n, &n->job.mqtt.show, tls);
}

static void closed(void *self)
{
    const struct node *n = self;

    bm_identity_close(&n->identity, BM_IDENTITY_CURRENT);
}

/* The first word counts: a broker may close once it has acknowledged. */
static void settle(struct node *n, bm_status rc)
{
    if (n->job.mqtt.rc == BM_E_TLS_AGAIN) {
        n->job.mqtt.rc = rc;
    }
}

static void published(void *self, err_t err)
{
    settle(self, err == ERR_OK ? BM_OK : BM_E_NET_TIMEOUT);
}

static void connected(mqtt_client_t *client, void *self,
                      mqtt_connection_status_t status)
{
    struct node *n = self;
    struct bm_bytes reading;

    if (status != MQTT_CONNECT_ACCEPTED) {
        settle(n, n->job.mqtt.layer.why != BM_OK ? n->job.mqtt.layer.why
                                                 : BM_E_NET_BROKEN);
        return;
    }
    reading = reading_json(n->settings.device, n->job.mqtt.reading);
    if (mqtt_publish(client, n->settings.mqtt.name, reading.p,
                     (uint16_t)reading.n, 1, 0, published, n) != ERR_OK) {
        settle(n, BM_E_MEMORY);
    }
}

static bm_status begin(struct node *n)
{
    const struct settings_service *s = &n->settings.mqtt;
    const struct mqtt_connect_client_info_t info = {
        .client_id = n->settings.device,
        .keep_alive = PATIENCE,
        .tls_config = &n->job.mqtt.layer,
    };

    n->job.mqtt.config = (struct bm_tls_layer_config){
        .tls = &n->network.tls.tls,
        .connector = &n->network.out.connector,
        .host = s->host,
        .port = s->port,
        .identity = show,
        .closed = closed,
        .self = n,
        .ms = board_ms,
    };
    n->job.mqtt.rc = BM_E_TLS_AGAIN;
    n->job.mqtt.until = board_uptime() + PATIENCE;
    bm_tls_layer_init(&n->job.mqtt.layer, &n->job.mqtt.config);
    return mqtt_client_connect(&n->job.mqtt.client, IP_ADDR_ANY, s->port,
                               connected, n, &info) == ERR_OK
               ? BM_OK
               : BM_E_MEMORY;
}

static bm_status run(struct node *n)
{
    bm_tls_layer_poll(&n->job.mqtt.layer);
    if (n->job.mqtt.rc == BM_E_TLS_AGAIN &&
        (int32_t)(board_uptime() - n->job.mqtt.until) >= 0) {
        return BM_E_NET_TIMEOUT;
    }
    return n->job.mqtt.rc;
}

static uint32_t end(struct node *n, bm_status rc)
{
    mqtt_disconnect(&n->job.mqtt.client);
    if (rc == BM_OK) {
        say("report",
            (struct say_field[]){ { "via", "mqtt", 0 }, { NULL, NULL, 0 } });
    } else {
        say_failed("mqtt", rc);
    }
    return n->settings.interval;
}

const struct outbound_work report_mqtt = {
    .wanted = wanted, .begin = begin, .run = run, .end = end
};
