/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/time.h"
#include "daemon/devices_internal.h"

/* What a device asks about itself, and what time it is. */

/*
 * Octets of a nonce: enough that nobody has an answer ready for it, and no
 * more than the random numbers that devices make.
 */
#define NONCE_MIN 8
#define NONCE_MAX 32

/* ---- status, renewal */

void devices_serve_status(struct devices *d, struct http_request *r)
{
    devices_ask_about(d, r, WIRE_DEVICE_STATUS, (struct bm_bytes){ NULL, 0 },
                      devices_say_told);
}

static void on_renewal(struct devices_waiting *w,
                       const struct wire_enrolled *answer)
{
    uint8_t json[96];
    struct bm_wr o;

    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    if (answer->renew_from == 0) {
        devices_say(w->request, 404,
                    &(struct ca_refusal){ BM_E_NOT_FOUND,
                                          "this certificate is not renewed" });
        return;
    }
    /* RFC 9773 4.2 has the words. */
    bm_wr_init(&o, json, sizeof json);
    bm_wr_str(&o, "{\"start\":\"");
    bm_time_put_text(&o, answer->renew_from);
    bm_wr_str(&o, "\",\"end\":\"");
    bm_time_put_text(&o, answer->renew_until);
    bm_wr_str(&o, "\"}\n");
    devices_say_octets(w->request, answer, DEVICES_JSON, bm_wr_bytes(&o));
}

void devices_serve_renewal(struct devices *d, struct http_request *r)
{
    if (!devices_tell_seen(d, r, on_renewal)) {
        devices_say_busy(r);
    }
}

/* ---- time */

static void put_hex(struct bm_wr *w, struct bm_bytes octets)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < octets.n; i++) {
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] >> 4]);
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] & 15]);
    }
}

static bool read_nonce(const struct http_request *r, struct bm_wr *nonce)
{
    return devices_query_hex(r, "nonce", nonce) && nonce->len >= NONCE_MIN;
}

/* The clock is read when the nonce has come, and not before. */
static void say_time(struct http_request *r)
{
    uint8_t octets[NONCE_MAX];
    struct bm_wr nonce;
    uint8_t json[2 * NONCE_MAX + 64];
    char now[24];
    struct bm_wr o;

    bm_wr_init(&nonce, octets, sizeof octets);
    if (!read_nonce(r, &nonce)) {
        devices_say(
            r, 400,
            &(struct ca_refusal){ BM_E_ARGUMENT,
                                  "nonce=HEX is wanted, of 8 to 32 octets" });
        return;
    }
    bm_wr_init(&o, json, sizeof json);
    bm_wr_str(&o, "{\"nonce\":\"");
    put_hex(&o, bm_wr_bytes(&nonce));
    bm_wr_str(&o, "\",\"time\":");
    (void)snprintf(now, sizeof now, "%lld", (long long)room_now());
    bm_wr_str(&o, now);
    bm_wr_str(&o, "}\n");
    devices_say_octets(r, NULL, DEVICES_JSON, bm_wr_bytes(&o));
}

static void on_seen(struct devices_waiting *w,
                    const struct wire_enrolled *answer)
{
    devices_note_seen(w, answer);
    say_time(w->request);
}

/*
 * Whoever shows a certificate is told, whatever the issuer thinks of it and
 * while it is away: the time is no secret, and a device whose certificate has
 * expired needs it most.
 */
void devices_serve_time(struct devices *d, struct http_request *r)
{
    if (devices_is_seen(r) || !devices_tell_seen(d, r, on_seen)) {
        say_time(r);
    }
}
