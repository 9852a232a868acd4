/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/root_shares.h"
#include "cli/safe.h"
#include "core/name.h"
#include "core/time.h"

/* ---- Words */

int root_session_refuse(const struct root_session *s, bm_status rc,
                        const struct ca_refusal *why)
{
    int code = refusal_print_act(s->path, rc, why);

    switch (rc) {
    case BM_E_CEREMONY_DONE:
        fputs("  --again hands out the same answer once more\n", stderr);
        return CMD_REFUSED;
    case BM_E_CEREMONY_STEP:
    case BM_E_CEREMONY_PIN:
    case BM_E_CEREMONY_KEY:
    case BM_E_CEREMONY_REHEARSAL:
    case BM_E_CEREMONY_CLOCK:
    case BM_E_CEREMONY_ROOT:
    case BM_E_CEREMONY_REVOKED:
    case BM_E_CEREMONY_STOPPED:
    case BM_E_CEREMONY_UNKNOWN:
        return CMD_REFUSED;
    default:
        return code;
    }
}

static void warn_rehearsal(const struct root_session *s)
{
    if (s->given->rehearsal) {
        fputs("REHEARSAL: throw-away keys; nothing of this is of any value\n",
              stderr);
    }
}

static void print_hex(struct bm_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        fprintf(stderr, "%02x", (unsigned)b.p[i]);
    }
}

static void print_time(const char *label, int64_t time)
{
    uint8_t text[32];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, time);
    fprintf(stderr, "  %s ", label);
    safe_print(stderr, bm_wr_bytes(&w));
    fputc('\n', stderr);
}

/* What the factory read out over the telephone. */
static void print_key(const struct root_session *s, const struct bm_spki *key)
{
    uint8_t hash[32];

    fprintf(stderr, "\n  key        %s", bm_key_type_name(key->type));
    if (s->crypto->hash(s->crypto->self, BM_HASH_SHA256, key->der, hash) ==
        BM_OK) {
        fputs(", SHA-256 ", stderr);
        print_hex(BM_ARRAY(hash));
    }
}

static void print_cert(const struct root_session *s, const struct bm_cert *cert)
{
    uint8_t text[4096];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_name_put_text(&w, cert->subject);
    fputs("  subject    ", stderr);
    safe_print(stderr, bm_wr_bytes(&w));
    print_key(s, &cert->key);
    fputs("\n  serial     ", stderr);
    print_hex(cert->serial);
    fputc('\n', stderr);
    print_time("not before", cert->not_before);
    print_time("not after ", cert->not_after);
    if (cert->ext.path_len != BM_PATH_LEN_NONE) {
        fprintf(stderr, "  path length %d\n", cert->ext.path_len);
    } else {
        fputs("  path length unlimited: it may make CAs that make CAs\n",
              stderr);
    }
    if (bm_exts_has(&cert->ext, BM_EXT_NAME_CONSTRAINTS)) {
        fputs("  with name constraints, as the ceremony file says\n", stderr);
    }
}

void root_session_print_head(const char *words,
                             const uint8_t head[TRANSCRIPT_HASH_SIZE])
{
    fprintf(stderr, "%s ", words);
    print_hex((struct bm_bytes){ head, TRANSCRIPT_HASH_SIZE });
    fputc('\n', stderr);
}

/* ---- Asking */

static bool confirm(void *arg, const struct ceremony_plan *plan)
{
    const struct root_session *s = arg;
    char line[64];

    warn_rehearsal(s);
    fprintf(stderr, "to be signed: %s (%s)\n", plan->step, plan->kind);
    if (plan->cert != NULL) {
        print_cert(s, plan->cert);
    }
    fputs("  SHA-256 of what is signed ", stderr);
    print_hex(BM_ARRAY(plan->tbs_sha256));
    fputc('\n', stderr);
    if (s->given->yes || isatty(STDIN_FILENO) == 0) {
        return true;
    }
    fputs("sign it? type: yes\n", stderr);
    return fgets(line, sizeof line, stdin) != NULL &&
           strcmp(line, "yes\n") == 0;
}

/* ---- A session */

static int read_script(struct root_session *s, const char *file)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t *text = NULL;
    size_t n;
    bm_status rc = files_read(file, CONFIG_TEXT_MAX, &text, &n, &why);

    if (rc == BM_OK) {
        rc = script_parse(&s->script, (struct bm_bytes){ text, n }, file, &why);
    }
    free(text);
    if (rc == BM_OK) {
        rc = root_tokens_open(&s->tokens, &s->script, &s->config.tools);
        s->config.tokens = &s->tokens.keys;
    }
    return rc == BM_OK ? CMD_OK : root_session_refuse(s, rc, &why);
}

