/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/host.h"
#include "core/oid.h"
#include "device/trust_internal.h"

/*
 * Who the peer is. A server by its host name or address (RFC 9525), an EST
 * server by that or as an RA (RFC 7030 3.6.1), a device by its name.
 */

#define GROUPS 8 /* of an IPv6 address, 16 bits each */

/* A decimal octet without leading zeros; `*p` moves behind it. */
static bool take_decimal(const char **p, uint8_t *out)
{
    const char *start = *p;
    unsigned value = 0;

    while (**p >= '0' && **p <= '9' && *p - start < 3) {
        value = 10 * value + (unsigned)(**p - '0');
        ++*p;
    }
    *out = (uint8_t)value;
    return *p != start && value <= UINT8_MAX &&
           (*start != '0' || *p - start == 1);
}

static bool take_ipv4(const char **p, uint8_t out[4])
{
    for (unsigned i = 0; i < 4; i++) {
        if ((i > 0 && *(*p)++ != '.') || !take_decimal(p, &out[i])) {
            return false;
        }
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hexadecimal digits. */
static bool take_group(const char **p, uint8_t out[2])
{
    const char *start = *p;
    unsigned value = 0;

    while (hex_digit(**p) >= 0 && *p - start < 4) {
        value = value << 4 | (unsigned)hex_digit(**p);
        ++*p;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return *p != start;
}

/* RFC 4291 2.2, forms 1 and 2. Form 3 (with dots) is not written in URLs. */
static bool take_ipv6(const char **p, uint8_t out[2 * GROUPS])
{
    unsigned n = 0;
    unsigned gap = GROUPS + 1; /* groups before "::" */

    memset(out, 0, 2 * GROUPS);
    if ((*p)[0] == ':' && (*p)[1] == ':') {
        gap = 0;
        *p += 2;
    }
    while (n < GROUPS && hex_digit(**p) >= 0) {
        if (!take_group(p, &out[2 * n++])) {
            return false;
        }
        if ((*p)[0] == ':' && (*p)[1] == ':' && gap > GROUPS) {
            gap = n;
            *p += 2;
        } else if ((*p)[0] == ':' && hex_digit((*p)[1]) >= 0) {
            ++*p;
        } else {
            break;
        }
    }
    if (gap > GROUPS) {
        return n == GROUPS;
    }
    memmove(out + 2 * (GROUPS - n + gap), out + 2 * gap, 2 * (n - gap));
    memset(out + 2 * gap, 0, 2 * (GROUPS - n));
    return n < GROUPS;
}

/* An address as it stands in a URL, IPv6 in brackets or bare; 0: none. */
static size_t take_address(const char *host, uint8_t out[2 * GROUPS])
{
    bool bracket = *host == '[';
    const char *p = host;

    if (!bracket && take_ipv4(&p, out) && *p == '\0') {
        return 4;
    }
    p = host + bracket;
    if (!take_ipv6(&p, out) || (bracket && *p++ != ']')) {
        return 0;
    }
    return *p == '\0' ? 2 * GROUPS : 0;
}

static bm_status match_host(const struct bm_cert *cert, const char *host)
{
    struct bm_bytes name = { (const uint8_t *)host, strlen(host) };
    uint8_t address[2 * GROUPS];
    size_t n = take_address(host, address);

    if (n != 0) {
        return bm_host_match(cert, BM_GN_IP, (struct bm_bytes){ address, n });
    }
    if (name.n > 1 && name.p[name.n - 1] == '.') {
        name.n--; /* the root, which certificates do not write */
    }
    return bm_host_match(cert, BM_GN_DNS, name);
}

struct bm_bytes bm_trust_device_name(const struct bm_cert *cert)
{
    struct bm_attr attr;

    if (!bm_name_find(cert->subject, BM_LIT(BM_OID_AT_SERIAL), &attr)) {
        (void)bm_name_find(cert->subject, BM_LIT(BM_OID_AT_CN), &attr);
    }
    return attr.value;
}

/* To the octet: names of devices are not words. */
static bm_status match_device(const struct bm_cert *cert, const char *device)
{
    struct bm_bytes name = bm_trust_device_name(cert);

    if (device == NULL) {
        return BM_OK;
    }
    return name.n != 0 && bm_bytes_are(name, device, strlen(device))
               ? BM_OK
               : BM_E_PATH_HOST;
}

bm_status bm_trust_name(const struct bm_cert *cert,
                        const struct bm_trust_expect *expect)
{
    switch (expect->use) {
    case BM_TRUST_ENROL:
        /* RFC 7030 3.6.1: the explicit TA database, id-kp-cmcRA */
        if (bm_exts_allow_eku(&cert->ext, BM_LIT(BM_OID_KP_CMC_RA), false)) {
            return BM_OK;
        }
        return expect->host != NULL ? match_host(cert, expect->host)
                                    : BM_E_PATH_HOST;
    case BM_TRUST_CLOUD:
        return expect->host != NULL ? match_host(cert, expect->host)
                                    : BM_E_PATH_HOST;
    case BM_TRUST_DEVICE:
    case BM_TRUST_SERVE:
        return match_device(cert, expect->host);
    case BM_TRUST_OWN:
        return BM_OK;
    default:
        return BM_E_ARGUMENT;
    }
}
