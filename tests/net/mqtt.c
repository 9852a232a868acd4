/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Subscribes to "to/device-1", publishes on "from/device-1", waits for an
 * answer and publishes it, too.
 */
#include <lwip/apps/mqtt.h>
#include <lwip/apps/mqtt_priv.h>
#include <stdio.h>
#include <string.h>

#include "ports/mps2/board.h"
#include "tests/net/device.h"

static struct {
    struct bm_net_connector connector;
    struct bm_tls_layer_config config;
    struct altcp_tls_config layer;
    struct mqtt_connect_client_info_t info;
    mqtt_client_t client;
    char host[64];
    char name[64];
    uint8_t answer[64];
    size_t answer_n;
    bool begun;
    bool done;
    int over; /* 1 + the status with which the connection ended */
} m;

static bm_status identity(void *self, struct bm_tls_config *tls)
{
    device_identity(self, tls);
    tls->expect.use = BM_TRUST_CLOUD;
    tls->expect.host = m.name;
    return BM_OK;
}

static void published(void *arg, err_t err)
{
    (void)arg;
    printf("published err=%d\n", err);
    m.done = m.answer_n != 0 && err == ERR_OK;
}

static void say(const void *octets, size_t n)
{
    if (mqtt_publish(&m.client, "from/device-1", octets, (uint16_t)n, 1, 0,
                     published, NULL) != ERR_OK) {
        printf("not published\n");
    }
}

static void subscribed(void *arg, err_t err)
{
    (void)arg;
    printf("subscribed err=%d\n", err);
    say("hello", 5);
}

static void incoming(void *arg, const char *topic, uint32_t n)
{
    (void)arg;
    printf("incoming topic=%s octets=%lu\n", topic, (unsigned long)n);
}

static void data(void *arg, const uint8_t *octets, uint16_t n, uint8_t flags)
{
    (void)arg;
    if (n > sizeof m.answer - m.answer_n) {
        n = (uint16_t)(sizeof m.answer - m.answer_n);
    }
    memcpy(m.answer + m.answer_n, octets, n);
    m.answer_n += n;
    if ((flags & MQTT_DATA_FLAG_LAST) != 0) {
        say(m.answer, m.answer_n);
    }
}

static void connected(mqtt_client_t *client, void *arg,
                      mqtt_connection_status_t status)
{
    (void)arg;
    printf("mqtt status=%d\n", (int)status);
    if (status != MQTT_CONNECT_ACCEPTED) {
        m.over = 1 + (int)status;
        return;
    }
    (void)mqtt_subscribe(client, "to/device-1", 1, subscribed, NULL);
}

static bm_status open_mqtt(struct device *d)
{
    const struct bm_net_connector_config connector = { .net = &d->net };

    bm_net_connector_init(&m.connector, &connector);
    (void)snprintf(m.host, sizeof m.host, "%s", device_word("host"));
    (void)snprintf(m.name, sizeof m.name, "%s", device_word("name"));
    m.config = (struct bm_tls_layer_config){
        .tls = &d->tls.tls,
        .connector = &m.connector.connector,
        .host = m.host,
        .port = (uint16_t)device_number("port", 8883),
        .identity = identity,
        .self = d,
        .ms = bm_board_ms,
    };
    bm_tls_layer_init(&m.layer, &m.config);
    m.info = (struct mqtt_connect_client_info_t){
        .client_id = "device-1",
        .keep_alive = 20,
        .tls_config = &m.layer,
    };
    mqtt_set_inpub_callback(&m.client, incoming, data, NULL);
    return mqtt_client_connect(&m.client, IP_ANY_TYPE, 0, connected, NULL,
                               &m.info) == ERR_OK
               ? BM_OK
               : BM_E_MEMORY;
}

static bm_status mqtt_turn(struct device *d, bool *idle)
{
    (void)d;
    (void)idle;
    bm_tls_layer_poll(&m.layer);
    if (m.done) {
        mqtt_disconnect(&m.client);
        return BM_OK;
    }
    if (m.over != 0) {
        printf("refused status=0x%04x\n", (unsigned)m.layer.why);
        return m.layer.why != BM_OK ? m.layer.why : BM_E_NET_BROKEN;
    }
    return BM_E_TLS_AGAIN;
}

const struct role mqtt_client = { open_mqtt, mqtt_turn };
