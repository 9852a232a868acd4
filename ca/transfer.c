/* SPDX-License-Identifier: Apache-2.0 */

/* Offers of devices, and all that becomes of one but its acceptance. */
#include "ca/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/consortium.h"
#include "ca/device.h"
#include "ca/internal.h"
#include "ca/line.h"
#include "ca/setting.h"

/* What is said of both sides, in an event. */
#define WORDS_MAX STORE_NAME_MAX

const struct ca_actor ca_transfer_authority = { .name = "authority",
                                                .mode = "direct",
                                                .authority = true };

enum store_transfer_state ca_transfer_state(const struct store_transfer *row,
                                            int64_t now)
{
    return row->state == STORE_TRANSFER_OFFERED && row->expires <= now
               ? STORE_TRANSFER_LAPSED
               : row->state;
}

const char *ca_transfer_state_name(enum store_transfer_state state)
{
    static const char *const names[] = {
        [STORE_TRANSFER_OFFERED] = "offered",
        [STORE_TRANSFER_ACCEPTED] = "accepted",
        [STORE_TRANSFER_REFUSED] = "refused",
        [STORE_TRANSFER_WITHDRAWN] = "withdrawn",
        [STORE_TRANSFER_LAPSED] = "lapsed",
    };

    return (size_t)state < sizeof names / sizeof names[0] &&
                   names[state] != NULL
               ? names[state]
               : "unknown";
}

uint32_t ca_transfer_decider(const struct store_transfer *row)
{
    switch (row->state) {
    case STORE_TRANSFER_OFFERED:
    case STORE_TRANSFER_WITHDRAWN:
        return row->organisation;
    case STORE_TRANSFER_ACCEPTED:
    case STORE_TRANSFER_REFUSED:
        return row->receiver;
    default:
        return 0;
    }
}

/* ---- What is on record */

void ca_transfer_say(const struct store_transfer *row, uint32_t organisation,
                     struct ca_transfer_said *said)
{
    bool offered = row->state == STORE_TRANSFER_OFFERED;

    said->actor = ca_transfer_decider(row) != organisation
                      ? ca_transfer_authority.name
                  : offered ? row->creator
                            : row->decider;
    said->profile = organisation == row->receiver ? row->profile : "";
    said->time = offered ? row->created : row->decided;
    (void)snprintf(said->text, sizeof said->text, "%s%s%s",
                   ca_transfer_state_name(row->state),
                   row->reason[0] != '\0' ? ": " : "", row->reason);
}

struct hashing {
    const struct store *store;
    const struct bm_crypto *crypto;
    uint32_t n;
    size_t page_n;
    struct store_transferred page[64]; /* no call while the store walks */
    uint8_t both[2 * STORE_HASH_SIZE]; /* what was, and what comes */
};

static bm_status take_page(void *arg, const void *visited)
{
    struct hashing *h = arg;

    h->page[h->page_n++] = *(const struct store_transferred *)visited;
    return h->page_n < sizeof h->page / sizeof h->page[0] ? BM_OK : BM_E_END;
}

static bm_status hash_name(struct hashing *h,
                           const struct store_transferred *row)
{
    const struct store *s = h->store;
    struct store_device device;
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(s->device_get(s->self, &ca_everything, row->device, &device));
    BM_TRY(h->crypto->hash(h->crypto->self, BM_HASH_SHA256,
                           ca_text(device.name), hash));
    memcpy(h->both + STORE_HASH_SIZE, hash, STORE_HASH_SIZE);
    BM_TRY(h->crypto->hash(h->crypto->self, BM_HASH_SHA256, BM_ARRAY(h->both),
                           hash));
    memcpy(h->both, hash, STORE_HASH_SIZE);
    h->n++;
    return BM_OK;
}

bm_status ca_transfer_hash(const struct store *store,
                           const struct bm_crypto *crypto,
                           const struct store_transfer *row,
                           uint8_t hash[STORE_HASH_SIZE], uint32_t *devices)
{
    struct hashing h = { .store = store, .crypto = crypto };
    const struct store_visit visit = { &h, take_page };
    char terms[80 + STORE_NAME_MAX];
    uint8_t first[BM_HASH_MAX];
    uint32_t after = 0;

    (void)snprintf(terms, sizeof terms,
                   "%" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId64 " %s",
                   row->organisation, row->receiver, row->options, row->expires,
                   row->words);
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, ca_text(terms), first));
    memcpy(h.both, first, STORE_HASH_SIZE);
    do {
        h.page_n = 0;
        BM_TRY(store->transferred_list(store->self, row->id, after, &visit));
        for (size_t i = 0; i < h.page_n; i++) {
            BM_TRY(hash_name(&h, &h.page[i]));
            after = h.page[i].place;
        }
    } while (h.page_n != 0);
    memcpy(hash, h.both, STORE_HASH_SIZE);
    *devices = h.n;
    return BM_OK;
}

