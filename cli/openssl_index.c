/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/openssl_index.h"

#include <string.h>

#include "core/crl.h"
#include "core/der.h"
#include "core/time.h"

#define FIELDS 6

/* Take what stands before `end`, or all of it. */
static struct bm_bytes take_until(struct bm_bytes *from, uint8_t end)
{
    const uint8_t *at = from->n == 0 ? NULL : memchr(from->p, end, from->n);
    struct bm_bytes field = { from->p,
                              at == NULL ? from->n : (size_t)(at - from->p) };
    size_t n = field.n + (at != NULL);

    from->p += n;
    from->n -= n;
    return field;
}

static bool is_word(struct bm_bytes field, const char *word)
{
    return bm_bytes_are(field, word, strlen(word));
}

static bm_status take_serial(struct bm_bytes field,
                             char serial[OPENSSL_INDEX_SERIAL_MAX])
{
    if (field.n == 0 || field.n >= OPENSSL_INDEX_SERIAL_MAX) {
        return BM_E_CONFIG_VALUE;
    }
    for (size_t i = 0; i < field.n; i++) {
        uint8_t c = field.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F') &&
            !(c >= 'a' && c <= 'f')) {
            return BM_E_CONFIG_VALUE;
        }
        serial[i] = (char)c;
    }
    serial[field.n] = '\0';
    return BM_OK;
}

/* As the DER of a time, whose reader knows what a time is. */
static bm_status take_time(struct bm_bytes field, int64_t *t)
{
    uint8_t room[32];
    struct bm_wr w;
    struct bm_der d;

    bm_wr_init(&w, room, sizeof room);
    bm_der_put(&w, field.n == 13 ? BM_DER_UTC_TIME : BM_DER_GENERALIZED_TIME,
               field);
    if (w.len > w.cap) {
        return BM_E_CONFIG_VALUE;
    }
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    return bm_time_take(&d, t) == BM_OK ? BM_OK : BM_E_CONFIG_VALUE;
}

/* Of OpenSSL: holdInstruction, keyTime and CAkeyTime have more behind them. */
static uint8_t reason_of(struct bm_bytes field)
{
    static const struct {
        const char *word;
        uint8_t reason;
    } reasons[] = {
        { "keyCompromise", BM_REASON_KEY_COMPROMISE },
        { "keyTime", BM_REASON_KEY_COMPROMISE },
        { "CACompromise", BM_REASON_CA_COMPROMISE },
        { "CAkeyTime", BM_REASON_CA_COMPROMISE },
        { "affiliationChanged", BM_REASON_AFFILIATION },
        { "superseded", BM_REASON_SUPERSEDED },
        { "cessationOfOperation", BM_REASON_CESSATION },
        { "certificateHold", BM_REASON_HOLD },
        { "holdInstruction", BM_REASON_HOLD },
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (is_word(field, reasons[i].word)) {
            return reasons[i].reason;
        }
    }
    return BM_REASON_UNSPECIFIED;
}

static bm_status take_revocation(struct bm_bytes field,
                                 struct openssl_index_entry *entry)
{
    struct bm_bytes at = take_until(&field, ',');

    entry->revoked = true;
    entry->reason = reason_of(take_until(&field, ','));
    return take_time(at, &entry->revoked_at);
}

static bm_status take_line(struct bm_bytes line,
                           struct openssl_index_entry *entry)
{
    struct bm_bytes field[FIELDS];

    for (size_t i = 0; i < FIELDS; i++) {
        field[i] = i + 1 < FIELDS ? take_until(&line, '\t') : line;
    }
    if (!is_word(field[0], "V") && !is_word(field[0], "R") &&
        !is_word(field[0], "E")) {
        return BM_E_CONFIG_VALUE;
    }
    BM_TRY(take_serial(field[3], entry->serial));
    return is_word(field[0], "R") ? take_revocation(field[2], entry) : BM_OK;
}

bm_status openssl_index_next(struct bm_bytes *text,
                             struct openssl_index_entry *entry)
{
    struct bm_bytes rest = *text;
    struct bm_bytes line;

    memset(entry, 0, sizeof *entry);
    do {
        if (rest.n == 0) {
            return BM_E_END;
        }
        line = take_until(&rest, '\n');
    } while (line.n == 0);
    if (take_line(line, entry) != BM_OK) {
        memset(entry, 0, sizeof *entry);
        return BM_E_CONFIG_VALUE;
    }
    *text = rest;
    return BM_OK;
}
