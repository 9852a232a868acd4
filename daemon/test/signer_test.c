/* SPDX-License-Identifier: Apache-2.0 */

/* The signer in its room, asked over a link by an issuer, and by somebody who
 * has captured one. */
#include "daemon/remote_signer.h"

#include "daemon/link.h"
#include "daemon/test/issuing.h"
#include "daemon/wire.h"

/* What came back: BM_E_IO when the link was closed instead. */
static bm_status ask(int fd, enum wire_verb verb, struct bm_bytes body)
{
    static uint8_t room[65536];
    static uint32_t next;
    uint32_t tag = ++next;
    struct link_frame question = { .verb = (uint16_t)verb,
                                   .tag = tag,
                                   .body = body };
    struct link_frame answer;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    BM_TRY(link_ask(fd, &question, 60000, &w, &answer));
    return (bm_status)answer.status;
}

static bm_status hello(int fd)
{
    return ask(fd, WIRE_SIGN_HELLO, (struct bm_bytes){ NULL, 0 });
}

static void certificates_lists_and_checkpoints_are_signed(void)
{
    static struct request r;
    struct issuing i;
    struct ca_issue_result result;
    struct bm_cert cert;
    struct ca_refusal why = { BM_OK, "" };

    begin(&i);
    make_request(&r, "a.example");
    CHECK_STATUS(issue(&i, &r, "tls-server", NULL, &result), BM_OK);
    CHECK_STATUS(bm_cert_parse(result.der, BM_STRICT, NULL, &cert), BM_OK);
    CHECK_STATUS(rooms_port.crypto->verify(
                     rooms_port.crypto->self,
                     &instance_find_ca(i.in, "operations")->cert.key,
                     cert.sig_alg, cert.tbs, cert.signature),
                 BM_OK);
    CHECK_STATUS(
        instance_make_crl(i.in, &authority, "issuing", rooms_clock, &why),
        BM_OK);
    CHECK_STATUS(instance_publish(i.in, rooms_clock, &why), BM_OK);
    free_request(&r);
    end(&i);
}

/* ---- Somebody who has captured the issuer */

static void before_hello_nothing_is_answered(void)
{
    struct signing s = start();

    CHECK_STATUS(ask(s.issuer, WIRE_SIGN_CERTS, (struct bm_bytes){ NULL, 0 }),
                 BM_E_IO);
    stop(&s);
}

static void hello_is_said_once_per_link(void)
{
    struct signing s = start();

    CHECK_STATUS(hello(s.issuer), BM_OK);
    CHECK_STATUS(hello(s.issuer), BM_E_IO);
    stop(&s);
}

