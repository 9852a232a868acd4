/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/board.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/skip/memo.h"

/* Reference: Arm DDI0403E, B1.5 (exceptions), B3.2 (system control space). */
#define CODE_SIZE     (4u << 20)
#define RAM_BASE      0x20000000u
#define RAM_SIZE      (4u << 20)
#define FLASH_BASE    0x21000000u
#define FLASH_SIZE    (16u << 20)
#define DEVICES_BASE  0x40000000u
#define DEVICES_SIZE  (1u << 20)
#define SYSTEM_BASE   0xe000e000u
#define SYSTEM_SIZE   0x1000u
#define VTOR          0xe000ed08u
#define AIRCR         0xe000ed0cu
#define MPU_RNR       0xe000ed98u
#define MPU_RBAR      0xe000ed9cu
#define MPU_RASR      0xe000eda0u
#define AIRCR_KEY     0x05fa0000u
#define AIRCR_RESET   0x00000005u /* SYSRESETREQ or VECTRESET */
#define THUMB         1u
#define EXC_RETURN    0xfffffff0u /* and above: the return of an exception */
#define EXC_THREAD    0xfffffff9u
#define HARD_FAULT    3u
#define FRAME_SIZE    32u
#define NEVER         0xfffffffeu /* no code is there */
#define BKPT_SEMIHOST 0xbeabu
#define SYS_EXIT      0x18u
#define SYS_EXIT_EXT  0x20u
#define BRANCH_HERE   0xe7feu
#define PSR_THUMB     0x20u
#define PSR_IT        0x0600fc00u

/* Several P-256 verifications in one start, each of some seven million. */
#define CALL_BLOCKS 100000000u
/* What a call is charged with, so that a loop of calls ends. */
#define CALL_TAKES 64u

enum {
    SP = 13,
    LR = 14,
    PC = 15
};

static const int registers[16] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2,  UC_ARM_REG_R3,
    UC_ARM_REG_R4,  UC_ARM_REG_R5,  UC_ARM_REG_R6,  UC_ARM_REG_R7,
    UC_ARM_REG_R8,  UC_ARM_REG_R9,  UC_ARM_REG_R10, UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_R13, UC_ARM_REG_R14, UC_ARM_REG_R15,
};

const char *board_end_name(enum board_end end)
{
    static const char *const names[BOARD_ENDS] = {
        "runs",   "boots", "recovery", "stops", "faults",
        "resets", "exits", "hangs",    "joins",
    };

    return end < BOARD_ENDS ? names[end] : "?";
}

static void must(uc_err e, const char *what)
{
    if (e != UC_ERR_OK) {
        die("unicorn: %s: %s", what, uc_strerror(e));
    }
}

/* Zeroed, and no page of it real before it is touched. */
static uint8_t *memory_new(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        die("no memory");
    }
    return p;
}

static void stop(struct board *board, enum board_end end)
{
    if (board->end == BOARD_RUNS) {
        board->end = end;
    }
    uc_emu_stop(board->uc);
}

static struct board_region *region_at(struct board *board, uint32_t at,
                                      uint32_t n)
{
    for (unsigned i = 0; i < BOARD_REGIONS; i++) {
        struct board_region *region = &board->region[i];

        if (at >= region->base && at - region->base < region->size &&
            n <= region->size - (at - region->base)) {
            return region;
        }
    }
    return NULL;
}

uint8_t *board_memory(struct board *board, uint32_t at, uint32_t n)
{
    struct board_region *region = region_at(board, at, n);

    if (region != NULL) {
        return region->memory + (at - region->base);
    }
    if (at >= RAM_BASE && at - RAM_BASE < board->ram_n &&
        n <= board->ram_n - (at - RAM_BASE)) {
        return board->ram + (at - RAM_BASE);
    }
    if (at < CODE_SIZE && n <= CODE_SIZE - at) {
        return board->code + at;
    }
    return NULL;
}

