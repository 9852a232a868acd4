/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_STATUS_HOSTS_H
#define BM_CORE_STATUS_HOSTS_H

/* Of status.h: what an authority refuses, and the hosts around it. */

#define BM_STATUS_HOST(X)                                                   \
    X(E_MEMORY, 0x1001, "", "out of memory")                                \
    X(E_IO, 0x1002, "", "reading or writing failed")                        \
    X(E_NOT_FOUND, 0x1003, "", "there is no such thing")                    \
    X(E_EXISTS, 0x1004, "", "exists already, and is not overwritten")       \
    X(E_BUSY, 0x1005, "", "in use by another process")                      \
    X(E_FULL, 0x1006, "", "no space left on the device")                    \
    X(E_ARCHIVE, 0x1007, "", "archive is damaged or not one of ours")       \
    X(E_ARCHIVE_VERSION, 0x1008, "", "archive was made by a newer version") \
    X(E_SANDBOX, 0x1009, "", "sandbox cannot be entered")

#define BM_STATUS_KEYS(X)                                                      \
    X(E_KEYS_URI, 0x1101, "RFC 7512 2", "key URI is not understood")           \
    X(E_KEYS_LOCKED, 0x1102, "", "keys are locked: no unlock secret")          \
    X(E_KEYS_SECRET, 0x1103, "", "unlock secret is wrong")                     \
    X(E_KEYS_FILE, 0x1104, "", "key file is damaged or not one of ours")       \
    X(E_KEYS_MODE, 0x1105, "", "secret may be read by others")                 \
    X(E_KEYS_GONE, 0x1106, "", "key is not there at present")                  \
    X(E_KEYS_TYPO, 0x1107, "", "unlock secret is mistyped or cut short")       \
    X(E_KEYS_VERSION, 0x1108, "", "made by a newer version")                   \
    X(E_KEYS_SOURCE, 0x1109, "", "unlock source is not understood")            \
    X(E_KEYS_SHARES, 0x110a, "",                                               \
      "nobody can be asked for shares here: take shares:DIR or fd:N")          \
    X(E_KEYS_PIN, 0x110b, "", "token takes no PIN, or not this one")           \
    X(E_KEYS_AMBIGUOUS, 0x110c, "RFC 7512 2.3",                                \
      "key URI matches more than one")                                         \
    X(E_KEYS_MODULE, 0x110d, "", "module of the token cannot be used")         \
    X(E_KEYS_TOKEN, 0x110e, "", "token failed, or its answer is wrong")        \
    X(E_KEYS_LOCKOUT, 0x110f, "", "token takes no authorisation for a time")   \
    X(E_KEYS_BUSY, 0x1110, "", "token is busy")                                \
    X(E_KEYS_SHARE_TYPO, 0x1111, "", "share is mistyped or cut short")         \
    X(E_KEYS_SHARE_NAME, 0x1112, "", "name cannot stand on a share")           \
    X(E_KEYS_SHARE_TWICE, 0x1113, "", "same share a second time")              \
    X(E_KEYS_SHARE_FALSE, 0x1114, "",                                          \
      "a share is false: forged, or of a broken copy")                         \
    X(E_KEYS_SHARES_COUNT, 0x1115, "", "2 to 16 shares, any 2 to all of them") \
    X(E_KEYS_SHARES_FEW, 0x1116, "", "too few shares")                         \
    X(E_KEYS_SHARES_MIXED, 0x1117, "", "share belongs to another set")

#define BM_STATUS_CONFIG(X)                                                \
    X(E_CONFIG_SYNTAX, 0x1201, "YAML 1.1", "not well-formed YAML")         \
    X(E_CONFIG_KEY, 0x1202, "", "unknown key")                             \
    X(E_CONFIG_TWICE, 0x1203, "YAML 1.1 3.2.1.1", "key occurs twice")      \
    X(E_CONFIG_MISSING, 0x1204, "", "key is missing")                      \
    X(E_CONFIG_VALUE, 0x1205, "", "value is not allowed here")             \
    X(E_CONFIG_ALIAS, 0x1206, "", "anchors, aliases and tags are refused") \
    X(E_CONFIG_DEPTH, 0x1207, "", "nested too deep or too large")

