/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_STATUS_DEVICES_H
#define BM_CORE_STATUS_DEVICES_H

/* Of status.h: what a device refuses, from its log to its bootloader, and the
 * programs that make its firmware. */

#define BM_STATUS_LOG(X)                                                \
    X(E_LOG_FORMAT, 0x1901, "", "flash holds something that is no log") \
    X(E_LOG_FULL, 0x1902, "", "no room left in the log")                \
    X(E_LOG_READ, 0x1903, "", "flash has lost this value")

#define BM_STATUS_IDENTITY(X)                                            \
    X(E_IDENTITY_STATE, 0x1a01, "", "not in this state of the identity") \
    X(E_IDENTITY_KEY, 0x1a02, "", "certificate is not of this key")      \
    X(E_IDENTITY_LOST, 0x1a03, "", "key or certificate is gone or unreadable")

#define BM_STATUS_HTTP(X)                                               \
    X(E_HTTP_SYNTAX, 0x1b01, "RFC 9112 4", "malformed HTTP response")   \
    X(E_HTTP_LENGTH, 0x1b02, "RFC 9112 6", "body is not of its length") \
    X(E_HTTP_AMBIGUOUS, 0x1b03, "RFC 9112 6.3",                         \
      "lengths of the body contradict each other")                      \
    X(E_HTTP_CODING, 0x1b04, "RFC 9112 6.1",                            \
      "transfer coding other than chunked")                             \
    X(E_HTTP_CHUNK, 0x1b05, "RFC 9112 7.1", "malformed chunk")          \
    X(E_HTTP_LIMIT, 0x1b06, "RFC 9112 2.3", "head of the response is too long")

#define BM_STATUS_ENROL(X)                                                   \
    X(E_ENROL_REFUSED, 0x1c01, "RFC 7030 4.2.3", "server refused")           \
    X(E_ENROL_LATER, 0x1c02, "RFC 7030 4.2.3", "server asks to come later")  \
    X(E_ENROL_CREDENTIALS, 0x1c03, "RFC 7030 3.2.3",                         \
      "server does not take token or identity")                              \
    X(E_ENROL_FORBIDDEN, 0x1c04, "RFC 9110 15.5.4",                          \
      "server forbids it to this identity")                                  \
    X(E_ENROL_CONFLICT, 0x1c05, "RFC 9110 15.5.10",                          \
      "key or name belongs to somebody else")                                \
    X(E_ENROL_BUSY, 0x1c06, "RFC 9110 15.6.4", "server has no time")         \
    X(E_ENROL_SERVER, 0x1c07, "RFC 9110 15.6", "server failed")              \
    X(E_ENROL_PATH, 0x1c08, "RFC 7030 3.2.2",                                \
      "server does not know this path or label")                             \
    X(E_ENROL_TYPE, 0x1c09, "RFC 7030 3.2.4",                                \
      "answer is of another content type")                                   \
    X(E_ENROL_REDIRECT, 0x1c0a, "RFC 7030 3.2.1",                            \
      "redirected to another origin, or in circles")                         \
    X(E_ENROL_LARGE, 0x1c0b, "",                                             \
      "message is too large for the memory at hand")                         \
    X(E_ENROL_MESSAGE, 0x1c0c, "RFC 7030 4.2.3",                             \
      "answer is no certs-only message")                                     \
    X(E_ENROL_KEY, 0x1c0d, "RFC 7030 4.2.3",                                 \
      "no certificate of our key in the answer")                             \
    X(E_ENROL_CHAIN, 0x1c0e, "RFC 7030 4.1.3",                               \
      "certificate was not signed by a CA that the server names")            \
    X(E_ENROL_ATTRS, 0x1c0f, "RFC 8951 4", "malformed csrattrs")             \
    X(E_ENROL_KEY_TYPE, 0x1c10, "RFC 9908 3.4",                              \
      "server wants another type of key")                                    \
    X(E_ENROL_SUBJECT, 0x1c11, "RFC 7030 4.2.1", "no subject to ask for")    \
    X(E_ENROL_PROOF, 0x1c12, "", "server does not take the new certificate") \
    X(E_ENROL_EARLY, 0x1c13, "", "server wants the renewal later")           \
    X(E_ENROL_TIMEOUT, 0x1c14, "", "exchange took too long")                 \
    X(E_ENROL_BINDING, 0x1c15, "RFC 7030 3.5",                               \
      "server wants channel binding and the connection has none")            \
    X(E_ENROL_CA, 0x1c16, "RFC 5280 4.2.1.9",                                \
      "certificate for the device is one of a CA")

