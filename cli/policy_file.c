/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/diag.h"
#include "cli/safe.h"

int policy_file_complain(const char *name, const char *words)
{
    safe_print_str(stderr, name);
    fputs(": ", stderr);
    safe_print_str(stderr, words);
    fputc('\n', stderr);
    return CMD_FAILED;
}

int policy_file_refuse(const char *name, const struct config_error *error)
{
    safe_print_str(stderr, name);
    fprintf(stderr, ":%u:%u: ", error->line, error->column);
    safe_print_str(stderr, error->words[0] != '\0'
                               ? error->words
                               : bm_status_text(error->status));
    fputc('\n', stderr);
    return CMD_FAILED;
}

int policy_file_load(const char *name, char **text, size_t *n)
{
    char words[ERRNO_WORDS_MAX];

    switch (config_load(name, CONFIG_TEXT_MAX, text, n)) {
    case BM_OK:
        return CMD_OK;
    case BM_E_NOT_FOUND:
    case BM_E_IO:
        errno_words(errno, words);
        return policy_file_complain(name, words);
    case BM_E_CONFIG_DEPTH:
        return policy_file_complain(name, "larger than 1 MiB");
    default:
        return policy_file_complain(name, "out of memory");
    }
}

int policy_file_open(struct policy_file *file, const char *name)
{
    struct config_error error;
    struct bm_bytes text;
    size_t n = 0;
    int rc;

    *file = (struct policy_file){ .name = name };
    rc = policy_file_load(name, &file->text, &n);
    if (rc != CMD_OK) {
        return rc;
    }
    text = (struct bm_bytes){ (const uint8_t *)file->text, n };
    if (policy_parse(text, &file->policy, &error) != BM_OK ||
        policy_compile(file->policy, &file->compiled, NULL, &error) != BM_OK) {
        return policy_file_refuse(name, &error);
    }
    return CMD_OK;
}

void policy_file_close(struct policy_file *file)
{
    policy_compiled_wipe(&file->compiled);
    policy_free(file->policy);
    free(file->text);
    *file = (struct policy_file){ .name = NULL };
}

int policy_mode_of(const char *word)
{
    for (int i = 0; i < POLICY_MODES; i++) {
        if (word != NULL &&
            strcmp(policy_mode_name((enum policy_mode)i), word) == 0) {
            return i;
        }
    }
    return word == NULL ? POLICY_NORMAL : -1;
}

static void put_word(uint32_t *address, uint32_t *mask,
                     const struct policy_range *r, unsigned shift, bool high)
{
    uint64_t first = high ? r->first.high : r->first.low;
    uint64_t last = high ? r->last.high : r->last.low;

    *address = (uint32_t)(first >> shift);
    *mask = ~(uint32_t)((first ^ last) >> shift);
}

bool policy_subnet_add(struct bm_fw_subnets *s, const char *word)
{
    struct policy_range r;

    if (strchr(word, '-') != NULL) {
        return false;
    }
    if (policy_range_ipv4(word, &r)) {
        if (s->mask != 0) {
            return false;
        }
        put_word(&s->address, &s->mask, &r, 0, false);
        return s->mask != 0;
    }
    if (s->six_n == BM_FW_SUBNETS_6 || !policy_range_ipv6(word, &r)) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        put_word(&s->six[s->six_n].address[i], &s->six[s->six_n].mask[i], &r,
                 i % 2 == 0 ? 32 : 0, i < 2);
    }
    s->six_n++;
    return true;
}

int policy_print_json(const struct tree *t, json_t *object)
{
    int rc = CMD_FAILED;

    if (!t->failed &&
        json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0) {
        putchar('\n');
        rc = CMD_OK;
    } else if (ferror(stdout) == 0) {
        (void)policy_file_complain("birthmark", "out of memory");
    }
    json_decref(object);
    return rc;
}
