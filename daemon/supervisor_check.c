/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cert.h"
#include "core/time.h"
#include "daemon/room_internal.h"
#include "daemon/sandbox.h"
#include "daemon/sandbox_internal.h"
#include "daemon/supervisor.h"
#include "daemon/supervisor_internal.h"
#include "files/files.h"
#include "ports/openssl/openssl.h"
#include "server/ek_cas.h"
#include "server/instance.h"
#include "server/own.h"

/* Words go to standard output, what is wrong to standard error. */
struct check {
    const char *dir;
    const struct settings *settings;
    struct bm_crypto *crypto;
    struct instance *in; /* for reading; NULL: it cannot be opened */
    bool wrong;
};

static void blame(struct check *c, bm_status rc, const struct ca_refusal *why)
{
    fprintf(stderr, "birthmarkd: %s%s%s\n", why->words,
            why->words[0] != '\0' ? ": " : "", bm_status_text(rc));
    c->wrong = true;
}

/* ---- Processes */

static void say_ports(const struct check *c, const struct room_type *type)
{
    const unsigned *port = type->ports;

    for (; port != NULL && *port != ROOM_PORT_COUNT; port++) {
        printf("    %s %s\n", port_names[*port],
               ports_address(c->settings, (enum room_port) * port));
    }
}

/* ---- Keys */

/* Which URI of a CA's is a room's, or "". */
static const char *uri_of(const struct store_ca *ca, enum room_kind kind)
{
    return kind == ROOM_SIGNER   ? ca->key_uri
           : kind == ROOM_STATUS ? ca->ocsp_key_uri
                                 : "";
}

/* What keys of one kind add to the sandbox. */
static void say_class(const struct check *c, const struct key_kind *kind)
{
    char words[4096];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)words, sizeof words - 1);
    sandbox_describe_class(c->settings, kind->sandbox, &w);
    words[w.len < sizeof words ? w.len : 0] = '\0';
    printf("    sandbox class %s\n", words);
}

static void say_keys(struct check *c, enum room_kind kind)
{
    unsigned said = 1U << BM_KEY_SANDBOX_MEMORY;

    for (size_t i = 0; c->in != NULL && i < c->in->cas_n; i++) {
        const struct store_ca *ca = &c->in->cas[i].row;
        const char *uri = uri_of(ca, kind);
        const struct key_kind *is = key_kind_of(uri);

        if (uri[0] == '\0') {
            continue;
        }
        printf("    key of %s %s (provider %s, sandbox class %s)\n", ca->id,
               uri, is == NULL ? "unknown" : is->scheme,
               is == NULL ? "unknown" : is->class);
        if (is == NULL) {
            struct ca_refusal why = { BM_OK, "" };

            blame(c, ca_refuse(&why, BM_E_KEYS_URI, "%s", uri), &why);
        } else if ((said & 1U << is->sandbox) == 0) {
            said |= 1U << is->sandbox;
            say_class(c, is);
        }
    }
}

static void say_rooms(struct check *c)
{
    for (unsigned i = 0; i < ROOM_COUNT; i++) {
        const enum room_kind kind = (enum room_kind)i;
        char words[512];
        char user[64];
        struct bm_wr w;

        if (!supervisor_wants(c->settings, kind)) {
            continue;
        }
        bm_wr_init(&w, (uint8_t *)words, sizeof words - 1);
        sandbox_describe(room_types[kind], &w);
        words[w.len < sizeof words ? w.len : 0] = '\0';
        sandbox_user(c->settings, room_types[kind], user);
        printf("%s", room_types[kind]->name);
        if (supervisor_instances(c->settings, kind) > 1) {
            printf(" x %u", supervisor_instances(c->settings, kind));
        }
        printf("\n    user %s\n    sandbox %s\n", user, words);
        say_ports(c, room_types[kind]);
        say_keys(c, kind);
    }
}

static void check_kernel(struct check *c)
{
    struct ca_refusal why = { BM_OK, "" };
    int version = landlock_version();
    bm_status rc = sandbox_check(c->settings, &why);

    printf("kernel\n    Landlock %d\n", version);
    if (version == 0) {
        blame(c, BM_E_SANDBOX,
              &(struct ca_refusal){ BM_E_SANDBOX,
                                    "this kernel has no Landlock" });
    }
    if (rc != BM_OK) {
        blame(c, rc, &why);
    }
}

/* ---- The instance */

static void check_server_cert(struct check *c, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    struct own_server server;
    char until[32];
    struct bm_wr w;
    bm_status rc = own_server_read(&server, c->dir, &why);

    if (rc == BM_OK) {
        bm_wr_init(&w, (uint8_t *)until, sizeof until - 1);
        bm_time_put_text(&w, server.cert.not_after);
        until[w.len < sizeof until ? w.len : 0] = '\0';
        printf("    server certificate until %s\n", until);
        rc = now > server.cert.not_after ? BM_E_PATH_EXPIRED : BM_OK;
        rc = rc == BM_OK ? rc : ca_refuse(&why, rc, "%s/ca/server.pem", c->dir);
        own_server_free(&server);
    }
    if (rc != BM_OK) {
        blame(c, rc, &why);
    }
}

static bool has_profile(const struct instance *in, const char *name)
{
    for (size_t i = 0; i < in->profiles_n; i++) {
        if (strcmp(ca_profile_policy(in->profiles[i].profile)->name, name) ==
            0) {
            return true;
        }
    }
    return false;
}

/* As somebody who only looks: no secret is needed, and no lock. */
static void check_instance(struct check *c, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = bm_openssl_new(&c->crypto);

    printf("instance %s\n", c->dir);
    if (rc == BM_OK) {
        const struct instance_port port = { .crypto = c->crypto,
                                            .maker = NULL };

        rc = instance_open(c->dir, INSTANCE_READ, &port, now, &c->in, &why);
    }
    if (rc == BM_OK) {
        printf("    %zu CAs, %zu profiles\n", c->in->cas_n, c->in->profiles_n);
        if (!has_profile(c->in, c->settings->est_default_profile)) {
            rc = ca_profile_missing(c->in->ca, c->settings->est_default_profile,
                                    &why);
        }
    }
    if (rc != BM_OK) {
        blame(c, rc, &why);
    }
    check_server_cert(c, now);
}

/* Whoever is believed about TPMs. */
static void check_makers(struct check *c)
{
    struct ca_refusal why = { BM_OK, "" };
    struct ek_cas cas;
    bm_status rc = ek_cas_read(c->settings->attestation_ek_cas, &cas, &why);

    if (rc != BM_OK) {
        blame(c, rc, &why);
        return;
    }
    if (cas.n != 0) {
        printf("    %zu CAs of makers of TPMs\n", cas.n);
    }
    ek_cas_free(&cas);
}

/* The issuer writes there, as whoever it will be. */
static void check_owner(struct check *c)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = sandbox_check_owner(c->settings, c->dir, &why);

    if (rc != BM_OK) {
        blame(c, rc, &why);
    }
}

int supervisor_check(const char *config)
{
    struct ca_refusal why = { BM_OK, "" };
    struct settings settings;
    char dir[FILES_PATH_MAX];
    struct check c = { .dir = dir, .settings = &settings };
    bm_status rc = room_settings(config, dir, &settings, &why);

    if (rc != BM_OK) {
        blame(&c, rc, &why);
        return 1;
    }
    check_instance(&c, room_now());
    check_makers(&c);
    check_kernel(&c);
    check_owner(&c);
    say_rooms(&c);
    instance_close(c.in);
    bm_openssl_free(c.crypto);
    settings_wipe(&settings);
    return c.wrong ? 1 : 0;
}
