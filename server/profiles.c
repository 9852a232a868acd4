/* SPDX-License-Identifier: Apache-2.0 */

/* The profiles of an instance: its files, and those of the authority itself. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/instance_internal.h"

#define PROFILE_TEXT_MAX ((size_t)64 << 10)

static bm_status check_twice(const struct instance *in, const char *name,
                             const char *file, struct ca_refusal *why)
{
    for (size_t i = 0; i < in->profiles_n; i++) {
        const struct ca_profile *p = in->profiles[i].profile;

        if (strcmp(ca_profile_policy(p)->name, name) == 0) {
            return ca_refuse(why, BM_E_PROFILE,
                             "%s: another file has profile %s", file, name);
        }
    }
    return BM_OK;
}

/* `ca`: bind to this one; NULL: to the one that the profile names, which must
 * be the only profile of its name. */
static bm_status take(struct instance *in, struct bm_bytes text,
                      const char *file, const char *ca, struct ca_refusal *why)
{
    struct instance_binding b = { .ca = ca };
    bm_status rc = BM_OK;

    BM_TRY(ca_profile_parse(text, file, &b.profile, why));
    if (ca == NULL) {
        rc = check_twice(in, ca_profile_policy(b.profile)->name, file, why);
    }
    if (rc == BM_OK) {
        rc = instance_bind(in, &b, why);
    }
    if (rc != BM_OK) {
        ca_profile_free(b.profile);
    }
    return rc;
}

static bm_status take_file(struct instance *in, const char *name,
                           struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    uint8_t *text;
    size_t n;
    bm_status rc;

    BM_TRY(files_path(dir, in->dir, "profiles"));
    BM_TRY(files_path(path, dir, name));
    BM_TRY(files_read(path, PROFILE_TEXT_MAX, &text, &n, why));
    rc = take(in, (struct bm_bytes){ text, n }, path, NULL, why);
    free(text);
    return rc;
}

static int is_profile(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return entry->d_name[0] != '.' && n > 5 &&
           strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

/* For each file of profiles/, in the order of their names. */
static bm_status each_file(const struct instance *in, void *arg,
                           bm_status (*one)(void *arg, const char *name),
                           struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    struct dirent **names = NULL;
    bm_status rc = BM_OK;
    int n;

    BM_TRY(files_path(dir, in->dir, "profiles"));
    n = scandir(dir, &names, is_profile, alphasort);
    if (n < 0) {
        return ca_refuse(why, errno == ENOMEM ? BM_E_MEMORY : BM_E_NOT_FOUND,
                         "%s", dir);
    }
    for (int i = 0; i < n; i++) {
        if (rc == BM_OK) {
            rc = one(arg, names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
    return rc;
}

struct taking {
    struct instance *in;
    struct ca_refusal *why;
};

static bm_status take_one(void *arg, const char *name)
{
    struct taking *t = arg;

    return take_file(t->in, name, t->why);
}

static struct bm_bytes shipped_text(const char *name)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return (struct bm_bytes){ (const uint8_t *)p->text,
                                      strlen(p->text) };
        }
    }
    return (struct bm_bytes){ NULL, 0 };
}

/* An OCSP responder's certificate is issued by the CA that it speaks for, so
 * its profile is there once for each. */
static bm_status take_responders(struct instance *in, struct ca_refusal *why)
{
    struct bm_bytes text = shipped_text(INSTANCE_OCSP_PROFILE);

    for (size_t i = 0; i < in->cas_n; i++) {
        if (in->cas[i].row.key_uri[0] != '\0') {
            BM_TRY(
                take(in, text, INSTANCE_OCSP_PROFILE, in->cas[i].row.id, why));
        }
    }
    return BM_OK;
}

bm_status instance_read_profiles(struct instance *in, struct ca_refusal *why)
{
    struct taking taking = { in, why };

    BM_TRY(each_file(in, &taking, take_one, why));
    BM_TRY(take_responders(in, why));
    if (instance_find_ca(in, "operations") != NULL) {
        BM_TRY(take(in, shipped_text(INSTANCE_BUNDLE_PROFILE),
                    INSTANCE_BUNDLE_PROFILE, NULL, why));
    }
    return instance_read_versions(in, why);
}

/* ---- What could be issued by a CA that is to be */

struct trying {
    const struct instance_trial *t;
    struct ca_refusal *why;
};

static bm_status try_text(const struct trying *trying, struct bm_bytes text,
                          const char *file, bool any)
{
    const struct instance_trial *t = trying->t;
    const struct ca_profile_issuer issuer = {
        .id = t->id,
        .cert = t->cert,
        .sig_alg = bm_sig_alg_for(t->cert->key.type),
        .public_url = t->in->settings.public_url,
        .crypto = t->in->port.crypto,
        .above = t->above,
        .above_n = t->above_n
    };
    const struct ca_profile_policy *policy;
    struct ca_refusal inner = { .status = BM_OK };
    struct ca_profile *profile;
    bm_status rc;

    BM_TRY(ca_profile_parse(text, file, &profile, trying->why));
    policy = ca_profile_policy(profile);
    if (any || instance_generation(t->id, policy->ca) != 0) {
        rc = ca_profile_bind(profile, &issuer, &inner);
        if (rc != BM_OK) {
            t->cannot(t->arg, policy->name, inner.words);
        }
    }
    ca_profile_free(profile);
    return BM_OK;
}

static bm_status try_one(void *arg, const char *name)
{
    const struct trying *t = arg;
    char dir[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    uint8_t *text;
    size_t n;
    bm_status rc;

    BM_TRY(files_path(dir, t->t->in->dir, "profiles"));
    BM_TRY(files_path(path, dir, name));
    BM_TRY(files_read(path, PROFILE_TEXT_MAX, &text, &n, t->why));
    rc = try_text(t, (struct bm_bytes){ text, n }, name, false);
    free(text);
    return rc;
}

bm_status instance_try_profiles(const struct instance_trial *trial,
                                struct ca_refusal *why)
{
    struct trying t = { trial, why };

    BM_TRY(try_text(&t, shipped_text(INSTANCE_OCSP_PROFILE),
                    INSTANCE_OCSP_PROFILE, true));
    BM_TRY(try_text(&t, shipped_text(INSTANCE_BUNDLE_PROFILE),
                    INSTANCE_BUNDLE_PROFILE, false));
    return each_file(trial->in, &t, try_one, why);
}
