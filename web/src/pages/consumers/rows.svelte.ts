// The rows of a list of any length.  The server gives pages; those about the rows in sight are kept, the others dropped.
//
// A page after one that is here is asked for by its place (links.next): that costs the same everywhere, and nothing is
// missed or met twice when customers come and go.  A page that is jumped to is asked for by its number, which costs the
// server a walk through the index.  A page that was here once is asked for as it was the first time.
import type { ApiError, Query, Result } from "../../lib/api.ts";
import { company, get } from "../../lib/api.ts";
import { customAttributes, getExact, type Customer } from "./customer.ts";
import { ATTRIBUTE, keyOf } from "./filter.ts";
import type { JsonObject } from "./exact.ts";

const PAGE = 100;
const KEPT = 30;
/** So long a page that is out of sight again may keep those in sight waiting. */
const PATIENCE_MS = 1500;
/** So many rows beside those in sight are elements, too. */
const NEAR = 8;

export interface Asked {
    search: string;
    filter: string;
    sort: string;
    /** Which fields the rows have to have. */
    fields: readonly string[];
}
interface Page {
    rows: Customer[];
    /** The place that the next page is asked for by; null: there is none. */
    next: string | null;
    used: number;
}
interface Answer {
    data: Customer[];
    links?: { next?: string | null };
    meta?: { total_count?: number };
}

function queryOf(asked: Asked): Query {
    const fields = new Set(["name", "first_name", "email", "phone", "external_id"]);
    for (const field of asked.fields) fields.add(keyOf(field) === null ? field : "custom_attributes");
    fields.delete("id");
    return {
        search: asked.search || null,
        filter: asked.filter || null,
        sort: asked.sort || null,
        "fields[consumers]": [...fields].join(","),
        per_page: PAGE,
    };
}

export class Rows {
    /** How many there are; undefined: the server was not able to count them yet. */
    total = $state<number>();
    /** So many there are at least. */
    seen = $state(0);
    error = $state.raw<ApiError>();
    /** When the request under way began, else 0. */
    since = $state(0);
    /** How long the last answer took. */
    tookMs = 0;
    /** The server gave up counting. */
    uncounted = $state(false);
    #version = $state(0);
    #pages = new Map<number, Page>();
    /** By which place a page was asked for. */
    #places = new Map<number, string>();
    #clock = 0;
    #wanted: number[] = [];
    #running: { page: number; stop: AbortController } | null = null;
    #counting: AbortController | null = null;
    #impatient: ReturnType<typeof setTimeout> | undefined;

    /** start: the row that is to be seen first, of a list that one comes back to. */
    constructor(
        readonly asked: Asked,
        start = 0,
    ) {
        // A guess until the first answer; what is seen there should not move when it is wrong.
        this.seen = start ? Math.ceil(start) + PAGE : 0;
    }

    /** There is something to show. */
    get isHere(): boolean {
        return this.#version > 0 || this.error !== undefined;
    }

    get isFiltered(): boolean {
        return this.asked.filter !== "" || this.asked.search !== "";
    }
    /** How many rows the list shows: those of which nothing is known yet stand empty. */
    get length(): number {
        return this.total ?? this.seen;
    }
    /** The row at a place; undefined: it is not here. */
    at(index: number): Customer | undefined {
        void this.#version;
        return this.#pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
    }
    get isEmpty(): boolean {
        return this.total === 0;
    }

    /** These are in sight: what is missing is asked for, and the page after them. */
    show(first: number, last: number): void {
        const from = Math.max(0, Math.floor((first - NEAR) / PAGE));
        const to = Math.max(from, Math.floor(Math.max(first, last + NEAR - 1) / PAGE));
        const wanted: number[] = [];
        for (let page = from; page <= to; page++) wanted.push(page);
        if (last % PAGE > PAGE / 2) wanted.push(to + 1);
        for (const page of wanted) {
            const here = this.#pages.get(page);
            if (here) here.used = ++this.#clock;
        }
        this.#wanted = wanted;
        // The server goes on with what nobody waits for: a scroll bar that is dragged asks for one page at a time.
        clearTimeout(this.#impatient);
        if (this.#running) this.#impatient = setTimeout(() => this.#giveUp(), PATIENCE_MS);
        else void this.#fetch();
    }

    #giveUp(): void {
        if (this.#running && !this.#wanted.includes(this.#running.page)) this.#running.stop.abort();
    }

    async #fetch(): Promise<void> {
        for (;;) {
            const page = this.#wanted.find((one) => !this.#pages.has(one) && this.#mayBe(one));
            if (page === undefined || this.error) break;
            const stop = new AbortController();
            this.#running = { page, stop };
            this.since = performance.now();
            const result = await this.#ask(page, stop.signal);
            this.#running = null;
            this.tookMs = performance.now() - this.since;
            if (stop.signal.aborted) continue;
            if (!result.ok) this.error = result.error;
            else this.#keep(page, result.value);
        }
        this.since = 0;
        if (this.total === undefined && !this.error && !this.uncounted) void this.#count();
    }

    #mayBe(page: number): boolean {
        return page === 0 || page * PAGE < this.length;
    }

