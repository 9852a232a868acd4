/* SPDX-License-Identifier: Apache-2.0 */

/*
 *     { "format": 1, "created": "2026-01-02T03:04:05Z",
 *       "tool": "birthmark 1.2.3", "contains_keys": true,
 *       "files": [ { "name": "ca/root.pem", "size": 123, "sha256": "..." } ] }
 *
 * Files stand in the order of their names' octets, none twice, and members
 * follow in that order: so one pass tells what is missing, foreign or double.
 */
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "server/archive_internal.h"

bm_status archive_put_line(json_t *files, const struct archive_line *line)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * ARCHIVE_SHA256 + 1];

    for (size_t i = 0; i < ARCHIVE_SHA256; i++) {
        hex[2 * i] = digits[line->sha256[i] >> 4];
        hex[2 * i + 1] = digits[line->sha256[i] & 15];
    }
    hex[2 * ARCHIVE_SHA256] = '\0';
    return json_array_append_new(
               files, json_pack("{s:s, s:I, s:s}", "name", line->name, "size",
                                (json_int_t)line->size, "sha256", hex)) == 0
               ? BM_OK
               : BM_E_MEMORY;
}

bm_status archive_put_manifest(const struct archive_pack_config *config,
                               json_t *files, char **text)
{
    char created[32];
    json_t *root;
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)created, sizeof created - 1);
    bm_time_put_text(&w, config->created);
    if (w.len > sizeof created - 1) {
        return BM_E_ARGUMENT;
    }
    created[w.len] = '\0';
    root =
        json_pack("{s:i, s:s, s:s, s:b, s:O}", "format", ARCHIVE_FORMAT_VERSION,
                  "created", created, "tool", config->tool, "contains_keys",
                  (int)config->contains_keys, "files", files);
    *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return *text == NULL ? BM_E_MEMORY : BM_OK;
}

static bm_status damaged(struct ca_refusal *why, const char *what)
{
    return ca_refuse(why, BM_E_ARCHIVE, "manifest: %s", what);
}

/* What all versions of a manifest have. */
static bm_status get_version(json_t *root, struct ca_refusal *why)
{
    const json_t *format = json_object_get(root, "format");

    if (!json_is_integer(format) || json_integer_value(format) < 1) {
        return damaged(why, "no format");
    }
    if (json_integer_value(format) > ARCHIVE_FORMAT_VERSION) {
        return ca_refuse(why, BM_E_ARCHIVE_VERSION, "format %lld",
                         (long long)json_integer_value(format));
    }
    return BM_OK;
}

static bm_status get_head(struct archive_manifest *m, struct ca_refusal *why)
{
    const char *created;
    const char *tool;
    int format;
    int keys;

    if (json_unpack_ex(m->root, NULL, JSON_STRICT, "{s:i, s:s, s:s, s:b, s:o}",
                       "format", &format, "created", &created, "tool", &tool,
                       "contains_keys", &keys, "files", &m->files) != 0) {
        return damaged(why, "not the keys that it should have");
    }
    if (!json_is_array(m->files) ||
        json_array_size(m->files) > ARCHIVE_FILES_MAX) {
        return damaged(why, "files is no list, or too long");
    }
    if (bm_time_from_text(
            (struct bm_bytes){ (const uint8_t *)created, strlen(created) },
            &m->info.created) != BM_OK) {
        return damaged(why, "created is no time");
    }
    if (strlen(tool) >= sizeof m->info.tool) {
        return damaged(why, "tool is too long");
    }
    memcpy(m->info.tool, tool, strlen(tool) + 1);
    m->info.contains_keys = keys != 0;
    m->info.files = json_array_size(m->files);
    return BM_OK;
}

bm_status archive_get_manifest(struct bm_bytes text,
                               struct archive_manifest *manifest,
                               struct ca_refusal *why)
{
    bm_status rc = BM_E_INTERNAL;

    memset(manifest, 0, sizeof *manifest);
    manifest->root =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(manifest->root)) {
        rc = damaged(why, "not a JSON object");
        goto out;
    }
    rc = get_version(manifest->root, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = get_head(manifest, why);

out:
    if (rc != BM_OK) {
        archive_free_manifest(manifest);
    }
    return rc;
}

void archive_free_manifest(struct archive_manifest *manifest)
{
    json_decref(manifest->root);
    memset(manifest, 0, sizeof *manifest);
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bool get_hash(const char *hex, uint8_t hash[ARCHIVE_SHA256])
{
    if (strlen(hex) != (size_t)2 * ARCHIVE_SHA256) {
        return false;
    }
    for (size_t i = 0; i < ARCHIVE_SHA256; i++) {
        int high = digit(hex[2 * i]);
        int low = digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bm_status archive_get_line(const struct archive_manifest *manifest, size_t i,
                           struct archive_line *line, struct ca_refusal *why)
{
    const char *hex;
    json_int_t size;

    if (json_unpack_ex(json_array_get(manifest->files, i), NULL, JSON_STRICT,
                       "{s:s, s:I, s:s}", "name", &line->name, "size", &size,
                       "sha256", &hex) != 0 ||
        size < 0 || !get_hash(hex, line->sha256)) {
        return damaged(why, "malformed line of a file");
    }
    line->size = (uint64_t)size;
    return BM_OK;
}
