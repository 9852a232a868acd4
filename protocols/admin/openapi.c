/* SPDX-License-Identifier: Apache-2.0 */

/* The table of operations as an OpenAPI 3.1 document. */
#include <ctype.h>
#include <string.h>

#include "protocols/admin/internal.h"

/* Results by the names that clients made from the document will have. */
static const struct {
    const struct admin_field *fields;
    const char *name;
} shapes[] = {
    { admin_who_fields, "Who" },
    { admin_operator_fields, "Operator" },
    { admin_operator_page, "OperatorPage" },
    { admin_request_fields, "Request" },
    { admin_request_full_fields, "RequestInFull" },
    { admin_request_page, "RequestPage" },
    { admin_ca_fields, "CA" },
    { admin_ca_full_fields, "CAInFull" },
    { admin_ca_page, "CAPage" },
    { admin_crl_fields, "CRL" },
    { admin_bundle_fields, "Bundle" },
    { admin_profile_fields, "Profile" },
    { admin_profile_full_fields, "ProfileInFull" },
    { admin_profile_page, "ProfilePage" },
    { admin_profile_words_fields, "ProfileInWords" },
    { admin_token_fields, "Token" },
    { admin_token_new_fields, "NewToken" },
    { admin_token_page, "TokenPage" },
    { admin_device_fields, "Device" },
    { admin_device_page, "DevicePage" },
    { admin_expected_fields, "ExpectedDevices" },
    { admin_event_fields, "Event" },
    { admin_event_page, "EventPage" },
    { admin_manufacturer_fields, "Manufacturer" },
    { admin_manufacturer_page, "ManufacturerPage" },
    { admin_destination_fields, "Destination" },
    { admin_destination_new_fields, "NewDestination" },
    { admin_destination_gone_fields, "RemovedDestination" },
    { admin_destination_page, "DestinationPage" },
    { admin_dead_page, "DeadEventPage" },
    { admin_cert_fields, "Certificate" },
    { admin_cert_full_fields, "CertificateInFull" },
    { admin_cert_new_fields, "NewCertificate" },
    { admin_cert_page, "CertificatePage" },
    { admin_firmware_fields, "Firmware" },
    { admin_blob_fields, "Blob" },
    { admin_release_fields, "Release" },
    { admin_assignment_fields, "Assignment" },
    { admin_release_page, "ReleasePage" },
    { admin_release_status_fields, "ReleaseStatus" },
    { admin_ecosystem_fields, "Ecosystem" },
    { admin_ecosystem_page, "EcosystemPage" },
    { admin_organisation_fields, "Organisation" },
    { admin_organisation_page, "OrganisationPage" },
    { admin_allocation_fields, "Allocation" },
    { admin_allocation_page, "AllocationPage" },
    { admin_version_page, "ProfileVersionPage" },
    { admin_upload_fields, "Upload" },
    { admin_batch_fields, "Batch" },
    { admin_batch_new_fields, "NewBatch" },
    { admin_batch_page, "BatchPage" },
    { admin_batch_row_page, "BatchRowPage" },
    { admin_batch_cert_page, "BatchCertificatePage" },
    { admin_batch_list_fields, "BatchList" },
    { admin_shipping_fields, "Shipping" },
    { admin_pull_fields, "Pull" },
    { admin_pull_page, "PullPage" },
    { admin_transfer_fields, "Transfer" },
    { admin_transfer_page, "TransferPage" },
    { admin_transferred_page, "TransferredPage" },
    { admin_due_fields, "Due" },
    { admin_due_page, "DuePage" },
    { admin_signal_fields, "Signal" },
    { admin_signal_page, "SignalPage" },
    { admin_proof_fields, "Proof" },
    { admin_checkpoint_fields, "Checkpoint" },
};

#define SHAPES_N (sizeof shapes / sizeof shapes[0])

static void set_str(struct tree *t, json_t *o, const char *key,
                    const char *text)
{
    tree_set(t, o, key, tree_str(t, text));
}

/* An object in an object. */
static json_t *inner_of(struct tree *t, json_t *o, const char *key)
{
    json_t *inner = tree_object(t);

    tree_set(t, o, key, inner);
    return inner;
}

static json_t *ref(struct tree *t, const char *kind, const char *name)
{
    json_t *o = tree_object(t);
    char path[96];

    (void)snprintf(path, sizeof path, "#/components/%s/%s", kind, name);
    set_str(t, o, "$ref", path);
    return o;
}

