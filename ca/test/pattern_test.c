/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/pattern.h"

#include "tests/harness/bm_test.h"

static struct ca_pattern pattern; /* large, for a stack */

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static const struct {
    const char *pattern;
    const char *matches[6];
    const char * not [8];
} cases[] = {
    { "abc", { "abc" }, { "", "ab", "abcd", "xabc", "Abc" } },
    { "a|bc", { "a", "bc" }, { "", "ab", "b", "abc" } },
    { "a?", { "", "a" }, { "aa", "b" } },
    { "a*", { "", "a", "aaaaaaaa" }, { "b", "aab" } },
    { "a+", { "a", "aaa" }, { "", "ab" } },
    { "a{3}", { "aaa" }, { "", "aa", "aaaa" } },
    { "a{2,}", { "aa", "aaa", "aaaaaaa" }, { "", "a", "aab" } },
    { "a{2,4}", { "aa", "aaa", "aaaa" }, { "a", "aaaaa" } },
    { "a{0,2}", { "", "a", "aa" }, { "aaa" } },
    { "(ab){1,2}c", { "abc", "ababc" }, { "c", "abababc", "ab" } },
    { "(a|b)*c", { "c", "abbac" }, { "", "ab", "acb" } },
    { "(a*){2,3}", { "", "a", "aaaaaa" }, { "b" } },
    { "(a?b?)+", { "", "ab", "ba", "bbaab" }, { "c" } },
    { "(a+b){2}", { "abab", "aabaaab" }, { "ab", "ababab", "aabb" } },
    { "((a|b)(c|d)?){2}", { "aa", "acb", "bdad" }, { "a", "accb", "cd" } },
    { "a(b(c(d)?)?)?", { "a", "ab", "abc", "abcd" }, { "abd", "ac" } },
    { "[a-c]+", { "a", "abc" }, { "d", "abd", "" } },
    { "[^a-c]", { "d", "-", "\xc3\xa4" }, { "a", "", "\n", "\x7f" } },
    { "[-a]+", { "-", "a-a" }, { "b" } },
    { "[a-]+", { "-", "a-a" }, { "b" } },
    { "[\\]\\\\\\-\\[]+", { "]\\-[" }, { "^" } },
    { "[.*+?(){}|$]+", { ".*+?(){}|$" }, { "a" } },
    { ".",
      { "a", " ", "\xc3\xa4", "\xf0\x9f\x98\x80" },
      { "", "ab", "\n", "\x01", "\x7f", "\xc2\x80", "\xc3" } },
    { "\\.\\*\\^\\$\\\\", { ".*^$\\" }, { "a" } },
    { "\xc3\xa4[\xc3\xb6-\xc3\xbc]",
      { "\xc3\xa4\xc3\xb6", "\xc3\xa4\xc3\xb8", "\xc3\xa4\xc3\xbc" },
      { "\xc3\xa4", "\xc3\xa4\xc3\xbd", "\xc3\xa4\xc3\xb5" } },
    { "[^\xc3\xa4]", { "a", "\xc3\xb6" }, { "\xc3\xa4" } },
    { "([0-9A-F]{2}:){5}[0-9A-F]{2}",
      { "00:11:22:AA:BB:FF" },
      { "00:11:22:AA:BB", "00:11:22:aa:BB:FF", "00:11:22:AA:BB:FF:" } },
    { "5gc\\.mnc[0-9]{3}\\.mcc[0-9]{3}\\.3gppnetwork\\.org",
      { "5gc.mnc001.mcc262.3gppnetwork.org" },
      { "5gcxmnc001.mcc262.3gppnetwork.org" } },
    { "(\\*\\.)?([a-z0-9-]+\\.)*example\\.com",
      { "example.com", "*.example.com", "a.b-c.example.com" },
      { "xexample.com", "*.*.example.com", "example.com.", "a..example.com" } },
    { "[a-z]{1,8}(-[0-9]{1,4})?", { "abc", "abc-1" }, { "abcdefghi", "a-" } },
    { "[ -~]{1,3}", { " ", "~~~" }, { "", "aaaa", "\t" } },
};

