/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Words: do=client|server|mqtt|raw, dir=FOLDER of anchor.der, cert.der and
 * key.bin; host= name= port= tls=12|13; address= (by DHCP otherwise) dns=;
 * octets= ; conns= ; deaf=MS: look at nothing for so long, when connected;
 * hoard=N: leave unread what a client says until it is so much; also=NAME:
 * somebody else connects there; listen=PORT: a client that serves, too, and
 * does not get round to it; policy=FILE of that folder: the table of a
 * firewall, mode= of it; scan=MS: somebody inside looks for telnet outside, so
 * often. Ends with 0, 1 for a status that was printed.
 */
#include "tests/net/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/mps2/board.h"
#include "ports/mps2/noise.h"
#include "ports/mps2/semihost.h"

/* One outbound session and one of a peer, handshakes included. */
#define TLS_MEMORY   (21u * 1024)
#define TLS_SESSIONS 2

#define WORD_MAX 128
#define DER_MAX  768

static struct device device;
static uint8_t tls_memory[TLS_MEMORY] __attribute__((aligned(8)));
static uint64_t longest; /* ticks between two turns of the main loop */
static uint64_t busy;    /* ticks in all turns that are over */
static uint64_t turn;    /* when this one began */

uint64_t device_busy(void)
{
    return busy + bm_board_ticks() - turn;
}

const char *device_word(const char *key)
{
    static char value[WORD_MAX];

    return bm_board_arg(key, value, sizeof value) == 0 ? value : "";
}

uint32_t device_number(const char *key, uint32_t otherwise)
{
    const char *word = device_word(key);

    return word[0] != '\0' ? (uint32_t)strtoul(word, NULL, 10) : otherwise;
}

