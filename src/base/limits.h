/* limits: every ceiling of the program, in one place.  Over one is ERR_LIMIT, never a silent cut.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* A customer's record. */
#define LIMIT_EXTERNAL_ID_BYTES   255
#define LIMIT_LEGACY_ID_BYTES     255
#define LIMIT_EMAIL_BYTES         254
#define LIMIT_TEXT_BYTES          (4 * KIB) /* name, first_name, phone kept as given, avatar_url */
#define LIMIT_ATTRIBUTES          256       /* keys in custom_attributes */
#define LIMIT_ATTRIBUTES_BYTES    (64 * KIB)
#define LIMIT_ATTRIBUTE_KEY_BYTES 255
#define LIMIT_SEARCH_WORDS        16  /* of a name, by which it is found: the first ones */
#define LIMIT_SEARCH_WORD_BYTES   128 /* of them: the first ones */

/* A request. */
#define LIMIT_JSON_DEPTH            64
#define LIMIT_RECORD_BODY_BYTES     (1 * MIB)
#define LIMIT_OPERATIONS            1000 /* of one request */
#define LIMIT_OPERATIONS_BODY_BYTES (8 * MIB)
#define LIMIT_HEADER_BYTES          (32 * KIB)
#define LIMIT_TARGET_BYTES          (8 * KIB)
#define LIMIT_UPLOAD_BYTES          (2 * GIB) /* unless configured */
#define LIMIT_PER_PAGE              100
#define LIMIT_ROWS_PER_PAGE         1000 /* of a file, and so many bytes: */
#define LIMIT_PICKED_BYTES          (8 * MIB)
#define LIMIT_LIST_PER_PAGE         1000 /* of customers */
#define LIMIT_FILTER_CONDITIONS     32
#define LIMIT_FILTER_VALUES         1000 /* of all its conditions */
#define LIMIT_SEARCH_BYTES          512  /* of ?search= */
#define LIMIT_SEARCH_PARTS          8    /* of it, with blanks between */
#define LIMIT_HEADER_FIELDS         128
#define LIMIT_QUERY_FIELDS          256
#define LIMIT_DISCARD_BYTES         (8 * MIB) /* of a refused body, read so that the answer arrives */
#define LIMIT_HELD_BODY_BYTES       (256 * MIB) /* all bodies in memory of one loop */
#define LIMIT_PARTS                 1024        /* of a multipart body */
#define LIMIT_PART_HEADER_BYTES     (16 * KIB)
#define LIMIT_REQUEST_KEY_BYTES     255         /* Idempotency-Key */
#define LIMIT_MANIFEST_BYTES        (256 * MIB) /* of a backup */
#define LIMIT_EVENT_STREAMS         16          /* open at once, of one company */
#define LIMIT_PEM_BYTES             (1 * MIB)   /* certificates of a server, or its key */

#define LIMIT_REQUESTS_KEPT   1024  /* of a company, the last ones, on each loop */
#define LIMIT_REQUESTS_LOGGED 65536 /* of all companies, on all loops: some 12 MiB */

/* A file. */
#define LIMIT_ROW_BYTES           (1 * MIB)
#define LIMIT_COLUMNS             1024
#define LIMIT_HEADER_CELL_BYTES   255
#define LIMIT_CELL_BYTES          (512 * KIB)
#define LIMIT_XML_TOKEN_BYTES     (1 * MIB) /* a tag or comment of a workbook's part */
#define LIMIT_XML_DEPTH           256
#define LIMIT_PART_BYTES          (16 * GIB) /* of a workbook, unpacked */
#define LIMIT_PART_RATIO          300        /* of its unpacked bytes to its packed ones */
#define LIMIT_PART_FREE_BYTES     (64 * MIB) /* which any part may have */
#define LIMIT_ZIP_ENTRIES         65535
#define LIMIT_ZIP_DIRECTORY_BYTES (8 * MIB)
#define LIMIT_HEADER_SEARCH_ROWS  20
#define LIMIT_FINDING_EMAILS      6000000 /* different ones whose rows are counted */
#define LIMIT_REPAIRS             256     /* accepted for one import */

#define LIMIT_ATTRIBUTE_NAMES 1000 /* of custom attributes that a company is known to have */

/* Webhooks. */
#define LIMIT_WEBHOOKS            50 /* of one company */
#define LIMIT_WEBHOOK_URL_BYTES   2048
#define LIMIT_WEBHOOK_NETWORKS    32        /* that may be sent to though they are not public */
#define LIMIT_WEBHOOK_PARALLEL    8         /* deliveries of one webhook under way */
#define LIMIT_DELIVERIES_PARALLEL 128       /* of all */
#define LIMIT_DELIVERIES_AT_ONCE  200       /* events that become deliveries in one commit */
#define LIMIT_DELIVERIES_KEPT     5000      /* of one webhook, that are over */
#define LIMIT_ANSWER_BYTES        (4 * KIB) /* of an answer, read and dropped */

/* The cabinet. */
#define LIMIT_SESSIONS          50 /* of one user; the one begun the longest ago gives way */
#define LIMIT_ACCOUNTS_OF_EMAIL 8  /* of several companies, with one e-mail */
#define LIMIT_PASSWORDS_WAITING 64 /* to be hashed; the next is told to come again */

/* An export. */
#define LIMIT_PROGRAM_TEXT_BYTES (16 * KIB)
#define LIMIT_PROGRAM_BYTES      (256 * MIB) /* of the memory of the process that runs it */
#define LIMIT_PROGRAM_SECONDS    20          /* for a page of customers */

/* A batch on its way to the store. */
#define LIMIT_BATCH_ROWS 50000
#define LIMIT_FIRST_BATCH_ROWS                                                                     \
    1000 /* committed at once: whoever is killed again and again gets on */
#define LIMIT_BATCH_BYTES      (14 * MIB)
#define LIMIT_TERMS_BYTES      (24 * MIB) /* of terms that are sorted before they are written */
#define LIMIT_SLICE_LOAD_BYTES (18 * MIB) /* of stored records that changes act on */
#define LIMIT_SLICE_BYTES      (25 * MIB) /* of them and what the changes add */
#define LIMIT_HELD_BYTES       (36 * MIB) /* of changed records before they are written */
#define LIMIT_LOG_BYTES        (1 * GIB)  /* of the database's log before it is copied */

#endif
