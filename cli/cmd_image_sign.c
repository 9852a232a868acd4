/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/image_make.h"

enum {
    OPTION_KEY = 1,
    OPTION_LMS,
    OPTION_OUT,
    OPTION_VERSION,
    OPTION_HEADER_SIZE,
    OPTION_PAD_HEADER,
    OPTION_SLOT_SIZE,
    OPTION_ALIGN,
    OPTION_PAD,
    OPTION_CONFIRM,
    OPTION_OVERWRITE_ONLY,
    OPTION_SECURITY_COUNTER,
    OPTION_DEPENDENCIES,
    OPTION_BOOT_RECORD,
    OPTION_LOAD_ADDR,
    OPTION_ROM_FIXED,
    OPTION_SBOM,
    OPTION_SBOM_URI,
    OPTION_ADD,
    OPTION_RESIGN,
    OPTION_LEDGER,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--key", "URI", "a key of the instance; several may sign", OPTION_KEY },
    { "--lms", "lms:NAME", "a key for LMS, which signs beside that one",
      OPTION_LMS },
    { "--out", "FILE", "a new file for the image", OPTION_OUT },
    { "--version", "VERSION", "1.2.3+4", OPTION_VERSION },
    { "--header-size", "N", "octets before the program (32)",
      OPTION_HEADER_SIZE },
    { "--pad-header", NULL, "the program has no room for them: add it",
      OPTION_PAD_HEADER },
    { "--slot-size", "N", "of the slot; the image must fit", OPTION_SLOT_SIZE },
    { "--align", "N", "smallest write of its flash: 1, 2, 4 ... 32 (1)",
      OPTION_ALIGN },
    { "--pad", NULL, "fill the slot, and ask for a trial", OPTION_PAD },
    { "--confirm", NULL, "fill the slot, and ask for no trial",
      OPTION_CONFIRM },
    { "--overwrite-only", NULL, "MCUboot overwrites: a smaller trailer",
      OPTION_OVERWRITE_ONLY },
    { "--security-counter", "N|auto", "nothing older runs after it",
      OPTION_SECURITY_COUNTER },
    { "--dependencies", "LIST", "\"(1,1.2.3)\": image 1 is no older",
      OPTION_DEPENDENCIES },
    { "--boot-record", "TYPE", "what attestation calls it: SPE",
      OPTION_BOOT_RECORD },
    { "--load-addr", "ADDRESS", "it runs there, in RAM", OPTION_LOAD_ADDR },
    { "--rom-fixed", "ADDRESS", "it is made for the slot there",
      OPTION_ROM_FIXED },
    { "--sbom", "FILE", "its bill of materials, named by its hash",
      OPTION_SBOM },
    { "--sbom-uri", "URI", "where that is found", OPTION_SBOM_URI },
    { "--add", NULL, "FILE is an image: add signatures", OPTION_ADD },
    { "--resign", NULL, "FILE is an image: replace its signatures",
      OPTION_RESIGN },
    { "--ledger", NULL, "put each signature on record", OPTION_LEDGER },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark image sign", "--key URI... --out FILE [OPTION]... FILE",
    "Make an image of a program, in MCUboot's format, and sign it with keys\n"
    "of an instance. Options are imgtool's. The same input gives the same\n"
    "octets but for the signatures; what came out is verified before it is\n"
    "written.\n",
    options
};

struct given {
    struct session_place place;
    struct args_many keys;
    const char *out;
    const char *lms;
    const char *version;
    const char *header_size;
    const char *slot_size;
    const char *align;
    const char *counter;
    const char *dependencies;
    const char *boot_record;
    const char *load_addr;
    const char *rom_fixed;
    const char *sbom;
    const char *sbom_uri;
    bool pad_header;
    bool pad;
    bool confirm;
    bool overwrite_only;
    bool add;
    bool resign;
    bool ledger;
    bool json;
};

#define TEXT(id, member)                                     \
    {                                                        \
        id, ARGS_TEXT, offsetof(struct given, member), false \
    }
#define FLAG(id, member)                                     \
    {                                                        \
        id, ARGS_FLAG, offsetof(struct given, member), false \
    }

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_KEY, ARGS_MANY, offsetof(struct given, keys), true },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    TEXT(OPTION_LMS, lms),
    TEXT(OPTION_VERSION, version),
    TEXT(OPTION_HEADER_SIZE, header_size),
    TEXT(OPTION_SLOT_SIZE, slot_size),
    TEXT(OPTION_ALIGN, align),
    TEXT(OPTION_SECURITY_COUNTER, counter),
    TEXT(OPTION_DEPENDENCIES, dependencies),
    TEXT(OPTION_BOOT_RECORD, boot_record),
    TEXT(OPTION_LOAD_ADDR, load_addr),
    TEXT(OPTION_ROM_FIXED, rom_fixed),
    TEXT(OPTION_SBOM, sbom),
    TEXT(OPTION_SBOM_URI, sbom_uri),
    FLAG(OPTION_PAD_HEADER, pad_header),
    FLAG(OPTION_PAD, pad),
    FLAG(OPTION_CONFIRM, confirm),
    FLAG(OPTION_OVERWRITE_ONLY, overwrite_only),
    FLAG(OPTION_ADD, add),
    FLAG(OPTION_RESIGN, resign),
    FLAG(OPTION_LEDGER, ledger),
    FLAG(OPTION_JSON, json),
    { 0, ARGS_FLAG, 0, false },
};

