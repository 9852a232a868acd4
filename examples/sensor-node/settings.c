/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/settings.h"

#include <string.h>

#include "core/cbor.h"

#define FORMAT   1
#define PORT_MAX 65535
#define DAY      86400

/* Keys within the smaller maps. */
enum {
    HOST = 1,
    PORT,
    LABEL, /* of a service: its name */
    ANCHOR,
    TOKEN
};
enum {
    NODE = 1,
    PREFIX,
    GATEWAY,
    NAMES
};

/* Printable ASCII without blanks, as names of hosts, paths and tokens are. */
static bm_status take_text(struct bm_cbor *c, char out[SETTINGS_TEXT_MAX + 1])
{
    struct bm_bytes text;

    BM_TRY(bm_cbor_take_text(c, &text));
    if (text.n == 0 || text.n > SETTINGS_TEXT_MAX) {
        return BM_E_LIMIT;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~') {
            return BM_E_ARGUMENT;
        }
    }
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return BM_OK;
}

static bm_status take_number(struct bm_cbor *c, uint32_t least, uint32_t most,
                             uint32_t *out)
{
    uint64_t value;

    BM_TRY(bm_cbor_take_uint(c, &value));
    if (value < least || value > most) {
        return BM_E_ARGUMENT;
    }
    *out = (uint32_t)value;
    return BM_OK;
}

static bm_status take_port(struct bm_cbor *c, uint16_t *port)
{
    uint32_t value;

    BM_TRY(take_number(c, 1, PORT_MAX, &value));
    *port = (uint16_t)value;
    return BM_OK;
}

static bm_status take_ip(struct bm_cbor *c, uint8_t ip[4])
{
    struct bm_bytes value;

    BM_TRY(bm_cbor_take_bytes(c, &value));
    if (value.n != 4) {
        return BM_E_ARGUMENT;
    }
    memcpy(ip, value.p, 4);
    return BM_OK;
}

/* The next key, above the one before it: uint, in this order. */
static bm_status take_key(struct bm_cbor *c, struct bm_bytes *last,
                          uint64_t *key)
{
    struct bm_cbor ahead = *c;

    BM_TRY(bm_cbor_take_uint(&ahead, key));
    return bm_cbor_take_key(c, last);
}

static bm_status take_anchor(struct bm_cbor *c, struct settings_server *server)
{
    struct bm_bytes der;

    BM_TRY(bm_cbor_take_bytes(c, &der));
    if (der.n == 0 || der.n > SETTINGS_ANCHOR_MAX) {
        return BM_E_LIMIT;
    }
    memcpy(server->anchor, der.p, der.n);
    server->anchor_n = (uint16_t)der.n;
    return BM_OK;
}

static bm_status take_server_field(struct bm_cbor *c, uint64_t key,
                                   struct settings_server *server)
{
    switch (key) {
    case HOST:
        return take_text(c, server->host);
    case PORT:
        return take_port(c, &server->port);
    case LABEL:
        return take_text(c, server->label);
    case ANCHOR:
        return take_anchor(c, server);
    case TOKEN:
        return take_text(c, server->token);
    default:
        return BM_E_ARGUMENT;
    }
}

static bm_status take_server(struct bm_cbor *c, struct settings_server *server)
{
    struct bm_bytes last = { NULL, 0 };
    uint64_t key;
    size_t n;

    memset(server, 0, sizeof *server);
    BM_TRY(bm_cbor_take_map(c, &n));
    while (n-- > 0) {
        BM_TRY(take_key(c, &last, &key));
        BM_TRY(take_server_field(c, key, server));
    }
    return server->host[0] != '\0' && server->port != 0 && server->anchor_n != 0
               ? BM_OK
               : BM_E_ARGUMENT;
}

static bm_status take_service(struct bm_cbor *c, struct settings_service *s)
{
    struct bm_bytes last = { NULL, 0 };
    uint64_t key;
    size_t n;

    BM_TRY(bm_cbor_take_map(c, &n));
    while (n-- > 0) {
        BM_TRY(take_key(c, &last, &key));
        switch (key) {
        case HOST:
            BM_TRY(take_text(c, s->host));
            break;
        case PORT:
            BM_TRY(take_port(c, &s->port));
            break;
        case LABEL:
            BM_TRY(take_text(c, s->name));
            break;
        default:
            return BM_E_ARGUMENT;
        }
    }
    return s->host[0] != '\0' && s->port != 0 && s->name[0] != '\0'
               ? BM_OK
               : BM_E_ARGUMENT;
}

static bm_status take_address_field(struct bm_cbor *c, uint64_t key,
                                    struct settings_address *a)
{
    uint32_t prefix;

    switch (key) {
    case NODE:
        a->fixed = true;
        return take_ip(c, a->node);
    case PREFIX:
        BM_TRY(take_number(c, 0, 32, &prefix));
        a->prefix = (uint8_t)prefix;
        return BM_OK;
    case GATEWAY:
        return take_ip(c, a->gateway);
    case NAMES:
        return take_ip(c, a->names);
    default:
        return BM_E_ARGUMENT;
    }
}

