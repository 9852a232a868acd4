/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/release.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "core/cbor.h"
#include "core/manifest.h"

/* Octets of what is hashed, and of the words about it. */
#define CONTENT_MAX 512
#define WORDS_MAX   256

const char *ca_item_kind_name(enum store_item_kind kind)
{
    switch (kind) {
    case STORE_ITEM_FIRMWARE:
        return "firmware";
    case STORE_ITEM_KEYSET:
        return "keyset";
    case STORE_ITEM_POLICY:
        return "policy";
    default:
        return "unknown";
    }
}

static bool is_word_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

bm_status ca_release_name_check(const char *name, struct ca_refusal *why)
{
    size_t n = strlen(name);

    if (n >= STORE_ID_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "the name of a release has at most %d characters",
                         STORE_ID_MAX - 1);
    }
    if (!is_word_character(name[0])) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "the name of a release begins with a letter or a "
                         "digit");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_word_character(name[i]) && strchr("._+-", name[i]) == NULL) {
            return ca_refuse(why, BM_E_ARGUMENT,
                             "the name of a release has letters, digits and "
                             "._+- alone");
        }
    }
    return BM_OK;
}

bool ca_release_scope(const struct ca_actor *actor, struct store_scope *scope)
{
    *scope = (struct store_scope){ .organisation = actor->organisation };
    return actor->scope.organisation == 0 ||
           actor->scope.organisation == actor->organisation;
}

bm_status ca_release_find(const struct store *s, const struct ca_actor *actor,
                          const char *name, struct store_release *release,
                          struct ca_refusal *why)
{
    struct store_scope own;
    bm_status rc = BM_E_NOT_FOUND;

    memset(release, 0, sizeof *release);
    if (ca_release_scope(actor, &own)) {
        rc = s->release_find(s->self, own.organisation, name, release);
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "release %s", name) : rc;
}

/* ---- Making one */

bm_status ca_release_hash(const struct bm_crypto *crypto, uint32_t mode,
                          const struct store_item *items, size_t n,
                          uint8_t hash[BM_HASH_MAX])
{
    uint8_t room[CONTENT_MAX];
    struct bm_wr w;
    size_t len;

    bm_wr_init(&w, room, sizeof room);
    bm_cbor_put_array(&w, 2);
    bm_cbor_put_uint(&w, mode);
    bm_cbor_put_array(&w, n);
    for (size_t i = 0; i < n; i++) {
        const struct store_item *item = &items[i];

        bm_cbor_put_array(&w, 4);
        bm_cbor_put_uint(&w, (uint64_t)item->kind);
        bm_cbor_put_uint(&w, item->image);
        bm_cbor_put_bytes(&w, BM_ARRAY(item->hash));
        bm_cbor_put_uint(&w, item->size);
    }
    BM_TRY(bm_wr_finish(&w, &len));
    return crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash);
}

static void add_words(char words[WORDS_MAX], const char *what,
                      const char *version)
{
    size_t n = strlen(words);

    (void)snprintf(words + n, WORDS_MAX - n, "%s%s%s%s", n != 0 ? ", " : "",
                   what, version[0] != '\0' ? " " : "", version);
}

static void put_words(const struct ca_release_order *order,
                      char words[WORDS_MAX])
{
    static const char *const modes[] = { "", "mode normal", "mode lockdown",
                                         "mode repair" };

    words[0] = '\0';
    for (size_t i = 0; i < order->items_n; i++) {
        add_words(words, ca_item_kind_name(order->items[i].kind),
                  order->items[i].version);
    }
    if (order->mode != 0) {
        add_words(words, modes[order->mode], "");
    }
}

/* Judged in the transaction that makes the release: a signer that is revoked
 * meanwhile gets none through. */
static bm_status put_policy(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_release_order *order,
                            struct store_item *item, int64_t now,
                            struct ca_refusal *why)
{
    struct ca_record record = ca_record_of(CA_RECORD_POLICY, actor, now);
    const struct ca_policy *policy = order->policy;
    struct ca_policy_signer signer;
    char floor[CA_POLICY_FLOOR_MAX];

