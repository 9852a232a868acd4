/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/intel_hex.h"
#include "cli/output.h"
#include "cli/provider.h"
#include "cli/show_image.h"
#include "cli/wolfboot.h"

enum {
    OPTION_FROM = 1,
    OPTION_TO,
    OPTION_ADDRESS,
    OPTION_FILL,
    OPTION_STRIP,
    OPTION_PAD,
    OPTION_ALIGN,
    OPTION_CONFIRM,
    OPTION_OUT,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--from", "FORM", "bin, hex or wolfboot (as the file looks)",
      OPTION_FROM },
    { "--to", "FORM", "bin, hex, or payload: the program alone (bin)",
      OPTION_TO },
    { "--address", "N", "of the first octet, for --to hex", OPTION_ADDRESS },
    { "--fill", NULL, "fill gaps of a hex file with 0xff", OPTION_FILL },
    { "--strip", NULL, "take away what is behind the image", OPTION_STRIP },
    { "--pad", "SIZE", "make a slot, with a trailer that asks for a trial",
      OPTION_PAD },
    { "--align", "N", "8, 16 or 32: largest write of that slot (8)",
      OPTION_ALIGN },
    { "--confirm", NULL, "with --pad: ask for no trial", OPTION_CONFIRM },
    { "--out", "FILE", "a new file; - is standard output", OPTION_OUT },
    { "--json", NULL, "print what was made as a JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image convert", "--out FILE [OPTION]... FILE",
    "Write a firmware image in another form: Intel HEX or octets, with or\n"
    "without the trailer of imgtool --pad and --confirm. Of an image, or of\n"
    "one of wolfBoot, the program alone is written with --to payload, to be\n"
    "signed again. A file that exists is never overwritten.\n",
    options
};

