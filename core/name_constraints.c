/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name_constraints.h"

#include "core/host.h"
#include "core/oid.h"

static struct bm_bytes skip(struct bm_bytes s, size_t n)
{
    return (struct bm_bytes){ s.p + n, s.n - n };
}

/* `s` up to its first `c`, or all of it. */
static struct bm_bytes before(struct bm_bytes s, uint8_t c)
{
    size_t n = 0;

    while (n < s.n && s.p[n] != c) {
        n++;
    }
    s.n = n;
    return s;
}

/* `s` from behind its first `c`; empty if there is none. */
static struct bm_bytes after(struct bm_bytes s, uint8_t c)
{
    size_t n = before(s, c).n;

    return skip(s, n < s.n ? n + 1 : n);
}

/*
 * What a comparison says: BM_OK, the name is within the base; OUTSIDE; or
 * that it cannot be told.
 */
#define OUTSIDE BM_E_PATH_NC_PERMITTED

static bm_status within(bool is_within)
{
    return is_within ? BM_OK : OUTSIDE;
}

/*
 * "Any DNS name that can be constructed by simply adding zero or more labels
 * to the left-hand side of the name satisfies the name constraint." So the
 * empty constraint is satisfied by all, and one with a dot or a star in
 * front is none.
 *
 * The wildcard *.D stands for every x.D: what is excluded at or above D it
 * meets as any name does, and also what is excluded one label below D.
 */
static bm_status match_dns(struct bm_bytes name, struct bm_bytes base,
                           bool excluded)
{
    struct bm_bytes host = name;

    if (name.n > 2 && name.p[0] == '*' && name.p[1] == '.') {
        host = skip(name, 2);
    }
    if (!bm_host_is_plain(host) || (base.n > 0 && !bm_host_is_plain(base))) {
        return BM_E_PATH_NC_FORM;
    }
    return within(
        base.n == 0 || bm_host_equal(name, base) ||
        bm_host_is_under(name, base) ||
        (excluded && host.n < name.n && bm_host_equal(host, after(base, '.'))));
}

/* "host" is that host alone, ".domain" any host below, but not domain. */
static bm_status match_host(struct bm_bytes host, struct bm_bytes base,
                            bool excluded)
{
    if (!bm_host_is_plain(host)) {
        return BM_E_PATH_NC_FORM;
    }
    if (base.n == 0) {
        return within(excluded); /* says nothing, so it allows nothing */
    }
    return within(base.p[0] == '.' ? bm_host_is_under(host, skip(base, 1))
                                   : bm_host_equal(host, base));
}

static bm_status match_email(struct bm_bytes name, struct bm_bytes base,
                             bool excluded)
{
    return bm_mailbox_host(base).n > 0
               ? within(bm_mailbox_equal(name, base))
               : match_host(bm_mailbox_host(name), base, excluded);
}

/*
 * The host of a URI, or empty where there is none:
 * scheme "://" [ userinfo "@" ] host [ ":" port ] [ "/" | "?" | "#" ... ]
 */
static struct bm_bytes uri_host(struct bm_bytes uri)
{
    struct bm_bytes authority = after(uri, ':');
    struct bm_bytes host;

    if (authority.n < 2 || authority.p[0] != '/' || authority.p[1] != '/') {
        return skip(uri, uri.n);
    }
    authority = before(skip(authority, 2), '/');
    authority = before(before(authority, '?'), '#');
    host = bm_mailbox_host(authority);
    return before(host.n > 0 ? host : authority, ':');
}

/*
 * A URI whose host is not "specified as a fully qualified domain name (e.g.,
 * ... as an IP address)" MUST be rejected. No top-level domain ends in a
 * digit, every IPv4 address does; IPv6 is not plain.
 */
static bm_status match_uri(struct bm_bytes name, struct bm_bytes base,
                           bool excluded)
{
    struct bm_bytes host = uri_host(name);

    if (host.n > 0 && host.p[host.n - 1] <= '9') {
        return BM_E_PATH_NC_FORM;
    }
    return match_host(host, base, excluded);
}

