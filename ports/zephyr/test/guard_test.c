/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The guard over stand-ins for Zephyr (api/): what it does with frames in
 * pieces of any shape. In Zephyr itself it never ran.
 */
#include "ports/zephyr/guard.h"

#include <zephyr/net/net_pkt_filter.h>

#include "firewall/test/frames.h"
#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

struct net_buf {
    struct net_buf *frags;
    uint8_t *data;
    size_t len;
};

static struct {
    uint32_t now;
    bool addressed;
} os;

static struct bm_zephyr_guard guard;
static struct net_if interface = { .six = { { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3,
                                              4, 5 } } };
static struct table_maker maker;
static uint32_t room[256];
static struct frame frame;
static struct net_buf pieces[FRAME_MAX];
static struct net_pkt pkt;

/* ---- The system */

int k_mutex_init(struct k_mutex *mutex)
{
    mutex->depth = 0;
    return 0;
}

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout)
{
    CHECK(mutex->depth++ == 0 && timeout.ticks == -1);
    return 0;
}

int k_mutex_unlock(struct k_mutex *mutex)
{
    CHECK(mutex->depth-- == 1);
    return 0;
}

uint32_t k_uptime_get_32(void)
{
    return os.now;
}

struct in_addr *net_if_ipv4_get_global_addr(struct net_if *iface,
                                            enum net_addr_state state)
{
    CHECK(iface == &interface && state == NET_ADDR_PREFERRED);
    CHECK(guard.lock.depth == 0);
    return os.addressed ? &iface->own : NULL;
}

struct in_addr net_if_ipv4_get_netmask_by_addr(struct net_if *iface,
                                               const struct in_addr *addr)
{
    CHECK(addr == &iface->own);
    return iface->mask;
}

struct in6_addr *net_if_ipv6_get_global_addr(enum net_addr_state state,
                                             struct net_if **iface)
{
    CHECK(*iface == &interface && state == NET_ADDR_PREFERRED);
    return os.addressed ? &(*iface)->six : NULL;
}

struct net_if *net_pkt_iface(struct net_pkt *p)
{
    return p->iface;
}

size_t net_pkt_get_len(struct net_pkt *p)
{
    size_t n = 0;

    for (const struct net_buf *b = p->buffer; b != NULL; b = b->frags) {
        n += b->len;
    }
    return n;
}

void net_pkt_cursor_init(struct net_pkt *p)
{
    p->cursor = (struct net_pkt_cursor){ p->buffer, p->buffer->data };
}

void net_pkt_cursor_backup(struct net_pkt *p, struct net_pkt_cursor *backup)
{
    *backup = p->cursor;
}

void net_pkt_cursor_restore(struct net_pkt *p, struct net_pkt_cursor *backup)
{
    p->cursor = *backup;
}

int net_pkt_read(struct net_pkt *p, void *data, size_t length)
{
    struct net_pkt_cursor *c = &p->cursor;
    uint8_t *to = data;

    for (size_t i = 0; i < length; i++) {
        while (c->buf != NULL && c->pos == c->buf->data + c->buf->len) {
            c->buf = c->buf->frags;
            c->pos = c->buf != NULL ? c->buf->data : NULL;
        }
        if (c->buf == NULL) {
            return -105;
        }
        to[i] = *c->pos++;
    }
    return 0;
}

struct npf_rule npf_default_ok = { .result = NET_OK };
struct npf_rule_list npf_recv_rules;

void npf_insert_rule(struct npf_rule_list *rules, struct npf_rule *rule)
{
    rule->next = rules->first;
    rules->first = rule;
}

void npf_append_rule(struct npf_rule_list *rules, struct npf_rule *rule)
{
    struct npf_rule **at = &rules->first;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    rule->next = NULL;
    *at = rule;
}

/* The first rule of which all tests are true decides. */
static bool comes_in(void)
{
    for (struct npf_rule *r = npf_recv_rules.first; r != NULL; r = r->next) {
        bool all = true;

        for (uint32_t i = 0; i < r->nb_tests; i++) {
            all = all && r->tests[i]->fn(r->tests[i], &pkt);
        }
        if (all) {
            return r->result == NET_OK;
        }
    }
    return false;
}

