/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <string.h>

#include "core/oid.h"

/*
 * From what the tables read to what filling and checking need; and all rules
 * that stand between the keys of a profile.
 */

#define DEVICE_PATTERN "[!-~]{1,64}"

/* Names of profiles and CAs become file names, URLs and rows of the store. */
#define ID_OCTETS_MAX 63

static bm_status fail(const struct profile_compiler *c, const char *key,
                      const char *words)
{
    const struct config_node *root = config_root(c->config);
    const struct config_node *node = config_get(root, key);

    return config_fail(c->error, node != NULL ? node : root, BM_E_PROFILE, "%s",
                       words);
}

/* ---- Who may have it */

static bool is_id(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");

    return n == strlen(text) && n <= ID_OCTETS_MAX && text[0] != '.' &&
           text[0] != '-';
}

static bm_status check_ids(const struct profile_compiler *c, const char *key,
                           const char *const *ids)
{
    for (; ids != NULL && *ids != NULL; ids++) {
        if (!is_id(*ids)) {
            return fail(c, key, "names here are made of a-z, 0-9, '.' and '-'");
        }
    }
    return BM_OK;
}

static bm_status check_who(const struct profile_compiler *c)
{
    const struct profile_rules *r = c->rules;

    if (r->by == 0) {
        return fail(c, "by", "nobody may ask: a profile is by somebody");
    }
    if (((r->by & CA_BY_IDEVID) != 0) !=
        (r->idevid_of != NULL || r->manufacturers != NULL)) {
        return fail(c, "by",
                    "idevid_of and manufacturers go with by: [idevid]");
    }
    if (((r->by & CA_BY_CURRENT) != 0) != r->has_renewal) {
        return fail(c, "by", "renewal goes with by: [current]");
    }
    if ((r->by & (CA_BY_TOKEN | CA_BY_IDEVID)) != 0 && !r->has_device) {
        return fail(c, "by",
                    "token and idevid speak for a device: "
                    "the profile has none");
    }
    if (r->basic.ca &&
        (r->by & ~(unsigned)(CA_BY_OPERATOR | CA_BY_AUTHORITY)) != 0) {
        return fail(c, "by",
                    "a CA is certified by operator or authority "
                    "alone");
    }
    return BM_OK;
}

/* RFC 7030: who comes over EST shows a token or a certificate. */
static bm_status check_est(const struct profile_compiler *c)
{
    const struct profile_rules *r = c->rules;

    if (r->est.enabled && !profile_over_est(r)) {
        return fail(c, "est", "est serves by: token, idevid, current");
    }
    if (r->est.serverkeygen && !r->est.enabled) {
        return fail(c, "est", "serverkeygen goes with enabled: true");
    }
    if (r->approval &&
        (r->by & ~(unsigned)(CA_BY_AUTHORITY | CA_BY_CURRENT)) == 0) {
        return fail(c, "approval",
                    "approval is about by: operator, token, idevid");
    }
    if (r->batch.keep != 0 && (r->by & CA_BY_OPERATOR) == 0) {
        return fail(c, "batch", "batches are by: [operator]");
    }
    if (r->expected && !r->has_device) {
        return fail(c, "expected", "expected is about devices");
    }
    return BM_OK;
}

/* Who comes over EST can show where a key was made, and nobody else. */
static bm_status check_attestation(const struct profile_compiler *c)
{
    const struct profile_rules *r = c->rules;

    if (r->attestation == CA_ATTESTATION_NONE) {
        return BM_OK;
    }
    if (!r->has_device || !r->est.enabled) {
        return fail(c, "attestation",
                    "attestation is for devices that come over EST");
    }
    if (r->est.serverkeygen) {
        return fail(c, "attestation",
                    "a key that the server makes (est: serverkeygen) is in no "
                    "TPM");
    }
    return BM_OK;
}

static bm_status check_names(const struct profile_compiler *c)
{
    const struct profile_rules *r = c->rules;
    const char *const name[] = { r->name, NULL };

    BM_TRY(check_ids(c, "profile", name));
    BM_TRY(check_ids(c, "idevid_of", r->idevid_of));
    BM_TRY(check_ids(c, "manufacturers", r->manufacturers));
    BM_TRY(check_ids(c, "device", r->device.key_sharing));
    if (!is_id(r->ca)) {
        return fail(c, "ca", "names of CAs are made of a-z, 0-9, '.' and '-'");
    }
    if (strcmp(r->ca, "self") == 0 && !r->basic.ca) {
        return fail(c, "ca", "what signs itself is a CA");
    }
    return BM_OK;
}

