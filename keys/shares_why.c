/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "keys/internal.h"
#include "keys/shares.h"

/* What does not fit is cut off at a character. */
__attribute__((format(printf, 2, 3))) static void say(char *why,
                                                      const char *format, ...)
{
    size_t n = strlen(why);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why + n, BM_SHARES_WHY_MAX - n, format, args);
    va_end(args);
}

static void say_share(const struct bm_share *share, char *why)
{
    say(why, "share %u (%s)", (unsigned)share->x, share->custodian);
}

static void say_set(const struct bm_share *share, char *why)
{
    uint8_t text[3 * BM_SHARE_SET_SIZE];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    text_put_row(&w, share->set, sizeof share->set);
    say(why, "set %.*s", (int)(w.len - 1), (const char *)text);
}

static void say_few(const struct bm_shares *shares, char *why)
{
    size_t missing = bm_shares_missing(shares);

    if (shares->count == 0) {
        say(why, "there is none");
    } else if (missing != 0) {
        say(why, "%zu of %u are there, %zu more %s needed", shares->count,
            (unsigned)shares->share[0].k, missing, missing == 1 ? "is" : "are");
    }
}

static void say_mixed(const struct bm_shares *shares,
                      const struct bm_share *share, char *why)
{
    say_share(share, why);
    say(why, " of %s is of ", share->owner);
    say_set(share, why);
    if (shares->count != 0) {
        say(why, ", not of ");
        say_set(&shares->share[0], why);
        say(why, " of %s", shares->share[0].owner);
    }
}

static void say_all_false(const struct bm_shares *shares, char *why)
{
    const char *between = "";

    if (shares->is_false == 0) {
        say(why, "which of them cannot be told from %zu shares: add another",
            shares->count);
        return;
    }
    for (size_t i = 0; i < shares->count; i++) {
        if ((shares->is_false >> i & 1) != 0) {
            say(why, "%s", between);
            say_share(&shares->share[i], why);
            between = ", ";
        }
    }
}

void bm_shares_why(const struct bm_shares *shares, const struct bm_share *share,
                   bm_status status, char why[BM_SHARES_WHY_MAX])
{
    why[0] = '\0';
    if (status == BM_E_KEYS_SHARES_FEW) {
        say_few(shares, why);
    } else if (status == BM_E_KEYS_SHARE_FALSE && share == NULL) {
        say_all_false(shares, why);
    } else if (status == BM_E_KEYS_SHARE_FALSE && share != NULL) {
        say_share(share, why);
        say(why, " says otherwise than those before it");
    } else if (status == BM_E_KEYS_SHARE_TWICE && share != NULL) {
        say_share(share, why);
    } else if (status == BM_E_KEYS_SHARES_MIXED && share != NULL) {
        say_mixed(shares, share, why);
    }
}
