/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ZIP, tar and compressed tar, each file a request. Nothing is unpacked to
 * anywhere; a name that would lead out of a folder is refused all the same,
 * since whoever looks at the answer may unpack by it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <unistd.h>

#include "intake/internal.h"

#define BLOCK 65536

static bm_status refuse(const struct intake *intake, const char *words,
                        struct ca_refusal *why)
{
    return ca_refuse(why, BM_E_CA_ORDER, "entry %u%s%.100s: %s",
                     (unsigned)intake->entries,
                     intake->name[0] != '\0' ? ", " : "", intake->name, words);
}

static bm_status begin(struct intake *intake, struct ca_refusal *why)
{
    struct archive *a = archive_read_new();

    intake->archive = a;
    if (a == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    if (lseek(intake->source.fd, 0, SEEK_SET) != 0) {
        return ca_refuse(why, BM_E_IO, "it cannot be read from its beginning");
    }
    /* By its directory, which is at its end: what was cut off is noticed. */
    if (archive_read_support_format_zip_seekable(a) != ARCHIVE_OK ||
        archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK) {
        return ca_refuse(why, BM_E_INTERNAL, "libarchive lacks a format");
    }
    return archive_read_open_fd(a, intake->source.fd, BLOCK) == ARCHIVE_OK
               ? BM_OK
               : ca_refuse(why, BM_E_CA_ORDER, "it is no ZIP or tar archive");
}

static void end(struct intake *intake)
{
    (void)archive_read_free(intake->archive);
}

/* ---- Names */

static bool leads_outside(const char *name)
{
    const char *p = name;

    if (name[0] == '/' || strchr(name, '\\') != NULL ||
        strchr(name, ':') != NULL) {
        return true;
    }
    while (p != NULL) {
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0')) {
            return true;
        }
        p = strchr(p, '/');
        p = p == NULL ? NULL : p + 1;
    }
    return false;
}

static bm_status take_name(struct intake *intake, struct archive_entry *entry,
                           struct ca_refusal *why)
{
    const char *name = archive_entry_pathname_utf8(entry);
    size_t n;

    intake->name[0] = '\0';
    name = name == NULL ? archive_entry_pathname(entry) : name;
    n = name == NULL ? 0 : strlen(name);
    if (n == 0 || n >= sizeof intake->name ||
        !intake_is_text((struct bm_bytes){ (const uint8_t *)name, n })) {
        return refuse(intake, "its name is none of at most 255 octets of UTF-8",
                      why);
    }
    memcpy(intake->name, name, n + 1);
    return leads_outside(name)
               ? refuse(intake, "its name leads out of the archive", why)
               : BM_OK;
}

/* ---- Entries */

static bm_status check_entry(struct intake *intake, struct archive_entry *entry,
                             bool *folder, struct ca_refusal *why)
{
    BM_TRY(take_name(intake, entry, why));
    *folder = archive_entry_filetype(entry) == AE_IFDIR;
    if (archive_entry_hardlink(entry) != NULL ||
        archive_entry_symlink(entry) != NULL ||
        (!*folder && archive_entry_filetype(entry) != AE_IFREG)) {
        return refuse(intake, "it is a link, or no file", why);
    }
    if (archive_entry_is_encrypted(entry)) {
        return refuse(intake, "it is encrypted", why);
    }
    if (archive_entry_size_is_set(entry) &&
        archive_entry_size(entry) > INTAKE_ROW_MAX) {
        return refuse(intake, "it is larger than 65536 octets", why);
    }
    return BM_OK;
}

static bm_status take_file(struct intake *intake, struct ca_refusal *why)
{
    uint8_t more;
    la_ssize_t n = 1;

    intake->n = 0;
    while (n > 0 && intake->n < sizeof intake->room) {
        n = archive_read_data(intake->archive, intake->room + intake->n,
                              sizeof intake->room - intake->n);
        intake->n += n > 0 ? (size_t)n : 0;
    }
    if (n > 0) {
        n = archive_read_data(intake->archive, &more, 1);
        if (n > 0) {
            return refuse(intake, "it is larger than 65536 octets", why);
        }
    }
    if (n < 0) {
        return refuse(intake, "it is damaged, or of a kind that is not read",
                      why);
    }
    intake->expanded += intake->n;
    return intake->expanded <= INTAKE_EXPANDED_MAX
               ? BM_OK
               : refuse(intake, "there is more in the archive than is read",
                        why);
}

static bm_status take_entry(struct intake *intake, bool *folder,
                            struct ca_refusal *why)
{
    struct archive_entry *entry;
    int rc = archive_read_next_header(intake->archive, &entry);

    if (rc == ARCHIVE_EOF) {
        return BM_E_END;
    }
    intake->name[0] = '\0';
    if (intake->entries++ == INTAKE_ENTRIES_MAX) {
        return refuse(intake, "there are too many", why);
    }
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
        return refuse(intake, "the archive is damaged", why);
    }
    BM_TRY(check_entry(intake, entry, folder, why));
    return *folder ? BM_OK : take_file(intake, why);
}

static bm_status next(struct intake *intake, struct ca_batch_row *row,
                      struct ca_refusal *why)
{
    struct intake_values values = { .der = true };
    bool folder = true;

    while (folder) {
        BM_TRY(take_entry(intake, &folder, why));
    }
    intake->number++;
    row->name = (struct bm_bytes){ (const uint8_t *)intake->name,
                                   strlen(intake->name) };
    values.of[INTAKE_CSR] = (struct bm_bytes){ intake->room, intake->n };
    return intake_fill(intake, &values, row);
}

const struct intake_format intake_archive = { .begin = begin,
                                              .next = next,
                                              .end = end };
