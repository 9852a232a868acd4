/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/attribute.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* What is written, and how it is kept; NULL: it is refused. */
static const struct {
    const char *text;
    const char *value;
} cases[] = {
    { "serial=SN-1", "SN-1" },
    { "serial=a=b", "a=b" },
    { "serial=", "" },
    { "serial=\xc3\xbc", "\xc3\xbc" },
    { "serial=\xc3", NULL },
    { "serial=a\nb", NULL },
    { "serial=a\x7f", NULL },
    { "mac=00:1B:44:11:3A:B7", "00:1b:44:11:3a:b7" },
    { "mac=00-1b-44-11-3a-b7", "00:1b:44:11:3a:b7" },
    { "mac=001b44113ab7", "00:1b:44:11:3a:b7" },
    { "mac=00:1b:44:11:3a:b7:00:01", "00:1b:44:11:3a:b7:00:01" },
    { "mac=001b44113ab70001", "00:1b:44:11:3a:b7:00:01" },
    { "mac=", "" },
    { "mac=0", NULL },
    { "mac=00:1b:44:11:3a", NULL },
    { "mac=00:1b:44:11:3a:b", NULL },
    { "mac=00:1b:44:11:3a:b7:", NULL },
    { "mac=00:1b:44-11:3a:b7", NULL },
    { "mac=001b:44:11:3a:b7", NULL },
    { "mac=00:1b:44:11:3a:b7:00", NULL },
    { "mac=00:1b:44:11:3a:b7:00:01:02", NULL },
    { "mac=001b44113ab7000102", NULL },
    { "mac=00:1g:44:11:3a:b7", NULL },
    { "imei=490154203237518", "490154203237518" },
    { "imei=490154203237517", NULL },
    { "imei=49015420323751", NULL },
    { "imei=4901542032375180", NULL },
    { "imei=49015420323751a", NULL },
    { "uuid=F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
      "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" },
    { "uuid=f81d4fae7dec-11d0-a765-00a0c91e6bf6-", NULL },
    { "uuid=f81d4fae-7dec-11d0-a765-00a0c91e6bfg", NULL },
    { "uuid=f81d4fae-7dec-11d0-a765-00a0c91e6bf", NULL },
    { "key-method=salak", "salak" },
    { "key-method=Salak", NULL },
    { "key-transfer=network", "network" },
    { "key-transfer=post", NULL },
    { "label.room=12", "12" },
    { "label.a.b_c-d1=", "" },
    { "label.=12", NULL },
    { "label.Room=12", NULL },
    { "label..room=12", NULL },
    { "label=12", NULL },
    { "colour=red", NULL },
    { "=red", NULL },
    { "serial", NULL },
    { "", NULL },
};

static void a_value_is_kept_in_one_form_or_refused(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_attribute row;
        struct ca_refusal why = { BM_OK, "" };
        bm_status rc = ca_attribute_parse(text_of(cases[i].text), &row, &why);
        bool good = cases[i].value == NULL
                        ? rc == BM_E_CA_ATTRIBUTE && why.words[0] != '\0'
                        : rc == BM_OK && strcmp(row.value, cases[i].value) == 0;

        CHECK(good);
        if (!good) {
            printf("# %s: 0x%04x \"%s\"\n", cases[i].text, (unsigned)rc,
                   row.value);
        }
    }
}

static void what_is_kept_reads_the_same_again(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_attribute row;
        struct store_attribute again;
        char name[CA_ATTRIBUTE_NAME_MAX];

        if (ca_attribute_parse(text_of(cases[i].text), &row, NULL) != BM_OK) {
            continue;
        }
        ca_attribute_name(&row, name);
        CHECK(strncmp(cases[i].text, name, strlen(name)) == 0);
        CHECK_STATUS(
            ca_attribute_make(text_of(name), text_of(row.value), &again, NULL),
            BM_OK);
        CHECK(memcmp(&row, &again, sizeof row) == 0);
    }
}

static void values_and_names_of_labels_are_bounded(void)
{
    char text[512];
    struct store_attribute row;

    memset(text, 'a', sizeof text);
    memcpy(text, "serial=", 7);
    CHECK_STATUS(
        ca_attribute_parse(
            (struct bm_bytes){ (uint8_t *)text, 7 + STORE_VALUE_MAX - 1 }, &row,
            NULL),
        BM_OK);
    CHECK(strlen(row.value) == STORE_VALUE_MAX - 1);
    CHECK_STATUS(ca_attribute_parse(
                     (struct bm_bytes){ (uint8_t *)text, 7 + STORE_VALUE_MAX },
                     &row, NULL),
                 BM_E_CA_ATTRIBUTE);
    memcpy(text, "label.a", 7);
    text[6 + STORE_ID_MAX - 1] = '=';
    CHECK_STATUS(
        ca_attribute_parse(
            (struct bm_bytes){ (uint8_t *)text, 6 + STORE_ID_MAX }, &row, NULL),
        BM_OK);
    text[6 + STORE_ID_MAX - 1] = 'a';
    text[6 + STORE_ID_MAX] = '=';
    CHECK_STATUS(
        ca_attribute_parse(
            (struct bm_bytes){ (uint8_t *)text, 7 + STORE_ID_MAX }, &row, NULL),
        BM_E_CA_ATTRIBUTE);
}

/* Files and the store have numbers and names for ever. */
static void kinds_are_told_apart(void)
{
    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        CHECK(ca_attribute_named(text_of(k->name)) == k);
        CHECK(ca_attribute_of(k->kind) == k);
        CHECK(k->most > 0 && k->about != NULL);
    }
    CHECK(ca_attribute_of(0) == NULL);
    CHECK(ca_attribute_named(text_of("seria")) == NULL);
    CHECK(ca_attribute_named(text_of("serials")) == NULL);
}

int main(void)
{
    RUN(a_value_is_kept_in_one_form_or_refused);
    RUN(what_is_kept_reads_the_same_again);
    RUN(values_and_names_of_labels_are_bounded);
    RUN(kinds_are_told_apart);
    return bm_test_done();
}
