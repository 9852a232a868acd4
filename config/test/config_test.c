/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <stddef.h>
#include <stdlib.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* "LINE:COLUMN: words", as a caller would print it. */
static void check_error(const struct config_error *e, bm_status rc,
                        const char *text, const char *want)
{
    char got[CONFIG_WORDS_MAX + 32];

    snprintf(got, sizeof got, "%u:%u: %s", e->line, e->column, e->words);
    if (rc != e->status || strcmp(got, want) != 0) {
        printf("# in: %.200s\n# got %s, want %s\n", text, got, want);
        CHECK(!"the error is another one");
    }
}

/* ---- Texts that are refused as such */

static const struct {
    const char *text;
    bm_status status;
    const char *words;
} malformed[] = {
    { "", BM_E_CONFIG_SYNTAX, "1:1: nothing in here" },
    { "# only this\n", BM_E_CONFIG_SYNTAX, "2:1: nothing in here" },
    { "a: 1\na: 2\n", BM_E_CONFIG_TWICE,
      "2:1: \"a\" is there already, in line 1" },
    { "a:\n  b: 1\n  c: 2\n  b: 3\n", BM_E_CONFIG_TWICE,
      "4:3: \"b\" is there already, in line 2" },
    { "a: 1\n'a': 2\n", BM_E_CONFIG_TWICE,
      "2:1: \"a\" is there already, in line 1" },
    { "a: &x 1\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: &x [1]\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: &x {b: 1}\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: *x\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "*x : 1\n", BM_E_CONFIG_ALIAS,
      "1:1: anchors, aliases and tags are refused" },
    { "a: !!str 1\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: ! 1\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: !x [1]\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "a: !x {b: 1}\n", BM_E_CONFIG_ALIAS,
      "1:4: anchors, aliases and tags are refused" },
    { "<<: {a: 1}\n", BM_E_CONFIG_ALIAS, "1:1: merge keys are refused" },
    { "[a]: 1\n", BM_E_CONFIG_SYNTAX, "1:1: a key must be a scalar" },
    { "? {a: 1}\n: 1\n", BM_E_CONFIG_SYNTAX, "1:3: a key must be a scalar" },
    { "a: 1\n---\nb: 2\n", BM_E_CONFIG_SYNTAX, "2:1: a second document" },
    { "%YAML 1.1\n---\na: 1\n", BM_E_CONFIG_SYNTAX,
      "1:1: directives are refused" },
    { "%TAG ! !x\n---\na: 1\n", BM_E_CONFIG_SYNTAX,
      "1:1: directives are refused" },
    { "\xef\xbb\xbf"
      "a: 1\n",
      BM_E_CONFIG_SYNTAX, "1:1: byte order mark before the text" },
    { "a: 1\nb: \xff\n", BM_E_CONFIG_SYNTAX, "2:4: not UTF-8" },
    { "a: \xc3\xa4\xc0\x80\n", BM_E_CONFIG_SYNTAX, "1:5: not UTF-8" },
    { "a: \"b\\0\"\n", BM_E_CONFIG_SYNTAX, "1:4: NUL in a string" },
    { "\"a\\0\": b\n", BM_E_CONFIG_SYNTAX, "1:1: NUL in a string" },
    { "a: \x01\n", BM_E_CONFIG_SYNTAX,
      "1:4: control characters are not allowed" },
    { "a: b: c\n", BM_E_CONFIG_SYNTAX,
      "1:5: mapping values are not allowed in this context" },
    { "a: [b\n", BM_E_CONFIG_SYNTAX,
      "2:1: while parsing a flow sequence: did not find expected ',' or ']'" },
    { "a:\n\tb: 1\n", BM_E_CONFIG_SYNTAX,
      "2:1: while scanning for the next token: found character that cannot "
      "start any token" },
    { "a: 'b\n", BM_E_CONFIG_SYNTAX,
      "2:1: while scanning a quoted scalar: found unexpected end of stream" },
    { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", BM_E_CONFIG_DEPTH,
      "1:17: nested too deep" },
};

static void a_malformed_text_is_refused_where_it_is_wrong(void)
{
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct config *c = NULL;
        struct config_error e;
        bm_status rc = config_parse(view(malformed[i].text), &c, &e);

        CHECK_STATUS(rc, malformed[i].status);
        CHECK(c == NULL);
        check_error(&e, rc, malformed[i].text, malformed[i].words);
        CHECK_STATUS(config_parse(view(malformed[i].text), &c, NULL),
                     malformed[i].status);
    }
}

