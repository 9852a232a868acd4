/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_faults.h"
#include "ca/test/profile_forge.h"

/*
 * The profiles of the field. Of each kind a certificate is made by its own
 * profile, below an issuer of the right kind, and every rule of its own lint
 * holds. Then, row by row, it gets a single fault, is signed again, and
 * exactly the rule of that fault is broken.
 */

/* ---- One of each kind */

/* nfTypes of an AMF and an SMF: 1.3.6.1.5.5.7.1.34 */
#define NF_TYPES                                               \
    "\x30\x17\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x22\x04\x0b" \
    "\x30\x09\x16\x03"                                         \
    "AMF"                                                      \
    "\x16\x02"                                                 \
    "XY"

static const struct kind {
    const char *profile;
    const char
        *issuer; /* a kind above; "ca" or "root" of the world; NULL: self */
    const char *subject;
    const char *device;
    const char *names; /* see put_san() */
    enum bm_key_type key;
} kinds[] = {
    { "iot-root", NULL, "CN=IoT Root,O=Example,C=DE", "", "", BM_KEY_P256 },
    { "iot-subca", "iot-root", "CN=IoT CA,O=Example,C=DE", "", "",
      BM_KEY_P256 },
    { "iot-ldevid-tls", "iot-subca", "", "SN-1", "", BM_KEY_P256 },
    { "matter-paa", NULL, "matter-vid=FFF1,CN=PAA", "", "", BM_KEY_P256 },
    { "matter-pai", "matter-paa", "matter-vid=FFF1,CN=PAI", "", "",
      BM_KEY_P256 },
    { "matter-dac", "matter-pai", "matter-pid=8000,CN=SN-1", "", "",
      BM_KEY_P256 },
    { "ocf-root", NULL, "CN=OCF Root,O=Example", "", "", BM_KEY_P256 },
    { "ocf-subca", "ocf-root", "CN=OCF CA,O=Example", "", "", BM_KEY_P256 },
    { "ocf-identity", "ocf-subca", "O=Example",
      "01234567-89ab-cdef-0123-456789abcdef", "", BM_KEY_P256 },
    { "wisun-idevid", "ca", "", "0011223344556677",
      "hw:1.3.6.1.4.1.99999.1:0011223344556677", BM_KEY_P256 },
    { "opcua-app-rsa", "ca", "CN=Server,O=Example", "",
      "uri:urn:example:server dns:plc.example ip:10.0.0.1", BM_KEY_RSA },
    { "opcua-app-ecc", "ca", "CN=Server,O=Example", "",
      "uri:urn:example:server dns:plc.example", BM_KEY_P256 },
    { "bacnet-sc-node", "ca", "", "node-17", "", BM_KEY_P256 },
    { "aws-iot", "ca", "", "thing_1", "", BM_KEY_P256 },
    { "azure-dps", "ca", "", "sensor-1", "", BM_KEY_P256 },
    { "tls-client", "ca", "CN=gateway,O=Example", "", "", BM_KEY_P256 },
    { "firmware-signing", "ca", "CN=Release,O=Example", "", "", BM_KEY_P256 },
    { "policy-signing", "ca", "CN=Firewall,O=Example", "", "", BM_KEY_P256 },
    { "ocsp-responder", "ca", "CN=Responder,O=Example", "", "", BM_KEY_P256 },
    { "trust-bundle", "ca", "CN=Bundles,O=Example", "", "", BM_KEY_P256 },
    { "tpm-ek", "ca", "", "", TPM_ALL, BM_KEY_P256 },
    { "tpm-ek", "ca", "", "", TPM_ALL, BM_KEY_RSA },
    { "tpm-ak", "ca", "CN=AK", "", TPM_ALL, BM_KEY_P256 },
    { "3gpp-nf", "ca", "O=5gc.mnc001.mcc262.3gppnetwork.org,C=DE", "",
      "dns:amf1.5gc.example " AMF, BM_KEY_P256 },
    { "ieee-802.1ar-idevid", "ca", "", "SN-1", "hw:1.3.6.1.4.1.99999.1:SN-1",
      BM_KEY_P256 },
    { "ieee-802.1ar-ldevid", "ca", "", "SN-1", "", BM_KEY_P256 },
    { "tls-server", "ca", "CN=a.example", "", "dns:a.example", BM_KEY_P256 },
    { "operator", "ca", "CN=Ada", "", "", BM_KEY_P256 },
    { "root", NULL, "CN=Root", "", "", BM_KEY_P256 },
    { "sub-ca", "root", "CN=CA", "", "", BM_KEY_P256 },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* What became of a kind. */
static struct made {
    struct ca_profile *profile;
    uint8_t der[2048];
    struct bm_cert cert;
    const struct bm_signer *signer;        /* its own key */
    const struct bm_cert *issuer;          /* NULL: itself */
    const struct bm_signer *issuer_signer; /* that signed it */
} made[KINDS];

static size_t find_kind(const char *profile)
{
    size_t i = 0;

    while (i < KINDS && strcmp(kinds[i].profile, profile) != 0) {
        i++;
    }
    CHECK(i < KINDS);
    return i < KINDS ? i : 0;
}

/* "hw:TYPE:SERIAL" */
static void put_hardware(struct bm_wr *w, const char *text)
{
    const char *colon = strchr(text, ':');
    struct bm_hardware_module_name hw;
    uint8_t oid[64];
    struct bm_wr o;

    bm_wr_init(&o, oid, sizeof oid);
    CHECK_STATUS(bm_oid_from_dotted((struct bm_bytes){ (const uint8_t *)text,
                                                       (size_t)(colon - text) },
                                    &o),
                 BM_OK);
    hw.type = bm_wr_bytes(&o);
    hw.serial = world_view(colon + 1);
    bm_general_name_put_hardware(w, &hw);
}

static void put_one_name(struct bm_wr *w, const char *name)
{
    static const uint8_t address[] = { 10, 0, 0, 1 };

    uint8_t buf[512];

    if (strncmp(name, "dn:", 3) == 0) {
        bm_general_name_put_directory(w, world_name(name + 3, buf));
    } else if (strncmp(name, "hw:", 3) == 0) {
        put_hardware(w, name + 3);
    } else if (strncmp(name, "uri:", 4) == 0) {
        bm_general_name_put(w, BM_GN_URI, world_view(name + 4));
    } else if (strncmp(name, "dns:", 4) == 0) {
        bm_general_name_put(w, BM_GN_DNS, world_view(name + 4));
    } else if (strcmp(name, "ip:10.0.0.1") == 0) {
        bm_general_name_put(w, BM_GN_IP, BM_ARRAY(address));
    } else {
        CHECK(!"no such name");
    }
}

/* GeneralNames of words like "dns:a.example", between spaces. */
static struct bm_bytes put_san(const char *names, uint8_t buf[512])
{
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, buf, 512);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        char name[128];

        (void)snprintf(name, sizeof name, "%.*s", (int)n, names);
        put_one_name(&w, name);
        names += n + strspn(names + n, " ");
    }
    bm_der_close(&w, list);
    return bm_wr_bytes(&w);
}

