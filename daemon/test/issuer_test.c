/* SPDX-License-Identifier: Apache-2.0 */

/* The issuer in its room, with a signer in another, asked as listeners do. */
#include "ca/token.h"
#include "core/name.h"
#include "core/oid.h"
#include "daemon/link.h"
#include "daemon/test/rooms.h"
#include "daemon/wire.h"
#include "protocols/admin/admin.h"

#define LDEVID "ieee-802.1ar-ldevid"
#define IDEVID "ieee-802.1ar-idevid"
#define DAY    86400

static struct rooms_child signer;
static struct rooms_child issuer;
static int devices;   /* a listener's end */
static int other;     /* of a second one */
static int operators; /* the operator listener's */

/* ---- The instance, before the service is started */

static struct instance *instance;
static struct ca_actor operator_;

static void open_instance(void)
{
    struct ca_refusal why = { BM_OK, "" };

    if (instance_open(rooms_dir, INSTANCE_WRITE, &rooms_port, rooms_clock,
                      &instance, &why) != BM_OK ||
        instance_actor(instance, rooms_clock, &operator_, &why) != BM_OK) {
        printf("# %s\n", why.words);
        exit(1);
    }
}

struct token {
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
};

static void make_token(struct token *t, const char *device)
{
    struct ca_token_order order = { .profile = LDEVID,
                                    .device = device,
                                    .expires = rooms_clock + 30 * DAY };

    CHECK_STATUS(ca_token_create(instance->ca, &operator_, &order, rooms_clock,
                                 t->secret, t->id, NULL),
                 BM_OK);
}

/* ---- Devices */

struct device {
    char name[32];
    struct bm_signer *key;
    uint8_t csr_room[1024];
    struct bm_csr csr;
    uint8_t cert_room[2048];
    struct bm_bytes cert;
};

static void make_key(struct device *d)
{
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_csr_config config = { 0 };
    uint8_t name[64];
    struct bm_wr n;
    struct bm_wr w;
    size_t mark;

    if (d->key != NULL) {
        rooms_port.maker->release(rooms_port.maker->self, d->key);
    }
    CHECK_STATUS(
        rooms_port.maker->generate(rooms_port.maker->self, &spec, &d->key),
        BM_OK);
    bm_wr_init(&n, name, sizeof name);
    mark = bm_der_open(&n, BM_DER_SEQUENCE);
    bm_name_put_rdn(
        &n, BM_LIT(BM_OID_AT_SERIAL), BM_DER_PRINTABLE_STRING,
        (struct bm_bytes){ (const uint8_t *)d->name, strlen(d->name) });
    bm_der_close(&n, mark);
    config.subject = bm_wr_bytes(&n);
    bm_wr_init(&w, d->csr_room, sizeof d->csr_room);
    CHECK_STATUS(bm_csr_build(&config, d->key, &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &d->csr), BM_OK);
}

static void make_device(struct device *d, const char *name)
{
    memset(d, 0, sizeof *d);
    (void)snprintf(d->name, sizeof d->name, "%s", name);
    make_key(d);
}

static void free_device(struct device *d)
{
    rooms_port.maker->release(rooms_port.maker->self, d->key);
    d->key = NULL;
}

static void keep_cert(struct device *d, struct bm_bytes der)
{
    CHECK(der.n != 0 && der.n <= sizeof d->cert_room);
    if (der.n <= sizeof d->cert_room) {
        memcpy(d->cert_room, der.p, der.n);
        d->cert = (struct bm_bytes){ d->cert_room, der.n };
    }
}

/* Its birth, before the service is started. */
static void make_idevid(struct device *d)
{
    struct ca_issue_request r = { .actor = &operator_,
                                  .by = CA_BY_OPERATOR,
                                  .profile = IDEVID,
                                  .csr = &d->csr };
    struct ca_issue_result result;

    CHECK_STATUS(ca_issue(instance->ca, &r, 1, rooms_clock, &result), BM_OK);
    CHECK_STATUS(result.status, BM_OK);
    keep_cert(d, result.der);
}

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- Asking */

static uint32_t tag;

static void say(int fd, uint16_t verb, struct bm_bytes body)
{
    static uint8_t room[65536];
    struct link_frame f = { .verb = verb, .body = body };
    struct bm_wr w;

    f.tag = ++tag;
    bm_wr_init(&w, room, sizeof room);
    link_frame_put(&w, &f);
    CHECK(write(fd, room, w.len) == (ssize_t)w.len);
}

