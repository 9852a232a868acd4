/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_FREERTOS_TCP_GUARD_H
#define BM_PORTS_FREERTOS_TCP_GUARD_H

#include <FreeRTOS.h>
#include <FreeRTOS_IP.h>
#include <FreeRTOS_Routing.h>
#include <semphr.h>

#include "firewall/firewall.h"

/*
 * The firewall in FreeRTOS+TCP (4.x): between the stack and one of its
 * interfaces, in both directions (docs/firewall-hooks.md says what a hook
 * owes).
 *
 *     pxFillInterfaceDescriptor(0, &interface);
 *     bm_freertos_guard_open(&guard, &interface, seed);   (all is dropped)
 *     rc = bm_fw_load(&guard.fw, table, room, sizeof room);
 *     FreeRTOS_IPInit_Multi();
 *
 * and in the driver, for each buffer that came in, before it is handed to the
 * IP task; of linked buffers for each of the list, taken off it:
 *
 *     if (bm_freertos_guard_in(&guard, buffer)) {
 *         ... xSendEventStructToIPTask() ...
 *     }
 *
 * What goes out passes it by itself: pfOutput of the interface is replaced.
 * What is dropped there counts as sent. A segment that a rule resets is
 * dropped: nobody is answered.
 *
 * The IP task sends and the driver's task receives: a mutex is around the
 * engine. Whoever uses `fw` when the stack runs holds it, and so for all of
 * bm_fw_load(), bm_fw_set_mode(), bm_fw_take_event(). Not for interrupts.
 *
 * Subnets are those of the interface's end points, looked at with each frame.
 */
struct bm_freertos_guard {
    struct bm_fw fw;

    /* Private. */
    NetworkInterface_t *interface;
    NetworkInterfaceOutputFunction_t output;
    struct bm_freertos_guard *next;
    SemaphoreHandle_t lock;
    StaticSemaphore_t lock_room;
    struct bm_fw_subnets subnets;
    uint32_t ticked;
};

/* Before FreeRTOS_IPInit_Multi(); it must not move from then on. `seed` is
 * random (bm_fw_init()). */
void bm_freertos_guard_open(struct bm_freertos_guard *guard,
                            NetworkInterface_t *interface, uint32_t seed);

/* A frame has come in. False: it was dropped, and its buffer is released. */
bool bm_freertos_guard_in(struct bm_freertos_guard *guard,
                          NetworkBufferDescriptor_t *buffer);

void bm_freertos_guard_lock(struct bm_freertos_guard *guard);
void bm_freertos_guard_unlock(struct bm_freertos_guard *guard);

#endif
