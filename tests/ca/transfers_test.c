/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that change hands, as the ledger has them: what is changed in their
 * rows is found, and what is appended to their records.
 */
#include "ca/transfer.h"
#include "tests/ca/audit.h"

static const struct tamper tampers[] = {
    { "a transfer is to somebody else",
      "UPDATE transfer SET receiver = 3 WHERE id = 1", BM_E_LEDGER_CHANGED },
    { "a transfer has other words", "UPDATE transfer SET words = ''" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "a transfer ends otherwise", "UPDATE transfer SET state = 3" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "an open transfer has ended", "UPDATE transfer SET state = 4" ONE("6"),
      BM_E_LEDGER_CHANGED },
    { "a transfer is open again",
      "UPDATE transfer SET state = 1, decided = 0" ONE("4"),
      BM_E_LEDGER_CHANGED },
    { "devices renew by another profile",
      "UPDATE transfer SET profile = 'operator'" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "devices renew by a profile that nobody named",
      "UPDATE transfer SET profile = 'ieee-802.1ar-ldevid'" ONE("2"),
      BM_E_LEDGER_CHANGED },
    { "an offer was refused for another reason",
      "UPDATE transfer SET reason = 'never'" ONE("4"), BM_E_LEDGER_CHANGED },
    { "an offer was withdrawn for no reason",
      "UPDATE transfer SET reason = ''" ONE("5"), BM_E_LEDGER_CHANGED },
    { "a transfer was offered at another time",
      "UPDATE transfer SET created = created - 1" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "a transfer was accepted at another time",
      "UPDATE transfer SET decided = decided - 1" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "a transfer was offered by somebody else",
      "UPDATE transfer SET creator = 'operator:x'" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "a transfer was accepted by somebody else",
      "UPDATE transfer SET decider = 'operator:x'" ONE("1"),
      BM_E_LEDGER_CHANGED },
    { "a transfer is deleted", "DELETE FROM transfer" ONE("6"),
      BM_E_LEDGER_MISSING },
    { "a transfer is made up",
      COPY("transfer") ONE("6") "; UPDATE copy SET id = 9;" INSERT("transfer"),
      BM_E_LEDGER_UNRECORDED },
    { "another device is on offer",
      "UPDATE transferred SET device = device + 1 WHERE transfer = 6",
      BM_E_LEDGER_CHANGED },
    { "a transferred device is in other hands",
      "UPDATE transferred SET received = device WHERE transfer = 1",
      BM_E_LEDGER_CHANGED },
    { "a device that was given away is not",
      "UPDATE device SET state = 3 WHERE name = 'SN-12' AND organisation = 1",
      BM_E_LEDGER_CHANGED },
    { "a device that was received is given away",
      "UPDATE device SET state = 7 WHERE name = 'SN-12' AND organisation = 2",
      BM_E_LEDGER_CHANGED },
    { "a device has come by no transfer",
      "UPDATE device SET came = 0 WHERE name = 'SN-12' AND organisation = 2",
      BM_E_LEDGER_CHANGED },
    { "a device has come by another transfer",
      "UPDATE device SET came = 2 WHERE name = 'SN-12' AND organisation = 2",
      BM_E_LEDGER_CHANGED },
    { "a device is with whoever had it in between",
      "UPDATE device SET state = 9 - state WHERE name = 'SN-13'",
      BM_E_LEDGER_CHANGED },
    { "a device that is of no transfer is of a line",
      "UPDATE device SET line = (SELECT line FROM device WHERE name = 'SN-12' "
      "LIMIT 1) WHERE name = 'SN-250'",
      BM_E_LEDGER_CHANGED },
};

static void whatever_is_changed_of_a_transfer_is_found(void)
{
    check_tampers(tampers, sizeof tampers / sizeof tampers[0]);
}

