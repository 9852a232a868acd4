/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * What a profile says, in words: a line per subject, "  what    it is". All
 * words come from the profile's own text, which whoever prints escapes.
 */

/* Longest piece that is put at once: a pattern or a URL. */
#define PIECE_MAX 1024

static void put(struct bm_wr *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct bm_wr *w, const char *format, ...)
{
    char piece[PIECE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    bm_wr_str(w, piece);
}

/* Begin a line. */
static void label(struct bm_wr *w, const char *name)
{
    put(w, "\n  %-19s ", name);
}

static void put_list(struct bm_wr *w, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        put(w, "%s%s", i == 0 ? "" : ", ", list[i]);
    }
}

/* As it would be written, in the largest unit that fits. */
static void put_duration(struct bm_wr *w, int64_t seconds)
{
    static const struct {
        int64_t n;
        char unit;
    } units[] = { { 31536000, 'y' },
                  { 86400, 'd' },
                  { 3600, 'h' },
                  { 60, 'm' },
                  { 1, 's' } };
    size_t i = 0;

    while (seconds % units[i].n != 0) {
        i++;
    }
    put(w, "%" PRId64 "%c", seconds / units[i].n,
        seconds == 0 ? 's' : units[i].unit);
}

/* ---- Who */

static void explain_who(const struct profile_rules *r, struct bm_wr *w)
{
    static const struct {
        unsigned bit;
        const char *words;
    } who[] = {
        { CA_BY_OPERATOR, "an operator" },
        { CA_BY_TOKEN, "a device with a token" },
        { CA_BY_IDEVID, "a device with its IDevID" },
        { CA_BY_CURRENT, "a holder of the certificate that is renewed" },
        { CA_BY_AUTHORITY, "the authority itself" },
    };
    const char *separator = "";

    label(w, "asked for by");
    for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
        if ((r->by & who[i].bit) != 0) {
            put(w, "%s%s", separator, who[i].words);
            separator = ", ";
        }
    }
    if (r->idevid_of != NULL) {
        label(w, "IDevIDs");
        put(w, "certificates of profile ");
        put_list(w, r->idevid_of);
    }
    if (r->manufacturers != NULL) {
        label(w, r->idevid_of == NULL ? "IDevIDs" : "");
        put(w, "those of manufacturers: ");
        put_list(w, r->manufacturers);
    }
}

static void explain_device(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_device *d = &r->device;

    label(w, "device");
    if (!r->has_device) {
        put(w, "none");
        return;
    }
    put(w, "named by ");
    put_list(w, d->from);
    put(w, " of the request, as %s", d->pattern_text);
    label(w, "");
    put(w, "identity of the %s", d->identity != 0 ? "manufacturer" : "owner");
    put(w, "; %s",
        d->one_active ? "one active certificate"
                      : "several active certificates");
    put(w, "; a fork is refused%s",
        d->fork == CA_FORK_SUSPEND ? " and suspends the device" : "");
    if (d->mcu != 0) {
        put(w, "; ECDSA P-256 and SHA-256 all the way");
    }
    if (d->key_sharing != NULL && d->key_sharing[0] != NULL) {
        label(w, "");
        put(w, "may have the key of its certificates of ");
        put_list(w, d->key_sharing);
    }
}

static void put_moment(struct bm_wr *w, int64_t before, int64_t part)
{
    if (part != 0) {
        put(w, "%" PRId64 "%% of the life", part);
    } else {
        put_duration(w, before);
        put(w, " before the end");
    }
}

static void explain_renewal(const struct profile_rules *r, struct bm_wr *w)
{
    label(w, "renewal");
    if (!r->has_renewal) {
        put(w, "none");
        return;
    }
    put(w, "from ");
    put_duration(w, r->renewal.before);
    put(w, " before the end until ");
    put_duration(w, r->renewal.grace);
    put(w, " after it, with %s key",
        r->renewal.same_key_renewal ? "the same or another" : "another");
    if (r->renewal.has_window) {
        label(w, "");
        put(w, "devices are told to from ");
        put_moment(w, r->renewal.window.from, r->renewal.window.from_part);
        put(w, " until ");
        put_moment(w, r->renewal.window.until, r->renewal.window.until_part);
    }
}

