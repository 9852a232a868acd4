/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/resource.h>

#include "tests/authority/world.h"

/* The signer is no oracle: what it does not agree to, it does not sign, and
 * what it signs is in its journal first. */

/* What it is asked to sign, and what it has to do with it. */
struct asking {
    struct world w;
    struct request csr;
    uint8_t room[CA_TBS_MAX];
    struct bm_wr tbs;
    uint8_t cert_room[CA_CERT_MAX];
    struct bm_wr cert;
    uint8_t serial[16];
    struct ca_signing item;
};

static void fill(struct asking *a, const char *profile, const char *ca)
{
    struct ca_profile_request r = { .csr = &a->csr.csr, .now = a->w.now };

    memset(a->serial, 0x11, sizeof a->serial);
    r.serial = BM_ARRAY(a->serial);
    if (strcmp(profile, TLS) == 0) {
        request_server(&a->csr, world_key(), "a.example");
    } else {
        request_make(&a->csr, world_key(),
                     strcmp(profile, LDEVID) == 0 ? "SN-1" : NULL, "Name");
    }
    bm_wr_init(&a->tbs, a->room, sizeof a->room);
    bm_wr_init(&a->cert, a->cert_room, sizeof a->cert_room);
    must(ca_profile_fill(world_profile(profile), &r, &a->tbs, NULL) == BM_OK,
         "fill");
    a->item = (struct ca_signing){ .ca = ca,
                                   .profile = world_profile(profile),
                                   .tbs = bm_wr_bytes(&a->tbs),
                                   .serial = BM_ARRAY(a->serial),
                                   .cert = &a->cert };
}

static bm_status sign(struct asking *a)
{
    struct ca_signer *s = a->w.real_signer;
    bm_status rc = s->certs(s->self, &a->item, 1, a->w.now, NULL);

    CHECK((a->cert.len != 0) == (rc == BM_OK));
    return rc;
}

static bm_status count_entry(void *arg, const struct ca_journal_entry *e)
{
    unsigned *n = arg;

    *n += e->kind != CA_JOURNAL_CHECKPOINT;
    return BM_OK;
}

static unsigned entries(struct asking *a)
{
    unsigned n = 0;

    must(ca_journal_walk(a->w.journal_dir, world_crypto(), false, &n,
                         count_entry) == BM_OK,
         "journal");
    return n;
}

static void it_signs_what_matches_its_profiles(void)
{
    static struct asking a;
    struct bm_cert cert;
    unsigned before;

    world_open(&a.w);
    before = entries(&a);
    fill(&a, LDEVID, "issuing");
    CHECK_STATUS(sign(&a), BM_OK);
    CHECK(entries(&a) == before + 1);
    CHECK_STATUS(bm_cert_parse(bm_wr_bytes(&a.cert), BM_STRICT, NULL, &cert),
                 BM_OK);
    CHECK_BYTES(cert.tbs.p, cert.tbs.n, a.tbs.buf, a.tbs.len);
    world_close(&a.w);
}

static void it_refuses_another_ca_and_another_profile(void)
{
    static struct asking a;
    struct ca_profile *strange;
    struct bm_bytes text = ca_profile_text(world_profile(LDEVID));
    unsigned before;

    world_open(&a.w);
    before = entries(&a);
    fill(&a, LDEVID, "operations");
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    fill(&a, LDEVID, "root"); /* its key is not here */
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    fill(&a, LDEVID, "no-such-ca");
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    /* The same text is not the same profile: it was started with others. */
    must(ca_profile_parse(text, "strange", &strange, NULL) == BM_OK, "strange");
    fill(&a, LDEVID, "issuing");
    a.item.profile = strange;
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    ca_profile_free(strange);
    /* A TBS of another profile. */
    fill(&a, LDEVID, "issuing");
    a.item.profile = world_profile(IDEVID);
    CHECK(sign(&a) != BM_OK);
    fill(&a, "operator", "operations");
    a.item.profile = world_profile(TLS);
    CHECK(sign(&a) != BM_OK);
    CHECK(entries(&a) == before);
    world_close(&a.w);
}

