/* base: the ground every file stands on: our few GNU extensions, and the end of the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef NDEBUG
#error "assertions stay in release builds: build without NDEBUG"
#endif

#define MUST_CHECK __attribute__((warn_unused_result))
/* A result ignored on purpose: gcc takes no cast to void for MUST_CHECK. */
#define IGNORE(call)      ((void)!(call))
#define PRINTF(at, first) __attribute__((format(printf, at, first)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))

/* The number of elements of an array (never of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* AUTO(free_fn) T *p: free_fn(p) runs when p goes out of scope.  DEFINE_AUTO makes a function fit.
 */
#define AUTO(f) __attribute__((cleanup(f##_at)))
#define DEFINE_AUTO(type, f)                                                                       \
    static inline UNUSED void f##_at(type *p)                                                      \
    {                                                                                              \
        f(*p);                                                                                     \
    }
/* For structs held by value: the function takes a pointer. */
#define DEFINE_AUTO_STRUCT(type, f)                                                                \
    static inline UNUSED void f##_at(type *p)                                                      \
    {                                                                                              \
        f(p);                                                                                      \
    }
/* Gives p away and leaves NULL behind. */
#define TAKE(p)                                                                                    \
    ({                                                                                             \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })
#define MIN(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) a_ = (a);                                                                    \
        __typeof__(b) b_ = (b);                                                                    \
        a_ < b_ ? a_ : b_;                                                                         \
    })
#define MAX(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) a_ = (a);                                                                    \
        __typeof__(b) b_ = (b);                                                                    \
        a_ > b_ ? a_ : b_;                                                                         \
    })

/* Says why on stderr and aborts: for exhausted memory and for states that cannot be. */
NORETURN void die(const char *format, ...) PRINTF(1, 2);

#endif
