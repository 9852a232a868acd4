/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/flash_sim.h"
#include "device/test/judge_cases.h"

/*
 * A bundle's way into the device: who may sign it, what is older, what does not
 * fit, where it lies in the flash, what a power cut leaves; and what follows
 * from its age.
 */
#define SECTOR  512u
#define SECTORS 24u
#define DAY     INT64_C(86400)

/* How many cuts, of how many kinds: QEMU is slow at signatures. */
#if BM_TEST_ON_BOARD
#define CUTS 1
#define NEXT 9
#define ROWS 3
#else
#define CUTS FLASH_CUTS
#define NEXT 1
#define ROWS 1
#endif

static uint8_t memory[FLASH_SIM_SIZE(SECTOR, SECTORS)];
static uint8_t before[sizeof memory];
static struct flash_sim sim;
static struct bm_log flash_log;
static struct bm_clock the_clock;
static struct bm_trust trust;
static uint8_t room[6144];
static uint8_t kept[2][6144];

static struct bm_trust_config config_of(void)
{
    return (struct bm_trust_config){
        .crypto = bm_test_crypto(),
        .log = &flash_log,
        .clock = &the_clock,
        .anchors = &judge.pinned,
        .anchors_n = 1,
        .work = &judge.work,
        .room = room,
        .room_n = sizeof room,
    };
}

static void start_as(const struct bm_trust_config *config)
{
    const struct bm_clock_config now = { .build = MAKER_NOW };

    CHECK_STATUS(bm_log_open(&flash_log, &sim.flash), BM_OK);
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(&trust, config), BM_OK);
}

static void start(void)
{
    const struct bm_trust_config config = config_of();

    start_as(&config);
}

static void begin(void)
{
    static const struct flash_sim_shape shape = { SECTOR, SECTORS, 8 };

    judge_begin(&judge_cases[0]);
    flash_sim_init(&sim, memory, &shape, 1);
    start();
}

/* A bundle of that version, in kept[at]. */
static struct bm_bytes bundle(uint64_t version, unsigned what, size_t at)
{
    struct bm_bytes message;

    judge_word.version = version;
    message = judge_bundle(what);
    CHECK(message.n <= sizeof kept[at]);
    memcpy(kept[at], message.p, message.n);
    return (struct bm_bytes){ kept[at], message.n };
}

static bm_status take(struct bm_bytes message)
{
    return bm_trust_take_bundle(&trust, message, 1, 0);
}

static bm_status ask(void)
{
    struct bm_trust_verdict verdict;

    return bm_trust_judge(&trust, judge.chain, judge.chain_n, &judge.expect,
                          &verdict);
}

static void a_bundle_is_in_force_and_after_a_start_as_well(void)
{
    begin();
    CHECK_STATUS(ask(), BM_OK);
    CHECK_STATUS(take(bundle(3, JUDGE_DENY_LEAF, 0)), BM_OK);
    CHECK(trust.bundle.version == 3);
    CHECK_STATUS(ask(), BM_E_TRUST_DENIED);
    start();
    CHECK(trust.bundle.version == 3);
    CHECK_STATUS(ask(), BM_E_TRUST_DENIED);
    CHECK_STATUS(take(bundle(4, 0, 0)), BM_OK);
    start();
    CHECK(trust.bundle.version == 4);
    CHECK_STATUS(ask(), BM_OK);
}

