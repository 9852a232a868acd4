/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token.h"
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/safe.h"
#include "core/time.h"

/* Devices are switched on within days of getting their token. */
#define LIFETIME (INT64_C(7) * 86400)

enum {
    OPTION_DIR = 1,
    OPTION_PROFILE,
    OPTION_DEVICE,
    OPTION_EXPIRES
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--profile", "NAME", "of the certificate it is good for",
      OPTION_PROFILE },
    { "--device", "NAME", "the device that may use it", OPTION_DEVICE },
    { "--expires", "TIME", "or a duration from now (7d)", OPTION_EXPIRES },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark token create",
    "--profile NAME --device NAME [--dir DIR] [--expires TIME]",
    "Make a secret with which one device can enrol, once. It is printed and\n"
    "kept nowhere; the id that names it afterwards goes to standard error.\n",
    options
};

struct given {
    const char *dir;
    const char *profile;
    const char *device;
    int64_t expires;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), true },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), true },
    { OPTION_EXPIRES, ARGS_WHEN, offsetof(struct given, expires), false },
    { 0, ARGS_FLAG, 0, false },
};

static void print_words(const struct given *given, const char *id,
                        int64_t expires)
{
    uint8_t text[32];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, expires);
    fprintf(stderr, "%s: token %s for ", verb.path, id);
    safe_print_str(stderr, given->device);
    fputs(", until ", stderr);
    safe_print(stderr, bm_wr_bytes(&w));
    fputc('\n', stderr);
}

static int run(struct session *s, const struct given *given)
{
    const struct ca_token_order order = {
        .profile = given->profile,
        .device = given->device,
        .expires = given->expires != 0 ? given->expires : s->now + LIFETIME,
    };
    struct ca_refusal why = { .status = BM_OK };
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    bm_status rc = ca_token_create(s->instance->ca, &s->actor, &order, s->now,
                                   secret, id, &why);

    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    puts(secret);
    bm_wipe(secret, sizeof secret);
    print_words(given, id, order.expires);
    return session_publish(s);
}

int cmd_token_create(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_TOKEN_CREATE };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}
