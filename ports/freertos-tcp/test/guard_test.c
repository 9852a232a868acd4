/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The guard over stand-ins for FreeRTOS+TCP (api/): what it does with frames
 * and buffers. In FreeRTOS itself it never ran.
 */
#include "ports/freertos-tcp/guard.h"

#include <NetworkBufferManagement.h>
#include <task.h>

#include "firewall/test/frames.h"
#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

static struct {
    TickType_t ticks;
    unsigned depth; /* of the mutex */
    unsigned released;
    unsigned sent;
    NetworkEndPoint_t *ends;
} os;

static struct bm_freertos_guard guard;
static NetworkInterface_t interface;
static struct table_maker maker;
static uint32_t room[256];
static struct frame frame;
static NetworkBufferDescriptor_t buffer;

/* ---- The system */

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *place)
{
    return place;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t wait)
{
    CHECK(mutex == &guard.lock_room && wait == portMAX_DELAY);
    CHECK(os.depth++ == 0);
    return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex)
{
    CHECK(mutex == &guard.lock_room && os.depth-- == 1);
    return pdTRUE;
}

TickType_t xTaskGetTickCount(void)
{
    return os.ticks;
}

NetworkEndPoint_t *FreeRTOS_FirstEndPoint(const NetworkInterface_t *of)
{
    CHECK(of == &interface);
    return os.ends;
}

NetworkEndPoint_t *FreeRTOS_NextEndPoint(const NetworkInterface_t *of,
                                         NetworkEndPoint_t *end)
{
    CHECK(of == &interface);
    return end->pxNext;
}

void vReleaseNetworkBufferAndDescriptor(NetworkBufferDescriptor_t *const b)
{
    CHECK(b == &buffer);
    os.released++;
}

/* What the driver has. */
static BaseType_t output(NetworkInterface_t *of,
                         NetworkBufferDescriptor_t *const b, BaseType_t release)
{
    CHECK(of == &interface && b == &buffer && release == pdTRUE);
    CHECK(os.depth == 0); /* it may wait */
    os.sent++;
    return pdTRUE;
}

/* ---- The device */

/* In: UDP 123 from the subnet; TCP 23 is reset. Out: UDP 53. */
static void open_guard(void)
{
    memset(&os, 0, sizeof os);
    interface.pfOutput = output;
    bm_freertos_guard_open(&guard, &interface, 1);
    table_begin(&maker);
    (void)table_rule(&maker, "time", BM_FW_ALLOW, 0);
    (void)table_rule(&maker, "telnet", BM_FW_RESET, 0);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 23, 1);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_UDP, 123, 0);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 53, 0);
}

static void load(void)
{
    CHECK_STATUS(bm_fw_load(&guard.fw, table_end(&maker), room, sizeof room),
                 BM_OK);
}

static void put_udp(enum bm_fw_direction d, unsigned port)
{
    frame_ipv4(&frame, d, BM_FW_PROTO_UDP);
    frame_udp(&frame, 40000, port);
    buffer = (NetworkBufferDescriptor_t){ frame.p, frame.n };
}

static void nothing_passes_before_there_is_a_table(void)
{
    open_guard();
    put_udp(BM_FW_IN, 123);
    CHECK(!bm_freertos_guard_in(&guard, &buffer) && os.released == 1);
    put_udp(BM_FW_OUT, 53);
    CHECK(interface.pfOutput(&interface, &buffer, pdTRUE) == pdTRUE);
    CHECK(os.sent == 0 && os.released == 2);
}

static void what_the_table_names_passes(void)
{
    open_guard();
    load();
    put_udp(BM_FW_IN, 123);
    CHECK(bm_freertos_guard_in(&guard, &buffer) && os.released == 0);
    put_udp(BM_FW_IN, 124);
    CHECK(!bm_freertos_guard_in(&guard, &buffer) && os.released == 1);
    put_udp(BM_FW_OUT, 53);
    CHECK(interface.pfOutput(&interface, &buffer, pdTRUE) == pdTRUE);
    CHECK(os.sent == 1 && os.released == 1);
    CHECK(os.depth == 0);
}

/* The stack hears that it was sent; and keeps its buffer, where it wants to. */
static void what_is_dropped_on_its_way_out_counts_as_sent(void)
{
    open_guard();
    load();
    put_udp(BM_FW_OUT, 54);
    CHECK(interface.pfOutput(&interface, &buffer, pdFALSE) == pdTRUE);
    CHECK(os.sent == 0 && os.released == 0);
    CHECK(interface.pfOutput(&interface, &buffer, pdTRUE) == pdTRUE);
    CHECK(os.sent == 0 && os.released == 1);
}

static void what_is_reset_is_dropped(void)
{
    open_guard();
    load();
    frame_ipv4(&frame, BM_FW_IN, BM_FW_PROTO_TCP);
    frame_tcp(&frame, 40000, 23, BM_FW_SYN);
    buffer = (NetworkBufferDescriptor_t){ frame.p, frame.n };
    CHECK(!bm_freertos_guard_in(&guard, &buffer) && os.released == 1);
    CHECK(os.sent == 0);
}

static void the_engine_knows_the_subnets_of_the_end_points(void)
{
    NetworkEndPoint_t ends[] = {
        { .ipv4_settings = { FreeRTOS_ntohl(FRAME_OWN_4),
                             FreeRTOS_ntohl(0xffffff00) },
          .pxNext = &ends[1] },
        { .ipv6_settings = { { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }, 44 },
          .bits = { 1 } },
    };

    open_guard();
    load();
    os.ends = ends;
    put_udp(BM_FW_IN, 123);
    CHECK(bm_freertos_guard_in(&guard, &buffer));
    CHECK(guard.subnets.address == 0x0a000000 &&
          guard.subnets.mask == 0xffffff00 && guard.subnets.six_n == 1);
    CHECK(guard.subnets.six[0].address[0] == 0x20010db8 &&
          guard.subnets.six[0].mask[0] == UINT32_MAX &&
          guard.subnets.six[0].mask[1] == 0xfff00000 &&
          guard.subnets.six[0].mask[2] == 0);
    os.ends = NULL;
    CHECK(bm_freertos_guard_in(&guard, &buffer));
    CHECK(guard.subnets.mask == 0 && guard.subnets.six_n == 0);
}

static void flows_end_as_time_goes_by(void)
{
    open_guard();
    load();
    os.ticks = 0xffffffff; /* soon to wrap around */
    put_udp(BM_FW_IN, 123);
    CHECK(bm_freertos_guard_in(&guard, &buffer));
    CHECK(guard.ticked == 0xfffffff6);
    os.ticks += 1000 / portTICK_PERIOD_MS;
    CHECK(bm_freertos_guard_in(&guard, &buffer));
    CHECK(guard.ticked == 0xfffffff6 + 1000);
}

int main(void)
{
    RUN(nothing_passes_before_there_is_a_table);
    RUN(what_the_table_names_passes);
    RUN(what_is_dropped_on_its_way_out_counts_as_sent);
    RUN(what_is_reset_is_dropped);
    RUN(the_engine_knows_the_subnets_of_the_end_points);
    RUN(flows_end_as_time_goes_by);
    return bm_test_done();
}
