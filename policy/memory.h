/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_MEMORY_H
#define BM_POLICY_MEMORY_H

#include <stddef.h>

/* Memory that is given back all at once, and has an end from birth. */
struct policy_memory;

/* NULL without memory. */
struct policy_memory *policy_memory_new(size_t max);
void policy_memory_free(struct policy_memory *memory); /* NULL is fine */

/* `n` zeroed octets; NULL: beyond the end, or there is no more. */
void *policy_memory_get(struct policy_memory *memory, size_t n);

#endif