static uint32_t word(struct board *board, uint32_t at)
{
    uint32_t value = 0;
    const uint8_t *p = board_memory(board, at, 4);

    if (p != NULL) {
        memcpy(&value, p, 4);
    }
    return value;
}

static void mark(struct board_region *region, uint32_t page)
{
    if (region->dirty[page] == 0) {
        region->dirty[page] = 1;
        region->dirty_at[region->dirty_n++] = page;
    }
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

/*
 * The registers of the MPU show one of its regions at a time (DDI0403E B3.5.8).
 * The others are kept behind the registers, where nothing is, so that they are
 * copied with them. They guard nothing here.
 */
#define MPU_REGIONS 16u
#define MPU_KEPT    0xe000ef00u

static uint8_t *mpu_kept(struct board *board)
{
    return board_memory(board,
                        MPU_KEPT + 8 * (word(board, MPU_RNR) % MPU_REGIONS), 8);
}

static void mpu_store(struct board *board, uint32_t at, uint32_t value)
{
    if (at == MPU_RBAR) {
        value = (value & ~0x1fu) | word(board, MPU_RNR) % MPU_REGIONS;
        memcpy(mpu_kept(board), &value, 4);
    } else if (at == MPU_RASR) {
        memcpy(mpu_kept(board) + 4, &value, 4);
    }
}

/* Before a load from the registers: both, of the region that they show. */
static void on_mpu_load(uc_engine *uc, uc_mem_type type, uint64_t at, int n,
                        int64_t value, void *with)
{
    struct board *board = with;

    (void)uc;
    (void)type;
    (void)at;
    (void)n;
    (void)value;
    memcpy(board_memory(board, MPU_RBAR, 8), mpu_kept(board), 8);
}

/* Unicorn takes these regions for read-only, and asks before each store. */
static bool on_store(uc_engine *uc, uc_mem_type type, uint64_t at, int n,
                     int64_t value, void *with)
{
    struct board *board = with;
    struct board_region *region = region_at(board, (uint32_t)at, (uint32_t)n);

    (void)uc;
    (void)type;
    if (region == NULL) {
        return false;
    }
    memcpy(region->memory + ((uint32_t)at - region->base), &value, (size_t)n);
    mpu_store(board, (uint32_t)at, (uint32_t)value);
    board->stores =
        mix(board->stores ^ at, (uint64_t)value ^ (uint64_t)n << 60);
    mark(region, ((uint32_t)at - region->base) / BOARD_PAGE);
    mark(region, ((uint32_t)at + (uint32_t)n - 1u - region->base) / BOARD_PAGE);
    if (at == AIRCR && ((uint32_t)value & 0xffff0000u) == AIRCR_KEY &&
        ((uint32_t)value & AIRCR_RESET) != 0) {
        stop(board, BOARD_RESETS);
    }
    return true;
}

/* With nothing to say of it the emulator would go on. */
static void on_exception(uc_engine *uc, uint32_t number, void *with)
{
    (void)number;
    (void)with;
    uc_emu_stop(uc);
}

/* A branch to an address without bit 0 is a fault on this profile, and no boot
 * (B1.5.14, INVSTATE); Unicorn would go on. */
static void on_application(uc_engine *uc, uint64_t pc, uint32_t n, void *with)
{
    uint32_t psr = 0;

    (void)pc;
    (void)n;
    uc_reg_read(uc, UC_ARM_REG_CPSR, &psr);
    stop(with, (psr & PSR_THUMB) != 0 ? BOARD_BOOTS : BOARD_FAULTS);
}

static void on_recovery(uc_engine *uc, uint64_t pc, uint32_t n, void *with)
{
    (void)uc;
    (void)pc;
    (void)n;
    stop(with, BOARD_RECOVERY);
}

static void on_call(uc_engine *uc, uint64_t pc, uint32_t n, void *with)
{
    struct board *board = with;

    (void)pc;
    (void)n;
    if (board->memo != NULL && !board->quiet) {
        board->called = true;
        uc_emu_stop(uc);
    }
}

static void on_block(uc_engine *uc, uint64_t pc, uint32_t n, void *with)
{
    struct board *board = with;
    uint64_t *left = board->quiet ? &board->call_blocks : &board->blocks;

    /* Not by what uc_emu_start() takes as its end: Unicorn misses that where
     * the code there was translated before. */
    if (board->quiet && pc == board->back) {
        board->returned = true;
        uc_emu_stop(uc);
        return;
    }
    if (*left == 0) {
        stop(board, BOARD_HANGS);
        return;
    }
    --*left;
    if (board->meet != NULL && !board->quiet && pc < PROGRAM_MAX &&
        board->program->starts[pc / 2] != 0 &&
        board->meet(board, (uint32_t)pc, board->meet_with)) {
        stop(board, BOARD_JOINS);
        return;
    }
    if (n == 2 && pc < CODE_SIZE) {
        uint16_t instruction;

        memcpy(&instruction, board->code + pc, sizeof instruction);
        if (instruction == BRANCH_HERE) {
            stop(board, BOARD_STOPS);
        }
    }
}

static void on_instruction(uc_engine *uc, uint64_t pc, uint32_t n, void *with)
{
    struct board *board = with;

    (void)uc;
    (void)n;
    if (board->watch != NULL && !board->quiet && !board->called) {
        board->watch(board, (uint32_t)pc, board->watch_with);
    }
}

/* C has no conversion of a function to what uc_hook_add() takes. */
union callback {
    uc_cb_hookcode_t code;
    uc_cb_hookintr_t exception;
    uc_cb_eventmem_t memory;
    uc_cb_hookmem_t load;
    void *pointer;
};

static void hook(struct board *board, int type, union callback callback,
                 struct board_range range)
{
    uc_hook handle;

    must(uc_hook_add(board->uc, &handle, type, callback.pointer, board,
                     range.from, range.to, 0),
         "hook");
}

static const struct board_range everywhere = { 1, 0 };

static void map(struct board *board, uint32_t at, uint32_t n, uint32_t rights,
                uint8_t *memory)
{
    must(uc_mem_map_ptr(board->uc, at, n, rights, memory), "map");
}

static void region_open(struct board *board, unsigned which, uint32_t base,
                        uint32_t size)
{
    struct board_region *region = &board->region[which];
    size_t pages = size / BOARD_PAGE;

    *region = (struct board_region){ .base = base,
                                     .size = size,
                                     .memory = memory_new(size),
                                     .dirty = calloc(pages, 1),
                                     .dirty_at = calloc(pages, 4) };
    if (region->dirty == NULL || region->dirty_at == NULL) {
        die("no memory");
    }
    map(board, base, size,
        which < BOARD_DEVICES ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_READ,
        region->memory);
}

static void open_memory(struct board *board)
{
    uint32_t used = board->program->data_end - RAM_BASE;

    board->code = memory_new(CODE_SIZE);
    program_load(board->program, board->code, CODE_SIZE);
    map(board, 0, CODE_SIZE, UC_PROT_READ | UC_PROT_EXEC, board->code);
    board->ram_n = (used + BOARD_PAGE - 1u) / BOARD_PAGE * BOARD_PAGE;
    board->ram = memory_new(board->ram_n);
    map(board, RAM_BASE, board->ram_n, UC_PROT_READ | UC_PROT_WRITE,
        board->ram);
    region_open(board, BOARD_REST, RAM_BASE + board->ram_n,
                RAM_SIZE - board->ram_n);
    region_open(board, BOARD_FLASH, FLASH_BASE, FLASH_SIZE);
    region_open(board, BOARD_DEVICES, DEVICES_BASE, DEVICES_SIZE);
    region_open(board, BOARD_SYSTEM, SYSTEM_BASE, SYSTEM_SIZE);
    memset(board->region[BOARD_FLASH].memory, 0xff, FLASH_SIZE);
}

static void open_hooks(struct board *board, bool watched)
{
    const struct program *program = board->program;
    struct board_range code = { 0, CODE_SIZE - 1 };

    /* In this order, where an instruction has more than one. */
    for (size_t i = 0; i < program->functions_n; i++) {
        uint32_t at = program->functions[i].at;

        if (memo_knows(program, at)) {
            hook(board, UC_HOOK_CODE, (union callback){ .code = on_call },
                 (struct board_range){ at, at });
        }
    }
    if (watched) {
        hook(board, UC_HOOK_CODE, (union callback){ .code = on_instruction },
             code);
    }
    hook(board, UC_HOOK_BLOCK, (union callback){ .code = on_block },
         everywhere);
    hook(board, UC_HOOK_MEM_READ, (union callback){ .load = on_mpu_load },
         (struct board_range){ MPU_RBAR, MPU_RASR + 3 });
    hook(board, UC_HOOK_MEM_WRITE_PROT, (union callback){ .memory = on_store },
         everywhere);
    hook(board, UC_HOOK_INTR, (union callback){ .exception = on_exception },
         everywhere);
}

void board_open(struct board *board, const struct program *program,
                bool watched)
{
    *board = (struct board){ .program = program };
    must(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &board->uc),
         "open");
    must(uc_ctl_set_cpu_model(board->uc, UC_CPU_ARM_CORTEX_M3), "model");
    open_memory(board);
    open_hooks(board, watched);
}

