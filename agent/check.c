/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark-agent --check: the settings, and whether what they name can be
 * read. Nothing is made, opened for writing, or asked over the network. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/anchors.h"
#include "agent/firewall/settings.h"
#include "agent/fs.h"
#include "agent/program.h"
#include "agent/words.h"
#include "core/cert.h"
#include "core/name.h"

#define TOKEN_MAX 512

struct check {
    const struct settings *s;
    int code;
};

static void blame(struct check *c, const char *what, bm_status rc)
{
    (void)words_failed(what, rc);
    c->code = ARGS_FAILED;
}

static void say_name(struct bm_bytes der)
{
    uint8_t text[1024];
    struct bm_cert cert;
    struct bm_wr w;
    char until[WORDS_TIME_MAX];

    if (bm_cert_parse(der, 0, NULL, &cert) == BM_OK) {
        bm_wr_init(&w, text, sizeof text);
        bm_name_put_text(&w, cert.subject);
        printf("    ");
        words_print_bytes(stdout, (struct bm_bytes){ text, w.len < sizeof text
                                                               ? w.len
                                                               : sizeof text });
        printf(", until %s\n", words_time(cert.not_after, until));
    }
}

static void check_certs(struct check *c, const char *path)
{
    struct anchors a;
    bm_status rc = anchors_load(path, &a);

    if (rc != BM_OK) {
        blame(c, path, rc);
        return;
    }
    for (size_t i = 0; i < a.n; i++) {
        say_name(a.cert[i]);
    }
    anchors_free(&a);
}

/* One that was used up may be gone, which is as it should be. */
static void check_token(struct check *c, const char *what, const char *path)
{
    uint8_t *secret;
    size_t n;
    bm_status rc;

    if (path == NULL) {
        return;
    }
    rc = fs_read_secret(path, TOKEN_MAX, &secret, &n);
    if (rc == BM_OK) {
        bm_wipe(secret, n);
        free(secret);
        printf("%s %s\n", what, path);
    } else if (rc == BM_E_NOT_FOUND) {
        printf("%s %s, which is not there\n", what, path);
    } else {
        blame(c, path, rc);
    }
}

static void check_programs(struct check *c)
{
    for (size_t i = 0; i < c->s->hooks_n; i++) {
        const char *program = c->s->hooks[i].run[0];

        printf("hook %s\n", c->s->hooks[i].name);
        if (access(program, X_OK) != 0) {
            blame(c, program, BM_E_NOT_FOUND);
        }
    }
}

static void check_builtin(struct check *c, const struct firewall_settings *f)
{
    uint8_t *table;
    size_t n;
    bm_status rc = firewall_builtin_load(f, &table, &n);

    if (rc != BM_OK) {
        blame(c, f->builtin, rc);
        return;
    }
    printf("firewall %s, builtin policy %s\n", f->socket, f->builtin);
    free(table);
}

static void check_firewall(struct check *c)
{
    const char *path = c->s->firewall.settings;
    struct firewall_settings f;
    struct config_error error;
    bm_status rc;

    if (!c->s->has_firewall) {
        return;
    }
    rc = firewall_settings_load(path, &f, &error);
    if (rc != BM_OK) {
        blame(c, error.words[0] != '\0' ? error.words : path, rc);
        return;
    }
    check_builtin(c, &f);
    firewall_settings_free(&f);
}

int check_run(const struct args *args)
{
    struct settings s;
    struct check c = { .s = &s };

    if (!program_settings(args, &s, &c.code)) {
        return c.code;
    }
    printf("server %s, label %s\n", s.url, s.label == NULL ? "none" : s.label);
    check_certs(&c, s.anchors);
    printf("state %s\nkeys %s\n", s.state, s.keys.uri);
    if (s.idevid.key != NULL) {
        printf("idevid %s\n", s.idevid.key);
        check_certs(&c, s.idevid.certificate);
    }
    check_token(&c, "token", s.token_file);
    check_token(&c, "birth token", s.birth.token_file);
    for (size_t i = 0; i < s.layouts_n; i++) {
        printf("layout in %s%s\n", s.layouts[i].dir,
               s.layouts[i].export_key ? ", with the private key" : "");
    }
    check_programs(&c);
    check_firewall(&c);
    settings_free(&s);
    return c.code;
}
