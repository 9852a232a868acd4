/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_world.h"

/* The profiles that come with the program, from request to certificate. */

static const struct bm_bytes nothing = { NULL, 0 };

static void every_shipped_profile_parses_under_its_own_name(void)
{
    static const char *const names[] = {
        /* init writes */
        "aws-iot", "azure-dps", "bacnet-sc-node", "ieee-802.1ar-idevid",
        "ieee-802.1ar-ldevid", "iot-ldevid-tls", "opcua-app-ecc",
        "opcua-app-rsa", "operator", "tls-client", "tls-server",
        /* on demand */
        "3gpp-nf", "firmware-signing", "iot-root", "iot-subca", "matter-dac",
        "matter-paa", "matter-pai", "ocf-identity", "ocf-root", "ocf-subca",
        "policy-signing", "tpm-ak", "tpm-ek", "wisun-idevid",
        /* built in */
        "ocsp-responder", "root", "sub-ca", "trust-bundle", NULL
    };
    enum ca_profile_shipping how = CA_PROFILE_WRITTEN;
    size_t n = 0;

    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        struct ca_profile *profile = world_parse(world_view(p->text), p->name);

        CHECK(names[n] != NULL && strcmp(p->name, names[n]) == 0);
        how = strcmp(p->name, "3gpp-nf") == 0          ? CA_PROFILE_ON_DEMAND
              : strcmp(p->name, "ocsp-responder") == 0 ? CA_PROFILE_BUILT_IN
                                                       : how;
        CHECK(p->shipping == how);
        CHECK(strcmp(ca_profile_policy(profile)->name, p->name) == 0);
        CHECK(bm_bytes_equal(ca_profile_text(profile), world_view(p->text)));
        ca_profile_free(profile);
        n++;
    }
    CHECK(names[n] == NULL);
}

static void the_policies_of_shipped_profiles_are_as_designed(void)
{
    struct ca_profile *p =
        world_parse(world_shipped("ieee-802.1ar-ldevid"), "p");
    const struct ca_profile_policy *policy = ca_profile_policy(p);

    CHECK(strcmp(policy->ca, "issuing") == 0 && !policy->self_signed);
    CHECK(policy->by ==
          (CA_BY_OPERATOR | CA_BY_TOKEN | CA_BY_IDEVID | CA_BY_CURRENT));
    CHECK(strcmp(policy->idevid_profiles[0], "ieee-802.1ar-idevid") == 0 &&
          policy->idevid_profiles[1] == NULL);
    CHECK(policy->device && !policy->identity && policy->one_active);
    CHECK(policy->renewable && policy->renew_before == 30 * 86400 &&
          policy->renew_grace == 14 * 86400 && !policy->same_key_renewal);
    CHECK(policy->key_sharing[0] == NULL && policy->fork == CA_FORK_REFUSE);
    CHECK(policy->nested && !policy->is_ca && !policy->is_ocsp);
    CHECK(!policy->approval && !policy->expected);
    CHECK(policy->est.enabled && !policy->est.serverkeygen);
    CHECK(!policy->est.wrap && !policy->est.chain && !policy->est.binding &&
          !policy->est.encoding_header);
    ca_profile_free(p);

    p = world_parse(world_shipped("ieee-802.1ar-idevid"), "p");
    policy = ca_profile_policy(p);
    CHECK(policy->by == (CA_BY_OPERATOR | CA_BY_TOKEN));
    CHECK(policy->device && policy->identity && !policy->renewable);
    CHECK(!policy->nested && policy->idevid_profiles[0] == NULL);
    CHECK(policy->est.enabled);
    ca_profile_free(p);

    p = world_parse(world_shipped("tls-server"), "p");
    CHECK(!ca_profile_policy(p)->est.enabled);
    ca_profile_free(p);

    p = world_parse(world_shipped("ocsp-responder"), "p");
    CHECK(ca_profile_policy(p)->is_ocsp && !ca_profile_policy(p)->device);
    ca_profile_free(p);

    p = world_parse(world_shipped("root"), "p");
    CHECK(ca_profile_policy(p)->is_ca && ca_profile_policy(p)->self_signed);
    ca_profile_free(p);
}

