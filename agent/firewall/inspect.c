/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ETHERNET 14

/* What a rule decided, and what was refused by its limits or its filter. */
struct tally {
    uint64_t decided;
    uint64_t refused;
    bool out; /* the direction of these frames */
};

struct inspect {
    struct bm_fw fw;
    uint8_t *table; /* owned, at a multiple of 4 */
    size_t table_n;
    uint32_t *room;
    struct tally *rules;
    uint64_t reasons[BM_FW_REASONS];
    uint64_t lost;
};

/* ---- With a table */

static bm_status take(struct inspect *i, struct bm_bytes table)
{
    struct bm_fw_table t;
    uint32_t seed;
    size_t room;

    i->table = malloc(table.n + 1);
    if (i->table == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(i->table, table.p, table.n);
    i->table_n = table.n;
    BM_TRY(bm_fw_table_open(&t, (struct bm_bytes){ i->table, table.n }));
    room = bm_fw_room(&t);
    i->room = room != SIZE_MAX ? malloc(room + 4) : NULL;
    i->rules = calloc(t.rule_n + 1u, sizeof *i->rules);
    if (i->room == NULL || i->rules == NULL) {
        return BM_E_MEMORY;
    }
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        return BM_E_IO;
    }
    bm_fw_init(&i->fw, seed);
    return bm_fw_load(&i->fw, (struct bm_bytes){ i->table, table.n }, i->room,
                      room);
}

bm_status inspect_new(struct bm_bytes table, struct inspect **inspect)
{
    struct inspect *i = calloc(1, sizeof *i);
    bm_status rc = BM_E_MEMORY;

    *inspect = NULL;
    if (i != NULL) {
        rc = take(i, table);
    }
    if (rc != BM_OK) {
        inspect_free(i);
        return rc;
    }
    *inspect = i;
    return BM_OK;
}

void inspect_free(struct inspect *inspect)
{
    if (inspect != NULL) {
        free(inspect->rules);
        free(inspect->room);
        free(inspect->table);
        free(inspect);
    }
}

bool inspect_is_of(const struct inspect *inspect, struct bm_bytes table)
{
    return inspect->table_n == table.n &&
           memcmp(inspect->table, table.p, table.n) == 0;
}

void inspect_set_mode(struct inspect *inspect, enum bm_fw_mode mode)
{
    bm_fw_set_mode(&inspect->fw, mode);
}

void inspect_set_subnets(struct inspect *inspect,
                         const struct bm_fw_subnets *subnets)
{
    bm_fw_set_subnets(&inspect->fw, subnets);
}

void inspect_tick(struct inspect *inspect, uint32_t now)
{
    bm_fw_tick(&inspect->fw, now);
}

/* ---- Packets */

/* As nftables counts: frames that a flow accepts are not told of. */
static void count(struct inspect *i, const struct bm_fw_decision *d, bool out)
{
    switch (d->reason) {
    case BM_FW_BY_FLOW:
    case BM_FW_BY_QUOTE:
        return;
    case BM_FW_BY_RULE:
        i->rules[d->rule].decided++;
        break;
    case BM_FW_RATE:
    case BM_FW_THRESHOLD:
    case BM_FW_CAP:
    case BM_FW_FILTER:
        i->rules[d->rule].refused++;
        break;
    default:
        i->reasons[d->reason]++;
        return;
    }
    i->rules[d->rule].out = out;
}

/* What the first half octet says: the engine looks at all of the rest. */
static unsigned type_of(struct bm_bytes head)
{
    return head.n != 0 && head.p[0] >> 4 == 6 ? BM_FW_TYPE_IPV6
                                              : BM_FW_TYPE_IPV4;
}

struct bm_fw_decision inspect_judge(struct inspect *inspect,
                                    const struct inspect_packet *packet,
                                    uint32_t now)
{
    uint8_t frame[BM_FW_LOOK] = { 0 };
    const size_t n =
        packet->head.n < INSPECT_LOOK ? packet->head.n : INSPECT_LOOK;
    const unsigned type = type_of(packet->head);
    struct bm_fw_decision d;

    if (packet->mac != NULL) {
        memcpy(frame + 6, packet->mac, 6);
    }
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    if (n != 0) {
        memcpy(frame + ETHERNET, packet->head.p, n);
    }
    d = bm_fw_judge(&inspect->fw, packet->direction,
                    (struct bm_bytes){ frame, ETHERNET + n },
                    ETHERNET + packet->length, now);
    count(inspect, &d, packet->direction == BM_FW_OUT);
    return d;
}

/* ---- Counts */

void inspect_lost(struct inspect *inspect, uint32_t frames)
{
    inspect->lost += frames;
}

static void tell(struct counts *counts, const char *prefix, const char *name,
                 uint64_t *frames)
{
    char counter[16 + FIREWALL_NAME_MAX];

    if (*frames != 0) {
        (void)snprintf(counter, sizeof counter, "%s-%s", prefix, name);
        counts_add(counts, counter, *frames);
        *frames = 0;
    }
}

static void tell_rule(struct inspect *i, unsigned rule, struct counts *counts)
{
    const struct bm_bytes name = bm_fw_table_name(&i->fw.table, rule);
    struct tally *t = &i->rules[rule];
    char words[FIREWALL_NAME_MAX];

    (void)snprintf(words, sizeof words, "%s-%.*s", t->out ? "out" : "in",
                   (int)name.n, (const char *)name.p);
    tell(counts, "rule", words, &t->decided);
    tell(counts, "refused", words, &t->refused);
}

void inspect_tell(struct inspect *inspect, struct counts *counts)
{
    static const char *const names[BM_FW_REASONS] = {
        [BM_FW_DEFAULT] = "default",   [BM_FW_MALFORMED] = "malformed",
        [BM_FW_FRAGMENT] = "fragment", [BM_FW_EXTENSION] = "extension",
        [BM_FW_STATE] = "state",       [BM_FW_FULL] = "full",
    };

    for (unsigned i = 0; i < inspect->fw.table.rule_n; i++) {
        if ((inspect->rules[i].decided | inspect->rules[i].refused) != 0) {
            tell_rule(inspect, i, counts);
        }
    }
    for (unsigned i = 0; i < BM_FW_REASONS; i++) {
        if (names[i] != NULL) {
            tell(counts, "drop", names[i], &inspect->reasons[i]);
        }
    }
    tell(counts, "drop", "queue", &inspect->lost);
}
