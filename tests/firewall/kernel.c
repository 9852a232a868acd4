/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/nft.h"
#include "tests/firewall/netlink.h"

#define FRAME_MAX 2048

/* The group of nflog that what passed is told to. */
#define PASSED 1

/* The kernel counts in these; what is counted settles after two. */
#define SETTLE_NS (12 * 1000 * 1000)

static const uint8_t own_mac[6] = { 2, 0, 0x5e, 0, 0, 1 };

/*
 * Every address is ours, and everybody is out there: which of them a policy
 * lets through is the only question. NOARP: nobody is asked for his address.
 */
static const char setup[] =
    "set -e\n"
    "ip link set lo up\n"
    "ip link set " KERNEL_DEVICE " address 02:00:5e:00:00:01 arp off\n"
    "v4=/proc/sys/net/ipv4/conf v6=/proc/sys/net/ipv6/conf/" KERNEL_DEVICE "\n"
    "echo 1 > $v6/addr_gen_mode\n"
    "echo 0 > $v6/accept_ra\n"
    "echo 0 > $v6/router_solicitations\n"
    "echo 0 > $v6/accept_dad\n"
    "echo 0 > $v4/all/rp_filter\n"
    "echo 0 > $v4/" KERNEL_DEVICE "/rp_filter\n"
    "echo 1 > $v4/" KERNEL_DEVICE "/accept_local\n"
    "ip link set " KERNEL_DEVICE " up\n"
    "ip addr add 10.0.0.1/24 dev " KERNEL_DEVICE "\n"
    "ip -6 addr add 2001:db8::1/64 dev " KERNEL_DEVICE " nodad\n"
    "for f in -4 -6; do\n"
    "  ip $f route add local default dev lo table 100\n"
    "  ip $f rule add pref 10 iif " KERNEL_DEVICE " lookup 100\n"
    "  ip $f rule add pref 20 lookup main\n"
    "  ip $f route add default dev " KERNEL_DEVICE "\n"
    "done\n"
    "ip -4 rule del pref 0\n"
    "nft -f - <<'EOF'\n"
    /* Behind everything, even behind where a connection is confirmed: so this
     * has to be there before the first rule that looks at connections. */
    "table inet sink { chain in { type filter hook input"
    " priority 2147483647; iif \"lo\" accept;"
    " log group 1 queue-threshold 1; drop; }; }\n"
    "table netdev sink { chain in { type filter hook ingress"
    " device \"" KERNEL_DEVICE "\" priority 100;"
    " ether type { ip, ip6 } accept; log group 1 queue-threshold 1; drop; };"
    " }\n"
    "EOF\n";

static char *const sh[] = { (char[]){ "sh" }, NULL };
static char *const nft[] = { (char[]){ "nft" }, (char[]){ "-f" },
                             (char[]){ "-" }, NULL };

