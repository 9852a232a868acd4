/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/event.h"
#include "agent/fs.h"
#include "policy/nft.h"

struct ruleset {
    struct nft_ctx *nft;
};

bm_status ruleset_open(struct ruleset **ruleset)
{
    struct ruleset *r = calloc(1, sizeof *r);

    *ruleset = NULL;
    if (r == NULL) {
        return BM_E_MEMORY;
    }
    r->nft = nft_ctx_new(NFT_CTX_DEFAULT);
    if (r->nft == NULL || nft_ctx_buffer_error(r->nft) != 0 ||
        nft_ctx_buffer_output(r->nft) != 0) {
        ruleset_close(r);
        return BM_E_MEMORY;
    }
    *ruleset = r;
    return BM_OK;
}

void ruleset_close(struct ruleset *ruleset)
{
    if (ruleset != NULL) {
        nft_ctx_free(ruleset->nft);
        free(ruleset);
    }
}

/* The first line of what nftables has to say. */
static void complain(const char *words)
{
    char line[160];
    size_t n = strcspn(words, "\n");

    n = n < sizeof line - 1 ? n : sizeof line - 1;
    memcpy(line, words, n);
    line[n] = '\0';
    event_put(EVENT_ERROR, "nft.refused",
              (struct event_field[]){ { "why", line, 0 }, { 0 } });
}

/* What nobody has read of the last answer would stand before this one. */
static bool command(struct ruleset *r, const char *text)
{
    (void)nft_ctx_get_output_buffer(r->nft);
    (void)nft_ctx_get_error_buffer(r->nft);
    return nft_run_cmd_from_buffer(r->nft, text) == 0;
}

static bm_status run(struct ruleset *r, const char *text)
{
    if (command(r, text)) {
        return BM_OK;
    }
    complain(nft_ctx_get_error_buffer(r->nft));
    return BM_E_AGENT_RULESET;
}

/* ---- Settings of the kernel */

/* "net.netfilter.nf_..." into /proc/sys/net/netfilter/nf_... */
static bool path_of(struct bm_bytes name, char path[128])
{
    static const char root[] = "/proc/sys/";
    size_t at = sizeof root - 1;

    if (name.n >= 128 - at) {
        return false;
    }
    memcpy(path, root, at);
    for (size_t i = 0; i < name.n; i++) {
        path[at++] = name.p[i] == '.' ? '/' : (char)name.p[i];
    }
    path[at] = '\0';
    return true;
}

static bm_status set_one(struct bm_bytes name, struct bm_bytes value)
{
    char path[128];
    bm_status rc = BM_OK;
    int fd;

    if (!path_of(name, path)) {
        return BM_E_LIMIT;
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return fs_status(errno);
    }
    if (write(fd, value.p, value.n) != (ssize_t)value.n) {
        rc = fs_status(errno);
    }
    (void)close(fd);
    return rc;
}

static bm_status set_all(const char *text)
{
    struct bm_bytes name;
    struct bm_bytes value;

    while (policy_nft_sysctl(&text, &name, &value)) {
        BM_TRY(set_one(name, value));
    }
    return BM_OK;
}

/* What looks at connections loads conntrack, and with it come its settings. */
static bm_status wake_conntrack(struct ruleset *r)
{
    return run(r, "table inet " RULESET_TABLE "-wakes {\n"
                  " chain connections { ct state new accept; }\n"
                  "}\n"
                  "delete table inet " RULESET_TABLE "-wakes\n");
}

/* Before the rules: what they say is meant with these. */
static bm_status make_settings(struct ruleset *r, const char *text)
{
    const bm_status rc = set_all(text);

    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(wake_conntrack(r));
    return set_all(text);
}

/* ---- What is loaded */

bm_status ruleset_load(struct ruleset *ruleset,
                       const struct ruleset_config *config)
{
    const struct policy_nft_config nft = {
        .table = RULESET_TABLE,
        .devices = config->links->there,
        .mode = config->mode,
        .subnets = &config->links->subnets,
        .queue = POLICY_NFT_QUEUE,
        .tag = config->tag,
    };
    struct config_error error;
    char *text;
    bm_status rc = policy_nft(config->policy, &nft, &text, &error);

    if (rc != BM_OK) {
        if (rc == BM_E_POLICY_NFT) {
            complain(error.words);
        }
        return rc;
    }
    rc = make_settings(ruleset, text);
    if (rc == BM_OK) {
        rc = run(ruleset, text);
    }
    free(text);
    return rc;
}

bm_status ruleset_subnets(struct ruleset *ruleset, const struct links *links)
{
    char *text;
    bm_status rc = policy_nft_subnets(RULESET_TABLE, &links->subnets, &text);

    if (rc == BM_OK) {
        rc = run(ruleset, text);
        free(text);
    }
    return rc;
}

static const char blocked[] =
    "table netdev " RULESET_TABLE " { }\n"
    "delete table netdev " RULESET_TABLE "\n"
    "table inet " RULESET_TABLE " { }\n"
    "delete table inet " RULESET_TABLE "\n"
    "table netdev " RULESET_TABLE " { }\n"
    "table inet " RULESET_TABLE " {\n"
    " chain in { type filter hook prerouting priority -450;"
    " policy drop; iif \"lo\" accept; }\n"
    " chain out { type filter hook output priority -450;"
    " policy drop; oif \"lo\" accept; }\n"
    " chain forward { type filter hook forward priority 0; policy drop; }\n"
    "}\n";

static void put_blocked(FILE *f, const char *name, const char *hook,
                        const char *devices)
{
    fprintf(f,
            " chain %s { type filter hook %s devices = { %s } priority 0;"
            " policy drop; }\n",
            name, hook, devices);
}

bm_status ruleset_block(struct ruleset *ruleset)
{
    char *devices = links_all();
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    bm_status rc;

    if (f == NULL) {
        free(devices);
        return run(ruleset, blocked);
    }
    fputs(blocked, f);
    if (devices != NULL && devices[0] != '\0') {
        fputs("table netdev " RULESET_TABLE " {\n", f);
        put_blocked(f, "in", "ingress", devices);
        put_blocked(f, "out", "egress", devices);
        fputs("}\n", f);
    }
    rc = fclose(f) == 0 ? run(ruleset, text) : BM_E_MEMORY;
    if (rc != BM_OK) { /* an interface may have gone meanwhile */
        rc = run(ruleset, blocked);
    }
    free(text);
    free(devices);
    return rc;
}

/* ---- What is there */

bool ruleset_there(struct ruleset *ruleset)
{
    return command(ruleset, "list chain inet " RULESET_TABLE " forward\n") &&
           command(ruleset, "list counters table netdev " RULESET_TABLE "\n");
}

bm_status ruleset_counters(struct ruleset *ruleset, char **json)
{
    bm_status rc = BM_E_AGENT_RULESET;

    *json = NULL;
    nft_ctx_output_set_flags(ruleset->nft, NFT_CTX_OUTPUT_JSON);
    if (command(ruleset, "list counters\n")) {
        *json = strdup(nft_ctx_get_output_buffer(ruleset->nft));
        rc = *json != NULL ? BM_OK : BM_E_MEMORY;
    }
    nft_ctx_output_set_flags(ruleset->nft, 0);
    return rc;
}
