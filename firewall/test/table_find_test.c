/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"
#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

static struct table_maker maker;
static struct bm_fw_table table;

/* ---- Search, against looking at each range */

static uint32_t random_state = 1;

static uint32_t draw(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

/* A node of `n` ranges about `field`, keys rising, and nothing else. */
static void one_node(unsigned field, unsigned n)
{
    unsigned words = bm_fw_key_words(field);
    struct bm_fw_node *node;

    table_begin(&maker);
    node = table_node(&maker, field);
    node->n = (uint16_t)n;
    maker.parts.node_n = 1;
    for (unsigned i = 0; i < n; i++) {
        if (i < TABLE_RULES) {
            (void)table_rule(&maker, "rule", BM_FW_ALLOW, 0);
        }
        maker.targets[0][i] = (uint16_t)(BM_FW_TARGET_RULE + i % TABLE_RULES);
        for (unsigned w = 0; i + 1 < n && w < words; w++) {
            maker.keys[0][words * i + w] =
                w + 1 == words ? 7 * i + 1 + draw() % 7 : i / 8;
        }
    }
}

static int compare(const uint32_t *a, const uint32_t *b, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

static void search(unsigned field, unsigned n)
{
    unsigned words = bm_fw_key_words(field);
    struct bm_fw_packet p;

    one_node(field, n);
    table = (struct bm_fw_table){ .p = table_write(&maker).p };
    table.index = table.p + bm_fw_le32(table.p + BM_FW_AT_INDEX);
    for (unsigned i = 0; i < 8 * n; i++) {
        uint32_t value[4] = { 0 };
        unsigned want = 0;

        value[words - 1] = draw() % (7 * n + 3);
        for (unsigned w = 0; w + 1 < words; w++) {
            value[w] = draw() % (n / 8 + 2);
        }
        memset(&p, 0, sizeof p);
        memcpy(field == BM_FW_FIELD_MAC ? p.mac : p.peer, value, 4 * words);
        p.sport = (uint16_t)value[0];
        while (want + 1 < n &&
               compare(value, &maker.keys[0][words * want], words) >= 0) {
            want++;
        }
        CHECK(bm_fw_table_find(&table, BM_FW_NORMAL, &p) == want % TABLE_RULES);
        CHECK(bm_fw_table_probes(&table, BM_FW_NORMAL, &p) <= bm_fw_cost(n));
    }
}

static void a_search_finds_what_looking_at_each_range_finds(void)
{
    static const unsigned fields[] = { BM_FW_FIELD_SPORT, BM_FW_FIELD_PEER_4,
                                       BM_FW_FIELD_PEER_6, BM_FW_FIELD_MAC };

    for (unsigned i = 0; i < 4; i++) {
        for (unsigned n = 2; n <= TABLE_RANGES; n++) {
            search(fields[i], n);
        }
    }
}

int main(void)
{
    RUN(a_search_finds_what_looking_at_each_range_finds);
    return bm_test_done();
}