static void the_serial_in_the_journal_is_that_of_the_certificate(void)
{
    static struct asking a;
    uint8_t other[16];

    world_open(&a.w);
    fill(&a, LDEVID, "issuing");
    memset(other, 0x22, sizeof other);
    a.item.serial = BM_ARRAY(other);
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    a.item.serial = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(sign(&a), BM_E_CA_SIGNER);
    world_close(&a.w);
}

static void it_never_signs_the_certificate_of_a_ca(void)
{
    static struct asking a;
    const struct ca_profile_shipped *p = ca_profiles_shipped;
    const struct instance_ca *issuer = world_ca("issuing");
    struct ca_profile *profile;
    const struct ca_profile *profiles[1];
    struct ca_profile_issuer by = { .id = "issuing",
                                    .cert = &issuer->cert,
                                    .sig_alg = issuer->key->signer->alg,
                                    .public_url = "http://ca.example",
                                    .crypto = world_crypto() };
    struct ca_signer_ca ca = { .id = "issuing",
                               .key = issuer->key->signer,
                               .cert = &issuer->cert };
    struct ca_signer_config config = { .crypto = world_crypto(),
                                       .cas = &ca,
                                       .cas_n = 1,
                                       .profiles = profiles,
                                       .profiles_n = 1,
                                       .may_sign_ocsp = true,
                                       .origin = "x" };
    struct ca_profile_request r = { .csr = &a.csr.csr };
    struct ca_signer *signer;
    char text[4096];
    size_t n;
    bm_status rc;

    while (strcmp(p->name, "sub-ca") != 0) {
        p++;
    }
    /* The issuing CA may have none below it, so take that out. */
    n = strlen(p->text);
    must(n < sizeof text, "text");
    memcpy(text, p->text, n + 1);
    world_open(&a.w);
    must(ca_profile_parse((struct bm_bytes){ (const uint8_t *)text, n },
                          "sub-ca", &profile, NULL) == BM_OK,
         "sub-ca");
    /* pathLen 0 forbids it already when the profile is bound. */
    CHECK_STATUS(ca_profile_bind(profile, &by, NULL), BM_E_PROFILE_ISSUER);
    by.cert = &world_ca("root")->cert;
    ca.cert = by.cert;
    must(ca_profile_bind(profile, &by, NULL) == BM_OK, "bind");
    profiles[0] = profile;
    config.journal = a.w.journal;
    must(ca_signer_new(&config, &signer) == BM_OK, "signer");
    request_make(&a.csr, world_key(), NULL, "Sub CA");
    memset(a.serial, 0x11, sizeof a.serial);
    r.serial = BM_ARRAY(a.serial);
    r.now = a.w.now;
    bm_wr_init(&a.tbs, a.room, sizeof a.room);
    bm_wr_init(&a.cert, a.cert_room, sizeof a.cert_room);
    must(ca_profile_fill(profile, &r, &a.tbs, NULL) == BM_OK, "fill");
    a.item = (struct ca_signing){ .ca = "issuing",
                                  .profile = profile,
                                  .tbs = bm_wr_bytes(&a.tbs),
                                  .serial = BM_ARRAY(a.serial),
                                  .cert = &a.cert };
    rc = signer->certs(signer->self, &a.item, 1, a.w.now, NULL);
    CHECK_STATUS(rc, BM_E_CA_SIGNER);
    CHECK(a.cert.len == 0);
    signer->close(signer->self);
    ca_profile_free(profile);
    world_close(&a.w);
}

