/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "cli/image_signing.h"
#include "cli/image_words.h"
#include "cli/keyset_file.h"
#include "cli/keyset_keys.h"

enum {
    OPTION_ROOT = 1,
    OPTION_RESCUE,
    OPTION_ROOT_LMS,
    OPTION_EPOCH,
    OPTION_KEY,
    OPTION_CERT,
    OPTION_LMS,
    OPTION_ANCHOR,
    OPTION_UNTRUSTED,
    OPTION_CRL,
    OPTION_NO_CRL,
    OPTION_VERSION,
    OPTION_OUT,
    OPTION_LEDGER,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--root", "URI", "the root key that signs, of the instance",
      OPTION_ROOT },
    { "--rescue", "URI", "the rescue key, instead: for local recovery",
      OPTION_RESCUE },
    { "--root-lms", "lms:NAME", "its second half, where roots are hybrid",
      OPTION_ROOT_LMS },
    { "--epoch", "N", "above that of every set before", OPTION_EPOCH },
    { "--key", "FILE", "a public key that may sign, PEM", OPTION_KEY },
    { "--cert", "FILE", "the same by its firmware-signing certificate",
      OPTION_CERT },
    { "--lms", "FILE",
      "a public key for LMS, one for each key in their order: images need\n"
      "both signatures from then on",
      OPTION_LMS },
    { "--anchor", "FILE", "what certificates have to lead to: the firmware CA",
      OPTION_ANCHOR },
    { "--untrusted", "FILE", "certificates that may help", OPTION_UNTRUSTED },
    { "--crl", "FILE", "lists of what is revoked; each issuer needs one",
      OPTION_CRL },
    { "--no-crl", NULL, "do not ask whether certificates are revoked",
      OPTION_NO_CRL },
    { "--version", "VERSION", "of the set, for people (0.0.0+0)",
      OPTION_VERSION },
    { "--out", "FILE", "a new file for the set", OPTION_OUT },
    { "--ledger", NULL, "put the signature on record", OPTION_LEDGER },
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark keyset make",
    "--root URI | --rescue URI --epoch N --out FILE [OPTION]...",
    "Say which keys may sign images from now on: 1 to 4, each a public key or\n"
    "one of a certificate that leads to the firmware CA, is valid, not\n"
    "revoked, and for signing code alone. What a set leaves out is revoked on\n"
    "every device that takes it. Bootloaders have the hashes of two roots and\n"
    "a rescue key; none of them signs firmware.\n",
    options
};

struct given {
    struct session_place place;
    const char *root;
    const char *rescue;
    const char *root_lms;
    const char *epoch;
    const char *version;
    const char *out;
    bool ledger;
    bool json;
    struct keyset_source source;
};

#define MANY(id, member)                                            \
    {                                                               \
        id, ARGS_MANY, offsetof(struct given, source.member), false \
    }

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ROOT, ARGS_TEXT, offsetof(struct given, root), false },
    { OPTION_RESCUE, ARGS_TEXT, offsetof(struct given, rescue), false },
    { OPTION_ROOT_LMS, ARGS_TEXT, offsetof(struct given, root_lms), false },
    { OPTION_EPOCH, ARGS_TEXT, offsetof(struct given, epoch), true },
    MANY(OPTION_KEY, keys),
    MANY(OPTION_CERT, certs),
    MANY(OPTION_LMS, lms),
    MANY(OPTION_ANCHOR, anchors),
    MANY(OPTION_UNTRUSTED, untrusted),
    MANY(OPTION_CRL, crls),
    { OPTION_NO_CRL, ARGS_FLAG, offsetof(struct given, source.no_crl), false },
    { OPTION_VERSION, ARGS_TEXT, offsetof(struct given, version), false },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), true },
    { OPTION_LEDGER, ARGS_FLAG, offsetof(struct given, ledger), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    struct image_signing g;
    struct image_signed what;
    struct bm_ring ring;
};

