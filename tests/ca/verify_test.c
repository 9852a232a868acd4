/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is changed behind the back of the authority is found: each row below
 * is one thing that somebody with the database could do.
 */
#include "tests/ca/audit.h"

static void an_honest_history_has_no_findings(void)
{
    struct ca_ledger_summary summary;
    struct findings f;

    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    print(&f);
    CHECK(f.n == 0 && summary.findings == 0);
    CHECK(summary.trees == 1 && summary.leaves == summary.head.size);
    CHECK(summary.certs >= WORLD_CERTS && summary.revocations >= 3);
    CHECK(summary.journal > WORLD_CERTS);
    CHECK(f.total != 0 && f.done == f.total);
}

#define SOME                                                   \
    " WHERE id = (SELECT id FROM certificate WHERE profile = " \
    "'ieee-802.1ar-ldevid' AND status = 1 ORDER BY id LIMIT 1)"
#define REVOKED " WHERE reason = 1"
#define LEAF    "((1 << 44) + 50)"
#define LAST    "(SELECT max(id) FROM ledger)"

static const struct tamper tampers[] = {
    /* The ledger. */
    { "a record is changed",
      "UPDATE ledger SET record = zeroblob(40)" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "the last record is changed",
      "UPDATE ledger SET salt = zeroblob(32)" ONE(LAST), BM_E_LEDGER_ROOT },
    { "a salt is changed", "UPDATE ledger SET salt = zeroblob(32)" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "a salt is cut off", "UPDATE ledger SET salt = x'00'" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "the last record is too long for one",
      "UPDATE ledger SET record = zeroblob(100000)" ONE(LAST),
      BM_E_LEDGER_RECORD },
    { "a record is deleted", "DELETE FROM ledger" ONE(LEAF),
      BM_E_LEDGER_MISSING },
    { "the last record is deleted", "DELETE FROM ledger" ONE(LAST),
      BM_E_LEDGER_MISSING },
    { "a record is added",
      "INSERT INTO ledger (id, organisation, salt, record) SELECT id + 1, "
      "organisation, salt, record FROM ledger" ONE(LAST),
      BM_E_LEDGER_UNRECORDED },
    { "two records change places",
      "UPDATE ledger SET id = 1" ONE(
          LEAF) ";"
                "UPDATE ledger SET id = " LEAF " WHERE id = " LEAF " + 1;"
                "UPDATE ledger SET id = " LEAF " + 1 WHERE id = 1",
      BM_E_LEDGER_CHANGED },
    { "the organisation of a record is changed",
      "UPDATE ledger SET organisation = 9" ONE(LEAF), BM_E_LEDGER_CHANGED },
    { "a tile is changed",
      "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0",
      BM_E_LEDGER_CHANGED },
    { "a tile is cut off", "UPDATE tile SET hashes = x'00' WHERE level = 0",
      BM_E_LEDGER_CHANGED },
    { "a tile is deleted", "DELETE FROM tile WHERE level = 0",
      BM_E_LEDGER_MISSING },
    { "a tile is added",
      "INSERT INTO tile VALUES (1, 0, (SELECT max(number) + 1 FROM tile), "
      "zeroblob(8192))",
      BM_E_LEDGER_UNRECORDED },
    { "the head is changed", "UPDATE head SET edge = zeroblob(length(edge))",
      BM_E_LEDGER_ROOT },
    { "the head is smaller", "UPDATE head SET size = size - 1",
      BM_E_LEDGER_ROLLBACK },
    { "the head is larger", "UPDATE head SET size = size + 1",
      BM_E_LEDGER_MISSING },
    { "the head is larger than anybody can count",
      "UPDATE head SET size = 4294967295", BM_E_LEDGER_MISSING },
    { "the head is as large as can be",
      "UPDATE head SET size = 9223372036854775807", BM_E_LEDGER_ROOT },
    { "the checkpoint is changed",
      "UPDATE head SET checkpoint = zeroblob(length(checkpoint))",
      BM_E_LEDGER_CHECKPOINT },
    { "the checkpoint is deleted", "UPDATE head SET checkpoint = x''",
      BM_E_LEDGER_MISSING },
    { "the ledger is deleted",
      "DELETE FROM ledger; DELETE FROM tile; DELETE FROM head",
      BM_E_LEDGER_UNRECORDED },
    { "a second tree is added",
      "INSERT INTO head SELECT 2, 0, x'', x'' FROM head", BM_E_LEDGER_MISSING },
    /* Certificates: each column. */
    { "a certificate is changed",
      "UPDATE certificate SET der = (SELECT der FROM certificate ORDER BY id "
      "DESC LIMIT 1)" SOME,
      BM_E_LEDGER_CHANGED },
    { "a certificate is emptied", "UPDATE certificate SET der = x''" SOME,
      BM_E_LEDGER_CHANGED },
    { "a certificate is deleted", "DELETE FROM certificate" SOME,
      BM_E_LEDGER_MISSING },
    { "a certificate is added",
      COPY("certificate") SOME
      "; UPDATE copy SET id = id + 1000000, serial = x'7f01';" INSERT(
          "certificate"),
      BM_E_LEDGER_UNRECORDED },
    { "a serial number is changed",
      "UPDATE certificate SET serial = x'7f01'" SOME, BM_E_LEDGER_MISSING },
    { "an organisation is changed",
      "UPDATE certificate SET organisation = 9" SOME, BM_E_LEDGER_CHANGED },
    { "a CA is changed", "UPDATE certificate SET ca = 'operations'" SOME,
      BM_E_LEDGER_MISSING },
    { "a profile is changed",
      "UPDATE certificate SET profile = 'operator'" SOME, BM_E_LEDGER_CHANGED },
    { "a device is changed", "UPDATE certificate SET device = device + 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a device is taken away", "UPDATE certificate SET device = 0" SOME,
      BM_E_LEDGER_CHANGED },
    { "a status is changed", "UPDATE certificate SET status = 2" SOME,
      BM_E_LEDGER_CHANGED },
    { "a status is none", "UPDATE certificate SET status = 77" SOME,
      BM_E_LEDGER_CHANGED },
    { "a reason is changed", "UPDATE certificate SET reason = 4" SOME,
      BM_E_LEDGER_CHANGED },
    { "a shard is changed", "UPDATE certificate SET shard = 7" SOME,
      BM_E_LEDGER_CHANGED },
    { "a revoked one is in another shard",
      "UPDATE revocation SET shard = shard + 1" REVOKED, BM_E_LEDGER_CHANGED },
    { "the beginning is changed",
      "UPDATE certificate SET not_before = not_before - 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "the end is changed",
      "UPDATE certificate SET not_after = not_after + 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "the time of issuance is changed",
      "UPDATE certificate SET issued = issued + 1" SOME, BM_E_LEDGER_CHANGED },
    { "a time of revocation is made up",
      "UPDATE certificate SET revoked = 1" SOME, BM_E_LEDGER_CHANGED },
    { "a renewal is made up", "UPDATE certificate SET renews = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a renewal is turned around",
      "UPDATE certificate SET renews = renews + 1 WHERE renews != 0",
      BM_E_LEDGER_CHANGED },
    { "a successor is made up", "UPDATE certificate SET renewed_by = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a successor is forgotten",
      "UPDATE certificate SET renewed_by = 0 WHERE renewed_by != 0",
      BM_E_LEDGER_CHANGED },
    { "a row gets an id that no listing has",
      "UPDATE certificate SET id = 0" SOME, BM_E_LEDGER_CHANGED },
    { "a revoked one is made good where no listing has it",
      "UPDATE certificate SET id = 0, status = 1, reason = 0, revoked = 0 "
      "WHERE id = (SELECT id FROM certificate WHERE reason = 1 LIMIT 1);"
      "DELETE FROM revocation WHERE serial = (SELECT serial FROM certificate "
      "WHERE id = 0)",
      BM_E_LEDGER_CHANGED },
    { "a key is changed", "UPDATE certificate SET key = zeroblob(32)" SOME,
      BM_E_LEDGER_CHANGED },
    { "a tree is changed", "UPDATE certificate SET tree = 2" SOME,
      BM_E_LEDGER_CHANGED },
    { "a leaf is changed", "UPDATE certificate SET leaf = leaf + 1" SOME,
      BM_E_LEDGER_CHANGED },
    /* Revocations. */
    { "a revoked one is made good",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0" REVOKED
      "; DELETE FROM revocation" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a revoked one is made good in its row alone",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "an entry is deleted", "DELETE FROM revocation" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "an entry is added",
      "INSERT INTO revocation SELECT ca, serial, issued, 0, not_after, 1, 0 "
      "FROM certificate" SOME,
      BM_E_LEDGER_CHANGED },
    { "an entry of nothing is added",
      "INSERT INTO revocation VALUES ('issuing', x'05', 1, 0, 1, 1, 0)",
      BM_E_LEDGER_UNRECORDED },
    { "an entry of no serial number is added",
      "INSERT INTO revocation VALUES ('issuing', x'', 1, 0, 1, 1, 0)",
      BM_E_LEDGER_CHANGED },
    { "a reason is softened", "UPDATE revocation SET reason = 4" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a reason is softened in both",
      "UPDATE certificate SET reason = 4" REVOKED
      "; UPDATE revocation SET reason = 4" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a revocation is put off in both",
      "UPDATE certificate SET revoked = revoked + 1" REVOKED
      "; UPDATE revocation SET revoked = revoked + 1" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a key was lost later, it is said",
      "UPDATE revocation SET invalid_since = invalid_since + 1" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "nobody said when a key was lost",
      "UPDATE revocation SET invalid_since = 0" REVOKED, BM_E_LEDGER_CHANGED },
    { "an entry ends too early", "UPDATE revocation SET expires = 1" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a held one is let go",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0 WHERE "
      "reason = 6; DELETE FROM revocation WHERE reason = 6",
      BM_E_LEDGER_CHANGED },
    { "a released one is held",
      "UPDATE certificate SET status = 4, reason = 6, revoked = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a pending one is confirmed",
      "UPDATE certificate SET status = 1 WHERE status = 2",
      BM_E_LEDGER_CHANGED },
    /* What has few rows. */
    { "the certificate of a CA is changed",
      "UPDATE ca SET cert = (SELECT cert FROM ca WHERE id = 'root') WHERE id "
      "= 'operations'",
      BM_E_LEDGER_CHANGED },
    { "a pull goes on", "UPDATE pull SET cancelled = 0", BM_E_LEDGER_CHANGED },
    { "a pull has ended", "UPDATE pull SET cancelled = 5 WHERE cancelled = 0",
      BM_E_LEDGER_CHANGED },
    { "a pull is spread over another time",
      "UPDATE pull SET until_time = until_time + 1 WHERE cancelled = 0",
      BM_E_LEDGER_CHANGED },
    { "a pull is of other devices",
      "UPDATE pull SET device = '.*' WHERE cancelled = 0",
      BM_E_LEDGER_CHANGED },
    { "a pull is of another profile",
      "UPDATE pull SET profile = '' WHERE cancelled = 0", BM_E_LEDGER_CHANGED },
    { "a pull is of another organisation", "UPDATE pull SET organisation = 2",
      BM_E_LEDGER_CHANGED },
    { "a pull is somebody else's", "UPDATE pull SET creator = 'operator:x'",
      BM_E_LEDGER_CHANGED },
    { "a pull is deleted", "DELETE FROM pull WHERE cancelled = 0",
      BM_E_LEDGER_MISSING },
    { "a pull is made up",
      COPY("pull") "; UPDATE copy SET id = id + 10;" INSERT("pull"),
      BM_E_LEDGER_CHANGED },
    { "a batch is in another state", "UPDATE batch SET state = 3",
      BM_E_LEDGER_CHANGED },
    { "a batch has another reason", "UPDATE batch SET reason = ''",
      BM_E_LEDGER_CHANGED },
    { "a batch came as another file", "UPDATE batch SET upload = zeroblob(32)",
      BM_E_LEDGER_CHANGED },
    { "a batch is of another organisation", "UPDATE batch SET organisation = 2",
      BM_E_LEDGER_CHANGED },
    { "a batch has another profile", "UPDATE batch SET profile = 'operator'",
      BM_E_LEDGER_CHANGED },
    { "a batch has another name", "UPDATE batch SET name = 'lot 2'",
      BM_E_LEDGER_CHANGED },
    { "a batch counts more than it has",
      "UPDATE batch SET rows = 1, issued = 1", BM_E_LEDGER_CHANGED },
    { "a batch has a row that it does not count",
      "INSERT INTO batch_row (id, state, cert, place, device, name, words, "
      "csr, subject, key) SELECT (batch.id << 20) + 1, 2, 1, '', '', '', '', "
      "x'', x'', x'' FROM batch",
      BM_E_LEDGER_CHANGED },
    { "a batch is deleted", "DELETE FROM batch", BM_E_LEDGER_MISSING },
    { "a batch is made up",
      COPY("batch") "; UPDATE copy SET id = id + 10;" INSERT("batch"),
      BM_E_LEDGER_CHANGED },
    { "a device is shipped that is in stock",
      "UPDATE shipping SET shipped = at WHERE shipped = 0",
      BM_E_LEDGER_CHANGED },
    { "a device is back in stock",
      "UPDATE shipping SET shipped = 0, at = at - 10 WHERE shipped != 0",
      BM_E_LEDGER_CHANGED },
    { "nothing is known of where a device is",
      "DELETE FROM shipping WHERE shipped != 0", BM_E_LEDGER_MISSING },
    { "a device is shipped of which nobody said so",
      "INSERT INTO shipping SELECT id, organisation, 5, 5 FROM device WHERE "
      "name = 'SN-4'",
      BM_E_LEDGER_CHANGED },
    { "a signal is deleted", "DELETE FROM signal", BM_E_LEDGER_MISSING },
    { "a signal is of another kind", "UPDATE signal SET kind = 'fork'",
      BM_E_LEDGER_CHANGED },
    { "a signal is of another organisation",
      "UPDATE signal SET organisation = 2", BM_E_LEDGER_CHANGED },
    { "a signal came at another time", "UPDATE signal SET first = first - 1",
      BM_E_LEDGER_CHANGED },
    { "a signal came oftener than it can", "UPDATE signal SET count = 9",
      BM_E_LEDGER_CHANGED },
    { "a signal never came", "UPDATE signal SET count = 0",
      BM_E_LEDGER_CHANGED },
    { "a signal is made up",
      COPY("signal") "; UPDATE copy SET id = id + 1, kind = 'fork';" INSERT(
          "signal"),
      BM_E_LEDGER_CHANGED },
    { "a CA is put on the list of an ecosystem",
      "UPDATE ca SET ecosystem = 1 WHERE id = 'issuing'", BM_E_LEDGER_CHANGED },
    { "the trust bundle is another one",
      "UPDATE setting SET value = CAST(x'0000000000000009' || substr(value, 9) "
      "AS BLOB) WHERE name = 'bundle/last'",
      BM_E_LEDGER_CHANGED },
    { "an ecosystem has a trust bundle that nobody made",
      "INSERT INTO ecosystem VALUES (2, 'Mine', 1, 1); INSERT INTO setting "
      "SELECT 'bundle/last/2', value FROM setting WHERE name = 'bundle/last'",
      BM_E_LEDGER_UNRECORDED },
    { "a CA is retired", "UPDATE ca SET status = 2 WHERE id = 'issuing'",
      BM_E_LEDGER_CHANGED },
    { "a CA is added",
      COPY("ca") " WHERE id = 'issuing'; UPDATE copy SET id = 'mine';" INSERT(
          "ca"),
      BM_E_LEDGER_UNRECORDED },
    { "a CA is deleted", "DELETE FROM ca WHERE id = 'operations'",
      BM_E_LEDGER_MISSING },
    { "an operator gets more roles", "UPDATE operator SET roles = roles * 2",
      BM_E_LEDGER_CHANGED },
    { "an operator acts for everybody", "UPDATE operator SET organisation = 0",
      BM_E_LEDGER_CHANGED },
    { "a CA becomes that of one organisation",
      "UPDATE ca SET organisation = 1 WHERE id = 'issuing'",
      BM_E_LEDGER_CHANGED },
    { "an operator's certificate is changed",
      "UPDATE operator SET cert = zeroblob(32)", BM_E_LEDGER_CHANGED },
    { "an operator is added",
      COPY("operator") "; UPDATE copy SET id = 'mine', "
                       "cert = zeroblob(32);" INSERT("operator"),
      BM_E_LEDGER_UNRECORDED },
    { "a profile is another",
      "UPDATE setting SET value = zeroblob(32) WHERE name LIKE 'profile/%'",
      BM_E_LEDGER_CHANGED },
    { "the number of a list is changed",
      "UPDATE crl SET number = number + 1 WHERE ca = 'issuing'",
      BM_E_LEDGER_CHANGED },
    /* Releases. */
    { "a release has other firmware",
      "UPDATE release_item SET hash = zeroblob(32) WHERE image = 1",
      BM_E_LEDGER_CHANGED },
    { "an item has another size", "UPDATE release_item SET size = size + 1",
      BM_E_LEDGER_CHANGED },
    { "an item is of another kind",
      "UPDATE release_item SET kind = 1 WHERE kind = 2", BM_E_LEDGER_CHANGED },
    { "an item is for another image",
      "UPDATE release_item SET image = 0 WHERE image = 1",
      BM_E_LEDGER_CHANGED },
    { "an item is added",
      COPY("release_item") " WHERE kind = 2; UPDATE copy SET id = id + 10, "
                           "kind = 1;" INSERT("release_item"),
      BM_E_LEDGER_CHANGED },
    { "an item is deleted", "DELETE FROM release_item WHERE kind = 2",
      BM_E_LEDGER_CHANGED },
    { "an item cannot be read", "UPDATE release_item SET hash = x'00'",
      BM_E_LEDGER_CHANGED },
    { "a policy has another floor",
      "UPDATE release_item SET version = '3 floor 1' WHERE kind = 3",
      BM_E_LEDGER_CHANGED },
    { "a policy has another version",
      "UPDATE release_item SET version = '2 floor 2' WHERE kind = 3",
      BM_E_LEDGER_CHANGED },
    { "a policy is another",
      "UPDATE release_item SET hash = zeroblob(32) WHERE kind = 3",
      BM_E_LEDGER_CHANGED },
    { "a release has another mode", "UPDATE release SET mode = 3",
      BM_E_LEDGER_CHANGED },
    { "a release has another name", "UPDATE release SET name = 'fw-2'",
      BM_E_LEDGER_MISSING },
    { "a release is of another organisation",
      "UPDATE release SET organisation = 9", BM_E_LEDGER_MISSING },
    { "a release is deleted", "DELETE FROM release", BM_E_LEDGER_MISSING },
    { "a release is added",
      COPY("release") "; UPDATE copy SET id = id + 1, name = 'fw-2';" INSERT(
          "release"),
      BM_E_LEDGER_UNRECORDED },
};

