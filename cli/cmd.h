/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_CMD_H
#define BM_CLI_CMD_H

#include <stddef.h>
#include <stdio.h>

/*
 * The command line is `birthmark NOUN VERB [OPTION]... [ARGUMENT]...`. A noun
 * is a file with a table of verbs, a verb a file with a table of options; the
 * help texts are printed from the same tables.
 *
 * What was asked for goes to stdout, words about it go to stderr.
 */

/* Exit codes are an interface: scripts branch on them. */
enum {
    CMD_OK = 0,
    CMD_FAILED = 1, /* tried, and did not succeed: unreadable, not valid */
    CMD_USAGE = 2,  /* the command line is wrong; nothing was tried */
    CMD_REFUSED = 3 /* would destroy or weaken something */
};

/* A noun or a verb. Tables end with a zero row. */
struct cmd {
    const char *name;
    const char *args; /* as in the manual page */
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the name */
};

/* An option of a verb, always in the long form. Tables end with a zero row. */
struct cmd_option {
    const char *name; /* "--json" */
    const char *arg;  /* "FILE", or NULL for a flag */
    const char *help;
    int id; /* what cmd_next_option() returns; positive */
};

/* All that the help of a verb is printed from. */
struct cmd_verb {
    const char *path; /* "birthmark cert show" */
    const char *args; /* "[OPTION]... FILE..." */
    const char *about;
    const struct cmd_option *options;
};

/*
 * Run the entry of `table` that argv[1] names. `path` is what came before
 * ("birthmark cert"), for help and messages. An unknown name suggests the
 * nearest one.
 */
int cmd_dispatch(const struct cmd *table, const char *path, int argc,
                 char **argv);

void cmd_print_table(FILE *to, const struct cmd *table, const char *path);
void cmd_print_help(const struct cmd_verb *verb);

/* Results of cmd_next_option() beside the ids of the table. */
enum {
    CMD_OPTION_END = 0,    /* no more arguments */
    CMD_OPTION_HELP = -1,  /* -h, --help */
    CMD_OPTION_FILE = -2,  /* not an option: `value` is the argument */
    CMD_OPTION_ERROR = -3, /* the message has been printed */
};

/* Where the reading of a command line stands. Start with next = 1. */
struct cmd_line {
    int argc;
    char **argv;
    int next;
    int only_files; /* "--" was seen */
    const char *value;
};

/*
 * Take one argument. Options and files may stand in any order, an option's
 * value is the next argument or follows a '='; "--" ends the options and "-"
 * is a file.
 */
int cmd_next_option(struct cmd_line *line, const struct cmd_verb *verb);