static void a_value_matches_as_a_whole_or_not_at_all(void)
{
    const char *words;
    size_t at;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(
            ca_pattern_compile(cases[i].pattern, &pattern, &at, &words), BM_OK);
        for (size_t k = 0; k < 6 && cases[i].matches[k] != NULL; k++) {
            if (!ca_pattern_match(&pattern, view(cases[i].matches[k]))) {
                printf("# %s, %s\n", cases[i].pattern, cases[i].matches[k]);
                CHECK(!"must match");
            }
        }
        for (size_t k = 0; k < 8 && cases[i].not [k] != NULL; k++) {
            if (ca_pattern_match(&pattern, view(cases[i].not [k]))) {
                printf("# %s, %s\n", cases[i].pattern, cases[i].not [k]);
                CHECK(!"must not match");
            }
        }
    }
}

static const struct {
    const char *pattern;
    size_t at;
    const char *words;
} refused[] = {
    { "", 0, "empty: use ? for what may be absent" },
    { "a|", 2, "empty: use ? for what may be absent" },
    { "|a", 0, "empty: use ? for what may be absent" },
    { "()", 1, "empty: use ? for what may be absent" },
    { "a(|b)", 2, "empty: use ? for what may be absent" },
    { "^a", 0, "patterns match the whole; no ^ and $" },
    { "a$", 1, "patterns match the whole; no ^ and $" },
    { "*a", 0, "nothing to repeat" },
    { "a|+", 2, "nothing to repeat" },
    { "a**", 2, "a repetition of a repetition needs a group" },
    { "a{2}{3}", 4, "a repetition of a repetition needs a group" },
    { "a{", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{x}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{,3}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{3,2}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{0}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{0,0}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{257}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{99999999999}", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a{1", 2, "a repetition is {n}, {n,} or {n,m}, up to 256" },
    { "a}", 1, "needs a backslash" },
    { "a]", 1, "needs a backslash" },
    { "(a", 0, "group without end" },
    { "a)", 1, "')' without '('" },
    { "[a", 0, "class without end" },
    { "[", 0, "class without end" },
    { "[]", 0, "empty class" },
    { "[^]", 0, "empty class" },
    { "[z-a]", 4, "range ends before it begins" },
    { "[[:alpha:]]", 1, "'[' inside of a class needs a backslash" },
    { "a\\", 2, "a backslash stands before punctuation only" },
    { "\\d", 1, "a backslash stands before punctuation only" },
    { "[\\w]", 2, "a backslash stands before punctuation only" },
    { "a\xff", 1, "not UTF-8" },
    { "[\xc3]", 1, "not UTF-8" },
    { "((((((((((a))))))))))", 8, "nested too deep" },
};

static void a_malformed_pattern_is_refused_where_it_is_wrong(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *words = "";
        size_t at = 0;

        CHECK_STATUS(
            ca_pattern_compile(refused[i].pattern, &pattern, &at, &words),
            BM_E_PROFILE);
        if (at != refused[i].at || strcmp(words, refused[i].words) != 0) {
            printf("# %s: got %lu, %s\n", refused[i].pattern, (unsigned long)at,
                   words);
            CHECK(!"the error is another one");
        }
    }
}

static void what_grows_when_written_out_is_bounded(void)
{
    static const char *const large[] = {
        "a{256}a",
        "((a{16}){16}){2}",
        "((((((a{250}){250}){250}){250}){250}){250})",
        "((((((((a+)+)+)+)+)+)+){200}){200}",
        "(a?){256}a?",
    };
    const char *words;
    size_t at;

    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        CHECK_STATUS(ca_pattern_compile(large[i], &pattern, &at, &words),
                     BM_E_PROFILE);
        CHECK(strcmp(words, "too long once its repetitions are written out") ==
              0);
    }
    CHECK_STATUS(ca_pattern_compile("a{256}", &pattern, &at, &words), BM_OK);
    CHECK_STATUS(ca_pattern_compile("(a{16}){16}", &pattern, &at, &words),
                 BM_OK);
    CHECK_STATUS(
        ca_pattern_compile("[a-bc-de-fg-hi-j]{205}", &pattern, &at, &words),
        BM_E_PROFILE);
    CHECK(strcmp(words, "too complex") == 0);
}

