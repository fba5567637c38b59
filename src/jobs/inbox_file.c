/* One file of the inbox, from the moment it is seen to its report.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "jobs/inbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE "inbox:"
#define REPORT ".report.json"
#define FAILED ".failed.csv"
enum { SETTLED_US = 10 * 1000000, NAME_KEPT = 200, MARK_BYTES = 8, COPY_BYTES = 256 * 1024 };

static enum inbox_haste complain(const struct inbox_place *p, const struct err *err)
{
    log_warning("inbox of company %lld: %s; it is tried again",
                (long long)store_company_info(p->company)->id, err->msg);
    return HASTE_IDLE;
}

/* "a/b" or "a/b/c" in the arena. */
static const char *joined(const struct inbox_place *p, const char *folder, str name)
{
    return arena_format(p->arena, "%s/%.*s", folder, STR_ARG(name)).ptr;
}

static bool make_folder(const struct inbox_place *p, const char *name, struct err *err)
{
    return mkdirat(p->dir_fd, name, 0700) == 0 || errno == EEXIST ||
           err_errno(err, "cannot make %.10s", name);
}

static bool sync_folder(const struct inbox_place *p, const char *name, struct err *err)
{
    int fd = openat(p->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %.10s", name);
    bool ok = fsync(fd) == 0 || err_errno(err, "cannot sync %.10s", name);
    (void)close(fd);
    return ok;
}

static int open_file(const struct inbox_place *p, const char *path, struct stat *ret_stat)
{
    int fd = openat(p->dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, ret_stat) != 0 || !S_ISREG(ret_stat->st_mode))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* --- in --- */

static bool is_ignored(str name)
{
    static const char *const ends[] = {".tmp", ".part", "~", REPORT};
    bool ignored = !name.len || name.ptr[0] == '.';
    for (size_t i = 0; i < COUNT(ends); i++)
        ignored = ignored || str_ends(name, str_of(ends[i]));
    return ignored;
}

/* Whether someone has the file open for writing; false also when the system does not tell. */
static bool is_being_written(int fd)
{
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
        return false;
    }
    return errno == EAGAIN;
}

/* Where it goes cannot be lost with the power: else a file that is a task already might be found
 * where it was. */
static bool move_in(const struct inbox_place *p, str name, const char *folder, struct err *err)
{
    const char *to = joined(p, folder, str_shown(name, NAME_KEPT));
    if (!make_folder(p, "processing", err) || !make_folder(p, folder, err))
        return false;
    if (renameat(p->dir_fd, arena_str(p->arena, name).ptr, p->dir_fd, to) != 0) {
        err_errno(err, "a file cannot be moved");
        (void)unlinkat(p->dir_fd, folder, AT_REMOVEDIR);
        return false;
    }
    return sync_folder(p, folder, err) && sync_folder(p, "processing", err) &&
           sync_folder(p, ".", err);
}

enum inbox_haste inbox_take(struct inbox_place *p, str name, bool sure)
{
    unsigned char random[MARK_BYTES];
    struct err err = {0};
    struct stat st;
    if (is_ignored(name))
        return HASTE_IDLE;
    int fd = open_file(p, arena_str(p->arena, name).ptr, &st);
    if (fd < 0)
        return errno == EACCES ? complain(p, (err_errno(&err, "a file cannot be read"), &err))
                               : HASTE_IDLE;
    bool written = is_being_written(fd);
    (void)close(fd);
    int64_t rests_us =
        clock_now_us() - (int64_t)st.st_mtim.tv_sec * 1000000 - st.st_mtim.tv_nsec / 1000;
    if (written || (!sure && rests_us < SETTLED_US))
        return HASTE_WAITING;
    crypto_random(random, sizeof random);
    str mark = crypto_hex(p->arena, random, sizeof random);
    if (!move_in(p, name, joined(p, "processing", mark), &err))
        return complain(p, &err);
    fault_step("inbox-moved");
    return inbox_go_on(p, mark);
}

/* --- its task --- */

static bool copy_in(const struct inbox_place *p, const char *path, struct jobs_upload *u,
                    struct err *err)
{
    struct stat st;
    ssize_t n = 0;
    bool ok = true;
    int fd = open_file(p, path, &st);
    if (fd < 0)
        return err_errno(err, "a file cannot be read");
    char *piece = mem_new(COPY_BYTES, 1);
    while (ok && (n = read(fd, piece, COPY_BYTES)) > 0)
        ok = jobs_upload_add(u, (str){piece, (size_t)n}, err);
    if (ok && n < 0)
        ok = err_errno(err, "a file cannot be read");
    (void)close(fd);
    mem_free(piece);
    return ok;
}

