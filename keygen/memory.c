/* SPDX-License-Identifier: Apache-2.0 */
/* MCL_ONFAULT, malloc_usable_size() */
#define _GNU_SOURCE
#include "keygen/memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

static bool may_lock_all(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
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

bm_status keygen_memory_guard(bool *locked)
{
    const struct rlimit none = { 0, 0 };

    *locked = false;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0 ||
        CRYPTO_set_mem_functions(take, take_more, give_back) != 1 ||
        CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_MIN) == 0) {
        return BM_E_INTERNAL;
    }
    /* Pages when they are touched, or all of each library would be read. */
    *locked =
        may_lock_all() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    return BM_OK;
}
