/* SPDX-License-Identifier: Apache-2.0 */
#include "server/doctor.h"

#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "ca/outbox.h"
#include "core/cms.h"
#include "keys/unlock.h"

#define DAY INT64_C(86400)

/* Time to get a certificate of a CA from a cold root, with a ceremony. */
#define CA_NOTICE (365 * DAY)

/* A list or responder that nobody has renewed by now will not be. */
#define LIST_NOTICE (2 * DAY)

/* Those with a short life have less of it left than a list has. */
#define BUNDLE_NOTICE (DAY / 48)

struct visit {
    struct instance *in;
    int64_t now;
    const struct doctor_report *report;
    const char *check;
    enum doctor_level worst;
    size_t destinations;
    size_t found; /* destinations that something is wrong with */
    size_t organisations;
};

static void find(struct visit *v, enum doctor_level level, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

static void find(struct visit *v, enum doctor_level level, const char *format,
                 ...)
{
    char words[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (level > v->worst) {
        v->worst = level;
    }
    v->report->finding(v->report->arg, level, v->check, words);
}

static bool exists(const struct visit *v, const char *name)
{
    char path[FILES_PATH_MAX];
    struct stat st;

    return files_path(path, v->in->dir, name) == BM_OK && stat(path, &st) == 0;
}

/* Enough shares in one place are the secret: they may be so in memory only. */
static bool do_shares_lie_on_disk(const struct visit *v)
{
    struct bm_unlock_source source;
    struct statfs fs;

    return bm_unlock_source_parse(v->in->settings.unlock, "", &source) ==
               BM_OK &&
           source.kind == BM_UNLOCK_SHARES && source.path != NULL &&
           statfs(source.path, &fs) == 0 &&
           (uintmax_t)fs.f_type != TMPFS_MAGIC &&
           (uintmax_t)fs.f_type != RAMFS_MAGIC;
}

static void check_secrets(struct visit *v)
{
    bool fine = true;

    if (exists(v, "keys/unlock")) {
        find(v, DOCTOR_WARN,
             "keys/unlock is on this disk, beside the keys "
             "that it opens");
        fine = false;
    }
    if (do_shares_lie_on_disk(v)) {
        find(v, DOCTOR_WARN,
             "unlock: %s is on a disk: shares that lie together belong in "
             "memory (tmpfs)",
             v->in->settings.unlock);
        fine = false;
    }
    if (exists(v, "root/root.key")) {
        find(v, DOCTOR_WARN,
             "root/ is on this disk: a cold root is carried "
             "away");
        fine = false;
    }
    if (exists(v, "operator/operator.key")) {
        find(v, DOCTOR_WARN, "operator/operator.key is on this disk");
        fine = false;
    }
    if (fine) {
        find(v, DOCTOR_OK, "no secret lies here in clear");
    }
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           strncmp(host, "localhost", 9) == 0;
}

static void check_url(struct visit *v)
{
    const char *url = v->in->settings.public_url;
    const char *host = url + strlen("http://");

    if (is_loopback(host)) {
        find(v, DOCTOR_FAIL, "%s is nobody else's: it stands in certificates",
             url);
    } else if (strchr(host, '.') == NULL && host[0] != '[') {
        find(v, DOCTOR_WARN,
             "%s is a bare name, which only neighbours can "
             "resolve",
             url);
    } else {
        find(v, DOCTOR_OK, "%s", url);
    }
}

/* What has `left` seconds, and should have been renewed with `notice` left. */
static void judge(struct visit *v, const char *what, int64_t left,
                  int64_t notice)
{
    if (left <= 0) {
        find(v, DOCTOR_FAIL, "%s has expired", what);
    } else if (left < notice) {
        find(v, DOCTOR_WARN, "%s expires in %lld days", what,
             (long long)(left / DAY));
    } else {
        find(v, DOCTOR_OK, "%s has %lld days left", what,
             (long long)(left / DAY));
    }
}

/* A generation that waits keeps nobody waiting: the one before it signs. */
static void check_waiting(struct visit *v)
{
    const struct instance *in = v->in;

    for (size_t i = 0; i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];

        if (instance_is_waiting(in, w)) {
            find(v, strchr(w->id, '-') != NULL ? DOCTOR_WARN : DOCTOR_FAIL,
                 "CA %s waits for its certificate: birthmark ca request, and "
                 "with what comes back birthmark ca install",
                 w->id);
        }
    }
    if (instance_unfinished(in) != NULL) {
        find(v, DOCTOR_FAIL,
             "CA %s was not installed to the end: the same birthmark ca "
             "install or import again",
             instance_unfinished(in));
    }
    for (size_t i = 0; i < in->aside_n; i++) {
        find(v, DOCTOR_WARN, "profile %s is not issued: %s",
             in->aside[i].profile, in->aside[i].words);
    }
}

static void check_cas(struct visit *v)
{
    char what[STORE_ID_MAX + 32];

    check_waiting(v);
    for (size_t i = 0; i < v->in->cas_n; i++) {
        const struct instance_ca *c = &v->in->cas[i];

        (void)snprintf(what, sizeof what, "CA %s", c->row.id);
        judge(v, what, c->cert.not_after - v->now, CA_NOTICE);
        if (c->row.ocsp_cert.n != 0) {
            (void)snprintf(what, sizeof what, "OCSP responder of %s",
                           c->row.id);
            judge(v, what, c->ocsp_cert.not_after - v->now, LIST_NOTICE);
        }
    }
}

static void check_list(struct visit *v, const char *id)
{
    struct store *s = v->in->store;
    struct store_crl crl;
    char what[STORE_ID_MAX + 16];
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &crl);
        s->rollback(s->self);
    }
    if (rc == BM_E_NOT_FOUND &&
        instance_get_ca(v->in, id)->row.key_uri[0] == '\0') {
        find(v, DOCTOR_WARN,
             "CRL of %s is not here: whoever asks whether its CAs are good "
             "gets no answer (birthmark ca crl --import)",
             id);
        return;
    }
    if (rc != BM_OK) {
        find(v, DOCTOR_FAIL, "CRL of %s: %s", id, bm_status_text(rc));
        return;
    }
    (void)snprintf(what, sizeof what, "CRL of %s", id);
    judge(v, what, crl.next_update - v->now, LIST_NOTICE);
}

