/* What writing and restoring share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKUP_BACKUP_PRIV_H
#define BACKUP_BACKUP_PRIV_H

#include "backup/backup.h"

#define MANIFEST         "clientele-backup.json"
#define MANIFEST_VERSION 1

#endif
