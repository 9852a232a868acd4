/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/pattern.h"

#include <string.h>

#define CHARACTER_MAX 0x10ffff

/* A repetition that is written out can have no more positions than that. */
#define REPEAT_MAX CA_PATTERN_POSITIONS

/* "{n,}" */
#define NO_MAX UINT32_MAX

struct parser {
    struct ca_pattern *pattern;
    const char *start;
    const char *p;
    const char *words; /* what was wrong, once something was */
    const char *bad;   /* and where */
    unsigned depth;
};

/*
 * A part of the pattern: where it begins and ends, as sets of positions. The
 * parse functions fill it in, or leave it empty and return false.
 */
struct part {
    bool nullable;
    struct ca_pattern_set first;
    struct ca_pattern_set last;
};

static void join(struct ca_pattern_set *a, const struct ca_pattern_set *b)
{
    for (size_t i = 0; i < CA_PATTERN_WORDS; i++) {
        a->bits[i] |= b->bits[i];
    }
}

static bool fail(struct parser *p, const char *at, const char *words)
{
    if (p->words == NULL) {
        p->words = words;
        p->bad = at;
    }
    return false;
}

/* ---- Characters */

/* Take a well-formed code point (RFC 3629); false if there is none. */
static bool take_utf8(const uint8_t **p, const uint8_t *end, uint32_t *c)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    uint8_t lead = **p;
    size_t more = lead < 0x80                    ? 0
                  : lead >= 0xc2 && lead <= 0xdf ? 1
                  : lead >= 0xe0 && lead <= 0xef ? 2
                  : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                 : 4;

    if (more == 4 || (size_t)(end - *p) <= more) {
        return false;
    }
    *c = more == 0 ? lead : lead & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++) {
        if (((*p)[i] & 0xc0) != 0x80) {
            return false;
        }
        *c = *c << 6 | ((*p)[i] & 0x3fU);
    }
    *p += more + 1;
    return *c >= least[more] && *c <= CHARACTER_MAX &&
           (*c < 0xd800 || *c > 0xdfff);
}

/* The next character of the pattern. */
static bool take_character(struct parser *p, uint32_t *c)
{
    const uint8_t *at = (const uint8_t *)p->p;

    if (*at == 0) {
        return fail(p, p->p, "ends too early");
    }
    if (!take_utf8(&at, at + strlen(p->p), c)) {
        return fail(p, p->p, "not UTF-8");
    }
    p->p = (const char *)at;
    return true;
}

/* After a backslash: what would mean something otherwise. */
static bool take_escaped(struct parser *p, uint32_t *c)
{
    if (*p->p == '\0' || strchr("\\.[]^-|()?*+{}$/", *p->p) == NULL) {
        return fail(p, p->p, "a backslash stands before punctuation only");
    }
    *c = (uint8_t)*p->p++;
    return true;
}

/*
 * RFC 4518 2.2: what is mapped to nothing when names are compared; fillers,
 * line ends beyond ASCII, and what turns the direction of writing. Nobody sees
 * them.
 */
static bool is_invisible(uint32_t c)
{
    static const struct ca_pattern_range ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },       { 0xad, 0xad },
        { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },   { 0x3164, 0x3164 },
        { 0xffa0, 0xffa0 }, { 0x034f, 0x034f },   { 0x061c, 0x061c },
        { 0x06dd, 0x06dd }, { 0x070f, 0x070f },   { 0x1806, 0x1806 },
        { 0x180b, 0x180e }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
        { 0x2060, 0x206f }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
        { 0xfff9, 0xfffc }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].low && c <= ranges[i].high) {
            return true;
        }
    }
    return false;
}

static bool has(const struct ca_pattern *pattern, unsigned position, uint32_t c)
{
    const struct ca_pattern_class *class = &pattern->position[position];
    bool listed = false;

    for (unsigned i = 0; i < class->n && !listed; i++) {
        const struct ca_pattern_range *r = &pattern->ranges[class->first + i];

        listed = c >= r->low && c <= r->high;
    }
    return class->negated ? !listed && !is_invisible(c) : listed;
}