#define BM_STATUS_TRUST(X)                                                 \
    X(E_TRUST_DENIED, 0x1d01, "", "certificate is on the deny list")       \
    X(E_TRUST_STALE, 0x1d02, "", "what is known of revocation is too old") \
    X(E_TRUST_ROLLBACK, 0x1d03, "", "bundle is older than the one held")   \
    X(E_TRUST_BUNDLE, 0x1d04, "", "malformed trust bundle")                \
    X(E_TRUST_FORMAT, 0x1d05, "",                                          \
      "format or critical key of a trust bundle is not known")             \
    X(E_TRUST_SERIES, 0x1d06, "", "trust bundle of another series")        \
    X(E_TRUST_SIZE, 0x1d07, "", "trust bundle too large for this device")

#define BM_STATUS_VAULT(X)                                              \
    X(E_VAULT_SEAL, 0x1e01, "", "record was not sealed by this device") \
    X(E_VAULT_ROLLBACK, 0x1e02, "", "vault is older than its counter")

#define BM_STATUS_TLS(X)                                              \
    X(E_TLS_AGAIN, 0x1f01, "", "nothing to read or write at present") \
    X(E_TLS_CLOSED, 0x1f02, "", "peer has closed the connection")     \
    X(E_TLS_HANDSHAKE, 0x1f03, "", "TLS handshake failed")            \
    X(E_TLS_ALERT, 0x1f04, "", "peer refused with an alert")          \
    X(E_TLS_NO_CERT, 0x1f05, "", "peer showed no certificate")        \
    X(E_TLS_TRUNCATED, 0x1f06, "RFC 8446 6.1",                        \
      "connection ended without a close_notify")                      \
    X(E_TLS_PROOF, 0x1f07, "RFC 8446 4.4.3",                          \
      "peer does not hold the key of its certificate")                \
    X(E_TLS_SUITE, 0x1f08, "RFC 8446 4.1.1",                          \
      "no TLS version, group or algorithm in common")

#define BM_STATUS_ENTROPY(X)                        \
    X(E_ENTROPY_REPEAT, 0x2001, "SP 800-90B 4.4.1", \
      "noise source repeats itself")                \
    X(E_ENTROPY_BIAS, 0x2002, "SP 800-90B 4.4.2", "noise source is biased")

#define BM_STATUS_ATTEST(X)                                                \
    X(E_ATTEST, 0x2101, "", "malformed attestation")                       \
    X(E_ATTEST_KEY, 0x2102, "", "attestation is about another key")        \
    X(E_ATTEST_NONCE, 0x2103, "", "attestation answers no open challenge") \
    X(E_ATTEST_EK, 0x2104, "TCG EK Credential Profile 3.2",                \
      "no endorsement key certificate of a TPM")                           \
    X(E_ATTEST_SECRET, 0x2105, "TPM 2.0 Part 1, 24",                       \
      "credential was not activated by the TPM of that certificate")       \
    X(E_ATTEST_UNBOUND, 0x2106, "TPM 2.0 Part 2, 8.3",                     \
      "key is not bound to its TPM")                                       \
    X(E_ATTEST_MISSING, 0x2107, "",                                        \
      "profile demands a key that a TPM has attested")                     \
    X(E_ATTEST_OTHER, 0x2108, "", "attested by the TPM of another device") \
    X(E_ATTEST_OFF, 0x2109, "", "no endorsement key is trusted here")

