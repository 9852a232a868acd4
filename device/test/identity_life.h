/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_IDENTITY_LIFE_H
#define BM_DEVICE_TEST_IDENTITY_LIFE_H

#include "device/identity.h"
#include "device/test/test_cert.h"
#include "device/vault.h"
#include "tests/harness/bm_test.h"

/*
 * The whole life of a device's identity, one call of identity.h after the
 * other, over any keystore and log: birth, enrolment, a renewal that is given
 * up and begun again, one whose reply is lost, factory reset, a new owner,
 * and the end. What to do next follows from the identity alone, so a life goes
 * on after a power cut wherever it was.
 *
 * What the world remembers, which has no power cuts (the enrolling server, the
 * operator), is in struct life_memory; life_check() compares the two.
 */
#define LIFE_GENERATIONS 4 /* commits in a life */
#define LIFE_RESET_AFTER 3 /* the first owner's */
#define LIFE_ABANDONS    1 /* the successor of this generation is given up */
#define LIFE_LOSES_REPLY 2 /* that of this one is asked for twice */

#define LIFE_TAIL 8 /* octets of a public key that tell it from others */
#define LIFE_CERT 320
#define LIFE_DATA BM_LOG_KEY(BM_LOG_APPLICATION, 0x100)

struct life_memory {
    uint32_t generation;     /* that the server has seen proven */
    uint8_t now[LIFE_TAIL];  /* its key */
    uint8_t next[LIFE_TAIL]; /* the key that a request was sent for */
    uint8_t born[LIFE_TAIL]; /* the key of the IDevID that was asked for */
    bool has_now;
    bool has_next;
    bool has_born;
    bool is_born; /* the IDevID was installed */
    bool abandoned;
    bool reply_lost;
    bool proving;   /* a commit may have happened */
    bool resetting; /* a reset may have happened */
    uint32_t serial;
    uint8_t data;     /* of the owner, in the vault; 0: none */
    uint8_t new_data; /* is to be there */
};

struct life {
    struct bm_log *log;
    const struct bm_keystore *keys;
    struct bm_identity id;
    struct life_memory memory;
    const struct bm_crypto *crypto;
    bool signs;                     /* let keys sign, which takes its time */
    const struct bm_secret *secret; /* of a vault; NULL: there is none */
    struct bm_vault vault;
};

#define LIFE_DONE BM_E_END

static void life_tail(const struct bm_signer *signer, uint8_t out[LIFE_TAIL])
{
    memcpy(out, signer->key.key.p + signer->key.key.n - LIFE_TAIL, LIFE_TAIL);
}

/* The server answers with a certificate and the issuing CA's. */
static bm_status life_answer(struct life *l, enum bm_identity_place place)
{
    static uint8_t room[LIFE_CERT];
    const struct bm_signer *signer;
    struct bm_bytes certs[2] = { { NULL, 0 }, BM_LIT("of the issuing CA") };
    uint8_t *tail =
        place == BM_IDENTITY_IDEVID ? l->memory.born : l->memory.next;
    bool *has =
        place == BM_IDENTITY_IDEVID ? &l->memory.has_born : &l->memory.has_next;
    uint8_t key[LIFE_TAIL];

    BM_TRY(bm_identity_signer(&l->id, place, &signer));
    life_tail(signer, key);
    /* Whatever was sent before is asked for again with the same key. */
    CHECK(!*has || memcmp(tail, key, LIFE_TAIL) == 0);
    memcpy(tail, key, LIFE_TAIL);
    *has = true;
    if (l->id.head.generation == LIFE_LOSES_REPLY && !l->memory.reply_lost &&
        place == BM_IDENTITY_PENDING) {
        l->memory.reply_lost = true;
        return BM_OK;
    }
    certs[0].p = room;
    certs[0].n =
        test_cert(&signer->key, ++l->memory.serial, 8, room, sizeof room);
    return bm_identity_install(&l->id, place, certs, 2);
}

/* The memory after a proof, a reset that have happened. */
static void life_proven(struct life_memory *m)
{
    m->generation++;
    memcpy(m->now, m->next, LIFE_TAIL);
    m->has_now = true;
    m->has_next = false;
    m->proving = false;
}

