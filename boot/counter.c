/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/counter.h"

#include "boot/harden.h"

#define COUNTERS (BM_COUNTER_IMAGE + BM_BOOT_IMAGES)

bm_status bm_counter_value(void *self, unsigned which, uint32_t *value)
{
    const struct bm_counter *counter = self;

    *value = UINT32_MAX; /* nothing is as new as that */
    if (which >= COUNTERS ||
        !bm_sure_equal(counter->values[which], counter->again[which])) {
        return BM_E_BOOT_COUNTER;
    }
    *value = counter->values[which];
    return BM_OK;
}

/* A raise that failed leaves a pair that differs: what is durable is not known
 * until the counters are opened again. */
bm_status bm_counter_raise(void *self, unsigned which, uint32_t value)
{
    struct bm_counter *counter = self;
    uint32_t before;

    BM_TRY(bm_counter_value(self, which, &before));
    if (value > before) {
        counter->values[which] = value;
        BM_TRY(bm_journal_put(&counter->journal, counter->values));
        counter->again[which] = value;
    }
    return BM_OK;
}

static bm_status find(struct bm_journal *journal, const struct bm_flash *flash,
                      uint32_t values[COUNTERS])
{
    bm_status rc = bm_journal_open(journal, flash, values,
                                   COUNTERS * (uint32_t)sizeof values[0]);

    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status bm_counter_load(struct bm_counter *counter,
                          const struct bm_flash *flash)
{
    BM_TRY(find(&counter->journal, flash, counter->again));
    return find(&counter->journal, flash, counter->values);
}

bm_status bm_counter_open(struct bm_counter *counter,
                          const struct bm_flash *flash,
                          struct bm_boot_counters *counters)
{
    *counters = (struct bm_boot_counters){ counter, bm_counter_value,
                                           bm_counter_raise };
    return bm_counter_load(counter, flash);
}