static const char *name_of(const struct admin_field *fields)
{
    for (size_t i = 0; i < SHAPES_N; i++) {
        if (shapes[i].fields == fields) {
            return shapes[i].name;
        }
    }
    return NULL;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tables are */
static json_t *schema_of_all(struct tree *t, const struct admin_field *fields,
                             int depth);

/* Named ones are in the components. */
static json_t *schema_or_ref(struct tree *t, const struct admin_field *fields,
                             int depth)
{
    const char *name = name_of(fields);

    return name != NULL ? ref(t, "schemas", name)
                        : schema_of_all(t, fields, depth);
}

static void set_string(struct tree *t, json_t *o, const struct admin_field *f)
{
    set_str(t, o, "type", "string");
    switch (f->type) {
    case ADMIN_TIME:
        set_str(t, o, "format", "date-time");
        break;
    case ADMIN_SERIAL:
        set_str(t, o, "pattern", "^[0-9A-Fa-f:]{1,59}$");
        break;
    default:
        if (f->min > 0) {
            tree_set(t, o, "minLength", tree_int(t, f->min));
        }
        if (f->max > 0) {
            tree_set(t, o, "maxLength", tree_int(t, f->max));
        }
        break;
    }
}

static void set_words(struct tree *t, json_t *o, const char *const *words)
{
    json_t *list = tree_array(t);

    set_str(t, o, "type", "string");
    for (; *words != NULL; words++) {
        tree_append(t, list, tree_str(t, *words));
    }
    tree_set(t, o, "enum", list);
}

static void set_integer(struct tree *t, json_t *o, const struct admin_field *f)
{
    set_str(t, o, "type", "integer");
    if (f->min != 0 || f->max != 0) {
        tree_set(t, o, "minimum", tree_int(t, f->min));
        tree_set(t, o, "maximum", tree_int(t, f->max));
    }
}

static json_t *schema_of(struct tree *t, const struct admin_field *f, int depth)
{
    json_t *o = tree_object(t);

    switch (f->type) {
    case ADMIN_INTEGER:
    case ADMIN_SECONDS:
        set_integer(t, o, f);
        break;
    case ADMIN_BOOLEAN:
        set_str(t, o, "type", "boolean");
        break;
    case ADMIN_ENUM:
        set_words(t, o, f->words);
        break;
    case ADMIN_STRINGS: {
        json_t *items = inner_of(t, o, "items");

        set_str(t, o, "type", "array");
        set_str(t, items, "type", "string");
        if (f->words != NULL) {
            set_words(t, items, f->words);
        }
        break;
    }
    case ADMIN_ARRAY:
        set_str(t, o, "type", "array");
        tree_set(t, o, "items", schema_or_ref(t, f->fields, depth + 1));
        break;
    case ADMIN_OBJECT:
        json_decref(o);
        return schema_or_ref(t, f->fields, depth + 1);
    default:
        set_string(t, o, f);
        break;
    }
    return o;
}

/* Deeper than any table: a loop in them would be a mistake. */
#define DEPTH_MAX 8

static void add_property(struct tree *t, json_t *properties, json_t *required,
                         const struct admin_field *f, int depth)
{
    json_t *schema = schema_of(t, f, depth);

    if (f->about != NULL && json_object_get(schema, "$ref") == NULL) {
        set_str(t, schema, "description", f->about);
    }
    tree_set(t, properties, f->name, schema);
    if (f->required) {
        tree_append(t, required, tree_str(t, f->name));
    }
}

static json_t *schema_of_all(struct tree *t, const struct admin_field *fields,
                             int depth)
{
    json_t *o = tree_object(t);
    json_t *properties = tree_object(t);
    json_t *required = tree_array(t);

    if (depth > DEPTH_MAX) {
        t->failed = true;
    }
    set_str(t, o, "type", "object");
    for (const struct admin_field *f = fields; !t->failed && f->name != NULL;
         f++) {
        add_property(t, properties, required, f, depth);
    }
    tree_set(t, o, "properties", properties);
    tree_set(t, o, "required", required);
    return o;
}

/* NOLINTEND(misc-no-recursion) */

/* ---- Operations */

static json_t *parameters(struct tree *t, const struct admin_operation *op)
{
    json_t *list = tree_array(t);

    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        json_t *p;

        if (f->place == ADMIN_IN_BODY) {
            continue;
        }
        p = tree_object(t);
        set_str(t, p, "name", f->name);
        set_str(t, p, "in", f->place == ADMIN_IN_PATH ? "path" : "query");
        set_str(t, p, "description", f->about);
        tree_set(t, p, "required", tree_bool(t, f->required));
        tree_set(t, p, "schema", schema_of(t, f, 0));
        tree_append(t, list, p);
    }
    if (strcmp(op->method, "POST") == 0) {
        tree_append(t, list, ref(t, "parameters", "IdempotencyKey"));
    }
    return list;
}

