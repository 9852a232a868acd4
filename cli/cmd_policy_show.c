/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/policy_file.h"
#include "cli/policy_message.h"
#include "cli/provider.h"
#include "cli/show.h"
#include "cli/text.h"
#include "firewall/firewall.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print one JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy show", "[--json] FILE",
    "Print what a table of the firewall says: its version, what it takes, its\n"
    "rules by name, and who signed it, if it is signed. The signature is\n"
    "verified; whether the signer is to be trusted is for devices to say.\n",
    options
};

struct given {
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static json_t *modes_tree(struct tree *t, unsigned modes)
{
    json_t *names = tree_array(t);

    for (unsigned i = 0; i < POLICY_MODES; i++) {
        if ((modes & 1u << i) != 0) {
            tree_append(t, names,
                        tree_str(t, policy_mode_name((enum policy_mode)i)));
        }
    }
    return names;
}

static json_t *rule_tree(struct tree *t, const struct bm_fw_table *table,
                         unsigned i)
{
    struct bm_fw_rule rule;
    json_t *o = tree_object(t);

    bm_fw_table_rule(table, i, &rule);
    tree_set(t, o, "name", tree_text(t, bm_fw_table_name(table, i)));
    tree_set(
        t, o, "verdict",
        tree_str(t, policy_verdict_name((enum policy_verdict)rule.verdict)));
    tree_set(t, o, "modes", modes_tree(t, rule.modes));
    tree_set(t, o, "flows", tree_bool(t, (rule.flags & BM_FW_FLOWS) != 0));
    return o;
}

static json_t *tree_of(struct tree *t, const char *name,
                       const struct policy_message *m)
{
    json_t *o = tree_object(t);
    json_t *rules = tree_array(t);

    tree_set(t, o, "file", tree_str(t, name));
    tree_set(t, o, "signed", tree_bool(t, m->is_signed));
    if (m->is_signed) {
        show_set_name(t, o, "signer", m->signer.subject);
    }
    tree_set(t, o, "version", tree_int(t, m->table.version));
    tree_set(t, o, "floor", tree_int(t, m->table.floor));
    tree_set(t, o, "flash", tree_int(t, (int64_t)m->n));
    tree_set(t, o, "ram", tree_int(t, (int64_t)bm_fw_room(&m->table)));
    tree_set(t, o, "probes", tree_int(t, m->table.probes));
    for (unsigned i = 0; i < m->table.rule_n; i++) {
        tree_append(t, rules, rule_tree(t, &m->table, i));
    }
    tree_set(t, o, "rules", rules);
    return o;
}

static int print(const char *name, const struct policy_message *m, bool json)
{
    struct tree t = { false };
    json_t *o = tree_of(&t, name, m);

    if (json) {
        return policy_print_json(&t, o);
    }
    if (!t.failed) {
        t.failed = text_print(stdout, o, 0) != BM_OK;
    }
    json_decref(o);
    return t.failed ? policy_file_complain(name, bm_status_text(BM_E_MEMORY))
                    : CMD_OK;
}

static int show(const char *name, struct bm_bytes octets, bool json)
{
    struct bm_crypto *crypto = provider_new();
    struct policy_message m;
    bm_status status;
    int rc = CMD_FAILED;

    if (crypto == NULL) {
        return CMD_FAILED;
    }
    status = policy_message_open(octets, crypto, &m);
    if (status == BM_OK) {
        rc = print(name, &m, json);
        policy_message_wipe(&m);
    } else {
        refusal_print(&(struct refusal){
            .file = name, .status = status, .at = REFUSAL_NOWHERE });
    }
    provider_free(crypto);
    return rc;
}

int cmd_policy_show(int argc, char **argv)
{
    struct given given = { false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    struct bm_bytes octets;
    uint8_t *memory = NULL;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = image_file_octets(args.words[0], &octets, &memory);
    if (rc == CMD_OK) {
        rc = show(args.words[0], octets, given.json);
    }
    free(memory);
    return rc;
}
