/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application that the tests boot: it prints what the bootloader handed
 * over and what became of its stack, does what words on the command line say,
 * and ends QEMU. Words:
 *
 *   confirm           what runs is good
 *   install=NAME      install slot 1, whose digest begins so (hexadecimal)
 *   permanent=NAME    ... without a trial
 *   both=NAME+NAME    install both images
 *   keyset=NAME       take the candidate key set
 *   load=FILE         put a file of the host into slot 1
 *   poke=ADDRESS      write to an address
 *   call=ADDRESS      ... a function that does nothing, and call it
 *   recover           ask for recovery, and reset
 *
 * The label is for the tests to write another one into the finished image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/handover.h"
#include "boot/request.h"
#include "ports/mps2/board.h"
#include "ports/mps2/boot/flash.h"
#include "ports/mps2/boot/map.h"
#include "ports/mps2/semihost.h"

#define WORD_MAX 160
#define PAINT    0xa5u

#define SCB_AIRCR   (*(volatile uint32_t *)0xe000ed0cu)
#define AIRCR_RESET 0x05fa0004u

static const volatile char label[] = "label:--------";

static const struct bm_flash mailbox = MPS2_FLASH(MAP_MAILBOX, MAP_SMALL_SIZE);
static const struct bm_flash slot1 = MPS2_FLASH(MAP_SLOT1, MAP_SLOT_SIZE);

static void print_hex(const char *what, struct bm_bytes b)
{
    printf(" %s=", what);
    for (size_t i = 0; i < b.n; i++) {
        printf("%02x", b.p[i]);
    }
}

/* `n` octets from hexadecimal text; 0 on success. */
static int hex(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char two[3] = { text[2 * i], '\0', '\0' };
        char *end;

        two[1] = two[0] == '\0' ? '\0' : text[2 * i + 1];
        out[i] = (uint8_t)strtoul(two, &end, 16);
        if (end != two + 2) {
            return -1;
        }
    }
    return 0;
}

/* How much of the bootloader's RAM its stack never reached: it was painted
 * before the start, and is only of use where it was. */
static void print_paint(void)
{
    const volatile uint8_t *ram = (const volatile uint8_t *)(uintptr_t)MAP_RAM;
    uint32_t run = 0;
    uint32_t best = 0;

    for (uint32_t i = 0; i < MAP_RAM_SIZE; i++) {
        run = ram[i] == PAINT ? run + 1 : 0;
        best = run > best ? run : best;
    }
    printf("paint=%lu\n", (unsigned long)best);
}

static int load(const char *path)
{
    static uint8_t file[MAP_SLOT_SIZE];
    size_t n = 0;

    if (bm_semihost_load(path, file, sizeof file, &n) != 0) {
        return -1;
    }
    memset(file + n, 0xff, sizeof file - n);
    for (uint32_t at = 0; at < sizeof file; at += slot1.sector) {
        bool all = at < n;

        if (slot1.erase(slot1.self, at) != BM_OK ||
            (all && slot1.program(slot1.self, at,
                                  (struct bm_bytes){
                                      file + at, slot1.sector }) != BM_OK)) {
            return -1;
        }
    }
    return 0;
}

/* What the words ask for, of the bootloader; -1 for a word that is wrong. */
static int asked(const struct bm_handover *h, struct bm_request *request)
{
    char word[WORD_MAX];
    int rc = 0;

    if (bm_board_arg("install", word, sizeof word) == 0) {
        request->flags |= BM_REQUEST_INSTALL;
        request->images = 1;
        rc |= hex(word, request->update[0], BM_REQUEST_NAME);
    }
    if (bm_board_arg("permanent", word, sizeof word) == 0) {
        request->flags |= BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT;
        request->images = 1;
        rc |= hex(word, request->update[0], BM_REQUEST_NAME);
    }
    if (bm_board_arg("both", word, sizeof word) == 0) {
        request->flags |= BM_REQUEST_INSTALL;
        request->images = 3;
        rc |= hex(word, request->update[0], BM_REQUEST_NAME);
        rc |= hex(word + 2 * BM_REQUEST_NAME + 1, request->update[1],
                  BM_REQUEST_NAME);
    }
    if (bm_board_arg("keyset", word, sizeof word) == 0) {
        request->flags |= BM_REQUEST_KEYSET;
        rc |= hex(word, request->keyset, BM_REQUEST_NAME);
    }
    if (bm_board_arg("confirm", word, sizeof word) == 0) {
        request->flags |= BM_REQUEST_CONFIRM;
        for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
            if (h->image[i].digest.n != 0) {
                memcpy(request->running[i], h->image[i].digest.p,
                       BM_REQUEST_NAME);
            }
        }
    }
    return rc;
}

static void print_handover(const struct bm_handover *h)
{
    printf("app %s slot=%lu event=%u refusal=%04x epoch=%lu consumed=%lu "
           "life=%08lx",
           (const char *)(uintptr_t)label + 6, (unsigned long)h->slot,
           (unsigned)h->event, (unsigned)h->refusal, (unsigned long)h->epoch,
           (unsigned long)h->consumed, (unsigned long)h->lifecycle);
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        print_hex("digest", h->image[i].digest);
        print_hex("record", h->image[i].record);
    }
    printf("\n");
}

static _Noreturn void recover(void)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)MAP_RECOVERY;

    word[0] = MAP_RECOVERY_WORD;
    word[1] = ~MAP_RECOVERY_WORD;
    SCB_AIRCR = AIRCR_RESET;
    for (;;) {
    }
}

static void call(unsigned long address)
{
    void (*function)(void);

    *(volatile uint16_t *)(uintptr_t)address = 0x4770; /* bx lr */
    address |= 1;
    memcpy(&function, &address, sizeof function);
    function();
    printf("called\n");
}

int main(void)
{
    static uint8_t octets[BM_HANDOVER_MAX];
    struct bm_handover h;
    struct bm_request request = { 0 };
    char word[WORD_MAX];

    print_paint();
    memcpy(octets, (const void *)(uintptr_t)MAP_HANDOVER, sizeof octets);
    if (bm_handover_get(BM_ARRAY(octets), &h) != BM_OK) {
        printf("app: nothing was handed over\n");
        return 3;
    }
    print_handover(&h);
    if (bm_board_arg("load", word, sizeof word) == 0 && load(word) != 0) {
        return 4;
    }
    if (asked(&h, &request) != 0) {
        return 5;
    }
    if (request.flags != 0 &&
        bm_request_put(&mailbox, h.consumed, &request) != BM_OK) {
        return 6;
    }
    if (bm_board_arg("poke", word, sizeof word) == 0) {
        *(volatile uint32_t *)(uintptr_t)strtoul(word, NULL, 0) = 0;
        printf("poked\n");
    }
    if (bm_board_arg("call", word, sizeof word) == 0) {
        call(strtoul(word, NULL, 0));
    }
    if (bm_board_arg("recover", word, sizeof word) == 0) {
        recover();
    }
    return 0;
}
