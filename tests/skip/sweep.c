/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "tests/skip/memo.h"
#include "tests/skip/thumb.h"

#define SITES (PROGRAM_MAX / 2)

enum {
    SP = 13,
    PC = 15
};

/* A run may take a quarter longer than the plain start, and that much; a wait
 * that never ends is cut off there. */
/* Of the passes of a loop between the first and the last ones. */
#define LOOP_SAMPLE 100

#define BLOCKS_FIRST 100000000u /* of the plain start, which ends */
#define BLOCKS_LEAST 5000u

/* Numbers with a count for each; all are hashes, none is 0. */
struct seen {
    uint64_t hash;
    uint64_t n;
};

struct table {
    struct seen *seen;
    size_t n; /* a power of two */
    size_t used;
};

struct sweep_state {
    const struct sweep_config *config;
    struct sweep_result *result;
    struct board plain; /* the start that is not disturbed */
    struct board run;   /* ... and those that are */
    struct memo *memo;
    struct thumb_it it;
    uint64_t blocks; /* that a run may take */
    uint64_t done;   /* instructions of this start so far */
    uint64_t runs;   /* so far, of all parts */
    uint64_t random;
    bool in_crypto;
    uint32_t crypto_sp;  /* where the stack was when it was called */
    uint64_t *total;     /* executions of each site in the cryptography */
    uint64_t *executed;  /* ... so far */
    uint8_t *chosen;     /* bit 0: the first one, bit 1: the last one */
    uint8_t *met;        /* sites of the decision path */
    struct table passes; /* executions of a site, by who called */
    struct table again;  /* ... so far, in the second pass */
    struct table depths; /* executions with the same stack pointer */
    struct table states; /* of the plain start, at the start of functions */
    uint64_t meetings;   /* of this run */
};

static uint64_t draw(struct sweep_state *s)
{
    /* splitmix64 */
    uint64_t z = s->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void *must_have(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p == NULL) {
        die("no memory");
    }
    return p;
}

/* What the cryptography calls belongs to it: the stack is below. */
static bool in_crypto(struct sweep_state *s, uint32_t pc)
{
    bool own = s->config->program->crypto[pc / 2] != 0;
    uint32_t sp;

    if (own == s->in_crypto) {
        return own;
    }
    uc_reg_read(s->plain.uc, UC_ARM_REG_SP, &sp);
    if (own) {
        s->crypto_sp = sp;
        s->in_crypto = true;
    } else if (sp >= s->crypto_sp) {
        s->in_crypto = false;
    }
    return s->in_crypto;
}

static uint64_t hash_octets(const void *octets, size_t n)
{
    const uint8_t *p = octets;
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * 0x100000001b3u;
    }
    return h | 1;
}

static struct seen *seen_at(const struct table *table, uint64_t hash)
{
    size_t i = (hash >> 7) & (table->n - 1);

    while (table->seen[i].hash != 0 && table->seen[i].hash != hash) {
        i = (i + 1) & (table->n - 1);
    }
    return &table->seen[i];
}

static void grow(struct table *table)
{
    struct table larger = { .n = table->n == 0 ? 4096 : table->n * 2,
                            .used = table->used };

    larger.seen = must_have(larger.n, sizeof *larger.seen);
    for (size_t i = 0; i < table->n; i++) {
        if (table->seen[i].hash != 0) {
            *seen_at(&larger, table->seen[i].hash) = table->seen[i];
        }
    }
    free(table->seen);
    *table = larger;
}

/* How often was it there, with this time? */
static uint64_t see(struct table *table, uint64_t hash)
{
    struct seen *seen;

    if (table->used * 2 >= table->n) {
        grow(table);
    }
    seen = seen_at(table, hash);
    table->used += seen->hash == 0;
    seen->hash = hash;
    return ++seen->n;
}

/* The plain start: what comes from here on is known to those that come here. */
static bool remember(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;

    see(&s->states, board_hash(board, pc) | 1);
    return false;
}

/* Most that is left out has no effect soon after, or never; not asked too
 * often, since that takes as long as a hundred instructions. */
static bool joins(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;
    uint64_t n = ++s->meetings;

    return (n <= 32 || n % 64 == 0) && s->states.n != 0 &&
           seen_at(&s->states, board_hash(board, pc) | 1)->hash != 0;
}

/* The start after the one that was disturbed: nothing is left out of it, but
 * the flash may be another. */
