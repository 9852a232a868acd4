/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <inttypes.h>

/*
 * What nftables has no words for goes to who reads a queue, and has the engine
 * (firewall/firewall.h) with the same policy. All that it needs to know comes
 * to it: of a rule with flows what may open one, and from then on every frame
 * of that connection, of both sides, and errors about it. What it says is the
 * end of the matter here, and its rates, caps and states of TCP hold for them.
 *
 * Without `bypass`: where nobody reads, nothing passes.
 */

bool nft_needs_engine(const struct policy_rule *rule)
{
    return rule->threshold.high != 0 || rule->modbus != NULL;
}

bool policy_nft_queues(const struct policy *policy, enum policy_mode mode)
{
    for (size_t i = 0; i < policy->n; i++) {
        if ((policy->rules[i].modes >> mode & 1) != 0 &&
            nft_needs_engine(&policy->rules[i])) {
            return true;
        }
    }
    return false;
}

bool nft_is_queued(const struct nft *w, const struct policy_rule *rule)
{
    return w->config->queue != 0 && nft_needs_engine(rule);
}

/* A reset is the kernel's to send: the engine hands back such a frame, with
 * that mark. */
void nft_queue_chain(const struct nft *w)
{
    if (w->config->queue == 0 ||
        !policy_nft_queues(w->policy, w->config->mode)) {
        return;
    }
    fprintf(w->f,
            " chain engine {\n"
            "  meta mark & 0x%08" PRIx32 " != 0 meta l4proto tcp"
            " reject with tcp reset\n"
            "  meta mark & 0x%08" PRIx32 " != 0 drop\n"
            "  queue num %u\n"
            " }\n",
            POLICY_NFT_RESET, POLICY_NFT_RESET, (unsigned)w->config->queue);
}

void nft_queue_rule(const struct nft *w, size_t rule)
{
    const struct policy_rule *r = &w->policy->rules[rule];

    if (r->flows) {
        nft_rule_openers(w);
        fprintf(w->f, "  ct mark set 0x%08" PRIx32 "\n", nft_mark(w, rule));
    } else {
        fputs("  ct state != new goto engine\n", w->f);
    }
    nft_flow_times(w, r->flows);
    fputs("  goto engine\n", w->f);
}

void nft_queue_flows(const struct nft *w)
{
    bool any = false;

    for (size_t i = 0; i < w->n; i++) {
        const struct policy_rule *r = &w->policy->rules[w->order[i]];

        if (r->flows && nft_is_queued(w, r)) {
            if (!any) {
                fprintf(w->f, "  ct mark & 0x%08" PRIx32 " {", ~NFT_STATE);
            }
            fprintf(w->f, "%s 0x%08" PRIx32, any ? "," : "",
                    nft_mark(w, w->order[i]));
            any = true;
        }
    }
    if (any) {
        fputs(" } goto engine\n", w->f);
    }
}
