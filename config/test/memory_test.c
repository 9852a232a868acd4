/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>

#include "config/config.h"
#include "tests/harness/bm_test.h"

/*
 * Our own allocations fail in turn: the linker brings them here (CMakeLists).
 * Those of libyaml fail in tests/cli/memory_test.py.
 */
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static unsigned count;
static unsigned fail_at; /* 0: none */

void *__wrap_calloc(size_t n, size_t size)
{
    return ++count == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return ++count == fail_at ? NULL : __real_realloc(p, n);
}

struct item {
    const char *const *words;
};

struct all {
    struct config_list list;
};

static const struct config_key item_keys[] = {
    { .name = "words",
      .type = CONFIG_STRINGS,
      .offset = offsetof(struct item, words) },
    { .name = NULL },
};

static const struct config_key keys[] = {
    { .name = "list",
      .type = CONFIG_LIST,
      .offset = offsetof(struct all, list),
      .keys = item_keys,
      .size = sizeof(struct item) },
    { .name = NULL },
};

#define ITEMS 200

static char text[ITEMS * 16 + 16];

static bm_status read_all(void)
{
    struct config *config;
    struct config_error error;
    struct all all;
    struct bm_bytes in = { (const uint8_t *)text, strlen(text) };
    bm_status rc = config_parse(in, &config, &error);

    if (rc == BM_OK) {
        rc = config_read(config, config_root(config), keys, &all, &error);
    } else {
        CHECK(config == NULL);
    }
    if (rc != BM_OK) {
        CHECK_STATUS(error.status, rc);
        CHECK(error.line != 0 && strcmp(error.words, "out of memory") == 0);
    }
    config_free(config);
    return rc;
}

static void each_failed_allocation_is_a_status(void)
{
    unsigned n;
    size_t len = (size_t)snprintf(text, sizeof text, "list:\n");

    for (size_t i = 0; i < ITEMS; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "- words: [a]\n");
    }
    CHECK_STATUS(read_all(), BM_OK);
    n = count;
    CHECK(n > 4);
    for (fail_at = 1; fail_at <= n; fail_at++) {
        count = 0;
        CHECK_STATUS(read_all(), BM_E_MEMORY);
    }
    fail_at = 0;
}

static void each_failed_allocation_of_a_file_is_a_status(void)
{
    char *file = NULL;
    size_t len = 0;

    for (fail_at = 1; fail_at <= 2; fail_at++) {
        count = 0;
        CHECK_STATUS(config_load("config/config.c", 1 << 20, &file, &len),
                     BM_E_MEMORY);
        CHECK(file == NULL && len == 0);
    }
    fail_at = 0;
}

int main(void)
{
    RUN(each_failed_allocation_is_a_status);
    RUN(each_failed_allocation_of_a_file_is_a_status);
    return bm_test_done();
}
