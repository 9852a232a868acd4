/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench/firewall/linux/words.h"
#include "bench/firewall/table.h"
#include "firewall/test/frames.h"
#include "policy/compile.h"
#include "policy/nft.h"
#include "tests/firewall/kernel.h"
#include "tests/firewall/queued.h"

/*
 * What a frame costs Linux under the same policy: two network namespaces, each
 * with a TAP device, one of them with the ruleset. A frame that is written to
 * such a device goes through the kernel before write() returns, on the account
 * of who wrote it. Batches for the one and the other take turns; of each pair
 * the difference counts, and of all the median. At the end of its way a frame
 * is dropped by a rule that both have, which counts them: so it is seen that
 * the ruleset let through what it should. What is queued is judged by this
 * process, one frame after another: the way there and back, and the engine.
 */
#define BATCH   300
#define BATCHES 25

/* Behind everything that a ruleset does. */
static const char setup[] =
    "set -e\n"
    "ip link set lo up\n"
    "v4=/proc/sys/net/ipv4/conf\n"
    "echo 0 > $v4/all/rp_filter\n"
    "echo 0 > $v4/" KERNEL_DEVICE "/rp_filter\n"
    "echo 1 > /proc/sys/net/ipv6/conf/" KERNEL_DEVICE "/disable_ipv6\n"
    "ip link set " KERNEL_DEVICE " address 02:00:5e:00:00:01 arp off up\n"
    "ip addr add 10.0.0.1/24 dev " KERNEL_DEVICE "\n"
    "ip route add default dev " KERNEL_DEVICE "\n"
    "nft add table inet sink\n"
    "nft add chain inet sink in '{ type filter hook input"
    " priority 2147483647; }'\n"
    "nft add rule inet sink in iifname " KERNEL_DEVICE " counter drop\n";

static int open_tap(void)
{
    struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", KERNEL_DEVICE);
    return fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0 ? fd : -1;
}

