/* The inbox: watches the folders and looks after what lies in them.
 *
 * The kernel tells at once when a file was closed or moved in (inotify); a look at everything now
 * and then finds what it did not tell: files from before the start, from another machine, or of a
 * queue that ran over.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/inbox_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_EVERY_US HOUR_US

struct watched { /* a company's folder */
    struct watched *next;
    int watch;
    char *name;
};
struct unknown { /* a folder that is no company's, and was told about */
    struct unknown *next;
    uint64_t hash;
};
struct inbox {
    struct jobs *jobs;
    char *path;
    enum language language;
    int notify_fd, stop_fd;
    pthread_t thread;
    bool running;
    struct watched *watched;
    struct unknown *unknown;
    int64_t sweep_at_us;
};

/* --- folders --- */

static int by_age(const void *a, const void *b)
{
    const struct inbox_name *x = a, *y = b;
    return x->changed_us != y->changed_us ? (x->changed_us < y->changed_us ? -1 : 1)
                                          : str_cmp(x->name, y->name);
}

/* The names in an open folder, which is closed. */
static struct inbox_name *list(int fd, struct arena *a, size_t *ret_count)
{
    struct inbox_name *name = NULL;
    size_t count = 0, room = 0;
    struct dirent *entry;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    while (dir && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, 0) != 0)
            continue;
        if (count == room) {
            struct inbox_name *more = ARENA_NEW(a, struct inbox_name, room = room ? room * 2 : 16);
            if (count)
                memcpy(more, name, count * sizeof *name);
            name = more;
        }
        name[count++] = (struct inbox_name){.name = arena_str(a, str_of(entry->d_name)),
                                            .changed_us = (int64_t)st.st_mtim.tv_sec * 1000000 +
                                                          st.st_mtim.tv_nsec / 1000,
                                            .folder = S_ISDIR(st.st_mode)};
    }
    if (dir)
        (void)closedir(dir);
    if (count)
        qsort(name, count, sizeof *name, by_age);
    *ret_count = count;
    return name;
}

struct inbox_name *inbox_list(const struct inbox_place *p, const char *folder, size_t *ret_count)
{
    return list(openat(p->dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), p->arena, ret_count);
}

static void watch(struct inbox *in, const char *name, const char *path)
{
    int id = inotify_add_watch(in->notify_fd, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
    struct watched *w = in->watched;
    while (w && w->watch != id)
        w = w->next;
    if (w || id < 0)
        return; // watched already; or not at all, then the looks now and then must do
    w = mem_new(1, sizeof *w);
    *w = (struct watched){.next = in->watched, .watch = id, .name = mem_strdup(name)};
    in->watched = w;
}

/* A folder is a company's by its name or, for names that no folder can have, its number. */
static bool find_company(struct inbox *in, struct arena *a, str name, struct company *ret,
                         struct err *err)
{
    uint64_t id;
    if (store_company_by_name(in->jobs->store, a, name, ret, err))
        return true;
    return err->code == ERR_NOT_FOUND && str_to_u64(name, &id) && id <= INT64_MAX &&
           store_company_by_id(in->jobs->store, a, (int64_t)id, ret, err);
}

static void tell_unknown(struct inbox *in, str name)
{
    uint64_t hash = crypto_hash64(name);
    for (const struct unknown *u = in->unknown; u; u = u->next)
        if (u->hash == hash)
            return;
    struct unknown *u = mem_new(1, sizeof *u);
    *u = (struct unknown){.next = in->unknown, .hash = hash};
    in->unknown = u;
    log_warning("inbox: there is no company '%.*s': files in its folder wait until there is",
                STR_ARG(str_shown(name, 100)));
}

static void close_place(struct inbox_place *p)
{
    store_reader_free(p->reader);
    if (p->dir_fd >= 0)
        (void)close(p->dir_fd);
    p->reader = NULL;
    p->dir_fd = -1;
}

static bool open_place(struct inbox *in, struct arena *a, str name, struct inbox_place *ret)
{
    struct company company;
    struct err err = {0};
    *ret =
        (struct inbox_place){.jobs = in->jobs, .language = in->language, .arena = a, .dir_fd = -1};
    if (!find_company(in, a, name, &company, &err)) {
        if (err.code == ERR_NOT_FOUND || err.code == ERR_INVALID)
            tell_unknown(in, name);
        return false;
    }
    ret->path = arena_format(a, "%s/%.*s", in->path, STR_ARG(name)).ptr;
    ret->dir_fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret->dir_fd >= 0 && store_company_open(in->jobs->store, company.id, &ret->company, &err) &&
        store_reader_open(ret->company, &ret->reader, &err)) {
        watch(in, name.ptr, ret->path);
        return true;
    }
    log_warning("inbox of company %lld: its folder cannot be opened", (long long)company.id);
    close_place(ret);
    return false;
}

/* --- looking --- */