static void life_forgotten(struct life_memory *m)
{
    m->has_now = false;
    m->has_next = false;
    m->resetting = false;
}

static bm_status life_commit(struct life *l)
{
    if (l->id.head.generation == LIFE_ABANDONS && !l->memory.abandoned) {
        l->memory.has_next = false;
        BM_TRY(bm_identity_abandon(&l->id));
        l->memory.abandoned = true;
        return BM_OK;
    }
    l->memory.proving = true;
    BM_TRY(bm_identity_commit(&l->id));
    life_proven(&l->memory);
    return BM_OK;
}

/* The owner's data: in the vault, or where there is none in the log. */
static bm_status life_put(struct life *l, uint8_t data)
{
    struct bm_bytes value = { &data, 1 };

    l->memory.new_data = data;
    if (l->secret == NULL) {
        BM_TRY(data == 0 ? bm_log_delete(l->log, LIFE_DATA)
                         : bm_log_put(l->log, LIFE_DATA, value));
    } else {
        BM_TRY(data == 0 ? bm_vault_wipe(&l->vault)
                         : bm_vault_put(&l->vault, "owner", value));
    }
    l->memory.data = data;
    return BM_OK;
}

static void life_data_is_whole(struct life *l)
{
    uint8_t data = 0;
    size_t n = 0;
    bm_status rc =
        l->secret == NULL
            ? bm_log_get(l->log, LIFE_DATA, &data, sizeof data, &n)
            : bm_vault_get(&l->vault, "owner", &data, sizeof data, &n);

    CHECK(rc == BM_OK ? n == 1 : rc == BM_E_NOT_FOUND);
    CHECK(data == l->memory.data || data == l->memory.new_data);
    l->memory.data = data;
    l->memory.new_data = data;
}

static bm_status life_begin(struct life *l)
{
    BM_TRY(life_put(l, (uint8_t)(l->id.head.generation + 1)));
    return bm_identity_begin(&l->id, BM_IDENTITY_PENDING);
}

static bm_status life_reset_done(struct life *l)
{
    BM_TRY(life_put(l, 0));
    BM_TRY(bm_identity_reset_done(&l->id));
    life_forgotten(&l->memory);
    return BM_OK;
}

static bm_status life_reset(struct life *l)
{
    l->memory.resetting = true;
    return bm_identity_reset(&l->id);
}

/* One call; LIFE_DONE at the end. */
static bm_status life_step(struct life *l)
{
    uint32_t generation = l->id.head.generation;

    switch (bm_identity_state(&l->id, BM_IDENTITY_IDEVID)) {
    case BM_IDENTITY_EMPTY:
        return bm_identity_begin(&l->id, BM_IDENTITY_IDEVID);
    case BM_IDENTITY_KEY:
        BM_TRY(life_answer(l, BM_IDENTITY_IDEVID));
        l->memory.is_born = true;
        return BM_OK;
    default:
        break;
    }
    switch (bm_identity_step(&l->id)) {
    case BM_IDENTITY_FIRST:
        return generation == LIFE_GENERATIONS ? LIFE_DONE : life_begin(l);
    case BM_IDENTITY_REQUEST:
        return life_answer(l, BM_IDENTITY_PENDING);
    case BM_IDENTITY_PROVE:
        return life_commit(l);
    case BM_IDENTITY_RESET:
        return life_reset_done(l);
    case BM_IDENTITY_REST:
        return generation < LIFE_RESET_AFTER ? life_begin(l) : life_reset(l);
    default:
        return BM_E_INTERNAL;
    }
}

/* Does the key sign what its public half verifies? */
static void life_signs(const struct life *l, const struct bm_signer *signer)
{
    uint8_t room[80];
    struct bm_wr w;

    if (!l->signs) {
        return;
    }
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(signer->sign(signer->self, BM_LIT("who is it?"), &w), BM_OK);
    CHECK_STATUS(l->crypto->verify(l->crypto->self, &signer->key, signer->alg,
                                   BM_LIT("who is it?"), bm_wr_bytes(&w)),
                 BM_OK);
}

