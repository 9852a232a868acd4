/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/destination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/manufacturer.h"

bm_status ca_destination_hash(const struct bm_crypto *crypto,
                              const struct store_destination *row,
                              uint8_t hash[BM_HASH_MAX])
{
    size_t cap = row->anchors.n + sizeof *row;
    uint8_t *room = malloc(cap);
    struct bm_wr w;
    size_t n;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, cap);
    bm_wr_u8(&w, (uint8_t)row->kind);
    bm_wr_u8(&w, row->identity);
    ca_wr_number(&w, row->tries);
    ca_wr_number(&w, row->scope.ecosystem);
    ca_wr_number(&w, row->scope.organisation);
    ca_wr_octets(&w, ca_text(row->name));
    ca_wr_octets(&w, ca_text(row->url));
    ca_wr_octets(&w, ca_text(row->kinds));
    ca_wr_octets(&w, BM_ARRAY(row->secret));
    ca_wr_octets(&w, row->anchors);
    if (row->age != CA_AGE) { /* as those were hashed that had none */
        ca_wr_number(&w, row->age);
    }
    rc = bm_wr_finish(&w, &n);
    if (rc == BM_OK) {
        rc = crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash);
    }
    bm_wipe(room, cap);
    free(room);
    return rc;
}

/* ---- Whose it is */

/* Is this organisation one that the actor sees? */
static bm_status is_within(const struct store *s, const struct ca_actor *actor,
                           uint32_t organisation, bool *yes)
{
    struct store_organisation row;
    bm_status rc =
        s->organisation_get(s->self, &actor->scope, organisation, &row);

    *yes = rc == BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bool is_above(const struct ca_actor *actor,
                     const struct store_destination *row)
{
    return actor->scope.organisation == 0 &&
           (actor->scope.ecosystem == 0 ||
            actor->scope.ecosystem == row->scope.ecosystem);
}

bm_status ca_destination_is_seen(const struct store *s,
                                 const struct ca_actor *actor,
                                 const struct store_destination *row, bool *yes)
{
    if (row->scope.organisation == 0) {
        *yes = is_above(actor, row);
        return BM_OK;
    }
    return is_within(s, actor, row->organisation, yes);
}

bm_status ca_destination_find(const struct store *s,
                              const struct ca_actor *actor, const char *name,
                              struct store_destination *row,
                              struct ca_refusal *why)
{
    bool within;
    bm_status rc;

    /* First, since the views of the row are lost with the next call. */
    BM_TRY(is_within(s, actor, actor->organisation, &within));
    rc = s->destination_find(s->self, actor->organisation, name, row);
    if (rc == BM_OK &&
        !(row->scope.organisation != 0 ? within : is_above(actor, row))) {
        memset(row, 0, sizeof *row);
        rc = BM_E_NOT_FOUND;
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "destination %s", name)
                                : rc;
}

/* Take the next of words with commas between. */
static struct bm_bytes next_word(const char **list)
{
    size_t n = strcspn(*list, ",");
    struct bm_bytes word = { (const uint8_t *)*list, n };

    *list += n + ((*list)[n] == ',');
    return word;
}

static uint32_t asks_of(const char *kinds)
{
    uint32_t asks = 0;

    while (*kinds != '\0') {
        asks |= ca_event_kind_asks(next_word(&kinds));
    }
    return asks;
}

bool ca_destination_wants(const struct store_destination *row,
                          const struct store_event *event)
{
    const char *list = row->kinds;

    if (event->asked != 0) {
        return (row->asks & UINT32_C(1) << (event->asked - 1)) != 0;
    }
    if (!event->claimed && strcmp(event->kind, CA_KIND_TEST) == 0) {
        return event->organisation == row->organisation &&
               strcmp(event->text, row->name) == 0;
    }
    while (*list != '\0') {
        if (ca_event_kind_has(next_word(&list), event)) {
            return true;
        }
    }
    return row->kinds[0] == '\0';
}

/* ---- What an order says */

static bm_status check_name(const char *name, struct ca_refusal *why)
{
    return ca_is_name(name)
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "names of destinations are made of a-z, 0-9, '.' "
                           "and '-'");
}