static void set_content(struct tree *t, json_t *o, const char *type,
                        json_t *schema)
{
    tree_set(t, inner_of(t, inner_of(t, o, "content"), type), "schema", schema);
}

/* OpenAPI 3.1 4.8.14.2: octets as they are. */
static void set_octets(struct tree *t, json_t *o, const struct admin_field *f)
{
    static const char type[] = "application/octet-stream";
    json_t *body = inner_of(t, o, "requestBody");
    json_t *schema = tree_object(t);

    tree_set(t, body, "required", tree_bool(t, false));
    set_str(t, body, "description", f->about);
    set_str(t, schema, "contentMediaType", type);
    tree_set(t, schema, "maxLength", tree_int(t, f->max));
    set_content(t, body, type, schema);
}

static void set_file(struct tree *t, json_t *o, const char *type)
{
    json_t *schema = tree_object(t);

    set_str(t, schema, "contentMediaType", type);
    set_content(t, o, type, schema);
}

/* What is in the body, and nothing else may be. */
static void set_body(struct tree *t, json_t *o,
                     const struct admin_operation *op)
{
    const struct admin_field *octets = admin_octets(op);
    json_t *properties;
    json_t *required;
    json_t *schema;
    json_t *body;

    if (octets != NULL) {
        set_octets(t, o, octets);
        return;
    }
    properties = tree_object(t);
    required = tree_array(t);
    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        if (f->place == ADMIN_IN_BODY) {
            add_property(t, properties, required, f, 0);
        }
    }
    if (json_object_size(properties) == 0) {
        json_decref(properties);
        json_decref(required);
        return;
    }
    body = inner_of(t, o, "requestBody");
    tree_set(t, body, "required", tree_bool(t, json_array_size(required) != 0));
    schema = tree_object(t);
    set_str(t, schema, "type", "object");
    tree_set(t, schema, "properties", properties);
    tree_set(t, schema, "required", required);
    tree_set(t, schema, "additionalProperties", tree_bool(t, false));
    set_content(t, body, "application/json", schema);
}

static bool has_place(const struct admin_operation *op, enum admin_place place)
{
    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        if (f->place == place) {
            return true;
        }
    }
    return false;
}

static void set_problem(struct tree *t, json_t *responses, const char *status)
{
    tree_set(t, responses, status, ref(t, "responses", "Problem"));
}

static json_t *responses_of(struct tree *t, const struct admin_operation *op)
{
    json_t *responses = tree_object(t);
    json_t *done = inner_of(t, responses, op->creates ? "201" : "200");

    set_str(t, done, "description", op->creates ? "made" : "done");
    if (op->media != NULL) {
        set_file(t, done, op->media);
    } else {
        set_content(t, done, "application/json",
                    schema_or_ref(t, op->result, 0));
    }
    if ((op->refuses & ADMIN_WAITS) != 0) {
        tree_set(t, responses, "202", ref(t, "responses", "Waiting"));
    }
    set_problem(t, responses, "400");
    set_problem(t, responses, "403");
    if (has_place(op, ADMIN_IN_PATH) || (op->refuses & ADMIN_MISSING) != 0) {
        set_problem(t, responses, "404");
    }
    if ((op->refuses & ADMIN_CONFLICT) != 0) {
        set_problem(t, responses, "409");
    }
    if (has_place(op, ADMIN_IN_BODY)) {
        set_problem(t, responses, "415");
    }
    if ((op->refuses & ADMIN_RULES) != 0) {
        set_problem(t, responses, "422");
    }
    set_problem(t, responses, "default");
    return responses;
}

static void add_operation(struct tree *t, json_t *paths,
                          const struct admin_operation *op)
{
    json_t *path = json_object_get(paths, op->path);
    json_t *o = tree_object(t);
    json_t *tags = tree_array(t);
    char method[16];
    size_t n = 0;

    for (; op->method[n] != '\0' && n + 1 < sizeof method; n++) {
        method[n] = (char)tolower((unsigned char)op->method[n]);
    }
    method[n] = '\0';
    if (path == NULL) {
        path = inner_of(t, paths, op->path);
    }
    set_str(t, o, "operationId", op->id);
    tree_append(t, tags, tree_str(t, op->tag));
    tree_set(t, o, "tags", tags);
    set_str(t, o, "summary", op->about);
    tree_set(t, o, "parameters", parameters(t, op));
    set_body(t, o, op);
    tree_set(t, o, "responses", responses_of(t, op));
    tree_set(t, path, method, o);
}