static void a_nul_is_refused_where_it_stands(void)
{
    struct config *c;
    struct config_error e;

    CHECK_STATUS(config_parse(BM_LIT("a: 1\nb\0: 2\n"), &c, &e),
                 BM_E_CONFIG_SYNTAX);
    CHECK(e.line == 2 && e.column == 2);
    CHECK(strcmp(e.words, "NUL in the text") == 0);
}

static void sixteen_levels_are_not_too_deep(void)
{
    struct config *c;

    CHECK_STATUS(
        config_parse(BM_LIT("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"), &c, NULL),
        BM_OK);
    config_free(c);
}

/* Write `piece` until the buffer holds `n` of them. */
static struct bm_bytes repeat(uint8_t *buf, const char *piece, size_t n)
{
    size_t len = strlen(piece);

    for (size_t i = 0; i < n; i++) {
        memcpy(buf + i * len, piece, len);
    }
    return (struct bm_bytes){ buf, n * len };
}

static void what_is_too_large_is_refused(void)
{
    uint8_t *buf = calloc(1, CONFIG_TEXT_MAX + 1);
    struct config *c;
    struct config_error e;
    struct bm_bytes text;

    CHECK(buf != NULL);
    memset(buf, '#', CONFIG_TEXT_MAX + 1);
    text = (struct bm_bytes){ buf, CONFIG_TEXT_MAX + 1 };
    CHECK_STATUS(config_parse(text, &c, &e), BM_E_CONFIG_DEPTH);
    text.n--;
    CHECK_STATUS(config_parse(text, &c, &e), BM_E_CONFIG_SYNTAX);

    text = repeat(buf, "- 1\n", CONFIG_NODES_MAX - 1);
    CHECK_STATUS(config_parse(text, &c, &e), BM_OK);
    CHECK(config_root(c)->n == CONFIG_NODES_MAX - 1);
    config_free(c);
    text = repeat(buf, "- 1\n", CONFIG_NODES_MAX);
    CHECK_STATUS(config_parse(text, &c, &e), BM_E_CONFIG_DEPTH);
    CHECK(strcmp(e.words, "too many values") == 0);
    free(buf);
}

static void a_mapping_has_a_limited_number_of_keys(void)
{
    static char buf[16 * (CONFIG_KEYS_MAX + 1)];
    struct config *c;
    struct config_error e;
    size_t n = 0;

    for (size_t i = 0; i < CONFIG_KEYS_MAX; i++) {
        n += (size_t)snprintf(buf + n, sizeof buf - n, "k%zu: v\n", i);
    }
    CHECK_STATUS(config_parse(view(buf), &c, &e), BM_OK);
    CHECK(config_root(c)->n == CONFIG_KEYS_MAX);
    config_free(c);
    (void)snprintf(buf + n, sizeof buf - n, "one-more: v\n");
    CHECK_STATUS(config_parse(view(buf), &c, &e), BM_E_CONFIG_DEPTH);
    CHECK(e.line == CONFIG_KEYS_MAX + 1);
}

static void nodes_know_where_they_are(void)
{
    struct config *c;
    const struct config_node *root;
    const struct config_node *b;

    CHECK_STATUS(config_parse(BM_LIT("---\na: no\nb:\n  - \xc3\xa4: 'x y'\n"
                                     "  - [1, \"two\"]\n...\n"),
                              &c, NULL),
                 BM_OK);
    root = config_root(c);
    CHECK(root->kind == CONFIG_MAPPING && root->n == 2 && root->key == NULL);
    CHECK(root->line == 2 && root->column == 1);
    CHECK(strcmp(config_get(root, "a")->text, "no") == 0);
    CHECK(config_get(root, "a")->plain);
    CHECK(config_get(root, "c") == NULL);
    b = config_get(root, "b");
    CHECK(b->kind == CONFIG_SEQUENCE && b->n == 2 && b->text == NULL);
    CHECK(b->line == 4 && b->column == 3);
    CHECK(config_get(b, "x") == NULL);
    CHECK(strcmp(b->first->first->key, "\xc3\xa4") == 0);
    CHECK(b->first->first->line == 4 && b->first->first->column == 8);
    CHECK(!b->first->first->plain && b->first->first->n == 3);
    CHECK(b->first->next->first->next->column == 9);
    CHECK(b->first->next->next == NULL);
    config_free(c);
    config_free(NULL);
}

