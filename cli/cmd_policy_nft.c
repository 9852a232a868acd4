/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/args.h"
#include "cli/policy_file.h"
#include "policy/nft.h"

enum {
    OPTION_DEVICE = 1,
    OPTION_MODE,
    OPTION_SUBNET,
    OPTION_TABLE
};

static const struct cmd_option options[] = {
    { "--device", "NAME", "an interface; repeat it for more", OPTION_DEVICE },
    { "--mode", "MODE", "normal (default), lockdown or repair", OPTION_MODE },
    { "--subnet", "CIDR", "a subnet of the device; repeat as needed",
      OPTION_SUBNET },
    { "--table", "NAME", "name of the tables (default birthmark)",
      OPTION_TABLE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy nft", "--device NAME [OPTION]... POLICY",
    "Print a policy of the firewall as a ruleset of nftables, for a device\n"
    "that runs Linux. What its first lines name are settings of the kernel\n"
    "without which it does not mean what it says.\n",
    options
};

struct given {
    struct args_many device;
    struct args_many subnet;
    const char *mode;
    const char *table;
};

static const struct args_row rows[] = {
    { OPTION_DEVICE, ARGS_MANY, offsetof(struct given, device), true },
    { OPTION_MODE, ARGS_TEXT, offsetof(struct given, mode), false },
    { OPTION_SUBNET, ARGS_MANY, offsetof(struct given, subnet), false },
    { OPTION_TABLE, ARGS_TEXT, offsetof(struct given, table), false },
    { 0, ARGS_FLAG, 0, false },
};

/* What is printed, and with what it is made. */
struct run {
    struct policy_nft_config config;
    struct bm_fw_subnets subnets;
    const char *devices[ARGS_MANY_MAX + 1];
};

static int take(struct run *run, const struct given *given)
{
    int mode = policy_mode_of(given->mode);

    if (mode < 0) {
        return cmd_usage_error(verb.path, "--mode: normal, lockdown or repair");
    }
    for (size_t i = 0; i < given->subnet.n; i++) {
        if (!policy_subnet_add(&run->subnets, given->subnet.value[i])) {
            return cmd_usage_error(verb.path,
                                   "--subnet: one of IPv4, up to %d of IPv6",
                                   BM_FW_SUBNETS_6);
        }
    }
    for (size_t i = 0; i < given->device.n; i++) {
        run->devices[i] = given->device.value[i];
    }
    run->config = (struct policy_nft_config){
        .table = given->table != NULL ? given->table : "birthmark",
        .devices = run->devices,
        .mode = (enum policy_mode)mode,
        .subnets = &run->subnets,
    };
    return CMD_OK;
}

static int print(const struct policy_file *f, const struct run *run)
{
    struct config_error error;
    char *text;
    bm_status rc = policy_nft(f->policy, &run->config, &text, &error);

    if (rc == BM_E_ARGUMENT) {
        return cmd_usage_error(verb.path, "a name is of at most 15 letters, "
                                          "digits and '_'");
    }
    if (rc == BM_E_POLICY_NFT) {
        return policy_file_refuse(f->name, &error);
    }
    if (rc != BM_OK) {
        return policy_file_complain(f->name, bm_status_text(rc));
    }
    (void)fputs(text, stdout);
    free(text);
    return CMD_OK;
}

int cmd_policy_nft(int argc, char **argv)
{
    struct given given = { .mode = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "POLICY",
                         .words_min = 1,
                         .words_max = 1 };
    struct run run = { .devices = { NULL } };
    struct policy_file f;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = take(&run, &given);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = policy_file_open(&f, args.words[0]);
    if (rc == CMD_OK) {
        run.config.tag =
            policy_nft_tag((struct bm_bytes){ f.compiled.table, f.compiled.n });
        rc = print(&f, &run);
    }
    policy_file_close(&f);
    return rc;
}
