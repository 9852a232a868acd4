/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ca/release.h"
#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/image_keys.h"
#include "cli/instance.h"
#include "cli/policy_message.h"
#include "cli/safe.h"

enum {
    OPTION_FIRMWARE = 1,
    OPTION_KEYSET,
    OPTION_POLICY,
    OPTION_MODE
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--firmware", "FILE[,image=N]",
      "a signed image; N: which of the device, 0 or 1 (0)", OPTION_FIRMWARE },
    { "--keyset", "FILE", "a signed key set", OPTION_KEYSET },
    { "--policy", "FILE", "a signed policy of the firewall", OPTION_POLICY },
    { "--mode", "MODE", "normal, lockdown, or repair", OPTION_MODE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark release create", "[OPTION]... NAME",
    "Make a release: what devices are to have. It never changes, and is for\n"
    "nobody until it is assigned. Files are kept with the instance.\n",
    options
};

struct given {
    struct session_place place;
    struct args_many firmware;
    const char *keyset;
    const char *policy;
    const char *mode;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_FIRMWARE, ARGS_MANY, offsetof(struct given, firmware), false },
    { OPTION_KEYSET, ARGS_TEXT, offsetof(struct given, keyset), false },
    { OPTION_POLICY, ARGS_TEXT, offsetof(struct given, policy), false },
    { OPTION_MODE, ARGS_TEXT, offsetof(struct given, mode), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Octets that go at a time. */
#define PIECE_MAX ((size_t)512 << 10)

/* Images of a device. */
#define IMAGES 2

/* A file, and the parameter of the release that names it. */
struct part {
    const char *param;
    char *name;
    struct bm_bytes octets;
    uint8_t *memory;
    char digits[IMAGE_HEX];
};
#define PARTS_MAX (IMAGES + 2)

struct run {
    struct session session;
    struct part parts[PARTS_MAX];
    size_t n;
    json_t *params;
};

/* ---- The command line */

/* "app.bin,image=1": cuts the name, and tells the number; -1: wrong. */
static int cut_image(char *name)
{
    static const char word[] = ",image=";
    char *at = strstr(name, word);
    char number;

    if (at == NULL) {
        return 0;
    }
    number = at[sizeof word - 1];
    if (number < '0' || number >= '0' + IMAGES || at[sizeof word] != '\0') {
        return -1;
    }
    *at = '\0';
    return number - '0';
}

static int add_part(struct run *run, const char *param, const char *name)
{
    struct part *part = &run->parts[run->n];

    part->param = param;
    part->name = strdup(name);
    if (part->name == NULL) {
        return refusal_print_act(verb.path, BM_E_MEMORY, NULL);
    }
    run->n++;
    return CMD_OK;
}

static int add_firmware(struct run *run, const char *name)
{
    static const char *const params[IMAGES] = { "firmware", "firmware_1" };
    struct part *part = &run->parts[run->n];
    int image;
    int rc;

    if (run->n == IMAGES) {
        return cmd_usage_error(verb.path, "--firmware: %d images at most",
                               IMAGES);
    }
    rc = add_part(run, params[0], name);
    if (rc != CMD_OK) {
        return rc;
    }
    image = cut_image(part->name);
    if (image < 0) {
        return cmd_usage_error(verb.path, "--firmware: image=0 to image=%d",
                               IMAGES - 1);
    }
    part->param = params[image];
    if (run->n == IMAGES && run->parts[0].param == part->param) {
        return cmd_usage_error(verb.path, "--firmware: image %d twice", image);
    }
    return CMD_OK;
}

static int add_parts(struct run *run, const struct given *given)
{
    int rc = CMD_OK;

    for (size_t i = 0; rc == CMD_OK && i < given->firmware.n; i++) {
        rc = add_firmware(run, given->firmware.value[i]);
    }
    if (rc == CMD_OK && given->keyset != NULL) {
        rc = add_part(run, "keyset", given->keyset);
    }
    if (rc == CMD_OK && given->policy != NULL) {
        rc = add_part(run, "policy", given->policy);
    }
    if (rc == CMD_OK && run->n == 0 && given->mode == NULL) {
        rc = cmd_usage_error(verb.path,
                             "--firmware, --keyset, --policy or --mode");
    }
    return rc;
}

static int check(const char *name, const char *mode)
{
    static const char *const modes[] = { "normal", "lockdown", "repair" };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = ca_release_name_check(name, &why);
    bool known = mode == NULL;

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        known = known || strcmp(mode, modes[i]) == 0;
    }
    if (!known) {
        return cmd_usage_error(verb.path, "--mode: normal, lockdown or repair");
    }
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

/* ---- Files */

static int hash_part(const struct run *run, struct part *part)
{
    const struct bm_crypto *crypto = run->session.crypto;
    uint8_t hash[BM_HASH_MAX];
    bm_status rc =
        crypto->hash(crypto->self, BM_HASH_SHA256, part->octets, hash);

    if (rc != BM_OK) {
        return refusal_print_act(verb.path, rc, NULL);
    }
    image_hex(hash, part->digits);
    session_set_text(run->params, part->param, part->digits);
    return CMD_OK;
}

/* Put what begins at `*at`, and say where to go on. */
static int put_piece(struct run *run, const struct part *part, size_t *at,
                     bool *whole)
{
    size_t left = part->octets.n - *at;
    struct bm_bytes piece = { part->octets.p + *at,
                              left < PIECE_MAX ? left : PIECE_MAX };
    json_t *params = json_object();
    json_t *result;
    json_int_t have;
    int rc;

    session_set_text(params, "sha256", part->digits);
    session_set_int(params, "size", part->octets.n);
    session_set_int(params, "at", *at);
    rc = session_put(&run->session, "putBlob", params, piece, &result);
    if (rc != CMD_OK) {
        return rc;
    }
    have = json_integer_value(json_object_get(result, "have"));
    *whole = json_is_true(json_object_get(result, "whole"));
    json_decref(result);
    if (!*whole && (have <= 0 || (size_t)have >= part->octets.n)) {
        return refusal_print_act(verb.path, BM_E_IO, NULL);
    }
    *at = (size_t)have;
    return CMD_OK;
}

/* What no device would take is not kept for any. */
static int check_policy(const struct run *run, const struct part *part)
{
    struct ca_refusal why = { .status = BM_OK };
    struct policy_message m;
    bm_status rc = policy_message_open(part->octets, run->session.crypto, &m);
    bool is_signed = m.is_signed;

    policy_message_wipe(&m);
    if (rc == BM_OK && !is_signed) {
        rc = BM_E_CMS_FORM;
    }
    if (rc != BM_OK) {
        rc = ca_refuse(&why, rc, "%s: %s", part->name,
                       "a policy is what birthmark policy sign makes");
        return refusal_print_act(verb.path, rc, &why);
    }
    return CMD_OK;
}

static int read_part(struct run *run, struct part *part)
{
    int rc = image_file_octets(part->name, &part->octets, &part->memory);

    if (rc == CMD_OK && strcmp(part->param, "policy") == 0) {
        rc = check_policy(run, part);
    }
    return rc == CMD_OK ? hash_part(run, part) : rc;
}

static int put_part(struct run *run, const struct part *part)
{
    bool whole = false;
    size_t at = 0;
    int rc = CMD_OK;

    while (rc == CMD_OK && !whole) {
        rc = put_piece(run, part, &at, &whole);
    }
    return rc;
}

/* What is put stays there: nothing is, for a release that cannot be made. */
static int ask_first(struct run *run, const char *name)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *there = NULL;
    bm_status rc;

    session_set_text(params, "release", name);
    rc = session_ask(&run->session, "showRelease", params, &there, &why);
    json_decref(there);
    if (rc == BM_E_NOT_FOUND) {
        return CMD_OK;
    }
    if (rc == BM_OK) {
        rc = ca_refuse(&why, BM_E_EXISTS,
                       "release %s: one is made once and never changed", name);
    }
    return session_result(&run->session, rc, &why);
}