static bm_status check_kinds(const char *kinds, struct ca_refusal *why)
{
    if (strlen(kinds) >= STORE_NAME_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "kinds of %d characters",
                         STORE_NAME_MAX);
    }
    do {
        struct bm_bytes word = next_word(&kinds);

        if (!ca_event_kind_is(word)) {
            return ca_refuse(
                why, BM_E_CA_EVENT_KIND, "'%.*s'",
                (int)(word.n < STORE_ID_MAX ? word.n : STORE_ID_MAX),
                (const char *)word.p);
        }
    } while (kinds[-1] == ',');
    return BM_OK;
}

static bm_status check_anchors(struct bm_bytes der, struct ca_refusal *why)
{
    struct bm_cert *certs;
    size_t n = 0;
    bm_status rc;

    if (der.n > STORE_CHAIN_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "anchors");
    }
    certs = calloc(CA_MANUFACTURER_CERTS, sizeof *certs);
    if (certs == NULL) {
        return BM_E_MEMORY;
    }
    rc = ca_certs_parse(der, CA_MANUFACTURER_CERTS, certs, &n);
    free(certs);
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "anchors, certificate %zu", n + 1);
}

static bm_status check_order(const struct ca_actor *actor,
                             const struct ca_destination_order *order,
                             struct ca_url *url, struct ca_refusal *why)
{
    BM_TRY(check_name(order->name, why));
    if (strlen(order->url) >= STORE_URL_MAX ||
        ca_url_parse(ca_text(order->url), url) != BM_OK) {
        return ca_refuse(why, BM_E_CA_URL,
                         "https://HOST[:PORT]/PATH, or "
                         "syslog+tls://HOST[:PORT], of %d characters",
                         STORE_URL_MAX - 1);
    }
    if (order->kinds != NULL) {
        BM_TRY(check_kinds(order->kinds, why));
    }
    if (order->tries > CA_TRIES_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "at most %d tries", CA_TRIES_MAX);
    }
    if (order->age > CA_AGE_MAX) {
        return ca_refuse(why, BM_E_LIMIT,
                         "at most %d days until it is given up",
                         (int)(CA_AGE_MAX / 86400));
    }
    if ((order->all || order->identity) && actor->scope.organisation != 0) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "%s is not for operators of one organisation",
                         order->all ? "what others do"
                                    : "the courier's certificate");
    }
    return check_anchors(order->anchors, why);
}

/* ---- Acts */

static bm_status record(struct ca *ca, const struct ca_actor *actor,
                        const struct store_destination *row, const char *what,
                        int64_t now)
{
    struct ca_record r = ca_record_of(CA_RECORD_DESTINATION, actor, now);
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(ca_destination_hash(ca->c.crypto, row, hash));
    r.organisation = row->organisation;
    r.subject = ca_text(row->name);
    r.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    r.text = ca_text(what);
    return ca_put_record(ca, &r, NULL, NULL);
}

struct counting {
    uint32_t organisation;
    size_t own;
    size_t all;
};

static bm_status count_one(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct counting *c = arg;

    c->all++;
    c->own += row->organisation == c->organisation;
    return BM_OK;
}

static bm_status check_room(struct ca *ca, const struct ca_actor *actor,
                            struct ca_refusal *why)
{
    struct counting c = { .organisation = actor->organisation };
    const struct store_visit visit = { &c, count_one };
    const struct store *s = ca->c.store;

    BM_TRY(s->destination_list(s->self, &ca_everything, 0, &visit));
    return c.own < CA_DESTINATIONS_OWN_MAX && c.all < CA_DESTINATIONS_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_LIMIT,
                           "%d destinations of an organisation, %d in all",
                           CA_DESTINATIONS_OWN_MAX, CA_DESTINATIONS_MAX);
}

