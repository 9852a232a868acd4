/* SPDX-License-Identifier: Apache-2.0 */
/* setgroups(), setresuid(), syscall() */
#define _GNU_SOURCE
#include "daemon/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/sandbox_internal.h"
#include "files/files.h"
#include "keys/tpm2.h"

/* ---- Who a room is */

/* One row of the user database, without its strings. */
struct user {
    uid_t uid;
    gid_t gid;
};

static bool find_user(const char *name, struct user *user)
{
    char room[4096];
    struct passwd row;
    struct passwd *found = NULL;

    if (getpwnam_r(name, &row, room, sizeof room, &found) != 0 ||
        found == NULL) {
        return false;
    }
    *user = (struct user){ row.pw_uid, row.pw_gid };
    return true;
}

static bool stays_root(const struct settings *settings)
{
    return strcmp(settings->user, "root") == 0;
}

/* "birthmark-signer" if there is such a user, with the group of "birthmark",
 * which is who it is otherwise. */
static bool room_user(const struct settings *settings,
                      const struct room_type *type, struct user *user,
                      char name[64])
{
    struct user own;

    if (!find_user(settings->user, user)) {
        return false;
    }
    (void)snprintf(name, 64, "%s-%s", settings->user, type->name);
    if (find_user(name, &own)) {
        user->uid = own.uid;
    } else {
        (void)snprintf(name, 64, "%s", settings->user);
    }
    return user->uid != 0;
}

bm_status sandbox_check(const struct settings *settings, struct ca_refusal *why)
{
    struct user user;

    if (geteuid() != 0 || stays_root(settings)) {
        return BM_OK;
    }
    if (!find_user(settings->user, &user)) {
        return ca_refuse(why, BM_E_SANDBOX,
                         "there is no user %s to give up root for: useradd "
                         "--system %s, or another one as user: in "
                         "birthmark.yaml",
                         settings->user, settings->user);
    }
    return user.uid != 0 ? BM_OK
                         : ca_refuse(why, BM_E_SANDBOX, "user %s is root",
                                     settings->user);
}

bm_status sandbox_check_owner(const struct settings *settings, const char *dir,
                              struct ca_refusal *why)
{
    struct user user;
    struct stat st;

    if (geteuid() != 0 || stays_root(settings) ||
        !find_user(settings->user, &user)) {
        return BM_OK;
    }
    if (stat(dir, &st) != 0 || st.st_uid != user.uid) {
        return ca_refuse(why, BM_E_SANDBOX,
                         "%s does not belong to user %s, who is to write there "
                         "(chown -R %s: %s)",
                         dir, settings->user, settings->user, dir);
    }
    return BM_OK;
}

void sandbox_user(const struct settings *settings, const struct room_type *type,
                  char name[64])
{
    struct user user;
    struct passwd *me;

    if (geteuid() != 0 || stays_root(settings)) {
        me = getpwuid(geteuid());
        (void)snprintf(name, 64, "%s", me == NULL ? "?" : me->pw_name);
    } else if (!room_user(settings, type, &user, name)) {
        (void)snprintf(name, 64, "nobody to be");
    }
}

/* Root without its rights is an owner of files like others. */
static bm_status drop_capabilities(void)
{
    struct __user_cap_header_struct head = { .version =
                                                 _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0, 0,
                                                                       0 } };

    return syscall(SYS_capset, &head, none) == 0 ? BM_OK : BM_E_SANDBOX;
}

bm_status sandbox_drop(const struct room *room, struct ca_refusal *why)
{
    struct user user;
    char name[64];
    uid_t r;
    uid_t e;
    uid_t s;

    if (geteuid() != 0 || stays_root(&room->settings)) {
        return drop_capabilities() == BM_OK
                   ? BM_OK
                   : ca_refuse(why, BM_E_SANDBOX, "capabilities");
    }
    if (!room_user(&room->settings, room->type, &user, name) ||
        setgroups(0, NULL) != 0 ||
        setresgid(user.gid, user.gid, user.gid) != 0 ||
        setresuid(user.uid, user.uid, user.uid) != 0 ||
        getresuid(&r, &e, &s) != 0 || r != user.uid || e != user.uid ||
        s != user.uid || setuid(0) == 0) {
        return ca_refuse(why, BM_E_SANDBOX, "cannot become user %s",
                         room->settings.user);
    }
    return BM_OK;
}

/* ---- The walls */

static bool has_class(unsigned classes, enum bm_key_sandbox class)
{
    return (classes & 1U << class) != 0;
}

/* A TPM's device, which opens again when it was away, or the socket of one in
 * software. */
static void plan_device(const struct settings *s, struct sandbox_plan *plan)
{
    struct bm_key_tpm2_tcti where;

    plan->device = true;
    if (bm_key_tpm2_tcti(s->token_tpm, &where) != BM_OK) {
        return; /* then no key leads there */
    }
    if (where.place == BM_KEY_TPM2_DEVICE) {
        plan->tpm = where.path;
    } else if (where.place == BM_KEY_TPM2_UNIX) {
        plan->connects = true;
    }
}