/* ---- Tables */

struct inner {
    const char *name;
    int64_t weight;
};

struct outer {
    const char *title;
    bool flag;
    int64_t count;
    int64_t age;
    int64_t when;
    unsigned colour;
    unsigned set;
    const char *const *words;
    struct inner section;
    struct config_list list;
    const struct config_node *node;
};

static const struct config_choice colours[] = {
    { "red", 1 }, { "green", 2 }, { "blue", 4 }, { NULL, 0 }
};

static const struct config_key inner_keys[] = {
    { .name = "name",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct inner, name) },
    { .name = "weight",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct inner, weight),
      .min = -5,
      .max = 10 },
    { .name = NULL },
};

static const struct config_key outer_keys[] = {
    { .name = "title",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct outer, title) },
    { .name = "flag",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct outer, flag) },
    { .name = "count",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct outer, count) },
    { .name = "age",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct outer, age) },
    { .name = "short",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct outer, age),
      .min = 1,
      .max = 60 },
    { .name = "when",
      .type = CONFIG_TIME,
      .offset = offsetof(struct outer, when) },
    { .name = "colour",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct outer, colour),
      .choices = colours },
    { .name = "set",
      .type = CONFIG_SET,
      .offset = offsetof(struct outer, set),
      .choices = colours },
    { .name = "words",
      .type = CONFIG_STRINGS,
      .offset = offsetof(struct outer, words),
      .min = 1,
      .max = 3 },
    { .name = "section",
      .type = CONFIG_SECTION,
      .offset = offsetof(struct outer, section),
      .keys = inner_keys },
    { .name = "list",
      .type = CONFIG_LIST,
      .offset = offsetof(struct outer, list),
      .min = 0,
      .max = 2,
      .keys = inner_keys,
      .size = sizeof(struct inner) },
    { .name = "node",
      .type = CONFIG_NODE,
      .offset = offsetof(struct outer, node) },
    { .name = NULL },
};

