/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fs.h"
#include "agent/layout_internal.h"
#include "core/pem.h"

/* ---- What the files hold */

static const struct settings_file nginx_files[] = {
    { "fullchain.pem", SETTINGS_CERTIFICATE | SETTINGS_CHAIN },
    { "anchors.pem", SETTINGS_ANCHORS },
    { "key.pem", SETTINGS_KEY },
    { NULL, 0 },
};

static const struct settings_file mosquitto_files[] = {
    { "server.crt", SETTINGS_CERTIFICATE | SETTINGS_CHAIN },
    { "ca.crt", SETTINGS_ANCHORS },
    { "server.key", SETTINGS_KEY },
    { NULL, 0 },
};

static const struct settings_file haproxy_files[] = {
    { "haproxy.pem", SETTINGS_CERTIFICATE | SETTINGS_CHAIN | SETTINGS_KEY },
    { "anchors.pem", SETTINGS_ANCHORS },
    { NULL, 0 },
};

static void put_certs(struct bm_wr *w, const struct bm_bytes *certs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bm_pem_put(w, "CERTIFICATE", certs[i]);
    }
}

static void put_parts(struct bm_wr *w, unsigned parts,
                      const struct layout_source *source)
{
    if ((parts & SETTINGS_CERTIFICATE) != 0 && source->certs_n != 0) {
        put_certs(w, source->certs, 1);
    }
    if ((parts & SETTINGS_CHAIN) != 0 && source->certs_n != 0) {
        put_certs(w, source->certs + 1, source->certs_n - 1);
    }
    if ((parts & SETTINGS_KEY) != 0) {
        bm_wr_put(w, source->key);
    }
    if ((parts & SETTINGS_ANCHORS) != 0) {
        put_certs(w, source->anchors, source->anchors_n);
    }
}

bm_status layout_add(struct layout_set *set, const char *name, bool secret,
                     const struct bm_wr *text)
{
    struct layout_file *f = &set->files[set->n];
    size_t n;

    BM_TRY(bm_wr_finish(text, &n));
    if (set->n == LAYOUT_FILES_MAX ||
        snprintf(f->name, sizeof f->name, "%s", name) >= (int)sizeof f->name) {
        return BM_E_LIMIT;
    }
    f->data = malloc(n + 1);
    if (f->data == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(f->data, text->buf, n);
    f->n = n;
    f->secret = secret;
    set->n++;
    return BM_OK;
}

static bm_status add_listed(struct layout_set *set,
                            const struct settings_file *file,
                            const struct layout_source *source)
{
    struct bm_wr w;

    bm_wr_init(&w, set->room, sizeof set->room);
    put_parts(&w, file->parts, source);
    return layout_add(set, file->name, (file->parts & SETTINGS_KEY) != 0, &w);
}

/* Which key goes with the certificate, for keys that stay where they are. */
static bm_status add_uri(struct layout_set *set,
                         const struct settings_layout *l, const char *uri)
{
    struct bm_wr w;

    bm_wr_init(&w, set->room, sizeof set->room);
    bm_wr_str(&w, uri);
    bm_wr_u8(&w, '\n');
    BM_TRY(layout_add(set, "key.uri", false, &w));
    if (l->kind != SETTINGS_NGINX || strncmp(uri, "pkcs11:", 7) != 0) {
        return BM_OK;
    }
    bm_wr_init(&w, set->room, sizeof set->room);
    bm_wr_str(&w, "ssl_certificate_key \"engine:pkcs11:");
    bm_wr_str(&w, uri);
    bm_wr_str(&w, "\";\n");
    return layout_add(set, "key.conf", false, &w);
}

static const struct settings_file *files_of(const struct settings_layout *l,
                                            size_t *n)
{
    static const struct settings_file *const rows[] = {
        [SETTINGS_NGINX] = nginx_files,
        [SETTINGS_MOSQUITTO] = mosquitto_files,
        [SETTINGS_HAPROXY] = haproxy_files,
    };
    const struct settings_file *f;

    if (l->kind == SETTINGS_FILES) {
        *n = l->files.n;
        return l->files.items;
    }
    f = rows[l->kind];
    *n = 0;
    while (f[*n].name != NULL) {
        (*n)++;
    }
    return f;
}

static bm_status fill(struct layout_set *set, const struct settings_layout *l,
                      const struct layout_source *source)
{
    const struct settings_file *f;
    size_t n;

    if (l->kind == SETTINGS_OPENSSL_DIR) {
        return layout_hash(set, source->anchors, source->anchors_n);
    }
    f = files_of(l, &n);
    for (size_t i = 0; i < n; i++) {
        if ((f[i].parts & SETTINGS_KEY) == 0) {
            BM_TRY(add_listed(set, &f[i], source));
        } else if (l->export_key) {
            if (source->key.n == 0) {
                return BM_E_KEYS_TOKEN;
            }
            BM_TRY(add_listed(set, &f[i], source));
        }
    }
    return l->export_key || source->key_uri == NULL
               ? BM_OK
               : add_uri(set, l, source->key_uri);
}

static void set_free(struct layout_set *set)
{
    if (set != NULL) {
        for (size_t i = 0; i < set->n; i++) {
            bm_wipe(set->files[i].data, set->files[i].n);
            free(set->files[i].data);
        }
        bm_wipe(set, sizeof *set);
        free(set);
    }
}

/* ---- Whose they are */

static bm_status find_owner(const struct settings_layout *l, uid_t *user,
                            gid_t *group)
{
    const struct passwd *pw;
    const struct group *gr;

    *user = (uid_t)-1;
    *group = (gid_t)-1;
    if (l->owner != NULL) {
        pw = getpwnam(l->owner);
        if (pw == NULL) {
            return BM_E_AGENT_OWNER;
        }
        *user = pw->pw_uid;
        *group = pw->pw_gid;
    }
    if (l->group != NULL) {
        gr = getgrnam(l->group);
        if (gr == NULL) {
            return BM_E_AGENT_OWNER;
        }
        *group = gr->gr_gid;
    }
    return BM_OK;
}

/* ---- On the disk */

#define CURRENT "current"
#define PREFIX  "gen-"
#define STAGING ".new"
#define LINK    ".link"

static mode_t mode_of(const struct settings_layout *l,
                      const struct layout_file *f)
{
    return !f->secret ? 0644 : l->group_may_read ? 0640 : 0600;
}

/* May those read it who are to? */
static bool is_theirs(int fd, const struct fs_owner *owner)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 &&
           (st.st_mode & 07777) == owner->mode &&
           (owner->user == (uid_t)-1 || st.st_uid == owner->user) &&
           (owner->group == (gid_t)-1 || st.st_gid == owner->group);
}

