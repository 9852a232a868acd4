/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/semihost.h"

#include <string.h>

/* Operation numbers, section 6 of the specification. */
enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_FLEN = 0x0c,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20
};

enum {
    OPEN_RB = 1,
    OPEN_WB = 5,
    ADP_STOPPED_APPLICATION_EXIT = 0x20026
};

static uint32_t address(const void *p)
{
    return (uint32_t)(uintptr_t)p;
}

static uint32_t call(uint32_t operation, const uint32_t *block)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const uint32_t *r1 __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void bm_semihost_exit(int code)
{
    const uint32_t block[] = { ADP_STOPPED_APPLICATION_EXIT, (uint32_t)code };

    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, block);
    }
}

/* A file handle, or UINT32_MAX. */
static uint32_t open_file(const char *path, uint32_t mode)
{
    const uint32_t block[] = { address(path), mode, (uint32_t)strlen(path) };

    return call(SYS_OPEN, block);
}

/* Octets not moved, in the words of the specification; 0 is success. */
static uint32_t move(uint32_t operation, uint32_t file, const uint8_t *buf,
                     size_t n)
{
    const uint32_t block[] = { file, address(buf), (uint32_t)n };

    return n == 0 ? 0 : call(operation, block);
}

int bm_semihost_read_file(const char *path, uint8_t *buf, size_t n)
{
    uint32_t file = open_file(path, OPEN_RB);
    uint32_t missing;

    if (file == UINT32_MAX) {
        return -1;
    }
    missing = move(SYS_READ, file, buf, n);
    (void)call(SYS_CLOSE, &file);
    return missing == 0 ? 0 : -1;
}

int bm_semihost_load(const char *path, uint8_t *buf, size_t cap, size_t *n)
{
    uint32_t file = open_file(path, OPEN_RB);
    uint32_t len;
    int rc = -1;

    *n = 0;
    if (file == UINT32_MAX) {
        return -1;
    }
    len = call(SYS_FLEN, &file);
    if (len <= cap && move(SYS_READ, file, buf, len) == 0) {
        *n = len;
        rc = 0;
    }
    (void)call(SYS_CLOSE, &file);
    return rc;
}

int bm_semihost_save(const char *path, const uint8_t *buf, size_t n)
{
    uint32_t file = open_file(path, OPEN_WB);
    uint32_t missing;

    if (file == UINT32_MAX) {
        return -1;
    }
    missing = move(SYS_WRITE, file, buf, n);
    (void)call(SYS_CLOSE, &file);
    return missing == 0 ? 0 : -1;
}

int bm_semihost_command_line(char *line, size_t cap)
{
    const uint32_t block[] = { address(line), (uint32_t)cap };

    return call(SYS_GET_CMDLINE, block) == 0 ? 0 : -1;
}
