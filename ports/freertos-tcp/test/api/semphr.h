/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SEMPHR_H
#define TEST_SEMPHR_H

#include <FreeRTOS.h>

typedef StaticSemaphore_t *SemaphoreHandle_t;

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *buffer);
BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t wait);
BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex);

#endif
