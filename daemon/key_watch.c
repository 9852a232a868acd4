/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/key_watch.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/files.h"
#include "keys/tpm2.h"
#include "server/key_folder.h"

struct watched {
    const char *ca;
    const struct bm_key *key;
    bool away;
};

/* What a name stood for when the sandbox was entered. */
struct place {
    const char *path;
    bool there;
    dev_t device;
    ino_t inode;
};

struct key_watch {
    struct room *room;
    struct event *timer;
    struct watched keys[KEY_WATCH_MAX];
    size_t n;
    struct place places[2 * SETTINGS_TOKEN_LIST_MAX + 2];
    size_t places_n;
    char pin[FILES_PATH_MAX];
};

bm_status key_watch_new(struct room *room, struct key_watch **watch)
{
    *watch = calloc(1, sizeof **watch);
    if (*watch == NULL) {
        return BM_E_MEMORY;
    }
    (*watch)->room = room;
    return BM_OK;
}

void key_watch_free(struct key_watch *w)
{
    if (w != NULL) {
        if (w->timer != NULL) {
            event_free(w->timer);
        }
        free(w);
    }
}

bm_status key_watch_add(struct key_watch *w, const char *ca, const char *uri,
                        const struct bm_key *key)
{
    const struct key_kind *kind = key_kind_of(uri);

    if (kind == NULL) {
        return BM_E_KEYS_URI;
    }
    w->room->key_classes |= 1U << kind->sandbox;
    if (key->ready == NULL) {
        return BM_OK;
    }
    if (w->n == KEY_WATCH_MAX) {
        return BM_E_LIMIT;
    }
    w->keys[w->n++] = (struct watched){ .ca = ca, .key = key };
    return BM_OK;
}

bool key_watch_is_away(bm_status rc)
{
    return rc == BM_E_KEYS_GONE || rc == BM_E_KEYS_PIN ||
           rc == BM_E_KEYS_LOCKOUT || rc == BM_E_KEYS_BUSY;
}

/* ---- Places */

static struct place place_of(const char *path)
{
    struct place p = { .path = path };
    struct stat st;

    if (stat(path, &st) == 0) {
        p.there = true;
        p.device = st.st_dev;
        p.inode = st.st_ino;
    }
    return p;
}

static void keep_places(struct key_watch *w, const char *const *paths)
{
    for (size_t i = 0; paths != NULL && paths[i] != NULL &&
                       w->places_n < 2 * SETTINGS_TOKEN_LIST_MAX;
         i++) {
        w->places[w->places_n++] = place_of(paths[i]);
    }
}

/* One that was put in place of another is another file. */
static bm_status keep_pin(struct key_watch *w)
{
    const char *pin = w->room->settings.token_pin;

    if (pin == NULL) {
        return BM_OK;
    }
    BM_TRY(pin[0] == '/' ? files_path(w->pin, "", pin + 1)
                         : files_path(w->pin, w->room->dir, pin));
    w->places[w->places_n++] = place_of(w->pin);
    return BM_OK;
}

/* A socket may stand for another one by now, and leads there all the same. */
static void keep_device(struct key_watch *w, const char *tcti)
{
    struct bm_key_tpm2_tcti where;

    if ((w->room->key_classes & 1U << BM_KEY_SANDBOX_DEVICE) != 0 &&
        bm_key_tpm2_tcti(tcti, &where) == BM_OK &&
        where.place == BM_KEY_TPM2_DEVICE) {
        w->places[w->places_n++] = place_of(where.path);
    }
}

static bool is_elsewhere(const struct key_watch *w)
{
    for (size_t i = 0; i < w->places_n; i++) {
        const struct place *then = &w->places[i];
        struct place now = place_of(then->path);

        if (now.there && (!then->there || now.device != then->device ||
                          now.inode != then->inode)) {
            return true;
        }
    }
    return false;
}

/* ---- Looking */

static void tell(struct watched *k, bm_status rc)
{
    const bool away = rc != BM_OK;

    if (away == k->away) {
        return;
    }
    k->away = away;
    log_put(away ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE,
            away ? "key.away" : "key.back",
            (struct log_field[]){ log_text("ca", k->ca),
                                  log_text("why", bm_status_text(rc)),
                                  { 0 } });
}

static size_t look(struct key_watch *w)
{
    size_t away = 0;

    for (size_t i = 0; i < w->n; i++) {
        tell(&w->keys[i], bm_key_ready(w->keys[i].key));
        away += w->keys[i].away;
    }
    metrics_set(w->room->metrics, METRICS_KEYS_AWAY, (int64_t)away);
    return away;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct key_watch *w = arg;

    (void)fd;
    (void)what;
    if (look(w) != 0 && is_elsewhere(w)) {
        log_put(LOG_LEVEL_NOTICE, "key.found-again", NULL);
        room_done(w->room);
    }
}

bm_status key_watch_begin(struct key_watch *w)
{
    const struct timeval pause = { KEY_WATCH_SECONDS, 0 };
    const struct settings *settings = &w->room->settings;

    if (w->n == 0) {
        return BM_OK;
    }
    keep_places(w, settings->token_read);
    keep_places(w, settings->token_write);
    BM_TRY(keep_pin(w));
    keep_device(w, settings->token_tpm);
    (void)look(w);
    w->timer = event_new(w->room->base, -1, EV_PERSIST, on_timer, w);
    return w->timer != NULL && event_add(w->timer, &pause) == 0 ? BM_OK
                                                                : BM_E_MEMORY;
}