static void responders_are_for_the_signer_that_may(void)
{
    static struct asking a;
    const struct instance_ca *issuer = world_ca("issuing");
    const struct ca_profile *profile = NULL;
    const struct instance *in = world_base();
    struct ca_signer_ca ca = { .id = "issuing",
                               .key = issuer->key->signer,
                               .cert = &issuer->cert };
    struct ca_signer_config config = { .crypto = world_crypto(),
                                       .cas = &ca,
                                       .cas_n = 1,
                                       .profiles = &profile,
                                       .profiles_n = 1,
                                       .origin = "x" };
    struct ca_profile_request r = { .csr = &a.csr.csr };
    struct ca_signer *signer;

    for (size_t i = 0; i < in->profiles_n; i++) {
        if (ca_profile_policy(in->profiles[i].profile)->is_ocsp &&
            strcmp(in->profiles[i].ca, "issuing") == 0) {
            profile = in->profiles[i].profile;
        }
    }
    must(profile != NULL, "ocsp");
    world_open(&a.w);
    request_make(&a.csr, world_key(), NULL, "OCSP");
    memset(a.serial, 0x11, sizeof a.serial);
    r.serial = BM_ARRAY(a.serial);
    r.now = a.w.now;
    bm_wr_init(&a.tbs, a.room, sizeof a.room);
    bm_wr_init(&a.cert, a.cert_room, sizeof a.cert_room);
    must(ca_profile_fill(profile, &r, &a.tbs, NULL) == BM_OK, "fill");
    a.item = (struct ca_signing){ .ca = "issuing",
                                  .profile = profile,
                                  .tbs = bm_wr_bytes(&a.tbs),
                                  .serial = BM_ARRAY(a.serial),
                                  .cert = &a.cert };
    for (int may = 0; may < 2; may++) {
        config.may_sign_ocsp = may != 0;
        config.journal = a.w.journal;
        must(ca_signer_new(&config, &signer) == BM_OK, "signer");
        CHECK_STATUS(signer->certs(signer->self, &a.item, 1, a.w.now, NULL),
                     may != 0 ? BM_OK : BM_E_CA_SIGNER);
        signer->close(signer->self);
    }
    world_close(&a.w);
}

static void no_bit_of_a_tbs_may_break_its_profile(void)
{
    static struct asking a;
    unsigned before;
    size_t refused = 0;

    world_open(&a.w);
    fill(&a, LDEVID, "issuing");
    before = entries(&a);
    for (size_t bit = 0; bit < 8 * a.tbs.len; bit++) {
        struct bm_cert cert;
        uint8_t *octet = &a.room[bit / 8];

        *octet ^= (uint8_t)(1 << bit % 8);
        a.cert.len = 0;
        /* Key, serial number, names and times may be others, within bounds. */
        if (ca_profile_check(a.item.profile, a.item.tbs, &cert, NULL) !=
            BM_OK) {
            CHECK(sign(&a) != BM_OK);
            refused++;
        }
        *octet ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < a.tbs.len; n++) {
        a.item.tbs.n = n;
        a.cert.len = 0;
        CHECK(sign(&a) != BM_OK);
    }
    CHECK(refused > 2 * a.tbs.len);
    CHECK(entries(&a) == before);
    world_close(&a.w);
}

static void a_group_is_signed_whole_or_not_at_all(void)
{
    static struct asking good;
    static struct asking bad;
    struct ca_signing items[2];
    struct ca_signer *s;
    unsigned before;

    world_open(&good.w);
    bad.w = good.w;
    before = entries(&good);
    fill(&good, LDEVID, "issuing");
    fill(&bad, LDEVID, "operations");
    items[0] = good.item;
    items[1] = bad.item;
    s = good.w.real_signer;
    CHECK_STATUS(s->certs(s->self, items, 2, good.w.now, NULL), BM_E_CA_SIGNER);
    CHECK(good.cert.len == 0 && bad.cert.len == 0);
    CHECK(entries(&good) == before);
    world_close(&good.w);
}

/* ---- Lists */

static bm_status rewind_none(void *self)
{
    (void)self;
    return BM_OK;
}

static bm_status next_none(void *self, struct bm_crl_entry *entry)
{
    (void)self;
    (void)entry;
    return BM_E_END;
}

static bm_status count_octets(void *self, struct bm_bytes octets)
{
    size_t *n = self;

    *n += octets.n;
    return BM_OK;
}

