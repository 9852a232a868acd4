/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_EXT_PARTS_H
#define BM_CORE_EXT_PARTS_H

#include "core/ext.h"

/*
 * What the values of the known extensions are made of; between ext.c, whose
 * table refers to these functions, and ext_parts.c. Nobody else includes it.
 *
 * Each checks one value, or one item of a list (the inside of its SEQUENCE
 * where it is one), and moves the reader behind it. On error the reader may
 * have moved: the whole extension is refused then.
 */
BM_MUST_CHECK bm_status bm_ext_check_aki(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_ski(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_policy(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_mapping(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_name(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_attribute(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_constraints(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_policy_constraints(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_purpose(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_dist_point(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_skip(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_access(struct bm_der *d);
BM_MUST_CHECK bm_status bm_ext_check_feature(struct bm_der *d);

/*
 * SkipCerts ::= INTEGER (0..MAX), under `tag`. What is longer than any path
 * is cut to BM_SKIP_MAX.
 */
#define BM_SKIP_MAX 0x7fff
BM_MUST_CHECK bm_status bm_ext_take_skip(struct bm_der *d, uint8_t tag,
                                         int32_t *skip);

#endif
