/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script_internal.h"

#include <stdlib.h>
#include <string.h>

#include "ca/profile.h"
#include "ceremony/internal.h"
#include "core/oid.h"
#include "keys/pkcs11.h"
#include "keys/shares.h"
#include "keys/tpm2.h"

const struct script_algorithm script_algorithms[] = {
    { "p256", { .type = BM_KEY_P256 } },
    { "p384", { .type = BM_KEY_P384 } },
    { "ed25519", { .type = BM_KEY_ED25519 } },
    { "rsa3072", { .type = BM_KEY_RSA, .rsa_bits = 3072 } },
    { "rsa4096", { .type = BM_KEY_RSA, .rsa_bits = 4096 } },
    { "mldsa44", { .type = BM_KEY_MLDSA44 } },
    { "mldsa65", { .type = BM_KEY_MLDSA65 } },
    { "mldsa87", { .type = BM_KEY_MLDSA87 } },
    { NULL, { .type = BM_KEY_UNKNOWN } },
};

/* ---- What a value means beyond its type */

struct reading {
    struct script *script;
    struct config_error error;
    struct ca_refusal *why;
};

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* Blame the value of `key` in `mapping`, or the mapping. */
static bm_status blame(struct reading *r, const struct config_node *mapping,
                       const char *key, const char *words)
{
    const struct config_node *at = config_get(mapping, key);

    return config_fail(&r->error, at != NULL ? at : mapping, BM_E_CONFIG_VALUE,
                       "%s", words);
}

/* a-z, 0-9, '.' and '-', beginning with a letter or digit. */
static bool is_name(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(s) &&
           strlen(s) <= SCRIPT_NAME_MAX && s[0] != '.' && s[0] != '-';
}

/* Of a file on a stick: nothing that leads elsewhere. */
static bool is_file_name(const char *s)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++) {
        if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '/') {
            return false;
        }
    }
    return n <= SCRIPT_FILE_MAX && s[0] != '.' && s[0] != '-';
}

static bm_status check_subject(struct reading *r,
                               const struct config_node *node)
{
    if (node->kind != CONFIG_SEQUENCE || node->n == 0 ||
        node->n >= BM_NAME_RDNS_MAX) {
        return config_fail(&r->error, node, BM_E_CONFIG_VALUE,
                           "subject must be a list like [ { O: Example }, "
                           "{ CN: Example Root CA } ]");
    }
    for (const struct config_node *n = node->first; n != NULL; n = n->next) {
        uint8_t oid[64];
        struct bm_wr w;

        if (n->kind != CONFIG_MAPPING || n->n != 1 ||
            n->first->kind != CONFIG_SCALAR || n->first->n == 0) {
            return config_fail(&r->error, n, BM_E_CONFIG_VALUE,
                               "an item of subject is one attribute, like "
                               "{ CN: Example Root CA }");
        }
        bm_wr_init(&w, oid, sizeof oid);
        if (bm_oid_from_attribute(view(n->first->key), &w) != BM_OK) {
            return config_fail(&r->error, n->first, BM_E_CONFIG_VALUE,
                               "unknown attribute \"%.60s\"", n->first->key);
        }
    }
    return BM_OK;
}

static bm_status take_ca(struct reading *r, const struct config_node *node,
                         const struct read_ca *from, struct script_ca *ca)
{
    *ca = (struct script_ca){ .node = node,
                              .subject = from->subject,
                              .lifetime = from->validity.lifetime,
                              .until = from->validity.until,
                              .path_len = from->path_len,
                              .keys = from->keys,
                              .name_constraints = from->name_constraints,
                              .policies = from->policies,
                              .public_url = from->public_url };
    return from->subject != NULL ? check_subject(r, from->subject) : BM_OK;
}

