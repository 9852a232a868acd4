/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/name.h"
#include "core/oid.h"
#include "core/time.h"

/*
 * From a ceremony file to profiles, as text: the profile engine reads, fills
 * and checks them as it does all others. What comes from the file is written
 * at the line and column at which it stands there; YAML between braces does
 * not mind the space.
 */

struct emitter {
    struct bm_wr *w;
    unsigned line;
    unsigned column;
};

static void put_n(struct emitter *e, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bm_wr_u8(e->w, (uint8_t)s[i]);
        if (s[i] == '\n') {
            e->line++;
            e->column = 1;
        } else if (((uint8_t)s[i] & 0xc0) != 0x80) {
            e->column++;
        }
    }
}

static void put(struct emitter *e, const char *s)
{
    put_n(e, s, strlen(s));
}

/* Down and to the right; never back. */
static void go_to(struct emitter *e, unsigned line, unsigned column)
{
    while (e->line < line) {
        put(e, "\n");
    }
    while (e->line == line && e->column < column) {
        put(e, " ");
    }
}

/* In double quotes, where YAML takes any character. */
static void put_quoted(struct emitter *e, const char *text, size_t n)
{
    char hex[8];

    put(e, "\"");
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            put(e, "\\");
            put_n(e, text + i, 1);
        } else if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f) {
            (void)snprintf(hex, sizeof hex, "\\x%02x", (unsigned)text[i]);
            put(e, hex);
        } else {
            put_n(e, text + i, 1);
        }
    }
    put(e, "\"");
}

static bool is_word(const char *text, size_t n)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz_"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

static void put_key(struct emitter *e, const char *key)
{
    if (is_word(key, strlen(key))) {
        put(e, key);
    } else {
        put_quoted(e, key, strlen(key));
    }
    put(e, ": ");
}

static void open_node(struct emitter *e, const struct config_node *node)
{
    go_to(e, node->line, node->column);
    if (node->kind != CONFIG_SCALAR) {
        put(e, node->kind == CONFIG_MAPPING ? "{" : "[");
    } else if (node->plain && is_word(node->text, node->n)) {
        /* Numbers and booleans have no quotes; nothing else needs none. */
        put_n(e, node->text, node->n);
    } else {
        put_quoted(e, node->text, node->n);
    }
}

static void close_node(struct emitter *e, const struct config_node *node)
{
    if (node->kind != CONFIG_SCALAR) {
        put(e, node->kind == CONFIG_MAPPING ? "}" : "]");
    }
}

/* The key of one that is inside a mapping. */
static void put_key_of(struct emitter *e, const struct config_node *node)
{
    if (node->key != NULL) {
        go_to(e, node->key_line, node->key_column);
        put_key(e, node->key);
    }
}

/* A node as it is, with all that is inside it. */
static void put_node(struct emitter *e, const struct config_node *node)
{
    const struct config_node *around[CONFIG_DEPTH_MAX + 1];
    const struct config_node *n = node;
    size_t depth = 0;

    open_node(e, n);
    for (;;) {
        if (n->first != NULL && depth <= CONFIG_DEPTH_MAX) {
            around[depth++] = n;
            n = n->first;
        } else {
            close_node(e, n);
            while (depth != 0 && n->next == NULL) {
                n = around[--depth];
                close_node(e, n);
            }
            if (depth == 0) {
                return;
            }
            n = n->next;
            put(e, ", ");
        }
        put_key_of(e, n);
        open_node(e, n);
    }
}

/* ---- Subject */

#define REHEARSAL "REHEARSAL"

/* RFC 5280, appendix A: ub-common-name, in characters. */
#define COMMON_NAME_MAX 64

static bool is_common_name(const struct config_node *attribute)
{
    uint8_t oid[64];
    struct bm_wr w;

    bm_wr_init(&w, oid, sizeof oid);
    return bm_oid_from_attribute(
               (struct bm_bytes){ (const uint8_t *)attribute->key,
                                  strlen(attribute->key) },
               &w) == BM_OK &&
           bm_oid_is(bm_wr_bytes(&w), BM_OID_AT_CN);
}

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++) {
        n += ((uint8_t)*s & 0xc0) != 0x80;
    }
    return n;
}

/* What stands before a value in a rehearsal. */
static const char *prefix(const struct config_node *attribute, bool rehearsal)
{
    static const char words[] = REHEARSAL " - ";

    return rehearsal && is_common_name(attribute) &&
                   characters(attribute->text) + sizeof words - 1 <=
                       COMMON_NAME_MAX
               ? words
               : "";
}

