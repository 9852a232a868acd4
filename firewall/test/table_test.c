/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table.h"

#include "firewall/table_internal.h"
#include "firewall/test/frames.h"
#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

static struct table_maker maker;
static struct bm_fw_table table;
static uint32_t copy[TABLE_OCTETS / 4];

/* A table with something of everything. */
static struct bm_bytes make(void)
{
    unsigned web;
    unsigned ping;
    unsigned dns;

    table_begin(&maker);
    web = table_rule(&maker, "web", BM_FW_ALLOW, BM_FW_FLOWS);
    ping =
        table_rule(&maker, "ping", BM_FW_ALLOW, BM_FW_FLOWS | BM_FW_PER_SOURCE);
    dns = table_rule(&maker, "dns-out", BM_FW_OBSERVE, BM_FW_FLOWS);
    maker.rules[ping].rate = 655;
    maker.rules[ping].burst = 10;
    maker.rules[web].cap = 4;
    maker.rules[web].log = BM_FW_LOG_SAMPLE;
    maker.rules[web].sample = 100;
    maker.rules[dns].high = 200;
    maker.rules[dns].low = 100;
    maker.parts.sources = 4;
    maker.parts.version = 7;
    maker.parts.floor = 5;
    table_service(&maker, BM_FW_IN, TABLE_ICMP, 0x0800, ping)->port_6 = 0x8000;
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 80, web);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 443, web);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 53, dns);
    return table_end(&maker);
}

static bm_status open_copy(struct bm_bytes t)
{
    memcpy(copy, t.p, t.n);
    return bm_fw_table_open(&table,
                            (struct bm_bytes){ (const uint8_t *)copy, t.n });
}

static void a_table_that_was_written_is_read_again(void)
{
    struct bm_bytes t = make();
    struct bm_fw_rule rule;

    CHECK(t.n != 0);
    CHECK_STATUS(bm_fw_table_open(&table, t), BM_OK);
    CHECK(table.version == 7 && table.floor == 5 && table.rule_n == 3);
    CHECK(table.flows == 8 && table.sources == 4 && table.seconds[2] == 7200);
    bm_fw_table_rule(&table, 1, &rule);
    CHECK(memcmp(&rule, &maker.rules[1], sizeof rule) == 0);
    CHECK_BYTES(bm_fw_table_name(&table, 2).p, bm_fw_table_name(&table, 2).n,
                "dns-out", 7);
}

static unsigned found(const struct frame *f, unsigned *probes)
{
    static const struct bm_fw_subnets none;
    struct bm_fw_packet p;

    CHECK(bm_fw_packet_parse(&p, f->direction, frame_bytes(f), f->n, &none) ==
          BM_FW_BY_RULE);
    *probes = bm_fw_table_probes(&table, BM_FW_NORMAL, &p);
    return bm_fw_table_find(&table, BM_FW_NORMAL, &p);
}

static void each_port_leads_to_its_rule_and_no_other_does(void)
{
    unsigned most = 0;

    CHECK_STATUS(bm_fw_table_open(&table, make()), BM_OK);
    for (unsigned port = 0; port < 600; port++) {
        struct frame f;
        unsigned probes;
        unsigned rule;

        frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_TCP);
        frame_tcp(&f, 1000, port, BM_FW_SYN);
        rule = found(&f, &probes);
        CHECK(rule == (port == 80 || port == 443 ? 0 : BM_FW_NO_RULE));
        most = probes > most ? probes : most;
        frame_ipv6(&f, BM_FW_IN, BM_FW_PROTO_TCP);
        frame_tcp(&f, 1000, port, BM_FW_SYN);
        CHECK(found(&f, &probes) == rule);
        most = probes > most ? probes : most;
    }
    CHECK(most <= table.probes);
}

/* Of whatever octets are not a table, nothing is left in the result. */
static void refused(struct bm_bytes t)
{
    static const struct bm_fw_table zero;

    memset(&table, 7, sizeof table);
    if (bm_fw_table_open(&table, t) != BM_OK) {
        CHECK(memcmp(&table, &zero, sizeof zero) == 0);
    }
}