static void explain_est(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_est *e = &r->est;

    if (r->attestation != CA_ATTESTATION_NONE) {
        label(w, "attestation");
        put(w, "keys of %s alone",
            r->attestation == CA_ATTESTATION_TPM ? "the device's TPM"
                                                 : "a TPM, whichever");
    }
    if (r->approval) {
        label(w, "approval");
        put(w, "by a second operator");
    }
    if (r->batch.keep != 0) {
        label(w, "batches");
        put(w, "can be fetched for ");
        put_duration(w, r->batch.keep);
    }
    if (r->expected) {
        label(w, "devices");
        put(w, "expected ones alone");
    }
    label(w, "EST");
    if (!e->enabled) {
        put(w, "no");
        return;
    }
    put(w, "channel binding %s; keys made by the server: %s",
        e->binding != 0 ? "required" : "optional",
        e->serverkeygen ? "yes" : "no");
    label(w, "");
    put(w, "replies: %s, base64 %s%s",
        e->chain ? "certificate and CAs" : "certificate alone",
        e->wrap != 0 ? "in lines of 64" : "in one line",
        e->encoding_header ? ", with Content-Transfer-Encoding" : "");
}

/* ---- What */

static void explain_validity(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_validity *v = &r->validity;

    label(w, "validity");
    if (v->until == BM_TIME_NEVER) {
        put(w, "without end");
    } else if (v->until != 0) {
        put(w, "until ");
        bm_time_put_text(w, v->until);
    } else {
        put_duration(w, v->for_seconds);
    }
    put(w, v->nested ? ", within the issuer's" : ", whatever the issuer's");
    if (v->at_most != 0) {
        put(w, "; at most ");
        put_duration(w, v->at_most);
    }
    if (v->backdate != 0) {
        put(w, "; begins ");
        put_duration(w, v->backdate);
        put(w, " before it is issued");
    }
}

static void put_keys(struct bm_wr *w, unsigned keys)
{
    const char *separator = "";

    for (unsigned bit = 1; bit <= PROFILE_KEY_MLDSA87; bit <<= 1) {
        if ((keys & bit) != 0) {
            put(w, "%s%s", separator, profile_key_words(bit));
            separator = ", ";
        }
    }
}

static void explain_keys(const struct profile_rules *r, struct bm_wr *w)
{
    const char *separator = "";

    label(w, "keys");
    put_keys(w, r->keys);
    if (r->signatures != 0) {
        label(w, "signed by");
    }
    for (unsigned alg = 1; alg <= BM_SIG_MLDSA87; alg++) {
        if ((r->signatures >> alg & 1) != 0) {
            put(w, "%s%s", separator, bm_sig_alg_name((enum bm_sig_alg)alg));
            separator = ", ";
        }
    }
    if (r->serial_octets != 0) {
        label(w, "serial number");
        put(w, "of %" PRId64 " octets at least", r->serial_octets);
    }
    if (r->max_octets != 0) {
        label(w, "size");
        put(w, "%" PRId64 " octets at most", r->max_octets);
    }
}

static void put_source(struct bm_wr *w, unsigned from, const char *fixed,
                       const char *template_text, const char *pattern_text)
{
    switch (from) {
    case PROFILE_FIXED:
        put(w, "\"%s\"", fixed);
        break;
    case PROFILE_DEVICE:
        put(w, strcmp(template_text, "{device}") == 0
                   ? "the device's name"
                   : "made of the device's name: ");
        put(w, "%s",
            strcmp(template_text, "{device}") == 0 ? "" : template_text);
        break;
    case PROFILE_ISSUER:
        put(w, "the issuer's");
        break;
    case PROFILE_DROPPED:
        put(w, "left out, though a request may have it");
        break;
    default:
        put(w, from == PROFILE_OTHERS ? "of others alone" : "from the request");
        if (pattern_text != NULL) {
            put(w, ", as %s", pattern_text);
        }
        break;
    }
}

/* What certificates of others may have in a row. */
static void put_others(struct bm_wr *w, unsigned others)
{
    static const char *const words[] = {
        [PROFILE_OTHERS_SAME] = "",
        [PROFILE_OTHERS_OPTIONAL] = "; others may lack it",
        [PROFILE_OTHERS_ANY] = "; others may lack it or have another",
    };

    put(w, "%s", words[others]);
}

