/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/lists.h"

#include <stdio.h>
#include <string.h>

#define DELTA "-delta"
#define END   ".crl"

bm_status ca_list_path(const char *ca, uint32_t list,
                       char path[CA_LIST_PATH_MAX])
{
    int n;

    if (list == STORE_LIST_COMPLETE) {
        n = snprintf(path, CA_LIST_PATH_MAX, "crl/%s" END, ca);
    } else if (list == STORE_LIST_DELTA) {
        n = snprintf(path, CA_LIST_PATH_MAX, "crl/%s" DELTA END, ca);
    } else if (list <= STORE_SHARDS_MAX) {
        n = snprintf(path, CA_LIST_PATH_MAX, "crl/%s/%u" END, ca,
                     (unsigned)list);
    } else {
        return BM_E_ARGUMENT;
    }
    return n > 0 && n < CA_LIST_PATH_MAX ? BM_OK : BM_E_LIMIT;
}

bm_status ca_list_url(const char *base, const char *ca, uint32_t list,
                      char url[CA_LIST_URL_MAX])
{
    char path[CA_LIST_PATH_MAX];
    int n;

    BM_TRY(ca_list_path(ca, list, path));
    n = snprintf(url, CA_LIST_URL_MAX, "%s/%s", base, path);
    return n > 0 && n < CA_LIST_URL_MAX ? BM_OK : BM_E_LIMIT;
}

void ca_list_name(uint32_t list, char name[CA_LIST_NAME_MAX])
{
    name[0] = '\0';
    if (list == STORE_LIST_DELTA) {
        (void)snprintf(name, CA_LIST_NAME_MAX, "delta");
    } else if (list != STORE_LIST_COMPLETE) {
        (void)snprintf(name, CA_LIST_NAME_MAX, "shard %u", (unsigned)list);
    }
}

/* Digits without a zero in front, up to the largest shard; 0: none. */
static uint32_t number_of(struct bm_bytes text)
{
    uint32_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c < '0' || c > '9' || (c == '0' && n == 0)) {
            return 0;
        }
        n = n * 10 + (uint32_t)(c - '0');
        if (n > STORE_SHARDS_MAX) {
            return 0;
        }
    }
    return n;
}

static bool starts_with(struct bm_bytes text, const char *start)
{
    size_t n = strlen(start);

    return text.n >= n && memcmp(text.p, start, n) == 0;
}

static bool ends_with(struct bm_bytes text, const char *end)
{
    size_t n = strlen(end);

    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

bool ca_list_named(struct bm_bytes name, uint32_t *list)
{
    static const char shard[] = "shard ";
    size_t n = sizeof shard - 1;

    *list = STORE_LIST_COMPLETE;
    if (bm_bytes_are(name, "delta", strlen("delta"))) {
        *list = STORE_LIST_DELTA;
    } else if (starts_with(name, shard)) {
        *list = number_of((struct bm_bytes){ name.p + n, name.n - n });
    }
    return name.n == 0 || *list != STORE_LIST_COMPLETE;
}

bool ca_list_id_valid(const char *ca)
{
    return !ends_with((struct bm_bytes){ (const uint8_t *)ca, strlen(ca) },
                      DELTA);
}

uint32_t ca_list_shard(struct bm_bytes text)
{
    return ends_with(text, END)
               ? number_of((struct bm_bytes){ text.p, text.n - strlen(END) })
               : 0;
}

uint32_t ca_list_of_cert(const struct bm_cert *cert, const char *ca)
{
    char middle[STORE_ID_MAX + 8];
    struct bm_dist_point dp;
    struct bm_general_name gn;
    struct bm_bytes list;
    size_t at;

    if (!bm_exts_has(&cert->ext, BM_EXT_CRL_DP)) {
        return 0;
    }
    list = bm_exts_list(&cert->ext, BM_EXT_CRL_DP);
    if (!bm_dist_point_next(&list, &dp) ||
        !bm_general_name_next(&dp.full_name, &gn) || gn.kind != BM_GN_URI) {
        return 0;
    }
    at = gn.value.n;
    while (at > 0 && gn.value.p[at - 1] != '/') {
        at--;
    }
    (void)snprintf(middle, sizeof middle, "/crl/%s/", ca);
    return ends_with((struct bm_bytes){ gn.value.p, at }, middle)
               ? ca_list_shard(
                     (struct bm_bytes){ gn.value.p + at, gn.value.n - at })
               : 0;
}
