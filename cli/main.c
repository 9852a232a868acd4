/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"

/* Sorted by life cycle, not by alphabet: the table is the tutorial. */
static const struct cmd nouns[] = {
    { "init", "DIR [--org NAME] [--host NAME]...",
      "make an instance: root, CAs, profiles, server, operator", cmd_init },
    { "root", "init | sign | crl | request | shares | transcript",
      "a root that stays cold: ceremonies, without instance or network",
      cmd_root },
    { "ca", "list | show | crl | ocsp",
      "certification authorities and what they publish", cmd_ca },
    { "profile", "list | show | diff | check | lint",
      "what certificates look like and who may have them", cmd_profile },
    { "token", "create | list | revoke",
      "secrets with which a device enrols, once", cmd_token },
    { "cert",
      "issue | list | show | verify | revoke | release | export | import",
      "certificates, requests, CRLs, CMS", cmd_cert },
    { "bundle", "show | make | verify",
      "what devices are told of roots and of what is revoked", cmd_bundle },
    { "device",
      "list | show | events | suspend | resume | renew | stock | ship",
      "devices, and what happened to them", cmd_device },
    { "renewal", "pull | list | cancel | report",
      "when devices renew, and whether they do", cmd_renewal },
    { "transfer", "offer | list | show | devices | accept | refuse | withdraw",
      "devices that change hands between organisations", cmd_transfer },
    { "signal", "list", "signs that a device was copied, or strayed",
      cmd_signal },
    { "manufacturer", "add | expect | crl | list | show | remove",
      "whose IDevIDs devices may enrol by", cmd_manufacturer },
    { "destination",
      "create | list | show | disable | enable | remove | test | dead",
      "where events go: webhooks and syslog", cmd_destination },
    { "release", "create | assign | status | list | show",
      "what devices are to have, and how far it came", cmd_release },
    { "batch",
      "create | list | show | get | approve | reject | abort | resume | revoke",
      "certificates for a production line, many at once", cmd_batch },
    { "request", "list | show | approve | reject",
      "what waits for a second operator", cmd_request },
    { "ecosystem", "create | list | show",
      "a consortium, whose members are organisations", cmd_ecosystem },
    { "org", "create | list | show | suspend | resume | profiles | quota ...",
      "organisations, and what they may have", cmd_org },
    { "operator", "create | list | renew | disable | enable",
      "who administers, with which roles", cmd_operator },
    { "ledger", "checkpoint | verify | prove | check",
      "the record of everything that the authority did", cmd_ledger },
    { "key", "generate | show", "keys in files, tokens and TPMs, by their URIs",
      cmd_key },
    { "image", "keygen | request | sign | show | verify | convert | send",
      "firmware images: what a device may run", cmd_image },
    { "keyset", "make | show | verify", "which keys may sign images",
      cmd_keyset },
    { "policy", "check | compile | nft | explain | test | import | sign | show",
      "what a device's firewall lets in and out", cmd_policy },
    { "unlock", "split | rotate | check | combine | show",
      "the secret that opens the keys, and shares of it", cmd_unlock },
    { "doctor", "[--dir DIR] [--json]",
      "look for what should not stay as it is", cmd_doctor },
    { "backup", "[--dir DIR] [--with-keys] FILE",
      "write an instance into a file, while it works on", cmd_backup },
    { "restore", "FILE DIR [OPTION]... | --resume [OPTION]...",
      "make an instance from a backup, and let it go on", cmd_restore },
    { NULL, NULL, NULL, NULL },
};

static int help(void)
{
    printf("usage: birthmark NOUN VERB [OPTION]... [ARGUMENT]...\n\n");
    cmd_print_table(stdout, nouns, "birthmark");
    printf("  birthmark NOUN --help | NOUN VERB --help\n"
           "      what the verbs of a noun do, what a verb takes\n"
           "  birthmark --version\n"
           "      print the version\n"
           "\nexit code: 0 done, 1 tried and failed, 2 wrong usage,\n"
           "3 refused because it would destroy or weaken something\n");
    return CMD_OK;
}

static int run(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        printf("birthmark %s\n", BM_VERSION);
        return CMD_OK;
    }
    if (argc == 2 &&
        (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
         strcmp(argv[1], "-h") == 0)) {
        return help();
    }
    return cmd_dispatch(nouns, "birthmark", argc, argv);
}

/*
 * The descriptor of a standard stream that is closed would be that of the next
 * file, and what is printed would be in that file: a lock, a database, a
 * journal. It is taken by one on which reading and writing fail.
 */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct rlimit no_core = { 0, 0 };
    int rc;

    if (!hold_standard_streams()) {
        return CMD_FAILED;
    }
    /* What is in memory may be a key: no part of it goes to a core file. */
    (void)setrlimit(RLIMIT_CORE, &no_core);
    /* A reader that went away is reported by the write that finds out. */
    signal(SIGPIPE, SIG_IGN);
    rc = run(argc, argv);
    /*
     * Results that did not arrive are a failure, whatever the command
     * thought: "birthmark ... > file" on a full disk must not succeed.
     */
    if (ferror(stdout) != 0) {
        fputs("birthmark: stdout: write failed\n", stderr);
        rc = rc == CMD_OK ? CMD_FAILED : rc;
    } else if (fclose(stdout) != 0) {
        refusal_print_errno("birthmark: stdout", errno);
        rc = rc == CMD_OK ? CMD_FAILED : rc;
    }
    return rc;
}
