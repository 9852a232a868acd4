/* SPDX-License-Identifier: Apache-2.0 */
#include "device/identity.h"

#include "device/test/ram_log.h"

#include "device/identity.c"
#include "device/test/test_cert.h"
#include "device/test/test_keys_in_log.h"
#include "tests/harness/bm_test.h"

static struct bm_log the_log;
static struct test_keys keys;
static struct bm_identity id;
static uint8_t scratch[RAM_VALUE];
static uint32_t serial;

/* The power went and is back. */
static void restart(void)
{
    ram.fail_at = 0;
    ram.bad = 0;
    keys.fault = BM_OK;
    CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
}

static void blank(void)
{
    memset(&ram, 0, sizeof ram);
    ram.fault = BM_E_LOG_FULL;
    test_keys_init(&keys, &the_log);
    restart();
}

/* A certificate of the place's key and one above it. */
static bm_status answer(enum bm_identity_place place)
{
    static uint8_t room[2][RAM_VALUE];
    const struct bm_signer *signer;
    struct bm_bytes certs[2];

    BM_TRY(bm_identity_signer(&id, place, &signer));
    for (size_t i = 0; i < 2; i++) {
        certs[i].p = room[i];
        certs[i].n =
            test_cert(&signer->key, ++serial, 70, room[i], sizeof room[i]);
    }
    return bm_identity_install(&id, place, certs, 2);
}

static void born(void)
{
    blank();
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID), BM_OK);
    CHECK_STATUS(answer(BM_IDENTITY_IDEVID), BM_OK);
}

static void pending(void)
{
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING), BM_OK);
    CHECK_STATUS(answer(BM_IDENTITY_PENDING), BM_OK);
}

static void enrolled(void)
{
    born();
    pending();
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
}

/* It is as if it had never been put. */
static void ram_forget(uint32_t key)
{
    if (ram_find(key) != RAM_RECORDS) {
        ram.record[ram_find(key)].key = 0;
    }
}

static bool has_key(enum bm_key_slot slot)
{
    return ram_find(test_key_record(slot)) != RAM_RECORDS;
}

static size_t certs_in_log(void)
{
    size_t n = 0;

    for (size_t i = 0; i < RAM_RECORDS; i++) {
        n += ram.record[i].key >= BM_LOG_KEY(BM_LOG_IDENTITY, 0x1000) &&
             ram.record[i].key < BM_LOG_KEY(BM_LOG_IDENTITY + 1, 0);
    }
    return n;
}

static void is_whole(enum bm_identity_place place)
{
    CHECK_STATUS(bm_identity_state(&id, place), BM_IDENTITY_CERT);
    CHECK_STATUS(bm_identity_check(&id, place, scratch, sizeof scratch), BM_OK);
}

/* Nothing is there that no record names. */
static void is_tidy(void)
{
    size_t named[BM_IDENTITY_PLACES];
    size_t n = 0;

    for (unsigned p = 0; p < BM_IDENTITY_PLACES; p++) {
        for (named[p] = 0; bm_identity_cert(&id, p, named[p], scratch,
                                            sizeof scratch, &n) == BM_OK;) {
            named[p]++;
        }
    }
    CHECK_STATUS(id.tidy, BM_OK);
    CHECK(certs_in_log() == named[0] + named[1] + named[2]);
    CHECK(
        has_key(BM_KEY_SLOT_A) + has_key(BM_KEY_SLOT_B) ==
        (bm_identity_state(&id, BM_IDENTITY_CURRENT) != BM_IDENTITY_EMPTY) +
            (bm_identity_state(&id, BM_IDENTITY_PENDING) != BM_IDENTITY_EMPTY));
}

