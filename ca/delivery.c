/* SPDX-License-Identifier: Apache-2.0 */

/* Whom something is for, and what devices say. */
#include "ca/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/event_kind.h"
#include "ca/internal.h"
#include "ca/inventory.h"
#include "core/time.h"

/* What JSON's readers take for certain. */
#define MISSED_MAX ((UINT64_C(1) << 53) - 1)

bm_status ca_delivery_device(struct ca *ca, struct bm_bytes cert,
                             struct store_device *device,
                             struct ca_refusal *why)
{
    struct ca_standing standing;

    memset(device, 0, sizeof *device);
    BM_TRY(ca_find_standing(ca, cert, &standing));
    if (standing.device.id == 0) {
        return ca_refuse(why, BM_E_CA_DEVICE, "the certificate is no device's");
    }
    if (standing.device.state > STORE_DEVICE_SUSPENDED) {
        return ca_refuse(why, BM_E_CA_DEVICE, "%s is %s", standing.device.name,
                         ca_device_state_name(standing.device.state));
    }
    *device = standing.device;
    return BM_OK;
}

bm_status ca_blob_allowed(struct ca *ca, const struct store_device *device,
                          const uint8_t hash[STORE_HASH_SIZE])
{
    const struct store *s = ca->c.store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->item_assigned(s->self, device->organisation, hash);
    s->rollback(s->self);
    return rc;
}

/* ---- Events */

static uint32_t step_of(unsigned kind)
{
    switch (kind) {
    case BM_EVENT_FETCHED:
        return STORE_STEP_FETCHED;
    case BM_EVENT_TRIED:
        return STORE_STEP_TRIED;
    case BM_EVENT_TAKEN:
        return STORE_STEP_TAKEN;
    case BM_EVENT_REVERTED:
        return STORE_STEP_REVERTED;
    case BM_EVENT_REFUSED:
        return STORE_STEP_REFUSED;
    default:
        return 0;
    }
}

static void add(char text[STORE_NAME_MAX], const char *words)
{
    size_t n = strlen(text);

    (void)snprintf(text + n, STORE_NAME_MAX - n, "%s%s", n != 0 ? ", " : "",
                   words);
}

/* The device's own time, as it says it. */
static void add_when(char text[STORE_NAME_MAX], int64_t when)
{
    char words[32];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)words, sizeof words);
    bm_wr_str(&w, "when ");
    bm_time_put_text(&w, when);
    bm_wr_u8(&w, 0);
    add(text, words);
}

/* What it says, in a line; the device's own words first, which are whole so,
 * however long the rest is. Then its number: a gap shows that some were
 * lost. */
static void put_text(const struct bm_event *e, char text[STORE_NAME_MAX])
{
    char digits[2 * STORE_HASH_SIZE + 1];
    char words[128];

    (void)snprintf(text, STORE_NAME_MAX, "%.*s", (int)e->text.n,
                   e->text.n != 0 ? (const char *)e->text.p : "");
    (void)snprintf(words, sizeof words, "number %" PRIu64, e->number);
    add(text, words);
    if (e->when != BM_EVENT_NO_TIME) {
        add_when(text, e->when);
    }
    if (e->sha256.n != 0) {
        ca_hex(e->sha256, digits, sizeof digits);
        (void)snprintf(words, sizeof words, "sha256 %s", digits);
        add(text, words);
    }
    if (e->manifest != 0) {
        (void)snprintf(words, sizeof words, "manifest %" PRIu64, e->manifest);
        add(text, words);
    }
    if (e->code != 0) {
        (void)snprintf(words, sizeof words, "code 0x%08" PRIx32 " (%s)",
                       e->code, bm_status_text((bm_status)e->code));
        add(text, words);
    }
}

static bm_status put_event(struct ca *ca, const struct store_device *device,
                           const struct bm_event *e, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_event row = { .organisation = device->organisation,
                               .at = now,
                               .device = device->id,
                               .claimed = true };

    ca_event_kind_name(e->kind, row.kind);
    put_text(e, row.text);
    return s->event_put(s->self, &row);
}

/* ---- What is known of the device by that */

static void hear_mode(const struct bm_event *e, int64_t now,
                      struct store_heard *heard)
{
    static const char *const modes[] = { "normal", "lockdown", "repair" };

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (bm_bytes_are(e->text, modes[i], strlen(modes[i]))) {
            (void)snprintf(heard->mode, sizeof heard->mode, "%s", modes[i]);
            heard->mode_at = now;
        }
    }
}

