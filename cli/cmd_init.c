/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/diag.h"
#include "cli/provider.h"
#include "cli/safe.h"
#include "core/host.h"
#include "protocols/admin/tree.h"
#include "server/init.h"

/* X.520 (ub-organization-name in RFC 5280, appendix A): in characters. */
#define ORGANISATION_MAX 64

/* RFC 1035 2.3.4: 255 octets on the wire. */
#define HOST_NAME_SIZE 256

enum {
    OPTION_ORG = 1,
    OPTION_HOST,
    OPTION_SUBORDINATE
};

static const struct cmd_option options[] = {
    { "--org", "NAME", "in the names of the CAs (that of the directory)",
      OPTION_ORG },
    { "--host", "NAME", "of the server, or an address; again for more",
      OPTION_HOST },
    { "--subordinate", NULL, "without a root: others sign its CAs",
      OPTION_SUBORDINATE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark init", "DIR [--org NAME] [--host NAME]... [--subordinate]",
    "Make a working instance in one step: a cold root, CAs for devices and\n"
    "for operations, profiles, and the certificates of the server and of the\n"
    "first operator. Its path is printed. With --subordinate it has no root:\n"
    "its CAs wait for certificates that a root elsewhere signs.\n",
    options
};

struct given {
    const char *organisation;
    struct args_many hosts;
    bool subordinate;
};

static const struct args_row rows[] = {
    { OPTION_ORG, ARGS_TEXT, offsetof(struct given, organisation), false },
    { OPTION_HOST, ARGS_MANY, offsetof(struct given, hosts), false },
    { OPTION_SUBORDINATE, ARGS_FLAG, offsetof(struct given, subordinate),
      false },
    { 0, ARGS_FLAG, 0, false },
};

/* What was not given as it is needed lives here. */
struct names {
    char dir[FILES_PATH_MAX];
    const char *last; /* "acme" of "/srv/acme" */
    char host[HOST_NAME_SIZE];
};

static bool is_address(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    size_t n = strlen(host);
    static const char local[] = ".localhost";

    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&six) != 0;
    }
    return strcasecmp(host, local + 1) == 0 ||
           (n >= sizeof local - 1 &&
            strcasecmp(host + n - (sizeof local - 1), local) == 0);
}

static int check_host(const char *host)
{
    const struct bm_bytes name = { (const uint8_t *)host, strlen(host) };

    if (is_address(host) ||
        (name.n < HOST_NAME_SIZE && bm_host_is_plain(name))) {
        return CMD_OK;
    }
    return cmd_usage_error(verb.path,
                           "'%.60s' is no host name and no address; --host "
                           "names one",
                           host);
}

static int choose_hosts(struct given *given, struct names *names)
{
    int rc = CMD_OK;

    if (given->hosts.n == 0) {
        if (gethostname(names->host, sizeof names->host - 1) != 0) {
            names->host[0] = '\0';
        }
        given->hosts.value[given->hosts.n++] = names->host;
    }
    for (size_t i = 0; rc == CMD_OK && i < given->hosts.n; i++) {
        rc = check_host(given->hosts.value[i]);
    }
    return rc;
}

/* What stands in certificates must be text that can be shown. */
static int check_organisation(const char *name)
{
    struct bm_bytes left = { (const uint8_t *)name, strlen(name) };
    size_t characters = 0;
    uint32_t c;

    while (left.n != 0) {
        if (!tree_next_char(&left, &c) || !safe_is_plain(c)) {
            return cmd_usage_error(verb.path,
                                   "an organisation's name is plain UTF-8");
        }
        characters++;
    }
    return characters != 0 && characters <= ORGANISATION_MAX
               ? CMD_OK
               : cmd_usage_error(verb.path,
                                 "an organisation's name has 1 to %d "
                                 "characters; --org gives one",
                                 ORGANISATION_MAX);
}

/* The directory without slashes at its end: it is built beside its place. It
 * is put there with rename(), so it cannot be the one that we are in. */