#define BM_STATUS_PROFILE(X)                                                \
    X(E_PROFILE, 0x1301, "", "profile is not valid")                        \
    X(E_PROFILE_ISSUER, 0x1302, "", "profile does not fit its issuing CA")  \
    X(E_PROFILE_SUBJECT, 0x1303, "", "subject is outside the profile")      \
    X(E_PROFILE_SAN, 0x1304, "RFC 5280 4.2.1.6",                            \
      "subjectAltName is outside the profile")                              \
    X(E_PROFILE_KEY, 0x1305, "", "key is outside the profile")              \
    X(E_PROFILE_EXTENSION, 0x1306, "", "extension is outside the profile")  \
    X(E_PROFILE_VALIDITY, 0x1307, "RFC 5280 4.1.2.5",                       \
      "validity is outside the profile")                                    \
    X(E_PROFILE_DEVICE, 0x1308, "",                                         \
      "device has no name that the profile needs")                          \
    X(E_PROFILE_TBS, 0x1309, "", "certificate would not match its profile") \
    X(E_PROFILE_REQUESTER, 0x130a, "", "requester may not have this profile")

#define BM_STATUS_STORE(X)                                              \
    X(E_STORE, 0x1401, "", "store failed")                              \
    X(E_STORE_CORRUPT, 0x1402, "", "store is damaged")                  \
    X(E_STORE_VERSION, 0x1403, "", "store was made by a newer version") \
    X(E_STORE_CONFLICT, 0x1404, "", "row exists already")               \
    X(E_STORE_SCOPE, 0x1405, "", "belongs to another organisation")     \
    X(E_STORE_STATE, 0x1406, "", "store is not in such a transaction")  \
    X(E_STORE_OLDER, 0x1407, "", "store was made by an older version")