/* "transfer 7: 12 devices from North to South", and why. */
static void put_words(const struct store_transfer *row,
                      const struct store_organisation *giver,
                      const struct store_organisation *receiver,
                      char words[WORDS_MAX])
{
    const char *why =
        row->state == STORE_TRANSFER_OFFERED ? row->words : row->reason;
    int n = snprintf(
        words, WORDS_MAX,
        "transfer %" PRIu64 ": %" PRIu32 " device%s from %.*s to %.*s", row->id,
        row->devices, row->devices == 1 ? "" : "s", CA_MEMBER_NAME_MAX,
        giver->name, CA_MEMBER_NAME_MAX, receiver->name);

    /* What does not fit is left out whole: half a character is none. */
    if (why[0] != '\0' && n > 0 && (size_t)n + 3 + strlen(why) < WORDS_MAX) {
        (void)snprintf(words + n, WORDS_MAX - (size_t)n, ": %.*s",
                       CA_TRANSFER_WORDS_MAX - 1, why);
    }
}

static bm_status put_leaf(struct ca *ca, const struct ca_actor *actor,
                          const struct store_transfer *row,
                          const struct store_organisation *whose,
                          const struct store_organisation *other)
{
    struct ca_record record;
    struct ca_transfer_said said;
    uint8_t hash[STORE_HASH_SIZE];
    uint32_t n;

    BM_TRY(ca_transfer_hash(ca->c.store, ca->c.crypto, row, hash, &n));
    ca_transfer_say(row, whose->id, &said);
    record = ca_record_of(
        CA_RECORD_TRANSFER,
        ca_transfer_decider(row) == whose->id ? actor : &ca_transfer_authority,
        said.time);
    record.organisation = whose->id;
    record.subject = ca_text(other->name);
    record.number = row->id;
    record.hash = BM_ARRAY(hash);
    record.actor = ca_text(said.actor);
    record.text = ca_text(said.text);
    record.profile = ca_text(said.profile);
    return ca_put_record(ca, &record, NULL, NULL);
}

/* Each side has what happened in its own ledger's leaves and events. */
static bm_status put_told(struct ca *ca, const struct ca_actor *actor,
                          const struct store_transfer *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_organisation giver;
    struct store_organisation receiver;
    char kind[STORE_ID_MAX];
    char words[WORDS_MAX];

    BM_TRY(s->organisation_get(s->self, &ca_everything, row->organisation,
                               &giver));
    BM_TRY(
        s->organisation_get(s->self, &ca_everything, row->receiver, &receiver));
    BM_TRY(put_leaf(ca, actor, row, &giver, &receiver));
    BM_TRY(put_leaf(ca, actor, row, &receiver, &giver));
    put_words(row, &giver, &receiver, words);
    (void)snprintf(kind, sizeof kind, "transfer-%s",
                   ca_transfer_state_name(row->state));
    BM_TRY(ca_put_event(ca, kind, row->organisation, 0, now, words));
    return ca_put_event(ca, kind, row->receiver, 0, now, words);
}

bm_status ca_transfer_put(struct ca *ca, const struct ca_actor *actor,
                          struct store_transfer *row, int64_t now)
{
    const struct store *s = ca->c.store;

    ca->dirty = true;
    row->decided = now;
    (void)snprintf(row->decider, sizeof row->decider, "%s", actor->name);
    BM_TRY(s->transfer_put(s->self, row));
    return put_told(ca, actor, row, now);
}

/* ---- Who may */

bm_status ca_transfer_side(const struct ca_actor *actor, uint32_t organisation,
                           const char *what, struct ca_refusal *why)
{
    return actor->authority || actor->scope.organisation == 0 ||
                   actor->scope.organisation == organisation
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "to %s is for the other side", what);
}