/* Is the place whole, and is its key the one that the world knows? */
static void life_is_whole(struct life *l, enum bm_identity_place place,
                          const uint8_t want[LIFE_TAIL])
{
    static uint8_t scratch[LIFE_CERT];
    const struct bm_signer *signer;
    uint8_t key[LIFE_TAIL] = { 0 };

    CHECK_STATUS(bm_identity_check(&l->id, place, scratch, sizeof scratch),
                 BM_OK);
    if (bm_identity_signer(&l->id, place, &signer) == BM_OK) {
        life_tail(signer, key);
        life_signs(l, signer);
    }
    CHECK_BYTES(key, sizeof key, want, LIFE_TAIL);
}

/* What was in doubt when the power went has happened, or it has not. */
static void life_settle(struct life *l)
{
    struct life_memory *m = &l->memory;

    if (m->proving && l->id.head.generation == m->generation + 1) {
        life_proven(m);
    }
    m->proving = false;
    if (m->resetting &&
        bm_identity_state(&l->id, BM_IDENTITY_CURRENT) == BM_IDENTITY_EMPTY) {
        m->has_now = false;
        m->has_next = false;
        m->resetting = bm_identity_step(&l->id) == BM_IDENTITY_RESET;
    }
    CHECK(l->id.head.generation == m->generation);
}

/* Certificates in the log, of whatever slots. */
static unsigned life_certs(const struct life *l)
{
    uint32_t record = BM_LOG_KEY(BM_LOG_IDENTITY, 0x1000);
    unsigned certs = 0;
    size_t n;

    while (bm_log_next(l->log, &record, certs == 0, &n) == BM_OK &&
           record < BM_LOG_KEY(BM_LOG_IDENTITY + 1, 0)) {
        certs++;
    }
    return certs;
}

/* Nothing is there that no record names: no key, no certificate. */
static void life_is_tidy(struct life *l)
{
    const struct bm_signer *signer;
    unsigned keys = 0, named = 0, certs = 0;

    CHECK_STATUS(l->id.tidy, BM_OK);
    for (unsigned p = 0; p < BM_IDENTITY_PLACES; p++) {
        enum bm_identity_state state = bm_identity_state(&l->id, p);

        named += p != BM_IDENTITY_IDEVID && state != BM_IDENTITY_EMPTY;
        certs += state == BM_IDENTITY_CERT ? 2 : 0;
    }
    for (unsigned s = BM_KEY_SLOT_A; s <= BM_KEY_SLOT_B; s++) {
        keys += l->keys->open(l->keys->self, s, &signer) == BM_OK;
    }
    CHECK(keys == named);
    CHECK(life_certs(l) == certs ||
          bm_identity_state(&l->id, BM_IDENTITY_IDEVID) != BM_IDENTITY_CERT);
}

/* The device starts. */
static bm_status life_open(struct life *l)
{
    static uint8_t work[BM_VAULT_WORK_SIZE(16)];
    const struct bm_vault_config config = {
        .log = l->log,
        .crypto = l->crypto,
        .secret = l->secret,
        .work = work,
        .work_size = sizeof work,
    };

    BM_TRY(bm_identity_open(&l->id, l->log, l->keys));
    return l->secret == NULL ? BM_OK : bm_vault_open(&l->vault, &config);
}

/* The power is back: one complete generation, and nothing beside it. */
static void life_recover(struct life *l)
{
    struct life_memory *m = &l->memory;

    CHECK_STATUS(life_open(l), BM_OK);
    life_settle(l);
    life_data_is_whole(l);
    if (m->is_born) {
        CHECK_STATUS(bm_identity_state(&l->id, BM_IDENTITY_IDEVID),
                     BM_IDENTITY_CERT);
    }
    if (m->has_born) {
        life_is_whole(l, BM_IDENTITY_IDEVID, m->born);
    }
    if (m->has_now) {
        CHECK_STATUS(bm_identity_state(&l->id, BM_IDENTITY_CURRENT),
                     BM_IDENTITY_CERT);
        life_is_whole(l, BM_IDENTITY_CURRENT, m->now);
    } else {
        CHECK_STATUS(bm_identity_state(&l->id, BM_IDENTITY_CURRENT),
                     BM_IDENTITY_EMPTY);
    }
    if (m->has_next) {
        life_is_whole(l, BM_IDENTITY_PENDING, m->next);
    }
    life_is_tidy(l);
}

#endif