static void an_older_bundle_is_a_rollback(void)
{
    struct bm_bytes five;

    begin();
    five = bundle(5, JUDGE_DENY_LEAF, 1);
    CHECK_STATUS(take(five), BM_OK);
    CHECK_STATUS(take(bundle(4, 0, 0)), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(take(five), BM_OK);
    CHECK_STATUS(take(bundle(5, 0, 0)), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(ask(), BM_E_TRUST_DENIED);
    start();
    CHECK_STATUS(take(bundle(4, 0, 0)), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(take(bundle(5, 0, 0)), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(take(bundle(UINT64_MAX, 0, 0)), BM_OK);
    CHECK_STATUS(take(bundle(6, 0, 0)), BM_E_TRUST_ROLLBACK);
}

static void a_bundle_of_another_series_is_not_ours(void)
{
    struct bm_trust_config config;

    begin();
    CHECK_STATUS(take(bundle(1, 0, 0)), BM_OK);
    judge_word.name = "judges";
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_TRUST_SERIES);
    start();
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_TRUST_SERIES);

    /* Configured: what the log holds of another series is passed over. */
    config = config_of();
    config.series = "judges";
    start_as(&config);
    CHECK(trust.bundle.version == 0 && trust.floor == 0);
    CHECK_STATUS(take(bundle(1, 0, 0)), BM_OK);
    judge_word.name = "judge";
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_TRUST_SERIES);
}

static void a_bundle_that_does_not_fit_is_refused_whole(void)
{
    struct bm_trust_config config;
    struct bm_bytes message;

    begin();
    message = bundle(1, 0, 0);
    config = config_of();
    config.room_n = message.n - 1;
    start_as(&config);
    CHECK_STATUS(take(message), BM_E_TRUST_SIZE);
    config.room_n = message.n;
    start_as(&config);
    CHECK_STATUS(take(message), BM_OK);
    config.room_n = message.n - 1; /* firmware with less room: no bundle */
    start_as(&config);
    CHECK(trust.bundle.version == 0 && trust.floor == 1);
    config.room = NULL;
    config.room_n = 0;
    start_as(&config);
    CHECK_STATUS(take(message), BM_E_TRUST_SIZE);
    CHECK_STATUS(take((struct bm_bytes){ room + 8, 16 }), BM_E_TRUST_SIZE);
    start();
    CHECK_STATUS(take((struct bm_bytes){ room + 8, 16 }), BM_E_ARGUMENT);
}

static void a_full_log_leaves_the_old_bundle(void)
{
    static const uint8_t filler[256];
    uint32_t i = 0;

    begin();
    CHECK_STATUS(take(bundle(1, JUDGE_DENY_LEAF, 0)), BM_OK);
    while (bm_log_put(&flash_log, BM_LOG_KEY(BM_LOG_APPLICATION, i),
                      BM_ARRAY(filler)) == BM_OK) {
        i++;
    }
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_LOG_FULL);
    CHECK(trust.bundle.version == 1);
    CHECK_STATUS(ask(), BM_E_TRUST_DENIED);
    start();
    CHECK(trust.bundle.version == 1);
    while (i-- > 0) {
        CHECK_STATUS(
            bm_log_delete(&flash_log, BM_LOG_KEY(BM_LOG_APPLICATION, i)),
            BM_OK);
    }
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_OK);
}

/* Who signs it, instead of the one that may. */
static const struct {
    const char *why;
    struct spec signer;
    unsigned what;
    bm_status want;
} signers[] = {
    { .why = "below a CA that is not sent along",
      .signer = { .subject = "Bundles",
                  .issuer = "Sub",
                  .key = 2,
                  .signer = 1,
                  .eku = "b" },
      .want = BM_E_PATH_NO_ISSUER },
    { .why = "signed by itself",
      .signer = { .subject = "Bundles",
                  .issuer = "Bundles",
                  .key = 2,
                  .signer = 2,
                  .eku = "b" },
      .want = BM_E_PATH_NO_ISSUER },
    { .why = "below a stranger by the anchor's name",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 3,
                  .eku = "b" },
      .want = BM_E_PATH_SIGNATURE },
    { .why = "expired",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0,
                  .eku = "b",
                  .not_after = MAKER_NOW - 1 },
      .want = BM_E_PATH_EXPIRED },
    { .why = "an ordinary server",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0,
                  .eku = "s" },
      .want = BM_E_PATH_EKU },
    { .why = "a server too",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0,
                  .eku = "bs" },
      .want = BM_E_PATH_EKU },
    { .why = "without a purpose",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0 },
      .want = BM_E_PATH_EKU },
    { .why = "a CA",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0,
                  .eku = "b",
                  .ca = true },
      .want = BM_E_PATH_KEY_USAGE },
    { .why = "a key that may not sign",
      .signer = { .subject = "Bundles",
                  .issuer = "Root",
                  .key = 2,
                  .signer = 0,
                  .eku = "b",
                  .key_usage = BM_KU_KEY_AGREEMENT },
      .want = BM_E_PATH_KEY_USAGE },
    { .why = "below an anchor of the bundle in force",
      .signer = { .subject = "Bundles",
                  .issuer = "Other",
                  .key = 2,
                  .signer = 2,
                  .eku = "b" },
      .what = JUDGE_SECOND_ANCHOR,
      .want = BM_E_PATH_NO_ISSUER },
};

