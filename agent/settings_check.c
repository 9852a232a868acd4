/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "agent/settings_internal.h"
#include "core/der.h"
#include "core/general_name.h"
#include "core/host.h"
#include "core/oid.h"
#include "keys/pkcs11.h"
#include "keys/tpm2.h"
#include "keys/tpm2_seal.h"
#include "keys/unlock.h"

/* RFC 7030 3.1: EST is HTTPS. */
#define SCHEME     "https://"
#define HTTPS_PORT 443

/* ---- The server */

/* ":8443", or nothing, or the "/" that people copy. 0: wrong. */
static uint16_t read_port(const char *text)
{
    char *end;
    unsigned long v;

    if (text[0] == '\0' || strcmp(text, "/") == 0) {
        return HTTPS_PORT;
    }
    if (text[0] != ':' || text[1] < '1' || text[1] > '9') {
        return 0;
    }
    v = strtoul(text + 1, &end, 10);
    return v <= UINT16_MAX && (*end == '\0' || strcmp(end, "/") == 0)
               ? (uint16_t)v
               : 0;
}

/* "[...]" around an address of IPv6, or a name or address of IPv4; the length
 * of it, or 0. `*name` is what stands between the brackets. */
static size_t read_host(const char *text, struct bm_bytes *name)
{
    uint8_t address[16];
    char inner[INET6_ADDRSTRLEN];
    size_t n;

    if (text[0] == '[') {
        n = strcspn(text + 1, "]");
        if (text[1 + n] != ']' || n == 0 || n >= sizeof inner) {
            return 0;
        }
        memcpy(inner, text + 1, n);
        inner[n] = '\0';
        *name = (struct bm_bytes){ (const uint8_t *)text + 1, n };
        return inet_pton(AF_INET6, inner, address) == 1 ? n + 2 : 0;
    }
    n = strcspn(text, ":/");
    *name = (struct bm_bytes){ (const uint8_t *)text, n };
    return text[0] != '-' && bm_host_is_plain(*name) ? n : 0;
}

bool settings_read_place(const char *text, char host[SETTINGS_HOST_MAX],
                         uint16_t *port)
{
    struct bm_bytes name;
    size_t n = read_host(text, &name);

    *port = n == 0 ? 0 : read_port(text + n);
    if (*port == 0 || name.n >= SETTINGS_HOST_MAX) {
        return false;
    }
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    return true;
}

bm_status settings_read_url(const struct config_node *root, struct settings *s,
                            struct config_error *error)
{
    const struct config_node *node =
        config_get(config_get(root, "server"), "url");

    if (strncmp(s->url, SCHEME, strlen(SCHEME)) == 0 &&
        settings_read_place(s->url + strlen(SCHEME), s->host, &s->port)) {
        return BM_OK;
    }
    return config_fail(error, node, BM_E_CONFIG_VALUE,
                       "https://HOST or https://HOST:PORT is wanted");
}

/* ---- What a request asks for */

static bm_status read_subject(const struct config_node *node, const char *text,
                              struct settings *s, struct config_error *error)
{
    struct bm_wr w;
    size_t bad = 0;
    bm_status rc;

    bm_wr_init(&w, s->subject, sizeof s->subject);
    rc = bm_name_from_text(
        (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, &w, &bad);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, &s->subject_n);
    }
    return rc == BM_OK ? BM_OK
                       : config_fail(error, node, BM_E_CONFIG_VALUE,
                                     "%s at character %zu (RFC 4514)",
                                     bm_status_text(rc), bad + 1);
}

static bool put_address(struct bm_wr *w, const char *text)
{
    uint8_t address[16];
    size_t n = inet_pton(AF_INET, text, address) == 1    ? 4
               : inet_pton(AF_INET6, text, address) == 1 ? 16
                                                         : 0;

    bm_general_name_put(w, BM_GN_IP, (struct bm_bytes){ address, n });
    return n != 0;
}