/* Print "PATH: wrong use (try: PATH --help)" with a reason; CMD_USAGE. */
int cmd_usage_error(const char *path, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int cmd_init(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);

int cmd_root(int argc, char **argv);
int cmd_root_init(int argc, char **argv);
int cmd_root_sign(int argc, char **argv);
int cmd_root_crl(int argc, char **argv);
int cmd_root_request(int argc, char **argv);
int cmd_root_shares(int argc, char **argv);
int cmd_root_transcript(int argc, char **argv);

int cmd_ca(int argc, char **argv);
int cmd_ca_list(int argc, char **argv);
int cmd_ca_show(int argc, char **argv);
int cmd_ca_crl(int argc, char **argv);
int cmd_ca_ocsp(int argc, char **argv);
int cmd_ca_create(int argc, char **argv);
int cmd_ca_request(int argc, char **argv);
int cmd_ca_install(int argc, char **argv);
int cmd_ca_import(int argc, char **argv);
int cmd_ca_rollover(int argc, char **argv);
int cmd_ca_retire(int argc, char **argv);

int cmd_token(int argc, char **argv);
int cmd_token_create(int argc, char **argv);
int cmd_token_list(int argc, char **argv);
int cmd_token_revoke(int argc, char **argv);

int cmd_ledger(int argc, char **argv);
int cmd_ledger_checkpoint(int argc, char **argv);
int cmd_ledger_verify(int argc, char **argv);
int cmd_ledger_prove(int argc, char **argv);
int cmd_ledger_check(int argc, char **argv);

int cmd_cert(int argc, char **argv);
int cmd_cert_issue(int argc, char **argv);
int cmd_cert_import(int argc, char **argv);
int cmd_cert_lint(int argc, char **argv);
int cmd_cert_list(int argc, char **argv);
int cmd_cert_export(int argc, char **argv);
int cmd_cert_revoke(int argc, char **argv);
int cmd_cert_release(int argc, char **argv);
int cmd_cert_show(int argc, char **argv);
int cmd_cert_verify(int argc, char **argv);

int cmd_device(int argc, char **argv);
int cmd_device_list(int argc, char **argv);
int cmd_device_events(int argc, char **argv);
int cmd_device_show(int argc, char **argv);
int cmd_device_suspend(int argc, char **argv);
int cmd_device_resume(int argc, char **argv);
int cmd_device_renew(int argc, char **argv);
int cmd_device_add(int argc, char **argv);
int cmd_device_expect(int argc, char **argv);
int cmd_device_export(int argc, char **argv);
int cmd_device_set(int argc, char **argv);
int cmd_device_revoke(int argc, char **argv);
int cmd_device_retire(int argc, char **argv);
int cmd_device_stock(int argc, char **argv);
int cmd_device_ship(int argc, char **argv);

int cmd_transfer(int argc, char **argv);
int cmd_transfer_offer(int argc, char **argv);
int cmd_transfer_list(int argc, char **argv);
int cmd_transfer_show(int argc, char **argv);
int cmd_transfer_devices(int argc, char **argv);
int cmd_transfer_accept(int argc, char **argv);
int cmd_transfer_refuse(int argc, char **argv);
int cmd_transfer_withdraw(int argc, char **argv);
int cmd_renewal(int argc, char **argv);
int cmd_renewal_pull(int argc, char **argv);
int cmd_renewal_list(int argc, char **argv);
int cmd_renewal_cancel(int argc, char **argv);
int cmd_renewal_report(int argc, char **argv);

int cmd_signal(int argc, char **argv);
int cmd_signal_list(int argc, char **argv);

int cmd_manufacturer(int argc, char **argv);
int cmd_manufacturer_add(int argc, char **argv);
int cmd_manufacturer_expect(int argc, char **argv);
int cmd_manufacturer_crl(int argc, char **argv);
int cmd_manufacturer_list(int argc, char **argv);
int cmd_manufacturer_show(int argc, char **argv);
int cmd_manufacturer_remove(int argc, char **argv);

int cmd_destination(int argc, char **argv);
int cmd_destination_create(int argc, char **argv);
int cmd_destination_kinds(int argc, char **argv);
int cmd_destination_list(int argc, char **argv);
int cmd_destination_show(int argc, char **argv);
int cmd_destination_disable(int argc, char **argv);
int cmd_destination_enable(int argc, char **argv);
int cmd_destination_remove(int argc, char **argv);
int cmd_destination_test(int argc, char **argv);
int cmd_destination_dead(int argc, char **argv);
int cmd_destination_retry(int argc, char **argv);
int cmd_destination_drop(int argc, char **argv);

int cmd_release(int argc, char **argv);
int cmd_release_create(int argc, char **argv);
int cmd_release_assign(int argc, char **argv);
int cmd_release_status(int argc, char **argv);
int cmd_release_list(int argc, char **argv);
int cmd_release_show(int argc, char **argv);

int cmd_ecosystem(int argc, char **argv);
int cmd_ecosystem_create(int argc, char **argv);
int cmd_ecosystem_list(int argc, char **argv);
int cmd_ecosystem_show(int argc, char **argv);

int cmd_org(int argc, char **argv);
int cmd_org_create(int argc, char **argv);
int cmd_org_list(int argc, char **argv);
int cmd_org_show(int argc, char **argv);
int cmd_org_rename(int argc, char **argv);
int cmd_org_suspend(int argc, char **argv);
int cmd_org_resume(int argc, char **argv);
int cmd_org_profiles(int argc, char **argv);
int cmd_org_enable(int argc, char **argv);
int cmd_org_disable(int argc, char **argv);
int cmd_org_quota(int argc, char **argv);
int cmd_org_move(int argc, char **argv);
int cmd_org_stay(int argc, char **argv);
int cmd_org_follow(int argc, char **argv);

int cmd_operator(int argc, char **argv);
int cmd_operator_create(int argc, char **argv);
int cmd_operator_list(int argc, char **argv);
int cmd_operator_renew(int argc, char **argv);
int cmd_operator_disable(int argc, char **argv);
int cmd_operator_enable(int argc, char **argv);

int cmd_batch(int argc, char **argv);
int cmd_request(int argc, char **argv);
int cmd_bundle(int argc, char **argv);
int cmd_bundle_show(int argc, char **argv);
int cmd_bundle_make(int argc, char **argv);
int cmd_bundle_verify(int argc, char **argv);
int cmd_batch_create(int argc, char **argv);
int cmd_batch_list(int argc, char **argv);
int cmd_batch_show(int argc, char **argv);
int cmd_batch_get(int argc, char **argv);
int cmd_batch_approve(int argc, char **argv);
int cmd_batch_reject(int argc, char **argv);
int cmd_batch_abort(int argc, char **argv);
int cmd_batch_resume(int argc, char **argv);
int cmd_batch_confirm(int argc, char **argv);
int cmd_batch_revoke(int argc, char **argv);
int cmd_request_list(int argc, char **argv);
int cmd_request_show(int argc, char **argv);
int cmd_request_approve(int argc, char **argv);
int cmd_request_reject(int argc, char **argv);

int cmd_key(int argc, char **argv);

int cmd_image(int argc, char **argv);
int cmd_image_keygen(int argc, char **argv);
int cmd_image_sign(int argc, char **argv);
int cmd_image_request(int argc, char **argv);

int cmd_keyset(int argc, char **argv);
int cmd_keyset_make(int argc, char **argv);
int cmd_keyset_show(int argc, char **argv);
int cmd_keyset_verify(int argc, char **argv);
int cmd_image_show(int argc, char **argv);
int cmd_image_verify(int argc, char **argv);
int cmd_image_convert(int argc, char **argv);
int cmd_image_send(int argc, char **argv);

int cmd_unlock(int argc, char **argv);
int cmd_unlock_split(int argc, char **argv);
int cmd_unlock_rotate(int argc, char **argv);
int cmd_unlock_check(int argc, char **argv);
int cmd_unlock_combine(int argc, char **argv);
int cmd_unlock_show(int argc, char **argv);

int cmd_doctor(int argc, char **argv);

int cmd_profile(int argc, char **argv);
int cmd_profile_list(int argc, char **argv);
int cmd_profile_show(int argc, char **argv);
int cmd_profile_check(int argc, char **argv);
int cmd_profile_lint(int argc, char **argv);
int cmd_profile_diff(int argc, char **argv);

int cmd_policy(int argc, char **argv);
int cmd_policy_check(int argc, char **argv);
int cmd_policy_compile(int argc, char **argv);
int cmd_policy_nft(int argc, char **argv);
int cmd_policy_import(int argc, char **argv);
int cmd_policy_explain(int argc, char **argv);
int cmd_policy_test(int argc, char **argv);
int cmd_policy_sign(int argc, char **argv);
int cmd_policy_show(int argc, char **argv);

#endif
