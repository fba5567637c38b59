/* An upload in pieces, a file of the inbox and one that a command names may be a gzip file: what is
 * inside takes its place before anyone looks at it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/gunzip.h"
#include "base/limits.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 };

struct unpacking {
    struct work *work;
    struct jobs_upload *out;
    struct file_problem *problem;
    uint64_t checked_bytes; /* what was written when the disk was last looked at */
};

/* A small file may become any size: the disk is asked again and again. */
static bool has_room(struct unpacking *p)
{
    const uint64_t bytes = jobs_upload_bytes(p->out);
    struct jobs_space space;
    if (bytes < p->checked_bytes + 16 * MIB)
        return true;
    p->checked_bytes = bytes;
    if (jobs_has_space(p->work->jobs, bytes, false, &space))
        return true;
    p->problem->limit = space.needed;
    p->problem->offset = space.free;
    return file_problem_set(p->problem, FILE_NO_SPACE, (str){0}, (str){0});
}

static bool take(void *context, str bytes, struct err *err)
{
    struct unpacking *p = context;
    const uint64_t most = p->work->jobs->unpacked_limit_bytes;
    if (jobs_stopping(p->work->jobs))
        return err_set(err, ERR_BUSY, "the program stops");
    if (bytes.len > most - jobs_upload_bytes(p->out)) {
        p->problem->limit = most;
        return file_problem_set(p->problem, FILE_TOO_LARGE, (str){0}, (str){0});
    }
    return has_room(p) && jobs_upload_add(p->out, bytes, err);
}

static bool damaged(struct file_problem *problem, const struct err *err)
{
    return file_problem_set(problem, FILE_GZIP_DAMAGED, (str){0}, str_of(err->msg));
}

static bool unpack_all(struct unpacking *p, int fd, struct err *err)
{
    AUTO(gunzip_free) struct gunzip *g = gunzip_new(take, p);
    char *piece = mem_new(PIECE_BYTES, 1);
    ssize_t n;
    bool ok = true;
    while (ok && (n = read(fd, piece, PIECE_BYTES)) != 0)
        ok = n < 0 ? err_errno(err, "cannot read the upload")
                   : gunzip_add(g, (str){piece, (size_t)n}, err);
    mem_free(piece);
    if (ok && !gunzip_complete(g))
        ok = err_set(err, ERR_INVALID, "the gzip data is cut off");
    // What is damaged is told; a full disk and a broken one are the program's to deal with.
    return ok || p->problem->code != FILE_OK ? ok
           : err->code == ERR_INVALID        ? damaged(p->problem, err)
                                             : false;
}

/* The task has the unpacked file from now on; one that was cancelled meanwhile is left alone. */
static bool exchange(struct work *w, struct jobs_upload *out, struct err *err)
{
    struct store_task t;
    char packed[PATH_MAX];
    if (out && !upload_keep(out, &w->arena, &w->task.sha256, err))
        return false;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (t.state != TASK_ANALYSED) {
        task_leave(w->jobs);
        return true;
    }
    task_path(w->jobs, &t, JOBS_FILE_ITSELF, packed, sizeof packed);
    t.wanted &= ~(unsigned)WANT_UNPACK;
    if (out) {
        t.upload = arena_str(&w->arena, str_of(out->name));
        t.bytes = out->bytes;
        t.sha256 = w->task.sha256;
    }
    if (!task_end(w->jobs, w->company, &t, err))
        return false;
    w->task = t;
    if (!out)
        return true;
    out->kept = true;
    (void)unlink(packed); // a crash before this leaves it to the sweep
    return true;
}

bool unpack(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    AUTO(jobs_upload_free) struct jobs_upload *out = NULL;
    struct unpacking p = {.work = w, .problem = ret_problem};
    char path[PATH_MAX];
    unsigned char magic[2];
    if (!(w->task.wanted & WANT_UNPACK))
        return true;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || err_errno(err, "cannot open the upload");
    bool ok = true, packed = pread(fd, magic, sizeof magic, 0) == sizeof magic &&
                             magic[0] == 0x1f && magic[1] == 0x8b;
    if (packed)
        ok = jobs_upload_open(w->jobs, UINT64_MAX, &out, err) &&
             ((p.out = out), unpack_all(&p, fd, err));
    (void)close(fd);
    return ok && exchange(w, out, err);
}
