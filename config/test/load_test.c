/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/harness/bm_test.h"

static char path[] = "/tmp/birthmark-config-XXXXXX";

static void write_octets(size_t n)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    CHECK(fd >= 0);
    for (size_t i = 0; i < n; i++) {
        char c = (char)('a' + i % 26);

        CHECK(write(fd, &c, 1) == 1);
    }
    close(fd);
}

/* Sizes around the pieces in which a file is read. */
static void a_file_is_read_whole_and_ends_with_nul(void)
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 12287, 12288 };
    char *text;
    size_t n;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_octets(sizes[i]);
        CHECK_STATUS(config_load(path, sizes[i], &text, &n), BM_OK);
        CHECK(n == sizes[i] && text[n] == '\0');
        CHECK(n == 0 || text[n - 1] == (char)('a' + (n - 1) % 26));
        free(text);
        if (sizes[i] != 0) {
            CHECK_STATUS(config_load(path, sizes[i] - 1, &text, &n),
                         BM_E_CONFIG_DEPTH);
            CHECK(text == NULL && n == 0);
        }
    }
}

static void a_file_that_cannot_be_read_is_told_apart(void)
{
    char *text;
    size_t n;

    errno = 0;
    CHECK_STATUS(config_load("/nonexistent/file", 10, &text, &n),
                 BM_E_NOT_FOUND);
    CHECK(errno == ENOENT);
    CHECK_STATUS(config_load("/tmp", 10, &text, &n), BM_E_IO);
    CHECK(errno == EISDIR && text == NULL);
}

static void a_device_without_end_is_cut_off(void)
{
    char *text;
    size_t n;

    CHECK_STATUS(config_load("/dev/zero", 100000, &text, &n),
                 BM_E_CONFIG_DEPTH);
    CHECK(text == NULL);
}

int main(void)
{
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    close(fd);
    RUN(a_file_is_read_whole_and_ends_with_nul);
    RUN(a_file_that_cannot_be_read_is_told_apart);
    RUN(a_device_without_end_is_cut_off);
    unlink(path);
    return bm_test_done();
}
