/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "policy/pcap.h"
#include "tests/firewall/judges.h"
#include "tests/firewall/made.h"
#include "tests/firewall/record.h"
#include "tests/harness/bm_test.h"

/*
 * One policy, judged by the reference interpreter, the engine and nftables:
 * any difference fails.
 *
 *     equal_test [DEPTH [FOLDER]]
 *
 * DEPTH: of the sequences of TCP that are all tried. FOLDER: for boards, what
 * is shown, with what the reference says of it; then nftables is left out.
 */

static unsigned depth = 3;
static const char *folder;
static struct kernel kernel;
static bool has_kernel;
static struct queued queued;
static bool has_queue;
static bool with_queue; /* what is compared now may be queued */
static const char *why;

/* A file of steps for a board is not larger (board_test.c). */
#define FILE_MAX ((size_t)1400 * 1024)

#define HEAD "policy: p\nversion: 1\nfloor: 1\nflows: 900\nsources: 4\nrules:\n"
#define SMALL(port)                                              \
    HEAD "- {name: r, direction: in, protocol: tcp, port: " port \
         ", verdict: allow}\n"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct policy *parse(const char *text)
{
    struct policy *policy = NULL;
    struct config_error error;

    if (text != NULL && policy_parse(view(text), &policy, &error) != BM_OK) {
        printf("# %u:%u: %s\n%s\n", error.line, error.column, error.words,
               text);
    }
    return policy;
}

static void save(const struct corpus *c)
{
    static unsigned number;
    char path[512];
    FILE *f;

    if (folder == NULL) {
        return;
    }
    CHECK(c->n <= FILE_MAX);
    (void)snprintf(path, sizeof path, "%s/%03u.steps", folder, number++);
    f = fopen(path, "wb");
    CHECK(f != NULL);
    if (f != NULL) {
        CHECK(fwrite(c->p, 1, c->n, f) == c->n);
        CHECK(fclose(f) == 0);
    }
}

/* With a longer time between two frames, rates are compared once more. */
#define GAP_MS 50

/* What to show: fills in a corpus that begins with the table. */
typedef void make_steps(struct corpus *c, const struct policy *policy);

static void compare(const struct policy *policy, make_steps *make,
                    struct tally *t)
{
    struct policy_compiled compiled;
    struct config_error error;
    struct corpus c = { .p = NULL };
    bm_status rc = policy_compile(policy, &compiled, NULL, &error);

    CHECK_STATUS(rc, BM_OK);
    if (rc != BM_OK) {
        printf("# %u:%u: %s\n", error.line, error.column, error.words);
        return;
    }
    corpus_table(&c, compiled.table, compiled.n);
    make(&c, policy);
    CHECK(judges_reference(&c, policy, t));
    CHECK(judges_engine(&c, compiled.ram, t));
    if (has_kernel) {
        CHECK(
            judges_queued(&c, policy, &kernel, with_queue ? &queued : NULL, t));
    }
    save(&c);
    corpus_wipe(&c);
    policy_compiled_wipe(&compiled);
}

static void tell(const char *what, const struct tally *t)
{
    printf("# %s: %zu frames judged, %zu passed, %zu reset; compared: engine"
           " %zu, nftables %zu (%zu are its IP's business)\n",
           what, t->reference, t->passed, t->resets, t->engine, t->kernel,
           t->apart);
    CHECK(t->differences == 0);
    CHECK(t->reference != 0 && t->engine == t->reference);
    CHECK(t->passed != t->reference);
    CHECK(!has_kernel || t->kernel + t->apart == t->reference);
}

/* Returns what the reference said. */
static struct tally tally_of(const char *name, make_steps *make)
{
    struct tally t = { .differences = 0 };
    char path[128];
    char *text;
    size_t n;
    struct policy *policy;

    (void)snprintf(path, sizeof path, "tests/firewall/policies/%s.yaml", name);
    CHECK_STATUS(config_load(path, CONFIG_TEXT_MAX, &text, &n), BM_OK);
    policy = parse(text);
    free(text);
    CHECK(policy != NULL);
    if (policy != NULL) {
        compare(policy, make, &t);
        tell(name, &t);
    }
    policy_free(policy);
    return t;
}

