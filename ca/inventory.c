/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/inventory.h"

#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/internal.h"
#include "ca/line.h"

/* Octets of "name=value" and what is between two of them. */
#define ITEM_MAX (CA_ATTRIBUTE_NAME_MAX + STORE_VALUE_MAX + 2)

/* Of the words in a record (record.c bounds them). */
#define WORDS_MAX 800

/* ---- What can be set */

static bool is_same(const struct store_attribute *a,
                    const struct store_attribute *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

static bm_status check_count(const struct ca_device_entry *entry, size_t at,
                             struct ca_refusal *why)
{
    const struct store_attribute *a = &entry->set[at];
    const struct ca_attribute_kind *kind = ca_attribute_of(a->kind);
    unsigned most = kind->kind == CA_ATTRIBUTE_LABEL ? 1 : kind->most;
    char name[CA_ATTRIBUTE_NAME_MAX];
    unsigned n = 0;

    for (size_t i = 0; i < entry->set_n; i++) {
        n += is_same(&entry->set[i], a);
    }
    if (n <= most) {
        return BM_OK;
    }
    ca_attribute_name(a, name);
    return ca_refuse(why, BM_E_CA_ATTRIBUTE, "%s is given more than %u time%s",
                     name, most, most == 1 ? "" : "s");
}

static bm_status check_owner(struct ca *ca, uint64_t device,
                             const struct ca_device_entry *entry, size_t at,
                             struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_attribute row = entry->set[at];
    struct store_device other;
    char name[CA_ATTRIBUTE_NAME_MAX];
    uint64_t holder = 0;
    bm_status rc;

    row.organisation = entry->organisation;
    if (row.kind >= STORE_ATTRIBUTE_SHARED || row.value[0] == '\0') {
        return BM_OK;
    }
    rc = s->attribute_next(s->self, &row, &holder);
    if (rc == BM_E_NOT_FOUND || (rc == BM_OK && holder == device)) {
        return BM_OK;
    }
    BM_TRY(rc);
    BM_TRY(s->device_get(s->self, &ca_everything, holder, &other));
    ca_attribute_name(&row, name);
    return ca_refuse(why, BM_E_CA_ATTRIBUTE_OWNED, "%s %s is that of %s", name,
                     row.value, other.name);
}

bm_status ca_check_attribute(struct ca *ca, uint64_t device,
                             const struct ca_device_entry *entry, size_t at,
                             struct ca_refusal *why)
{
    if (ca_attribute_of(entry->set[at].kind) == NULL) {
        return BM_E_ARGUMENT;
    }
    if (entry->set[at].kind == CA_ATTRIBUTE_FIRMWARE) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE,
                         "which firmware it runs, a device says itself");
    }
    BM_TRY(check_count(entry, at, why));
    return check_owner(ca, device, entry, at, why);
}

static bm_status check_all(struct ca *ca, uint64_t device,
                           const struct ca_device_entry *entry,
                           struct ca_refusal *why)
{
    if (entry->set_n > CA_ATTRIBUTES_MAX) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE, "more than %d attributes",
                         CA_ATTRIBUTES_MAX);
    }
    for (size_t i = 0; i < entry->set_n; i++) {
        BM_TRY(ca_check_attribute(ca, device, entry, i, why));
    }
    return BM_OK;
}

/* ---- Setting it */

static bm_status count_label(void *arg, const void *visited)
{
    const struct store_attribute *row = visited;
    unsigned *n = arg;

    *n += row->kind == CA_ATTRIBUTE_LABEL;
    return BM_OK;
}

static bm_status check_labels(unsigned n, struct ca_refusal *why)
{
    return n <= CA_LABELS_MAX ? BM_OK
                              : ca_refuse(why, BM_E_CA_ATTRIBUTE,
                                          "more than %d labels", CA_LABELS_MAX);
}

static bm_status put_set(struct ca *ca, uint64_t device,
                         const struct ca_device_entry *entry)
{
    const struct store *s = ca->c.store;

    for (size_t i = 0; i < entry->set_n; i++) {
        struct store_attribute row = entry->set[i];

        row.device = device;
        row.organisation = entry->organisation;
        if (row.value[0] != '\0') {
            BM_TRY(s->attribute_put(s->self, &row));
        }
    }
    return BM_OK;
}

bm_status ca_put_attributes(struct ca *ca, uint64_t device,
                            const struct ca_device_entry *entry,
                            struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    unsigned n = 0;
    const struct store_visit visit = { &n, count_label };

    for (size_t i = 0; i < entry->set_n; i++) {
        struct store_attribute row = entry->set[i];

        row.device = device;
        row.value[0] = '\0';
        BM_TRY(s->attribute_drop(s->self, &row));
    }
    BM_TRY(put_set(ca, device, entry));
    BM_TRY(s->attribute_list(s->self, device, &visit));
    return check_labels(n, why);
}

bm_status ca_put_first_attributes(struct ca *ca, uint64_t device,
                                  const struct ca_device_entry *entry,
                                  struct ca_refusal *why)
{
    unsigned n = 0;

    for (size_t i = 0; i < entry->set_n; i++) {
        n += entry->set[i].kind == CA_ATTRIBUTE_LABEL &&
             entry->set[i].value[0] != '\0';
    }
    BM_TRY(check_labels(n, why));
    return put_set(ca, device, entry);
}

bm_status ca_put_firmware(struct ca *ca, uint32_t organisation, uint64_t device,
                          const char *version)
{
    const struct store *s = ca->c.store;
    struct store_attribute row = { .device = device,
                                   .organisation = organisation,
                                   .kind = CA_ATTRIBUTE_FIRMWARE };

    BM_TRY(s->attribute_drop(s->self, &row));
    (void)snprintf(row.value, sizeof row.value, "%s", version);
    return version[0] == '\0' ? BM_OK : s->attribute_put(s->self, &row);
}

