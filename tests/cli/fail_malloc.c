/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Preloaded into a program: one allocation fails, the one that FAIL_MALLOC
 * counts to from 1. At the end the number of all is written to descriptor
 * FAIL_MALLOC_FD, if that is set, so that a test knows how far to count.
 *
 * Those of libcrypto and of the dynamic linker do not count: the start-up of
 * OpenSSL 3.0 does not survive them, whoever calls it.
 */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static unsigned long count;
static unsigned long fail_at;
static int ready;

/* Callers in libcrypto so far; what lies between them is libcrypto, too. */
static uintptr_t first;
static uintptr_t last;

static int is_exempt(void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    Dl_info info;

    if (at >= first && at <= last) {
        return 1;
    }
    if (dladdr(caller, &info) == 0 || info.dli_fname == NULL) {
        return 1;
    }
    if (strstr(info.dli_fname, "libcrypto") != NULL) {
        first = first == 0 || at < first ? at : first;
        last = at > last ? at : last;
        return 1;
    }
    return strstr(info.dli_fname, "ld-") != NULL;
}

/* The program has one thread. */
static int fails(void *caller)
{
    if (is_exempt(caller)) {
        return 0;
    }
    if (ready == 0) {
        const char *text = getenv("FAIL_MALLOC");

        ready = 1;
        fail_at = text != NULL ? strtoul(text, NULL, 10) : 0;
    }
    return ++count == fail_at;
}

void *malloc(size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

__attribute__((destructor)) static void tell(void)
{
    const char *text = getenv("FAIL_MALLOC_FD");

    if (text != NULL) {
        (void)!write((int)strtol(text, NULL, 10), &count, sizeof count);
    }
}