static void a_blank_device_is_nobody(void)
{
    const struct bm_signer *signer;
    size_t n;

    blank();
    for (unsigned p = 0; p < BM_IDENTITY_PLACES; p++) {
        CHECK_STATUS(bm_identity_state(&id, p), BM_IDENTITY_EMPTY);
        CHECK_STATUS(bm_identity_signer(&id, p, &signer), BM_E_IDENTITY_STATE);
        CHECK_STATUS(bm_identity_cert(&id, p, 0, scratch, sizeof scratch, &n),
                     BM_E_IDENTITY_STATE);
        CHECK_STATUS(bm_identity_check(&id, p, scratch, sizeof scratch), BM_OK);
        CHECK_STATUS(answer(p), BM_E_IDENTITY_STATE);
    }
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_FIRST);
    CHECK_STATUS(bm_identity_commit(&id), BM_E_IDENTITY_STATE);
    CHECK_STATUS(bm_identity_abandon(&id), BM_E_IDENTITY_STATE);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_CURRENT),
                 BM_E_IDENTITY_STATE);
    CHECK(ram.writes == 0);
}

static void a_device_is_born_once(void)
{
    born();
    is_whole(BM_IDENTITY_IDEVID);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID),
                 BM_E_IDENTITY_STATE);
    CHECK_STATUS(answer(BM_IDENTITY_IDEVID), BM_E_IDENTITY_STATE);
    restart();
    is_whole(BM_IDENTITY_IDEVID);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID),
                 BM_E_IDENTITY_STATE);
    CHECK(keys.made == 1);
}

static void each_step_is_found_again(void)
{
    born();
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_FIRST);
    for (uint32_t g = 1; g <= 5; g++) {
        CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING), BM_OK);
        CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING),
                     BM_E_IDENTITY_STATE);
        restart();
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REQUEST);
        CHECK_STATUS(bm_identity_commit(&id), BM_E_IDENTITY_STATE);
        CHECK_STATUS(answer(BM_IDENTITY_PENDING), BM_OK);
        restart();
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_PROVE);
        is_whole(BM_IDENTITY_PENDING);
        is_tidy();
        CHECK_STATUS(bm_identity_commit(&id), BM_OK);
        restart();
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REST);
        CHECK(id.head.generation == g);
        is_whole(BM_IDENTITY_CURRENT);
        is_tidy();
    }
    CHECK(keys.made == 6);
}

static void a_certificate_of_another_key_is_refused(void)
{
    static uint8_t room[RAM_VALUE];
    struct bm_bytes cert = { room, 0 };

    enrolled();
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING), BM_OK);
    cert.n = test_cert(&bm_test_signer_nth(BM_KEY_P256, 0)->key, 1, 70, room,
                       sizeof room);
    CHECK_STATUS(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert, 1),
                 BM_E_IDENTITY_KEY);
    CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_PENDING), BM_IDENTITY_KEY);
    CHECK_STATUS(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert, 0),
                 BM_E_ARGUMENT);
    CHECK_STATUS(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert,
                                     BM_IDENTITY_CERTS_MAX + 1),
                 BM_E_ARGUMENT);
    CHECK(certs_in_log() == 4);
}

static void a_cut_short_certificate_is_refused(void)
{
    static uint8_t room[RAM_VALUE];
    const struct bm_signer *signer = NULL;
    struct bm_bytes cert = { room, 0 };
    size_t whole;

    born();
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING), BM_OK);
    CHECK_STATUS(bm_identity_signer(&id, BM_IDENTITY_PENDING, &signer), BM_OK);
    whole = test_cert(&signer->key, 1, 70, room, sizeof room);
    for (cert.n = 0; cert.n < whole; cert.n++) {
        CHECK(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert, 1) != BM_OK);
    }
    CHECK_STATUS(bm_identity_install(&id, BM_IDENTITY_PENDING, &cert, 1),
                 BM_OK);
}

static void a_second_answer_replaces_the_first(void)
{
    uint8_t before[RAM_VALUE];
    size_t n = 0, m = 0;

    enrolled();
    pending();
    CHECK_STATUS(bm_identity_cert(&id, BM_IDENTITY_PENDING, 0, before,
                                  sizeof before, &n),
                 BM_OK);
    CHECK_STATUS(answer(BM_IDENTITY_PENDING), BM_OK);
    CHECK_STATUS(bm_identity_cert(&id, BM_IDENTITY_PENDING, 0, scratch,
                                  sizeof scratch, &m),
                 BM_OK);
    CHECK(n == m && memcmp(before, scratch, n) != 0);
    is_tidy();
    restart();
    is_whole(BM_IDENTITY_PENDING);
    is_whole(BM_IDENTITY_CURRENT);
}

