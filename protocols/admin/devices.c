/* SPDX-License-Identifier: Apache-2.0 */

/* Devices, and what happened to them. */
#include "ca/device.h"

#include <string.h>

#include "protocols/admin/devices.h"

static const char *const sources[] = { "noticed", "claimed", NULL };

static const char *const places[] = { "tpm", NULL };

static const struct admin_field key_fields[] = {
    ADMIN_GIVES("sha256", ADMIN_STRING, true,
                "SHA-256 of its SubjectPublicKeyInfo, in hexadecimal"),
    ADMIN_GIVES("attested", ADMIN_BOOLEAN, true,
                "whether it was shown where it was made"),
    ADMIN_GIVES_ENUM("place", places, false, "where that was"),
    ADMIN_GIVES("ek", ADMIN_STRING, false,
                "SHA-256 of the SubjectPublicKeyInfo of the TPM's endorsement "
                "key, in hexadecimal"),
    ADMIN_GIVES("at", ADMIN_TIME, false, "when it was shown"),
    ADMIN_GIVES("claimed", ADMIN_STRING, false,
                "how and where it was made, as the device says"),
    ADMIN_GIVES("claimed_at", ADMIN_TIME, false, "when it said so"),
    ADMIN_FIELDS_END,
};

static const struct admin_field idevid_fields[] = {
    ADMIN_GIVES("manufacturer", ADMIN_STRING, true, "whose it is"),
    ADMIN_GIVES("serial_number", ADMIN_STRING, true,
                "serialNumber in its subject"),
    ADMIN_GIVES("certificate_sha256", ADMIN_STRING, true,
                "of the certificate, in hexadecimal"),
    ADMIN_GIVES("key_sha256", ADMIN_STRING, true,
                "of its SubjectPublicKeyInfo, in hexadecimal"),
    ADMIN_GIVES("at", ADMIN_TIME, true, "when the device came with it"),
    ADMIN_FIELDS_END,
};

