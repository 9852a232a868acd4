/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include <lwip/apps/mqtt.h>
#include <lwip/apps/mqtt_priv.h>

#include "boot/handover.h"
#include "device/deliver.h"
#include "device/enrol.h"
#include "device/identity.h"
#include "device/pump.h"
#include "device/trust.h"
#include "device/vault.h"
#include "examples/sensor-node/moment.h"
#include "examples/sensor-node/network.h"
#include "examples/sensor-node/reading.h"
#include "examples/sensor-node/settings.h"
#include "firewall/slots.h"
#include "ports/lwip/guard.h"
#include "ports/lwip/listen.h"
#include "ports/lwip/tls_layer.h"
#include "ports/mbedtls/mbedtls_keystore.h"

/*
 * The node: what is open for as long as it runs, and memory that its jobs
 * share, since there are 64 KB in all. Every module gets it as a parameter;
 * there is one.
 */

/* Octets of the trust bundle that is in force: a third of what bundles for
 * small devices may have. A larger one is refused and told. */
#define NODE_BUNDLE_MAX 2816

/* What the provisioning map may have: two anchors, and texts. */
#define NODE_MAP_MAX 2560

/* Certificates that are shown: three of P-256. */
#define NODE_CHAIN_MAX 1536

/* A peer's line, and ours. */
#define PEER_LINE_MAX 48

/* Room for what policies of the firewall ask for (bm_fw_room()): 12 rules, of
 * which two have rates, 8 flows and 2 sources, or others in their place. One
 * that asks for more is refused and told. */
#define NODE_POLICY_ROOM BM_FW_ROOM(12, 2, 8, 2)

/* What a TLS session of our own making shows (show.h): certificates, which lie
 * in node.chain. */
struct show {
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
};

/* Nothing lives in it between two calls: every module that wants working
 * memory for the time of a call gets the same. */
union node_work {
    struct bm_trust_work trust;
    uint8_t vault[BM_VAULT_WORK_SIZE(BM_VAULT_VALUE_MAX)];
    uint8_t cert[BM_LOG_VALUE_MAX];
};

/* One job at a time talks to a server; this is its memory while it does. */
union node_job {
    struct {
        struct bm_enrol enrol;
        struct bm_enrol_config config;
        uint8_t job; /* enum bm_enrol_job */
        uint8_t subject[SETTINGS_TEXT_MAX + 16];
        uint8_t room[BM_ENROL_ROOM];
    } enrol;
    uint8_t deliver[BM_DELIVER_ROOM];
    struct {
        struct bm_exchange exchange;
        struct bm_exchange_config config;
        struct bm_exchange_sink sink;
        uint8_t step;
        bool answered; /* by the owner's server, under our identity */
        bm_status rc;
        uint8_t nonce[MOMENT_NONCE];
        uint8_t head[BM_EXCHANGE_HEAD_MAX];
        uint8_t body[256];
        size_t body_n;
    } refresh;
    struct {
        struct bm_exchange exchange;
        struct bm_exchange_config config;
        uint8_t head[BM_EXCHANGE_HEAD_MAX];
        char reading[READING_MAX];
    } https;
    struct {
        struct altcp_tls_config layer;
        struct bm_tls_layer_config config;
        mqtt_client_t client;
        struct show show;
        bm_status rc;
        uint32_t until; /* uptime */
        char reading[READING_MAX];
    } mqtt;
    struct {
        struct bm_connector connector;
        uint8_t want; /* enum bm_job_want */
        uint32_t until;
        bm_status rc;
        size_t sent;
        char line[PEER_LINE_MAX];
        size_t line_n;
    } peer;
    struct {
        uint8_t read[NODE_MAP_MAX];
        uint8_t put[BM_VAULT_VALUE_MAX];
    } provision;
};

/* Who talks to a server (outbound.h): jobs in the order in which they matter.
 */
