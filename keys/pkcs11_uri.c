/* SPDX-License-Identifier: Apache-2.0 */

/*
 * p11-kit reads RFC 7512, and is lenient: it takes white space out, ignores
 * what it does not know, and lets the last of two equal attributes win. What
 * names the key of a CA is to have one meaning, so the names are held against
 * a table first.
 */
#include <stdlib.h>
#include <string.h>

#include "keys/pkcs11_internal.h"

/* RFC 7512 2.3: pk11-path, then "?", then pk11-query. */
static const char *const path_names[] = {
    "token",
    "manufacturer",
    "serial",
    "model",
    "library-manufacturer",
    "library-description",
    "library-version",
    "slot-id",
    "slot-manufacturer",
    "slot-description",
    "object",
    "id",
    "type",
    NULL,
};

/* Without pin-value, which is a secret, and module-name, which is looked up
 * in files of the system: paths are in the configuration. */
static const char *const query_names[] = { "module-path", "pin-source", NULL };

/* RFC 7512 2.3: pk11-pchar and pk11-qchar; and a '%' needs two digits. */
static bool is_text(const char *s)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-._~:[]@!$'()*+,=&/?|%;";
    static const char hex[] = "0123456789abcdefABCDEF";

    if (s[strspn(s, letters)] != '\0') {
        return false;
    }
    for (; (s = strchr(s, '%')) != NULL; s++) {
        if (strspn(s + 1, hex) < 2) {
            return false;
        }
    }
    return true;
}

/* Which of `names` stands before the '=' of an attribute of `n` octets? -1. */
static int find_name(const char *const *names, const char *attribute, size_t n)
{
    const char *equals = memchr(attribute, '=', n);
    size_t len = equals == NULL ? 0 : (size_t)(equals - attribute);

    for (int i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], attribute, len) == 0) {
            /* An empty value names nothing. */
            return len + 1 < n ? i : -1;
        }
    }
    return -1;
}

/* RFC 7512 2.3: "an attribute MUST NOT occur more than once". */
static bool are_known(const char *text, size_t n, char between,
                      const char *const *names)
{
    unsigned seen = 0;
    const char *end = text + n;

    while (text < end) {
        const char *stop = memchr(text, between, (size_t)(end - text));
        size_t len = (size_t)((stop == NULL ? end : stop) - text);
        int which = find_name(names, text, len);

        if (which < 0 || (seen & 1U << which) != 0 || text + len + 1 == end) {
            return false;
        }
        seen |= 1U << which;
        text += len + 1;
    }
    return true;
}

static bool are_names_good(const char *rest)
{
    const char *query = strchr(rest, '?');
    size_t n = query == NULL ? strlen(rest) : (size_t)(query - rest);

    if (!is_text(rest) || n == 0 || !are_known(rest, n, ';', path_names)) {
        return false;
    }
    return query == NULL ||
           (query[1] != '\0' && strstr(query, "%00") == NULL &&
            are_known(query + 1, strlen(query + 1), '&', query_names));
}

/* RFC 7512 2.4: "file:" and a path; what comes from a program is refused. */
static bm_status take_pin_file(struct p11_uri *u)
{
    const char *source = p11_kit_uri_get_pin_source(u->uri);

    if (source == NULL) {
        return BM_OK;
    }
    if (strncmp(source, "file:", 5) != 0) {
        return BM_E_KEYS_URI;
    }
    source += 5;
    /* RFC 8089 2: an authority that is empty */
    source += strncmp(source, "//", 2) == 0 ? 2 : 0;
    if (source[0] != '/' || source[1] == '/') {
        return BM_E_KEYS_URI;
    }
    u->pin_file = source;
    return BM_OK;
}

static bool is_name(const struct ck_attribute *a)
{
    return a == NULL || (a->value_len != 0 && a->value_len < P11_NAME_MAX);
}

static bm_status take_object(struct p11_uri *u)
{
    const struct ck_attribute *type =
        p11_kit_uri_get_attribute(u->uri, CKA_CLASS);
    ck_object_class_t class;

    if (type != NULL) {
        memcpy(&class, type->value, sizeof class);
        if (class != CKO_PRIVATE_KEY) {
            return BM_E_KEYS_URI;
        }
    }
    u->label = p11_kit_uri_get_attribute(u->uri, CKA_LABEL);
    u->id = p11_kit_uri_get_attribute(u->uri, CKA_ID);
    return (u->label != NULL || u->id != NULL) && is_name(u->label) &&
                   is_name(u->id)
               ? BM_OK
               : BM_E_KEYS_URI;
}

/* What two URIs of one token have in common, in p11-kit's own order. */
static bm_status take_token(struct p11_uri *u)
{
    char *text = NULL;
    bm_status rc = BM_E_LIMIT;

    if (p11_kit_uri_format(u->uri,
                           P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_SLOT |
                               P11_KIT_URI_FOR_MODULE_WITH_VERSION,
                           &text) != P11_KIT_URI_OK) {
        return BM_E_MEMORY;
    }
    if (strlen(text) < sizeof u->token) {
        memcpy(u->token, text, strlen(text) + 1);
        rc = BM_OK;
    }
    free(text);
    return rc;
}

static bm_status parse(const char *rest, struct p11_uri *u)
{
    char whole[BM_KEY_URI_MAX + sizeof "pkcs11:"] = "pkcs11:";
    int rc;

    memcpy(whole + strlen(whole), rest, strlen(rest) + 1);
    u->uri = p11_kit_uri_new();
    if (u->uri == NULL) {
        return BM_E_MEMORY;
    }
    rc = p11_kit_uri_parse(whole, P11_KIT_URI_FOR_ANY, u->uri);
    if (rc != P11_KIT_URI_OK) {
        return rc == P11_KIT_URI_NO_MEMORY ? BM_E_MEMORY : BM_E_KEYS_URI;
    }
    if (p11_kit_uri_any_unrecognized(u->uri) != 0) {
        return BM_E_KEYS_URI;
    }
    u->module = p11_kit_uri_get_module_path(u->uri);
    BM_TRY(take_pin_file(u));
    BM_TRY(take_object(u));
    return take_token(u);
}

bm_status p11_uri_parse(const char *rest, struct p11_uri *u)
{
    bm_status rc;

    memset(u, 0, sizeof *u);
    if (strnlen(rest, BM_KEY_URI_MAX) == BM_KEY_URI_MAX ||
        !are_names_good(rest)) {
        return BM_E_KEYS_URI;
    }
    rc = parse(rest, u);
    if (rc != BM_OK) {
        p11_uri_wipe(u);
    }
    return rc;
}

void p11_uri_wipe(struct p11_uri *u)
{
    p11_kit_uri_free(u->uri);
    memset(u, 0, sizeof *u);
}

bm_status bm_key_pkcs11_uri_check(const char *rest)
{
    struct p11_uri u;

    BM_TRY(p11_uri_parse(rest, &u));
    p11_uri_wipe(&u);
    return BM_OK;
}
