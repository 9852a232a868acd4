/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_NOISE_H
#define BM_PORTS_MPS2_NOISE_H

#include "device/entropy.h"

/*
 * Noise, from outside: no MPS2 board in QEMU has a source of its own. UART 1 is
 * the port where a generator would be connected, one octet a sample; run.sh
 * connects the host's /dev/urandom. Where nothing comes, the program asks its
 * debugger for the same file (semihosting).
 *
 * Samples are raw as far as this board can tell: whoever uses them puts
 * them under the tests of device/entropy.h (ports/mbedtls/mbedtls_noise.h
 * does). The claim is 4 bits an octet, half of what such a generator's maker
 * would say.
 */
extern const struct bm_noise bm_board_noise;

/*
 * What it really is, for the record of a key that is born of it: one of
 * "host's urandom through UART 1", "host's urandom by semihosting" and "none".
 * Good once something was read.
 */
const char *bm_board_random_label(void);

#endif
