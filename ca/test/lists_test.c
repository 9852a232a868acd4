/* SPDX-License-Identifier: Apache-2.0 */

/* Where the lists of a CA are, and what they are called. */
#include <stdio.h>
#include <string.h>

#include "ca/lists.h"
#include "tests/harness/bm_test.h"

static const struct {
    uint32_t list;
    const char *path; /* NULL: there is no such list */
    const char *name;
} rows[] = {
    { STORE_LIST_COMPLETE, "crl/issuing-2.crl", "" },
    { 1, "crl/issuing-2/1.crl", "shard 1" },
    { 10, "crl/issuing-2/10.crl", "shard 10" },
    { STORE_SHARDS_MAX, "crl/issuing-2/1024.crl", "shard 1024" },
    { STORE_SHARDS_MAX + 1, NULL, NULL },
    { STORE_LIST_DELTA - 1, NULL, NULL },
    { STORE_LIST_DELTA, "crl/issuing-2-delta.crl", "delta" },
};

static void each_list_has_one_place_and_one_name(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[CA_LIST_PATH_MAX];
        char url[CA_LIST_URL_MAX];
        char want[CA_LIST_URL_MAX];
        char name[CA_LIST_NAME_MAX];
        uint32_t list = 77;

        if (rows[i].path == NULL) {
            CHECK_STATUS(ca_list_path("issuing-2", rows[i].list, path),
                         BM_E_ARGUMENT);
            continue;
        }
        CHECK_STATUS(ca_list_path("issuing-2", rows[i].list, path), BM_OK);
        CHECK(strcmp(path, rows[i].path) == 0);
        CHECK_STATUS(ca_list_url("http://h:1", "issuing-2", rows[i].list, url),
                     BM_OK);
        (void)snprintf(want, sizeof want, "http://h:1/%s", path);
        CHECK(strcmp(url, want) == 0);
        ca_list_name(rows[i].list, name);
        CHECK(strcmp(name, rows[i].name) == 0);
        CHECK(ca_list_named(
                  (struct bm_bytes){ (const uint8_t *)name, strlen(name) },
                  &list) &&
              list == rows[i].list);
    }
}

static void the_longest_id_fits_and_a_base_may_not(void)
{
    char id[STORE_ID_MAX];
    char base[CA_LIST_URL_MAX];
    char path[CA_LIST_PATH_MAX];
    char url[CA_LIST_URL_MAX];

    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    memset(base, 'b', sizeof base - 1);
    base[sizeof base - 1] = '\0';
    CHECK_STATUS(ca_list_path(id, STORE_SHARDS_MAX, path), BM_OK);
    CHECK_STATUS(ca_list_path(id, STORE_LIST_DELTA, path), BM_OK);
    CHECK_STATUS(ca_list_url(base, id, 1, url), BM_E_LIMIT);
}

static const struct {
    const char *text;
    uint32_t shard;
} numbers[] = {
    { "1.crl", 1 },
    { "1024.crl", 1024 },
    { "1025.crl", 0 },
    { "0.crl", 0 },
    { "01.crl", 0 },
    { ".crl", 0 },
    { "crl", 0 },
    { "", 0 },
    { "1", 0 },
    { "1.crl ", 0 },
    { "+1.crl", 0 },
    { "1.CRL", 0 },
    { "a.crl", 0 },
    { "4294967297.crl", 0 },
    { "1.crl.crl", 0 },
    { "999.crl", 999 },
    { "18446744073709551617.crl", 0 },
};

static void numbers_of_shards_are_written_the_one_way(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *t = numbers[i].text;

        CHECK(ca_list_shard((struct bm_bytes){
                  (const uint8_t *)t, strlen(t) }) == numbers[i].shard);
    }
}

static void other_words_name_no_list(void)
{
    static const char *const words[] = { "shard",    "shard ",     "shard 0",
                                         "shard 01", "shard 1025", "Delta",
                                         "deltas",   "abandoned",  "shard 1 " };
    uint32_t list = 7;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        CHECK(!ca_list_named(
            (struct bm_bytes){ (const uint8_t *)words[i], strlen(words[i]) },
            &list));
        CHECK(list == STORE_LIST_COMPLETE);
    }
}

static void an_id_that_is_a_deltas_is_none(void)
{
    CHECK(ca_list_id_valid("issuing") && ca_list_id_valid("delta") &&
          ca_list_id_valid("issuing-delta-2"));
    CHECK(!ca_list_id_valid("issuing-delta"));
}

int main(void)
{
    RUN(each_list_has_one_place_and_one_name);
    RUN(the_longest_id_fits_and_a_base_may_not);
    RUN(numbers_of_shards_are_written_the_one_way);
    RUN(other_words_name_no_list);
    RUN(an_id_that_is_a_deltas_is_none);
    return bm_test_done();
}