/* A message over the content that was made last, by anybody. */
static struct bm_bytes sign_as(const struct spec *spec)
{
    static struct bm_cert cert;
    struct bm_cms_sign_config config = {
        .crypto = bm_test_crypto(),
        .signer = judge_key(spec->key),
        .cert = &cert,
        .content_type = BM_LIT(BM_OID_CT_BUNDLE),
        .signing_time = BM_CMS_NO_TIME,
    };
    struct bm_cms cms;
    struct bm_wr w;

    make(&cert, spec);
    config.certs = cert.der;
    CHECK_STATUS(bm_cms_parse(bundle(2, 0, 0), NULL, &cms), BM_OK);
    config.content = cms.content;
    bm_wr_init(&w, kept[1], sizeof kept[1]);
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void only_who_may_sign_a_bundle_is_believed(void)
{
    for (size_t i = 0; i < sizeof signers / sizeof signers[0]; i += ROWS) {
        bm_status rc;

        begin();
        CHECK_STATUS(take(bundle(1, signers[i].what, 0)), BM_OK);
        rc = take(sign_as(&signers[i].signer));
        if (rc != signers[i].want) {
            printf("# %s\n", signers[i].why);
        }
        CHECK_STATUS(rc, signers[i].want);
        CHECK(trust.bundle.version == 1);
    }
    begin();
    CHECK_STATUS(take(sign_as(&judge_bundler)), BM_OK);
}

static void a_signer_that_is_denied_signs_no_more(void)
{
    begin();
    judge.cert[1] = judge.bundler; /* whose serial number the root denies */
    CHECK_STATUS(take(bundle(1, JUDGE_DENY_SUB, 0)), BM_OK);
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_PATH_REVOKED);
    start();
    CHECK(trust.bundle.version == 1); /* and it said so itself */
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_PATH_REVOKED);
}

/* A signer that has expired by now signed what is in the flash. */
static void what_was_taken_outlives_its_signer(void)
{
    const struct bm_clock_config late = { .build = MAKER_NOW + 6 * MAKER_YEAR };
    const struct bm_trust_config config = config_of();

    begin();
    CHECK_STATUS(take(bundle(1, JUDGE_DENY_LEAF, 0)), BM_OK);
    start();
    CHECK_STATUS(bm_clock_open(&the_clock, NULL, &late), BM_OK);
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_OK);
    CHECK(trust.bundle.version == 1);
    CHECK_STATUS(take(bundle(2, 0, 0)), BM_E_PATH_EXPIRED);
}

static void the_clock_learns_when_a_bundle_was_issued(void)
{
    begin();
    judge_word.issued = MAKER_NOW + 30 * DAY;
    judge_word.next_update = MAKER_NOW + 31 * DAY;
    CHECK_STATUS(take(bundle(1, 0, 0)), BM_OK);
    CHECK(bm_clock_now(&the_clock, 0) == MAKER_NOW + 30 * DAY);
    start();
    CHECK(bm_clock_now(&the_clock, 0) == MAKER_NOW + 30 * DAY);
    judge_word.issued = MAKER_NOW;
    judge_word.next_update = MAKER_NOW + DAY;
}

