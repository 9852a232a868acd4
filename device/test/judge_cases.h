/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_JUDGE_CASES_H
#define BM_DEVICE_TEST_JUDGE_CASES_H

/*
 * What the judge of peers says of which chain: one table, for the judge alone
 * (trust_test.c) and for each TLS port, where the same chains go through a
 * handshake and must end in the same verdict.
 *
 *     for (size_t i = 0; i < JUDGE_CASES; i++) {
 *         judge_begin(&judge_cases[i]);
 *         ... show judge.chain[0 .. judge.chain_n - 1] with judge.signer,
 *             judge by judge.trust and judge.expect ...
 *         judge_check(&judge_cases[i], &verdict);
 *     }
 *
 * The certificates are made when a case begins, with the platform's own
 * cryptography and the test keys: P-256, number 0 is the root's, 1 its CA's, 2
 * that of somebody else, 3 the peer's. One anchor is pinned; the bundle in
 * force denies what the case says, and knows of the root and its CA.
 */
#include "core/test/path_maker.h"
#include "device/trust.h"
#include "tests/harness/test_crypto.h"

#define JUDGE_SENT_MAX 7

enum {
    JUDGE_DENY_LEAF = 1 << 0,     /* by serial number */
    JUDGE_DENY_SUB = 1 << 1,      /* likewise, certs[1] */
    JUDGE_DENY_LEAF_KEY = 1 << 2, /* by key */
    JUDGE_DENY_ROOT_KEY = 1 << 3,
    JUDGE_NO_BUNDLE = 1 << 4,
    JUDGE_OTHER_ISSUER = 1 << 5,  /* the bundle knows of the root alone */
    JUDGE_SECRET = 1 << 6,        /* expect.secret */
    JUDGE_CROSS = 1 << 7,         /* the bundle has a cross-certificate from
                                    the root for "Other", key 2 */
    JUDGE_SECOND_ANCHOR = 1 << 8, /* the bundle lists "Other" as an anchor */
    /*
     * What a TLS library does not carry to the judge, or what our own end of
     * the test cannot show: a key that is not the signer's.
     */
    JUDGE_NO_TLS = 1 << 9
};

struct judge_case {
    const char *why;
    enum bm_trust_use use;
    const char *host;
    unsigned what;
    struct spec sent[JUDGE_SENT_MAX + 1]; /* the peer's own first */
    bm_status want;
    size_t cert;
    bool expired;
    bool stale;
};

#define J_ROOT                                                        \
    {                                                                 \
        .subject = "Root", .issuer = "Root", .key = 0, .signer = 0,   \
        .ca = true, .key_usage = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN \
    }
#define J_SUB_IS .subject = "Sub", .issuer = "Root", .key = 1, .signer = 0
#define J_SUB                                                       \
    {                                                               \
        J_SUB_IS, .ca = true,                                       \
                  .key_usage = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN \
    }
#define J_OTHER_IS .subject = "Other", .issuer = "Other", .key = 2, .signer = 2
#define J_OTHER                                                       \
    {                                                                 \
        J_OTHER_IS, .ca = true,                                       \
                    .key_usage = BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN \
    }
/* The peer, and who issued it; more words may follow. */
#define J_IS     .subject = "#SN-1", .key = 3
#define J_BY_SUB .issuer = "Sub", .signer = 1
#define J_SERVES .eku = "s", .san = "dns:server.example ip:192.0.2.1"
#define J_PEER   J_IS, J_BY_SUB
#define J_SERVER J_PEER, J_SERVES

#define J_CLOUD  .use = BM_TRUST_CLOUD, .host = "server.example"
#define J_ENROL  .use = BM_TRUST_ENROL, .host = "server.example"
#define J_DEVICE .use = BM_TRUST_DEVICE, .host = "SN-1"
#define J_CLIENT .use = BM_TRUST_SERVE, .host = "SN-1"

