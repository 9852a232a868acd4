/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/event_kind.h"

#include <stdio.h>
#include <string.h>

#include "core/event.h"
#include "tests/harness/bm_test.h"

static struct bm_bytes text_of(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static void each_kind_is_one_and_fits(void)
{
    for (size_t i = 0; ca_event_kinds[i].name != NULL; i++) {
        const struct ca_event_kind *k = &ca_event_kinds[i];

        CHECK(strlen(k->name) < STORE_ID_MAX && strlen(k->name) <= 32);
        CHECK(ca_event_kind_find(text_of(k->name)) == k);
        CHECK(ca_event_kind_is(text_of(k->name)));
        CHECK((i < CA_ASKED_N) == (k->is == CA_EVENT_ASKED));
        CHECK((strchr(k->name, '.') != NULL) == (k->is == CA_EVENT_ASKED));
        CHECK(k->says != NULL && (!k->warns || k->is == CA_EVENT_NOTICED));
    }
}

static const struct {
    const char *word;
    bool is;
    uint32_t asks;
} words[] = {
    { "claimed", true, 0 },
    { "noticed", true, 0 },
    { "fork", true, 0 },
    { "started", true, 0 },
    { "application-64", true, 0 },
    { "application-65535", true, 0 },
    { "certificate", true, 0x1f },
    { "certificate.issued", true, 1U << CA_ASKED_ISSUED },
    { "certificate.released", true, 1U << CA_ASKED_RELEASED },
    { "batch", true, 1U << CA_ASKED_BATCH },
    { "request.waiting", true, 1U << CA_ASKED_REQUEST },
    { "", false, 0 },
    { "forks", false, 0 },
    { "for", false, 0 },
    { "Fork", false, 0 },
    { "certificat", false, 0 },
    { "certificate.", false, 0 },
    { "certificate.issue", false, 0 },
    { "application-", false, 0 },
    { "application-63", false, 0 },
    { "application-064", false, 0 },
    { "application-64x", false, 0 },
    { "application-99999999999999999999", false, 0 },
    { "kind-20", false, 0 },
    { "20", false, 0 },
};

static void a_word_is_a_kind_or_stands_for_many(void)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct bm_bytes word = text_of(words[i].word);

        CHECK(ca_event_kind_is(word) == words[i].is);
        CHECK(ca_event_kind_asks(word) == words[i].asks);
    }
}

static void what_devices_tell_has_names_of_the_table(void)
{
    char name[STORE_ID_MAX];

    for (unsigned number = 1; number <= BM_EVENT_MISSED; number++) {
        const struct ca_event_kind *k;

        ca_event_kind_name(number, name);
        k = ca_event_kind_find(text_of(name));
        CHECK(k != NULL && k->is == CA_EVENT_CLAIMED);
    }
    ca_event_kind_name(BM_EVENT_MISSED + 1, name);
    CHECK(strcmp(name, "kind-14") == 0);
    ca_event_kind_name(UINT16_MAX, name);
    CHECK(strcmp(name, "application-65535") == 0);
}

static void a_word_for_many_is_of_one_class(void)
{
    struct store_event e = { .kind = "fork" };

    CHECK(ca_event_kind_has(text_of("fork"), &e));
    CHECK(ca_event_kind_has(text_of(CA_KIND_NOTICED), &e));
    CHECK(!ca_event_kind_has(text_of(CA_KIND_CLAIMED), &e));
    CHECK(!ca_event_kind_has(text_of("clone"), &e));
    e.claimed = true;
    CHECK(ca_event_kind_has(text_of(CA_KIND_CLAIMED), &e));
    CHECK(!ca_event_kind_has(text_of(CA_KIND_NOTICED), &e));
}

int main(void)
{
    RUN(each_kind_is_one_and_fits);
    RUN(a_word_is_a_kind_or_stands_for_many);
    RUN(what_devices_tell_has_names_of_the_table);
    RUN(a_word_for_many_is_of_one_class);
    return bm_test_done();
}
