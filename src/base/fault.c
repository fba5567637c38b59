/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef WITH_FAULTS

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *_Atomic current = "";
static char told_phase[32]; // constant after once
static uint64_t told_record;

static void read_told(void)
{
    const char *told = getenv("CLIENTELE_FAULT"), *colon = told ? strrchr(told, ':') : NULL;
    if (!colon || (size_t)(colon - told) >= sizeof told_phase)
        return;
    memcpy(told_phase, told, (size_t)(colon - told));
    told_record = strtoull(colon + 1, NULL, 10);
}

static void die_if_told(const char *prefix, uint64_t record)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t n = strlen(prefix);
    (void)pthread_once(&once, read_told);
    if (told_record && record == told_record && strncmp(told_phase, prefix, n) == 0 &&
        strcmp(told_phase + n, current) == 0)
        abort();
}

void fault_phase(const char *phase)
{
    current = phase;
}

void fault_reading(uint64_t record)
{
    die_if_told("reading-", record);
}

void fault_applying(uint64_t record)
{
    die_if_told("", record);
}

void fault_step(const char *step)
{
    const char *told = getenv("CLIENTELE_FAULT");
    if (told && strcmp(told, step) == 0)
        (void)raise(SIGKILL);
}

const char *fault_value(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);
    return value ? value : otherwise;
}

size_t fault_number(const char *variable, size_t otherwise)
{
    const char *value = getenv(variable);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

#endif
