/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_PROFILE_SOURCE_H
#define BM_CLI_PROFILE_SOURCE_H

#include "ca/profile.h"

/*
 * Where a profile comes from: a file, the profiles of an instance, or those
 * that come with the program. Functions print what is wrong.
 */

/* No profile comes near; the reader takes more. */
#define PROFILE_SOURCE_MAX ((size_t)64 << 10)

struct profile_source {
    char *name; /* for messages: the file, or the name of a shipped one */
    char *text; /* ends with NUL */
    size_t n;
    struct ca_profile *profile;
};

/*
 * Find and parse. What has a '/' in it or ends in ".yaml" is a file; another
 * word is a profile of the instance `dir`, or a shipped one where `dir` is
 * NULL. False, with words on stderr, when there is none or it is not valid;
 * nothing is to be freed then.
 */
bool profile_source_open(struct profile_source *source, const char *word,
                         const char *dir);
void profile_source_close(struct profile_source *source);

/* Of a file. */
bool profile_source_file(struct profile_source *source, const char *path);

/*
 * Each profile of the instance `dir`, by name of its file; or where that is
 * NULL each shipped one, which `shipped` is then. `one` may take the source
 * over, and then leaves a zero one behind. Goes on after one that is not
 * valid, with words on stderr, and returns false in the end; so it does where
 * `one` returned false.
 */
bool profile_source_each(const char *dir, void *arg,
                         bool (*one)(void *arg, struct profile_source *source,
                                     const struct ca_profile_shipped *shipped));

/* Of a shipped one. */
bool profile_source_shipped(struct profile_source *source,
                            const struct ca_profile_shipped *shipped);

#endif
