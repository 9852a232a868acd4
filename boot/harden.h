/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_HARDEN_H
#define BM_BOOT_HARDEN_H

#include "boot/verify.h"

/*
 * Decisions that survive a fault: one instruction that is not executed, by a
 * glitch of the supply or the clock, at a moment that the attacker chooses.
 * All of that is here, so that a build with BM_BOOT_HARDENING=0 makes the plain
 * decision; the sweep of tests/skip/ wants to see that one fail.
 *
 * What a skip can do, and what answers it:
 *
 *   a branch, a compare     the condition is asked twice, of values that the
 *                           compiler must not know any more: bm_sure_...()
 *   a call                  its result is what was in the register: the status
 *                           goes into a sum, with a number for each step, and
 *                           the end wants the sum of a whole run: bm_flow_...()
 *   a store, a load         what it was for starts as a refusal: BM_VERDICT_NO
 *   anything of one check   the check is made twice, from flash on, and each
 *                           time gives one of two words: bm_verify_image()
 *   a return                it would fall into the next function: a trap is
 *                           there (tools/traps)
 *   the last branch of all  the address to jump to is only right with both
 *                           words: bm_jump_address()
 *
 * One fault is what is answered. Two, each at the right instruction, are not.
 */

#ifndef BM_BOOT_HARDENING
#define BM_BOOT_HARDENING 1
#endif

/* The value is what it is, but the compiler does not know it any more. */
#if BM_BOOT_HARDENING
#define BM_OPAQUE(x) __asm__ volatile("" : "+r"(x))
#else
#define BM_OPAQUE(x) (void)(x)
#endif

/* Each is to be inlined: a bool in a register is one branch away from yes. */
#define BM_HARDEN_INLINE static inline __attribute__((always_inline))

/*
 * Something is as it cannot be: stop, and never go on. The one in harden.c
 * is a loop; a port, or a test, that defines its own replaces it.
 */
_Noreturn void bm_fault(void);

/* What cannot be false without a fault. Nothing where hardening is off. */
#if BM_BOOT_HARDENING
#define BM_CHECK_FAULT(cond) \
    do {                     \
        if (!(cond)) {       \
            bm_fault();      \
        }                    \
    } while (0)
#else
#define BM_CHECK_FAULT(cond) ((void)0)
#endif

/*
 * a == b, asked twice. True is what the attacker wants to hear. What the second
 * question is about comes to be before the first: behind that one the compiler
 * knows that a is b, and would compare one of them with itself.
 */
BM_HARDEN_INLINE bool bm_sure_equal(uint32_t a, uint32_t b)
{
#if BM_BOOT_HARDENING
    uint32_t differ = a;

    BM_OPAQUE(differ);
    differ ^= b;
    BM_OPAQUE(differ);
    if (a != b) {
        return false;
    }
    return differ == 0;
#else
    return a == b;
#endif
}

/* a <= b, likewise. */
BM_HARDEN_INLINE bool bm_sure_most(uint32_t a, uint32_t b)
{
    if (a > b) {
        return false;
    }
#if BM_BOOT_HARDENING
    BM_OPAQUE(a);
    BM_OPAQUE(b);
    if (a > b) {
        return false;
    }
#endif
    return true;
}

/* Before a verdict is asked for: the call that was to set it may be skipped. */
#define BM_VERDICT_NO(verdict)                 \
    do {                                       \
        *(verdict) = (struct bm_verdict){ 0 }; \
    } while (0)

/* Both words say yes; each is read and compared for itself. */
BM_HARDEN_INLINE bool bm_verdict_yes(const struct bm_verdict *verdict)
{
#if BM_BOOT_HARDENING
    return bm_sure_equal(verdict->yes, BM_VERDICT_YES) &&
           bm_sure_equal(~verdict->no, BM_VERDICT_YES);
#else
    return verdict->yes == BM_VERDICT_YES;
#endif
}

/* Yes, and about what lies there: which slot is verified is said by something
 * in a register or in memory, that a fault may have left from another one. */
BM_HARDEN_INLINE bool bm_verdict_yes_of(const struct bm_verdict *verdict,
                                        const struct bm_flash *flash)
{
#if BM_BOOT_HARDENING
    return bm_verdict_yes(verdict) &&
           bm_sure_equal((uint32_t)(uintptr_t)verdict->flash,
                         (uint32_t)(uintptr_t)flash);
#else
    (void)flash;
    return bm_verdict_yes(verdict);
#endif
}

/*
 * Control flow, as a sum in memory. Every step adds its own number and its
 * status (0 where it went well), so that only a run through all steps, each
 * once and each well, comes to the sum of their numbers. Returns the status:
 *
 *     BM_TRY(bm_flow_step(&flow, STEP_HASH, hash(...)));
 *
 * A call that is skipped leaves its first argument in the register, which is
 * an address and no BM_OK.
 */
struct bm_flow {
    volatile uint32_t sum;
};

#if BM_BOOT_HARDENING
bm_status bm_flow_step(struct bm_flow *flow, uint32_t number, bm_status status);
#else
BM_HARDEN_INLINE bm_status bm_flow_step(struct bm_flow *flow, uint32_t number,
                                        bm_status status)
{
    (void)flow;
    (void)number;
    return status;
}
#endif

/* 0 if two hashes are the same. A loop that ends early does not make it 0, nor
 * does a call that is skipped: its first argument stays, and is an address. */
uint32_t bm_differ(const uint8_t a[32], const uint8_t b[32]);

/*
 * Where to jump: `address` if both words say yes, else somewhere where nothing
 * is. To be used for the address itself, in the function that jumps, after
 * bm_verdict_yes() was asked there again; never kept.
 */
BM_HARDEN_INLINE uint32_t bm_jump_address(const struct bm_verdict *verdict,
                                          uint32_t address)
{
#if BM_BOOT_HARDENING
    uint32_t no = verdict->no;

    /* One word after the other, and each in another way: no instruction that
     * is missing, and no pair of words that is wrong, undoes both. */
    address ^= verdict->yes;
    BM_OPAQUE(address);
    address ^= BM_VERDICT_YES;
    BM_OPAQUE(address);
    no ^= ~BM_VERDICT_YES;
    BM_OPAQUE(no);
    address += no >> 7 | no << 25;
    BM_OPAQUE(address);
#else
    (void)verdict;
#endif
    return address;
}

#endif
