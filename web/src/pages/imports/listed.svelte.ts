// A list of an import that comes page by page.
import { untrack } from "svelte";
import type { ApiError, Query } from "../../lib/api.ts";
import { page } from "./words.ts";

export interface Asked {
    /** "errors", "rows", … of the task. */
    list: string;
    query: Query;
}
export interface Listed<T> {
    /** The attributes of what has come, each with its id. */
    readonly rows: readonly (T & { id: string })[];
    readonly error: ApiError | null;
    /** The first page has come, or failed. */
    readonly loaded: boolean;
    readonly hasMore: boolean;
    /** Asks for the next page; after a failure, for the one that failed. */
    more(): Promise<void>;
}

/**
 * Asks for the first page at once, and begins anew whenever something that `ask` reads changes; null: there is nothing
 * to ask.  Call it while a component is made.
 */
export function listed<T extends object>(id: string, ask: () => Asked | null): Listed<T> {
    let rows = $state.raw<(T & { id: string })[]>([]);
    let next = $state.raw<string | null>(null);
    let error = $state.raw<ApiError | null>(null);
    let loaded = $state(false);
    let asked: Asked | null = null;
    let stop = new AbortController();

    async function more(): Promise<void> {
        const { signal } = stop;
        if (!asked) return;
        const answer = await page<{ id: string; attributes: T }>(
            id,
            asked.list,
            { ...asked.query, after: next },
            signal,
        );
        if (signal.aborted) return;
        loaded = true;
        error = answer.ok ? null : answer.error;
        if (!answer.ok) return;
        rows = [...rows, ...answer.value.data.map((one) => ({ ...one.attributes, id: one.id }))];
        const link = answer.value.links.next;
        next = link ? new URL(link, location.href).searchParams.get("after") : null;
    }
    $effect(() => {
        const now = ask();
        // What a page leaves behind must not begin the list anew.
        untrack(() => {
            asked = now;
            rows = [];
            next = error = null;
            loaded = false;
            stop = new AbortController();
            void more();
        });
        return () => stop.abort();
    });

    return {
        get rows() {
            return rows;
        },
        get error() {
            return error;
        },
        get loaded() {
            return loaded;
        },
        get hasMore() {
            return next !== null;
        },
        more,
    };
}
