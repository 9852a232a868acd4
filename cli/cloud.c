/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/attribute.h"
#include "cli/pages.h"
#include "cli/safe.h"
#include "core/cert.h"
#include "core/name.h"
#include "core/oid.h"
#include "core/pem.h"

/* Left out, told one by one; more are counted. */
#define TOLD_MAX 100

/* ThingName, device ID and registration ID. */
#define NAME_OCTETS_MAX 128

struct cloud {
    const struct cloud_config *config;
    struct session *session;
    struct ca_refusal why;
    struct tree tree;
    uint64_t written;
    uint64_t ended;   /* suspended, revoked, retired, transferred */
    uint64_t bare;    /* without a certificate that is good */
    uint64_t unfit;   /* that the service does not take */
    uint64_t dropped; /* values that it does not take */
    uint64_t told;
};

/* One device, and the certificates it may show; NULL: none. */
struct one {
    const json_t *device;
    const char *name;
    bool enabled; /* it may connect */
    json_t *newest;
    json_t *before; /* good as well, and of the same profile */
};

struct cloud_format {
    const char *word;
    const char
        *punctuation; /* that names may have, beside letters and digits */
    bool wants_cert;
    bool wants_enabled;
    /* NULL, or why the service does not take it. */
    const char *(*refuse)(const struct one *one);
    void (*put)(struct cloud *c, const struct one *one, json_t *o);
};

static void tell(struct cloud *c, const char *device, const char *what,
                 const char *words)
{
    if (c->told++ >= TOLD_MAX) {
        return;
    }
    safe_print_str(stderr, device);
    fputs(what[0] == '\0' ? "" : ", ", stderr);
    safe_print_str(stderr, what);
    fprintf(stderr, ": left out: %s\n", words);
}

static bool is_made_of(const char *text, const char *punctuation)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= '0' && *text <= '9') ||
                     (*text >= 'A' && *text <= 'Z') ||
                     (*text >= 'a' && *text <= 'z');

        if (!plain && strchr(punctuation, *text) == NULL) {
            return false;
        }
    }
    return true;
}

/* As the API calls an attribute. */
static void member_of(const char *attribute, char member[STORE_ID_MAX])
{
    (void)snprintf(member, STORE_ID_MAX, "%s", attribute);
    for (char *p = strchr(member, '-'); p != NULL; p = strchr(p, '-')) {
        *p = '_';
    }
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text == NULL ? "" : text;
}

/* ---- AWS IoT: parameters of RegisterThing and of a bulk registration */

/* What a value of an attribute of a thing may have. */
#define AWS_VALUE "_.,@/:#=[]-"

static void put_parameter(struct cloud *c, const struct one *one, json_t *o,
                          const char *name, const char *value)
{
    if (!is_made_of(value, AWS_VALUE)) {
        c->dropped++;
        tell(c, one->name, name,
             "an attribute of a thing has letters, digits "
             "and " AWS_VALUE);
        return;
    }
    tree_set(&c->tree, o, name, tree_str(&c->tree, value));
}

/* hardware-id: HardwareId; what the service's own pages call a serial number
 * is called so here. */
static void parameter_of(const char *attribute, char name[STORE_ID_MAX])
{
    bool first = true;
    size_t n = 0;

    if (strcmp(attribute, "serial") == 0) {
        attribute = "serial-number";
    }
    for (const char *p = attribute; *p != '\0' && n < STORE_ID_MAX - 1; p++) {
        if (*p == '-') {
            first = true;
        } else {
            name[n++] = first ? (char)(*p - 'a' + 'A') : *p;
            first = false;
        }
    }
    name[n] = '\0';
}

/* Of a list each behind a comma: things have no lists. */
static void join(const json_t *value, char *text, size_t cap)
{
    const json_t *item;
    size_t n = 0;
    size_t i;

    text[0] = '\0';
    if (json_is_string(value)) {
        (void)snprintf(text, cap, "%s", json_string_value(value));
    }
    json_array_foreach(value, i, item)
    {
        n += (size_t)snprintf(text + n, cap - n, "%s%s", i == 0 ? "" : ",",
                              json_string_value(item));
        if (n >= cap) {
            return; /* the store has no more of them */
        }
    }
}