void board_close(struct board *board)
{
    uc_close(board->uc);
    munmap(board->code, CODE_SIZE);
    munmap(board->ram, board->ram_n);
    for (unsigned i = 0; i < BOARD_REGIONS; i++) {
        munmap(board->region[i].memory, board->region[i].size);
        free(board->region[i].dirty);
        free(board->region[i].dirty_at);
    }
}

void board_application(struct board *board, struct board_range range)
{
    if (board->applications == BOARD_APPLICATIONS) {
        die("too many applications");
    }
    board->application[board->applications++] = range;
    hook(board, UC_HOOK_CODE, (union callback){ .code = on_application },
         (struct board_range){ range.from, range.to - 1 });
}

void board_recovery(struct board *board, const char *function)
{
    const struct program_function *f = program_find(board->program, function);

    if (f != NULL) {
        hook(board, UC_HOOK_CODE, (union callback){ .code = on_recovery },
             (struct board_range){ f->at, f->at });
    }
}

void board_flash(struct board *board, const uint8_t *octets, size_t n)
{
    if (n > FLASH_SIZE) {
        die("that is too much for the flash");
    }
    memset(board->region[BOARD_FLASH].memory, 0xff, FLASH_SIZE);
    memcpy(board->region[BOARD_FLASH].memory, octets, n);
}