/* "n=5": so many more. What is no such number counts as nothing. */
static void hear_missed(const struct bm_event *e, int64_t now,
                        struct store_heard *heard)
{
    uint64_t n = 0;

    if (e->text.n < 3 || memcmp(e->text.p, "n=", 2) != 0) {
        return;
    }
    for (size_t i = 2; i < e->text.n; i++) {
        if (e->text.p[i] < '0' || e->text.p[i] > '9' || n > UINT32_MAX) {
            return;
        }
        n = 10 * n + (uint64_t)(e->text.p[i] - '0');
    }
    if (n <= UINT32_MAX && heard->missed <= MISSED_MAX - n) {
        heard->missed += n;
    } else {
        heard->missed = MISSED_MAX;
    }
    heard->missed_at = now;
}

/* The last that was taken is in force. Which one is when it was reverted, the
 * device has not said. */
static void hear_policy(const struct bm_event *e,
                        const struct store_progress *progress, int64_t now,
                        struct store_heard *heard)
{
    if (e->kind == BM_EVENT_TAKEN) {
        memcpy(heard->policy, progress->words, sizeof heard->policy);
        memcpy(heard->policy_hash, e->sha256.p, sizeof heard->policy_hash);
        heard->policy_at = now;
    } else if (e->kind == BM_EVENT_REVERTED &&
               bm_bytes_equal(e->sha256, BM_ARRAY(heard->policy_hash))) {
        heard->policy[0] = '\0';
        memset(heard->policy_hash, 0, sizeof heard->policy_hash);
        heard->policy_at = now;
    }
}

/* It says something of what it was offered; of anything else nothing is
 * counted, or believed. */
static bm_status hear_step(struct ca *ca, const struct bm_event *e, int64_t now,
                           struct store_heard *heard)
{
    const struct store *s = ca->c.store;
    struct store_progress progress;
    uint32_t step = step_of(e->kind);
    bm_status rc;

    if (step == 0 || e->sha256.n != STORE_HASH_SIZE) {
        return BM_OK;
    }
    rc = s->progress_find(s->self, heard->device, e->sha256.p, &progress);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    if (progress.kind == STORE_ITEM_POLICY) {
        hear_policy(e, &progress, now, heard);
    } else if (progress.kind == STORE_ITEM_FIRMWARE &&
               step == STORE_STEP_TAKEN) {
        BM_TRY(ca_put_firmware(ca, heard->organisation, heard->device,
                               progress.words));
    }
    progress.steps = step;
    return s->progress_put(s->self, &progress);
}

static bm_status hear(struct ca *ca, const struct bm_event *e, int64_t now,
                      struct store_heard *heard)
{
    heard->number = e->number;
    if (e->kind == BM_EVENT_KEY) {
        (void)snprintf(heard->key, sizeof heard->key, "%.*s", (int)e->text.n,
                       e->text.n != 0 ? (const char *)e->text.p : "");
        heard->key_at = now;
    } else if (e->kind == BM_EVENT_MODE) {
        hear_mode(e, now, heard);
    } else if (e->kind == BM_EVENT_MISSED) {
        hear_missed(e, now, heard);
    }
    return hear_step(ca, e, now, heard);
}

static bm_status take(struct ca *ca, const struct store_device *device,
                      struct bm_bytes events, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_heard heard;
    struct bm_event e;
    bm_status rc = s->heard_get(s->self, device->id, &heard);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    heard.device = device->id;
    heard.organisation = device->organisation;
    while (bm_event_next(&events, &e)) {
        if (e.number > heard.number) {
            ca->dirty = true;
            BM_TRY(put_event(ca, device, &e, now));
            BM_TRY(hear(ca, &e, now, &heard));
        }
    }
    if (!ca->dirty) {
        return BM_OK;
    }
    BM_TRY(s->heard_put(s->self, &heard));
    return ca_events_forget(ca, device->organisation, device->id);
}

bm_status ca_events_take(struct ca *ca, const struct store_device *device,
                         struct bm_bytes body, int64_t now,
                         struct ca_refusal *why)
{
    struct bm_bytes events;
    struct bm_bytes walk;
    struct bm_event e;
    bm_status rc = bm_events_parse(body, NULL, &events);

    walk = events;
    while (rc == BM_OK && bm_event_next(&walk, &e)) {
        if (e.number > (uint64_t)(now + CA_EVENT_NUMBER_SLACK)) {
            rc =
                ca_refuse(why, BM_E_EVENT,
                          "number %" PRIu64 " is far above the time", e.number);
        }
    }
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, take(ca, device, events, now), now, why);
}
