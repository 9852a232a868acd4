/* SPDX-License-Identifier: Apache-2.0 */
/* syscall(), O_PATH */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/sandbox_internal.h"
#include "files/files.h"

/*
 * The C library has no functions for these calls, and the headers of the
 * machine that compiles may be older than the kernel that runs: so what came
 * after the first version is written out. landlock(7) has the table.
 */
#define FS_EVERYTHING_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER        (UINT64_C(1) << 13) /* version 2 */
#define FS_TRUNCATE     (UINT64_C(1) << 14) /* version 3 */
#define FS_IOCTL_DEV    (UINT64_C(1) << 15) /* version 5 */
#define NET_BIND        UINT64_C(1)         /* version 4 */
#define NET_CONNECT     UINT64_C(2)         /* likewise */
#define SCOPE_ALL       UINT64_C(3) /* version 6: abstract sockets, signals */

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                               \
    (READS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |          \
     LANDLOCK_ACCESS_FS_MAKE_REG | FS_REFER | FS_TRUNCATE)
#define DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
/* What a rule for a file, instead of a directory, may speak of. */
#define OF_A_FILE \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE)

/* struct landlock_ruleset_attr of version 6; a kernel takes as much of it as
 * it knows, as long as the rest is zero. */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

int landlock_version(void)
{
    long v = syscall(SYS_landlock_create_ruleset, NULL, 0,
                     LANDLOCK_CREATE_RULESET_VERSION);

    return v < 1 ? 0 : (int)v;
}

static struct ruleset everything(int version, bool connects)
{
    struct ruleset r = { .fs = FS_EVERYTHING_1 };

    r.fs |= version >= 2 ? FS_REFER : 0;
    r.fs |= version >= 3 ? FS_TRUNCATE : 0;
    r.fs |= version >= 5 ? FS_IOCTL_DEV : 0;
    r.net = version < 4 ? 0 : connects ? NET_BIND : NET_BIND | NET_CONNECT;
    r.scoped = version >= 6 ? SCOPE_ALL : 0;
    return r;
}

/* What is not there cannot be opened later, either. */
static bm_status allow(int ruleset, const char *dir, const char *name,
                       uint64_t access)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access };
    char path[FILES_PATH_MAX];
    struct stat st;
    bm_status rc = BM_E_SANDBOX;

    BM_TRY(files_path(path, dir, name));
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) {
        return errno == ENOENT ? BM_OK : BM_E_SANDBOX;
    }
    if (fstat(rule.parent_fd, &st) == 0) {
        if (!S_ISDIR(st.st_mode)) {
            rule.allowed_access &= OF_A_FILE;
        }
        rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                     &rule, 0) == 0
                 ? BM_OK
                 : BM_E_SANDBOX;
    }
    close(rule.parent_fd);
    return rc;
}

static bm_status add_rows(int ruleset, const char *dir,
                          const struct room_needs *needs, uint64_t known)
{
    for (size_t i = 0; i < ROOM_DIRS_MAX; i++) {
        if (needs->read_dirs[i] != NULL) {
            BM_TRY(allow(ruleset, dir, needs->read_dirs[i], READS & known));
        }
        if (needs->write_dirs[i] != NULL) {
            BM_TRY(allow(ruleset, dir, needs->write_dirs[i], WRITES & known));
        }
    }
    return BM_OK;
}

static bm_status add_list(int ruleset, const char *const *paths,
                          uint64_t access)
{
    for (; paths != NULL && *paths != NULL; paths++) {
        BM_TRY(allow(ruleset, "", *paths + 1, access)); /* absolute */
    }
    return BM_OK;
}

static bm_status add_rules(int ruleset, const char *dir,
                           const struct sandbox_plan *plan, uint64_t known)
{
    const char *const pin[] = { plan->pin, NULL };
    const char *const tpm[] = { plan->tpm, NULL };

    BM_TRY(add_rows(ruleset, dir, plan->needs, known));
    BM_TRY(add_list(ruleset, plan->read, READS & known));
    BM_TRY(add_list(ruleset, plan->write, WRITES & known));
    BM_TRY(add_list(ruleset, tpm, DEVICE & known));
    return plan->pin[0] == '\0' ? BM_OK : add_list(ruleset, pin, READS & known);
}

bm_status landlock_enter(const char *dir, const struct sandbox_plan *plan,
                         struct ca_refusal *why)
{
    int version = landlock_version();
    struct ruleset r = everything(version, plan->needs->connect);
    size_t size = version < 4   ? offsetof(struct ruleset, net)
                  : version < 6 ? offsetof(struct ruleset, scoped)
                                : sizeof r;
    bm_status rc = BM_E_SANDBOX;
    int fd;

    if (version == 0) {
        return ca_refuse(why, rc, "this kernel has no Landlock");
    }
    fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (fd < 0) {
        return ca_refuse(why, rc, "Landlock takes no rules");
    }
    rc = add_rules(fd, dir, plan, r.fs);
    if (rc == BM_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
        rc = BM_E_SANDBOX;
    }
    close(fd);
    return rc == BM_OK
               ? BM_OK
               : ca_refuse(why, rc, "Landlock refuses the rules of %s", dir);
}
