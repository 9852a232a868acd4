/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of an505_test.py per run of QEMU, named by do=STEP: what a program
 * of the non-secure world, honest or not, gets out of the secure one. Exit code
 * 0 if it is what the step expects.
 */
#include <stdio.h>
#include <string.h>

#include "ports/mbedtls/element/element.h"
#include "ports/mbedtls/mbedtls_keystore.h"
#include "ports/mps2/an505/an505.h"
#include "ports/mps2/an505/client.h"
#include "ports/mps2/an505/secure.h"
#include "ports/mps2/board.h"
#include "ports/mps2/nor.h"
#include "tests/harness/bm_test.h"

/* In the flash, where nothing else is. */
#define PLANTED_AT 0x40000u

static struct bm_crypto crypto;
static struct bm_mbedtls_keystore keystore;
static struct bm_keystore *const keys = &keystore.keystore;

static const struct bm_mbedtls_secret_config secret_config = {
    .key_id = AN505_SECRET,
    .lifetime = BM_ELEMENT_LIFETIME,
    .kind = BM_VAULT_OPAQUE,
};

static void start(void)
{
    static const struct bm_mbedtls_keystore_config config = {
        .first_id = AN505_FIRST_KEY,
        .lifetime = BM_ELEMENT_LIFETIME,
        .place = BM_KEY_PLACE_OPAQUE,
    };

    bm_element_open(&an505_element);
    CHECK_STATUS(bm_mbedtls_open(&an505_port, &crypto), BM_OK);
    bm_mbedtls_keystore_init(&keystore, &config);
}

static void print_hex(const char *name, struct bm_bytes b)
{
    printf("%s ", name);
    for (size_t i = 0; i < b.n; i++) {
        printf("%02x", b.p[i]);
    }
    printf("\n");
}

/* The key of a slot signs, and core's verification agrees. */
static void signs(enum bm_key_slot slot)
{
    const struct bm_signer *signer = NULL;
    uint8_t buf[80];
    struct bm_wr w;

    CHECK_STATUS(keys->open(keys->self, slot, &signer), BM_OK);
    if (signer == NULL) {
        return;
    }
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(signer->sign(signer->self, BM_LIT("to be signed"), &w), BM_OK);
    CHECK_STATUS(crypto.verify(crypto.self, &signer->key, signer->alg,
                               BM_LIT("to be signed"), bm_wr_bytes(&w)),
                 BM_OK);
    print_hex(slot == BM_KEY_SLOT_IDEVID ? "public idevid" : "public a",
              signer->key.key);
}

static void tell_secret(void)
{
    struct bm_mbedtls_secret s;
    uint8_t out[32];

    CHECK_STATUS(bm_mbedtls_secret_open(&s, &secret_config), BM_OK);
    CHECK(s.secret.kind == BM_VAULT_OPAQUE);
    CHECK_STATUS(s.secret.derive(s.secret.self, BM_LIT("a record"), out),
                 BM_OK);
    print_hex("derived", BM_ARRAY(out));
}

static void a_device_is_born(void)
{
    const struct bm_signer *signer;

    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_IDEVID, &signer),
                 BM_E_NOT_FOUND);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_IDEVID), BM_OK);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_IDEVID), BM_E_EXISTS);
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_OK);
    CHECK_STATUS(bm_mbedtls_secret_make(&secret_config), BM_E_EXISTS);
    signs(BM_KEY_SLOT_IDEVID);
    signs(BM_KEY_SLOT_A);
    tell_secret();
}

static void its_keys_are_there_at_the_next_start(void)
{
    signs(BM_KEY_SLOT_IDEVID);
    signs(BM_KEY_SLOT_A);
    tell_secret();
}

static void a_key_is_destroyed(void)
{
    const struct bm_signer *signer;

    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(keys->destroy(keys->self, BM_KEY_SLOT_A), BM_OK);
    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer),
                 BM_E_NOT_FOUND);
    signs(BM_KEY_SLOT_IDEVID);
}

static void a_destroyed_key_stays_away(void)
{
    const struct bm_signer *signer;

    CHECK_STATUS(keys->open(keys->self, BM_KEY_SLOT_A, &signer),
                 BM_E_NOT_FOUND);
    signs(BM_KEY_SLOT_IDEVID);
    tell_secret();
}

static void another_key_is_born(void)
{
    CHECK_STATUS(keys->generate(keys->self, BM_KEY_SLOT_A), BM_OK);
    signs(BM_KEY_SLOT_A);
}

/* After a power cut: as good as any, or not there for certain. */
static void a_key_is_whole_or_absent(void)
{
    const struct bm_signer *signer;

    signs(BM_KEY_SLOT_IDEVID);
    if (keys->open(keys->self, BM_KEY_SLOT_A, &signer) == BM_E_NOT_FOUND) {
        printf("absent a\n");
    } else {
        signs(BM_KEY_SLOT_A);
    }
}

/* Stay, for a look at all memory: with what was planted there, if asked. */
static void idle(bool plant)
{
    static uint8_t planted[32];
    struct bm_nor nor;

    if (plant) {
        for (size_t i = 0; i < sizeof planted; i++) {
            planted[i] = (uint8_t)(i * 37 + 11);
        }
        bm_nor_board(&nor);
        CHECK_STATUS(bm_nor_program(&nor, PLANTED_AT, BM_ARRAY(planted)),
                     BM_OK);
    }
    signs(BM_KEY_SLOT_IDEVID);
    tell_secret();
    printf("idle\n");
    for (;;) {
        bm_board_idle();
    }
}

int main(void)
{
    char step[16];

    if (bm_board_arg("do", step, sizeof step) != 0) {
        return 2;
    }
    start();
    if (strcmp(step, "born") == 0) {
        RUN(a_device_is_born);
    } else if (strcmp(step, "again") == 0) {
        RUN(its_keys_are_there_at_the_next_start);
    } else if (strcmp(step, "destroy") == 0) {
        RUN(a_key_is_destroyed);
    } else if (strcmp(step, "gone") == 0) {
        RUN(a_destroyed_key_stays_away);
    } else if (strcmp(step, "make") == 0) {
        RUN(another_key_is_born);
    } else if (strcmp(step, "look") == 0) {
        RUN(a_key_is_whole_or_absent);
    } else if (strcmp(step, "idle") == 0 || strcmp(step, "plant") == 0) {
        idle(strcmp(step, "plant") == 0);
    } else {
        return 2;
    }
    return bm_test_done();
}