static void what_is_abandoned_is_gone(void)
{
    enrolled();
    pending();
    CHECK(has_key(BM_KEY_SLOT_B));
    CHECK_STATUS(bm_identity_abandon(&id), BM_OK);
    CHECK(!has_key(BM_KEY_SLOT_B));
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REST);
    is_whole(BM_IDENTITY_CURRENT);
    is_tidy();
}

static void a_reset_leaves_the_idevid_alone(void)
{
    enrolled();
    pending();
    CHECK_STATUS(bm_identity_reset(&id), BM_OK);
    CHECK(!has_key(BM_KEY_SLOT_A) && !has_key(BM_KEY_SLOT_B));
    is_tidy();
    is_whole(BM_IDENTITY_IDEVID);
    /* Nothing begins before the owner's data is wiped, not after a cut. */
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_RESET);
    restart();
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_RESET);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING),
                 BM_E_IDENTITY_STATE);
    CHECK_STATUS(bm_identity_reset_done(&id), BM_OK);
    CHECK_STATUS(bm_identity_reset_done(&id), BM_OK);
    restart();
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_FIRST);
    pending();
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
    is_whole(BM_IDENTITY_CURRENT);
}

static void what_was_valid_is_scrubbed(void)
{
    unsigned before;

    enrolled();
    before = ram.scrubs;
    CHECK(before == 0); /* of the first one nothing is left behind */
    pending();
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
    CHECK(ram.scrubs == before + 1);
    restart();
    CHECK(ram.scrubs == before + 1);

    /* Keys that do not lie in the flash leave nothing in it... */
    keys.keystore.place = BM_KEY_PLACE_OPAQUE;
    pending();
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
    CHECK(ram.scrubs == before + 1);
    /* ...but an owner's certificates do. */
    CHECK_STATUS(bm_identity_reset(&id), BM_OK);
    CHECK(ram.scrubs == before + 2);
    /* ...and so does what the caller wipes then. */
    CHECK_STATUS(bm_identity_reset_done(&id), BM_OK);
    CHECK(ram.scrubs == before + 3);
}

static void a_lost_key_or_certificate_is_an_event(void)
{
    static const struct {
        uint32_t record;
        bm_status why;
    } cases[] = {
        { BM_LOG_KEY(BM_LOG_APPLICATION, BM_KEY_SLOT_A), BM_E_NOT_FOUND },
        { 0x01001280u, BM_E_LOG_READ },
        { 0x01001280u, BM_E_NOT_FOUND },
        { 0x01001281u, BM_E_LOG_READ },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bm_signer *signer;

        enrolled();
        CHECK(ram_find(cases[i].record) != RAM_RECORDS);
        restart();
        ram.bad = cases[i].record;
        ram.bad_why = cases[i].why;
        CHECK_STATUS(bm_identity_check(&id, BM_IDENTITY_CURRENT, scratch,
                                       sizeof scratch),
                     BM_E_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_CURRENT),
                     BM_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_signer(&id, BM_IDENTITY_CURRENT, &signer),
                     BM_E_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_FIRST);
        is_whole(BM_IDENTITY_IDEVID);
        pending();
        CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_CURRENT),
                     BM_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_commit(&id), BM_OK);
        restart();
        is_whole(BM_IDENTITY_CURRENT);
        is_tidy();
    }
}

static void trouble_that_may_pass_loses_nothing(void)
{
    enrolled();
    ram.bad = BM_LOG_KEY(BM_LOG_APPLICATION, BM_KEY_SLOT_A);
    ram.bad_why = BM_E_KEYS_GONE;
    CHECK_STATUS(
        bm_identity_check(&id, BM_IDENTITY_CURRENT, scratch, sizeof scratch),
        BM_E_KEYS_GONE);
    ram.bad = 0;
    CHECK_STATUS(bm_identity_check(&id, BM_IDENTITY_CURRENT, scratch, 10),
                 BM_E_BUFFER);
    is_whole(BM_IDENTITY_CURRENT);
}