/* Of which token, and what is loaded to get at it. */
static bm_status check_place(struct reading *r, const struct config_node *key)
{
    const struct script *s = r->script;
    bool pkcs11 = strncmp(s->place, "pkcs11:", 7) == 0;
    bool tpm2 = strncmp(s->place, "tpm2:", 5) == 0;
    struct bm_key_tpm2_uri uri;

    if (strcmp(s->place, "file") != 0 && !pkcs11 && !tpm2) {
        return blame(r, key, "place",
                     "place is file, or the URI of a key: pkcs11:... or "
                     "tpm2:...");
    }
    if (strlen(s->place) >= BM_KEY_URI_MAX ||
        (pkcs11 && bm_key_pkcs11_uri_check(s->place + 7) != BM_OK) ||
        (tpm2 && bm_key_tpm2_parse(s->place + 5, &uri) != BM_OK)) {
        return blame(r, key, "place", "is no URI of a key (RFC 7512 2)");
    }
    if (pkcs11 != (s->module != NULL) ||
        (s->module != NULL && s->module[0] != '/')) {
        return blame(r, key, "module",
                     "a key behind PKCS#11 has a module, with its full path; "
                     "others have none");
    }
    return BM_OK;
}

static bm_status take_root(struct reading *r, const struct config_node *node,
                           const struct read_root *from)
{
    struct script *s = r->script;

    s->root_id = from->id != NULL ? from->id : "root";
    s->algorithm = from->key.algorithm;
    s->place = from->key.place;
    s->module = from->key.module;
    if (!is_name(s->root_id)) {
        return blame(r, node, "id", "id has a-z, 0-9, '.' and '-'");
    }
    BM_TRY(check_place(r, config_get(node, "key")));
    return take_ca(r, node, &from->ca, &s->root);
}

static bm_status take_custodians(struct reading *r,
                                 const struct config_node *node,
                                 const struct read_script *from)
{
    struct script *s = r->script;

    if (node == NULL) {
        return BM_OK;
    }
    s->threshold = (unsigned)from->custodians.threshold;
    s->custodians = from->custodians.names;
    for (size_t i = 0; s->custodians[i] != NULL; i++) {
        s->custodians_n++;
        if (bm_share_name_check(s->custodians[i]) != BM_OK) {
            return blame(r, node, "names",
                         "a custodian's name is 1 to 64 printable ASCII "
                         "characters");
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(s->custodians[k], s->custodians[i]) == 0) {
                return blame(r, node, "names", "a custodian occurs twice");
            }
        }
    }
    if (s->threshold > s->custodians_n) {
        return blame(r, node, "threshold",
                     "threshold is more than there are custodians");
    }
    if (strcmp(s->place, "file") != 0) {
        return config_fail(&r->error, node, BM_E_CONFIG_VALUE,
                           "a key in a token is not split among custodians");
    }
    return BM_OK;
}

/* What each kind has and has not. */
static const struct {
    bool request;
    bool certificate;
    bool subject;
    bool validity;
    bool ca; /* path_len and what else a certificate may say */
} shapes[] = {
    [SCRIPT_SUBORDINATE] = { true, false, true, true, true },
    [SCRIPT_CROSS] = { false, true, false, true, true },
    [SCRIPT_NEW_WITH_OLD] = { false, true, false, false, false },
    [SCRIPT_OLD_WITH_NEW] = { false, true, false, false, false },
    [SCRIPT_REQUEST] = { false, false, false, false, false },
};

static bm_status check_key(struct reading *r, const struct config_node *node,
                           const char *key, bool wanted, bool allowed)
{
    const struct config_node *at = config_get(node, key);

    if (wanted && at == NULL) {
        return config_fail(&r->error, node, BM_E_CONFIG_MISSING,
                           "a step of this kind needs %s", key);
    }
    if (!allowed && at != NULL) {
        return config_fail(&r->error, at, BM_E_CONFIG_VALUE,
                           "a step of this kind has no %s", key);
    }
    return BM_OK;
}