struct given {
    const char *from;
    const char *to;
    const char *address;
    bool fill;
    bool strip;
    const char *pad;
    uint64_t align;
    bool confirm;
    const char *out;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_FROM, ARGS_TEXT, offsetof(struct given, from), false },
    { OPTION_TO, ARGS_TEXT, offsetof(struct given, to), false },
    { OPTION_ADDRESS, ARGS_TEXT, offsetof(struct given, address), false },
    { OPTION_FILL, ARGS_FLAG, offsetof(struct given, fill), false },
    { OPTION_STRIP, ARGS_FLAG, offsetof(struct given, strip), false },
    { OPTION_PAD, ARGS_TEXT, offsetof(struct given, pad), false },
    { OPTION_ALIGN, ARGS_NUMBER, offsetof(struct given, align), false },
    { OPTION_CONFIRM, ARGS_FLAG, offsetof(struct given, confirm), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

enum form {
    FORM_BIN,
    FORM_HEX,
    FORM_WOLFBOOT,
    FORM_PAYLOAD
};
static const char *const forms[] = { "bin", "hex", "wolfboot", "payload" };

/* 9999-12-31T23:59:59Z */
#define TIME_LAST 253402300799u

/* Of flash, as large as it gets. */
#define SLOT_MAX ((uint32_t)16 << 20)

struct run {
    const struct given *given;
    const char *name;
    enum form from;
    bool from_given;
    enum form to;
    bool has_address;
    uint32_t address; /* of the first octet that is written */
    uint32_t slot;    /* size; 0: is not padded */
    struct bm_bytes octets;
    uint8_t *memory; /* of the file */
    uint8_t *made;   /* of what became of it */
    struct intel_hex hex;
    struct wolfboot wolf;
};

static int fail(const struct run *run, bm_status status, const char *words)
{
    const struct refusal why = { .file = run->name,
                                 .status = status,
                                 .at = REFUSAL_NOWHERE,
                                 .words = words };

    refusal_print(&why);
    return CMD_FAILED;
}

/* ---- The command line */

static bool number_parse(const char *text, uint32_t max, uint32_t *value)
{
    unsigned long long n;
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    n = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
    *value = (uint32_t)n;
    return errno == 0 && *end == '\0' && n <= max;
}

/* The names of --from and --to, of which `without` is no one. */
static bool form_parse(const char *text, enum form without, enum form *form)
{
    for (int i = FORM_BIN; i <= FORM_PAYLOAD; i++) {
        if (strcmp(text, forms[i]) == 0) {
            *form = (enum form)i;
            return *form != without;
        }
    }
    return false;
}

static const char *misuse_of_pad(struct run *run)
{
    const struct given *given = run->given;

    if (given->pad == NULL) {
        return given->confirm || given->align != 8
                   ? "--align and --confirm are for --pad"
                   : NULL;
    }
    if (!number_parse(given->pad, SLOT_MAX, &run->slot) ||
        run->slot < BM_IMAGE_HEADER_SIZE + BM_IMAGE_TRAILER_END) {
        return "--pad is the size of a slot, up to 16 MiB";
    }
    if (given->align != 8 && given->align != 16 && given->align != 32) {
        return "--align is 8, 16 or 32";
    }
    return run->to == FORM_PAYLOAD ? "--pad is not for --to payload" : NULL;
}

static const char *misuse(struct run *run)
{
    const struct given *given = run->given;

    run->from_given = given->from != NULL;
    if (run->from_given && !form_parse(given->from, FORM_PAYLOAD, &run->from)) {
        return "--from is bin, hex or wolfboot";
    }
    if (given->to != NULL && !form_parse(given->to, FORM_WOLFBOOT, &run->to)) {
        return "--to is bin, hex or payload";
    }
    if (given->address != NULL &&
        !number_parse(given->address, UINT32_MAX, &run->address)) {
        return "--address is a number below 2^32, decimal or 0x...";
    }
    run->has_address = given->address != NULL;
    if (run->has_address && run->to != FORM_HEX) {
        return "--address is for --to hex";
    }
    if (given->json && strcmp(given->out, "-") == 0) {
        return "--json and --out - are both for standard output";
    }
    return misuse_of_pad(run);
}

/* ---- What comes in */

static int read_hex(struct run *run)
{
    char words[ERRNO_WORDS_MAX];

    if (!intel_hex_parse(run->octets, run->given->fill, &run->hex)) {
        (void)snprintf(words, sizeof words, "line %u: %s", run->hex.line,
                       run->hex.why);
        return fail(run, BM_OK, words);
    }
    run->octets = run->hex.octets;
    /* An address that is given moves it. */
    if (!run->has_address) {
        run->has_address = true;
        run->address = run->hex.address;
    }
    return CMD_OK;
}

static int read_wolfboot(struct run *run)
{
    struct bm_crypto *crypto;
    bm_status rc;

    if (run->to != FORM_PAYLOAD) {
        return fail(run, BM_OK,
                    "of an image of wolfBoot, only --to payload can be made");
    }
    crypto = provider_new();
    if (crypto == NULL) {
        return CMD_FAILED;
    }
    rc = wolfboot_parse(run->octets, crypto, &run->wolf);
    provider_free(crypto);
    if (rc != BM_OK) {
        return fail(run, rc, NULL);
    }
    run->octets = run->wolf.payload;
    fprintf(stderr, "%s: version %lu of wolfBoot\n", verb.path,
            (unsigned long)run->wolf.version);
    return CMD_OK;
}

static enum form form_of(const struct run *run)
{
    if (run->from_given) {
        return run->from;
    }
    if (wolfboot_is(run->octets)) {
        return FORM_WOLFBOOT;
    }
    return run->octets.n != 0 && run->octets.p[0] == ':' ? FORM_HEX : FORM_BIN;
}

static int read_input(struct run *run)
{
    int code = image_file_octets(run->name, &run->octets, &run->memory);

    if (code != CMD_OK) {
        return code;
    }
    run->from = form_of(run);
    if (run->from == FORM_HEX) {
        code = read_hex(run);
    } else if (run->given->fill) {
        code = fail(run, BM_OK, "--fill is for hex files");
    }
    if (code == CMD_OK && run->from == FORM_WOLFBOOT) {
        code = read_wolfboot(run);
    }
    return code;
}

/* ---- What is made of it */

static int pad(struct run *run)
{
    const struct given *given = run->given;
    const struct bm_image_trailer trailer = { .align = (uint32_t)given->align,
                                              .confirmed = given->confirm };
    struct bm_bytes in = run->octets;

    if (in.n > run->slot - BM_IMAGE_TRAILER_END) {
        return fail(run, BM_E_IMAGE_SIZE, "image and trailer");
    }
    run->made = malloc(run->slot);
    if (run->made == NULL) {
        return fail(run, BM_E_MEMORY, NULL);
    }
    memset(run->made, 0xff, run->slot);
    memcpy(run->made, in.p, in.n);
    run->octets = (struct bm_bytes){ run->made, run->slot };
    return bm_image_trailer_put(&trailer, run->made + run->slot -
                                              BM_IMAGE_TRAILER_END) == BM_OK
               ? CMD_OK
               : fail(run, BM_E_INTERNAL, NULL);
}

/* What is done to images needs one that is of the form that devices take. */
static int edit(struct run *run)
{
    const struct given *given = run->given;
    struct image_file f = { .name = run->name, .file = run->octets };
    const struct bm_image_header *header = &f.image.header;
    bm_status rc;

    if ((!given->strip && run->slot == 0 && run->to != FORM_PAYLOAD) ||
        run->from == FORM_WOLFBOOT) {
        return CMD_OK;
    }
    rc = image_file_parse(&f);
    if (rc != BM_OK || f.status != BM_OK) {
        return fail(run, rc != BM_OK ? rc : f.status, NULL);
    }
    if (f.padded && run->slot != 0 && !given->strip) {
        return fail(run, BM_OK, "padded already; --strip takes that away");
    }
    run->octets = f.octets;
    if (run->to == FORM_PAYLOAD) {
        run->octets.p += header->header_size;
        run->octets.n = header->payload_size;
    }
    return run->slot != 0 ? pad(run) : CMD_OK;
}

/* ---- What goes out */

static int put_hex(struct run *run, struct output *out)
{
    size_t n = run->octets.n;
    /* 12 more digits a line, and two records more for each 64 KiB. */
    size_t cap = n * 2 + (n / 16 + 1) * 12 + (n / 0x10000 + 2) * 80 + 80;
    uint8_t *text = malloc(cap);
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (text != NULL) {
        bm_wr_init(&w, text, cap);
        rc = intel_hex_put(&w, run->address, run->octets);
    }
    if (rc == BM_OK) {
        output_put(out, bm_wr_bytes(&w));
    }
    free(text);
    return rc == BM_OK ? CMD_OK : fail(run, rc, "--address and size");
}

static int write_output(struct run *run)
{
    struct output out;
    int code;

    if (run->to == FORM_HEX && !run->has_address) {
        return fail(run, BM_OK, "--address is needed: the file has none");
    }
    code = output_open(&out, verb.path, run->given->out);
    if (code == CMD_OK && run->to == FORM_HEX) {
        code = put_hex(run, &out);
    } else if (code == CMD_OK) {
        output_put(&out, run->octets);
    }
    if (code == CMD_OK) {
        code = output_finish(&out);
    }
    output_drop(&out);
    return code;
}

static int print_json(const struct run *run)
{
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "file", tree_str(&t, run->given->out));
    tree_set(&t, o, "from", tree_str(&t, forms[run->from]));
    tree_set(&t, o, "to", tree_str(&t, forms[run->to]));
    tree_set(&t, o, "size", tree_int(&t, (int64_t)run->octets.n));
    if (run->to == FORM_HEX) {
        tree_set(&t, o, "address", tree_int(&t, run->address));
    }
    if (run->from == FORM_WOLFBOOT) {
        tree_set(&t, o, "version", tree_int(&t, run->wolf.version));
        if (run->wolf.has_timestamp && run->wolf.timestamp <= TIME_LAST) {
            tree_set(&t, o, "timestamp",
                     tree_time(&t, (int64_t)run->wolf.timestamp));
        }
    }
    return show_image_print(verb.path, &t, o, true);
}

static int convert(struct run *run)
{
    int code = read_input(run);

    if (code == CMD_OK) {
        code = edit(run);
    }
    if (code == CMD_OK) {
        code = write_output(run);
    }
    if (code == CMD_OK && run->given->json) {
        code = print_json(run);
    }
    return code;
}

int cmd_image_convert(int argc, char **argv)
{
    struct given given = { .align = 8 };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .given = &given };
    const char *wrong;
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    wrong = misuse(&run);
    if (wrong != NULL) {
        return cmd_usage_error(verb.path, "%s", wrong);
    }
    run.name = args.words[0];
    code = convert(&run);
    intel_hex_free(&run.hex);
    free(run.made);
    free(run.memory);
    return code;
}
