/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "tests/harness/bm_test.h"

static size_t distance(const char *word, const char *name)
{
    size_t least = 1000;

    return config_is_nearer(word, name, &least) ? least : SIZE_MAX;
}

static void a_distance_counts_letters_to_change(void)
{
    CHECK(distance("show", "show") == 0);
    CHECK(distance("shwo", "show") == 1);
    CHECK(distance("hsow", "show") == 1);
    CHECK(distance("hswo", "show") == 2);
    CHECK(distance("clr", "crl") == 1);
    CHECK(distance("clr", "ca") == 2);
    CHECK(distance("sow", "show") == 1);
    CHECK(distance("shows", "show") == 1);
    CHECK(distance("", "show") == 4);
    CHECK(distance("show", "") == 4);
    CHECK(distance("kitten", "sitting") == 3);
}

static void long_words_are_near_to_nothing(void)
{
    CHECK(distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a") == SIZE_MAX);
    CHECK(distance("a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == SIZE_MAX);
    CHECK(distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a") == 31);
}

static void only_the_nearer_one_counts(void)
{
    size_t least = CONFIG_NEAR_MAX + 1;

    CHECK(config_is_nearer("subjct", "subjects", &least) && least == 2);
    CHECK(!config_is_nearer("subjct", "object", &least) && least == 2);
    CHECK(config_is_nearer("subjct", "subject", &least) && least == 1);
    CHECK(!config_is_nearer("subjct", "subjact", &least));
}

int main(void)
{
    RUN(a_distance_counts_letters_to_change);
    RUN(long_words_are_near_to_nothing);
    RUN(only_the_nearer_one_counts);
    return bm_test_done();
}
