/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_RAM_LOG_H
#define BM_DEVICE_TEST_RAM_LOG_H

#include <string.h>

#include "device/log.h"

/*
 * A log in memory, in the place of log.c: for tests of what stands on a log
 * that want to say which of its calls fails, and how. There is one.
 *
 * The test includes this, and then the source that it is about: that source
 * calls these functions, and everything else in the program the real ones
 * (PSA keeps keys in a log, too).
 */
#define bm_log_get    ram_log_get
#define bm_log_put    ram_log_put
#define bm_log_delete ram_log_delete
#define bm_log_scrub  ram_log_scrub

#define RAM_RECORDS 24
#define RAM_VALUE   512

static struct {
    struct {
        uint32_t key; /* 0: free */
        size_t n;
        uint8_t value[RAM_VALUE];
    } record[RAM_RECORDS];
    unsigned writes;  /* puts, deletes and scrubs so far */
    unsigned fail_at; /* the write that fails, from 1; 0: none */
    bool fail_after;  /* it is done, and fails all the same */
    bool fail_on;     /* and all after it fail too */
    bm_status fault;  /* with this */
    uint32_t bad;     /* the record that cannot be read */
    bm_status bad_why;
    unsigned scrubs;
} ram;

static size_t ram_find(uint32_t key)
{
    size_t i = 0;

    while (i < RAM_RECORDS && ram.record[i].key != key) {
        i++;
    }
    return i;
}

/* Does this write fail; and `*done`: is it done? */
static bm_status ram_write(bool *done)
{
    ram.writes++;
    *done = true;
    if (ram.fail_at == 0 || ram.writes < ram.fail_at ||
        (ram.writes > ram.fail_at && !ram.fail_on)) {
        return BM_OK;
    }
    *done = ram.writes == ram.fail_at && ram.fail_after;
    return ram.fault;
}

static bm_status bm_log_get(const struct bm_log *log, uint32_t key,
                            uint8_t *out, size_t cap, size_t *n)
{
    size_t i = ram_find(key);

    (void)log;
    if (key == ram.bad) {
        return ram.bad_why;
    }
    if (i == RAM_RECORDS) {
        return BM_E_NOT_FOUND;
    }
    *n = ram.record[i].n;
    if (*n > cap) {
        return BM_E_BUFFER;
    }
    if (*n != 0) {
        memcpy(out, ram.record[i].value, *n);
    }
    return BM_OK;
}

static bm_status bm_log_put(struct bm_log *log, uint32_t key,
                            struct bm_bytes value)
{
    size_t i = ram_find(key);
    bool done;
    bm_status rc = ram_write(&done);

    (void)log;
    i = i == RAM_RECORDS ? ram_find(0) : i;
    if (i == RAM_RECORDS || value.n > RAM_VALUE) {
        return BM_E_LOG_FULL;
    }
    if (done) {
        ram.record[i].key = key;
        ram.record[i].n = value.n;
        memcpy(ram.record[i].value, value.p, value.n);
    }
    return rc;
}

static bm_status bm_log_delete(struct bm_log *log, uint32_t key)
{
    size_t i = ram_find(key);
    bool done;
    bm_status rc;

    (void)log;
    if (i == RAM_RECORDS) {
        return BM_OK;
    }
    rc = ram_write(&done);
    if (done) {
        ram.record[i].key = 0;
    }
    return rc;
}

static bm_status bm_log_scrub(struct bm_log *log)
{
    bool done;

    (void)log;
    ram.scrubs++;
    return ram_write(&done);
}

#endif