static bm_status compile_device(const struct profile_compiler *c)
{
    static const char *const usual[] = { "serialNumber", "CN", NULL };
    struct profile_device *d = &c->rules->device;
    const struct config_node *node =
        config_get(config_root(c->config), "device");
    const struct config_node *at;
    size_t n = 0;

    if (node == NULL) {
        return BM_OK;
    }
    d->from = d->from != NULL ? d->from : usual;
    at = config_get(node, "pattern");
    if (d->pattern_text == NULL) {
        d->pattern_text = DEVICE_PATTERN;
    }
    BM_TRY(profile_compile_pattern(c, at != NULL ? at : node, d->pattern_text,
                                   &d->pattern));
    d->types =
        config_memory(c->config, (PROFILE_LIST_MAX + 1) * sizeof *d->types);
    if (d->types == NULL) {
        return config_fail(c->error, node, BM_E_MEMORY, "out of memory");
    }
    at = config_get(node, "from");
    for (n = 0; d->from[n] != NULL; n++) {
        BM_TRY(profile_compile_attribute(
            c, at != NULL ? profile_item(at, n) : node, d->from[n],
            &d->types[n]));
    }
    d->types_n = n;
    if (d->mcu != 0 && c->rules->keys != PROFILE_KEY_P256) {
        return fail(c, "keys", "class: mcu has keys: [p256] alone");
    }
    return BM_OK;
}

/* ---- What it looks like */

static bm_status compile_validity(const struct profile_compiler *c)
{
    struct profile_validity *v = &c->rules->validity;

    if ((v->for_seconds != 0) == (v->until_text != NULL)) {
        return fail(c, "validity", "needs either for or until");
    }
    if (v->until_text != NULL && strcmp(v->until_text, "never") == 0) {
        v->until = BM_TIME_NEVER;
    } else if (v->until_text != NULL) {
        struct bm_bytes text = { (const uint8_t *)v->until_text,
                                 strlen(v->until_text) };

        if (bm_time_from_text(text, &v->until) != BM_OK) {
            return fail(c, "validity",
                        "until is a time like 2031-02-03T04:05:06Z, or never");
        }
    }
    if (v->at_most != 0 &&
        (v->until_text != NULL || v->at_most < v->for_seconds)) {
        return fail(c, "validity", "at_most goes with for, and is not less");
    }
    if (v->until == BM_TIME_NEVER && v->nested) {
        return fail(c, "validity", "what never ends is not nested");
    }
    if (c->rules->has_renewal && v->until == BM_TIME_NEVER) {
        return fail(c, "renewal", "what never ends is not renewed");
    }
    return BM_OK;
}

/* Seconds from notBefore on; of a life that is not known, none: -1. */
static int64_t moment(int64_t life, int64_t before, int64_t part)
{
    if (part != 0) {
        return life / 100 * part;
    }
    return life > before ? life - before : -1;
}

/* What devices are told lies where renewal is open, and has some length. */
static bm_status check_window(const struct profile_compiler *c)
{
    const struct profile_renewal *r = &c->rules->renewal;
    const struct profile_window *w = &r->window;
    int64_t life = c->rules->validity.for_seconds;
    int64_t from = moment(life, w->from, w->from_part);
    int64_t until = moment(life, w->until, w->until_part);

    if (!r->has_window) {
        return BM_OK;
    }
    if ((w->from != 0) == (w->from_part != 0) ||
        (w->until != 0) == (w->until_part != 0)) {
        return fail(c, "renewal",
                    "window has one of from and from_part, and one of until "
                    "and until_part");
    }
    if (life == 0) { /* it ends at a date */
        return w->from != 0 && w->until != 0 && w->from <= w->until
                   ? fail(c, "renewal", "window ends before it begins")
                   : BM_OK;
    }
    if (from < 0 || until < 0) {
        return fail(c, "renewal", "window is longer than the life");
    }
    if (until <= from) {
        return fail(c, "renewal", "window ends before it begins");
    }
    return life > r->before && from < life - r->before
               ? fail(c, "renewal", "window begins before renewal does")
               : BM_OK;
}

