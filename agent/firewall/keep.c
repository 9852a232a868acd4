/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/firewall/message.h"
#include "agent/fs.h"
#include "firewall/table.h"

#define FILE_NAME "in-force"
#define FILE_NEW  "in-force.new"

static const uint8_t magic[] = { 'B', 'M', 'F', 'K', 1 };
#define HEAD    8
#define AT_MODE 5

bm_status keep_load(const char *dir, struct keep *keep)
{
    struct bm_fw_table table;
    char path[PATH_MAX];
    size_t n = 0;
    bm_status rc;

    memset(keep, 0, sizeof *keep);
    if (snprintf(path, sizeof path, "%s/" FILE_NAME, dir) >= (int)sizeof path) {
        return BM_E_LIMIT;
    }
    BM_TRY(fs_read(path, HEAD + FIREWALL_TABLE_MAX, &keep->file, &n));
    rc = BM_E_FW_TABLE;
    if (n > HEAD && memcmp(keep->file, magic, sizeof magic) == 0 &&
        keep->file[AT_MODE] < BM_FW_MODES && keep->file[6] == 0 &&
        keep->file[7] == 0) {
        keep->mode = keep->file[AT_MODE];
        keep->table = (struct bm_bytes){ keep->file + HEAD, n - HEAD };
        rc = bm_fw_table_open(&table, keep->table);
    }
    if (rc != BM_OK) {
        keep_free(keep);
    }
    return rc;
}

void keep_free(struct keep *keep)
{
    free(keep->file);
    memset(keep, 0, sizeof *keep);
}

static bm_status replace(int dir, struct bm_bytes file)
{
    static const struct fs_owner owner = { (uid_t)-1, (gid_t)-1,
                                           S_IRUSR | S_IWUSR };

    if (unlinkat(dir, FILE_NEW, 0) != 0 && errno != ENOENT) {
        return fs_status(errno); /* what a cut left */
    }
    BM_TRY(fs_write_new(dir, FILE_NEW, file, &owner));
    if (renameat(dir, FILE_NEW, dir, FILE_NAME) != 0) {
        return fs_status(errno);
    }
    return fs_sync_dir(dir);
}

bm_status keep_store(const char *dir, unsigned mode, struct bm_bytes table)
{
    uint8_t *file = calloc(1, HEAD + table.n);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bm_status rc = BM_E_MEMORY;

    if (file == NULL || fd < 0) {
        rc = fd < 0 ? fs_status(errno) : rc;
        goto out;
    }
    memcpy(file, magic, sizeof magic);
    file[AT_MODE] = (uint8_t)mode;
    memcpy(file + HEAD, table.p, table.n);
    rc = replace(fd, (struct bm_bytes){ file, HEAD + table.n });

out:
    if (fd >= 0) {
        (void)close(fd);
    }
    free(file);
    return rc;
}
