/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_MESSAGE_H
#define BM_AGENT_FIREWALL_MESSAGE_H

#include "core/bytes.h"

/*
 * What the agent asks of birthmark-firewall, over a socket of the machine: one
 * request, one reply. Numbers are big-endian.
 *
 *     request = u8 what, u8 word, u16 0, u32 n, then n octets
 *     reply   = u32 status, u32 n, then n octets
 *
 * What is no enum firewall_ask ends the connection.
 */
enum firewall_ask {
    /* A table is to be in force, in the mode `word` (enum bm_fw_mode). No
     * octets back. */
    FIREWALL_APPLY = 1,
    /* Frames since they were last heard; `word` 1: what the reply before this
     * one said was heard. Back: counts, below. */
    FIREWALL_COUNT = 2
};

#define FIREWALL_HEAD 8

/* "in-" and the name of a rule, with its NUL. */
#define FIREWALL_NAME_MAX 40

/* Octets of a table as large as the compiler makes one. */
#define FIREWALL_TABLE_MAX ((size_t)1 << 20)

/* Counts in one reply: each becomes an event, and a device keeps 16 of these.
 * The others have their turn in the next replies. */
#define FIREWALL_COUNTS     6
#define FIREWALL_COUNT_SIZE (10 + FIREWALL_NAME_MAX)
#define FIREWALL_COUNTS_MAX (FIREWALL_COUNTS * FIREWALL_COUNT_SIZE)

struct firewall_head {
    uint8_t what;
    uint8_t word;
    uint32_t n;
};

/* What frames were counted for. */
enum firewall_kind {
    FIREWALL_PASSED,  /* by this rule, */
    FIREWALL_DROPPED, /* as its verdict is, */
    FIREWALL_LIMITED, /* or beyond its rate, threshold or cap */
    FIREWALL_REASON   /* dropped for this reason (docs/firewall.md); "default":
                         by no rule */
};

struct firewall_count {
    uint8_t kind;
    uint64_t frames;
    char name[FIREWALL_NAME_MAX]; /* "in-web", "fragment" */
};

void firewall_head_put(const struct firewall_head *head,
                       uint8_t octets[FIREWALL_HEAD]);
/* False: no request. */
bool firewall_head_get(const uint8_t octets[FIREWALL_HEAD],
                       struct firewall_head *head);

/* u8 kind, u64 frames, u8 length of the name, name. */
void firewall_count_put(struct bm_wr *w, const struct firewall_count *count);
/* The next of several; false at the end, and where the octets are none: then
 * some of them are left. */
bool firewall_count_next(struct bm_bytes *octets, struct firewall_count *count);

#endif
