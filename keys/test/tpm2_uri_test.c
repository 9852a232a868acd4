/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keys/tpm2.h"
#include "tests/harness/bm_test.h"

static const struct bm_key_tpm2_uri zero;

static void a_uri_is_read(void)
{
    static const struct {
        const char *rest;
        struct bm_key_tpm2_uri uri;
    } cases[] = {
        { "0x81010001", { 0x81010001, "", "" } },
        { "0x81000000", { 0x81000000, "", "" } },
        { "0x81ffFFff", { 0x81ffffff, "", "" } },
        { "0x81010001?tcti=device:/dev/tpmrm0",
          { 0x81010001, "device:/dev/tpmrm0", "" } },
        { "0x81010001?tcti=swtpm:host=127.0.0.1,port=2321",
          { 0x81010001, "swtpm:host=127.0.0.1,port=2321", "" } },
        { "0x81010001?auth-source=file:/etc/birthmark/auth",
          { 0x81010001, "", "/etc/birthmark/auth" } },
        { "0x81010001?auth-source=file:/a&tcti=swtpm:path=/run/t?p",
          { 0x81010001, "swtpm:path=/run/t?p", "/a" } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bm_key_tpm2_uri uri;

        CHECK_STATUS(bm_key_tpm2_parse(cases[i].rest, &uri), BM_OK);
        CHECK(uri.handle == cases[i].uri.handle);
        CHECK(strcmp(uri.tcti, cases[i].uri.tcti) == 0);
        CHECK(strcmp(uri.auth_file, cases[i].uri.auth_file) == 0);
    }
}

static void what_is_not_understood_is_refused(void)
{
    static const char *const cases[] = {
        "",
        "0x",
        "0x8101000",
        "0x810100011",
        "0X81010001",
        "81010001",
        "0x80ffffff",
        "0x82000000",
        "0x8101000g",
        "0x+1010001",
        " 0x81010001",
        "0x81010001 ",
        "0x81010001\n",
        "0x81010001?",
        "0x81010001?tcti",
        "0x81010001?tcti=",
        "0x81010001?tcti=&auth-source=file:/a",
        "0x81010001?Tcti=device:/dev/tpm0",
        "0x81010001?tcti=a&tcti=b",
        "0x81010001?tcti=a&",
        "0x81010001?tcti=a?auth-source=file:/a&",
        "0x81010001&tcti=a",
        "0x81010001?tcti=a b",
        "0x81010001?tcti=a%20b",
        "0x81010001?tcti=a#b",
        "0x81010001?tcti=\x80",
        "0x81010001?auth-source=/a",
        "0x81010001?auth-source=file:",
        "0x81010001?auth-source=file:a",
        "0x81010001?auth-source=file:/a&auth-source=file:/a",
        "0x81010001?auth-value=1234",
        "0x81010001?pin-value=1234",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bm_key_tpm2_uri uri;

        memset(&uri, 0xff, sizeof uri);
        CHECK_STATUS(bm_key_tpm2_parse(cases[i], &uri), BM_E_KEYS_URI);
        CHECK(memcmp(&uri, &zero, sizeof uri) == 0);
    }
}

static void a_part_has_a_longest_length(void)
{
    char rest[16 + BM_KEY_TPM2_TCTI_MAX + 2] = "0x81010001?tcti=";
    size_t n = strlen(rest);
    struct bm_key_tpm2_uri uri;

    memset(rest + n, 'a', BM_KEY_TPM2_TCTI_MAX - 1);
    CHECK_STATUS(bm_key_tpm2_parse(rest, &uri), BM_OK);
    CHECK(strlen(uri.tcti) == BM_KEY_TPM2_TCTI_MAX - 1);
    rest[n + BM_KEY_TPM2_TCTI_MAX - 1] = 'a';
    CHECK_STATUS(bm_key_tpm2_parse(rest, &uri), BM_E_KEYS_URI);
}

#define WHOLE "0x81010001?tcti=swtpm:path=/s&auth-source=file:/a"

/* A prefix is a URI of its own only at the end of a part. */
static void every_prefix_is_read_or_refused(void)
{
    char rest[sizeof WHOLE];
    size_t good = 0;

    for (size_t n = 0; n < sizeof WHOLE; n++) {
        struct bm_key_tpm2_uri uri;

        memcpy(rest, WHOLE, n);
        rest[n] = '\0';
        if (bm_key_tpm2_parse(rest, &uri) == BM_OK) {
            good++;
            CHECK(uri.handle == 0x81010001);
        } else {
            CHECK(memcmp(&uri, &zero, sizeof uri) == 0);
        }
    }
    /* The handle, from "tcti=s" to its end, and "file:/" and "file:/a". */
    CHECK(good == 1 + strlen("swtpm:path=/s") + 2);
}

/* A flipped bit is another value, or nothing; never the same one. */
static void every_flipped_bit_is_seen(void)
{
    struct bm_key_tpm2_uri whole;
    char rest[sizeof WHOLE];

    CHECK_STATUS(bm_key_tpm2_parse(WHOLE, &whole), BM_OK);
    for (size_t bit = 0; bit < 8 * (sizeof WHOLE - 1); bit++) {
        struct bm_key_tpm2_uri uri;
        char *at = rest + bit / 8;

        memcpy(rest, WHOLE, sizeof rest);
        *at = (char)((unsigned char)*at ^ (1u << bit % 8));
        if (bm_key_tpm2_parse(rest, &uri) == BM_OK) {
            CHECK(memcmp(&uri, &whole, sizeof uri) != 0);
            CHECK(uri.handle >> 24 == 0x81);
        } else {
            CHECK(memcmp(&uri, &zero, sizeof uri) == 0);
        }
    }
}

static void a_tcti_says_where_it_leads(void)
{
    static const struct {
        const char *tcti;
        bm_status rc;
        enum bm_key_tpm2_place place;
        const char *path;
    } cases[] = {
        { "device:/dev/tpmrm0", BM_OK, BM_KEY_TPM2_DEVICE, "/dev/tpmrm0" },
        { "swtpm:path=/run/s", BM_OK, BM_KEY_TPM2_UNIX, "/run/s" },
        { "swtpm:host=127.0.0.1,port=1", BM_OK, BM_KEY_TPM2_TCP, NULL },
        { "mssim:host=localhost", BM_OK, BM_KEY_TPM2_TCP, NULL },
        { "cmd:sh -c true", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
        { "pcap:device:/dev/tpm0", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
        { "/tmp/evil.so:x", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
        { "device", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
        { "device:", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
        { "", BM_E_KEYS_URI, BM_KEY_TPM2_DEVICE, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bm_key_tpm2_tcti where;

        CHECK_STATUS(bm_key_tpm2_tcti(cases[i].tcti, &where), cases[i].rc);
        CHECK(where.place == cases[i].place);
        CHECK((where.path == NULL) == (cases[i].path == NULL));
        CHECK(where.path == NULL || strcmp(where.path, cases[i].path) == 0);
    }
}

int main(void)
{
    RUN(a_uri_is_read);
    RUN(what_is_not_understood_is_refused);
    RUN(a_part_has_a_longest_length);
    RUN(every_prefix_is_read_or_refused);
    RUN(every_flipped_bit_is_seen);
    RUN(a_tcti_says_where_it_leads);
    return bm_test_done();
}