static const struct judge_case judge_cases[] = {
    /* Paths. */
    { .why = "a server and its CA", J_CLOUD, .sent = { { J_SERVER }, J_SUB } },
    { .why = "the root sent along",
      J_CLOUD,
      .sent = { { J_SERVER }, J_SUB, J_ROOT } },
    { .why = "in another order, with a stranger between",
      J_CLOUD,
      .sent = { { J_SERVER }, J_ROOT, J_OTHER, J_SUB } },
    { .why = "right below the root",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "Root", .signer = 0 } } },
    { .why = "the CA is missing",
      J_CLOUD,
      .sent = { { J_SERVER } },
      .want = BM_E_PATH_NO_ISSUER },
    { .why = "a foreign CA",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2 }, J_OTHER },
      .want = BM_E_PATH_NO_ISSUER,
      .cert = 1 },
    { .why = "a CA of somebody else by the same name",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "Sub", .signer = 2 },
                { .subject = "Sub",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 2,
                  .ca = true } },
      .want = BM_E_PATH_SIGNATURE,
      .cert = 1 },
    { .why = "signed by itself",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "#SN-1", .signer = 3 } },
      .want = BM_E_PATH_NO_ISSUER },
    { .why = "signed by another key than the CA's",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "Sub", .signer = 2 }, J_SUB },
      .want = BM_E_PATH_SIGNATURE },
    { .why = "issued by a device",
      J_CLOUD,
      .sent = { { J_SERVER }, { J_SUB_IS } },
      .want = BM_E_PATH_CA,
      .cert = 1 },
    { .why = "a CA that may not sign certificates",
      J_CLOUD,
      .sent = { { J_SERVER },
                { J_SUB_IS, .ca = true, .key_usage = BM_KU_CRL_SIGN } },
      .want = BM_E_PATH_KEY_USAGE,
      .cert = 1 },
    { .why = "a path that is longer than a CA allows",
      J_CLOUD,
      .sent = { { J_IS, J_SERVES, .issuer = "Low", .signer = 2 },
                { .subject = "Low",
                  .issuer = "Sub",
                  .key = 2,
                  .signer = 1,
                  .ca = true },
                { J_SUB_IS, .ca = true, .path_len = 1 } },
      .want = BM_E_PATH_LEN,
      .cert = 2 },
    { .why = "more certificates than are looked at",
      J_CLOUD,
      .sent = { { J_SERVER }, J_SUB, J_SUB, J_SUB, J_SUB, J_SUB, J_SUB },
      .want = BM_E_LIMIT,
      .cert = BM_TRUST_CHAIN_MAX },

    /* Dates: the bound is MAKER_NOW. */
    { .why = "the server has expired",
      J_CLOUD,
      .sent = { { J_SERVER, .not_after = MAKER_NOW - 1 }, J_SUB },
      .want = BM_E_PATH_EXPIRED },
    { .why = "its CA has expired",
      J_CLOUD,
      .sent = { { J_SERVER },
                { J_SUB_IS, .ca = true, .not_after = MAKER_NOW - 1 } },
      .want = BM_E_PATH_EXPIRED,
      .cert = 1 },
    { .why = "not valid yet is nothing that can be known",
      J_CLOUD,
      .sent = { { J_SERVER, .not_before = MAKER_NOW + MAKER_YEAR }, J_SUB } },
    { .why = "but they are never valid together",
      J_CLOUD,
      .sent = { { J_SERVER, .not_before = MAKER_NOW + MAKER_YEAR },
                { J_SUB_IS, .ca = true, .not_after = MAKER_NOW + 1 } },
      .want = BM_E_PATH_EXPIRED,
      .cert = 1 },
    { .why = "an EST server that has expired is the way to repair",
      J_ENROL,
      .sent = { { J_SERVER, .not_after = MAKER_NOW - 1 }, J_SUB },
      .expired = true },
    { .why = "so is one whose CA has",
      J_ENROL,
      .sent = { { J_SERVER },
                { J_SUB_IS, .ca = true, .not_after = MAKER_NOW - 1 } },
      .expired = true },
    { .why = "but it is not told a secret",
      J_ENROL,
      .what = JUDGE_SECRET,
      .sent = { { J_SERVER, .not_after = MAKER_NOW - 1 }, J_SUB },
      .want = BM_E_PATH_EXPIRED },
    { .why = "expired, and of the wrong name",
      J_ENROL,
      .sent = { { J_PEER, .eku = "s", .san = "dns:other.example",
                  .not_after = MAKER_NOW - 1 },
                J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "expired, and of a foreign CA",
      J_ENROL,
      .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2,
                  .not_after = MAKER_NOW - 1 },
                J_OTHER },
      .want = BM_E_PATH_NO_ISSUER,
      .cert = 1 },
    { .why = "expired, and denied",
      J_ENROL,
      .what = JUDGE_DENY_LEAF,
      .sent = { { J_SERVER, .not_after = MAKER_NOW - 1 }, J_SUB },
      .want = BM_E_TRUST_DENIED },

    /* Purposes and extensions. */
    { .why = "a server without a purpose",
      J_CLOUD,
      .sent = { { J_PEER, .san = "dns:server.example" }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "a client passes for no server",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "c", .san = "dns:server.example" }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "any purpose is not this purpose",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "*", .san = "dns:server.example" }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "a signer of bundles is no server",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "b", .san = "dns:server.example" }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "a CA for clients alone",
      J_CLOUD,
      .sent = { { J_SERVER }, { J_SUB_IS, .ca = true, .eku = "c" } },
      .want = BM_E_PATH_EKU,
      .cert = 1 },
    { .why = "a key that may not sign",
      J_CLOUD,
      .sent = { { J_SERVER, .key_usage = BM_KU_KEY_ENCIPHERMENT }, J_SUB },
      .want = BM_E_PATH_KEY_USAGE },
    { .why = "a critical extension that is not known",
      J_CLOUD,
      .sent = { { J_SERVER, .quirks = MAKER_UNKNOWN_CRITICAL }, J_SUB },
      .want = BM_E_PATH_CRITICAL },
    { .why = "the same in the CA",
      J_CLOUD,
      .sent = { { J_SERVER },
                { J_SUB_IS, .ca = true, .quirks = MAKER_UNKNOWN_CRITICAL } },
      .want = BM_E_PATH_CRITICAL,
      .cert = 1 },
    { .why = "one that is not critical",
      J_CLOUD,
      .sent = { { J_SERVER, .quirks = MAKER_UNKNOWN_NOT_CRITICAL }, J_SUB } },
    { .why = "within the names of its CA",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "s", .san = "dns:server.example" },
                { J_SUB_IS, .ca = true, .permitted = "dns:example" } } },
    { .why = "outside the names of its CA",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "s", .san = "dns:server.example" },
                { J_SUB_IS, .ca = true, .permitted = "dns:other" } },
      .want = BM_E_PATH_NC_PERMITTED },
    { .why = "excluded by its CA",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "s", .san = "dns:server.example" },
                { J_SUB_IS, .ca = true, .excluded = "dns:server.example" } },
      .want = BM_E_PATH_NC_EXCLUDED },
    { .why = "a signature by an algorithm of the past",
      J_CLOUD,
      .what = JUDGE_NO_TLS,
      .sent = { { J_SERVER, .quirks = MAKER_SHA1 }, J_SUB },
      .want = BM_E_ALG_UNSUPPORTED },
    { .why = "a weak key",
      J_CLOUD,
      .what = JUDGE_NO_TLS,
      .sent = { { J_SERVER, .quirks = MAKER_RSA_1024 }, J_SUB },
      .want = BM_E_PATH_WEAK },

    /* Names. */
    { .why = "another name",
      .use = BM_TRUST_CLOUD,
      .host = "www.server.example",
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "in other letters, with the root's dot",
      .use = BM_TRUST_CLOUD,
      .host = "Server.EXAMPLE.",
      .sent = { { J_SERVER }, J_SUB } },
    { .why = "a star for one label",
      .use = BM_TRUST_CLOUD,
      .host = "a.b.example",
      .sent = { { J_PEER, .eku = "s", .san = "dns:*.b.example" }, J_SUB } },
    { .why = "not for two",
      .use = BM_TRUST_CLOUD,
      .host = "c.a.b.example",
      .sent = { { J_PEER, .eku = "s", .san = "dns:*.b.example" }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "an address",
      .use = BM_TRUST_CLOUD,
      .host = "192.0.2.1",
      .sent = { { J_SERVER }, J_SUB } },
    { .why = "another address",
      .use = BM_TRUST_CLOUD,
      .host = "192.0.2.2",
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "an address as a host name",
      .use = BM_TRUST_CLOUD,
      .host = "192.0.2.1",
      .sent = { { J_PEER, .eku = "s", .san = "dns:192.0.2.1" }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "the name in the subject alone",
      .use = BM_TRUST_CLOUD,
      .host = "server.example",
      .sent = { { J_BY_SUB, .key = 3, .subject = "server.example", .eku = "s" },
                J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "an EST server by its name",
      J_ENROL,
      .sent = { { J_SERVER }, J_SUB } },
    { .why = "an EST server by its office",
      J_ENROL,
      .sent = { { J_PEER, .eku = "sr", .san = "dns:ra.example" }, J_SUB } },
    { .why = "an office is not enough for a service",
      J_CLOUD,
      .sent = { { J_PEER, .eku = "sr", .san = "dns:ra.example" }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "a device is no EST server",
      J_ENROL,
      .sent = { { J_PEER }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "a device by its name", J_DEVICE, .sent = { { J_PEER }, J_SUB } },
    { .why = "a device by its common name",
      .use = BM_TRUST_DEVICE,
      .host = "SN-2",
      .sent = { { J_BY_SUB, .key = 3, .subject = "SN-2" }, J_SUB } },
    { .why = "where there is a serial number, the common name is no name",
      .use = BM_TRUST_DEVICE,
      .host = "SN-2",
      .sent = { { J_BY_SUB, .key = 3, .subject = "SN-2/#SN-1" }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "another device",
      .use = BM_TRUST_DEVICE,
      .host = "sn-1",
      .sent = { { J_PEER }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "any device",
      .use = BM_TRUST_DEVICE,
      .sent = { { J_BY_SUB, .key = 3, .subject = "#SN-77" }, J_SUB } },
    { .why = "a device that is a client alone",
      J_DEVICE,
      .sent = { { J_PEER, .eku = "c" }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "a client", J_CLIENT, .sent = { { J_PEER, .eku = "c" }, J_SUB } },
    { .why = "a client without a purpose",
      J_CLIENT,
      .sent = { { J_PEER }, J_SUB } },
    { .why = "a server passes for no client",
      J_CLIENT,
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_PATH_EKU },
    { .why = "another client",
      .use = BM_TRUST_SERVE,
      .host = "SN-2",
      .sent = { { J_PEER, .eku = "c" }, J_SUB },
      .want = BM_E_PATH_HOST },
    { .why = "any client",
      .use = BM_TRUST_SERVE,
      .sent = { { J_PEER, .eku = "c" }, J_SUB } },
    { .why = "a client that has expired",
      J_CLIENT,
      .sent = { { J_PEER, .eku = "c", .not_after = MAKER_NOW - 1 }, J_SUB },
      .want = BM_E_PATH_EXPIRED },

    /* What the bundle says. */
    { .why = "denied",
      J_CLOUD,
      .what = JUDGE_DENY_LEAF,
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_TRUST_DENIED },
    { .why = "denied, and an EST server",
      J_ENROL,
      .what = JUDGE_DENY_LEAF,
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_TRUST_DENIED },
    { .why = "its CA is denied",
      J_CLOUD,
      .what = JUDGE_DENY_SUB,
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_TRUST_DENIED,
      .cert = 1 },
    { .why = "its key is denied",
      J_CLIENT,
      .what = JUDGE_DENY_LEAF_KEY,
      .sent = { { J_PEER, .eku = "c" }, J_SUB },
      .want = BM_E_TRUST_DENIED },
    { .why = "the anchor's key is denied",
      J_CLOUD,
      .what = JUDGE_DENY_ROOT_KEY,
      .sent = { { J_SERVER }, J_SUB },
      .want = BM_E_TRUST_DENIED,
      .cert = 1 },
    { .why = "nothing is known, and nothing is asked for",
      J_CLOUD,
      .what = JUDGE_NO_BUNDLE,
      .sent = { { J_SERVER }, J_SUB },
      .stale = true },
    { .why = "the bundle does not speak of its CA",
      J_CLOUD,
      .what = JUDGE_OTHER_ISSUER,
      .sent = { { J_SERVER }, J_SUB },
      .stale = true },
    { .why = "a client must not be unknown, by the policy of these cases",
      J_CLIENT,
      .what = JUDGE_OTHER_ISSUER,
      .sent = { { J_PEER, .eku = "c" }, J_SUB },
      .want = BM_E_TRUST_STALE },
    { .why = "a cross-certificate of the bundle leads to the anchor",
      J_CLOUD,
      .what = JUDGE_CROSS,
      .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2 } },
      .stale = true },
    { .why = "an anchor of the bundle",
      J_CLOUD,
      .what = JUDGE_SECOND_ANCHOR,
      .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2 } },
      .stale = true },
    { .why = "is none for enrolment, unless it says so",
      J_ENROL,
      .what = JUDGE_SECOND_ANCHOR,
      .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2 } },
      .want = BM_E_PATH_NO_ISSUER },
};

#define JUDGE_CASES (sizeof judge_cases / sizeof judge_cases[0])

/* What a case begins with; all of it lives until the next begins. */
static struct {
    struct bm_trust trust;
    struct bm_trust_expect expect;
    struct bm_bytes chain[JUDGE_SENT_MAX]; /* DER, the peer's own first */
    size_t chain_n;
    const struct bm_signer *signer; /* the peer's key */

    /* Private. */
    struct bm_trust_work work;
    struct bm_clock clock;
    struct bm_cert cert[JUDGE_SENT_MAX];
    uint8_t content[BM_TRUST_ROOM], message[BM_TRUST_ROOM];
    uint8_t room[BM_TRUST_ROOM];

    /* The same for all cases, made once: signatures are slow in QEMU. */
    size_t made; /* octets of the maker's room */
    struct bm_cert root, bundler, sub, other, cross;
    struct bm_bytes pinned;
    struct bm_trust usual; /* with the bundle that denies nothing, in */
    uint8_t usual_room[BM_TRUST_ROOM];
} judge;

/* The bundle of a case; tests of bundles change it. */
static struct {
    const char *name;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
} judge_word = { "judge", 1, MAKER_NOW, MAKER_NOW + 86400 };

static const struct spec judge_root = J_ROOT;
static const struct spec judge_sub = J_SUB;
static const struct spec judge_other = J_OTHER;
static const struct spec judge_cross = {
    .subject = "Other", .issuer = "Root", .key = 2, .signer = 0, .ca = true
};
static const struct spec judge_bundler = {
    .subject = "Bundles", .issuer = "Root", .key = 2, .signer = 0, .eku = "b"
};

static inline const struct bm_signer *judge_key(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

/*
 * The issuers that the bundle speaks of, the root and its CA, in order. `keys`
 * are their hashes, then that of the key that may be denied.
 */
static inline void judge_issuers(unsigned what,
                                 struct bm_bundle_denied denied[2],
                                 uint8_t keys[3][BM_BUNDLE_KEY_SIZE])
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t bad = (what & JUDGE_DENY_ROOT_KEY) != 0 ? 0 : 3;
    size_t root = 0;

    CHECK_STATUS(bm_bundle_key(crypto, &judge_key(0)->key, keys[0]), BM_OK);
    CHECK_STATUS(bm_bundle_key(crypto, &judge_key(1)->key, keys[1]), BM_OK);
    CHECK_STATUS(bm_bundle_key(crypto, &judge_key(bad)->key, keys[2]), BM_OK);
    if ((what & JUDGE_OTHER_ISSUER) == 0) {
        root = bm_bundle_order(BM_ARRAY(keys[0]), BM_ARRAY(keys[1])) > 0;
    }
    denied[root] =
        (struct bm_bundle_denied){ BM_ARRAY(keys[0]), &judge.cert[1].serial,
                                   (what & JUDGE_DENY_SUB) != 0 };
    denied[!root] =
        (struct bm_bundle_denied){ BM_ARRAY(keys[1]), &judge.cert[0].serial,
                                   (what & JUDGE_DENY_LEAF) != 0 };
}

/* Make the bundle of a case; a view into judge.message. */
static inline struct bm_bytes judge_bundle(unsigned what)
{
    const struct bm_signed_by by = { bm_test_crypto(), judge_key(2),
                                     &judge.bundler, judge.bundler.der };
    const struct bm_bundle_anchor anchor = { judge.other.der, 0, 0 };
    uint8_t keys[3][BM_BUNDLE_KEY_SIZE];
    const struct bm_bytes bad = BM_ARRAY(keys[2]);
    struct bm_bundle_denied denied[2];
    const struct bm_bundle_config config = {
        .name = maker_text(judge_word.name, strlen(judge_word.name)),
        .version = judge_word.version,
        .issued = judge_word.issued,
        .next_update = judge_word.next_update,
        .anchors = &anchor,
        .anchors_n = (what & JUDGE_SECOND_ANCHOR) != 0,
        .cross = &judge.cross.der,
        .cross_n = (what & JUDGE_CROSS) != 0,
        .issuers = denied,
        .issuers_n = (what & JUDGE_OTHER_ISSUER) != 0 ? 1 : 2,
        .keys = &bad,
        .keys_n = (what & (JUDGE_DENY_LEAF_KEY | JUDGE_DENY_ROOT_KEY)) != 0,
    };
    struct bm_wr content;
    struct bm_wr message;

    judge_issuers(what, denied, keys);
    bm_wr_init(&content, judge.content, sizeof judge.content);
    bm_wr_init(&message, judge.message, sizeof judge.message);
    CHECK_STATUS(bm_bundle_put(&config, &content), BM_OK);
    CHECK_STATUS(bm_bundle_sign(&by, bm_wr_bytes(&content), &message), BM_OK);
    return bm_wr_bytes(&message);
}

/* Without a log: nothing of this is kept. */
static inline void judge_open(struct bm_trust *trust, uint8_t *room)
{
    const struct bm_clock_config now = { .build = MAKER_NOW };
    const struct bm_trust_config config = {
        .crypto = bm_test_crypto(),
        .clock = &judge.clock,
        .anchors = &judge.pinned,
        .anchors_n = 1,
        .policy = { [BM_TRUST_SERVE] = { BM_TRUST_DENY, 0 } },
        .work = &judge.work,
        .room = room,
        .room_n = BM_TRUST_ROOM,
    };

    CHECK_STATUS(bm_clock_open(&judge.clock, NULL, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(trust, &config), BM_OK);
}

static inline void judge_make_all(void)
{
    maker_reset();
    maker_signer = judge_key;
    make(&judge.root, &judge_root);
    make(&judge.sub, &judge_sub);
    make(&judge.other, &judge_other);
    make(&judge.cross, &judge_cross);
    make(&judge.bundler, &judge_bundler);
    judge.pinned = judge.root.der;
    judge_open(&judge.usual, judge.usual_room);
    CHECK_STATUS(bm_trust_take_bundle(&judge.usual, judge_bundle(0), 1, 0),
                 BM_OK);
    judge.made = maker_used;
}

static inline void judge_make_chain(const struct judge_case *c)
{
    for (judge.chain_n = 0; c->sent[judge.chain_n].subject != NULL;
         judge.chain_n++) {
        const struct spec *spec = &c->sent[judge.chain_n];
        struct bm_cert *cert = &judge.cert[judge.chain_n];

        if (memcmp(spec, &judge_sub, sizeof *spec) == 0) {
            *cert = judge.sub;
        } else {
            make(cert, spec);
        }
        judge.chain[judge.chain_n] = cert->der;
    }
}

static inline void judge_begin(const struct judge_case *c)
{
    unsigned what = c->what & ~(unsigned)(JUDGE_SECRET | JUDGE_NO_TLS);

    if (judge.made == 0) {
        judge_make_all();
    }
    maker_used = judge.made;
    judge_make_chain(c);
    judge.signer = judge_key(c->sent[0].key);
    judge.expect = (struct bm_trust_expect){
        .use = c->use,
        .host = c->host,
        .secret = (c->what & JUDGE_SECRET) != 0,
    };
    if (what == 0) {
        judge.trust = judge.usual;
        return;
    }
    judge_open(&judge.trust, judge.room);
    if ((what & JUDGE_NO_BUNDLE) == 0) {
        CHECK_STATUS(
            bm_trust_take_bundle(&judge.trust, judge_bundle(what), 1, 0),
            BM_OK);
    }
}

/* Is the verdict that of the table? */
static inline void judge_check(const struct judge_case *c,
                               const struct bm_trust_verdict *verdict)
{
    bool same = verdict->status == c->want &&
                (c->want == BM_OK || verdict->cert == c->cert) &&
                verdict->expired == c->expired && verdict->stale == c->stale;

    if (!same) {
        printf("# %s: 0x%04x at %u%s%s, want 0x%04x at %u%s%s\n", c->why,
               (unsigned)verdict->status, (unsigned)verdict->cert,
               verdict->expired ? " expired" : "",
               verdict->stale ? " stale" : "", (unsigned)c->want,
               (unsigned)c->cert, c->expired ? " expired" : "",
               c->stale ? " stale" : "");
    }
    CHECK(same);
}

#endif
