/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for fuzz targets outside of libFuzzer: runs the target once over
 * each file named, and each file in each folder named. A crash is a failure;
 * so is having found nothing to replay.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The largest input that is replayed; corpora hold files far smaller. */
#define REPLAY_MAX ((size_t)1 << 22)

static unsigned long replayed;

static int replay_file(const char *path)
{
    uint8_t *exact = NULL;
    uint8_t *buf = malloc(REPLAY_MAX);
    FILE *f = fopen(path, "rb");
    size_t n;
    int rc = 1;

    if (buf == NULL || f == NULL) {
        perror(path);
        goto out;
    }
    n = fread(buf, 1, REPLAY_MAX, f);
    if (ferror(f) || !feof(f)) {
        fprintf(stderr, "%s: cannot read whole file\n", path);
        goto out;
    }
    /* An allocation of the exact size lets ASan see a read past its end. */
    exact = malloc(n > 0 ? n : 1);
    if (exact == NULL) {
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        exact[i] = buf[i];
    }
    (void)LLVMFuzzerTestOneInput(exact, n);
    replayed++;
    rc = 0;

out:
    if (f != NULL) {
        fclose(f);
    }
    free(exact);
    free(buf);
    return rc;
}

static int replay_folder(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *entry;
    char name[4096];
    int rc = 0;

    if (d == NULL) {
        perror(path);
        return 1;
    }
    while (rc == 0 && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >=
            (int)sizeof name) {
            rc = 1;
        } else {
            rc = replay_file(name);
        }
    }
    closedir(d);
    return rc;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat st;
        int is_folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

        if (is_folder ? replay_folder(argv[i]) : replay_file(argv[i])) {
            printf("not ok 1 - replay of %s\n1..1\n", argv[i]);
            return 1;
        }
    }
    printf("%s 1 - %lu inputs replayed\n1..1\n", replayed ? "ok" : "not ok",
           replayed);
    return replayed ? 0 : 1;
}
