/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mud_internal.h"

static bm_status refuse(struct mud *mud, const char *entry, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

static bm_status refuse(struct mud *mud, const char *entry, const char *format,
                        ...)
{
    char words[CONFIG_WORDS_MAX / 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    *mud->error = (struct config_error){ .status = BM_E_POLICY_MUD };
    (void)snprintf(mud->error->words, sizeof mud->error->words, "%s%.60s%s%s",
                   entry != NULL ? "entry " : "", entry != NULL ? entry : "",
                   entry != NULL ? ": " : "", words);
    return BM_E_POLICY_MUD;
}

/* ---- Members */

/* Objects of which everything has to be known: what of it is not is told. */
static bm_status only(struct mud *mud, const char *entry, json_t *object,
                      const char *const *keys)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object)) {
        return refuse(mud, entry, "no object");
    }
    json_object_foreach(object, key, value)
    {
        size_t i = 0;

        while (keys[i] != NULL && strcmp(keys[i], key) != 0) {
            i++;
        }
        if (keys[i] == NULL) {
            return refuse(mud, entry, "\"%.60s\" is not known here", key);
        }
    }
    return BM_OK;
}

static bm_status take_integer(struct mud *mud, const char *entry,
                              json_t *object, const char *key, int *value)
{
    json_t *v = json_object_get(object, key);

    if (v == NULL) {
        return BM_OK;
    }
    if (!json_is_integer(v) || json_integer_value(v) < 0 ||
        json_integer_value(v) > 0xffff) {
        return refuse(mud, entry, "%s is no number to 65535", key);
    }
    *value = (int)json_integer_value(v);
    return BM_OK;
}

/* ---- Ports (RFC 8519 4.2) */

static bm_status put_operator(struct mud *mud, const char *entry,
                              json_t *object, char word[MUD_WORD_MAX])
{
    const char *op = json_string_value(json_object_get(object, "operator"));
    int port = -1;

    BM_TRY(take_integer(mud, entry, object, "port", &port));
    if (op == NULL || port < 0) {
        return refuse(mud, entry,
                      "a port has an operator and a port, or two "
                      "borders");
    }
    if (strcmp(op, "eq") == 0) {
        (void)snprintf(word, MUD_WORD_MAX, "%d", port);
    } else if (strcmp(op, "lte") == 0) {
        (void)snprintf(word, MUD_WORD_MAX, "0-%d", port);
    } else if (strcmp(op, "gte") == 0) {
        (void)snprintf(word, MUD_WORD_MAX, "%d-65535", port);
    } else {
        return refuse(mud, entry, "operator %.20s is not known here", op);
    }
    return BM_OK;
}

static bm_status take_port(struct mud *mud, const char *entry, json_t *object,
                           const char *key, char word[MUD_WORD_MAX])
{
    static const char *const keys[] = { "operator", "port", "lower-port",
                                        "upper-port", NULL };
    json_t *v = json_object_get(object, key);
    int low = -1;
    int high = -1;

    if (v == NULL) {
        return BM_OK;
    }
    BM_TRY(only(mud, entry, v, keys));
    BM_TRY(take_integer(mud, entry, v, "lower-port", &low));
    BM_TRY(take_integer(mud, entry, v, "upper-port", &high));
    if (low < 0 && high < 0) {
        return put_operator(mud, entry, v, word);
    }
    if (low < 0 || high < low || json_object_size(v) != 2) {
        return refuse(mud, entry, "borders of a port are two");
    }
    (void)snprintf(word, MUD_WORD_MAX, "%d-%d", low, high);
    return BM_OK;
}

static bm_status take_transport(struct mud *mud, struct mud_entry *e,
                                json_t *object)
{
    static const char *const keys[] = { "source-port", "destination-port",
                                        "ietf-mud:direction-initiated", NULL };
    const char *initiated;

    BM_TRY(only(mud, e->name, object, keys));
    BM_TRY(take_port(mud, e->name, object, "source-port", e->sport));
    BM_TRY(take_port(mud, e->name, object, "destination-port", e->port));
    if (json_object_get(object, keys[2]) == NULL) {
        return BM_OK;
    }
    initiated = json_string_value(json_object_get(object, keys[2]));
    if (initiated == NULL || (strcmp(initiated, "from-device") != 0 &&
                              strcmp(initiated, "to-device") != 0)) {
        return refuse(mud, e->name,
                      "direction-initiated is from-device or "
                      "to-device");
    }
    e->initiated =
        strcmp(initiated, "from-device") == 0 ? POLICY_OUT : POLICY_IN;
    return BM_OK;
}