static int create(struct run *run, const struct given *given, const char *name)
{
    json_t *params;
    json_t *made;
    int rc = CMD_OK;

    run->params = json_object();
    session_set_text(run->params, "release", name);
    session_set_text(run->params, "mode", given->mode);
    for (size_t i = 0; rc == CMD_OK && i < run->n; i++) {
        rc = read_part(run, &run->parts[i]);
    }
    if (rc == CMD_OK) {
        rc = ask_first(run, name);
    }
    for (size_t i = 0; rc == CMD_OK && i < run->n; i++) {
        rc = put_part(run, &run->parts[i]);
    }
    if (rc != CMD_OK) {
        return rc;
    }
    params = run->params;
    run->params = NULL;
    rc = session_call(&run->session, "createRelease", params, &made);
    if (rc != CMD_OK) {
        return rc;
    }
    safe_print_str(stdout, json_string_value(json_object_get(made, "name")));
    putchar('\n');
    json_decref(made);
    return session_publish(&run->session);
}

static void wipe(struct run *run)
{
    json_decref(run->params);
    for (size_t i = 0; i < PARTS_MAX; i++) {
        free(run->parts[i].name);
        free(run->parts[i].memory);
    }
    session_close(&run->session);
}

int cmd_release_create(int argc, char **argv)
{
    struct given given = { .keyset = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_RELEASE_CREATE };
    struct run run = { .n = 0 };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = add_parts(&run, &given);
    if (rc == CMD_OK) {
        rc = check(args.words[0], given.mode);
    }
    if (rc == CMD_OK) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = create(&run, &given, args.words[0]);
    }
    wipe(&run);
    return rc;
}
