/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FREERTOS_IP_H
#define TEST_FREERTOS_IP_H

#include <FreeRTOS.h>

typedef struct {
    uint8_t ucBytes[16];
} IPv6_Address_t;

/* Other members are there, too, in FreeRTOS+TCP. */
typedef struct xNETWORK_BUFFER {
    uint8_t *pucEthernetBuffer;
    size_t xDataLength;
} NetworkBufferDescriptor_t;

/* This machine's order is the little end first. */
#define FreeRTOS_ntohl(x) __builtin_bswap32(x)

#endif