static bm_status check_shape(struct reading *r, const struct config_node *node,
                             unsigned kind)
{
    static const char *const others[] = { "path_len", "keys",
                                          "name_constraints", "policies" };
    bool request = shapes[kind].request;
    bool theirs = shapes[kind].certificate;
    bool subject = shapes[kind].subject;
    bool validity = shapes[kind].validity;

    BM_TRY(check_key(r, node, "request", request, request));
    BM_TRY(check_key(r, node, "request_sha256", false, request));
    BM_TRY(check_key(r, node, "key_sha256", false, request || theirs));
    BM_TRY(check_key(r, node, "renews", false, request || theirs));
    BM_TRY(check_key(r, node, "certificate", theirs, theirs));
    BM_TRY(check_key(r, node, "certificate_sha256", theirs, theirs));
    BM_TRY(check_key(r, node, "subject", subject, subject));
    BM_TRY(check_key(r, node, "validity", validity, validity));
    BM_TRY(check_key(r, node, "public_url", false, request || theirs));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        BM_TRY(check_key(r, node, others[i], false, shapes[kind].ca));
    }
    return BM_OK;
}

static bm_status take_pin(struct reading *r, const struct config_node *node,
                          const char *key, const char *text,
                          struct script_pin *pin)
{
    if (text == NULL) {
        return BM_OK;
    }
    pin->is = ceremony_from_hex(view(text), pin->sha256, sizeof pin->sha256);
    return pin->is ? BM_OK
                   : blame(r, node, key,
                           "a SHA-256 is 64 lower-case hexadecimal digits");
}

static bm_status take_step(struct reading *r, const struct config_node *node,
                           const struct read_step *from,
                           struct script_step *step)
{
    *step = (struct script_step){
        .name = from->name,
        .kind = from->kind,
        .file = from->request != NULL ? from->request : from->certificate,
        .renews = from->renews,
    };
    BM_TRY(check_shape(r, node, step->kind));
    /* Those of the root and of its lists: a transcript has one name space. */
    if (!is_name(step->name) || strcmp(step->name, "root") == 0 ||
        strncmp(step->name, "crl-", 4) == 0) {
        return blame(r, node, "step",
                     "the name of a step has a-z, 0-9, '.' and '-', is not "
                     "root, and does not begin with crl-");
    }
    if (script_find(r->script, step->name) != NULL) {
        return blame(r, node, "step", "there is a step of this name");
    }
    if (step->file != NULL && !is_file_name(step->file)) {
        return blame(r, node, from->request != NULL ? "request" : "certificate",
                     "is the name of a file, without a folder");
    }
    if (step->renews != NULL && script_find(r->script, step->renews) == NULL) {
        return blame(r, node, "renews", "there is no such step before");
    }
    BM_TRY(
        take_pin(r, node, "request_sha256", from->request_sha256, &step->pin));
    BM_TRY(take_pin(r, node, "certificate_sha256", from->certificate_sha256,
                    &step->pin));
    BM_TRY(take_pin(r, node, "key_sha256", from->key_sha256, &step->key));
    return take_ca(r, node, &from->ca, &step->ca);
}

static bm_status take_steps(struct reading *r, const struct config_node *node,
                            const struct config_list *list)
{
    const struct config_node *at = node != NULL ? node->first : NULL;
    const struct read_step *from = list->items;
    struct script *s = r->script;

    s->steps = config_memory(s->config, (list->n + 1) * sizeof *s->steps);
    if (s->steps == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < list->n && at != NULL; i++, at = at->next) {
        BM_TRY(take_step(r, at, &from[i], &s->steps[i]));
        s->steps_n++;
    }
    return BM_OK;
}

/* Pairs of hexadecimal digits, as transcripts and OpenSSL show a serial. */
static bool take_serial(const char *text, struct script_revoked *revoked)
{
    char lower[2 * sizeof revoked->serial + 1];
    size_t n = strlen(text);

    if (n == 0 || n % 2 != 0 || n >= sizeof lower) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        lower[i] =
            text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
    }
    revoked->serial_n = n / 2;
    return ceremony_from_hex((struct bm_bytes){ (const uint8_t *)lower, n },
                             revoked->serial, n / 2);
}

