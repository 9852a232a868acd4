/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "tests/harness/bm_test.h"

/* Text of JSON in pieces, which it would tear apart. */
/* clang-format off */

/* A file with one list for each direction, of one family. */
#define ACE(name, matches)                                               \
    "{\"name\":\"" name "\",\"matches\":{" matches                       \
    "},\"actions\":{\"forwarding\":\"accept\"}}"
#define ACL(name, family, aces)                                          \
    "{\"name\":\"" name "\",\"type\":\"" family "-acl-type\","           \
    "\"aces\":{\"ace\":[" aces "]}}"
#define NAMED(direction, name)                                           \
    "\"" direction "-device-policy\":{\"access-lists\":{"                \
    "\"access-list\":[{\"name\":\"" name "\"}]}}"
#define HEAD   "{\"ietf-mud:mud\":{\"mud-version\":1,"
#define MIDDLE "},\"ietf-access-control-list:acls\":{\"acl\":["
#define MUD(family, from, to)                                            \
    HEAD "\"mud-url\":\"https://lighting.example.com/bulb\","            \
    NAMED("from", "f") "," NAMED("to", "t") MIDDLE                       \
    ACL("f", family, from) "," ACL("t", family, to) "]}}"

#define DNSNAME(way) "\"ietf-acldns:" way "-dnsname\":\"a.example.com\""
#define PORT(key, n) \
    "\"" key "-port\":{\"operator\":\"eq\",\"port\":" n "}"
#define FROM "\"ietf-mud:direction-initiated\":\"from-device\""

/* The bulb of RFC 8520 9. */
static const char bulb[] = MUD(
    "ipv6",
    ACE("cl0-frdev", "\"ipv6\":{" DNSNAME("dst") ",\"protocol\":6},"
                     "\"tcp\":{" FROM "," PORT("destination", "443") "}"),
    ACE("cl0-todev", "\"ipv6\":{" DNSNAME("src") ",\"protocol\":6},"
                     "\"tcp\":{" FROM "," PORT("source", "443") "}"));

static const char mirrors[] = MUD(
    "ipv4",
    ACE("d", "\"ipv4\":{" DNSNAME("dst") ",\"protocol\":17},"
             "\"udp\":{" PORT("destination", "53") "}"),
    ACE("e", "\"ipv4\":{" DNSNAME("src") ",\"protocol\":17},"
             "\"udp\":{" PORT("source", "53") "}") ","
    ACE("g", "\"ipv4\":{\"protocol\":17},"
             "\"udp\":{" PORT("source", "53") "}"));

static const char peers[] = MUD(
    "ipv4",
    ACE("a", "\"ietf-mud:mud\":{\"local-networks\":[null]}") ","
    ACE("b", "\"ietf-mud:mud\":{\"my-controller\":[null]},"
             "\"tcp\":{\"destination-port\":{\"lower-port\":1,"
             "\"upper-port\":9}}") ","
    ACE("c", "\"ipv4\":{\"destination-ipv4-network\":\"10.0.0.0/8\"},"
             "\"icmp\":{\"type\":3,\"code\":1}"),
    ACE("d", "\"udp\":{\"destination-port\":{\"operator\":\"gte\","
             "\"port\":60000}}"));

static const char nobody[] = MUD(
    "ipv6", ACE("b", "\"ietf-mud:mud\":{\"my-controller\":[null]}"), "");

static const char unresolved[] = MUD(
    "ipv4",
    ACE("b", "\"ietf-mud:mud\":{\"controller\":"
             "\"urn:ietf:params:mud:dns\"}"),
    ACE("c", "\"ipv4\":{" DNSNAME("src") "}") ","
    ACE("d", "\"ipv4\":{" DNSNAME("src") "}"));

static const char drops[] =
    HEAD NAMED("to", "x") MIDDLE
    ACL("x", "ipv4", "{\"name\":\"a\",\"matches\":{},\"actions\":"
                     "{\"forwarding\":\"drop\"}}") "]}}";

/* clang-format on */

static const struct policy_mud_name names[] = {
    { "a.example.com", "2001:db8::7,192.0.2.7,2001:db8:1::/48" },
    { "my-controller", "192.0.2.8" },
};
static const struct policy_mud_config resolved = { names, 2 };

static bm_status import(const char *json,
                        const struct policy_mud_config *config, char **text,
                        struct config_error *error)
{
    return policy_mud_import(
        (struct bm_bytes){ (const uint8_t *)json, strlen(json) }, config, text,
        error);
}

static struct policy *take(const char *json)
{
    struct policy_compiled compiled;
    struct config_error e;
    struct policy *policy = NULL;
    char *text;

