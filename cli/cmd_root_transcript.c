/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/transcript.h"
#include "cli/args.h"
#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "core/cert.h"
#include "core/time.h"

enum {
    OPTION_DIR = 1,
    OPTION_VERIFY,
    OPTION_ROOT,
    OPTION_HEAD,
    OPTION_REHEARSE
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "print the transcript of the root in DIR", OPTION_DIR },
    { "--verify", "FILE", "verify this transcript", OPTION_VERIFY },
    { "--root", "FILE", "with this certificate of the root", OPTION_ROOT },
    { "--head", "SHA-256", "that it has to end with, as was written down",
      OPTION_HEAD },
    { "--rehearse", NULL, "it is that of a rehearsal", OPTION_REHEARSE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root transcript",
    "--dir DIR | --verify FILE --root FILE [OPTION]... [FILE]...",
    "Print the transcript of a root; or verify one, with nothing but the\n"
    "root's certificate: that no entry was changed, dropped, doubled or\n"
    "moved, and that the root signed every session. Each FILE has to be one\n"
    "that the transcript mentions: a ceremony file, a request, an answer.\n",
    options
};

struct given {
    const char *dir;
    const char *verify;
    const char *root;
    const char *head;
    bool rehearsal;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_VERIFY, ARGS_TEXT, offsetof(struct given, verify), false },
    { OPTION_ROOT, ARGS_TEXT, offsetof(struct given, root), false },
    { OPTION_HEAD, ARGS_TEXT, offsetof(struct given, head), false },
    { OPTION_REHEARSE, ARGS_FLAG, offsetof(struct given, rehearsal), false },
    { 0, ARGS_FLAG, 0, false },
};

/* A file that is held against a transcript: as large as one that was. */
#define FILE_MAX ((size_t)16 << 20)

struct verifying {
    const struct given *given;
    struct bm_crypto *crypto;
    struct bm_bytes text;
    struct transcript_verdict verdict;
    struct ca_refusal why;
};

static void hex(const uint8_t hash[TRANSCRIPT_HASH_SIZE],
                char text[2 * TRANSCRIPT_HASH_SIZE + 1])
{
    for (size_t i = 0; i < TRANSCRIPT_HASH_SIZE; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", (unsigned)hash[i]);
    }
}

/* Does any field say so? */
static bool is_mentioned(const struct verifying *v, const char *hash)
{
    const struct bm_bytes want = { (const uint8_t *)hash, strlen(hash) };
    struct transcript_reader r;
    struct transcript_entry e;
    struct bm_bytes key;
    struct bm_bytes value;

    if (transcript_open(&r, v->text, v->crypto) != BM_OK) {
        return false;
    }
    while (transcript_next(&r, &e) == BM_OK) {
        while (transcript_field_next(&e.fields, &key, &value)) {
            if (bm_bytes_equal(value, want)) {
                return true;
            }
        }
    }
    return false;
}

static bm_status check_file(struct verifying *v, const char *file)
{
    uint8_t hash[TRANSCRIPT_HASH_SIZE];
    char words[2 * TRANSCRIPT_HASH_SIZE + 1];
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc = files_read(file, FILE_MAX, &text, &n, &v->why);

    if (rc == BM_OK) {
        rc = v->crypto->hash(v->crypto->self, BM_HASH_SHA256,
                             (struct bm_bytes){ text, n }, hash);
    }
    free(text);
    if (rc != BM_OK) {
        return rc;
    }
    hex(hash, words);
    return is_mentioned(v, words)
               ? BM_OK
               : ca_refuse(&v->why, BM_E_CEREMONY_UNKNOWN, "%s", file);
}

/* The root's own certificate is in its transcript. */
static bm_status check_root(struct verifying *v, struct bm_bytes der)
{
    uint8_t hash[TRANSCRIPT_HASH_SIZE];
    char words[2 * TRANSCRIPT_HASH_SIZE + 1];

    BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, der, hash));
    hex(hash, words);
    return is_mentioned(v, words) ? BM_OK
                                  : ca_refuse(&v->why, BM_E_CEREMONY_UNKNOWN,
                                              "%s", v->given->root);
}

/* Nobody takes the one for the other by its exit code. */
static bm_status check_rehearsal(struct verifying *v)
{
    return v->verdict.rehearsal == v->given->rehearsal
               ? BM_OK
               : ca_refuse(&v->why, BM_E_CEREMONY_REHEARSAL,
                           v->verdict.rehearsal
                               ? "%s is of a REHEARSAL, with throw-away keys"
                               : "%s is of a real root",
                           v->given->verify);
}

