/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FREERTOS_ROUTING_H
#define TEST_FREERTOS_ROUTING_H

#include <FreeRTOS_IP.h>

struct xNetworkInterface;

typedef BaseType_t (*NetworkInterfaceOutputFunction_t)(
    struct xNetworkInterface *interface,
    NetworkBufferDescriptor_t *const buffer, BaseType_t release);

typedef struct xNetworkInterface {
    NetworkInterfaceOutputFunction_t pfOutput;
} NetworkInterface_t;

typedef struct {
    uint32_t ulIPAddress;
    uint32_t ulNetMask;
} IPV4Parameters_t;

typedef struct {
    IPv6_Address_t xIPAddress;
    size_t uxPrefixLength;
} IPV6Parameters_t;

typedef struct xNetworkEndPoint {
    IPV4Parameters_t ipv4_settings;
    IPV6Parameters_t ipv6_settings;
    struct {
        uint32_t bIPv6 : 1;
    } bits;
    struct xNetworkEndPoint *pxNext;
} NetworkEndPoint_t;

NetworkEndPoint_t *FreeRTOS_FirstEndPoint(const NetworkInterface_t *interface);
NetworkEndPoint_t *FreeRTOS_NextEndPoint(const NetworkInterface_t *interface,
                                         NetworkEndPoint_t *end);

#endif
