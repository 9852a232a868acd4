/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TEST_SLOTS_WORLD_H
#define BM_FIREWALL_TEST_SLOTS_WORLD_H

/*
 * A device with two slots for policies and a log, whose flash loses its power
 * together; and whoever makes policies for it. Trust, clock, log and signatures
 * are real, but that a test that tries hundreds of cuts may say that each
 * signature verifies.
 */
#include <string.h>

#include "core/test/path_maker.h"
#include "device/test/flash_sim.h"
#include "firewall/message.h"
#include "firewall/slots.h"
#include "firewall/test/tables.h"
#include "tests/harness/test_crypto.h"

#define WORLD_SECTOR  1024
#define WORLD_SECTORS 4
#define WORLD_ROOM    4096
#define WORLD_WINDOW  600
#define MESSAGE_MAX   3072

struct message {
    uint8_t octets[MESSAGE_MAX];
    size_t n;
    uint8_t sha256[BM_FW_SLOTS_DIGEST];
};

static struct {
    struct flash_sim log_sim; /* the supply of all */
    struct flash_sim slot_sim[BM_FW_SLOTS];
    uint8_t log_memory[FLASH_SIM_SIZE(WORLD_SECTOR, WORLD_SECTORS)];
    _Alignas(8) uint8_t
        slot_memory[BM_FW_SLOTS][FLASH_SIM_SIZE(WORLD_SECTOR, WORLD_SECTORS)];
    struct bm_crypto crypto;
    struct bm_log log;
    struct bm_clock clock;
    struct bm_trust trust;
    struct bm_trust_work work;
    struct bm_fw_slots_config config;
    struct bm_fw_slots slots;
    uint32_t now;
} world;

static struct table_maker maker;
static uint32_t builtin[TABLE_OCTETS / 4];
static size_t builtin_n;
static struct bm_cert root_cert, policies_cert, bundles_cert, other_cert;
static struct bm_bytes pinned;

static inline const struct bm_signer *world_key(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

static inline bm_status world_verify(void *self, const struct bm_spki *key,
                                     enum bm_sig_alg alg, struct bm_bytes data,
                                     struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)data;
    (void)signature;
    return BM_OK;
}

/* From here on each signature verifies. On a board, where one takes long, they
 * do so from the start. */
static inline void world_believe(void)
{
    world.crypto.verify = world_verify;
    world.crypto.verify_hash = world_verify;
}

static inline void world_doubt(void)
{
    world.crypto.verify = bm_test_crypto()->verify;
    world.crypto.verify_hash = bm_test_crypto()->verify_hash;
}

/* ---- Policies */

/* A table that is told apart by its version; `more` names make it longer. */
static inline struct bm_bytes table_of(uint32_t version, uint32_t floor,
                                       unsigned more)
{
    static const char *const names[] = { "web", "telnet", "ssh", "modbus" };

    table_begin(&maker);
    maker.parts.version = version;
    maker.parts.floor = floor;
    for (unsigned i = 0; i <= more; i++) {
        table_service(
            &maker, BM_FW_IN, BM_FW_PROTO_TCP, 80 + 2 * i,
            table_rule(&maker, names[i % 4], BM_FW_ALLOW, BM_FW_FLOWS));
    }
    return table_end(&maker);
}

static inline void sign(struct message *m, struct bm_bytes content,
                        const struct bm_cert *cert, uint8_t key)
{
    const struct bm_signed_by by = { .crypto = bm_test_crypto(),
                                     .signer = world_key(key),
                                     .cert = cert,
                                     .chain = cert->der };
    struct bm_wr w;

    bm_wr_init(&w, m->octets, sizeof m->octets);
    CHECK_STATUS(
        bm_signed_put(&by, BM_LIT(BM_OID_CT_POLICY), content, MAKER_NOW, &w),
        BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &m->n), BM_OK);
    CHECK_STATUS(world.crypto.hash(world.crypto.self, BM_HASH_SHA256,
                                   bm_wr_bytes(&w), m->sha256),
                 BM_OK);
}

