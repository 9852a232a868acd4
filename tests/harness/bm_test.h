/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_BM_TEST_H
#define BM_TESTS_HARNESS_BM_TEST_H

/*
 * The whole test framework. One program per module, TAP on stdout, the same
 * on a workstation and in QEMU, where stdout is the UART.
 *
 *     static void a_sentence_about_the_module(void)
 *     {
 *         CHECK(1 + 1 == 2);
 *     }
 *
 *     int main(void)
 *     {
 *         RUN(a_sentence_about_the_module);
 *         return bm_test_done();
 *     }
 *
 * A test that cannot run here calls SKIP("no network namespaces"), which
 * returns from it. The program's exit code is 0 when all passed, 1 when one
 * failed or none was there, 77 when all were skipped.
 */
#include <stdio.h>
#include <string.h>

static int bm_test_count;
static int bm_test_failed;
static int bm_test_skipped;
static const char *bm_test_skip; /* reason, while the current test skips */

/*
 * 1 in QEMU, which is slow: what a test repeats for its thoroughness alone, it
 * repeats less often there. Whatever is no Unix is a board.
 */
#ifdef __unix__
#define BM_TEST_ON_BOARD 0
#else
#define BM_TEST_ON_BOARD 1
#endif

/* Exit code for "skipped", as ctest and automake read it. */
#define BM_TEST_EXIT_SKIP 77

/* Failures are counted, not fatal: one run shows all of them. */
#define CHECK(cond) bm_check((cond) != 0, #cond, __FILE__, __LINE__)

/* Compare two status codes; both are printed when they differ. */
#define CHECK_STATUS(expr, want)                                         \
    bm_check_status((unsigned)(expr), (unsigned)(want), #expr, __FILE__, \
                    __LINE__)

/* Compare two byte strings; lengths are printed, then the first difference. */
#define CHECK_BYTES(p, n, want, want_n) \
    bm_check_bytes((p), (n), (want), (want_n), #p, __FILE__, __LINE__)

#define SKIP(reason)             \
    do {                         \
        bm_test_skip = (reason); \
        return;                  \
    } while (0)

#define RUN(fn) bm_test_run((fn), #fn)

static inline void bm_check(int ok, const char *what, const char *file,
                            int line)
{
    if (!ok) {
        printf("# %s:%d: %s\n", file, line, what);
        bm_test_failed++;
    }
}

static inline void bm_check_status(unsigned got, unsigned want,
                                   const char *what, const char *file, int line)
{
    if (got != want) {
        printf("# %s:%d: %s: got 0x%04x, want 0x%04x\n", file, line, what, got,
               want);
        bm_test_failed++;
    }
}

static inline void bm_check_bytes(const void *p, size_t n, const void *want,
                                  size_t want_n, const char *what,
                                  const char *file, int line)
{
    const unsigned char *a = (const unsigned char *)p;
    const unsigned char *b = (const unsigned char *)want;
    size_t i = 0;

    while (i < n && i < want_n && a[i] == b[i]) {
        i++;
    }
    if (n != want_n) {
        printf("# %s:%d: %s: %lu bytes, want %lu; same up to %lu\n", file, line,
               what, (unsigned long)n, (unsigned long)want_n, (unsigned long)i);
        bm_test_failed++;
    } else if (i < n) {
        printf("# %s:%d: %s: at %lu got %02x, want %02x\n", file, line, what,
               (unsigned long)i, a[i], b[i]);
        bm_test_failed++;
    }
}

static inline void bm_test_run(void (*fn)(void), const char *name)
{
    int failed_before = bm_test_failed;

    bm_test_skip = NULL;
    fn();
    bm_test_count++;
    if (bm_test_failed != failed_before) {
        printf("not ok %d - %s\n", bm_test_count, name);
    } else if (bm_test_skip != NULL) {
        printf("ok %d - %s # SKIP %s\n", bm_test_count, name, bm_test_skip);
        bm_test_skipped++;
    } else {
        printf("ok %d - %s\n", bm_test_count, name);
    }
    fflush(stdout);
}

static inline int bm_test_done(void)
{
    printf("1..%d\n", bm_test_count);
    if (bm_test_failed != 0 || bm_test_count == 0) {
        return 1;
    }
    return bm_test_skipped == bm_test_count ? BM_TEST_EXIT_SKIP : 0;
}

#endif