enum outbound_job {
    OUTBOUND_ENROL,
    OUTBOUND_REFRESH,
    OUTBOUND_UPDATE,
    OUTBOUND_PEER,
    OUTBOUND_HTTPS,
    OUTBOUND_MQTT,
    OUTBOUND_JOBS
};
struct outbound {
    uint32_t at[OUTBOUND_JOBS];      /* uptime from which each is due */
    uint8_t failures[OUTBOUND_JOBS]; /* in a row */
    bool busy;
    uint8_t job;  /* that is at work */
    size_t stack; /* in use at their most, as was told */
    size_t tls;
};

/* Peers (peer.h): the one that came, and the one that is to be asked. */
struct peer {
    struct bm_net_listener listener;
    struct bm_net_stream place;
    struct bm_net_stream *stream; /* whoever came, or NULL */
    struct bm_tls_session *session;
    uint8_t state;
    bool told; /* who it is */
    uint8_t line[PEER_LINE_MAX];
    size_t line_n;
    struct show show;

    char host[SETTINGS_TEXT_MAX + 1];
    char name[SETTINGS_TEXT_MAX + 1];
    uint16_t port; /* 0: nobody is to be asked */
};

/* Delivery (update.h). */
struct update {
    struct bm_deliver_config config;
    struct bm_deliver_app app;
    uint32_t connection; /* of the round, for device/trust.h */
    bool restart;        /* something was asked of the bootloader */
    bool proven;         /* what was on trial is confirmed */
};

/* The firewall (policy.h). */
struct policy {
    struct bm_net_guard guard;
    struct bm_fw_slots slots;
    struct bm_fw_slots_config config;
    bool open;
    uint8_t mode; /* enum bm_manifest_mode */
    uint32_t at;  /* uptime from which the next turn is due */
    _Alignas(4) uint8_t room[NODE_POLICY_ROOM];
};

/* What runs: "1.0.0". */
extern const char *const node_version;

struct node {
    struct bm_handover boot; /* what the bootloader said */
    struct settings settings;

    struct bm_log log;
    struct bm_crypto crypto;
    struct bm_mbedtls_noise noise;
    struct bm_mbedtls_port port;
    struct bm_mbedtls_keystore keys;
    struct bm_mbedtls_secret secret;
    struct bm_vault vault;
    struct bm_identity identity;
    struct bm_clock clock;
    struct bm_trust trust;
    struct bm_bytes anchor; /* the one that is pinned today */

    /* Before birth the factory, whom nobody knows later; then the owner's trust
     * bundle. */
    union {
        struct settings_server factory;
        uint8_t bundle[NODE_BUNDLE_MAX];
    } stage;
    uint8_t learned[BM_TRUST_LEARNED_SIZE];

    struct network network;
    struct outbound outbound;
    struct bm_job asked; /* of whoever is at work, for the pump */
    struct bm_pump pump;
    struct bm_pump_config pump_config;
    struct bm_enrol_tally tally;
    struct bm_deliver deliver;
    struct update update;
    struct policy policy;
    struct peer peer;
    int64_t renew_at; /* renewal.h; INT64_MAX: there is nothing to renew */

    union node_work work;
    union node_job job;
    /* Of the handshake that is under way, of which there is one at a time. */
    uint8_t chain[NODE_CHAIN_MAX];
};

/*
 * Open all of it, part by part; on error it has been said which. Of "secret",
 * BM_E_NOT_FOUND: nobody has told this node who it is.
 */
BM_MUST_CHECK bm_status node_open(struct node *n);

/* Is there an identity of this place, to be shown? */
bool node_has(const struct node *n, enum bm_identity_place place);

/* Is its birth behind it? Either identity says so: one may be lost. */
bool node_born(const struct node *n);

/*
 * Trust whom this stage of life is about: the factory before birth, then the
 * owner, and from then on the factory has no say.
 */
BM_MUST_CHECK bm_status node_trust(struct node *n);

#endif
