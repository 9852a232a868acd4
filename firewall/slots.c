/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/slots.h"

#include <string.h>

#include "core/oid.h"
#include "device/number.h"
#include "firewall/firewall.h"
#include "firewall/message.h"

_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_fw_slots) <= 160,
               "RAM budget of the slots");

/* The record. */
#define STATE        BM_LOG_KEY(BM_LOG_FIREWALL, 0)
#define STATE_FORMAT 1
/* In place of the slot that was confirmed: there was one, and nobody knows
 * which. */
#define LOST_SLOT 0xfe
enum {
    STATE_CONFIRMED = 1,
    STATE_TRIAL = 2,
    STATE_STARTS = 3,
    STATE_FLOOR = 4,
    STATE_KEPT = 8
};
/* Of each slot: digest, then six numbers. */
enum {
    KEPT_SIZE = BM_FW_SLOTS_DIGEST,
    KEPT_SKIP = KEPT_SIZE + 4,
    KEPT_TABLE = KEPT_SIZE + 8,
    KEPT_TABLE_N = KEPT_SIZE + 12,
    KEPT_VERSION = KEPT_SIZE + 16,
    KEPT_FLOOR = KEPT_SIZE + 20,
    KEPT_OCTETS = KEPT_SIZE + 24
};
#define STATE_SIZE (STATE_KEPT + BM_FW_SLOTS * KEPT_OCTETS)

/* The other record: the first octets of the hash of each table that was taken
 * back, the oldest first. Of the table, since signing it again makes no other
 * policy of it. Enough that none is refused by chance, and nothing is trusted
 * by them. */
#define REVERTED      BM_LOG_KEY(BM_LOG_FIREWALL, 1)
#define REVERTED_NAME 16

/* Octets programmed at a time: whole units. */
#define PIECE (2 * BM_FLASH_UNIT_MAX)

/* ---- The record */

static void put_kept(uint8_t *to, const struct bm_fw_kept *k)
{
    memcpy(to, k->sha256, sizeof k->sha256);
    bm_number_put(to + KEPT_SIZE, 4, k->size);
    bm_number_put(to + KEPT_SKIP, 4, k->skip);
    bm_number_put(to + KEPT_TABLE, 4, k->table);
    bm_number_put(to + KEPT_TABLE_N, 4, k->table_n);
    bm_number_put(to + KEPT_VERSION, 4, k->version);
    bm_number_put(to + KEPT_FLOOR, 4, k->floor);
}

static void get_kept(const uint8_t *from, struct bm_fw_kept *k)
{
    memcpy(k->sha256, from, sizeof k->sha256);
    k->size = (uint32_t)bm_number_get(from + KEPT_SIZE, 4);
    k->skip = (uint32_t)bm_number_get(from + KEPT_SKIP, 4);
    k->table = (uint32_t)bm_number_get(from + KEPT_TABLE, 4);
    k->table_n = (uint32_t)bm_number_get(from + KEPT_TABLE_N, 4);
    k->version = (uint32_t)bm_number_get(from + KEPT_VERSION, 4);
    k->floor = (uint32_t)bm_number_get(from + KEPT_FLOOR, 4);
}

static bm_status put_state(const struct bm_fw_slots *s)
{
    uint8_t state[STATE_SIZE] = { STATE_FORMAT, s->confirmed, s->trial,
                                  s->starts };

    bm_number_put(state + STATE_FLOOR, 4, s->floor);
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        put_kept(state + STATE_KEPT + i * KEPT_OCTETS, &s->kept[i]);
    }
    return bm_log_put(s->config->log, STATE, BM_ARRAY(state));
}

static bool is_slot(uint8_t slot)
{
    return slot < BM_FW_SLOTS || slot == BM_FW_NO_SLOT;
}