static bm_status take_address(struct bm_cbor *c, struct settings_address *a)
{
    struct bm_bytes last = { NULL, 0 };
    bool prefix = false;
    uint64_t key;
    size_t n;

    BM_TRY(bm_cbor_take_map(c, &n));
    while (n-- > 0) {
        BM_TRY(take_key(c, &last, &key));
        BM_TRY(take_address_field(c, key, a));
        prefix = prefix || key == PREFIX;
    }
    return a->fixed && prefix ? BM_OK : BM_E_ARGUMENT;
}

static bm_status take_format(struct bm_cbor *c)
{
    uint32_t format;

    return take_number(c, FORMAT, FORMAT, &format);
}

static bm_status take_field(struct bm_cbor *c, uint64_t key, struct settings *s,
                            struct bm_bytes *factory)
{
    switch (key) {
    case SETTINGS_FORMAT:
        return take_format(c);
    case SETTINGS_DEVICE:
        return take_text(c, s->device);
    case SETTINGS_FACTORY:
        return bm_cbor_take_item(c, factory);
    case SETTINGS_OWNER:
        return take_server(c, &s->owner);
    case SETTINGS_ADDRESS:
        return take_address(c, &s->address);
    case SETTINGS_HTTPS:
        return take_service(c, &s->https);
    case SETTINGS_MQTT:
        return take_service(c, &s->mqtt);
    case SETTINGS_PEER_PORT:
        return take_port(c, &s->peer_port);
    case SETTINGS_INTERVAL_KEY:
        return take_number(c, 1, DAY, &s->interval);
    case SETTINGS_REFRESH_KEY:
        return take_number(c, 1, DAY, &s->refresh);
    default:
        return BM_E_ARGUMENT;
    }
}

static bm_status take_settings(struct bm_cbor *c, struct settings *s,
                               struct bm_bytes *factory)
{
    struct bm_bytes last = { NULL, 0 };
    uint64_t first = 0;
    uint64_t key;
    size_t n;

    BM_TRY(bm_cbor_take_map(c, &n));
    while (n-- > 0) {
        BM_TRY(take_key(c, &last, &key));
        BM_TRY(take_field(c, key, s, factory));
        first = first == 0 ? key : first;
    }
    /* The owner's token would be one more secret in flash for nothing: a node
     * comes to its owner with the identity of its birth. */
    return first == SETTINGS_FORMAT && s->device[0] != '\0' &&
                   s->owner.anchor_n != 0 && s->owner.token[0] == '\0'
               ? BM_OK
               : BM_E_ARGUMENT;
}

bm_status settings_parse_factory(struct bm_bytes cbor,
                                 struct settings_server *server)
{
    struct bm_cbor c;
    bm_status rc;

    bm_cbor_init(&c, cbor, NULL);
    rc = take_server(&c, server);
    if (rc == BM_OK) {
        rc = bm_cbor_end(&c);
    }
    if (rc == BM_OK && server->token[0] == '\0') {
        rc = BM_E_ARGUMENT;
    }
    if (rc != BM_OK) {
        bm_wipe(server, sizeof *server);
    }
    return rc;
}

bm_status settings_parse(struct bm_bytes cbor, struct settings *settings,
                         struct bm_bytes *factory, size_t *size)
{
    struct bm_cbor c;
    bm_status rc;

    memset(settings, 0, sizeof *settings);
    settings->interval = SETTINGS_INTERVAL;
    settings->refresh = SETTINGS_REFRESH;
    *factory = (struct bm_bytes){ NULL, 0 };
    bm_cbor_init(&c, cbor, NULL);
    rc = take_settings(&c, settings, factory);
    if (rc == BM_OK && size == NULL) {
        rc = bm_cbor_end(&c);
    }
    if (rc == BM_OK && size != NULL) {
        *size = cbor.n - bm_cbor_left(&c);
    }
    if (rc != BM_OK) {
        memset(settings, 0, sizeof *settings);
        *factory = (struct bm_bytes){ NULL, 0 };
    }
    return rc;
}

/* Pairs of a map, each a view of key and value, but for the factory's. */
bm_status settings_put(struct bm_bytes cbor, struct bm_wr *w)
{
    struct bm_cbor c;
    struct bm_cbor ahead;
    struct bm_bytes key;
    struct bm_bytes value;
    size_t left = 0;
    uint64_t number;
    size_t n;

    bm_cbor_init(&c, cbor, NULL);
    BM_TRY(bm_cbor_take_map(&c, &n));
    ahead = c;
    for (size_t i = 0; i < n; i++) {
        BM_TRY(bm_cbor_take_uint(&ahead, &number));
        BM_TRY(bm_cbor_take_item(&ahead, &value));
        left += number != SETTINGS_FACTORY;
    }
    bm_cbor_put_map(w, left);
    while (n-- > 0) {
        BM_TRY(bm_cbor_take_item(&c, &key));
        BM_TRY(bm_cbor_take_item(&c, &value));
        if (!bm_bytes_are(key, "\x03", 1)) {
            bm_wr_put(w, key);
            bm_wr_put(w, value);
        }
    }
    return BM_OK;
}
