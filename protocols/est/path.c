/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "protocols/est/est.h"

static const struct {
    const char *name;
    bool posts;
} operations[EST_OPERATIONS] = {
    [EST_CACERTS] = { "cacerts", false },
    [EST_SIMPLEENROLL] = { "simpleenroll", true },
    [EST_SIMPLEREENROLL] = { "simplereenroll", true },
    [EST_FULLCMC] = { "fullcmc", true },
    [EST_SERVERKEYGEN] = { "serverkeygen", true },
    [EST_CSRATTRS] = { "csrattrs", false },
};

/* ".well-known", "est", LABEL, OPERATION */
#define SEGMENTS_MAX 4

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of `*path`, percent-decoded; -1 for a malformed one. */
static int take_character(const char **path)
{
    const char *p = *path;

    if (p[0] != '%') {
        *path = p + 1;
        return (unsigned char)p[0];
    }
    if (digit(p[1]) < 0 || digit(p[2]) < 0) {
        return -1;
    }
    *path = p + 3;
    return digit(p[1]) << 4 | digit(p[2]);
}

/* Up to "/" or the end; printable ASCII without an encoded "/". */
static bool take_segment(const char **path, char out[EST_LABEL_MAX + 1])
{
    size_t n = 0;

    while (**path != '\0' && **path != '/') {
        int c = take_character(path);

        if (c <= ' ' || c > '~' || c == '/' || n == EST_LABEL_MAX) {
            return false;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

static bool find_operation(const char *name, enum est_operation *operation)
{
    for (size_t i = 0; i < EST_OPERATIONS; i++) {
        if (strcmp(name, operations[i].name) == 0) {
            *operation = (enum est_operation)i;
            return true;
        }
    }
    return false;
}

/* The segments of `path`, each of which begins with "/"; 0: malformed. */
static size_t split(const char *path,
                    char segments[SEGMENTS_MAX][EST_LABEL_MAX + 1])
{
    size_t n = 0;

    while (*path == '/') {
        path++;
        if (n == SEGMENTS_MAX || !take_segment(&path, segments[n])) {
            return 0;
        }
        n++;
    }
    return *path == '\0' ? n : 0;
}

/* Are these the two fixed segments? */
static bool is_est(char segment[][EST_LABEL_MAX + 1])
{
    return strcmp(segment[0], ".well-known") == 0 &&
           strcmp(segment[1], "est") == 0;
}

/* RFC 7030 3.2.2 MUST: a label is not one of the operations. */
static bool is_label(const char *segment)
{
    enum est_operation other;

    return segment[0] != '\0' && !find_operation(segment, &other);
}

bm_status est_path_parse(const char *path, struct est_path *out)
{
    char segment[SEGMENTS_MAX][EST_LABEL_MAX + 1];
    struct est_path found = { 0 };
    const char *label = "";
    size_t n = split(path, segment);

    memset(out, 0, sizeof *out);
    if (n < 3 || !find_operation(segment[n - 1], &found.operation)) {
        return BM_E_NOT_FOUND;
    }
    if (n == 4) {
        /* The usual place, and that of clients which put ".well-known" behind
         * whatever URL they are given. */
        label = is_est(segment) ? segment[2] : segment[0];
        if (!is_label(label)) {
            return BM_E_NOT_FOUND;
        }
    }
    if (!is_est(segment) && (n == 3 || !is_est(segment + 1))) {
        return BM_E_NOT_FOUND;
    }
    memcpy(found.label, label, strlen(label));
    *out = found;
    return BM_OK;
}

const char *est_operation_name(enum est_operation operation)
{
    return operations[operation].name;
}

bool est_operation_posts(enum est_operation operation)
{
    return operations[operation].posts;
}