/* The base is address and mask; one of the other family never matches. */
static bm_status match_ip(struct bm_bytes ip, struct bm_bytes base)
{
    unsigned differ = base.n != 2 * ip.n;

    for (size_t i = 0; differ == 0 && i < ip.n; i++) {
        differ = (unsigned)(ip.p[i] ^ base.p[i]) & base.p[ip.n + i];
    }
    return within(differ == 0);
}

static bm_status match(const struct bm_general_name *name, struct bm_bytes base,
                       bool excluded)
{
    switch (name->kind) {
    case BM_GN_DIRECTORY:
        return within(bm_name_is_within(name->value, base));
    case BM_GN_DNS:
        return match_dns(name->value, base, excluded);
    case BM_GN_EMAIL:
        return match_email(name->value, base, excluded);
    case BM_GN_URI:
        return match_uri(name->value, base, excluded);
    case BM_GN_IP:
        return match_ip(name->value, base);
    default:
        return BM_E_PATH_NC_FORM;
    }
}

/*
 * Look for a subtree that `name` is in: what match() says, or BM_E_END if
 * there is none of its form. Each otherName type is a form.
 */
static bm_status search(struct bm_bytes subtrees, bool excluded,
                        const struct bm_general_name *name, uint32_t *work)
{
    struct bm_general_name base;
    bm_status rc = BM_E_END;

    while ((rc == BM_E_END || rc == OUTSIDE) &&
           bm_subtree_next(&subtrees, &base)) {
        if (*work == 0) {
            return BM_E_PATH_WORK;
        }
        --*work;
        if (base.kind == name->kind && bm_bytes_equal(base.type, name->type)) {
            rc = match(name, base.value, excluded);
        }
    }
    return rc;
}

static bm_status judge(const struct bm_name_constraints *nc,
                       const struct bm_general_name *name, uint32_t *work)
{
    bm_status rc = search(nc->excluded, true, name, work);

    if (rc == BM_OK) {
        return BM_E_PATH_NC_EXCLUDED;
    }
    if (rc == BM_E_END || rc == OUTSIDE) {
        rc = search(nc->permitted, false, name, work);
    }
    return rc == BM_E_END ? BM_OK : rc;
}

/* The walk over all names that constraints apply to. */
struct names {
    struct bm_bytes san;
    struct bm_name_walk subject;
    bool subject_is_due;
};

static bool next_name(struct names *names, struct bm_bytes subject,
                      struct bm_general_name *name)
{
    struct bm_attr attr;

    *name = (struct bm_general_name){ .kind = BM_GN_DIRECTORY };
    if (names->subject_is_due) {
        names->subject_is_due = false;
        name->value = subject;
        return true;
    }
    while (bm_name_next(&names->subject, &attr)) {
        if (bm_oid_is(attr.type, BM_OID_AT_EMAIL)) {
            name->kind = BM_GN_EMAIL;
            name->value = attr.value;
            return true;
        }
    }
    return bm_general_name_next(&names->san, name);
}

bm_status bm_name_constraints_check(const struct bm_exts *ca,
                                    const struct bm_cert *cert, uint32_t *work,
                                    const uint8_t **at)
{
    struct bm_name_constraints nc;
    struct bm_general_name name;
    struct names names;

    if (!bm_exts_has(ca, BM_EXT_NAME_CONSTRAINTS)) {
        return BM_OK;
    }
    bm_exts_name_constraints(ca, &nc);
    bm_name_walk(&names.subject, cert->subject);
    names.san = bm_exts_list(&cert->ext, BM_EXT_SAN);
    names.subject_is_due = !bm_name_is_empty(cert->subject);
    while (next_name(&names, cert->subject, &name)) {
        *at = name.value.p;
        BM_TRY(judge(&nc, &name, work));
    }
    *at = NULL;
    return BM_OK;
}
