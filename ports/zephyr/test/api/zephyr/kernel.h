/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZEPHYR_KERNEL_H
#define TEST_ZEPHYR_KERNEL_H

/* Of Zephyr what the guard uses, as its documentation has it: to compile
 * against, and for tests to stand in for. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t ticks;
} k_timeout_t;

#define K_FOREVER ((k_timeout_t){ -1 })

struct k_mutex {
    unsigned depth;
};

int k_mutex_init(struct k_mutex *mutex);
int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);
uint32_t k_uptime_get_32(void);

#endif