static bool has_prefix(const struct script_ca *ca)
{
    for (const struct config_node *n = ca->subject->first; n != NULL;
         n = n->next) {
        if (prefix(n->first, true)[0] != '\0') {
            return true;
        }
    }
    return false;
}

static void put_rdn(struct bm_wr *w, const char *attribute, const char *before,
                    const char *value)
{
    char text[1024];
    uint8_t room[64];
    struct bm_bytes oid;
    struct bm_wr o;
    int n = snprintf(text, sizeof text, "%s%s", before, value);

    bm_wr_init(&o, room, sizeof room);
    if (n < 0 || (size_t)n >= sizeof text ||
        bm_oid_from_attribute(
            (struct bm_bytes){ (const uint8_t *)attribute, strlen(attribute) },
            &o) != BM_OK) {
        return; /* the profile refuses it, with words */
    }
    oid = bm_wr_bytes(&o);
    bm_name_put_rdn(w, oid, bm_name_string_type(oid),
                    (struct bm_bytes){ (const uint8_t *)text, (size_t)n });
}

void script_put_subject(struct bm_wr *w, const struct script_ca *ca,
                        bool rehearsal)
{
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);

    for (const struct config_node *n = ca->subject->first; n != NULL;
         n = n->next) {
        put_rdn(w, n->first->key, prefix(n->first, rehearsal), n->first->text);
    }
    if (rehearsal && !has_prefix(ca)) {
        put_rdn(w, "OU", "", REHEARSAL);
    }
    bm_der_close(w, mark);
}

/* subject: [ { attribute: "CN", fixed: "..." }, ... ] */
static void put_subject(struct emitter *e, const struct script_ca *ca,
                        bool rehearsal)
{
    put(e, "subject: [");
    for (const struct config_node *n = ca->subject->first; n != NULL;
         n = n->next) {
        const struct config_node *a = n->first;
        char text[1024];
        int len =
            snprintf(text, sizeof text, "%s%s", prefix(a, rehearsal), a->text);

        go_to(e, n->line, n->column);
        put(e, "{attribute: ");
        put_quoted(e, a->key, strlen(a->key));
        put(e, ", fixed: ");
        put_quoted(e, text,
                   len < 0                     ? 0
                   : (size_t)len < sizeof text ? (size_t)len
                                               : sizeof text - 1);
        put(e, n->next != NULL ? "}, " : "}");
    }
    put(e, rehearsal && !has_prefix(ca) ? ", {attribute: OU, fixed: " REHEARSAL
                                          "}]"
                                        : "]");
}

/* Theirs, attribute by attribute: it has to come out as it is. */
static void put_their_subject(struct emitter *e, const struct bm_cert *theirs)
{
    struct bm_name_walk walk;
    struct bm_attr attr;
    bool first = true;

    put(e, ", subject: [");
    if (theirs == NULL) {
        put(e, "{attribute: CN, fixed: theirs}"); /* not known yet */
    } else {
        bm_name_walk(&walk, theirs->subject);
        while (bm_name_next(&walk, &attr)) {
            char dotted[BM_OID_DOTTED_MAX] = "";
            struct bm_wr w;

            bm_wr_init(&w, (uint8_t *)dotted, sizeof dotted - 1);
            bm_oid_put_dotted(&w, attr.type);
            put(e, first ? "{attribute: " : ", {attribute: ");
            put_quoted(e, dotted, strlen(dotted));
            put(e, ", from: request, pattern: \".*\"}");
            first = false;
        }
    }
    put(e, "]");
}

/* ---- Validity */

static void put_seconds(struct emitter *e, int64_t seconds)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRId64 "s",
                   seconds > 0 ? seconds : 0);
    put(e, text);
}

static void put_validity(struct emitter *e, const struct config_node *validity,
                         bool nested)
{
    put(e, "validity: {");
    for (const struct config_node *n = validity->first; n != NULL;
         n = n->next) {
        go_to(e, n->key_line, n->key_column);
        put_key(e, n->key);
        put_node(e, n);
        put(e, ", ");
    }
    put(e, nested ? "nested: true}" : "nested: false}");
}

