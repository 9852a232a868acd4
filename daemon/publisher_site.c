/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_site.h"

#include <stdio.h>
#include <string.h>

#include "ca/lists.h"

/* As instance_bundle_file() has it; "trust" would be no list's name. */
#define BUNDLE_FILE "crl/trust.bundle"
#define BUNDLE_OF   "crl/trust-%.*s.bundle"

/* Of an ecosystem: a number of 32 bits. */
#define BUNDLE_DIGITS 10

/* Move behind `text`, or false. */
static bool take(const char **p, const char *text)
{
    size_t n = strlen(text);

    if (strncmp(*p, text, n) != 0) {
        return false;
    }
    *p += n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number of at most three digits, written the one way. */
static bool take_number(const char **p, unsigned low, unsigned high)
{
    const char *start = *p;
    unsigned value = 0;

    while (is_digit(**p) && *p - start < 3) {
        value = value * 10 + (unsigned)(**p - '0');
        (*p)++;
    }
    return *p != start && (*start != '0' || *p - start == 1) && value >= low &&
           value <= high;
}

static bool take_three(const char **p)
{
    for (int i = 0; i < 3; i++, (*p)++) {
        if (!is_digit(**p)) {
            return false;
        }
    }
    return true;
}

/* C2SP tlog-tiles: "<N> ... 3-digit zero-padded path elements ... all but the
 * last one MUST begin with an x": x001/x067/042. Six hold 2^56 and more. */
static bool take_tile_number(const char **p)
{
    for (int i = 0; i < 6; i++) {
        if (!take(p, "x")) {
            return take_three(p);
        }
        if (!take_three(p) || !take(p, "/")) {
            return false;
        }
    }
    return false;
}

/* tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>] */
static bool is_tile(const char *p)
{
    if (!take(&p, "tile/") ||
        (!take(&p, "entries") && !take_number(&p, 0, 5)) || !take(&p, "/") ||
        !take_tile_number(&p)) {
        return false;
    }
    return *p == '\0' ||
           (take(&p, ".p/") && take_number(&p, 1, 255) && *p == '\0');
}

/* The first tree stands alone, later ones below their number. */
static enum site_kind ledger_kind(const char *p)
{
    const char *tree = p;

    if (take_number(&tree, 2, 999) && take(&tree, "/")) {
        p = tree;
    }
    if (strcmp(p, "checkpoint") == 0) {
        return SITE_CHECKPOINT;
    }
    return is_tile(p) ? SITE_TILE : SITE_NONE;
}

/* Ids of CAs begin with a letter or a digit, so none is "..". */
static bool is_id_char(char c, size_t at)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (at > 0 && (c == '-' || c == '_' || c == '.'));
}

/* The first `n` octets, if they are an id. */
static bool copy_id(const char *p, size_t n, char id[SITE_ID_MAX])
{
    if (n == 0 || n >= SITE_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_id_char(p[i], i)) {
            return false;
        }
    }
    memcpy(id, p, n);
    id[n] = '\0';
    return true;
}

/* ID and what must follow it to the end. */
static bool take_id(const char *p, const char *end, char id[SITE_ID_MAX])
{
    size_t all = strlen(p);
    size_t tail = strlen(end);
    size_t n = all > tail ? all - tail : 0;

    return n != 0 && strcmp(p + n, end) == 0 && copy_id(p, n, id);
}

/* ID/SHARD.crl: a number that is written the one way. */
static bool take_shard(const char *p, char id[SITE_ID_MAX])
{
    const char *slash = strchr(p, '/');

    return slash != NULL &&
           ca_list_shard((struct bm_bytes){ (const uint8_t *)slash + 1,
                                            strlen(slash + 1) }) != 0 &&
           copy_id(p, (size_t)(slash - p), id);
}

/* ID.crl, ID-delta.crl: no CA has an id that ends like a delta. */
static bool take_list(const char *p, char id[SITE_ID_MAX])
{
    return take_shard(p, id) || take_id(p, "-delta.crl", id) ||
           take_id(p, ".crl", id);
}

/* What is a file lies below the instance as it lies below the site. */
static void set_file(struct site_path *out, const char *path)
{
    size_t n = strlen(path);

    if (n >= sizeof out->file) {
        out->kind = SITE_NONE;
        return;
    }
    memcpy(out->file, path, n + 1);
}

/* Nothing, or the number of an ecosystem, written the one way: 1 is the first,
 * whose bundle is at the path without a number, too. */
static void take_bundle(const char *p, struct site_path *out)
{
    size_t n;

    if (*p == '\0' || strcmp(p, "/1") == 0) {
        out->kind = SITE_BUNDLE;
        set_file(out, BUNDLE_FILE);
        return;
    }
    n = *p == '/' ? strspn(p + 1, "0123456789") : 0;
    if (n != 0 && n <= BUNDLE_DIGITS && p[1] != '0' && p[1 + n] == '\0') {
        out->kind = SITE_BUNDLE;
        (void)snprintf(out->file, sizeof out->file, BUNDLE_OF, (int)n, p + 1);
    }
}

void site_path_parse(const char *path, struct site_path *out)
{
    const char *p = path;

    memset(out, 0, sizeof *out);
    if (take(&p, "/ocsp")) {
        if (*p == '\0' || *p == '/') {
            out->kind = SITE_OCSP;
            out->rest = p;
        }
    } else if (take(&p, "/crl/")) {
        if (take_list(p, out->id)) {
            out->kind = SITE_CRL;
            set_file(out, path + 1);
        }
    } else if (take(&p, "/ca/")) {
        if (take_id(p, ".crt", out->id)) {
            out->kind = SITE_CA;
        }
    } else if (take(&p, "/ledger/")) {
        out->kind = ledger_kind(p);
        if (out->kind != SITE_NONE) {
            set_file(out, path + 1);
        }
    } else if (take(&p, "/bundle")) {
        take_bundle(p, out);
    } else if (strcmp(path, "/healthz") == 0) {
        out->kind = SITE_HEALTH;
    }
}