static void what_is_not_in_the_table_closes_the_link(void)
{
    static const struct {
        bool keeper;
        enum wire_verb verb;
    } rows[] = {
        { false, WIRE_ENROL },
        { false, WIRE_SIGN_EXPECT },
        { true, WIRE_SIGN_CERTS },
        { true, WIRE_SIGN_CHECKPOINT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signing s = start();
        uint8_t body[WIRE_EXPECT_SIZE] = { 0 };

        CHECK_STATUS(hello(s.issuer), BM_OK);
        CHECK_STATUS(ask(rows[i].keeper ? s.keeper : s.issuer, rows[i].verb,
                         BM_ARRAY(body)),
                     BM_E_IO);
        stop(&s);
    }
}

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* The profiles of an instance that is new are in their first version. */
static bm_status ask_version(int fd, const char *ca, const char *profile,
                             uint32_t version, struct bm_bytes tbs,
                             struct bm_bytes serial)
{
    static uint8_t room[16384];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_signing_put(&w, &(struct wire_signing){ .ca = text(ca),
                                                 .profile = text(profile),
                                                 .version = version,
                                                 .serial = serial,
                                                 .tbs = tbs });
    return ask(fd, WIRE_SIGN_CERTS, bm_wr_bytes(&w));
}

static bm_status ask_cert(int fd, const char *ca, const char *profile,
                          struct bm_bytes tbs, struct bm_bytes serial)
{
    return ask_version(fd, ca, profile, 1, tbs, serial);
}

/* A TBSCertificate that the signer has signed before: as good as any. */
static void a_certificate_is_signed_as_its_profile_says_or_not_at_all(void)
{
    static struct request r;
    static uint8_t tbs[4096];
    struct issuing i;
    struct ca_issue_result result;
    struct bm_cert cert;
    struct bm_bytes octets;

    begin(&i);
    make_request(&r, "b.example");
    CHECK_STATUS(issue(&i, &r, "tls-server", NULL, &result), BM_OK);
    CHECK_STATUS(bm_cert_parse(result.der, BM_STRICT, NULL, &cert), BM_OK);
    memcpy(tbs, cert.tbs.p, cert.tbs.n);
    octets = (struct bm_bytes){ tbs, cert.tbs.n };
    free_request(&r);
    end(&i);

    i.s = start();
    CHECK_STATUS(hello(i.s.issuer), BM_OK);
    CHECK_STATUS(ask_cert(i.s.issuer, "operations", "tls-server", octets,
                          (struct bm_bytes){ result.serial, result.serial_n }),
                 BM_OK);
    /* Of another profile, of another CA, and of none. */
    CHECK(ask_cert(i.s.issuer, "operations", "operator", octets,
                   (struct bm_bytes){ result.serial, result.serial_n }) !=
          BM_OK);
    CHECK_STATUS(ask_cert(i.s.issuer, "issuing", "tls-server", octets,
                          (struct bm_bytes){ result.serial, result.serial_n }),
                 BM_E_CA_SIGNER);
    CHECK_STATUS(ask_cert(i.s.issuer, "operations", "no-such-profile", octets,
                          (struct bm_bytes){ result.serial, result.serial_n }),
                 BM_E_CA_SIGNER);
    CHECK_STATUS(ask_cert(i.s.issuer, "root", "iot-root", octets,
                          (struct bm_bytes){ result.serial, result.serial_n }),
                 BM_E_CA_SIGNER);
    /* A version that it was not started with. */
    CHECK_STATUS(
        ask_version(i.s.issuer, "operations", "tls-server", 2, octets,
                    (struct bm_bytes){ result.serial, result.serial_n }),
        BM_E_CA_SIGNER);
    /* Another serial number than the journal would have. */
    result.serial[result.serial_n - 1] ^= 1;
    CHECK_STATUS(ask_cert(i.s.issuer, "operations", "tls-server", octets,
                          (struct bm_bytes){ result.serial, result.serial_n }),
                 BM_E_CA_SIGNER);
    stop(&i.s);
}

static void a_ca_certificate_is_never_signed(void)
{
    struct signing s = start();
    struct instance *in;

    CHECK_STATUS(instance_open(rooms_dir, INSTANCE_READ, &rooms_port,
                               rooms_clock, &in, NULL),
                 BM_OK);
    CHECK_STATUS(hello(s.issuer), BM_OK);
    for (size_t i = 0; i < in->cas_n; i++) {
        for (size_t p = 0; p < in->profiles_n; p++) {
            const struct ca_bound *b = &in->profiles[p];

            CHECK(ask_cert(s.issuer, b->ca, ca_profile_policy(b->profile)->name,
                           in->cas[i].cert.tbs,
                           in->cas[i].cert.serial) != BM_OK);
        }
    }
    instance_close(in);
    stop(&s);
}

static void a_responder_is_signed_for_when_the_keeper_announced_it(void)
{
    static struct request r;
    struct issuing i;
    struct ca_issue_result result;
    const struct bm_crypto *crypto = rooms_port.crypto;
    uint8_t hash[BM_HASH_MAX];

    begin(&i);
    make_request(&r, NULL);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, r.key->key.der, hash),
        BM_OK);
    CHECK_STATUS(issue(&i, &r, "ocsp-responder", "issuing", &result),
                 BM_E_CA_SIGNER);
    hash[31] ^= 1;
    CHECK_STATUS(ask(i.s.keeper, WIRE_SIGN_EXPECT,
                     (struct bm_bytes){ hash, WIRE_EXPECT_SIZE }),
                 BM_OK);
    CHECK_STATUS(issue(&i, &r, "ocsp-responder", "issuing", &result),
                 BM_E_CA_SIGNER);
    hash[31] ^= 1;
    CHECK_STATUS(ask(i.s.keeper, WIRE_SIGN_EXPECT,
                     (struct bm_bytes){ hash, WIRE_EXPECT_SIZE }),
                 BM_OK);
    CHECK_STATUS(issue(&i, &r, "ocsp-responder", "issuing", &result), BM_OK);
    free_request(&r);
    end(&i);
}