static void set(char *to, size_t cap, const char *text)
{
    (void)snprintf(to, cap, "%s", text != NULL ? text : "");
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_destination_order *order,
                        struct store_destination *row, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bool within;
    bm_status rc;

    BM_TRY(is_within(s, actor, actor->organisation, &within));
    if (!order->all && !within) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "your own organisation is not one of those that you "
                         "see: take all");
    }
    BM_TRY(check_room(ca, actor, why));
    row->organisation = actor->organisation;
    row->scope.ecosystem = order->all ? actor->scope.ecosystem : 0;
    row->scope.organisation = order->all ? 0 : actor->organisation;
    row->identity = order->identity;
    row->tries = order->tries != 0 ? order->tries : CA_TRIES;
    row->age = order->age != 0 ? order->age : CA_AGE;
    row->anchors = order->anchors;
    set(row->name, sizeof row->name, order->name);
    set(row->url, sizeof row->url, order->url);
    set(row->kinds, sizeof row->kinds, order->kinds);
    row->asks = asks_of(row->kinds);
    set(row->creator, sizeof row->creator, actor->name);
    BM_TRY(s->event_last(s->self, &row->cursor));
    rc = s->destination_put(s->self, row);
    if (rc == BM_E_STORE_CONFLICT) {
        return ca_refuse(why, BM_E_EXISTS, "destination %s", order->name);
    }
    BM_TRY(rc);
    return record(ca, actor, row, "enabled", row->created);
}

bm_status ca_destination_create(struct ca *ca, const struct ca_actor *actor,
                                const struct ca_destination_order *order,
                                int64_t now, uint8_t secret[STORE_SECRET_MAX],
                                struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct store_destination row = { .created = now };
    struct ca_url url = { .scheme = CA_URL_HTTPS };
    bm_status rc;

    BM_TRY(ca_authorise_own(actor, CA_ACT_DESTINATION_CHANGE, why));
    BM_TRY(check_order(actor, order, &url, why));
    row.kind = url.scheme == CA_URL_HTTPS ? STORE_DESTINATION_WEBHOOK
                                          : STORE_DESTINATION_SYSLOG;
    BM_TRY(crypto->random(crypto->self, row.secret, sizeof row.secret));
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_end(ca, create(ca, actor, order, &row, why), now, why);
    ca_asked_changed(ca);
    if (rc == BM_OK) {
        memcpy(secret, row.secret, sizeof row.secret);
    }
    bm_wipe(row.secret, sizeof row.secret);
    return rc;
}

/* One of the acts on one that is there. */
struct act {
    struct ca *ca;
    const struct ca_actor *actor;
    const struct ca_dead *dead; /* or NULL */
    int64_t now;
    struct ca_refusal *why;
};

static bm_status turn(const struct act *a, struct store_destination *row,
                      bool disabled)
{
    const struct store *s = a->ca->c.store;
    /* The anchors are a view that is lost with the next call of the store. */
    bm_status rc;

    if (row->disabled == disabled) {
        return BM_OK;
    }
    row->disabled = disabled;
    rc =
        record(a->ca, a->actor, row, disabled ? "disabled" : "enabled", a->now);
    return rc == BM_OK ? s->destination_put(s->self, row) : rc;
}

static bm_status disable(const struct act *a, struct store_destination *row)
{
    return turn(a, row, true);
}

static bm_status enable(const struct act *a, struct store_destination *row)
{
    return turn(a, row, false);
}

static bm_status drop(const struct act *a, struct store_destination *row)
{
    const struct store *s = a->ca->c.store;

    BM_TRY(record(a->ca, a->actor, row, "removed", a->now));
    return s->destination_drop(s->self, row->id);
}

static bm_status test(const struct act *a, struct store_destination *row)
{
    if (row->disabled) {
        return ca_refuse(a->why, BM_E_CA_DESTINATION, "%s is disabled",
                         row->name);
    }
    return ca_put_event(a->ca, CA_KIND_TEST, row->organisation, 0, a->now,
                        row->name);
}

static bm_status act(const struct act *a, enum ca_act what, const char *name,
                     bm_status (*run)(const struct act *a,
                                      struct store_destination *row))
{
    struct store_destination row = { .id = 0 };
    bm_status rc;

    BM_TRY(ca_authorise_own(a->actor, what, a->why));
    BM_TRY(ca_begin(a->ca, a->now, a->why));
    rc = ca_destination_find(a->ca->c.store, a->actor, name, &row, a->why);
    if (rc == BM_OK) {
        rc = run(a, &row);
    }
    bm_wipe(&row, sizeof row);
    rc = ca_end(a->ca, rc, a->now, a->why);
    ca_asked_changed(a->ca);
    return rc;
}

bm_status ca_destination_disable(struct ca *ca, const struct ca_actor *actor,
                                 const char *name, int64_t now,
                                 struct ca_refusal *why)
{
    const struct act a = { ca, actor, NULL, now, why };