static void explain_subject(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_rdn *rdn = r->subject.items;

    label(w, "subject");
    if (r->subject.n == 0) {
        put(w, "empty");
    }
    for (size_t i = 0; i < r->subject.n; i++) {
        if (i != 0) {
            label(w, "");
        }
        put(w, "%s: ", rdn[i].attribute);
        put_source(w, rdn[i].from, rdn[i].fixed, rdn[i].template_text,
                   rdn[i].pattern_text);
        put(w, "%s%s", rdn[i].as_issuer ? "; the same as the issuer's" : "",
            rdn[i].optional ? "; optional" : "");
        put_others(w, rdn[i].others);
    }
}

static void put_critical(struct bm_wr *w, bool critical)
{
    put(w, "%s", critical ? "; critical" : "");
}

static void put_attributes(struct bm_wr *w, const struct config_list *list)
{
    const struct profile_rdn *rdn = list->items;

    for (size_t i = 0; i < list->n; i++) {
        put(w, "; %s as %s", rdn[i].attribute, rdn[i].pattern_text);
    }
}

static void explain_san(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_san *san = r->san.names.items;

    if (!r->has_san) {
        return;
    }
    for (size_t i = 0; i < r->san.names.n; i++) {
        label(w, i == 0 ? "names" : "");
        put(w, "%s: ", profile_san_words(san[i].kind));
        put_source(w, san[i].from, san[i].fixed, san[i].template_text,
                   san[i].pattern_text);
        put_attributes(w, &san[i].attributes);
        if (san[i].type_text != NULL) {
            put(w, "; type %s", san[i].type_text);
        }
        if (san[i].under_text != NULL) {
            put(w, "; type under %s", san[i].under_text);
        }
        if (san[i].within_text != NULL) {
            put(w, "; within ");
            put_list(w, san[i].within_text);
        } else if (san[i].kind == PROFILE_SAN_IP &&
                   san[i].from == PROFILE_REQUEST) {
            put(w, "; any address");
        }
        if (san[i].from == PROFILE_REQUEST) {
            put(w, "; %s%" PRId64, san[i].optional ? "0 to " : "1 to ",
                san[i].max);
        }
        put_others(w, san[i].others);
    }
    label(w, "");
    put(w, "%s%s", r->san.optional ? "may be absent" : "at least one",
        r->san.critical == PROFILE_CRITICAL ? "; critical"
        : r->san.critical == PROFILE_CRITICAL_IF_EMPTY
            ? "; critical if the subject is empty"
            : "");
}

/* Names of the bits of keyUsage. */
static void put_key_usage(struct bm_wr *w, unsigned usage)
{
    static const char *const bits[] = { "digitalSignature", "nonRepudiation",
                                        "keyEncipherment",  "dataEncipherment",
                                        "keyAgreement",     "keyCertSign",
                                        "cRLSign",          "encipherOnly",
                                        "decipherOnly" };
    const char *separator = "";

    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if ((usage >> i & 1) != 0) {
            put(w, "%s%s", separator, bits[i]);
            separator = ", ";
        }
    }
}

static void explain_usage(const struct profile_rules *r, struct bm_wr *w)
{
    if (r->has_basic) {
        label(w, "basicConstraints");
        put(w, r->basic.ca ? "a CA" : "no CA");
        if (r->basic.path_len != BM_PATH_LEN_NONE) {
            put(w, " with path length %" PRId64, r->basic.path_len);
        }
    }
    if (r->key_usage != 0) {
        label(w, "keyUsage");
        put_key_usage(w, r->key_usage);
    }
    if (r->key_usage_of_rsa != 0) {
        label(w, "");
        put(w, "of RSA keys: ");
        put_key_usage(w, r->key_usage_of_rsa);
    }
    if (r->eku.n != 0) {
        label(w, "extKeyUsage");
        put_list(w, r->eku.purposes);
        put_critical(w, r->eku.critical);
    }
}