static void check_lists(struct visit *v)
{
    for (size_t i = 0; i < v->in->cas_n; i++) {
        enum store_ca_kind kind = v->in->cas[i].row.kind;

        if (kind != STORE_CA_LINK && kind != STORE_CA_MEMBER) {
            check_list(v, v->in->cas[i].row.id);
        }
    }
}

/* A device that cannot take it whole learns of nothing any more. */
static void check_bundle_size(struct visit *v, const char *what,
                              const struct ca_bundle_last *l)
{
    struct bm_bundle bundle;
    struct bm_cms cms;
    bm_status rc = bm_cms_parse(l->message, NULL, &cms);

    if (rc == BM_OK) {
        rc = bm_bundle_parse(cms.content, NULL, &bundle);
    }
    if (rc != BM_OK) {
        find(v, DOCTOR_FAIL, "%s: %s", what, bm_status_text(rc));
    } else if (!bm_bundle_is_small(&bundle, l->message.n)) {
        /* Whoever wants a longer deny list has no small ones. */
        find(v,
             v->in->settings.bundle_deny > BM_BUNDLE_DENY_MAX ? DOCTOR_WARN
                                                              : DOCTOR_FAIL,
             "small devices refuse %s: they take %d octets, %d "
             "roots and %d links (docs/trust-bundle.md, Limits)",
             what, BM_BUNDLE_SMALL_SIZE, BM_BUNDLE_SMALL_ANCHORS,
             BM_BUNDLE_SMALL_CROSS);
    }
}

static void check_bundle(struct visit *v, uint32_t list)
{
    struct store *s = v->in->store;
    struct ca_bundle_last last;
    struct ca_bundle_state state;
    char name[INSTANCE_BUNDLE_FILE_MAX];
    char what[64] = "the trust bundle";
    bm_status rc;

    if (list != CA_BUNDLE_FIRST) {
        (void)snprintf(what, sizeof what, "the trust bundle of ecosystem %u",
                       (unsigned)list);
    }
    rc = s->begin(s->self, STORE_READ);
    if (rc == BM_OK) {
        rc = ca_bundle_last(s, list, &last);
        if (rc == BM_OK) {
            check_bundle_size(v, what, &last);
        }
        s->rollback(s->self);
    }
    if (rc != BM_OK) {
        find(v, rc == BM_E_NOT_FOUND ? DOCTOR_WARN : DOCTOR_FAIL,
             "%s is not there: birthmark bundle make", what);
        return;
    }
    judge(v, what, last.next_update - v->now, BUNDLE_NOTICE);
    instance_bundle_file(list, name);
    rc = ca_bundle_look(v->in->ca, list, v->now, &state);
    if (rc != BM_OK) {
        find(v, DOCTOR_FAIL, "%s: %s", what, bm_status_text(rc));
    } else if (state.changed) {
        find(v, DOCTOR_WARN,
             "%s does not tell all by now: birthmark bundle make", what);
    } else if (!exists(v, name)) {
        find(v, DOCTOR_WARN, "%s is not there: birthmark bundle make", name);
    }
}

