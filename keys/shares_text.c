/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "keys/internal.h"
#include "keys/shares.h"

#define CHECK_SIZE 4
#define ROW        16 /* octets to a line */

bm_status bm_share_name_check(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > BM_SHARE_NAME_MAX || name[0] == ' ' ||
        name[n - 1] == ' ') {
        return BM_E_KEYS_SHARE_NAME;
    }
    for (size_t i = 0; i < n; i++) {
        if (name[i] < ' ' || name[i] > '~' ||
            (name[i] == ' ' && name[i + 1] == ' ')) {
            return BM_E_KEYS_SHARE_NAME;
        }
    }
    return BM_OK;
}

/* All that stands before the check. */
static void put_body(const struct bm_share *share, struct bm_wr *text)
{
    char numbers[64];

    bm_wr_str(text, "birthmark share 1\nof ");
    bm_wr_str(text, share->owner);
    (void)snprintf(numbers, sizeof numbers, "\nshare %u of %u, any %u open\n",
                   (unsigned)share->x, (unsigned)share->n, (unsigned)share->k);
    bm_wr_str(text, numbers);
    bm_wr_str(text, "set ");
    text_put_row(text, share->set, sizeof share->set);
    bm_wr_str(text, "custodian ");
    bm_wr_str(text, share->custodian);
    bm_wr_str(text, "\n");
    for (size_t i = 0; i < sizeof share->value; i += ROW) {
        size_t left = sizeof share->value - i;

        text_put_row(text, share->value + i, left < ROW ? left : ROW);
    }
}

/* SHA-256 over a domain and the text as it is written, in lower case. */
static bm_status make_check(const struct bm_crypto *crypto,
                            const struct bm_share *share,
                            uint8_t check[CHECK_SIZE])
{
    static const char domain[] = "birthmark/share/v1";
    uint8_t message[sizeof domain + BM_SHARE_TEXT_MAX];
    uint8_t digest[BM_HASH_MAX];
    struct bm_wr w;
    size_t n;
    bm_status rc = BM_E_INTERNAL;

    bm_wr_init(&w, message, sizeof message);
    bm_wr_str(&w, domain);
    put_body(share, &w);
    rc = bm_wr_finish(&w, &n);
    if (rc != BM_OK) {
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        message[i] = text_lower(message[i]);
    }
    rc = crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), digest);
    if (rc == BM_OK) {
        memcpy(check, digest, CHECK_SIZE);
    }

out:
    bm_wipe(message, sizeof message);
    bm_wipe(digest, sizeof digest);
    return rc;
}

bm_status bm_share_put(const struct bm_crypto *crypto,
                       const struct bm_share *share, struct bm_wr *text)
{
    uint8_t check[CHECK_SIZE];

    BM_TRY(make_check(crypto, share, check));
    put_body(share, text);
    bm_wr_str(text, "check ");
    text_put_row(text, check, sizeof check);
    return BM_OK;
}

/* The next line that is not blank. */
static struct bm_bytes take_line(struct bm_bytes *text)
{
    struct bm_bytes line;

    text_skip_space(text);
    line = (struct bm_bytes){ text->p, 0 };
    while (text->n != 0 && *text->p != '\n') {
        text->p++;
        text->n--;
        line.n++;
    }
    return line;
}

static bool is_end(struct bm_bytes text)
{
    text_skip_space(&text);
    return text.n == 0;
}

/* A name is what is left of a line, its white space single spaces. */
static bool take_name(struct bm_bytes line, char name[BM_SHARE_NAME_MAX + 1])
{
    size_t n = 0;

    text_skip_space(&line);
    while (line.n != 0) {
        bool is_space = text_is_space(*line.p);
        uint8_t c = is_space ? ' ' : *line.p;

        text_skip_space(&line);
        if (is_space && line.n == 0) {
            break;
        }
        if (n == BM_SHARE_NAME_MAX || c < ' ' || c > '~') {
            return false;
        }
        name[n++] = (char)c;
        if (!is_space) {
            line.p++;
            line.n--;
        }
    }
    name[n] = '\0';
    return n != 0;
}

/* Decimal, at most two digits, no leading zero. */
static bool take_number(struct bm_bytes *line, uint8_t *number)
{
    unsigned n = 0;
    unsigned digits = 0;

    text_skip_space(line);
    while (line->n != 0 && *line->p >= '0' && *line->p <= '9' && digits < 2) {
        n = 10 * n + (unsigned)(*line->p - '0');
        digits++;
        if (n == 0) {
            return false;
        }
        line->p++;
        line->n--;
    }
    *number = (uint8_t)n;
    return digits != 0;
}

static bool take_numbers(struct bm_bytes line, struct bm_share *share)
{
    return text_take_words(&line, "share ") && take_number(&line, &share->x) &&
           text_take_words(&line, " of ") && take_number(&line, &share->n) &&
           text_take_words(&line, ", any ") && take_number(&line, &share->k) &&
           text_take_words(&line, " open") && is_end(line) &&
           share->n <= BM_SHARES_MAX && share->x <= share->n &&
           share->k >= BM_SHARES_MIN && share->k <= share->n;
}

static bm_status take_version(struct bm_bytes line)
{
    uint8_t version;

    if (!text_take_words(&line, "birthmark share ") ||
        !take_number(&line, &version)) {
        return BM_E_KEYS_SHARE_TYPO;
    }
    if (version != 1) {
        return BM_E_KEYS_VERSION;
    }
    return is_end(line) ? BM_OK : BM_E_KEYS_SHARE_TYPO;
}

static bool take_set(struct bm_bytes line, struct bm_share *share)
{
    return text_take_words(&line, "set ") &&
           text_take_octets(&line, share->set, sizeof share->set) &&
           is_end(line);
}

static bool take_named(struct bm_bytes line, const char *word,
                       char name[BM_SHARE_NAME_MAX + 1])
{
    return text_take_words(&line, word) && take_name(line, name);
}

static bool take_check(struct bm_bytes *text, uint8_t check[CHECK_SIZE])
{
    return text_take_words(text, "check ") &&
           text_take_octets(text, check, CHECK_SIZE) && is_end(*text);
}

static bm_status parse(const struct bm_crypto *crypto, struct bm_bytes text,
                       struct bm_share *share)
{
    uint8_t said[CHECK_SIZE];
    uint8_t check[CHECK_SIZE];

    BM_TRY(take_version(take_line(&text)));
    if (!take_named(take_line(&text), "of ", share->owner) ||
        !take_numbers(take_line(&text), share) ||
        !take_set(take_line(&text), share) ||
        !take_named(take_line(&text), "custodian ", share->custodian) ||
        !text_take_octets(&text, share->value, sizeof share->value) ||
        !take_check(&text, said)) {
        return BM_E_KEYS_SHARE_TYPO;
    }
    BM_TRY(make_check(crypto, share, check));
    return bm_bytes_equal_secret(BM_ARRAY(said), BM_ARRAY(check))
               ? BM_OK
               : BM_E_KEYS_SHARE_TYPO;
}

bm_status bm_share_parse(const struct bm_crypto *crypto, struct bm_bytes text,
                         struct bm_share *share)
{
    bm_status rc;

    memset(share, 0, sizeof *share);
    rc = parse(crypto, text, share);
    if (rc != BM_OK) {
        bm_wipe(share, sizeof *share);
    }
    return rc;
}
