/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_FAULTS_H
#define BM_STORE_TEST_FAULTS_H

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/*
 * A file system that fails: SQLite's own, with a counter of whatever changes
 * it. The operation that was asked for fails, in one of several ways.
 */

enum fault_kind {
    FAULT_ONCE,  /* it fails, those after it do not */
    FAULT_DEAD,  /* it fails, and so does every one after it */
    FAULT_TORN,  /* a write writes its first half, and all fail from then on */
    FAULT_FULL,  /* no room: writes fail until the end, nothing else does */
    FAULT_KILLED /* the process dies in the middle of it */
};

static struct {
    enum fault_kind kind;
    unsigned long at; /* the operation that fails, from 1; 0: none */
    unsigned long n;  /* operations so far */
    bool hit;
} fault;

static inline void faults_set(enum fault_kind kind, unsigned long at)
{
    fault.kind = kind;
    fault.at = at;
    fault.n = 0;
    fault.hit = false;
}

/* Does this operation fail? */
static inline bool fault_now(bool write)
{
    fault.n++;
    if (fault.at == 0 || fault.n < fault.at) {
        return false;
    }
    if (fault.kind == FAULT_FULL && !write) {
        return false;
    }
    if (fault.hit && fault.kind == FAULT_ONCE) {
        return false;
    }
    fault.hit = true;
    return true;
}

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static inline sqlite3_file *fault_real(sqlite3_file *f)
{
    return ((struct fault_file *)(void *)f)->real;
}

static inline int fault_close(sqlite3_file *f)
{
    return fault_real(f)->pMethods->xClose(fault_real(f));
}

static inline int fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return fault_real(f)->pMethods->xRead(fault_real(f), p, n, at);
}

static inline int fault_write(sqlite3_file *f, const void *p, int n,
                              sqlite3_int64 at)
{
    sqlite3_file *real = fault_real(f);
    bool first = !fault.hit;

    if (!fault_now(true)) {
        return real->pMethods->xWrite(real, p, n, at);
    }
    if (first && (fault.kind == FAULT_TORN || fault.kind == FAULT_KILLED)) {
        (void)real->pMethods->xWrite(real, p, n / 2, at);
    }
    if (fault.kind == FAULT_KILLED) {
        (void)raise(SIGKILL);
    }
    return fault.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static inline int fault_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    if (fault_now(false)) {
        if (fault.kind == FAULT_KILLED) {
            (void)raise(SIGKILL);
        }
        return SQLITE_IOERR_TRUNCATE;
    }
    return fault_real(f)->pMethods->xTruncate(fault_real(f), n);
}

static inline int fault_sync(sqlite3_file *f, int flags)
{
    if (fault_now(false)) {
        if (fault.kind == FAULT_KILLED) {
            (void)raise(SIGKILL);
        }
        return SQLITE_IOERR_FSYNC;
    }
    return fault_real(f)->pMethods->xSync(fault_real(f), flags);
}

static inline int fault_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return fault_real(f)->pMethods->xFileSize(fault_real(f), n);
}

static inline int fault_lock(sqlite3_file *f, int level)
{
    return fault_real(f)->pMethods->xLock(fault_real(f), level);
}

static inline int fault_unlock(sqlite3_file *f, int level)
{
    return fault_real(f)->pMethods->xUnlock(fault_real(f), level);
}

static inline int fault_check_lock(sqlite3_file *f, int *out)
{
    return fault_real(f)->pMethods->xCheckReservedLock(fault_real(f), out);
}

static inline int fault_control(sqlite3_file *f, int op, void *arg)
{
    return fault_real(f)->pMethods->xFileControl(fault_real(f), op, arg);
}

static inline int fault_sector(sqlite3_file *f)
{
    return fault_real(f)->pMethods->xSectorSize(fault_real(f));
}

static inline int fault_traits(sqlite3_file *f)
{
    return fault_real(f)->pMethods->xDeviceCharacteristics(fault_real(f));
}

static inline int fault_shm_map(sqlite3_file *f, int page, int size, int extend,
                                void volatile **out)
{
    return fault_real(f)->pMethods->xShmMap(fault_real(f), page, size, extend,
                                            out);
}

static inline int fault_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return fault_real(f)->pMethods->xShmLock(fault_real(f), offset, n, flags);
}

static inline void fault_shm_barrier(sqlite3_file *f)
{
    fault_real(f)->pMethods->xShmBarrier(fault_real(f));
}

static inline int fault_shm_unmap(sqlite3_file *f, int flag)
{
    return fault_real(f)->pMethods->xShmUnmap(fault_real(f), flag);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_traits,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static inline int fault_open(sqlite3_vfs *vfs, const char *name,
                             sqlite3_file *f, int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct fault_file *file = (struct fault_file *)(void *)f;
    int rc;

    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(void *)(file + 1);
    if (fault_now(false)) {
        if (fault.kind == FAULT_KILLED) {
            (void)raise(SIGKILL);
        }
        return SQLITE_CANTOPEN;
    }
    rc = real->xOpen(real, name, file->real, flags, out);
    if (file->real->pMethods != NULL) {
        file->base.pMethods = &fault_methods;
    }
    return rc;
}

static inline int fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    sqlite3_vfs *real = vfs->pAppData;

    if (fault_now(false)) {
        if (fault.kind == FAULT_KILLED) {
            (void)raise(SIGKILL);
        }
        return SQLITE_IOERR_DELETE;
    }
    return real->xDelete(real, name, sync);
}

/* From here on SQLite uses it, until faults_end(). */
static sqlite3_vfs fault_vfs;

static inline void faults_start(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    if (fault_vfs.zName == NULL) {
        fault_vfs = *real;
        fault_vfs.pNext = NULL;
        fault_vfs.szOsFile += (int)sizeof(struct fault_file);
        fault_vfs.zName = "faults";
        fault_vfs.pAppData = real;
        fault_vfs.xOpen = fault_open;
        fault_vfs.xDelete = fault_delete;
    }
    faults_set(FAULT_ONCE, 0);
    (void)sqlite3_vfs_register(&fault_vfs, 1);
}

static inline void faults_end(void)
{
    (void)sqlite3_vfs_unregister(&fault_vfs);
}

#endif