/* The number that is claimed, and that the list has. */
static bm_status sign_list(struct world *w, const char *id, const char *issuer,
                           uint64_t claimed, uint8_t number)
{
    const struct instance_ca *ca = world_ca(issuer);
    struct ca_signer *s = w->real_signer;
    struct bm_crl_source source = { NULL, rewind_none, next_none };
    const struct ca_list_number list = { { id, STORE_LIST_COMPLETE }, claimed };
    size_t n = 0;
    struct bm_crl_sink sink = { &n, count_octets };
    struct bm_crl_config config = { .issuer = ca->cert.subject,
                                    .this_update = w->now,
                                    .next_update = w->now + DAY,
                                    .number = { &number, 1 },
                                    .aki = bm_exts_ski(&ca->cert.ext),
                                    .crypto = world_crypto(),
                                    .sig_alg = ca->key->signer->alg };
    struct bm_crl_writer writer;
    bm_status rc;

    must(bm_crl_writer_open(&writer, &config, &source) == BM_OK, "writer");
    rc = s->crl(s->self, &list, &writer, w->now, &sink);
    bm_crl_writer_close(&writer);
    CHECK((n != 0) == (rc == BM_OK));
    return rc;
}

static void the_number_of_a_list_grows(void)
{
    static const struct {
        const char *ca;
        const char *issuer;
        uint64_t claimed;
        uint8_t number;
        bm_status want;
    } rows[] = {
        { "issuing", "issuing", 5, 5, BM_OK },
        { "issuing", "issuing", 5, 5, BM_E_CA_SIGNER },
        { "issuing", "issuing", 4, 4, BM_E_CA_SIGNER },
        { "issuing", "issuing", 0, 0, BM_E_CA_SIGNER },
        { "issuing", "issuing", 6, 4, BM_E_CA_SIGNER }, /* a lie */
        { "issuing", "operations", 7, 7, BM_E_CA_SIGNER },
        { "root", "issuing", 7, 7, BM_E_CA_SIGNER },
        { "issuing", "issuing", 6, 6, BM_OK },
        { "operations", "operations", 5, 5,
          BM_OK }, /* each counts for itself */
    };
    struct world w;

    world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(sign_list(&w, rows[i].ca, rows[i].issuer, rows[i].claimed,
                               rows[i].number),
                     rows[i].want);
    }
    world_close(&w);
}

/* ---- Checkpoints */

static void a_checkpoint_continues_the_last_one(void)
{
    struct world w;
    struct ca_tree_head head;
    struct ca_tree_head other;
    struct ca_tree_proof proof = { .n = 0 };
    struct issued out;
    uint8_t room[4096];
    struct bm_wr note;
    struct ca_signer *s;

    world_open(&w);
    must(by_operator(&w, IDEVID, "SN-1", world_key(), &out) == BM_OK &&
             ca_checkpoint(w.ca, w.now, NULL) == BM_OK,
         "checkpoint");
    s = w.real_signer;
    s->last(s->self, &head);
    CHECK(head.size == world_leaves(&w));
    bm_wr_init(&note, room, sizeof room);
    /* The same again is fine; another root of this size is another tree. */
    CHECK_STATUS(s->checkpoint(s->self, &head, &proof, w.now, &note), BM_OK);
    other = head;
    other.root[0] ^= 1;
    note.len = 0;
    CHECK(s->checkpoint(s->self, &other, &proof, w.now, &note) != BM_OK);
    CHECK(note.len == 0);
    other = head;
    other.size--;
    CHECK_STATUS(s->checkpoint(s->self, &other, &proof, w.now, &note),
                 BM_E_LEDGER_ROLLBACK);
    other = head;
    other.size++;
    CHECK(s->checkpoint(s->self, &other, &proof, w.now, &note) != BM_OK);
    other = head;
    other.tree--;
    CHECK_STATUS(s->checkpoint(s->self, &other, &proof, w.now, &note),
                 BM_E_LEDGER_ROLLBACK);
    CHECK(note.len == 0);
    world_close(&w);
}

/* ---- The journal */