/* ---- Positions */

static bool add_range(struct parser *p, uint32_t low, uint32_t high)
{
    struct ca_pattern *t = p->pattern;

    if (t->ranges_n == CA_PATTERN_RANGES) {
        return fail(p, p->p, "too complex");
    }
    if (low > high) {
        return fail(p, p->p, "range ends before it begins");
    }
    t->ranges[t->ranges_n++] = (struct ca_pattern_range){ low, high };
    return true;
}

/* One more position, of the ranges since `first`. */
static bool add_position(struct parser *p, unsigned first, bool negated,
                         struct part *part)
{
    struct ca_pattern *t = p->pattern;
    unsigned n = t->positions_n;

    if (n == CA_PATTERN_POSITIONS) {
        return fail(p, p->p, "too long once its repetitions are written out");
    }
    t->position[n] =
        (struct ca_pattern_class){ (uint16_t)first,
                                   (uint16_t)(t->ranges_n - first), negated };
    t->positions_n++;
    *part = (struct part){ .nullable = false };
    part->first.bits[n / 64] = (uint64_t)1 << n % 64;
    part->last = part->first;
    return true;
}

static bool parse_class_member(struct parser *p, uint32_t *c)
{
    if (*p->p == '[') {
        return fail(p, p->p, "'[' inside of a class needs a backslash");
    }
    if (*p->p == '\\') {
        p->p++;
        return take_escaped(p, c);
    }
    return take_character(p, c);
}

/* What follows "[", through "]". A '-' first or last is itself. */
static bool parse_class(struct parser *p, struct part *part)
{
    const char *open = p->p - 1;
    unsigned first = p->pattern->ranges_n;
    bool negated = *p->p == '^';

    p->p += negated ? 1 : 0;
    if (*p->p == ']') {
        return fail(p, open, "empty class");
    }
    while (*p->p != ']') {
        uint32_t low;
        uint32_t high;

        if (*p->p == '\0') {
            return fail(p, open, "class without end");
        }
        if (!parse_class_member(p, &low)) {
            return false;
        }
        high = low;
        if (p->p[0] == '-' && p->p[1] != ']') {
            p->p++;
            if (!parse_class_member(p, &high)) {
                return false;
            }
        }
        if (!add_range(p, low, high)) {
            return false;
        }
    }
    p->p++;
    return add_position(p, first, negated, part);
}

/* ---- Structure: a function per rule of the grammar */

/* NOLINTBEGIN(misc-no-recursion): no deeper than CA_PATTERN_DEPTH */

static bool parse_either(struct parser *p, struct part *part);

static bool parse_group(struct parser *p, struct part *part)
{
    const char *open = p->p - 1;

    if (p->depth == CA_PATTERN_DEPTH) {
        return fail(p, open, "nested too deep");
    }
    p->depth++;
    if (!parse_either(p, part)) {
        return false;
    }
    p->depth--;
    if (*p->p != ')') {
        return fail(p, open, "group without end");
    }
    p->p++;
    return true;
}

static bool parse_atom(struct parser *p, struct part *part)
{
    unsigned first = p->pattern->ranges_n;
    uint32_t c = 0;

    *part = (struct part){ .nullable = false };
    switch (*p->p) {
    case '(':
        p->p++;
        return parse_group(p, part);
    case '[':
        p->p++;
        return parse_class(p, part);
    case '.':
        p->p++;
        return add_position(p, first, true, part);
    case '^':
    case '$':
        return fail(p, p->p, "patterns match the whole; no ^ and $");
    case '?':
    case '*':
    case '+':
    case '{':
        return fail(p, p->p, "nothing to repeat");
    case '}':
    case ']':
        return fail(p, p->p, "needs a backslash");
    case '\\':
        p->p++;
        if (!take_escaped(p, &c)) {
            return false;
        }
        break;
    default:
        if (!take_character(p, &c)) {
            return false;
        }
        break;
    }
    return add_range(p, c, c) && add_position(p, first, false, part);
}