static bm_status take_icmp(struct mud *mud, struct mud_entry *e, json_t *object)
{
    static const char *const keys[] = { "type", "code", NULL };
    int type = -1;
    int code = -1;

    BM_TRY(only(mud, e->name, object, keys));
    BM_TRY(take_integer(mud, e->name, object, "type", &type));
    BM_TRY(take_integer(mud, e->name, object, "code", &code));
    if (type > 255 || code > 255 || (type < 0 && code >= 0)) {
        return refuse(mud, e->name, "type and code of ICMP are 0 to 255");
    }
    if (code >= 0) {
        (void)snprintf(e->kind, sizeof e->kind, "%d/%d", type, code);
    } else if (type >= 0) {
        (void)snprintf(e->kind, sizeof e->kind, "%d", type);
    }
    return BM_OK;
}

/* ---- Peers */

static bm_status put_peer(struct mud *mud, struct mud_entry *e, const char **to,
                          const char *value)
{
    if (value == NULL || e->peer != NULL || e->cidr != NULL || e->local) {
        return refuse(mud, e->name, "a peer is told once, and by a text");
    }
    *to = value;
    return BM_OK;
}

/* RFC 8520 2, 5: who is at the other end, without an address. */
static bm_status take_mud(struct mud *mud, struct mud_entry *e, json_t *object)
{
    static const char *const keys[] = {
        "manufacturer", "same-manufacturer", "model", "local-networks",
        "controller",   "my-controller",     NULL
    };
    const char *key;
    json_t *value;

    BM_TRY(only(mud, e->name, object, keys));
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "local-networks") == 0) {
            const char *none = NULL;

            BM_TRY(put_peer(mud, e, &none, key));
            e->local = true;
        } else if (json_is_string(value)) {
            BM_TRY(put_peer(mud, e, &e->peer, json_string_value(value)));
        } else {
            BM_TRY(put_peer(mud, e, &e->peer, key));
        }
    }
    return BM_OK;
}

static bm_status take_cidr(struct mud *mud, struct mud_entry *e,
                           const char *text)
{
    struct policy_range range;

    if (text == NULL || !(e->six ? policy_range_ipv6(text, &range)
                                 : policy_range_ipv4(text, &range))) {
        return refuse(mud, e->name, "\"%.60s\" is no network",
                      text != NULL ? text : "");
    }
    return put_peer(mud, e, &e->cidr, text);
}

static bm_status take_ip(struct mud *mud, struct mud_entry *e, json_t *object)
{
    bool out = e->direction == POLICY_OUT;
    const char *net =
        e->six ? (out ? "destination-ipv6-network" : "source-ipv6-network")
               : (out ? "destination-ipv4-network" : "source-ipv4-network");
    const char *dns =
        out ? "ietf-acldns:dst-dnsname" : "ietf-acldns:src-dnsname";
    const char *const keys[] = { "protocol", net, dns, NULL };
    json_t *value;

    BM_TRY(only(mud, e->name, object, keys));
    BM_TRY(take_integer(mud, e->name, object, "protocol", &e->protocol));
    if (e->protocol > 255) {
        return refuse(mud, e->name, "protocol is no number to 255");
    }
    value = json_object_get(object, net);
    if (value != NULL) {
        BM_TRY(take_cidr(mud, e, json_string_value(value)));
    }
    value = json_object_get(object, dns);
    return value == NULL ? BM_OK
                         : put_peer(mud, e, &e->peer, json_string_value(value));
}

/* ---- Entries */

static bm_status want_protocol(struct mud *mud, struct mud_entry *e,
                               int protocol)
{
    if (e->protocol >= 0 && e->protocol != protocol) {
        return refuse(mud, e->name, "two protocols in one entry");
    }
    e->protocol = protocol;
    return BM_OK;
}

