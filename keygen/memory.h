/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYGEN_MEMORY_H
#define BM_KEYGEN_MEMORY_H

#include <stdbool.h>

#include "core/status.h"

/*
 * The memory of a process that makes keys. Nobody looks into it, and no image
 * of it is written; what the library of cryptography gives back is overwritten
 * first, wherever it had copied a key to; private keys are in a heap of their
 * own between pages that nobody may touch; and no page goes to swap, as far as
 * the system lets us.
 *
 * To be called once, before that library has allocated anything; BM_E_INTERNAL
 * when it has. `*locked`: all pages are. Otherwise (RLIMIT_MEMLOCK is lower
 * than KEYGEN_LOCKED_MIN, and this is not root) those of the heap for keys are,
 * if that much is allowed.
 */
#define KEYGEN_LOCKED_MIN ((size_t)256 << 20)
BM_MUST_CHECK bm_status keygen_memory_guard(bool *locked);

#endif