uint8_t device_pattern(uint32_t i)
{
    return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

void device_identity(const struct device *d, struct bm_tls_config *tls)
{
    tls->trust = &d->trust;
    tls->signer = &d->signer.signer;
    tls->chain = d->chain;
    tls->chain_n = 1;
    tls->version = d->version;
}

bm_status device_load(const char *name, uint8_t *buf, size_t cap, size_t *n)
{
    char path[WORD_MAX + 16];

    (void)snprintf(path, sizeof path, "%s/%s", device_word("dir"), name);
    return bm_semihost_load(path, buf, cap, n) == 0 ? BM_OK : BM_E_NOT_FOUND;
}

static bm_status open_crypto(struct device *d)
{
    BM_TRY(bm_mbedtls_noise_open(&d->noise, &bm_board_noise));
    d->port = (struct bm_mbedtls_port){ bm_mbedtls_noise_random, &d->noise };
    return bm_mbedtls_open(&d->port, &d->crypto);
}

static bm_status open_identity(struct device *d)
{
    static uint8_t anchor[DER_MAX];
    static uint8_t cert[DER_MAX];
    uint8_t scalar[BM_MBEDTLS_SCALAR_SIZE];
    size_t n = 0;

    BM_TRY(device_load("anchor.der", anchor, sizeof anchor, &n));
    d->anchor = (struct bm_bytes){ anchor, n };
    BM_TRY(device_load("cert.der", cert, sizeof cert, &n));
    d->chain[0] = (struct bm_bytes){ cert, n };
    BM_TRY(device_load("key.bin", scalar, sizeof scalar, &n));
    return bm_mbedtls_signer_import(&d->signer, scalar);
}

static bm_status open_trust(struct device *d)
{
    const struct bm_clock_config clock = { .build = 1767225600 }; /* 2026 */
    const struct bm_trust_config config = {
        .crypto = &d->crypto,
        .clock = &d->clock,
        .anchors = &d->anchor,
        .anchors_n = 1,
        .work = &d->work,
    };

    BM_TRY(bm_clock_open(&d->clock, NULL, &clock));
    return bm_trust_open(&d->trust, &config);
}

static bm_status open_tls(struct device *d)
{
    const struct bm_mbedtls_tls_config config = { tls_memory, sizeof tls_memory,
                                                  TLS_SESSIONS };
    uint32_t version = device_number("tls", 0);

    d->version = version == 12 ? BM_TLS_1_2 : version == 13 ? BM_TLS_1_3 : 0;
    return bm_mbedtls_tls_open(&d->tls, &config);
}

static bm_status open_net(struct device *d)
{
    static char address[BM_NET_ADDRESS_SIZE];
    static char dns[BM_NET_ADDRESS_SIZE];
    static const uint8_t mac[BM_NIC_MAC_SIZE] = { 0x02, 'b', 'm', 0, 0, 1 };

    (void)snprintf(address, sizeof address, "%s", device_word("address"));
    (void)snprintf(dns, sizeof dns, "%s", device_word("dns"));
    BM_TRY(bm_ethernet_open(&d->ethernet, BM_ETHERNET_AN385, mac));
    d->net_config = (struct bm_net_config){
        .nic = &d->ethernet.nic,
        .crypto = &d->crypto,
        .ms = bm_board_ms,
        .name = "device-1",
        .address = address[0] != '\0' ? address : NULL,
        .gateway = address[0] != '\0' ? "10.0.2.2" : NULL,
        .dns = dns[0] != '\0' ? dns : NULL,
    };
    if (device_word("policy")[0] != '\0') {
        BM_TRY(policy_open(d));
    }
    return bm_net_open(&d->net, &d->net_config);
}

static bm_status open_device(struct device *d)
{
    BM_TRY(open_crypto(d));
    BM_TRY(open_identity(d));
    BM_TRY(open_trust(d));
    BM_TRY(open_tls(d));
    return open_net(d);
}

static const struct role *find_role(void)
{
    const char *word = device_word("do");

    return strcmp(word, "client") == 0   ? &echo_client
           : strcmp(word, "server") == 0 ? &echo_server
           : strcmp(word, "mqtt") == 0   ? &mqtt_client
           : strcmp(word, "raw") == 0    ? &raw_crypto
                                         : NULL;
}

static void tell_ready(struct device *d)
{
    char address[BM_NET_ADDRESS_SIZE];
    static bool told;

    if (!told && bm_net_ready(&d->net)) {
        told = true;
        bm_net_address(&d->net, address);
        printf("up address=%s\n", address);
    }
}

static bm_status run(struct device *d, const struct role *role)
{
    bm_status rc = role->open(d);

    if (rc == BM_OK) {
        rc = BM_E_TLS_AGAIN;
    }
    while (rc == BM_E_TLS_AGAIN) {
        uint64_t took;
        bool idle = true;

        turn = bm_board_ticks();
        bm_net_poll(&d->net);
        tell_ready(d);
        policy_turn(d);
        rc = role->turn(d, &idle);
        took = bm_board_ticks() - turn;
        busy += took;
        longest = took > longest ? took : longest;
        if (idle) {
            bm_board_idle();
        }
    }
    return rc;
}

/* What was written last leaves, and the other side hears of the end. */
static void linger(struct device *d)
{
    uint32_t until = bm_board_ms() + 200;

    while ((int32_t)(bm_board_ms() - until) < 0) {
        bm_net_poll(&d->net);
        bm_board_idle();
    }
}

int main(void)
{
    struct device *d = &device;
    const struct role *role = find_role();
    bm_status rc = role == NULL ? BM_E_ARGUMENT : open_device(d);
    size_t now;
    size_t peak;

    if (rc == BM_OK) {
        rc = run(d, role);
        linger(d);
    }
    policy_tell(d);
    bm_mbedtls_tls_used(&d->tls, &now, &peak);
    printf("end status=0x%04x tls=%u of=%u stack=%u longest=%u received=%u "
           "sent=%u dropped=%u\n",
           (unsigned)rc, (unsigned)peak, TLS_MEMORY,
           (unsigned)bm_board_stack_used(), (unsigned)longest,
           (unsigned)d->ethernet.received, (unsigned)d->ethernet.sent,
           (unsigned)d->net.dropped);
    return rc == BM_OK ? 0 : 1;
}