static bm_status take_matches(struct mud *mud, struct mud_entry *e,
                              json_t *matches)
{
    static const char *const keys[] = { "ipv4", "ipv6",         "tcp", "udp",
                                        "icmp", "ietf-mud:mud", NULL };
    json_t *m[6];

    BM_TRY(only(mud, e->name, matches, keys));
    for (size_t i = 0; i < 6; i++) {
        m[i] = json_object_get(matches, keys[i]);
    }
    if (m[e->six ? 0 : 1] != NULL) {
        return refuse(mud, e->name, "it is of another family than its list");
    }
    if (m[e->six ? 1 : 0] != NULL) {
        BM_TRY(take_ip(mud, e, m[e->six ? 1 : 0]));
    }
    if (m[2] != NULL) {
        BM_TRY(want_protocol(mud, e, POLICY_PROTO_TCP));
        BM_TRY(take_transport(mud, e, m[2]));
    }
    if (m[3] != NULL) {
        BM_TRY(want_protocol(mud, e, POLICY_PROTO_UDP));
        BM_TRY(take_transport(mud, e, m[3]));
    }
    if (m[4] != NULL) {
        BM_TRY(want_protocol(mud, e,
                             e->six ? POLICY_PROTO_ICMPV6 : POLICY_PROTO_ICMP));
        BM_TRY(take_icmp(mud, e, m[4]));
    }
    return m[5] != NULL ? take_mud(mud, e, m[5]) : BM_OK;
}

static bm_status take_entry(struct mud *mud, json_t *ace,
                            enum policy_direction direction, bool six)
{
    static const char *const keys[] = { "name", "matches", "actions", NULL };
    static const char *const actions[] = { "forwarding", NULL };
    struct mud_entry *e = &mud->entries[mud->n];
    const char *forwarding;

    if (mud->n == MUD_ENTRIES_MAX) {
        return refuse(mud, NULL, "more than %d entries", MUD_ENTRIES_MAX);
    }
    *e = (struct mud_entry){
        .direction = direction, .six = six, .protocol = -1, .initiated = -1
    };
    e->name = json_string_value(json_object_get(ace, "name"));
    if (e->name == NULL) {
        return refuse(mud, NULL, "an entry without a name");
    }
    BM_TRY(only(mud, e->name, ace, keys));
    BM_TRY(only(mud, e->name, json_object_get(ace, "actions"), actions));
    forwarding = json_string_value(
        json_object_get(json_object_get(ace, "actions"), "forwarding"));
    if (forwarding == NULL ||
        (strcmp(forwarding, "accept") != 0 &&
         strcmp(forwarding, "ietf-access-control-list:accept") != 0)) {
        return refuse(mud, e->name,
                      "only what is accepted is taken over: "
                      "everything else is dropped anyway");
    }
    BM_TRY(take_matches(mud, e, json_object_get(ace, "matches")));
    mud->n++;
    return BM_OK;
}

/* ---- Lists */

static bm_status take_list(struct mud *mud, json_t *acl,
                           enum policy_direction direction)
{
    const char *type = json_string_value(json_object_get(acl, "type"));
    const char *colon = type != NULL ? strchr(type, ':') : NULL;
    json_t *aces = json_object_get(json_object_get(acl, "aces"), "ace");
    json_t *ace;
    size_t i;
    bool six;

    type = colon != NULL ? colon + 1 : type;
    if (type == NULL || (strcmp(type, "ipv4-acl-type") != 0 &&
                         strcmp(type, "ipv6-acl-type") != 0)) {
        return refuse(mud, NULL,
                      "lists are of ipv4-acl-type or "
                      "ipv6-acl-type");
    }
    six = strcmp(type, "ipv6-acl-type") == 0;
    if (!json_is_array(aces)) {
        return refuse(mud, NULL, "a list without entries");
    }
    json_array_foreach(aces, i, ace)
    {
        BM_TRY(take_entry(mud, ace, direction, six));
    }
    return BM_OK;
}

static bm_status take_named(struct mud *mud, json_t *root, const char *name,
                            enum policy_direction direction)
{
    json_t *lists = json_object_get(
        json_object_get(root, "ietf-access-control-list:acls"), "acl");
    json_t *acl;
    size_t i;

    json_array_foreach(lists, i, acl)
    {
        const char *its = json_string_value(json_object_get(acl, "name"));

        if (its != NULL && strcmp(its, name) == 0) {
            return take_list(mud, acl, direction);
        }
    }
    return refuse(mud, NULL, "there is no list %.60s", name);
}