bm_status ca_transfer_open(struct ca *ca, const struct ca_actor *actor,
                           uint64_t id, int64_t now, struct store_transfer *row,
                           struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->transfer_get(s->self, &actor->scope, id, row);
    enum store_transfer_state state;

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "transfer %" PRIu64, id);
    }
    BM_TRY(rc);
    state = ca_transfer_state(row, now);
    return state == STORE_TRANSFER_OFFERED
               ? BM_OK
               : ca_refuse(why, BM_E_CA_TRANSFER, "transfer %" PRIu64 " is %s",
                           id, ca_transfer_state_name(state));
}

static bm_status check_member(const struct store_organisation *row,
                              struct ca_refusal *why)
{
    return row->suspended ? ca_refuse(why, BM_E_CA_ORGANISATION,
                                      "%s is suspended", row->name)
                          : BM_OK;
}

bm_status ca_transfer_sides(struct ca *ca, const struct store_transfer *row,
                            struct store_organisation *giver,
                            struct store_organisation *receiver,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc;

    BM_TRY(
        s->organisation_get(s->self, &ca_everything, row->organisation, giver));
    rc = s->organisation_get(s->self, &ca_everything, row->receiver, receiver);
    /* Of other ecosystems nobody learns who is in them. */
    if (rc == BM_E_NOT_FOUND ||
        (rc == BM_OK && receiver->ecosystem != giver->ecosystem)) {
        return ca_refuse(why, BM_E_NOT_FOUND,
                         "organisation %u of the ecosystem of %s",
                         (unsigned)row->receiver, giver->name);
    }
    BM_TRY(rc);
    if (giver->id == receiver->id) {
        return ca_refuse(why, BM_E_ARGUMENT, "they are its own already");
    }
    BM_TRY(check_member(giver, why));
    return check_member(receiver, why);
}

/* ---- Offering */

bm_status ca_transfer_check(const struct store_device *device,
                            struct ca_refusal *why)
{
    switch (device->state) {
    case STORE_DEVICE_EXPECTED:
    case STORE_DEVICE_BORN:
    case STORE_DEVICE_ACTIVE:
        return BM_OK;
    default:
        return ca_refuse(why, BM_E_CA_TRANSFER_DEVICE, "%s is %s", device->name,
                         ca_device_state_name(device->state));
    }
}

static bm_status put_device(struct ca *ca, const struct ca_actor *actor,
                            const struct store_transfer *transfer,
                            struct store_transferred *row, const char *name,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_device device;
    uint64_t other;
    bm_status rc;

    BM_TRY(
        ca_find_device(ca, actor, transfer->organisation, name, &device, why));
    BM_TRY(ca_transfer_check(&device, why));
    rc = s->transfer_of_device(s->self, device.id, transfer->created, &other);
    if (rc == BM_OK) {
        return other == transfer->id
                   ? ca_refuse(why, BM_E_ARGUMENT, "%s is named twice", name)
                   : ca_refuse(why, BM_E_CA_TRANSFER_DEVICE,
                               "%s is on offer by transfer %" PRIu64, name,
                               other);
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    row->device = device.id;
    return s->transferred_put(s->self, row);
}

static bm_status check_room(struct ca *ca, uint32_t organisation, int64_t now,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    uint32_t n;

    BM_TRY(s->transfer_count(s->self, organisation, now, &n));
    return n < CA_TRANSFERS_OPEN
               ? BM_OK
               : ca_refuse(why, BM_E_CA_TRANSFER_LIMIT,
                           "%d offers are open: withdraw one, or wait for an "
                           "answer",
                           CA_TRANSFERS_OPEN);
}

/* Among the store's settings: the day, and how many were made on it. */
static bm_status count_today(struct ca *ca, uint32_t organisation, int64_t now,
                             struct ca_refusal *why)
{
    uint64_t today = (uint64_t)(now / 86400) << 32;
    char name[32];
    uint64_t made;
    bm_status rc;

    (void)snprintf(name, sizeof name, "offers/%" PRIu32, organisation);
    rc = ca_setting_get(ca->c.store, name, &made);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    made = made < today ? today : made;
    return made - today < CA_TRANSFERS_DAY
               ? ca_setting_put(ca->c.store, name, made + 1)
               : ca_refuse(why, BM_E_CA_TRANSFER_LIMIT,
                           "%d were made today, which is all of a day",
                           CA_TRANSFERS_DAY);
}

static bm_status offer(struct ca *ca, const struct ca_actor *actor,
                       const struct ca_transfer_offer *o,
                       struct store_transfer *row, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_organisation giver;
    struct store_organisation receiver;
    struct store_transferred item;
    bool above;

    /* No operator of an ecosystem speaks for members of another. */
    BM_TRY(
        ca_organisation_find(s, actor, row->organisation, &giver, &above, why));
    BM_TRY(ca_transfer_sides(ca, row, &giver, &receiver, why));
    BM_TRY(check_room(ca, row->organisation, row->created, why));
    ca->dirty = true;
    BM_TRY(count_today(ca, row->organisation, row->created, why));
    BM_TRY(s->transfer_put(s->self, row));
    item = (struct store_transferred){ .transfer = row->id };
    for (size_t i = 0; i < o->n; i++) {
        item.place = (uint32_t)i + 1;
        BM_TRY(put_device(ca, actor, row, &item, o->devices[i], why));
    }
    return put_told(ca, actor, row, row->created);
}

/* Words of one side for the other. */
static bm_status check_words(const char *words, struct ca_refusal *why)
{
    return words == NULL || (strlen(words) < CA_TRANSFER_WORDS_MAX &&
                             (words[0] == '\0' || ca_is_line(ca_text(words))))
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "words are text in one line, of at most %d octets",
                           CA_TRANSFER_WORDS_MAX - 1);
}

