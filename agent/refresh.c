/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/refresh.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api.h"
#include "agent/due.h"
#include "agent/event.h"
#include "agent/words.h"

/* Seconds that have a meaning in certificates: to the end of the year 9999. */
#define TIME_DIGITS_MAX 12

/* ---- The time */

/* Moves `*text` behind `what`, or is false. */
static bool skip(struct bm_bytes *text, struct bm_bytes what)
{
    if (text->n < what.n || memcmp(text->p, what.p, what.n) != 0) {
        return false;
    }
    text->p += what.n;
    text->n -= what.n;
    return true;
}

bool refresh_parse_time(struct bm_bytes text,
                        const uint8_t nonce[REFRESH_NONCE_SIZE], int64_t *time)
{
    uint8_t hex[2 * REFRESH_NONCE_SIZE];
    struct bm_wr w;
    int64_t v = 0;
    size_t digits = 0;

    bm_wr_init(&w, hex, sizeof hex);
    words_put_hex(&w, (struct bm_bytes){ nonce, REFRESH_NONCE_SIZE });
    if (!skip(&text, BM_LIT("{\"nonce\":\"")) || !skip(&text, BM_ARRAY(hex)) ||
        !skip(&text, BM_LIT("\",\"time\":"))) {
        return false;
    }
    while (text.n != 0 && text.p[0] >= '0' && text.p[0] <= '9') {
        if (++digits > TIME_DIGITS_MAX) {
            return false;
        }
        v = 10 * v + (text.p[0] - '0');
        text.p++;
        text.n--;
    }
    if (digits == 0 || !skip(&text, BM_LIT("}"))) {
        return false;
    }
    *time = v;
    return text.n == 0 || bm_bytes_are(text, "\n", 1);
}

/* Any number that differs from connection to connection. */
static bm_status connection_of(const struct state *state, uint32_t *connection)
{
    return state->crypto->random(state->crypto->self, (uint8_t *)connection,
                                 sizeof *connection);
}

static bm_status get_time(struct api *api, uint32_t connection)
{
    const struct bm_crypto *crypto = api->state->crypto;
    uint8_t nonce[REFRESH_NONCE_SIZE];
    char path[64];
    struct bm_wr w;
    int64_t moment;

    BM_TRY(crypto->random(crypto->self, nonce, sizeof nonce));
    bm_wr_init(&w, (uint8_t *)path, sizeof path - 1);
    bm_wr_str(&w, "time?nonce=");
    words_put_hex(&w, BM_ARRAY(nonce));
    path[w.len] = '\0';
    BM_TRY(api_get(api, path));
    if (api->http.status != 200) {
        return BM_OK;
    }
    if (!refresh_parse_time((struct bm_bytes){ api->body, api->body_n }, nonce,
                            &moment)) {
        return BM_E_AGENT_ANSWER;
    }
    return bm_clock_learn(&api->state->clock, BM_CLOCK_ANSWER, moment,
                          connection, state_uptime(api->state));
}

/* ---- The rest */

/* The first bundle says which series is ours, for ever: that is not for a
 * server to choose whose key may be an old one. */
static bm_status get_bundle(struct api *api, uint32_t connection)
{
    struct bm_trust *trust = &api->state->trust;
    uint64_t before = trust->bundle.version;

    if (api->doubtful && trust->series_n == 0) {
        return BM_OK;
    }
    BM_TRY(api_get(api, "bundle"));
    if (api->http.status != 200) {
        return BM_OK;
    }
    BM_TRY(bm_trust_take_bundle(trust,
                                (struct bm_bytes){ api->body, api->body_n },
                                connection, state_uptime(api->state)));
    if (trust->bundle.version != before) {
        event_put(
            EVENT_NOTICE, "bundle.taken",
            (struct event_field[]){
                { "version", NULL, (int64_t)trust->bundle.version }, { 0 } });
    }
    return BM_OK;
}

static bm_status get_renewal(struct api *api)
{
    struct bm_renewal_window window;

    BM_TRY(api_get(api, "renewal"));
    if (api->http.status != 200) {
        return BM_OK;
    }
    return bm_renewal_parse((struct bm_bytes){ api->body, api->body_n },
                            &window)
               ? due_note(api->state, &window)
               : BM_E_AGENT_ANSWER;
}

/* A server may close after each answer. On error it is not open any more. */
static bm_status reopen(struct api *api)
{
    struct state *state = api->state;
    const struct api_as *as = api->as;
    const volatile sig_atomic_t *stop = api->stop;

    if (!api->closed) {
        return BM_OK;
    }
    api_close(api);
    return api_open(api, state, as, stop);
}

/* Each answer is of use without the others. */
static bm_status ask_all(struct api *api)
{
    uint32_t connection = 0;
    bm_status worst;
    bm_status rc;

    BM_TRY(connection_of(api->state, &connection));
    worst = api->doubtful ? BM_OK : get_time(api, connection);
    BM_TRY(reopen(api));
    rc = get_bundle(api, connection);
    worst = worst == BM_OK ? rc : worst;
    BM_TRY(reopen(api));
    rc = api->doubtful ? BM_OK : get_renewal(api);
    return worst == BM_OK ? rc : worst;
}

static bm_status ask_time(struct api *api)
{
    uint32_t connection = 0;

    BM_TRY(connection_of(api->state, &connection));
    return api->doubtful ? BM_E_PATH_EXPIRED : get_time(api, connection);
}

static bm_status ask(struct state *state, const volatile sig_atomic_t *stop,
                     bm_status (*act)(struct api *api))
{
    static const struct api_as current = { .show = true,
                                           .place = BM_IDENTITY_CURRENT };
    struct api *api = malloc(sizeof *api);
    bm_status rc;

    if (api == NULL) {
        return BM_E_MEMORY;
    }
    rc = api_open(api, state, &current, stop);
    if (rc == BM_OK) {
        rc = act(api);
        api_close(api);
    }
    free(api);
    return rc;
}

bm_status refresh_time(struct state *state, const volatile sig_atomic_t *stop)
{
    return ask(state, stop, ask_time);
}

int64_t refresh_run(struct refresh *r, struct state *state,
                    const volatile sig_atomic_t *stop)
{
    uint32_t now = state_boot();
    uint32_t wait = r->failures == 0 ? REFRESH_EVERY
                                     : bm_backoff(state->crypto, r->failures);
    bm_status rc;

    if (state->settings->est_only ||
        bm_identity_state(&state->identity, BM_IDENTITY_CURRENT) !=
            BM_IDENTITY_CERT) {
        return REFRESH_EVERY;
    }
    if (r->done && now - r->at < wait) {
        return wait - (now - r->at);
    }
    rc = ask(state, stop, ask_all);
    r->done = true;
    r->at = now;
    r->failures = rc == BM_OK ? 0 : r->failures + 1;
    if (rc != BM_OK && rc != BM_E_AGENT_STOPPED) {
        event_failed(r->failures == 1 ? EVENT_WARNING : EVENT_INFO,
                     "refresh.failed", state->settings->url, rc);
    }
    return rc == BM_OK ? REFRESH_EVERY : bm_backoff(state->crypto, r->failures);
}
