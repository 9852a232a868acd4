/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_INSTANCE_INTERNAL_H
#define BM_SERVER_INSTANCE_INTERNAL_H

#include "server/instance.h"

/* Between the files of an instance: opening (instance.c), its CAs
 * (instance_cas.c) and profiles (profiles.c), what is done with it
 * (instance_act.c), making one (init.c, outfit.c). */

/* The profile of responders, among those that ship. */
#define INSTANCE_OCSP_PROFILE "ocsp-responder"

/* The profile of what signs trust bundles, likewise. */
#define INSTANCE_BUNDLE_PROFILE "trust-bundle"

/* In the store's settings: the origin that the ledger was begun with. */
#define INSTANCE_ORIGIN "ledger/origin"

/* Open settings, store and ledger alone, for reading; close it as usual. */
BM_MUST_CHECK bm_status instance_open_books(const char *dir,
                                            const struct instance_port *port,
                                            struct instance **instance,
                                            struct ca_refusal *why);

/* Read what the store has about the CAs; open their keys, of those that are
 * ours, and those of their responders. */
BM_MUST_CHECK bm_status instance_read_cas(struct instance *in,
                                          struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_open_ca_keys(struct instance *in,
                                              struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_open_ocsp_keys(struct instance *in,
                                                struct ca_refusal *why);

/* instance_bundle.c: what the store has about the signer of bundles; its key;
 * and what the holder of the keys must know of all that. */
BM_MUST_CHECK bm_status instance_read_bundle(struct instance *in,
                                             struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_open_bundle_key(struct instance *in,
                                                 struct ca_refusal *why);
void instance_fill_bundle(struct instance *in, struct ca_signer_bundle *bundle);
void instance_close_bundle(struct instance *in);

/* Read profiles/ and what the authority uses itself; binds all of them. */
BM_MUST_CHECK bm_status instance_read_profiles(struct instance *in,
                                               struct ca_refusal *why);

/*
 * Bind to the CA it names, or to `ca` if that is not NULL; own it on BM_OK. A
 * current profile that cannot be bound is put aside; an earlier version is
 * BM_E_CA_UNAVAILABLE then.
 */
struct instance_binding {
    struct ca_profile *profile;
    const char *ca;
    uint32_t version;
    bool old;
};
BM_MUST_CHECK bm_status instance_bind(struct instance *in,
                                      const struct instance_binding *b,
                                      struct ca_refusal *why);

/* versions.c: number the profiles that are bound, keep their texts in
 * versions/ (whoever may write), and bind the earlier versions at which
 * organisations stay. */
#define INSTANCE_VERSIONS "versions"
BM_MUST_CHECK bm_status instance_read_versions(struct instance *in,
                                               struct ca_refusal *why);

/*
 * Which profiles could not be issued by the CA `id` if this were its
 * certificate: `cannot` is told each, with words. It takes those that name the
 * CA, and the responder's.
 */
struct instance_trial {
    const struct instance *in;
    const char *id;
    const struct bm_cert *cert;
    const struct bm_cert *const *above; /* the CAs above it */
    size_t above_n;
    void *arg;
    void (*cannot)(void *arg, const char *profile, const char *words);
};
BM_MUST_CHECK bm_status instance_try_profiles(const struct instance_trial *t,
                                              struct ca_refusal *why);

/* "issuing-3" is generation 3 of "issuing", which itself is the first; 0 if
 * it is of another name. */
unsigned long instance_generation(const char *id, const char *name);

/*
 * Is the first operator still to be made? One is made where nobody ever was.
 * Afterwards the files are the operator's to carry away, and that they are not
 * here means nothing; with `finished`, a key without a certificate is one that
 * was made and not finished.
 */
BM_MUST_CHECK bm_status instance_wants_operator(const struct instance *in,
                                                bool finished, bool *yes);

/* The subject of a CA's OCSP responder, and of what signs bundles by it: Name
 * with header. */
BM_MUST_CHECK bm_status instance_responder_name(const struct bm_cert *ca,
                                                struct bm_wr *w);
BM_MUST_CHECK bm_status instance_bundle_name(const struct bm_cert *ca,
                                             struct bm_wr *w);

/* A request for `key`, signed by it, in the writer's buffer. */
BM_MUST_CHECK bm_status instance_make_csr(const struct bm_key *key,
                                          struct bm_bytes subject,
                                          struct bm_bytes extensions,
                                          struct bm_wr *w, struct bm_csr *csr);

#endif