/* Ask for the list `der` of a CA, as number `number`. */
static bm_status ask_list(int fd, const char *ca, uint64_t number,
                          struct bm_bytes tbs)
{
    uint8_t room[512];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_crl_put(&w, &(struct wire_crl){
                         .ca = text(ca), .number = number, .size = tbs.n });
    BM_TRY(ask(fd, WIRE_SIGN_CRL_BEGIN, bm_wr_bytes(&w)));
    BM_TRY(ask(fd, WIRE_SIGN_CRL_MORE, tbs));
    return ask(fd, WIRE_SIGN_CRL_END, (struct bm_bytes){ NULL, 0 });
}

struct list {
    uint8_t octets[2048];
    struct bm_wr w;
};

static bm_status put(void *self, struct bm_bytes octets)
{
    bm_wr_put(self, octets);
    return BM_OK;
}

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

static struct bm_bytes make_list(struct list *l, const struct bm_crl_config *c)
{
    static struct bm_crl_writer writer;
    struct bm_crl_source source = { NULL, rewind_none, next_none };
    struct bm_crl_sink sink = { &l->w, put };

    bm_wr_init(&l->w, l->octets, sizeof l->octets);
    CHECK_STATUS(bm_crl_writer_open(&writer, c, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_tbs(&writer, &sink), BM_OK);
    bm_crl_writer_close(&writer);
    return bm_wr_bytes(&l->w);
}

static void a_list_is_what_its_ca_may_say_or_not_signed(void)
{
    static struct list list;
    struct signing s = start();
    struct instance *in;
    const struct instance_ca *ca;
    struct bm_crl_config good;
    struct bm_crl_config c;
    struct bm_crl_idp idp = { .only_user_certs = true };
    uint8_t number = 0x50;
    uint8_t less = 0x4f;
    struct bm_bytes tbs;

    CHECK_STATUS(instance_open(rooms_dir, INSTANCE_READ, &rooms_port,
                               rooms_clock, &in, NULL),
                 BM_OK);
    ca = instance_find_ca(in, "issuing");
    good = (struct bm_crl_config){ .issuer = ca->cert.subject,
                                   .this_update = rooms_clock,
                                   .next_update = rooms_clock + 86400,
                                   .number = { &number, 1 },
                                   .aki = bm_exts_ski(&ca->cert.ext),
                                   .crypto = rooms_port.crypto,
                                   .sig_alg = BM_SIG_ECDSA_SHA256 };
    CHECK_STATUS(hello(s.issuer), BM_OK);

    tbs = make_list(&list, &good);
    CHECK_STATUS(ask_list(s.issuer, "operations", 0x50, tbs), BM_E_CA_SIGNER);
    CHECK_STATUS(ask_list(s.issuer, "root", 0x50, tbs), BM_E_CA_SIGNER);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x51, tbs), BM_E_CA_SIGNER);
    tbs.n--;
    CHECK(ask_list(s.issuer, "issuing", 0x50, tbs) != BM_OK);
    tbs.n++;
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x50, tbs), BM_OK);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x50, tbs), BM_E_CA_SIGNER);

    number = 0x60;
    c = good;
    c.base = (struct bm_bytes){ &less, 1 };
    tbs = make_list(&list, &c);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x60, tbs), BM_E_CA_SIGNER);
    c = good;
    c.idp = &idp;
    tbs = make_list(&list, &c);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x60, tbs), BM_E_CA_SIGNER);
    c = good;
    c.issuer = instance_find_ca(in, "operations")->cert.subject;
    tbs = make_list(&list, &c);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x60, tbs), BM_E_CA_SIGNER);
    c = good;
    c.sig_alg = BM_SIG_ECDSA_SHA384;
    tbs = make_list(&list, &c);
    CHECK(ask_list(s.issuer, "issuing", 0x60, tbs) != BM_OK);
    tbs = make_list(&list, &good);
    CHECK_STATUS(ask_list(s.issuer, "issuing", 0x60, tbs), BM_OK);
    instance_close(in);
    stop(&s);
}

