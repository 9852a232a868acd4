/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/diag.h"
#include "cli/image_keys.h"
#include "cli/output.h"
#include "core/csr.h"
#include "core/name.h"

enum {
    OPTION_DIR = 1,
    OPTION_SUBJECT,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--subject", "DN", "who it is: CN=Release line 1,O=Acme",
      OPTION_SUBJECT },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image request", "--subject DN [OPTION]... URI",
    "Print a request (PKCS#10, PEM) for the firmware-signing certificate of a\n"
    "key that signs images, to be carried to the firmware CA.\n",
    options
};

struct given {
    const char *dir;
    const char *subject;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_SUBJECT, ARGS_TEXT, offsetof(struct given, subject), true },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Octets of a name in DER, and of a request with it and a P-256 key. */
#define NAME_MAX_DER 1024
#define REQUEST_MAX  2048

/* CMD_USAGE where the name is none. */
static int read_subject(const char *text, struct bm_wr *name)
{
    size_t bad = 0;
    size_t n;

    if (bm_name_from_text(
            (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, name,
            &bad) != BM_OK ||
        bm_wr_finish(name, &n) != BM_OK) {
        return cmd_usage_error(verb.path,
                               "--subject is no name as RFC 4514 has it, at "
                               "'%.40s'",
                               bad < strlen(text) ? text + bad : "");
    }
    return CMD_OK;
}

static int write_request(const struct image_keys *keys, struct bm_bytes name,
                         const char *out)
{
    const struct bm_csr_config config = { .subject = name };
    struct ca_refusal why = { .status = BM_OK };
    uint8_t request[REQUEST_MAX];
    struct output output;
    struct bm_wr w;
    bm_status rc;
    int code = output_open(&output, verb.path, out);

    if (code != CMD_OK) {
        return code;
    }
    bm_wr_init(&w, request, sizeof request);
    rc = bm_csr_build(&config, keys->key[0]->signer, &w);
    if (rc == BM_OK) {
        output_pem(&output, "CERTIFICATE REQUEST", bm_wr_bytes(&w));
        code = output_finish(&output);
    } else {
        code = refusal_print_act(verb.path, ca_refuse(&why, rc, "the request"),
                                 &why);
    }
    output_drop(&output);
    return code;
}

int cmd_image_request(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "URI",
                         .words_min = 1,
                         .words_max = 1 };
    struct image_keys keys = { .path = verb.path };
    struct args_many uri = { .n = 1 };
    uint8_t room[NAME_MAX_DER];
    struct bm_wr name;
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    bm_wr_init(&name, room, sizeof room);
    code = read_subject(given.subject, &name);
    if (code != CMD_OK) {
        return code;
    }
    keys.dir = given.dir;
    uri.value[0] = args.words[0];
    code = image_keys_open(&keys, &uri);
    if (code == CMD_OK) {
        code = write_request(&keys, bm_wr_bytes(&name), given.out);
    }
    image_keys_close(&keys);
    return code;
}