/* Run a program that reads `input`. */
static bool run(char *const argv[], const char *input)
{
    posix_spawn_file_actions_t actions;
    FILE *f = tmpfile();
    pid_t child;
    int status = -1;

    if (f == NULL || fputs(input, f) == EOF || fflush(f) != 0 ||
        lseek(fileno(f), 0, SEEK_SET) != 0 ||
        posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (posix_spawn_file_actions_adddup2(&actions, fileno(f), 0) != 0 ||
        posix_spawnp(&child, argv[0], &actions, NULL, argv, environ) != 0 ||
        waitpid(child, &status, 0) != child) {
        status = -1;
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)fclose(f);
    return status == 0;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* Who is not root becomes it in a user namespace, where that is permitted. */
bool kernel_enter(void)
{
    unsigned uid = getuid();
    unsigned gid = getgid();
    char map[32];

    if (uid == 0) {
        return unshare(CLONE_NEWNET) == 0;
    }
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    (void)snprintf(map, sizeof map, "0 %u 1\n", uid);
    if (!write_file("/proc/self/uid_map", map)) {
        return false;
    }
    (void)write_file("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof map, "0 %u 1\n", gid);
    return write_file("/proc/self/gid_map", map);
}

bool kernel_shell(const char *script)
{
    return run(sh, script);
}

static bool open_tap(struct kernel *k)
{
    struct ifreq r;

    memset(&r, 0, sizeof r);
    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", KERNEL_DEVICE);
    r.ifr_flags = IFF_TAP | IFF_NO_PI;
    k->tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return k->tap >= 0 && ioctl(k->tap, TUNSETIFF, &r) == 0;
}

static bool bound(int fd)
{
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, KERNEL_DEVICE,
                                 sizeof KERNEL_DEVICE) == 0;
}

static bool open_senders(struct kernel *k)
{
    int one = 1;

    k->raw4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    k->raw6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    k->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    k->index = (int)if_nametoindex(KERNEL_DEVICE);
    return bound(k->raw4) && bound(k->raw6) && k->packet >= 0 &&
           k->index != 0 &&
           setsockopt(k->raw4, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) == 0;
}

bool kernel_open(struct kernel *k, const char **why)
{
    *k = (struct kernel){ -1, -1, -1, -1, -1, -1, 0, NULL, NULL };
    *why = "no network namespaces";
    if (!kernel_enter()) {
        return false;
    }
    *why = "no TAP device";
    if (!open_tap(k)) {
        return false;
    }
    *why = NULL;
    if (!kernel_shell(setup)) {
        return false;
    }
    k->log = netlink_log(PASSED);
    k->conntrack = netlink_conntrack();
    return k->log >= 0 && k->conntrack >= 0 && open_senders(k);
}

void kernel_close(struct kernel *k)
{
    const int fds[] = { k->tap,  k->log,  k->conntrack,
                        k->raw4, k->raw6, k->packet };

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

static bool set(struct bm_bytes name, struct bm_bytes value)
{
    char path[128] = "/proc/sys/";
    size_t at = strlen(path);
    char text[16];

    if (name.n >= sizeof path - at || value.n >= sizeof text) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        path[at + i] = name.p[i] == '.' ? '/' : (char)name.p[i];
    }
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    return write_file(path, text);
}

bool kernel_load(const char *ruleset)
{
    const char *at = ruleset;
    struct bm_bytes name;
    struct bm_bytes value;

    /* Settings of conntrack are there from the first rule on that needs it. */
    if (!run(nft, ruleset)) {
        return false;
    }
    while (policy_nft_sysctl(&at, &name, &value)) {
        if (!set(name, value)) {
            printf("# %.*s: errno %d\n", (int)name.n, (const char *)name.p,
                   errno);
            return false;
        }
    }
    return true;
}

static bool settle(void)
{
    struct timespec t = { 0, SETTLE_NS };

    return nanosleep(&t, NULL) == 0;
}

bool kernel_forget(struct kernel *k)
{
    return netlink_forget(k->conntrack) && settle();
}

bool kernel_age(struct kernel *k, uint32_t seconds)
{
    return netlink_age(k->conntrack, seconds) && settle();
}

/* ---- Frames */

static bool host_4(const uint8_t *a)
{
    return a[0] != 0 && a[0] != 127 && a[0] < 224;
}

static bool host_6(const uint8_t *a)
{
    static const uint8_t zero[15];
    static const uint8_t mapped[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255
    };

    return a[0] != 255 && memcmp(a, mapped, sizeof mapped) != 0 &&
           (memcmp(a, zero, sizeof zero) != 0 || a[15] > 1);
}

static unsigned type_of(const uint8_t *frame, size_t n)
{
    return n < 14 ? 0 : (unsigned)frame[12] << 8 | frame[13];
}

/* Of what goes out the kernel makes lengths and checksums itself. */
static bool made_by_a_stack(const uint8_t *frame, size_t n)
{
    const uint8_t *h = frame + 14;

    if (type_of(frame, n) == BM_FW_TYPE_IPV4) {
        return n >= 34 && h[0] == 0x45 && ((size_t)h[2] << 8 | h[3]) == n - 14;
    }
    return n >= 54 && h[0] >> 4 == 6 && ((size_t)h[4] << 8 | h[5]) == n - 54;
}

bool kernel_takes(enum bm_fw_direction direction, const uint8_t *frame,
                  size_t n)
{
    unsigned type = type_of(frame, n);

    if (n < 14 || (type != BM_FW_TYPE_IPV4 && type != BM_FW_TYPE_IPV6)) {
        return true;
    }
    if (direction == BM_FW_OUT && !made_by_a_stack(frame, n)) {
        return false;
    }
    if (type == BM_FW_TYPE_IPV4) {
        return n < 34 || (host_4(frame + 26) && host_4(frame + 30) &&
                          memcmp(frame + 26, frame + 30, 4) != 0);
    }
    return n < 54 || (host_6(frame + 22) && host_6(frame + 38) &&
                      memcmp(frame + 22, frame + 38, 16) != 0);
}

/* What left since the last time: how many frames, and was one a reset? */
static unsigned left(struct kernel *k, bool *reset)
{
    uint8_t frame[FRAME_MAX];
    unsigned frames = 0;
    ssize_t n;

    *reset = false;
    while ((n = read(k->tap, frame, sizeof frame)) > 0) {
        unsigned type = type_of(frame, (size_t)n);

        frames++;
        *reset |= (type == BM_FW_TYPE_IPV4 && n >= 54 && frame[23] == 6 &&
                   (frame[47] & BM_FW_RST) != 0) ||
                  (type == BM_FW_TYPE_IPV6 && n >= 74 && frame[20] == 6 &&
                   (frame[67] & BM_FW_RST) != 0);
    }
    return frames;
}

static void let_others(const struct kernel *k)
{
    if (k->meanwhile != NULL) {
        k->meanwhile(k->context);
    }
}

/* ---- What comes in */

static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
    for (size_t i = 0; i < n; i++) {
        s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    }
    return s;
}

/*
 * Of TCP with a right checksum: no judge looks at it, but a reset is sent for
 * none that is wrong. `at`: where TCP begins, `end`: where the packet ends.
 */
static void finish_tcp(uint8_t *frame, size_t at, size_t end,
                       struct bm_bytes addresses)
{
    uint32_t s = sum(addresses.p, addresses.n, 6);

    frame[at + 16] = 0;
    frame[at + 17] = 0;
    s = sum(frame + at, end - at, s + (uint32_t)(end - at));
    s = (s & 0xffff) + (s >> 16);
    s = ~((s & 0xffff) + (s >> 16));
    frame[at + 16] = (uint8_t)(s >> 8);
    frame[at + 17] = (uint8_t)s;
}

static void finish(uint8_t *frame, size_t n)
{
    unsigned type = type_of(frame, n);
    size_t length = (size_t)frame[type == BM_FW_TYPE_IPV4 ? 16 : 18] << 8 |
                    frame[type == BM_FW_TYPE_IPV4 ? 17 : 19];

    if (type == BM_FW_TYPE_IPV4 && n >= 54 && frame[23] == 6 && length >= 40 &&
        length <= n - 14) {
        finish_tcp(frame, 34, 14 + length, (struct bm_bytes){ frame + 26, 8 });
    } else if (type == BM_FW_TYPE_IPV6 && n >= 74 && frame[20] == 6 &&
               length >= 20 && length <= n - 54) {
        finish_tcp(frame, 54, 54 + length, (struct bm_bytes){ frame + 22, 32 });
    }
}

static int judge_in(struct kernel *k, const uint8_t *frame, size_t n)
{
    uint8_t copy[FRAME_MAX];
    unsigned passed;
    bool reset;

    if (n < 14) {
        return KERNEL_DROPPED; /* a TAP device takes no such thing */
    }
    memcpy(copy, frame, n);
    memcpy(copy, own_mac, sizeof own_mac);
    finish(copy, n);
    if (write(k->tap, copy, n) != (ssize_t)n) {
        return -1;
    }
    let_others(k);
    passed = netlink_logged(k->log);
    (void)left(k, &reset);
    if (passed > 1) {
        errno = EPROTO;
        return -1;
    }
    return passed == 1 ? KERNEL_PASSED : reset ? KERNEL_RESET : KERNEL_DROPPED;
}

static ssize_t send_out(struct kernel *k, const uint8_t *frame, size_t n)
{
    struct sockaddr_in to4 = { .sin_family = AF_INET };
    struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
                                .sin6_scope_id = (uint32_t)k->index };
    struct sockaddr_ll to = { .sll_family = AF_PACKET,
                              .sll_ifindex = k->index,
                              .sll_halen = 6 };

    switch (type_of(frame, n)) {
    case BM_FW_TYPE_IPV4:
        memcpy(&to4.sin_addr, frame + 30, 4);
        return sendto(k->raw4, frame + 14, n - 14, 0, (struct sockaddr *)&to4,
                      sizeof to4);
    case BM_FW_TYPE_IPV6:
        memcpy(&to6.sin6_addr, frame + 38, 16);
        return sendto(k->raw6, frame + 14, n - 14, 0, (struct sockaddr *)&to6,
                      sizeof to6);
    default:
        return sendto(k->packet, frame, n, 0, (struct sockaddr *)&to,
                      sizeof to);
    }
}

static int judge_out(struct kernel *k, const uint8_t *frame, size_t n)
{
    bool reset;

    if (n < 14) {
        return KERNEL_DROPPED;
    }
    /* EPERM, ENOBUFS: how the kernel tells who sends that it was dropped. */
    if (send_out(k, frame, n) < 0 && errno != EPERM && errno != ENOBUFS) {
        return -1;
    }
    let_others(k);
    return left(k, &reset) != 0 ? KERNEL_PASSED : KERNEL_DROPPED;
}

int kernel_judge(struct kernel *k, enum bm_fw_direction direction,
                 const uint8_t *frame, size_t n)
{
    bool reset;

    if (n > FRAME_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    (void)left(k, &reset); /* what the kernel itself had to say meanwhile */
    return direction == BM_FW_IN ? judge_in(k, frame, n)
                                 : judge_out(k, frame, n);
}
