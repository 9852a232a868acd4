/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mud_internal.h"

/* ---- A text that grows */

/* Rules of all entries, each with the addresses of its name. */
#define TEXT_MAX CONFIG_TEXT_MAX

struct text {
    char *p;
    size_t n;
    size_t cap;
    bool failed;
};

static void put(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->p + t->n, t->cap - t->n, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= t->cap - t->n) {
        t->failed = true;
        t->n = 0;
        return;
    }
    t->n += (size_t)n;
}

static bool begin(struct text *t)
{
    *t = (struct text){ .p = calloc(1, TEXT_MAX), .cap = TEXT_MAX };
    return t->p != NULL;
}

static char *finish(struct text *t)
{
    if (t->failed) {
        free(t->p);
        return NULL;
    }
    return t->p;
}

/* What others wrote, in a comment: nothing that ends it. */
static void put_plain(struct text *t, const char *words)
{
    size_t n = strnlen(words, 120);

    for (size_t i = 0; i < n; i++) {
        char c = words[i];

        put(t, "%c", c >= ' ' && c <= '~' ? c : '?');
    }
}

/* ---- Answers */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Does `e` begin what `answer` answers? */
static bool is_mirror(const struct mud_entry *e, const struct mud_entry *answer)
{
    return e->direction != answer->direction && e->six == answer->six &&
           e->protocol == answer->protocol &&
           same_text(e->peer, answer->peer) &&
           same_text(e->cidr, answer->cidr) && e->local == answer->local &&
           strcmp(e->port, answer->sport) == 0;
}

bool mud_is_answer(const struct mud *mud, const struct mud_entry *entry)
{
    if (entry->initiated >= 0) {
        return entry->initiated != (int)entry->direction;
    }
    if (entry->sport[0] == '\0' || entry->port[0] != '\0') {
        return false;
    }
    for (size_t i = 0; i < mud->n; i++) {
        if (is_mirror(&mud->entries[i], entry)) {
            return true;
        }
    }
    return false;
}

/* ---- Names */

static bool is_listed(const struct mud *mud, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++) {
        if (mud->entries[i].peer != NULL &&
            strcmp(mud->entries[i].peer, name) == 0) {
            return true;
        }
    }
    return false;
}

char *mud_write_missing(const struct mud *mud)
{
    struct text t;

    if (!begin(&t)) {
        return NULL;
    }
    for (size_t i = 0; i < mud->n; i++) {
        const char *name = mud->entries[i].peer;

        if (name != NULL && mud_resolve(mud, name) == NULL &&
            !is_listed(mud, i, name)) {
            put_plain(&t, name);
            put(&t, "\n");
        }
    }
    return finish(&t);
}

/* ---- Rules */

/* Addresses of the entry's family; how many. */
static size_t put_addresses(struct text *t, const struct mud_entry *e,
                            const char *addresses)
{
    size_t n = 0;

    while (*addresses != '\0') {
        size_t length = strcspn(addresses, ",");
        struct policy_range range;
        char one[128] = "";

        if (length < sizeof one) {
            memcpy(one, addresses, length);
        }
        if (e->six ? policy_range_ipv6(one, &range)
                   : policy_range_ipv4(one, &range)) {
            put(t, "%s\"%s\"", n++ != 0 ? ", " : "", one);
        }
        addresses += length + (addresses[length] == ',' ? 1 : 0);
    }
    return n;
}

/* "mud-7-cl0-todev": of the entry's name what a rule's may have. */
static void put_name(struct text *t, size_t i, const char *name, char kind)
{
    char word[POLICY_NAME_MAX + 1];
    size_t n = 0;

    for (; *name != '\0' && n < 18; name++) {
        char c =
            *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
            word[n++] = c;
        }
    }
    word[n] = '\0';
    put(t, "- name: mud-%zu%c-%s\n", i + 1, kind, n != 0 ? word : "x");
}

static void put_protocol(struct text *t, const struct mud_entry *e, bool echo)
{
    put(t, "  family: ipv%c\n", e->six ? '6' : '4');
    if (echo) {
        put(t, "  protocol: icmp%s\n  kind: echo-request\n",
            e->six ? "v6" : "");
    } else if (e->protocol < 0) {
        put(t, "  protocol: [tcp, udp]\n");
    } else if (e->protocol ==
               (e->six ? POLICY_PROTO_ICMPV6 : POLICY_PROTO_ICMP)) {
        put(t, "  protocol: icmp%s\n", e->six ? "v6" : "");
    } else {
        put(t, "  protocol: %d\n", e->protocol);
    }
}

/* `echo`: the rule about pings of an entry about any protocol. */
static void put_rule(struct text *t, const struct mud *mud, size_t i, bool echo)
{
    const struct mud_entry *e = &mud->entries[i];
    size_t at = t->n;

    put_name(t, i, e->name, echo ? 'p' : e->six ? 's' : 'f');
    put(t, "  direction: %s\n", policy_direction_name(e->direction));
    put_protocol(t, e, echo);
    if (e->port[0] != '\0') {
        put(t, "  port: %s\n", e->port);
    }
    if (e->sport[0] != '\0') {
        put(t, "  source_port: %s\n", e->sport);
    }
    if (e->kind[0] != '\0') {
        put(t, "  kind: %s\n", e->kind);
    }
    if (e->local) {
        put(t, "  peer: subnet\n");
    } else if (e->peer != NULL || e->cidr != NULL) {
        put(t, "  peer: [");
        if (put_addresses(t, e,
                          e->cidr != NULL ? e->cidr
                                          : mud_resolve(mud, e->peer)) == 0) {
            /* A name has no address of this family: there is nobody. */
            t->n = at;
            t->p[at] = '\0';
            return;
        }
        put(t, "]\n");
    }
    /* Below built-in services, which are narrower. */
    put(t, "  verdict: allow\n  priority: -1\n");
}

char *mud_write_policy(const struct mud *mud, const char *url)
{
    struct text t;
    size_t without;
    size_t with;

    if (!begin(&t)) {
        return NULL;
    }
    put(&t, "# What the maker says that the device needs: ");
    put_plain(&t, url != NULL ? url : "it has no URL");
    put(&t, "\npolicy: mud\nversion: 1\nfloor: 1\nflows: 64\n"
            "builtin: [arp, nd, dhcp]\n");
    without = t.n;
    put(&t, "rules:\n");
    with = t.n;
    for (size_t i = 0; i < mud->n; i++) {
        if (!mud_is_answer(mud, &mud->entries[i])) {
            put_rule(&t, mud, i, false);
            if (mud->entries[i].protocol < 0) {
                put_rule(&t, mud, i, true);
            }
        }
    }
    if (t.n == with && !t.failed) {
        t.p[without] = '\0';
    }
    return finish(&t);
}
