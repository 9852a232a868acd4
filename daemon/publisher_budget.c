/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_budget.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/gcra.h"

/* Addresses that are remembered at a time. */
#define ADDRESSES 8192

/* Who has drawn within this time has done so "lately". */
#define LATELY 60.0

struct budget {
    struct gcra *address;
    struct gcra *lately;
    struct gcra *all;
};

static const struct bm_bytes everybody = BM_LIT_INIT("*");

static bm_status new_gcra(const struct bm_crypto *crypto, size_t keys,
                          struct budget_rate rate, struct gcra **gcra)
{
    struct gcra_config config = { .keys = keys,
                                  .rate = rate.rate,
                                  .burst = rate.burst };

    BM_TRY(crypto->random(crypto->self, config.secret, sizeof config.secret));
    return gcra_new(&config, gcra);
}

bm_status budget_new(const struct budget_config *config,
                     const struct bm_crypto *crypto, struct budget **budget)
{
    struct budget *b = calloc(1, sizeof *b);
    bm_status rc = BM_E_INTERNAL;

    *budget = NULL;
    if (b == NULL) {
        return BM_E_MEMORY;
    }
    rc = new_gcra(crypto, ADDRESSES, config->address, &b->address);
    if (rc == BM_OK) {
        rc = new_gcra(crypto, ADDRESSES, (struct budget_rate){ 1 / LATELY, 1 },
                      &b->lately);
    }
    if (rc == BM_OK) {
        rc = new_gcra(crypto, 1, config->all, &b->all);
    }
    if (rc != BM_OK) {
        goto out;
    }
    *budget = b;
    b = NULL;
out:
    budget_free(b);
    return rc;
}

void budget_free(struct budget *b)
{
    if (b != NULL) {
        gcra_free(b->address);
        gcra_free(b->lately);
        gcra_free(b->all);
        free(b);
    }
}

void budget_payer_init(struct budget_payer *payer, const char *address)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    struct in6_addr six;
    struct in_addr four;

    memset(payer, 0, sizeof *payer);
    if (inet_pton(AF_INET, address, &four) == 1) {
        payer->n = 4;
        memcpy(payer->address, &four, 4);
    } else if (inet_pton(AF_INET6, address, &six) != 1) {
        payer->n = strnlen(address, BUDGET_ADDRESS_MAX);
        memcpy(payer->address, address, payer->n);
    } else if (memcmp(six.s6_addr, mapped, sizeof mapped) == 0) {
        payer->n = 4;
        memcpy(payer->address, six.s6_addr + 12, 4);
    } else {
        payer->n = 8;
        memcpy(payer->address, six.s6_addr, 8);
    }
}

static struct bm_bytes name_of(const struct budget_payer *payer)
{
    return (struct bm_bytes){ payer->address, payer->n };
}

bool budget_draw(struct budget *b, const struct budget_payer *payer, size_t n,
                 uint64_t now_us)
{
    for (size_t i = 0; i < n; i++) {
        if (gcra_look(b->all, everybody, now_us) != 0 ||
            gcra_take(b->address, name_of(payer), now_us) != 0) {
            return false;
        }
        (void)gcra_take(b->all, everybody, now_us);
    }
    (void)gcra_take(b->lately, name_of(payer), now_us);
    return true;
}

bool budget_may_ask(struct budget *b, struct budget_payer *payer,
                    uint64_t now_us)
{
    if (gcra_look(b->all, everybody, now_us) != 0 &&
        gcra_look(b->lately, name_of(payer), now_us) != 0) {
        return false;
    }
    payer->has_drawn = gcra_take(b->address, name_of(payer), now_us) == 0;
    return payer->has_drawn;
}

void budget_settle(struct budget *b, struct budget_payer *payer, bool is_known,
                   uint64_t now_us)
{
    if (is_known && payer->has_drawn) {
        gcra_give(b->address, name_of(payer), now_us);
    } else if (!is_known) {
        (void)gcra_take(b->all, everybody, now_us);
        (void)gcra_take(b->lately, name_of(payer), now_us);
    }
    payer->has_drawn = false;
}
