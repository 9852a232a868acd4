/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "agent/fs.h"
#include "core/cert.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"

bm_status state_path(const struct settings *settings, const char *name,
                     char path[STATE_WHAT_MAX])
{
    int n = snprintf(path, STATE_WHAT_MAX, "%s/%s", settings->state, name);

    return n > 0 && n < STATE_WHAT_MAX ? BM_OK : BM_E_LIMIT;
}

bm_status state_make_dir(const struct settings *settings)
{
    struct stat st;

    BM_TRY(fs_make_dir(settings->state, 0700));
    if (stat(settings->state, &st) != 0) {
        return fs_status(errno);
    }
    return st.st_uid == geteuid() ? BM_OK : BM_E_AGENT_USER;
}

uint32_t state_boot(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint32_t)t.tv_sec;
}

uint32_t state_uptime(const struct state *state)
{
    return state_boot() - state->opened;
}

/* adjtimex(2): somebody keeps it near the true time, and says so. */
static bool is_kept(void)
{
    struct timex t = { .modes = 0 };

    return adjtimex(&t) != -1 && (t.status & STA_UNSYNC) == 0;
}

int64_t state_time(const struct state *state)
{
    int64_t known = bm_clock_now(&state->clock, state_uptime(state));
    int64_t now = (int64_t)time(NULL);

    return now > known && is_kept() ? now : known;
}

/* ---- Opening, part by part; `what` names the one that fails. */

static bm_status name(char what[STATE_WHAT_MAX], const char *text)
{
    (void)snprintf(what, STATE_WHAT_MAX, "%s", text);
    return BM_OK;
}

static bm_status open_flash(struct state *s, const struct state_config *config,
                            char what[STATE_WHAT_MAX])
{
    BM_TRY(name(what, config->settings->state));
    if (config->how == STATE_WORK) {
        BM_TRY(state_make_dir(config->settings));
    }
    BM_TRY(state_path(config->settings, "flash", what));
    BM_TRY(config->how == STATE_WORK
               ? file_flash_open(&s->flash, what, config->wait_ms)
               : file_flash_look(&s->flash, what));
    return bm_log_open(&s->log, &s->flash.flash);
}

static bm_status open_clock(struct state *s, const struct state_config *config,
                            char what[STATE_WHAT_MAX])
{
    const struct bm_clock_config clock = {
        .build = BM_BUILD_TIME,
        .uptime = state_uptime(s),
    };

    BM_TRY(name(what, "clock"));
    BM_TRY(bm_clock_open(&s->clock, &s->log, &clock));
    if (config->clock != NULL) {
        bm_clock_resume(&s->clock, config->clock);
    }
    return BM_OK;
}

static bm_status open_trust(struct state *s, char what[STATE_WHAT_MAX])
{
    struct bm_trust_config config = {
        .crypto = s->crypto,
        .log = &s->log,
        .clock = &s->clock,
        .work = &s->work,
        .room = s->room,
        .room_n = sizeof s->room,
        .learned = s->learned,
        .learned_n = sizeof s->learned,
    };

    BM_TRY(name(what, s->settings->anchors));
    BM_TRY(anchors_load(s->settings->anchors, &s->anchors));
    config.anchors = s->anchors.cert;
    config.anchors_n = s->anchors.n;
    memcpy(config.policy, s->settings->policy, sizeof config.policy);
    return bm_trust_open(&s->trust, &config);
}

static bm_status open_keys(struct state *s, char what[STATE_WHAT_MAX])
{
    const struct keystore_config config = {
        .settings = s->settings,
        .tools = { s->crypto, bm_openssl_key_maker() },
        .log = &s->log,
        .look = s->how != STATE_WORK,
        .sign = s->how == STATE_SIGN,
    };

    BM_TRY(name(what, s->settings->keys.uri));
    return keystore_open(&s->keys, &config);
}

static bm_status open_all(struct state *s, const struct state_config *config,
                          char what[STATE_WHAT_MAX])
{
    BM_TRY(name(what, "cryptography"));
    BM_TRY(bm_openssl_new(&s->crypto));
    BM_TRY(open_flash(s, config, what));
    BM_TRY(open_clock(s, config, what));
    BM_TRY(open_trust(s, what));
    BM_TRY(open_keys(s, what));
    BM_TRY(name(what, "identity"));
    return bm_identity_open(&s->identity, &s->log, &s->keys.store);
}

bm_status state_open(struct state **state, const struct state_config *config,
                     char what[STATE_WHAT_MAX])
{
    struct state *s = calloc(1, sizeof *s);
    bm_status rc;

    *state = NULL;
    (void)name(what, "memory");
    if (s == NULL) {
        return BM_E_MEMORY;
    }
    s->settings = config->settings;
    s->how = config->how;
    s->opened = config->clock != NULL ? config->opened : state_boot();
    s->flash.fd = -1;
    rc = open_all(s, config, what);
    if (rc != BM_OK) {
        state_close(s);
        return rc;
    }
    *state = s;
    return BM_OK;
}

void state_close(struct state *s)
{
    if (s == NULL) {
        return;
    }
    keystore_close(&s->keys);
    anchors_free(&s->anchors);
    file_flash_close(&s->flash);
    bm_openssl_free(s->crypto);
    bm_wipe(s, sizeof *s);
    free(s);
}

/* ---- Certificates */

bm_status state_cert(const struct state *s, enum bm_identity_place place,
                     uint8_t *der, size_t cap, struct bm_cert *cert)
{
    size_t n = 0;

    if (bm_identity_state(&s->identity, place) != BM_IDENTITY_CERT) {
        return BM_E_END;
    }
    BM_TRY(bm_identity_cert(&s->identity, place, 0, der, cap, &n));
    return bm_cert_parse((struct bm_bytes){ der, n }, 0, NULL, cert);
}

bm_status state_chain(const struct state *s, enum bm_identity_place place,
                      uint8_t room[STATE_CHAIN_ROOM],
                      struct bm_bytes certs[BM_IDENTITY_CERTS_MAX], size_t *n)
{
    size_t used = 0;
    bm_status rc = BM_OK;

    *n = 0;
    while (*n < BM_IDENTITY_CERTS_MAX) {
        size_t got = 0;

        rc = bm_identity_cert(&s->identity, place, *n, room + used,
                              STATE_CHAIN_ROOM - used, &got);
        if (rc != BM_OK) {
            break;
        }
        certs[(*n)++] = (struct bm_bytes){ room + used, got };
        used += got;
    }
    return rc == BM_E_END && *n != 0 ? BM_OK : rc;
}

size_t state_anchors(const struct state *s,
                     struct bm_bytes certs[STATE_ANCHORS_MAX])
{
    struct bm_cert *anchors = s->trust.config.work->cert;
    size_t n = bm_trust_anchors(&s->trust, BM_TRUST_OWN_ANCHORS, anchors);

    for (size_t i = 0; i < n; i++) {
        certs[i] = anchors[i].der;
    }
    return n;
}