#define BM_STATUS_AGENT(X)                                                    \
    X(E_AGENT_HOOK, 0x2201, "", "hook failed")                                \
    X(E_AGENT_RESOLVE, 0x2202, "", "name of the server is not resolved")      \
    X(E_AGENT_CONNECT, 0x2203, "", "no connection to the server")             \
    X(E_AGENT_TIMEOUT, 0x2204, "", "server does not answer in time")          \
    X(E_AGENT_BROKEN, 0x2205, "", "connection to the server was broken")      \
    X(E_AGENT_SLOT, 0x2206, "", "place of a key is taken by somebody else's") \
    X(E_AGENT_NONE, 0x2207, "", "no identity, and nothing to get one with")   \
    X(E_AGENT_STOPPED, 0x2208, "", "stopped when asked to")                   \
    X(E_AGENT_OWNER, 0x2209, "", "no such user or group")                     \
    X(E_AGENT_ANSWER, 0x220a, "", "answer of the server is not understood")   \
    X(E_AGENT_USER, 0x220b, "",                                               \
      "state belongs to another user: run as that one")                       \
    X(E_AGENT_FIREWALL, 0x220c, "", "birthmark-firewall does not answer")     \
    X(E_AGENT_RULESET, 0x220d, "", "kernel does not take the ruleset")        \
    X(E_AGENT_CAPABILITY, 0x220e, "capabilities(7)", "CAP_NET_ADMIN is needed")

#define BM_STATUS_IMAGE(X)                                           \
    X(E_IMAGE_MAGIC, 0x2301, "MCUboot image.h", "no image: magic")   \
    X(E_IMAGE_HEADER, 0x2302, "MCUboot image.h",                     \
      "header is short, or overlaps what follows")                   \
    X(E_IMAGE_SIZE, 0x2303, "", "image does not fit where it is")    \
    X(E_IMAGE_FLAGS, 0x2304, "", "flags that are not supported")     \
    X(E_IMAGE_TLV, 0x2305, "MCUboot image.h", "malformed TLV area")  \
    X(E_IMAGE_TLV_TYPE, 0x2306, "",                                  \
      "TLV of unknown type, or in the wrong area")                   \
    X(E_IMAGE_TLV_TWICE, 0x2307, "", "TLV is there twice")           \
    X(E_IMAGE_TRAILING, 0x2308, "", "octets after the TLV area")     \
    X(E_IMAGE_DIGEST, 0x2309, "", "digest is not that of the image") \
    X(E_IMAGE_KEY, 0x230a, "", "not signed by a key that counts")    \
    X(E_IMAGE_SIGNATURE, 0x230b, "", "signature is wrong")           \
    X(E_IMAGE_ALGORITHM, 0x230c, "", "unsupported algorithm")        \
    X(E_IMAGE_MISSING, 0x230d, "", "a TLV that must be there is not")

#define BM_STATUS_BOOT(X)                                                      \
    X(E_BOOT_NONE, 0x2401, "", "no image that may run")                        \
    X(E_BOOT_DOWNGRADE, 0x2402, "",                                            \
      "security counter is below that of the device")                          \
    X(E_BOOT_DEPENDENCY, 0x2403, "", "another image is too old for this one")  \
    X(E_BOOT_ADDRESS, 0x2404, "", "image is made for another address")         \
    X(E_BOOT_FAULT, 0x2405, "", "control flow or a verdict does not add up")   \
    X(E_BOOT_SHAPE, 0x2406, "", "areas of flash do not fit each other")        \
    X(E_BOOT_REQUEST, 0x2407, "", "request names another image than there is") \
    X(E_BOOT_COUNTER, 0x2408, "", "counter cannot be read or raised")          \
    X(E_BOOT_HANDOVER, 0x2409, "", "no bootloader handed anything over")

#define BM_STATUS_KEYSET(X)                                                 \
    X(E_KEYSET, 0x2501, "", "malformed key set")                            \
    X(E_KEYSET_ROOT, 0x2502, "", "not signed by a root of this bootloader") \
    X(E_KEYSET_EPOCH, 0x2503, "", "epoch is not newer")                     \
    X(E_KEYSET_RUNNING, 0x2504, "",                                         \
      "the image that runs would not verify under it, or is on trial")

