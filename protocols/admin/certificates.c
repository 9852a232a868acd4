/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates that were issued: looking, revoking, releasing. */
#include <stdlib.h>
#include <string.h>

#include "ca/revoke.h"
#include "core/name.h"
#include "protocols/admin/certificates.h"

static const char *const statuses[] = { "valid",     "pending", "replaced",
                                        "held",      "revoked", "expired",
                                        "abandoned", NULL };

/* RFC 5280 5.3.1. Which of them apply is the authority's to say. */
static const char *const reasons[] = { "unspecified",
                                       "keyCompromise",
                                       "cACompromise",
                                       "affiliationChanged",
                                       "superseded",
                                       "cessationOfOperation",
                                       "certificateHold",
                                       "removeFromCRL",
                                       "privilegeWithdrawn",
                                       "aACompromise",
                                       NULL };

static const struct admin_field ledger_fields[] = {
    ADMIN_GIVES("tree", ADMIN_INTEGER, true, "which tree"),
    ADMIN_GIVES("leaf", ADMIN_INTEGER, true, "index in it"),
    ADMIN_FIELDS_END,
};

#define CERT_FIELDS                                                        \
    ADMIN_GIVES("serial_number", ADMIN_SERIAL, true, "RFC 5280 4.1.2.2"),  \
        ADMIN_GIVES_ENUM("status", statuses, true, "what became of it"),   \
        ADMIN_GIVES("revocation_date", ADMIN_TIME, false,                  \
                    "when it was revoked or put on hold"),                 \
        ADMIN_GIVES("reason_code", ADMIN_STRING, false, "RFC 5280 5.3.1"), \
        ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device"),  \
        ADMIN_GIVES("profile", ADMIN_STRING, true, "its profile"),         \
        ADMIN_GIVES("profile_version", ADMIN_INTEGER, false,               \
                    "the version of it that it was issued by"),            \
        ADMIN_GIVES("ca", ADMIN_STRING, true, "id of its issuer"),         \
        ADMIN_GIVES("subject", ADMIN_TEXT, false, "RFC 4514"),             \
        ADMIN_GIVES("issued", ADMIN_TIME, true, "when it was issued"),     \
        ADMIN_GIVES("not_before", ADMIN_TIME, true, "begin of validity"),  \
        ADMIN_GIVES("not_after", ADMIN_TIME, true, "end of validity"),     \
        ADMIN_GIVES_IN("ledger", ADMIN_OBJECT, true, ledger_fields,        \
                       "where its record is"),                             \
        ADMIN_GIVES("id", ADMIN_INTEGER, true, "rises with time")

#define CERT_FULL_FIELDS                                                     \
    CERT_FIELDS, ADMIN_GIVES("issuer", ADMIN_TEXT, false, "RFC 4514"),       \
        ADMIN_GIVES("predecessor", ADMIN_SERIAL, false,                      \
                    "the certificate that it renews"),                       \
        ADMIN_GIVES("successor", ADMIN_SERIAL, false, "its latest renewal"), \
        ADMIN_GIVES("pem", ADMIN_PEM, false,                                 \
                    "the certificate; of an "                                \
                    "abandoned one there is none")

