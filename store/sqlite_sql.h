/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_SQL_H
#define BM_STORE_SQLITE_SQL_H

#include "store/sqlite_sql_batch.h"
#include "store/sqlite_sql_renewal.h"
#include "store/sqlite_sql_transfer.h"

/*
 * Every statement there is, each prepared once per handle.
 *
 * "$scope" is replaced by the condition that keeps a caller to its
 * organisation (sqlite_query.c). Parameters are bound from left to right;
 * those of the scope come last.
 */
#define SQL_CA_COLUMNS                                                   \
    "id, organisation, kind, status, parent, cert, key_uri, ocsp_cert, " \
    "ocsp_key_uri, created, shards, ecosystem"
/* Within the ecosystem ?1, and that of the organisation ?2. */
#define SQL_CA_SEEN                                           \
    "(ecosystem = 0 OR (?1 IN (0, ecosystem) AND (?2 = 0 OR " \
    "ecosystem = (SELECT ecosystem FROM organisation "        \
    "WHERE id = ?2)))) "
#define SQL_CRL_COLUMNS                                             \
    "ca, list, number, this_update, next_update, published, base, " \
    "base_update, base_from, base_change, der"
#define SQL_DEVICE_COLUMNS \
    "id, organisation, state, resume, name, created, changed, line, came"
#define SQL_ATTRIBUTE_COLUMNS "device, organisation, kind, name, value"
#define SQL_CERT_COLUMNS                                                   \
    "id, serial, organisation, ca, profile, device, status, resume, "      \
    "reason, not_before, not_after, issued, revoked, renews, renewed_by, " \
    "superseded, key, tree, leaf, shard, version, der"
#define SQL_CERT_WHERE                                        \
    "(?2 = '' OR ca = ?2) AND (?3 = '' OR profile = ?3) AND " \
    "(?4 = 0 OR status = ?4) AND (?5 = 0 OR not_after < ?5) AND $scope "
#define SQL_ORGANISATION_COLUMNS \
    "organisation, ecosystem, name, created, suspended, open"
/* Its own id is what a scope is about. */
#define SQL_ORGANISATION                                                     \
    "(SELECT id AS organisation, ecosystem, name, created, suspended, open " \
    "FROM organisation) "
#define SQL_ALLOCATION_COLUMNS \
    "organisation, profile, enabled, limited, version, quota, issued"
#define SQL_VERSION_COLUMNS "profile, version, hash, created, text"
#define SQL_OPERATOR_COLUMNS                                      \
    "id, organisation, roles, disabled, cert, created, renewal, " \
    "scope_ecosystem, scope_organisation, cert_id"
#define SQL_TOKEN_COLUMNS                                               \
    "hash, id, organisation, profile, device, created, expires, used, " \
    "revoked, cert, key, creator"
#define SQL_REQUEST_COLUMNS                                         \
    "id, organisation, state, profile, device, key, means, asked, " \
    "first, decider, created, decided, cert, csr"
#define SQL_REPLY_COLUMNS       "operator, key, request, status, created, body"
#define SQL_ATTESTATION_COLUMNS "key, organisation, device, place, ek, at"
#define SQL_MANUFACTURER_COLUMNS                                        \
    "id, organisation, name, rule, outlives, listed, pattern, device, " \
    "profiles, created, removed, creator, anchors, cas"
#define SQL_MANUFACTURER_LIST_COLUMNS \
    "manufacturer, ca, this_update, next_update, der"
#define SQL_IDEVID_COLUMNS \
    "manufacturer, serial, organisation, device, key, cert, at"
#define SQL_EVENT_COLUMNS          \
    "id, organisation, at, kind, " \
    "device, text, claimed, asked"
/* The id of the last event of these that has `n` after it, or 0. */
#define SQL_EVENT_BEFORE(these, n)                  \
    "ifnull((SELECT id FROM event WHERE " these " " \
    "ORDER BY id DESC LIMIT 1 OFFSET " n "), 0)"
/* Of these events, those before the last ?2 that are before the last ?3 as
 * well, or that every destination was given that gets those of their
 * organisation. Each with whether one is still behind it, disabled ones too. */
#define SQL_EVENT_FORGET_OF(these)                                          \
    "DELETE FROM event WHERE " these " AND "                                \
    "id <= " SQL_EVENT_BEFORE(these, "?2") " AND (id <= " SQL_EVENT_BEFORE( \
        these,                                                              \
        "?3") " OR (id <= "                                                 \
              "ifnull((SELECT min(cursor) FROM destination "                \
              "WHERE disabled = 0 AND scope_organisation IN "               \
              "(0, event.organisation)), id) AND "                          \
              "NOT EXISTS (SELECT 1 FROM outbox WHERE event = event.id))) " \
              "RETURNING " SQL_EVENT_COLUMNS ", id > ifnull((SELECT "       \
              "min(cursor) FROM destination WHERE scope_organisation IN "   \
              "(0, event.organisation)), id)"
#define SQL_DESTINATION_COLUMNS                                           \
    "id, organisation, scope_ecosystem, scope_organisation, kind, name, " \
    "url, kinds, asks, secret, identity, tries, age, created, creator, "  \
    "anchors, "                                                           \
    "disabled, cursor, delivered, succeeded, failed, failures, lost, words"