static int choose_directory(const char *word, struct names *names)
{
    size_t n = strlen(word);
    const char *slash;
    const char *last;

    while (n > 1 && word[n - 1] == '/') {
        n--;
    }
    if (n == 0 || n >= sizeof names->dir) {
        return cmd_usage_error(verb.path, "DIR is empty or too long");
    }
    memcpy(names->dir, word, n);
    names->dir[n] = '\0';
    slash = strrchr(names->dir, '/');
    last = slash != NULL ? slash + 1 : names->dir;
    if (last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        return cmd_usage_error(verb.path, "DIR needs a name of its own");
    }
    names->last = last;
    return CMD_OK;
}

static void warn_about_host(const char *host)
{
    const char *what = is_loopback(host) ? "is this machine only"
                       : is_address(host) || strchr(host, '.') != NULL
                           ? NULL
                           : "is a bare name";

    if (what != NULL) {
        fprintf(stderr,
                "warning: public_url is http://%s:8080, and %s %s: every "
                "certificate will name it\n  for as long as it lives. To "
                "choose another one, begin again with --host NAME.\n",
                host, host, what);
    }
}

static void print_next(const char *dir, const char *words)
{
    fputs("  birthmark ca ", stderr);
    fputs(words, stderr);
    fputs(" --dir ", stderr);
    safe_print_str(stderr, dir);
}

static void print_subordinate(const char *dir, const struct given *given)
{
    fputs("made for ", stderr);
    safe_print_str(stderr, given->organisation);
    fputs(": keys of an issuing CA and an operations CA, which wait for their "
          "certificates\n"
          "next:\n",
          stderr);
    print_next(dir, "request");
    fputs(" issuing --out issuing.csr\n", stderr);
    print_next(dir, "request");
    fputs(" operations --out operations.csr\n"
          "  have both signed by a root, and come back with what it gives\n",
          stderr);
    print_next(dir, "install");
    fputs(" FILE...\n", stderr);
    warn_about_host(given->hosts.value[0]);
}

static void print_words(const char *dir, const struct given *given)
{
    fputs("made for ", stderr);
    safe_print_str(stderr, given->organisation);
    fputs(": a cold root, an issuing CA, an operations CA, profiles, an "
          "operator\n"
          "next:\n"
          "  carry ",
          stderr);
    safe_print_str(stderr, dir);
    fputs("/root away: whoever has it can be any of your CAs\n"
          "  move ",
          stderr);
    safe_print_str(stderr, dir);
    fputs("/keys/unlock off this disk (unlock: in birthmark.yaml says where "
          "it is)\n"
          "  birthmark cert issue --dir ",
          stderr);
    safe_print_str(stderr, dir);
    fputs(" --profile NAME --csr FILE\n", stderr);
    warn_about_host(given->hosts.value[0]);
}

static int make(const char *dir, const struct given *given)
{
    struct bm_crypto *crypto = provider_new();
    const struct instance_port port = { .crypto = crypto,
                                        .maker = provider_key_maker() };
    const struct init_config config = {
        .dir = dir,
        .organisation = given->organisation,
        .hosts = given->hosts.value,
        .hosts_n = given->hosts.n,
        .subordinate = given->subordinate,
        .port = &port,
        .now = (int64_t)time(NULL),
    };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (crypto == NULL) {
        return CMD_FAILED;
    }
    rc = init_instance(&config, &why);
    provider_free(crypto);
    if (rc != BM_OK) {
        return refusal_print_act(verb.path, rc, &why);
    }
    puts(dir);
    if (given->subordinate) {
        print_subordinate(dir, given);
    } else {
        print_words(dir, given);
    }
    return CMD_OK;
}

_Static_assert(ARGS_MANY_MAX <= INIT_HOSTS_MAX, "as many as init takes");

int cmd_init(int argc, char **argv)
{
    struct given given = { .organisation = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "DIR",
                         .words_min = 1,
                         .words_max = 1 };
    struct names names = { .last = "" };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = choose_directory(args.words[0], &names);
    if (rc == CMD_OK) {
        /* The directory was named after something. */
        given.organisation =
            given.organisation != NULL ? given.organisation : names.last;
        rc = check_organisation(given.organisation);
    }
    if (rc == CMD_OK) {
        rc = choose_hosts(&given, &names);
    }
    return rc == CMD_OK ? make(names.dir, &given) : rc;
}