static inline void make_message(struct message *m, uint32_t version,
                                uint32_t floor, unsigned more)
{
    sign(m, table_of(version, floor, more), &policies_cert, 1);
}

/* ---- The device */

/* What a start does. */
static inline bm_status world_start(void)
{
    const struct bm_clock_config clock = { .build = MAKER_NOW };
    const struct bm_trust_config trust = {
        .crypto = &world.crypto,
        .log = &world.log,
        .clock = &world.clock,
        .anchors = &pinned,
        .anchors_n = 1,
        .work = &world.work,
    };

    world.now = 10;
    memset(&world.slots, 0xa5, sizeof world.slots);
    BM_TRY(bm_log_open(&world.log, &world.log_sim.flash));
    BM_TRY(bm_clock_open(&world.clock, &world.log, &clock));
    BM_TRY(bm_trust_open(&world.trust, &trust));
    return bm_fw_slots_open(&world.slots, &world.config);
}

static inline void world_flash(uint32_t unit)
{
    const struct flash_sim_shape shape = { WORLD_SECTOR, WORLD_SECTORS, unit };

    flash_sim_init(&world.log_sim, world.log_memory, &shape, 1);
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        flash_sim_init(&world.slot_sim[i], world.slot_memory[i], &shape, 2 + i);
        world.slot_sim[i].supply = &world.log_sim;
    }
}

static inline void world_certs(void)
{
    maker_reset();
    maker_signer = world_key;
    make(&root_cert,
         &(struct spec){ .subject = "Root", .issuer = "Root", .ca = true });
    make(&policies_cert,
         &(struct spec){
             .subject = "Policies", .issuer = "Root", .key = 1, .eku = "p" });
    make(&bundles_cert,
         &(struct spec){
             .subject = "Bundles", .issuer = "Root", .key = 2, .eku = "b" });
    make(&other_cert, &(struct spec){ .subject = "Others",
                                      .issuer = "Others",
                                      .key = 2,
                                      .signer = 2,
                                      .eku = "p" });
    pinned = root_cert.der;
}

/* A new device; nothing was ever delivered to it. */
static inline void world_init(uint32_t unit)
{
    struct bm_bytes table;

    memset(&world, 0, sizeof world);
    world.crypto = *bm_test_crypto();
#if BM_TEST_ON_BOARD
    world_believe();
#endif
    world_flash(unit);
    if (pinned.n == 0) {
        world_certs();
    }
    table = table_of(1, 0, 0);
    memcpy(builtin, table.p, table.n);
    builtin_n = table.n;
    world.config = (struct bm_fw_slots_config){
        .crypto = &world.crypto,
        .log = &world.log,
        .trust = &world.trust,
        .flash = { &world.slot_sim[0].flash, &world.slot_sim[1].flash },
        .mapped = { world.slot_memory[0], world.slot_memory[1] },
        .builtin = { (const uint8_t *)builtin, builtin_n },
        .room = WORLD_ROOM,
        .window = WORLD_WINDOW,
    };
    CHECK_STATUS(world_start(), BM_OK);
}

static inline bm_status world_take(const struct message *m)
{
    return bm_fw_slots_take(&world.slots, (struct bm_bytes){ m->octets, m->n },
                            world.now);
}

static inline enum bm_fw_turn world_turn(void)
{
    enum bm_fw_turn turn = BM_FW_STAYS;

    CHECK_STATUS(bm_fw_slots_turn(&world.slots, world.now, &turn), BM_OK);
    return turn;
}

/* The version that is in force; the table can be loaded. */
static inline uint32_t world_version(void)
{
    struct bm_fw_table table;

    CHECK_STATUS(bm_fw_table_open(&table, bm_fw_slots_table(&world.slots)),
                 BM_OK);
    return table.version;
}

/* Delivered, tried and confirmed. */
static inline void world_adopt(const struct message *m)
{
    CHECK_STATUS(world_take(m), BM_OK);
    CHECK(world_turn() == BM_FW_TRIES);
    CHECK_STATUS(bm_fw_slots_confirm(&world.slots), BM_OK);
}

#endif
