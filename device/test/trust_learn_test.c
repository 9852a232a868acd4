/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/flash_sim.h"
#include "device/test/judge_cases.h"

/*
 * Roots that follow the pinned one. Keys: 0 is the pinned root's, 1 that of its
 * successor, 2 that of the one after it, or of somebody else.
 */
#define SECTOR  2048u
#define SECTORS 6u

/* How closely it is looked at: QEMU is slow at signatures. */
#if BM_TEST_ON_BOARD
#define STRIDE 197
#define CUTS   1
#define NEXT   9
#define ROWS   4
#else
#define STRIDE 7
#define CUTS   FLASH_CUTS
#define NEXT   1
#define ROWS   1
#endif

static uint8_t memory[FLASH_SIM_SIZE(SECTOR, SECTORS)];
static uint8_t before[sizeof memory];
static struct flash_sim sim;
static struct bm_log flash_log;
static struct bm_clock the_clock;
static struct bm_trust trust;
static uint8_t learned_room[2 * BM_TRUST_LEARNED_SIZE];
static uint8_t answer_room[16384];
static struct bm_wr answer;
static struct bm_cert pinned, cert;
static struct bm_bytes pins[2];
static size_t pins_n;

#define ROOT_1(...)                                                   \
    {                                                                 \
        .subject = "Root1", .issuer = "Root1", .key = 1, .signer = 1, \
        .ca = true, __VA_ARGS__                                       \
    }
#define ONE_WITH_0(...)                                              \
    {                                                                \
        .subject = "Root1", .issuer = "Root", .key = 1, .signer = 0, \
        .ca = true, __VA_ARGS__                                      \
    }

static struct bm_trust_config config_of(void)
{
    return (struct bm_trust_config){
        .crypto = bm_test_crypto(),
        .log = &flash_log,
        .clock = &the_clock,
        .anchors = pins,
        .anchors_n = pins_n,
        .work = &judge.work,
        .learned = learned_room,
        .learned_n = sizeof learned_room,
    };
}

static void start(void)
{
    const struct bm_clock_config now = { .build = MAKER_NOW };
    const struct bm_trust_config config = config_of();

    memset(learned_room, 0, sizeof learned_room);
    CHECK_STATUS(bm_log_open(&flash_log, &sim.flash), BM_OK);
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &now), BM_OK);
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_OK);
}

static void begin(void)
{
    static const struct flash_sim_shape shape = { SECTOR, SECTORS, 8 };

    maker_reset();
    maker_signer = judge_key;
    make(&pinned, &judge_root);
    pins[0] = pinned.der;
    pins_n = 1;
    flash_sim_init(&sim, memory, &shape, 1);
    start();
    bm_wr_init(&answer, answer_room, sizeof answer_room);
}

/* One more certificate in the answer of /cacerts. */
static void say(const struct spec *spec)
{
    make(&cert, spec);
    bm_wr_put(&answer, cert.der);
}

static bm_status learn(size_t *n)
{
    return bm_trust_learn(&trust, bm_wr_bytes(&answer), 0, n);
}

/* Is a server that the root of `key` vouches for let in? */
static bm_status ask(const char *root, uint8_t key)
{
    const struct spec server = { .subject = "#SN-1",
                                 .issuer = root,
                                 .key = 3,
                                 .signer = key,
                                 .eku = "s",
                                 .san = "dns:server.example" };
    const struct bm_trust_expect expect = { .use = BM_TRUST_CLOUD,
                                            .host = "server.example" };
    struct bm_trust_verdict verdict;

    make(&cert, &server);
    return bm_trust_judge(&trust, &cert.der, 1, &expect, &verdict);
}

#define PAIR                                               \
    {                                                      \
        ROOT_1(.key_usage = 0), ONE_WITH_0(.key_usage = 0) \
    }
#define SAYS_MAX 3

