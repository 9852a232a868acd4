/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/key.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

/* A provider that notes what it was asked for. */
struct place {
    char asked[BM_KEY_URI_MAX];
    int opened;
    int made;
    int closed;
    struct bm_key key;
};

static void place_describe(void *self, struct bm_wr *words)
{
    (void)self;
    bm_wr_str(words, "nowhere");
}

static void place_close(void *self)
{
    struct place *p = self;

    p->closed++;
}

static bm_status place_open(void *self, const char *rest, struct bm_key **key)
{
    struct place *p = self;

    p->opened++;
    (void)snprintf(p->asked, sizeof p->asked, "%s", rest);
    p->key = (struct bm_key){ .self = p,
                              .describe = place_describe,
                              .close = place_close };
    *key = &p->key;
    return BM_OK;
}

static bm_status place_generate(void *self, const char *rest,
                                const struct bm_key_spec *spec,
                                struct bm_key **key)
{
    struct place *p = self;

    (void)rest;
    (void)key;
    p->made++;
    return spec->type == BM_KEY_P256 ? BM_E_EXISTS : BM_E_KEY_UNSUPPORTED;
}

static struct bm_key_provider place_provider(const char *scheme,
                                             struct place *p)
{
    return (struct bm_key_provider){ .scheme = scheme,
                                     .sandbox = BM_KEY_SANDBOX_MEMORY,
                                     .self = p,
                                     .open = place_open,
                                     .generate = place_generate };
}