/* --head: 64 hexadecimal digits. */
static int take_head(struct root_session *s)
{
    const char *text = s->given->head;
    static const char digits[] = "0123456789abcdef";

    if (text == NULL) {
        return CMD_OK;
    }
    if (strlen(text) != 2 * sizeof s->head ||
        strspn(text, digits) != 2 * sizeof s->head) {
        return cmd_usage_error(s->path, "--head is 64 hexadecimal digits");
    }
    for (size_t i = 0; i < sizeof s->head; i++) {
        s->head[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                               (strchr(digits, text[2 * i + 1]) - digits));
    }
    return CMD_OK;
}

/* Into a transcript goes what a line can hold. */
static int check_people(const struct root_session *s)
{
    const struct root_given *g = s->given;

    for (size_t i = 0; i <= g->witnesses.n; i++) {
        const char *name =
            i < g->witnesses.n ? g->witnesses.value[i] : g->operator;

        if (name != NULL && !transcript_is_value((struct bm_bytes){
                                (const uint8_t *)name, strlen(name) })) {
            return cmd_usage_error(s->path, "a name is plain UTF-8");
        }
    }
    return CMD_OK;
}

int root_session_init(struct root_session *s, const char *path,
                      const struct root_given *given, const char *file)
{
    int rc;

    memset(s, 0, sizeof *s);
    s->path = path;
    s->given = given;
    rc = check_people(s);
    if (rc == CMD_OK) {
        rc = take_head(s);
    }
    if (rc != CMD_OK) {
        return rc;
    }
    s->crypto = provider_new();
    if (s->crypto == NULL) {
        return CMD_FAILED;
    }
    for (size_t i = 0; i < given->witnesses.n; i++) {
        s->witnesses[i] = given->witnesses.value[i];
    }
    s->config = (struct ceremony_config){
        .script = &s->script,
        .tools = { s->crypto, provider_key_maker() },
        .dir = given->dir,
        .tool = "birthmark " BM_VERSION,
        .rehearsal = given->rehearsal,
        .now = (int64_t)time(NULL),
        .operator= given->operator,
        .witnesses = s->witnesses,
        .custodians = s->custodians,
        .head = given->head != NULL ? s->head : NULL,
        .confirm = confirm,
        .arg = s,
    };
    warn_rehearsal(s);
    return read_script(s, file);
}

/* Before shares are asked for: is this where the last session ended? */
static int print_before(const struct root_session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    struct transcript_verdict before;
    bm_status rc = ceremony_look(&s->config, &before, &why);

    if (rc != BM_OK) {
        return root_session_refuse(s, rc, &why);
    }
    if (before.sessions != 0) {
        root_session_print_head("the last session ended with", before.closed);
    }
    if (before.open) {
        fputs("one was interrupted since: nobody signed what it says\n",
              stderr);
    }
    return CMD_OK;
}

int root_session_open(struct root_session *s, const char *act)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;
    int before = print_before(s);

    if (before != CMD_OK) {
        return before;
    }
    s->config.act = act;
    if (ceremony_needs_shares(s->config.dir) || s->given->shares.n != 0) {
        int code = root_shares_combine(s);

        if (code != CMD_OK) {
            return code;
        }
        s->config.secret = s->secret;
    }
    rc = ceremony_open(&s->config, &s->ceremony, &why);
    bm_wipe(s->secret, sizeof s->secret);
    bm_shares_wipe(&s->shares);
    return rc == BM_OK ? CMD_OK : root_session_refuse(s, rc, &why);
}

int root_session_finish(struct root_session *s, int rc)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t head[TRANSCRIPT_HASH_SIZE];
    bm_status status;

    if (s->ceremony == NULL) {
        return rc;
    }
    status = ceremony_close(s->ceremony, head, &why);
    if (status != BM_OK) {
        return root_session_refuse(s, status, &why);
    }
    root_session_print_head("the transcript ends with", head);
    return rc;
}

void root_session_close(struct root_session *s)
{
    ceremony_free(s->ceremony);
    s->ceremony = NULL;
    bm_wipe(s->secret, sizeof s->secret);
    bm_shares_wipe(&s->shares);
    root_tokens_close(&s->tokens);
    script_free(&s->script);
    provider_free(s->crypto);
    s->crypto = NULL;
}

void root_session_print(const struct root_session *s,
                        const struct ceremony_outcome *outcomes, size_t n)
{
    static const char *const words[] = {
        [CEREMONY_SIGNED] = "signed",
        [CEREMONY_FINISHED] = "was interrupted, and is finished",
        [CEREMONY_REPEATED] = "was signed before; the same answer again",
        [CEREMONY_WAITS] = "waits: its file is not there",
    };

    for (size_t i = 0; i < n; i++) {
        if (outcomes[i].path[0] != '\0') {
            puts(outcomes[i].path);
        }
        fprintf(stderr, "%s: %s %s\n", s->path, outcomes[i].step,
                words[outcomes[i].kind]);
    }
    warn_rehearsal(s);
}
