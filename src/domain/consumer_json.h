/* consumer_json: a customer's attributes as JSON, as the API and exports show them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CONSUMER_JSON_H
#define DOMAIN_CONSUMER_JSON_H

#include "base/buf.h"
#include "domain/consumer.h"

/* Appends {"id":"...","type":"consumers","attributes":{...}} without the closing brace, so that the
 * caller may add members: attributes in the order of enum consumer_field, stamps in zone, legacy_id
 * only when it is set. */
void consumer_json_open(struct buf *b, const struct consumer *c, const struct zone *zone);
/* The same with only some attributes: FIELD_BIT()s. */
void consumer_json_open_some(struct buf *b, const struct consumer *c, const struct zone *zone,
                             unsigned fields);
/* consumer_json_open(), closed. */
void consumer_json(struct buf *b, const struct consumer *c, const struct zone *zone);
/* Appends the attributes and the id as one object, {"id":"...","email":...}. */
void consumer_json_flat(struct buf *b, const struct consumer *c, const struct zone *zone);

#endif
