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
#include "server/instance.h"
#include "server/own.h"

/* Words go to standard output, what is wrong to standard error. */
struct check {
    const char *dir;
    const struct settings *settings;
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

static void say_rooms(const struct check *c)
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
    struct bm_crypto *crypto = NULL;
    struct instance *in = NULL;
    bm_status rc = bm_openssl_new(&crypto);

    printf("instance %s\n", c->dir);
    if (rc == BM_OK) {
        const struct instance_port port = { .crypto = crypto, .maker = NULL };

        rc = instance_open(c->dir, INSTANCE_READ, &port, now, &in, &why);
    }
    if (rc == BM_OK) {
        printf("    %zu CAs, %zu profiles\n", in->cas_n, in->profiles_n);
        if (!has_profile(in, c->settings->est_default_profile)) {
            rc = ca_profile_missing(in->ca, c->settings->est_default_profile,
                                    &why);
        }
    }
    if (rc != BM_OK) {
        blame(c, rc, &why);
    }
    instance_close(in);
    bm_openssl_free(crypto);
    check_server_cert(c, now);
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
    struct check c = { dir, &settings, false };
    bm_status rc = room_settings(config, dir, &settings, &why);

    if (rc != BM_OK) {
        blame(&c, rc, &why);
        return 1;
    }
    check_instance(&c, room_now());
    check_kernel(&c);
    check_owner(&c);
    say_rooms(&c);
    settings_wipe(&settings);
    return c.wrong ? 1 : 0;
}
