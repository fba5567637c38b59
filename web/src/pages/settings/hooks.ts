// The company's webhooks and what was sent to them.
import {
    company,
    get,
    send,
    type Document,
    type Many,
    type One,
    type Resource,
    type Result,
} from "../../lib/api.ts";

export interface Webhook {
    url: string;
    events: string[];
    state: "enabled" | "disabled" | "gone" | "failing";
    failing_since: string | null;
    old_secret_until: string | null;
    created_at: string;
    secret?: string;
}
export interface Attempt {
    at: string;
    status: number | null;
    duration_ms: number;
    error: string | null;
}
export interface Delivery {
    event_id: string;
    event: string;
    subject: { type: string; id: string };
    happened_at: string;
    state: "waiting" | "delivered" | "failed";
    attempt_count: number;
    next_attempt_at: string | null;
    attempts: Attempt[];
}

export const EVENTS = [
    "consumer.created",
    "consumer.updated",
    "consumer.deleted",
    "import_task.completed",
    "import_task.failed",
    "import_task.reverted",
] as const;

export function listHooks(signal: AbortSignal): Promise<Result<Many<Webhook>>> {
    return get(company("webhooks"), undefined, { signal });
}
export function getHook(id: string, signal?: AbortSignal): Promise<Result<One<Webhook>>> {
    return get(company(`webhooks/${id}`), undefined, signal ? { signal } : {});
}
export function createHook(attributes: { url: string; events: string[] }): Promise<Result<One<Webhook>>> {
    return send("POST", company("webhooks"), { data: { type: "webhooks", attributes } });
}
export function changeHook(id: string, attributes: object): Promise<Result<One<Webhook>>> {
    return send("PATCH", company(`webhooks/${id}`), { data: { type: "webhooks", id, attributes } });
}
export function deleteHook(id: string): Promise<Result<undefined>> {
    return send("DELETE", company(`webhooks/${id}`));
}
export function rotateHook(id: string): Promise<Result<One<Webhook>>> {
    return send("POST", company(`webhooks/${id}/rotate`));
}
export function testHook(id: string): Promise<Result<One<Delivery>>> {
    return send("POST", company(`webhooks/${id}/test`));
}
export function listDeliveries(
    id: string,
    before?: string,
    signal?: AbortSignal,
): Promise<Result<Document<Resource<Delivery>[]>>> {
    const query = { "page[size]": 50, "page[before]": before };
    return get(company(`webhooks/${id}/deliveries`), query, signal ? { signal } : {});
}
export function redeliver(id: string, delivery: string): Promise<Result<One<Delivery>>> {
    return send("POST", company(`webhooks/${id}/deliveries/${delivery}/redeliver`));
}