/* No file may grow: every write fails, and with it every signature. */
static void what_cannot_be_journalled_is_not_signed(void)
{
    static struct asking a;
    struct rlimit before;
    struct rlimit none;

    world_open(&a.w);
    fill(&a, LDEVID, "issuing");
    must(getrlimit(RLIMIT_FSIZE, &before) == 0, "getrlimit");
    none = before;
    none.rlim_cur = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    must(setrlimit(RLIMIT_FSIZE, &none) == 0, "setrlimit");
    CHECK(sign(&a) != BM_OK);
    must(setrlimit(RLIMIT_FSIZE, &before) == 0, "setrlimit");
    CHECK(a.cert.len == 0);
    /* What could not be written was not signed, and can be tried again. */
    CHECK_STATUS(sign(&a), BM_OK);
    world_close(&a.w);
}

static bm_status is_away(void *self)
{
    const bm_status *says = self;

    return *says;
}

/* Requests come again and again while a token is away: the journal does not
 * grow by them. */
static void what_a_token_that_is_away_would_sign_is_not_on_record(void)
{
    /* What is wrong with a token is never said in the words of a request. */
    static const struct {
        bm_status key;
        bm_status told;
        const char *words;
    } rows[] = {
        { BM_E_KEYS_GONE, BM_E_KEYS_GONE, "key of CA issuing" },
        { BM_E_KEYS_BUSY, BM_E_KEYS_BUSY, "key of CA issuing" },
        { BM_E_KEYS_AMBIGUOUS, BM_E_KEYS_AMBIGUOUS, "key of CA issuing" },
        { BM_E_KEY_MISMATCH, BM_E_KEYS_TOKEN,
          "key of CA issuing: another one is in its place" },
        { BM_E_FULL, BM_E_KEYS_TOKEN,
          "key of CA issuing: no space left on the device" },
        { BM_E_NOT_FOUND, BM_E_KEYS_TOKEN, NULL },
        { BM_E_KEY_UNSUPPORTED, BM_E_KEYS_TOKEN, NULL },
    };
    static struct asking a;
    const struct instance_ca *issuer = world_ca("issuing");
    const struct ca_profile *profile = world_profile(LDEVID);
    bm_status says = BM_OK;
    const struct bm_key away = { .self = &says, .ready = is_away };
    struct ca_signer_ca ca = { .id = "issuing",
                               .key = issuer->key->signer,
                               .cert = &issuer->cert,
                               .holder = &away };
    struct ca_signer_config config = { .crypto = world_crypto(),
                                       .cas = &ca,
                                       .cas_n = 1,
                                       .profiles = &profile,
                                       .profiles_n = 1,
                                       .origin = "x" };
    const struct ca_list_number list = { .of = { .ca = "issuing" },
                                         .number = 1000 };
    struct ca_signer *signer = NULL;
    struct ca_refusal why = { BM_OK, "" };
    unsigned before;

    world_open(&a.w);
    before = entries(&a);
    config.journal = a.w.journal;
    must(ca_signer_new(&config, &signer) == BM_OK, "signer");
    fill(&a, LDEVID, "issuing");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        says = rows[i].key;
        CHECK_STATUS(signer->certs(signer->self, &a.item, 1, a.w.now, &why),
                     rows[i].told);
        CHECK(rows[i].words == NULL || strcmp(why.words, rows[i].words) == 0);
        CHECK(a.cert.len == 0);
        CHECK_STATUS(ca_signer_list_begin(signer, &list, 100), rows[i].told);
        CHECK(entries(&a) == before);
    }
    signer->close(signer->self);
    world_close(&a.w);
}

int main(void)
{
    RUN(it_signs_what_matches_its_profiles);
    RUN(it_refuses_another_ca_and_another_profile);
    RUN(the_serial_in_the_journal_is_that_of_the_certificate);
    RUN(it_never_signs_the_certificate_of_a_ca);
    RUN(responders_are_for_the_signer_that_may);
    RUN(no_bit_of_a_tbs_may_break_its_profile);
    RUN(a_group_is_signed_whole_or_not_at_all);
    RUN(the_number_of_a_list_grows);
    RUN(a_checkpoint_continues_the_last_one);
    RUN(what_cannot_be_journalled_is_not_signed);
    RUN(what_a_token_that_is_away_would_sign_is_not_on_record);
    return bm_test_done();
}
