/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOOT_INTERNAL_H
#define BM_PORTS_MPS2_BOOT_INTERNAL_H

#include "boot/counter.h"
#include "boot/handover.h"

/* What the files of a bootloader share. */

/* A device register. */
#define REG32(address) (*(volatile uint32_t *)(address))

/* swap.c, xip.c, full.c: one of them is linked. What to do, and on what. */
extern const struct bm_boot mps2_boot;
bm_status mps2_boot_decide(struct bm_boot_result *result);
/* Nothing may run, or recovery was asked for (BM_OK). */
_Noreturn void mps2_boot_recover(struct bm_boot_result *result, bm_status why);
/* What was measured of images beside image 0, as handover.h writes it. */
struct bm_bytes mps2_boot_others(void);

/* common.c: what they have in common. */
extern struct bm_verify_work mps2_boot_work;
/* The keys, while it is decided; then they are not needed any more, and the
 * handover takes their place, where the application looks for it. */
extern union mps2_boot_front {
    uint32_t recovery[2];
    struct bm_ring ring;
    uint8_t handover[BM_HANDOVER_MAX];
} mps2_boot_front;
extern const struct bm_roots mps2_boot_roots;
extern struct bm_counter mps2_boot_counter;
bm_status mps2_boot_counters_open(void);

/* lock.c: the life cycle, and what is locked in it before the jump: each twice,
 * as a call may be skipped. */
enum bm_lifecycle mps2_boot_lifecycle(void);
void mps2_boot_lock(const struct bm_boot_result *result);
void mps2_boot_lock_debug(void);
/* No interrupt is enabled or waits. */
void mps2_boot_quiesce(void);

/* serial.c: UART 0, polled. */
void mps2_boot_serial_open(void);
void mps2_boot_put(uint8_t octet);
bm_status mps2_boot_get(void *self, uint8_t *octet);

/* main.c */
_Noreturn void mps2_boot_reset(void);
_Noreturn void mps2_boot_main(void);

/* From boot.ld. */
extern uint32_t mps2_boot_clear_start[];
extern uint32_t mps2_boot_bss_end[];
extern uint32_t mps2_boot_stack_top[];

#endif