#define BM_STATUS_CA(X)                                                        \
    X(E_CA_KEY_OWNED, 0x1501, "", "public key belongs to another device")      \
    X(E_CA_KEY_REUSED, 0x1502, "", "profile forbids the same key again")       \
    X(E_CA_KEY_BAD, 0x1503, "NIST SP 800-57 1 5.2", "public key is known bad") \
    X(E_CA_IDENTIFIER, 0x1504, "", "identifier is taken")                      \
    X(E_CA_DEVICE, 0x1505, "", "state of the device forbids this")             \
    X(E_CA_CLOCK, 0x1506, "", "clock is behind the last commit")               \
    X(E_CA_FORK, 0x1507, "", "certificate was superseded: possible clone")     \
    X(E_CA_PENDING, 0x1508, "", "too many unconfirmed renewals")               \
    X(E_CA_WINDOW, 0x1509, "", "outside the renewal window")                   \
    X(E_CA_STATUS, 0x150a, "", "certificate is not in a state for this")       \
    X(E_CA_REASON, 0x150b, "RFC 5280 5.3.1", "reason does not apply here")     \
    X(E_CA_FORBIDDEN, 0x150c, "", "role does not allow this")                  \
    X(E_CA_TOKEN, 0x150d, "", "token is unknown, used or expired")             \
    X(E_CA_UNAVAILABLE, 0x150e, "", "CA is not active")                        \
    X(E_CA_RESTORED, 0x150f, "",                                               \
      "restored: the last published checkpoint must be shown first")           \
    X(E_CA_SIGNER, 0x1510, "", "signer refuses to sign this")                  \
    X(E_CA_RECOVER, 0x1511, "", "a commit failed: open the instance again")    \
    X(E_CA_APPROVAL, 0x1512, "", "waits for approval by a second operator")    \
    X(E_CA_REJECTED, 0x1513, "", "was rejected by an operator")                \
    X(E_CA_REQUEST, 0x1514, "", "request has been decided already")            \
    X(E_CA_OPERATOR, 0x1515, "", "operator is not in a state for this")        \
    X(E_CA_LAST, 0x1516, "", "no administrator would be left")                 \
    X(E_CA_WAITING, 0x1517, "", "too many requests wait for approval")         \
    X(E_CA_REPEATED, 0x1518, "", "request is not the one that came first")     \
    X(E_CA_MANUFACTURER, 0x1519, "IEEE 802.1AR-2018",                          \
      "certificate is no IDevID that counts here")                             \
    X(E_CA_CLONE, 0x151a, "", "device has another IDevID: possible clone")     \
    X(E_CA_QUOTA, 0x151b, "", "no certificates of this profile are left")      \
    X(E_CA_NOT_ENABLED, 0x151c, "",                                            \
      "profile is not enabled for the organisation")                           \
    X(E_CA_ORGANISATION, 0x151d, "",                                           \
      "organisation is not in a state for this")                               \
    X(E_CA_BATCH, 0x151e, "", "batch is not in a state for this")              \
    X(E_CA_ORDER, 0x151f, "", "file of a batch is not what it should be")      \
    X(E_CA_ATTRIBUTE, 0x1520, "", "attribute is not what it should be")        \
    X(E_CA_ATTRIBUTE_OWNED, 0x1521, "", "attribute is another device's")       \
    X(E_CA_EXPECTED, 0x1522, "", "device is not expected")                     \
    X(E_CA_TRANSFER, 0x1530, "", "transfer is not open any more")              \
    X(E_CA_TRANSFER_DEVICE, 0x1531, "",                                        \
      "device is not in a state in which it changes hands")                    \
    X(E_CA_TRANSFER_TAKEN, 0x1532, "",                                         \
      "receiver has a device of this name or identifier")                      \
    X(E_CA_TRANSFER_LIMIT, 0x1533, "", "too many offers")                      \
    X(E_CA_TRANSFERRED, 0x1534, "",                                            \
      "device has changed hands and does not renew by this profile")           \
    X(E_CA_URL, 0x1540, "RFC 3986", "no URL that events go to")                \
    X(E_CA_DESTINATION, 0x1541, "", "destination is not in a state for this")  \
    X(E_CA_EVENT_KIND, 0x1542, "", "no kind of events")                        \
    X(E_BATCH_UPLOADS, 0x1550, "", "organisation has too much that waits")     \
    X(E_BATCH_RECIPIENT, 0x1551, "RFC 5652 6.2",                               \
      "keys cannot be encrypted to this certificate")                          \
    X(E_BATCH_KEYS, 0x1552, "", "keys of a batch are handed out encrypted")    \
    X(E_BATCH_SECRET, 0x1560, "", "secret does not open these keys")           \
    X(E_BATCH_NO_SECRET, 0x1561, "", "no secret can be made at the moment")    \
    X(E_BATCH_CHANGED, 0x1562, "", "batch has changed while it was fetched")

#define BM_STATUS_LEDGER(X)                                                  \
    X(E_LEDGER_RECORD, 0x1601, "", "malformed ledger record")                \
    X(E_LEDGER_NOTE, 0x1602, "C2SP signed-note", "malformed signed note")    \
    X(E_LEDGER_CHECKPOINT, 0x1603, "C2SP tlog-checkpoint",                   \
      "malformed checkpoint")                                                \
    X(E_LEDGER_SIGNATURE, 0x1604, "C2SP signed-note",                        \
      "checkpoint is not signed by the ledger key")                          \
    X(E_LEDGER_ROOT, 0x1605, "RFC 6962 2.1", "tree head does not match")     \
    X(E_LEDGER_PROOF, 0x1606, "RFC 6962 2.1.1", "proof does not verify")     \
    X(E_LEDGER_ROLLBACK, 0x1607, "",                                         \
      "store is older than the checkpoint: rolled back")                     \
    X(E_LEDGER_FORK, 0x1608, "", "two trees from one key")                   \
    X(E_LEDGER_CHANGED, 0x1609, "", "record and store differ")               \
    X(E_LEDGER_MISSING, 0x160a, "", "record is missing")                     \
    X(E_LEDGER_UNRECORDED, 0x160b, "", "signed or stored, but not recorded") \
    X(E_LEDGER_JOURNAL, 0x160c, "", "signer's journal is damaged")           \
    X(E_LEDGER_PROOF_FILE, 0x160d, "C2SP tlog-proof", "malformed proof file")