static void a_lost_successor_is_given_up(void)
{
    enrolled();
    pending();
    ram.bad = BM_LOG_KEY(BM_LOG_APPLICATION, BM_KEY_SLOT_B);
    ram.bad_why = BM_E_NOT_FOUND;
    CHECK_STATUS(
        bm_identity_check(&id, BM_IDENTITY_PENDING, scratch, sizeof scratch),
        BM_E_IDENTITY_LOST);
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_ABANDON);
    CHECK_STATUS(bm_identity_commit(&id), BM_E_IDENTITY_STATE);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING),
                 BM_E_IDENTITY_STATE);
    CHECK_STATUS(bm_identity_abandon(&id), BM_OK);
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REST);
    ram.bad = 0;
    pending();
    is_tidy();
}

static void an_unreadable_record_destroys_nothing(void)
{
    /* Version, IDevID's copy, current, pending. */
    static const uint8_t strange[][5] = {
        { 2, 0, 0x19, 0x2a, 0 },
        { 1, 0, 0x19, 0x4a, 0 },
        { 1, 0, 0x19, 0x2a, 0xf1 },
    };

    for (size_t i = 0; i <= sizeof strange / sizeof strange[0]; i++) {
        unsigned writes;
        uint32_t head = BM_LOG_KEY(BM_LOG_IDENTITY, 1);

        enrolled();
        pending();
        ram_forget(BM_LOG_KEY(BM_LOG_IDENTITY, 2));
        if (i == 0) {
            ram.bad = head;
            ram.bad_why = BM_E_LOG_READ;
        } else {
            memcpy(ram.record[ram_find(head)].value, strange[i - 1], 5);
        }
        writes = ram.writes;
        ram.scrubs = 0;
        CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
        CHECK(ram.writes == writes);
        CHECK_STATUS(id.tidy, BM_E_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_CURRENT),
                     BM_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_FIRST);
        is_whole(BM_IDENTITY_IDEVID);
        ram.bad = 0;
        pending();
        CHECK_STATUS(bm_identity_commit(&id), BM_OK);
        CHECK(ram.scrubs > 0); /* the old key may have been valid */
        is_whole(BM_IDENTITY_CURRENT);
        restart();
        is_tidy();
    }
}

/* A slot of the log that cannot be read: as if its record were not there. */
static void a_record_that_seems_absent_destroys_nothing(void)
{
    for (uint32_t i = 0; i < 3; i++) {
        enrolled();
        ram_forget(BM_LOG_KEY(BM_LOG_IDENTITY, i));
        restart();
        CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REST);
        CHECK(id.head.generation == 1);
        is_whole(BM_IDENTITY_IDEVID);
        is_whole(BM_IDENTITY_CURRENT);
        /* There has been a later head than the copy: perhaps it names more. */
        CHECK_STATUS(id.tidy, i == 1 ? BM_E_IDENTITY_LOST : BM_OK);
    }
    /* Before there is a head nothing stands in for the birth's record; but
     * the certificates are there when it can be read again. */
    born();
    ram_forget(BM_LOG_KEY(BM_LOG_IDENTITY, 0));
    restart();
    CHECK(certs_in_log() == 2 && has_key(BM_KEY_SLOT_IDEVID));
}

/* The log cannot read a slot, and nobody knows whose record that was. */
static void nothing_is_destroyed_while_a_slot_cannot_be_read(void)
{
    static const uint32_t unread[] = { BM_LOG_KEY(BM_LOG_IDENTITY, 1),
                                       BM_LOG_KEY(BM_LOG_IDENTITY, 3) };

    for (size_t i = 0; i < 2; i++) {
        unsigned writes;

        enrolled();
        pending();
        ram.bad = unread[i];
        ram.bad_why = BM_E_LOG_READ;
        writes = ram.writes;
        CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
        CHECK_STATUS(id.tidy, BM_E_IDENTITY_LOST);
        CHECK(ram.writes == writes && has_key(BM_KEY_SLOT_B));
        is_whole(BM_IDENTITY_CURRENT);
        /* It reads better the next time. */
        ram.bad = 0;
        CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
        CHECK_STATUS(id.tidy, BM_OK);
        CHECK(bm_identity_step(&id) == BM_IDENTITY_PROVE);
        is_whole(BM_IDENTITY_PENDING);
    }
}

