/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark-agent status: what there is, of a copy of the state, so that it
 * never waits for a service at work, and asks no token and no server. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/due.h"
#include "agent/program.h"
#include "agent/sealed.h"
#include "agent/words.h"
#include "core/cert.h"
#include "core/name.h"

/* ---- As a tree, which is printed as JSON or for people */

static void set_text(json_t *o, const char *key, struct bm_bytes text)
{
    (void)json_object_set_new(o, key,
                              json_stringn((const char *)text.p, text.n));
}

static void set_time(json_t *o, const char *key, int64_t t)
{
    char buf[WORDS_TIME_MAX];

    (void)json_object_set_new(o, key, json_string(words_time(t, buf)));
}

static void set_name(json_t *o, const char *key, struct bm_bytes name)
{
    uint8_t text[1024];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_name_put_text(&w, name);
    set_text(
        o, key,
        (struct bm_bytes){ text, w.len < sizeof text ? w.len : sizeof text });
}

static void set_hex(json_t *o, const char *key, struct bm_bytes octets)
{
    uint8_t text[128];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    words_put_hex(&w, octets);
    set_text(o, key, bm_wr_bytes(&w));
}

static void set_cert(json_t *o, const struct state *state,
                     const struct bm_cert *cert, enum bm_identity_place place)
{
    enum bm_key_slot slot = keystore_slot_by_key(&state->keys, cert->key.der);
    int64_t renewal;

    set_name(o, "subject", cert->subject);
    set_name(o, "issuer", cert->issuer);
    set_hex(o, "serial_number", cert->serial);
    set_time(o, "not_before", cert->not_before);
    set_time(o, "not_after", cert->not_after);
    (void)json_object_set_new(
        o, "expired", json_boolean(cert->not_after < state_time(state)));
    if (slot != BM_KEY_SLOT_NONE) {
        (void)json_object_set_new(o, "key",
                                  json_string(state->keys.slots[slot].uri));
    }
    if (place == BM_IDENTITY_CURRENT && due_moment(state, &renewal) == BM_OK) {
        set_time(o, "renewal", renewal);
    }
}

static json_t *make_place(const struct state *state,
                          enum bm_identity_place place)
{
    static const char *const words[] = { "empty", "key", "certificate",
                                         "lost" };
    uint8_t der[8192];
    struct bm_cert cert;
    json_t *o = json_object();

    (void)json_object_set_new(
        o, "state",
        json_string(words[bm_identity_state(&state->identity, place)]));
    if (state_cert(state, place, der, sizeof der, &cert) == BM_OK) {
        set_cert(o, state, &cert, place);
    }
    return o;
}

static json_t *make_clock(const struct state *state)
{
    json_t *o = json_object();

    set_time(o, "last_known_good",
             bm_clock_now(&state->clock, state_uptime(state)));
    return o;
}

static json_t *make_trust(const struct state *state)
{
    const struct bm_trust *t = &state->trust;
    json_t *o = json_object();

    (void)json_object_set_new(o, "pinned_anchors",
                              json_integer((json_int_t)state->anchors.n));
    (void)json_object_set_new(o, "learned_anchors", json_integer(t->learned));
    (void)json_object_set_new(o, "bundle_version",
                              json_integer((json_int_t)t->bundle.version));
    if (t->bundle.version != 0) {
        set_time(o, "bundle_next_update", t->bundle.next_update);
    }
    return o;
}

static json_t *make_names(struct sealed *s)
{
    json_t *names = json_array();
    char name[BM_VAULT_NAME_MAX + 1];
    uint32_t cursor = 0;

    while (bm_vault_next(&s->vault, &cursor, name) == BM_OK) {
        (void)json_array_append_new(names, json_stringn(name, strlen(name)));
    }
    return names;
}

static json_t *make_vault(struct state *state)
{
    struct sealed *s = calloc(1, sizeof *s);
    json_t *o = json_object();
    bm_status rc = s == NULL ? BM_E_MEMORY : sealed_open(s, state);

    (void)json_object_set_new(o, "status", json_string(bm_status_text(rc)));
    if (rc == BM_OK) {
        (void)json_object_set_new(o, "secret",
                                  json_string(sealed_secret_word(s)));
        (void)json_object_set_new(o, "rollback",
                                  json_string(sealed_rollback_word(s)));
        (void)json_object_set_new(o, "records", make_names(s));
        sealed_close(s);
    } else if (rc == BM_E_NOT_FOUND) {
        (void)json_object_set_new(o, "status", json_string("none yet"));
    }
    free(s);
    return o;
}

static json_t *make_all(struct state *state)
{
    static const char *const places[] = { "file", "pkcs11", "tpm2" };
    const struct settings *s = state->settings;
    json_t *o = json_object();

    (void)json_object_set_new(o, "server", json_string(s->url));
    (void)json_object_set_new(o, "key_place",
                              json_string(places[s->keys.place]));
    (void)json_object_set_new(o, "idevid",
                              make_place(state, BM_IDENTITY_IDEVID));
    (void)json_object_set_new(o, "current",
                              make_place(state, BM_IDENTITY_CURRENT));
    (void)json_object_set_new(o, "pending",
                              make_place(state, BM_IDENTITY_PENDING));
    (void)json_object_set_new(o, "generation",
                              json_integer(state->identity.head.generation));
    (void)json_object_set_new(o, "clock", make_clock(state));
    (void)json_object_set_new(o, "trust", make_trust(state));
    (void)json_object_set_new(o, "vault", make_vault(state));
    return o;
}

/* ---- For people: a row for each leaf, "current.serial_number" as it is in
 * JSON, so that both are read with one manual. */

static void print_leaf(const char *section, const char *key, const json_t *v)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s%s%s", section,
                   section[0] == '\0' ? "" : " ", key);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    printf("%-24s ", name);
    if (json_is_string(v)) {
        words_print(stdout, json_string_value(v));
    } else if (json_is_integer(v)) {
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            printf("%s", i == 0 ? "" : ", ");
            words_print(stdout, json_string_value(json_array_get(v, i)));
        }
    } else {
        printf("%s", json_is_true(v) ? "yes" : "no");
    }
    printf("\n");
}

static void print_section(const char *section, json_t *o)
{
    const char *key;
    json_t *v;

    json_object_foreach(o, key, v)
    {
        print_leaf(section, key, v);
    }
}

static void print_all(json_t *all)
{
    const char *key;
    json_t *v;

    json_object_foreach(all, key, v)
    {
        if (json_is_object(v)) {
            print_section(key, v);
        } else {
            print_leaf("", key, v);
        }
    }
}

int status_run(const struct args *args)
{
    char what[STATE_WHAT_MAX];
    struct settings settings;
    const struct state_config config = { .settings = &settings,
                                         .how = STATE_LOOK };
    struct state *state;
    json_t *all;
    bm_status rc;
    int code;

    if (!program_settings(args, &settings, &code)) {
        return code;
    }
    rc = state_open(&state, &config, what);
    if (rc == BM_OK) {
        all = make_all(state);
        if ((args->given & ARGS_JSON) != 0) {
            (void)json_dumpf(all, stdout, JSON_INDENT(2));
            printf("\n");
        } else {
            print_all(all);
        }
        json_decref(all);
        state_close(state);
    } else if (rc == BM_E_NOT_FOUND) {
        fprintf(stderr, "birthmark-agent: there is no state yet\n");
    } else {
        (void)words_failed(what, rc);
    }
    settings_free(&settings);
    return rc == BM_OK ? ARGS_OK : ARGS_FAILED;
}