/* Bits that these keys cannot have; NULL if there is none. */
static const char *wrong_usage(unsigned usage, unsigned keys)
{
    unsigned rsa =
        PROFILE_KEY_RSA2048 | PROFILE_KEY_RSA3072 | PROFILE_KEY_RSA4096;
    unsigned ec = PROFILE_KEY_P256 | PROFILE_KEY_P384;

    if ((usage & (BM_KU_KEY_ENCIPHERMENT | BM_KU_DATA_ENCIPHERMENT)) != 0 &&
        (keys & ~rsa) != 0) {
        return "keys other than RSA do not encipher";
    }
    if ((usage & BM_KU_KEY_AGREEMENT) != 0 && (keys & ~ec) != 0) {
        return "keys other than EC do not agree on keys";
    }
    if ((usage & (BM_KU_ENCIPHER_ONLY | BM_KU_DECIPHER_ONLY)) != 0 &&
        (usage & BM_KU_KEY_AGREEMENT) == 0) {
        return "encipherOnly and decipherOnly go with keyAgreement";
    }
    return NULL;
}

/* RFC 5280 4.2.1.3, 4.2.1.9; RFC 3279 2.3.1; RFC 8813 3; RFC 9882 4 */
static bm_status check_key_usage(const struct profile_compiler *c)
{
    const struct profile_rules *r = c->rules;
    unsigned rsa =
        PROFILE_KEY_RSA2048 | PROFILE_KEY_RSA3072 | PROFILE_KEY_RSA4096;
    bool two = r->key_usage_of_rsa != 0;
    const char *words;

    if (r->keys == 0) {
        return fail(c, "keys", "no kind of key is allowed");
    }
    if (((r->key_usage & BM_KU_KEY_CERT_SIGN) != 0) != r->basic.ca) {
        return fail(c, r->key_usage != 0 ? "key_usage" : "basic_constraints",
                    "keyCertSign goes with basic_constraints: { ca: true }");
    }
    if (r->basic.path_len != BM_PATH_LEN_NONE && !r->basic.ca) {
        return fail(c, "basic_constraints", "path_len is for a CA");
    }
    if (two && (r->key_usage == 0 || r->basic.ca ||
                (r->key_usage_of_rsa & BM_KU_KEY_CERT_SIGN) != 0)) {
        return fail(c, "key_usage_of_rsa",
                    "goes with key_usage, and is not for a CA");
    }
    words = wrong_usage(r->key_usage, two ? r->keys & ~rsa : r->keys);
    if (words == NULL) {
        words = wrong_usage(r->key_usage_of_rsa, r->keys & rsa);
    }
    return words == NULL ? BM_OK : fail(c, "key_usage", words);
}

static bm_status compile_eku(const struct profile_compiler *c)
{
    struct profile_eku *eku = &c->rules->eku;
    const struct config_node *node =
        config_get(config_root(c->config), "extended_key_usage");

    if (node == NULL) {
        return BM_OK;
    }
    return profile_compile_oids(c, config_get(node, "purposes"), true,
                                &eku->oids, &eku->n);
}

static bm_status compile_ignored(const struct profile_compiler *c)
{
    struct profile_rules *r = c->rules;
    const struct config_node *list =
        config_get(config_root(c->config), "ignored_extensions");

    return list == NULL ? BM_OK
                        : profile_compile_oids(c, list, false, &r->ignored,
                                               &r->ignored_n);
}

/* ---- What is unique */

static bm_status compile_unique_one(const struct profile_compiler *c,
                                    const struct config_node *node,
                                    const char *text, struct profile_unique *u)
{
    static const struct {
        const char *name;
        unsigned kind;
    } kinds[] = {
        { "dns", PROFILE_SAN_DNS },
        { "uri", PROFILE_SAN_URI },
        { "ip", PROFILE_SAN_IP },
        { "email", PROFILE_SAN_EMAIL },
        { "hardwareModuleName", PROFILE_SAN_HARDWARE },
        { "permanentIdentifier", PROFILE_SAN_PERMANENT },
        { "directoryName", PROFILE_SAN_DIRECTORY },
    };

    if (strcmp(text, "subject") == 0) {
        u->what = PROFILE_UNIQUE_SUBJECT;
        return BM_OK;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(text, kinds[i].name) == 0) {
            u->what = PROFILE_UNIQUE_SAN;
            u->kind = kinds[i].kind;
            return BM_OK;
        }
    }
    u->what = PROFILE_UNIQUE_ATTRIBUTE;
    return profile_compile_attribute(c, node, text, &u->type);
}

