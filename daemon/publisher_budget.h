/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PUBLISHER_BUDGET_H
#define BM_DAEMON_PUBLISHER_BUDGET_H

#include "core/crypto.h"

/*
 * What clients may cause the status signer to do that serves nobody else:
 * answers with a nonce, and about what was never issued. There is a budget for
 * each address, and one for all.
 */
struct budget;

struct budget_rate {
    double rate; /* per second in the long run */
    double burst;
};

struct budget_config {
    struct budget_rate address;
    struct budget_rate all;
};

BM_MUST_CHECK bm_status budget_new(const struct budget_config *config,
                                   const struct bm_crypto *crypto,
                                   struct budget **budget);
void budget_free(struct budget *budget); /* NULL is fine */

/* Who draws, and whether it has drawn for what may be unknown. */
#define BUDGET_ADDRESS_MAX 64
struct budget_payer {
    uint8_t address[BUDGET_ADDRESS_MAX];
    size_t n;
    bool has_drawn;
};

/* An IPv4 address, or the /64 of an IPv6 address, of which anybody has more
 * addresses than can be counted; what is no address stands for itself. */
void budget_payer_init(struct budget_payer *payer, const char *address);

/* Draw `n`; false when that is more than there is. Times are microseconds of
 * a clock that only rises. */
bool budget_draw(struct budget *budget, const struct budget_payer *payer,
                 size_t n, uint64_t now_us);

/*
 * May be asked for this payer what may turn out to be unknown? It is drawn for
 * until budget_settle() says whether it was. When all together are over their
 * budget, those wait who drew from it lately; of others it is not known that
 * they want what does not exist.
 */
bool budget_may_ask(struct budget *budget, struct budget_payer *payer,
                    uint64_t now_us);
void budget_settle(struct budget *budget, struct budget_payer *payer,
                   bool is_known, uint64_t now_us);

#endif
