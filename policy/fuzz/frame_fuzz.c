/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frame.h"

#include <stdlib.h>
#include <string.h>

/*
 * Words are refused with a reason, or make a frame; and the words of a frame
 * of good shape make a frame with the same facts.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool facts_of(const struct policy_frame *frame,
                     struct policy_facts *facts)
{
    struct bm_fw_packet packet;
    enum bm_fw_reason shape = bm_fw_packet_parse(
        &packet, frame->direction, (struct bm_bytes){ frame->octets, frame->n },
        frame->n, &frame->subnets);

    policy_facts_of(&packet, facts);
    return shape == BM_FW_BY_RULE;
}

static bool same(const struct policy_facts *a, const struct policy_facts *b)
{
    for (unsigned f = 0; f < POLICY_FIELDS; f++) {
        if (a->has[f] != b->has[f] ||
            policy_value_order(a->at[f], b->at[f]) != 0) {
            return false;
        }
    }
    return a->kind == b->kind && a->direction == b->direction;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[2 * POLICY_FRAME_WORDS];
    char why[CONFIG_WORDS_MAX] = "";
    struct policy_frame frame;
    struct policy_facts first;
    struct policy_facts second;

    if (size >= sizeof line) {
        return 0;
    }
    memcpy(line, data, size);
    line[size] = '\0';
    if (policy_frame_parse(line, &frame, why) != BM_OK) {
        must(why[0] != '\0');
        return 0;
    }
    must(frame.n <= POLICY_FRAME_MAX);
    if (facts_of(&frame, &first)) {
        policy_facts_words(&first, line);
        must(policy_frame_parse(line, &frame, why) == BM_OK);
        must(facts_of(&frame, &second) && same(&first, &second));
    }
    return 0;
}