/* Programs larger than that are not for microcontrollers. */
#define PROGRAM_MAX ((size_t)64 << 20)
#define SBOM_MAX    ((size_t)256 << 20)

/* A slot is not larger than its offsets tell. */
#define SLOT_MAX UINT32_C(0x10000000)

struct run {
    const struct given *given;
    struct image_order order;
    struct image_slot slot;
    struct image_signed what;
    struct image_signing g;
    uint8_t *file;
    uint8_t sbom[BM_IMAGE_SBOM_MAX];
};

/* ---- Options */

static int usage(const char *words)
{
    return cmd_usage_error(verb.path, "%s", words);
}

/* Of an image that is there, all is settled. */
static int check_add(const struct given *g)
{
    if (g->add && g->resign) {
        return usage("--add or --resign, not both");
    }
    if (g->version != NULL || g->header_size != NULL || g->pad_header ||
        g->counter != NULL || g->dependencies != NULL ||
        g->boot_record != NULL || g->load_addr != NULL ||
        g->rom_fixed != NULL || g->sbom != NULL || g->sbom_uri != NULL) {
        return usage("with --add and --resign the image stays what it is");
    }
    return CMD_OK;
}

/* Which options belong together. */
static int check_use(const struct given *g)
{
    if (g->add || g->resign) {
        return check_add(g);
    }
    if (g->version == NULL) {
        return usage("--version is missing");
    }
    if (g->load_addr != NULL && g->rom_fixed != NULL) {
        return usage("--load-addr or --rom-fixed, not both");
    }
    return g->sbom_uri != NULL && g->sbom == NULL
               ? usage("--sbom-uri without --sbom")
               : CMD_OK;
}

static int read_number(const char *option, const char *text, uint32_t most,
                       uint32_t *value)
{
    if (text == NULL || image_words_number(text, most, value)) {
        return CMD_OK;
    }
    return cmd_usage_error(verb.path, "%s is a number up to %lu, not '%.40s'",
                           option, (unsigned long)most, text);
}

static int read_slot(const struct given *g, struct image_slot *slot)
{
    int code = read_number("--slot-size", g->slot_size, SLOT_MAX, &slot->size);

    slot->align = 1;
    slot->confirm = g->confirm;
    slot->pad = g->pad || g->confirm;
    slot->overwrite = g->overwrite_only;
    if (code == CMD_OK) {
        code = read_number("--align", g->align, 32, &slot->align);
    }
    if (code != CMD_OK) {
        return code;
    }
    if (slot->align == 0 || (slot->align & (slot->align - 1)) != 0) {
        return usage("--align is 1, 2, 4, 8, 16 or 32");
    }
    if (g->slot_size != NULL && slot->size == 0) {
        return usage("--slot-size is 0");
    }
    return slot->size == 0 && slot->pad
               ? usage("--pad and --confirm want --slot-size")
               : CMD_OK;
}

static int read_header(const struct given *g, struct bm_image_header *header)
{
    uint32_t size = BM_IMAGE_HEADER_SIZE;
    int code = read_number("--header-size", g->header_size, UINT16_MAX, &size);

    if (code == CMD_OK && size < BM_IMAGE_HEADER_SIZE) {
        code = usage("--header-size is 32 at least");
    }
    header->header_size = (uint16_t)size;
    header->flags = g->load_addr != NULL   ? BM_IMAGE_RAM_LOAD
                    : g->rom_fixed != NULL ? BM_IMAGE_ROM_FIXED
                                           : 0;
    if (code == CMD_OK) {
        code = read_number("--load-addr", g->load_addr, UINT32_MAX,
                           &header->load_address);
    }
    if (code == CMD_OK) {
        code = read_number("--rom-fixed", g->rom_fixed, UINT32_MAX,
                           &header->load_address);
    }
    if (code == CMD_OK && g->version != NULL &&
        !image_words_version(g->version, &header->version)) {
        code = cmd_usage_error(verb.path,
                               "--version is like 1.2.3+4, not "
                               "'%.40s'",
                               g->version);
    }
    return code;
}