/* "dns:gw.example.com", and is what was written one by core's rules? */
static bool put_name(struct bm_wr *w, const char *text)
{
    static const struct {
        const char *prefix;
        enum bm_gn_kind kind;
    } rows[] = { { "dns:", BM_GN_DNS },
                 { "uri:", BM_GN_URI },
                 { "email:", BM_GN_EMAIL },
                 { "ip:", BM_GN_IP } };
    size_t mark = w->len;
    size_t row = 0;
    struct bm_general_name gn;
    struct bm_der d;

    while (row < sizeof rows / sizeof rows[0] &&
           strncmp(text, rows[row].prefix, strlen(rows[row].prefix)) != 0) {
        row++;
    }
    if (row == sizeof rows / sizeof rows[0]) {
        return false;
    }
    text += strlen(rows[row].prefix);
    if (rows[row].kind == BM_GN_IP) {
        return put_address(w, text);
    }
    bm_general_name_put(
        w, rows[row].kind,
        (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
    if (w->len > w->cap) {
        return false;
    }
    bm_der_init(&d, (struct bm_bytes){ w->buf + mark, w->len - mark }, NULL);
    return bm_general_name_take(&d, BM_GN_IN_NAME, &gn) == BM_OK;
}

/* RFC 5280 4.2: Extension ::= SEQUENCE { extnID, critical, extnValue } */
static bm_status read_san(const struct config_node *node,
                          const char *const *names, struct settings *s,
                          struct config_error *error)
{
    const struct config_node *item = node->first;
    size_t extension;
    size_t value;
    size_t list;
    struct bm_wr w;

    bm_wr_init(&w, s->extensions, sizeof s->extensions);
    extension = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put(&w, BM_DER_OID, BM_LIT(BM_OID_CE_SAN));
    value = bm_der_open(&w, BM_DER_OCTET_STRING);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    for (; *names != NULL; names++, item = item->next) {
        if (!put_name(&w, *names)) {
            return config_fail(error, item, BM_E_CONFIG_VALUE,
                               "dns:NAME, ip:ADDRESS, uri:URI or "
                               "email:MAILBOX is wanted, and not too much "
                               "of it");
        }
    }
    bm_der_close(&w, list);
    bm_der_close(&w, value);
    bm_der_close(&w, extension);
    return bm_wr_finish(&w, &s->extensions_n) == BM_OK
               ? BM_OK
               : config_fail(error, node, BM_E_CONFIG_VALUE,
                             "more names than a request has room for");
}

/* RFC 7617 2: the user of Basic authentication has no colon. */
static bm_status check_device(const struct config_node *node, const char *name,
                              struct config_error *error)
{
    for (const char *c = name; c != NULL && *c != '\0'; c++) {
        if (*c == ':' || (unsigned char)*c < ' ' || *c == 0x7f) {
            return config_fail(error, node, BM_E_CONFIG_VALUE,
                               "a name without colon and control characters "
                               "is wanted");
        }
    }
    return BM_OK;
}

bm_status settings_read_names(const struct config_node *root,
                              const struct settings_device *device,
                              struct settings *s, struct config_error *error)
{
    const struct config_node *node = config_get(root, "device");

    if (node == NULL) {
        return BM_OK;
    }
    BM_TRY(check_device(config_get(node, "name"), device->name, error));
    if (device->subject != NULL) {
        BM_TRY(read_subject(config_get(node, "subject"), device->subject, s,
                            error));
    }
    return device->san == NULL
               ? BM_OK
               : read_san(config_get(node, "san"), device->san, s, error);
}

/* ---- Keys */

#define SLOT "{slot}"

static const struct {
    const char *scheme;
    enum settings_place place;
} places[] = { { "file:", SETTINGS_FILE_KEYS },
               { "pkcs11:", SETTINGS_PKCS11 },
               { "tpm2:", SETTINGS_TPM2 } };

static const char *find_place(const char *uri, enum settings_place *place)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t n = strlen(places[i].scheme);

        if (strncmp(uri, places[i].scheme, n) == 0) {
            *place = places[i].place;
            return uri + n;
        }
    }
    return NULL;
}

/* Exactly one "{slot}", or three keys would be one. */
static bool has_slot(const char *rest)
{
    const char *first = strstr(rest, SLOT);

    return first != NULL && strstr(first + 1, SLOT) == NULL &&
           strlen(rest) < BM_KEY_URI_MAX - 16;
}

/* The first of three handles in a row. */
static bool is_handle(const char *rest)
{
    struct bm_key_tpm2_uri uri;

    return bm_key_tpm2_parse(rest, &uri) == BM_OK && uri.handle <= 0x817ffffd &&
           uri.handle > 0x81000001;
}