static void whatever_is_changed_in_the_database_is_found(void)
{
    check_tampers(tampers, sizeof tampers / sizeof tampers[0]);
}

static const struct {
    const char *what;
    enum ca_record_kind kind;
    uint8_t reason;
    enum store_cert_status status; /* that its row gets */
} forgeries[] = {
    { "a release", CA_RECORD_RELEASE, 0, STORE_CERT_VALID },
    { "a hold instead", CA_RECORD_REVOCATION, BM_REASON_HOLD, STORE_CERT_HELD },
    { "another reason", CA_RECORD_REVOCATION, BM_REASON_CESSATION,
      STORE_CERT_REVOKED },
};

/* Append a record about what was revoked, and do to the row what it says. */
static void forge(size_t i)
{
    struct ca_ledger *ledger = world.instance->ledger;
    const struct store *s = world.instance->store;
    const struct store_scope all = { 0, 0 };
    const struct bm_bytes serial = { world.serial[WORLD_REVOKED],
                                     world.serial_n[WORLD_REVOKED] };
    const struct ca_record record = { .kind = forgeries[i].kind,
                                      .time = world.now,
                                      .organisation = 1,
                                      .actor = BM_LIT("authority"),
                                      .ca = BM_LIT("issuing"),
                                      .serial = serial,
                                      .reason = forgeries[i].reason };
    struct store_revocation entry = { .serial = serial,
                                      .revoked = world.now,
                                      .reason = forgeries[i].reason };
    struct store_cert row;
    uint64_t index;

    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_append(ledger, &record, &index), BM_OK);
    CHECK_STATUS(s->cert_find(s->self, &all, "issuing", serial, &row), BM_OK);
    entry.expires = row.not_after;
    row.status = forgeries[i].status;
    row.reason = forgeries[i].reason;
    row.revoked = forgeries[i].status == STORE_CERT_VALID ? 0 : world.now;
    CHECK_STATUS(s->cert_change(s->self, &row), BM_OK);
    CHECK_STATUS(s->revocation_remove(s->self, "issuing", serial), BM_OK);
    if (row.revoked != 0) {
        CHECK_STATUS(s->revocation_put(s->self, "issuing", &entry), BM_OK);
    }
    CHECK_STATUS(ca_ledger_save(ledger), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
}

/* Also with a record that fits: who can write rows can append leaves. */
static void what_is_revoked_stays_so_whatever_is_recorded(void)
{
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        struct ca_ledger_summary summary;
        struct findings f;
        bm_status rc;

        world_restore(&world);
        world_open(&world, INSTANCE_WRITE);
        forge(i);
        world_close(&world);
        rc = verify(&f, nothing, &summary);
        if (rc != BM_E_LEDGER_RECORD) {
            printf("# %s: %zu findings\n", forgeries[i].what, f.n);
            print(&f);
        }
        CHECK_STATUS(rc, BM_E_LEDGER_RECORD);
    }
    world_restore(&world);
}

int main(void)
{
    world_begin(&world);
    RUN(an_honest_history_has_no_findings);
    RUN(whatever_is_changed_in_the_database_is_found);
    RUN(what_is_revoked_stays_so_whatever_is_recorded);
    world_free(&world);
    return bm_test_done();
}