/* The process moves there; the device of an earlier one stays in its own. */
static int enter(void)
{
    int fd = kernel_enter() ? open_tap() : -1;

    return fd >= 0 && kernel_shell(setup) ? fd : -1;
}

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* `queued`: who judges what is queued, or NULL. */
static double batch(int tap, const struct frame *frame, struct queued *queued)
{
    double before = cpu_now();

    for (unsigned i = 0; i < BATCH; i++) {
        if (write(tap, frame->p, frame->n) != (ssize_t)frame->n) {
            return -1;
        }
        if (queued != NULL) {
            queued_serve(queued);
        }
    }
    return (cpu_now() - before) / BATCH;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

/* Did so many frames get to the end, since the last time it was asked? */
static bool arrived(unsigned n)
{
    char script[160];

    (void)snprintf(script, sizeof script,
                   "nft reset counters > /dev/null 2>&1\n"
                   "nft list chain inet sink in | grep -q 'packets %u '\n",
                   n);
    return kernel_shell(script);
}

static void clear(void)
{
    (void)kernel_shell("nft flush chain inet sink in\n"
                       "nft add rule inet sink in iifname " KERNEL_DEVICE
                       " counter drop\n");
}

/* What the ruleset adds, or below zero: frames did not go as they should. */
static double added(const int taps[2], const struct frame *frame, bool passes,
                    struct queued *queued)
{
    double differences[BATCHES];

    clear();
    for (unsigned i = 0; i < BATCHES; i++) {
        double bare = batch(taps[0], frame, NULL);
        double ruled = batch(taps[1], frame, queued);

        if (bare < 0 || ruled < 0) {
            return -1;
        }
        differences[i] = ruled - bare;
    }
    return arrived(passes ? BATCH * BATCHES : 0) ? median(differences, BATCHES)
                                                 : -1;
}

static void row(unsigned rules, const char *name, double value)
{
    if (value >= 0) {
        printf("%u IPv4 %s %.0f\n", rules, name, value);
    } else {
        printf("%u IPv4 %s unavailable\n", rules, name);
    }
    (void)fflush(stdout);
}

/* The last rule of UDP. */
static unsigned last_udp(unsigned rules)
{
    unsigned last = rules - 1;

    while (bench_is_tcp(last)) {
        last--;
    }
    return last;
}

static void udp(struct frame *frame, unsigned rules, unsigned more)
{
    unsigned last = last_udp(rules);

    frame_ipv4(frame, BM_FW_IN, BM_FW_PROTO_UDP);
    frame_peer_4(frame, bench_net_4(last) + 7);
    frame_udp(frame, 5000, bench_port(last) + more);
}

static bool load(const struct policy *policy, uint16_t queue)
{
    static const char *const devices[] = { KERNEL_DEVICE, NULL };
    const struct policy_nft_config config = { .table = "bench",
                                              .devices = devices,
                                              .mode = POLICY_NORMAL,
                                              .queue = queue };
    char *text = NULL;
    bool ok =
        policy_nft(policy, &config, &text, NULL) == BM_OK && kernel_load(text);

    free(text);
    return ok;
}

/* Is the table that the engine is measured with the compiler's? */
static bool is_compiled(unsigned rules)
{
    static uint8_t made[BENCH_RULES_MAX * 160 + 4096];
    size_t n = bench_table(rules, made, sizeof made);
    struct policy *policy = bench_policy(rules, true);
    struct policy_compiled c = { .n = 0 };
    bool same = policy != NULL &&
                policy_compile(policy, &c, NULL, NULL) == BM_OK && c.n == n &&
                memcmp(c.table, made, n) == 0;

    policy_compiled_wipe(&c);
    policy_free(policy);
    return same;
}

/* The same frame, by a rule that the engine has: one with a threshold, beyond
 * which nothing comes. */
static void measure_queued(const int taps[2], unsigned rules,
                           struct policy *policy)
{
    struct policy_compiled c = { .n = 0 };
    struct queued queued = { .queue = NULL };
    struct frame frame;
    bool ok;

    policy->rules[last_udp(rules)].threshold =
        (struct policy_threshold){ POLICY_RATE_MAX, 1 };
    ok = policy_compile(policy, &c, NULL, NULL) == BM_OK &&
         queued_open(&queued) &&
         queued_table(&queued, (struct bm_bytes){ c.table, c.n }) &&
         load(policy, POLICY_NFT_QUEUE);
    udp(&frame, rules, 0);
    row(rules, "nftables-queued", ok ? added(taps, &frame, true, &queued) : -1);
    queued_close(&queued);
    policy_compiled_wipe(&c);
}

static void measure(const int taps[2], unsigned rules)
{
    struct policy *policy = bench_policy(rules, false);
    struct frame frame;
    bool ok = policy != NULL && load(policy, 0);

    udp(&frame, rules, 0);
    row(rules, "nftables-stateless", ok ? added(taps, &frame, true, NULL) : -1);
    udp(&frame, rules, 1);
    row(rules, "nftables-dropped", ok ? added(taps, &frame, false, NULL) : -1);
    if (ok && rules <= 1000) {
        measure_queued(taps, rules, policy);
    }
    policy_free(policy);
}

int main(void)
{
    int taps[2] = { -1, -1 };
    bool compiled = true;

    for (unsigned rules = 10; rules <= 1000; rules *= 10) {
        compiled = compiled && is_compiled(rules);
    }
    printf("0 tables %s\n", compiled ? "compiled" : "differ");
    taps[0] = enter();
    taps[1] = taps[0] >= 0 ? enter() : -1;
    if (taps[1] < 0) {
        printf("0 nftables unavailable\n");
        return 0;
    }
    for (unsigned rules = 10; rules <= BENCH_RULES_MAX; rules *= 10) {
        measure(taps, rules);
    }
    return 0;
}
