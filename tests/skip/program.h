/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_PROGRAM_H
#define BM_TESTS_SKIP_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bootloader as the linker left it: a 32-bit ELF file for Arm, its code and
 * the names of its functions. Whatever is wrong with it ends the program: it
 * comes from our own build.
 */
struct program_function {
    uint32_t at;
    uint32_t size;
    const char *name; /* in program->file */
    bool crypto;      /* of SHA-256 or P-256, or what they alone call */
};

struct program {
    uint8_t *file;
    size_t file_n;
    struct program_function *functions; /* sorted by address */
    size_t functions_n;
    uint32_t data_end; /* of .data, .bss and the stack */
    uint8_t *starts;   /* 1 for each halfword that begins another one */
    uint8_t *crypto;   /* 1 for each halfword of such functions */
};

/* Octets of a bootloader, at most; what lies behind is not looked at. */
#define PROGRAM_MAX (1u << 20)

void program_open(struct program *program, const char *path);
void program_close(struct program *program);

/* Put what is to be loaded below `size` into `memory`, which is address 0. */
void program_load(const struct program *program, uint8_t *memory, size_t size);

/* The function at `pc`, or NULL. */
const struct program_function *program_at(const struct program *program,
                                          uint32_t pc);

/* The function of that name, also where the compiler made a part of it
 * (NAME.constprop.0), or NULL. */
const struct program_function *program_find(const struct program *program,
                                            const char *name);

/* Write why to stderr and end with exit code 2. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *why, ...);

/* A file as a whole, from malloc. */
uint8_t *read_file(const char *path, size_t *n);

#endif