static void explain_constraints(const struct profile_rules *r, struct bm_wr *w)
{
    const struct config_list *lists[] = { &r->nc.permitted, &r->nc.excluded };

    for (size_t i = 0; r->has_nc && i < 2; i++) {
        const struct profile_subtree *subtree = lists[i]->items;

        for (size_t k = 0; k < lists[i]->n; k++) {
            label(w, i == 0 ? "permitted names" : "excluded names");
            put(w, "%s: %s", profile_san_words(subtree[k].kind),
                subtree[k].value);
        }
    }
}

static void explain_others(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_cert_policy *policy = r->policies.items;
    const struct profile_ext *ext = r->extensions.items;
    static const char *const ski[] = { "none", "SHA-1 of the key",
                                       "SHA-256 of the key, cut (RFC 7093)" };

    for (size_t i = 0; i < r->policies.n; i++) {
        label(w, i == 0 ? "policies" : "");
        put(w, "%s%s%s", policy[i].oid_text, policy[i].cps != NULL ? ", " : "",
            policy[i].cps != NULL ? policy[i].cps : "");
    }
    label(w, "key identifiers");
    put(w, "subject's: %s; issuer's: %s", ski[r->ski], r->aki ? "yes" : "no");
    label(w, "revocation");
    put(w, "%s%s%s%s", r->crl ? "CRL" : "", r->crl && r->ocsp ? ", " : "",
        r->ocsp ? "OCSP" : "", r->crl || r->ocsp ? "" : "no URL");
    put(w, "%s%s", r->ca_issuers ? "; the CA's certificate" : "",
        r->ocsp_nocheck ? "; not asked for (ocsp-nocheck)" : "");
    for (size_t i = 0; i < r->extensions.n; i++) {
        label(w, i == 0 ? "other extensions" : "");
        put(w, "%s%s%s", ext[i].oid_text,
            ext[i].from == PROFILE_REQUEST  ? ": from the request"
            : ext[i].from == PROFILE_OTHERS ? ": of others alone"
                                            : "",
            ext[i].optional ? "; optional" : "");
        put_critical(w, ext[i].critical);
    }
    if (r->unique_text != NULL) {
        label(w, "unique");
        put_list(w, r->unique_text);
    }
    if (r->ignored_text != NULL) {
        label(w, "ignored requests");
        put_list(w, r->ignored_text);
    }
}

/* ---- What others may be */

static void accept_list(struct bm_wr *w, const char *words,
                        const char *const *list)
{
    if (list != NULL) {
        label(w, "others");
        put(w, "%s ", words);
        put_list(w, list);
    }
}

static void explain_accepts(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_accepts *a = &r->accepts;

    if (a->keys != 0) {
        label(w, "others");
        put(w, "may have keys ");
        put_keys(w, a->keys);
    }
    if (a->validity != 0) {
        label(w, "others");
        put(w, "may have any validity");
    }
    accept_list(w, "may have path length", a->path_len_text);
    if (a->key_usage != 0) {
        label(w, "others");
        put(w, "may have or lack keyUsage ");
        put_key_usage(w, a->key_usage);
    }
    accept_list(w, "may have or lack purpose", a->purposes_text);
    accept_list(w, "may have any purpose but", a->but_text);
    accept_list(w, "may have or lack", a->optional_text);
    accept_list(w, "may have another value in", a->values_text);
    accept_list(w, "may be critical or not in", a->critical_text);
}

void ca_profile_explain(const struct ca_profile *profile, struct bm_wr *words)
{
    const struct profile_rules *r = &profile->rules;

    put(words, "%s: %s", r->name, r->about);
    label(words, "issued by");
    put(words, strcmp(r->ca, "self") == 0  ? "itself"
               : strcmp(r->ca, "any") == 0 ? "any CA"
                                           : "CA ");
    put(words, "%s",
        strcmp(r->ca, "self") == 0 || strcmp(r->ca, "any") == 0 ? "" : r->ca);
    explain_who(r, words);
    explain_device(r, words);
    explain_renewal(r, words);
    explain_est(r, words);
    explain_keys(r, words);
    explain_subject(r, words);
    explain_validity(r, words);
    explain_usage(r, words);
    explain_san(r, words);
    explain_constraints(r, words);
    explain_others(r, words);
    explain_accepts(r, words);
    bm_wr_str(words, "\n");
}
