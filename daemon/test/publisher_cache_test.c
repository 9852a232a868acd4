/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_cache.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

static const uint8_t secret[16] = "a secret of mine";

static struct cache *new_cache(size_t octets)
{
    struct cache *c;

    CHECK_STATUS(cache_new(octets, secret, &c), BM_OK);
    if (c == NULL) {
        abort();
    }
    return c;
}

static struct cache_key named(const struct cache *c, enum cache_name name,
                              unsigned number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "number %u", number);

    return cache_key_of(c, name,
                        (struct bm_bytes){ (uint8_t *)text, (size_t)n });
}

/* `number` is what tells one answer from the others. */
static void put(struct cache *c, unsigned number, size_t n)
{
    static uint8_t der[1 << 16];
    struct cache_key key = named(c, CACHE_CERTID, number);
    struct cached answer = { .response = { der, n }, .keep_until = number };

    memset(der, (int)(number & 0xff), n);
    CHECK_STATUS(cache_put(c, &key, &answer), BM_OK);
}

/* The number of the answer, 0 when there is none. */
static unsigned get(struct cache *c, enum cache_name name, unsigned number)
{
    struct cache_key key = named(c, name, number);
    const struct cached *found = cache_find(c, &key);

    if (found == NULL) {
        return 0;
    }
    for (size_t i = 0; i < found->response.n; i++) {
        CHECK(found->response.p[i] == (found->keep_until & 0xff));
    }
    return (unsigned)found->keep_until;
}

static void call(struct cache *c, unsigned number, enum cache_name name,
                 unsigned alias)
{
    struct cache_key key = named(c, CACHE_CERTID, number);
    struct cache_key other = named(c, name, alias);

    cache_alias(c, &key, &other);
}

static void what_is_put_is_found(void)
{
    struct cache *c = new_cache(1 << 20);

    put(c, 1, 100);
    put(c, 2, 0xffff);
    CHECK(get(c, CACHE_CERTID, 1) == 1);
    CHECK(get(c, CACHE_CERTID, 2) == 2);
    CHECK(get(c, CACHE_CERTID, 3) == 0);
    CHECK(get(c, CACHE_GET, 1) == 0); /* a CertID is no path */
    CHECK(cache_count(c) == 2);
    cache_free(c);
    cache_free(NULL);
}

static void an_answer_goes_by_other_names(void)
{
    struct cache *c = new_cache(1 << 20);

    put(c, 1, 100);
    put(c, 2, 100);
    call(c, 1, CACHE_GET, 7);
    call(c, 1, CACHE_POST, 7);
    call(c, 2, CACHE_GET, 8);
    call(c, 9, CACHE_GET, 9); /* nobody's */
    CHECK(get(c, CACHE_GET, 7) == 1 && get(c, CACHE_POST, 7) == 1);
    CHECK(get(c, CACHE_GET, 8) == 2 && get(c, CACHE_GET, 9) == 0);
    /* The last one of a kind counts; so memory is bounded. */
    call(c, 1, CACHE_GET, 10);
    CHECK(get(c, CACHE_GET, 7) == 0 && get(c, CACHE_GET, 10) == 1);
    /* A name that another one had. */
    call(c, 2, CACHE_GET, 10);
    CHECK(get(c, CACHE_GET, 10) == 2 && get(c, CACHE_GET, 8) == 0);
    call(c, 2, CACHE_CERTID, 1); /* never that */
    CHECK(get(c, CACHE_CERTID, 1) == 1);
    cache_free(c);
}

static void a_new_answer_takes_over_the_names(void)
{
    struct cache *c = new_cache(1 << 20);
    struct cache_key key = named(c, CACHE_CERTID, 1);
    struct cached answer = { .response = BM_LIT("\x05\x05"), .keep_until = 5 };
    size_t octets;

    put(c, 1, 100);
    call(c, 1, CACHE_GET, 1);
    octets = cache_octets(c);
    CHECK_STATUS(cache_put(c, &key, &answer), BM_OK);
    CHECK(get(c, CACHE_CERTID, 1) == 5 && get(c, CACHE_GET, 1) == 5);
    CHECK(cache_count(c) == 1 && cache_octets(c) == octets - 98);
    cache_free(c);
}

static void what_was_not_asked_for_gives_way(void)
{
    struct cache *c = new_cache(64 << 10);
    unsigned kept = 0;

    put(c, 1, 1000);
    call(c, 1, CACHE_GET, 1);
    for (unsigned i = 2; i <= 200; i++) {
        put(c, i, 1000);
        CHECK(cache_octets(c) <= 64 << 10);
        CHECK(get(c, CACHE_GET, 1) == 1); /* is asked for all the time */
    }
    for (unsigned i = 2; i <= 200; i++) {
        unsigned number = get(c, CACHE_CERTID, i);

        CHECK(number == 0 || number == i);
        kept += number != 0;
    }
    CHECK(kept > 30 && kept < 64 && kept + 1 == cache_count(c));
    CHECK(get(c, CACHE_CERTID, 200) == 200 && get(c, CACHE_CERTID, 2) == 0);
    cache_free(c);
}

static void what_cannot_be_kept_is_refused(void)
{
    static const uint8_t der[5000];
    struct cache *c = new_cache(4096);
    struct cache_key key = named(c, CACHE_CERTID, 1);
    struct cache_key path = named(c, CACHE_GET, 1);
    struct cached large = { .response = { der, sizeof der } };
    struct cached none = { .response = { der, 0 } };

    CHECK_STATUS(cache_put(c, &key, &large), BM_E_LIMIT);
    CHECK_STATUS(cache_put(c, &key, &none), BM_E_ARGUMENT);
    large.response.n = 10;
    CHECK_STATUS(cache_put(c, &path, &large), BM_E_ARGUMENT);
    CHECK(cache_count(c) == 0 && cache_octets(c) == 0);
    cache_free(c);
}

/* Against a model: the names as they should be, in any order of acts. */
static void any_row_of_acts_keeps_its_names(void)
{
    struct cache *c = new_cache(1 << 20);
    unsigned paths[50] = { 0 }; /* whose they are */
    uint32_t x = 12345;

    for (unsigned i = 0; i < 20000; i++) {
        unsigned number = (x = x * 1103515245 + 12345) >> 16 & 15;
        unsigned path = (x = x * 1103515245 + 12345) >> 16;

        path %= 50;
        put(c, number + 1, 10 + path);
        if (i % 3 == 0) {
            for (unsigned k = 0; k < 50; k++) {
                paths[k] = paths[k] == number + 1 ? 0 : paths[k];
            }
            paths[path] = number + 1;
            call(c, number + 1, CACHE_POST, path);
        }
        CHECK(get(c, CACHE_POST, path) == paths[path]);
    }
    CHECK(cache_count(c) == 16);
    cache_free(c);
}

int main(void)
{
    RUN(what_is_put_is_found);
    RUN(an_answer_goes_by_other_names);
    RUN(a_new_answer_takes_over_the_names);
    RUN(what_was_not_asked_for_gives_way);
    RUN(what_cannot_be_kept_is_refused);
    RUN(any_row_of_acts_keeps_its_names);
    return bm_test_done();
}
