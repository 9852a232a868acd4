/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_bundle.h"

#include "cli/cmd.h"
#include "cli/text.h"
#include "core/name.h"

static json_t *certificate(struct tree *t, struct bm_bytes der,
                           const struct bm_crypto *crypto)
{
    json_t *o = tree_object(t);
    uint8_t hash[BM_HASH_MAX];
    struct bm_cert cert;

    if (bm_cert_parse(der, BM_STRICT, NULL, &cert) == BM_OK) {
        tree_set(t, o, "subject", tree_put(t, bm_name_put_text, cert.subject));
        tree_set(t, o, "issuer", tree_put(t, bm_name_put_text, cert.issuer));
        tree_set(t, o, "not_after", tree_time(t, cert.not_after));
    }
    if (crypto->hash(crypto->self, BM_HASH_SHA256, der, hash) == BM_OK) {
        tree_set(t, o, "fingerprint_sha256",
                 tree_hex(t, (struct bm_bytes){ hash, 32 }));
    }
    return o;
}

static json_t *uses(struct tree *t, unsigned bits)
{
    static const struct {
        unsigned bit;
        const char *name;
    } rows[] = {
        { BM_BUNDLE_ENROL, "enrol" },
        { BM_BUNDLE_CLOUD, "cloud" },
        { BM_BUNDLE_DEVICE, "device" },
        { BM_BUNDLE_SERVE, "serve" },
    };
    json_t *list = tree_array(t);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((bits & rows[i].bit) != 0) {
            tree_append(t, list, tree_str(t, rows[i].name));
        }
    }
    return list;
}

static json_t *anchors(struct tree *t, struct bm_bytes list,
                       const struct bm_crypto *crypto)
{
    json_t *all = tree_array(t);
    struct bm_bundle_anchor anchor;

    while (bm_bundle_anchor_next(&list, &anchor)) {
        json_t *o = certificate(t, anchor.cert, crypto);

        tree_set(t, o, "status",
                 tree_str(t, anchor.status == BM_BUNDLE_ACTIVE ? "active"
                             : anchor.status == BM_BUNDLE_WITHDRAWN
                                 ? "withdrawn"
                                 : "unknown"));
        tree_set(t, o, "uses", uses(t, anchor.uses));
        tree_append(t, all, o);
    }
    return all;
}

static json_t *cross(struct tree *t, struct bm_bytes list,
                     const struct bm_crypto *crypto)
{
    json_t *all = tree_array(t);
    struct bm_bytes der;

    while (bm_bundle_cross_next(&list, &der)) {
        tree_append(t, all, certificate(t, der, crypto));
    }
    return all;
}

static json_t *octets(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_bytes one;

    while (bm_bundle_octets_next(&list, &one)) {
        tree_append(t, all, tree_hex(t, one));
    }
    return all;
}

static json_t *issuers(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_bundle_issuer issuer;

    while (bm_bundle_issuer_next(&list, &issuer)) {
        json_t *o = tree_object(t);
        json_t *serials = octets(t, issuer.serials);

        tree_set(t, o, "key_sha256", tree_hex(t, issuer.key));
        tree_set(t, o, "denied",
                 tree_int(t, (int64_t)json_array_size(serials)));
        tree_set(t, o, "serial_numbers", serials);
        tree_append(t, all, o);
    }
    return all;
}

json_t *show_bundle(struct tree *t, const struct bm_bundle *b,
                    const struct bm_cert *signer,
                    const struct bm_crypto *crypto)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "series", tree_text(t, b->name));
    tree_set(t, o, "version", tree_int(t, (int64_t)b->version));
    tree_set(t, o, "issued", tree_time(t, b->issued));
    tree_set(t, o, "next_update", tree_time(t, b->next_update));
    tree_set(t, o, "signer", certificate(t, signer->der, crypto));
    tree_set(t, o, "anchors", anchors(t, b->anchors, crypto));
    tree_set(t, o, "cross_certificates", cross(t, b->cross, crypto));
    if (b->has_issuers) {
        tree_set(t, o, "issuers", issuers(t, b->issuers));
    }
    if (b->keys.n != 0) {
        tree_set(t, o, "denied_keys", octets(t, b->keys));
    }
    return o;
}

/* Nobody reads two hundred numbers in a line. */
static void shorten(json_t *bundle)
{
    json_t *issuer;
    size_t i;

    json_array_foreach(json_object_get(bundle, "issuers"), i, issuer)
    {
        if (json_array_size(json_object_get(issuer, "serial_numbers")) > 8) {
            (void)json_object_del(issuer, "serial_numbers");
        }
    }
}

int show_bundle_print(const char *path, const struct tree *t, json_t *bundle,
                      bool json)
{
    bool failed = t->failed;

    if (!failed && json) {
        failed = json_dumpf(bundle, stdout, JSON_COMPACT) != 0;
        putchar('\n');
    } else if (!failed) {
        shorten(bundle);
        failed = text_print(stdout, bundle, 0) != BM_OK;
    }
    json_decref(bundle);
    if (failed) {
        fprintf(stderr, "%s: out of memory\n", path);
        return CMD_FAILED;
    }
    return CMD_OK;
}

void show_bundle_warn(const char *path, const struct bm_bundle *bundle,
                      size_t n)
{
    if (!bm_bundle_is_small(bundle, n)) {
        fprintf(stderr,
                "%s: small devices refuse it: they take %d octets, %d anchors "
                "and %d cross-certificates\n",
                path, BM_BUNDLE_SMALL_SIZE, BM_BUNDLE_SMALL_ANCHORS,
                BM_BUNDLE_SMALL_CROSS);
    }
}