static void no_prefix_is_a_table(void)
{
    struct bm_bytes t = make();

    for (size_t n = 0; n < t.n; n++) {
        /* At the end of an array, where a sanitizer sees a read behind it. */
        uint8_t *at = (uint8_t *)copy + sizeof copy - (n + 3) / 4 * 4;
        struct bm_bytes part = { at, n };

        memcpy(at, t.p, n);
        CHECK(bm_fw_table_open(&table, part) != BM_OK);
        refused(part);
    }
    CHECK_STATUS(open_copy(t), BM_OK);
    copy[t.n / 4] = 0;
    CHECK(bm_fw_table_open(&table, (struct bm_bytes){ (const uint8_t *)copy,
                                                      t.n + 4 }) != BM_OK);
}

/*
 * Numbers may change into other good ones; structure may not: every bit of
 * nodes and index, and of places and counts in the header, is held by another.
 */
static void no_bit_of_the_structure_can_be_flipped(void)
{
    struct bm_bytes t = make();
    uint32_t nodes = bm_fw_le32(t.p + BM_FW_AT_NODES);
    uint32_t names = bm_fw_le32(t.p + BM_FW_AT_NAMES);
    size_t keys = 0;

    for (size_t bit = 0; bit < 8 * t.n; bit++) {
        size_t at = bit / 8;
        bm_status rc;

        memcpy(copy, t.p, t.n);
        ((uint8_t *)copy)[at] ^= (uint8_t)(1u << bit % 8);
        rc = bm_fw_table_open(&table,
                              (struct bm_bytes){ (const uint8_t *)copy, t.n });
        if (at < 12 || (at >= BM_FW_AT_PROBES && at < BM_FW_AT_ROOTS) ||
            (at >= BM_FW_AT_RESERVED && at < BM_FW_HEADER_SIZE)) {
            CHECK(rc != BM_OK);
        } else if (at >= nodes && at < names) {
            keys += rc == BM_OK; /* another port, or another rule */
        }
        refused((struct bm_bytes){ (const uint8_t *)copy, t.n });
    }
    CHECK(keys < 200);
}

static void a_table_lies_at_a_multiple_of_four(void)
{
    struct bm_bytes t = make();

    memcpy((uint8_t *)copy + 1, t.p, t.n);
    CHECK_STATUS(
        bm_fw_table_open(&table,
                         (struct bm_bytes){ (const uint8_t *)copy + 1, t.n }),
        BM_E_ARGUMENT);
}

/* ---- What the document forbids, clause by clause */

static void version(void)
{
    maker.parts.version = 0;
    maker.parts.floor = 0;
}

static void floor_above_version(void)
{
    maker.parts.floor = 8;
}

static void too_many_flows(void)
{
    maker.parts.flows = BM_FW_FLOWS_MAX + 1;
}

static void too_many_sources(void)
{
    maker.parts.sources = BM_FW_SOURCES_MAX + 1;
}

static void no_source_for_rates_of_each(void)
{
    maker.parts.sources = 0;
}

static void no_time(void)
{
    maker.parts.seconds[8] = 0;
}

static void root_beyond_nodes(void)
{
    maker.parts.roots[0] = (uint16_t)maker.parts.node_n;
}

static void root_beyond_rules(void)
{
    maker.parts.roots[BM_FW_ROOTS - 1] = BM_FW_TARGET_RULE + 3;
}

/* What needs ports, for frames that have none. */
static void root_for_others(void)
{
    maker.parts.roots[BM_FW_ROOT(0, 0, BM_FW_CLASS_PLAIN_6)] = 0;
}

static void roots_in_another_order(void)
{
    uint16_t *roots = maker.parts.roots;
    uint16_t first = roots[BM_FW_CLASS_TCP_4];

    CHECK(first == 0 && roots[BM_FW_CLASS_ICMP_4] == 1);
    roots[BM_FW_CLASS_TCP_4] = 1;
    roots[BM_FW_CLASS_ICMP_4] = 0;
}