/* What the record says, and nothing where it says nothing that makes sense. */
static bool makes_sense(const uint8_t *state, size_t n)
{
    return n == STATE_SIZE && state[0] == STATE_FORMAT &&
           (is_slot(state[STATE_CONFIRMED]) ||
            state[STATE_CONFIRMED] == LOST_SLOT) &&
           is_slot(state[STATE_TRIAL]);
}

/* At once: of what it cannot read the log may know nothing when it is asked
 * next, and then nobody would know that something was confirmed. */
static bm_status lose_state(struct bm_fw_slots *s)
{
    s->confirmed = LOST_SLOT;
    return put_state(s);
}

static bm_status get_state(struct bm_fw_slots *s)
{
    uint8_t state[STATE_SIZE];
    size_t n = 0;
    bm_status rc = bm_log_get(s->config->log, STATE, state, sizeof state, &n);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    if (rc == BM_E_LOG_READ || rc == BM_E_BUFFER ||
        (rc == BM_OK && !makes_sense(state, n))) {
        return lose_state(s);
    }
    BM_TRY(rc);
    s->confirmed = state[STATE_CONFIRMED];
    s->trial = state[STATE_TRIAL];
    s->starts = state[STATE_STARTS];
    s->floor = (uint32_t)bm_number_get(state + STATE_FLOOR, 4);
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        get_kept(state + STATE_KEPT + i * KEPT_OCTETS, &s->kept[i]);
    }
    return BM_OK;
}

/* ---- What lies in a slot */

/* Change what is kept, and the record; on error all is as it was. */
static bm_status change(struct bm_fw_slots *s, const struct bm_fw_slots *to)
{
    BM_TRY(put_state(to));
    *s = *to;
    return BM_OK;
}

/* ---- What lies in a slot */

static uint32_t slot_size(const struct bm_fw_slots *s)
{
    return s->config->flash[0]->sectors * s->config->flash[0]->sector;
}

static struct bm_bytes message_in(const struct bm_fw_slots *s, unsigned slot)
{
    const struct bm_fw_kept *k = &s->kept[slot];

    return (struct bm_bytes){ s->config->mapped[slot] + k->skip, k->size };
}

static struct bm_bytes table_in(const struct bm_fw_slots *s, unsigned slot)
{
    const struct bm_fw_kept *k = &s->kept[slot];

    return (struct bm_bytes){ message_in(s, slot).p + k->table, k->table_n };
}

static bm_status digest_of(const struct bm_fw_slots *s, struct bm_bytes octets,
                           uint8_t digest[BM_FW_SLOTS_DIGEST])
{
    return s->config->crypto->hash(s->config->crypto->self, BM_HASH_SHA256,
                                   octets, digest);
}

/* A table that can be loaded here. */
static bm_status check_table(const struct bm_fw_slots *s,
                             struct bm_bytes octets, struct bm_fw_table *table)
{
    BM_TRY(bm_fw_table_open(table, octets));
    return bm_fw_room(table) <= s->config->room ? BM_OK : BM_E_FW_ROOM;
}

/* As it was when it was judged? Whose word it is was found out then. */
static bool is_whole(const struct bm_fw_slots *s, unsigned slot)
{
    const struct bm_fw_kept *k = &s->kept[slot];
    uint8_t digest[BM_FW_SLOTS_DIGEST];
    struct bm_fw_table table;

    return k->skip < 4 && k->size <= slot_size(s) - k->skip &&
           k->table <= k->size && k->table_n <= k->size - k->table &&
           digest_of(s, message_in(s, slot), digest) == BM_OK &&
           memcmp(digest, k->sha256, sizeof digest) == 0 &&
           check_table(s, table_in(s, slot), &table) == BM_OK;
}

/* ---- What was taken back */

/* All that is remembered; what cannot be read is nothing. */
static bm_status get_reverted(const struct bm_fw_slots *s,
                              uint8_t names[BM_FW_REVERTED_MAX][REVERTED_NAME],
                              size_t *count)
{
    size_t n = 0;
    bm_status rc = bm_log_get(s->config->log, REVERTED, names[0],
                              (size_t)BM_FW_REVERTED_MAX * REVERTED_NAME, &n);

    *count = rc == BM_OK && n % REVERTED_NAME == 0 ? n / REVERTED_NAME : 0;
    return rc == BM_E_NOT_FOUND || rc == BM_E_LOG_READ || rc == BM_E_BUFFER
               ? BM_OK
               : rc;
}

