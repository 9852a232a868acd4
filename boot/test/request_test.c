/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/request.h"

#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

static uint8_t memory[FLASH_SIM_SIZE(256, 2)];
static struct flash_sim sim;
static struct bm_request got;
static uint32_t sequence;

static void begin(void)
{
    flash_sim_init(&sim, memory, &(struct flash_sim_shape){ 256, 2, 8 }, 7);
}

static void nothing_is_asked_at_first(void)
{
    begin();
    memset(&got, 0x55, sizeof got);
    CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence),
                 BM_E_NOT_FOUND);
    CHECK(got.flags == 0 && got.images == 0);
}

static void a_request_is_read_until_it_is_consumed(void)
{
    static const struct bm_request ask = { .flags = BM_REQUEST_INSTALL,
                                           .images = 1,
                                           .update = { { 1, 2, 3 } } };

    begin();
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &ask), BM_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence), BM_OK);
        CHECK_BYTES(&got, sizeof got, &ask, sizeof ask);
    }
    CHECK_STATUS(bm_request_get(&sim.flash, sequence, &got, &sequence),
                 BM_E_NOT_FOUND);
    CHECK(got.flags == 0);
}

static void what_was_not_read_yet_is_kept(void)
{
    static const struct bm_request confirm = { .flags = BM_REQUEST_CONFIRM,
                                               .running = { { 9 }, { 8 } } };
    static const struct bm_request one = { .flags = BM_REQUEST_INSTALL |
                                                    BM_REQUEST_PERMANENT,
                                           .images = 2,
                                           .update = { { 7 }, { 6 } } };
    static const struct bm_request set = { .flags = BM_REQUEST_KEYSET,
                                           .keyset = { 5 } };

    begin();
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &confirm), BM_OK);
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &one), BM_OK);
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &set), BM_OK);
    CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence), BM_OK);
    CHECK(got.flags == (confirm.flags | one.flags | set.flags));
    CHECK(got.images == 2 && got.running[0][0] == 9 && got.running[1][0] == 8);
    CHECK(got.update[0][0] == 0 && got.update[1][0] == 6);
    CHECK(got.keyset[0] == 5);
}

static void who_asks_last_says_whether_there_is_a_trial(void)
{
    struct bm_request ask = { .flags =
                                  BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT,
                              .images = 1 };

    begin();
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &ask), BM_OK);
    ask.flags = BM_REQUEST_INSTALL;
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &ask), BM_OK);
    CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence), BM_OK);
    CHECK(got.flags == BM_REQUEST_INSTALL);
}

static void what_was_read_is_not_asked_again(void)
{
    static const struct bm_request confirm = { .flags = BM_REQUEST_CONFIRM };
    static const struct bm_request set = { .flags = BM_REQUEST_KEYSET };

    begin();
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &set), BM_OK);
    CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence), BM_OK);
    CHECK_STATUS(bm_request_put(&sim.flash, sequence, &confirm), BM_OK);
    CHECK_STATUS(bm_request_get(&sim.flash, sequence, &got, &sequence), BM_OK);
    CHECK(got.flags == BM_REQUEST_CONFIRM);
}

static void an_erased_mailbox_counts_on_from_what_was_read(void)
{
    static const struct bm_request confirm = { .flags = BM_REQUEST_CONFIRM };

    begin();
    CHECK_STATUS(bm_request_put(&sim.flash, 4711, &confirm), BM_OK);
    CHECK_STATUS(bm_request_get(&sim.flash, 4711, &got, &sequence), BM_OK);
    CHECK(sequence == 4712);
}

/* Whoever wrote the mailbox once does not make it deaf for ever. */
static void a_number_from_nowhere_hides_no_request(void)
{
    static const struct bm_request confirm = { .flags = BM_REQUEST_CONFIRM };
    static const uint32_t ahead[] = { 0x7fffffff, 0x80000000, 0x80000001,
                                      0x80000002, 0xffffffff };
    struct bm_journal journal;
    struct bm_request none;

    for (size_t i = 0; i < sizeof ahead / sizeof ahead[0]; i++) {
        begin();
        CHECK_STATUS(bm_journal_open(&journal, &sim.flash, &none, sizeof none),
                     BM_E_NOT_FOUND);
        journal.last = 4711 + ahead[i] - 1;
        CHECK_STATUS(bm_journal_put(&journal, &none), BM_OK);
        CHECK_STATUS(bm_request_put(&sim.flash, 4711, &confirm), BM_OK);
        CHECK_STATUS(bm_request_get(&sim.flash, 4711, &got, &sequence), BM_OK);
        CHECK(got.flags == BM_REQUEST_CONFIRM);
    }
}

static void errors_of_flash_are_handed_on(void)
{
    static const struct bm_request confirm = { .flags = BM_REQUEST_CONFIRM };

    begin();
    sim.off = true;
    CHECK_STATUS(bm_request_put(&sim.flash, 0, &confirm), BM_E_FLASH_POWER);
    CHECK_STATUS(bm_request_get(&sim.flash, 0, &got, &sequence),
                 BM_E_FLASH_POWER);
}

int main(void)
{
    RUN(nothing_is_asked_at_first);
    RUN(a_request_is_read_until_it_is_consumed);
    RUN(what_was_not_read_yet_is_kept);
    RUN(who_asks_last_says_whether_there_is_a_trial);
    RUN(what_was_read_is_not_asked_again);
    RUN(an_erased_mailbox_counts_on_from_what_was_read);
    RUN(a_number_from_nowhere_hides_no_request);
    RUN(errors_of_flash_are_handed_on);
    return bm_test_done();
}