/*
 * RFC 4210 4.4.1: OldWithNew is valid from the generation of the old key to
 * the end of the old certificate; NewWithOld from that of the new key to when
 * nobody needs it any more, which is the end of the old certificate at last.
 */
static void put_their_validity(struct emitter *e, const struct script_making *m)
{
    uint8_t end[32];
    struct bm_wr w;

    bm_wr_init(&w, end, sizeof end);
    bm_time_put_text(&w, m->theirs->not_after);
    put(e, ", validity: {until: ");
    put_quoted(e, (const char *)end, w.len);
    put(e, ", backdate: ");
    put_seconds(e, m->now - m->theirs->not_before);
    put(e, m->step->kind == SCRIPT_NEW_WITH_OLD ? ", nested: true}"
                                                : ", nested: false}");
}

/* ---- All of it */

static void put_path_len(struct emitter *e, int64_t path_len)
{
    char text[80];

    if (path_len == BM_PATH_LEN_NONE) {
        put(e, "basic_constraints: {ca: true}");
        return;
    }
    (void)snprintf(text, sizeof text,
                   "basic_constraints: {ca: true, path_len: %" PRId64 "}",
                   path_len);
    put(e, text);
}

static void put_head(struct emitter *e, const struct script_making *m)
{
    const struct script_step *step = m->step;

    put(e, "{profile: ");
    put(e, step != NULL ? step->name : "root");
    put(e, ", about: ");
    put_quoted(e, m->script->title, strlen(m->script->title));
    put(e, step != NULL ? ", ca: root" : ", ca: self");
    put(e, ", by: [authority], key_usage: [keyCertSign, cRLSign]");
    put(e, m->no_ski     ? ", subject_key_id: none"
           : m->ski_sha1 ? ", subject_key_id: sha1"
                         : ", subject_key_id: rfc7093");
    put(e, step != NULL ? ", authority_key_id: true"
                        : ", authority_key_id: false");
    put(e, step != NULL && step->ca.public_url != NULL
               ? ", crl: true, ca_issuers: true"
               : "");
    if (step == NULL) {
        put(e, ", keys: [");
        put(e, script_algorithms[m->script->algorithm].name);
        put(e, "]");
    } else if (step->ca.keys == NULL) {
        put(e, ", keys: [p256, p384, ed25519, rsa2048, rsa3072, rsa4096, "
               "mldsa44, mldsa65, mldsa87]");
    }
}

/* What the file says, in its order, so that everything keeps its place. */
static void put_given(struct emitter *e, const struct script_making *m,
                      const struct script_ca *ca)
{
    for (const struct config_node *n = ca->node->first; n != NULL;
         n = n->next) {
        bool verbatim =
            n == ca->name_constraints || n == ca->policies || n == ca->keys;
        bool subject = n == ca->subject;
        bool validity = strcmp(n->key, "validity") == 0;
        bool path_len = strcmp(n->key, "path_len") == 0;

        if (!verbatim && !subject && !validity && !path_len) {
            continue;
        }
        put(e, ", ");
        go_to(e, n->key_line, n->key_column);
        if (verbatim) {
            put(e, n->key);
            put(e, ": ");
            put_node(e, n);
        } else if (subject) {
            put_subject(e, ca, m->rehearsal);
        } else if (validity) {
            put_validity(e, n, m->step != NULL);
        } else {
            put_path_len(e, ca->path_len);
        }
    }
}

/* A link of a rollover says what the other certificate says, and no more. */
static int64_t their_path_len(const struct script_making *m)
{
    return m->theirs != NULL && m->step != NULL && m->step->kind != SCRIPT_CROSS
               ? m->theirs->ext.path_len
               : BM_PATH_LEN_NONE;
}

void script_put_profile(struct bm_wr *w, const struct script_making *making)
{
    const struct script_step *step = making->step;
    const struct script_ca *ca =
        step != NULL ? &step->ca : &making->script->root;
    struct emitter e = { .w = w, .line = 1, .column = 1 };

    put_head(&e, making);
    put_given(&e, making, ca);
    if (ca->path_len == BM_PATH_LEN_NONE) {
        put(&e, ", ");
        put_path_len(&e, their_path_len(making));
    }
    if (ca->subject == NULL) {
        put_their_subject(&e, making->theirs);
    }
    if (step != NULL && making->theirs != NULL && ca->lifetime == NULL &&
        ca->until == NULL) {
        put_their_validity(&e, making);
    }
    put(&e, "}\n");
}