static bm_status check_offer(const struct ca_actor *actor,
                             const struct ca_transfer_offer *o, int64_t now,
                             struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_TRANSFER_OFFER, why));
    BM_TRY(ca_transfer_side(actor, o->organisation, "offer", why));
    BM_TRY(check_words(o->words, why));
    if (o->n == 0 || o->n > CA_TRANSFER_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT, "1 to %d devices are offered",
                         CA_TRANSFER_MAX);
    }
    return o->expires > now && o->expires - now <= CA_TRANSFER_LIFE_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "an offer is open for up to %d days",
                           (int)(CA_TRANSFER_LIFE_MAX / 86400));
}

bm_status ca_transfer_offer(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_transfer_offer *o, int64_t now,
                            struct store_transfer *row, struct ca_refusal *why)
{
    *row = (struct store_transfer){ .organisation = o->organisation,
                                    .receiver = o->receiver,
                                    .state = STORE_TRANSFER_OFFERED,
                                    .options = o->options,
                                    .devices = (uint32_t)o->n,
                                    .created = now,
                                    .expires = o->expires };
    BM_TRY(check_offer(actor, o, now, why));
    (void)snprintf(row->creator, sizeof row->creator, "%s", actor->name);
    (void)snprintf(row->words, sizeof row->words, "%s",
                   o->words == NULL ? "" : o->words);
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, offer(ca, actor, o, row, why), now, why);
}

/* ---- No */

static bm_status end(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_transfer_end *e, int64_t now,
                     struct ca_refusal *why)
{
    struct store_transfer row;

    BM_TRY(ca_transfer_open(ca, actor, e->id, now, &row, why));
    BM_TRY(ca_transfer_side(actor,
                            e->withdraw ? row.organisation : row.receiver,
                            e->withdraw ? "withdraw" : "refuse", why));
    row.state = e->withdraw ? STORE_TRANSFER_WITHDRAWN : STORE_TRANSFER_REFUSED;
    (void)snprintf(row.reason, sizeof row.reason, "%s",
                   e->reason == NULL ? "" : e->reason);
    return ca_transfer_put(ca, actor, &row, now);
}

bm_status ca_transfer_end(struct ca *ca, const struct ca_actor *actor,
                          const struct ca_transfer_end *e, int64_t now,
                          struct ca_refusal *why)
{
    BM_TRY(ca_authorise(
        actor, e->withdraw ? CA_ACT_TRANSFER_OFFER : CA_ACT_TRANSFER_ANSWER,
        why));
    BM_TRY(check_words(e->reason, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, end(ca, actor, e, now, why), now, why);
}

/* Nearly always there is none: that is seen without writing. */
static bm_status find_lapsed(struct ca *ca, int64_t now,
                             struct store_transfer *row)
{
    const struct store *s = ca->c.store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->transfer_lapsed(s->self, now, row);
    s->rollback(s->self);
    return rc;
}

static bm_status lapse(struct ca *ca, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_transfer row;

    BM_TRY(s->transfer_lapsed(s->self, now, &row));
    row.state = STORE_TRANSFER_LAPSED;
    return ca_transfer_put(ca, &ca_transfer_authority, &row, now);
}

bm_status ca_transfer_lapse(struct ca *ca, int64_t now, struct ca_refusal *why)
{
    struct store_transfer row;

    BM_TRY(find_lapsed(ca, now, &row));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, lapse(ca, now), now, why);
}