void board_reset(struct board *board, struct board_cpu *cpu)
{
    struct board_region *system = &board->region[BOARD_SYSTEM];

    memset(system->memory, 0, system->size);
    mark(system, 0);
    *cpu = (struct board_cpu){ .psr = 0x40000000 };
    cpu->r[SP] = word(board, 0);
    cpu->r[LR] = 0xffffffffu;
    cpu->r[PC] = word(board, 4) & ~THUMB;
}

void board_get(struct board *board, struct board_cpu *cpu)
{
    for (unsigned i = 0; i < 16; i++) {
        uc_reg_read(board->uc, registers[i], &cpu->r[i]);
    }
    uc_reg_read(board->uc, UC_ARM_REG_CPSR, &cpu->psr);
    uc_reg_read(board->uc, UC_ARM_REG_CONTROL, &cpu->control);
    uc_reg_read(board->uc, UC_ARM_REG_PRIMASK, &cpu->primask);
}

void board_set(struct board *board, const struct board_cpu *cpu)
{
    uint32_t psr;

    uc_reg_write(board->uc, UC_ARM_REG_CONTROL, &cpu->control);
    for (unsigned i = 0; i < 15; i++) {
        uc_reg_write(board->uc, registers[i], &cpu->r[i]);
    }
    /* Unicorn gives the mode of a classic CPU; it must not change. */
    uc_reg_read(board->uc, UC_ARM_REG_CPSR, &psr);
    psr = (psr & 0x1ffu) | (cpu->psr & (0xf8000000u | PSR_IT)) | 0x20u;
    uc_reg_write(board->uc, UC_ARM_REG_CPSR, &psr);
    uc_reg_write(board->uc, UC_ARM_REG_PRIMASK, &cpu->primask);
}

