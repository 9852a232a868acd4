/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "keys/internal.h"
#include "keys/shares_read.h"

struct asking {
    const struct bm_crypto *crypto;
    const struct bm_shares_terminal *terminal;
    struct bm_shares *shares;
    uint8_t text[BM_SHARE_READ_MAX]; /* of the one that is typed now */
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(const struct asking *a,
                                                      const char *format, ...)
{
    char words[BM_SHARES_WHY_MAX + 128];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    a->terminal->say(a->terminal->self, words);
}

static void say_refused(const struct asking *a, const struct bm_share *share,
                        bm_status rc)
{
    char why[BM_SHARES_WHY_MAX];

    bm_shares_why(a->shares, share, rc, why);
    say(a, "%s%s%s; again, please", bm_status_text(rc),
        why[0] == '\0' ? "" : ": ", why);
}

/* The last line is the check, and so the share is at its end. */
static bool is_last(struct bm_bytes line)
{
    return text_take_words(&line, "check ");
}

/*
 * Take the lines of one share. An empty line begins it anew, as does one
 * without end; those of it that came before are forgotten.
 */
static bm_status take_text(struct asking *a)
{
    a->n = 0;
    for (;;) {
        size_t n = 0;
        uint8_t *at = a->text + a->n;
        bm_status rc = a->terminal->line(a->terminal->self, at,
                                         sizeof a->text - a->n - 1, &n);

        if (rc == BM_E_LIMIT) {
            a->n = 0;
            say(a, "too long for a share; again, please");
            continue;
        }
        if (rc != BM_OK) {
            return rc;
        }
        if (n == 0) {
            if (a->n != 0) {
                say(a, "begun anew");
            }
            a->n = 0;
            continue;
        }
        at[n] = '\n';
        a->n += n + 1;
        if (is_last((struct bm_bytes){ at, n })) {
            return BM_OK;
        }
        if (a->n >= sizeof a->text - 1) {
            a->n = 0;
            say(a, "too long for a share; again, please");
        }
    }
}

/* One share that is good, as far as it can be told. */
static bm_status ask_one(struct asking *a)
{
    for (;;) {
        struct bm_share share;
        bm_status rc;

        BM_TRY(take_text(a));
        rc = bm_share_parse(a->crypto, (struct bm_bytes){ a->text, a->n },
                            &share);
        if (rc == BM_OK) {
            rc = bm_shares_add(a->shares, &share);
        }
        if (rc == BM_OK) {
            say(a, "share %u (%s) of %s: thank you", (unsigned)share.x,
                share.custodian, share.owner);
            bm_wipe(&share, sizeof share);
            return BM_OK;
        }
        say_refused(a, share.x != 0 ? &share : NULL, rc);
        bm_wipe(&share, sizeof share);
        if (rc == BM_E_CRYPTO || rc == BM_E_MEMORY) {
            return rc;
        }
    }
}

static bm_status ask_enough(struct asking *a)
{
    size_t missing;

    while ((missing = bm_shares_missing(a->shares)) != 0) {
        if (a->shares->count != 0) {
            say(a, "%zu more %s needed", missing, missing == 1 ? "is" : "are");
        }
        BM_TRY(ask_one(a));
    }
    return BM_OK;
}

/* Those that are false are named, and others asked for. */
static bm_status leave_out(struct asking *a)
{
    uint32_t which = a->shares->is_false;
    char why[BM_SHARES_WHY_MAX];

    bm_shares_why(a->shares, NULL, BM_E_KEYS_SHARE_FALSE, why);
    if (which == 0) {
        if (a->shares->count == a->shares->share[0].n) {
            return BM_E_KEYS_SHARE_FALSE;
        }
        say(a, "%s: %s", bm_status_text(BM_E_KEYS_SHARE_FALSE), why);
        return ask_one(a);
    }
    say(a, "FALSE, and left out: %s", why);
    for (size_t i = BM_SHARES_MAX; i-- > 0;) {
        if ((which >> i & 1) != 0) {
            bm_shares_remove(a->shares, i);
        }
    }
    return BM_OK;
}

static bm_status ask_all(struct asking *a, uint8_t secret[BM_UNLOCK_SIZE])
{
    bm_status rc;

    say(a, "Shares are asked for, one by one and line by line; what is typed "
           "is not shown.");
    say(a, "A line with 'check' ends a share, an empty line begins it anew.");
    BM_TRY(ask_enough(a));
    for (;;) {
        rc = bm_shares_combine(a->crypto, a->shares, secret);
        if (rc != BM_E_KEYS_SHARE_FALSE) {
            return rc;
        }
        BM_TRY(leave_out(a));
        BM_TRY(ask_enough(a));
    }
}

bm_status bm_shares_ask(const struct bm_crypto *crypto,
                        const struct bm_shares_terminal *terminal,
                        struct bm_shares *shares,
                        uint8_t secret[BM_UNLOCK_SIZE])
{
    struct asking a = { .crypto = crypto,
                        .terminal = terminal,
                        .shares = shares };
    bm_status rc;

    memset(secret, 0, BM_UNLOCK_SIZE);
    rc = ask_all(&a, secret);
    bm_wipe(&a, sizeof a);
    return rc == BM_E_END ? BM_E_KEYS_SHARES_FEW : rc;
}