static int read_options(struct run *r)
{
    const struct given *g = r->given;

    if ((g->root == NULL) == (g->rescue == NULL)) {
        return cmd_usage_error(verb.path, "--root or --rescue, one of them");
    }
    if (!image_words_number(g->epoch, BM_KEYSET_EPOCH_MAX, &r->what.counter) ||
        r->what.counter == 0) {
        return cmd_usage_error(verb.path, "--epoch is a number from 1 to %lu",
                               (unsigned long)BM_KEYSET_EPOCH_MAX);
    }
    if (g->version != NULL &&
        !image_words_version(g->version, &r->what.version)) {
        return cmd_usage_error(verb.path, "--version is like 1.2.3+4");
    }
    return CMD_OK;
}

/* Write all that is signed. Roots sign sets, and nothing else. */
static int make(struct run *r)
{
    struct image_signing *g = &r->g;
    uint8_t payload[BM_KEYSET_PAYLOAD];
    struct bm_image_config config = { .has_counter = true,
                                      .counter = r->what.counter };
    struct bm_wr w;
    bm_status rc;

    if (g->keys.key[0]->signer->key.type != BM_KEY_P256) {
        return image_signing_fail(g, BM_E_IMAGE_ALGORITHM,
                                  "a root that is no P-256 key");
    }
    for (unsigned i = 0; i < r->ring.n; i++) {
        if (memcmp(r->ring.keys[i].id, g->keys.keyhash[0], 32) == 0) {
            return image_signing_fail(g, BM_E_KEYSET,
                                      "the root is in it: roots sign no "
                                      "firmware");
        }
    }
    bm_wr_init(&w, payload, sizeof payload);
    rc = bm_keyset_put(&w, &r->ring);
    config.payload = bm_wr_bytes(&w);
    config.header.flags = BM_IMAGE_NON_BOOTABLE;
    config.header.version = r->what.version;
    if (rc == BM_OK) {
        rc = bm_image_put_begin(&g->put, g->crypto, &config, &g->w);
    }
    return rc == BM_OK ? CMD_OK : image_signing_fail(g, rc, "the key set");
}

/* As a bootloader that has this root does it. */
static int check(const struct run *r)
{
    struct bm_roots roots = { .required = BM_BOOT_P256 };
    struct keyset_file k = { .octets = bm_wr_bytes(&r->g.w) };
    bool rescue = r->given->rescue != NULL;
    bm_status rc = keyset_file_parse(&k, r->g.crypto);

    if (r->given->root_lms != NULL) {
        roots.required |= BM_BOOT_LMS;
    }
    if (rc == BM_OK) {
        rc = keyset_root_id(r->g.crypto, &r->g.keys.key[0]->signer->key,
                            r->given->root_lms != NULL ? r->g.second.key : NULL,
                            roots.ids[rescue ? BM_ROOT_RESCUE : 0]);
    }
    if (rc == BM_OK) {
        rc = keyset_file_verify(&k, r->g.crypto, &roots,
                                rescue ? BM_KEYSET_RECOVERY : BM_KEYSET_FIELD,
                                r->what.counter);
    }
    return rc == BM_OK
               ? CMD_OK
               : image_signing_fail(&r->g, rc, "the key set that was made");
}

static int run(struct run *r)
{
    const struct given *given = r->given;
    struct args_many root = { .n = 1 };
    int code;

    root.value[0] = given->root != NULL ? given->root : given->rescue;
    code = image_signing_open(&r->g, &root, BM_KEYSET_MAX);
    if (code == CMD_OK) {
        code =
            keyset_keys_read(verb.path, r->g.crypto, &given->source, &r->ring);
    }
    if (code == CMD_OK) {
        code = make(r);
    }
    if (code == CMD_OK) {
        code = image_signing_sign(&r->g, BM_IMAGE_TLV_PUBKEY);
    }
    if (code == CMD_OK) {
        code = check(r);
    }
    if (code == CMD_OK) {
        code = image_signing_write(&r->g, &r->what);
    }
    return code;
}

int cmd_keyset_make(int argc, char **argv)
{
    struct given given = { .source.now = (int64_t)time(NULL) };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct run r = { .given = &given, .what.keyset = true };
    int code;

    if (!args_read(&args, argc, argv, &code)) {
        return code;
    }
    r.what.json = given.json;
    code = read_options(&r);
    if (code != CMD_OK) {
        return code;
    }
    r.g.path = verb.path;
    r.g.place = &given.place;
    r.g.ledger = given.ledger;
    r.g.out = given.out;
    r.g.lms = given.root_lms;
    code = run(&r);
    image_signing_close(&r.g);
    return code;
}
