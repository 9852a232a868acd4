/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/key.h"

#include <string.h>

/*
 * RFC 3986 3.1: what stands before the first ':' is the scheme. Ours are
 * compared as they are written, lower case.
 */
static bm_status find_provider(const struct bm_keys *keys, const char *uri,
                               const struct bm_key_provider **provider,
                               const char **rest)
{
    const char *colon = memchr(uri, ':', strnlen(uri, BM_KEY_URI_MAX));
    size_t n;

    if (colon == NULL || strnlen(uri, BM_KEY_URI_MAX) == BM_KEY_URI_MAX) {
        return BM_E_KEYS_URI;
    }
    n = (size_t)(colon - uri);
    for (size_t i = 0; keys->providers[i] != NULL; i++) {
        const char *scheme = keys->providers[i]->scheme;

        if (strlen(scheme) == n && memcmp(scheme, uri, n) == 0) {
            *provider = keys->providers[i];
            *rest = colon + 1;
            return BM_OK;
        }
    }
    return BM_E_KEYS_URI;
}

bm_status bm_key_open(const struct bm_keys *keys, const char *uri,
                      struct bm_key **key)
{
    const struct bm_key_provider *provider;
    const char *rest;

    *key = NULL;
    BM_TRY(find_provider(keys, uri, &provider, &rest));
    return provider->open(provider->self, rest, key);
}

bm_status bm_key_generate(const struct bm_keys *keys, const char *uri,
                          const struct bm_key_spec *spec, struct bm_key **key)
{
    const struct bm_key_provider *provider;
    const char *rest;

    *key = NULL;
    BM_TRY(find_provider(keys, uri, &provider, &rest));
    return provider->generate(provider->self, rest, spec, key);
}

bm_status bm_key_expect(const struct bm_keys *keys, const char *uri,
                        struct bm_bytes spki, struct bm_key **key)
{
    const struct bm_key_provider *provider;
    const char *rest;

    *key = NULL;
    BM_TRY(find_provider(keys, uri, &provider, &rest));
    return provider->expect == NULL
               ? BM_E_KEYS_GONE
               : provider->expect(provider->self, rest, spki, key);
}

bm_status bm_key_destroy(const struct bm_keys *keys, const char *uri)
{
    const struct bm_key_provider *provider;
    const char *rest;

    BM_TRY(find_provider(keys, uri, &provider, &rest));
    return provider->destroy == NULL ? BM_E_KEYS_URI
                                     : provider->destroy(provider->self, rest);
}

bm_status bm_key_provider_of(const struct bm_keys *keys, const char *uri,
                             const struct bm_key_provider **provider)
{
    const char *rest;

    *provider = NULL;
    return find_provider(keys, uri, provider, &rest);
}

bm_status bm_key_ready(const struct bm_key *key)
{
    return key->ready == NULL ? BM_OK : key->ready(key->self);
}

void bm_key_close(struct bm_key *key)
{
    if (key != NULL) {
        key->close(key->self);
    }
}