static void put_label(struct cloud *c, const struct one *one, json_t *o,
                      const char *label)
{
    const json_t *labels = json_object_get(one->device, "labels");
    const size_t n = strlen(label);
    const json_t *item;
    size_t i;

    json_array_foreach(labels, i, item)
    {
        const char *text = json_string_value(item);
        char name[CA_ATTRIBUTE_NAME_MAX];

        if (text != NULL && strncmp(text, label, n) == 0 && text[n] == '=') {
            (void)snprintf(name, sizeof name, "label.%s", label);
            put_parameter(c, one, o, name, text + n + 1);
        }
    }
}

static void put_aws(struct cloud *c, const struct one *one, json_t *o)
{
    const struct args_many *labels = c->config->labels;
    char text[CA_MACS_MAX * STORE_VALUE_MAX];

    tree_set(&c->tree, o, "ThingName", tree_str(&c->tree, one->name));
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->kind != CA_ATTRIBUTE_LABEL; k++) {
        char member[STORE_ID_MAX];

        member_of(k->name, member);
        join(json_object_get(one->device, member), text, sizeof text);
        parameter_of(k->name, member);
        if (text[0] != '\0') {
            put_parameter(c, one, o, member, text);
        }
    }
    for (size_t i = 0; i < labels->n; i++) {
        put_label(c, one, o, labels->value[i]);
    }
    tree_set(&c->tree, o, "CertificatePem", json_incref(one->newest));
}

/* ---- Azure: tags of a twin */

/* Keys of a twin have no dot; names of labels have no '/'. */
static void put_label_tags(struct tree *t, json_t *tags, const json_t *labels)
{
    json_t *o = tree_object(t);
    const json_t *item;
    size_t i;

    json_array_foreach(labels, i, item)
    {
        char key[STORE_ID_MAX + STORE_VALUE_MAX + 1];
        char *value;

        (void)snprintf(key, sizeof key, "%s", json_string_value(item));
        value = strchr(key, '=');
        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        for (char *p = strchr(key, '.'); p != NULL; p = strchr(p, '.')) {
            *p = '/';
        }
        tree_set(t, o, key, tree_str(t, value));
    }
    tree_set(t, tags, "labels", o);
}

static json_t *make_tags(struct tree *t, const json_t *device)
{
    json_t *tags = tree_object(t);

    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->kind != CA_ATTRIBUTE_LABEL; k++) {
        char member[STORE_ID_MAX];
        json_t *value;

        member_of(k->name, member);
        value = json_object_get(device, member);
        if (value != NULL) {
            tree_set(t, tags, member, json_incref(value));
        }
    }
    if (json_object_get(device, "labels") != NULL) {
        put_label_tags(t, tags, json_object_get(device, "labels"));
    }
    return tags;
}

/* ---- Azure DPS: IndividualEnrollment */

static json_t *certificate_of(struct tree *t, json_t *pem)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "certificate", json_incref(pem));
    return o;
}

static json_t *attestation_of(struct tree *t, const struct one *one)
{
    json_t *certs = tree_object(t);
    json_t *x509 = tree_object(t);
    json_t *o = tree_object(t);

    tree_set(t, certs, "primary", certificate_of(t, one->newest));
    if (one->before != NULL) {
        tree_set(t, certs, "secondary", certificate_of(t, one->before));
    }
    tree_set(t, x509, "clientCertificates", certs);
    tree_set(t, o, "type", tree_str(t, "x509"));
    tree_set(t, o, "x509", x509);
    return o;
}

static void put_dps(struct cloud *c, const struct one *one, json_t *o)
{
    struct tree *t = &c->tree;
    json_t *twin = tree_object(t);

    tree_set(t, o, "registrationId", tree_str(t, one->name));
    tree_set(t, o, "deviceId", tree_str(t, one->name));
    tree_set(t, o, "attestation", attestation_of(t, one));
    tree_set(t, twin, "tags", make_tags(t, one->device));
    tree_set(t, o, "initialTwin", twin);
    tree_set(t, o, "provisioningStatus",
             tree_str(t, one->enabled ? "enabled" : "disabled"));
}

static bool is_cn(struct bm_bytes der, const char *name)
{
    struct bm_cert cert;
    struct bm_attr cn;

    if (bm_cert_parse(der, BM_STRICT, NULL, &cert) != BM_OK ||
        !bm_name_find(cert.subject, BM_LIT(BM_OID_AT_CN), &cn) ||
        cn.value.n != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < cn.value.n; i++) {
        /* letters of either case are one to the service */
        uint8_t a = cn.value.p[i] >= 'A' && cn.value.p[i] <= 'Z'
                        ? (uint8_t)(cn.value.p[i] | 0x20)
                        : cn.value.p[i];
        char b =
            name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];

        if (a != (uint8_t)b) {
            return false;
        }
    }
    return true;
}