static bm_status take_policy(struct mud *mud, json_t *root, const char *key,
                             enum policy_direction direction)
{
    json_t *policy =
        json_object_get(json_object_get(root, "ietf-mud:mud"), key);
    json_t *lists =
        json_object_get(json_object_get(policy, "access-lists"), "access-list");
    json_t *list;
    size_t i;

    if (policy == NULL) {
        return BM_OK;
    }
    if (!json_is_array(lists)) {
        return refuse(mud, NULL, "%s names no lists", key);
    }
    json_array_foreach(lists, i, list)
    {
        const char *name = json_string_value(json_object_get(list, "name"));

        if (name == NULL) {
            return refuse(mud, NULL, "%s names no list", key);
        }
        BM_TRY(take_named(mud, root, name, direction));
    }
    return BM_OK;
}

static bm_status take_root(struct mud *mud, json_t *root)
{
    json_t *head = json_object_get(root, "ietf-mud:mud");
    json_t *version = json_object_get(head, "mud-version");

    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        return refuse(mud, NULL, "no MUD file of version 1");
    }
    BM_TRY(take_policy(mud, root, "from-device-policy", POLICY_OUT));
    return take_policy(mud, root, "to-device-policy", POLICY_IN);
}

/* ---- All of it */

const char *mud_resolve(const struct mud *mud, const char *name)
{
    for (size_t i = 0; i < mud->config->names_n; i++) {
        if (strcmp(mud->config->names[i].name, name) == 0) {
            return mud->config->names[i].addresses;
        }
    }
    return NULL;
}

static bm_status no_memory(struct mud *mud)
{
    *mud->error = (struct config_error){ .status = BM_E_MEMORY };
    return BM_E_MEMORY;
}

/* What was written is read, before anybody believes it. */
static bm_status look_again(struct mud *mud, char **text)
{
    struct policy *policy;
    struct config_error error;
    bm_status rc =
        policy_parse((struct bm_bytes){ (const uint8_t *)*text, strlen(*text) },
                     &policy, &error);

    policy_free(policy);
    if (rc == BM_OK) {
        return BM_OK;
    }
    free(*text);
    *text = NULL;
    return refuse(mud, NULL, "it makes no policy: %.90s", error.words);
}

static bm_status write_text(struct mud *mud, json_t *root, char **text)
{
    const char *url = json_string_value(
        json_object_get(json_object_get(root, "ietf-mud:mud"), "mud-url"));

    *text = mud_write_missing(mud);
    if (*text == NULL) {
        return no_memory(mud);
    }
    if (**text != '\0') {
        *mud->error = (struct config_error){ .status = BM_E_POLICY_NAMES };
        return BM_E_POLICY_NAMES;
    }
    free(*text);
    *text = mud_write_policy(mud, url);
    return *text != NULL ? look_again(mud, text) : no_memory(mud);
}

bm_status policy_mud_import(struct bm_bytes json,
                            const struct policy_mud_config *config, char **text,
                            struct config_error *error)
{
    struct mud mud = { .config = config, .error = error };
    json_error_t where;
    json_t *root;
    bm_status rc;

    *text = NULL;
    *error = (struct config_error){ .status = BM_OK };
    root = json.n <= CONFIG_TEXT_MAX
               ? json_loadb((const char *)json.p, json.n,
                            JSON_REJECT_DUPLICATES, &where)
               : NULL;
    if (root == NULL) {
        rc = refuse(&mud, NULL, "%.90s",
                    json.n > CONFIG_TEXT_MAX ? "too large" : where.text);
        if (json.n <= CONFIG_TEXT_MAX) {
            error->line = where.line > 0 ? (unsigned)where.line : 1;
            error->column = where.column > 0 ? (unsigned)where.column : 1;
        }
        return rc;
    }
    mud.entries = calloc(MUD_ENTRIES_MAX, sizeof *mud.entries);
    rc = mud.entries != NULL ? take_root(&mud, root) : no_memory(&mud);
    if (rc == BM_OK) {
        rc = write_text(&mud, root, text);
    }
    free(mud.entries);
    json_decref(root);
    return rc;
}
