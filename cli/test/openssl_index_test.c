/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/openssl_index.h"

#include <stdlib.h>
#include <string.h>

#include "core/crl.h"
#include "tests/harness/bm_test.h"

/* As OpenSSL 3 writes it. */
static const char sample[] =
    "V\t290101000000Z\t\t01\tunknown\t/O=Old Ltd/CN=dev0\n"
    "R\t290101000000Z\t261125220000Z,keyCompromise\t1A2B\tunknown\t/CN=dev1\n"
    "R\t290101000000Z\t261125220001Z\t03\tunknown\t/CN=dev2\n"
    "E\t20510101000000Z\t\tff\tunknown\t/CN=dev3\n";

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static void an_index_of_openssl_is_read(void)
{
    static const struct {
        const char *serial;
        bool revoked;
        uint8_t reason;
        int64_t at;
    } want[] = {
        { "01", false, 0, 0 },
        { "1A2B", true, BM_REASON_KEY_COMPROMISE, INT64_C(1795644000) },
        { "03", true, BM_REASON_UNSPECIFIED, INT64_C(1795644001) },
        { "ff", false, 0, 0 },
    };
    struct bm_bytes text = view(sample);
    struct openssl_index_entry e;

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        CHECK_STATUS(openssl_index_next(&text, &e), BM_OK);
        CHECK(strcmp(e.serial, want[i].serial) == 0);
        CHECK(e.revoked == want[i].revoked);
        CHECK(e.reason == want[i].reason);
        CHECK(e.revoked_at == want[i].at);
    }
    CHECK_STATUS(openssl_index_next(&text, &e), BM_E_END);
}

static void reasons_are_those_of_openssl(void)
{
    static const struct {
        const char *word;
        uint8_t reason;
    } cases[] = {
        { "CACompromise", BM_REASON_CA_COMPROMISE },
        { "affiliationChanged", BM_REASON_AFFILIATION },
        { "superseded", BM_REASON_SUPERSEDED },
        { "cessationOfOperation", BM_REASON_CESSATION },
        { "certificateHold", BM_REASON_HOLD },
        { "holdInstruction,holdInstructionReject", BM_REASON_HOLD },
        { "keyTime,20260101000000Z", BM_REASON_KEY_COMPROMISE },
        { "CAkeyTime,20260101000000Z", BM_REASON_CA_COMPROMISE },
        { "unspecified", BM_REASON_UNSPECIFIED },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct openssl_index_entry e;
        struct bm_bytes text;
        char line[160];

        (void)snprintf(line, sizeof line,
                       "R\t290101000000Z\t261125220000Z,%s\t01\tunknown\t/CN=x",
                       cases[i].word);
        text = view(line);
        CHECK_STATUS(openssl_index_next(&text, &e), BM_OK);
        CHECK(e.revoked && e.reason == cases[i].reason);
    }
}

static void what_is_no_line_is_refused(void)
{
    static const char *const lines[] = {
        "x",
        "V\t290101000000Z\t\t\tunknown\t/CN=x\n",
        "V\t290101000000Z\t\t0g\tunknown\t/CN=x\n",
        "Q\t290101000000Z\t\t01\tunknown\t/CN=x\n",
        "VV\t290101000000Z\t\t01\tunknown\t/CN=x\n",
        "R\t290101000000Z\t\t01\tunknown\t/CN=x\n",
        "R\t290101000000Z\t269925220000Z\t01\tunknown\t/CN=x\n",
        "V\t2\t\t00000000000000000000000000000000000000001\tunknown\t/CN=x\n",
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct bm_bytes text = view(lines[i]);
        struct openssl_index_entry e;

        CHECK_STATUS(openssl_index_next(&text, &e), BM_E_CONFIG_VALUE);
        CHECK(text.p == (const uint8_t *)lines[i]);
        CHECK(e.serial[0] == '\0');
    }
}

/* A copy of exactly these octets, so that a sanitizer sees what is beyond. */
static void read_all(const uint8_t *octets, size_t n)
{
    uint8_t *copy = malloc(n + 1);
    struct bm_bytes text = { copy, n };
    struct openssl_index_entry e;
    bm_status rc = BM_OK;

    if (copy == NULL) {
        return;
    }
    memcpy(copy, octets, n);
    while (rc == BM_OK) {
        size_t before = text.n;

        rc = openssl_index_next(&text, &e);
        CHECK(rc != BM_OK || text.n < before);
        CHECK(rc == BM_OK || rc == BM_E_END || rc == BM_E_CONFIG_VALUE);
    }
    free(copy);
}

static void every_prefix_and_every_flipped_bit_ends(void)
{
    uint8_t bent[sizeof sample];

    for (size_t n = 0; n < sizeof sample; n++) {
        read_all((const uint8_t *)sample, n);
    }
    for (size_t bit = 0; bit < 8 * (sizeof sample - 1); bit++) {
        memcpy(bent, sample, sizeof sample);
        bent[bit / 8] ^= (uint8_t)(1 << bit % 8);
        read_all(bent, sizeof sample - 1);
    }
}

int main(void)
{
    RUN(an_index_of_openssl_is_read);
    RUN(reasons_are_those_of_openssl);
    RUN(what_is_no_line_is_refused);
    RUN(every_prefix_and_every_flipped_bit_ends);
    return bm_test_done();
}
