/* SPDX-License-Identifier: Apache-2.0 */
#include "core/time.h"
#include "device/renewal.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define DAY   INT64_C(86400)
#define BIRTH INT64_C(1767225600)

static struct bm_bytes key_of(uint32_t device, uint8_t room[20])
{
    for (size_t i = 0; i < 20; i++) {
        room[i] = (uint8_t)(device >> (i % 4 * 8));
    }
    return (struct bm_bytes){ room, 20 };
}

static void a_device_renews_between_two_thirds_and_three_quarters(void)
{
    static const int64_t lives[] = { 3600,        7 * DAY,
                                     90 * DAY,    365 * DAY,
                                     36500 * DAY, BM_TIME_NEVER - BIRTH };
    uint8_t room[20];

    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        for (uint32_t d = 0; d < 500; d++) {
            int64_t t = bm_renewal_moment(BIRTH, BIRTH + lives[i], NULL,
                                          key_of(d, room));

            CHECK(t >= BIRTH + lives[i] / 3 * 2);
            CHECK(t <= BIRTH + lives[i] / 4 * 3);
        }
    }
}

static void what_the_server_says_goes_first(void)
{
    struct bm_renewal_window said = { BIRTH + 10 * DAY, BIRTH + 12 * DAY };
    uint8_t room[20];

    for (uint32_t d = 0; d < 500; d++) {
        int64_t t =
            bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, &said, key_of(d, room));

        CHECK(t >= said.start && t < said.end);
    }
}

static void nonsense_of_a_server_counts_as_nothing(void)
{
    static const struct bm_renewal_window windows[] = {
        { 0, 0 },
        { BIRTH - 1, BIRTH + DAY },
        { BIRTH + DAY, BIRTH + 91 * DAY },
        { BIRTH + 2 * DAY, BIRTH + DAY },
        { BIRTH + DAY, BIRTH + DAY },
        { INT64_MIN, INT64_MAX },
    };
    uint8_t room[20];

    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct bm_bytes key = key_of((uint32_t)i, room);

        CHECK(bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, &windows[i], key) ==
              bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, NULL, key));
    }
}

static void the_moment_is_the_same_after_a_restart(void)
{
    uint8_t room[20];
    int64_t t =
        bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, NULL, key_of(7, room));

    CHECK(t ==
          bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, NULL, key_of(7, room)));
}

/* Ten parts of the window, a thousand devices: no part is empty or crowded. */
static void a_fleet_is_spread_over_the_window(void)
{
    int64_t from = BIRTH + 60 * DAY;
    int64_t window = BIRTH + 90 * DAY / 4 * 3 - from;
    unsigned parts[10] = { 0 };
    uint8_t room[20];

    for (uint32_t d = 0; d < 1000; d++) {
        int64_t t =
            bm_renewal_moment(BIRTH, BIRTH + 90 * DAY, NULL, key_of(d, room));

        parts[(t - from) * 10 / window]++;
    }
    for (size_t i = 0; i < 10; i++) {
        CHECK(parts[i] > 50 && parts[i] < 150);
    }
}

static void a_window_is_read_from_a_header_and_from_json(void)
{
#define START "2031-02-03T04:05:06Z"
#define END   "2031-03-03T04:05:06Z"
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        { "start=" START ", end=" END, true },
        { "end=" END ";start=" START, true },
        { "{\"start\":\"" START "\",\"end\":\"" END "\"}\n", true },
        { "{ \"end\" : \"" END "\", \"start\" : \"" START "\" }", true },
        { "{\"explanationURL\":\"https://x/start/end\",\"start\":\"" START
          "\",\"end\":\"" END "\"}",
          true },
        { "start=" END ", end=" START, false },
        { "start=" START ", end=" START, false },
        { "start=" START, false },
        { "end=" END, false },
        { "start=tomorrow, end=" END, false },
        { "start=2031-02-30T04:05:06Z, end=" END, false },
        { "", false },
    };
    struct bm_renewal_window w;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool good =
            bm_renewal_parse((struct bm_bytes){ (const uint8_t *)rows[i].text,
                                                strlen(rows[i].text) },
                             &w);

        CHECK(good == rows[i].good);
        CHECK(w.start == (good ? 1927857906 : 0));
        CHECK(w.end == (good ? 1930277106 : 0));
    }
}

static void every_prefix_of_a_window_is_none(void)
{
    struct bm_bytes text = BM_LIT("start=" START ", end=" END);
    struct bm_renewal_window w;

    for (size_t n = 0; n < text.n; n++) {
        CHECK(!bm_renewal_parse((struct bm_bytes){ text.p, n }, &w));
    }
}

static void waiting_doubles_up_to_its_cap_and_is_random_by_half(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint32_t whole = BM_BACKOFF_FLOOR;

    for (unsigned failures = 1; failures < 40; failures++) {
        for (unsigned i = 0; i < 20; i++) {
            uint32_t s = bm_backoff(crypto, failures);

            CHECK(s <= whole && s >= whole / 2);
        }
        whole = whole * 2 > BM_BACKOFF_CAP ? BM_BACKOFF_CAP : whole * 2;
    }
    CHECK(bm_backoff(crypto, UINT32_MAX) <= BM_BACKOFF_CAP);
    CHECK(bm_backoff(crypto, 0) <= BM_BACKOFF_FLOOR);
}

static bm_status no_random(void *self, uint8_t *out, size_t n)
{
    (void)self;
    (void)out;
    (void)n;
    return BM_E_RANDOM;
}

static void without_randomness_the_wait_is_whole(void)
{
    struct bm_crypto crypto = *bm_test_crypto();

    crypto.random = no_random;
    CHECK(bm_backoff(&crypto, 1) == BM_BACKOFF_FLOOR);
    CHECK(bm_backoff(&crypto, 2) == 2 * BM_BACKOFF_FLOOR);
}

int main(void)
{
    RUN(a_device_renews_between_two_thirds_and_three_quarters);
    RUN(what_the_server_says_goes_first);
    RUN(nonsense_of_a_server_counts_as_nothing);
    RUN(the_moment_is_the_same_after_a_restart);
    RUN(a_fleet_is_spread_over_the_window);
    RUN(a_window_is_read_from_a_header_and_from_json);
    RUN(every_prefix_of_a_window_is_none);
    RUN(waiting_doubles_up_to_its_cap_and_is_random_by_half);
    RUN(without_randomness_the_wait_is_whole);
    return bm_test_done();
}