/* Patterns that take other engines exponential time. */
static void matching_takes_one_step_per_character(void)
{
    static const char *const evil[] = { "(a+)+b", "(a|aa)+b", "(a*)*b",
                                        "(a?){100}(a){100}" };
    static uint8_t text[1 << 16];
    const char *words;
    size_t at;

    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        CHECK_STATUS(ca_pattern_compile(evil[i], &pattern, &at, &words), BM_OK);
        CHECK(!ca_pattern_match(&pattern,
                                (struct bm_bytes){ text, sizeof text }));
    }
}

static void every_length_of_a_repetition_is_exact(void)
{
    static uint8_t text[CA_PATTERN_POSITIONS + 1];
    char p[32];
    const char *words;
    size_t at;

    memset(text, 'a', sizeof text);
    for (size_t n = 1; n <= 64; n += 9) {
        (void)snprintf(p, sizeof p, "[a-z]{%lu,%lu}", (unsigned long)n,
                       (unsigned long)(2 * n));
        CHECK_STATUS(ca_pattern_compile(p, &pattern, &at, &words), BM_OK);
        for (size_t k = 0; k <= sizeof text; k++) {
            CHECK(ca_pattern_match(&pattern, (struct bm_bytes){ text, k }) ==
                  (k >= n && k <= 2 * n));
        }
    }
}

static void what_is_not_utf8_matches_nothing(void)
{
    static const char *const bad[] = { "\x80",
                                       "\xc0\x80",
                                       "\xc3",
                                       "\xe0\x80\x80",
                                       "\xed\xa0\x80",
                                       "\xf0\x80\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xf4\x90\x80\x80",
                                       "a\xff" };
    const char *words;
    size_t at;

    CHECK_STATUS(ca_pattern_compile("(.|[^x])*", &pattern, &at, &words), BM_OK);
    CHECK(ca_pattern_match(&pattern, view("\xf4\x8f\xbf\xbf\xed\x9f\xbf")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!ca_pattern_match(&pattern, view(bad[i])));
    }
}

/* RFC 4518 2.2: what nobody sees makes no other name. */
static void what_is_invisible_must_be_asked_for(void)
{
    static const char *const hidden[] = {
        "\xe3\x85\xa4",     "\xc2\xad",         "\xcd\x8f",
        "\xd8\x9c",         "\xe1\xa0\x8e",     "\xe2\x80\x8b",
        "\xe2\x80\x8f",     "\xe2\x80\xae",     "\xe2\x81\xa0",
        "\xe2\x81\xa9",     "\xef\xb8\x8f",     "\xef\xbb\xbf",
        "\xef\xbf\xbc",     "\xf0\x9d\x85\xb3", "\xf3\xa0\x80\x81",
        "\xf3\xa0\x84\x80",
    };
    static const char *const seen[] = { "\xc2\xac", "\xe2\x80\x90",
                                        "\xe2\x81\x9f", "\xf3\xb0\x80\x80" };
    const char *words;
    size_t at;

    CHECK_STATUS(ca_pattern_compile(".|[^x]", &pattern, &at, &words), BM_OK);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        CHECK(!ca_pattern_match(&pattern, view(hidden[i])));
    }
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        CHECK(ca_pattern_match(&pattern, view(seen[i])));
    }
    CHECK_STATUS(ca_pattern_compile("[\xc2\xad]", &pattern, &at, &words),
                 BM_OK);
    CHECK(ca_pattern_match(&pattern, view("\xc2\xad")));
}

int main(void)
{
    RUN(a_value_matches_as_a_whole_or_not_at_all);
    RUN(a_malformed_pattern_is_refused_where_it_is_wrong);
    RUN(what_grows_when_written_out_is_bounded);
    RUN(matching_takes_one_step_per_character);
    RUN(every_length_of_a_repetition_is_exact);
    RUN(what_is_not_utf8_matches_nothing);
    RUN(what_is_invisible_must_be_asked_for);
    return bm_test_done();
}
