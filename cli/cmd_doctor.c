/* SPDX-License-Identifier: Apache-2.0 */
#include "server/doctor.h"

#include "cli/args.h"
#include "cli/instance.h"
#include "cli/listing.h"

enum {
    OPTION_DIR = 1,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--json", NULL, "one JSON object per finding and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark doctor", "[--dir DIR] [--json]",
    "Look for what should not stay as it is: secrets beside what they open,\n"
    "names that nobody can reach, certificates and lists about to expire, a\n"
    "damaged database. Ends with 1 if something does not work, or soon will\n"
    "not; warnings alone end with 0.\n",
    options
};

struct given {
    const char *dir;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "level", 5, NULL },
    { "check", 12, NULL },
    { "finding", 0, NULL },
    { NULL, 0, NULL },
};

struct print {
    struct listing listing;
    bm_status rc;
};

static void finding(void *arg, enum doctor_level level, const char *check,
                    const char *words)
{
    static const char *const levels[] = { "ok", "warn", "FAIL" };
    struct print *p = arg;
    struct tree t = { false };
    json_t *o = tree_object(&t);
    bm_status rc;

    tree_set(&t, o, "level", tree_str(&t, levels[level]));
    tree_set(&t, o, "check", tree_str(&t, check));
    tree_set(&t, o, "finding", tree_str(&t, words));
    rc = listing_print(&p->listing, &t, o);
    p->rc = p->rc == BM_OK ? rc : p->rc;
}

static int run(struct session *s, bool json)
{
    struct print p = { { json, columns }, BM_OK };
    struct doctor_report report = { &p, finding };
    struct ca_refusal why = { .status = BM_OK };
    enum doctor_level worst = doctor_run(s->instance, s->now, &report);
    int rc = session_result(s, p.rc, &why);

    return rc == CMD_OK && worst == DOCTOR_FAIL ? CMD_FAILED : rc;
}

int cmd_doctor(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CA_READ,
                                     .founder = true };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, given.json);
    }
    session_close(&s);
    return rc;
}
