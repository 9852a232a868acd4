/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"
#include "core/cms.h"
#include "core/time.h"
#include "protocols/est/est.h"

/* RFC 2045 6.8 allows 76; 64 is what every reader of PEM takes, too. */
#define LINE 64

/*
 * One line with a newline at its end satisfies the readers that take a single
 * line and the one that waits for its end; for the others there are lines.
 */
static void put_base64(struct bm_wr *w, struct bm_bytes der,
                       enum est_lines lines)
{
    bm_base64_put(w, der, lines == EST_WRAPPED ? LINE : 0);
    if (lines == EST_ONE_LINE) {
        bm_wr_u8(w, '\n');
    }
}

/* RFC 7030 4.1.3, 4.2.3 MUST: certs-only, and base64 around it. */
bm_status est_put_certs(struct bm_wr *w, struct bm_bytes certs,
                        enum est_lines lines, struct bm_wr *scratch)
{
    const struct bm_bytes none = { NULL, 0 };
    size_t n;

    BM_TRY(bm_cms_put_certs(scratch, certs, none));
    BM_TRY(bm_wr_finish(scratch, &n));
    put_base64(w, bm_wr_bytes(scratch), lines);
    return bm_wr_finish(w, &n);
}

void est_put_csrattrs(struct bm_wr *w, struct bm_bytes der,
                      enum est_lines lines)
{
    put_base64(w, der, lines);
}

/* ---- serverkeygen */

/* A part's headers. As part of a MIME message its base64 must be named, what
 * RFC 8951 says of HTTP headers notwithstanding. */
static void open_part(struct bm_wr *w, const char *type)
{
    bm_wr_str(w, "--" EST_BOUNDARY "\r\nContent-Type: ");
    bm_wr_str(w, type);
    bm_wr_str(w, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
}

/*
 * RFC 7030 4.4.2 MUST: multipart/mixed of two parts, the private key and the
 * certificate; the key as PKCS #8, or as CMS when it was asked for so.
 */
bm_status est_put_keygen(struct bm_wr *w,
                         const struct est_keygen_answer *answer,
                         struct bm_wr *scratch)
{
    size_t n;

    open_part(w, answer->enveloped ? "application/pkcs7-mime; "
                                     "smime-type=server-generated-key"
                                   : "application/pkcs8");
    put_base64(w, answer->key, answer->lines);
    bm_wr_str(w, "\r\n"); /* RFC 2046 5.1.1: the delimiter's, not the part's */
    open_part(w, EST_TYPE_CERTS);
    BM_TRY(est_put_certs(w, answer->certs, answer->lines, scratch));
    bm_wr_str(w, "\r\n--" EST_BOUNDARY "--\r\n");
    return bm_wr_finish(w, &n);
}

/* ---- Words */

static void put_printable(struct bm_wr *w, const char *text)
{
    for (; *text != '\0'; text++) {
        bm_wr_u8(w, *text >= ' ' && *text <= '~' ? (uint8_t)*text : '?');
    }
}

void est_put_words(struct bm_wr *w, const struct ca_refusal *why)
{
    const char *clause = bm_status_clause(why->status);

    if (clause[0] != '\0') {
        bm_wr_str(w, clause);
        bm_wr_str(w, ": ");
    }
    bm_wr_str(w, bm_status_text(why->status));
    if (why->words[0] != '\0') {
        bm_wr_str(w, ": ");
        put_printable(w, why->words);
    }
    bm_wr_u8(w, '\n');
}

void est_put_renewal(struct bm_wr *w, int64_t start, int64_t end)
{
    bm_wr_str(w, "start=");
    bm_time_put_text(w, start);
    bm_wr_str(w, ", end=");
    bm_time_put_text(w, end);
}
