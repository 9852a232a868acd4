/* SPDX-License-Identifier: Apache-2.0 */

/* Manufacturers, whose IDevIDs an organisation takes. */
#include "ca/manufacturer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "protocols/admin/internal.h"

static const char *const rules[] = { "required", "loaded", "none", NULL };

/* Characters of one certificate, and serial numbers at a time. */
#define CERT_TEXT_MAX 32768
#define SERIALS_MAX   10000

#define MANUFACTURER_FIELDS                                                   \
    ADMIN_GIVES("name", ADMIN_STRING, true, "unique in its organisation"),    \
        ADMIN_GIVES_ENUM("revocation", rules, true,                           \
                         "whose lists must be here, and current"),            \
        ADMIN_GIVES("outlive", ADMIN_BOOLEAN, true,                           \
                    "IDevIDs are good for longer than the CAs above them"),   \
        ADMIN_GIVES("expected_only", ADMIN_BOOLEAN, true,                     \
                    "whether other devices are refused"),                     \
        ADMIN_GIVES("serial_pattern", ADMIN_STRING, false,                    \
                    "what serial numbers of its devices look like"),          \
        ADMIN_GIVES("device_name", ADMIN_STRING, true,                        \
                    "what its devices are called"),                           \
        ADMIN_GIVES("profiles", ADMIN_STRING, false,                          \
                    "what its devices may have, with commas; any if absent"), \
        ADMIN_GIVES("added", ADMIN_TIME, true, "when it began to count"),     \
        ADMIN_GIVES("removed", ADMIN_TIME, false, "when it ceased to"),       \
        ADMIN_GIVES("by", ADMIN_STRING, true, "who added it"),                \
        ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number")