static bm_status check_uri(const struct config_node *node, struct settings *s,
                           struct config_error *error)
{
    const char *rest = find_place(s->keys.uri, &s->keys.place);

    if (rest != NULL && s->keys.place == SETTINGS_TPM2 && is_handle(rest)) {
        return BM_OK;
    }
    if (rest != NULL && s->keys.place != SETTINGS_TPM2 && has_slot(rest)) {
        return BM_OK;
    }
    return config_fail(error, node, BM_E_CONFIG_VALUE,
                       "file:{slot}.key, pkcs11:...object=NAME-{slot}... or "
                       "tpm2:0x81...... (the first of three) is wanted");
}

/* A key of one place is not configured with words about another. */
static bm_status check_words(const struct config_node *node,
                             const struct settings *s,
                             struct config_error *error)
{
    static const struct {
        const char *key;
        enum settings_place place;
    } rows[] = { { "unlock", SETTINGS_FILE_KEYS },
                 { "modules", SETTINGS_PKCS11 },
                 { "pin_file", SETTINGS_PKCS11 },
                 { "attest", SETTINGS_TPM2 },
                 { "ek_certificate", SETTINGS_TPM2 } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct config_node *word = config_get(node, rows[i].key);

        if (word != NULL && rows[i].place != s->keys.place) {
            return config_fail(error, word, BM_E_CONFIG_VALUE,
                               "goes with keys of another kind");
        }
    }
    return s->keys.place != SETTINGS_PKCS11 || s->keys.modules != NULL
               ? BM_OK
               : config_fail(error, node, BM_E_CONFIG_MISSING,
                             "key 'modules' is missing: the module of the "
                             "token");
}

bm_status settings_check_keys(const struct config_node *root,
                              struct settings *s, struct config_error *error)
{
    const struct config_node *node = config_get(root, "keys");
    const struct config_node *idevid = config_get(root, "idevid");
    enum settings_place place;
    struct bm_unlock_source source;

    if (bm_unlock_source_parse(s->keys.unlock, "", &source) != BM_OK ||
        source.kind == BM_UNLOCK_SHARES ||
        (source.kind == BM_UNLOCK_FILE && source.path[0] != '/' &&
         source.path[0] != '\0')) {
        return config_fail(error, config_get(node, "unlock"), BM_E_CONFIG_VALUE,
                           "file, file:/PATH, fd:N or systemd-credential is "
                           "wanted");
    }
    BM_TRY(check_uri(node == NULL ? NULL : config_get(node, "uri"), s, error));
    if (node != NULL) {
        BM_TRY(check_words(node, s, error));
    }
    if (idevid != NULL && find_place(s->idevid.key, &place) == NULL) {
        return config_fail(error, config_get(idevid, "key"), BM_E_CONFIG_VALUE,
                           "a key of file:, pkcs11: or tpm2: is wanted");
    }
    if (idevid != NULL && config_get(root, "birth") != NULL) {
        return config_fail(error, config_get(root, "birth"), BM_E_CONFIG_VALUE,
                           "a device with an idevid is not born again");
    }
    return BM_OK;
}

/* An index of the owner's: keys/tpm2_seal.h. 0: it is none. */
static uint32_t read_index(const char *text)
{
    char *end;
    unsigned long v;

    if (strncmp(text, "0x", 2) != 0 || strlen(text) != 10) {
        return 0;
    }
    v = strtoul(text + 2, &end, 16);
    return *end == '\0' && v >= BM_KEY_TPM2_COUNTER_FIRST &&
                   v <= BM_KEY_TPM2_COUNTER_LAST
               ? (uint32_t)v
               : 0;
}

bm_status settings_check_vault(const struct config_node *root,
                               struct settings *s, struct config_error *error)
{
    const struct config_node *node = config_get(root, "vault");

    if (s->vault.secret == SETTINGS_SECRET_USUAL) {
        s->vault.secret = s->keys.place == SETTINGS_TPM2 ? SETTINGS_SECRET_TPM
                                                         : SETTINGS_SECRET_FILE;
    }
    if (s->vault.counter == NULL) {
        return BM_OK;
    }
    s->vault.index = read_index(s->vault.counter);
    return s->vault.index != 0
               ? BM_OK
               : config_fail(error, config_get(node, "counter"),
                             BM_E_CONFIG_VALUE,
                             "an index of a TPM is wanted, 0x01800000 to "
                             "0x01bfffff");
}