static void an_unreadable_birth_is_not_repeated(void)
{
    uint32_t birth = BM_LOG_KEY(BM_LOG_IDENTITY, 0);

    for (unsigned i = 0; i < 3; i++) {
        born();
        if (i == 2) {
            memcpy(ram.record[ram_find(birth)].value, "\x01\x22", 2);
        } else {
            ram.bad = birth;
            ram.bad_why = i == 0 ? BM_E_LOG_READ : BM_E_BUFFER;
        }
        CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
        CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_IDEVID),
                     BM_IDENTITY_LOST);
        CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID),
                     BM_E_IDENTITY_STATE);
        CHECK_STATUS(answer(BM_IDENTITY_IDEVID), BM_E_IDENTITY_LOST);
        pending(); /* there are tokens, too */
        CHECK_STATUS(bm_identity_commit(&id), BM_OK);
        is_whole(BM_IDENTITY_CURRENT);
        CHECK(certs_in_log() == 4);
        if (i < 2) {
            restart();
            is_whole(BM_IDENTITY_IDEVID);
        }
    }
}

static void what_a_head_says_of_the_idevid_is_good_enough(void)
{
    enrolled();
    ram.bad = BM_LOG_KEY(BM_LOG_IDENTITY, 0);
    ram.bad_why = BM_E_LOG_READ;
    CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore), BM_OK);
    is_whole(BM_IDENTITY_IDEVID);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID),
                 BM_E_IDENTITY_STATE);
    is_tidy();
}

static void a_flash_without_power_is_no_identity(void)
{
    enrolled();
    for (uint32_t n = 0; n < 2; n++) {
        ram.bad = BM_LOG_KEY(BM_LOG_IDENTITY, n);
        ram.bad_why = BM_E_FLASH_POWER;
        CHECK_STATUS(bm_identity_open(&id, &the_log, &keys.keystore),
                     BM_E_FLASH_POWER);
    }
    restart();
    is_whole(BM_IDENTITY_CURRENT);
}

static void no_key_is_born_of_bad_noise(void)
{
    enrolled();
    keys.fault = BM_E_ENTROPY_REPEAT;
    keys.spared = 1; /* its slot is emptied before */
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING),
                 BM_E_ENTROPY_REPEAT);
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_REST);
    restart();
    is_whole(BM_IDENTITY_CURRENT);
    is_tidy();

    blank();
    keys.fault = BM_E_ENTROPY_BIAS;
    keys.spared = 0;
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID), BM_E_ENTROPY_BIAS);
    CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_IDEVID), BM_IDENTITY_EMPTY);
}

static void a_birth_that_was_cut_takes_its_key_up(void)
{
    blank();
    ram.fail_at = 2; /* the key is made, its record is not written */
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID), BM_E_LOG_FULL);
    CHECK(has_key(BM_KEY_SLOT_IDEVID));
    restart();
    CHECK_STATUS(bm_identity_state(&id, BM_IDENTITY_IDEVID), BM_IDENTITY_EMPTY);
    CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_IDEVID), BM_OK);
    CHECK(keys.made == 1);
}

/* From wherever it is to the next commit. */
static void walk_on(void)
{
    if (bm_identity_step(&id) == BM_IDENTITY_REST) {
        CHECK_STATUS(bm_identity_begin(&id, BM_IDENTITY_PENDING), BM_OK);
    }
    if (bm_identity_step(&id) == BM_IDENTITY_REQUEST) {
        CHECK_STATUS(answer(BM_IDENTITY_PENDING), BM_OK);
    }
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
    is_whole(BM_IDENTITY_CURRENT);
    is_tidy();
}

static void a_full_log_refuses_before_anything_is_lost(void)
{
    unsigned fails_at;

    for (fails_at = 1;; fails_at++) {
        bm_status rc = BM_OK;

        enrolled();
        ram.fail_at = ram.writes + fails_at;
        ram.fail_on = true;
        rc = bm_identity_begin(&id, BM_IDENTITY_PENDING);
        rc = rc == BM_OK ? answer(BM_IDENTITY_PENDING) : rc;
        rc = rc == BM_OK ? bm_identity_commit(&id) : rc;
        if (rc == BM_OK) {
            break;
        }
        CHECK_STATUS(rc, BM_E_LOG_FULL);
        is_whole(BM_IDENTITY_CURRENT);
        CHECK(id.head.generation == 1);
        ram.fail_at = 0;
        /* There is room again: the walk goes on where it stopped. */
        walk_on();
    }
    /* The flip is done; what cannot be removed yet is removed later. */
    CHECK(fails_at > 5);
    CHECK_STATUS(id.tidy, BM_E_LOG_FULL);
    CHECK(id.head.generation == 2);
    is_whole(BM_IDENTITY_CURRENT);
    ram.fail_at = 0;
    CHECK_STATUS(bm_identity_tidy(&id), BM_OK);
    is_tidy();
}