static void a_scheme_finds_its_provider(void)
{
    static const struct {
        const char *uri;
        bm_status status;
        int a;
        int ab;
        const char *rest;
    } rows[] = {
        { "a:x", BM_OK, 1, 0, "x" },
        { "ab:x", BM_OK, 0, 1, "x" },
        { "a:", BM_OK, 1, 0, "" },
        { "a:b:c", BM_OK, 1, 0, "b:c" },
        { "abc:x", BM_E_KEYS_URI, 0, 0, "" },
        { "A:x", BM_E_KEYS_URI, 0, 0, "" },
        { " a:x", BM_E_KEYS_URI, 0, 0, "" },
        { ":x", BM_E_KEYS_URI, 0, 0, "" },
        { "a", BM_E_KEYS_URI, 0, 0, "" },
        { "", BM_E_KEYS_URI, 0, 0, "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place a = { .opened = 0 };
        struct place ab = { .opened = 0 };
        const struct bm_key_provider one = place_provider("a", &a);
        const struct bm_key_provider two = place_provider("ab", &ab);
        const struct bm_key_provider *list[] = { &one, &two, NULL };
        const struct bm_keys keys = { list };
        struct bm_key *key = &a.key;

        CHECK_STATUS(bm_key_open(&keys, rows[i].uri, &key), rows[i].status);
        CHECK(a.opened == rows[i].a && ab.opened == rows[i].ab);
        CHECK(strcmp(a.opened ? a.asked : ab.asked, rows[i].rest) == 0);
        CHECK((key != NULL) == (rows[i].status == BM_OK));
        bm_key_close(key);
        CHECK(a.closed == rows[i].a && ab.closed == rows[i].ab);
    }
}

static void generate_goes_the_same_way(void)
{
    struct place a = { .opened = 0 };
    const struct bm_key_provider one = place_provider("a", &a);
    const struct bm_key_provider *list[] = { &one, NULL };
    const struct bm_keys keys = { list };
    const struct bm_key_spec spec = { BM_KEY_P256, 0 };
    struct bm_key *key = &a.key;

    CHECK_STATUS(bm_key_generate(&keys, "a:x", &spec, &key), BM_E_EXISTS);
    CHECK(key == NULL && a.made == 1);
    key = &a.key;
    CHECK_STATUS(bm_key_generate(&keys, "b:x", &spec, &key), BM_E_KEYS_URI);
    CHECK(key == NULL && a.made == 1);
}

static void a_uri_has_a_longest_length(void)
{
    struct place a = { .opened = 0 };
    const struct bm_key_provider one = place_provider("a", &a);
    const struct bm_key_provider *list[] = { &one, NULL };
    const struct bm_keys keys = { list };
    char uri[BM_KEY_URI_MAX + 1] = "a:";
    struct bm_key *key = NULL;

    memset(uri + 2, 'x', sizeof uri - 2);
    uri[BM_KEY_URI_MAX] = '\0';
    CHECK_STATUS(bm_key_open(&keys, uri, &key), BM_E_KEYS_URI);
    CHECK(a.opened == 0);
    uri[BM_KEY_URI_MAX - 1] = '\0';
    CHECK_STATUS(bm_key_open(&keys, uri, &key), BM_OK);
    CHECK(strlen(a.asked) == BM_KEY_URI_MAX - 3);
}

static void closing_nothing_is_fine(void)
{
    bm_key_close(NULL);
    CHECK(1);
}

static bm_status place_expect(void *self, const char *rest,
                              struct bm_bytes spki, struct bm_key **key)
{
    (void)spki;
    return place_open(self, rest, key);
}

static bm_status place_is_away(void *self)
{
    (void)self;
    return BM_E_KEYS_GONE;
}

static void only_keys_that_may_be_away_are_expected(void)
{
    struct place a = { .opened = 0 };
    struct bm_key_provider one = place_provider("a", &a);
    const struct bm_key_provider *list[] = { &one, NULL };
    const struct bm_keys keys = { list };
    const struct bm_key_provider *found = NULL;
    struct bm_key *key = &a.key;

    CHECK_STATUS(bm_key_expect(&keys, "a:x", BM_LIT("spki"), &key),
                 BM_E_KEYS_GONE);
    CHECK(key == NULL && a.opened == 0);
    CHECK_STATUS(bm_key_expect(&keys, "b:x", BM_LIT("spki"), &key),
                 BM_E_KEYS_URI);
    one.expect = place_expect;
    CHECK_STATUS(bm_key_expect(&keys, "a:x", BM_LIT("spki"), &key), BM_OK);
    CHECK(key == &a.key);
    if (key != NULL) {
        CHECK_STATUS(bm_key_ready(key), BM_OK);
        key->ready = place_is_away;
        CHECK_STATUS(bm_key_ready(key), BM_E_KEYS_GONE);
        bm_key_close(key);
    }
    CHECK_STATUS(bm_key_provider_of(&keys, "a:x", &found), BM_OK);
    CHECK(found == &one);
    CHECK_STATUS(bm_key_provider_of(&keys, "b:x", &found), BM_E_KEYS_URI);
    CHECK(found == NULL);
}

static bm_status place_destroy(void *self, const char *rest)
{
    struct place *p = self;

    (void)snprintf(p->asked, sizeof p->asked, "%s", rest);
    return BM_OK;
}

static void only_a_provider_that_can_destroys(void)
{
    struct place a = { .opened = 0 };
    struct bm_key_provider one = place_provider("a", &a);
    const struct bm_key_provider *list[] = { &one, NULL };
    const struct bm_keys keys = { list };

    CHECK_STATUS(bm_key_destroy(&keys, "a:x"), BM_E_KEYS_URI);
    one.destroy = place_destroy;
    CHECK_STATUS(bm_key_destroy(&keys, "a:x"), BM_OK);
    CHECK(strcmp(a.asked, "x") == 0);
    CHECK_STATUS(bm_key_destroy(&keys, "b:x"), BM_E_KEYS_URI);
}

int main(void)
{
    RUN(only_keys_that_may_be_away_are_expected);
    RUN(a_scheme_finds_its_provider);
    RUN(generate_goes_the_same_way);
    RUN(a_uri_has_a_longest_length);
    RUN(closing_nothing_is_fine);
    RUN(only_a_provider_that_can_destroys);
    return bm_test_done();
}