/* Devices take their denials, and new roots, from nothing else. */
static void check_bundles(struct visit *v)
{
    uint32_t list = 0;
    bm_status rc;

    if (v->in->bundle.cert.der.n == 0) {
        find(v, DOCTOR_WARN,
             "nothing signs trust bundles yet: birthmarkd makes a key and a "
             "certificate for that when it starts");
        return;
    }
    judge(v, "the signer of trust bundles",
          v->in->bundle.cert.not_after - v->now, LIST_NOTICE);
    while ((rc = instance_next_list(v->in, &list)) == BM_OK) {
        check_bundle(v, list);
    }
    if (rc != BM_E_END) {
        find(v, DOCTOR_FAIL, "trust bundles: %s", bm_status_text(rc));
    }
}

/* Where events go, and whether they get there. */
static bm_status look_at_destination(void *arg, const void *visited)
{
    const struct store_destination *d = visited;
    struct visit *v = arg;
    const struct store *s = v->in->store;
    uint32_t dead = 0;

    v->destinations++;
    BM_TRY(s->delivery_count(s->self, d->id, true, &dead));
    if (d->disabled) {
        find(v, DOCTOR_WARN, "destination %s is disabled", d->name);
    } else if (d->failures >= OUTBOX_FAILING) {
        find(v, DOCTOR_WARN, "destination %s takes no events: %s", d->name,
             d->words);
    }
    if (dead >= OUTBOX_DEAD_MAX) {
        find(v, DOCTOR_FAIL,
             "destination %s: no room for more events that were given up: "
             "those that become too old are lost",
             d->name);
    } else if (dead != 0) {
        find(v, DOCTOR_WARN, "destination %s: %u events were given up", d->name,
             dead);
    }
    if (d->lost != 0) {
        find(v, DOCTOR_WARN, "destination %s: %llu events were lost", d->name,
             (unsigned long long)d->lost);
    }
    v->found += d->disabled || d->failures >= OUTBOX_FAILING || dead != 0 ||
                d->lost != 0;
    return BM_OK;
}

static bm_status count_organisation(void *arg, const void *visited)
{
    struct visit *v = arg;

    (void)visited;
    v->organisations++;
    return BM_OK;
}

/* Whoever makes a destination learns what answers there. */
static void check_reach(struct visit *v)
{
    if (v->organisations > 1 &&
        v->in->settings.courier_reach != SETTINGS_REACH_PUBLIC) {
        find(v, DOCTOR_WARN,
             "courier.reach is not public: operators of each of %zu "
             "organisations may send into your networks, and learn what "
             "answers there",
             v->organisations);
    }
}

static void check_events(struct visit *v)
{
    const struct store_scope all = { 0, 0 };
    const struct store_visit visit = { v, look_at_destination };
    const struct store_visit count = { v, count_organisation };
    const struct store *s = v->in->store;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->organisation_list(s->self, &all, &count);
        if (rc == BM_OK) {
            rc = s->destination_list(s->self, &all, 0, &visit);
        }
        s->rollback(s->self);
    }
    check_reach(v);
    if (rc != BM_OK) {
        find(v, DOCTOR_FAIL, "destinations: %s", bm_status_text(rc));
    } else if (v->destinations != 0 && v->found == 0) {
        find(v, DOCTOR_OK, "all destinations take events");
    }
}

static void check_store(struct visit *v)
{
    struct store *s = v->in->store;
    char words[256];
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, (uint8_t *)words, sizeof words - 1);
    rc = s->check(s->self, &w);
    words[w.len < sizeof words ? w.len : sizeof words - 1] = '\0';
    if (rc == BM_OK) {
        find(v, DOCTOR_OK, "the database is sound");
    } else {
        find(v, DOCTOR_FAIL, "%s: %s", bm_status_text(rc), words);
    }
}

static void check_bad_keys(struct visit *v)
{
    if (v->in->bad_keys == NULL) {
        find(v, DOCTOR_WARN, "no list of known-bad keys is in use");
    } else {
        find(v, DOCTOR_OK, "%zu known-bad keys",
             ca_bad_keys_count(v->in->bad_keys));
    }
}

enum doctor_level doctor_run(struct instance *instance, int64_t now,
                             const struct doctor_report *report)
{
    static const struct {
        const char *name;
        void (*run)(struct visit *v);
    } checks[] = {
        { "secrets", check_secrets },   { "public_url", check_url },
        { "certificates", check_cas },  { "crl", check_lists },
        { "bundle", check_bundles },    { "store", check_store },
        { "bad_keys", check_bad_keys }, { "events", check_events },
    };
    struct visit v = { .in = instance, .now = now, .report = report };

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        v.check = checks[i].name;
        checks[i].run(&v);
    }
    return v.worst;
}