/* What people ask for with openssl, and what they get. */
static const struct {
    const char *profile;
    const char *asked; /* RFC 4514: last RDN first */
    const char *device;
    const char *given; /* subject, or the refusal */
} requests[] = {
    { "ieee-802.1ar-idevid", "CN=sensor,serialNumber=SN-1", "",
      "CN=sensor,serialNumber=SN-1" },
    { "ieee-802.1ar-idevid", "serialNumber=SN-1", "", "serialNumber=SN-1" },
    { "ieee-802.1ar-idevid", "CN=SN-1", "", "CN=SN-1,serialNumber=SN-1" },
    { "ieee-802.1ar-ldevid", "CN=sensor,serialNumber=SN-1", "SN-1",
      "CN=sensor,serialNumber=SN-1" },
    { "ieee-802.1ar-ldevid", "CN=SN-1", "SN-1", "CN=SN-1,serialNumber=SN-1" },
    { "ieee-802.1ar-ldevid", "", "SN-1", "serialNumber=SN-1" },
    { "ieee-802.1ar-ldevid", "serialNumber=SN-1,CN=sensor", "",
      "CN=sensor,serialNumber=SN-1" },
    { "ieee-802.1ar-ldevid", "", "", "the request names no device" },
    { "ieee-802.1ar-ldevid", "serialNumber=SN-1", "SN-2",
      "the request is for device \"SN-1\", not for \"SN-2\"" },
    { "ieee-802.1ar-ldevid", "O=x,serialNumber=SN-1", "",
      "O \"x\" is not in the profile" },
    { "operator", "CN=Ada,O=Example", "", "CN=Ada,O=Example" },
    { "operator", "O=Example", "", "CN is missing" },
};

static void check_words(const struct ca_refusal *why, const char *want)
{
    size_t n = strlen(want);

    /* Where the rule stands is behind it. */
    if (strncmp(why->words, want, n) != 0 ||
        strncmp(why->words + n, " (p:", 4) != 0) {
        printf("# got %s, want %s\n", why->words, want);
        CHECK(!"the refusal is another one");
    }
}

static void plain_requests_get_certificates(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct ca_profile *p =
            world_parse(world_shipped(requests[i].profile), "p");
        struct ca_refusal why = { .status = BM_OK };
        struct ca_profile_request request;
        uint8_t buf[4096];
        uint8_t tbs[2048];
        uint8_t want[512];
        struct bm_csr csr;
        struct bm_cert cert;
        struct bm_wr w;

        CHECK_STATUS(world_bind(p, &world.ca, &why), BM_OK);
        world_csr(requests[i].asked, nothing,
                  bm_test_signer_nth(BM_KEY_P256, 2), buf, &csr);
        request = world_request(&csr);
        request.device = world_view(requests[i].device);
        bm_wr_init(&w, tbs, sizeof tbs);
        if (ca_profile_fill(p, &request, &w, &why) != BM_OK) {
            check_words(&why, requests[i].given);
            CHECK(w.len == 0);
        } else {
            CHECK_STATUS(ca_profile_check(p, bm_wr_bytes(&w), &cert, &why),
                         BM_OK);
            CHECK(bm_bytes_equal(cert.subject,
                                 world_name(requests[i].given, want)));
            CHECK(bm_bytes_equal(cert.key.der, csr.key.der));
        }
        ca_profile_free(p);
    }
}

int main(void)
{
    RUN(every_shipped_profile_parses_under_its_own_name);
    RUN(the_policies_of_shipped_profiles_are_as_designed);
    world_make();
    RUN(plain_requests_get_certificates);
    return bm_test_done();
}