/* The name as a text: file systems take any bytes. */
static str shown_name(const struct inbox_place *p, str name)
{
    char *text = (char *)arena_str(p->arena, name).ptr;
    for (size_t i = 0; i < name.len && !utf8_valid(name); i++)
        text[i] = (unsigned char)text[i] < 0x80 ? text[i] : '_';
    return (str){text, name.len};
}

static bool import(struct inbox_place *p, const char *path, str name, str source, int64_t *ret_id,
                   struct err *err)
{
    AUTO(jobs_upload_free) struct jobs_upload *u = NULL;
    const struct import_settings settings = {0};
    const struct jobs_import_options options = {.file_name = shown_name(p, name),
                                                .settings = &settings,
                                                .by = {.origin = origin_of(ORIGIN_INBOX, 0)},
                                                .asks = true,
                                                .packed = true,
                                                .remembered = true,
                                                .source = source};
    if (!jobs_upload_open(p->jobs, UINT64_MAX, &u, err) || !copy_in(p, path, u, err) ||
        !jobs_import(p->jobs, p->company, u, &options, ret_id, err))
        return false;
    log_info("import task %lld of company %lld came by the inbox", (long long)*ret_id,
             (long long)store_company_info(p->company)->id);
    fault_step("inbox-imported");
    return true;
}

/* --- out --- */

static bool is_waiting(const struct store_task *t)
{
    return t->state == TASK_NEEDS_ANSWER || (t->state == TASK_READY && t->manual);
}

/* Writes a file beside the one it is about; whoever may read that may read this. */
static bool write_beside(const struct inbox_place *p, const char *path, const char *suffix,
                         mode_t mode, str bytes, struct err *err)
{
    const char *full = arena_format(p->arena, "%s/%s%s", p->path, path, suffix).ptr;
    return file_write(full, bytes, 0600, err) &&
           (chmod(full, mode & 0666) == 0 ||
            err_errno(err, "a report cannot be opened to readers"));
}

static bool write_report(const struct inbox_place *p, const char *path, mode_t mode,
                         const struct store_task *t, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    struct jobs_history history;
    if (!jobs_history_get(p->reader, p->arena, t, &history, err))
        return false;
    buf_format(&b, "{\"data\":{\"id\":\"%lld\",\"type\":\"import_tasks\",\"attributes\":",
               (long long)t->id);
    jobs_task_json(&b, p->jobs, p->company, t, &history, p->language, p->arena);
    buf_add(&b, STR("}}\n"));
    return write_beside(p, path, REPORT, mode, buf_str(&b), err);
}

static bool copy_out(int from, int to, struct err *err)
{
    bool ok = file_copy(from, to, err) && (fsync(to) == 0 || err_errno(err, "cannot sync"));
    return ok || err_context(err, "the failed rows: ");
}

