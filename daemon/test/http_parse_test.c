/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_parse.h"
#include "tests/harness/bm_test.h"

/* What a server makes of requests is in http_test.c; here are the bytes. */

static const char head_text[] = "POST /a/b?c=d HTTP/1.1\r\n"
                                "Host: ca.example:8443\r\n"
                                "Content-Type:application/pkcs10\r\n"
                                "X-List: \t a, b \t\r\n"
                                "Empty:\r\n"
                                "Connection: x, keep-alive\r\n"
                                "Content-Length: 0042\r\n"
                                "\r\n";
#define HEAD_N (sizeof(head_text) - 1)

static const char chunks_text[] = "5\r\nabcde\r\n"
                                  "00B;name=\"value\"\r\n01234567890\r\n"
                                  "0\r\nTrailer: x\r\n\r\n";
#define CHUNKS_N (sizeof(chunks_text) - 1)

static struct bm_bytes view(const void *p, size_t n)
{
    return (struct bm_bytes){ p, n };
}

static void a_head_is_read_as_it_is_meant(void)
{
    char text[HEAD_N];
    struct http_head head;

    memcpy(text, head_text, HEAD_N);
    CHECK(http_head_parse(text, HEAD_N, &head) == 0);
    CHECK(head.method == HTTP_POST && head.minor && head.keep);
    CHECK(!head.chunked && !head.expect && head.length == 42);
    CHECK(strcmp(head.path, "/a/b") == 0 && strcmp(head.query, "c=d") == 0);
    CHECK(head.n == 6);
    CHECK(strcmp(http_head_field(&head, "x-list"), "a, b") == 0);
    CHECK(strcmp(http_head_field(&head, "EMPTY"), "") == 0);
    CHECK(http_head_field(&head, "X-Lis") == NULL);
}

static void a_head_ends_where_it_ends_however_it_comes(void)
{
    char text[HEAD_N];
    struct http_head head;
    size_t from = 0;

    for (size_t n = 0; n < HEAD_N; n++) {
        size_t anew = 0;

        CHECK(http_head_end(view(head_text, n), &from) == 0);
        CHECK(http_head_end(view(head_text, n), &anew) == 0);
        memcpy(text, head_text, n);
        CHECK(n == 0 || http_head_parse(text, n, &head) == 400);
    }
    CHECK(http_head_end(view(head_text, HEAD_N), &from) == HEAD_N);
    from = 0;
    CHECK(http_head_end(BM_LIT("GET / HTTP/1.0\r\n\r\nmore"), &from) == 18);
    from = 0;
    CHECK(http_head_end(BM_LIT("a\n\nb"), &from) == 3);
}

static bool inside(const char *p, const char *text, size_t n)
{
    return (p >= text && p < text + n) || strcmp(p, "/") == 0 || *p == '\0';
}

/* What comes out lies inside of what went in, or is refused. */
static void damaged_heads_are_read_or_refused(void)
{
    char text[HEAD_N];
    struct http_head head;
    unsigned refused = 0;

    for (size_t bit = 0; bit < HEAD_N * 8; bit++) {
        unsigned status;

        memcpy(text, head_text, HEAD_N);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        status = http_head_parse(text, HEAD_N, &head);
        if (status != 0) {
            CHECK(http_reason(status)[0] != '\0');
            refused++;
            continue;
        }
        CHECK(inside(head.path, text, HEAD_N));
        CHECK(inside(head.query, text, HEAD_N));
        CHECK(head.n <= HTTP_FIELDS_MAX);
        for (size_t i = 0; i < head.n; i++) {
            CHECK(inside(head.field[i].name, text, HEAD_N));
            CHECK(inside(head.field[i].value, text, HEAD_N));
        }
    }
    CHECK(refused > HEAD_N);
}

/* Take what comes in pieces of `piece` octets; the status. */
static unsigned take(struct bm_bytes in, size_t piece, char *out, size_t *n,
                     bool *done)
{
    struct http_chunks c = { 0 };
    struct bm_bytes window = { in.p, 0 };
    const uint8_t *end = in.p + in.n;

    *n = 0;
    while (window.p + window.n != end) {
        size_t more = (size_t)(end - (window.p + window.n));
        size_t before;

        window.n += more < piece ? more : piece;
        do {
            struct bm_bytes data;
            unsigned status;

            before = window.n;
            status = http_chunks_take(&c, &window, &data);
            if (status != 0) {
                return status;
            }
            if (data.n != 0) {
                memcpy(out + *n, data.p, data.n);
            }
            *n += data.n;
        } while (window.n != before);
        if (c.state == HTTP_CHUNKS_DONE) {
            break;
        }
    }
    *done = c.state == HTTP_CHUNKS_DONE && window.p + window.n == end;
    return 0;
}

static void chunks_are_put_together_however_they_come(void)
{
    char out[CHUNKS_N];
    size_t n;
    bool done;

    for (size_t piece = 1; piece <= CHUNKS_N; piece++) {
        CHECK(take(view(chunks_text, CHUNKS_N), piece, out, &n, &done) == 0);
        CHECK(done);
        CHECK_BYTES(out, n, "abcde01234567890", 16);
    }
    for (size_t len = 0; len < CHUNKS_N; len++) {
        CHECK(take(view(chunks_text, len), len + 1, out, &n, &done) == 0);
        CHECK(!done);
    }
}

static void damaged_chunks_are_read_or_refused(void)
{
    char text[CHUNKS_N];
    char out[CHUNKS_N];
    unsigned refused = 0;

    for (size_t bit = 0; bit < CHUNKS_N * 8; bit++) {
        size_t n;
        bool done;

        memcpy(text, chunks_text, CHUNKS_N);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        refused += take(view(text, CHUNKS_N), 7, out, &n, &done) != 0;
        CHECK(n <= CHUNKS_N);
    }
    CHECK(refused != 0);
}

static void lines_of_chunks_are_bounded(void)
{
    char text[5000];
    char out[5000];
    size_t n;
    bool done;

    memset(text, '0', sizeof(text));
    CHECK(take(view(text, sizeof(text)), 100, out, &n, &done) == 400);
    memcpy(text, "0\r\n", 3);
    for (size_t i = 3; i + 6 <= sizeof(text); i += 6) {
        memcpy(text + i, "A: b\r\n", 6);
    }
    CHECK(take(view(text, 4995), 100, out, &n, &done) == 431);
}

int main(void)
{
    RUN(a_head_is_read_as_it_is_meant);
    RUN(a_head_ends_where_it_ends_however_it_comes);
    RUN(damaged_heads_are_read_or_refused);
    RUN(chunks_are_put_together_however_they_come);
    RUN(damaged_chunks_are_read_or_refused);
    RUN(lines_of_chunks_are_bounded);
    return bm_test_done();
}
