/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A device with a TPM, for tests that talk to a service: what it would post,
 * on stdout.
 *
 *     device_tool generate TCTI KEY           make a key at a handle
 *     device_tool csr      TCTI KEY SERIAL    a request for it, DER
 *     device_tool claim    TCTI KEY           for .../attest/challenge
 *     device_tool answer   TCTI KEY           for .../attest/activate, of the
 *                                             challenge on stdin
 */
#include <stdio.h>
#include <string.h>

#include "core/csr.h"
#include "core/name.h"
#include "core/oid.h"
#include "keys/tpm2_attest.h"
#include "tests/harness/test_maker.h"

struct device {
    struct bm_key_provider *p;
    const char *rest;
    const char *serial; /* or NULL */
};

static bm_status put_csr(const struct device *d, const struct bm_signer *signer,
                         struct bm_wr *out)
{
    struct bm_bytes serial = { (const uint8_t *)d->serial, strlen(d->serial) };
    uint8_t room[256];
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_wr w;
    size_t mark;
    size_t rdn;
    size_t pair;

    bm_wr_init(&w, room, sizeof room);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    rdn = bm_der_open(&w, BM_DER_SET);
    pair = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_oid(&w, BM_LIT(BM_OID_AT_SERIAL));
    bm_der_put(&w, BM_DER_PRINTABLE_STRING, serial);
    bm_der_close(&w, pair);
    bm_der_close(&w, rdn);
    bm_der_close(&w, mark);
    config.subject = bm_wr_bytes(&w);
    return bm_csr_build(&config, signer, out);
}

static bm_status csr(const struct device *d, struct bm_wr *out)
{
    struct bm_key *key = NULL;
    bm_status rc = d->p->open(d->p->self, d->rest, &key);

    if (rc == BM_OK) {
        rc = d->serial == NULL ? BM_E_ARGUMENT : put_csr(d, key->signer, out);
    }
    bm_key_close(key);
    return rc;
}

static bm_status generate(const struct device *d, struct bm_wr *out)
{
    static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
    struct bm_key *key = NULL;
    bm_status rc = d->p->generate(d->p->self, d->rest, &p256, &key);

    (void)out;
    bm_key_close(key);
    return rc;
}

static bm_status claim(const struct device *d, struct bm_wr *out)
{
    const struct bm_key_tpm2_attest c = { .provider = d->p, .rest = d->rest };

    return bm_key_tpm2_claim(&c, out);
}

static bm_status answer(const struct device *d, struct bm_wr *out)
{
    const struct bm_key_tpm2_attest c = { .provider = d->p, .rest = d->rest };
    uint8_t in[BM_ATTEST_MESSAGE_MAX];
    size_t n = fread(in, 1, sizeof in, stdin);

    return bm_key_tpm2_answer(&c, (struct bm_bytes){ in, n }, out);
}

static const struct {
    const char *verb;
    bm_status (*run)(const struct device *d, struct bm_wr *out);
} verbs[] = {
    { "generate", generate },
    { "csr", csr },
    { "claim", claim },
    { "answer", answer },
};

static bm_status run(const char *verb, const struct device *d,
                     struct bm_wr *out)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].verb) == 0) {
            return verbs[i].run(d, out);
        }
    }
    return BM_E_ARGUMENT;
}

int main(int argc, char **argv)
{
    static uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct bm_key_tpm2_config config = { .tools = bm_test_key_tools() };
    struct device d = { NULL, NULL, NULL };
    struct bm_wr out;
    bm_status rc = BM_E_ARGUMENT;

    bm_wr_init(&out, room, sizeof room);
    if (argc >= 4) {
        config.tcti = argv[2];
        d.rest = argv[3];
        d.serial = argc > 4 ? argv[4] : NULL;
        rc = bm_key_tpm2_new(&config, &d.p);
    }
    if (rc == BM_OK) {
        rc = run(argv[1], &d, &out);
    }
    bm_key_tpm2_free(d.p);
    if (rc != BM_OK) {
        (void)fprintf(stderr, "%s\n", bm_status_text(rc));
        return 1;
    }
    return fwrite(room, 1, out.len, stdout) == out.len ? 0 : 1;
}