/* Returns how many frames passed. */
static size_t with_file(const char *name, make_steps *make)
{
    return tally_of(name, make).passed;
}

/* ---- What is shown */

static void tcp(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_tcp(c, WORDS_RANDOM, depth, folder == NULL ? 300 : 100);
}

static void tcp_near(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_tcp(c, WORDS_NEAR, depth, 0);
}

static void shapes(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_shapes(c);
}

static void talk(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_talk(c);
}

static void noise(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_noise(c, 5000);
}

static void scan(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_scan(c, 2000);
}

static void modes(struct corpus *c, const struct policy *policy)
{
    static const enum policy_mode order[] = { POLICY_NORMAL, POLICY_REPAIR,
                                              POLICY_NORMAL, POLICY_LOCKDOWN,
                                              POLICY_REPAIR };

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        corpus_mode(c, order[i]);
        corpus_boundaries(c, policy);
        corpus_crowd(c);
        corpus_talk(c);
    }
}

/* Flows begin in one mode and are seen again in the next. */
static void changes(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    for (unsigned i = 0; i < 12; i++) {
        struct frame f;

        corpus_mode(c, (enum policy_mode)(i % POLICY_MODES));
        for (unsigned j = 0; j < 8; j++) {
            frame_ipv4(&f, j % 2 == 0 ? BM_FW_IN : BM_FW_OUT, BM_FW_PROTO_UDP);
            frame_udp(&f, j % 2 == 0 ? 53 : 3000, j % 2 == 0 ? 3000 : 53);
            corpus_frame(c, &f);
            frame_ipv4(&f, j % 2 == 0 ? BM_FW_IN : BM_FW_OUT, BM_FW_PROTO_TCP);
            frame_tcp(&f, j % 2 == 0 ? 443 : 4000, j % 2 == 0 ? 4000 : 443,
                      j < 2   ? BM_FW_SYN
                      : j < 6 ? BM_FW_SYN | BM_FW_ACK
                              : BM_FW_ACK);
            corpus_frame(c, &f);
        }
        if (i % POLICY_MODES == POLICY_MODES - 1) {
            corpus_clear(c);
        }
    }
}

static void crowd(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    for (unsigned i = 0; i < 5; i++) {
        corpus_crowd(c);
    }
}

static void paced(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_paced(c, 6000);
}

static void all_sequences_of_tcp(void)
{
    CHECK(with_file("plain", tcp) != 0);
    CHECK(with_file("plain", tcp_near) != 0);
    CHECK(with_file("both", tcp_near) != 0);
}

static void udp_echoes_and_errors_that_quote(void)
{
    CHECK(with_file("plain", talk) != 0);
    CHECK(with_file("mixed", talk) != 0);
}

static void flows_live_as_long_as_the_policy_says(void)
{
    CHECK(with_file("plain", corpus_times) != 0);
}

static void every_border_of_every_rule(void)
{
    CHECK(with_file("mixed", corpus_boundaries) != 0);
    CHECK(with_file("plain", corpus_boundaries) != 0);
    CHECK(with_file("many", corpus_boundaries) != 0);
    /* Of two in turn, one at least is by way of the table. */
    CHECK(with_file("protocols", corpus_boundaries) != 0);
    CHECK(with_file("protocols", corpus_boundaries) != 0);
}

static void every_shape(void)
{
    CHECK(with_file("shapes", shapes) != 0);
}

static void noise_and_damage(void)
{
    CHECK(with_file("mixed", noise) != 0);
}

static void a_worm_that_scans(void)
{
    CHECK(with_file("mixed", scan) == 0);
}

static void modes_and_their_changes(void)
{
    CHECK(with_file("modes", modes) != 0);
    CHECK(with_file("modes", changes) != 0);
}

static void caps_rates_and_a_full_table(void)
{
    struct tally t = tally_of("limits", crowd);

    CHECK(t.passed != 0);
    CHECK(t.reasons[BM_FW_CAP] != 0 && t.reasons[BM_FW_FULL] != 0 &&
          t.reasons[BM_FW_RATE] != 0);
}

