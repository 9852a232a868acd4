/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/memo.h"

#include <stdlib.h>
#include <string.h>

#include "tests/skip/judge.h"

/* What decides the result of a function: octets that registers point to. */
struct input {
    unsigned pointer; /* number of the register */
    uint32_t offset;
    uint32_t n; /* 0: the register after the next says */
};

struct known_function {
    const char *name;
    struct input inputs[3];
};

#define SHA256_STATE 72u /* mbedtls_sha256_context: behind block and length */

static const struct known_function known_functions[] = {
    /* int p256_ecdsa_verify(sig, pub, hash, hash length) */
    { "p256_ecdsa_verify", { { 0, 0, 64 }, { 1, 0, 64 }, { 2, 0, 0 } } },
    /* int mbedtls_internal_sha256_process(context, block) */
    { "mbedtls_internal_sha256_process",
      { { 0, SHA256_STATE, 32 }, { 1, 0, 64 } } },
};
#define KNOWN_FUNCTIONS (sizeof known_functions / sizeof *known_functions)

#define KEY_MAX  320u
#define HASH_MAX 32u /* octets of a digest that p256-m looks at */

struct change {
    uint32_t at; /* in board->ram */
    uint32_t n;
    uint8_t *octets;
};

struct result {
    struct result *next;
    uint8_t key[KEY_MAX];
    size_t key_n;
    struct board_cpu cpu;
    struct change *changes;
    size_t changes_n;
};

#define BUCKETS 4096u
struct memo {
    struct result *bucket[BUCKETS];
    bool exact;
};

struct memo *memo_new(bool exact)
{
    struct memo *memo = calloc(1, sizeof *memo);

    if (memo == NULL) {
        die("no memory");
    }
    memo->exact = exact;
    return memo;
}

static void result_free(struct result *result)
{
    for (size_t i = 0; i < result->changes_n; i++) {
        free(result->changes[i].octets);
    }
    free(result->changes);
    free(result);
}

void memo_free(struct memo *memo)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (memo->bucket[i] != NULL) {
            struct result *result = memo->bucket[i];

            memo->bucket[i] = result->next;
            result_free(result);
        }
    }
    free(memo);
}

static const struct known_function *function_at(const struct program *program,
                                                uint32_t pc)
{
    for (size_t i = 0; i < KNOWN_FUNCTIONS; i++) {
        const struct program_function *f =
            program_find(program, known_functions[i].name);

        if (f != NULL && f->at == pc) {
            return &known_functions[i];
        }
    }
    return NULL;
}

bool memo_knows(const struct program *program, uint32_t pc)
{
    return function_at(program, pc) != NULL;
}

struct key {
    uint8_t octets[KEY_MAX];
    size_t n;
};

static bool put(struct key *key, const void *octets, size_t n)
{
    if (octets == NULL || n > sizeof key->octets - key->n) {
        return false;
    }
    memcpy(key->octets + key->n, octets, n);
    key->n += n;
    return true;
}

/* False: the arguments point to nowhere; the CPU will see. */
static bool key_of(struct board *board, const struct board_cpu *cpu,
                   struct key *key)
{
    const struct known_function *f = function_at(board->program, cpu->r[15]);

    key->n = 0;
    if (f == NULL || !put(key, &f->name, sizeof f->name) ||
        !put(key, cpu->r, 16) || !put(key, &cpu->r[13], 4)) {
        return false;
    }
    for (unsigned i = 0; i < 3; i++) {
        const struct input *input = &f->inputs[i];
        uint32_t n = input->n;

        if (n == 0 && input->pointer != 0) {
            n = cpu->r[input->pointer + 1];
            n = n < HASH_MAX ? n : HASH_MAX;
        }
        if (n > 0 &&
            !put(key,
                 board_memory(board, cpu->r[input->pointer] + input->offset, n),
                 n)) {
            return false;
        }
    }
    return true;
}

/* FNV-1a; nobody chooses the keys. */
static size_t bucket_of(const struct key *key)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < key->n; i++) {
        h = (h ^ key->octets[i]) * 0x100000001b3u;
    }
    return (h >> 20) % BUCKETS;
}

