/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <unistd.h>

#include "ca/revoke.h"
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"
#include "cli/single.h"
#include "core/ocsp.h"

/* A response for BM_OCSP_CERTIDS_MAX certificates with the responder's own. */
#define RESPONSE_MAX (CA_CERT_MAX + 65536)

enum {
    OPTION_DIR = 1,
    OPTION_REQUEST,
    OPTION_OUT
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--request", "FILE", "the OCSPRequest in DER; '-' is standard input",
      OPTION_REQUEST },
    { "--out", "FILE", "a new file instead of standard output", OPTION_OUT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ca ocsp", "--request FILE [--dir DIR] [--out FILE]",
    "Answer an OCSP request (RFC 6960) with what this instance knows now. The\n"
    "response is DER; it is signed by the responder of the CA, which gets a\n"
    "new certificate when that is due.\n",
    options
};

struct given {
    const char *dir;
    const char *request;
    const char *out;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_REQUEST, ARGS_TEXT, offsetof(struct given, request), true },
    { OPTION_OUT, ARGS_TEXT, offsetof(struct given, out), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    struct session session;
    struct single request;
    struct output output;
    struct ca_ocsp_responder responder[INSTANCE_CAS_MAX];
    size_t n;
    uint8_t response[RESPONSE_MAX];
};

/* Each CA with a key here has a responder, renewed if it is due. */
static bm_status gather(struct run *run, struct ca_refusal *why)
{
    struct session *s = &run->session;

    for (size_t i = 0; i < s->instance->cas_n; i++) {
        const struct instance_ca *ca = &s->instance->cas[i];

        if (ca->key == NULL) {
            continue;
        }
        BM_TRY(instance_renew_ocsp(s->instance, ca->row.id, s->now, why));
        run->responder[run->n++] =
            (struct ca_ocsp_responder){ .ca = ca->row.id,
                                        .issuer = &ca->cert,
                                        .cert = &ca->ocsp_cert,
                                        .signer = ca->ocsp_key->signer };
    }
    return BM_OK;
}

/* RFC 6960 4.2.1, OCSPResponseStatus. */
static const char *status_words(unsigned status)
{
    static const char *const words[] = { "successful",    "malformedRequest",
                                         "internalError", "tryLater",
                                         "unknown",       "sigRequired",
                                         "unauthorized" };

    return words[status < sizeof words / sizeof words[0] ? status : 4];
}

static int answer(struct run *run)
{
    struct session *s = &run->session;
    struct ca_refusal why = { .status = BM_OK };
    struct ca_ocsp_served served;
    struct bm_wr w;
    bm_status rc = gather(run, &why);
    int written;

    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    bm_wr_init(&w, run->response, sizeof run->response);
    rc = ca_ocsp_answer(s->instance->ca, run->responder, run->n,
                        run->request.der, s->now, &w, &served);
    if (rc != BM_OK) {
        return session_result(s, rc, &why);
    }
    output_put(&run->output, bm_wr_bytes(&w));
    written = output_finish(&run->output);
    fprintf(stderr,
            "%s: %s: %" PRIu32 " good, %" PRIu32 " revoked, %" PRIu32
            " unknown\n",
            s->path, status_words(served.response), served.good, served.revoked,
            served.unknown);
    rc = instance_publish(s->instance, s->now, &why);
    return written != CMD_OK      ? written
           : rc != BM_OK          ? session_result(s, rc, &why)
           : served.response == 0 ? CMD_OK
                                  : CMD_FAILED;
}

static int run_verb(struct run *run, const struct given *given)
{
    const struct session_config config = { .path = verb.path,
                                           .dir = given->dir,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_CA_READ };
    int rc = single_read_raw(&run->request, given->request);

    if (rc == CMD_OK) {
        rc = output_open(&run->output, verb.path, given->out);
    }
    /* The nonce in it is the requester's, and could act upon a terminal. */
    if (rc == CMD_OK && run->output.name == NULL &&
        isatty(STDOUT_FILENO) != 0) {
        return cmd_usage_error(verb.path, "no --out, and stdout is a terminal");
    }
    if (rc == CMD_OK) {
        rc = session_open(&run->session, &config);
    }
    return rc == CMD_OK ? answer(run) : rc;
}

int cmd_ca_ocsp(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct run run = { .n = 0 };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = run_verb(&run, &given);
    output_drop(&run.output);
    session_close(&run.session);
    single_free(&run.request);
    return rc;
}
