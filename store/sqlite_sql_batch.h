/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_SQL_BATCH_H
#define BM_STORE_SQLITE_SQL_BATCH_H

/* Statements about batches; part of sqlite_sql.h. */
#define SQL_BATCH_COLUMNS                                                  \
    "id, organisation, state, options, name, profile, creator, actor, "    \
    "upload, reason, revocation, created, changed, expires, rows, wrong, " \
    "skipped, issued, refused, revoked, recipient, signature, jws"
#define SQL_BATCH_ROW_COLUMNS \
    "id, state, cert, place, device, name, words, csr, subject, key"

#define SQL_BATCH_LIST(X)                                                   \
    X(BATCH_ADD,                                                            \
      "INSERT INTO batch (organisation, state, options, name, "             \
      "profile, creator, actor, upload, reason, revocation, "               \
      "created, changed, expires, rows, wrong, skipped, issued, "           \
      "refused, revoked, recipient, signature) VALUES (?, ?, ?, ?, "        \
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                 \
    X(BATCH_CHANGE,                                                         \
      "UPDATE batch SET state = ?, options = ?, actor = ?, reason = ?, "    \
      "revocation = ?, changed = ?, expires = ?, rows = ?, wrong = ?, "     \
      "skipped = ?, issued = ?, refused = ?, revoked = ? "                  \
      "WHERE id = ? AND organisation = ?")                                  \
    X(BATCH_SIGN, "UPDATE batch SET signature = ?, jws = ? WHERE id = ?")   \
    X(BATCH_GET,                                                            \
      "SELECT " SQL_BATCH_COLUMNS " FROM batch WHERE id = ? AND $scope")    \
    X(BATCH_LIST, "SELECT " SQL_BATCH_COLUMNS                               \
                  " FROM batch WHERE id > ?1 AND (?2 = 0 OR state = ?2) "   \
                  "AND $scope ORDER BY id")                                 \
    X(BATCH_OPEN,                                                           \
      "SELECT " SQL_BATCH_COLUMNS " FROM batch WHERE state IN (1, 3, 9) "   \
      "ORDER BY state = 9 DESC, id")                                        \
    X(BATCH_LAPSED, "SELECT " SQL_BATCH_COLUMNS                             \
                    " FROM batch WHERE expires != 0 AND expires < ? "       \
                    "ORDER BY expires LIMIT 1")                             \
    X(BATCH_ISSUED, "UPDATE batch SET issued = issued + ? WHERE id = ?")    \
    X(BATCH_ROW_PUT, "INSERT INTO batch_row (" SQL_BATCH_ROW_COLUMNS        \
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")             \
    X(BATCH_ROW_CHANGE,                                                     \
      "UPDATE batch_row SET state = ?, cert = ?, words = ?, "               \
      "csr = x'' WHERE id = ?")                                             \
    X(BATCH_ROWS_ISSUED,                                                    \
      "UPDATE batch_row SET state = ?4, cert = ?3 + id - ?1, csr = x'' "    \
      "WHERE id BETWEEN ?1 AND ?2 AND state = ?5")                          \
    X(BATCH_ROW_LIST, "SELECT " SQL_BATCH_ROW_COLUMNS                       \
                      " FROM batch_row WHERE id > ?1 AND id <= ?2 AND "     \
                      "(?3 = 0 OR state = ?3) ORDER BY id")                 \
    X(BATCH_CLEAR, "DELETE FROM batch_row WHERE id BETWEEN ?1 AND ?2 AND "  \
                   "(?3 = 0 OR state = ?3)")                                \
    X(BATCH_FORGET, "UPDATE batch_row SET csr = x'', key = x'' WHERE id "   \
                    "BETWEEN ? AND ? AND (csr != x'' OR key != x'')")       \
    X(BATCH_SECRET_PUT,                                                     \
      "INSERT INTO batch_secret (batch, sealed) VALUES (?, ?)")             \
    X(BATCH_SECRET_GET, "SELECT sealed FROM batch_secret WHERE batch = ?")  \
    X(BATCH_SECRET_DROP, "DELETE FROM batch_secret WHERE batch = ?")        \
    X(BATCH_HAS_DEVICE,                                                     \
      "SELECT 1 FROM certificate AS c CROSS JOIN batch_row AS b "           \
      "ON b.cert = c.id WHERE c.device = ?3 AND c.device != 0 "             \
      "AND b.cert != 0 AND b.id BETWEEN ?1 AND ?2 LIMIT 1")                 \
    X(BATCH_EVENT_PUT, "INSERT INTO batch_event (batch, at, state, actor, " \
                       "text) VALUES (?, ?, ?, ?, ?)")                      \
    X(BATCH_EVENT_LIST, "SELECT batch, at, state, actor, text FROM "        \
                        "batch_event WHERE batch = ? ORDER BY id")

#endif
