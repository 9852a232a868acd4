/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_SEMIHOST_H
#define BM_PORTS_MPS2_SEMIHOST_H

#include <stddef.h>
#include <stdint.h>

/*
 * ARM semihosting: the program asks its debugger (here QEMU) to do something
 * on the host. Only development boards have it; nothing outside ports/mps2
 * and its tests may depend on it.
 *
 * Reference: Arm, "Semihosting for AArch32 and AArch64", 2.0.
 */

/* End the program; `code` becomes the exit code of the QEMU process. */
__attribute__((noreturn)) void bm_semihost_exit(int code);

/*
 * Read `n` bytes from the start of the host's file `path` into `buf`.
 * Returns 0, or -1 when the file cannot be opened or is shorter.
 */
int bm_semihost_read_file(const char *path, uint8_t *buf, size_t n);

/*
 * Read the whole of the host's file `path` into `buf`; `*n` becomes its
 * length. Returns 0, or -1 when it cannot be read or is longer than `cap`.
 */
int bm_semihost_load(const char *path, uint8_t *buf, size_t cap, size_t *n);

/*
 * Write `n` bytes to the host's file `path`, made or truncated. Returns 0, or
 * -1 when not all of them could be written.
 */
int bm_semihost_save(const char *path, const uint8_t *buf, size_t n);

/*
 * Copy the words that QEMU was given with -semihosting-config arg=..., with a
 * blank between them, into `line` as a string. Returns 0, or -1 if they do
 * not fit into `cap` bytes.
 */
int bm_semihost_command_line(char *line, size_t cap);

#endif
