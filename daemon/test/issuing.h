/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TEST_ISSUING_H
#define BM_DAEMON_TEST_ISSUING_H

/* An issuer without its room, for tests: the authority in this process, and
 * its signer in another. */
#include "ca/issue.h"
#include "core/oid.h"
#include "daemon/remote_signer.h"
#include "daemon/test/rooms.h"

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "test",
                                           .authority = true };

/* A signer, and the other ends of its links. */
struct signing {
    struct rooms_child child;
    int issuer;
    int keeper;
};

static inline struct signing start(void)
{
    struct signing s;

    s.child = rooms_start(&room_signer);
    s.issuer = rooms_link(&s.child, ROOM_ISSUER, 0);
    s.keeper = rooms_link(&s.child, ROOM_KEEPER, 0);
    return s;
}

static inline void stop(struct signing *s)
{
    rooms_kill(&s->child);
    (void)close(s->issuer);
    (void)close(s->keeper);
}

/* An issuer's half, with the signer in another process. */
struct issuing {
    struct signing s;
    struct remote_signer *remote;
    struct instance *in;
};

static inline void begin(struct issuing *i)
{
    struct ca_refusal why = { BM_OK, "" };

    i->s = start();
    rooms_clock += 10;
    CHECK_STATUS(remote_signer_new(&i->remote), BM_OK);
    CHECK_STATUS(remote_signer_link(i->remote, i->s.issuer), BM_OK);
    i->s.issuer = -1; /* the remote signer's */
    CHECK_STATUS(instance_open(rooms_dir, INSTANCE_ISSUER, &rooms_port,
                               rooms_clock, &i->in, &why),
                 BM_OK);
    CHECK_STATUS(
        instance_start(i->in, remote_signer_get(i->remote), rooms_clock, &why),
        BM_OK);
}

static inline void end(struct issuing *i)
{
    instance_close(i->in);
    remote_signer_free(i->remote);
    stop(&i->s);
}

/* A request of the authority itself. */
struct request {
    uint8_t room[2048];
    struct bm_signer *key;
    struct bm_csr csr;
};

static inline void put_host(struct bm_wr *w, const char *host)
{
    struct bm_ext_mark mark = bm_ext_open(w, BM_LIT(BM_OID_CE_SAN), false);
    size_t list = bm_der_open(w, BM_DER_SEQUENCE);

    bm_general_name_put(
        w, BM_GN_DNS, (struct bm_bytes){ (const uint8_t *)host, strlen(host) });
    bm_der_close(w, list);
    bm_ext_close(w, &mark);
}

/* Of a server with this name, or of CN=OCSP. */
static inline void make_request(struct request *r, const char *host)
{
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    uint8_t exts[256];
    struct bm_csr_config config = {
        .subject = BM_LIT("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04"
                          "\x03\x0c\x04OCSP"),
    };
    struct bm_wr e;
    struct bm_wr w;

    bm_wr_init(&e, exts, sizeof exts);
    if (host != NULL) {
        put_host(&e, host);
        config.subject = BM_LIT("\x30\x00");
        config.extensions = bm_wr_bytes(&e);
    }
    CHECK_STATUS(
        rooms_port.maker->generate(rooms_port.maker->self, &spec, &r->key),
        BM_OK);
    bm_wr_init(&w, r->room, sizeof r->room);
    CHECK_STATUS(bm_csr_build(&config, r->key, &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &r->csr), BM_OK);
}

static inline void free_request(struct request *r)
{
    rooms_port.maker->release(rooms_port.maker->self, r->key);
}

static inline bm_status issue(struct issuing *i, const struct request *r,
                              const char *profile, const char *ca,
                              struct ca_issue_result *result)
{
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = profile,
                                  .ca = ca,
                                  .csr = &r->csr };
    bm_status rc = ca_issue(i->in->ca, &q, 1, rooms_clock, result);

    return rc == BM_OK ? result->status : rc;
}

#endif
