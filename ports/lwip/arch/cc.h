/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_ARCH_CC_H
#define BM_PORTS_LWIP_ARCH_CC_H

/*
 * What lwIP asks of compiler and system: gcc or clang, little-endian, one
 * thread, no operating system. Names are lwIP's.
 */
#include <stdint.h>

/* Keyed by a secret of this start (random.c): ports, transaction numbers. */
uint32_t bm_lwip_random(void);
#define LWIP_RAND() bm_lwip_random()

/*
 * lwIP's assertions are about its own state. A device whose network is not
 * what it believes stops: its fault handler says where, its watchdog starts it
 * again. No texts, which would be 10 KB of flash.
 */
#define LWIP_PLATFORM_ASSERT(text) __builtin_trap()
#define LWIP_PLATFORM_DIAG(text)   ((void)0)
#define LWIP_ERROR(text, expression, handler) \
    do {                                      \
        if (!(expression)) {                  \
            handler;                          \
        }                                     \
    } while (0)

#endif