/* A bundle of these anchors and so many cross-certificates, in kept[0]. */
static struct bm_bytes listing(const struct bm_bundle_anchor *anchors, size_t n,
                               size_t cross_n)
{
    const struct bm_bytes cross[] = { judge.cross.der, judge.cross.der,
                                      judge.cross.der, judge.cross.der,
                                      judge.cross.der };
    const struct bm_signed_by by = { bm_test_crypto(), judge_key(2),
                                     &judge.bundler, judge.bundler.der };
    const struct bm_bundle_config config = { .name = BM_LIT("judge"),
                                             .version = 1,
                                             .issued = MAKER_NOW,
                                             .next_update = MAKER_NOW + DAY,
                                             .anchors = anchors,
                                             .anchors_n = n,
                                             .cross = cross,
                                             .cross_n = cross_n };
    struct bm_wr content;
    struct bm_wr message;

    bm_wr_init(&content, judge.content, sizeof judge.content);
    bm_wr_init(&message, kept[0], sizeof kept[0]);
    CHECK_STATUS(bm_bundle_put(&config, &content), BM_OK);
    CHECK_STATUS(bm_bundle_sign(&by, bm_wr_bytes(&content), &message), BM_OK);
    return bm_wr_bytes(&message);
}

static const struct {
    unsigned status;
    unsigned uses;
    enum bm_trust_use use;
    bm_status want;
} listed[] = {
    { 0, 0, BM_TRUST_CLOUD, BM_OK },
    { 0, 0, BM_TRUST_ENROL, BM_E_PATH_NO_ISSUER },
    { BM_BUNDLE_ACTIVE, BM_BUNDLE_ENROL, BM_TRUST_ENROL, BM_OK },
    { BM_BUNDLE_ACTIVE, BM_BUNDLE_ENROL, BM_TRUST_CLOUD, BM_E_PATH_NO_ISSUER },
    { BM_BUNDLE_ACTIVE, BM_BUNDLE_SERVE, BM_TRUST_CLOUD, BM_E_PATH_NO_ISSUER },
    { BM_BUNDLE_ACTIVE, 0x8002, BM_TRUST_CLOUD, BM_OK },
    { BM_BUNDLE_WITHDRAWN, 0, BM_TRUST_CLOUD, BM_E_PATH_NO_ISSUER },
    { 77, BM_BUNDLE_CLOUD, BM_TRUST_CLOUD, BM_E_PATH_NO_ISSUER },
};

static void a_listed_anchor_holds_where_the_bundle_says(void)
{
    static const struct judge_case other = {
        .why = "of another CA",
        J_CLOUD,
        .sent = { { J_IS, J_SERVES, .issuer = "Other", .signer = 2 } },
    };

    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i += ROWS) {
        struct bm_bundle_anchor anchor;
        bm_status rc;

        begin();
        judge_begin(&other);
        anchor = (struct bm_bundle_anchor){ judge.other.der, listed[i].status,
                                            listed[i].uses };
        CHECK_STATUS(take(listing(&anchor, 1, 0)), BM_OK);
        judge.expect.use = listed[i].use;
        rc = ask();
        if (rc != listed[i].want) {
            printf("# row %u\n", (unsigned)i);
        }
        CHECK_STATUS(rc, listed[i].want);
    }
}

static void more_certificates_than_we_have_places_for_are_refused(void)
{
    struct bm_bundle_anchor anchors[BM_TRUST_ANCHORS_MAX];

    begin();
    for (size_t i = 0; i < BM_TRUST_ANCHORS_MAX; i++) {
        anchors[i] = (struct bm_bundle_anchor){ judge.other.der, 0, 0 };
    }
    CHECK_STATUS(take(listing(anchors, BM_TRUST_ANCHORS_MAX, 0)),
                 BM_E_TRUST_SIZE);
    CHECK_STATUS(take(listing(anchors, 1, BM_TRUST_CROSS_MAX + 1)),
                 BM_E_TRUST_SIZE);
    anchors[0].cert = judge.pinned; /* has its place */
    CHECK_STATUS(take(listing(anchors, BM_TRUST_ANCHORS_MAX, 0)), BM_OK);
    begin();
    anchors[0].status = BM_BUNDLE_WITHDRAWN; /* needs no place */
    CHECK_STATUS(
        take(listing(anchors, BM_TRUST_ANCHORS_MAX, BM_TRUST_CROSS_MAX)),
        BM_OK);
}