static void say_enrol(int fd, const struct wire_enrol *m)
{
    uint8_t room[8192];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_enrol_put(&w, m);
    say(fd, WIRE_ENROL, bm_wr_bytes(&w));
}

/* The next answer, whatever it is to; 0 when the link was closed. */
static unsigned hear(int fd, struct wire_enrolled *m)
{
    static uint8_t room[65536];
    struct link_frame f;
    size_t n = 0;
    size_t used;

    memset(m, 0, sizeof *m);
    for (;;) {
        ssize_t some;

        if (link_frame_parse((struct bm_bytes){ room, n }, &f, &used) ==
            BM_OK) {
            break;
        }
        some = read(fd, room + n, n < LINK_HEAD ? LINK_HEAD - n : 1);
        if (some <= 0) {
            return 0;
        }
        n += (size_t)some;
    }
    CHECK_STATUS(wire_enrolled_get(f.body, m), BM_OK);
    if (m->http >= 400) {
        printf("# %u %.*s\n", m->http, (int)m->words.n,
               (const char *)m->words.p);
    }
    return m->http;
}

static unsigned enrol(const struct wire_enrol *m, struct wire_enrolled *out)
{
    struct wire_enrolled ignored;

    say_enrol(devices, m);
    return hear(devices, out != NULL ? out : &ignored);
}

static unsigned seen(const struct device *d)
{
    struct wire_seen m = { .cert = d->cert };
    struct wire_enrolled out;
    uint8_t room[4096];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_seen_put(&w, &m);
    say(devices, WIRE_SEEN, bm_wr_bytes(&w));
    return hear(devices, &out);
}

/* ---- Tests */

static struct token tokens[70];
static struct device born;   /* has an IDevID */
static struct device ldevid; /* got an LDevID by a token */

static struct wire_enrol by_token(const struct device *d, size_t i)
{
    return (struct wire_enrol){ .op = WIRE_ENROLL,
                                .token = text(tokens[i].secret),
                                .csr = d->csr.der };
}

static void a_token_gives_one_certificate(void)
{
    struct wire_enrol m;
    struct wire_enrolled out;
    struct bm_cert cert;

    make_device(&ldevid, "T-0");
    m = by_token(&ldevid, 0);
    m.user = text("T-0");
    CHECK(enrol(&m, &out) == 200);
    keep_cert(&ldevid, out.cert);
    CHECK_STATUS(bm_cert_parse(ldevid.cert, BM_STRICT, NULL, &cert), BM_OK);
    CHECK(out.chain.n != 0);
    CHECK(out.renew_from >= cert.not_after - 30 * DAY);
    CHECK(out.renew_until > out.renew_from && out.renew_until < cert.not_after);
    /* The reply was lost: the same again. */
    CHECK(enrol(&m, &out) == 200);
    CHECK(bm_bytes_equal(out.cert, ldevid.cert));
}

static void what_a_token_is_not_tells_nothing(void)
{
    static struct device d;
    struct wire_enrol used;
    struct wire_enrol m;
    struct wire_enrolled a;
    struct wire_enrolled b;
    char words[256];

    make_device(&d, "T-1");
    m = by_token(&d, 1);
    m.token = text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK(enrol(&m, &a) == 401);
    (void)snprintf(words, sizeof words, "%.*s", (int)a.words.n,
                   (const char *)a.words.p);
    m.token = text("too short");
    CHECK(enrol(&m, &b) == 401);
    CHECK(bm_bytes_equal(b.words, text(words)));
    /* Another's, and one that was used with another key. */
    m = by_token(&d, 1);
    m.user = text("T-2");
    CHECK(enrol(&m, &b) == 401);
    CHECK(bm_bytes_equal(b.words, text(words)));
    used = by_token(&d, 0);
    CHECK(enrol(&used, &b) == 401);
    CHECK(bm_bytes_equal(b.words, text(words)));
    free_device(&d);
}

static void who_shows_nothing_gets_nothing(void)
{
    static struct device d;
    struct wire_enrol m;

    make_device(&d, "T-2");
    m = by_token(&d, 2);
    m.token = (struct bm_bytes){ NULL, 0 };
    CHECK(enrol(&m, NULL) == 401);
    m = by_token(&d, 2);
    m.label = text("no-such-label");
    CHECK(enrol(&m, NULL) == 404);
    m.label = text("operator"); /* a profile, and not for devices */
    CHECK(enrol(&m, NULL) == 404);
    m = by_token(&d, 2);
    m.op = WIRE_SERVERKEYGEN;
    CHECK(enrol(&m, NULL) == 403);
    m = by_token(&d, 2);
    m.csr = text("no request");
    CHECK(enrol(&m, NULL) == 400);
    m = by_token(&d, 2);
    m.label = text(LDEVID);
    CHECK(enrol(&m, NULL) == 200);
    free_device(&d);
}

