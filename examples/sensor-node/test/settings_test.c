/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/settings.h"

#include <string.h>

#include "core/cbor.h"
#include "tests/harness/bm_test.h"

#define MAP_MAX 512

/* One pair more than the others have, or another value for one. */
struct change {
    const char *what;
    uint64_t key; /* that is left out or changed; 0: none */
    struct bm_bytes value;
    bm_status want;
};

static void put_text(struct bm_wr *w, const char *text)
{
    bm_cbor_put_text(w,
                     (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

static void put_server(struct bm_wr *w, bool factory)
{
    bm_cbor_put_map(w, factory ? 5 : 3);
    bm_cbor_put_uint(w, 1);
    put_text(w, factory ? "ca.factory.example" : "10.0.2.2");
    bm_cbor_put_uint(w, 2);
    bm_cbor_put_uint(w, 8443);
    if (factory) {
        bm_cbor_put_uint(w, 3);
        put_text(w, "birth");
    }
    bm_cbor_put_uint(w, 4);
    bm_cbor_put_bytes(w, BM_LIT("an anchor, not looked at"));
    if (factory) {
        bm_cbor_put_uint(w, 5);
        put_text(w, "SECRET");
    }
}

static void put_value(struct bm_wr *w, uint64_t key)
{
    switch (key) {
    case SETTINGS_DEVICE:
        put_text(w, "SN-1");
        break;
    case SETTINGS_FACTORY:
    case SETTINGS_OWNER:
        put_server(w, key == SETTINGS_FACTORY);
        break;
    case SETTINGS_ADDRESS:
        bm_cbor_put_map(w, 2);
        bm_cbor_put_uint(w, 1);
        bm_cbor_put_bytes(w, BM_LIT("\x0a\x00\x02\x0f"));
        bm_cbor_put_uint(w, 2);
        bm_cbor_put_uint(w, 24);
        break;
    case SETTINGS_HTTPS:
        bm_cbor_put_map(w, 3);
        bm_cbor_put_uint(w, 1);
        put_text(w, "sink.example");
        bm_cbor_put_uint(w, 2);
        bm_cbor_put_uint(w, 443);
        bm_cbor_put_uint(w, 3);
        put_text(w, "/readings");
        break;
    default:
        bm_cbor_put_uint(w, 1);
    }
}

/* A map of all but MQTT, changed; `room` holds it. */
static struct bm_bytes make(uint8_t room[MAP_MAX], const struct change *change)
{
    static const uint8_t keys[] = { 1, 2, 3, 4, 5, 6, 8, 9, 10 };
    uint64_t other = change != NULL ? change->key : 0;
    bool without = other != 0 && change->value.n == 0;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, MAP_MAX);
    bm_cbor_put_map(&w, sizeof keys - without);
    for (size_t i = 0; i < sizeof keys; i++) {
        if (keys[i] == other && without) {
            continue;
        }
        bm_cbor_put_uint(&w, keys[i]);
        if (keys[i] == other) {
            bm_wr_put(&w, change->value);
        } else {
            put_value(&w, keys[i]);
        }
    }
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return bm_wr_bytes(&w);
}

/* To the octet: all of it is cleared before it is filled in. */
static bool same(const struct settings *a, const struct settings *b)
{
    return bm_bytes_are((struct bm_bytes){ (const uint8_t *)a, sizeof *a }, b,
                        sizeof *b);
}

static bool is_zero(const struct settings *s)
{
    static const struct settings zero;

    return same(s, &zero);
}

static void a_map_says_who_the_node_is(void)
{
    uint8_t room[MAP_MAX];
    struct bm_bytes map = make(room, NULL);
    struct settings_server server;
    struct bm_bytes factory;
    struct settings s;

    CHECK_STATUS(settings_parse(map, &s, &factory, NULL), BM_OK);
    CHECK(strcmp(s.device, "SN-1") == 0);
    CHECK(strcmp(s.owner.host, "10.0.2.2") == 0);
    CHECK(s.owner.port == 8443 && s.owner.label[0] == '\0');
    CHECK(s.address.fixed && s.address.prefix == 24);
    CHECK(strcmp(s.https.name, "/readings") == 0 && s.mqtt.host[0] == '\0');
    CHECK(s.peer_port == 1 && s.interval == 1 && s.refresh == 1);
    CHECK_STATUS(settings_parse_factory(factory, &server), BM_OK);
    CHECK(strcmp(server.token, "SECRET") == 0);
    CHECK(strcmp(server.label, "birth") == 0);
}

static void what_is_kept_has_no_token(void)
{
    uint8_t room[MAP_MAX];
    uint8_t kept[MAP_MAX];
    struct bm_bytes map = make(room, NULL);
    struct bm_bytes factory;
    struct settings before;
    struct settings after;
    struct bm_wr w;

    CHECK_STATUS(settings_parse(map, &before, &factory, NULL), BM_OK);
    bm_wr_init(&w, kept, sizeof kept);
    CHECK_STATUS(settings_put(map, &w), BM_OK);
    CHECK(bm_wr_bytes(&w).n == map.n - factory.n - 1);
    CHECK_STATUS(settings_parse(bm_wr_bytes(&w), &after, &factory, NULL),
                 BM_OK);
    CHECK(factory.n == 0);
    CHECK(same(&before, &after));
}

static void what_is_wrong_is_refused(void)
{
    static const struct change changes[] = {
        { "another format", 1, BM_LIT_INIT("\x02"), BM_E_ARGUMENT },
        { "no format", 1, { NULL, 0 }, BM_E_ARGUMENT },
        { "no name", 2, { NULL, 0 }, BM_E_ARGUMENT },
        { "an empty name", 2, BM_LIT_INIT("\x60"), BM_E_LIMIT },
        { "a blank in the name", 2,
          BM_LIT_INIT("\x63"
                      "S 1"),
          BM_E_ARGUMENT },
        { "no owner", 4, { NULL, 0 }, BM_E_ARGUMENT },
        { "an owner without anything", 4, BM_LIT_INIT("\xa0"), BM_E_ARGUMENT },
        { "an address without its network", 5,
          BM_LIT_INIT("\xa1\x01\x44\x0a\x00\x02\x0f"), BM_E_ARGUMENT },
        { "an address of three octets", 5,
          BM_LIT_INIT("\xa2\x01\x43\x0a\x00\x02\x02\x18\x18"), BM_E_ARGUMENT },
        { "a network of 33 bits", 5,
          BM_LIT_INIT("\xa2\x01\x44\x0a\x00\x02\x0f\x02\x18\x21"),
          BM_E_ARGUMENT },
        { "a service without a path", 6, BM_LIT_INIT("\xa2\x01\x61x\x02\x01"),
          BM_E_ARGUMENT },
        { "port 0", 8, BM_LIT_INIT("\x00"), BM_E_ARGUMENT },
        { "port 65536", 8, BM_LIT_INIT("\x1a\x00\x01\x00\x00"), BM_E_ARGUMENT },
        { "an interval of nothing", 9, BM_LIT_INIT("\x00"), BM_E_ARGUMENT },
        { "text for a number", 9,
          BM_LIT_INIT("\x61"
                      "9"),
          BM_E_CBOR_TYPE },
    };
    uint8_t room[MAP_MAX];
    struct bm_bytes factory;
    struct settings s;

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        bm_status rc =
            settings_parse(make(room, &changes[i]), &s, &factory, NULL);

        if (rc != changes[i].want) {
            printf("# %s\n", changes[i].what);
        }
        CHECK_STATUS(rc, changes[i].want);
        CHECK(is_zero(&s) && factory.n == 0);
    }
}

static void a_key_that_is_not_known_refuses_all(void)
{
    uint8_t map[] = { 0xa1, 0x18, 0x63, 0x01 };
    struct bm_bytes factory;
    struct settings s;

    CHECK_STATUS(settings_parse(BM_ARRAY(map), &s, &factory, NULL),
                 BM_E_ARGUMENT);
}

static void a_map_that_is_cut_is_refused(void)
{
    uint8_t room[MAP_MAX];
    struct bm_bytes map = make(room, NULL);
    struct bm_bytes factory;
    struct settings s;

    for (size_t n = 0; n < map.n; n++) {
        CHECK(settings_parse((struct bm_bytes){ map.p, n }, &s, &factory,
                             NULL) != BM_OK);
        CHECK(is_zero(&s));
    }
}

static void what_follows_a_map_is_not_of_it(void)
{
    uint8_t room[MAP_MAX];
    struct bm_bytes map = make(room, NULL);
    struct bm_bytes longer = { room, map.n + 1 };
    struct bm_bytes factory;
    struct settings s;
    size_t size = 0;

    room[map.n] = 0xff; /* flash that is erased */
    CHECK_STATUS(settings_parse(longer, &s, &factory, NULL),
                 BM_E_CBOR_TRAILING);
    CHECK_STATUS(settings_parse(longer, &s, &factory, &size), BM_OK);
    CHECK(size == map.n);
}

/* Whatever one bit makes of it: what is read is written again the same. */
static void any_bit_may_be_wrong(void)
{
    uint8_t room[MAP_MAX];
    uint8_t kept[MAP_MAX];
    struct bm_bytes map = make(room, NULL);
    struct bm_bytes factory;
    struct settings s;
    struct settings again;
    struct bm_wr w;

    for (size_t bit = 0; bit < 8 * map.n; bit++) {
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (settings_parse(map, &s, &factory, NULL) == BM_OK) {
            bm_wr_init(&w, kept, sizeof kept);
            CHECK_STATUS(settings_put(map, &w), BM_OK);
            CHECK_STATUS(
                settings_parse(bm_wr_bytes(&w), &again, &factory, NULL), BM_OK);
            CHECK(same(&s, &again));
        } else {
            CHECK(is_zero(&s) && factory.n == 0);
        }
        room[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_factory_without_a_token_is_none(void)
{
    uint8_t room[MAP_MAX];
    struct settings_server server;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    put_server(&w, false);
    CHECK_STATUS(settings_parse_factory(bm_wr_bytes(&w), &server),
                 BM_E_ARGUMENT);
    CHECK(server.host[0] == '\0');
}

int main(void)
{
    RUN(a_map_says_who_the_node_is);
    RUN(what_is_kept_has_no_token);
    RUN(what_is_wrong_is_refused);
    RUN(a_key_that_is_not_known_refuses_all);
    RUN(a_map_that_is_cut_is_refused);
    RUN(what_follows_a_map_is_not_of_it);
    RUN(any_bit_may_be_wrong);
    RUN(a_factory_without_a_token_is_none);
    return bm_test_done();
}