/* What is known ends at MAKER_NOW + 1 day. */
static const struct {
    struct bm_trust_policy policy;
    enum bm_trust_use use;
    int64_t now; /* from there */
    bm_status want;
    bool stale;
} ages[] = {
    { { BM_TRUST_WARN, 0 }, BM_TRUST_CLOUD, 0, BM_OK, false },
    { { BM_TRUST_WARN, 0 }, BM_TRUST_CLOUD, 1, BM_OK, true },
    { { BM_TRUST_GRACE, 100 }, BM_TRUST_CLOUD, 0, BM_OK, false },
    { { BM_TRUST_GRACE, 100 }, BM_TRUST_CLOUD, 1, BM_OK, true },
    { { BM_TRUST_GRACE, 100 }, BM_TRUST_CLOUD, 100, BM_OK, true },
    { { BM_TRUST_GRACE, 100 }, BM_TRUST_CLOUD, 101, BM_E_TRUST_STALE, false },
    { { BM_TRUST_DENY, 0 }, BM_TRUST_CLOUD, 0, BM_OK, false },
    { { BM_TRUST_DENY, 0 }, BM_TRUST_CLOUD, 1, BM_E_TRUST_STALE, false },
    { { BM_TRUST_DENY, 0 }, BM_TRUST_ENROL, 1, BM_OK, true },
    { { BM_TRUST_GRACE, 0 }, BM_TRUST_ENROL, 1 + 365 * DAY, BM_OK, true },
};

static void how_old_is_too_old_is_said_by_the_policy(void)
{
    begin();
    CHECK_STATUS(take(bundle(1, 0, 0)), BM_OK);
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        const struct bm_clock_config now = { .build = MAKER_NOW + DAY +
                                                      ages[i].now };
        struct bm_trust_expect expect = judge.expect;
        struct bm_trust_verdict verdict;
        bm_status rc;

        CHECK_STATUS(bm_clock_open(&the_clock, NULL, &now), BM_OK);
        expect.use = ages[i].use;
        trust.config.policy[BM_TRUST_CLOUD] = ages[i].policy;
        trust.config.policy[BM_TRUST_ENROL] = ages[i].policy;
        rc = bm_trust_judge(&trust, judge.chain, judge.chain_n, &expect,
                            &verdict);
        if (rc != ages[i].want || verdict.stale != ages[i].stale) {
            printf("# row %u\n", (unsigned)i);
        }
        CHECK_STATUS(rc, ages[i].want);
        CHECK(verdict.stale == ages[i].stale);
    }
}

static void where_nothing_is_known_there_is_no_grace(void)
{
    begin();
    trust.config.policy[BM_TRUST_CLOUD] =
        (struct bm_trust_policy){ BM_TRUST_GRACE, UINT32_MAX };
    CHECK_STATUS(ask(), BM_E_TRUST_STALE);
    judge.expect.use = BM_TRUST_ENROL;
    CHECK_STATUS(ask(), BM_OK);
}

/* The whole way from one bundle to the next, cut at each operation. */
static void a_power_cut_leaves_the_old_bundle_or_the_new_one(void)
{
    struct bm_bytes two;
    unsigned cuts = 0;

    begin();
    CHECK_STATUS(take(bundle(1, 0, 0)), BM_OK);
    two = bundle(2, JUDGE_DENY_LEAF, 1);
    memcpy(before, memory, sizeof memory);
    for (uint32_t mode = 0; mode < CUTS; mode++) {
        bm_status rc = BM_E_FLASH_POWER;

        for (uint32_t at = 1; rc != BM_OK; at += NEXT) {
            memcpy(memory, before, sizeof memory);
            sim.strange = false;
            start();
            flash_sim_cut(&sim, at, (enum flash_cut)mode, 5);
            rc = take(two);
            cuts += sim.off;
            if (!sim.off) {
                break;
            }
            flash_sim_on(&sim);
            start();
            CHECK(trust.bundle.version == 1 || trust.bundle.version == 2);
            CHECK(rc != BM_OK || trust.bundle.version == 2);
            CHECK_STATUS(ask(),
                         trust.bundle.version == 1 ? BM_OK : BM_E_TRUST_DENIED);
            CHECK_STATUS(take(two), BM_OK);
            start();
            CHECK(trust.bundle.version == 2);
            CHECK(!sim.broken);
            rc = BM_E_FLASH_POWER;
        }
    }
    printf("# %u power cuts\n", cuts);
    CHECK(cuts > 0);
}

