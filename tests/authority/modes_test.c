/* SPDX-License-Identifier: Apache-2.0 */
#include "server/instance.h"

#include <stdlib.h>

#include "ports/openssl/openssl_keys.h"
#include "server/init.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* The parts of a server open what they need of an instance, and no more. */

#define NOW INT64_C(1795600000)

static char dir[64];
static struct instance_port port;

static struct instance *open_as(enum instance_mode mode)
{
    struct ca_refusal why = { BM_OK, "" };
    struct instance *in;

    CHECK_STATUS(instance_open(dir, mode, &port, NOW + 1, &in, &why), BM_OK);
    if (in == NULL) {
        printf("# %s\n", why.words);
    }
    return in;
}

static size_t keys(const struct instance *in, bool ocsp)
{
    size_t n = 0;

    for (size_t i = 0; i < in->cas_n; i++) {
        n += (ocsp ? in->cas[i].ocsp_key : in->cas[i].key) != NULL;
    }
    return n;
}

static void the_issuer_has_the_store_and_no_key(void)
{
    struct instance *in = open_as(INSTANCE_ISSUER);

    if (in != NULL) {
        CHECK(in->store != NULL && in->ledger != NULL && in->profiles_n > 0);
        CHECK(in->ca == NULL && in->signer == NULL && in->journal == NULL);
        CHECK(keys(in, false) == 0 && keys(in, true) == 0);
        CHECK(in->ledger_key == NULL && in->keys.keys.providers == NULL);
        CHECK(in->lock < 0);
    }
    instance_close(in);
}

static void the_signer_has_keys_and_journal_and_no_store(void)
{
    struct instance *in = open_as(INSTANCE_SIGNER);

    if (in != NULL) {
        CHECK(in->signer != NULL && in->journal != NULL);
        CHECK(keys(in, false) == 2 && keys(in, true) == 0);
        CHECK(in->ledger_key != NULL && in->profiles_n > 0);
        CHECK(in->store == NULL && in->ca == NULL && in->ledger == NULL);
        CHECK(in->keys.kek == NULL && in->keys.keys.providers == NULL);
    }
    instance_close(in);
}

static void the_status_signer_has_the_responders_keys_alone(void)
{
    struct instance *in = open_as(INSTANCE_STATUS);

    if (in != NULL) {
        CHECK(keys(in, true) == 2 && keys(in, false) == 0);
        CHECK(in->store != NULL && in->ca != NULL);
        CHECK(in->signer == NULL && in->journal == NULL);
        CHECK(in->ledger_key == NULL && in->keys.kek == NULL);
        CHECK_STATUS(in->store->begin(in->store->self, STORE_WRITE),
                     BM_E_STORE_STATE);
    }
    instance_close(in);
}

static void a_listener_gets_the_key_of_the_server(void)
{
    struct instance *in = open_as(INSTANCE_READ);
    char path[FILES_PATH_MAX];
    struct bm_cert cert;
    struct bm_key *key = NULL;
    uint8_t *der = NULL;
    size_t n = 0;

    if (in == NULL) {
        return;
    }
    CHECK_STATUS(server_key_open(dir, &in->settings, &port, &key, NULL), BM_OK);
    CHECK_STATUS(files_path(path, dir, "ca/server.pem"), BM_OK);
    CHECK_STATUS(files_get_pem(path, "CERTIFICATE", &der, &n, NULL), BM_OK);
    CHECK_STATUS(
        bm_cert_parse((struct bm_bytes){ der, n }, BM_STRICT, NULL, &cert),
        BM_OK);
    CHECK(key != NULL && bm_bytes_equal(key->signer->key.der, cert.key.der));
    bm_key_close(key);
    free(der);
    instance_close(in);
}

/* Both halves at work, as a server puts them together. */
static void the_issuer_works_with_the_signers_keys(void)
{
    struct instance *signer = open_as(INSTANCE_SIGNER);
    struct instance *in = open_as(INSTANCE_ISSUER);
    struct ca_refusal why = { BM_OK, "" };
    static const struct ca_actor authority = { .name = "authority",
                                               .mode = "test",
                                               .authority = true };

    if (signer == NULL || in == NULL) {
        goto out;
    }
    CHECK_STATUS(instance_start(in, signer->signer, NOW + 2, &why), BM_OK);
    CHECK_STATUS(instance_make_crl(in, &authority, "issuing", NOW + 2, &why),
                 BM_OK);
    CHECK_STATUS(instance_publish(in, NOW + 2, &why), BM_OK);
    /* Again, as when the signer was started anew. */
    CHECK_STATUS(instance_start(in, signer->signer, NOW + 3, &why), BM_OK);
    CHECK_STATUS(instance_make_crl(in, &authority, "issuing", NOW + 3, &why),
                 BM_OK);

out:
    instance_close(in);
    instance_close(signer);
}

int main(void)
{
    char base[] = "/tmp/bm-modes-XXXXXX";
    const char *host = "ca.example";
    struct init_config config = { .dir = dir,
                                  .organisation = "Example",
                                  .hosts = &host,
                                  .hosts_n = 1,
                                  .port = &port,
                                  .now = NOW };

    port = (struct instance_port){ .crypto = bm_test_crypto(),
                                   .maker = bm_openssl_key_maker() };
    if (mkdtemp(base) == NULL) {
        return 1;
    }
    (void)snprintf(dir, sizeof dir, "%s/d", base);
    if (init_instance(&config, NULL) != BM_OK) {
        return 1;
    }
    RUN(the_issuer_has_the_store_and_no_key);
    RUN(the_signer_has_keys_and_journal_and_no_store);
    RUN(the_status_signer_has_the_responders_keys_alone);
    RUN(a_listener_gets_the_key_of_the_server);
    RUN(the_issuer_works_with_the_signers_keys);
    if (files_remove_tree(base, NULL) != BM_OK) {
        return 1;
    }
    return bm_test_done();
}