static bool boots_later(struct sweep_state *s)
{
    struct board_cpu cpu;

    if (s->run.region[BOARD_FLASH].dirty_n == 0) {
        return false;
    }
    s->run.meet = NULL;
    board_reset(&s->run, &cpu);
    return board_run(&s->run, &cpu, s->blocks) == BOARD_BOOTS;
}

static void list(struct sweep_state *s, const struct sweep_run *run)
{
    struct sweep_result *result = s->result;
    struct sweep_run *longer = realloc(
        result->listed, (result->listed_n + 1) * sizeof *result->listed);

    if (longer == NULL) {
        die("no memory");
    }
    longer[result->listed_n++] = *run;
    result->listed = longer;
}

/* Leave the instruction out, at which the plain start stands. */
static void leave_out(struct sweep_state *s, struct sweep_run *run)
{
    struct board_cpu cpu = run->cpu;
    uint8_t it = thumb_it_state(&s->it, cpu.r[PC]);

    cpu.r[PC] += run->length;
    cpu.psr = thumb_psr(cpu.psr, thumb_it_next(it));
    board_copy(&s->run, &s->plain);
    s->meetings = 0;
    s->run.meet = joins;
    run->end = board_run(&s->run, &cpu, s->blocks);
    run->later =
        run->end != BOARD_BOOTS && run->end != BOARD_JOINS && boots_later(s);
    s->result->runs[run->kind][run->end]++;
    s->result->later[run->kind] += run->later;
    if (run->end == BOARD_BOOTS || run->later ||
        (s->config->samples > 0 && draw(s) % s->config->samples == 0)) {
        list(s, run);
    }
}

static void consider(struct sweep_state *s, uint32_t pc, uint64_t nth,
                     enum sweep_kind kind)
{
    struct sweep_run run = { .kind = kind };
    uint16_t first;

    board_get(&s->plain, &run.cpu);
    run.cpu.r[PC] = pc;
    run.cpu.psr = thumb_psr(run.cpu.psr, thumb_it_state(&s->it, pc));
    memcpy(&first, s->plain.code + pc, sizeof first);
    run.length = thumb_length(first);
    run.nth = nth;
    if (s->runs++ % s->config->parts == s->config->part) {
        leave_out(s, &run);
    }
}

/* First pass: nothing is left out yet. */
static void count(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;

    (void)board;
    s->done++;
    if (pc < PROGRAM_MAX && in_crypto(s, pc)) {
        s->total[pc / 2]++;
        s->result->crypto++;
    }
}

/* One instruction, called from one place at one depth. */
static uint64_t site(struct board *board, uint32_t pc)
{
    uint32_t from[3] = { pc, 0, 0 };

    uc_reg_read(board->uc, UC_ARM_REG_SP, &from[1]);
    uc_reg_read(board->uc, UC_ARM_REG_LR, &from[2]);
    return hash_octets(from, sizeof from);
}

/* ... for a debugger, which finds it again by where the stack is. */
static uint64_t depth(struct board *board, uint32_t pc)
{
    uint32_t from[2] = { pc, 0 };

    uc_reg_read(board->uc, UC_ARM_REG_SP, &from[1]);
    return hash_octets(from, sizeof from);
}

/* First pass over the decision path. */
static void pass(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;

    if (pc >= PROGRAM_MAX || in_crypto(s, pc)) {
        return;
    }
    s->result->sites[SWEEP_DECISION] += s->met[pc / 2] == 0;
    s->met[pc / 2] = 1;
    see(&s->passes, site(board, pc));
}

/* The first ones, the last ones, and some of those between. */
static bool wanted(struct sweep_state *s, uint64_t which)
{
    uint64_t n = see(&s->again, which);
    uint64_t all = seen_at(&s->passes, which)->n;

    return s->config->loops == 0 || n <= s->config->loops ||
           n + s->config->loops > all || draw(s) % LOOP_SAMPLE == 0;
}

/* The decision path: each execution of each instruction. */
static void decide(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;

    uint64_t nth;

    thumb_it_step(&s->it, pc, board->code);
    nth = see(&s->depths, depth(board, pc));
    if (pc < PROGRAM_MAX && !in_crypto(s, pc) && wanted(s, site(board, pc))) {
        consider(s, pc, nth, SWEEP_DECISION);
    }
}

