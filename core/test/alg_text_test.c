/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

#include "tests/harness/bm_test.h"

/* All names of one kind differ, and only the first may say "don't know". */
static void check_distinct(const char *(*name)(unsigned), unsigned last)
{
    for (unsigned i = 0; i <= last; i++) {
        CHECK(name(i)[0] != '\0');
        for (unsigned j = 0; j < i; j++) {
            CHECK(strcmp(name(i), name(j)) != 0);
        }
    }
    CHECK(strcmp(name(last + 1), name(0)) == 0);
}

static const char *key_name(unsigned i)
{
    return bm_key_type_name((enum bm_key_type)i);
}

static const char *sig_name(unsigned i)
{
    return bm_sig_alg_name((enum bm_sig_alg)i);
}

static const char *hash_name(unsigned i)
{
    return bm_hash_name((enum bm_hash)i);
}

static void each_algorithm_has_a_name_of_its_own(void)
{
    check_distinct(key_name, BM_KEY_MLDSA87);
    check_distinct(sig_name, BM_SIG_MLDSA87);
    check_distinct(hash_name, BM_HASH_SHA512);
}

static void names_are_those_people_know(void)
{
    CHECK(strcmp(bm_key_type_name(BM_KEY_P256), "ECDSA P-256") == 0);
    CHECK(strcmp(bm_sig_alg_name(BM_SIG_ECDSA_SHA256), "ecdsa-with-SHA256") ==
          0);
    CHECK(strcmp(bm_hash_name(BM_HASH_SHA256), "SHA-256") == 0);
}

int main(void)
{
    RUN(each_algorithm_has_a_name_of_its_own);
    RUN(names_are_those_people_know);
    return bm_test_done();
}