#define BM_STATUS_EST(X)                                                     \
    X(E_EST_BODY, 0x1701, "RFC 8951 3.1", "body is not base64 of a request") \
    X(E_EST_CREDENTIALS, 0x1702, "RFC 7030 3.2.3",                           \
      "credentials are missing or malformed")                                \
    X(E_EST_BINDING, 0x1703, "RFC 7030 3.5",                                 \
      "request is not bound to this connection")                             \
    X(E_EST_KEYGEN, 0x1704, "RFC 7030 4.4.1",                                \
      "private key cannot be delivered as asked")                            \
    X(E_EST_LATER, 0x1705, "", "come again later")

#define BM_STATUS_CEREMONY(X)                                                  \
    X(E_CEREMONY_TRANSCRIPT, 0x1801, "", "malformed transcript")               \
    X(E_CEREMONY_CHAIN, 0x1802, "",                                            \
      "transcript was changed: an entry does not follow from those before")    \
    X(E_CEREMONY_SIGNATURE, 0x1803, "",                                        \
      "transcript is not signed by this root")                                 \
    X(E_CEREMONY_OPEN, 0x1804, "", "transcript does not end with a signature") \
    X(E_CEREMONY_UNKNOWN, 0x1805, "", "transcript does not mention this")      \
    X(E_CEREMONY_STEP, 0x1806, "", "ceremony file does not name this")         \
    X(E_CEREMONY_PIN, 0x1807, "", "not what the ceremony file names")          \
    X(E_CEREMONY_DONE, 0x1808, "", "has been signed already")                  \
    X(E_CEREMONY_KEY, 0x1809, "", "key is that of another CA")                 \
    X(E_CEREMONY_REHEARSAL, 0x180a, "",                                        \
      "a rehearsal and the real thing do not mix")                             \
    X(E_CEREMONY_CLOCK, 0x180b, "",                                            \
      "clock is behind what the transcript says")                              \
    X(E_CEREMONY_ROOT, 0x180c, "", "ceremony file is about another root")      \
    X(E_CEREMONY_REVOKED, 0x180d, "RFC 5280 5.3",                              \
      "list does not go on from the one before")                               \
    X(E_CEREMONY_STOPPED, 0x180e, "", "stopped before anything was signed")

#define BM_STATUS_POLICY(X)                                             \
    X(E_POLICY_OVERLAP, 0x2b01, "",                                     \
      "rules of equal priority contradict each other")                  \
    X(E_POLICY_SIZE, 0x2b02, "", "policy is larger than a table takes") \
    X(E_POLICY_PACKET, 0x2b03, "", "words that are no packet")          \
    X(E_POLICY_PCAP, 0x2b04, "", "malformed capture file")              \
    X(E_POLICY_EXPECT, 0x2b05, "", "policy is not as it was expected")  \
    X(E_POLICY_MUD, 0x2b06, "RFC 8520", "malformed MUD file")           \
    X(E_POLICY_NAMES, 0x2b07, "RFC 8520 4",                             \
      "names stand for addresses that are not given")                   \
    X(E_POLICY_NFT, 0x2b08, "", "nftables cannot do this exactly")

#endif