static void all_roots(unsigned first, unsigned last, unsigned target)
{
    for (unsigned i = first; i <= last; i++) {
        maker.parts.roots[i] = (uint16_t)target;
    }
}

static void node_not_reached(void)
{
    for (unsigned mode = 0; mode < BM_FW_MODES; mode++) {
        all_roots(BM_FW_ROOT(mode, BM_FW_OUT, 0),
                  BM_FW_ROOT(mode, BM_FW_OUT, BM_FW_CLASSES - 1),
                  BM_FW_NO_RULE);
    }
}

static void node_twice(void)
{
    maker.nodes[maker.parts.node_n] = maker.nodes[maker.parts.node_n - 1];
    maker.parts.roots[BM_FW_ROOT(2, BM_FW_OUT, BM_FW_CLASS_TCP_6)] =
        (uint16_t)maker.parts.node_n++;
}

static void target_is_no_child(void)
{
    maker.targets[0][1] = 0;
}

static void target_beyond_rules(void)
{
    maker.targets[0][1] = BM_FW_TARGET_RULE + 3;
}

static void neighbours_alike(void)
{
    maker.targets[0][1] = maker.targets[0][0];
}

static void keys_not_rising(void)
{
    maker.keys[0][1] = maker.keys[0][0];
}

static void first_key_zero(void)
{
    maker.keys[0][0] = 0;
}

static void no_such_field(void)
{
    maker.nodes[0].field = 9;
}

static void field_out_of_order(void)
{
    maker.nodes[0].field = BM_FW_FIELD_TYPE;
}

static void mac_of_what_goes_out(void)
{
    all_roots(0, BM_FW_ROOTS - 1, BM_FW_NO_RULE);
    maker.parts.roots[BM_FW_ROOT(0, BM_FW_IN, BM_FW_CLASS_OTHER)] = 0;
    maker.parts.roots[BM_FW_ROOT(0, BM_FW_OUT, BM_FW_CLASS_OTHER)] = 0;
    maker.parts.node_n = 1;
    maker.nodes[0].field = BM_FW_FIELD_MAC;
    maker.nodes[0].n = 2;
}

/* What is looked at for a root, and is of no frame that it is for. */
static void field_of_other_frames(void)
{
    all_roots(0, BM_FW_ROOTS - 1, BM_FW_NO_RULE);
    maker.parts.roots[BM_FW_CLASS_TCP_4] = 0;
    maker.parts.node_n = 1;
    maker.nodes[0].field = BM_FW_FIELD_PEER_6;
    maker.nodes[0].n = 2;
}

static void proto_of_tcp(void)
{
    field_of_other_frames();
    maker.nodes[0].field = BM_FW_FIELD_PROTO;
}

static void subnet_of_two(void)
{
    field_of_other_frames();
    maker.nodes[0].field = BM_FW_FIELD_SUBNET;
    maker.keys[0][0] = 2;
}

static void rule_without_verdict(void)
{
    maker.rules[0].verdict = 0;
}

static void rule_of_verdict_5(void)
{
    maker.rules[0].verdict = 5;
}

static void flag_16(void)
{
    maker.rules[0].flags |= 16;
}

static void drop_with_flows(void)
{
    maker.rules[0].verdict = BM_FW_DROP;
}

static void cap_without_flows(void)
{
    maker.rules[0].flags = 0;
}

static void log_3(void)
{
    maker.rules[1].log = 3;
}

static void count_with_sample(void)
{
    maker.rules[0].log = BM_FW_LOG_COUNT;
}

static void sample_of_none(void)
{
    maker.rules[0].sample = 0;
}

static void no_modes(void)
{
    maker.rules[0].modes = 0;
}

static void mode_8(void)
{
    maker.rules[0].modes = 8;
}

static void rate_without_burst(void)
{
    maker.rules[1].burst = 0;
}

static void burst_without_rate(void)
{
    maker.rules[1].rate = 0;
}

