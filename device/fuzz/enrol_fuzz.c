/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "device/test/enrol_device.h"

/*
 * The whole client against whatever a server says: HTTP, base64, CMS,
 * certificates, csrattrs. The first octet of the input chooses the job and how
 * the rest, which is all that the server ever says, is cut into pieces. NEW
 * begins another piece; END ends the connection, in an orderly way or not.
 *
 * Property: the job ends, waits or stops with a name; an identity that is
 * there at the end is of its key and was judged; no key stays open.
 */
#define ASKS 20000
#define END  "\0end"
#define NEW  "\0new"

static const uint8_t *said;
static size_t said_n;

static bool is_at(size_t at, const char mark[sizeof END])
{
    return said_n - at >= sizeof END &&
           memcmp(said + at, mark, sizeof END) == 0;
}

static void skip(size_t n)
{
    n = n < said_n ? n : said_n;
    said += n;
    said_n -= n;
}

/* What comes now, `piece` octets at most; nothing at an end. */
static size_t next_piece(size_t piece)
{
    size_t n = 0;

    while (is_at(0, NEW)) {
        skip(sizeof NEW);
    }
    while (n < said_n && n < piece && !is_at(n, END) && !is_at(n, NEW)) {
        n++;
    }
    return n;
}

static void receive(size_t piece, bool orderly)
{
    size_t n = next_piece(piece);
    uint8_t *copy;

    if (n == 0) {
        skip(sizeof END);
        device.open = false;
        bm_enrol_failed(&device.e,
                        orderly ? BM_E_TLS_CLOSED : BM_E_TLS_TRUNCATED);
        return;
    }
    copy = must_have_room(n);
    memcpy(copy, said, n);
    skip(n);
    bm_enrol_received(&device.e, (struct bm_bytes){ copy, n });
    free(copy);
}

/* True: go on. */
static bool serve_ask(const struct bm_job_ask *ask, size_t piece)
{
    switch (ask->want) {
    case BM_JOB_CONNECT:
        must(!device.open);
        device.open = true;
        bm_enrol_connected(&device.e, BM_LIT("0123456789abcdef"), false);
        return true;
    case BM_JOB_SEND:
        must(device.open && ask->octets.n != 0);
        bm_enrol_sent(&device.e, ask->octets.n);
        return true;
    case BM_JOB_RECEIVE:
        must(device.open);
        receive(piece, piece % 2 == 0);
        return true;
    case BM_JOB_CLOSE:
        must(device.open);
        device.open = false;
        return true;
    case BM_JOB_WAIT:
        must(!device.open && ask->seconds != 0 && ask->status != BM_OK);
        device.now += ask->seconds;
        return said_n != 0;
    case BM_JOB_DONE:
        must(!device.open);
        return false;
    default:
        must(!device.open && ask->status != BM_OK);
        must(strcmp(bm_status_text(ask->status), "unknown status") != 0);
        return false;
    }
}

static void check_identity(enum bm_identity_place place)
{
    uint8_t der[2048];
    struct bm_cert cert;
    const struct bm_signer *signer;
    size_t n;

    if (state_of(place) != BM_IDENTITY_CERT) {
        return;
    }
    must(bm_identity_cert(&device.id, place, 0, der, sizeof der, &n) == BM_OK);
    must(bm_cert_parse((struct bm_bytes){ der, n }, BM_STRICT, NULL, &cert) ==
         BM_OK);
    must(bm_identity_signer(&device.id, place, &signer) == BM_OK);
    must(bm_bytes_equal(cert.key.der, signer->key.der));
    must(trusted.judged != 0);
    bm_identity_close(&device.id, place);
}

static bm_status no_surprise(void *self, uint8_t *out, size_t n)
{
    (void)self;
    memset(out, 0x55, n);
    return BM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_job_ask ask;
    unsigned asks = 0;
    size_t piece;

    if (size == 0) {
        return 0;
    }
    device_init();
    fake_crypto.random = no_surprise;
    with_token();
    piece = data[0] % 64 == 63 ? SIZE_MAX : data[0] % 64 + 1u;
    said = data + 1;
    said_n = size - 1;
    must(bm_enrol_start(&device.e, &device.config,
                        data[0] < 128 ? BM_ENROL_BIRTH : BM_ENROL_FIRST,
                        device.now) == BM_OK);
    do {
        must(asks++ < ASKS + 4 * size);
        bm_enrol_next(&device.e, device.now, &ask);
    } while (serve_ask(&ask, piece));
    bm_enrol_stop(&device.e);
    must(fake_store.open == 0);
    check_identity(BM_IDENTITY_IDEVID);
    check_identity(BM_IDENTITY_CURRENT);
    check_identity(BM_IDENTITY_PENDING);
    must(bm_test_failed == 0);
    return 0;
}
