/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_TASK_H
#define TEST_TASK_H

#include <FreeRTOS.h>

TickType_t xTaskGetTickCount(void);

#endif