static void set_issuer(struct made *m, const struct kind *kind)
{
    if (kind->issuer == NULL) {
        m->issuer_signer = m->signer;
    } else if (strcmp(kind->issuer, "ca") == 0) {
        m->issuer = &world.ca;
        m->issuer_signer = bm_test_signer_nth(BM_KEY_P256, 1);
    } else if (strcmp(kind->issuer, "root") == 0) {
        m->issuer = &world.root;
        m->issuer_signer = bm_test_signer_nth(BM_KEY_P256, 0);
    } else {
        const struct made *above = &made[find_kind(kind->issuer)];

        m->issuer = &above->cert;
        m->issuer_signer = above->signer;
    }
}

static void make(size_t i)
{
    const struct kind *kind = &kinds[i];
    struct made *m = &made[i];
    struct ca_refusal why = { .status = BM_OK };
    struct ca_profile_request request;
    uint8_t buf[4096];
    uint8_t names[512];
    struct bm_csr csr;

    /* Keys 0 to 3 go round, so that no chain has one twice. */
    m->signer = kind->key == BM_KEY_P256
                    ? bm_test_signer_nth(BM_KEY_P256, 1 + i % 3)
                    : bm_test_signer(kind->key);
    if (kind->issuer != NULL && strcmp(kind->issuer, "ca") == 0 &&
        kind->key == BM_KEY_P256) {
        m->signer = bm_test_signer_nth(BM_KEY_P256, 2);
    }
    set_issuer(m, kind);
    m->profile = world_parse(world_shipped(kind->profile), kind->profile);
    if (world_bind(m->profile, m->issuer, &why) != BM_OK) {
        printf("# %s: %s\n", kind->profile, why.words);
        CHECK(!"it does not bind");
        return;
    }
    world_csr(kind->subject,
              strcmp(kind->profile, "3gpp-nf") == 0
                  ? BM_LIT(NF_TYPES)
                  : (struct bm_bytes){ NULL, 0 },
              m->signer, buf, &csr);
    request = world_request(&csr);
    request.device = world_view(kind->device);
    if (kind->names[0] != '\0') {
        request.san = put_san(kind->names, names);
    }
    world_issue(m->profile, &request, m->issuer_signer, m->der, &m->cert);
}

/* ---- Lint */

struct report {
    size_t n;
    size_t broken;
    size_t unknown;
    char rule[CA_REFUSAL_WORDS_MAX]; /* the first broken one */
    char words[CA_REFUSAL_WORDS_MAX];
};

