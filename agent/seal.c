/* SPDX-License-Identifier: Apache-2.0 */

/* birthmark-agent seal, unseal: records of the vault, from and to a pipe. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/program.h"
#include "agent/sealed.h"
#include "agent/words.h"

/* What a service does in a round takes no longer, unless it waits for a
 * server. */
#define WAIT_MS 30000

/* All of standard input, which must fit into one record. */
static bm_status read_input(uint8_t *value, size_t cap, size_t *n)
{
    *n = 0;
    for (;;) {
        uint8_t more = 0;
        uint8_t *to = *n < cap ? value + *n : &more;
        ssize_t got = read(STDIN_FILENO, to, *n < cap ? cap - *n : 1);

        if (got == 0) {
            return BM_OK;
        }
        if (got < 0 && errno != EINTR) {
            return BM_E_IO;
        }
        if (got > 0 && *n == cap) {
            bm_wipe(&more, 1);
            return BM_E_LIMIT;
        }
        *n += got > 0 ? (size_t)got : 0;
    }
}

struct record {
    uint8_t value[BM_VAULT_VALUE_MAX];
    size_t n;
};

static bm_status seal(struct state *state, struct sealed *s,
                      const struct args *args, struct record *r)
{
    if ((args->given & ARGS_DELETE) != 0) {
        BM_TRY(bm_vault_delete(&s->vault, args->word));
        return bm_log_scrub(&state->log);
    }
    return bm_vault_put(&s->vault, args->word,
                        (struct bm_bytes){ r->value, r->n });
}

static bm_status unseal(struct state *state, struct sealed *s,
                        const struct args *args, struct record *r)
{
    (void)state;
    return bm_vault_get(&s->vault, args->word, r->value, sizeof r->value,
                        &r->n);
}

static int with_vault(const struct args *args, enum state_how how,
                      bm_status (*act)(struct state *state, struct sealed *s,
                                       const struct args *args,
                                       struct record *r),
                      struct record *r)
{
    char what[STATE_WHAT_MAX];
    struct settings settings;
    const struct state_config config = { .settings = &settings,
                                         .how = how,
                                         .wait_ms = WAIT_MS };
    struct sealed sealed;
    struct state *state;
    bm_status rc;
    int code;

    if (!program_settings(args, &settings, &code)) {
        return code;
    }
    rc = state_open(&state, &config, what);
    if (rc == BM_OK) {
        (void)snprintf(what, sizeof what, "vault");
        rc = sealed_open(&sealed, state);
    }
    if (rc == BM_OK) {
        (void)snprintf(what, sizeof what, "%s", args->word);
        rc = act(state, &sealed, args, r);
        sealed_close(&sealed);
    }
    code = rc == BM_OK ? ARGS_OK : words_failed(what, rc);
    state_close(state);
    settings_free(&settings);
    return code;
}

/* Standard input first, standard output last: with the state open, a pipe
 * that stands still would keep a service from its renewal. */
int seal_run(const struct args *args)
{
    struct record r = { .n = 0 };
    bm_status rc = (args->given & ARGS_DELETE) != 0
                       ? BM_OK
                       : read_input(r.value, sizeof r.value, &r.n);
    int code = rc == BM_OK ? with_vault(args, STATE_WORK, seal, &r)
                           : words_failed(args->word, rc);

    bm_wipe(&r, sizeof r);
    return code;
}

int unseal_run(const struct args *args)
{
    struct record r = { .n = 0 };
    int code = with_vault(args, STATE_LOOK, unseal, &r);

    (void)setvbuf(stdout, NULL, _IONBF, 0); /* a secret: no copy is kept */
    if (code == ARGS_OK && fwrite(r.value, 1, r.n, stdout) != r.n) {
        code = words_failed("stdout", BM_E_IO);
    }
    bm_wipe(&r, sizeof r);
    return code;
}
