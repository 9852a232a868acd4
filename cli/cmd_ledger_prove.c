/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/image_file.h"
#include "cli/image_keys.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "cli/show_image.h"
#include "protocols/admin/things.h"

enum {
    OPTION_CA = 1,
    OPTION_IMAGE,
    OPTION_KEY,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--ca", "ID", "of this CA", OPTION_CA },
    { "--image", "FILE", "of this image, or key set, instead", OPTION_IMAGE },
    { "--key", "KEYHASH", "by this key: whose signature, where it has several",
      OPTION_KEY },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ledger prove", "[--dir DIR] [OPTION]... SERIAL | --image FILE",
    "Write a proof that a certificate was recorded when it was issued, or an\n"
    "image when it was signed (C2SP tlog-proof). It discloses that record and\n"
    "no other, and can be checked with ledger check by anybody who has the\n"
    "ledger's public key.\n",
    options
};

struct given {
    struct session_place place;
    const char *ca;
    const char *image;
    const char *key;
    const char *out;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { OPTION_IMAGE, ARGS_TEXT, offsetof(struct given, image), false },
    { OPTION_KEY, ARGS_TEXT, offsetof(struct given, key), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Parameters of proveCertificate. */
static int of_cert(struct session *s, const struct given *given,
                   const char *word, json_t **params)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t serial[STORE_SERIAL_MAX];
    size_t n;

    if (!things_parse_serial(word, serial, &n)) {
        return session_result(
            s, ca_refuse(&why, BM_E_ARGUMENT, "%s is no serial number", word),
            &why);
    }
    *params = json_object();
    session_set_text(*params, "serial", word);
    session_set_text(*params, "ca", given->ca);
    return CMD_OK;
}

/* Of proveFirmware: an image that is not what it says is not asked for. */
static int of_image(struct session *s, const struct given *given,
                    json_t **params)
{
    struct ca_refusal why = { .status = BM_OK };
    struct image_file f;
    struct bm_bytes digest;
    char hex[IMAGE_HEX];
    bm_status rc;
    int code = image_file_read(&f, given->image);

    if (code != CMD_OK) {
        return code;
    }
    rc = image_digest_check(&f, s->crypto, &digest);
    if (rc == BM_OK && digest.n != BM_IMAGE_DIGEST_SIZE) {
        rc = BM_E_IMAGE_ALGORITHM;
    }
    if (rc == BM_OK) {
        image_hex(digest.p, hex);
        *params = json_object();
        session_set_text(*params, "digest", hex);
        session_set_text(*params, "key", given->key);
    } else {
        code = session_result(s, ca_refuse(&why, rc, "%s", given->image), &why);
    }
    image_file_free(&f);
    return code;
}

static int run(struct session *s, const struct given *given, const char *word)
{
    struct output output;
    json_t *params = NULL;
    json_t *proof = NULL;
    int rc = word != NULL ? of_cert(s, given, word, &params)
                          : of_image(s, given, &params);

    if (rc != CMD_OK) {
        return rc;
    }
    rc = session_call(s, word != NULL ? "proveCertificate" : "proveFirmware",
                      params, &proof);
    if (rc == CMD_OK) {
        rc = output_open(&output, s->path, given->out);
    }
    if (rc == CMD_OK) {
        output_text(&output, json_object_get(proof, "proof"));
        rc = output_finish(&output);
        output_drop(&output);
    }
    json_decref(proof);
    return rc;
}

static int check_use(const struct given *given, int words)
{
    if ((given->image != NULL) == (words != 0)) {
        return cmd_usage_error(verb.path, "SERIAL or --image, one of them");
    }
    if (given->image != NULL ? given->ca != NULL : given->key != NULL) {
        return cmd_usage_error(verb.path,
                               "--ca is for certificates, --key for images");
    }
    return CMD_OK;
}

int cmd_ledger_prove(int argc, char **argv)
{
    struct given given = { .ca = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "SERIAL",
                         .words_min = 0,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_LEDGER_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = check_use(&given, args.words_n);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given, args.words_n != 0 ? args.words[0] : NULL);
    }
    session_close(&s);
    return rc;
}