    return act(&a, CA_ACT_DESTINATION_CHANGE, name, disable);
}

bm_status ca_destination_enable(struct ca *ca, const struct ca_actor *actor,
                                const char *name, int64_t now,
                                struct ca_refusal *why)
{
    const struct act a = { ca, actor, NULL, now, why };

    return act(&a, CA_ACT_DESTINATION_CHANGE, name, enable);
}

bm_status ca_destination_remove(struct ca *ca, const struct ca_actor *actor,
                                const char *name, int64_t now,
                                struct ca_refusal *why)
{
    const struct act a = { ca, actor, NULL, now, why };

    return act(&a, CA_ACT_DESTINATION_CHANGE, name, drop);
}

bm_status ca_destination_test(struct ca *ca, const struct ca_actor *actor,
                              const char *name, int64_t now,
                              struct ca_refusal *why)
{
    const struct act a = { ca, actor, NULL, now, why };

    return act(&a, CA_ACT_DESTINATION_RETRY, name, test);
}

/* ---- What was given up */

/* Rows of one turn: what is walked over is not changed meanwhile. */
#define DEAD_TURN 64

struct dead_rows {
    struct store_delivery row[DEAD_TURN];
    size_t n;
};

static bm_status keep_dead(void *arg, const void *visited)
{
    struct dead_rows *d = arg;

    d->row[d->n++] = *(const struct store_delivery *)visited;
    return d->n < DEAD_TURN ? BM_OK : BM_E_END;
}

static bm_status change_dead(const struct act *a, struct store_delivery *row,
                             bool again)
{
    const struct store *s = a->ca->c.store;

    a->ca->dirty = true;
    if (!again) {
        BM_TRY(s->delivery_drop(s->self, row->destination, row->event));
        return s->event_given(s->self, row->event - 1, row->event);
    }
    row->dead = false;
    row->tries = 0;
    row->next = a->now;
    row->since = a->now;
    row->changed = a->now;
    return s->delivery_put(s->self, row);
}

static bm_status change_all(const struct act *a, uint64_t destination,
                            bool again)
{
    const struct store *s = a->ca->c.store;
    struct dead_rows *d = malloc(sizeof *d);
    const struct store_visit visit = { d, keep_dead };
    bm_status rc = d == NULL ? BM_E_MEMORY : BM_OK;

    while (rc == BM_OK) {
        d->n = 0;
        rc = s->delivery_list(s->self, destination, true, 0, &visit);
        for (size_t i = 0; rc == BM_OK && i < d->n; i++) {
            rc = change_dead(a, &d->row[i], again);
        }
        if (d->n == 0) {
            break;
        }
    }
    free(d);
    return rc;
}

static bm_status change(const struct act *a, struct store_destination *row,
                        bool again)
{
    const struct store *s = a->ca->c.store;
    struct store_delivery one;
    bm_status rc;

    if (a->dead->event == 0) {
        return change_all(a, row->id, again);
    }
    rc = s->delivery_get(s->self, row->id, a->dead->event, &one);
    if (rc == BM_E_NOT_FOUND || (rc == BM_OK && !one.dead)) {
        return ca_refuse(a->why, BM_E_NOT_FOUND,
                         "event %llu was not given up by %s",
                         (unsigned long long)a->dead->event, row->name);
    }
    return rc == BM_OK ? change_dead(a, &one, again) : rc;
}

static bm_status retry(const struct act *a, struct store_destination *row)
{
    return change(a, row, true);
}

static bm_status forget(const struct act *a, struct store_destination *row)
{
    return change(a, row, false);
}

bm_status ca_dead_retry(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_dead *dead, int64_t now,
                        struct ca_refusal *why)
{
    const struct act a = { ca, actor, dead, now, why };

    return act(&a, CA_ACT_DESTINATION_RETRY, dead->destination, retry);
}

bm_status ca_dead_drop(struct ca *ca, const struct ca_actor *actor,
                       const struct ca_dead *dead, int64_t now,
                       struct ca_refusal *why)
{
    const struct act a = { ca, actor, dead, now, why };

    return act(&a, CA_ACT_DESTINATION_RETRY, dead->destination, forget);
}
