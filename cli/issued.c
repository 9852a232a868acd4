/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issued.h"

#include <string.h>

#include "cli/safe.h"
#include "core/csr.h"

int issued_read_csr(struct single *file, const char *name)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_csr csr;
    int exit_code = single_read(file, name, KIND_CSR);
    bm_status rc;

    if (exit_code != CMD_OK) {
        return exit_code;
    }
    rc = bm_csr_parse(file->der, &diag, &csr);
    return rc == BM_OK ? CMD_OK : single_refuse(file, &diag, rc);
}

static void put_chain(struct output *output, const json_t *cert)
{
    json_t *chain = json_object_get(cert, "chain");
    json_t *pem;
    size_t n;

    json_array_foreach(chain, n, pem)
    {
        output_text(output, pem);
    }
}

static void print_serial(FILE *to, const json_t *cert)
{
    safe_print_str(to,
                   json_string_value(json_object_get(cert, "serial_number")));
    fputc('\n', to);
}

static void print_remarks(const char *path, const json_t *cert)
{
    if (json_is_true(json_object_get(cert, "repeated"))) {
        fprintf(stderr,
                "%s: this is the certificate that was issued for the same "
                "request before\n",
                path);
    } else if (strcmp(json_string_value(json_object_get(cert, "status")),
                      "pending") == 0) {
        fprintf(stderr,
                "%s: pending: the predecessor is good until this one is "
                "used\n",
                path);
    }
}

int issued_hand_over(struct output *output, const json_t *cert, bool chain)
{
    bool to_file = output->name != NULL;
    int rc;

    output_text(output, json_object_get(cert, "pem"));
    if (chain) {
        put_chain(output, cert);
    }
    rc = output_finish(output);
    if (rc != CMD_OK) {
        fprintf(stderr,
                "%s: the certificate is issued, but not written; birthmark "
                "cert show has it: ",
                output->path);
        print_serial(stderr, cert);
    } else if (to_file) {
        print_serial(stdout, cert);
    }
    print_remarks(output->path, cert);
    return rc;
}
