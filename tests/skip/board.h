/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_BOARD_H
#define BM_TESTS_SKIP_BOARD_H

#include <unicorn/unicorn.h>

#include "tests/skip/program.h"

/*
 * The board mps2-an385 as far as a bootloader sees it, emulated by Unicorn: a
 * Cortex-M3, code at 0, RAM at 0x20000000, flash at 0x21000000, and registers
 * of the system and of devices that are memory and nothing more. Its whole
 * state can be copied to another board of the same program, cheaply: that is
 * how each of many thousand runs begins in the middle of one start.
 *
 * What is not modelled, and where that leads: the MPU guards nothing (its
 * registers are those of the board, region by region), so a store that QEMU
 * would refuse is done here, and a hit may be none (each is confirmed in QEMU);
 * no time, so a wait for it never ends and counts as a hang; nobody sends
 * anything over a serial line.
 */

/* How a run ended. */
enum board_end {
    BOARD_RUNS,     /* it did not yet */
    BOARD_BOOTS,    /* code of an application runs */
    BOARD_RECOVERY, /* a function that serves the recovery was called */
    BOARD_STOPS,    /* a branch to itself, or a wait for what never comes */
    BOARD_FAULTS,   /* the CPU took a fault, and nothing booted after it */
    BOARD_RESETS,   /* the program asked for a reset */
    BOARD_EXITS,    /* ... or ended the emulator by semihosting */
    BOARD_HANGS,    /* ran for longer than it may */
    BOARD_JOINS,    /* came to a state from which the end is known */
    BOARD_ENDS      /* how many there are */
};
const char *board_end_name(enum board_end end);

#define BOARD_PAGE 4096u

/* Memory whose stores are seen, page by page. */
struct board_region {
    uint32_t base;
    uint32_t size;
    uint8_t *memory;
    uint8_t *dirty;     /* by page */
    uint32_t *dirty_at; /* ... and as a list */
    uint32_t dirty_n;
};

enum {
    BOARD_REST, /* RAM that the bootloader does not use itself */
    BOARD_FLASH,
    BOARD_DEVICES,
    BOARD_SYSTEM,
    BOARD_REGIONS
};

struct board_range {
    uint32_t from;
    uint32_t to;
};
#define BOARD_APPLICATIONS 8

struct board_cpu {
    uint32_t r[16];
    uint32_t psr; /* with the state of an IT block */
    uint32_t control;
    uint32_t primask;
};

struct memo;
struct board;
typedef void board_watch(struct board *board, uint32_t pc, void *with);

struct board {
    uc_engine *uc;
    const struct program *program;
    struct memo *memo; /* NULL: everything is computed */
    uint8_t *code;
    uint8_t *ram; /* of the bootloader: copied whole */
    uint32_t ram_n;
    struct board_region region[BOARD_REGIONS];
    struct board_range application[BOARD_APPLICATIONS];
    unsigned applications;

    /* A look at each instruction before it is executed, or NULL. */
    board_watch *watch;
    void *watch_with;
    /* The same at the start of each function; true ends the run: it joins. */
    bool (*meet)(struct board *board, uint32_t pc, void *with);
    void *meet_with;

    /* The run that goes on. */
    enum board_end end;
    bool called;   /* stopped at a function whose result may be known */
    bool quiet;    /* inside of it: computed, and not watched, */
    uint32_t back; /* ... until it returns there */
    bool returned;
    bool faulted;
    uint64_t stores;      /* to all regions, one after the other, as a hash */
    uint64_t blocks;      /* left, */
    uint64_t call_blocks; /* ... and inside of what was called */
};

/* `watched`: every instruction can be watched, which makes it slow. */
void board_open(struct board *board, const struct program *program,
                bool watched);
void board_close(struct board *board);

/* Code that runs there is an application's. */
void board_application(struct board *board, struct board_range range);
/* The call of that function, if there is one, ends a run. */
void board_recovery(struct board *board, const char *function);

/* Put `n` octets at the start of the flash; the rest is erased. */
void board_flash(struct board *board, const uint8_t *octets, size_t n);

/* The state after reset; RAM and flash stay as they are. */
void board_reset(struct board *board, struct board_cpu *cpu);

void board_get(struct board *board, struct board_cpu *cpu);
void board_set(struct board *board, const struct board_cpu *cpu);

/*
 * Make the memory of `to` that of `from`. Only pages that either of them wrote
 * since the last time are copied, so it is always the same two, both as they
 * came from board_flash() the first time.
 */
void board_copy(struct board *to, struct board *from);

/* All that decides how it goes on, as a hash. */
uint64_t board_hash(struct board *board, uint32_t pc);

/* Run from `cpu`, for at most `blocks` blocks of code. */
enum board_end board_run(struct board *board, const struct board_cpu *cpu,
                         uint64_t blocks);

/* One function to its end: from its first instruction, where the board is, to
 * its return. False if it did not return. For memo.c. */
bool board_call(struct board *board);

/* Memory as the CPU reads it, or NULL where there is none. */
uint8_t *board_memory(struct board *board, uint32_t at, uint32_t n);

#endif
