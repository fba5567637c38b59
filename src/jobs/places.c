/* Where each worker is, in a file mapped into memory: after a crash the next process reads there at
 * which record of which task this one died.  Nothing is synced: after a power cut the file says
 * nothing, and only how often a task was begun counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLACES_BYTES = 4096 };

struct place { // of a worker
    int64_t company_id, task_id, phase;
    struct import_place at;
};
struct places {
    struct place *mapped, own[JOBS_WORKERS]; // own: there is no file
    struct place left[JOBS_WORKERS];         // by the process before
};

/* Room is taken before it is written to: a page without a block behind it would end the process. */
static struct place *map(const char *data_dir)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/places", data_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    void *p = posix_fallocate(fd, 0, PLACES_BYTES) == 0
                  ? mmap(NULL, PLACES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                  : MAP_FAILED;
    (void)close(fd);
    return p == MAP_FAILED ? NULL : p;
}

struct places *places_open(const char *data_dir, bool shared)
{
    struct places *p = mem_new(1, sizeof *p);
    _Static_assert(sizeof p->left <= PLACES_BYTES, "a page holds all places");
    p->mapped = shared ? map(data_dir) : NULL;
    if (shared && !p->mapped)
        log_warning("where a task dies will not be known: there is no room for 4 KiB");
    if (p->mapped) {
        memcpy(p->left, p->mapped, sizeof p->left);
        memset(p->mapped, 0, sizeof p->left);
    }
    return p;
}

void places_free(struct places *p)
{
    if (p && p->mapped)
        (void)munmap(p->mapped, PLACES_BYTES);
    mem_free(p);
}

static struct place *place_of(struct places *p, size_t worker)
{
    return p->mapped ? &p->mapped[worker] : &p->own[worker];
}

struct import_place *places_enter(struct places *p, size_t worker, int64_t company_id,
                                  int64_t task_id)
{
    struct place *at = place_of(p, worker);
    at->at.reading = at->at.applying = 0;
    at->phase = JOBS_IDLE;
    at->company_id = company_id;
    at->task_id = task_id;
    return &at->at;
}

void places_phase(struct places *p, size_t worker, enum jobs_phase phase)
{
    place_of(p, worker)->phase = phase;
}

bool places_died(struct places *p, int64_t company_id, int64_t task_id, enum jobs_phase *ret_phase,
                 uint64_t *ret_reading, uint64_t *ret_applying)
{
    for (size_t i = 0; i < JOBS_WORKERS; i++) {
        struct place *left = &p->left[i];
        if (left->company_id != company_id || left->task_id != task_id)
            continue;
        *ret_phase = left->phase >= 0 && left->phase <= JOBS_WAITING ? (enum jobs_phase)left->phase
                                                                     : JOBS_IDLE;
        *ret_reading = left->at.reading;
        *ret_applying = left->at.applying;
        left->task_id = 0; // told once
        return true;
    }
    return false;
}
