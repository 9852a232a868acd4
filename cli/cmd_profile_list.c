/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/profile_source.h"
#include "cli/report.h"
#include "cli/safe.h"

enum {
    OPTION_DIR = 1,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "those of this instance, not those of the program",
      OPTION_DIR },
    { "--json", NULL, "one JSON object per profile and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile list", "[OPTION]...",
    "List profiles: those that come with the program, and which\n"
    "'birthmark init' writes down, or those of an instance.\n",
    options
};

struct settings {
    const char *dir;
    bool json;
    bool help;
};

static int parse_command_line(struct settings *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct settings){ .dir = NULL };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        switch (id) {
        case CMD_OPTION_HELP:
            s->help = true;
            return CMD_OK;
        case OPTION_DIR:
            s->dir = line.value;
            break;
        case OPTION_JSON:
            s->json = true;
            break;
        case CMD_OPTION_FILE:
            return cmd_usage_error(verb.path, "takes no argument: '%.40s'",
                                   line.value);
        default:
            return CMD_USAGE;
        }
    }
    return CMD_OK;
}

static json_t *requesters(struct tree *t, unsigned by)
{
    static const char *const names[] = { "operator", "token", "idevid",
                                         "current", "authority" };
    json_t *list = tree_array(t);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((by >> i & 1) != 0) {
            tree_append(t, list, tree_str(t, names[i]));
        }
    }
    return list;
}

static bool print_json(const struct profile_source *source)
{
    const struct ca_profile_policy *p = ca_profile_policy(source->profile);
    struct report r = { .json = true, .file = source->name };
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "profile", tree_str(&t, p->name));
    tree_set(&t, o, "about", tree_str(&t, p->about));
    tree_set(&t, o, "file", tree_str(&t, source->name));
    tree_set(&t, o, "ca", tree_str(&t, p->ca));
    tree_set(&t, o, "by", requesters(&t, p->by));
    tree_set(&t, o, "device", tree_bool(&t, p->device));
    tree_set(&t, o, "renewable", tree_bool(&t, p->renewable));
    fputc('{', stdout);
    report_members(&r, &t, o);
    fputs("}\n", stdout);
    return !r.failed;
}

static bool print(const struct profile_source *source, bool json)
{
    const struct ca_profile_policy *p = ca_profile_policy(source->profile);

    if (json) {
        return print_json(source);
    }
    printf("%-22s ", p->name); /* of a-z, 0-9, '.' and '-' */
    safe_print_str(stdout, p->about);
    fputc('\n', stdout);
    return true;
}

/* `ok`: it could be opened. */
static bool print_opened(struct profile_source *source, bool ok, bool json)
{
    if (ok) {
        ok = print(source, json);
        profile_source_close(source);
    }
    return ok;
}

static bool list_shipped(bool json)
{
    struct profile_source source;
    bool good = true;

    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        bool ok =
            p->hidden ||
            print_opened(&source, profile_source_shipped(&source, p), json);

        good = ok && good;
    }
    return good;
}

static int is_profile(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return entry->d_name[0] != '.' && n > 5 &&
           strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

static bool list_file(const char *folder, const char *name, bool json)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    struct profile_source source;
    bool ok = false;

    if (path == NULL) {
        fputs("birthmark: out of memory\n", stderr);
        return false;
    }
    (void)snprintf(path, n, "%s/%s", folder, name);
    ok = print_opened(&source, profile_source_file(&source, path), json);
    free(path);
    return ok;
}

static bool list_folder(const char *dir, bool json)
{
    size_t size = strlen(dir) + sizeof "/profiles";
    char *folder = malloc(size);
    struct dirent **names = NULL;
    bool good = true;
    int n;

    if (folder == NULL) {
        fputs("birthmark: out of memory\n", stderr);
        return false;
    }
    (void)snprintf(folder, size, "%s/profiles", dir);
    n = scandir(folder, &names, is_profile, alphasort);
    if (n < 0) {
        refusal_print_errno(folder, errno);
        good = false;
    }
    for (int i = 0; i < n; i++) {
        good = list_file(folder, names[i]->d_name, json) && good;
        free(names[i]);
    }
    free(names);
    free(folder);
    return good;
}

int cmd_profile_list(int argc, char **argv)
{
    struct settings s;
    int rc = parse_command_line(&s, argc, argv);
    bool good;

    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    good = s.dir != NULL ? list_folder(s.dir, s.json) : list_shipped(s.json);
    return good ? CMD_OK : CMD_FAILED;
}
