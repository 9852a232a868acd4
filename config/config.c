/* SPDX-License-Identifier: Apache-2.0 */
#include "config/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/der.h"

/* Memory comes in pieces: a small document takes one or two. */
#define PIECE ((size_t)4096)

struct piece {
    struct piece *next;
    size_t used;
    size_t cap;
    max_align_t room[];
};

struct config {
    struct piece *pieces; /* the current one first */
    struct config_node *root;
};

/* ---- Memory */

static struct piece *new_piece(struct config *config, size_t n)
{
    size_t cap = n > PIECE ? n : PIECE;
    struct piece *piece = calloc(1, sizeof *piece + cap);

    if (piece != NULL) {
        piece->cap = cap;
        piece->next = config->pieces;
        config->pieces = piece;
    }
    return piece;
}

void *config_memory(struct config *config, size_t n)
{
    struct piece *piece = config->pieces;
    size_t align = _Alignof(max_align_t);
    uint8_t *p;

    if (n > CONFIG_TEXT_MAX * 64) {
        return NULL; /* no honest caller; keeps the sums below small */
    }
    n = (n + align - 1) / align * align;
    if (piece == NULL || piece->cap - piece->used < n) {
        piece = new_piece(config, n);
        if (piece == NULL) {
            return NULL;
        }
    }
    p = (uint8_t *)piece->room + piece->used;
    piece->used += n;
    return p;
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (struct piece *p = config->pieces; p != NULL;) {
        struct piece *next = p->next;

        free(p);
        p = next;
    }
    free(config);
}

/* ---- Errors */

static bm_status fail_at(struct config_error *error, yaml_mark_t mark,
                         bm_status status, const char *words)
{
    if (error != NULL) {
        error->status = status;
        error->line = (unsigned)mark.line + 1;
        error->column = (unsigned)mark.column + 1;
        (void)snprintf(error->words, sizeof error->words, "%s", words);
    }
    return status;
}

bm_status config_fail(struct config_error *error,
                      const struct config_node *node, bm_status status,
                      const char *format, ...)
{
    va_list args;

    if (error != NULL) {
        error->status = status;
        error->line = node->line;
        error->column = node->column;
        va_start(args, format);
        (void)vsnprintf(error->words, sizeof error->words, format, args);
        va_end(args);
    }
    return status;
}

const char *config_name(const struct config_node *node)
{
    return node->key != NULL ? node->key : "item";
}

/* The mark of the octet at `at`. */
static yaml_mark_t mark_of(struct bm_bytes text, const uint8_t *at)
{
    yaml_mark_t mark = { 0, 0, 0 };

    for (const uint8_t *p = text.p; p != at; p++) {
        if (*p == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((*p & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* ---- Building the tree from events */

/* What is being built. */
struct build {
    struct config *config;
    struct config_error *error;
    struct bm_bytes text;
    yaml_parser_t parser;
    size_t nodes;
    unsigned depth; /* open mappings and sequences */
    struct level {
        struct config_node *node;
        struct config_node **tail; /* where the next child is hooked in */
        const char *key;           /* that has been read and has no value */
        yaml_mark_t key_at;
    } level[CONFIG_DEPTH_MAX];
};

static bm_status no_memory(struct build *b, yaml_mark_t mark)
{
    return fail_at(b->error, mark, BM_E_MEMORY, "out of memory");
}

static bm_status syntax_error(struct build *b)
{
    const yaml_parser_t *p = &b->parser;
    char words[CONFIG_WORDS_MAX];

    if (p->error == YAML_MEMORY_ERROR) {
        return no_memory(b, p->mark);
    }
    (void)snprintf(words, sizeof words, "%s%s%s",
                   p->context != NULL ? p->context : "",
                   p->context != NULL ? ": " : "",
                   p->problem != NULL ? p->problem : "malformed");
    /* The reader runs ahead of all marks, and tells an offset. */
    return fail_at(b->error,
                   p->error == YAML_READER_ERROR
                       ? mark_of(b->text, b->text.p + p->problem_offset)
                       : p->problem_mark,
                   BM_E_CONFIG_SYNTAX, words);
}

/* Copy a scalar into the document's memory; NULL without memory. */
static char *copy_text(struct build *b, const yaml_event_t *event)
{
    size_t n = event->data.scalar.length;
    char *text = config_memory(b->config, n + 1);

    if (text != NULL && n != 0) {
        memcpy(text, event->data.scalar.value, n);
    }
    return text;
}

static bm_status take_key(struct build *b, struct level *l,
                          const yaml_event_t *event)
{
    char *key;
    char words[CONFIG_WORDS_MAX];

    if (event->type != YAML_SCALAR_EVENT) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_SYNTAX,
                       "a key must be a scalar");
    }
    key = copy_text(b, event);
    if (key == NULL) {
        return no_memory(b, event->start_mark);
    }
    if (strcmp(key, "<<") == 0) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_ALIAS,
                       "merge keys are refused");
    }
    if (l->node->n >= CONFIG_KEYS_MAX) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_DEPTH,
                       "too many keys in one mapping");
    }
    for (struct config_node *c = l->node->first; c != NULL; c = c->next) {
        if (strcmp(c->key, key) == 0) {
            (void)snprintf(words, sizeof words,
                           "\"%.60s\" is there already, in line %u", key,
                           c->key_line);
            return fail_at(b->error, event->start_mark, BM_E_CONFIG_TWICE,
                           words);
        }
    }
    l->key = key;
    l->key_at = event->start_mark;
    return BM_OK;
}

