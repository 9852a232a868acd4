/* SPDX-License-Identifier: Apache-2.0 */

/* What the metrics are called: docs/metrics.md, and HELP and TYPE. */
#include "daemon/metrics_internal.h"

#define MICROSECONDS 1000000

const struct metrics_name metrics_value_names[METRICS_VALUES] = {
    [METRICS_ACCEPTED] = { .name = "birthmark_connections_accepted_total",
                           .help = "Connections taken." },
    [METRICS_CONNECTIONS] = { .name = "birthmark_connections",
                              .gauge = true,
                              .help = "Connections that are open." },
    [METRICS_TURNED_AWAY] = { .name = "birthmark_connections_refused_total",
                              .help = "Connections over a limit, closed." },
    [METRICS_HANDSHAKES] = { .name = "birthmark_tls_handshakes_total",
                             .help = "TLS handshakes finished." },
    [METRICS_REQUESTS] = { .name = "birthmark_http_requests_total",
                           .help = "HTTP requests answered." },
    [METRICS_LIMITED] = { .name = "birthmark_http_limited_total",
                          .help = "Requests answered 429 or 503." },
    [METRICS_TIMEOUTS] = { .name = "birthmark_connections_timeout_total",
                           .help = "Connections closed for being slow." },
    [METRICS_QUEUE] = { .name = "birthmark_queue_depth",
                        .gauge = true,
                        .help = "Requests waiting for the issuer." },
    [METRICS_GROUPS] = { .name = "birthmark_groups_total",
                         .help = "Transactions of the issuer." },
    [METRICS_ISSUED_ALL] = { .name = "birthmark_certificates_total",
                             .help = "Certificates issued." },
    [METRICS_LEDGER_SIZE] = { .name = "birthmark_ledger_leaves",
                              .gauge = true,
                              .help = "Leaves of the ledger." },
    [METRICS_OCSP_CACHED] = { .name = "birthmark_ocsp_cached_total",
                              .help = "OCSP answers from the cache." },
    [METRICS_OCSP_SIGNED] = { .name = "birthmark_ocsp_signed_total",
                              .help = "OCSP answers signed." },
    [METRICS_CRLS] = { .name = "birthmark_crls_total",
                       .help = "Certificate revocation lists signed." },
    [METRICS_BUNDLES] = { .name = "birthmark_bundles_total",
                          .help = "Trust bundles signed." },
    [METRICS_BUNDLE_END] = { .name = "birthmark_bundle_next_update_timestamp_"
                                     "seconds",
                             .gauge = true,
                             .help = "When the first trust bundle ends." },
    [METRICS_STARTS] = { .name = "birthmark_starts_total",
                         .help = "Starts of this process." },
    [METRICS_HEARTBEAT] = { .name = "birthmark_heartbeat_timestamp_seconds",
                            .gauge = true,
                            .help = "When the process last said it is well." },
    [METRICS_OCSP_LATER] = { .name = "birthmark_ocsp_later_total",
                             .help = "OCSP requests answered tryLater." },
    [METRICS_KEYS_AWAY] = { .name = "birthmark_keys_away",
                            .gauge = true,
                            .help = "Keys whose token is away." },
    [METRICS_DELIVERED] = { .name = "birthmark_events_delivered_total",
                            .help = "Events that a destination took." },
    [METRICS_UNDELIVERED] = { .name = "birthmark_events_failed_total",
                              .help = "Tries to deliver an event that "
                                      "failed." },
    [METRICS_DESTINATIONS] = { .name = "birthmark_destinations",
                               .gauge = true,
                               .help = "Destinations of events that are "
                                       "enabled." },
    [METRICS_FAILING] = { .name = "birthmark_destinations_failing",
                          .gauge = true,
                          .help = "Destinations that take no events at "
                                  "present." },
    [METRICS_PUT_ASIDE] = { .name = "birthmark_events_put_aside",
                            .gauge = true,
                            .help = "Events that are to be tried again, or "
                                    "wait for one that is." },
    [METRICS_DEAD] = { .name = "birthmark_events_dead",
                       .gauge = true,
                       .help = "Events that were given up." },
    [METRICS_LOST] = { .name = "birthmark_events_lost",
                       .gauge = true,
                       .help = "Events that newer ones pushed out, or that "
                               "became too old when no more could be kept of "
                               "those given up." },
    [METRICS_BEHIND] = { .name = "birthmark_events_behind",
                         .gauge = true,
                         .help = "Events that the slowest destination has "
                                 "not come to yet." },
};

const struct metrics_name metrics_histogram_names[METRICS_HISTOGRAMS] = {
    [METRICS_LATENCY_REQUEST] = { .name = "birthmark_http_request_seconds",
                                  .unit = MICROSECONDS,
                                  .help = "From a request read to its "
                                          "answer." },
    [METRICS_LATENCY_GROUP] = { .name = "birthmark_group_seconds",
                                .unit = MICROSECONDS,
                                .help = "Duration of a transaction of the "
                                        "issuer." },
    [METRICS_GROUP_SIZE] = { .name = "birthmark_group_size",
                             .unit = 1,
                             .help = "Certificates in one transaction." },
};

const struct metrics_name metrics_family_names[METRICS_FAMILIES] = {
    [METRICS_ISSUED] = { .name = "birthmark_issuance_total",
                         .label = { "profile", "result" },
                         .help = "Requests for certificates, by what became "
                                 "of them." },
    [METRICS_HANDSHAKE_FAILED] = { .name =
                                       "birthmark_tls_handshakes_failed_total",
                                   .label = { "reason" },
                                   .help = "TLS handshakes that failed." },
    [METRICS_HTTP] = { .name = "birthmark_http_responses_total",
                       .label = { "status" },
                       .help = "HTTP responses." },
    [METRICS_EXPIRY] = { .name = "birthmark_expiry_timestamp_seconds",
                         .gauge = true,
                         .label = { "ca" },
                         .help = "When the certificate of a CA, or one of "
                                 "ours, expires." },
    [METRICS_NEXT_UPDATE] = { .name =
                                  "birthmark_crl_next_update_timestamp_seconds",
                              .gauge = true,
                              .label = { "ca" },
                              .help = "When the published CRL of a CA ends." },
};

static void put_row(struct bm_wr *w, const struct metrics_name *m,
                    const char *type)
{
    bm_wr_str(w, "| `");
    bm_wr_str(w, m->name);
    bm_wr_str(w, "` | ");
    bm_wr_str(w, type);
    bm_wr_str(w, " | ");
    for (size_t i = 0; i < 2 && m->label[i] != NULL; i++) {
        bm_wr_str(w, i == 0 ? "`" : ", `");
        bm_wr_str(w, m->label[i]);
        bm_wr_str(w, "`");
    }
    bm_wr_str(w, " | ");
    bm_wr_str(w, m->help);
    bm_wr_str(w, " |\n");
}

static void put_rows(struct bm_wr *w, const struct metrics_name *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_row(w, &m[i],
                m[i].unit != 0 ? "histogram"
                : m[i].gauge   ? "gauge"
                               : "counter");
    }
}

void metrics_names_put(struct bm_wr *w)
{
    bm_wr_str(w, "| name | type | labels | what |\n|---|---|---|---|\n");
    put_rows(w, metrics_value_names, METRICS_VALUES);
    put_rows(w, metrics_histogram_names, METRICS_HISTOGRAMS);
    put_rows(w, metrics_family_names, METRICS_FAMILIES);
}
