/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_SETTINGS_H
#define NODE_SETTINGS_H

#include "core/bytes.h"

/*
 * What the factory's station tells a node: who it is, who its factory and its
 * owner are, and where its readings go. It writes this at MAP_PROVISION
 * (provision.py does), as one item of deterministic CBOR at the start of the
 * partition, which is erased behind it:
 *
 *     settings = {
 *       1 => 1                        ; format
 *       2 => tstr .size (1..64)       ; name of the device, as subjects have it
 *     ? 3 => server                   ; factory: where it is born
 *       4 => server                   ; owner: whose device it is then
 *     ? 5 => address                  ; absent: DHCP
 *     ? 6 => service                  ; readings over HTTPS, name: the path
 *     ? 7 => service                  ; readings over MQTT, name: the topic
 *     ? 8 => 1..65535                 ; port for peers; absent: no peers
 *     ? 9 => 1..86400                 ; seconds between readings; 60
 *     ? 10 => 1..86400                ; seconds between questions to the
 *                                     ; owner's server; 3600
 *     }
 *     server = {
 *       1 => tstr .size (1..64)       ; host name or address
 *       2 => 1..65535                 ; port
 *     ? 3 => tstr .size (1..64)       ; label (RFC 7030 3.2.2)
 *       4 => bstr .size (1..640)      ; the root that it has to lead to, DER
 *     ? 5 => tstr .size (1..64)       ; factory: the one-time token
 *     }
 *     address = {
 *       1 => bstr .size 4             ; of the node
 *       2 => 0..32                    ; octets of the network in bits
 *     ? 3 => bstr .size 4             ; gateway
 *     ? 4 => bstr .size 4             ; server of names
 *     }
 *     service = {
 *       1 => tstr .size (1..64)       ; host name or address
 *       2 => 1..65535                 ; port
 *       3 => tstr .size (1..64)       ; path, or topic
 *     }
 *
 * Text is printable ASCII without blanks. A key that is not listed refuses the
 * whole: a setting that a node does not know is one that it would not obey.
 */
#define SETTINGS_TEXT_MAX   64
#define SETTINGS_ANCHOR_MAX 640

/* What is not said. */
#define SETTINGS_INTERVAL 60
#define SETTINGS_REFRESH  3600

struct settings_server {
    char host[SETTINGS_TEXT_MAX + 1];
    uint16_t port;
    char label[SETTINGS_TEXT_MAX + 1]; /* empty: none */
    char token[SETTINGS_TEXT_MAX + 1]; /* empty: none; a secret */
    uint16_t anchor_n;
    uint8_t anchor[SETTINGS_ANCHOR_MAX];
};

struct settings_address {
    bool fixed; /* false: by DHCP, and the rest is zero */
    uint8_t node[4];
    uint8_t prefix;
    uint8_t gateway[4]; /* zeros: none */
    uint8_t names[4];   /* zeros: none */
};

struct settings_service {
    char host[SETTINGS_TEXT_MAX + 1]; /* empty: no such service */
    uint16_t port;
    char name[SETTINGS_TEXT_MAX + 1];
};

/* 1.4 KB. */
struct settings {
    char device[SETTINGS_TEXT_MAX + 1];
    struct settings_server owner;
    struct settings_address address;
    struct settings_service https;
    struct settings_service mqtt;
    uint16_t peer_port; /* 0: none */
    uint32_t interval;
    uint32_t refresh;
};

/* The keys of the map. */
enum settings_key {
    SETTINGS_FORMAT = 1,
    SETTINGS_DEVICE,
    SETTINGS_FACTORY,
    SETTINGS_OWNER,
    SETTINGS_ADDRESS,
    SETTINGS_HTTPS,
    SETTINGS_MQTT,
    SETTINGS_PEER_PORT,
    SETTINGS_INTERVAL_KEY,
    SETTINGS_REFRESH_KEY
};

/*
 * Read a whole map. `*factory` is the encoding of the factory's server, a view
 * into `cbor`, or empty: the only part that has a secret, so it goes a way of
 * its own. `*size`, unless NULL, becomes the length of the map, and more may
 * follow; with NULL nothing may. BM_E_CBOR_...; BM_E_ARGUMENT for a value that
 * is not as above, a key that is missing or that is not listed; BM_E_LIMIT for
 * one that is too long. On error both results are zero.
 */
BM_MUST_CHECK bm_status settings_parse(struct bm_bytes cbor,
                                       struct settings *settings,
                                       struct bm_bytes *factory, size_t *size);

/* Read the encoding of the factory's server: with a token. */
BM_MUST_CHECK bm_status settings_parse_factory(struct bm_bytes cbor,
                                               struct settings_server *server);

/* Write the map again, but for the factory's server. `cbor` was parsed. */
BM_MUST_CHECK bm_status settings_put(struct bm_bytes cbor, struct bm_wr *w);

#endif
