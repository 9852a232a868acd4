/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"

/*
 * Revocation lists of the root. Each goes on from the one before: the next
 * number, and whoever was revoked stays it, with the same date and reason.
 */

/* "crl-", digits, NUL. */
#define LIST_NAME_MAX 32

/* ---- What the transcript says */

static bool take_number(const struct transcript_entry *e, const char *key,
                        uint64_t *number)
{
    struct bm_bytes text;

    *number = 0;
    if (!transcript_field(e, key, &text) || text.n > 18) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        *number = *number * 10 + (uint64_t)(text.p[i] - '0');
    }
    return true;
}

/* Numbers of lists. */
struct lists {
    uint64_t highest;
    uint64_t ours;   /* of the last list made here, or 0 */
    uint64_t before; /* of the one made here before that, or 0 */
    uint64_t below;  /* the highest before that list was planned */
};

static bm_status find_last(const struct ceremony *c, struct lists *lists)
{
    struct transcript_reader r;
    struct transcript_entry e;
    uint64_t number;
    bm_status rc;

    memset(lists, 0, sizeof *lists);
    BM_TRY(transcript_read(&c->transcript, &r));
    while ((rc = transcript_next(&r, &e)) == BM_OK) {
        if (transcript_is(&e, "plan") && take_number(&e, "number", &number)) {
            lists->before = lists->ours;
            lists->below = lists->highest;
            lists->ours = number;
        } else if (!transcript_is(&e, "adopted") ||
                   !take_number(&e, "crl-number", &number)) {
            continue;
        }
        lists->highest = number > lists->highest ? number : lists->highest;
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static void name_list(char name[LIST_NAME_MAX], uint64_t number)
{
    (void)snprintf(name, LIST_NAME_MAX, "crl-%" PRIu64, number);
}

/* Is it the serial number of something that this root signed? */
static bool was_signed(const struct ceremony *c,
                       const struct script_revoked *revoked)
{
    struct transcript_reader r;
    struct transcript_entry e;
    struct bm_bytes text;
    uint8_t serial[sizeof revoked->serial];

    if (transcript_read(&c->transcript, &r) != BM_OK) {
        return false;
    }
    while (transcript_next(&r, &e) == BM_OK) {
        /* What it signed before its transcript began is not known. */
        if (transcript_is(&e, "adopted") ||
            (transcript_is(&e, "plan") &&
             transcript_field(&e, "serial", &text) &&
             text.n == 2 * revoked->serial_n &&
             ceremony_from_hex(text, serial, revoked->serial_n) &&
             memcmp(serial, revoked->serial, revoked->serial_n) == 0)) {
            return true;
        }
    }
    return false;
}

/* ---- The list before */

static const struct script_revoked *find(const struct script *script,
                                         struct bm_bytes serial)
{
    for (size_t i = 0; i < script->revoked_n; i++) {
        const struct script_revoked *r = &script->revoked[i];

        if (bm_bytes_are(serial, r->serial, r->serial_n)) {
            return r;
        }
    }
    return NULL;
}

static bm_status check_entries(const struct ceremony *c,
                               const struct bm_crl *before, const char *name,
                               struct ca_refusal *why)
{
    struct bm_bytes entries = before->entries;
    struct bm_crl_entry entry;

    while (bm_crl_entry_next(&entries, &entry)) {
        const struct script_revoked *r = find(c->config.script, entry.serial);

        if (r == NULL || r->date != entry.revoked_at ||
            r->reason != entry.reason) {
            return ca_refuse(why, BM_E_CEREMONY_REVOKED,
                             "%s revoked a certificate that %s %s", name,
                             c->config.script->file,
                             r == NULL ? "does not name"
                                       : "names with another date or reason");
        }
    }
    return BM_OK;
}

static bm_status check_before(const struct ceremony *c, uint64_t number,
                              struct ca_refusal *why)
{
    uint8_t *room = malloc(CEREMONY_TBS_MAX);
    char name[LIST_NAME_MAX];
    struct transcript_entry entry;
    struct bm_crl crl;
    struct bm_wr w;
    bm_status rc = BM_E_CEREMONY_TRANSCRIPT;

    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    name_list(name, number);
    bm_wr_init(&w, room, CEREMONY_TBS_MAX);
    if (ceremony_find(c, "signed", name, &entry) &&
        transcript_base64(&entry, "crl", &w)) {
        rc = bm_crl_parse(bm_wr_bytes(&w), NULL, &crl);
        if (rc == BM_OK) {
            rc = bm_crl_verify(&crl, &c->root.cert.key, c->config.tools.crypto);
        }
        if (rc == BM_OK) {
            rc = check_entries(c, &crl, name, why);
        }
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status check_revoked(const struct ceremony *c, struct ca_refusal *why)
{
    const struct script *s = c->config.script;

    for (size_t i = 0; i < s->revoked_n; i++) {
        if (!was_signed(c, &s->revoked[i])) {
            return ca_refuse(why, BM_E_CEREMONY_REVOKED,
                             "%s: revoked item %zu is no certificate of this "
                             "root",
                             s->file, i + 1);
        }
        if (s->revoked[i].date > c->config.now) {
            return ca_refuse(why, BM_E_CEREMONY_REVOKED,
                             "%s: revoked item %zu is of the future", s->file,
                             i + 1);
        }
    }
    return BM_OK;
}

/* ---- The list */

struct walk {
    const struct script *script;
    size_t next;
};

static bm_status rewind_revoked(void *self)
{
    ((struct walk *)self)->next = 0;
    return BM_OK;
}

static bm_status next_revoked(void *self, struct bm_crl_entry *entry)
{
    struct walk *w = self;
    const struct script_revoked *r;

    if (w->next == w->script->revoked_n) {
        return BM_E_END;
    }
    r = &w->script->revoked[w->next++];
    *entry = (struct bm_crl_entry){ .serial = { r->serial, r->serial_n },
                                    .revoked_at = r->date,
                                    .reason = (uint8_t)r->reason };
    return BM_OK;
}

static bm_status record_plan(struct ceremony *c, const char *name,
                             uint64_t number,
                             const struct bm_crl_config *config,
                             struct bm_bytes tbs, struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;

    transcript_begin(t, "plan", c->config.now);
    transcript_put_str(t, "step", name);
    transcript_put_str(t, "kind", "crl");
    transcript_put_number(t, "number", number);
    transcript_put_number(t, "revoked", c->config.script->revoked_n);
    transcript_put_time(t, "this-update", config->this_update);
    transcript_put_time(t, "next-update", config->next_update);
    transcript_put_hash(t, "tbs-sha256", tbs);
    transcript_put_base64(t, "tbs", tbs);
    return transcript_commit(t, why);
}

/* The list of that number as the file has it, as if it were made at `at`. */
static bm_status fill_list(struct ceremony *c, uint64_t number, int64_t at,
                           struct bm_crl_config *config, struct bm_wr *tbs,
                           struct ca_refusal *why)
{
    uint8_t octets[8];
    struct walk walk = { .script = c->config.script };
    const struct bm_crl_source source = { &walk, rewind_revoked, next_revoked };

    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    *config = root_crl_config(&c->root, at, c->config.script->crl_lifetime,
                              BM_ARRAY(octets));
    if (at >= c->root.cert.not_after) {
        return ca_refuse(why, BM_E_CEREMONY_STEP, "%s/root.pem has expired",
                         c->config.dir);
    }
    /* Nobody can check a list with a root that is not valid any more. */
    if (config->next_update > c->root.cert.not_after) {
        config->next_update = c->root.cert.not_after;
    }
    BM_TRY(root_plan_crl(config, &source, tbs, why));
    config->number = (struct bm_bytes){ NULL, 0 }; /* `octets` ends here */
    return BM_OK;
}

static bm_status plan_list(struct ceremony *c, const char *name,
                           uint64_t number, struct bm_wr *tbs,
                           struct ca_refusal *why)
{
    struct bm_crl_config config;
    struct ceremony_plan shown = { .step = name, .kind = "crl" };

    BM_TRY(fill_list(c, number, c->config.now, &config, tbs, why));
    BM_TRY(ceremony_confirm(c, &shown, bm_wr_bytes(tbs), why));
    return record_plan(c, name, number, &config, bm_wr_bytes(tbs), why);
}

/* A plan of an interrupted session, which nobody has signed: as of a
 * certificate (ceremony_check_plan). */
static bm_status check_plan(struct ceremony *c, const char *name,
                            uint64_t number, struct bm_wr *tbs,
                            struct ca_refusal *why)
{
    struct ceremony_plan shown = { .step = name, .kind = "crl" };
    uint8_t *room = malloc(CEREMONY_TBS_MAX);
    struct bm_crl_config config;
    struct transcript_entry e;
    struct bm_wr said;
    bm_status rc = BM_E_CEREMONY_TRANSCRIPT;

    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&said, room, CEREMONY_TBS_MAX);
    if (ceremony_find(c, "plan", name, &e) && e.time <= c->config.now &&
        transcript_base64(&e, "tbs", &said)) {
        rc = fill_list(c, number, e.time, &config, tbs, why);
    }
    if (rc == BM_OK && !bm_bytes_equal(bm_wr_bytes(&said), bm_wr_bytes(tbs))) {
        rc = ceremony_refuse_plan(c, name, why);
    }
    if (rc == BM_OK) {
        rc = ceremony_confirm(c, &shown, bm_wr_bytes(tbs), why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* Plan a list, or hold the plan of one against what it should be. */
static bm_status make_list(struct ceremony *c, const char *name,
                           const struct lists *lists, bool planned,
                           struct ca_refusal *why)
{
    uint64_t before = planned ? lists->before : lists->ours;
    uint64_t number = (planned ? lists->below : lists->highest) + 1;
    uint8_t *room;
    struct bm_wr tbs;
    bm_status rc;

    BM_TRY(check_revoked(c, why));
    BM_TRY(before != 0 ? check_before(c, before, why) : BM_OK);
    room = malloc(CEREMONY_TBS_MAX);
    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&tbs, room, CEREMONY_TBS_MAX);
    rc = planned ? check_plan(c, name, number, &tbs, why)
                 : plan_list(c, name, number, &tbs, why);
    free(room);
    return rc;
}

bm_status ceremony_sign_crl(struct ceremony *c, const char *out,
                            struct ceremony_outcome *outcome,
                            struct ca_refusal *why)
{
    char name[LIST_NAME_MAX];
    const struct ceremony_answer answer = { .step = name,
                                            .label = "crl",
                                            .pem = "X509 CRL" };
    struct transcript_entry entry;
    struct lists lists;
    bool planned;

    BM_TRY(find_last(c, &lists));
    name_list(name, lists.ours);
    /* One that was interrupted is finished as it was planned. */
    planned = lists.ours != 0 && !ceremony_was_handed_out(c, name);
    *outcome = (struct ceremony_outcome){ .kind = planned ? CEREMONY_FINISHED
                                                          : CEREMONY_SIGNED,
                                          .step = "crl" };
    if (!planned) {
        name_list(name, lists.highest + 1);
    }
    if (!planned || !ceremony_find(c, "signed", name, &entry)) {
        BM_TRY(make_list(c, name, &lists, planned, why));
        BM_TRY(ceremony_sign_plan(c, name, "crl", why));
    }
    return ceremony_hand_out(c, &answer, out, outcome, why);
}