/* ---- Leaves of transfers */

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Append what is said of a transfer as it is now, on account of one side. */
static void say(const char *words, uint64_t id, uint32_t organisation)
{
    const struct store *s = world.instance->store;
    const struct store_scope all = { 0, 0 };
    struct ca_transfer_said said;
    uint8_t hash[STORE_HASH_SIZE];
    struct store_transfer row;
    struct ca_record record = { .kind = CA_RECORD_TRANSFER,
                                .organisation = organisation,
                                .subject = BM_LIT("South"),
                                .hash = BM_ARRAY(hash),
                                .number = id };
    uint64_t index;
    uint32_t n;

    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(s->transfer_get(s->self, &all, id, &row), BM_OK);
    CHECK_STATUS(ca_transfer_hash(s, bm_test_crypto(), &row, hash, &n), BM_OK);
    ca_transfer_say(&row, organisation, &said);
    record.time = said.time;
    record.actor = text(said.actor);
    record.profile = text(said.profile);
    record.text = text(words != NULL ? words : said.text);
    CHECK_STATUS(ca_ledger_append(world.instance->ledger, &record, &index),
                 BM_OK);
    CHECK_STATUS(ca_ledger_save(world.instance->ledger), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
}

/* Whoever can write rows, and appends what fits them. Without the journal,
 * which has the checkpoints of all of these. */
static const struct {
    const char *what;
    const char *sql;
    uint64_t id;
    const char *words; /* or those of the row */
    uint32_t sides[3]; /* on whose account, one after another */
    bm_status status;  /* of the first finding */
} sayings[] = {
    { "one is made up as it should be",
      COPY("transfer")
          ONE("6") "; UPDATE copy SET id = 9, devices = 0;" INSERT("transfer"),
      9,
      NULL,
      { 1, 2 },
      BM_OK },
    { "one that its giver alone knows of",
      COPY("transfer")
          ONE("6") "; UPDATE copy SET id = 9, devices = 0;" INSERT("transfer"),
      9,
      NULL,
      { 1 },
      BM_E_LEDGER_CHANGED },
    { "one that its receiver alone knows of",
      COPY("transfer")
          ONE("6") "; UPDATE copy SET id = 9, devices = 0;" INSERT("transfer"),
      9,
      NULL,
      { 2 },
      BM_E_LEDGER_CHANGED },
    { "one that somebody else knows of",
      COPY("transfer")
          ONE("6") "; UPDATE copy SET id = 9, devices = 0;" INSERT("transfer"),
      9,
      NULL,
      { 1, 2, 3 },
      BM_E_LEDGER_CHANGED },
    { "an end that its giver alone knows of",
      "UPDATE transfer SET state = 5, decided = 5" ONE("6"),
      6,
      NULL,
      { 1 },
      BM_E_LEDGER_CHANGED },
    { "an end that both know of",
      "UPDATE transfer SET state = 5, decided = 5" ONE("6"),
      6,
      NULL,
      { 1, 2 },
      BM_OK },
    { "withdrawn after it was accepted",
      "UPDATE transfer SET state = 4" ONE("1"),
      1,
      NULL,
      { 1, 2 },
      BM_E_LEDGER_CHANGED },
    { "accepted once more", NULL, 1, NULL, { 1, 2 }, BM_E_LEDGER_CHANGED },
    { "offered once more", NULL, 6, NULL, { 1, 2 }, BM_E_LEDGER_CHANGED },
    { "an end of no name",
      "UPDATE transfer SET state = 5, decided = 5" ONE("6"),
      6,
      "lapsed, or so",
      { 1, 2 },
      BM_E_LEDGER_CHANGED },
};

static void a_transfer_is_said_by_both_sides_once(void)
{
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        struct ca_ledger_summary summary;
        struct findings f;
        bm_status rc;

        world_restore(&world);
        CHECK(sayings[i].sql == NULL || world_sql(&world, sayings[i].sql));
        world_open(&world, INSTANCE_WRITE);
        for (size_t n = 0; n < 3 && sayings[i].sides[n] != 0; n++) {
            say(sayings[i].words, sayings[i].id, sayings[i].sides[n]);
        }
        world_close(&world);
        rc = verify_with(&f, NULL, nothing, &summary);
        if (rc != sayings[i].status) {
            printf("# %s: %zu findings\n", sayings[i].what, f.n);
            print(&f);
        }
        CHECK_STATUS(rc, sayings[i].status);
    }
    world_restore(&world);
}

int main(void)
{
    world_begin(&world);
    RUN(whatever_is_changed_of_a_transfer_is_found);
    RUN(a_transfer_is_said_by_both_sides_once);
    world_free(&world);
    return bm_test_done();
}
