/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FREERTOS_H
#define TEST_FREERTOS_H

/* Of FreeRTOS what the guard uses, as its documentation has it: to compile
 * against, and for tests to stand in for. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef long BaseType_t;
typedef uint32_t TickType_t;

#define pdFALSE            ((BaseType_t)0)
#define pdTRUE             ((BaseType_t)1)
#define portMAX_DELAY      ((TickType_t)0xffffffff)
#define portTICK_PERIOD_MS ((TickType_t)10)

typedef struct {
    unsigned taken;
} StaticSemaphore_t;

#endif