/* Without nftables, whose clock is its own. */
static void limits_as_time_goes_by(void)
{
    bool had_kernel = has_kernel;
    struct tally t;

    has_kernel = false;
    t = tally_of("paced", paced);
    has_kernel = had_kernel;
    CHECK(t.passed != 0);
    CHECK(t.reasons[BM_FW_CAP] != 0 && t.reasons[BM_FW_FULL] != 0 &&
          t.reasons[BM_FW_RATE] != 0 && t.reasons[BM_FW_THRESHOLD] != 0);
}

/* With what nftables queues, where that can be; without it else. */
static struct tally tally_queued(const char *name, make_steps *make)
{
    bool had_kernel = has_kernel;
    struct tally t;

    has_kernel = has_kernel && has_queue;
    with_queue = has_kernel;
    t = tally_of(name, make);
    has_kernel = had_kernel;
    with_queue = false;
    return t;
}

static void requests(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_requests(c, folder == NULL ? 600 : 300);
    corpus_talk(c);
}

static void requests_of_modbus(void)
{
    struct tally t = tally_queued("modbus", requests);

    CHECK(t.passed != 0 && t.reasons[BM_FW_FILTER] != 0 && t.resets != 0);
}

static void bursts(struct corpus *c, const struct policy *policy)
{
    (void)policy;
    corpus_bursts(c, 400);
}

static void thresholds_and_rates_of_rules_that_are_queued(void)
{
    struct tally t = tally_queued("thresholds", bursts);

    CHECK(t.passed != 0 && t.reasons[BM_FW_CAP] != 0);
    CHECK(t.reasons[BM_FW_THRESHOLD] != 0 && t.reasons[BM_FW_RATE] != 0);
}

static char *recorded;
static size_t recorded_n;

/* Frames of the device go out, all others come in. */
static void capture(struct corpus *c, const struct policy *policy)
{
    static const uint8_t own[6] = { 2, 0, 0x5e, 0, 0, 1 };
    struct policy_pcap pcap;
    struct policy_pcap_frame f;

    (void)policy;
    CHECK_STATUS(
        policy_pcap_open((struct bm_bytes){ (uint8_t *)recorded, recorded_n },
                         &pcap),
        BM_OK);
    while (policy_pcap_next(&pcap, &f) == BM_OK) {
        CHECK(f.head.n == f.length);
        corpus_octets(c,
                      f.head.n > 12 && memcmp(f.head.p + 6, own, 6) == 0
                          ? BM_FW_OUT
                          : BM_FW_IN,
                      f.head.p, f.head.n);
    }
    CHECK(pcap.left.n == 0);
}

static void traffic_that_was_recorded(void)
{
    if (recorded_n == 0 && !has_kernel) {
        SKIP("no network namespaces");
    }
    CHECK(recorded_n != 0);
    CHECK(with_file("mixed", capture) > 30);
}

static bool read_record(FILE *f)
{
    long n;

    if (!record(f) || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) <= 0 ||
        fseek(f, 0, SEEK_SET) != 0) {
        return false;
    }
    recorded = malloc((size_t)n);
    if (recorded != NULL && fread(recorded, 1, (size_t)n, f) == (size_t)n) {
        recorded_n = (size_t)n;
    }
    return true;
}

/* Before anything else: a process in a namespace cannot leave it. More than
 * once: an interface that was just made has no route yet on a busy machine. */
static void take_a_record(void)
{
    bool done = false;

    for (unsigned i = 0; !done && i < 10; i++) {
        FILE *f = tmpfile();

        done = f == NULL || read_record(f);
        if (f != NULL) {
            (void)fclose(f);
        }
    }
}

static void made(struct corpus *c, const struct policy *policy)
{
    c->state = (uint32_t)policy->rules[0].boxes_n * 2654435761u + 99;
    corpus_boundaries(c, policy);
    corpus_noise(c, 300);
}

static void policies_made_at_random(void)
{
    struct tally t = { 0 };
    struct corpus dice = { .p = NULL };

    for (unsigned i = 0; i < 25; i++) {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        struct policy *policy;

        CHECK(f != NULL);
        made_policy(&dice, 4 + i, f);
        CHECK(fclose(f) == 0);
        policy = parse(text);
        CHECK(policy != NULL);
        if (policy != NULL) {
            compare(policy, made, &t);
        }
        policy_free(policy);
        free(text);
    }
    tell("made at random", &t);
    CHECK(t.passed != 0);
}