static void copy_pages(struct board_region *to, struct board_region *from,
                       struct board_region *list)
{
    for (uint32_t i = 0; i < list->dirty_n; i++) {
        size_t at = (size_t)list->dirty_at[i] * BOARD_PAGE;

        memcpy(to->memory + at, from->memory + at, BOARD_PAGE);
        list->dirty[list->dirty_at[i]] = 0;
    }
    list->dirty_n = 0;
}

void board_copy(struct board *to, struct board *from)
{
    to->stores = from->stores;
    memcpy(to->ram, from->ram, from->ram_n);
    for (unsigned i = 0; i < BOARD_REGIONS; i++) {
        copy_pages(&to->region[i], &from->region[i], &from->region[i]);
        copy_pages(&to->region[i], &from->region[i], &to->region[i]);
    }
}

#define LANES 4 /* independent, so that the host does them at once */

uint64_t board_hash(struct board *board, uint32_t pc)
{
    struct board_cpu cpu;
    uint64_t lane[LANES] = { pc, board->stores, board->faulted, 0 };
    uint64_t word[LANES] = { 0 };
    const uint8_t *registers_of = (const uint8_t *)&cpu;

    board_get(board, &cpu);
    cpu.r[PC] = pc;
    cpu.psr &= 0xf8000000u;
    for (size_t i = 0; i < sizeof cpu; i += 4) {
        memcpy(word, registers_of + i, 4);
        lane[0] = mix(lane[0], word[0] & 0xffffffffu);
    }
    for (size_t i = 0; i < board->ram_n; i += sizeof word) {
        memcpy(word, board->ram + i, sizeof word);
        for (unsigned j = 0; j < LANES; j++) {
            lane[j] = (lane[j] ^ word[j]) * 0x9e3779b97f4a7c15u;
            lane[j] ^= lane[j] >> 29;
        }
    }
    return mix(mix(mix(lane[0], lane[1]), lane[2]), lane[3]);
}

/* The CPU gives up where taking an exception fails, too. */
static bool take_exception(struct board *board, struct board_cpu *cpu)
{
    uint32_t handler = word(board, word(board, VTOR) + 4 * HARD_FAULT);
    uint32_t frame = (cpu->r[SP] - FRAME_SIZE) & ~7u;
    uint8_t *p = board_memory(board, frame, FRAME_SIZE);

    if (board->faulted || p == NULL || p < board->ram ||
        p >= board->ram + board->ram_n || (handler & THUMB) == 0) {
        board->faulted = true;
        return false;
    }
    board->faulted = true;
    memcpy(p, cpu->r, 16); /* r0 to r3 */
    memcpy(p + 16, &cpu->r[12], 4);
    memcpy(p + 20, &cpu->r[LR], 4);
    memcpy(p + 24, &cpu->r[PC], 4);
    memcpy(p + 28, &cpu->psr, 4);
    cpu->r[SP] = frame;
    cpu->r[LR] = EXC_THREAD;
    cpu->r[PC] = handler & ~THUMB;
    cpu->psr &= ~PSR_IT;
    return true;
}

