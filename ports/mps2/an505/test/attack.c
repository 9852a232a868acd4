/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that was taken over: one attack on the secure world per run of
 * QEMU, named by do=STEP. Exit code 0 if it was refused as the step expects;
 * what is a fault ends QEMU with BM_BOARD_EXIT_FAULT, and a step that comes
 * through is 3.
 */
#include <stdio.h>
#include <string.h>

#include "core/der.h"
#include "ports/mbedtls/mbedtls.h"
#include "ports/mps2/an505/an505.h"
#include "ports/mps2/an505/client.h"
#include "ports/mps2/an505/secure.h"
#include "ports/mps2/board.h"
#include "ports/mps2/nor.h"
#include "tests/harness/bm_test.h"

#define CAME_THROUGH 3

#define SCB_VTOR (*(volatile uint32_t *)0xe000ed08u)
#define SAU_CTRL (*(volatile uint32_t *)0xe000edd0u)
#define SAU_RNR  (*(volatile uint32_t *)0xe000edd8u)

/* ---- Reads, writes and jumps that fault */

static const struct {
    const char *step;
    uint32_t at;
    char how;
} touches[] = {
    { "read-code", AN505_SECURE_CODE, 'r' },
    { "read-code-alias", 0x00000000u, 'r' },
    { "read-ram", AN505_SECURE_RAM, 'r' },
    { "read-ram-alias", 0x28000000u, 'r' },
    { "read-flash", AN505_SECURE_NOR, 'r' },
    { "read-flash-end", AN505_SECURE_NOR + AN505_SECURE_FLASH - 4, 'r' },
    { "write-flash", AN505_SECURE_NOR, 'w' },
    { "write-gates", 0x50080084u, 'w' },  /* of peripherals */
    { "write-memory", 0x58009000u, 'w' }, /* the gate of SSRAM3 */
    { "jump", AN505_SECURE_CODE + 0x401u, 'j' },
};

static int touch(const char *step)
{
    for (size_t i = 0; i < sizeof touches / sizeof touches[0]; i++) {
        volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)touches[i].at;

        if (strcmp(step, touches[i].step) != 0) {
            continue;
        }
        if (touches[i].how == 'r') {
            printf("read %08lx\n", (unsigned long)*at);
        } else if (touches[i].how == 'w') {
            *at = 0;
        } else {
            ((void (*)(void))(uintptr_t)touches[i].at)();
        }
        return CAME_THROUGH;
    }
    return 2;
}

/* ---- Pointers */

static uint8_t mine[128];

/* Octets that are not the caller's, or not all of them, or not to write. */
static const struct {
    uint32_t at;
    bool may_read;
} places[] = {
    { 0, false },
    { AN505_SECURE_CODE + 0x100, false },
    { AN505_SECURE_RAM + 0x100, false },
    { 0x28000100u, false }, /* the same by its other name */
    { AN505_SECURE_NOR, false },
    { AN505_SECURE_NOR - 2, false }, /* its end is secure */
    { AN505_RAM_END - 2, false },
    { AN505_RAM - 2, false },
    { 0xfffffff0u, false },         /* wraps around */
    { AN505_NOR + 0x20000u, true }, /* flash, by the MPU of the caller */
};

static void no_pointer_to_what_is_not_the_callers_is_taken(void)
{
    struct bm_nor nor;

    bm_nor_board(&nor); /* read-only from now on */
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        void *p = (void *)(uintptr_t)places[i].at;

        CHECK_STATUS((bm_status)an505_kind(AN505_FIRST_KEY, p), BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_public_key(AN505_FIRST_KEY, p),
                     BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_sign(AN505_FIRST_KEY, mine, p),
                     BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_mac(AN505_SECRET, mine, 4, p),
                     BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_random(p, 16), BM_E_ARGUMENT);
        if (!places[i].may_read) {
            CHECK_STATUS((bm_status)an505_sign(AN505_FIRST_KEY, p, mine),
                         BM_E_ARGUMENT);
            CHECK_STATUS((bm_status)an505_mac(AN505_SECRET, p, 8, mine),
                         BM_E_ARGUMENT);
        }
    }
    CHECK_STATUS((bm_status)an505_sign(AN505_FIRST_KEY, mine, mine + 32),
                 BM_OK);
}