/* The same text, but for a port. */
static void a_difference_is_seen(void)
{
    struct policy *policy = parse(SMALL("80"));
    struct policy *other = parse(SMALL("81"));
    struct policy_compiled compiled;
    struct corpus c = { .p = NULL };
    struct tally engine = { .quiet = true };
    struct tally nft = { .quiet = true };

    CHECK_STATUS(policy_compile(other, &compiled, NULL, NULL), BM_OK);
    corpus_table(&c, compiled.table, compiled.n);
    corpus_boundaries(&c, policy);
    CHECK(judges_reference(&c, policy, &engine));
    CHECK(judges_engine(&c, compiled.ram, &engine));
    CHECK(engine.verdicts != 0 && engine.differences != engine.engine);
    if (has_kernel) {
        CHECK(judges_kernel(&c, other, &kernel, &nft));
        CHECK(nft.differences == engine.verdicts);
    }
    corpus_wipe(&c);
    policy_compiled_wipe(&compiled);
    policy_free(policy);
    policy_free(other);
}

static void rates_are_nearly_the_same_as_time_goes_by(void)
{
    struct pace pace;
    struct policy *policy;
    size_t most;
    size_t nearly;

    if (!has_kernel) {
        SKIP(why != NULL ? why : "no nftables");
    }
    policy = parse(HEAD "- {name: r, direction: in, protocol: udp, port: 9,"
                        " flows: false, verdict: allow,"
                        " rate: {packets: 200/s, burst: 100}}\n");
    for (unsigned i = 0; i < 5; i++) {
        CHECK(judges_rate(policy, &kernel, &pace));
        printf("# passed in %u ms: reference %zu, nftables %zu of %zu\n",
               pace.elapsed, pace.reference, pace.kernel, pace.frames);
        most = 100 + 200 * (size_t)pace.elapsed / 1000;
        CHECK(pace.reference != 0 && pace.reference <= most + 1);
        CHECK(pace.kernel != 0 && pace.kernel * 100 <= most * 102 + 200);
        if (pace.gap <= GAP_MS) {
            break;
        }
    }
    policy_free(policy);
    /* What a gap fills into one bucket is in the other a frame later. */
    nearly = 2 + 200 * (size_t)pace.gap / 1000;
    CHECK(pace.kernel * 100 <= pace.reference * 102 + 100 * nearly);
    CHECK(pace.reference * 100 <= pace.kernel * 102 + 100 * nearly);
}

static void nftables_was_one_of_them(void)
{
    if (!has_kernel && why != NULL) {
        SKIP(why);
    }
    CHECK(has_kernel && has_queue);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        depth = (unsigned)strtoul(argv[1], NULL, 10);
    }
    folder = argc > 2 ? argv[2] : NULL;
    take_a_record();
    /* In a user namespace a socket sends no more than net.core.wmem_default:
     * SO_SNDBUFFORCE is root's, and the larger rulesets need it. */
    why = folder != NULL ? "a board is next" : "only root loads large rulesets";
    has_kernel = folder == NULL && getuid() == 0 && kernel_open(&kernel, &why);
    has_queue = has_kernel && queued_open(&queued);
    RUN(all_sequences_of_tcp);
    RUN(udp_echoes_and_errors_that_quote);
    RUN(flows_live_as_long_as_the_policy_says);
    RUN(every_border_of_every_rule);
    RUN(every_shape);
    RUN(noise_and_damage);
    RUN(a_worm_that_scans);
    RUN(traffic_that_was_recorded);
    RUN(modes_and_their_changes);
    RUN(caps_rates_and_a_full_table);
    RUN(limits_as_time_goes_by);
    RUN(requests_of_modbus);
    RUN(thresholds_and_rates_of_rules_that_are_queued);
    RUN(policies_made_at_random);
    RUN(a_difference_is_seen);
    RUN(rates_are_nearly_the_same_as_time_goes_by);
    RUN(nftables_was_one_of_them);
    if (has_kernel) {
        kernel_close(&kernel);
    }
    queued_close(&queued);
    free(recorded);
    return bm_test_done();
}