static bool pem_has_cn(const json_t *pem, const char *name)
{
    struct bm_bytes text = { (const uint8_t *)json_string_value(pem),
                             json_string_length(pem) };
    uint8_t *der = malloc(text.n + 1);
    struct bm_pem block;
    struct bm_wr w;
    bool is = false;

    if (der == NULL) {
        return false;
    }
    bm_wr_init(&w, der, text.n + 1);
    is = bm_pem_next(&text, NULL, &block) == BM_OK &&
         bm_pem_decode(&block, NULL, &w) == BM_OK &&
         is_cn(bm_wr_bytes(&w), name);
    free(der);
    return is;
}

/* The service takes the registration ID from the certificate's subject. */
static const char *refuse_dps(const struct one *one)
{
    if (strchr("._:", one->name[strlen(one->name) - 1]) != NULL) {
        return "a registration ID ends with a letter, a digit or '-'";
    }
    return pem_has_cn(one->newest, one->name)
               ? NULL
               : "its name is not the CN of its certificate, where the service "
                 "looks for it";
}

/* ---- Azure IoT Hub: ExportImportDevice */

static void put_hub(struct cloud *c, const struct one *one, json_t *o)
{
    struct tree *t = &c->tree;
    json_t *authentication = tree_object(t);

    tree_set(t, o, "id", tree_str(t, one->name));
    /* One that is there is an error of its row in the log of the import. */
    tree_set(t, o, "importMode", tree_str(t, "create"));
    tree_set(t, o, "status",
             tree_str(t, one->enabled ? "enabled" : "disabled"));
    tree_set(t, o, "statusReason", tree_str(t, text_of(one->device, "state")));
    tree_set(t, authentication, "type", tree_str(t, "certificateAuthority"));
    tree_set(t, o, "authentication", authentication);
    tree_set(t, o, "tags", make_tags(t, one->device));
}

/* ---- Formats */

static const struct cloud_format formats[] = {
    { "aws-iot", ":_-", true, true, NULL, put_aws },
    { "azure-dps", "-._:", true, false, refuse_dps, put_dps },
    { "azure-hub", "-.%_*?!(),:=@$'", false, false, NULL, put_hub },
};

const struct cloud_format *cloud_format_named(const char *word)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(word, formats[i].word) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

/* ---- Certificates of a device */

static bm_status get_pem(struct cloud *c, const char *serial, json_t **pem)
{
    json_t *params = json_object();
    json_t *cert = NULL;
    bm_status rc;

    session_set_text(params, "serial", serial);
    rc = session_ask(c->session, "showCertificate", params, &cert, &c->why);
    if (rc == BM_OK) {
        *pem = json_incref(json_object_get(cert, "pem"));
        rc = json_is_string(*pem) ? BM_OK : BM_E_STORE_CORRUPT;
    }
    json_decref(cert);
    return rc;
}

/* Held ones are those of a device that is suspended. */
static bool may_show(const struct cloud *c, const struct one *one,
                     const json_t *cert, const char *profile)
{
    const char *status = text_of(cert, "status");
    bool good = strcmp(status, "valid") == 0 ||
                strcmp(status, "pending") == 0 ||
                (one->newest != NULL && strcmp(status, "replaced") == 0) ||
                (!one->enabled && !c->config->format->wants_enabled &&
                 strcmp(status, "held") == 0);

    return good &&
           (profile == NULL || strcmp(text_of(cert, "profile"), profile) == 0);
}

/* The newest that is good, and the one before it, which a device that is
 * renewing may still show. */
static bm_status choose(struct cloud *c, const json_t *certs, struct one *one)
{
    const char *profile = c->config->profile;
    const json_t *cert;
    size_t i;

    json_array_foreach(certs, i, cert)
    {
        if (!may_show(c, one, cert, profile)) {
            continue;
        }
        if (one->newest != NULL) {
            return get_pem(c, text_of(cert, "serial_number"), &one->before);
        }
        profile = text_of(cert, "profile");
        BM_TRY(get_pem(c, text_of(cert, "serial_number"), &one->newest));
        if (c->config->format->wants_enabled) {
            return BM_OK; /* a thing is registered with one */
        }
    }
    return BM_OK;
}

/* What is shown by its name must be the device of the list: who sees several
 * organisations sees names that are in each. */
