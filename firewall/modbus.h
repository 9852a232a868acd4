/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_MODBUS_H
#define BM_FIREWALL_MODBUS_H

#include "firewall/packet.h"

/*
 * The application filter for Modbus/TCP: which functions, at which addresses,
 * who opened a flow may ask for. docs/firewall-table.md has the record,
 * docs/firewall.md what fits it; the protocol is that of "MODBUS Application
 * Protocol V1.1b3" and "MODBUS Messaging on TCP/IP V1.0b".
 *
 * Nothing is put together from several segments: a request is in one, and one
 * segment holds one request. What is otherwise does not fit, whatever it is. A
 * segment begins where the one before ended, or is that one again, octet by
 * octet: so the stack reads what was judged, and nothing else.
 */

#define BM_FW_FILTER_MODBUS 1
#define BM_FW_MODBUS_ROWS   1024 /* more than any device has registers for */

/* Functions `first`..`last` of 1..127, at addresses `low`..`high`. */
struct bm_fw_modbus_row {
    uint8_t first;
    uint8_t last;
    uint16_t low;
    uint16_t high;
};

/* Append a filter of 1 to BM_FW_MODBUS_ROWS rows, in their order. */
void bm_fw_modbus_put(struct bm_wr *w, const struct bm_fw_modbus_row *rows,
                      size_t n);

/*
 * How long the filter is that `octets` begin with, or 0: that is none. Its
 * rows rise by functions, and where these are the same, by addresses that do
 * not touch; functions of two rows are the same or have none in common.
 */
size_t bm_fw_modbus_size(struct bm_bytes octets);

/*
 * Does what a frame of TCP carries fit the filter? What carries nothing does;
 * what carries something and SYN or URG does not.
 * `filter` is one of which bm_fw_modbus_size() is not 0.
 */
bool bm_fw_modbus_fits(const uint8_t *filter, const struct bm_fw_packet *p);

/* What is known of the stream of who opened a flow. */
struct bm_fw_stream {
    uint32_t next; /* number of the octet that is next; a SYN has the one
                      before the first */
    uint32_t said; /* a sum of the last request, by a secret of ours; 0: none
                      was yet */
};

/*
 * It begins behind a SYN. Other frames that open flows have octets in the place
 * of its number, and no stream.
 */
void bm_fw_modbus_begin(struct bm_fw_stream *stream,
                        const struct bm_fw_packet *p);

/*
 * Is a frame of who answers about that SYN, if it answers one? To be asked
 * before anything else was heard.
 */
bool bm_fw_modbus_answers(const struct bm_fw_packet *p,
                          const struct bm_fw_stream *stream);

/*
 * Does a frame of the stream fit, and is it next, or the last one again? If so
 * it is taken: the stream goes on behind it. `watch`: it does in any case.
 * `key` is odd, and nobody's who sends frames.
 */
bool bm_fw_modbus_hear(const uint8_t *filter, const struct bm_fw_packet *p,
                       struct bm_fw_stream *stream, uint32_t key, bool watch);

#endif
