/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bootloader's word to an open node: each part needs those before it.
 */
#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/enrolment.h"
#include "examples/sensor-node/node.h"
#include "examples/sensor-node/peer.h"
#include "examples/sensor-node/policy.h"
#include "examples/sensor-node/provision.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"
#include "ports/mbedtls/mbedtls_its.h"

/* PSA's names of our keys: the three slots of identity, and the vault's. */
#define FIRST_KEY  0x100
#define SECRET_KEY 0x103

static bm_status open_boot(struct node *n)
{
    return bm_handover_get((struct bm_bytes){ board_handover, BM_HANDOVER_MAX },
                           &n->boot);
}

static bm_status open_log(struct node *n)
{
    return bm_log_open(&n->log, &board_data);
}

static bm_status open_noise(struct node *n)
{
    return bm_mbedtls_noise_open(&n->noise, board_noise);
}

static bm_status open_crypto(struct node *n)
{
    n->port = (struct bm_mbedtls_port){ bm_mbedtls_noise_random, &n->noise };
    bm_mbedtls_its_open(&n->log);
    return bm_mbedtls_open(&n->port, &n->crypto);
}

static bm_status open_identity(struct node *n)
{
    const struct bm_mbedtls_keystore_config config = {
        .first_id = FIRST_KEY,
        .lifetime = board_keys.lifetime,
        .place = board_keys.place,
        .noise = board_keys.born_here ? &n->noise : NULL,
    };

    bm_mbedtls_keystore_init(&n->keys, &config);
    return bm_identity_open(&n->identity, &n->log, &n->keys.keystore);
}

static bm_status open_clock(struct node *n)
{
    const struct bm_clock_config config = { .build = NODE_BUILD_TIME,
                                            .uptime = board_uptime() };

    return bm_clock_open(&n->clock, &n->log, &config);
}

/* Made once: when the node is told for the first time who it is. */
static bm_status open_secret(struct node *n)
{
    const struct bm_mbedtls_secret_config config = {
        .key_id = SECRET_KEY,
        .lifetime = board_keys.lifetime,
        .kind = board_keys.secret,
        .noise = board_keys.born_here ? &n->noise : NULL,
    };
    bm_status rc = bm_mbedtls_secret_open(&n->secret, &config);

    if (rc == BM_E_NOT_FOUND && provision_waits()) {
        BM_TRY(bm_mbedtls_secret_make(&config));
        rc = bm_mbedtls_secret_open(&n->secret, &config);
    }
    return rc;
}

static bm_status open_vault(struct node *n)
{
    const struct bm_vault_config config = {
        .log = &n->log,
        .crypto = &n->crypto,
        .secret = &n->secret.secret,
        .work = n->work.vault,
        .work_size = sizeof n->work.vault,
    };

    return bm_vault_open(&n->vault, &config);
}

static bm_status open_settings(struct node *n)
{
    BM_TRY(provision_take(n));
    return provision_load(n);
}

/* A key or certificate that cannot be read any more is told; what is lost is
 * asked for again (enrolment.c), and nothing is destroyed before that. */
static bm_status check_identity(struct node *n)
{
    static const char *const names[] = { "idevid", "current", "pending" };

    for (unsigned i = 0; i < BM_IDENTITY_PLACES; i++) {
        enum bm_identity_place place = (enum bm_identity_place)i;
        bm_status rc = bm_identity_check(&n->identity, place, n->work.cert,
                                         sizeof n->work.cert);

        if (rc != BM_OK) {
            say_failed(names[i], rc);
            update_event(
                n, &(struct bm_event){ .kind = BM_EVENT_LOST,
                                       .code = (uint32_t)rc,
                                       .text = { (const uint8_t *)names[i],
                                                 strlen(names[i]) } });
        }
        bm_identity_close(&n->identity, place);
    }
    return bm_identity_step(&n->identity) == BM_IDENTITY_ABANDON
               ? bm_identity_abandon(&n->identity)
               : BM_OK;
}

bool node_has(const struct node *n, enum bm_identity_place place)
{
    return bm_identity_state(&n->identity, place) == BM_IDENTITY_CERT;
}

bool node_born(const struct node *n)
{
    return node_has(n, BM_IDENTITY_IDEVID) || node_has(n, BM_IDENTITY_CURRENT);
}

bm_status node_trust(struct node *n)
{
    const struct settings_server *s = &n->settings.owner;
    struct bm_trust_config config = {
        .crypto = &n->crypto,
        .log = &n->log,
        .clock = &n->clock,
        .anchors = &n->anchor,
        .anchors_n = 1,
        .work = &n->work.trust,
        .room = n->stage.bundle,
        .room_n = sizeof n->stage.bundle,
        .learned = n->learned,
        .learned_n = sizeof n->learned,
    };

    if (!node_born(n)) {
        BM_TRY(provision_factory(n));
        s = &n->stage.factory;
        /* What a factory says is not for the owner's days. */
        config.log = NULL;
        config.room = NULL;
        config.room_n = 0;
    }
    n->anchor = (struct bm_bytes){ s->anchor, s->anchor_n };
    return bm_trust_open(&n->trust, &config);
}

static bm_status open_network(struct node *n)
{
    BM_TRY(
        network_open(&n->network, &n->settings, &n->crypto, &n->policy.guard));
    outbound_open(n);
    return peer_open(n);
}

/* In this order; on error the rest stays closed. Birth comes before trust: it
 * wipes what is left of the factory, where the bundle will lie. */
static const struct {
    const char *name;
    bm_status (*open)(struct node *n);
} parts[] = {
    { "handover", open_boot },     { "log", open_log },
    { "noise", open_noise },       { "crypto", open_crypto },
    { "clock", open_clock },       { "identity", open_identity },
    { "secret", open_secret },     { "vault", open_vault },
    { "settings", open_settings }, { "events", update_open },
    { "check", check_identity },   { "birth", enrolment_open },
    { "trust", node_trust },       { "policy", policy_open },
    { "network", open_network },
};

bm_status node_open(struct node *n)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bm_status rc = parts[i].open(n);

        if (rc != BM_OK) {
            say_failed(parts[i].name, rc);
            return rc;
        }
    }
    return BM_OK;
}