const struct admin_field admin_cert_fields[] = {
    CERT_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_cert_full_fields[] = {
    CERT_FULL_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_cert_new_fields[] = {
    CERT_FULL_FIELDS,
    { .name = "chain",
      .type = ADMIN_STRINGS,
      .required = true,
      .about = "the CAs from its issuer up, but the root, in PEM" },
    ADMIN_GIVES("repeated", ADMIN_BOOLEAN, true,
                "it was issued for the same request before"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_cert_page[] = {
    ADMIN_PAGE_OF(admin_cert_fields),
    ADMIN_FIELDS_END,
};

#define SERIAL_PATH \
    ADMIN_PATH("serial", ADMIN_SERIAL, 0, "serial number, in hexadecimal")

const struct admin_field admin_list_certificates_params[] = {
    ADMIN_QUERY("profile", ADMIN_STRING, ADMIN_ID_MAX, "of this profile"),
    ADMIN_QUERY("ca", ADMIN_STRING, ADMIN_ID_MAX, "issued by this CA"),
    ADMIN_QUERY("device", ADMIN_STRING, ADMIN_NAME_MAX, "of this device"),
    { .name = "status",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = statuses,
      .about = "those of this status alone" },
    ADMIN_QUERY("expires_before", ADMIN_TIME, 0, "that end before this"),
    { .name = "newest",
      .type = ADMIN_BOOLEAN,
      .place = ADMIN_IN_QUERY,
      .about = "newest first" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_certificate_params[] = {
    SERIAL_PATH,
    ADMIN_QUERY("ca", ADMIN_STRING, ADMIN_ID_MAX, "id of its issuer"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_revoke_certificate_params[] = {
    SERIAL_PATH,
    { .name = "reason",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = reasons,
      .about = "RFC 5280 5.3.1; certificateHold can be released" },
    ADMIN_BODY("invalid_since", ADMIN_TIME, false, 0,
               "when the key was lost, as far as known"),
    ADMIN_BODY("ca", ADMIN_STRING, false, ADMIN_ID_MAX, "id of its issuer"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_release_certificate_params[] = {
    SERIAL_PATH,
    ADMIN_BODY("ca", ADMIN_STRING, false, ADMIN_ID_MAX, "id of its issuer"),
    ADMIN_FIELDS_END,
};

/* The name of a device; "" for device 0. In a transaction. */
static bm_status device_name(struct admin_context *c, uint64_t device,
                             char name[STORE_NAME_MAX])
{
    struct store_device row;

    name[0] = '\0';
    if (device == 0) {
        return BM_OK;
    }
    BM_TRY(c->store->device_get(c->store->self, &c->actor.scope, device, &row));
    memcpy(name, row.name, sizeof row.name);
    return BM_OK;
}

/* ---- Lists */

struct certs {
    struct admin_context *c;
    const char *profile;
    const char *ca;
    const char *status;
    int64_t expires_before;
    struct admin_page page;
};

/* The rows are looked at here rather than by the store, so that a filter that
 * fits nothing does not keep the issuer from its work: the page counts. */
static bool is_wanted(const struct certs *certs, const struct store_cert *row)
{
    return (certs->profile == NULL ||
            strcmp(certs->profile, row->profile) == 0) &&
           (certs->ca == NULL || strcmp(certs->ca, row->ca) == 0) &&
           (certs->expires_before == 0 ||
            row->not_after < certs->expires_before) &&
           (certs->status == NULL ||
            strcmp(certs->status, things_cert_status(row, certs->c->now)) == 0);
}

static bm_status add_cert(void *arg, const void *visited)
{
    struct certs *certs = arg;
    const struct store_cert *row = visited;
    struct admin_page *page = &certs->page;
    char name[STORE_NAME_MAX];

    BM_TRY(admin_page_row_id(page, row->id));
    if (!is_wanted(certs, row)) {
        return BM_OK;
    }
    BM_TRY(device_name(certs->c, row->device, name));
    return admin_page_add(page,
                          things_cert(&page->t, row, name, certs->c->now));
}

static bm_status walk(struct certs *certs, const json_t *params,
                      struct ca_refusal *why)
{
    struct admin_context *c = certs->c;
    const struct store *s = c->store;
    const char *name = admin_text(params, "device");
    struct store_cert_filter filter = { .newest_first =
                                            admin_flag(params, "newest") };
    struct store_visit visit = { certs, add_cert };
    struct store_device device;
    struct store_ca ca;
    bm_status rc;

    BM_TRY(admin_page_after(&certs->page, &filter.after, why));
    if (certs->ca != NULL) {
        rc = s->ca_get(s->self, &c->actor.scope, certs->ca, &ca);
        if (rc != BM_OK) {
            return ca_refuse(why, rc, "CA %s", certs->ca);
        }
    }
    if (name != NULL) {
        rc = s->device_find(s->self, c->actor.organisation, name, &device);
        if (rc != BM_OK) {
            return ca_refuse(why, rc, "device %s", name);
        }
        filter.device = device.id;
    }
    return s->cert_list(s->self, &c->actor.scope, &filter, &visit);
}

bm_status admin_list_certificates(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    struct certs certs = { .c = c,
                           .profile = admin_text(params, "profile"),
                           .ca = admin_text(params, "ca"),
                           .status = admin_text(params, "status"),
                           .expires_before =
                               admin_time(params, "expires_before") };
    bm_status rc;

    admin_page_begin(&certs.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = walk(&certs, params, why);
        admin_end(c);
    }
    return admin_page_end(&certs.page, rc, result);
}

/* ---- One */

/* The serial number of the certificate `id`, under `key`. */
static bm_status set_serial_of(struct admin_context *c, struct tree *t,
                               json_t *o, const char *key, uint64_t id)
{
    struct store_cert row;
    bm_status rc;

    if (id == 0) {
        return BM_OK;
    }
    rc = c->store->cert_get(c->store->self, &c->actor.scope, id, &row);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK; /* its device has changed hands in between */
    }
    BM_TRY(rc);
    tree_set(t, o, key, tree_hex(t, row.serial));
    return BM_OK;
}

static bm_status set_issuer(struct admin_context *c, struct tree *t, json_t *o,
                            const char *id)
{
    struct bm_cert cert;
    struct store_ca ca;
    bm_status rc = c->store->ca_get(c->store->self, &c->actor.scope, id, &ca);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    BM_TRY(bm_cert_parse(ca.cert, BM_STRICT, NULL, &cert));
    tree_set(t, o, "issuer", tree_put(t, bm_name_put_text, cert.subject));
    return BM_OK;
}

/* A row with its own memory: views do not last beyond the next call. */
struct kept {
    struct store_cert row;
    uint8_t serial[STORE_SERIAL_MAX];
    uint8_t *der;
};

static bm_status keep(struct kept *kept, const struct store_cert *row)
{
    kept->row = *row;
    kept->der = malloc(row->der.n + 1);
    if (kept->der == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(kept->serial, row->serial.p, row->serial.n);
    if (row->der.n != 0) {
        memcpy(kept->der, row->der.p, row->der.n);
    }
    kept->row.serial.p = kept->serial;
    kept->row.der.p = kept->der;
    return BM_OK;
}

static bm_status put_kept(struct admin_context *c, struct tree *t,
                          const struct store_cert *row, json_t *o)
{
    char name[STORE_NAME_MAX];

    BM_TRY(device_name(c, row->device, name));
    BM_TRY(admin_give(t, things_cert(t, row, name, c->now), o));
    BM_TRY(set_issuer(c, t, o, row->ca));
    BM_TRY(set_serial_of(c, t, o, "predecessor", row->renews));
    BM_TRY(set_serial_of(c, t, o, "successor", row->renewed_by));
    if (row->der.n != 0) {
        tree_set(t, o, "pem", admin_pem(t, "CERTIFICATE", row->der));
    }
    return t->failed ? BM_E_MEMORY : BM_OK;
}

static bm_status put_row(struct admin_context *c, const struct store_cert *row,
                         json_t *o)
{
    struct tree t = { false };
    struct kept kept = { .der = NULL };
    bm_status rc = keep(&kept, row);

    if (rc == BM_OK) {
        rc = put_kept(c, &t, &kept.row, o);
    }
    free(kept.der);
    return rc;
}

static bm_status find(struct admin_context *c, const json_t *params,
                      struct store_cert *row, struct ca_refusal *why)
{
    struct admin_serial room;
    bm_status rc = c->store->cert_find(c->store->self, &c->actor.scope,
                                       admin_text(params, "ca"),
                                       admin_serial(params, &room), row);

    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "certificate %s",
                                            admin_text(params, "serial"))
                                : rc;
}

bm_status admin_give_cert(struct admin_context *c, uint64_t id, json_t *result)
{
    struct store_cert row;

    BM_TRY(c->store->cert_get(c->store->self, &c->actor.scope, id, &row));
    return put_row(c, &row, result);
}

static bm_status give_found(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    struct store_cert row;

    BM_TRY(find(c, params, &row, why));
    return put_row(c, &row, result);
}

bm_status admin_show_certificate(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = give_found(c, params, result, why);
        admin_end(c);
    }
    return rc;
}

/* ---- Changing it */

static uint8_t reason_of(const char *word)
{
    for (unsigned r = 0; word != NULL && r <= BM_REASON_AA_COMPROMISE; r++) {
        if (bm_crl_reason_valid(r) &&
            strcmp(word, bm_crl_reason_name(r)) == 0) {
            return (uint8_t)r;
        }
    }
    return BM_REASON_UNSPECIFIED;
}

/* Whose list is to tell of it? "" when there is no such certificate: the act
 * will say so. */
static bm_status find_issuer(struct admin_context *c, const json_t *params,
                             char ca[STORE_ID_MAX])
{
    struct store_cert row;
    bm_status rc;

    ca[0] = '\0';
    BM_TRY(admin_begin(c));
    rc = find(c, params, &row, NULL);
    if (rc == BM_OK) {
        memcpy(ca, row.ca, sizeof row.ca);
    }
    admin_end(c);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status give_changed(struct admin_context *c, const json_t *params,
                              const char *ca, json_t *result,
                              struct ca_refusal *why)
{
    c->host.list_changed(c->host.self, &c->actor, ca);
    return admin_tell(c, params, result, why, admin_show_certificate);
}

bm_status admin_revoke_certificate(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    struct admin_serial room;
    const struct ca_revocation revocation = {
        .ca = admin_text(params, "ca"),
        .serial = admin_serial(params, &room),
        .reason = reason_of(admin_text(params, "reason")),
        .invalid_since = admin_time(params, "invalid_since"),
    };
    char ca[STORE_ID_MAX];

    BM_TRY(find_issuer(c, params, ca));
    BM_TRY(ca_revoke(c->ca, &c->actor, &revocation, c->now, why));
    return give_changed(c, params, ca, result, why);
}

bm_status admin_release_certificate(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    struct admin_serial room;
    char ca[STORE_ID_MAX];

    BM_TRY(find_issuer(c, params, ca));
    BM_TRY(ca_release(c->ca, &c->actor, admin_text(params, "ca"),
                      admin_serial(params, &room), c->now, why));
    return give_changed(c, params, ca, result, why);
}
