/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/freertos-tcp/guard.h"

#include <NetworkBufferManagement.h>
#include <string.h>
#include <task.h>

/* Flows whose time is over let go of their places. */
#define TICK_MS 1000

/* Else time would stand still, or jump: flows would not end. */
_Static_assert(sizeof(TickType_t) >= 4 && portTICK_PERIOD_MS != 0,
               "ticks of 32 bits, 1,000 a second at most");

/* pfOutput is told which interface it is of, and nothing of ours. */
static struct bm_freertos_guard *guards;

void bm_freertos_guard_lock(struct bm_freertos_guard *g)
{
    (void)xSemaphoreTake(g->lock, portMAX_DELAY);
}

void bm_freertos_guard_unlock(struct bm_freertos_guard *g)
{
    (void)xSemaphoreGive(g->lock);
}

/* ---- Subnets */

static uint32_t get_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void add_ipv6(struct bm_fw_subnets *s, const NetworkEndPoint_t *end)
{
    const uint8_t *address = end->ipv6_settings.xIPAddress.ucBytes;
    size_t bits = end->ipv6_settings.uxPrefixLength;

    if (s->six_n == BM_FW_SUBNETS_6 || bits == 0 || bits > 128) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        const size_t here = bits < 32 ? bits : 32;
        const uint32_t mask = here == 0 ? 0 : UINT32_MAX << (32 - here);

        s->six[s->six_n].mask[i] = mask;
        s->six[s->six_n].address[i] = get_32(address + 4 * i) & mask;
        bits -= here;
    }
    s->six_n++;
}

/* Of IPv4 there is one. */
static void read_subnets(NetworkInterface_t *interface, struct bm_fw_subnets *s)
{
    NetworkEndPoint_t *end = FreeRTOS_FirstEndPoint(interface);

    memset(s, 0, sizeof *s);
    for (; end != NULL; end = FreeRTOS_NextEndPoint(interface, end)) {
        if (end->bits.bIPv6 != 0) {
            add_ipv6(s, end);
        } else if (s->mask == 0) {
            s->mask = FreeRTOS_ntohl(end->ipv4_settings.ulNetMask);
            s->address =
                FreeRTOS_ntohl(end->ipv4_settings.ulIPAddress) & s->mask;
        }
    }
}

static void look_at_subnets(struct bm_freertos_guard *g)
{
    struct bm_fw_subnets now;

    read_subnets(g->interface, &now);
    if (memcmp(&now, &g->subnets, sizeof now) != 0) {
        g->subnets = now;
        bm_fw_set_subnets(&g->fw, &now);
    }
}

/* ---- Frames */

/* Buffers are in one piece. */
static bool passes(struct bm_freertos_guard *g, enum bm_fw_direction direction,
                   const NetworkBufferDescriptor_t *buffer)
{
    const struct bm_bytes frame = { buffer->pucEthernetBuffer,
                                    buffer->xDataLength };
    const uint32_t now =
        (uint32_t)xTaskGetTickCount() * (uint32_t)portTICK_PERIOD_MS;
    bool yes;

    bm_freertos_guard_lock(g);
    look_at_subnets(g);
    if (now - g->ticked >= TICK_MS) {
        g->ticked = now;
        bm_fw_tick(&g->fw, now);
    }
    yes = bm_fw_passes(
        bm_fw_judge(&g->fw, direction, frame, buffer->xDataLength, now));
    bm_freertos_guard_unlock(g);
    return yes;
}

bool bm_freertos_guard_in(struct bm_freertos_guard *g,
                          NetworkBufferDescriptor_t *buffer)
{
    if (passes(g, BM_FW_IN, buffer)) {
        return true;
    }
    vReleaseNetworkBufferAndDescriptor(buffer);
    return false;
}

static BaseType_t guard_output(NetworkInterface_t *interface,
                               NetworkBufferDescriptor_t *const buffer,
                               BaseType_t release)
{
    struct bm_freertos_guard *g = guards;

    while (g != NULL && g->interface != interface) {
        g = g->next;
    }
    if (g != NULL && passes(g, BM_FW_OUT, buffer)) {
        return g->output(interface, buffer, release);
    }
    if (release != pdFALSE) {
        vReleaseNetworkBufferAndDescriptor(buffer);
    }
    return pdTRUE;
}

void bm_freertos_guard_open(struct bm_freertos_guard *g,
                            NetworkInterface_t *interface, uint32_t seed)
{
    *g = (struct bm_freertos_guard){ .interface = interface,
                                     .output = interface->pfOutput,
                                     .next = guards };
    bm_fw_init(&g->fw, seed);
    g->lock = xSemaphoreCreateMutexStatic(&g->lock_room);
    guards = g;
    interface->pfOutput = guard_output;
}