    CHECK_STATUS(import(json, &resolved, &text, &e), BM_OK);
    if (text == NULL) {
        printf("# %s\n", e.words);
        exit(1);
    }
    CHECK_STATUS(
        policy_parse((struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                     &policy, &e),
        BM_OK);
    CHECK_STATUS(policy_compile(policy, &compiled, NULL, &e), BM_OK);
    policy_compiled_wipe(&compiled);
    free(text);
    return policy;
}

/* Behind those of the built-in services. */
#define FIRST 8

static void an_entry_about_answers_makes_no_rule(void)
{
    struct policy *p = take(bulb);
    const struct policy_rule *r = &p->rules[FIRST];

    CHECK(p->n == FIRST + 1 && r->direction == POLICY_OUT && r->flows);
    CHECK(strcmp(r->name, "mud-1s-cl0-frdev") == 0);
    CHECK(r->boxes_n == 1 && r->boxes[0].kind == POLICY_IPV6);
    CHECK(r->boxes[0].set[POLICY_PORT].ranges[0].first.low == 443);
    CHECK(r->boxes[0].set[POLICY_PEER6].n == 2);
    policy_free(p);
}

static void a_mirror_without_a_direction_is_an_answer(void)
{
    struct policy *p = take(mirrors);

    /* The last one has another peer: it begins by itself. */
    CHECK(p->n == FIRST + 2);
    CHECK(p->rules[FIRST].direction == POLICY_OUT);
    CHECK(p->rules[FIRST + 1].direction == POLICY_IN);
    CHECK(p->rules[FIRST + 1].boxes[0].set[POLICY_SPORT].n == 1);
    policy_free(p);
}

static void peers_of_all_kinds_are_taken(void)
{
    struct policy *p = take(peers);

    CHECK(p->n == FIRST + 5);
    /* Of any protocol: TCP and UDP, and pings. */
    CHECK(p->rules[FIRST].boxes_n == 2 && p->rules[FIRST].flows);
    CHECK(p->rules[FIRST].boxes[0].set[POLICY_SUBNET].n == 1);
    CHECK(p->rules[FIRST + 1].flows);
    CHECK(p->rules[FIRST + 2].boxes[0].set[POLICY_PORT].ranges[0].last.low ==
          9);
    CHECK(!p->rules[FIRST + 3].flows);
    CHECK(p->rules[FIRST + 3].boxes[0].set[POLICY_PORT].ranges[0].first.low ==
          0x301);
    CHECK(p->rules[FIRST + 4].boxes[0].set[POLICY_PORT].ranges[0].first.low ==
          60000);
    policy_free(p);
}

static void who_has_no_address_of_a_family_is_nobody(void)
{
    struct policy *p = take(nobody);

    CHECK(p->n == FIRST);
    policy_free(p);
}

static void names_without_addresses_are_told(void)
{
    static const struct policy_mud_config none = { NULL, 0 };
    struct config_error e;
    char *text;

    CHECK_STATUS(import(unresolved, &none, &text, &e), BM_E_POLICY_NAMES);
    CHECK(text != NULL &&
          strcmp(text, "urn:ietf:params:mud:dns\na.example.com\n") == 0);
    free(text);
}

static const struct {
    const char *json;
    const char *words;
} refused[] = {
    { "", "" },
    { "{", "" },
    { "{\"a\":1,\"a\":2}", "duplicate object key" },
    { "{}", "no MUD file of version 1" },
    { MUD("ipv4", ACE("a", "\"sctp\":{}"), ""),
      "entry a: \"sctp\" is not known here" },
    { MUD("ipv4", ACE("a", "\"tcp\":{\"flags\":\"syn\"}"), ""),
      "entry a: \"flags\" is not known here" },
    { MUD("ipv4", ACE("a", "\"ipv6\":{}"), ""),
      "entry a: it is of another family" },
    { MUD("ipv4", ACE("a", "\"ipv4\":{\"source-ipv4-network\":\"10.0.0.0/8\"}"),
          ""),
      "entry a: \"source-ipv4-network\" is not known here" },
    { MUD("ipv4",
          ACE("a", "\"ipv4\":{\"destination-ipv4-network\":\"10.0.0.1/8\"}"),
          ""),
      "entry a: \"10.0.0.1/8\" is no network" },
    { MUD("ipv4", ACE("a", "\"ipv4\":{\"protocol\":17},\"tcp\":{}"), ""),
      "entry a: two protocols" },
    { MUD("ipv4",
          ACE("a", "\"tcp\":{\"source-port\":{\"operator\":\"neq\","
                   "\"port\":1}}"),
          ""),
      "entry a: operator neq" },
    { MUD("ipv4",
          ACE("a", "\"ietf-mud:mud\":{\"my-controller\":[null],"
                   "\"model\":\"x\"}"),
          ""),
      "entry a: a peer is told once" },
    { "{\"ietf-mud:mud\":{\"mud-version\":1," NAMED("to", "x") "}}",
      "there is no list x" },
    { drops, "entry a: only what is accepted" },
};

static void what_is_not_understood_is_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct config_error e;
        char *text;

        CHECK_STATUS(import(refused[i].json, &resolved, &text, &e),
                     BM_E_POLICY_MUD);
        CHECK(text == NULL && e.words[0] != '\0');
        if (strncmp(e.words, refused[i].words, strlen(refused[i].words)) != 0) {
            printf("# got %s, want %s\n", e.words, refused[i].words);
            CHECK(!"the words are others");
        }
    }
}

static void every_prefix_is_refused(void)
{
    for (size_t n = 0; n + 1 < sizeof bulb; n++) {
        struct config_error e;
        char *text;

        CHECK_STATUS(
            policy_mud_import((struct bm_bytes){ (const uint8_t *)bulb, n },
                              &resolved, &text, &e),
            BM_E_POLICY_MUD);
    }
}

int main(void)
{
    RUN(an_entry_about_answers_makes_no_rule);
    RUN(a_mirror_without_a_direction_is_an_answer);
    RUN(peers_of_all_kinds_are_taken);
    RUN(who_has_no_address_of_a_family_is_nobody);
    RUN(names_without_addresses_are_told);
    RUN(what_is_not_understood_is_refused);
    RUN(every_prefix_is_refused);
    return bm_test_done();
}
