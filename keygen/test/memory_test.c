/* SPDX-License-Identifier: Apache-2.0 */
#include "keygen/memory.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/bytes.h"
#include "tests/harness/bm_test.h"

/* A sanitizer answers mlockall() itself, with nothing, and has more address
 * space than may be locked. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

/* "VmLck:\t1234 kB"; -1: it is not said. */
static long locked_now(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;

    while (f != NULL && kb < 0 && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmLck:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kb;
}

static void nobody_looks_into_it_and_no_image_is_written(void)
{
    struct rlimit limit;

    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    CHECK(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
}

static void private_keys_have_a_heap_of_their_own(void)
{
    void *p = OPENSSL_secure_malloc(100);

    CHECK(CRYPTO_secure_malloc_initialized() == 1);
    CHECK(p != NULL && CRYPTO_secure_allocated(p) == 1);
    OPENSSL_secure_free(p);
}

static void what_is_said_to_be_locked_is(void)
{
    long before = locked_now(); /* the heap for keys */
    bool locked = keygen_memory_lock();

    CHECK(before >= 0);
    CHECK(locked_now() > before || !locked || IS_SANITIZED);
    CHECK(locked || locked_now() == before);
}

#if !IS_SANITIZED
/* As LimitMEMLOCK= of the unit does it; the hard limit only some may raise. */
static bool raise_limit(void)
{
    const struct rlimit enough = { KEYGEN_LOCKED_MIN, KEYGEN_LOCKED_MIN };
    struct rlimit limit;

    return (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
            limit.rlim_cur >= KEYGEN_LOCKED_MIN) ||
           setrlimit(RLIMIT_MEMLOCK, &enough) == 0;
}

static void with_the_limit_of_the_unit_all_of_it_is_locked(void)
{
    const size_t more = (size_t)8 << 20;
    long before;
    uint8_t *p;

    if (!raise_limit()) {
        SKIP("RLIMIT_MEMLOCK may not be raised");
    }
    CHECK(keygen_memory_lock());
    before = locked_now();
    CHECK(before > 1024); /* libraries and all, not the heap for keys alone */
    p = malloc(more);
    CHECK(p != NULL); /* what comes later finds room, and is locked, too */
    CHECK(locked_now() >= before + (long)(more >> 10));
    free(p);
}
#endif

static void what_grows_is_kept_and_stays_whole(void)
{
    char *p = NULL;

    for (size_t n = 1; n < 5000; n += 97) {
        p = OPENSSL_realloc(p, n);
        CHECK(p != NULL && (n == 1 || p[(n - 97) - 1] == 'x'));
        if (p == NULL) {
            return;
        }
        memset(p, 'x', n);
    }
    p = OPENSSL_realloc(p, 3);
    CHECK(p != NULL && memcmp(p, "xxx", 3) == 0);
    OPENSSL_free(p);
    OPENSSL_free(NULL);
}

static void where_the_library_was_used_it_is_too_late(void)
{
    CHECK_STATUS(keygen_memory_guard(), BM_E_INTERNAL);
}

int main(void)
{
    CHECK_STATUS(keygen_memory_guard(), BM_OK);
    RUN(nobody_looks_into_it_and_no_image_is_written);
    RUN(private_keys_have_a_heap_of_their_own);
    RUN(what_is_said_to_be_locked_is);
#if !IS_SANITIZED
    RUN(with_the_limit_of_the_unit_all_of_it_is_locked);
#endif
    RUN(what_grows_is_kept_and_stays_whole);
    RUN(where_the_library_was_used_it_is_too_late);
    return bm_test_done();
}