/* Does DIR/current have this file, as it is to be? */
static bool is_same(int dir, const struct layout_file *f,
                    const struct fs_owner *owner)
{
    int fd = openat(dir, f->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t *data = is_theirs(fd, owner) ? malloc(f->n + 1) : NULL;
    size_t n = 0;
    ssize_t got = 1;
    bool same;

    while (data != NULL && n <= f->n && got > 0) {
        got = read(fd, data + n, f->n + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    same = data != NULL && n == f->n && memcmp(data, f->data, n) == 0;
    if (data != NULL) {
        bm_wipe(data, f->n + 1);
    }
    free(data);
    if (fd >= 0) {
        (void)close(fd);
    }
    return same;
}

/* And nothing else: an anchor that is not believed any more, a key that is
 * not to be there. */
static bool is_current(int dir, const struct settings_layout *l,
                       const struct layout_set *set, struct fs_owner owner)
{
    int fd = openat(dir, CURRENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool same = fd >= 0 && layout_count(fd) == set->n;

    for (size_t i = 0; same && i < set->n; i++) {
        owner.mode = mode_of(l, &set->files[i]);
        same = is_same(fd, &set->files[i], &owner);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return same;
}

static bm_status write_all(int dir, const struct settings_layout *l,
                           const struct layout_set *set, struct fs_owner owner)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct layout_file *f = &set->files[i];

        owner.mode = mode_of(l, f);
        BM_TRY(fs_write_new(dir, f->name, (struct bm_bytes){ f->data, f->n },
                            &owner));
    }
    return fs_sync_dir(dir);
}

static bm_status stage(int dir, const struct settings_layout *l,
                       const struct layout_set *set, struct fs_owner owner)
{
    bm_status rc;
    int fd;

    BM_TRY(layout_remove(dir, STAGING)); /* what a cut left */
    if (mkdirat(dir, STAGING, 0755) != 0) {
        return fs_status(errno);
    }
    fd = openat(dir, STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fs_status(errno);
    }
    rc =
        fchmod(fd, 0755) == 0 ? write_all(fd, l, set, owner) : fs_status(errno);
    (void)close(fd);
    return rc;
}

static bm_status flip(int dir, unsigned generation)
{
    char name[32];

    (void)snprintf(name, sizeof name, PREFIX "%u", generation);
    if (renameat(dir, STAGING, dir, name) != 0) {
        return fs_status(errno);
    }
    BM_TRY(fs_sync_dir(dir));
    if (unlinkat(dir, LINK, 0) != 0 && errno != ENOENT) {
        return fs_status(errno);
    }
    if (symlinkat(name, dir, LINK) != 0 ||
        renameat(dir, LINK, dir, CURRENT) != 0) {
        return fs_status(errno);
    }
    return fs_sync_dir(dir);
}

static bm_status write_layout(int dir, const struct settings_layout *l,
                              const struct layout_set *set, bool *changed)
{
    unsigned newest = 0;
    struct fs_owner owner = { (uid_t)-1, (gid_t)-1, 0 };

    *changed = false;
    BM_TRY(find_owner(l, &owner.user, &owner.group));
    if (is_current(dir, l, set, owner)) {
        return BM_OK;
    }
    BM_TRY(layout_newest(dir, PREFIX, &newest));
    BM_TRY(stage(dir, l, set, owner));
    BM_TRY(flip(dir, newest + 1));
    *changed = true;
    layout_forget(dir, PREFIX, newest);
    return BM_OK;
}

bm_status layout_write(const struct settings_layout *layout,
                       const struct layout_source *source, bool *changed)
{
    struct layout_set *set = calloc(1, sizeof *set);
    int dir = -1;
    bm_status rc = BM_E_MEMORY;

    *changed = false;
    if (set == NULL) {
        goto out;
    }
    rc = fill(set, layout, source);
    if (rc != BM_OK) {
        goto out;
    }
    rc = fs_make_dir(layout->dir, 0755);
    if (rc != BM_OK) {
        goto out;
    }
    dir = open(layout->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        rc = fs_status(errno);
        goto out;
    }
    rc = write_layout(dir, layout, set, changed);

out:
    if (dir >= 0) {
        (void)close(dir);
    }
    set_free(set);
    return rc;
}