static struct result *find(struct memo *memo, const struct key *key)
{
    struct result *result = memo->bucket[bucket_of(key)];

    while (result != NULL && (result->key_n != key->n ||
                              memcmp(result->key, key->octets, key->n) != 0)) {
        result = result->next;
    }
    return result;
}

static void add_change(struct result *result, uint32_t at, uint32_t n,
                       const uint8_t *octets)
{
    struct change *changes =
        realloc(result->changes, (result->changes_n + 1) * sizeof *changes);
    uint8_t *copy = malloc(n);

    if (changes == NULL || copy == NULL) {
        die("no memory");
    }
    memcpy(copy, octets, n);
    changes[result->changes_n++] = (struct change){ at, n, copy };
    result->changes = changes;
}

#define GAP 16u /* equal octets that are worth a change of its own */

static void compare(struct result *result, const uint8_t *before,
                    const struct board *board)
{
    uint32_t i = 0;

    while (i < board->ram_n) {
        uint32_t end;

        if (before[i] == board->ram[i]) {
            i++;
            continue;
        }
        end = i + 1;
        for (uint32_t j = end; j < board->ram_n && j < end + GAP; j++) {
            if (before[j] != board->ram[j]) {
                end = j + 1;
            }
        }
        add_change(result, i, end - i, board->ram + i);
        i = end;
    }
}

static bool compute(struct memo *memo, struct board *board,
                    const struct key *key)
{
    struct result *result = calloc(1, sizeof *result);
    uint8_t *before = malloc(board->ram_n);

    if (result == NULL || before == NULL) {
        die("no memory");
    }
    memcpy(before, board->ram, board->ram_n);
    if (!board_call(board)) {
        free(result);
        free(before);
        return false;
    }
    memcpy(result->key, key->octets, key->n);
    result->key_n = key->n;
    board_get(board, &result->cpu);
    compare(result, before, board);
    free(before);
    result->next = memo->bucket[bucket_of(key)];
    memo->bucket[bucket_of(key)] = result;
    return true;
}

/* r4 to r11 are the caller's; the stack pointer is as it was (AAPCS 6.1.1). */
static void recall(const struct result *result, struct board *board,
                   struct board_cpu *cpu)
{
    uint32_t back = cpu->r[14] & ~1u;

    for (size_t i = 0; i < result->changes_n; i++) {
        const struct change *change = &result->changes[i];

        memcpy(board->ram + change->at, change->octets, change->n);
    }
    memcpy(cpu->r, result->cpu.r, 16);
    cpu->r[12] = result->cpu.r[12];
    cpu->r[14] = result->cpu.r[14];
    cpu->r[15] = back;
    cpu->psr = result->cpu.psr;
    board_set(board, cpu);
    uc_reg_write(board->uc, UC_ARM_REG_PC, &back);
}

/* Arguments that were not met before; key_of() has seen that they exist. */
static void ask(struct board *board, struct board_cpu *cpu)
{
    uint32_t n = cpu->r[3] < HASH_MAX ? cpu->r[3] : HASH_MAX;

    cpu->r[0] = judge_signature(
        board_memory(board, cpu->r[0], JUDGE_SIGNATURE),
        board_memory(board, cpu->r[1], JUDGE_POINT),
        (struct bm_bytes){ board_memory(board, cpu->r[2], n), n });
    cpu->r[1] = cpu->r[2] = cpu->r[3] = cpu->r[12] = 0;
    cpu->r[15] = cpu->r[14] & ~1u;
    board_set(board, cpu);
    uc_reg_write(board->uc, UC_ARM_REG_PC, &cpu->r[15]);
}

bool memo_apply(struct memo *memo, struct board *board)
{
    struct board_cpu cpu;
    struct key key;
    const struct result *result;
    bool signature;

    board_get(board, &cpu);
    signature = function_at(board->program, cpu.r[15]) == &known_functions[0];
    if (!key_of(board, &cpu, &key)) {
        return board_call(board);
    }
    result = find(memo, &key);
    if (result == NULL && signature && !memo->exact) {
        ask(board, &cpu);
        return true;
    }
    if (result == NULL) {
        return compute(memo, board, &key);
    }
    recall(result, board, &cpu);
    return true;
}
