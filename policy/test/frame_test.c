/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frame.h"

#include <string.h>

#include "tests/harness/bm_test.h"

static enum bm_fw_reason facts_of(const struct policy_frame *frame,
                                  struct policy_facts *facts)
{
    struct bm_fw_packet packet;
    enum bm_fw_reason shape = bm_fw_packet_parse(
        &packet, frame->direction, (struct bm_bytes){ frame->octets, frame->n },
        frame->n, &frame->subnets);

    policy_facts_of(&packet, facts);
    return shape;
}

/* In the words that a frame is told in: they come back as they are. */
static const char *const words[] = {
    "in tcp port=443 sport=1024 peer=10.0.0.5 subnet=no mac=02:00:00:00:00:09",
    "out tcp port=65535 sport=0 peer=fd00::1 subnet=yes",
    "in udp port=53 sport=53 peer=10.0.0.255 subnet=yes mac=ff:ff:ff:ff:ff:ff",
    "out udp port=547 sport=546 peer=ff02::1:2 subnet=no",
    "in icmp kind=echo-request peer=10.0.0.5 subnet=no mac=02:00:00:00:00:01",
    "out icmp kind=3/1 peer=10.0.0.5 subnet=no",
    "out icmpv6 kind=neighbour-solicitation peer=fe80::1 subnet=yes",
    "in icmpv6 kind=128/1 peer=fe80::1 subnet=yes mac=02:00:00:00:00:01",
    "in arp kind=request peer=10.0.0.1 subnet=yes mac=02:00:00:00:00:01",
    "out arp kind=reply peer=0.0.0.0 subnet=no",
    "in ipv4 proto=47 peer=10.0.0.5 subnet=no mac=02:00:00:00:00:01",
    "out ipv6 proto=255 peer=::1 subnet=no",
    "in ethernet type=0x88cc mac=02:00:00:00:00:01",
    "out ethernet type=0x0000",
};

static void a_frame_is_what_its_words_say(void)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char why[CONFIG_WORDS_MAX] = "";
        char back[POLICY_FRAME_WORDS];
        struct policy_frame frame;
        struct policy_facts facts;

        CHECK_STATUS(policy_frame_parse(words[i], &frame, why), BM_OK);
        CHECK(facts_of(&frame, &facts) == BM_FW_BY_RULE);
        policy_facts_words(&facts, back);
        if (strcmp(back, words[i]) != 0) {
            printf("# got  %s\n# want %s\n# %s\n", back, words[i], why);
            CHECK(!"the words are others");
        }
    }
}

static void what_is_not_told_stands_for_nothing(void)
{
    char why[CONFIG_WORDS_MAX];
    char back[POLICY_FRAME_WORDS];
    struct policy_frame frame;
    struct policy_facts facts;

    CHECK_STATUS(policy_frame_parse("in tcp port=1", &frame, why), BM_OK);
    CHECK(facts_of(&frame, &facts) == BM_FW_BY_RULE);
    policy_facts_words(&facts, back);
    CHECK(strcmp(back, "in tcp port=1 sport=40000 peer=192.0.2.1 subnet=no "
                       "mac=02:00:00:00:00:01") == 0);
    CHECK(frame.octets[14 + 20 + 13] == BM_FW_SYN);
    CHECK_STATUS(policy_frame_parse("in tcp port=1 flags=syn+ack", &frame, why),
                 BM_OK);
    CHECK(frame.octets[14 + 20 + 13] == (BM_FW_SYN | BM_FW_ACK));
}

static const struct {
    const char *words;
    const char *why;
} refused[] = {
    { "", "a packet begins with in or out" },
    { "up tcp", "a packet begins with in or out" },
    { "in", "\"\" is none of arp, tcp" },
    { "in sctp port=1", "\"sctp\" is none of arp, tcp" },
    { "in tcp", "port is missing" },
    { "in tcp port", "\"port\" is no key=value" },
    { "in tcp port=1 port=2", "port is told twice" },
    { "in tcp port=1-2", "\"1-2\" is no value here" },
    { "in tcp port=65536", "\"65536\" is no value here" },
    { "in tcp port=1 kind=reply", "such a packet has no kind" },
    { "in udp port=1 flags=syn", "such a packet has no flags" },
    { "in tcp port=1 flags=psh", "\"psh\" is no value here" },
    { "in tcp port=1 peer=10.0.0.0/8", "\"10.0.0.0/8\" is no value here" },
    { "in tcp port=1 peer=10.0.0.1 own=fd00::1", "\"fd00::1\" is no value" },
    { "in icmp kind=echo-request peer=fd00::1", "\"fd00::1\" is no value" },
    { "in arp kind=3", "\"3\" is no value here" },
    { "in tcp port=1 subnet=maybe", "\"maybe\" is no value here" },
    { "in ethernet", "type is missing" },
    { "in ipv4 proto=256", "\"256\" is no value here" },
};

static void what_is_no_packet_is_refused(void)
{
    char longer[POLICY_FRAME_WORDS + 1];
    struct policy_frame frame;
    char why[CONFIG_WORDS_MAX];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_STATUS(policy_frame_parse(refused[i].words, &frame, why),
                     BM_E_POLICY_PACKET);
        if (strncmp(why, refused[i].why, strlen(refused[i].why)) != 0) {
            printf("# %s: %s\n", refused[i].words, why);
            CHECK(!"the reason is another one");
        }
    }
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    CHECK_STATUS(policy_frame_parse(longer, &frame, why), BM_E_POLICY_PACKET);
}

int main(void)
{
    RUN(a_frame_is_what_its_words_say);
    RUN(what_is_not_told_stands_for_nothing);
    RUN(what_is_no_packet_is_refused);
    return bm_test_done();
}