static bm_status check_reverted(const struct bm_fw_slots *s,
                                struct bm_bytes table)
{
    uint8_t names[BM_FW_REVERTED_MAX][REVERTED_NAME];
    uint8_t digest[BM_FW_SLOTS_DIGEST];
    size_t count;

    BM_TRY(digest_of(s, table, digest));
    BM_TRY(get_reverted(s, names, &count));
    for (size_t i = 0; i < count; i++) {
        if (memcmp(names[i], digest, REVERTED_NAME) == 0) {
            return BM_E_FW_REVERTED;
        }
    }
    return BM_OK;
}

static bm_status remember_reverted(const struct bm_fw_slots *s,
                                   struct bm_bytes table)
{
    uint8_t names[BM_FW_REVERTED_MAX][REVERTED_NAME];
    uint8_t digest[BM_FW_SLOTS_DIGEST];
    size_t count;
    bm_status rc = check_reverted(s, table);

    if (rc != BM_OK) {
        return rc == BM_E_FW_REVERTED ? BM_OK : rc;
    }
    BM_TRY(digest_of(s, table, digest));
    BM_TRY(get_reverted(s, names, &count));
    if (count == BM_FW_REVERTED_MAX) {
        memmove(names[0], names[1], --count * REVERTED_NAME);
    }
    memcpy(names[count++], digest, REVERTED_NAME);
    return bm_log_put(s->config->log, REVERTED,
                      (struct bm_bytes){ names[0], count * REVERTED_NAME });
}

/* ---- Opening */

/* Was it confirmed, and cannot be read? */
static bool is_lost(const struct bm_fw_slots *s)
{
    return s->confirmed == LOST_SLOT ||
           (s->confirmed != BM_FW_NO_SLOT && !is_whole(s, s->confirmed));
}

/* The power may have gone between the two records of a revert. */
static bm_status look_at_trial(struct bm_fw_slots *s)
{
    bm_status rc;

    if (s->trial == BM_FW_NO_SLOT) {
        return BM_OK;
    }
    s->broken = !is_whole(s, s->trial);
    if (s->broken) {
        return BM_OK;
    }
    rc = check_reverted(s, table_in(s, s->trial));
    s->broken = rc == BM_E_FW_REVERTED;
    return s->broken ? BM_OK : rc;
}

static bool is_complete(const struct bm_fw_slots_config *c)
{
    for (unsigned i = 0; i < BM_FW_SLOTS; i++) {
        if (c->flash[i] == NULL || c->mapped[i] == NULL ||
            (uintptr_t)c->mapped[i] % 4 != 0) {
            return false;
        }
    }
    return c->crypto != NULL && c->log != NULL && c->trust != NULL;
}

bm_status bm_fw_slots_open(struct bm_fw_slots *s,
                           const struct bm_fw_slots_config *config)
{
    struct bm_fw_table table;

    *s = (struct bm_fw_slots){ .config = config,
                               .confirmed = BM_FW_NO_SLOT,
                               .trial = BM_FW_NO_SLOT };
    if (!is_complete(config) ||
        check_table(s, config->builtin, &table) != BM_OK) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(get_state(s));
    s->lost = is_lost(s);
    return look_at_trial(s);
}

struct bm_bytes bm_fw_slots_table(const struct bm_fw_slots *s)
{
    if (s->running) {
        return table_in(s, s->trial);
    }
    return s->confirmed == BM_FW_NO_SLOT || s->lost ? s->config->builtin
                                                    : table_in(s, s->confirmed);
}