static bool take_number(struct parser *p, uint32_t *n)
{
    const char *first = p->p;

    *n = 0;
    while (*p->p >= '0' && *p->p <= '9' && *n <= REPEAT_MAX) {
        *n = 10 * *n + (uint32_t)(*p->p++ - '0');
    }
    return (p->p != first && *n <= REPEAT_MAX) ||
           fail(p, first, "a repetition is {n}, {n,} or {n,m}, up to 256");
}

/* {n}, {n,}, {n,m}: what follows "{". */
static bool parse_counts(struct parser *p, uint32_t *min, uint32_t *max)
{
    const char *first = p->p;

    if (!take_number(p, min)) {
        return false;
    }
    *max = *min;
    if (*p->p == ',') {
        p->p++;
        *max = NO_MAX;
        if (*p->p != '}' && !take_number(p, max)) {
            return false;
        }
    }
    if (*p->p != '}' || *max == 0 || *min > *max) {
        return fail(p, first, "a repetition is {n}, {n,} or {n,m}, up to 256");
    }
    p->p++;
    return true;
}

/* False if there is no repetition; p->words says if there is a wrong one. */
static bool parse_repetition(struct parser *p, uint32_t *min, uint32_t *max)
{
    char c = *p->p;

    if (c == '\0' || strchr("?*+{", c) == NULL) {
        return false;
    }
    p->p++;
    *min = c == '+' ? 1 : 0;
    *max = c == '?' ? 1 : NO_MAX;
    if (c == '{' && !parse_counts(p, min, max)) {
        return false;
    }
    if (*p->p != '\0' && strchr("?*+{", *p->p) != NULL) {
        return fail(p, p->p, "a repetition of a repetition needs a group");
    }
    return true;
}

/* Let `next` come after the ends in `last`. */
static void link_after(struct ca_pattern *t, const struct ca_pattern_set *last,
                       const struct ca_pattern_set *next)
{
    for (unsigned i = 0; i < t->positions_n; i++) {
        if ((last->bits[i / 64] >> i % 64 & 1) != 0) {
            join(&t->follow[i], next);
        }
    }
}

/*
 * x{n,m} is x x ... (x (x ...)?)?, a chain which may end at any copy from the
 * n-th on. A copy is made by parsing the same text again: since each takes a
 * position at least, their number is bounded. What can be empty can be so n
 * times: n is then 0.
 */
static bool repeat(struct parser *p, const char *atom, uint32_t min,
                   uint32_t max, struct part *part)
{
    const char *after = p->p;
    struct part copy = *part;
    uint32_t copies = max == NO_MAX ? (min > 1 ? min : 1) : max;

    min = part->nullable ? 0 : min;
    part->nullable = min == 0;
    for (uint32_t i = 2; i <= copies; i++) {
        struct ca_pattern_set ends = copy.last;

        p->p = atom;
        if (!parse_atom(p, &copy)) {
            return false;
        }
        link_after(p->pattern, &ends, &copy.first);
        if (i <= min) {
            part->last = copy.last;
        } else {
            join(&part->last, &copy.last);
        }
    }
    if (max == NO_MAX) {
        link_after(p->pattern, &copy.last, &copy.first);
    }
    p->p = after;
    return true;
}

static bool parse_repeated(struct parser *p, struct part *part)
{
    const char *atom = p->p;
    uint32_t min = 0;
    uint32_t max = 0;

    if (!parse_atom(p, part)) {
        return false;
    }
    if (parse_repetition(p, &min, &max)) {
        return repeat(p, atom, min, max, part);
    }
    return p->words == NULL;
}

static bool parse_sequence(struct parser *p, struct part *part)
{
    struct part next = { .nullable = false };

    if (*p->p == '\0' || *p->p == '|' || *p->p == ')') {
        return fail(p, p->p, "empty: use ? for what may be absent");
    }
    if (!parse_repeated(p, part)) {
        return false;
    }
    while (*p->p != '\0' && *p->p != '|' && *p->p != ')') {
        if (!parse_repeated(p, &next)) {
            return false;
        }
        link_after(p->pattern, &part->last, &next.first);
        if (part->nullable) {
            join(&part->first, &next.first);
        }
        if (next.nullable) {
            join(&part->last, &next.last);
        } else {
            part->last = next.last;
        }
        part->nullable = part->nullable && next.nullable;
    }
    return true;
}

