/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_FIREWALL_H
#define BM_FIREWALL_FIREWALL_H

#include "firewall/table.h"

/*
 * The engine: of a frame, the open flows, the time and the mode it says what
 * becomes of the frame. docs/firewall.md is what it computes.
 *
 *     static struct bm_fw fw;
 *     static uint32_t room[ROOM / 4];
 *
 *     bm_fw_init(&fw, random);               (all is dropped)
 *     rc = bm_fw_load(&fw, table, room, sizeof room);
 *     ...
 *     decision = bm_fw_judge(&fw, BM_FW_IN, head, length, now);
 *
 * All memory is the caller's: struct bm_fw, and room whose size the table
 * says. Nothing here blocks, and one call at a time: who judges in interrupts
 * keeps them out while another call runs.
 *
 * `now` is a count of milliseconds that never goes back but for its wrapping
 * around. bm_fw_tick() once a day or more often keeps what is older than half
 * of a turn from looking young. Buckets are not ticked: one from which nothing
 * was taken for a turn, 49.7 days, is filled as if the turn had not been, and
 * so never has more than its due.
 */

/* What became of a frame. */
struct bm_fw_decision {
    uint8_t verdict; /* enum bm_fw_verdict; allow and observe: through */
    uint8_t reason;  /* enum bm_fw_reason */
    uint16_t rule;   /* that decided, or BM_FW_NO_RULE */
};

/*
 * One event tells of all frames with its rule, reason and direction that came
 * since it began, except a sample, which tells of one frame of so many. The
 * rest is of the first frame.
 */
struct bm_fw_event {
    uint32_t first; /* times, as the frames were judged */
    uint32_t last;
    uint32_t count;
    uint32_t peer[4]; /* IPv4: the first */
    uint16_t rule;
    uint16_t type;
    uint16_t port;
    uint16_t proto;
    uint8_t family;
    uint8_t direction;
    uint8_t reason;
    uint8_t verdict;
};

/* As many as a device would tell of between two talks with its server. */
#define BM_FW_EVENTS 16

struct bm_fw_counts {
    uint32_t passed; /* observed ones, too */
    uint32_t dropped;
};

/* Parts of the room: firewall/state.h. */
struct bm_fw_rule_state;
struct bm_fw_limit;
struct bm_fw_flow;
struct bm_fw_source;

struct bm_fw {
    struct bm_fw_table table; /* with size 0: none is loaded */
    struct bm_fw_subnets subnets;
    struct bm_fw_rule_state *rules;
    struct bm_fw_limit *limits;
    struct bm_fw_flow *flows;
    struct bm_fw_source *sources;
    uint16_t *flow_heads;
    uint16_t *source_heads;
    uint32_t flow_mask;
    uint32_t source_mask;
    uint32_t keys[4];              /* of the hash */
    uint16_t oldest[BM_FW_STATES]; /* flows of a state, by the end of */
    uint16_t newest[BM_FW_STATES]; /* their lives */
    uint16_t free;
    uint16_t flow_n;
    uint8_t mode;
    uint8_t event_at;
    uint8_t event_n;
    uint32_t floor;                  /* the highest of all that were loaded */
    uint32_t event_lost;             /* events for which there was no place;
                                        set to 0 by whoever tells of them */
    uint32_t reasons[BM_FW_REASONS]; /* frames, by why */
    struct bm_fw_event events[BM_FW_EVENTS];
};

/*
 * Octets of room that a table needs, for `rules` rules, of which `limited`
 * have a rate or a threshold, `flows` places for flows and `sources` for
 * sources, those of all rules with rates of each source together.
 */
#define BM_FW_POWER(n)     \
    ((n) <= 1      ? 1u    \
     : (n) <= 2    ? 2u    \
     : (n) <= 4    ? 4u    \
     : (n) <= 8    ? 8u    \
     : (n) <= 16   ? 16u   \
     : (n) <= 32   ? 32u   \
     : (n) <= 64   ? 64u   \
     : (n) <= 128  ? 128u  \
     : (n) <= 256  ? 256u  \
     : (n) <= 512  ? 512u  \
     : (n) <= 1024 ? 1024u \
     : (n) <= 2048 ? 2048u \
                   : 4096u)
#define BM_FW_ROOM(rules, limited, flows, sources)                       \
    (16u * (rules) + 28u * (limited) + 60u * (flows) + 36u * (sources) + \
     4u * ((BM_FW_POWER(flows) + BM_FW_POWER(sources) + 1u) / 2u))

/* The same of a table; SIZE_MAX if it asks for more sources than 65,535. */
size_t bm_fw_room(const struct bm_fw_table *table);

/*
 * Without a table everything is dropped. `seed` is random, or others choose
 * addresses and ports that slow down the search for flows.
 */
void bm_fw_init(struct bm_fw *fw, uint32_t seed);

/*
 * Put a table into force, which stays where it is. `room`, at a multiple of 4,
 * may be what the table before had. All flows end, and rules count from zero;
 * the mode stays. Events that nobody took count as lost: their rules are those
 * of the table before. If this fails, everything is as it was. BM_E_FW_FLOOR:
 * the table is older than one that was in force since bm_fw_init() permits;
 * what is to hold for longer is for the caller to keep. BM_E_FW_ROOM: too
 * little room.
 */
BM_MUST_CHECK bm_status bm_fw_load(struct bm_fw *fw, struct bm_bytes table,
                                   void *room, size_t room_n);

/* Flows end whose rule is not in `mode`. */
void bm_fw_set_mode(struct bm_fw *fw, enum bm_fw_mode mode);

/* What the stack says of its subnets, whenever it changes. */
void bm_fw_set_subnets(struct bm_fw *fw, const struct bm_fw_subnets *subnets);

/*
 * Judge a frame of `length` octets, of which `head` are the first: all of it,
 * or at least BM_FW_LOOK.
 */
struct bm_fw_decision bm_fw_judge(struct bm_fw *fw,
                                  enum bm_fw_direction direction,
                                  struct bm_bytes head, size_t length,
                                  uint32_t now);

/* Whether a frame goes on. */
static inline bool bm_fw_passes(struct bm_fw_decision d)
{
    return d.verdict == BM_FW_ALLOW || d.verdict == BM_FW_OBSERVE;
}

/* End flows whose time is over. */
void bm_fw_tick(struct bm_fw *fw, uint32_t now);

/* What rule `i` has decided about since it was loaded; of no rule, zeros. */
struct bm_fw_counts bm_fw_counts(const struct bm_fw *fw, unsigned i);

/* Take the oldest event; false: there is none. */
bool bm_fw_take_event(struct bm_fw *fw, struct bm_fw_event *event);

#endif