bm_status sandbox_plan_make(const struct room *room, struct sandbox_plan *plan)
{
    const struct settings *s = &room->settings;

    *plan = (struct sandbox_plan){ .needs = &room->type->needs,
                                   .writes = room->type->needs.write_files };
    if (has_class(room->key_classes, BM_KEY_SANDBOX_DEVICE)) {
        plan_device(s, plan);
    }
    if (!has_class(room->key_classes, BM_KEY_SANDBOX_MODULE)) {
        return BM_OK;
    }
    plan->module = true;
    plan->read = s->token_read;
    plan->write = s->token_write;
    plan->writes = plan->writes || s->token_write != NULL;
    plan->connects = plan->connects || s->token_sockets != NULL;
    if (s->token_pin == NULL) {
        return BM_OK;
    }
    return s->token_pin[0] == '/'
               ? files_path(plan->pin, "", s->token_pin + 1)
               : files_path(plan->pin, room->dir, s->token_pin);
}

/* A core would hold keys; a process more would be a place to hide. Threads
 * count as processes here, and those of a module are let through by seccomp,
 * which lets no process through. */
static bm_status set_limits(const struct sandbox_plan *plan)
{
    const struct rlimit none = { 0, 0 };

    return setrlimit(RLIMIT_CORE, &none) == 0 &&
                   (plan->module || setrlimit(RLIMIT_NPROC, &none) == 0)
               ? BM_OK
               : BM_E_SANDBOX;
}

/* landlock_restrict_self(2) is about this thread and those that it starts:
 * one of a module that runs already would stay outside. */
static bool is_alone(void)
{
    struct stat st;

    return stat("/proc/self/task", &st) == 0 && st.st_nlink == 2 + 1;
}

bm_status sandbox_enter(const struct room *room, struct ca_refusal *why)
{
    struct sandbox_plan plan;
    bm_status rc = sandbox_plan_make(room, &plan);

    if (rc != BM_OK || set_limits(&plan) != BM_OK ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ca_refuse(why, BM_E_SANDBOX, "limits");
    }
    if (plan.module && !is_alone()) {
        return ca_refuse(why, BM_E_SANDBOX,
                         "a PKCS#11 module has started threads of its own");
    }
    BM_TRY(landlock_enter(room->dir, &plan, why));
    return seccomp_enter(&plan, why);
}

/* ---- In words */

static void list(struct bm_wr *w, const char *what, const char *const *names,
                 size_t max)
{
    for (size_t i = 0; i < max && names != NULL && names[i] != NULL; i++) {
        bm_wr_str(w, i == 0 ? what : ", ");
        bm_wr_str(w, names[i]);
    }
}

void sandbox_describe(const struct room_type *type, struct bm_wr *w)
{
    const struct room_needs *needs = &type->needs;

    bm_wr_str(w, needs->accept    ? "accepts"
                 : needs->connect ? "connects out"
                                  : "no network");
    if (needs->read_dirs[0] == NULL && needs->write_dirs[0] == NULL) {
        bm_wr_str(w, "; no path");
    }
    list(w, "; reads ", needs->read_dirs, ROOM_DIRS_MAX);
    list(w, "; writes ", needs->write_dirs, ROOM_DIRS_MAX);
}

static void describe_device(const struct settings *settings, struct bm_wr *w)
{
    struct bm_key_tpm2_tcti where;

    bm_wr_str(w, "device: ");
    if (bm_key_tpm2_tcti(settings->token_tpm, &where) != BM_OK ||
        where.path == NULL) {
        bm_wr_str(w, "nothing more");
        return;
    }
    bm_wr_str(w, where.place == BM_KEY_TPM2_DEVICE
                     ? "reads and writes "
                     : "connects to local sockets, as ");
    bm_wr_str(w, where.path);
}

void sandbox_describe_class(const struct settings *settings,
                            enum bm_key_sandbox class, struct bm_wr *w)
{
    static const char *const none[] = { NULL };
    const char *const pin[] = { settings->token_pin, NULL };

    if (class == BM_KEY_SANDBOX_DEVICE) {
        describe_device(settings, w);
        return;
    }
    if (class != BM_KEY_SANDBOX_MODULE) {
        bm_wr_str(w, "memory: nothing more");
        return;
    }
    bm_wr_str(w, "module: threads");
    list(w, "; reads ", settings->token_read, SETTINGS_TOKEN_LIST_MAX);
    list(w, settings->token_read != NULL ? ", " : "; reads ",
         settings->token_pin != NULL ? pin : none, 1);
    list(w, "; writes ", settings->token_write, SETTINGS_TOKEN_LIST_MAX);
    list(w, "; connects to local sockets, as ", settings->token_sockets,
         SETTINGS_TOKEN_LIST_MAX);
}