#define BM_STATUS_RECOVERY(X)                                    \
    X(E_RECOVERY_FRAME, 0x2601, "", "malformed frame")           \
    X(E_RECOVERY_KIND, 0x2602, "", "frame of unknown kind")      \
    X(E_RECOVERY_ORDER, 0x2603, "", "frame does not follow")     \
    X(E_RECOVERY_SIZE, 0x2604, "", "does not fit into the slot") \
    X(E_RECOVERY_TIMEOUT, 0x2605, "", "the other side went silent")

#define BM_STATUS_LMS(X)                                                      \
    X(E_LMS_SPENT, 0x2701, "SP 800-208 6", "all one-time keys are used")      \
    X(E_LMS_STATE, 0x2702, "SP 800-208 9", "state of the key cannot be kept") \
    X(E_LMS_RETIRED, 0x2703, "SP 800-208 9",                                  \
      "key was restored, or copied: it must not sign again")

#define BM_STATUS_DELIVERY(X)                                                 \
    X(E_MANIFEST, 0x2801, "", "malformed manifest")                           \
    X(E_MANIFEST_FORMAT, 0x2802, "",                                          \
      "format or critical key of a manifest is not known")                    \
    X(E_MANIFEST_SERIES, 0x2803, "", "manifest of another series")            \
    X(E_MANIFEST_DEVICE, 0x2804, "", "manifest is for another device")        \
    X(E_MANIFEST_ROLLBACK, 0x2805, "", "manifest is older than the one held") \
    X(E_MANIFEST_STALE, 0x2806, "", "manifest is past its nextUpdate")        \
    X(E_EVENT, 0x2807, "", "malformed events")                                \
    X(E_DELIVER_ANSWER, 0x2808, "", "server answers otherwise than asked")    \
    X(E_DELIVER_SIZE, 0x2809, "", "blob is not of the size in the manifest")  \
    X(E_DELIVER_DIGEST, 0x280a, "", "blob is not the one in the manifest")    \
    X(E_DELIVER_SPACE, 0x280b, "", "no room on this device for the blob")     \
    X(E_DELIVER_NONE, 0x280c, "RFC 9110 15.5.5",                              \
      "nothing there for this device")                                        \
    X(E_DELIVER_FORBIDDEN, 0x280d, "RFC 9110 15.5.4",                         \
      "server delivers nothing to this identity")                             \
    X(E_DELIVER_SERVER, 0x280e, "RFC 9110 15.6", "server failed, or is busy") \
    X(E_DELIVER_TIMEOUT, 0x280f, "", "delivery took too long")                \
    X(E_DELIVER_KIND, 0x2810, "", "this device takes nothing of that kind")

#define BM_STATUS_NET(X)                                                  \
    X(E_NIC, 0x2901, "", "network interface does not answer")             \
    X(E_NIC_BUSY, 0x2902, "", "network interface has no room at present") \
    X(E_NET_DOWN, 0x2903, "", "no link, or no address yet")               \
    X(E_NET_RESOLVE, 0x2904, "RFC 1035", "host name is not resolved")     \
    X(E_NET_CONNECT, 0x2905, "RFC 9293 3.5", "no connection to the peer") \
    X(E_NET_TIMEOUT, 0x2906, "", "peer was silent for too long")          \
    X(E_NET_BROKEN, 0x2907, "RFC 9293 3.5", "connection was broken")

#define BM_STATUS_FW(X)                                                      \
    X(E_FW_TABLE, 0x2a01, "", "malformed firewall table")                    \
    X(E_FW_FORMAT, 0x2a02, "", "firewall table of another format")           \
    X(E_FW_FLOOR, 0x2a03, "", "firewall policy is below the floor in force") \
    X(E_FW_ROOM, 0x2a04, "",                                                 \
      "firewall policy asks for more RAM than there is")                     \
    X(E_FW_TRIAL, 0x2a05, "", "another firewall policy is on trial")         \
    X(E_FW_REVERTED, 0x2a10, "",                                             \
      "firewall policy was tried before, and taken back")

#endif
