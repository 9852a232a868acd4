/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYGEN_MEMORY_H
#define BM_KEYGEN_MEMORY_H

#include <stdbool.h>

#include "core/status.h"

/*
 * The memory of a process that makes keys. Nobody looks into it, and no image
 * of it is written; what the library of cryptography gives back is overwritten
 * first, wherever it had copied a key to; and private keys are in a heap of
 * their own, between pages that nobody may touch.
 *
 * To be called once, before that library has allocated anything; BM_E_INTERNAL
 * when it has.
 */
BM_MUST_CHECK bm_status keygen_memory_guard(void);

/*
 * No page goes to swap any more, of those there are and those that come: when
 * all is ready that needs much memory for a while, as scrypt does. False:
 * RLIMIT_MEMLOCK is lower than KEYGEN_LOCKED_MIN, and may not be raised, or
 * half of that is taken, so that what comes later could find none; those of the
 * heap for keys are locked all the same, if that much is allowed.
 */
#define KEYGEN_LOCKED_MIN ((size_t)256 << 20)
bool keygen_memory_lock(void);

#endif