static const struct admin_field cert_fields[] = {
    ADMIN_GIVES("serial_number", ADMIN_STRING, true, "in hexadecimal"),
    ADMIN_GIVES("profile", ADMIN_STRING, true, "what it was made by"),
    ADMIN_GIVES("status", ADMIN_STRING, true, "what became of it"),
    ADMIN_GIVES("not_before", ADMIN_TIME, true, "when it begins"),
    ADMIN_GIVES("not_after", ADMIN_TIME, true, "when it ends"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_device_fields[] = {
    DEVICE_FIELDS,
    ADMIN_GIVES_IN("key", ADMIN_OBJECT, false, key_fields,
                   "that of its newest certificate that is good"),
    ADMIN_GIVES_IN("firewall", ADMIN_OBJECT, false, admin_firewall_fields,
                   "what the device says of it"),
    ADMIN_GIVES_IN("idevid", ADMIN_OBJECT, false, idevid_fields,
                   "the manufacturer's certificate that it came with"),
    ADMIN_GIVES_IN("certificates", ADMIN_ARRAY, true, cert_fields,
                   "the latest, past ones among them, the newest first"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_event_fields[] = {
    ADMIN_GIVES("event", ADMIN_STRING, true, "its kind: fork, key-misuse"),
    ADMIN_GIVES("at", ADMIN_TIME, true, "when it was noticed"),
    ADMIN_GIVES("text", ADMIN_STRING, true, "what happened"),
    ADMIN_GIVES_ENUM("source", sources, true,
                     "claimed: the device says so, and nobody else"),
    ADMIN_GIVES("device_id", ADMIN_INTEGER, false, "number of the device"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_event_page[] = {
    ADMIN_PAGE_OF(admin_event_fields),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_show_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_device_events_params[] = {
    DEVICE_PATH,
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_suspend_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_resume_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_renew_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_events_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};

/* In a transaction. */
static bm_status find(struct admin_context *c, const json_t *params,
                      struct store_device *row, struct ca_refusal *why)
{
    const char *name = admin_text(params, "device");
    bm_status rc =
        c->store->device_find(c->store->self, c->actor.organisation, name, row);

    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "device %s", name) : rc;
}

/* A device's key, and what was shown of it. */
struct key {
    bool found;
    uint8_t hash[STORE_HASH_SIZE];
    struct store_attestation attestation; /* place 0: nothing */
    struct store_heard heard;             /* what the device says */
};

static bm_status take_key(void *arg, const void *visited)
{
    const struct store_cert *row = visited;
    struct key *key = arg;

    if (row->status != STORE_CERT_VALID && row->status != STORE_CERT_PENDING &&
        row->status != STORE_CERT_REPLACED) {
        return BM_OK;
    }
    memcpy(key->hash, row->key, sizeof key->hash);
    key->found = true;
    return BM_E_END;
}

static bm_status find_key(struct admin_context *c, uint64_t device,
                          struct key *key)
{
    const struct store *s = c->store;
    const struct store_cert_filter filter = { .device = device,
                                              .newest_first = true };
    const struct store_visit visit = { key, take_key };
    bm_status rc;

    memset(key, 0, sizeof *key);
    BM_TRY(s->cert_list(s->self, &c->actor.scope, &filter, &visit));
    rc = s->heard_get(s->self, device, &key->heard);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    rc = key->found ? s->attestation_get(s->self, key->hash, &key->attestation)
                    : BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static json_t *device_key(struct tree *t, const struct key *key)
{
    const struct store_attestation *a = &key->attestation;
    json_t *o = tree_object(t);

    tree_set(t, o, "sha256", tree_hex(t, BM_ARRAY(key->hash)));
    tree_set(t, o, "attested", tree_bool(t, a->place != 0));
    if (a->place != 0) {
        tree_set(t, o, "place", tree_str(t, places[a->place - 1]));
        tree_set(t, o, "ek", tree_hex(t, BM_ARRAY(a->ek)));
        tree_set(t, o, "at", tree_time(t, a->at));
    }
    if (key->heard.key[0] != '\0') {
        tree_set(t, o, "claimed", tree_str(t, key->heard.key));
        tree_set(t, o, "claimed_at", tree_time(t, key->heard.key_at));
    }
    return o;
}

/* The IDevID that a device came with, and whose it is. */
struct idevid {
    struct store_idevid row; /* device 0: none */
    char name[STORE_ID_MAX]; /* of the manufacturer */
};

static bm_status take_manufacturer(void *arg, const void *visited)
{
    const struct store_manufacturer *row = visited;
    struct idevid *i = arg;

    if (row->id != i->row.manufacturer) {
        return BM_OK;
    }
    memcpy(i->name, row->name, sizeof i->name);
    return BM_E_END;
}

static bm_status find_idevid(struct admin_context *c, uint64_t device,
                             struct idevid *i)
{
    const struct store *s = c->store;
    const struct store_visit visit = { i, take_manufacturer };
    bm_status rc = s->idevid_of_device(s->self, device, &i->row);

    i->name[0] = '\0';
    if (rc != BM_OK) {
        i->row.device = 0;
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    return s->manufacturer_list(s->self, &c->actor.scope,
                                i->row.manufacturer - 1, &visit);
}

static json_t *device_idevid(struct tree *t, const struct idevid *i)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "manufacturer", tree_str(t, i->name));
    tree_set(t, o, "serial_number", tree_str(t, i->row.serial));
    tree_set(t, o, "certificate_sha256", tree_hex(t, BM_ARRAY(i->row.cert)));
    tree_set(t, o, "key_sha256", tree_hex(t, BM_ARRAY(i->row.key)));
    tree_set(t, o, "at", tree_time(t, i->row.at));
    return o;
}

/* Certificates of a device that are told of it; listCertificates has all. */
#define CERTS_SHOWN 20

struct certs {
    struct admin_context *c;
    struct tree *t;
    json_t *list;
};

static bm_status add_cert(void *arg, const void *visited)
{
    const struct store_cert *row = visited;
    struct certs *certs = arg;
    struct tree *t = certs->t;
    json_t *o;

    if (json_array_size(certs->list) == CERTS_SHOWN) {
        return BM_E_END;
    }
    o = tree_object(t);
    tree_set(t, o, "serial_number", tree_hex(t, row->serial));
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "status",
             tree_str(t, things_cert_status(row, certs->c->now)));
    tree_set(t, o, "not_before", tree_time(t, row->not_before));
    tree_set(t, o, "not_after", tree_time(t, row->not_after));
    tree_append(t, certs->list, o);
    return t->failed ? BM_E_MEMORY : BM_OK;
}

static bm_status put_certs(struct admin_context *c, struct tree *t,
                           uint64_t device, json_t *o)
{
    const struct store *s = c->store;
    const struct store_cert_filter filter = { .device = device,
                                              .newest_first = true };
    struct certs certs = { c, t, tree_array(t) };
    const struct store_visit visit = { &certs, add_cert };
    bm_status rc = s->cert_list(s->self, &c->actor.scope, &filter, &visit);

    tree_set(t, o, "certificates", certs.list);
    return rc;
}

/* In a transaction: all that is on record of it. */
static bm_status put_device(struct admin_context *c, struct tree *t,
                            const struct store_device *row, json_t *o)
{
    struct key key;
    struct idevid idevid;

    BM_TRY(devices_put_attributes(c, t, row->id, o));
    BM_TRY(find_key(c, row->id, &key));
    if (key.found) {
        tree_set(t, o, "key", device_key(t, &key));
    }
    admin_put_firewall(t, &key.heard, o);
    BM_TRY(find_idevid(c, row->id, &idevid));
    if (idevid.row.device != 0) {
        tree_set(t, o, "idevid", device_idevid(t, &idevid));
    }
    return put_certs(c, t, row->id, o);
}

bm_status admin_show_device(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_device row;
    json_t *device = NULL;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = find(c, params, &row, why);
        if (rc == BM_OK) {
            device = things_device(&t, &row);
            rc = put_device(c, &t, &row, device);
        }
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(device);
        return rc;
    }
    return admin_give(&t, device, result);
}

static bm_status change(struct admin_context *c, const json_t *params,
                        bool suspend, struct ca_refusal *why)
{
    const struct ca_device_act act = { .organisation = c->actor.organisation,
                                       .name = admin_text(params, "device"),
                                       .suspend = suspend };

    return ca_device_change(c->ca, &c->actor, &act, c->now, why);
}

struct issuers {
    size_t n;
    char id[CA_GROUP_MAX][STORE_ID_MAX];
};

/* Whoever signs for devices, and has its key here. */
static bm_status keep_issuer(void *arg, const void *visited)
{
    struct issuers *issuers = arg;
    const struct store_ca *row = visited;

    if (row->kind == STORE_CA_ISSUING && row->key_uri[0] != '\0' &&
        issuers->n < CA_GROUP_MAX) {
        memcpy(issuers->id[issuers->n++], row->id, sizeof row->id);
    }
    return BM_OK;
}

void devices_tell_lists(struct admin_context *c)
{
    struct issuers issuers = { .n = 0 };
    struct store_visit visit = { &issuers, keep_issuer };
    const struct store *s = c->store;

    if (admin_begin(c) != BM_OK) {
        return;
    }
    (void)!s->ca_list(s->self, &c->actor.scope, &visit);
    admin_end(c);
    for (size_t i = 0; i < issuers.n; i++) {
        c->host.list_changed(c->host.self, &c->actor, issuers.id[i]);
    }
}

bm_status admin_suspend_device(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    BM_TRY(change(c, params, true, why));
    devices_tell_lists(c);
    return admin_tell(c, params, result, why, admin_show_device);
}

bm_status admin_resume_device(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    BM_TRY(change(c, params, false, why));
    devices_tell_lists(c);
    return admin_tell(c, params, result, why, admin_show_device);
}

bm_status admin_renew_device(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    const struct ca_device_act act = { .organisation = c->actor.organisation,
                                       .name = admin_text(params, "device") };

    BM_TRY(ca_device_renew(c->ca, &c->actor, &act, c->now, why));
    return admin_tell(c, params, result, why, admin_show_device);
}

static bm_status add_event(void *arg, const void *visited)
{
    struct admin_page *page = arg;
    const struct store_event *row = visited;

    BM_TRY(admin_page_row_id(page, row->id));
    return admin_page_add(page, things_event(&page->t, row));
}

static bm_status walk_events(struct admin_context *c, const json_t *params,
                             struct admin_page *page, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct store_visit visit = { page, add_event };
    struct store_device device = { .id = 0 };
    uint64_t after = 0;

    BM_TRY(admin_page_after(page, &after, why));
    if (admin_text(params, "device") != NULL) {
        BM_TRY(find(c, params, &device, why));
    }
    return s->event_list(s->self, &c->actor.scope, device.id, after, &visit);
}

bm_status admin_list_events(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    struct admin_page page;
    bm_status rc;

    admin_page_begin(&page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = walk_events(c, params, &page, why);
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

bm_status admin_list_device_events(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    return admin_list_events(c, params, result, why);
}
