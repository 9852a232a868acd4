/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <string.h>

#include "cli/pages.h"
#include "cli/profile_source.h"
#include "cli/report.h"
#include "cli/safe.h"
#include "protocols/admin/things.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "those of this instance, not those of the program",
      SESSION_DIR },
    SESSION_SERVER_OPTIONS,
    { "--json", NULL, "one JSON object per profile and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile list", "[OPTION]...",
    "List profiles: those of an instance, or those that come with the\n"
    "program. Of these it says how: init - 'birthmark init' writes it down;\n"
    "demand - write it yourself where you have a CA for it ('birthmark\n"
    "profile show NAME'); built-in - the authority's own.\n",
    options
};

struct given {
    struct session_place place;
    bool json;
    bool help;
};

static int parse_command_line(struct given *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct given){ .json = false };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        switch (id) {
        case CMD_OPTION_HELP:
            s->help = true;
            return CMD_OK;
        case OPTION_JSON:
            s->json = true;
            break;
        case CMD_OPTION_FILE:
            return cmd_usage_error(verb.path, "takes no argument: '%.40s'",
                                   line.value);
        default:
            if (!session_take_option(&s->place, id, line.value)) {
                return CMD_USAGE;
            }
            break;
        }
    }
    return CMD_OK;
}

/* Indices are enum ca_profile_shipping. */
static const char *const shippings[] = { "init", "demand", "built-in" };

/* As JSON, or name and purpose. The object is taken over. */
static bool print_profile(json_t *profile, bool json)
{
    struct report r = { .json = true, .file = "profile" };
    struct tree t = { .failed = profile == NULL };
    const char *name = json_string_value(json_object_get(profile, "profile"));
    const char *about = json_string_value(json_object_get(profile, "about"));
    const char *how = json_string_value(json_object_get(profile, "shipped"));

    if (json) {
        fputc('{', stdout);
        report_members(&r, &t, profile);
        fputs("}\n", stdout);
        return !r.failed;
    }
    safe_print_str(stdout, name != NULL ? name : "-");
    for (size_t i = name != NULL ? strlen(name) : 1; i < 22; i++) {
        putchar(' ');
    }
    putchar(' ');
    if (how != NULL) {
        printf("%-9s ", how);
    }
    safe_print_str(stdout, about != NULL ? about : "-");
    putchar('\n');
    json_decref(profile);
    return true;
}

/* `how`: it comes with the program; or NULL. */
static bool print(const struct profile_source *source, const char *how,
                  bool json)
{
    struct tree t = { false };
    json_t *o = things_profile(&t, source->profile, source->name);

    if (how != NULL) {
        tree_set(&t, o, "shipped", tree_str(&t, how));
    }
    if (t.failed) {
        json_decref(o);
        o = NULL;
        fputs("birthmark: out of memory\n", stderr);
        return false;
    }
    return print_profile(o, json);
}

static bool list_one(void *arg, struct profile_source *source,
                     const struct ca_profile_shipped *shipped)
{
    const bool *json = arg;

    return print(source, shipped != NULL ? shippings[shipped->shipping] : NULL,
                 *json);
}

static bm_status print_served(void *arg, json_t *profile)
{
    const bool *json = arg;

    return print_profile(profile, *json) ? BM_OK : BM_E_MEMORY;
}

static int list_served(struct given *given)
{
    const struct session_config config = { .path = verb.path,
                                           .place = &given->place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_PROFILE_READ };
    struct session s;
    struct pages pages = { .session = &s,
                           .operation = "listProfiles",
                           .arg = &given->json,
                           .one = print_served };
    struct ca_refusal why = { .status = BM_OK };
    int rc = session_open(&s, &config);

    if (rc == CMD_OK) {
        pages.params = json_object();
        rc = session_result(&s, pages_walk(&pages, &why), &why);
    }
    session_close(&s);
    return rc;
}

int cmd_profile_list(int argc, char **argv)
{
    struct given s;
    int rc = parse_command_line(&s, argc, argv);
    bool good;

    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    if (s.place.url != NULL) {
        return list_served(&s);
    }
    good = profile_source_each(s.place.dir, &s.json, list_one);
    return good ? CMD_OK : CMD_FAILED;
}