static bool goes_out(void)
{
    return bm_zephyr_guard_out(&guard, &pkt);
}

/* ---- The device */

/* In: UDP 123. Out: UDP 53. */
static void open_guard(void)
{
    memset(&os, 0, sizeof os);
    npf_recv_rules.first = NULL;
    interface.own.s_addr = __builtin_bswap32(FRAME_OWN_4);
    interface.mask.s_addr = __builtin_bswap32(0xffffff00);
    bm_zephyr_guard_open(&guard, &interface, 1);
    table_begin(&maker);
    (void)table_rule(&maker, "some", BM_FW_ALLOW, 0);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_UDP, 123, 0);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 53, 0);
}

static void load(void)
{
    CHECK_STATUS(bm_fw_load(&guard.fw, table_end(&maker), room, sizeof room),
                 BM_OK);
}

/* In pieces of so many octets. */
static void put_udp(enum bm_fw_direction d, unsigned port, size_t piece)
{
    size_t n = 0;

    frame_ipv4(&frame, d, BM_FW_PROTO_UDP);
    frame_udp(&frame, 40000, port);
    for (size_t at = 0; at < frame.n; at += piece) {
        pieces[n] =
            (struct net_buf){ &pieces[n + 1], frame.p + at,
                              frame.n - at < piece ? frame.n - at : piece };
        n++;
    }
    pieces[n - 1].frags = NULL;
    pkt = (struct net_pkt){ { &pieces[0], frame.p + 3 }, &interface, pieces };
}

static void nothing_passes_before_there_is_a_table(void)
{
    open_guard();
    put_udp(BM_FW_IN, 123, FRAME_MAX);
    CHECK(!comes_in());
    put_udp(BM_FW_OUT, 53, FRAME_MAX);
    CHECK(!goes_out());
}

static void what_the_table_names_passes_in_pieces_of_any_size(void)
{
    open_guard();
    load();
    for (size_t piece = 1; piece < 70; piece++) {
        put_udp(BM_FW_IN, 123, piece);
        CHECK(comes_in());
        CHECK(pkt.cursor.pos == frame.p + 3); /* where the stack was */
        put_udp(BM_FW_IN, 124, piece);
        CHECK(!comes_in());
        put_udp(BM_FW_OUT, 53, piece);
        CHECK(goes_out());
        put_udp(BM_FW_OUT, 54, piece);
        CHECK(!goes_out() && guard.lock.depth == 0);
    }
}

static void frames_of_other_interfaces_are_dropped(void)
{
    static struct net_if other;

    open_guard();
    load();
    put_udp(BM_FW_IN, 123, FRAME_MAX);
    pkt.iface = &other;
    CHECK(!comes_in());
    put_udp(BM_FW_OUT, 53, FRAME_MAX);
    pkt.iface = &other;
    CHECK(!goes_out());
}

static void the_engine_knows_the_subnets_of_the_interface(void)
{
    open_guard();
    load();
    put_udp(BM_FW_IN, 123, FRAME_MAX);
    CHECK(comes_in() && guard.subnets.mask == 0 && guard.subnets.six_n == 0);
    os.addressed = true;
    CHECK(comes_in());
    CHECK(guard.subnets.address == 0x0a000000 &&
          guard.subnets.mask == 0xffffff00);
    CHECK(guard.subnets.six_n == 1 &&
          guard.subnets.six[0].address[1] == 0x01020304 &&
          guard.subnets.six[0].mask[1] == UINT32_MAX &&
          guard.subnets.six[0].mask[2] == 0);
}

static void flows_end_as_time_goes_by(void)
{
    open_guard();
    load();
    os.now = 0xfffffff0; /* soon to wrap around */
    put_udp(BM_FW_IN, 123, FRAME_MAX);
    CHECK(comes_in() && guard.ticked == 0xfffffff0);
    os.now += 1000;
    CHECK(comes_in() && guard.ticked == 0xfffffff0 + 1000);
}

int main(void)
{
    RUN(nothing_passes_before_there_is_a_table);
    RUN(what_the_table_names_passes_in_pieces_of_any_size);
    RUN(frames_of_other_interfaces_are_dropped);
    RUN(the_engine_knows_the_subnets_of_the_interface);
    RUN(flows_end_as_time_goes_by);
    return bm_test_done();
}