    #ask(page: number, signal: AbortSignal): Promise<Result<Answer>> {
        const before = this.#pages.get(page - 1)?.next;
        const place = before ?? this.#places.get(page);
        if (place) this.#places.set(page, place);
        const where: Query = place ? { "page[after]": place } : { page: page + 1 };
        return getExact<Answer>(company("consumers"), { ...queryOf(this.asked), ...where }, signal);
    }

    #keep(page: number, answer: Answer): void {
        const link = answer.links?.next;
        const next = link ? new URL(link, location.href).searchParams.get("page[after]") : null;
        this.#pages.set(page, { rows: answer.data.map((row) => this.#slim(row)), next, used: ++this.#clock });
        const end = page * PAGE + answer.data.length;
        if (!link && (answer.data.length > 0 || page === 0)) this.total = this.seen = end;
        else {
            if (answer.meta?.total_count !== undefined) this.total = answer.meta.total_count;
            else if (!answer.data.length) this.total = Math.min(this.total ?? page * PAGE, page * PAGE);
            // Of a page that follows there is at least one row.
            this.seen = Math.max(this.seen, link ? end + 1 : end);
        }
        this.#drop();
        this.#version++;
    }

    /** Only the attributes that columns show are kept: a customer may have a thousand. */
    #slim(row: Customer): Customer {
        const keys = this.asked.fields.map(keyOf).filter((key) => key !== null);
        const custom = customAttributes(row);
        const kept = Object.create(null) as JsonObject;
        for (const key of Object.keys(custom)) known.add(key);
        for (const key of keys) if (custom[key] !== undefined) kept[key] = custom[key];
        return { id: row.id, attributes: { ...row.attributes, custom_attributes: kept } };
    }

    #drop(): void {
        const old = [...this.#pages].sort((a, b) => b[1].used - a[1].used).slice(KEPT);
        for (const [page] of old) if (!this.#wanted.includes(page)) this.#pages.delete(page);
    }

    /** A filter's rows are counted on the side: the first of them are there long before. */
    async #count(): Promise<void> {
        if (this.#counting) return;
        this.#counting = new AbortController();
        const query = {
            ...queryOf(this.asked),
            sort: null,
            per_page: 1,
            "fields[consumers]": "email",
            count: true,
        };
        const result = await get<Answer>(company("consumers"), query, {
            signal: this.#counting.signal,
            once: true,
        });
        this.#counting = null;
        if (result.ok) this.total ??= result.value.meta?.total_count;
        else if (result.error.code !== "aborted") this.uncounted = true;
    }

    /** After an error, or because things may have changed: asks anew, and shows what is here meanwhile. */
    refresh(): void {
        this.error = undefined;
        this.uncounted = false;
        const wanted = this.#wanted;
        if (!this.#running)
            void (async () => {
                for (const page of wanted) {
                    const result = await this.#ask(page, new AbortController().signal);
                    if (result.ok) this.#keep(page, result.value);
                }
                await this.#fetch();
            })();
    }

    /** Asks for nothing any more. */
    stop(): void {
        this.#wanted = [];
        clearTimeout(this.#impatient);
        this.#running?.stop.abort();
        this.#counting?.abort();
    }
}

/** The keys of custom attributes that were met. */
class Known {
    list = $state.raw<string[]>([]);
    #keys = new Set<string>();
    #company = "";
    #asked: Promise<void> | null = null;

    add(key: string): void {
        if (this.#keys.has(key) || this.#keys.size >= 1000) return;
        this.#keys.add(key);
        const sorted = [...this.#keys].sort((a, b) => a.localeCompare(b));
        this.list = sorted.map((one) => ATTRIBUTE + one);
    }
    /** Looks at the first and at the last changed customers, once. */
    async look(companyId: string): Promise<void> {
        if (this.#company !== companyId) {
            this.#keys.clear();
            this.list = [];
            this.#company = companyId;
            this.#asked = null;
        }
        this.#asked ??= (async () => {
            const query = { per_page: PAGE, "fields[consumers]": "custom_attributes" };
            for (const sort of ["-updated_at", "id"]) {
                const result = await getExact<Answer>(company("consumers"), { ...query, sort });
                if (result.ok)
                    for (const row of result.value.data)
                        for (const key of Object.keys(customAttributes(row))) this.add(key);
            }
        })();
        await this.#asked;
    }
}
export const known = new Known();