static void an_idevid_gives_an_ldevid(void)
{
    static struct device d;
    struct wire_enrol m = { .op = WIRE_ENROLL, .cert = born.cert };
    struct wire_enrolled out;

    make_device(&d, born.name);
    m.csr = d.csr.der;
    CHECK(enrol(&m, &out) == 200);
    CHECK(seen(&born) == 200);
    /* It is not what simplereenroll renews. */
    m.op = WIRE_REENROLL;
    CHECK(enrol(&m, &out) == 403);
    free_device(&d);
}

static void a_certificate_of_nobody_is_refused(void)
{
    static struct device d;
    struct wire_enrol m = { .op = WIRE_ENROLL };

    make_device(&d, "T-3");
    memcpy(d.cert_room, born.cert.p, born.cert.n);
    d.cert = (struct bm_bytes){ d.cert_room, born.cert.n };
    d.cert_room[d.cert.n - 5] ^= 1; /* of the signature */
    m.cert = d.cert;
    m.csr = d.csr.der;
    CHECK(enrol(&m, NULL) == 403);
    CHECK(seen(&d) == 403);
    /* A CA's own, and something else altogether. */
    m.cert = text("not a certificate");
    CHECK(enrol(&m, NULL) / 100 == 4);
    free_device(&d);
}

static void a_renewal_is_confirmed_by_its_use(void)
{
    static struct device old;
    struct wire_enrol m = { .op = WIRE_REENROLL };
    struct wire_enrolled out;

    rooms_clock += 61 * DAY;
    memcpy(&old, &ldevid, sizeof old);
    old.cert.p = old.cert_room;
    ldevid.key = NULL;
    make_key(&ldevid);
    m.cert = old.cert;
    m.csr = ldevid.csr.der;
    CHECK(enrol(&m, &out) == 200);
    keep_cert(&ldevid, out.cert);
    CHECK(!bm_bytes_equal(old.cert, ldevid.cert));
    CHECK(seen(&old) == 200);
    CHECK(seen(&ldevid) == 200);
    CHECK(seen(&old) == 403); /* a clone, perhaps */
    free_device(&old);
}

static void after_its_end_a_certificate_renews_and_does_nothing_else(void)
{
    static struct device next;
    struct wire_enrol m = { .op = WIRE_ENROLL };
    struct wire_enrolled out;

    rooms_clock += 91 * DAY;
    make_device(&next, "T-0");
    m.cert = ldevid.cert;
    m.csr = next.csr.der;
    CHECK(enrol(&m, NULL) == 403);
    CHECK(seen(&ldevid) == 403);
    m.op = WIRE_REENROLL;
    CHECK(enrol(&m, &out) == 200);
    keep_cert(&next, out.cert);
    CHECK(seen(&next) == 200);
    /* Too late. */
    rooms_clock += 120 * DAY;
    m.cert = next.cert;
    make_key(&ldevid);
    m.csr = ldevid.csr.der;
    CHECK(enrol(&m, NULL) == 403);
    free_device(&next);
}

static void an_identity_has_its_limit(void)
{
    static struct device d;
    struct wire_enrol m = { .op = WIRE_ENROLL, .cert = born.cert };
    struct wire_enrolled out = { 0 };
    unsigned n = 0;

    make_device(&d, "born-2"); /* of another name: always refused */
    m.csr = d.csr.der;
    while (n < 200 && enrol(&m, &out) != 429) {
        n++;
    }
    CHECK(n < 200 && n >= 50);
    CHECK(out.retry_after > 0 && out.retry_after <= 60);
    free_device(&d);
}

/* ---- Groups */

#define MANY 48 /* tokens from the 10th on */
static struct device many[MANY];

static void say_many(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct wire_enrol m = by_token(&many[i], 10 + i);

        say_enrol(i % 3 == 0 ? other : devices, &m);
    }
}

static void hear_many(size_t from, size_t to)
{
    struct wire_enrolled out;

    for (size_t i = from; i < to; i++) {
        CHECK(hear(i % 3 == 0 ? other : devices, &out) == 200);
    }
}