static int read_order(const struct given *g, struct image_order *order)
{
    int code = read_header(g, &order->header);

    order->pad_header = g->pad_header;
    order->boot_record = g->boot_record;
    order->has_counter = g->counter != NULL;
    if (code == CMD_OK && g->counter != NULL) {
        if (strcmp(g->counter, "auto") == 0) {
            order->counter = bm_image_counter_of(&order->header.version);
        } else {
            code = read_number("--security-counter", g->counter, UINT32_MAX,
                               &order->counter);
        }
    }
    if (code == CMD_OK && g->dependencies != NULL &&
        !image_words_dependencies(g->dependencies, order->dependencies,
                                  &order->dependencies_n)) {
        code = cmd_usage_error(verb.path,
                               "--dependencies is like \"(1,1.2.3+4)\", no "
                               "image twice, not '%.80s'",
                               g->dependencies);
    }
    return code;
}

static int read_options(struct run *r)
{
    int code = check_use(r->given);

    if (code == CMD_OK) {
        code = read_slot(r->given, &r->slot);
    }
    if (code == CMD_OK) {
        code = read_order(r->given, &r->order);
    }
    r->what.version = r->order.header.version;
    r->what.counter = r->order.counter;
    r->what.json = r->given->json;
    return code;
}

/* ---- Files */

static int read_program(struct run *r, const char *name)
{
    struct ca_refusal why = { .status = BM_OK };
    size_t n = 0;
    bm_status rc = files_read(name, PROGRAM_MAX, &r->file, &n, &why);

    if (rc == BM_OK && n == 0) {
        rc = ca_refuse(&why, BM_E_IMAGE_SIZE, "%s is empty", name);
    }
    r->order.file = (struct bm_bytes){ r->file, n };
    return rc == BM_OK ? CMD_OK : refusal_print_act(verb.path, rc, &why);
}

/* SHA-256 of the bill, then where it is: a URI is one word of ASCII. */
static bm_status make_sbom(struct run *r, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = r->g.crypto;
    const char *uri = r->given->sbom_uri;
    size_t length = uri == NULL ? 0 : strlen(uri);
    uint8_t hash[BM_HASH_MAX];
    uint8_t *bill = NULL;
    size_t n = 0;
    bm_status rc;

    for (size_t i = 0; i < length; i++) {
        if (uri[i] <= ' ' || uri[i] > '~') {
            return ca_refuse(why, BM_E_ARGUMENT, "--sbom-uri is no URI");
        }
    }
    if (length > sizeof r->sbom - BM_IMAGE_DIGEST_SIZE) {
        return ca_refuse(why, BM_E_LIMIT, "--sbom-uri: more than %zu octets",
                         sizeof r->sbom - BM_IMAGE_DIGEST_SIZE);
    }
    BM_TRY(files_read(r->given->sbom, SBOM_MAX, &bill, &n, why));
    rc = crypto->hash(crypto->self, BM_HASH_SHA256,
                      (struct bm_bytes){ bill, n }, hash);
    free(bill);
    memcpy(r->sbom, hash, BM_IMAGE_DIGEST_SIZE);
    if (length != 0) {
        memcpy(r->sbom + BM_IMAGE_DIGEST_SIZE, uri, length);
    }
    r->order.sbom = (struct bm_bytes){ r->sbom, BM_IMAGE_DIGEST_SIZE + length };
    return rc;
}

/* ---- The verb */

static int make(struct run *r)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_OK;

    if (r->given->add || r->given->resign) {
        return image_make_again(&r->g, r->order.file, r->given->resign,
                                &r->what);
    }
    if (r->given->sbom != NULL) {
        rc = make_sbom(r, &why);
    }
    return rc == BM_OK ? image_make(&r->g, &r->order)
                       : refusal_print_act(verb.path, rc, &why);
}

static int run(struct run *r, const char *name)
{
    int code = read_program(r, name);

    if (code == CMD_OK) {
        code = image_signing_open(&r->g, &r->given->keys,
                                  image_make_room(&r->order, &r->slot));
    }
    if (code == CMD_OK) {
        code = make(r);
    }
    if (code == CMD_OK) {
        code = image_signing_sign(&r->g, BM_IMAGE_TLV_KEYHASH);
    }
    if (code == CMD_OK) {
        code = image_make_slot(&r->g, &r->slot);
    }
    if (code == CMD_OK) {
        code = image_signing_write(&r->g, &r->what);
    }
    return code;
}

int cmd_image_sign(int argc, char **argv)
{
    struct given given = { .out = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct run r = { .given = &given };
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    code = read_options(&r);
    if (code != CMD_OK) {
        return code;
    }
    r.g.path = verb.path;
    r.g.place = &given.place;
    r.g.ledger = given.ledger;
    r.g.out = given.out;
    r.g.lms = given.lms;
    code = run(&r, args.words[0]);
    image_signing_close(&r.g);
    free(r.file);
    return code;
}