    if (policy == NULL) {
        return ca_refuse(why, BM_E_ARGUMENT, "nobody has looked at the policy");
    }
    BM_TRY(ca_policy_judge(ca, policy, now, &signer, why));
    ca_policy_put_floor(policy->floor, floor);
    record.subject = ca_text(order->name);
    record.hash = BM_ARRAY(item->hash);
    record.number = policy->version;
    record.text = ca_text(floor);
    record.ca = ca_text(signer.ca);
    record.serial = (struct bm_bytes){ signer.serial, signer.serial_n };
    record.key = BM_ARRAY(signer.key);
    memcpy(item->signer_ca, signer.ca, sizeof item->signer_ca);
    memcpy(item->signer, signer.serial, signer.serial_n);
    item->signer_n = signer.serial_n;
    return ca_put_record(ca, &record, NULL, NULL);
}

/* The items of an order, with what is known of them by now. */
static bm_status put_policies(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_release_order *order, int64_t now,
                              struct store_item items[CA_RELEASE_ITEMS_MAX],
                              struct ca_refusal *why)
{
    for (size_t i = 0; i < order->items_n; i++) {
        items[i] = order->items[i];
        items[i].signer_ca[0] = '\0';
        items[i].signer_n = 0;
        if (items[i].kind == STORE_ITEM_POLICY) {
            BM_TRY(put_policy(ca, actor, order, &items[i], now, why));
        }
    }
    return BM_OK;
}

static bm_status put_release(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_release_order *order,
                             struct store_item *items, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_DELIVERY, actor, now);
    struct store_release row = { .organisation = actor->organisation,
                                 .mode = order->mode,
                                 .created = now };
    char words[WORDS_MAX];
    uint8_t hash[BM_HASH_MAX];

    (void)snprintf(row.name, sizeof row.name, "%s", order->name);
    (void)snprintf(row.creator, sizeof row.creator, "%s", actor->name);
    put_words(order, words);
    BM_TRY(ca_release_hash(ca->c.crypto, order->mode, order->items,
                           order->items_n, hash));
    record.subject = ca_text(row.name);
    record.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    record.text = ca_text(words);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(s->release_put(s->self, &row));
    for (size_t i = 0; i < order->items_n; i++) {
        items[i].release = row.id;
        BM_TRY(s->item_put(s->self, &items[i]));
    }
    return BM_OK;
}

static bm_status create(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_release_order *order, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_item items[CA_RELEASE_ITEMS_MAX];
    struct store_release there;
    bm_status rc =
        s->release_find(s->self, actor->organisation, order->name, &there);

    if (rc == BM_OK) {
        return ca_refuse(why, BM_E_EXISTS,
                         "release %s: one is made once and never changed",
                         order->name);
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(put_policies(ca, actor, order, now, items, why));
    return put_release(ca, actor, order, items, now);
}

bm_status ca_release_create(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_release_order *order, int64_t now,
                            struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_RELEASE_CREATE, why));
    BM_TRY(ca_release_name_check(order->name, why));
    if (order->items_n == 0 && order->mode == 0) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "there is nothing in it: firmware, a key set, a "
                         "policy or a mode are wanted");
    }
    if (order->mode > BM_MANIFEST_REPAIR + 1) {
        return ca_refuse(why, BM_E_ARGUMENT, "no mode has the number %u",
                         (unsigned)order->mode - 1);
    }
    if (order->items_n > CA_RELEASE_ITEMS_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT, "more than %d things are in it",
                         CA_RELEASE_ITEMS_MAX);
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, create(ca, actor, order, now, why), now, why);
}

/* ---- For whom */

struct by_name {
    const char *name;
    uint32_t number; /* the same, if it is one */
    uint32_t id;
};