static void many_are_served_at_once(void)
{
    for (size_t i = 0; i < MANY; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "T-%zu", 10 + i);
        make_device(&many[i], name);
    }
    say_many(0, MANY / 2);
    hear_many(0, MANY / 2);
}

static void a_signer_that_dies_loses_nothing(void)
{
    struct wire_enrolled out;

    say_many(MANY / 2, MANY);
    rooms_kill(&signer);
    signer = rooms_start(&room_signer);
    rooms_join(&issuer, ROOM_ISSUER, &signer, ROOM_SIGNER);
    for (size_t i = MANY / 2; i < MANY; i++) {
        int fd = i % 3 == 0 ? other : devices;

        if (hear(fd, &out) != 200) {
            /* Asked again, as clients do: the same certificate, or the
             * first. */
            CHECK(out.http == 503 && out.retry_after != 0);
            CHECK(i >= MANY / 2);
        }
    }
    say_many(MANY / 2, MANY);
    hear_many(MANY / 2, MANY);
    for (size_t i = 0; i < MANY; i++) {
        free_device(&many[i]);
    }
}

/* ---- Administration */

static char administered[4096]; /* what was answered */

static unsigned administer_once(const char *operation, struct bm_bytes cert,
                                const char *params, const char *key)
{
    static uint8_t answer[65536];
    struct wire_admin m = { .operation = (uint16_t)admin_find(operation),
                            .cert = cert,
                            .key = text(key),
                            .params = text(params) };
    struct link_frame question = { .verb = WIRE_ADMIN };
    struct link_frame f;
    struct wire_administered out;
    uint8_t room[8192];
    json_t *body;
    struct bm_wr w;
    struct bm_wr a;

    bm_wr_init(&w, room, sizeof room);
    wire_admin_put(&w, &m);
    bm_wr_init(&a, answer, sizeof answer);
    question.tag = ++tag;
    question.body = bm_wr_bytes(&w);
    if (link_ask(operators, &question, 60000, &a, &f) != BM_OK) {
        return 0;
    }
    CHECK_STATUS(wire_administered_get(f.body, &out), BM_OK);
    body = json_loadb((const char *)out.body.p, out.body.n, 0, NULL);
    CHECK(json_is_object(body));
    json_decref(body);
    (void)snprintf(administered, sizeof administered, "%.*s", (int)out.body.n,
                   (const char *)out.body.p);
    return out.http;
}

static unsigned administer(const char *operation, struct bm_bytes cert,
                           const char *params)
{
    return administer_once(operation, cert, params, "");
}

static struct bm_bytes read_operator(uint8_t **der)
{
    char path[FILES_PATH_MAX];
    size_t n = 0;

    *der = NULL;
    CHECK_STATUS(files_path(path, rooms_dir, "operator/operator.pem"), BM_OK);
    CHECK_STATUS(files_get_pem(path, "CERTIFICATE", der, &n, NULL), BM_OK);
    return (struct bm_bytes){ *der, n };
}

static void an_act_is_done_once_with_its_key(void)
{
    static const char params[] =
        "{\"profile\":\"ieee-802.1ar-ldevid\",\"device\":\"once\"}";
    char first[sizeof administered];
    uint8_t *der;
    struct bm_bytes cert = read_operator(&der);

    CHECK(administer_once("createToken", cert, params, "key-1") == 201);
    (void)snprintf(first, sizeof first, "%s", administered);
    CHECK(administer_once("createToken", cert, params, "key-1") == 201);
    CHECK(strcmp(first, administered) == 0);
    CHECK(administer_once("createToken", cert, params, "key-2") == 201);
    CHECK(strcmp(first, administered) != 0);
    CHECK(administer_once("createToken", cert,
                          "{\"profile\":\"ieee-802.1ar-ldevid\","
                          "\"device\":\"twice\"}",
                          "key-1") == 422);
    free(der);
}

static void operators_administer_and_nobody_else(void)
{
    uint8_t *der;
    struct bm_bytes cert = read_operator(&der);

    CHECK(administer("whoAmI", cert, "{}") == 200);
    CHECK(administer("listCAs", cert, "{}") == 200);
    CHECK(administer("showCA", cert, "{\"ca\":\"issuing\"}") == 200);
    CHECK(administer("showCA", cert, "{\"ca\":\"nothing\"}") == 404);
    CHECK(administer("showCA", cert, "{\"ca\":1}") == 400);
    CHECK(administer("showCA", cert, "[") == 400);
    CHECK(administer("makeCRL", cert, "{\"ca\":\"issuing\"}") == 201);
    CHECK(administer("whoAmI", born.cert, "{}") == 403);
    CHECK(administer("whoAmI", text("nobody"), "{}") == 403);
    free(der);
}

