/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"
#include "cli/safe.h"

enum {
    OPTION_PROFILE = 1,
    OPTION_DEVICE,
    OPTION_EXPIRES
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
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
    struct session_place place;
    const char *profile;
    const char *device;
    int64_t expires;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), true },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), true },
    { OPTION_EXPIRES, ARGS_WHEN, offsetof(struct given, expires), false },
    { 0, ARGS_FLAG, 0, false },
};

static void print_words(const json_t *token)
{
    fprintf(stderr, "%s: token ", verb.path);
    safe_print_str(stderr, json_string_value(json_object_get(token, "id")));
    fputs(" for ", stderr);
    safe_print_str(stderr, json_string_value(json_object_get(token, "device")));
    fputs(", until ", stderr);
    safe_print_str(stderr,
                   json_string_value(json_object_get(token, "expires")));
    fputc('\n', stderr);
}

static int run(struct session *s, const struct given *given)
{
    json_t *params = json_object();
    json_t *token;
    int rc;

    session_set_text(params, "profile", given->profile);
    session_set_text(params, "device", given->device);
    session_set_time(params, "expires", given->expires);
    rc = session_call(s, "createToken", params, &token);
    if (rc != CMD_OK) {
        return rc;
    }
    safe_print_str(stdout, json_string_value(json_object_get(token, "secret")));
    putchar('\n');
    print_words(token);
    json_decref(token);
    return session_publish(s);
}

int cmd_token_create(int argc, char **argv)
{
    struct given given = { .profile = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_TOKEN_CREATE };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}
