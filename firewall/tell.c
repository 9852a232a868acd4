/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/tell.h"

#define DIGITS_MAX 10 /* of a number below 2^32 */

/* ` peer=` and eight groups of four, or less. */
#define PEER_MAX (6 + 39)

static const char digits[] = "0123456789abcdef";

static void put_number(struct bm_wr *w, uint32_t n, unsigned base)
{
    uint8_t room[DIGITS_MAX];
    unsigned at = DIGITS_MAX;

    do {
        room[--at] = (uint8_t)digits[n % base];
        n /= base;
    } while (n != 0);
    bm_wr_put(w, (struct bm_bytes){ room + at, DIGITS_MAX - at });
}

/* A name, and of what; ports of ICMP are type and code. */
static void put_what(struct bm_wr *w, const struct bm_fw_event *e)
{
    if (e->family == BM_FW_OTHER) {
        bm_wr_str(w, "type/");
        put_number(w, e->type, 16);
    } else if (e->family == BM_FW_ARP) {
        bm_wr_str(w, "arp/");
        put_number(w, e->port, 10);
    } else if (e->proto == BM_FW_PROTO_TCP || e->proto == BM_FW_PROTO_UDP) {
        bm_wr_str(w, e->proto == BM_FW_PROTO_TCP ? "tcp/" : "udp/");
        put_number(w, e->port, 10);
    } else if (e->proto == (e->family == BM_FW_IPV4 ? BM_FW_PROTO_ICMP
                                                    : BM_FW_PROTO_ICMPV6)) {
        bm_wr_str(w, "icmp/");
        put_number(w, e->port >> 8, 10);
    } else {
        bm_wr_str(w, "ip/");
        put_number(w, e->proto, 10);
    }
}

static const char *why(unsigned reason)
{
    static const char *const names[BM_FW_REASONS] = {
        [BM_FW_DEFAULT] = "default",     [BM_FW_MALFORMED] = "malformed",
        [BM_FW_FRAGMENT] = "fragment",   [BM_FW_EXTENSION] = "extension",
        [BM_FW_STATE] = "state",         [BM_FW_RATE] = "rate",
        [BM_FW_THRESHOLD] = "threshold", [BM_FW_CAP] = "cap",
        [BM_FW_FULL] = "full",           [BM_FW_FILTER] = "filter",
    };

    return reason < BM_FW_REASONS ? names[reason] : NULL;
}

static void put_peer(struct bm_wr *w, const struct bm_fw_event *e)
{
    bm_wr_str(w, " peer=");
    if (e->family == BM_FW_IPV6) {
        for (unsigned i = 0; i < 8; i++) {
            put_number(w, e->peer[i / 2] >> (i % 2 == 0 ? 16 : 0) & 0xffff, 16);
            bm_wr_str(w, i < 7 ? ":" : "");
        }
        return;
    }
    for (unsigned shift = 32; shift > 0; shift -= 8) {
        put_number(w, e->peer[0] >> (shift - 8) & 0xff, 10);
        bm_wr_str(w, shift > 8 ? "." : "");
    }
}

/* Only where all of it fits: half an address is another one. */
static void add_peer(struct bm_wr *text, const struct bm_fw_event *e)
{
    uint8_t room[PEER_MAX];
    struct bm_wr w;

    if (e->family == BM_FW_OTHER || e->reason == BM_FW_MALFORMED) {
        return;
    }
    bm_wr_init(&w, room, sizeof room);
    put_peer(&w, e);
    if (w.len <= w.cap && w.len <= text->cap - text->len) {
        bm_wr_put(text, bm_wr_bytes(&w));
    }
}

unsigned bm_fw_tell_kind(const struct bm_fw_event *e)
{
    switch (e->reason) {
    case BM_FW_RATE:
    case BM_FW_THRESHOLD:
    case BM_FW_CAP:
    case BM_FW_FULL:
        return BM_EVENT_LIMITED;
    default:
        return e->verdict == BM_FW_ALLOW || e->verdict == BM_FW_OBSERVE
                   ? BM_EVENT_PASSED
                   : BM_EVENT_DROPPED;
    }
}

struct bm_bytes bm_fw_tell_missed(uint32_t missed,
                                  uint8_t text[BM_EVENT_TEXT_MAX])
{
    struct bm_wr w;

    bm_wr_init(&w, text, BM_EVENT_TEXT_MAX);
    bm_wr_str(&w, "n=");
    put_number(&w, missed, 10);
    return bm_wr_bytes(&w);
}

_Static_assert(sizeof "out icmp/65535 n=4294967295 rule=" - 1 +
                       BM_FW_NAME_MAX <=
                   BM_EVENT_TEXT_MAX,
               "what matters fits");

struct bm_bytes bm_fw_tell(const struct bm_fw_table *table,
                           const struct bm_fw_event *e,
                           uint8_t text[BM_EVENT_TEXT_MAX])
{
    const char *word = why(e->reason);
    struct bm_wr w;

    bm_wr_init(&w, text, BM_EVENT_TEXT_MAX);
    bm_wr_str(&w, e->direction == BM_FW_IN ? "in " : "out ");
    put_what(&w, e);
    bm_wr_str(&w, " n=");
    put_number(&w, e->count, 10);
    if (e->rule != BM_FW_NO_RULE) {
        bm_wr_str(&w, " rule=");
        bm_wr_put(&w, bm_fw_table_name(table, e->rule));
    }
    if (word != NULL &&
        sizeof " why=" - 1 + sizeof "malformed" - 1 <= w.cap - w.len) {
        bm_wr_str(&w, " why=");
        bm_wr_str(&w, word);
    }
    add_peer(&w, e);
    return bm_wr_bytes(&w);
}
