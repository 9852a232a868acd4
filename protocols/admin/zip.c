/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

struct admin_zip {
    struct admin_zip_out out;
    struct archive *archive;
    struct archive_entry *entry;
    bm_status failed; /* what write() said */
};

/* What nobody wants is written to nobody: libarchive, once it has failed, does
 * not let go of what it compresses with. */
static la_ssize_t on_write(struct archive *archive, void *arg,
                           const void *octets, size_t n)
{
    struct admin_zip *zip = arg;

    (void)archive;
    if (zip->failed == BM_OK) {
        zip->failed =
            zip->out.write(zip->out.arg, (struct bm_bytes){ octets, n });
    }
    return (la_ssize_t)n;
}

/* What write() said; or libarchive, which has no memory. */
static bm_status say(const struct admin_zip *zip, bool done)
{
    return zip->failed != BM_OK ? zip->failed : done ? BM_OK : BM_E_MEMORY;
}

bm_status admin_zip_new(const struct admin_zip_out *out, struct admin_zip **zip)
{
    struct admin_zip *z = calloc(1, sizeof *z);
    bm_status rc = BM_E_MEMORY;

    *zip = NULL;
    if (z == NULL) {
        return rc;
    }
    z->out = *out;
    z->entry = archive_entry_new();
    z->archive = archive_write_new();
    if (z->entry == NULL || z->archive == NULL) {
        goto out;
    }
    /* To the octet: what goes out is no tape. */
    rc = say(z, archive_write_set_format_zip(z->archive) == ARCHIVE_OK &&
                    archive_write_set_bytes_in_last_block(z->archive, 1) ==
                        ARCHIVE_OK &&
                    archive_write_open(z->archive, z, NULL, on_write, NULL) ==
                        ARCHIVE_OK);
    if (rc == BM_OK) {
        *zip = z;
        z = NULL;
    }

out:
    admin_zip_free(z);
    return rc;
}

static bm_status begin(struct admin_zip *zip, const char *name,
                       const size_t *size)
{
    archive_entry_clear(zip->entry);
    archive_entry_set_pathname(zip->entry, name);
    archive_entry_set_filetype(zip->entry, AE_IFREG);
    archive_entry_set_perm(zip->entry, 0644);
    if (size != NULL) {
        archive_entry_set_size(zip->entry, (la_int64_t)*size);
    }
    return say(zip,
               archive_write_header(zip->archive, zip->entry) == ARCHIVE_OK);
}

bm_status admin_zip_begin(struct admin_zip *zip, const char *name)
{
    return begin(zip, name, NULL);
}

bm_status admin_zip_more(struct admin_zip *zip, struct bm_bytes octets)
{
    return say(zip, archive_write_data(zip->archive, octets.p, octets.n) ==
                        (la_ssize_t)octets.n);
}

bm_status admin_zip_put(struct admin_zip *zip, const char *name,
                        struct bm_bytes octets)
{
    BM_TRY(begin(zip, name, &octets.n));
    return admin_zip_more(zip, octets);
}

bm_status admin_zip_end(struct admin_zip *zip)
{
    return say(zip, archive_write_close(zip->archive) == ARCHIVE_OK);
}

void admin_zip_free(struct admin_zip *zip)
{
    if (zip == NULL) {
        return;
    }
    zip->failed = BM_E_END;
    if (zip->archive != NULL) {
        (void)archive_write_free(zip->archive); /* it ends it, for nobody */
    }
    archive_entry_free(zip->entry);
    free(zip);
}
