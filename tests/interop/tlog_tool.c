/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlog_tool make DIR: a ledger of two trees, published under DIR, with proofs
 * DIR/proof-INDEX of the first; prints its verifier keys.
 * tlog_tool open ORIGIN KEY NOTE: reads a note that somebody else signed with
 * the Ed25519 key KEY (hexadecimal); prints tree size and root.
 */
#include "ca/test/ledger_world.h"
#include "core/base64.h"
#include "tests/harness/hex.h"

/* Three full tiles, one above them, and a part of a fourth. */
#define SIZE 1000

#define NOTE_MAX 65536

static void must(bm_status rc, const char *what)
{
    if (rc != BM_OK) {
        fprintf(stderr, "%s: %s\n", what, bm_status_text(rc));
        exit(1);
    }
}

static void write_file(const char *dir, const char *name, struct bm_bytes data)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(data.p, 1, data.n, f) != data.n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

/* C2SP signed-note, verifier keys: NAME+KEYID+base64(type, key). The key ID
 * is taken from the signature, where others will look for it. */
static void print_vkey(const char *name, struct bm_bytes note)
{
    const struct bm_spki *key = &bm_test_signer(BM_KEY_ED25519)->key;
    const uint8_t *at = note.p + note.n - 1;
    uint8_t value[68];
    uint8_t text[128];
    uint8_t typed[33] = { 0x01 };
    struct bm_wr w;

    while (at[-1] != ' ') {
        at--;
    }
    bm_wr_init(&w, value, sizeof value);
    must(bm_base64_decode(
             (struct bm_bytes){ at, (size_t)(note.p + note.n - 1 - at) },
             BM_BASE64_STRICT, NULL, &w),
         "signature");
    memcpy(typed + 1, key->key.p, 32);
    bm_wr_init(&w, text, sizeof text);
    bm_base64_put(&w, BM_ARRAY(typed), 0);
    printf("%s+%02x%02x%02x%02x+%.*s\n", name, value[0], value[1], value[2],
           value[3], (int)w.len, (const char *)text);
}

static void make_proofs(struct ca_ledger *ledger, const char *dir)
{
    static const unsigned indices[] = { 0, 1, 255, 256, 511, 768, 999 };
    static uint8_t room[16384];
    char name[32];

    for (size_t i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        struct bm_wr w;

        bm_wr_init(&w, room, sizeof room);
        must(ca_ledger_prove(ledger, 1, indices[i], &w), "prove");
        snprintf(name, sizeof name, "proof-%u", indices[i]);
        write_file(dir, name, bm_wr_bytes(&w));
    }
}

static void sign_and_publish(struct ca_ledger *ledger, const char *dir,
                             const char *name)
{
    uint8_t room[LEDGER_NOTE_MAX];
    struct bm_wr note;

    must(ca_ledger_checkpoint(ledger, &signer.signer, 1), "checkpoint");
    must(ca_ledger_publish(ledger, dir), "publish");
    if (name != NULL) {
        bm_wr_init(&note, room, sizeof room);
        must(ca_ledger_note(ledger, &note), "note");
        print_vkey(name, bm_wr_bytes(&note));
    }
}

static int make(const char *dir)
{
    struct ca_ledger *ledger = start();
    struct ca_tree_head head;

    must(grow(ledger, 300), "grow");
    sign_and_publish(ledger, dir, NULL);
    must(grow(ledger, SIZE - 300), "grow");
    sign_and_publish(ledger, dir, FAKE_ORIGIN);
    make_proofs(ledger, dir);
    must(ca_ledger_head(ledger, &head), "head");
    must(fake->store.begin(fake->store.self, STORE_WRITE), "begin");
    must(ca_ledger_succeed(ledger, &head, 1), "succeed");
    must(ca_ledger_save(ledger), "save");
    must(fake->store.commit(fake->store.self), "commit");
    must(grow(ledger, 9), "grow");
    sign_and_publish(ledger, dir, FAKE_ORIGIN "/2");
    stop(ledger);
    return bm_test_failed;
}

static int open_note(const char *origin, const char *hex, const char *path)
{
    static uint8_t text[NOTE_MAX];
    uint8_t raw[32];
    uint8_t base64[64];
    uint8_t der[64];
    struct bm_spki key;
    struct ca_tree_head head;
    FILE *f = fopen(path, "rb");
    struct bm_wr w;
    size_t n;

    if (f == NULL) {
        perror(path);
        return 1;
    }
    n = fread(text, 1, sizeof text, f);
    fclose(f);
    bm_wr_init(&w, der, sizeof der);
    bm_spki_put(&w, BM_KEY_ED25519, bm_hex(hex, raw, sizeof raw));
    must(bm_spki_parse(bm_wr_bytes(&w), NULL, &key), "key");
    must(ca_checkpoint_open((struct bm_bytes){ text, n }, crypto, &key, origin,
                            &head, NULL),
         "open");
    bm_wr_init(&w, base64, sizeof base64);
    bm_base64_put(&w, BM_ARRAY(head.root), 0);
    printf("%llu %.*s\n", (unsigned long long)head.size, (int)w.len,
           (const char *)base64);
    return 0;
}

int main(int argc, char **argv)
{
    crypto = bm_test_crypto();
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        return make(argv[2]);
    }
    if (argc == 5 && strcmp(argv[1], "open") == 0) {
        return open_note(argv[2], argv[3], argv[4]);
    }
    fputs("usage: tlog_tool make DIR | open ORIGIN KEY NOTE\n", stderr);
    return 2;
}
