/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a certificate: the target is a microsecond for 600 octets. */
#include <openssl/x509.h>

#include "bench/bench.h"
#include "core/cert.h"

#define TARGET_NS_PER_OCTET (1000.0 / 600.0)

static struct bm_bytes der;

static void *open_nothing(void)
{
    static int something;

    return &something;
}

static void close_nothing(void *context)
{
    (void)context;
}

static void ours(void *context)
{
    struct bm_cert cert;

    (void)context;
    bench_must(bm_cert_parse(der, BM_STRICT, NULL, &cert) == BM_OK, "parse");
}

static void theirs(void *context)
{
    const uint8_t *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);

    (void)context;
    bench_must(x != NULL, "d2i_X509");
    X509_free(x);
}

void bench_parse(void)
{
    static const struct bench_op ops[] = {
        { "ours", open_nothing, ours, close_nothing, 5000 },
        { "d2i_X509", open_nothing, theirs, close_nothing, 100 },
    };
    static const char *const names[] = { "idevid", "root-p384", "code-signing",
                                         "tls-server", "ca-constrained" };

    bench_head("read a certificate", "ns");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double ns[2];
        double limit;

        der = bench_sample("cert", names[i]);
        limit = (double)der.n * TARGET_NS_PER_OCTET;
        bench_measure(ops, 2, 1, ns);
        bench_limit(names[i], (double)der.n);
        bench_row("  bm_cert_parse (limit: 1000 ns for 600 octets)", ns[0],
                  limit / ns[0], 1.0);
        bench_note("  d2i_X509", ns[1], limit);
    }
}
