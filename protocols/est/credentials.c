/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/base64.h"
#include "protocols/est/est.h"

/* "USER:TOKEN" as it was before base64. */
#define PAIR_MAX (EST_USER_MAX + 1 + EST_TOKEN_MAX)

/* Decoding counts on a little more than comes out of it. */
#define PAIR_ROOM (PAIR_MAX + 4)

void est_credentials_wipe(struct est_credentials *credentials)
{
    bm_wipe(credentials, sizeof *credentials);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * RFC 9110 11.4: credentials = auth-scheme [ 1*SP ( token68 / ... ) ], and the
 * scheme in whatever case. `*rest` becomes the token68.
 */
static bool take_scheme(const char *value, const char *scheme,
                        struct bm_bytes *rest)
{
    size_t n = 0;

    while (scheme[n] != '\0') {
        if (lower(value[n]) != scheme[n]) {
            return false;
        }
        n++;
    }
    if (value[n] != ' ') {
        return false;
    }
    while (value[n] == ' ') {
        n++;
    }
    rest->p = (const uint8_t *)value + n;
    rest->n = strlen(value + n);
    while (rest->n > 0 && rest->p[rest->n - 1] == ' ') {
        rest->n--;
    }
    return true;
}

/* RFC 7617 2: "The user-id and password MUST NOT contain any control
 * characters". */
static bool is_text(struct bm_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i] < ' ' || b.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool put(struct bm_bytes from, uint8_t *to, size_t cap, size_t *n)
{
    if (from.n > cap || !is_text(from)) {
        return false;
    }
    if (from.n != 0) {
        memcpy(to, from.p, from.n);
    }
    *n = from.n;
    return true;
}

/* RFC 7617 2: user-pass = user-id ":" password, no ":" in user-id. */
static bool split_pair(struct bm_bytes pair, struct est_credentials *out)
{
    const uint8_t *colon = pair.n == 0 ? NULL : memchr(pair.p, ':', pair.n);
    struct bm_bytes user = { pair.p, 0 };
    struct bm_bytes token;

    if (colon == NULL) {
        return false;
    }
    user.n = (size_t)(colon - pair.p);
    token.p = colon + 1;
    token.n = pair.n - user.n - 1;
    return token.n != 0 && put(user, out->user, EST_USER_MAX, &out->user_n) &&
           put(token, out->token, EST_TOKEN_MAX, &out->token_n);
}

static bool take_basic(struct bm_bytes text, struct est_credentials *out)
{
    uint8_t room[PAIR_ROOM];
    struct bm_wr w;
    bool good;

    bm_wr_init(&w, room, sizeof room);
    good = bm_base64_decode(text, BM_BASE64_STRICT, NULL, &w) == BM_OK &&
           split_pair(bm_wr_bytes(&w), out);
    bm_wipe(room, sizeof room);
    return good;
}

/* RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" /
 * "/" ) *"=" */
static bool is_bearer(struct bm_bytes text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz"
                                 "0123456789-._~+/";
    size_t n = text.n;

    while (n > 0 && text.p[n - 1] == '=') {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        if (memchr(digits, text.p[i], sizeof digits - 1) == NULL) {
            return false;
        }
    }
    return n > 0;
}

static bool take_bearer(struct bm_bytes text, struct est_credentials *out)
{
    return is_bearer(text) &&
           put(text, out->token, EST_TOKEN_MAX, &out->token_n);
}

static bm_status take(const char *value, struct est_credentials *out,
                      struct ca_refusal *why)
{
    struct bm_bytes text;

    if (take_scheme(value, "basic", &text)) {
        return take_basic(text, out)
                   ? BM_OK
                   : ca_refuse(why, BM_E_EST_CREDENTIALS,
                               "Basic takes base64 of DEVICE:TOKEN");
    }
    if (take_scheme(value, "bearer", &text)) {
        return take_bearer(text, out)
                   ? BM_OK
                   : ca_refuse(why, BM_E_EST_CREDENTIALS,
                               "Bearer takes a token of RFC 6750 2.1");
    }
    return ca_refuse(why, BM_E_EST_CREDENTIALS,
                     "only the schemes Basic and Bearer are served");
}

bm_status est_credentials_parse(const char *authorization,
                                struct est_credentials *out,
                                struct ca_refusal *why)
{
    bm_status rc;

    memset(out, 0, sizeof *out);
    if (authorization == NULL) {
        return BM_OK;
    }
    rc = take(authorization, out, why);
    if (rc != BM_OK) {
        est_credentials_wipe(out);
    }
    return rc;
}
