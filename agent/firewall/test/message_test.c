/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/message.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static void a_request_is_read_as_it_was_written(void)
{
    const struct firewall_head apply = { FIREWALL_APPLY, 2, 308 };
    uint8_t octets[FIREWALL_HEAD];
    struct firewall_head head;

    firewall_head_put(&apply, octets);
    CHECK(firewall_head_get(octets, &head));
    CHECK(head.what == FIREWALL_APPLY && head.word == 2 && head.n == 308);
}

static void what_is_no_request_is_refused(void)
{
    static const uint8_t bad[][FIREWALL_HEAD] = {
        { 0, 0, 0, 0, 0, 0, 0, 0 },    { 3, 0, 0, 0, 0, 0, 0, 0 },
        { 1, 3, 0, 0, 0, 0, 0, 1 },    { 1, 0, 1, 0, 0, 0, 0, 1 },
        { 1, 0, 0, 1, 0, 0, 0, 1 },    { 1, 0, 0, 0, 0, 0x10, 0, 1 },
        { 1, 0, 0, 0, 0xff, 0, 0, 0 }, { 2, 2, 0, 0, 0, 0, 0, 0 },
        { 2, 0, 0, 0, 0, 0, 0, 1 },
    };
    struct firewall_head head;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!firewall_head_get(bad[i], &head));
    }
}

static const struct firewall_count rows[] = {
    { FIREWALL_REASON, 1, "default" },
    { FIREWALL_DROPPED, UINT64_MAX, "in-telnet" },
    { FIREWALL_LIMITED, 7, "out-0123456789012345678901234567890" },
};

static size_t write_rows(uint8_t room[FIREWALL_COUNTS_MAX])
{
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, room, FIREWALL_COUNTS_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        firewall_count_put(&w, &rows[i]);
    }
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return n;
}

static void counts_are_read_as_they_were_written(void)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_bytes list = { room, write_rows(room) };
    struct firewall_count c;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(firewall_count_next(&list, &c));
        CHECK(c.kind == rows[i].kind && c.frames == rows[i].frames);
        CHECK(strcmp(c.name, rows[i].name) == 0);
    }
    CHECK(!firewall_count_next(&list, &c) && list.n == 0);
}

static void no_prefix_of_counts_has_more_of_them(void)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    const size_t n = write_rows(room);
    struct firewall_count c;

    for (size_t cut = 0; cut < n; cut++) {
        struct bm_bytes list = { room, cut };
        size_t found = 0;

        while (firewall_count_next(&list, &c)) {
            found++;
        }
        CHECK(found < sizeof rows / sizeof *rows);
    }
}

static void a_name_that_does_not_fit_is_none(void)
{
    uint8_t room[10 + FIREWALL_NAME_MAX] = { FIREWALL_REASON };
    struct bm_bytes list = { room, sizeof room };
    struct firewall_count c;

    memset(room + 10, 'a', FIREWALL_NAME_MAX);
    room[9] = FIREWALL_NAME_MAX;
    CHECK(!firewall_count_next(&list, &c));
    room[9] = 0;
    CHECK(!firewall_count_next(&list, &c));
    room[9] = 3;
    room[11] = '\0';
    CHECK(!firewall_count_next(&list, &c));
    room[11] = 'a';
    room[0] = FIREWALL_REASON + 1;
    CHECK(!firewall_count_next(&list, &c));
    room[0] = FIREWALL_REASON;
    CHECK(firewall_count_next(&list, &c) && strcmp(c.name, "aaa") == 0);
}

int main(void)
{
    RUN(a_request_is_read_as_it_was_written);
    RUN(what_is_no_request_is_refused);
    RUN(counts_are_read_as_they_were_written);
    RUN(no_prefix_of_counts_has_more_of_them);
    RUN(a_name_that_does_not_fit_is_none);
    return bm_test_done();
}
