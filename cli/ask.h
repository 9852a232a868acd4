/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ASK_H
#define BM_CLI_ASK_H

#include "cli/instance.h"
#include "cli/listing.h"

/*
 * A verb that is one operation: its arguments are parameters, in order, and
 * the answer is printed.
 */
enum ask_answer {
    ASK_NOTHING, /* an act that says it all by succeeding */
    ASK_ID,      /* the `id` of what was made, alone */
    ASK_SHOW,    /* what there is; as text, or JSON */
    ASK_LIST     /* all of a list, in lines */
};

/* The option of what is shown. */
#define ASK_JSON 1
#define ASK_JSON_OPTION_OF(words)       \
    {                                   \
        "--json", NULL, words, ASK_JSON \
    }
#define ASK_JSON_OPTION ASK_JSON_OPTION_OF("as JSON objects")

#define ASK_FILTERS_MAX 2

struct ask_param {
    const char *name;
    bool number;
};

struct ask {
    const struct cmd_verb *verb;
    const char *words_name;         /* "ORG PROFILE" */
    const struct ask_param *params; /* of words; end with a zero row */
    const char *operation;
    enum ca_act act;
    enum ask_answer answer;
    const struct listing_column *columns; /* ASK_LIST */
    /* ASK_SHOW, as text; NULL: all members, as text.h does. */
    bm_status (*print)(json_t *answer);
    /* Parameters that options of its own set: ASK_JSON + 1, + 2, ... */
    const char *filters[ASK_FILTERS_MAX];

    /* Where it takes more options than the place and, of what is shown,
     * --json; all NULL else. */
    const struct args_row *rows; /* into `given`, */
    void *given;
    const struct session_place *place; /* which is in it */
    /* Parameters from them; false: said what is wrong. */
    bool (*fill)(const void *given, json_t *params);
};
int ask_run(const struct ask *ask, int argc, char **argv);

/* Tables of options of verbs that act, and of those that look. */
extern const struct cmd_option ask_acting[];
extern const struct cmd_option ask_looking[];

#endif