const struct bm_fw_kept *bm_fw_slots_trial(const struct bm_fw_slots *s)
{
    return s->trial == BM_FW_NO_SLOT ? NULL : &s->kept[s->trial];
}

static bool is_that(const struct bm_fw_slots *s, uint8_t slot,
                    const uint8_t *sha256)
{
    return slot < BM_FW_SLOTS &&
           memcmp(s->kept[slot].sha256, sha256, BM_FW_SLOTS_DIGEST) == 0;
}

bool bm_fw_slots_have(const struct bm_fw_slots *s,
                      const uint8_t sha256[BM_FW_SLOTS_DIGEST])
{
    return (is_that(s, s->trial, sha256) && !s->broken) ||
           (is_that(s, s->confirmed, sha256) && !s->lost);
}

/* ---- Taking one */

/* Where the table lies in the message, as far as a reader can tell who has
 * verified nothing yet. */
static bm_status locate(struct bm_bytes message, struct bm_fw_kept *k)
{
    struct bm_cms cms;

    BM_TRY(bm_cms_parse(message, NULL, &cms));
    if (!cms.has_content) {
        return BM_E_CMS_FORM;
    }
    k->size = (uint32_t)message.n;
    k->table = (uint32_t)(cms.content.p - message.p);
    k->table_n = (uint32_t)cms.content.n;
    k->skip = (4 - k->table % 4) % 4;
    return BM_OK;
}

/* So many octets at `at`: of the message, and around it as erased. */
static void cut_piece(const struct bm_fw_kept *k, struct bm_bytes message,
                      uint32_t at, uint8_t piece[PIECE])
{
    memset(piece, 0xff, PIECE);
    for (uint32_t i = 0; i < PIECE; i++) {
        if (at + i >= k->skip && at + i - k->skip < message.n) {
            piece[i] = message.p[at + i - k->skip];
        }
    }
}

/* Sectors are multiples of a unit, of which a piece is; one that is cut short
 * by the end of a sector is not needed, then. */
static bm_status write_slot(const struct bm_fw_slots *s, unsigned slot,
                            const struct bm_fw_kept *k, struct bm_bytes message)
{
    const struct bm_flash *flash = s->config->flash[slot];
    const uint32_t end = k->skip + k->size;
    uint8_t piece[PIECE];
    uint32_t n;

    for (uint32_t at = 0; at < end; at += n) {
        const uint32_t left = flash->sector - at % flash->sector;

        if (left == flash->sector) {
            BM_TRY(flash->erase(flash->self, at));
        }
        n = left < PIECE ? left : PIECE;
        cut_piece(k, message, at, piece);
        BM_TRY(flash->program(flash->self, at, (struct bm_bytes){ piece, n }));
    }
    return BM_OK;
}

/* From where it will be used: whose it is, and whether it can be loaded. */
static bm_status judge(struct bm_fw_slots *s, unsigned slot, uint32_t uptime)
{
    const struct bm_fw_slots_config *c = s->config;
    struct bm_fw_kept *k = &s->kept[slot];
    struct bm_fw_table table;
    struct bm_bytes certs;
    struct bm_bytes octets;

    BM_TRY(bm_fw_message_open(message_in(s, slot), c->crypto,
                              &c->trust->config.work->cert[0], &certs,
                              &octets));
    BM_TRY(
        bm_trust_signer(c->trust, BM_LIT(BM_OID_KP_POLICY), certs, 0, &uptime));
    BM_TRY(check_table(s, octets, &table));
    if (table.version < s->floor) {
        return BM_E_FW_FLOOR;
    }
    k->version = table.version;
    k->floor = table.floor;
    return digest_of(s, message_in(s, slot), k->sha256);
}

/* One that waited and never ran: its slot is about to be written over. */
static bm_status forget_trial(struct bm_fw_slots *s)
{
    struct bm_fw_slots to = *s;

    if (s->trial == BM_FW_NO_SLOT) {
        return BM_OK;
    }
    to.trial = BM_FW_NO_SLOT;
    to.starts = 0;
    to.broken = false;
    return change(s, &to);
}

