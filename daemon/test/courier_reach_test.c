/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/courier_reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/harness/bm_test.h"

#define NEVER (SETTINGS_REACH_LOCAL + 1)

/* What it takes to reach it. */
static const struct {
    const char *address;
    unsigned reach;
} cases[] = {
    { "8.8.8.8", SETTINGS_REACH_PUBLIC },
    { "1.0.0.0", SETTINGS_REACH_PUBLIC },
    { "223.255.255.255", SETTINGS_REACH_PUBLIC },
    { "9.255.255.255", SETTINGS_REACH_PUBLIC },
    { "10.0.0.0", SETTINGS_REACH_PRIVATE },
    { "10.255.255.255", SETTINGS_REACH_PRIVATE },
    { "11.0.0.0", SETTINGS_REACH_PUBLIC },
    { "100.63.255.255", SETTINGS_REACH_PUBLIC },
    { "100.64.0.0", SETTINGS_REACH_PRIVATE },
    { "100.127.255.255", SETTINGS_REACH_PRIVATE },
    { "100.128.0.0", SETTINGS_REACH_PUBLIC },
    { "172.15.255.255", SETTINGS_REACH_PUBLIC },
    { "172.16.0.0", SETTINGS_REACH_PRIVATE },
    { "172.31.255.255", SETTINGS_REACH_PRIVATE },
    { "172.32.0.0", SETTINGS_REACH_PUBLIC },
    { "192.167.255.255", SETTINGS_REACH_PUBLIC },
    { "192.168.1.1", SETTINGS_REACH_PRIVATE },
    { "192.169.0.0", SETTINGS_REACH_PUBLIC },
    { "192.0.2.1", SETTINGS_REACH_PRIVATE },
    { "198.18.0.1", SETTINGS_REACH_PRIVATE },
    { "198.20.0.0", SETTINGS_REACH_PUBLIC },
    { "127.0.0.1", SETTINGS_REACH_LOCAL },
    { "127.255.255.255", SETTINGS_REACH_LOCAL },
    { "169.254.169.254", SETTINGS_REACH_LOCAL },
    { "0.0.0.0", NEVER },
    { "0.1.2.3", NEVER },
    { "192.88.99.1", NEVER },
    { "224.0.0.1", NEVER },
    { "239.255.255.255", NEVER },
    { "240.0.0.1", NEVER },
    { "255.255.255.255", NEVER },
    { "2606:4700::1", SETTINGS_REACH_PUBLIC },
    { "2a00::1", SETTINGS_REACH_PUBLIC },
    { "3ffe::1", SETTINGS_REACH_PUBLIC },
    { "2001:db8::1", SETTINGS_REACH_PRIVATE },
    { "3fff::1", SETTINGS_REACH_PRIVATE },
    { "fc00::1", SETTINGS_REACH_PRIVATE },
    { "fdff:ffff::1", SETTINGS_REACH_PRIVATE },
    { "::1", SETTINGS_REACH_LOCAL },
    { "fe80::1", SETTINGS_REACH_LOCAL },
    { "febf::1", SETTINGS_REACH_LOCAL },
    { "fec0::1", NEVER },
    { "::", NEVER },
    { "::2", NEVER },
    { "100::1", NEVER },
    { "2001::1", NEVER }, /* Teredo */
    { "4000::1", NEVER },
    { "ff02::1", NEVER },
    /* What stands in another. */
    { "::ffff:8.8.8.8", SETTINGS_REACH_PUBLIC },
    { "::ffff:10.0.0.1", SETTINGS_REACH_PRIVATE },
    { "::ffff:127.0.0.1", SETTINGS_REACH_LOCAL },
    { "::ffff:0.0.0.0", NEVER },
    { "::127.0.0.1", NEVER }, /* compatible: RFC 4291 has given it up */
    { "64:ff9b::8.8.8.8", SETTINGS_REACH_PUBLIC },
    { "64:ff9b::169.254.169.254", SETTINGS_REACH_LOCAL },
    { "64:ff9b:1::1", NEVER },
    { "2002:0808:0808::1", SETTINGS_REACH_PUBLIC },
    { "2002:7f00:1::1", SETTINGS_REACH_LOCAL },
};

static void set(struct sockaddr_storage *a, const char *text)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        memcpy(a, &four, sizeof four);
    } else {
        CHECK(inet_pton(AF_INET6, text, &six.sin6_addr) == 1);
        memcpy(a, &six, sizeof six);
    }
}

static void each_address_needs_the_reach_of_its_network(void)
{
    static const enum settings_reach all[] = { SETTINGS_REACH_PUBLIC,
                                               SETTINGS_REACH_PRIVATE,
                                               SETTINGS_REACH_LOCAL };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_storage a;

        set(&a, cases[i].address);
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) {
            bool may = courier_may_reach(all[j], (const struct sockaddr *)&a);

            if (may != (cases[i].reach <= (unsigned)all[j])) {
                printf("# %s, %u\n", cases[i].address, (unsigned)all[j]);
                CHECK(!"as the table says");
            }
        }
    }
}

static void nothing_but_ip_is_reached(void)
{
    const struct sockaddr_un local = { .sun_family = AF_UNIX };
    const struct sockaddr_storage none = { .ss_family = AF_UNSPEC };

    CHECK(!courier_may_reach(SETTINGS_REACH_LOCAL,
                             (const struct sockaddr *)&local));
    CHECK(!courier_may_reach(SETTINGS_REACH_LOCAL,
                             (const struct sockaddr *)&none));
}

int main(void)
{
    RUN(each_address_needs_the_reach_of_its_network);
    RUN(nothing_but_ip_is_reached);
    return bm_test_done();
}