static bool parse_either(struct parser *p, struct part *part)
{
    struct part next = { .nullable = false };

    if (!parse_sequence(p, part)) {
        return false;
    }
    while (*p->p == '|') {
        p->p++;
        if (!parse_sequence(p, &next)) {
            return false;
        }
        join(&part->first, &next.first);
        join(&part->last, &next.last);
        part->nullable = part->nullable || next.nullable;
    }
    return true;
}

/* NOLINTEND(misc-no-recursion) */

bm_status ca_pattern_compile(const char *text, struct ca_pattern *pattern,
                             size_t *at, const char **words)
{
    struct parser p = { .pattern = pattern, .start = text, .p = text };
    struct part all = { .nullable = false };

    memset(pattern, 0, sizeof *pattern);
    if (!parse_either(&p, &all) ||
        (*p.p != '\0' && !fail(&p, p.p, "')' without '('"))) {
        *at = (size_t)(p.bad - text);
        *words = p.words;
        return BM_E_PROFILE;
    }
    pattern->nullable = all.nullable;
    pattern->first = all.first;
    pattern->last = all.last;
    for (uint32_t c = 0; c < 128; c++) {
        for (unsigned i = 0; i < pattern->positions_n; i++) {
            if (has(pattern, i, c)) {
                pattern->ascii[c].bits[i / 64] |= (uint64_t)1 << i % 64;
            }
        }
    }
    return BM_OK;
}

/* ---- Matching */

/* The words of a set in which the pattern has positions: most often one. */
static unsigned words_of(const struct ca_pattern *t)
{
    return (t->positions_n + 63u) / 64;
}

/* Of the positions in `reach`, those that match `c`; false if none does. */
static bool step(const struct ca_pattern *t, const struct ca_pattern_set *reach,
                 uint32_t c, struct ca_pattern_set *now)
{
    uint64_t any = 0;

    for (unsigned w = 0; w < words_of(t); w++) {
        now->bits[w] = 0;
        if (c < 128) {
            now->bits[w] = reach->bits[w] & t->ascii[c].bits[w];
        } else {
            for (uint64_t left = reach->bits[w]; left != 0; left &= left - 1) {
                unsigned i = (unsigned)__builtin_ctzll(left);

                if (has(t, 64 * w + i, c)) {
                    now->bits[w] |= (uint64_t)1 << i;
                }
            }
        }
        any |= now->bits[w];
    }
    return any != 0;
}

static void advance(const struct ca_pattern *t,
                    const struct ca_pattern_set *now,
                    struct ca_pattern_set *reach)
{
    unsigned words = words_of(t);

    memset(reach, 0, sizeof *reach);
    for (unsigned w = 0; w < words; w++) {
        for (uint64_t left = now->bits[w]; left != 0; left &= left - 1) {
            const struct ca_pattern_set *next =
                &t->follow[64 * w + (unsigned)__builtin_ctzll(left)];

            for (unsigned k = 0; k < words; k++) {
                reach->bits[k] |= next->bits[k];
            }
        }
    }
}

bool ca_pattern_match(const struct ca_pattern *pattern, struct bm_bytes value)
{
    const uint8_t *p = value.p;
    const uint8_t *end = value.p + value.n;
    struct ca_pattern_set reach = pattern->first;
    struct ca_pattern_set now = { { 0 } };
    uint64_t ends = 0;
    uint32_t c;

    if (value.n == 0) {
        return pattern->nullable;
    }
    while (p != end) {
        if (!take_utf8(&p, end, &c) || !step(pattern, &reach, c, &now)) {
            return false;
        }
        if (p != end) {
            advance(pattern, &now, &reach);
        }
    }
    for (unsigned w = 0; w < CA_PATTERN_WORDS; w++) {
        ends |= now.bits[w] & pattern->last.bits[w];
    }
    return ends != 0;
}