static void no_name_and_no_length_out_of_range_is_taken(void)
{
    static const uint32_t names[] = { 0, AN505_FIRST_KEY - 1,
                                      AN505_FIRST_KEY + AN505_KEYS,
                                      UINT32_MAX };
    uint32_t kind;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint32_t id = names[i];

        CHECK_STATUS((bm_status)an505_kind(id, &kind), BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_generate(id, BM_ELEMENT_P256),
                     BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_public_key(id, mine), BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_sign(id, mine, mine + 32), BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_mac(id, mine, 4, mine + 32),
                     BM_E_ARGUMENT);
        CHECK_STATUS((bm_status)an505_destroy(id), BM_E_ARGUMENT);
    }
    CHECK_STATUS((bm_status)an505_generate(AN505_FIRST_KEY + 2, 0),
                 BM_E_ARGUMENT);
    CHECK_STATUS((bm_status)an505_generate(AN505_FIRST_KEY + 2, 3),
                 BM_E_ARGUMENT);
    CHECK_STATUS((bm_status)an505_random(mine, 0), BM_E_ARGUMENT);
    CHECK_STATUS((bm_status)an505_random(mine, UINT32_MAX), BM_E_ARGUMENT);
    CHECK_STATUS((bm_status)an505_mac(AN505_SECRET, mine, UINT32_MAX, mine),
                 BM_E_ARGUMENT);
    /* Keys do what their kind does. */
    CHECK(an505_mac(AN505_FIRST_KEY, mine, 4, mine + 32) != BM_OK);
    CHECK(an505_sign(AN505_SECRET, mine, mine + 32) != BM_OK);
    CHECK(an505_public_key(AN505_SECRET, mine) != BM_OK);
}

static void the_attribution_of_memory_is_not_the_programs_to_change(void)
{
    SAU_RNR = 0;
    SAU_CTRL = 0;
    CHECK(SAU_CTRL == 0); /* reads as zero, ignores writes */
    CHECK_STATUS((bm_status)an505_public_key(
                     AN505_FIRST_KEY, (uint8_t *)(uintptr_t)AN505_SECURE_RAM),
                 BM_E_ARGUMENT);
}

/* Its identification, which reads as zero where a gate is shut. */
#define DMA_ID  (*(volatile uint32_t *)0x40110fe0u)
#define UART_ID (*(volatile uint32_t *)0x40200fe0u)

static void nobody_copies_memory_for_the_program(void)
{
    CHECK(DMA_ID == 0);
    CHECK(UART_ID != 0);
}

/* ---- From an interrupt, in the middle of a call */

static volatile uint8_t digest[32];
static volatile unsigned busy, other;

static void tick(void)
{
    uint8_t out[8];
    bm_status rc = (bm_status)an505_random(out, sizeof out);

    if (rc == BM_E_ELEMENT_BUSY) {
        busy++;
        digest[0] ^= 0xff; /* too late: it was copied */
    } else {
        other++;
    }
}

#define VECTORS     16
#define VECTOR_TICK 15
#define TABLE       ((const uint32_t *)(uintptr_t)AN505_PROGRAM)

static void a_call_is_not_entered_twice_and_reads_nothing_twice(void)
{
    _Alignas(128) static uint32_t vectors[VECTORS];
    uint8_t before[32], raw[64], der[80];
    struct bm_mbedtls_signer s;
    struct bm_crypto crypto;
    struct bm_wr w;
    size_t m;

    bm_element_open(&an505_element);
    CHECK_STATUS(bm_mbedtls_open(&an505_port, &crypto), BM_OK);
    CHECK_STATUS(bm_mbedtls_signer_open(&s, AN505_FIRST_KEY), BM_OK);
    memset((void *)(uintptr_t)digest, 0x5a, sizeof digest);
    memcpy(before, (const void *)(uintptr_t)digest, sizeof before);
    memcpy(vectors, TABLE, sizeof vectors);
    vectors[VECTOR_TICK] = (uint32_t)(uintptr_t)tick;
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    CHECK_STATUS((bm_status)an505_sign(AN505_FIRST_KEY,
                                       (const uint8_t *)(uintptr_t)digest, raw),
                 BM_OK);
    SCB_VTOR = AN505_PROGRAM;
    CHECK(busy > 0);
    printf("# %u calls from the tick were sent away, %u were not\n", busy,
           other);
    bm_wr_init(&w, der, sizeof der);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_unsigned(&w, (struct bm_bytes){ raw, 32 });
    bm_der_put_unsigned(&w, (struct bm_bytes){ raw + 32, 32 });
    bm_der_close(&w, m);
    CHECK_STATUS(crypto.verify_hash(crypto.self, &s.signer.key, s.signer.alg,
                                    BM_ARRAY(before), bm_wr_bytes(&w)),
                 BM_OK);
}

int main(void)
{
    char step[24];

    if (bm_board_arg("do", step, sizeof step) != 0) {
        return 2;
    }
    if (strcmp(step, "calls") != 0) {
        return touch(step);
    }
    RUN(no_pointer_to_what_is_not_the_callers_is_taken);
    RUN(no_name_and_no_length_out_of_range_is_taken);
    RUN(the_attribution_of_memory_is_not_the_programs_to_change);
    RUN(nobody_copies_memory_for_the_program);
    RUN(a_call_is_not_entered_twice_and_reads_nothing_twice);
    return bm_test_done();
}