/* Digits alone, as other commands name organisations; else 0. */
static uint32_t number_of(const char *text)
{
    uint64_t v = 0;

    for (; *text >= '0' && *text <= '9' && v <= UINT32_MAX; text++) {
        v = 10 * v + (uint64_t)(*text - '0');
    }
    return *text == '\0' && v <= UINT32_MAX ? (uint32_t)v : 0;
}

static bm_status match_name(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct by_name *by = arg;

    if (strcmp(row->name, by->name) != 0 && row->id != by->number) {
        return BM_OK;
    }
    by->id = row->id;
    return BM_E_END;
}

static bm_status find_organisation(struct ca *ca, const struct ca_actor *actor,
                                   const char *name, uint32_t *id,
                                   struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct by_name by = { name, number_of(name), 0 };
    struct store_visit visit = { &by, match_name };

    BM_TRY(s->organisation_list(s->self, &actor->scope, &visit));
    *id = by.id;
    return by.id != 0 ? BM_OK
                      : ca_refuse(why, BM_E_NOT_FOUND, "organisation %s", name);
}

static bm_status find_device(struct ca *ca, const struct ca_actor *actor,
                             const char *name, struct store_assignment *row,
                             struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_device device = { .id = 0 };
    struct store_scope own;
    bm_status rc = BM_E_NOT_FOUND;

    if (ca_release_scope(actor, &own)) {
        rc = s->device_find(s->self, own.organisation, name, &device);
    }
    row->organisation = device.organisation;
    row->device = device.id;
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "device %s", name) : rc;
}

bm_status ca_refuse_name(struct ca_refusal *why, const char *name)
{
    return ca_refuse(why, BM_E_LIMIT,
                     "device %s: nothing can be delivered to it, a manifest "
                     "takes names of at most %d octets",
                     name, BM_MANIFEST_NAME_MAX);
}

static bm_status find_target(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_release_target *target,
                             struct store_assignment *row,
                             char words[WORDS_MAX], struct ca_refusal *why)
{
    if (target->device != NULL) {
        (void)snprintf(words, WORDS_MAX, "device %.240s", target->device);
        BM_TRY(find_device(ca, actor, target->device, row, why));
        return strlen(target->device) <= BM_MANIFEST_NAME_MAX
                   ? BM_OK
                   : ca_refuse_name(why, target->device);
    }
    if (target->organisation != NULL) {
        (void)snprintf(words, WORDS_MAX, "organisation %.240s",
                       target->organisation);
        return find_organisation(ca, actor, target->organisation,
                                 &row->organisation, why);
    }
    (void)snprintf(words, WORDS_MAX, "all");
    return actor->scope.organisation == 0 && actor->scope.ecosystem == 0
               ? BM_OK
               : ca_refuse(why, BM_E_CA_FORBIDDEN,
                           "%s does not see all devices: name an organisation "
                           "or a device",
                           actor->name);
}

static bm_status assign(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_release_target *target, int64_t now,
                        struct store_assignment *row, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_ASSIGNMENT, actor, now);
    struct store_release release;
    char words[WORDS_MAX];

    BM_TRY(ca_release_find(s, actor, target->release, &release, why));
    BM_TRY(find_target(ca, actor, target, row, words, why));
    row->release = release.id;
    row->percent = target->percent;
    row->created = now;
    (void)snprintf(row->actor, sizeof row->actor, "%s", actor->name);
    record.subject = ca_text(release.name);
    record.text = ca_text(words);
    record.number = target->percent;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->assignment_put(s->self, row);
}

bm_status ca_release_assign(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_release_target *target, int64_t now,
                            struct store_assignment *row,
                            struct ca_refusal *why)
{
    memset(row, 0, sizeof *row);
    BM_TRY(ca_authorise(actor, CA_ACT_RELEASE_ASSIGN, why));
    if ((int)target->all + (target->organisation != NULL) +
            (target->device != NULL) !=
        1) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "for whom it is: one of all, an organisation and a "
                         "device");
    }
    if (target->percent > 100) {
        return ca_refuse(why, BM_E_ARGUMENT, "0 to 100 percent of them");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, assign(ca, actor, target, now, row, why), now, why);
}