static bm_status check_head(struct verifying *v)
{
    char words[2 * TRANSCRIPT_HASH_SIZE + 1];

    hex(v->verdict.head, words);
    return v->given->head == NULL || strcmp(v->given->head, words) == 0
               ? BM_OK
               : ca_refuse(&v->why, BM_E_CEREMONY_CHAIN, "it ends with %s",
                           words);
}

static bm_status verify(struct verifying *v, struct bm_bytes der, char **files,
                        int n)
{
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
    BM_TRY(
        transcript_verify(v->text, &cert.key, v->crypto, &v->verdict, &v->why));
    BM_TRY(check_rehearsal(v));
    BM_TRY(check_head(v));
    BM_TRY(check_root(v, der));
    for (int i = 0; i < n; i++) {
        BM_TRY(check_file(v, files[i]));
    }
    return BM_OK;
}

static void print_verdict(const struct verifying *v, int files)
{
    char head[2 * TRANSCRIPT_HASH_SIZE + 1];
    uint8_t text[32];
    struct bm_wr w;

    hex(v->verdict.head, head);
    puts(head);
    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, v->verdict.last);
    fprintf(stderr,
            "%s: %" PRIu64 " entries, %" PRIu64 " signed sessions, the last "
            "of ",
            verb.path, v->verdict.entries, v->verdict.sessions);
    safe_print(stderr, bm_wr_bytes(&w));
    fputc('\n', stderr);
    if (v->verdict.interrupted != 0) {
        fprintf(stderr,
                "%" PRIu64 " sessions were interrupted, and gone on "
                "with later\n",
                v->verdict.interrupted);
    }
    if (files != 0) {
        fprintf(stderr, "%d files are what it says\n", files);
    }
    if (v->verdict.rehearsal) {
        fputs("REHEARSAL: it is that of throw-away keys\n", stderr);
    }
}

static int run_verify(const struct given *given, char **files, int n)
{
    struct verifying v = { .given = given };
    uint8_t *text = NULL;
    uint8_t *der = NULL;
    size_t text_n = 0;
    size_t der_n = 0;
    bm_status rc;
    int code = CMD_OK;

    v.crypto = provider_new();
    if (v.crypto == NULL) {
        return CMD_FAILED;
    }
    rc = files_read(given->verify, TRANSCRIPT_MAX, &text, &text_n, &v.why);
    if (rc == BM_OK) {
        v.text = (struct bm_bytes){ text, text_n };
        rc = files_get_pem(given->root, "CERTIFICATE", &der, &der_n, &v.why);
    }
    if (rc == BM_OK) {
        rc = verify(&v, (struct bm_bytes){ der, der_n }, files, n);
    }
    if (rc == BM_OK) {
        print_verdict(&v, n);
    } else {
        code = refusal_print_act(verb.path, rc, &v.why);
        code = rc == BM_E_CEREMONY_REHEARSAL ? CMD_REFUSED : code;
    }
    free(der);
    free(text);
    provider_free(v.crypto);
    return code;
}

static int run_print(const char *dir)
{
    struct ca_refusal why = { .status = BM_OK };
    char path[FILES_PATH_MAX];
    uint8_t *text = NULL;
    size_t n = 0;
    bm_status rc = files_path(path, dir, "transcript");

    if (rc == BM_OK) {
        rc = files_read(path, TRANSCRIPT_MAX, &text, &n, &why);
    }
    if (rc != BM_OK) {
        return refusal_print_act(verb.path, rc, &why);
    }
    (void)fwrite(text, 1, n, stdout);
    free(text);
    return CMD_OK;
}

int cmd_root_transcript(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 0,
                         .words_max = 1024 };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if ((given.dir != NULL) == (given.verify != NULL)) {
        return cmd_usage_error(verb.path, "either --dir or --verify");
    }
    if (given.verify != NULL && given.root == NULL) {
        return cmd_usage_error(verb.path, "--verify needs --root");
    }
    if (given.dir != NULL && args.words_n != 0) {
        return cmd_usage_error(verb.path, "--dir takes no files");
    }
    return given.dir != NULL ? run_print(given.dir)
                             : run_verify(&given, args.words, args.words_n);
}