static const struct {
    const char *why;
    struct spec say[SAYS_MAX];
    size_t learned;
} answers[] = {
    { "a successor and its proof", PAIR, 1 },
    { "in the other order",
      { ONE_WITH_0(.eku = NULL), ROOT_1(.eku = NULL) },
      1 },
    { "the pinned root with them",
      { ONE_WITH_0(.eku = NULL), J_ROOT, ROOT_1(.eku = NULL) },
      1 },
    { "a successor by the same name: RFC 4210 has it so",
      { { .subject = "Root",
          .issuer = "Root",
          .key = 1,
          .signer = 1,
          .ca = true },
        { .subject = "Root",
          .issuer = "Root",
          .key = 1,
          .signer = 0,
          .ca = true } },
      1 },
    { "both with a path length",
      { ROOT_1(.path_len = 3), ONE_WITH_0(.path_len = 3) },
      1 },
    { "a proof that allows more",
      { ROOT_1(.path_len = 2), ONE_WITH_0(.path_len = 3) },
      1 },

    { "a root without a proof", { ROOT_1(.eku = NULL) }, 0 },
    { "a proof without its root", { ONE_WITH_0(.eku = NULL) }, 0 },
    { "the pinned root alone", { J_ROOT }, 0 },
    { "a proof that a stranger signed",
      { ROOT_1(.eku = NULL),
        { .subject = "Root1",
          .issuer = "Root",
          .key = 1,
          .signer = 2,
          .ca = true } },
      0 },
    { "a proof of another key",
      { ROOT_1(.eku = NULL),
        { .subject = "Root1",
          .issuer = "Root",
          .key = 2,
          .signer = 0,
          .ca = true } },
      0 },
    { "a proof of another name",
      { ROOT_1(.eku = NULL),
        { .subject = "Root2",
          .issuer = "Root",
          .key = 1,
          .signer = 0,
          .ca = true } },
      0 },
    { "the root's signature on itself is wrong",
      { { .subject = "Root1",
          .issuer = "Root1",
          .key = 1,
          .signer = 2,
          .ca = true },
        ONE_WITH_0(.eku = NULL) },
      0 },
    { "no CA",
      { ROOT_1(.eku = NULL),
        { .subject = "Root1", .issuer = "Root", .key = 1, .signer = 0 } },
      0 },
    { "a root that says it is none",
      { { .subject = "Root1", .issuer = "Root1", .key = 1, .signer = 1 },
        ONE_WITH_0(.eku = NULL) },
      0 },
    { "a CA at the bottom, which signed itself",
      { ROOT_1(.path_len = 1), ONE_WITH_0(.path_len = 1) },
      0 },
    { "a proof that allows less",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.path_len = 3) },
      0 },
    { "a proof for some names",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.permitted = "dns:example") },
      0 },
    { "a proof for a purpose",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.eku = "s") },
      0 },
    { "a proof for CRLs",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.key_usage = BM_KU_CRL_SIGN) },
      0 },
    { "a proof with what is not known",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.quirks = MAKER_UNKNOWN_CRITICAL) },
      0 },
    { "a proof that has expired",
      { ROOT_1(.eku = NULL), ONE_WITH_0(.not_after = MAKER_NOW - 1) },
      0 },
    { "a root signed by a CA below the pinned one",
      { ROOT_1(.eku = NULL),
        J_SUB,
        { .subject = "Root1",
          .issuer = "Sub",
          .key = 1,
          .signer = 1,
          .ca = true } },
      0 },
};

static void a_root_is_learned_by_the_word_of_one_we_have(void)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i += ROWS) {
        size_t n = 99;
        bool same = strcmp(answers[i].say[0].subject, "Root") == 0;
        bm_status want = answers[i].learned == 0 ? BM_E_PATH_NO_ISSUER : BM_OK;

        begin();
        for (size_t k = 0; k < SAYS_MAX && answers[i].say[k].subject != NULL;
             k++) {
            say(&answers[i].say[k]);
        }
        CHECK_STATUS(learn(&n), BM_OK);
        if (n != answers[i].learned) {
            printf("# %s: %u\n", answers[i].why, (unsigned)n);
        }
        CHECK(n == answers[i].learned && trust.learned == n);
        if (!same || n != 0) {
            const char *root = same ? "Root" : "Root1";

            CHECK_STATUS(ask(root, 1), want);
            start();
            CHECK_STATUS(ask(root, 1), want);
        }
        CHECK_STATUS(ask("Root", 0), BM_OK);
    }
}

/* The pinned root, two after it: the second by the word of the first. */
static void say_two(void)
{
    static const struct spec specs[] = {
        { .subject = "Root2",
          .issuer = "Root1",
          .key = 2,
          .signer = 1,
          .ca = true },
        { .subject = "Root2",
          .issuer = "Root2",
          .key = 2,
          .signer = 2,
          .ca = true },
        ROOT_1(.eku = NULL),
        ONE_WITH_0(.eku = NULL),
    };

    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        say(&specs[i]);
    }
}

