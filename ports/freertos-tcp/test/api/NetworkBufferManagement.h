/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_NETWORK_BUFFER_MANAGEMENT_H
#define TEST_NETWORK_BUFFER_MANAGEMENT_H

#include <FreeRTOS_IP.h>

void vReleaseNetworkBufferAndDescriptor(
    NetworkBufferDescriptor_t *const buffer);

#endif
