/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/imports.h"
#include "cli/instance.h"
#include "cli/safe.h"

enum {
    OPTION_KIND = 1,
    OPTION_ALL,
    OPTION_TRIES,
    OPTION_AFTER,
    OPTION_CA,
    OPTION_CERTIFICATE
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--kind", "KIND",
      "events it wants; may be repeated. `claimed`: all that\n"
      "devices tell of themselves; `noticed`: what the authority\n"
      "noticed; these two if not given. `certificate`: each that is\n"
      "issued or revoked; `batch`; `request`. All kinds:\n"
      "birthmark destination kinds",
      OPTION_KIND },
    { "--all", NULL, "events of every organisation that you see", OPTION_ALL },
    { "--tries", "N", "of an event, before it is given up (20)", OPTION_TRIES },
    { "--give-up-after", "DURATION",
      "however often an event was tried (7d; at most 30d)", OPTION_AFTER },
    { "--ca", "FILE",
      "what its server's certificate must lead to, PEM or DER (what the\n"
      "system trusts); may be repeated",
      OPTION_CA },
    { "--client-certificate", NULL, "show the certificate of the courier",
      OPTION_CERTIFICATE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination create", "NAME URL [--dir DIR] [OPTION]...",
    "Have the events of your organisation sent somewhere, from now on:\n"
    "https://HOST[:PORT]/PATH as signed webhooks, syslog+tls://HOST[:PORT] as\n"
    "messages of RFC 5424. The secret that webhooks are signed with is\n"
    "printed once.\n",
    options
};

struct given {
    struct session_place place;
    struct args_many kinds;
    struct args_many cas;
    uint64_t tries;
    const char *after;
    bool all;
    bool certificate;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_KIND, ARGS_MANY, offsetof(struct given, kinds), false },
    { OPTION_ALL, ARGS_FLAG, offsetof(struct given, all), false },
    { OPTION_TRIES, ARGS_NUMBER, offsetof(struct given, tries), false },
    { OPTION_AFTER, ARGS_TEXT, offsetof(struct given, after), false },
    { OPTION_CA, ARGS_MANY, offsetof(struct given, cas), false },
    { OPTION_CERTIFICATE, ARGS_FLAG, offsetof(struct given, certificate),
      false },
    { 0, ARGS_FLAG, 0, false },
};

static json_t *params_of(const struct given *given, int64_t age, char **words,
                         const struct imports *anchors)
{
    json_t *params = json_object();
    json_t *kinds = json_array();

    session_set_text(params, "name", words[0]);
    session_set_text(params, "url", words[1]);
    for (size_t i = 0; i < given->kinds.n; i++) {
        (void)json_array_append_new(kinds, json_string(given->kinds.value[i]));
    }
    if (given->kinds.n != 0) {
        (void)json_object_set(params, "kinds", kinds);
    }
    json_decref(kinds);
    if (given->tries != 0) {
        session_set_int(params, "tries", given->tries);
    }
    if (age != 0) {
        session_set_int(params, "give_up_after", (uint64_t)age);
    }
    if (given->all) {
        session_set_flag(params, "all");
    }
    if (given->certificate) {
        session_set_flag(params, "client_certificate");
    }
    if (anchors->n != 0) {
        imports_set(params, "anchors", anchors);
    }
    return params;
}

static int act(struct session *s, json_t *params)
{
    const json_t *secret;
    json_t *made;
    int rc = session_call(s, "createDestination", params, &made);

    if (rc != CMD_OK) {
        return rc;
    }
    secret = json_object_get(made, "secret");
    if (secret != NULL) {
        safe_print_str(stdout, json_string_value(secret));
        putchar('\n');
    }
    json_decref(made);
    return session_publish(s);
}

int cmd_destination_create(int argc, char **argv)
{
    struct given given = { .tries = 0 };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME URL",
                         .words_min = 2,
                         .words_max = 2 };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_DESTINATION_CHANGE };
    struct imports anchors = { .n = 0 };
    struct session s = { .path = NULL };
    int64_t age = 0;
    bool read = true;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    /* A time that is so far from 1970 is a duration. */
    if (given.after != NULL &&
        (!args_parse_when(given.after, 0, &age) || age <= 0)) {
        return cmd_usage_error(verb.path,
                               "--give-up-after takes a duration, like 3d");
    }
    for (size_t i = 0; i < given.cas.n && read; i++) {
        read = imports_add(&anchors, given.cas.value[i], NULL);
    }
    rc = read ? session_open(&s, &config) : CMD_FAILED;
    if (rc == CMD_OK) {
        rc = act(&s, params_of(&given, age, args.words, &anchors));
    }
    session_close(&s);
    imports_free(&anchors);
    return rc;
}