static bm_status take_revoked(struct reading *r, const struct config_node *node,
                              const struct config_list *list)
{
    const struct config_node *at = node != NULL ? node->first : NULL;
    const struct read_revoked *from = list->items;
    struct script *s = r->script;

    s->revoked = config_memory(s->config, (list->n + 1) * sizeof *s->revoked);
    if (s->revoked == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < list->n && at != NULL; i++, at = at->next) {
        struct script_revoked *to = &s->revoked[i];

        if (!take_serial(from[i].serial, to)) {
            return blame(r, at, "serial",
                         "a serial number is hexadecimal, two digits per "
                         "octet");
        }
        to->date = from[i].date;
        to->reason = from[i].reason;
        for (size_t k = 0; k < i; k++) {
            if (s->revoked[k].serial_n == to->serial_n &&
                memcmp(s->revoked[k].serial, to->serial, to->serial_n) == 0) {
                return blame(r, at, "serial", "is revoked twice");
            }
        }
    }
    s->revoked_n = list->n;
    return BM_OK;
}

static bm_status take_all(struct reading *r, const struct read_script *from)
{
    struct script *s = r->script;
    const struct config_node *root = config_root(s->config);
    const struct config_node *crl = config_get(root, "crl");

    s->name = from->name;
    s->title = from->title;
    s->crl_lifetime = from->crl.lifetime;
    if (!is_name(s->name)) {
        return blame(r, root, "ceremony",
                     "the name of a ceremony has a-z, 0-9, '.' and '-'");
    }
    if (!transcript_is_value(view(s->title)) || strlen(s->title) > 256) {
        return blame(r, root, "title", "title is one line of 256 octets");
    }
    BM_TRY(take_root(r, config_get(root, "root"), &from->root));
    BM_TRY(take_custodians(r, config_get(root, "custodians"), from));
    BM_TRY(take_steps(r, config_get(root, "sign"), &from->steps));
    return take_revoked(r, crl != NULL ? config_get(crl, "revoked") : NULL,
                        &from->crl.revoked);
}

/* Each certificate is a profile: what the engine would refuse on the day is
 * refused now. */
static bm_status check_profile(struct reading *r,
                               const struct script_step *step)
{
    const struct script_making making = { .script = r->script, .step = step };
    struct ca_profile *profile = NULL;
    struct bm_wr w;
    uint8_t *text;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, NULL, 0);
    script_put_profile(&w, &making);
    n = w.len;
    text = malloc(n);
    if (text == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, text, n);
    script_put_profile(&w, &making);
    rc = ca_profile_parse(bm_wr_bytes(&w), r->script->file, &profile, r->why);
    ca_profile_free(profile);
    free(text);
    return rc;
}

static bm_status check_profiles(struct reading *r)
{
    BM_TRY(check_profile(r, NULL));
    for (size_t i = 0; i < r->script->steps_n; i++) {
        const struct script_step *step = &r->script->steps[i];

        if (shapes[step->kind].ca) {
            BM_TRY(check_profile(r, step));
        }
    }
    return BM_OK;
}

static bm_status read_all(struct reading *r)
{
    struct read_script from;

    BM_TRY(script_read(r->script->config, &from, &r->error));
    return take_all(r, &from);
}

bm_status script_parse(struct script *script, struct bm_bytes text,
                       const char *file, struct ca_refusal *why)
{
    struct reading r = { .script = script, .why = why };
    uint8_t *copy;
    bm_status rc;

    memset(script, 0, sizeof *script);
    script->file = file;
    rc = config_parse(text, &script->config, &r.error);
    if (rc == BM_OK) {
        copy = config_memory(script->config, text.n + 1);
        rc = copy == NULL ? BM_E_MEMORY : read_all(&r);
        if (copy != NULL) {
            memcpy(copy, text.p, text.n);
            script->text = (struct bm_bytes){ copy, text.n };
        }
    }
    if (rc != BM_OK) {
        rc = r.error.line != 0
                 ? ca_refuse(why, rc, "%s:%u:%u: %s", file, r.error.line,
                             r.error.column, r.error.words)
                 : ca_refuse(why, rc, "%s", file);
    } else {
        rc = check_profiles(&r);
    }
    if (rc != BM_OK) {
        script_free(script);
    }
    return rc;
}

void script_free(struct script *script)
{
    config_free(script->config);
    memset(script, 0, sizeof *script);
}

const struct script_step *script_find(const struct script *script,
                                      const char *name)
{
    for (size_t i = 0; i < script->steps_n; i++) {
        if (strcmp(script->steps[i].name, name) == 0) {
            return &script->steps[i];
        }
    }
    return NULL;
}