/* Whoever writes to the flash writes no bundle of his own. */
static void what_the_flash_holds_is_not_believed_unsigned(void)
{
    uint8_t value[BM_LOG_VALUE_MAX];
    uint32_t chunk = BM_LOG_KEY(BM_LOG_TRUST, 0x200);
    size_t n = 0;

    begin();
    CHECK_STATUS(take(bundle(7, 0, 0)), BM_OK);
    CHECK_STATUS(bm_log_get(&flash_log, chunk, value, sizeof value, &n), BM_OK);
    value[n / 2] ^= 1;
    CHECK_STATUS(bm_log_put(&flash_log, chunk, (struct bm_bytes){ value, n }),
                 BM_OK);
    start();
    CHECK(trust.bundle.version == 0 && trust.floor == 7);
    CHECK_STATUS(take(bundle(6, 0, 0)), BM_E_TRUST_ROLLBACK);
    CHECK_STATUS(bm_log_delete(&flash_log, chunk), BM_OK);
    start();
    CHECK(trust.bundle.version == 0 && trust.floor == 7);
    CHECK_STATUS(take(bundle(8, 0, 0)), BM_OK);
    start();
    CHECK(trust.bundle.version == 8);
}

static void a_head_that_makes_no_sense_is_none(void)
{
    static const char zeros[120];

    for (size_t n = 0; n <= sizeof zeros; n += 5) {
        begin();
        CHECK_STATUS(bm_log_put(&flash_log, BM_LOG_KEY(BM_LOG_TRUST, 0),
                                (struct bm_bytes){ (const uint8_t *)zeros, n }),
                     BM_OK);
        start();
        CHECK(trust.bundle.version == 0);
    }
}

/* The head cannot be read: the device starts, and takes the next bundle. */
static void what_the_flash_has_lost_locks_nobody_up(void)
{
    struct bm_bytes digest;
    size_t at = 0;

    begin();
    CHECK_STATUS(take(bundle(7, JUDGE_DENY_LEAF, 0)), BM_OK);
    digest = (struct bm_bytes){ trust.digest, sizeof trust.digest };
    while (at < sim.size - digest.n &&
           memcmp(sim.octets + at, digest.p, digest.n) != 0) {
        at++;
    }
    sim.marks[at] |= FLASH_SIM_ECC;
    sim.strange = true;
    start();
    CHECK(trust.bundle.version == 0);
    CHECK_STATUS(take(bundle(8, 0, 0)), BM_OK);
    start();
    CHECK(trust.bundle.version == 8);
}

int main(void)
{
    RUN(a_bundle_is_in_force_and_after_a_start_as_well);
    RUN(an_older_bundle_is_a_rollback);
    RUN(a_bundle_of_another_series_is_not_ours);
    RUN(a_bundle_that_does_not_fit_is_refused_whole);
    RUN(a_full_log_leaves_the_old_bundle);
    RUN(only_who_may_sign_a_bundle_is_believed);
    RUN(a_signer_that_is_denied_signs_no_more);
    RUN(what_was_taken_outlives_its_signer);
    RUN(the_clock_learns_when_a_bundle_was_issued);
    RUN(a_listed_anchor_holds_where_the_bundle_says);
    RUN(more_certificates_than_we_have_places_for_are_refused);
    RUN(how_old_is_too_old_is_said_by_the_policy);
    RUN(where_nothing_is_known_there_is_no_grace);
    RUN(a_power_cut_leaves_the_old_bundle_or_the_new_one);
    RUN(what_the_flash_holds_is_not_believed_unsigned);
    RUN(a_head_that_makes_no_sense_is_none);
    RUN(what_the_flash_has_lost_locks_nobody_up);
    return bm_test_done();
}