static enum inbox_haste look_at(struct inbox *in, struct inbox_place *p)
{
    enum inbox_haste haste = HASTE_IDLE;
    size_t count;
    const struct inbox_name *n = inbox_list(p, "processing", &count);
    for (size_t i = 0; i < count && !jobs_stopping(in->jobs); i++)
        haste = MAX(haste, inbox_go_on(p, n[i].name));
    n = inbox_list(p, "waiting", &count);
    for (size_t i = 0; i < count && !jobs_stopping(in->jobs); i++)
        haste = MAX(haste, inbox_wait(p, n[i].name));
    n = inbox_list(p, ".", &count);
    for (size_t i = 0; i < count && !jobs_stopping(in->jobs); i++)
        if (!n[i].folder)
            haste = MAX(haste, inbox_take(p, n[i].name, false));
    return haste;
}

static enum inbox_haste look(struct inbox *in)
{
    AUTO(arena_done) struct arena a = {0};
    enum inbox_haste haste = HASTE_IDLE;
    bool sweeps = clock_monotonic_us() >= in->sweep_at_us;
    size_t count;
    const struct inbox_name *n =
        list(open(in->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &a, &count);
    for (size_t i = 0; i < count && !jobs_stopping(in->jobs); i++) {
        struct inbox_place p;
        if (!n[i].folder || !open_place(in, &a, n[i].name, &p))
            continue;
        haste = MAX(haste, look_at(in, &p));
        if (sweeps)
            inbox_sweep(&p);
        close_place(&p);
    }
    if (sweeps)
        in->sweep_at_us = clock_monotonic_us() + SWEEP_EVERY_US;
    return haste;
}

/* A file was closed or moved in. */
static void take_told(struct inbox *in, const struct inotify_event *e)
{
    AUTO(arena_done) struct arena a = {0};
    struct inbox_place p;
    const struct watched *w = in->watched;
    while (w && w->watch != e->wd)
        w = w->next;
    if (!w || !e->len || (e->mask & IN_ISDIR) || !open_place(in, &a, str_of(w->name), &p))
        return;
    (void)inbox_take(&p, str_of(e->name), true);
    close_place(&p);
}

/* The folder is gone: its number may become another's. */
static void unwatch(struct inbox *in, int id)
{
    for (struct watched **at = &in->watched; *at; at = &(*at)->next) {
        struct watched *w = *at;
        if (w->watch != id)
            continue;
        *at = w->next;
        mem_free(w->name);
        mem_free(w);
        return;
    }
}

static void hear(struct inbox *in)
{
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t n;
    while ((n = read(in->notify_fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const struct inotify_event *)(void *)(bytes + at);
            at += (ssize_t)(sizeof *e + e->len);
            if (e->mask & IN_IGNORED)
                unwatch(in, e->wd);
            else
                take_told(in, e);
        }
}

static void *inbox_main(void *context)
{
    static const int pause_ms[] = {
        [HASTE_IDLE] = 30000, [HASTE_WAITING] = 2000, [HASTE_SOON] = 200};
    struct inbox *in = context;
    while (!jobs_stopping(in->jobs)) {
        struct pollfd fds[] = {{.fd = in->notify_fd, .events = POLLIN},
                               {.fd = in->stop_fd, .events = POLLIN}};
        enum inbox_haste haste = look(in);
        (void)poll(fds, COUNT(fds), pause_ms[haste]);
        if (fds[0].revents & POLLIN)
            hear(in);
    }
    return NULL;
}

bool inbox_start(struct jobs *j, const char *path, enum language language, struct inbox **ret_inbox,
                 struct err *err)
{
    AUTO(inbox_stop) struct inbox *in = mem_new(1, sizeof *in);
    in->jobs = j;
    in->path = mem_strdup(path);
    in->language = language;
    in->stop_fd = eventfd(0, EFD_CLOEXEC);
    in->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (in->stop_fd < 0 || in->notify_fd < 0)
        return err_errno(err, "the inbox cannot be watched");
    // A new company's folder ends the pause.
    if (inotify_add_watch(in->notify_fd, path, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
        return err_errno(err, "the inbox '%s' must be a folder that can be read", path);
    if (pthread_create(&in->thread, NULL, inbox_main, in) != 0)
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    in->running = true;
    *ret_inbox = TAKE(in);
    return true;
}

void inbox_stop(struct inbox *in)
{
    const uint64_t one = 1;
    if (!in)
        return;
    if (in->running) {
        struct err ignored;
        IGNORE(write(in->stop_fd, &one, sizeof one) == sizeof one ||
               err_errno(&ignored, "cannot stop"));
        (void)pthread_join(in->thread, NULL);
    }
    while (in->watched)
        unwatch(in, in->watched->watch);
    for (struct unknown *u = in->unknown, *next; u; u = next) {
        next = u->next;
        mem_free(u);
    }
    if (in->stop_fd >= 0)
        (void)close(in->stop_fd);
    if (in->notify_fd >= 0)
        (void)close(in->notify_fd);
    mem_free(in->path);
    mem_free(in);
}