static const struct {
    const char *text;
    bm_status status;
    const char *words;
} refused[] = {
    { "title", BM_E_CONFIG_VALUE, "1:1: item must be a mapping" },
    { "flag: true\n", BM_E_CONFIG_MISSING, "1:1: \"title\" is missing" },
    { "title: x\ntilte: y\n", BM_E_CONFIG_KEY,
      "2:1: unknown key \"tilte\"; did you mean \"title\"?" },
    { "title: x\nsomething: y\n", BM_E_CONFIG_KEY,
      "2:1: unknown key \"something\"" },
    { "title:\n", BM_E_CONFIG_VALUE, "1:7: title is empty" },
    { "title: ''\n", BM_E_CONFIG_VALUE, "1:8: title is empty" },
    { "title: [x]\n", BM_E_CONFIG_VALUE, "1:8: title must be a single value" },
    { "title: x\nflag: yes\n", BM_E_CONFIG_VALUE,
      "2:7: flag must be true or false" },
    { "title: x\nflag: True\n", BM_E_CONFIG_VALUE,
      "2:7: flag must be true or false" },
    { "title: x\nflag: 'true'\n", BM_E_CONFIG_VALUE,
      "2:7: flag must be true or false" },
    { "title: x\nflag: {}\n", BM_E_CONFIG_VALUE,
      "2:7: flag must be true or false" },
    { "title: x\ncount: 010\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: 0x10\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: 1_000\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: +1\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: -0\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: -\n", BM_E_CONFIG_SYNTAX, NULL },
    { "title: x\ncount: '1'\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: [1]\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\ncount: 1000000000000000000\n", BM_E_CONFIG_VALUE,
      "2:8: count must be a decimal number" },
    { "title: x\nage: 90\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: d\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: 090d\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: -1d\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: 1 d\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: 1d2h\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: 10001y\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nage: 100000000000000000y\n", BM_E_CONFIG_VALUE,
      "2:6: age must be a duration: a number and one of s, m, h, d, w, y" },
    { "title: x\nshort: 2m\n", BM_E_CONFIG_VALUE,
      "2:8: short must be 1 to 60 seconds" },
    { "title: x\nwhen: 2031-02-30T00:00:00Z\n", BM_E_CONFIG_VALUE,
      "2:7: when must be a time like 2031-02-03T04:05:06Z" },
    { "title: x\nwhen: 2031-02-03\n", BM_E_CONFIG_VALUE,
      "2:7: when must be a time like 2031-02-03T04:05:06Z" },
    { "title: x\nwhen: []\n", BM_E_CONFIG_VALUE,
      "2:7: when must be a time like 2031-02-03T04:05:06Z" },
    { "title: x\ncolour: gren\n", BM_E_CONFIG_VALUE,
      "2:9: unknown colour \"gren\"; did you mean \"green\"?" },
    { "title: x\ncolour: mauve\n", BM_E_CONFIG_VALUE,
      "2:9: unknown colour \"mauve\"" },
    { "title: x\ncolour: [red]\n", BM_E_CONFIG_VALUE,
      "2:9: colour must be a single value" },
    { "title: x\nset: red\n", BM_E_CONFIG_VALUE,
      "2:6: set must be a sequence" },
    { "title: x\nset: [red, blue, red]\n", BM_E_CONFIG_TWICE,
      "2:18: \"red\" occurs twice" },
    { "title: x\nset: [[red]]\n", BM_E_CONFIG_VALUE,
      "2:7: item must be a single value" },
    { "title: x\nwords: []\n", BM_E_CONFIG_VALUE,
      "2:8: words must have 1 to 3 items" },
    { "title: x\nwords: [a, b, c, d]\n", BM_E_CONFIG_VALUE,
      "2:8: words must have 1 to 3 items" },
    { "title: x\nwords: [a, '']\n", BM_E_CONFIG_VALUE, "2:12: item is empty" },
    { "title: x\nwords: {a: b}\n", BM_E_CONFIG_VALUE,
      "2:8: words must be a sequence" },
    { "title: x\nsection: {weight: 1}\n", BM_E_CONFIG_MISSING,
      "2:10: \"name\" is missing" },
    { "title: x\nsection: {name: a, weight: 11}\n", BM_E_CONFIG_VALUE,
      "2:28: weight must be -5 to 10" },
    { "title: x\nsection:\n  name: a\n  wieght: 1\n", BM_E_CONFIG_KEY,
      "4:3: unknown key \"wieght\"; did you mean \"weight\"?" },
    { "title: x\nlist: [{name: a}, {name: b, nmae: c}]\n", BM_E_CONFIG_KEY,
      "2:29: unknown key \"nmae\"; did you mean \"name\"?" },
    { "title: x\nlist: [a]\n", BM_E_CONFIG_VALUE,
      "2:8: item must be a mapping" },
    { "title: x\nlist: [{name: a}, {name: b}, {name: c}]\n", BM_E_CONFIG_VALUE,
      "2:7: list must have 0 to 2 items" },
};

static bm_status read_outer(const char *text, struct config **c,
                            struct outer *outer, struct config_error *e)
{
    bm_status rc = config_parse(view(text), c, e);

    return rc == BM_OK ? config_read(*c, config_root(*c), outer_keys, outer, e)
                       : rc;
}

static void what_the_table_does_not_say_is_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct config *c;
        struct config_error e;
        struct outer outer = { .title = NULL };
        bm_status rc = read_outer(refused[i].text, &c, &outer, &e);

        CHECK_STATUS(rc, refused[i].status);
        if (refused[i].words != NULL) {
            check_error(&e, rc, refused[i].text, refused[i].words);
        }
        config_free(c);
    }
}

static const char full[] = "title: \"a: b\"\n"
                           "flag: true\n"
                           "count: -12\n"
                           "age: 90d\n"
                           "when: 2031-02-03T04:05:06Z\n"
                           "colour: blue\n"
                           "set: [red, 'green']\n"
                           "words: [no, 010, \"\\u00e4\"]\n"
                           "section: { name: in, weight: -5 }\n"
                           "list:\n"
                           "  - name: one\n"
                           "  - { name: two, weight: 10 }\n"
                           "node: [any, {thing: at all}]\n";

