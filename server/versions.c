/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Versions of profiles (ca/allocation.h). The store knows every text that was
 * in use, but who signs takes none from there: whoever writes the store could
 * make one up. So a start keeps each text that comes into use as a file,
 * before anything from outside is read, and what is not among the files is
 * not signed by.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/allocation.h"
#include "server/instance_internal.h"

#define VERSION_TEXT_MAX ((size_t)64 << 10)

static bm_status path_of(const struct instance *in, const char *profile,
                         uint32_t version, char path[FILES_PATH_MAX])
{
    char dir[FILES_PATH_MAX];
    char name[STORE_ID_MAX + 32];

    (void)snprintf(name, sizeof name, "%s@%u.yaml", profile, (unsigned)version);
    BM_TRY(files_path(dir, in->dir, INSTANCE_VERSIONS));
    return files_path(path, dir, name);
}

static bm_status number_all(struct instance *in)
{
    for (size_t i = 0; i < in->profiles_n; i++) {
        struct ca_bound *b = &in->profiles[i];

        BM_TRY(
            ca_version_of(in->store, in->port.crypto, b->profile, &b->version));
    }
    return BM_OK;
}

/* Only those that organisations can have. */
static bool is_kept(const struct ca_bound *b)
{
    return (ca_profile_policy(b->profile)->by & ~(unsigned)CA_BY_AUTHORITY) !=
           0;
}

/* As it is, or made anew: of a start that was cut short, another text may
 * have had this number. */
static bm_status keep(const struct instance *in, const struct ca_bound *b,
                      struct ca_refusal *why)
{
    struct bm_bytes text = ca_profile_text(b->profile);
    char path[FILES_PATH_MAX];
    uint8_t *there;
    size_t n;
    bool same;
    bm_status rc;

    BM_TRY(path_of(in, ca_profile_policy(b->profile)->name, b->version, path));
    rc = files_read(path, VERSION_TEXT_MAX, &there, &n, NULL);
    same = rc == BM_OK && bm_bytes_equal(text, (struct bm_bytes){ there, n });
    free(there);
    return same ? BM_OK : files_replace(path, text, 0644, why);
}

static bm_status keep_all(const struct instance *in, struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(dir, in->dir, INSTANCE_VERSIONS));
    rc = files_make_dir(dir, 0700, why);
    if (rc != BM_OK && rc != BM_E_EXISTS) {
        return rc;
    }
    for (size_t i = 0; i < in->profiles_n; i++) {
        if (is_kept(&in->profiles[i])) {
            BM_TRY(keep(in, &in->profiles[i], why));
        }
    }
    return BM_OK;
}

/* ---- Where somebody stays */

struct staying {
    struct instance *in;
    size_t n;
    struct {
        char profile[STORE_ID_MAX];
        uint32_t version;
    } at[INSTANCE_PROFILES_MAX];
};

static bool is_there(const struct staying *s, const char *profile,
                     uint32_t version)
{
    for (size_t i = 0; i < s->in->profiles_n; i++) {
        const struct ca_bound *b = &s->in->profiles[i];

        if (b->version == version &&
            strcmp(ca_profile_policy(b->profile)->name, profile) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].version == version &&
            strcmp(s->at[i].profile, profile) == 0) {
            return true;
        }
    }
    return false;
}

static bm_status see(void *arg, const void *visited)
{
    const struct store_allocation *row = visited;
    struct staying *s = arg;

    if (row->version == 0 || !row->enabled ||
        is_there(s, row->profile, row->version)) {
        return BM_OK;
    }
    if (s->n == INSTANCE_PROFILES_MAX) {
        return BM_OK; /* missed as one whose file is gone: see take() */
    }
    memcpy(s->at[s->n].profile, row->profile, sizeof row->profile);
    s->at[s->n++].version = row->version;
    return BM_OK;
}

/* One that cannot be had, or that there is no room for, is missed by who stays
 * at it, and nobody else. */
static bm_status take(struct instance *in, const char *profile,
                      uint32_t version)
{
    struct instance_binding b = { .version = version, .old = true };
    char path[FILES_PATH_MAX];
    uint8_t *text;
    size_t n;
    bm_status rc;

    BM_TRY(path_of(in, profile, version, path));
    rc = files_read(path, VERSION_TEXT_MAX, &text, &n, NULL);
    if (rc == BM_OK) {
        rc = ca_profile_parse((struct bm_bytes){ text, n }, path, &b.profile,
                              NULL);
        free(text);
    }
    if (rc == BM_OK &&
        strcmp(ca_profile_policy(b.profile)->name, profile) != 0) {
        rc = BM_E_CA_UNAVAILABLE;
    }
    if (rc == BM_OK) {
        rc = instance_bind(in, &b, NULL);
    }
    if (rc != BM_OK) {
        ca_profile_free(b.profile);
    }
    return rc == BM_E_MEMORY ? rc : BM_OK;
}

bm_status instance_read_versions(struct instance *in, struct ca_refusal *why)
{
    struct staying staying = { .in = in };
    const struct store_visit visit = { &staying, see };
    struct store *s = in->store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = number_all(in);
    if (rc == BM_OK) {
        rc = s->allocation_list(s->self, 0, &visit);
    }
    s->rollback(s->self);
    if (rc == BM_OK &&
        (in->mode == INSTANCE_WRITE || in->mode == INSTANCE_ISSUER)) {
        rc = keep_all(in, why);
    }
    for (size_t i = 0; rc == BM_OK && i < staying.n; i++) {
        rc = take(in, staying.at[i].profile, staying.at[i].version);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