static void a_checkpoint_needs_its_proof(void)
{
    struct issuing i;
    struct ca_tree_head head;
    struct wire_checkpoint m;
    uint8_t room[512];
    struct bm_wr w;

    begin(&i);
    remote_signer_get(i.remote)->last(i.remote, &head);
    end(&i);

    i.s = start();
    CHECK_STATUS(hello(i.s.issuer), BM_OK);
    m = (struct wire_checkpoint){ .tree = head.tree,
                                  .size = head.size + 1,
                                  .root = BM_ARRAY(head.root) };
    bm_wr_init(&w, room, sizeof room);
    wire_checkpoint_put(&w, &m);
    CHECK(ask(i.s.issuer, WIRE_SIGN_CHECKPOINT, bm_wr_bytes(&w)) != BM_OK);
    m.size = head.size - 1;
    bm_wr_init(&w, room, sizeof room);
    wire_checkpoint_put(&w, &m);
    CHECK_STATUS(ask(i.s.issuer, WIRE_SIGN_CHECKPOINT, bm_wr_bytes(&w)),
                 BM_E_LEDGER_ROLLBACK);
    m.size = head.size;
    head.root[0] ^= 1;
    bm_wr_init(&w, room, sizeof room);
    wire_checkpoint_put(&w, &m);
    CHECK(ask(i.s.issuer, WIRE_SIGN_CHECKPOINT, bm_wr_bytes(&w)) != BM_OK);
    head.root[0] ^= 1;
    bm_wr_init(&w, room, sizeof room);
    wire_checkpoint_put(&w, &m);
    CHECK_STATUS(ask(i.s.issuer, WIRE_SIGN_CHECKPOINT, bm_wr_bytes(&w)), BM_OK);
    stop(&i.s);
}

/* ---- When it dies */

static void a_signer_that_died_is_replaced_by_the_next_link(void)
{
    static struct request r;
    struct issuing i;
    struct ca_issue_result result;
    struct ca_refusal why = { BM_OK, "" };

    begin(&i);
    make_request(&r, "c.example");
    rooms_kill(&i.s.child);
    CHECK_STATUS(issue(&i, &r, "tls-server", NULL, &result), BM_E_IO);
    CHECK(!remote_signer_is_there(i.remote));
    (void)close(i.s.keeper);
    i.s = start();
    CHECK_STATUS(remote_signer_link(i.remote, i.s.issuer), BM_OK);
    i.s.issuer = -1;
    CHECK_STATUS(
        instance_start(i.in, remote_signer_get(i.remote), rooms_clock, &why),
        BM_OK);
    CHECK_STATUS(issue(&i, &r, "tls-server", NULL, &result), BM_OK);
    free_request(&r);
    end(&i);
}

static void finding(void *arg, const struct ca_refusal *why)
{
    (void)arg;
    printf("# %04x %s\n", (unsigned)why->status, why->words);
}

/* Whatever happened above: what was signed is on record. */
static void the_ledger_knows_all_that_was_signed(void)
{
    struct issuing i;
    struct ca_ledger_audit audit = { .finding = finding };
    struct ca_ledger_summary summary;
    char journal[FILES_PATH_MAX];

    begin(&i);
    CHECK_STATUS(files_path(journal, rooms_dir, "journal"), BM_OK);
    audit.journal = journal;
    CHECK_STATUS(ca_ledger_verify(i.in->ledger, &audit, &summary), BM_OK);
    CHECK(summary.findings == 0);
    end(&i);
}

int main(void)
{
    rooms_begin();
    RUN(certificates_lists_and_checkpoints_are_signed);
    RUN(before_hello_nothing_is_answered);
    RUN(hello_is_said_once_per_link);
    RUN(what_is_not_in_the_table_closes_the_link);
    RUN(a_certificate_is_signed_as_its_profile_says_or_not_at_all);
    RUN(a_ca_certificate_is_never_signed);
    RUN(a_responder_is_signed_for_when_the_keeper_announced_it);
    RUN(a_list_is_what_its_ca_may_say_or_not_signed);
    RUN(a_checkpoint_needs_its_proof);
    RUN(a_signer_that_died_is_replaced_by_the_next_link);
    RUN(the_ledger_knows_all_that_was_signed);
    rooms_end();
    return bm_test_done();
}
