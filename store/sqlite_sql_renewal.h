/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_SQL_RENEWAL_H
#define BM_STORE_SQLITE_SQL_RENEWAL_H

/* Statements about renewal and misuse; part of sqlite_sql.h. */
#define SQL_PULL_COLUMNS                                                   \
    "id, organisation, ca, profile, device, from_time, until_time, last, " \
    "created, cancelled, creator, model, lot, firmware, batch, ends"
#define SQL_SIGNAL_COLUMNS \
    "id, organisation, device, kind, count, first, last, text"

#define SQL_RENEWAL_LIST(X)                                                    \
    X(PULL_ADD,                                                                \
      "INSERT INTO pull (organisation, ca, profile, device, "                  \
      "from_time, until_time, last, created, cancelled, creator, model, lot, " \
      "firmware, batch, ends) VALUES "                                         \
      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                         \
    X(PULL_CHANGE,                                                             \
      "UPDATE pull SET cancelled = ? WHERE id = ? AND organisation = ?")       \
    X(PULL_GET,                                                                \
      "SELECT " SQL_PULL_COLUMNS " FROM pull WHERE id = ? AND $scope")         \
    X(PULL_LIST, "SELECT " SQL_PULL_COLUMNS                                    \
                 " FROM pull WHERE id > ? AND $scope ORDER BY id")             \
    X(PULL_OPEN, "SELECT " SQL_PULL_COLUMNS                                    \
                 " FROM pull WHERE cancelled = 0 AND organisation IN (0, ?1) " \
                 "AND ends > ?2 ORDER BY id")                                  \
    X(SIGNAL_ADD, "INSERT INTO signal (organisation, device, kind, count, "    \
                  "first, last, text) VALUES (?, ?, ?, ?, ?, ?, ?)")           \
    X(SIGNAL_CHANGE,                                                           \
      "UPDATE signal SET count = ?, last = ?, text = ? WHERE id = ?")          \
    X(SIGNAL_FIND,                                                             \
      "SELECT " SQL_SIGNAL_COLUMNS                                             \
      " FROM signal WHERE device = ? AND kind = ? AND organisation = ?")       \
    X(SIGNAL_LIST, "SELECT " SQL_SIGNAL_COLUMNS                                \
                   " FROM signal WHERE id < ?1 AND $scope ORDER BY id DESC")   \
    X(SIGNAL_OF_KIND,                                                          \
      "SELECT " SQL_SIGNAL_COLUMNS                                             \
      " FROM signal WHERE id < ?1 AND kind = ?2 AND $scope ORDER BY id DESC")  \
    X(SIGNAL_OF_DEVICE,                                                        \
      "SELECT " SQL_SIGNAL_COLUMNS                                             \
      " FROM signal WHERE id < ?1 AND device = ?2 AND ?3 IN ('', kind) "       \
      "AND $scope ORDER BY id DESC")                                           \
    X(SHIPPING_PUT, "INSERT OR REPLACE INTO shipping (device, organisation, "  \
                    "shipped, at) VALUES (?, ?, ?, ?)")                        \
    X(SHIPPING_GET, "SELECT device, organisation, shipped, at FROM shipping "  \
                    "WHERE device = ?")                                        \
    X(SHIPPING_LIST, "SELECT device, organisation, shipped, at FROM shipping " \
                     "ORDER BY device")

#endif