static bool write_failed(const struct inbox_place *p, const char *path, mode_t mode,
                         const struct store_task *t, struct err *err)
{
    const char *final = joined(p, ".", arena_format(p->arena, "%s" FAILED, path));
    const char *part = joined(p, ".", arena_format(p->arena, "%s" FAILED ".part", path));
    int from, to;
    if (!t->counts.failed) {
        (void)unlinkat(p->dir_fd, final, 0); // of an earlier file of that name
        return true;
    }
    if (!jobs_failed_rows(p->jobs, p->company, t, ROWS_CSV, p->language, &from, err)) {
        bool gone = err->code == ERR_NOT_FOUND;
        err->code = gone ? ERR_NONE : err->code;
        return gone;
    }
    to = openat(p->dir_fd, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = to >= 0 ? copy_out(from, to, err) : err_errno(err, "the failed rows have no place");
    ok = ok && (fchmod(to, mode & 0666) == 0 ||
                err_errno(err, "the failed rows cannot be opened to readers"));
    if (to >= 0)
        (void)close(to);
    (void)close(from);
    return ok && (renameat(p->dir_fd, part, p->dir_fd, final) == 0 ||
                  err_errno(err, "the failed rows have no place"));
}

/* Where the file goes: its own name, or with the task's number before it when that is taken.  A
 * report without its file is one of ours: we died before the file was moved. */
static const char *place_in(const struct inbox_place *p, const char *folder, int64_t id, str name)
{
    const char *path = joined(p, folder, name);
    const char *failed = arena_format(p->arena, "%s" FAILED, path).ptr;
    const char *report = arena_format(p->arena, "%s" REPORT, path).ptr;
    struct stat st;
    bool taken = fstatat(p->dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
                 (fstatat(p->dir_fd, failed, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                  fstatat(p->dir_fd, report, &st, AT_SYMLINK_NOFOLLOW) != 0);
    return !taken ? path
                  : joined(p, folder,
                           arena_format(p->arena, "%lld-%.*s", (long long)id, STR_ARG(name)));
}

/* The reports first, then the file: as long as it is where it was, all of this is done again. */
static bool move_out(struct inbox_place *p, const char *from, str name, const struct store_task *t,
                     struct err *err)
{
    bool failed = t->state == TASK_FAILED || t->state == TASK_CANCELLED;
    const char *folder = failed ? "failed" : "done";
    struct stat st;
    if (!make_folder(p, folder, err))
        return false;
    const char *to = place_in(p, folder, t->id, name);
    if (fstatat(p->dir_fd, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(err, "a file has left");
    if (!write_report(p, to, st.st_mode, t, err) || !write_failed(p, to, st.st_mode, t, err))
        return false;
    fault_step("inbox-reported");
    return (renameat(p->dir_fd, from, p->dir_fd, to) == 0 ||
            err_errno(err, "a file cannot be moved to %s", folder)) &&
           sync_folder(p, folder, err);
}

/* A person is asked: the file waits where it can be seen, under the number of its task. */
static bool move_to_waiting(struct inbox_place *p, const char *from, str name,
                            const struct store_task *t, struct err *err)
{
    const char *to =
        joined(p, "waiting", arena_format(p->arena, "%lld-%.*s", (long long)t->id, STR_ARG(name)));
    struct stat st;
    if (!make_folder(p, "waiting", err))
        return false;
    if (fstatat(p->dir_fd, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(err, "a file has left");
    return write_report(p, to, st.st_mode, t, err) &&
           (renameat(p->dir_fd, from, p->dir_fd, to) == 0 ||
            err_errno(err, "a file cannot be moved to waiting")) &&
           sync_folder(p, "waiting", err);
}

static bool find_task(struct inbox_place *p, str source, const char *path, str name,
                      struct store_task *ret_task, struct err *err)
{
    int64_t id = 0;
    return store_task_from(p->reader, source, &id, err) &&
           (id || import(p, path, name, source, &id, err)) &&
           store_task_get(p->reader, p->arena, id, ret_task, err);
}

enum inbox_haste inbox_go_on(struct inbox_place *p, str mark)
{
    const char *folder = joined(p, "processing", mark);
    struct store_task t;
    struct err err = {0};
    size_t count;
    const struct inbox_name *file = inbox_list(p, folder, &count);
    if (!count) { // it was moved, and its folder is left
        (void)unlinkat(p->dir_fd, folder, AT_REMOVEDIR);
        return HASTE_IDLE;
    }
    const char *path = joined(p, folder, file->name);
    if (!find_task(p, arena_format(p->arena, SOURCE "%.*s", STR_ARG(mark)), path, file->name, &t,
                   &err))
        return complain(p, &err);
    if (!jobs_task_is_over(&t) && !is_waiting(&t))
        return HASTE_SOON;
    bool moved = jobs_task_is_over(&t) ? move_out(p, path, file->name, &t, &err)
                                       : move_to_waiting(p, path, file->name, &t, &err);
    if (!moved)
        return complain(p, &err);
    (void)unlinkat(p->dir_fd, folder, AT_REMOVEDIR);
    return HASTE_WAITING;
}

enum inbox_haste inbox_wait(struct inbox_place *p, str name)
{
    str rest = name, number = str_split(&rest, '-');
    struct store_task t;
    struct err err = {0};
    uint64_t id;
    if (is_ignored(name) || !rest.len || !str_to_u64(number, &id) || id > INT64_MAX)
        return HASTE_IDLE;
    if (!store_task_get(p->reader, p->arena, (int64_t)id, &t, &err))
        return err.code == ERR_NOT_FOUND ? HASTE_IDLE : complain(p, &err);
    if (!str_starts(t.source, STR(SOURCE)))
        return HASTE_IDLE;
    if (!jobs_task_is_over(&t))
        return HASTE_WAITING;
    if (!move_out(p, joined(p, "waiting", name), rest, &t, &err))
        return complain(p, &err);
    (void)unlinkat(p->dir_fd, arena_format(p->arena, "waiting/%.*s" REPORT, STR_ARG(name)).ptr, 0);
    return HASTE_IDLE;
}

/* --- its time is over --- */

void inbox_sweep(struct inbox_place *p)
{
    static const char *const folders[] = {"done", "failed"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        size_t count;
        const struct inbox_name *n = inbox_list(p, folders[i], &count);
        for (size_t k = 0; k < count; k++) {
            // The report was written when the file came here.
            if (!str_ends(n[k].name, STR(REPORT)) ||
                n[k].changed_us > clock_now_us() - jobs_keep(p->jobs, p->company).files_us)
                continue;
            str file = str_first(n[k].name, n[k].name.len - strlen(REPORT));
            const char *path = joined(p, folders[i], file);
            (void)unlinkat(p->dir_fd, path, 0);
            (void)unlinkat(p->dir_fd, arena_format(p->arena, "%s" FAILED, path).ptr, 0);
            (void)unlinkat(p->dir_fd, arena_format(p->arena, "%s" REPORT, path).ptr, 0);
        }
    }
}