static bm_status compile_unique(const struct profile_compiler *c)
{
    struct profile_rules *r = c->rules;
    const struct config_node *list =
        config_get(config_root(c->config), "unique");

    if (list == NULL) {
        return BM_OK;
    }
    r->unique = config_memory(c->config, list->n * sizeof *r->unique);
    if (r->unique == NULL) {
        return config_fail(c->error, list, BM_E_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < list->n; i++) {
        BM_TRY(compile_unique_one(c, profile_item(list, i), r->unique_text[i],
                                  &r->unique[i]));
    }
    r->unique_n = list->n;
    return BM_OK;
}

/* ---- All of it */

static const struct {
    enum profile_rule rule;
    const char *key;
} rule_keys[] = {
    { PROFILE_RULE_ISSUER, "ca" },
    { PROFILE_RULE_VALIDITY, "validity" },
    { PROFILE_RULE_SUBJECT, "subject" },
    { PROFILE_RULE_KEYS, "keys" },
    { PROFILE_RULE_BASIC, "basic_constraints" },
    { PROFILE_RULE_KEY_USAGE, "key_usage" },
    { PROFILE_RULE_EKU, "extended_key_usage" },
    { PROFILE_RULE_SAN, "subject_alt_name" },
    { PROFILE_RULE_SKI, "subject_key_id" },
    { PROFILE_RULE_AKI, "authority_key_id" },
    { PROFILE_RULE_NAME_CONSTRAINTS, "name_constraints" },
    { PROFILE_RULE_POLICIES, "policies" },
    { PROFILE_RULE_CRL, "crl" },
    { PROFILE_RULE_OCSP, "ocsp" },
    { PROFILE_RULE_CA_ISSUERS, "ca_issuers" },
    { PROFILE_RULE_NOCHECK, "ocsp_nocheck" },
    { PROFILE_RULE_EXTENSIONS, "extensions" },
    { PROFILE_RULE_DEVICE, "device" },
    { PROFILE_RULE_SIGNATURE, "signatures" },
    { PROFILE_RULE_SIZE, "max_octets" },
    { PROFILE_RULE_SERIAL, "serial_octets" },
};

static void note_lines(const struct profile_compiler *c)
{
    const struct config_node *root = config_root(c->config);

    for (size_t i = 0; i < sizeof rule_keys / sizeof rule_keys[0]; i++) {
        const struct config_node *node = config_get(root, rule_keys[i].key);

        if (node != NULL) {
            c->rules->line[rule_keys[i].rule] = node->key_line;
        }
    }
}

bm_status profile_compile(struct ca_profile *profile,
                          struct config_error *error)
{
    const struct profile_compiler c = { profile->config, &profile->rules,
                                        error };
    const struct config_node *root = config_root(profile->config);

    note_lines(&c);
    BM_TRY(check_names(&c));
    BM_TRY(check_who(&c));
    BM_TRY(check_est(&c));
    BM_TRY(check_attestation(&c));
    BM_TRY(check_key_usage(&c));
    BM_TRY(compile_device(&c));
    BM_TRY(compile_validity(&c));
    BM_TRY(check_window(&c));
    BM_TRY(profile_compile_subject(&c, config_get(root, "subject")));
    BM_TRY(profile_compile_san(&c, config_get(root, "subject_alt_name")));
    BM_TRY(compile_eku(&c));
    BM_TRY(profile_compile_nc(&c, config_get(root, "name_constraints")));
    BM_TRY(profile_compile_policies(&c, config_get(root, "policies")));
    BM_TRY(profile_compile_extensions(&c, config_get(root, "extensions")));
    BM_TRY(compile_unique(&c));
    BM_TRY(compile_ignored(&c));
    return profile_compile_accepts(&c, config_get(root, "accepts"));
}