/* ---- Links */

static void what_is_not_in_the_table_closes_the_link(void)
{
    static const uint16_t verbs[] = { WIRE_ADMIN, WIRE_SIGN_CERTS,
                                      WIRE_KEEP_ISSUE, WIRE_STATUS, 0 };

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        int fd = rooms_link(&issuer, ROOM_DEVICES, 7);
        struct wire_enrolled out;

        say(fd, verbs[i], text("x"));
        CHECK(hear(fd, &out) == 0);
        (void)close(fd);
    }
}

static void malformed_requests_close_the_link(void)
{
    int fd = rooms_link(&issuer, ROOM_DEVICES, 7);
    struct wire_enrolled out;

    say(fd, WIRE_ENROL, text("\x01 and so on"));
    CHECK(hear(fd, &out) == 0);
    (void)close(fd);
}

static void it_stops_when_all_is_answered(void)
{
    static struct device d;
    struct wire_enrolled out;
    struct wire_enrol m;

    make_device(&d, "T-4");
    m = by_token(&d, 4);
    say_enrol(devices, &m);
    CHECK(rooms_stop(&issuer) == 0);
    CHECK(hear(devices, &out) == 401); /* it has expired long ago */
    free_device(&d);
}

/* ---- And afterwards */

static void finding(void *arg, const struct ca_refusal *why)
{
    (void)arg;
    printf("# %04x %s\n", (unsigned)why->status, why->words);
}

static void the_ledger_has_it_all(void)
{
    struct ca_ledger_audit audit = { .finding = finding };
    struct ca_ledger_summary summary;
    char journal[FILES_PATH_MAX];
    char note[FILES_PATH_MAX];
    struct ca_tree_head head;

    rooms_kill(&signer);
    open_instance();
    CHECK_STATUS(files_path(journal, rooms_dir, "journal"), BM_OK);
    audit.journal = journal;
    CHECK_STATUS(ca_ledger_verify(instance->ledger, &audit, &summary), BM_OK);
    CHECK_STATUS(ca_ledger_head(instance->ledger, &head), BM_OK);
    CHECK(summary.leaves == head.size);
    CHECK_STATUS(files_path(note, rooms_dir, "ledger/checkpoint"), BM_OK);
    CHECK(access(note, F_OK) == 0);
    instance_close(instance);
}

static void start_service(void)
{
    issuer = rooms_start(&room_issuer);
    signer = rooms_start(&room_signer);
    rooms_join(&issuer, ROOM_ISSUER, &signer, ROOM_SIGNER);
    devices = rooms_link(&issuer, ROOM_DEVICES, 0);
    other = rooms_link(&issuer, ROOM_DEVICES, 1);
    operators = rooms_link(&issuer, ROOM_OPERATORS, 0);
}

int main(void)
{
    char name[32];

    rooms_begin();
    open_instance();
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        (void)snprintf(name, sizeof name, "T-%zu", i);
        make_token(&tokens[i], name);
    }
    make_device(&born, "born-1");
    make_idevid(&born);
    instance_close(instance);
    start_service();
    RUN(a_token_gives_one_certificate);
    RUN(what_a_token_is_not_tells_nothing);
    RUN(who_shows_nothing_gets_nothing);
    RUN(an_idevid_gives_an_ldevid);
    RUN(a_certificate_of_nobody_is_refused);
    RUN(operators_administer_and_nobody_else);
    RUN(an_act_is_done_once_with_its_key);
    RUN(what_is_not_in_the_table_closes_the_link);
    RUN(malformed_requests_close_the_link);
    RUN(many_are_served_at_once);
    RUN(a_signer_that_dies_loses_nothing);
    RUN(a_renewal_is_confirmed_by_its_use);
    RUN(after_its_end_a_certificate_renews_and_does_nothing_else);
    RUN(an_identity_has_its_limit);
    RUN(it_stops_when_all_is_answered);
    RUN(the_ledger_has_it_all);
    (void)close(devices);
    (void)close(other);
    (void)close(operators);
    free_device(&born);
    free_device(&ldevid);
    rooms_end();
    return bm_test_done();
}
