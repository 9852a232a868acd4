/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keys/pkcs11.h"
#include "tests/harness/bm_test.h"

static void uris_of_keys_are_taken(void)
{
    static const char *const good[] = {
        "token=one;object=a",
        "object=a",
        "id=%00",
        "id=%00%01;object=a;type=private",
        "serial=0a1b;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;id=a",
        "slot-id=7;slot-manufacturer=x;slot-description=y;object=a",
        "library-manufacturer=x;library-description=y;library-version=2.6;id=a",
        "token=one;object=a?module-path=/usr/lib/x.so",
        "token=one;object=a?pin-source=file:/etc/pin",
        "token=one;object=a?pin-source=file:///etc/pin&module-path=/x.so",
        "token=%25;object=%3b",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(bm_key_pkcs11_uri_check(good[i]), BM_OK);
    }
}

static void anything_else_is_refused(void)
{
    static const char *const bad[] = {
        "",
        ";",
        "?",
        "token=one", /* no key */
        "token=one;type=private",
        "object=", /* names nothing */
        "id=",
        "object",
        "=a",
        "object=a;",
        ";object=a",
        "object=a;;id=a",
        "object=a?",
        "object=a;object=b", /* RFC 7512 2.3: once */
        "object=a;token=a;token=a",
        "object=a?pin-source=file:/a&pin-source=file:/b",
        "object=a;type=public",
        "object=a;type=cert",
        "object=a;type=data",
        "object=a;type=secret-key",
        "object=a;type=x",
        "object=a;x-vendor=b", /* unknown */
        "object=a;pin-source=file:/a",
        "object=a?token=one",
        "object=a?x-vendor=b",
        "object=a?pin-value=1234", /* a secret */
        "object=a?pin-source=file:/a&pin-value=1234",
        "object=a;pin-value=1234",
        "object=a?module-name=softhsm2",
        "object=a?pin-source=/etc/pin",
        "object=a?pin-source=file:pin",
        "object=a?pin-source=file://host/pin",
        "object=a?pin-source=file:",
        "object=a?pin-source=|/bin/cat%20pin",
        "object=a?pin-source=file:/a%00b",
        "object=a?module-path=/x%00.so",
        "object=a b", /* p11-kit would take the blank out */
        "object=a\n",
        "object=\xc3\xa4",
        "object=%",
        "object=%4",
        "object=%4g",
        "object=a#b",
        "slot-id=x;object=a",
        "library-version=x;object=a",
        "object=a??pin-source=file:/a",
        "Object=a",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(bm_key_pkcs11_uri_check(bad[i]), BM_E_KEYS_URI);
        if (bm_key_pkcs11_uri_check(bad[i]) != BM_E_KEYS_URI) {
            printf("# %s\n", bad[i]);
        }
    }
}

static void a_uri_is_no_longer_than_others(void)
{
    char text[BM_KEY_URI_MAX + 8] = "object=";
    size_t head = strlen(text);

    memset(text + head, 'a', BM_KEY_URI_MAX - 1 - head);
    text[BM_KEY_URI_MAX - 1] = '\0';
    CHECK_STATUS(bm_key_pkcs11_uri_check(text), BM_OK);
    text[BM_KEY_URI_MAX - 1] = 'a';
    text[BM_KEY_URI_MAX] = '\0';
    CHECK_STATUS(bm_key_pkcs11_uri_check(text), BM_E_KEYS_URI);
}

static const char whole[] =
    "token=the%20token;id=%01%ff;object=issuing;serial=0a;slot-id=12;"
    "library-version=2.6;type=private?pin-source=file:/etc/pin&"
    "module-path=/usr/lib/x.so";

/* Only those that end where an attribute does say the same, or less. */
static void each_prefix_is_taken_or_refused(void)
{
    char text[sizeof whole];
    size_t good = 0;

    for (size_t n = 0; n < sizeof whole; n++) {
        bm_status rc;

        memcpy(text, whole, n);
        text[n] = '\0';
        rc = bm_key_pkcs11_uri_check(text);
        CHECK(rc == BM_OK || rc == BM_E_KEYS_URI);
        good += rc == BM_OK;
        CHECK(rc != BM_OK || strstr(text, "id=%01") != NULL);
    }
    CHECK(good > 10 && good < sizeof whole / 2);
}

static void each_bit_may_flip(void)
{
    char text[sizeof whole];

    for (size_t bit = 0; bit < 8 * (sizeof whole - 1); bit++) {
        bm_status rc;

        memcpy(text, whole, sizeof whole);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        rc = bm_key_pkcs11_uri_check(text);
        CHECK(rc == BM_OK || rc == BM_E_KEYS_URI);
        /* No name is another one after a flip. */
        CHECK(bit / 8 >= 6 || rc == BM_E_KEYS_URI);
    }
}

int main(void)
{
    RUN(uris_of_keys_are_taken);
    RUN(anything_else_is_refused);
    RUN(a_uri_is_no_longer_than_others);
    RUN(each_prefix_is_taken_or_refused);
    RUN(each_bit_may_flip);
    return bm_test_done();
}