static void a_learned_root_speaks_for_the_next(void)
{
    size_t n = 0;

    begin();
    say_two();
    CHECK_STATUS(learn(&n), BM_OK);
    CHECK(n == 2);
    CHECK_STATUS(ask("Root2", 2), BM_OK);
    start();
    CHECK(trust.learned == 2);
    CHECK_STATUS(ask("Root2", 2), BM_OK);
    CHECK_STATUS(ask("Root1", 1), BM_OK);
}

static void an_old_answer_takes_nothing_away(void)
{
    size_t n = 0;

    begin();
    say_two();
    CHECK_STATUS(learn(&n), BM_OK);
    bm_wr_init(&answer, answer_room, sizeof answer_room);
    say(&judge_root);
    CHECK_STATUS(learn(&n), BM_OK);
    CHECK(n == 0 && trust.learned == 2);
    CHECK_STATUS(bm_trust_learn(&trust, (struct bm_bytes){ NULL, 0 }, 0, &n),
                 BM_OK);
    CHECK_STATUS(ask("Root2", 2), BM_OK);
}

/* New firmware pins the first successor: its record is free for another. */
static void what_is_pinned_by_now_is_not_held_twice(void)
{
    static const struct spec third[] = {
        { .subject = "Root3",
          .issuer = "Root2",
          .key = 3,
          .signer = 2,
          .ca = true },
        { .subject = "Root3",
          .issuer = "Root3",
          .key = 3,
          .signer = 3,
          .ca = true },
    };
    static struct bm_cert one;
    size_t n = 0;

    begin();
    make(&one, &(struct spec)ROOT_1(.eku = NULL));
    say_two();
    CHECK_STATUS(learn(&n), BM_OK);
    bm_wr_init(&answer, answer_room, sizeof answer_room);
    say(&third[0]);
    say(&third[1]);
    CHECK_STATUS(learn(&n), BM_E_LIMIT);
    CHECK(n == 0 && trust.learned == 2);

    pins[1] = one.der;
    pins_n = 2;
    start();
    CHECK(trust.learned == 1);
    CHECK_STATUS(ask("Root2", 2), BM_OK);
    CHECK_STATUS(learn(&n), BM_OK);
    CHECK(n == 1);
    start();
    CHECK(trust.learned == 2);
    CHECK_STATUS(ask("Root2", 2), BM_OK);
    CHECK_STATUS(ask("Root3", 3), BM_OK);
}

static void without_room_nothing_is_learned(void)
{
    struct bm_trust_config config;
    size_t n = 0;

    begin();
    config = config_of();
    config.learned = NULL;
    config.learned_n = 0;
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_OK);
    say_two();
    CHECK_STATUS(learn(&n), BM_E_LIMIT);
    CHECK_STATUS(ask("Root1", 1), BM_E_PATH_NO_ISSUER);
}

static void an_answer_has_its_limits(void)
{
    size_t n = 0;

    begin();
    for (unsigned i = 0; i < 16; i++) {
        say(&judge_sub);
    }
    CHECK_STATUS(learn(&n), BM_OK);
    say(&judge_sub);
    CHECK_STATUS(learn(&n), BM_E_LIMIT);
    CHECK(n == 0);
}

/* Whoever writes to the flash makes no anchor. */
static void the_flash_makes_no_anchor(void)
{
    static const struct spec bad[] = {
        ROOT_1(.eku = NULL),
        { .subject = "Root1",
          .issuer = "Root",
          .key = 1,
          .signer = 2,
          .ca = true },
    };
    uint32_t key = BM_LOG_KEY(BM_LOG_TRUST, 0x10);
    struct bm_bytes value;

    begin();
    say(&bad[0]);
    say(&bad[1]);
    value = bm_wr_bytes(&answer);
    for (size_t cut = 0; cut < value.n; cut += STRIDE) {
        CHECK_STATUS(bm_log_put(&flash_log, key,
                                (struct bm_bytes){ value.p, value.n - cut }),
                     BM_OK);
        start();
        CHECK(trust.learned == 0);
        CHECK_STATUS(ask("Root1", 1), BM_E_PATH_NO_ISSUER);
        maker_used -= cert.der.n;
    }
}