static enum config_kind kind_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        return CONFIG_MAPPING;
    case YAML_SEQUENCE_START_EVENT:
        return CONFIG_SEQUENCE;
    default:
        return CONFIG_SCALAR;
    }
}

static bm_status take_scalar(struct build *b, struct config_node *node,
                             const yaml_event_t *event)
{
    node->text = copy_text(b, event);
    node->n = event->data.scalar.length;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return node->text != NULL ? BM_OK : no_memory(b, event->start_mark);
}

/* Go into the mapping or sequence that `node` is. */
static bm_status descend(struct build *b, struct config_node *node,
                         const yaml_event_t *event)
{
    if (b->depth == CONFIG_DEPTH_MAX) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_DEPTH,
                       "nested too deep");
    }
    b->level[b->depth++] = (struct level){ .node = node, .tail = &node->first };
    return BM_OK;
}

/* A scalar, or the start of a mapping or sequence: the next child. */
static bm_status add_node(struct build *b, const yaml_event_t *event)
{
    struct level *l = b->depth != 0 ? &b->level[b->depth - 1] : NULL;
    struct config_node *node;

    if (l != NULL && l->node->kind == CONFIG_MAPPING && l->key == NULL) {
        return take_key(b, l, event);
    }
    if (b->nodes++ == CONFIG_NODES_MAX) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_DEPTH,
                       "too many values");
    }
    node = config_memory(b->config, sizeof *node);
    if (node == NULL) {
        return no_memory(b, event->start_mark);
    }
    node->kind = kind_of(event);
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (l == NULL) {
        b->config->root = node;
    } else {
        node->key = l->key;
        node->key_line = (unsigned)l->key_at.line + 1;
        node->key_column = (unsigned)l->key_at.column + 1;
        l->key = NULL;
        *l->tail = node;
        l->tail = &node->next;
        l->node->n++;
    }
    return node->kind == CONFIG_SCALAR ? take_scalar(b, node, event)
                                       : descend(b, node, event);
}

/* Anchors, aliases, tags; and a NUL that an escape made. */
static bm_status refuse_extras(struct build *b, const yaml_event_t *event)
{
    bool extra = false;

    switch (event->type) {
    case YAML_ALIAS_EVENT:
        extra = true;
        break;
    case YAML_SCALAR_EVENT:
        extra =
            event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length)) {
            return fail_at(b->error, event->start_mark, BM_E_CONFIG_SYNTAX,
                           "NUL in a string");
        }
        break;
    case YAML_SEQUENCE_START_EVENT:
        extra = event->data.sequence_start.anchor != NULL ||
                event->data.sequence_start.tag != NULL;
        break;
    case YAML_MAPPING_START_EVENT:
        extra = event->data.mapping_start.anchor != NULL ||
                event->data.mapping_start.tag != NULL;
        break;
    default:
        break;
    }
    return extra ? fail_at(b->error, event->start_mark, BM_E_CONFIG_ALIAS,
                           "anchors, aliases and tags are refused")
                 : BM_OK;
}