static bool return_from_exception(struct board *board, struct board_cpu *cpu)
{
    const uint8_t *p = board_memory(board, cpu->r[SP], FRAME_SIZE);

    if (p == NULL) {
        return false;
    }
    memcpy(cpu->r, p, 16);
    memcpy(&cpu->r[12], p + 16, 4);
    memcpy(&cpu->r[LR], p + 20, 4);
    memcpy(&cpu->r[PC], p + 24, 4);
    memcpy(&cpu->psr, p + 28, 4);
    cpu->r[SP] += FRAME_SIZE;
    return true;
}

/* True: it was a call of the host, and the program goes on or has ended. */
static bool semihosting(struct board *board, struct board_cpu *cpu)
{
    const uint8_t *p = board_memory(board, cpu->r[PC], 2);
    uint16_t instruction = 0;

    if (p != NULL) {
        memcpy(&instruction, p, sizeof instruction);
    }
    if (instruction != BKPT_SEMIHOST) {
        return false;
    }
    if (cpu->r[0] == SYS_EXIT || cpu->r[0] == SYS_EXIT_EXT) {
        board->end = BOARD_EXITS;
    }
    cpu->r[0] = 0xffffffffu; /* the host has nothing */
    cpu->r[PC] += 2;
    return true;
}

/* The emulator came to something that it does not do. */
static void trouble(struct board *board, struct board_cpu *cpu)
{
    if (cpu->r[PC] >= (EXC_RETURN & ~THUMB)) {
        if (!board->faulted || !return_from_exception(board, cpu)) {
            board->end = BOARD_FAULTS;
        }
    } else if (!semihosting(board, cpu) && !take_exception(board, cpu)) {
        board->end = BOARD_FAULTS;
    }
}

static bool in_application(const struct board *board, uint32_t pc)
{
    for (unsigned i = 0; i < board->applications; i++) {
        if (pc >= board->application[i].from && pc < board->application[i].to) {
            return true;
        }
    }
    return false;
}

/* One stretch, until the emulator stops for whatever reason. */
static void stretch(struct board *board, struct board_cpu *cpu)
{
    board_set(board, cpu);
    uc_emu_start(board->uc, cpu->r[PC] | THUMB, NEVER, 0, 0);
    board_get(board, cpu);
    if (board->end != BOARD_RUNS) {
        return;
    }
    if (board->called) {
        board->called = false;
        board->blocks -=
            board->blocks < CALL_TAKES ? board->blocks : CALL_TAKES;
        if (!memo_apply(board->memo, board)) {
            board_get(board, cpu);
            if (board->end == BOARD_RUNS) {
                trouble(board, cpu);
            }
            return;
        }
        board_get(board, cpu);
    } else if (in_application(board, cpu->r[PC])) {
        /* What it would execute is no instruction, but it was let in. */
        board->end = BOARD_BOOTS;
    } else {
        trouble(board, cpu);
    }
}

enum board_end board_run(struct board *board, const struct board_cpu *cpu,
                         uint64_t blocks)
{
    struct board_cpu now = *cpu;

    board->end = BOARD_RUNS;
    board->called = false;
    board->quiet = false;
    board->faulted = false;
    board->blocks = blocks;
    board->call_blocks = CALL_BLOCKS;
    while (board->end == BOARD_RUNS) {
        stretch(board, &now);
    }
    if (board->faulted && board->end != BOARD_BOOTS) {
        board->end = BOARD_FAULTS;
    }
    return board->end;
}

bool board_call(struct board *board)
{
    struct board_cpu cpu;

    board_get(board, &cpu);
    board->back = cpu.r[LR] & ~THUMB;
    board->returned = false;
    board->quiet = true;
    board_set(board, &cpu);
    uc_emu_start(board->uc, cpu.r[PC] | THUMB, NEVER, 0, 0);
    board->quiet = false;
    return board->returned;
}
