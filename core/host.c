/* SPDX-License-Identifier: Apache-2.0 */
#include "core/host.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static struct bm_bytes tail(struct bm_bytes s, size_t n)
{
    return (struct bm_bytes){ s.p + (s.n - n), n };
}

bool bm_host_equal(struct bm_bytes a, struct bm_bytes b)
{
    size_t i = 0;

    while (i < a.n && i < b.n && lower(a.p[i]) == lower(b.p[i])) {
        i++;
    }
    return i == a.n && i == b.n;
}

bool bm_host_is_under(struct bm_bytes host, struct bm_bytes base)
{
    return base.n > 0 && host.n > base.n + 1 &&
           host.p[host.n - base.n - 1] == '.' &&
           bm_host_equal(tail(host, base.n), base);
}

bool bm_host_is_plain(struct bm_bytes host)
{
    bool in_label = false;

    for (size_t i = 0; i < host.n; i++) {
        uint8_t c = lower(host.p[i]);

        if (c == '.' && in_label) {
            in_label = false;
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_') {
            in_label = true;
        } else {
            return false;
        }
    }
    return in_label;
}

struct bm_bytes bm_mailbox_host(struct bm_bytes mailbox)
{
    size_t i = mailbox.n;

    while (i > 0 && mailbox.p[i - 1] != '@') {
        i--;
    }
    return i > 0 ? tail(mailbox, mailbox.n - i) : (struct bm_bytes){ NULL, 0 };
}

bool bm_mailbox_equal(struct bm_bytes a, struct bm_bytes b)
{
    struct bm_bytes host = bm_mailbox_host(a);

    return host.n > 0 && bm_host_equal(host, bm_mailbox_host(b)) &&
           bm_bytes_equal((struct bm_bytes){ a.p, a.n - host.n },
                          (struct bm_bytes){ b.p, b.n - host.n });
}

/*
 * RFC 9525 6.3: the wildcard is the whole left-most label and matches one.
 * A star right above a top-level domain stands for no single owner's names.
 */
static bool dns_matches(struct bm_bytes presented, struct bm_bytes name)
{
    size_t i = 0;

    if (presented.n < 2 || presented.p[0] != '*' || presented.p[1] != '.') {
        return bm_host_is_plain(presented) && bm_host_equal(presented, name);
    }
    presented = tail(presented, presented.n - 2);
    while (i < name.n && name.p[i] != '.') {
        i++;
    }
    if (i == 0 || i == name.n ||
        !bm_host_equal(tail(name, name.n - i - 1), presented)) {
        return false;
    }
    for (i = 0; i < presented.n && presented.p[i] != '.'; i++) {
    }
    return i < presented.n && bm_host_is_plain(presented);
}

static bool matches(const struct bm_general_name *gn, struct bm_bytes name)
{
    switch (gn->kind) {
    case BM_GN_DNS:
        return dns_matches(gn->value, name);
    case BM_GN_EMAIL:
        return bm_mailbox_equal(gn->value, name);
    default:
        return bm_bytes_equal(gn->value, name);
    }
}

bm_status bm_host_match(const struct bm_cert *cert, enum bm_gn_kind kind,
                        struct bm_bytes name)
{
    struct bm_bytes names = bm_exts_list(&cert->ext, BM_EXT_SAN);
    struct bm_general_name gn;

    if (kind != BM_GN_DNS && kind != BM_GN_IP && kind != BM_GN_EMAIL &&
        kind != BM_GN_URI) {
        return BM_E_ARGUMENT;
    }
    while (bm_general_name_next(&names, &gn)) {
        if (gn.kind == kind && matches(&gn, name)) {
            return BM_OK;
        }
    }
    return BM_E_PATH_HOST;
}