static void note(void *arg, const char *rule, enum ca_profile_verdict verdict,
                 const struct ca_refusal *why)
{
    struct report *r = arg;

    r->n++;
    r->unknown += verdict == CA_PROFILE_UNKNOWN;
    if (verdict == CA_PROFILE_BROKEN) {
        const char *place = strstr(rule, " (");
        size_t n = place != NULL ? (size_t)(place - rule) : strlen(rule);
        size_t used = strlen(r->rule);

        (void)snprintf(r->rule + used, sizeof r->rule - used, "%s%.*s",
                       used != 0 ? ", " : "", (int)n, rule);
        if (r->broken++ == 0) {
            (void)snprintf(r->words, sizeof r->words, "%s", why->words);
        }
    }
}

static struct report lint(const struct made *m, const struct bm_cert *cert,
                          const struct bm_crypto *crypto)
{
    struct report report = { .n = 0 };
    const struct ca_profile_lint l = {
        .arg = &report, .rule = note, .issuer = m->issuer, .crypto = crypto
    };
    bm_status rc = ca_profile_lint(m->profile, cert, &l);

    CHECK((rc == BM_OK) == (report.broken == 0));
    return report;
}

static void what_a_profile_makes_passes_its_own_lint(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct report r = lint(&made[i], &made[i].cert, bm_test_crypto());

        if (r.broken != 0 || r.unknown != 0) {
            printf("# %s: %s: %s\n", kinds[i].profile, r.rule, r.words);
            CHECK(!"a rule is broken");
        }
    }
}

static size_t faults_of(const char *profile)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        n +=
            strcmp(faults[i].profile, profile) == 0 && faults[i].rule[0] != '\0'
                ? 1
                : 0;
    }
    return n;
}

/* A new file in ca/profiles needs a row here, and faults. */
static void every_shipped_profile_is_among_them(void)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        CHECK(strcmp(kinds[find_kind(p->name)].profile, p->name) == 0);
        CHECK(faults_of(p->name) >= 10);
    }
}

/* ---- Single faults */

static void set_key(const struct made *m, const struct fault *fault,
                    struct forged *f)
{
    enum bm_key_type type = strcmp(fault->text, "p384") == 0  ? BM_KEY_P384
                            : strcmp(fault->text, "rsa") == 0 ? BM_KEY_RSA
                                                              : BM_KEY_ED25519;
    const struct bm_spki *key = &bm_test_signer(type)->key;
    uint8_t ski[2 + BM_SKI_SIZE] = { BM_DER_OCTET_STRING, BM_SKI_SIZE };

    (void)m;
    f->spki = key->der;
    for (size_t i = 0; i < f->ext_n; i++) {
        if (bm_oid_is(f->ext[i].oid, BM_OID_CE_SKI)) {
            CHECK_STATUS(
                bm_ski_make(bm_test_crypto(), BM_SKI_SHA1, key, ski + 2),
                BM_OK);
            f->ext[i].value = keep(f, BM_ARRAY(ski));
        }
    }
}

static void set_names(const struct fault *fault, struct forged *f)
{
    uint8_t buf[512];
    struct bm_bytes value = keep(f, put_san(fault->text, buf));

    if (fault->how == ADD_NAMES) {
        f->ext[f->ext_n++] =
            (struct bm_ext){ BM_LIT(BM_OID_CE_SAN), value, false };
    } else {
        find(f, BM_LIT(BM_OID_CE_SAN))->value = value;
    }
}

static void set_serial(const struct fault *fault, struct forged *f)
{
    static const uint8_t serial[20] = { 0x11, 0x22, 0x33 };

    f->serial = (struct bm_bytes){ serial, strtoul(fault->text, NULL, 10) };
}

static void apply(const struct made *m, const struct fault *fault,
                  struct forged *f)
{
    struct bm_ext added = { fault->oid, fault->value, fault->how == ADD_C };

    switch (fault->how) {
    case DROP:
        *find(f, fault->oid) = f->ext[f->ext_n - 1];
        f->ext_n--;
        break;
    case FLIP:
        find(f, fault->oid)->critical = !find(f, fault->oid)->critical;
        break;
    case SET:
        find(f, fault->oid)->value = fault->value;
        break;
    case ADD:
    case ADD_C:
        f->ext[f->ext_n++] = added;
        break;
    case NAMES:
    case ADD_NAMES:
        set_names(fault, f);
        break;
    case SUBJECT:
        set_name(f, &f->subject, fault->text);
        break;
    case ISSUER:
        set_name(f, &f->issuer, fault->text);
        break;
    case SELF:
        set_name(f, &f->subject, fault->text);
        f->issuer = f->subject;
        break;
    case SERIAL:
        set_serial(fault, f);
        break;
    case LIFE:
        f->not_after =
            f->not_before + 86400 * (int64_t)strtol(fault->text, NULL, 10);
        break;
    case NEVER:
        f->not_after = BM_TIME_NEVER;
        break;
    case BEFORE:
        f->not_before = WORLD_NOW - 90000;
        f->not_after = WORLD_NOW + 86400;
        break;
    case KEY:
        set_key(m, fault, f);
        break;
    default: /* of the signature: see sign() */
        break;
    }
}

