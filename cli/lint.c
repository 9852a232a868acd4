/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint.h"

#include <stdio.h>
#include <string.h>

#include "cli/safe.h"

static const struct {
    unsigned flag;
    const char *words;
} tolerances[] = {
    { BM_TOLERATE_EXPLICIT_FALSE, "explicit DEFAULT FALSE (X.690 11.5)" },
    { BM_TOLERATE_SERIAL, "serial number that is not positive "
                          "(RFC 5280 4.1.2.2)" },
    { BM_TOLERATE_TIME_TYPE, "GeneralizedTime before 2050 "
                             "(RFC 5280 4.1.2.5)" },
    { BM_TOLERATE_CERT_SIGN, "keyCertSign without cA (RFC 5280 4.2.1.9)" },
};
#define TOLERANCES (sizeof tolerances / sizeof tolerances[0])

bm_status lint_parse(struct bm_bytes der, struct bm_diag *diag,
                     struct lint_cert *c)
{
    struct bm_diag ignored = { BM_OK, BM_OK, NULL };
    bm_status rc = bm_cert_parse(der, BM_STRICT, diag, &c->cert);

    c->tolerated = BM_STRICT;
    if (rc == BM_OK ||
        bm_cert_parse(der, INPUT_TOLERANT, &ignored, &c->cert) != BM_OK) {
        return rc;
    }
    c->tolerated = INPUT_TOLERANT;
    for (size_t i = 0; i < TOLERANCES; i++) {
        unsigned less = c->tolerated & ~tolerances[i].flag;

        if (bm_cert_parse(der, less, &ignored, &c->cert) == BM_OK) {
            c->tolerated = less;
        }
    }
    return bm_cert_parse(der, c->tolerated, diag, &c->cert);
}

/* ---- The issuer */

static bool refuse_issuer(const char *name, const struct bm_diag *diag,
                          bm_status rc, struct bm_bytes der)
{
    struct refusal why = { .at = REFUSAL_NOWHERE, .words = "no certificate" };

    if (rc != BM_OK) {
        why = refusal_of(diag, rc, der);
    }
    why.file = name;
    refusal_print(&why);
    return false;
}

bool lint_issuer_open(struct lint_issuer *issuer, const char *name)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    char words[ERRNO_WORDS_MAX];
    struct object object;
    struct refusal why = { .at = REFUSAL_NOWHERE };
    bm_status rc;
    int error;

    *issuer = (struct lint_issuer){ .in = { .fd = -1 } };
    if (name == NULL) {
        return true;
    }
    error = input_open(&issuer->in, name);
    if (error != 0) {
        input_error_words(error, words);
        why.file = name;
        why.words = words;
        refusal_print(&why);
        return false;
    }
    if (input_next_known(&issuer->in, &object, &why) != INPUT_OBJECT ||
        object.kind != KIND_CERT) {
        return refuse_issuer(name, &diag, BM_OK, (struct bm_bytes){ NULL, 0 });
    }
    rc = lint_parse(object.der, &diag, &issuer->c);
    issuer->is = rc == BM_OK;
    return issuer->is || refuse_issuer(name, &diag, rc, object.der);
}

void lint_issuer_close(struct lint_issuer *issuer)
{
    input_close(&issuer->in);
}

/* ---- Files */

static void look_at(const struct lint_walk *walk, const struct object *object)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct refusal why = { .block = object->block,
                           .at = REFUSAL_NOWHERE,
                           .words = "not a certificate" };
    struct lint_cert c;
    bm_status rc;

    if (object->kind == KIND_CERT) {
        rc = lint_parse(object->der, &diag, &c);
        if (rc == BM_OK) {
            walk->one(walk->arg, object, &c);
            return;
        }
        why = refusal_of(&diag, rc, object->der);
        why.block = object->block;
        why.of_der = object->block != 0;
    }
    report_refusal(walk->report, &why);
}

static void look_into(const struct lint_walk *walk, const char *name)
{
    struct input in;
    struct object object;
    struct refusal why;
    enum input_result result;
    int error = input_open(&in, name);

    report_file(walk->report, name);
    if (error != 0) {
        report_unreadable(walk->report, error);
    }
    while (error == 0 &&
           (result = input_next_known(&in, &object, &why)) != INPUT_END) {
        if (result == INPUT_OBJECT) {
            look_at(walk, &object);
        } else {
            report_refusal(walk->report, &why);
        }
    }
    report_file_end(walk->report);
    input_close(&in);
}

void lint_files(const struct lint_walk *walk, char **files, int n)
{
    /* Nobody reads on when nobody listens. */
    for (int i = 0; i < n && ferror(stdout) == 0; i++) {
        look_into(walk, files[i]);
    }
}

/* ---- Words */

void lint_print_tolerated(unsigned tolerated)
{
    for (size_t i = 0; i < TOLERANCES; i++) {
        if ((tolerated & tolerances[i].flag) != 0) {
            printf("  tolerated: %s\n", tolerances[i].words);
        }
    }
}

json_t *lint_tolerated(struct tree *t, unsigned tolerated)
{
    json_t *list = tree_array(t);

    for (size_t i = 0; i < TOLERANCES; i++) {
        if ((tolerated & tolerances[i].flag) != 0) {
            tree_append(t, list, tree_str(t, tolerances[i].words));
        }
    }
    return list;
}

int lint_rule_length(const char *rule)
{
    const char *place = strstr(rule, " (");

    return (int)(place != NULL ? (size_t)(place - rule) : strlen(rule));
}

json_t *lint_rule_tree(struct tree *t, const char *rule,
                       enum ca_profile_verdict verdict,
                       const struct ca_refusal *why)
{
    static const char *const words[] = { "holds", "broken", "unknown" };
    struct bm_bytes name = { (const uint8_t *)rule,
                             (size_t)lint_rule_length(rule) };
    json_t *o = tree_object(t);

    tree_set(t, o, "rule", tree_text(t, name));
    tree_set(t, o, "verdict", tree_str(t, words[verdict]));
    tree_set(t, o, "holds", tree_bool(t, verdict != CA_PROFILE_BROKEN));
    if (verdict == CA_PROFILE_BROKEN) {
        tree_set(t, o, "text", tree_str(t, bm_status_text(why->status)));
    }
    if (why != NULL) {
        tree_set(t, o, "why", tree_str(t, why->words));
    }
    return o;
}

bool lint_is_trouble(bm_status rc)
{
    return rc != BM_OK && rc >> 8 != BM_E_PROFILE >> 8;
}

void lint_print_verdict(enum ca_profile_verdict verdict,
                        const struct ca_refusal *why)
{
    switch (verdict) {
    case CA_PROFILE_HOLDS:
        puts("holds");
        return;
    case CA_PROFILE_UNKNOWN:
        fputs("holds; not known: ", stdout);
        safe_print_str(stdout, why->words);
        puts(" (see --issuer)");
        return;
    default:
        fputs("BROKEN: ", stdout);
        safe_print_str(stdout, why->words[0] != '\0'
                                   ? why->words
                                   : bm_status_text(why->status));
        fputc('\n', stdout);
        return;
    }
}
