/* SPDX-License-Identifier: Apache-2.0 */

/* What is done to devices beside suspending them: devices.c tells of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/device.h"
#include "ca/inventory.h"
#include "core/crl.h"
#include "protocols/admin/devices.h"

/* Not certificateHold: what is to be lifted again is a suspension. */
static const char *const reasons[] = {
    "unspecified", "keyCompromise",        "affiliationChanged",
    "superseded",  "cessationOfOperation", "privilegeWithdrawn",
    NULL
};

#define SET_MAX (CA_ATTRIBUTE_NAME_MAX + STORE_VALUE_MAX)

const struct admin_field admin_create_device_params[] = {
    { .name = "device",
      .type = ADMIN_STRING,
      .place = ADMIN_IN_BODY,
      .required = true,
      .min = 1,
      .max = ADMIN_NAME_MAX,
      .about = "name of the device: what its certificates will call it" },
    ADMIN_BODY("set", ADMIN_STRINGS, false, SET_MAX,
               "attributes, each as serial=SN-1 or label.room=12"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_devices_params[] = {
    ADMIN_BODY("rows", ADMIN_STRINGS, true, CA_EXPECT_ROW_MAX,
               "a device each: its name, then a line for each attribute, as "
               "serial=SN-1"),
    { .name = "look",
      .type = ADMIN_BOOLEAN,
      .place = ADMIN_IN_BODY,
      .about = "say what is wrong and what would be new, and change nothing" },
    ADMIN_FIELDS_END,
};
static const struct admin_field wrong_fields[] = {
    ADMIN_GIVES("row", ADMIN_INTEGER, true, "from 1"),
    ADMIN_GIVES("column", ADMIN_STRING, true, "device, or an attribute"),
    ADMIN_GIVES("reason", ADMIN_STRING, true, "what is wrong with it"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_expected_fields[] = {
    ADMIN_GIVES("new", ADMIN_INTEGER, true, "devices that are expected now"),
    ADMIN_GIVES("there", ADMIN_INTEGER, true,
                "that were expected already, just so"),
    ADMIN_GIVES_IN("wrong", ADMIN_ARRAY, true, wrong_fields,
                   "rows that are wrong: with any, nothing has changed"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_describe_device_params[] = {
    DEVICE_PATH,
    ADMIN_BODY("set", ADMIN_STRINGS, true, SET_MAX,
               "attributes, each as serial=SN-1 or label.room=12, which take "
               "the place of what was there; without a value there is none"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_revoke_device_params[] = {
    DEVICE_PATH,
    { .name = "reason",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = reasons,
      .about = "why (RFC 5280 5.3.1); unspecified if not given" },
    ADMIN_FIELDS_END,
};
const struct admin_field admin_retire_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};

static bm_status read_set(const json_t *params,
                          struct store_attribute set[CA_ATTRIBUTES_MAX],
                          size_t *n, struct ca_refusal *why)
{
    const json_t *list = json_object_get(params, "set");
    const json_t *item;
    size_t i;

    *n = 0;
    if (json_array_size(list) > CA_ATTRIBUTES_MAX) {
        return ca_refuse(why, BM_E_CA_ATTRIBUTE, "more than %d attributes",
                         CA_ATTRIBUTES_MAX);
    }
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);

        BM_TRY(ca_attribute_parse((struct bm_bytes){ (const uint8_t *)text,
                                                     json_string_length(item) },
                                  &set[i], why));
    }
    *n = json_array_size(list);
    return BM_OK;
}

static bm_status enter(struct admin_context *c, const json_t *params,
                       json_t *result, struct ca_refusal *why,
                       bm_status (*act)(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct ca_device_entry *entry,
                                        int64_t now, struct ca_refusal *why))
{
    struct store_attribute set[CA_ATTRIBUTES_MAX];
    struct ca_device_entry entry = { .organisation = c->actor.organisation,
                                     .name = admin_text(params, "device"),
                                     .set = set };

    BM_TRY(read_set(params, set, &entry.set_n, why));
    BM_TRY(act(c->ca, &c->actor, &entry, c->now, why));
    return admin_tell(c, params, result, why, admin_show_device);
}

bm_status admin_create_device(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return enter(c, params, result, why, ca_device_expect);
}

/* ---- Many */

struct wrong {
    struct tree t;
    json_t *list;
};

static bm_status add_wrong(void *arg, size_t row, const char *column,
                           const struct ca_refusal *why)
{
    struct wrong *w = arg;
    json_t *o = tree_object(&w->t);
    char words[CA_REFUSAL_WORDS_MAX + 128];

    (void)snprintf(words, sizeof words, "%s%s%s", bm_status_text(why->status),
                   why->words[0] != '\0' ? ": " : "", why->words);
    tree_set(&w->t, o, "row", tree_int(&w->t, (int64_t)row + 1));
    tree_set(&w->t, o, "column", tree_str(&w->t, column));
    tree_set(&w->t, o, "reason", tree_str(&w->t, words));
    tree_append(&w->t, w->list, o);
    return w->t.failed ? BM_E_MEMORY : BM_OK;
}

static bm_status expect_rows(struct admin_context *c, const json_t *params,
                             const struct bm_bytes *rows, json_t *result,
                             struct ca_refusal *why)
{
    struct wrong wrong = { .list = json_array() };
    struct ca_expect e = { .organisation = c->actor.organisation,
                           .rows = rows,
                           .n =
                               json_array_size(json_object_get(params, "rows")),
                           .look = admin_flag(params, "look"),
                           .arg = &wrong,
                           .wrong = add_wrong };
    struct tree *t = &wrong.t;
    json_t *o;
    bm_status rc;

    if (wrong.list == NULL) {
        return BM_E_MEMORY;
    }
    rc = ca_devices_expect(c->ca, &c->actor, &e, c->now, why);
    if (rc != BM_OK) {
        json_decref(wrong.list);
        return rc;
    }
    o = tree_object(t);
    tree_set(t, o, "new", tree_int(t, e.wrong_n != 0 ? 0 : (int64_t)e.new_n));
    tree_set(t, o, "there", tree_int(t, (int64_t)e.there_n));
    tree_set(t, o, "wrong", wrong.list);
    return admin_give(t, o, result);
}

bm_status admin_create_devices(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const json_t *list = json_object_get(params, "rows");
    struct bm_bytes *rows;
    const json_t *item;
    size_t i;
    bm_status rc;

    if (json_array_size(list) > CA_EXPECT_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT, "more than %d rows",
                         CA_EXPECT_MAX);
    }
    rows = calloc(json_array_size(list) + 1, sizeof *rows);
    if (rows == NULL) {
        return BM_E_MEMORY;
    }
    json_array_foreach(list, i, item)
    {
        rows[i].p = (const uint8_t *)json_string_value(item);
        rows[i].n = json_string_length(item);
    }
    rc = expect_rows(c, params, rows, result, why);
    free(rows);
    return rc;
}

/* ---- One */

bm_status admin_describe_device(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return enter(c, params, result, why, ca_device_describe);
}

static uint8_t reason_of(const char *word)
{
    for (uint8_t r = 0; word != NULL && r <= BM_REASON_AA_COMPROMISE; r++) {
        if (bm_crl_reason_valid(r) &&
            strcmp(word, bm_crl_reason_name(r)) == 0) {
            return r;
        }
    }
    return BM_REASON_UNSPECIFIED;
}

static bm_status end(struct admin_context *c, const json_t *params, bool retire,
                     json_t *result, struct ca_refusal *why)
{
    const struct ca_device_end e = {
        .organisation = c->actor.organisation,
        .name = admin_text(params, "device"),
        .retire = retire,
        .reason = reason_of(admin_text(params, "reason")),
    };

    BM_TRY(ca_device_end(c->ca, &c->actor, &e, c->now, why));
    devices_tell_lists(c);
    return admin_tell(c, params, result, why, admin_show_device);
}

bm_status admin_revoke_device(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return end(c, params, false, result, why);
}

bm_status admin_retire_device(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return end(c, params, true, result, why);
}
