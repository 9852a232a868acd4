/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "device/test/flash_sim.h"
#include "device/vault.h"
#include "tests/harness/test_crypto.h"

/*
 * A vault of two records, over which the input puts records of its own: slot,
 * size, octets, or with a size of 255 an octet to change, as often as it
 * likes. Whatever opens can be read and changed, and wiping always helps.
 */
#define SECTOR  2048
#define SECTORS 3

static uint8_t memory[FLASH_SIM_SIZE(SECTOR, SECTORS)];
static uint8_t work[BM_VAULT_WORK_SIZE(BM_VAULT_VALUE_MAX)];
static uint8_t record[BM_LOG_VALUE_MAX];
static struct flash_sim sim;
static struct bm_log the_log;
static struct bm_vault vault;

static bm_status derive(void *self, struct bm_bytes label, uint8_t out[32])
{
    const struct bm_crypto *crypto = bm_test_crypto();

    (void)self;
    return crypto->hash(crypto->self, BM_HASH_SHA256, label, out);
}

static const struct bm_secret secret = { NULL, BM_VAULT_OPAQUE, derive };

static bm_status open_vault(void)
{
    struct bm_vault_config config = { .log = &the_log,
                                      .crypto = bm_test_crypto(),
                                      .secret = &secret,
                                      .work = work,
                                      .work_size = sizeof work };

    return bm_vault_open(&vault, &config);
}

static void edit(const uint8_t *data, size_t size)
{
    while (size >= 2) {
        uint32_t key = BM_LOG_KEY(BM_LOG_VAULT, data[0]);
        size_t n = data[1];
        size_t had;

        data += 2;
        size -= 2;
        if (n == 255 && size >= 2 &&
            bm_log_get(&the_log, key, record, sizeof record, &had) == BM_OK) {
            record[had == 0 ? 0 : data[0] % had] ^= data[1];
            n = 2;
        } else {
            had = n < size ? n : size;
            memcpy(record, data, had);
            n = had;
        }
        if (bm_log_put(&the_log, key, (struct bm_bytes){ record, had }) !=
            BM_OK) {
            return;
        }
        data += n;
        size -= n;
    }
}

static void use(void)
{
    char name[BM_VAULT_NAME_MAX + 1];
    uint8_t out[16];
    uint32_t cursor = 0;
    uint32_t last = 0;
    size_t n;

    while (bm_vault_next(&vault, &cursor, name) == BM_OK) {
        bm_status rc = bm_vault_get(&vault, name, out, sizeof out, &n);

        must(cursor > last && strlen(name) <= BM_VAULT_NAME_MAX);
        must(rc != BM_OK || n <= sizeof out);
        last = cursor;
    }
    if (bm_vault_put(&vault, "mine", BM_LIT("value")) == BM_OK) {
        must(bm_vault_get(&vault, "mine", out, sizeof out, &n) == BM_OK);
        must(bm_bytes_are((struct bm_bytes){ out, n }, "value", 5));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct flash_sim_shape shape = { SECTOR, SECTORS, 8 };
    bm_status rc;

    flash_sim_init(&sim, memory, &shape, 1);
    must(bm_log_open(&the_log, &sim.flash) == BM_OK);
    must(open_vault() == BM_OK);
    must(bm_vault_put(&vault, "one", BM_LIT("first")) == BM_OK);
    must(bm_vault_put(&vault, "two", BM_LIT("second")) == BM_OK);
    edit(data, size);
    rc = open_vault();
    if (rc == BM_OK) {
        use();
    } else {
        must(bm_vault_put(&vault, "mine", BM_LIT("value")) == rc);
        if (bm_vault_accept(&vault) == BM_OK) {
            use();
        }
    }
    must(bm_vault_wipe(&vault) == BM_OK);
    must(bm_vault_put(&vault, "mine", BM_LIT("value")) == BM_OK);
    must(open_vault() == BM_OK);
    must(!sim.broken);
    return 0;
}