static bm_status find_certs(struct cloud *c, struct one *one)
{
    json_t *params = json_object();
    json_t *shown = NULL;
    bm_status rc;

    session_set_text(params, "device", one->name);
    rc = session_ask(c->session, "showDevice", params, &shown, &c->why);
    if (rc == BM_OK && !json_equal(json_object_get(shown, "id"),
                                   json_object_get(one->device, "id"))) {
        rc = ca_refuse(&c->why, BM_E_NOT_FOUND,
                       "device %s is another organisation's: ask as one of its "
                       "operators",
                       one->name);
    }
    if (rc == BM_OK) {
        rc = choose(c, json_object_get(shown, "certificates"), one);
    }
    json_decref(shown);
    return rc;
}

/* ---- All devices */

static const char *refuse(const struct cloud *c, const struct one *one)
{
    const struct cloud_format *f = c->config->format;

    if (one->name[0] == '\0' || strlen(one->name) > NAME_OCTETS_MAX ||
        !is_made_of(one->name, f->punctuation)) {
        return "the service has no such name";
    }
    return f->refuse == NULL ? NULL : f->refuse(one);
}

static bm_status put_one(struct cloud *c, const struct one *one)
{
    static const struct listing line = { .json = true };
    const char *words;
    json_t *o;

    if (c->config->format->wants_cert && one->newest == NULL) {
        c->bare++;
        return BM_OK;
    }
    words = refuse(c, one);
    if (words != NULL) {
        c->unfit++;
        tell(c, one->name, "", words);
        return BM_OK;
    }
    o = tree_object(&c->tree);
    c->config->format->put(c, one, o);
    c->written++;
    return listing_print(&line, &c->tree, o);
}

static bm_status take_device(void *arg, json_t *device)
{
    struct cloud *c = arg;
    const char *state = text_of(device, "state");
    struct one one = { .device = device,
                       .name = text_of(device, "name"),
                       .enabled = strcmp(state, "suspended") != 0 &&
                                  strcmp(state, "revoked") != 0 &&
                                  strcmp(state, "retired") != 0 &&
                                  strcmp(state, "transferred") != 0 };
    bm_status rc = BM_OK;

    if (c->config->format->wants_enabled && !one.enabled) {
        c->ended++;
    } else {
        rc = c->config->format->wants_cert ? find_certs(c, &one) : BM_OK;
        if (rc == BM_OK) {
            rc = put_one(c, &one);
        }
    }
    json_decref(one.newest);
    json_decref(one.before);
    json_decref(device);
    return rc;
}

static void summarise(const struct cloud *c)
{
    fprintf(stderr, "%s: %" PRIu64 " written", c->session->path, c->written);
    if (c->ended != 0) {
        fprintf(stderr, "; %" PRIu64 " suspended or ended", c->ended);
    }
    if (c->bare != 0) {
        fprintf(stderr, "; %" PRIu64 " without a certificate that is good",
                c->bare);
        if (c->config->profile != NULL) {
            fputs(", of ", stderr);
            safe_print_str(stderr, c->config->profile);
        }
    }
    if (c->unfit != 0) {
        fprintf(stderr, "; %" PRIu64 " that the service does not take",
                c->unfit);
    }
    if (c->dropped != 0) {
        fprintf(stderr, "; %" PRIu64 " values that it does not take",
                c->dropped);
    }
    fputc('\n', stderr);
}

/* Of one that is not there no device has a certificate: an empty file would
 * look like an answer. */
static bm_status find_profile(struct cloud *c)
{
    json_t *params = json_object();
    json_t *shown = NULL;
    bm_status rc;

    session_set_text(params, "profile", c->config->profile);
    rc = session_ask(c->session, "showProfile", params, &shown, &c->why);
    json_decref(shown);
    return rc;
}

int cloud_export(struct session *s, const struct cloud_config *config)
{
    struct cloud c = { .config = config, .session = s };
    struct pages pages = { .session = s,
                           .operation = "listDevices",
                           .params = json_object(),
                           .arg = &c,
                           .one = take_device };
    bm_status rc = config->profile == NULL ? BM_OK : find_profile(&c);

    if (rc != BM_OK) {
        json_decref(pages.params);
        return session_result(s, rc, &c.why);
    }
    rc = pages_walk(&pages, &c.why);
    if (rc != BM_OK) {
        return session_result(s, rc, &c.why);
    }
    summarise(&c);
    return c.unfit == 0 ? CMD_OK : CMD_FAILED;
}
