/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which device an IDevID of a manufacturer stands for: manufacturer and
 * serialNumber name it, and the key that came with them first is its key for
 * ever. Another one with the same name is a clone, or was to be one.
 */
#include <stdio.h>
#include <string.h>

#include "ca/signal.h"
#include "ca/slot.h"

static void put_words(const struct ca_idevid *i, char text[STORE_NAME_MAX])
{
    (void)snprintf(text, STORE_NAME_MAX, "IDevID %s of %s, serialNumber %s",
                   i->mark, i->name, i->serial);
}

/* Of the device whose name or key it is; 0: of none. */
static bm_status note_clone(struct ca *ca, const struct ca_idevid *i,
                            uint64_t device, int64_t now)
{
    struct ca_signalled what = { .kind = CA_SIGNAL_CLONE,
                                 .organisation = i->organisation,
                                 .device = device };
    char text[STORE_NAME_MAX];

    put_words(i, text);
    what.text = text;
    return ca_put_signal(ca, &what, true, now);
}

/* Written down once for each certificate: a stranger can come again and
 * again. */
static bm_status put_signal(struct ca *ca, const struct ca_slot *s,
                            const char *kind, uint64_t device, int64_t now)
{
    const struct ca_idevid *i = &s->idevid;
    struct ca_record record =
        ca_record_of(CA_RECORD_CLONE, s->request->actor, now);
    char text[STORE_NAME_MAX];
    bm_status rc;

    BM_TRY(note_clone(ca, i, device, now));
    rc = ca_put_once(ca, kind, BM_ARRAY(i->cert), device);
    if (rc != BM_OK) {
        return rc == BM_E_EXISTS ? BM_OK : rc;
    }
    put_words(i, text);
    record.organisation = i->organisation;
    record.subject = ca_text(s->name);
    record.hash = BM_ARRAY(i->cert);
    record.key = BM_ARRAY(i->key);
    record.text = ca_text(text);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return ca_put_event(ca, kind, i->organisation, device, now, text);
}

/* Whose name the certificate has, but not the key. */
static bm_status check_clone(struct ca *ca, const struct ca_slot *s,
                             int64_t now, struct ca_refusal *why)
{
    const struct ca_idevid *i = &s->idevid;

    if (i->bound || i->id == 0) {
        return BM_OK;
    }
    BM_TRY(put_signal(ca, s, "idevid-clone", i->id, now));
    return ca_refuse(why, BM_E_CA_CLONE, "device %s", s->name);
}

static bm_status is_claimed(void *arg, const void *row)
{
    (void)row;
    *(bool *)arg = true;
    return BM_E_END;
}

/* A key that is another's already: under another name, or as one of ours. */
static bm_status check_other(struct ca *ca, const struct ca_slot *s,
                             int64_t now, struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    const struct ca_idevid *i = &s->idevid;
    bool taken = false;
    const struct store_visit visit = { &taken, is_claimed };
    struct store_idevid other;
    bm_status rc = store->idevid_of_key(store->self, i->key, &other);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    taken = rc == BM_OK && (other.manufacturer != i->manufacturer ||
                            strcmp(other.serial, i->serial) != 0);
    BM_TRY(store->claim_list(store->self, STORE_CLAIM_KEY, i->key, &visit));
    if (!taken) {
        return BM_OK;
    }
    BM_TRY(put_signal(ca, s, "idevid-key", 0, now));
    return ca_refuse_plain(why, BM_E_CA_KEY_OWNED);
}

/*
 * The name is another device's: of another manufacturer, with the same
 * serialNumber, or one that got its certificates in another way. One that
 * waits for its first certificate may be this, if it was said so.
 */
static bm_status check_name(struct ca *ca, const struct ca_slot *s, int64_t now,
                            struct ca_refusal *why)
{
    const struct ca_idevid *i = &s->idevid;

    if (i->bound || s->new_device ||
        (s->device.state == STORE_DEVICE_EXPECTED && i->expected)) {
        return BM_OK;
    }
    BM_TRY(put_signal(ca, s, "idevid-name", s->device.id, now));
    return ca_refuse(why, BM_E_CA_DEVICE,
                     "%s is there, and did not come with an IDevID of %s",
                     s->name, i->name);
}

bm_status ca_check_idevid(struct ca *ca, const struct ca_slot *s, int64_t now,
                          struct ca_refusal *why)
{
    if (!s->has_idevid) {
        return BM_OK;
    }
    BM_TRY(check_clone(ca, s, now, why));
    BM_TRY(check_other(ca, s, now, why));
    BM_TRY(check_name(ca, s, now, why));
    /* IEEE 802.1AR: an LDevID has a key of its own. */
    return memcmp(s->key, s->idevid.key, sizeof s->key) == 0
               ? ca_refuse(why, BM_E_CA_KEY_REUSED, "it is that of the IDevID")
               : BM_OK;
}

/* The first time, and when the manufacturer has renewed the certificate. */
bm_status ca_put_idevid(struct ca *ca, const struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;
    const struct ca_idevid *i = &s->idevid;
    struct ca_record record =
        ca_record_of(CA_RECORD_IDEVID, s->request->actor, now);
    struct store_idevid row;
    char text[STORE_NAME_MAX];
    bm_status rc;

    if (!s->has_idevid) {
        return BM_OK;
    }
    rc = store->idevid_find(store->self, i->manufacturer, i->serial, &row);
    if (rc == BM_OK && memcmp(row.cert, i->cert, sizeof row.cert) == 0) {
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    row = (struct store_idevid){ .manufacturer = i->manufacturer,
                                 .organisation = i->organisation,
                                 .device = s->device.id,
                                 .at = now };
    memcpy(row.serial, i->serial, sizeof i->serial);
    memcpy(row.key, i->key, sizeof row.key);
    memcpy(row.cert, i->cert, sizeof row.cert);
    put_words(i, text);
    record.organisation = i->organisation;
    record.subject = ca_text(s->device.name);
    record.hash = BM_ARRAY(row.cert);
    record.key = BM_ARRAY(row.key);
    record.text = ca_text(text);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(store->idevid_put(store->self, &row));
    return ca_put_event(ca, "idevid", i->organisation, row.device, now, text);
}