/* The flash says no after it was done: what is in memory is not what is in
 * the log, and neither is lost by going on nor by a restart. */
static void a_write_in_doubt_loses_nothing(void)
{
    for (unsigned i = 0;; i++) {
        bool again = i % 2 == 0;
        bm_status rc;

        enrolled();
        ram.fail_at = ram.writes + 1 + i / 2;
        ram.fail_after = true;
        ram.fault = BM_E_FLASH_BITS;
        rc = bm_identity_begin(&id, BM_IDENTITY_PENDING);
        rc = rc == BM_OK ? answer(BM_IDENTITY_PENDING) : rc;
        rc = rc == BM_OK ? bm_identity_commit(&id) : rc;
        if (rc == BM_OK) {
            CHECK(i > 10);
            break;
        }
        CHECK_STATUS(rc, BM_E_FLASH_BITS);
        is_whole(BM_IDENTITY_CURRENT);
        ram.fail_at = 0;
        if (again) {
            restart();
            is_whole(BM_IDENTITY_CURRENT);
            is_tidy();
        }
        if (id.head.generation == 1) {
            walk_on();
        }
        is_whole(BM_IDENTITY_IDEVID);
        restart();
        CHECK(id.head.generation == 2);
        is_whole(BM_IDENTITY_CURRENT);
        is_tidy();
    }
}

static void a_keystore_that_cannot_destroy_is_told(void)
{
    enrolled();
    pending();
    keys.fault = BM_E_KEYS_GONE;
    keys.spared = 0;
    CHECK_STATUS(bm_identity_commit(&id), BM_OK);
    CHECK_STATUS(id.tidy, BM_E_KEYS_GONE);
    keys.fault = BM_E_KEYS_GONE;
    CHECK_STATUS(bm_identity_reset(&id), BM_E_KEYS_GONE);
    keys.spared = 0;
    CHECK_STATUS(bm_identity_reset_done(&id), BM_E_KEYS_GONE);
    CHECK_STATUS(bm_identity_step(&id), BM_IDENTITY_RESET);
    keys.fault = BM_OK;
    CHECK_STATUS(bm_identity_reset_done(&id), BM_OK);
    is_tidy();
}

int main(void)
{
    RUN(a_blank_device_is_nobody);
    RUN(a_device_is_born_once);
    RUN(each_step_is_found_again);
    RUN(a_certificate_of_another_key_is_refused);
    RUN(a_cut_short_certificate_is_refused);
    RUN(a_second_answer_replaces_the_first);
    RUN(what_is_abandoned_is_gone);
    RUN(a_reset_leaves_the_idevid_alone);
    RUN(what_was_valid_is_scrubbed);
    RUN(a_lost_key_or_certificate_is_an_event);
    RUN(trouble_that_may_pass_loses_nothing);
    RUN(a_lost_successor_is_given_up);
    RUN(an_unreadable_record_destroys_nothing);
    RUN(a_record_that_seems_absent_destroys_nothing);
    RUN(nothing_is_destroyed_while_a_slot_cannot_be_read);
    RUN(an_unreadable_birth_is_not_repeated);
    RUN(what_a_head_says_of_the_idevid_is_good_enough);
    RUN(a_flash_without_power_is_no_identity);
    RUN(no_key_is_born_of_bad_noise);
    RUN(a_birth_that_was_cut_takes_its_key_up);
    RUN(a_full_log_refuses_before_anything_is_lost);
    RUN(a_write_in_doubt_loses_nothing);
    RUN(a_keystore_that_cannot_destroy_is_told);
    return bm_test_done();
}
