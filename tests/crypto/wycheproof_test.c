/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wycheproof_test FILE: verify each line of FILE (see wycheproof.py) with the
 * provider under test. A key type that it lacks is counted, not failed.
 */
#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

/* The longest field of the vectors is a signature of 4 KB. */
#define FIELD_MAX 8192
#define LINE_MAX  (6 * FIELD_MAX)

static const char *path;

static const char *field(char **rest)
{
    char *start = *rest;

    *rest += strcspn(*rest, " \n");
    if (**rest != '\0') {
        *(*rest)++ = '\0';
    }
    return start;
}

/* True if the provider has the algorithm. */
static bool check(char *line)
{
    const struct bm_crypto *c = bm_test_crypto();
    static uint8_t buf[3][FIELD_MAX];
    const char *result = field(&line);
    const char *name = field(&line);
    struct bm_bytes spki = bm_hex(field(&line) + 1, buf[0], FIELD_MAX);
    struct bm_bytes message = bm_hex(field(&line) + 1, buf[1], FIELD_MAX);
    struct bm_bytes sig = bm_hex(field(&line) + 1, buf[2], FIELD_MAX);
    struct bm_spki key;
    bm_status rc;

    CHECK_STATUS(bm_spki_parse(spki, NULL, &key), BM_OK);
    rc = c->verify(c->self, &key, bm_sig_alg_for(key.type), message, sig);
    if (rc == BM_E_CRYPTO_UNSUPPORTED) {
        return false;
    }
    bm_check_status((unsigned)rc,
                    strcmp(result, "valid") == 0 ? BM_OK : BM_E_SIGNATURE, name,
                    __FILE__, __LINE__);
    return true;
}

static void verdicts_are_those_of_wycheproof(void)
{
    static char line[LINE_MAX];
    FILE *f = fopen(path, "r");
    unsigned done = 0;
    unsigned lacked = 0;

    CHECK(f != NULL);
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned *count = check(line) ? &done : &lacked;

        ++*count;
    }
    CHECK(done >= 400); /* the P-256 ones at least */
    printf("# %u vectors, %u of an algorithm that this provider lacks\n", done,
           lacked);
    if (f != NULL) {
        fclose(f);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: wycheproof_test FILE\n");
        return 2;
    }
    path = argv[1];
    RUN(verdicts_are_those_of_wycheproof);
    return bm_test_done();
}