#define SQL_DELIVERY_COLUMNS \
    "destination, event, device, dead, tries, next, since, changed, words"
#define SQL_RELEASE_COLUMNS "id, organisation, mode, name, created, creator"
#define SQL_ITEM_COLUMNS \
    "id, release, kind, image, hash, size, version, signer_ca, signer"
#define SQL_ASSIGNMENT_COLUMNS \
    "id, release, organisation, device, percent, number, created, actor"
#define SQL_MANIFEST_COLUMNS \
    "device, organisation, version, issued, next_update, said, message"
#define SQL_PROGRESS_COLUMNS "assignment, item, device, version, steps"
#define SQL_HEARD_COLUMNS                         \
    "device, organisation, number, key, key_at, " \
    "policy, policy_hash, policy_at, mode, mode_at, missed, missed_at"

/* As the index certificate_due has it: SQLite compares the words. A page goes
 * on within a second, or behind it: in two parts, since it does not seek for
 * (not_after, id) > (?, ?) where id is the key of the table. */
#define SQL_DUE_WHERE "status < 3 AND renewed_by = 0 AND device != 0 "

#define SQL_LIST(X)                                                            \
    X(BEGIN_READ, "BEGIN")                                                     \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                          \
    X(COMMIT, "COMMIT")                                                        \
    X(ROLLBACK, "ROLLBACK")                                                    \
    X(PIN, "SELECT 1 FROM setting LIMIT 1")                                    \
    X(SECRET_GET, "SELECT value FROM secret WHERE name = ?")                   \
    X(SETTING_GET, "SELECT value FROM setting WHERE name = ?")                 \
    X(SETTING_PUT,                                                             \
      "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) "    \
      "DO UPDATE SET value = excluded.value")                                  \
    X(ECOSYSTEM_ADD, "INSERT INTO ecosystem (name, created, own_list) "        \
                     "VALUES (?, ?, ?)")                                       \
    X(ECOSYSTEM_CHANGE, "UPDATE ecosystem SET name = ? WHERE id = ?")          \
    X(ECOSYSTEM_LIST,                                                          \
      "SELECT id, name, created, own_list FROM ecosystem WHERE "               \
      "?1 IN (0, id) AND "                                                     \
      "(?2 = 0 OR id = (SELECT ecosystem FROM organisation WHERE id = ?2)) "   \
      "ORDER BY id")                                                           \
    X(ORGANISATION_ADD, "INSERT INTO organisation (ecosystem, name, created, " \
                        "suspended, open) VALUES (?, ?, ?, ?, ?)")             \
    X(ORGANISATION_CHANGE, "UPDATE organisation SET name = ?, suspended = ? "  \
                           "WHERE id = ? AND ecosystem = ?")                   \
    X(ORGANISATION_GET,                                                        \
      "SELECT " SQL_ORGANISATION_COLUMNS " FROM " SQL_ORGANISATION             \
      "WHERE organisation = ? AND $scope")                                     \
    X(ORGANISATION_LIST,                                                       \
      "SELECT " SQL_ORGANISATION_COLUMNS " FROM " SQL_ORGANISATION             \
      "WHERE $scope ORDER BY organisation")                                    \
    X(ALLOCATION_PUT,                                                          \
      "INSERT OR REPLACE INTO allocation (" SQL_ALLOCATION_COLUMNS             \
      ") VALUES (?, ?, ?, ?, ?, ?, ?)")                                        \
    X(ALLOCATION_GET, "SELECT " SQL_ALLOCATION_COLUMNS                         \
                      " FROM allocation WHERE organisation = ? AND "           \
                      "profile = ?")                                           \
    X(ALLOCATION_LIST, "SELECT " SQL_ALLOCATION_COLUMNS                        \
                       " FROM allocation WHERE ?1 IN (0, organisation) "       \
                       "ORDER BY organisation, profile")                       \
    X(VERSION_PUT, "INSERT INTO profile_version (" SQL_VERSION_COLUMNS         \
                   ") VALUES (?, ?, ?, ?, ?)")                                 \
    X(VERSION_GET, "SELECT " SQL_VERSION_COLUMNS                               \
                   " FROM profile_version WHERE profile = ? AND version = ?")  \
    X(VERSION_LAST,                                                            \
      "SELECT " SQL_VERSION_COLUMNS " FROM profile_version WHERE profile = ? " \
      "ORDER BY version DESC LIMIT 1")                                         \
    X(VERSION_LIST, "SELECT profile, version, hash, created, x'' "             \
                    "FROM profile_version WHERE profile = ? "                  \
                    "ORDER BY version")                                        \
    X(CA_PUT, "INSERT INTO ca (" SQL_CA_COLUMNS ") VALUES "                    \
              "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "                          \
              "ON CONFLICT (id) DO UPDATE SET "                                \
              "shards = max(shards, excluded.shards), "                        \
              "kind = excluded.kind, status = excluded.status, "               \
              "parent = excluded.parent, cert = excluded.cert, "               \
              "key_uri = excluded.key_uri, ocsp_cert = excluded.ocsp_cert, "   \
              "ocsp_key_uri = excluded.ocsp_key_uri "                          \
              "WHERE organisation = excluded.organisation AND "                \
              "ecosystem = excluded.ecosystem")                                \
    X(CA_GET, "SELECT " SQL_CA_COLUMNS " FROM ca WHERE " SQL_CA_SEEN           \
              "AND id = ? AND (organisation = 0 OR $scope)")                   \
    X(CA_LIST, "SELECT " SQL_CA_COLUMNS " FROM ca WHERE " SQL_CA_SEEN          \
               "AND (organisation = 0 OR $scope) ORDER BY id")                 \
    X(CRL_PUT, "INSERT OR REPLACE INTO crl (" SQL_CRL_COLUMNS ") VALUES "      \
               "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                            \
    X(CRL_GET,                                                                 \
      "SELECT " SQL_CRL_COLUMNS " FROM crl WHERE ca = ? AND list = ?")         \
    X(CRL_NUMBER, "SELECT ifnull(max(number), 0) FROM crl WHERE ca = ?")       \
    X(DEVICE_ADD,                                                              \
      "INSERT INTO device (organisation, state, resume, name, created, "       \
      "changed, line, came) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")                  \
    X(DEVICE_CHANGE, "UPDATE device SET state = ?, resume = ?, changed = ?, "  \
                     "line = ?, came = ? WHERE id = ? AND organisation = ?")   \
    X(DEVICE_LINE, "SELECT " SQL_DEVICE_COLUMNS " FROM device "                \
                   "WHERE line = ? AND line != 0 ORDER BY id")                 \
    SQL_TRANSFER_LIST(X)                                                       \
    X(DEVICE_GET,                                                              \
      "SELECT " SQL_DEVICE_COLUMNS " FROM device WHERE id = ? AND $scope")     \
    X(DEVICE_LIST, "SELECT " SQL_DEVICE_COLUMNS                                \
                   " FROM device WHERE id > ? AND $scope ORDER BY id")         \
    X(DEVICE_NEXT, "SELECT id FROM device WHERE organisation = ? AND "         \
                   "state = ? AND id >= ? ORDER BY id LIMIT 1")                \
    X(ATTRIBUTE_PUT, "INSERT OR IGNORE INTO attribute "                        \
                     "(" SQL_ATTRIBUTE_COLUMNS ") VALUES (?, ?, ?, ?, ?)")     \
    X(ATTRIBUTE_DROP,                                                          \
      "DELETE FROM attribute WHERE device = ?1 AND kind = ?2 AND name = ?3 "   \
      "AND ?4 IN ('', value)")                                                 \
    X(ATTRIBUTE_LIST,                                                          \
      "SELECT " SQL_ATTRIBUTE_COLUMNS " FROM attribute WHERE device = ? "      \
      "ORDER BY kind, name, value")                                            \
    X(ATTRIBUTE_ALL, "SELECT " SQL_ATTRIBUTE_COLUMNS                           \
                     " FROM attribute ORDER BY device, kind, name, value")     \
    X(ATTRIBUTE_HAS, "SELECT device FROM attribute WHERE device = ? AND "      \
                     "kind = ? AND name = ? AND value = ? AND "                \
                     "organisation = ?")                                       \
    X(ATTRIBUTE_NEXT,                                                          \
      "SELECT device FROM attribute WHERE organisation = ? AND kind = ? AND "  \
      "kind >= 32 AND name = ? AND value = ? AND device >= ? "                 \
      "ORDER BY device LIMIT 1")                                               \
    X(CERT_EXPIRING,                                                           \
      "SELECT device, not_after FROM certificate WHERE organisation = ?1 "     \
      "AND (not_after, device) > (?2, ?4) AND not_after < ?3 AND "             \
      "device != 0 AND status <= 3 AND "                                       \
      "not_after < 253402300799 ORDER BY not_after, device")                   \
    X(CERT_LAST, "SELECT ifnull(max(id), 0) FROM certificate")                 \
    X(CERT_PUT, "INSERT INTO certificate (" SQL_CERT_COLUMNS ") VALUES "       \
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "                           \
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                            \
    X(CERT_CHANGE,                                                             \
      "UPDATE certificate SET status = ?, resume = ?, reason = ?, "            \
      "revoked = ?, renewed_by = ?, superseded = ? "                           \
      "WHERE id = ? AND organisation = ?")                                     \
    X(CERT_GET,                                                                \
      "SELECT " SQL_CERT_COLUMNS " FROM certificate WHERE id = ? AND $scope")  \
    X(CERT_FIND, "SELECT " SQL_CERT_COLUMNS                                    \
                 " FROM certificate WHERE serial = ? AND ca = ? "              \
                 "AND $scope")                                                 \
    X(CERT_FIND_ANY, "SELECT " SQL_CERT_COLUMNS                                \
                     " FROM certificate WHERE serial = ? AND $scope "          \
                     "ORDER BY id DESC LIMIT 1")                               \
    X(CERT_LIST,                                                               \
      "SELECT " SQL_CERT_COLUMNS                                               \
      " FROM certificate WHERE id > ?1 AND " SQL_CERT_WHERE "ORDER BY id")     \
    X(CERT_LIST_DOWN, "SELECT " SQL_CERT_COLUMNS                               \
                      " FROM certificate WHERE id < ?1 AND " SQL_CERT_WHERE    \
                      "ORDER BY id DESC")                                      \
    X(CERT_OF_TENANT,                                                          \
      "SELECT " SQL_CERT_COLUMNS                                               \
      " FROM certificate WHERE id > ?1 AND organisation = ?6 AND "             \
      "organisation > 1 AND " SQL_CERT_WHERE "ORDER BY id")                    \
    X(CERT_OF_TENANT_DOWN,                                                     \
      "SELECT " SQL_CERT_COLUMNS                                               \
      " FROM certificate WHERE id < ?1 AND organisation = ?6 AND "             \
      "organisation > 1 AND " SQL_CERT_WHERE "ORDER BY id DESC")               \
    X(CERT_OF_DEVICE,                                                          \
      "SELECT " SQL_CERT_COLUMNS                                               \
      " FROM certificate WHERE id > ?1 AND device = ?6 AND device != 0 "       \
      "AND " SQL_CERT_WHERE "ORDER BY id")                                     \
    X(CERT_OF_DEVICE_DOWN,                                                     \
      "SELECT " SQL_CERT_COLUMNS                                               \
      " FROM certificate WHERE id < ?1 AND device = ?6 AND device != 0 "       \
      "AND " SQL_CERT_WHERE "ORDER BY id DESC")                                \
    X(CERT_DUE,                                                                \
      "SELECT " SQL_CERT_COLUMNS " FROM certificate WHERE organisation = ?1 "  \
      "AND not_after = ?2 AND id > ?3 AND ?2 < ?4 AND " SQL_DUE_WHERE          \
      "UNION ALL SELECT " SQL_CERT_COLUMNS " FROM certificate WHERE "          \
      "organisation = ?1 AND not_after > ?2 AND not_after < ?4 "               \
      "AND " SQL_DUE_WHERE "ORDER BY not_after, id")                           \
    SQL_RENEWAL_LIST(X)                                                        \
    X(DATA_VERSION, "PRAGMA data_version")                                     \
    X(RECENT_PUT, "INSERT INTO claim_recent (entries) VALUES (?)")             \
    X(RECENT_CLEAR, "DELETE FROM claim_recent")                                \
    X(RECENT_LIST, "SELECT entries FROM claim_recent ORDER BY id")             \
    X(RUN_PUT, "INSERT OR REPLACE INTO claim_run (id, level, growing) "        \
               "VALUES (?, ?, ?)")                                             \
    X(RUN_DROP, "DELETE FROM claim_run WHERE id = ?")                          \
    X(RUN_LIST, "SELECT id, level, growing FROM claim_run ORDER BY id")        \
    X(SEGMENT_PUT,                                                             \
      "INSERT INTO claim_segment (id, run, first_page, pages, entries, "       \
      "last, data) VALUES (?, ?, ?, ?, ?, ?, ?)")                              \
    X(SEGMENT_DROP, "DELETE FROM claim_segment WHERE id = ?")                  \
    X(SEGMENT_LIST, "SELECT id, run, first_page, pages, entries, last "        \
                    "FROM claim_segment ORDER BY id")                          \
    X(SEGMENT_DATA, "SELECT data FROM claim_segment WHERE id = ?")             \
    X(PAGE_PUT, "INSERT INTO claim_page (id, entries) VALUES (?, ?)")          \
    X(PAGE_GET, "SELECT entries FROM claim_page WHERE id = ?")                 \
    X(PAGE_DROP, "DELETE FROM claim_page WHERE id BETWEEN ? AND ?")            \
    X(REVOCATION_PUT,                                                          \
      "INSERT OR REPLACE INTO revocation (ca, serial, revoked, "               \
      "invalid_since, expires, shard, reason) VALUES (?, ?, ?, ?, ?, ?, ?)")   \
    X(REVOCATION_REMOVE, "DELETE FROM revocation WHERE ca = ? AND serial = ?") \
    X(REVOCATION_CHANGE,                                                       \
      "INSERT OR REPLACE INTO revocation_change (ca, shard, serial) "          \
      "SELECT ca, shard, serial FROM revocation WHERE ca = ? AND serial = ?")  \
    X(REVOCATION_WALK,                                                         \
      "SELECT serial, revoked, invalid_since, expires, shard, reason, 0 "      \
      "FROM revocation WHERE ca = ? AND expires >= ? ORDER BY serial")         \
    X(REVOCATION_WALK_SHARD,                                                   \
      "SELECT serial, revoked, invalid_since, expires, shard, reason, 0 "      \
      "FROM revocation WHERE ca = ?1 AND expires >= ?2 AND shard = ?3 AND "    \
      "shard != 0 UNION ALL "                                                  \
      "SELECT serial, revoked, invalid_since, expires, shard, reason, 0 "      \
      "FROM revocation WHERE ca = ?1 AND expires >= ?2 AND "                   \
      "shard = 1025 AND shard != 0 ORDER BY serial")                           \
    X(REVOCATION_WALK_DELTA,                                                   \
      "WITH touched (serial) AS (SELECT serial FROM revocation_change "        \
      "WHERE ca = ?1 AND id > ?4 UNION SELECT serial FROM revocation "         \
      "WHERE ca = ?1 AND expires >= ?3 AND expires < ?2) "                     \
      "SELECT t.serial, ifnull(r.revoked, 0), ifnull(r.invalid_since, 0), "    \
      "ifnull(r.expires, 0), ifnull(r.shard, 0), ifnull(r.reason, 0), "        \
      "r.serial IS NULL FROM touched t LEFT JOIN revocation r "                \
      "ON r.ca = ?1 AND r.serial = t.serial AND r.expires >= ?2 "              \
      "ORDER BY t.serial")                                                     \
    X(CHANGE_LAST, "SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE "     \
                   "name = 'revocation_change'), 0)")                          \
    X(CHANGE_LIST, "SELECT shard, max(id) FROM revocation_change "             \
                   "WHERE ca = ? GROUP BY shard ORDER BY shard")               \
    X(CHANGE_FORGET,                                                           \
      "DELETE FROM revocation_change WHERE ca = ?1 AND id <= (SELECT "         \
      "min(base_change) FROM crl WHERE crl.ca = ?1 AND "                       \
      "(revocation_change.shard = 1025 OR "                                    \
      "crl.list IN (0, 4294967294, 4294967295, revocation_change.shard)))")    \
    X(OPERATOR_PUT,                                                            \
      "INSERT INTO operator (" SQL_OPERATOR_COLUMNS ") VALUES "                \
      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "         \
      "roles = excluded.roles, disabled = excluded.disabled, "                 \
      "cert = excluded.cert, renewal = excluded.renewal, "                     \
      "scope_ecosystem = excluded.scope_ecosystem, "                           \
      "scope_organisation = excluded.scope_organisation, "                     \
      "cert_id = excluded.cert_id "                                            \
      "WHERE organisation = excluded.organisation")                            \
    X(OPERATOR_FIND, "SELECT " SQL_OPERATOR_COLUMNS                            \
                     " FROM operator WHERE ?1 IN (cert, renewal)")             \
    X(OPERATOR_GET,                                                            \
      "SELECT " SQL_OPERATOR_COLUMNS " FROM operator WHERE id = ? AND $scope") \
    X(OPERATOR_LIST, "SELECT " SQL_OPERATOR_COLUMNS                            \
                     " FROM operator WHERE $scope ORDER BY id")                \
    X(TOKEN_PUT, "INSERT INTO token (" SQL_TOKEN_COLUMNS ") VALUES "           \
                 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                       \
    X(TOKEN_CHANGE,                                                            \
      "UPDATE token SET used = ?, revoked = ?, cert = ?, key = ? "             \
      "WHERE hash = ? AND organisation = ?")                                   \
    X(TOKEN_FIND, "SELECT " SQL_TOKEN_COLUMNS " FROM token WHERE hash = ?")    \
    X(TOKEN_GET,                                                               \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token WHERE id = ? AND $scope")       \
    X(TOKEN_LIST,                                                              \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token WHERE number > ifnull((SELECT " \
      "number FROM token WHERE id = ?), 0) AND $scope "                        \
      "ORDER BY number")                                                       \
    X(REQUEST_ADD,                                                             \
      "INSERT INTO request (organisation, state, profile, device, key, "       \
      "means, asked, first, decider, created, decided, cert, csr) VALUES "     \
      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                               \
    X(REQUEST_CHANGE,                                                          \
      "UPDATE request SET state = ?, decider = ?, decided = ?, cert = ? "      \
      "WHERE id = ? AND organisation = ?")                                     \
    X(REQUEST_GET,                                                             \
      "SELECT " SQL_REQUEST_COLUMNS " FROM request WHERE id = ? AND $scope")   \
    X(REQUEST_FIND, "SELECT " SQL_REQUEST_COLUMNS                              \
                    " FROM request WHERE key = ? AND organisation = ? AND "    \
                    "profile = ? AND device = ? ORDER BY id DESC LIMIT 1")     \
    X(REQUEST_COUNT,                                                           \
      "SELECT count(*) FROM (SELECT 1 FROM request WHERE state < 3 AND "       \
      "organisation = ? AND created > ? LIMIT ?)")                             \
    X(REQUEST_COUNT_OF_DEVICE,                                                 \
      "SELECT count(*) FROM (SELECT 1 FROM request WHERE state < 3 AND "       \
      "organisation = ? AND device = ? AND created > ? LIMIT ?)")              \
    X(REQUEST_LIST, "SELECT " SQL_REQUEST_COLUMNS                              \
                    " FROM request WHERE id > ?1 AND (?2 = 0 OR state = ?2) "  \
                    "AND $scope ORDER BY id")                                  \
    X(REPLY_PUT,                                                               \
      "INSERT INTO reply (" SQL_REPLY_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?) "   \
      "ON CONFLICT (operator, key) DO UPDATE SET status = excluded.status, "   \
      "body = excluded.body WHERE request = excluded.request")                 \
    X(REPLY_FIND, "SELECT " SQL_REPLY_COLUMNS                                  \
                  " FROM reply WHERE operator = ? AND key = ?")                \
    X(REPLY_COUNT, "SELECT count(*) FROM (SELECT 1 FROM reply WHERE "          \
                   "operator = ? LIMIT ?)")                                    \
    X(REPLY_PURGE, "DELETE FROM reply WHERE created < ?")                      \
    X(ATTESTATION_PUT, "INSERT INTO attestation (" SQL_ATTESTATION_COLUMNS     \
                       ") VALUES (?, ?, ?, ?, ?, ?)")                          \
    X(ATTESTATION_GET,                                                         \
      "SELECT " SQL_ATTESTATION_COLUMNS " FROM attestation WHERE key = ?")     \
    X(ATTESTATION_OF_DEVICE,                                                   \
      "SELECT " SQL_ATTESTATION_COLUMNS " FROM attestation WHERE device = ? "  \
      "AND device != 0 ORDER BY id DESC LIMIT 1")                              \
    X(ATTESTATION_OF_EK,                                                       \
      "SELECT " SQL_ATTESTATION_COLUMNS " FROM attestation WHERE "             \
      "organisation = ? AND ek = ? "                                           \
      "ORDER BY id DESC LIMIT 1")                                              \
    X(MANUFACTURER_ADD,                                                        \
      "INSERT INTO manufacturer (organisation, name, rule, outlives, "         \
      "listed, pattern, device, profiles, created, removed, creator, "         \
      "anchors, cas) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")          \
    X(MANUFACTURER_CHANGE,                                                     \
      "UPDATE manufacturer SET rule = ?, outlives = ?, listed = ?, "           \
      "pattern = ?, device = ?, profiles = ?, created = ?, removed = ?, "      \
      "creator = ?, anchors = ?, cas = ? WHERE id = ? AND organisation = ? "   \
      "AND name = ?")                                                          \
    X(MANUFACTURER_FIND,                                                       \
      "SELECT " SQL_MANUFACTURER_COLUMNS                                       \
      " FROM manufacturer WHERE organisation = ? AND name = ?")                \
    X(MANUFACTURER_LIST,                                                       \
      "SELECT " SQL_MANUFACTURER_COLUMNS                                       \
      " FROM manufacturer WHERE id > ? AND $scope ORDER BY id")                \
    X(LIST_PUT, "INSERT OR REPLACE INTO manufacturer_list "                    \
                "(" SQL_MANUFACTURER_LIST_COLUMNS ") VALUES "                  \
                "(?, ?, ?, ?, ?)")                                             \
    X(LIST_GET, "SELECT " SQL_MANUFACTURER_LIST_COLUMNS                        \
                " FROM manufacturer_list WHERE manufacturer = ? AND ca = ?")   \
    X(LIST_LIST, "SELECT " SQL_MANUFACTURER_LIST_COLUMNS                       \
                 " FROM manufacturer_list WHERE manufacturer = ? "             \
                 "ORDER BY ca")                                                \
    X(SERIAL_PUT, "INSERT OR IGNORE INTO manufacturer_serial VALUES (?, ?)")   \
    X(SERIAL_FIND, "SELECT 1 FROM manufacturer_serial WHERE "                  \
                   "manufacturer = ? AND serial = ?")                          \
    X(SERIAL_COUNT,                                                            \
      "SELECT count(*) FROM manufacturer_serial WHERE manufacturer = ?")       \
    X(SERIAL_FORGET, "DELETE FROM manufacturer_serial WHERE manufacturer = ?") \
    X(IDEVID_PUT, "INSERT INTO idevid (" SQL_IDEVID_COLUMNS ") VALUES "        \
                  "(?, ?, ?, ?, ?, ?, ?) ON CONFLICT (manufacturer, serial) "  \
                  "DO UPDATE SET key = excluded.key, cert = excluded.cert, "   \
                  "at = excluded.at WHERE device = excluded.device")           \
    X(IDEVID_FIND, "SELECT " SQL_IDEVID_COLUMNS                                \
                   " FROM idevid WHERE manufacturer = ? AND serial = ?")       \
    X(IDEVID_ANY, "SELECT manufacturer FROM idevid LIMIT 1")                   \
    X(IDEVID_OF_KEY,                                                           \
      "SELECT " SQL_IDEVID_COLUMNS " FROM idevid WHERE key = ?")               \
    X(IDEVID_OF_DEVICE, "SELECT " SQL_IDEVID_COLUMNS                           \
                        " FROM idevid WHERE device = ? ORDER BY id DESC "      \
                        "LIMIT 1")                                             \
    X(IDEVID_COUNT, "SELECT count(*) FROM idevid WHERE manufacturer = ?")      \
    X(EVENT_PUT, "INSERT INTO event (organisation, at, kind, device, text, "   \
                 "claimed, asked) VALUES (?, ?, ?, ?, ?, ?, ?)")               \
    X(EVENT_FORGET, SQL_EVENT_FORGET_OF("device = ?1 AND claimed != 0"))       \
    X(EVENT_FORGET_NOTICED,                                                    \
      SQL_EVENT_FORGET_OF(                                                     \
          "device = ?1 AND device != 0 AND claimed = 0 AND asked = 0"))        \
    X(EVENT_FORGET_PLAIN,                                                      \
      SQL_EVENT_FORGET_OF("organisation = ?1 AND device = 0 AND asked = 0"))   \
    X(EVENT_GIVEN,                                                             \
      "DELETE FROM event INDEXED BY event_asked WHERE asked != 0 "             \
      "AND id > ? AND id <= ? AND NOT EXISTS (SELECT 1 FROM destination "      \
      "WHERE cursor < event.id AND (asks & (1 << (event.asked - 1))) != 0 "    \
      "AND scope_organisation IN (0, event.organisation)) "                    \
      "AND NOT EXISTS (SELECT 1 FROM outbox WHERE event = event.id)")          \
    X(EVENT_GET, "SELECT " SQL_EVENT_COLUMNS " FROM event WHERE id = ?")       \
    X(EVENT_AFTER, "SELECT " SQL_EVENT_COLUMNS                                 \
                   " FROM event WHERE id > ? AND id <= ? AND $scope "          \
                   "ORDER BY id")                                              \
    X(EVENT_LAST, "SELECT ifnull(max(id), 0) FROM event")                      \
    X(DESTINATION_ADD,                                                         \
      "INSERT INTO destination (organisation, scope_ecosystem, "               \
      "scope_organisation, kind, name, url, kinds, asks, secret, identity, "   \
      "tries, age, created, creator, anchors, disabled, cursor, delivered, "   \
      "succeeded, failed, failures, lost, words) VALUES (?, ?, ?, ?, ?, ?, "   \
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                    \
    X(DESTINATION_CHANGE,                                                      \
      "UPDATE destination SET disabled = ?, cursor = ?, delivered = ?, "       \
      "succeeded = ?, failed = ?, failures = ?, lost = ?, words = ? "          \
      "WHERE id = ?")                                                          \
    X(DESTINATION_FIND,                                                        \
      "SELECT " SQL_DESTINATION_COLUMNS                                        \
      " FROM destination WHERE organisation = ? AND name = ?")                 \
    X(DESTINATION_LIST,                                                        \
      "SELECT " SQL_DESTINATION_COLUMNS                                        \
      " FROM destination WHERE id > ? AND $scope ORDER BY id")                 \
    X(DESTINATION_DROP, "DELETE FROM destination WHERE id = ?")                \
    X(DELIVERY_PUT, "INSERT OR REPLACE INTO outbox (" SQL_DELIVERY_COLUMNS     \
                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                    \
    X(DELIVERY_GET, "SELECT " SQL_DELIVERY_COLUMNS                             \
                    " FROM outbox WHERE destination = ? AND event = ?")        \
    X(DELIVERY_DROP, "DELETE FROM outbox WHERE destination = ? AND event = ?") \
    X(DELIVERY_CLEAR, "DELETE FROM outbox WHERE destination = ?")              \
    X(DELIVERY_LIST, "SELECT " SQL_DELIVERY_COLUMNS                            \
                     " FROM outbox WHERE destination = ? AND dead = ? AND "    \
                     "event > ? ORDER BY event")                               \
    X(DELIVERY_DUE,                                                            \
      "SELECT " SQL_DELIVERY_COLUMNS                                           \
      " FROM outbox AS o INDEXED BY outbox_device WHERE destination = ? "      \
      "AND dead = 0 AND next <= ? "                                            \
      "AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE "                       \
      "e.destination = o.destination AND e.dead = 0 AND "                      \
      "e.device = o.device AND e.event < o.event) ORDER BY event")             \
    X(DELIVERY_COUNT,                                                          \
      "SELECT count(*) FROM outbox WHERE destination = ? AND dead = ?")        \
    X(DELIVERY_WAITS, "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE "      \
                      "destination = ? AND dead = 0 AND device = ? LIMIT 1)")  \
    X(RELEASE_PUT, "INSERT INTO release (organisation, mode, name, created, "  \
                   "creator) VALUES (?, ?, ?, ?, ?)")                          \
    X(RELEASE_FIND, "SELECT " SQL_RELEASE_COLUMNS                              \
                    " FROM release WHERE organisation = ? AND name = ?")       \
    X(RELEASE_LIST, "SELECT " SQL_RELEASE_COLUMNS                              \
                    " FROM release WHERE id > ? AND $scope ORDER BY id")       \
    X(ITEM_PUT, "INSERT INTO release_item (release, kind, image, hash, size, " \
                "version, signer_ca, signer) VALUES (?, ?, ?, ?, ?, ?, ?, ?)") \
    X(ITEM_LIST, "SELECT " SQL_ITEM_COLUMNS                                    \
                 " FROM release_item WHERE release = ? ORDER BY id")           \
    X(ITEM_ASSIGNED,                                                           \
      "SELECT 1 FROM release_item i JOIN assignment a ON a.release = "         \
      "i.release WHERE i.hash = ? AND a.organisation IN (0, ?) AND "           \
      "a.percent > 0 LIMIT 1")                                                 \
    X(ASSIGNMENT_PUT,                                                          \
      "INSERT INTO assignment (release, organisation, device, percent, "       \
      "number, created, actor) VALUES (?, ?, ?, ?, "                           \
      "(SELECT ifnull(max(number), 0) + 1 FROM assignment), ?, ?) "            \
      "ON CONFLICT (release, organisation, device) DO UPDATE SET "             \
      "percent = excluded.percent, number = excluded.number, "                 \
      "created = excluded.created, actor = excluded.actor")                    \
    X(ASSIGNMENT_GET, "SELECT " SQL_ASSIGNMENT_COLUMNS                         \
                      " FROM assignment WHERE release = ? AND "                \
                      "organisation = ? AND device = ?")                       \
    X(ASSIGNMENT_LIST, "SELECT " SQL_ASSIGNMENT_COLUMNS                        \
                       " FROM assignment WHERE release = ? AND $scope "        \
                       "ORDER BY number")                                      \
    X(ASSIGNMENT_OF_DEVICE,                                                    \
      "SELECT a.id, a.release, a.organisation, a.device, a.percent, "          \
      "a.number, a.created, a.actor, r.mode, r.name FROM assignment a "        \
      "JOIN release r ON r.id = a.release WHERE "                              \
      "(a.organisation = 0 AND a.device = 0) OR "                              \
      "(a.organisation = ?1 AND a.device IN (0, ?2)) "                         \
      "ORDER BY a.device != 0 DESC, a.organisation != 0 DESC, "                \
      "a.number DESC")                                                         \
    X(MANIFEST_PUT, "INSERT OR REPLACE INTO manifest (" SQL_MANIFEST_COLUMNS   \
                    ") VALUES (?, ?, ?, ?, ?, ?, ?)")                          \
    X(MANIFEST_GET,                                                            \
      "SELECT " SQL_MANIFEST_COLUMNS " FROM manifest WHERE device = ?")        \
    X(MANIFEST_FORGET,                                                         \
      "UPDATE manifest SET version = 0, issued = 0, next_update = 0, said = "  \
      "zeroblob(32), message = x''")                                           \
    X(PROGRESS_PUT, "INSERT INTO progress (" SQL_PROGRESS_COLUMNS ") VALUES "  \
                    "(?, ?, ?, ?, ?) ON CONFLICT (assignment, item, device) "  \
                    "DO UPDATE SET version = max(version, excluded.version), " \
                    "steps = steps | excluded.steps")                          \
    X(PROGRESS_STEPS, "SELECT steps FROM progress WHERE assignment = ? AND "   \
                      "item = ? AND device = ?")                               \
    X(PROGRESS_FIND,                                                           \
      "SELECT p.assignment, p.item, p.device, p.version, p.steps, i.kind, "    \
      "i.version FROM progress p JOIN release_item i ON i.id = p.item WHERE "  \
      "p.device = ? AND i.hash = ? ORDER BY p.version DESC LIMIT 1")           \
    X(PROGRESS_COUNT_ADD,                                                      \
      "INSERT INTO progress_count VALUES (?1, ?2, ?3 & 1, ?3 >> 1 & 1, "       \
      "?3 >> 2 & 1, ?3 >> 3 & 1, ?3 >> 4 & 1, ?3 >> 5 & 1) "                   \
      "ON CONFLICT (assignment, item) DO UPDATE SET "                          \
      "offered = offered + excluded.offered, "                                 \
      "fetched = fetched + excluded.fetched, tried = tried + excluded.tried, " \
      "taken = taken + excluded.taken, "                                       \
      "reverted = reverted + excluded.reverted, "                              \
      "refused = refused + excluded.refused")                                  \
    X(PROGRESS_COUNT,                                                          \
      "SELECT offered, fetched, tried, taken, reverted, refused "              \
      "FROM progress_count WHERE assignment = ? AND item = ?")                 \
    X(HEARD_PUT, "INSERT OR REPLACE INTO heard (" SQL_HEARD_COLUMNS            \
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")              \
    X(HEARD_GET, "SELECT " SQL_HEARD_COLUMNS " FROM heard WHERE device = ?")   \
    X(EVENT_LIST, "SELECT " SQL_EVENT_COLUMNS                                  \
                  " FROM event WHERE id < ? AND asked = 0 AND $scope "         \
                  "ORDER BY id DESC")                                          \
    X(EVENT_OF_DEVICE,                                                         \
      "SELECT " SQL_EVENT_COLUMNS                                              \
      " FROM event WHERE device = ? AND device != 0 AND id < ? "               \
      "AND asked = 0 AND $scope ORDER BY id DESC")                             \
    SQL_BATCH_LIST(X)                                                          \
    X(LEAF_PUT, "INSERT INTO ledger (id, organisation, salt, record) "         \
                "VALUES (?, ?, ?, ?)")                                         \
    X(LEAF_GET, "SELECT id, organisation, salt, record FROM ledger "           \
                "WHERE id = ?")                                                \
    X(LEAF_LIST, "SELECT id, organisation, salt, record FROM ledger "          \
                 "WHERE id BETWEEN ? AND ? ORDER BY id")                       \
    X(TILE_PUT, "INSERT OR REPLACE INTO tile (tree, level, number, hashes) "   \
                "VALUES (?, ?, ?, ?)")                                         \
    X(TILE_GET, "SELECT hashes FROM tile WHERE tree = ? AND level = ? "        \
                "AND number = ?")                                              \
    X(HEAD_PUT, "INSERT OR REPLACE INTO head (tree, size, edge, checkpoint) "  \
                "VALUES (?, ?, ?, ?)")                                         \
    X(HEAD_GET, "SELECT tree, size, edge, checkpoint FROM head "               \
                "WHERE tree = ?")                                              \
    X(HEAD_NEWEST, "SELECT tree, size, edge, checkpoint FROM head "            \
                   "ORDER BY tree DESC LIMIT 1")

enum sql {
#define X(name, text) SQL_##name,
    SQL_LIST(X)
#undef X
    SQL_COUNT
};

#endif
