/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_BATCHES_H
#define BM_PROTOCOLS_ADMIN_BATCHES_H

#include "protocols/admin/internal.h"

/* Between batches.c, which tells of batches, and batch_acts.c. */

#define BATCHES_MAX INT64_C(999999999999)

#define BATCH_PATH ADMIN_PATH("batch", ADMIN_INTEGER, BATCHES_MAX, "its number")

#endif
