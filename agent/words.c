/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/words.h"

#include <inttypes.h>
#include <string.h>

#include "agent/args.h"
#include "agent/event.h"
#include "core/time.h"

void words_print_bytes(FILE *to, struct bm_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c >= ' ' && c <= '~') {
            (void)fputc(c, to);
        } else {
            fprintf(to, "\\x{%02x}", c);
        }
    }
}

void words_print(FILE *to, const char *text)
{
    words_print_bytes(to,
                      (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

static int code_of(bm_status rc)
{
    switch (rc) {
    case BM_OK:
        return ARGS_OK;
    case BM_E_EXISTS:
    case BM_E_VAULT_ROLLBACK:
        return ARGS_REFUSED;
    case BM_E_BUSY:
    case BM_E_ENROL_LATER:
        return ARGS_LATER;
    default:
        return ARGS_FAILED;
    }
}

int words_failed(const char *what, bm_status rc)
{
    char words[EVENT_WORDS_MAX];

    fprintf(stderr, "birthmark-agent: ");
    words_print(stderr, what);
    fprintf(stderr, ": %s\n", event_words(rc, words));
    return code_of(rc);
}

const char *words_time(int64_t t, char buf[WORDS_TIME_MAX])
{
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)buf, WORDS_TIME_MAX - 1);
    bm_time_put_text(&w, t);
    buf[w.len < WORDS_TIME_MAX ? w.len : 0] = '\0';
    return buf;
}

const char *words_span(int64_t seconds, char buf[WORDS_TIME_MAX])
{
    static const struct {
        int64_t unit;
        const char *name;
    } rows[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };
    int64_t n = seconds < 0 ? 0 : seconds;
    const char *name = "second";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (n >= 2 * rows[i].unit) {
            n /= rows[i].unit;
            name = rows[i].name;
            break;
        }
    }
    (void)snprintf(buf, WORDS_TIME_MAX, "%" PRId64 " %s%s", n, name,
                   n == 1 ? "" : "s");
    return buf;
}

void words_put_hex(struct bm_wr *w, struct bm_bytes octets)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < octets.n; i++) {
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] >> 4]);
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] & 15]);
    }
}