static void burst_of_32768(void)
{
    maker.rules[1].burst = 32768;
}

static void flag_without_rate(void)
{
    maker.rules[0].flags |= BM_FW_CONNECTIONS;
}

static void low_above_high(void)
{
    maker.rules[2].low = 201;
}

static void high_without_low(void)
{
    maker.rules[2].low = 0;
}

static void low_without_high(void)
{
    maker.rules[2].high = 0;
}

static void watch_without_filter(void)
{
    maker.rules[0].flags |= BM_FW_FILTER_WATCH;
}

static void name_of_nothing(void)
{
    maker.names[1] = "";
}

static void name_of_32(void)
{
    maker.names[1] = "abcdefghijklmnopqrstuvwxyzabcdef";
}

static void name_with_space(void)
{
    maker.names[1] = "a b";
}

static void octets_behind(void)
{
    maker.parts.filters = BM_LIT("\0\0\0\0");
}

static const struct {
    const char *name;
    void (*spoil)(void);
} spoils[] = {
#define SPOIL(f) \
    {            \
#f, f    \
    }
    SPOIL(version),
    SPOIL(floor_above_version),
    SPOIL(too_many_flows),
    SPOIL(too_many_sources),
    SPOIL(no_source_for_rates_of_each),
    SPOIL(no_time),
    SPOIL(root_beyond_nodes),
    SPOIL(root_beyond_rules),
    SPOIL(root_for_others),
    SPOIL(roots_in_another_order),
    SPOIL(node_not_reached),
    SPOIL(node_twice),
    SPOIL(target_is_no_child),
    SPOIL(target_beyond_rules),
    SPOIL(neighbours_alike),
    SPOIL(keys_not_rising),
    SPOIL(first_key_zero),
    SPOIL(no_such_field),
    SPOIL(field_out_of_order),
    SPOIL(mac_of_what_goes_out),
    SPOIL(field_of_other_frames),
    SPOIL(proto_of_tcp),
    SPOIL(subnet_of_two),
    SPOIL(rule_without_verdict),
    SPOIL(rule_of_verdict_5),
    SPOIL(flag_16),
    SPOIL(drop_with_flows),
    SPOIL(cap_without_flows),
    SPOIL(log_3),
    SPOIL(count_with_sample),
    SPOIL(sample_of_none),
    SPOIL(no_modes),
    SPOIL(mode_8),
    SPOIL(rate_without_burst),
    SPOIL(burst_without_rate),
    SPOIL(burst_of_32768),
    SPOIL(flag_without_rate),
    SPOIL(low_above_high),
    SPOIL(high_without_low),
    SPOIL(low_without_high),
    SPOIL(watch_without_filter),
    SPOIL(name_of_nothing),
    SPOIL(name_of_32),
    SPOIL(name_with_space),
    SPOIL(octets_behind),
};

static void what_the_document_forbids_is_refused(void)
{
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        CHECK_STATUS(bm_fw_table_open(&table, make()), BM_OK);
        spoils[i].spoil();
        if (bm_fw_table_open(&table, table_write(&maker)) != BM_E_FW_TABLE) {
            printf("# %s\n", spoils[i].name);
            CHECK(!"accepted");
        }
    }
}

static void another_format_has_its_own_word(void)
{
    struct bm_bytes t = make();

    memcpy(copy, t.p, t.n);
    ((uint8_t *)copy)[BM_FW_AT_FORMAT] = 2;
    CHECK_STATUS(bm_fw_table_open(
                     &table, (struct bm_bytes){ (const uint8_t *)copy, t.n }),
                 BM_E_FW_FORMAT);
}

int main(void)
{
    RUN(a_table_that_was_written_is_read_again);
    RUN(each_port_leads_to_its_rule_and_no_other_does);
    RUN(no_prefix_is_a_table);
    RUN(no_bit_of_the_structure_can_be_flipped);
    RUN(a_table_lies_at_a_multiple_of_four);
    RUN(what_the_document_forbids_is_refused);
    RUN(another_format_has_its_own_word);
    return bm_test_done();
}