static const struct admin_field cert_fields[] = {
    ADMIN_GIVES("subject", ADMIN_STRING, true, "name of the CA"),
    ADMIN_GIVES("fingerprint_sha256", ADMIN_STRING, true, "of the certificate"),
    ADMIN_GIVES("not_after", ADMIN_TIME, true, "end of the certificate"),
    ADMIN_GIVES("list_this_update", ADMIN_TIME, false,
                "of its revocation list that is here"),
    ADMIN_GIVES("list_next_update", ADMIN_TIME, false, "end of that list"),
    ADMIN_FIELDS_END,
};
static const struct admin_field row_fields[] = {
    MANUFACTURER_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_manufacturer_fields[] = {
    MANUFACTURER_FIELDS,
    ADMIN_GIVES_IN("anchors", ADMIN_ARRAY, true, cert_fields,
                   "that its paths end at"),
    ADMIN_GIVES_IN("cas", ADMIN_ARRAY, true, cert_fields, "others of its CAs"),
    ADMIN_GIVES("expected", ADMIN_INTEGER, true,
                "devices that were said to come"),
    ADMIN_GIVES("devices", ADMIN_INTEGER, true, "devices that came"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_manufacturer_page[] = {
    ADMIN_PAGE_OF(row_fields),
    ADMIN_FIELDS_END,
};

#define MANUFACTURER_PATH                                  \
    ADMIN_PATH("manufacturer", ADMIN_STRING, ADMIN_ID_MAX, \
               "name of the manufacturer")

const struct admin_field admin_list_manufacturers_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_manufacturer_params[] = {
    MANUFACTURER_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_remove_manufacturer_params[] = {
    MANUFACTURER_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_add_manufacturer_params[] = {
    ADMIN_BODY("name", ADMIN_STRING, true, ADMIN_ID_MAX,
               "what it is called from now on"),
    ADMIN_BODY("anchors", ADMIN_STRINGS, true, CERT_TEXT_MAX,
               "certificates that are its roots, PEM or base64"),
    ADMIN_BODY("cas", ADMIN_STRINGS, false, CERT_TEXT_MAX,
               "certificates of CAs below them"),
    { .name = "revocation",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = rules,
      .about = "whose lists must be here, and current: of each CA of a path "
               "(required, if not given), of those of which one was loaded, "
               "of none" },
    ADMIN_BODY("outlive", ADMIN_BOOLEAN, false, 0,
               "IDevIDs are good for longer than the CAs above them"),
    ADMIN_BODY("expected_only", ADMIN_BOOLEAN, false, 0,
               "refuse devices that were not said to come"),
    ADMIN_BODY("serial_pattern", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "what serial numbers of its devices look like"),
    ADMIN_BODY("device_name", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "what its devices are called, with {serial} in it; that alone "
               "if not given"),
    ADMIN_BODY("profiles", ADMIN_STRINGS, false, ADMIN_ID_MAX,
               "what its devices may have; any if not given"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_expect_devices_params[] = {
    MANUFACTURER_PATH,
    ADMIN_BODY("serials", ADMIN_STRINGS, true, CA_SERIAL_NUMBER_MAX,
               "serial numbers of devices that will come"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_load_manufacturer_crl_params[] = {
    MANUFACTURER_PATH,
    ADMIN_BODY("crl", ADMIN_PEM, true, (int64_t)ADMIN_BODY_MAX,
               "the revocation list; its signature says of which CA"),
    ADMIN_FIELDS_END,
};

/* ---- Showing */

static json_t *manufacturer(struct tree *t, const struct store_manufacturer *m)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "name", tree_str(t, m->name));
    tree_set(t, o, "revocation", tree_str(t, ca_revocation_rule_name(m->rule)));
    tree_set(t, o, "outlive", tree_bool(t, m->outlives));
    tree_set(t, o, "expected_only", tree_bool(t, m->listed));
    if (m->pattern[0] != '\0') {
        tree_set(t, o, "serial_pattern", tree_str(t, m->pattern));
    }
    tree_set(t, o, "device_name", tree_str(t, m->device));
    if (m->profiles[0] != '\0') {
        tree_set(t, o, "profiles", tree_str(t, m->profiles));
    }
    tree_set(t, o, "added", tree_time(t, m->created));
    if (m->removed != 0) {
        tree_set(t, o, "removed", tree_time(t, m->removed));
    }
    tree_set(t, o, "by", tree_str(t, m->creator));
    tree_set(t, o, "id", tree_int(t, (int64_t)m->id));
    return o;
}

/* One with all that is known of it. Its certificates are parsed at once, as
 * the views of its row are lost. */
struct telling {
    struct tree t;
    const struct admin_context *c;
    struct store_manufacturer row;
    json_t *object; /* the caller's */
};

static bm_status add_cert(struct telling *told, const struct bm_cert *cert,
                          json_t *list)
{
    const struct bm_crypto *crypto = told->c->crypto;
    const struct store *s = told->c->store;
    struct tree *t = &told->t;
    json_t *o = tree_object(t);
    struct store_list row;
    uint8_t hash[BM_HASH_MAX];
    bm_status rc;

    tree_append(t, list, o);
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, cert->der, hash));
    tree_set(t, o, "subject", tree_put(t, bm_name_put_text, cert->subject));
    tree_set(t, o, "fingerprint_sha256",
             tree_hex(t, (struct bm_bytes){ hash, STORE_HASH_SIZE }));
    tree_set(t, o, "not_after", tree_time(t, cert->not_after));
    BM_TRY(ca_manufacturer_ca_hash(crypto, cert, hash));
    rc = s->list_get(s->self, told->row.id, hash, &row);
    if (rc == BM_OK) {
        tree_set(t, o, "list_this_update", tree_time(t, row.this_update));
        tree_set(t, o, "list_next_update", tree_time(t, row.next_update));
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status add_certs(struct telling *told, struct bm_bytes der,
                           const char *key)
{
    struct bm_cert *certs = calloc(CA_MANUFACTURER_CERTS, sizeof *certs);
    json_t *list = tree_array(&told->t);
    size_t n = 0;
    bm_status rc = certs == NULL
                       ? BM_E_MEMORY
                       : ca_certs_parse(der, CA_MANUFACTURER_CERTS, certs, &n);

    tree_set(&told->t, told->object, key, list);
    for (size_t i = 0; rc == BM_OK && i < n; i++) {
        rc = add_cert(told, &certs[i], list);
    }
    free(certs);
    return rc;
}

/* Octets that outlive the next call of the store. */
static bm_status keep(struct store_manufacturer *row, uint8_t **room)
{
    size_t n = row->anchors.n;

    *room = malloc(n + row->cas.n + 1);
    if (*room == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(*room, row->anchors.n != 0 ? row->anchors.p : *room, n);
    memcpy(*room + n, row->cas.n != 0 ? row->cas.p : *room, row->cas.n);
    row->anchors.p = *room;
    row->cas.p = *room + n;
    return BM_OK;
}

/* In a transaction. */
static bm_status tell(struct telling *told, const char *name,
                      struct ca_refusal *why)
{
    const struct store *s = told->c->store;
    uint8_t *room = NULL;
    uint64_t expected = 0;
    uint64_t devices = 0;
    bm_status rc;

    BM_TRY(ca_manufacturer_find(s, &told->c->actor, name, &told->row, why));
    rc = keep(&told->row, &room);
    if (rc == BM_OK) {
        told->object = manufacturer(&told->t, &told->row);
        rc = add_certs(told, told->row.anchors, "anchors");
    }
    if (rc == BM_OK) {
        rc = add_certs(told, told->row.cas, "cas");
    }
    if (rc == BM_OK) {
        rc = s->serial_count(s->self, told->row.id, &expected);
    }
    if (rc == BM_OK) {
        rc = s->idevid_count(s->self, told->row.id, &devices);
    }
    tree_set(&told->t, told->object, "expected",
             tree_int(&told->t, (int64_t)expected));
    tree_set(&told->t, told->object, "devices",
             tree_int(&told->t, (int64_t)devices));
    free(room);
    return rc;
}

bm_status admin_show_manufacturer(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    struct telling told = { .c = c };
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = tell(&told, admin_text(params, "manufacturer"), why);
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(told.object);
        return rc;
    }
    return admin_give(&told.t, told.object, result);
}

static bm_status add_row(void *arg, const void *visited)
{
    const struct store_manufacturer *row = visited;
    struct admin_page *page = arg;

    BM_TRY(admin_page_row_id(page, row->id));
    return admin_page_add(page, manufacturer(&page->t, row));
}

bm_status admin_list_manufacturers(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct admin_page page;
    const struct store_visit visit = { &page, add_row };
    uint64_t after = 0;
    bm_status rc;

    admin_page_begin(&page, params);
    rc = admin_page_after(&page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->manufacturer_list(s->self, &c->actor.scope, after, &visit);
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

/* ---- Adding */

static bm_status give_new(struct admin_context *c, const json_t *params,
                          json_t *result, struct ca_refusal *why)
{
    json_t *path =
        json_pack("{s:s}", "manufacturer", admin_text(params, "name"));
    bm_status rc = path == NULL ? BM_E_MEMORY
                                : admin_show_manufacturer(c, path, result, why);

    json_decref(path);
    return rc;
}

bm_status admin_add_manufacturer(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    const char *rule = admin_text(params, "revocation");
    char profiles[STORE_NAME_MAX];
    struct ca_manufacturer_order order = {
        .name = admin_text(params, "name"),
        .pattern = admin_text(params, "serial_pattern"),
        .device = admin_text(params, "device_name"),
        .rule = ca_revocation_rule_of(rule != NULL ? rule : "required"),
        .outlives = admin_flag(params, "outlive"),
        .listed = admin_flag(params, "expected_only"),
    };
    uint8_t *anchors = NULL;
    uint8_t *cas = NULL;
    bm_status rc = admin_words(params, "profiles", profiles, why);

    order.profiles = profiles[0] != '\0' ? profiles : NULL;
    if (rc == BM_OK) {
        rc = admin_certs(params, "anchors", &anchors, &order.anchors, why);
    }
    if (rc == BM_OK) {
        rc = admin_certs(params, "cas", &cas, &order.cas, why);
    }
    if (rc == BM_OK) {
        rc = ca_manufacturer_add(c->ca, &c->actor, &order, c->now, why);
    }
    free(anchors);
    free(cas);
    BM_TRY(rc);
    return admin_tell(c, params, result, why, give_new);
}

/* ---- Other acts */

bm_status admin_remove_manufacturer(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    BM_TRY(ca_manufacturer_remove(
        c->ca, &c->actor, admin_text(params, "manufacturer"), c->now, why));
    return admin_tell(c, params, result, why, admin_show_manufacturer);
}

bm_status admin_expect_devices(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const json_t *list = json_object_get(params, "serials");
    size_t n = json_array_size(list);
    const char **serials;
    struct ca_serials s = { .manufacturer = admin_text(params, "manufacturer"),
                            .n = n };
    const json_t *item;
    size_t i;
    bm_status rc;

    if (n == 0 || n > SERIALS_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "1 to %d serial numbers at a time",
                         SERIALS_MAX);
    }
    serials = calloc(n, sizeof *serials);
    if (serials == NULL) {
        return BM_E_MEMORY;
    }
    json_array_foreach(list, i, item)
    {
        serials[i] = json_string_value(item);
    }
    s.serial = serials;
    rc = ca_manufacturer_expect(c->ca, &c->actor, &s, c->now, why);
    free(serials);
    BM_TRY(rc);
    return admin_tell(c, params, result, why, admin_show_manufacturer);
}

bm_status admin_load_manufacturer_crl(struct admin_context *c,
                                      const json_t *params, json_t *result,
                                      struct ca_refusal *why)
{
    uint8_t *der;
    size_t n;
    bm_status rc = admin_der(params, "crl", &der, &n, why);

    if (rc == BM_OK) {
        rc = ca_manufacturer_load_crl(c->ca, &c->actor,
                                      admin_text(params, "manufacturer"),
                                      (struct bm_bytes){ der, n }, c->now, why);
        free(der);
    }
    BM_TRY(rc);
    return admin_tell(c, params, result, why, admin_show_manufacturer);
}
