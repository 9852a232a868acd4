/* SPDX-License-Identifier: Apache-2.0 */
#include <lwip/tcp.h>
#include <stdio.h>
#include <string.h>

#include "ports/lwip/guard.h"
#include "ports/mps2/board.h"
#include "tests/net/device.h"

/* As a device would report: not with each frame. */
#define TELL_MS 200

#define TABLE_MAX 4096
#define ROOM_MAX  4096

static struct bm_net_guard guard;

static struct {
    uint32_t told;    /* when */
    uint32_t scan_ms; /* between two attempts; 0: nobody makes any */
    uint32_t scanned;
    uint32_t attempts;
} p;

static enum bm_fw_mode wanted_mode(void)
{
    const char *word = device_word("mode");

    return strcmp(word, "lockdown") == 0 ? BM_FW_LOCKDOWN
           : strcmp(word, "repair") == 0 ? BM_FW_REPAIR
                                         : BM_FW_NORMAL;
}

bm_status policy_open(struct device *d)
{
    static uint32_t table[TABLE_MAX / 4];
    static uint32_t room[ROOM_MAX / 4];
    char name[64];
    size_t n = 0;

    (void)snprintf(name, sizeof name, "%s", device_word("policy"));
    BM_TRY(device_load(name, (uint8_t *)table, sizeof table, &n));
    BM_TRY(bm_net_guard_init(&guard, &d->crypto));
    BM_TRY(bm_fw_load(&guard.fw, (struct bm_bytes){ (const uint8_t *)table, n },
                      room, sizeof room));
    bm_fw_set_mode(&guard.fw, wanted_mode());
    d->net_config.guard = &guard;
    printf("policy table=%u room=%u\n", (unsigned)n,
           (unsigned)bm_fw_room(&guard.fw.table));
    return BM_OK;
}

/* ---- What the server would be told */

static void print_event(const struct bm_fw *fw, const struct bm_fw_event *e)
{
    struct bm_bytes name = { (const uint8_t *)"-", 1 };

    if (e->rule != BM_FW_NO_RULE) {
        name = bm_fw_table_name(&fw->table, e->rule);
    }
    printf("event %s rule=%.*s reason=%u type=%04x proto=%u port=%u "
           "peer=%08lx count=%lu\n",
           e->direction == BM_FW_OUT ? "out" : "in", (int)name.n,
           (const char *)name.p, e->reason, e->type, e->proto, e->port,
           (unsigned long)e->peer[0], (unsigned long)e->count);
}

static void print_events(struct bm_fw *fw)
{
    struct bm_fw_event event;

    while (bm_fw_take_event(fw, &event)) {
        print_event(fw, &event);
    }
}

/* ---- Somebody inside */

/* Mirai asks one address after another for telnet, and waits for none. */
static void look_for_telnet(void)
{
    struct tcp_pcb *pcb = tcp_new();
    ip_addr_t to = IPADDR4_INIT_BYTES(192, 0, 2, 0);

    if (pcb == NULL) {
        return;
    }
    p.attempts++;
    ip_2_ip4(&to)->addr |= lwip_htonl(p.attempts & 255);
    (void)tcp_connect(pcb, &to, p.attempts % 10 == 0 ? 2323 : 23, NULL);
    tcp_abort(pcb);
}

static void scan(uint32_t now)
{
    if (p.scanned == 0) {
        p.scan_ms = device_number("scan", 0);
        p.scanned = now | 1;
    }
    if (p.scan_ms != 0 && now - p.scanned >= p.scan_ms) {
        p.scanned = now | 1;
        look_for_telnet();
    }
}

void policy_turn(struct device *d)
{
    uint32_t now = bm_board_ms();

    if (bm_net_ready(&d->net)) {
        scan(now);
    }
    if (d->net_config.guard != NULL && now - p.told >= TELL_MS) {
        p.told = now;
        print_events(&guard.fw);
    }
}

void policy_tell(struct device *d)
{
    if (d->net_config.guard == NULL) {
        return;
    }
    print_events(&guard.fw);
    for (unsigned i = 0; i < guard.fw.table.rule_n; i++) {
        struct bm_bytes name = bm_fw_table_name(&guard.fw.table, i);
        struct bm_fw_counts counts = bm_fw_counts(&guard.fw, i);

        printf("rule %.*s passed=%lu dropped=%lu\n", (int)name.n,
               (const char *)name.p, (unsigned long)counts.passed,
               (unsigned long)counts.dropped);
    }
    printf("guard attempts=%lu resets=%lu lost=%lu reasons=",
           (unsigned long)p.attempts, (unsigned long)guard.resets,
           (unsigned long)guard.fw.event_lost);
    for (unsigned i = 0; i < BM_FW_REASONS; i++) {
        printf("%s%lu", i == 0 ? "" : ",", (unsigned long)guard.fw.reasons[i]);
    }
    printf("\n");
}