/* ---- The rest of the document */

static const struct admin_field problem_fields[] = {
    ADMIN_GIVES("type", ADMIN_STRING, true, "about:blank: see status"),
    ADMIN_GIVES("title", ADMIN_STRING, true, "the status in words"),
    ADMIN_GIVES("status", ADMIN_INTEGER, true, "of HTTP"),
    ADMIN_GIVES("detail", ADMIN_STRING, true, "what was refused, and why"),
    ADMIN_GIVES("code", ADMIN_STRING, false, "the reason as a number, fixed"),
    ADMIN_GIVES("words", ADMIN_STRING, false,
                "of the detail, what this request alone has"),
    ADMIN_FIELDS_END,
};

static void set_components(struct tree *t, json_t *doc)
{
    json_t *components = inner_of(t, doc, "components");
    json_t *schemas = inner_of(t, components, "schemas");
    json_t *tls =
        inner_of(t, inner_of(t, components, "securitySchemes"), "mutualTLS");
    json_t *key =
        inner_of(t, inner_of(t, components, "parameters"), "IdempotencyKey");
    json_t *responses = inner_of(t, components, "responses");
    json_t *problem = inner_of(t, responses, "Problem");
    json_t *waiting = inner_of(t, responses, "Waiting");
    json_t *schema;

    for (size_t i = 0; i < SHAPES_N; i++) {
        tree_set(t, schemas, shapes[i].name,
                 schema_of_all(t, shapes[i].fields, 0));
    }
    tree_set(t, schemas, "Problem", schema_of_all(t, problem_fields, 0));

    set_str(t, tls, "type", "mutualTLS");
    set_str(t, tls, "description",
            "a certificate of the operations CA that is an operator's");

    set_str(t, key, "name", "Idempotency-Key");
    set_str(t, key, "in", "header");
    tree_set(t, key, "required", tree_bool(t, false));
    set_str(t, key, "description",
            "chosen by the client, another one for each act: whoever repeats "
            "a request with its key gets the first answer again");
    schema = inner_of(t, key, "schema");
    set_str(t, schema, "type", "string");
    tree_set(t, schema, "minLength", tree_int(t, 1));
    tree_set(t, schema, "maxLength", tree_int(t, ADMIN_KEY_MAX));

    set_str(t, problem, "description",
            "refused, or failed (RFC 9457). With 429 and 503 the header "
            "Retry-After says when to come again");
    set_content(t, problem, "application/problem+json",
                ref(t, "schemas", "Problem"));
    set_str(t, waiting, "description",
            "a second operator must approve: ask again later");
    set_content(t, waiting, "application/json", ref(t, "schemas", "Problem"));
}

static void set_head(struct tree *t, json_t *doc, const char *server_url,
                     const char *version)
{
    json_t *info;
    json_t *servers = tree_array(t);
    json_t *server = tree_object(t);
    json_t *list = tree_array(t);
    json_t *tls = tree_object(t);
    char url[512];

    set_str(t, doc, "openapi", "3.1.0");
    info = inner_of(t, doc, "info");
    set_str(t, info, "title", "Birthmark: administration");
    set_str(t, info, "version", version);
    (void)snprintf(url, sizeof url, "%s" ADMIN_PREFIX,
                   server_url != NULL ? server_url : "");
    set_str(t, server, "url", url);
    tree_append(t, servers, server);
    tree_set(t, doc, "servers", servers);
    tree_set(t, tls, "mutualTLS", tree_array(t));
    tree_append(t, list, tls);
    tree_set(t, doc, "security", list);
}

json_t *admin_openapi(const char *server_url, const char *version)
{
    struct tree t = { false };
    json_t *doc = tree_object(&t);
    json_t *paths;

    set_head(&t, doc, server_url, version);
    paths = inner_of(&t, doc, "paths");
    for (size_t i = 0; i < admin_operations_n; i++) {
        add_operation(&t, paths, &admin_operations[i]);
    }
    set_components(&t, doc);
    if (t.failed) {
        json_decref(doc);
        return NULL;
    }
    return doc;
}