static bm_status start_document(struct build *b, const yaml_event_t *event)
{
    if (b->config->root != NULL) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_SYNTAX,
                       "a second document");
    }
    if (event->data.document_start.version_directive != NULL ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        return fail_at(b->error, event->start_mark, BM_E_CONFIG_SYNTAX,
                       "directives are refused");
    }
    return BM_OK;
}

static bm_status take_event(struct build *b, const yaml_event_t *event)
{
    BM_TRY(refuse_extras(b, event));
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return start_document(b, event);
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return add_node(b, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return BM_OK;
    default:
        return BM_OK;
    }
}

static bm_status take_events(struct build *b)
{
    bm_status rc = BM_OK;
    bool ended = false;
    yaml_event_t event;

    while (rc == BM_OK && !ended) {
        if (!yaml_parser_parse(&b->parser, &event)) {
            return syntax_error(b);
        }
        rc = take_event(b, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (rc == BM_OK && b->config->root == NULL) {
        return fail_at(b->error, b->parser.mark, BM_E_CONFIG_SYNTAX,
                       "nothing in here");
    }
    return rc;
}

/* What libyaml would take in its stride, or tell no place of. */
static bm_status check_octets(struct bm_bytes text, struct config_error *error)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_der d;
    const uint8_t *nul;
    yaml_mark_t first = { 0, 0, 0 };

    if (text.n > CONFIG_TEXT_MAX) {
        return fail_at(error, first, BM_E_CONFIG_DEPTH, "larger than 1 MiB");
    }
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        return fail_at(error, first, BM_E_CONFIG_SYNTAX,
                       "byte order mark before the text");
    }
    nul = text.n != 0 ? memchr(text.p, 0, text.n) : NULL;
    if (nul != NULL) {
        return fail_at(error, mark_of(text, nul), BM_E_CONFIG_SYNTAX,
                       "NUL in the text");
    }
    bm_der_init(&d, text, &diag);
    if (bm_der_check_string(&d, BM_DER_UTF8_STRING, text) != BM_OK) {
        return fail_at(error, mark_of(text, diag.at), BM_E_CONFIG_SYNTAX,
                       "not UTF-8");
    }
    return BM_OK;
}

static bm_status build(struct build *b)
{
    yaml_mark_t first = { 0, 0, 0 };
    bm_status rc;

    if (!yaml_parser_initialize(&b->parser)) {
        return no_memory(b, first);
    }
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, b->text.p, b->text.n);
    rc = take_events(b);
    yaml_parser_delete(&b->parser);
    return rc;
}

bm_status config_parse(struct bm_bytes text, struct config **config,
                       struct config_error *error)
{
    struct build b = { .error = error, .text = text };
    bm_status rc;

    *config = NULL;
    if (error != NULL) {
        *error = (struct config_error){ .status = BM_OK };
    }
    rc = check_octets(text, error);
    if (rc != BM_OK) {
        return rc;
    }
    b.config = calloc(1, sizeof *b.config);
    if (b.config == NULL) {
        return no_memory(&b, mark_of(text, text.p));
    }
    rc = build(&b);
    if (rc != BM_OK) {
        config_free(b.config);
        return rc;
    }
    *config = b.config;
    return BM_OK;
}

/* ---- Looking */

const struct config_node *config_root(const struct config *config)
{
    return config->root;
}

const struct config_node *config_get(const struct config_node *mapping,
                                     const char *key)
{
    if (mapping->kind != CONFIG_MAPPING) {
        return NULL;
    }
    for (const struct config_node *c = mapping->first; c != NULL; c = c->next) {
        if (strcmp(c->key, key) == 0) {
            return c;
        }
    }
    return NULL;
}