static struct bm_bytes sign(const struct made *m, const struct fault *fault,
                            const struct forged *f, uint8_t der[4096])
{
    const struct bm_signer *signer = m->issuer_signer;
    uint8_t tbs[4096];
    uint8_t sig[BM_SIGNATURE_MAX];
    struct bm_bytes body = put_together(f, tbs);
    struct bm_wr s;
    struct bm_wr w;

    if (fault->how == SIGNATURE) {
        signer = bm_test_signer_nth(
            BM_KEY_P256, signer == bm_test_signer_nth(BM_KEY_P256, 3) ? 0 : 3);
    }
    bm_wr_init(&s, sig, sizeof sig);
    CHECK_STATUS(signer->sign(signer->self, body, &s), BM_OK);
    bm_wr_init(&w, der, 4096);
    bm_cert_assemble(&w, body, f->sig_alg, bm_wr_bytes(&s));
    return bm_wr_bytes(&w);
}

static void try_fault(size_t i, const struct fault *fault)
{
    const struct made *m = &made[find_kind(fault->profile)];
    uint8_t der[4096];
    struct forged f;
    struct bm_cert cert;
    struct report r;
    bm_status rc;

    take_apart(m->cert.tbs, &f);
    apply(m, fault, &f);
    if (fault->how == ALGORITHM) {
        f.sig_alg = BM_SIG_ECDSA_SHA384;
    }
    rc = bm_cert_parse(sign(m, fault, &f, der), BM_STRICT, NULL, &cert);
    if ((rc != BM_OK) != (strcmp(fault->rule, "malformed") == 0)) {
        printf("# %lu: %s: 0x%04x\n", (unsigned long)i, fault->profile,
               (unsigned)rc);
        CHECK(!"a fault of any certificate, or none");
    }
    if (rc != BM_OK) {
        return;
    }
    r = lint(m, &cert, fault->how == ALGORITHM ? NULL : bm_test_crypto());
    if (strcmp(r.rule, fault->rule) != 0) {
        printf("# %lu: %s: want %s, got %s: %s\n", (unsigned long)i,
               fault->profile, fault->rule, r.rule, r.words);
        CHECK(!"another rule, or none");
    }
}

static void a_single_fault_breaks_exactly_its_rule(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        try_fault(i, &faults[i]);
    }
}

/* Is it what the profile accepts of others, or what it could issue? */
static bool is_of_others(const struct fault *fault)
{
    switch (fault->how) {
    case KEY:
    case LIFE:
    case NAMES:
    case SUBJECT:
    case SELF:
        return false; /* another device, within the profile */
    default:
        return true;
    }
}

/*
 * The last check before a signature knows no `accepts`: it refuses what lint
 * refuses, and what is acceptable only of others.
 */
static void none_of_it_would_be_signed(void)
{
    size_t n = 0;

    /* Without a fault, all of it would be. */
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t tbs[4096];
        struct forged f;
        struct bm_cert cert;

        take_apart(made[i].cert.tbs, &f);
        CHECK_STATUS(ca_profile_check(made[i].profile, put_together(&f, tbs),
                                      &cert, NULL),
                     BM_OK);
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct made *m = &made[find_kind(faults[i].profile)];
        uint8_t tbs[4096];
        struct forged f;
        struct bm_cert cert;

        if (faults[i].how == SIGNATURE ||
            (faults[i].rule[0] == '\0' && !is_of_others(&faults[i]))) {
            continue;
        }
        take_apart(m->cert.tbs, &f);
        apply(m, &faults[i], &f);
        if (faults[i].how == ALGORITHM) {
            f.sig_alg = BM_SIG_ECDSA_SHA384;
        }
        if (ca_profile_check(m->profile, put_together(&f, tbs), &cert, NULL) ==
            BM_OK) {
            printf("# %lu: %s\n", (unsigned long)i, faults[i].profile);
            CHECK(!"it would be signed");
        }
        n++;
    }
    CHECK(n > 400);
}

int main(void)
{
    world_make();
    for (size_t i = 0; i < KINDS; i++) {
        make(i);
    }
    RUN(what_a_profile_makes_passes_its_own_lint);
    RUN(every_shipped_profile_is_among_them);
    RUN(a_single_fault_breaks_exactly_its_rule);
    RUN(none_of_it_would_be_signed);
    for (size_t i = 0; i < KINDS; i++) {
        ca_profile_free(made[i].profile);
    }
    return bm_test_done();
}