/* ---- Layouts and hooks */

/* What leads out of the folder, or hides in it, is no name. */
static bool is_file_name(const char *name)
{
    return name[0] != '.' && name[0] != '\0' && strchr(name, '/') == NULL &&
           strlen(name) <= 64;
}

/* By another file, or by what a layout adds itself (layout.c). */
static bool is_taken(const struct settings_layout *l,
                     const struct settings_file *file)
{
    const struct settings_file *f = l->files.items;
    bool taken = !l->export_key && strcmp(file->name, "key.uri") == 0;

    for (; f != file; f++) {
        taken = taken || strcmp(f->name, file->name) == 0;
    }
    return taken;
}

static bm_status check_files(const struct config_node *node,
                             const struct settings_layout *l,
                             struct config_error *error)
{
    const struct config_node *list = config_get(node, "files");
    const struct config_node *item = list == NULL ? NULL : list->first;
    const struct settings_file *f = l->files.items;

    if ((l->kind == SETTINGS_FILES) != (list != NULL)) {
        return config_fail(error, list == NULL ? node : list, BM_E_CONFIG_VALUE,
                           "files go with 'kind: files', and with no other");
    }
    for (; item != NULL; item = item->next, f++) {
        if (!is_file_name(f->name)) {
            return config_fail(error, config_get(item, "name"),
                               BM_E_CONFIG_VALUE,
                               "a file's name without '/' is wanted");
        }
        if (is_taken(l, f)) {
            return config_fail(error, config_get(item, "name"),
                               BM_E_CONFIG_VALUE,
                               "the layout has a file of this name");
        }
        if ((f->parts & SETTINGS_KEY) != 0 && !l->export_key) {
            return config_fail(error, config_get(item, "parts"),
                               BM_E_CONFIG_VALUE,
                               "the key is written only with "
                               "'export_key: true'");
        }
    }
    return BM_OK;
}

static bm_status check_layout(const struct config_node *node,
                              const struct settings *s,
                              const struct settings_layout *l,
                              struct config_error *error)
{
    if (l->dir[0] != '/' || strcmp(l->dir, "/") == 0) {
        return config_fail(error, config_get(node, "dir"), BM_E_CONFIG_VALUE,
                           "an absolute path is wanted");
    }
    if (l->export_key && s->keys.place != SETTINGS_FILE_KEYS) {
        return config_fail(error, config_get(node, "export_key"),
                           BM_E_CONFIG_VALUE,
                           "a key in a token or TPM cannot be written to a "
                           "file");
    }
    if (l->kind == SETTINGS_HAPROXY && !l->export_key) {
        return config_fail(error, node, BM_E_CONFIG_VALUE,
                           "haproxy wants the key in its file: "
                           "'export_key: true' says that this is meant");
    }
    return check_files(node, l, error);
}

/* Each would throw out what the other wrote, in every round. */
static bool has_twin(const struct settings *s, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(s->layouts[j].dir, s->layouts[i].dir) == 0) {
            return true;
        }
    }
    return false;
}

bm_status settings_check_layouts(const struct config_node *root,
                                 struct settings *s, struct config_error *error)
{
    const struct config_node *layouts = config_get(root, "layouts");
    const struct config_node *hooks = config_get(root, "hooks");
    const struct config_node *node = layouts == NULL ? NULL : layouts->first;

    for (size_t i = 0; node != NULL; i++, node = node->next) {
        BM_TRY(check_layout(node, s, &s->layouts[i], error));
        if (has_twin(s, i)) {
            return config_fail(error, config_get(node, "dir"),
                               BM_E_CONFIG_VALUE,
                               "a layout has a folder of its own");
        }
    }
    node = hooks == NULL ? NULL : hooks->first;
    for (size_t i = 0; node != NULL; i++, node = node->next) {
        if (s->hooks[i].run[0][0] != '/') {
            return config_fail(error, config_get(node, "run")->first,
                               BM_E_CONFIG_VALUE,
                               "an absolute path of a program is wanted");
        }
    }
    return BM_OK;
}
