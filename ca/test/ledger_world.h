/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_LEDGER_WORLD_H
#define BM_CA_TEST_LEDGER_WORLD_H

/* A ledger over a store in memory, with a signer: what tests grow. */
#include <stdlib.h>

#include "ca/ledger_internal.h"
#include "ca/test/fake_signer.h"
#include "ca/test/fake_store.h"
#include "tests/harness/bm_test.h"

static const struct bm_crypto *crypto;
static struct fake_store *fake;
static struct fake_signer signer;

static inline bm_status open_ledger(struct ca_ledger **ledger)
{
    const struct ca_ledger_config config = {
        .store = &fake->store,
        .crypto = crypto,
        .origin = FAKE_ORIGIN,
        .key = bm_test_signer(BM_KEY_ED25519)->key,
    };

    return ca_ledger_open(&config, ledger);
}

static inline struct ca_ledger *start(void)
{
    struct ca_ledger *ledger = NULL;

    fake = fake_store_new();
    fake_signer_init(&signer);
    CHECK_STATUS(open_ledger(&ledger), BM_OK);
    if (ledger == NULL) {
        printf("Bail out! no ledger\n");
        exit(1);
    }
    return ledger;
}

static inline void stop(struct ca_ledger *ledger)
{
    CHECK(!fake->open); /* no transaction was left behind */
    ca_ledger_close(ledger);
    fake_store_free(fake);
}

static inline struct ca_record token(uint64_t number)
{
    return (struct ca_record){ .kind = CA_RECORD_TOKEN,
                               .time = 1790000000,
                               .organisation = 3,
                               .actor = BM_LIT("operator:first"),
                               .subject = BM_LIT("t-1"),
                               .number = number };
}

/* Append `n` records and commit, as the issuer does. */
static inline bm_status grow(struct ca_ledger *ledger, size_t n)
{
    bm_status rc = fake->store.begin(fake->store.self, STORE_WRITE);
    uint64_t index;

    for (size_t i = 0; i < n && rc == BM_OK; i++) {
        struct ca_record record = token(i + 1);

        rc = ca_ledger_append(ledger, &record, &index);
    }
    if (rc == BM_OK) {
        rc = ca_ledger_save(ledger);
    }
    if (rc == BM_OK) {
        rc = fake->store.commit(fake->store.self);
    }
    if (rc != BM_OK) {
        fake->store.rollback(fake->store.self);
    }
    return rc;
}

#endif