/* "model=M1, lot=7", as many as there is room for, and that there are more. */
static void put_words(const struct ca_device_entry *entry, char *words,
                      size_t cap)
{
    char name[CA_ATTRIBUTE_NAME_MAX];
    size_t n = 0;

    words[0] = '\0';
    for (size_t i = 0; i < entry->set_n; i++) {
        const struct store_attribute *a = &entry->set[i];

        ca_attribute_name(a, name);
        if (n + strlen(name) + strlen(a->value) + sizeof "=, , ..." > cap) {
            (void)snprintf(words + n, cap - n, ", ...");
            return;
        }
        n += (size_t)snprintf(words + n, cap - n, "%s%s=%s", i == 0 ? "" : ", ",
                              name, a->value);
    }
}

static bm_status put_record(struct ca *ca, const struct ca_actor *actor,
                            const struct ca_device_entry *entry, int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_INVENTORY, actor, now);
    uint8_t all[CA_ATTRIBUTES_MAX * ITEM_MAX];
    char words[WORDS_MAX];
    char name[CA_ATTRIBUTE_NAME_MAX];
    uint8_t hash[BM_HASH_MAX];
    struct bm_wr w;

    bm_wr_init(&w, all, sizeof all);
    for (size_t i = 0; i < entry->set_n; i++) {
        ca_attribute_name(&entry->set[i], name);
        bm_wr_str(&w, name);
        bm_wr_str(&w, "=");
        bm_wr_str(&w, entry->set[i].value);
        bm_wr_str(&w, "\n");
    }
    put_words(entry, words, sizeof words);
    BM_TRY(ca->c.crypto->hash(ca->c.crypto->self, BM_HASH_SHA256,
                              bm_wr_bytes(&w), hash));
    record.organisation = entry->organisation;
    record.subject = ca_text(entry->name);
    record.hash = (struct bm_bytes){ hash, 32 };
    record.text = ca_text(words);
    return ca_put_record(ca, &record, NULL, NULL);
}

static bm_status set(struct ca *ca, const struct ca_actor *actor,
                     const struct store_device *device,
                     const struct ca_device_entry *entry, int64_t now,
                     struct ca_refusal *why)
{
    char words[STORE_NAME_MAX];
    const struct ca_happened what = { "described", words };

    if (entry->set_n == 0) {
        return BM_OK;
    }
    BM_TRY(check_all(ca, device->id, entry, why));
    BM_TRY(ca_put_attributes(ca, device->id, entry, why));
    BM_TRY(put_record(ca, actor, entry, now));
    put_words(entry, words, sizeof words);
    return ca_put_history(ca, actor, device, &what, now);
}

bm_status ca_put_history(struct ca *ca, const struct ca_actor *actor,
                         const struct store_device *device,
                         const struct ca_happened *what, int64_t now)
{
    char text[STORE_NAME_MAX];

    if (what->text[0] == '\0') {
        (void)snprintf(text, sizeof text, "by %s", actor->name);
    } else {
        (void)snprintf(text, sizeof text, "%s", what->text);
    }
    return ca_put_event(ca, what->kind, device->organisation, device->id, now,
                        text);
}

/* ---- Acts */

bm_status ca_check_device_name(const char *name, struct ca_refusal *why)
{
    struct bm_bytes text = ca_text(name);

    return text.n != 0 && text.n < STORE_NAME_MAX && ca_is_line(text)
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "a name is text in one line, 1 to %d octets",
                           STORE_NAME_MAX - 1);
}

bm_status ca_put_expected(struct ca *ca, const struct ca_actor *actor,
                          struct store_device *device, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_DEVICE, actor, now);

    device->state = STORE_DEVICE_EXPECTED;
    device->created = now;
    device->changed = now;
    record.organisation = device->organisation;
    record.subject = ca_text(device->name);
    record.text = ca_text(ca_device_state_name(device->state));
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->device_put(s->self, device);
}

static bm_status expect(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_device_entry *entry, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_device device;
    bm_status rc =
        s->device_find(s->self, entry->organisation, entry->name, &device);

    if (rc != BM_E_NOT_FOUND) {
        return rc != BM_OK
                   ? rc
                   : ca_refuse(why, BM_E_EXISTS, "device %s is %s", entry->name,
                               ca_device_state_name(device.state));
    }
    device = (struct store_device){ .organisation = entry->organisation };
    memcpy(device.name, entry->name, strlen(entry->name) + 1);
    BM_TRY(ca_put_expected(ca, actor, &device, now));
    return set(ca, actor, &device, entry, now, why);
}

bm_status ca_device_expect(struct ca *ca, const struct ca_actor *actor,
                           const struct ca_device_entry *entry, int64_t now,
                           struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_EXPECT, why));
    BM_TRY(ca_check_device_name(entry->name, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, expect(ca, actor, entry, now, why), now, why);
}

static bm_status describe(struct ca *ca, const struct ca_actor *actor,
                          const struct ca_device_entry *entry, int64_t now,
                          struct ca_refusal *why)
{
    struct store_device device;

    BM_TRY(ca_find_device(ca, actor, entry->organisation, entry->name, &device,
                          why));
    BM_TRY(ca_check_device_act(&device, CA_DEVICE_DESCRIBE, why));
    return set(ca, actor, &device, entry, now, why);
}

bm_status ca_device_describe(struct ca *ca, const struct ca_actor *actor,
                             const struct ca_device_entry *entry, int64_t now,
                             struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_DESCRIBE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, describe(ca, actor, entry, now, why), now, why);
}