bm_status bm_fw_slots_take(struct bm_fw_slots *s, struct bm_bytes message,
                           uint32_t uptime)
{
    const uint8_t slot = s->confirmed == 0 ? 1 : 0;
    uint8_t digest[BM_FW_SLOTS_DIGEST];
    struct bm_fw_slots to;

    BM_TRY(digest_of(s, message, digest));
    if (bm_fw_slots_have(s, digest)) {
        return BM_OK;
    }
    if (s->running) {
        return BM_E_FW_TRIAL;
    }
    BM_TRY(forget_trial(s));
    to = *s;
    BM_TRY(locate(message, &to.kept[slot]));
    BM_TRY(check_reverted(s, (struct bm_bytes){ message.p + to.kept[slot].table,
                                                to.kept[slot].table_n }));
    if (message.n > slot_size(s) - to.kept[slot].skip) {
        return BM_E_LIMIT;
    }
    BM_TRY(write_slot(s, slot, &to.kept[slot], message));
    BM_TRY(judge(&to, slot, uptime));
    to.trial = slot;
    to.starts = 0;
    return change(s, &to);
}

/* ---- The trial */

/* What a way back would lead to, and whether there is one. */
static bool may_go_back(const struct bm_fw_slots *s)
{
    const struct bm_fw_kept *k = &s->kept[s->trial];
    const uint32_t floor = k->floor > s->floor ? k->floor : s->floor;
    struct bm_fw_table table;

    if (s->confirmed != BM_FW_NO_SLOT && !s->lost) {
        return s->kept[s->confirmed].version >= floor;
    }
    return bm_fw_table_open(&table, s->config->builtin) == BM_OK &&
           table.version >= floor;
}

static bm_status begin(struct bm_fw_slots *s, uint32_t uptime)
{
    struct bm_fw_slots to = *s;

    if (to.starts < BM_FW_TRIAL_STARTS) {
        to.starts++;
    }
    to.running = true;
    to.until = uptime + s->config->window;
    return change(s, &to);
}

/* Is there nothing to wait for any more, and something to go back to? */
static bool is_over(const struct bm_fw_slots *s, uint32_t uptime)
{
    const bool over = s->running ? (int32_t)(uptime - s->until) >= 0
                                 : s->starts >= BM_FW_TRIAL_STARTS;

    return s->broken || (over && may_go_back(s));
}

bm_status bm_fw_slots_turn(struct bm_fw_slots *s, uint32_t uptime,
                           enum bm_fw_turn *turn)
{
    *turn = BM_FW_STAYS;
    if (s->trial == BM_FW_NO_SLOT) {
        return BM_OK;
    }
    if (is_over(s, uptime)) {
        *turn = BM_FW_REVERTS;
    } else if (!s->running) {
        BM_TRY(begin(s, uptime));
        *turn = BM_FW_TRIES;
    }
    return BM_OK;
}

/* One that waited and never ran, or that the flash has lost, may come again. */
bm_status bm_fw_slots_revert(struct bm_fw_slots *s)
{
    struct bm_fw_slots to = *s;

    if (s->trial != BM_FW_NO_SLOT && s->starts != 0 && !s->broken) {
        BM_TRY(remember_reverted(s, table_in(s, s->trial)));
    }
    to.trial = BM_FW_NO_SLOT;
    to.starts = 0;
    to.running = false;
    to.broken = false;
    return change(s, &to);
}

bm_status bm_fw_slots_confirm(struct bm_fw_slots *s)
{
    struct bm_fw_slots to = *s;

    if (!s->running) {
        return BM_OK;
    }
    to.confirmed = s->trial;
    to.trial = BM_FW_NO_SLOT;
    to.starts = 0;
    to.running = false;
    to.lost = false;
    if (s->kept[s->trial].floor > s->floor) {
        to.floor = s->kept[s->trial].floor;
    }
    return change(s, &to);
}
