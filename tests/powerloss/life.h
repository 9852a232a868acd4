/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_LIFE_H
#define BM_TESTS_POWERLOSS_LIFE_H

#include "tests/powerloss/facts.h"
#include "tests/powerloss/world.h"

/*
 * A stretch of a device's life: starts, and what the application does between
 * them, by a script. It goes on phase by phase: a start, or an act. When the
 * power was cut in one, the next phase is a start; an act that was cut is done
 * again, if the image that runs then is still one that does it.
 *
 * After each start the device is compared with the model (facts.h), octet for
 * octet, and in any case:
 *  - what runs has a verdict and is an image that was signed;
 *  - its security counter is not below what was raised at any time;
 *  - during a trial no counter is above that of the image before it;
 *  - the other image of a trial is whole, so that there is a way back;
 *  - without another cut each start comes to an image, if there is one.
 */

enum act {
    ACT_END,
    ACT_WRITE,     /* `what` into the slot of its image that does not run;
                      with `flags` a tool's trailer asks for them */
    ACT_CANDIDATE, /* a key set where candidates go */
    ACT_REQUEST,   /* `flags`: images and sets that were written last */
    ACT_RECOVER,   /* `what` over the serial line, instead of a run */
    ACT_RESTART
};

/* One line of a script. It is left out unless `when` runs (NOTHING: any). */
struct line {
    enum act act;
    enum image_id when;
    enum image_id what;
    uint8_t flags; /* enum bm_request_flag */
};

#define LINES 10
struct scenario {
    const char *name;
    unsigned images;
    bool xip;
    bool second_cuts;          /* all of them, on the smallest flash */
    enum image_id slots[2][2]; /* in the beginning */
    struct line lines[LINES];
};

struct life {
    const struct scenario *scenario;
    struct world *world;
    struct facts_device device;
    struct belief belief;
    unsigned line;
    bool running;    /* or waits in recovery */
    bool boots;      /* the last start came to an image */
    uint8_t runs[2]; /* enum image_id, of each image */
    unsigned slot;
    struct bm_boot_result result; /* of the last start */
    uint8_t written[2];           /* last, by the application */
    uint8_t candidate;
    bool cut;         /* the last phase was */
    bool tried;       /* an image was started on trial */
    bool lost;        /* a trial ended that nobody saw begin */
    const char *why;  /* what went wrong, or NULL */
    bm_status status; /* of the last start */
};

void life_begin(struct life *l, const struct scenario *scenario,
                const struct geometry *geometry);

/* Go on by one phase; false when the script is at its end, or life->why. */
bool life_phase(struct life *l);

/* Go on to the end, whatever is cut, and see that the device is at rest then:
 * two more starts change nothing. */
void life_finish(struct life *l);

/* Together with its world. */
void life_save(const struct life *l, unsigned save);
void life_restore(struct life *l, unsigned save);

#endif