/* The proof's time is past when the device starts again, years later. */
static void what_was_learned_outlives_the_old_root(void)
{
    const struct bm_clock_config late = { .build = MAKER_END + 1 };
    const struct bm_trust_config config = config_of();
    const struct spec one = ROOT_1(.not_after = MAKER_END + MAKER_YEAR);
    const struct spec proof = ONE_WITH_0(.eku = NULL);
    const struct spec server = { .subject = "#SN-1",
                                 .issuer = "Root1",
                                 .key = 3,
                                 .signer = 1,
                                 .eku = "s",
                                 .san = "dns:server.example",
                                 .not_after = MAKER_END + MAKER_YEAR };
    const struct bm_trust_expect expect = { .use = BM_TRUST_CLOUD,
                                            .host = "server.example" };
    struct bm_trust_verdict verdict;
    size_t n = 0;

    begin();
    say(&one);
    say(&proof);
    CHECK_STATUS(learn(&n), BM_OK);
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &late), BM_OK);
    CHECK_STATUS(bm_trust_open(&trust, &config), BM_OK);
    CHECK(trust.learned == 1);
    make(&cert, &server);
    CHECK_STATUS(bm_trust_judge(&trust, &cert.der, 1, &expect, &verdict),
                 BM_OK);
}

/* A CA below the root that made itself one is denied like any other. */
static void a_root_goes_with_what_proved_it(void)
{
    static uint8_t room[256];
    const struct spec one = ROOT_1(.eku = NULL);
    const struct spec proof = ONE_WITH_0(.eku = NULL);
    uint8_t key[BM_BUNDLE_KEY_SIZE];
    struct bm_bytes serial;
    struct bm_bundle_denied denied;
    struct bm_bundle_config config;
    struct bm_wr w;
    size_t n = 0;

    begin();
    say(&one);
    say(&proof);
    serial = cert.serial;
    CHECK_STATUS(learn(&n), BM_OK);
    CHECK(n == 1);
    CHECK_STATUS(ask("Root1", 1), BM_OK);

    CHECK_STATUS(bm_bundle_key(bm_test_crypto(), &pinned.key, key), BM_OK);
    denied = (struct bm_bundle_denied){ BM_ARRAY(key), &serial, 1 };
    config = (struct bm_bundle_config){ .name = BM_LIT("series"),
                                        .version = 1,
                                        .issued = MAKER_NOW,
                                        .next_update = MAKER_NOW + 1,
                                        .issuers = &denied,
                                        .issuers_n = 1 };
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(bm_bundle_put(&config, &w), BM_OK);
    CHECK_STATUS(bm_bundle_parse(bm_wr_bytes(&w), NULL, &trust.bundle), BM_OK);
    CHECK_STATUS(ask("Root1", 1), BM_E_PATH_NO_ISSUER);
    CHECK_STATUS(ask("Root", 0), BM_OK);
    CHECK_STATUS(learn(&n), BM_OK); /* nor is it learned by it again */
    CHECK(n == 0);
}

static void a_power_cut_leaves_the_root_or_none(void)
{
    unsigned cuts = 0;

    begin();
    say_two();
    memcpy(before, memory, sizeof memory);
    for (uint32_t mode = 0; mode < CUTS; mode++) {
        for (uint32_t at = 1;; at += NEXT) {
            size_t n = 0;
            bm_status rc;

            memcpy(memory, before, sizeof memory);
            sim.strange = false;
            start();
            flash_sim_cut(&sim, at, (enum flash_cut)mode, 5);
            rc = learn(&n);
            if (!sim.off) {
                CHECK(rc == BM_OK && n == 2);
                break;
            }
            cuts++;
            flash_sim_on(&sim);
            start();
            CHECK(trust.learned <= 2 && trust.learned >= n);
            CHECK_STATUS(learn(&n), BM_OK);
            start();
            CHECK(trust.learned == 2);
        }
    }
    printf("# %u power cuts\n", cuts);
    CHECK(cuts > 0);
}

int main(void)
{
    RUN(a_root_is_learned_by_the_word_of_one_we_have);
    RUN(a_learned_root_speaks_for_the_next);
    RUN(an_old_answer_takes_nothing_away);
    RUN(what_is_pinned_by_now_is_not_held_twice);
    RUN(without_room_nothing_is_learned);
    RUN(an_answer_has_its_limits);
    RUN(the_flash_makes_no_anchor);
    RUN(what_was_learned_outlives_the_old_root);
    RUN(a_root_goes_with_what_proved_it);
    RUN(a_power_cut_leaves_the_root_or_none);
    return bm_test_done();
}
