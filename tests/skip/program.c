/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/program.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THUMB 1u /* bit 0 of a function's address */
#define RAM   0x20000000u
#define FLASH 0x21000000u

void die(const char *why, ...)
{
    va_list words;

    va_start(words, why);
    fputs("skip: ", stderr);
    vfprintf(stderr, why, words);
    fputc('\n', stderr);
    va_end(words);
    exit(2);
}

uint8_t *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *octets;
    long end;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) <= 0 ||
        fseek(f, 0, SEEK_SET) != 0) {
        die("%s cannot be read", path);
    }
    octets = malloc((size_t)end);
    if (octets == NULL || fread(octets, 1, (size_t)end, f) != (size_t)end) {
        die("%s cannot be read", path);
    }
    fclose(f);
    *n = (size_t)end;
    return octets;
}

/* `n` octets of the file, which must be there. */
static const void *part(const struct program *program, size_t at, size_t n)
{
    if (at > program->file_n || n > program->file_n - at) {
        die("the program ends early");
    }
    return program->file + at;
}

static const Elf32_Ehdr *head(const struct program *program)
{
    const Elf32_Ehdr *h = part(program, 0, sizeof *h);

    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_ident[EI_CLASS] != ELFCLASS32 || h->e_machine != EM_ARM) {
        die("the program is no ELF file for Arm");
    }
    return h;
}

/*
 * Local symbols follow the name of their source; global ones do not, so those
 * go by the prefix of their library.
 */
static bool is_crypto(const char *source, const char *name, bool local)
{
    if (local) {
        return strcmp(source, "p256-m.c") == 0 ||
               strcmp(source, "sha256.c") == 0;
    }
    return strncmp(name, "p256_", 5) == 0 ||
           strncmp(name, "mbedtls_sha256", 14) == 0 ||
           strncmp(name, "mbedtls_internal_sha256", 23) == 0;
}

static void mark_functions(struct program *program)
{
    program->crypto = calloc(PROGRAM_MAX / 2, 1);
    program->starts = calloc(PROGRAM_MAX / 2, 1);
    if (program->crypto == NULL || program->starts == NULL) {
        die("no memory");
    }
    for (size_t i = 0; i < program->functions_n; i++) {
        const struct program_function *f = &program->functions[i];

        if (!f->crypto && f->at < PROGRAM_MAX) {
            program->starts[f->at / 2] = 1;
        }
        for (uint32_t at = f->at;
             f->crypto && at < f->at + f->size && at < PROGRAM_MAX; at += 2) {
            program->crypto[at / 2] = 1;
        }
    }
}

static int by_address(const void *a, const void *b)
{
    const struct program_function *x = a;
    const struct program_function *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static void take_symbols(struct program *program, const Elf32_Shdr *table,
                         const Elf32_Shdr *strings)
{
    size_t n = table->sh_size / sizeof(Elf32_Sym);
    const Elf32_Sym *symbols = part(program, table->sh_offset, table->sh_size);
    const char *names = part(program, strings->sh_offset, strings->sh_size);
    const char *source = "";

    program->functions = calloc(n, sizeof *program->functions);
    if (program->functions == NULL) {
        die("no memory");
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = names + symbols[i].st_name;
        unsigned type = ELF32_ST_TYPE(symbols[i].st_info);
        bool local = ELF32_ST_BIND(symbols[i].st_info) == STB_LOCAL;

        if (type == STT_FILE) {
            source = name;
        } else if (type == STT_FUNC) {
            program->functions[program->functions_n++] =
                (struct program_function){ symbols[i].st_value & ~THUMB,
                                           symbols[i].st_size, name,
                                           is_crypto(source, name, local) };
        }
    }
    qsort(program->functions, program->functions_n, sizeof *program->functions,
          by_address);
}

void program_open(struct program *program, const char *path)
{
    const Elf32_Ehdr *h;
    const Elf32_Shdr *sections;

    *program = (struct program){ 0 };
    program->file = read_file(path, &program->file_n);
    h = head(program);
    sections = part(program, h->e_shoff, h->e_shnum * sizeof *sections);
    for (unsigned i = 0; i < h->e_shnum; i++) {
        uint32_t end = sections[i].sh_addr + sections[i].sh_size;

        if (sections[i].sh_type == SHT_SYMTAB &&
            sections[i].sh_link < h->e_shnum) {
            take_symbols(program, &sections[i], &sections[sections[i].sh_link]);
        }
        if ((sections[i].sh_flags & SHF_ALLOC) != 0 &&
            sections[i].sh_addr >= RAM && end <= FLASH &&
            end > program->data_end) {
            program->data_end = end;
        }
    }
    if (program->functions_n == 0 || program->data_end == 0) {
        die("%s has no symbols", path);
    }
    mark_functions(program);
}

void program_close(struct program *program)
{
    free(program->functions);
    free(program->crypto);
    free(program->starts);
    free(program->file);
    *program = (struct program){ 0 };
}

void program_load(const struct program *program, uint8_t *memory, size_t size)
{
    const Elf32_Ehdr *h = head(program);
    const Elf32_Phdr *segments =
        part(program, h->e_phoff, h->e_phnum * sizeof *segments);

    for (unsigned i = 0; i < h->e_phnum; i++) {
        const Elf32_Phdr *s = &segments[i];

        if (s->p_type != PT_LOAD || s->p_filesz == 0) {
            continue;
        }
        if (s->p_paddr > size || s->p_filesz > size - s->p_paddr) {
            die("a segment lies outside of the code memory");
        }
        memcpy(memory + s->p_paddr, part(program, s->p_offset, s->p_filesz),
               s->p_filesz);
    }
}

const struct program_function *program_at(const struct program *program,
                                          uint32_t pc)
{
    size_t low = 0;
    size_t high = program->functions_n;

    /* The last one that begins at or below `pc`. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (program->functions[middle].at <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &program->functions[low - 1];
}

const struct program_function *program_find(const struct program *program,
                                            const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < program->functions_n; i++) {
        const char *is = program->functions[i].name;

        if (strncmp(is, name, n) == 0 && (is[n] == '\0' || is[n] == '.')) {
            return &program->functions[i];
        }
    }
    return NULL;
}