/* The cryptography: those executions that are chosen. */
static void compute(struct board *board, uint32_t pc, void *with)
{
    struct sweep_state *s = with;
    uint64_t n;

    thumb_it_step(&s->it, pc, board->code);
    if (pc >= PROGRAM_MAX || !in_crypto(s, pc)) {
        return;
    }
    n = ++s->executed[pc / 2];
    if (((s->chosen[pc / 2] & 1) != 0 && n == 1) ||
        ((s->chosen[pc / 2] & 2) != 0 && n == s->total[pc / 2])) {
        consider(s, pc, n, SWEEP_CRYPTO);
    }
}

static void configure(struct board *board, const struct sweep_config *config)
{
    for (unsigned i = 0; i < config->applications; i++) {
        board_application(board, config->application[i]);
    }
    for (unsigned i = 0; i < config->recoveries; i++) {
        board_recovery(board, config->recovery[i]);
    }
    board_flash(board, config->flash, config->flash_n);
}

/* The plain start from reset, watched. */
static enum board_end start(struct sweep_state *s, board_watch *watch,
                            struct memo *memo)
{
    struct board_cpu cpu;
    enum board_end end;

    s->in_crypto = false;
    s->it.n = 0;
    s->done = 0;
    board_open(&s->plain, s->config->program, watch != NULL);
    configure(&s->plain, s->config);
    board_open(&s->run, s->config->program, false);
    configure(&s->run, s->config);
    s->plain.memo = memo;
    s->run.memo = s->memo;
    s->plain.watch = watch;
    s->plain.watch_with = s;
    s->plain.meet = watch == NULL ? remember : NULL;
    s->plain.meet_with = s;
    s->run.meet_with = s;
    board_reset(&s->plain, &cpu);
    end = board_run(&s->plain, &cpu, BLOCKS_FIRST);
    s->blocks = (BLOCKS_FIRST - s->plain.blocks) * 5 / 4 + BLOCKS_LEAST;
    board_close(&s->plain);
    board_close(&s->run);
    return end;
}

static void state_new(struct sweep_state *s, const struct sweep_config *config,
                      struct sweep_result *result)
{
    *s = (struct sweep_state){ .config = config, .result = result };
    s->memo = memo_new(config->exact);
    s->random = config->seed;
    s->total = must_have(SITES, sizeof *s->total);
    s->executed = must_have(SITES, sizeof *s->executed);
    s->chosen = must_have(SITES, 1);
    s->met = must_have(SITES, 1);
}

static void state_free(struct sweep_state *s)
{
    memo_free(s->memo);
    free(s->total);
    free(s->executed);
    free(s->chosen);
    free(s->met);
    free(s->passes.seen);
    free(s->again.seen);
    free(s->depths.seen);
    free(s->states.seen);
}

enum board_end sweep_plain(const struct sweep_config *config)
{
    struct sweep_result result = { 0 };
    struct sweep_state s;
    enum board_end end;

    state_new(&s, config, &result);
    end = start(&s, NULL, s.memo);
    state_free(&s);
    return end;
}

/* All, or so many of them as are wanted. */
static void choose(struct sweep_state *s)
{
    uint64_t left = s->config->crypto;
    uint64_t sites = 0;

    for (uint32_t i = 0; i < SITES; i++) {
        sites += s->total[i] != 0;
    }
    s->result->sites[SWEEP_CRYPTO] = sites;
    for (uint32_t i = 0; i < SITES; i++) {
        if (s->total[i] == 0) {
            continue;
        }
        if (s->config->crypto_all) {
            s->chosen[i] = s->total[i] == 1 ? 1 : 3;
        } else if (draw(s) % sites < left) {
            s->chosen[i] = draw(s) % 2 == 0 ? 1 : 2;
            left--;
        }
        sites--;
    }
}

void sweep(const struct sweep_config *config, struct sweep_result *result)
{
    struct sweep_state s;

    *result = (struct sweep_result){ 0 };
    state_new(&s, config, result);
    /* What a start takes without its cryptography, which is not counted. */
    result->plain = start(&s, NULL, s.memo);
    if (config->decision) {
        start(&s, pass, s.memo);
        start(&s, decide, s.memo);
    }
    if (config->crypto_all || config->crypto > 0) {
        start(&s, count, NULL);
        result->executed = s.done;
        choose(&s);
        start(&s, compute, NULL);
    }
    state_free(&s);
}

void sweep_result_wipe(struct sweep_result *result)
{
    free(result->listed);
    *result = (struct sweep_result){ 0 };
}
