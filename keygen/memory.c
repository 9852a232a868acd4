/* SPDX-License-Identifier: Apache-2.0 */
/* MCL_ONFAULT, malloc_usable_size() */
#define _GNU_SOURCE
#include "keygen/memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/bytes.h"

/* Octets of the heap for private keys, and of its smallest block. */
#define HEAP_SIZE ((size_t)64 << 10)
#define HEAP_MIN  32

/* ---- Overwritten when given back */

static void *take(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(n);
}

static void give_back(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    if (p != NULL) {
        bm_wipe(p, malloc_usable_size(p));
    }
    free(p);
}

/* Never where it is: the old place is overwritten, too. */
static void *take_more(void *p, size_t n, const char *file, int line)
{
    size_t before = p == NULL ? 0 : malloc_usable_size(p);
    void *more = malloc(n);

    if (more != NULL && p != NULL) {
        memcpy(more, p, before < n ? before : n);
        give_back(p, file, line);
    }
    return more;
}

/* ---- Not swapped */

/* Octets of address space; what is locked counts by that, touched or not. */
static size_t space_now(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    char line[128] = "";
    long page = sysconf(_SC_PAGESIZE);
    bool ok = f != NULL && fgets(line, sizeof line, f) != NULL && page > 0;
    size_t pages = ok ? strtoul(line, NULL, 10) : 0;

    if (f != NULL) {
        (void)fclose(f);
    }
    return pages == 0 || pages > SIZE_MAX / (size_t)page ? SIZE_MAX
                                                         : pages * (size_t)page;
}

/* Not where what comes later would find the limit reached: half of it is for
 * the sandbox, and what the heap grows by. */
static bool may_lock_all(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
        space_now() > KEYGEN_LOCKED_MIN / 2) {
        return false;
    }
    if (limit.rlim_cur < KEYGEN_LOCKED_MIN) {
        const struct rlimit more = { KEYGEN_LOCKED_MIN,
                                     limit.rlim_max < KEYGEN_LOCKED_MIN
                                         ? KEYGEN_LOCKED_MIN
                                         : limit.rlim_max };

        /* A hard limit only root can raise. */
        return setrlimit(RLIMIT_MEMLOCK, &more) == 0;
    }
    return true;
}

bool keygen_memory_lock(void)
{
    /* Pages when they are touched, or all of each library would be read. */
    return may_lock_all() &&
           mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

bm_status keygen_memory_guard(void)
{
    const struct rlimit none = { 0, 0 };

    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                   setrlimit(RLIMIT_CORE, &none) == 0 &&
                   CRYPTO_set_mem_functions(take, take_more, give_back) == 1 &&
                   CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_MIN) != 0
               ? BM_OK
               : BM_E_INTERNAL;
}
