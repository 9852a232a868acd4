/* SPDX-License-Identifier: Apache-2.0 */
/* MAP_ANONYMOUS */
#define _DEFAULT_SOURCE

/* What the issuer does before it is ready: all claims of devices are read, so
 * that the first who asks does not wait for it. */
#include <string.h>

#include "daemon/issuer_internal.h"
#include "daemon/test/rooms.h"

/* Seen by the room and by the test. */
static struct seen {
    int before; /* readings of all claims of devices, until it is ready */
    int after;
    bool fail;
} * seen;

/* The store of the issuer, which is asked through this. */
static struct store watched;
static const struct store *real;
static const struct issuer *watched_issuer;

static bm_status claim_list(void *self, enum store_claim kind,
                            const uint8_t hash[STORE_HASH_SIZE],
                            const struct store_visit *visit)
{
    static const uint8_t nobody[STORE_HASH_SIZE];

    if (kind == STORE_CLAIM_DEVICE &&
        memcmp(hash, nobody, sizeof nobody) == 0) {
        *(issuer_is_ready(watched_issuer) ? &seen->after : &seen->before) += 1;
        if (seen->fail) {
            return BM_E_IO;
        }
    }
    return real->claim_list(self, kind, hash, visit);
}

static bm_status setup(struct room *room, struct ca_refusal *why)
{
    struct issuer *is;

    BM_TRY(room_issuer.setup(room, why));
    is = room->self;
    watched_issuer = is;
    real = is->in->store;
    watched = *real;
    watched.claim_list = claim_list;
    is->in->store = &watched;
    return BM_OK;
}

/* From its start until it has a signer, and has stopped or ended. */
static int life(void)
{
    struct room_type type = room_issuer;
    struct rooms_child issuer;
    struct rooms_child signer;
    int status = 0;
    int code;

    type.setup = setup;
    issuer = rooms_start(&type);
    signer = rooms_start(&room_signer);
    rooms_join(&issuer, ROOM_ISSUER, &signer, ROOM_SIGNER);
    if (seen->fail) {
        (void)waitpid(issuer.pid, &status, 0);
        (void)close(issuer.control);
        code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    } else {
        code = rooms_stop(&issuer); /* when it has done what came before */
    }
    rooms_kill(&signer);
    return code;
}

static void claims_are_read_before_it_is_ready(void)
{
    *seen = (struct seen){ .fail = false };
    CHECK(life() == 0);
    CHECK(seen->before == 1);
    CHECK(seen->after == 0);
}

/* It ends, to be started again, rather than answer out of half an index. */
static void an_index_that_cannot_be_read_is_no_service(void)
{
    *seen = (struct seen){ .fail = true };
    CHECK(life() == 5); /* rooms_obey(): it took no signer */
    CHECK(seen->before == 1 && seen->after == 0);
}

int main(void)
{
    rooms_begin();
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED) {
        return 1;
    }
    RUN(claims_are_read_before_it_is_ready);
    RUN(an_index_that_cannot_be_read_is_no_service);
    rooms_end();
    return bm_test_done();
}
