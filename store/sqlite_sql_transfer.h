/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_SQL_TRANSFER_H
#define BM_STORE_SQLITE_SQL_TRANSFER_H

/* Statements about transfers; part of sqlite_sql.h. */
#define SQL_TRANSFER_COLUMNS                                         \
    "id, organisation, receiver, state, options, devices, created, " \
    "expires, decided, creator, decider, profile, words, reason"
#define SQL_TRANSFERRED_COLUMNS "transfer, place, device, received"
/* A transfer is in the scope of both of its sides. Which of them is asked of
 * each side by itself, with what the ids are: that is what keeps to an index,
 * however many transfers others have. */
#define SQL_TRANSFER_SEEN(ids)                                                \
    "id IN (SELECT id FROM (SELECT id, organisation FROM transfer "           \
    "UNION ALL SELECT id, receiver AS organisation FROM transfer) WHERE " ids \
    ")"

#define SQL_TRANSFER_LIST(X)                                                   \
    X(TRANSFER_ADD,                                                            \
      "INSERT INTO transfer (organisation, receiver, state, options, "         \
      "devices, created, expires, decided, creator, decider, profile, "        \
      "words, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")         \
    X(TRANSFER_CHANGE,                                                         \
      "UPDATE transfer SET state = ?, decided = ?, decider = ?, profile = ?, " \
      "reason = ? WHERE id = ? AND organisation = ? AND receiver = ?")         \
    X(TRANSFER_GET, "SELECT " SQL_TRANSFER_COLUMNS " FROM transfer WHERE "     \
                    "id = ?1 AND " SQL_TRANSFER_SEEN("id = ?1 AND $scope"))    \
    X(TRANSFER_LIST,                                                           \
      "SELECT " SQL_TRANSFER_COLUMNS                                           \
      " FROM transfer WHERE " SQL_TRANSFER_SEEN(                               \
          "id > ?1 AND $scope ORDER BY id LIMIT 64") " ORDER BY id")           \
    X(TRANSFER_COUNT, "SELECT count(*) FROM transfer "                         \
                      "WHERE state = 1 AND organisation = ? AND expires > ?")  \
    X(TRANSFER_LAPSED,                                                         \
      "SELECT " SQL_TRANSFER_COLUMNS " FROM transfer "                         \
      "WHERE state = 1 AND expires <= ? ORDER BY expires LIMIT 1")             \
    X(TRANSFERRED_PUT,                                                         \
      "INSERT INTO transferred (" SQL_TRANSFERRED_COLUMNS ") "                 \
      "VALUES (?, ?, ?, ?) ON CONFLICT (transfer, place) "                     \
      "DO UPDATE SET received = excluded.received")                            \
    X(TRANSFERRED_LIST, "SELECT " SQL_TRANSFERRED_COLUMNS " FROM transferred " \
                        "WHERE transfer = ? AND place > ? ORDER BY place")     \
    X(TRANSFER_OF_DEVICE,                                                      \
      "SELECT transfer FROM transferred JOIN transfer "                        \
      "ON transfer.id = transferred.transfer WHERE device = ? "                \
      "AND state = 1 AND expires > ? LIMIT 1")

#endif
