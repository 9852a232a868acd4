/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keys/tpm2_internal.h"

#define HANDLE_DIGITS 8
#define FILE_SOURCE   "file:"

/* TPM 2.0 Part 2, 7.2: TPM_HT_PERSISTENT. The TSS's own are of type int. */
#define HANDLE_FIRST 0x81000000u
#define HANDLE_LAST  0x81ffffffu

/* Those that lead to a TPM. "cmd" runs a program, "pcap" writes a file. */
static const struct tcti_name {
    const char *name;
    enum bm_key_tpm2_place place;
} TCTI_NAMES[] = {
    { "device", BM_KEY_TPM2_DEVICE },
    { "swtpm", BM_KEY_TPM2_TCP }, /* BM_KEY_TPM2_UNIX by "path=" */
    { "mssim", BM_KEY_TPM2_TCP },
};

static bool is_uri_char(char c)
{
    return c > ' ' && c <= '~' && c != '#' && c != '%' && c != '&';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

static uint32_t hex_value(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* "0x" 8HEXDIG; moves `*rest` behind it. */
static bm_status take_handle(const char **rest, uint32_t *handle)
{
    const char *p = *rest;
    uint32_t value = 0;

    if (strncmp(p, "0x", 2) != 0) {
        return BM_E_KEYS_URI;
    }
    p += 2;
    for (size_t i = 0; i < HANDLE_DIGITS; i++) {
        if (!is_hex(p[i])) {
            return BM_E_KEYS_URI;
        }
        value = value << 4 | hex_value(p[i]);
    }
    if (value < HANDLE_FIRST || value > HANDLE_LAST) {
        return BM_E_KEYS_URI;
    }
    *handle = value;
    *rest = p + HANDLE_DIGITS;
    return BM_OK;
}

/* The value of the part that `*rest` is at, up to '&' or the end. */
static bm_status take_value(const char **rest, char *out, size_t cap)
{
    size_t n = 0;

    if (out[0] != '\0') {
        return BM_E_KEYS_URI; /* a second one */
    }
    while (is_uri_char((*rest)[n])) {
        n++;
    }
    if (n == 0 || n >= cap || ((*rest)[n] != '\0' && (*rest)[n] != '&')) {
        return BM_E_KEYS_URI;
    }
    memcpy(out, *rest, n);
    out[n] = '\0';
    *rest += n;
    return BM_OK;
}

static bool skip(const char **rest, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*rest, word, n) != 0) {
        return false;
    }
    *rest += n;
    return true;
}

static bm_status take_part(const char **rest, struct bm_key_tpm2_uri *uri)
{
    if (skip(rest, "tcti=")) {
        return take_value(rest, uri->tcti, sizeof uri->tcti);
    }
    if (skip(rest, "auth-source=" FILE_SOURCE) && **rest == '/') {
        return take_value(rest, uri->auth_file, sizeof uri->auth_file);
    }
    return BM_E_KEYS_URI;
}

static bm_status take_all(const char *rest, struct bm_key_tpm2_uri *uri)
{
    char next = '?';

    BM_TRY(take_handle(&rest, &uri->handle));
    while (*rest != '\0') {
        if (*rest != next) {
            return BM_E_KEYS_URI;
        }
        rest++;
        BM_TRY(take_part(&rest, uri));
        next = '&';
    }
    return BM_OK;
}

bm_status bm_key_tpm2_parse(const char *rest, struct bm_key_tpm2_uri *uri)
{
    bm_status rc;

    memset(uri, 0, sizeof *uri);
    rc = take_all(rest, uri);
    if (rc != BM_OK) {
        memset(uri, 0, sizeof *uri);
    }
    return rc;
}

bm_status bm_key_tpm2_tcti(const char *tcti, struct bm_key_tpm2_tcti *where)
{
    const char *colon = strchr(tcti, ':');
    size_t n = colon == NULL ? 0 : (size_t)(colon - tcti);

    *where = (struct bm_key_tpm2_tcti){ BM_KEY_TPM2_DEVICE, NULL };
    if (n == 0 || colon[1] == '\0' || strlen(tcti) >= BM_KEY_TPM2_TCTI_MAX) {
        return BM_E_KEYS_URI;
    }
    for (size_t i = 0; i < sizeof TCTI_NAMES / sizeof *TCTI_NAMES; i++) {
        const struct tcti_name *t = &TCTI_NAMES[i];

        if (strlen(t->name) != n || memcmp(t->name, tcti, n) != 0) {
            continue;
        }
        where->place = t->place;
        if (t->place == BM_KEY_TPM2_DEVICE) {
            where->path = colon + 1;
        } else if (strncmp(colon + 1, "path=", 5) == 0) {
            where->place = BM_KEY_TPM2_UNIX;
            where->path = colon + 6;
        }
        return BM_OK;
    }
    return BM_E_KEYS_URI;
}