static void a_table_fills_a_struct(void)
{
    struct config *c;
    struct config_error e;
    struct outer o = { .section.weight = 3, .count = 77 };
    const struct inner *items;

    CHECK_STATUS(read_outer(full, &c, &o, &e), BM_OK);
    CHECK(strcmp(o.title, "a: b") == 0);
    CHECK(o.flag && o.count == -12 && o.age == 90 * 86400);
    CHECK(o.when == INT64_C(1927857906));
    CHECK(o.colour == 4 && o.set == 3);
    CHECK(strcmp(o.words[0], "no") == 0 && strcmp(o.words[1], "010") == 0 &&
          strcmp(o.words[2], "\xc3\xa4") == 0 && o.words[3] == NULL);
    CHECK(strcmp(o.section.name, "in") == 0 && o.section.weight == -5);
    CHECK(o.list.n == 2);
    items = o.list.items;
    CHECK(strcmp(items[0].name, "one") == 0 && items[0].weight == 0);
    CHECK(strcmp(items[1].name, "two") == 0 && items[1].weight == 10);
    CHECK(o.node->kind == CONFIG_SEQUENCE && o.node->n == 2);
    config_free(c);
}

static void absent_keys_leave_what_was_there(void)
{
    struct config *c;
    struct config_error e;
    struct outer o = { .section.weight = 3, .count = 77, .flag = true };

    CHECK_STATUS(read_outer("title: x\nsection: {name: y}\n", &c, &o, &e),
                 BM_OK);
    CHECK(o.count == 77 && o.flag && o.section.weight == 3);
    CHECK(o.words == NULL && o.list.n == 0);
    config_free(c);
}

static void every_prefix_is_read_or_refused_with_a_place(void)
{
    for (size_t n = 0; n < sizeof full - 1; n++) {
        struct config *c;
        struct config_error e;
        struct outer o = { .title = NULL };
        struct bm_bytes text = { (const uint8_t *)full, n };
        bm_status rc = config_parse(text, &c, &e);

        if (rc == BM_OK) {
            rc = config_read(c, config_root(c), outer_keys, &o, &e);
        } else {
            CHECK(c == NULL);
        }
        CHECK(e.status == rc);
        CHECK(rc == BM_OK || (e.line >= 1 && e.column >= 1 && e.words[0]));
        config_free(c);
    }
}

static void every_bit_flip_is_read_or_refused_with_a_place(void)
{
    uint8_t buf[sizeof full - 1];

    for (size_t bit = 0; bit < 8 * sizeof buf; bit++) {
        struct config *c;
        struct config_error e;
        struct outer o = { .title = NULL };
        bm_status rc;

        memcpy(buf, full, sizeof buf);
        buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
        rc = config_parse((struct bm_bytes){ buf, sizeof buf }, &c, &e);
        if (rc == BM_OK) {
            rc = config_read(c, config_root(c), outer_keys, &o, &e);
        }
        CHECK(e.status == rc);
        CHECK(rc == BM_OK || (e.line >= 1 && e.column >= 1 && e.words[0]));
        config_free(c);
    }
}

static void memory_is_zeroed_aligned_and_lasts(void)
{
    struct config *c;
    uint8_t *p[100];

    CHECK_STATUS(config_parse(BM_LIT("x"), &c, NULL), BM_OK);
    for (size_t i = 0; i < 100; i++) {
        p[i] = config_memory(c, 3 * i * i);
        CHECK(p[i] != NULL && (uintptr_t)p[i] % _Alignof(max_align_t) == 0);
        for (size_t k = 0; k < 3 * i * i; k++) {
            CHECK(p[i][k] == 0);
            p[i][k] = (uint8_t)i;
        }
    }
    for (size_t i = 0; i < 100; i++) {
        CHECK(i == 0 || (p[i][0] == i && p[i][3 * i * i - 1] == i));
    }
    CHECK(config_memory(c, SIZE_MAX) == NULL);
    config_free(c);
}

int main(void)
{
    RUN(a_malformed_text_is_refused_where_it_is_wrong);
    RUN(a_nul_is_refused_where_it_stands);
    RUN(sixteen_levels_are_not_too_deep);
    RUN(what_is_too_large_is_refused);
    RUN(a_mapping_has_a_limited_number_of_keys);
    RUN(nodes_know_where_they_are);
    RUN(what_the_table_does_not_say_is_refused);
    RUN(a_table_fills_a_struct);
    RUN(absent_keys_leave_what_was_there);
    RUN(every_prefix_is_read_or_refused_with_a_place);
    RUN(every_bit_flip_is_read_or_refused_with_a_place);
    RUN(memory_is_zeroed_aligned_and_lasts);
    return bm_test_done();
}
