// The address bar names the place: path, query and fragment are the state that pages read and set.
//
// Paths inside the app have neither "/cabinet" nor the company: "/imports/17".  href() makes the address of one.
import { tick } from "svelte";
import { session } from "./session.svelte.ts";

const BASE = "/cabinet";

interface Place {
    path: string;
    query: URLSearchParams;
    hash: string;
}

interface Kept {
    /** The place in the list of entries, to know whether one goes back or on. */
    at: number;
    scroll?: number;
}

function read(): Place {
    let path = location.pathname;
    if (path === BASE || path.startsWith(BASE + "/")) path = path.slice(BASE.length);
    const prefixed = /^\/c\/([^/]+)(\/.*)?$/.exec(path);
    if (prefixed) {
        session.choose(decodeURIComponent(prefixed[1]!));
        path = prefixed[2] ?? "/";
    }
    path = path.replace(/\/+$/, "") || "/";
    return { path, query: new URLSearchParams(location.search), hash: location.hash.slice(1) };
}

let place = $state.raw<Place>({ path: "/", query: new URLSearchParams(), hash: "" });
/** Counts navigations to another page, not changes of the query: focus and scroll follow it. */
let visit = $state(0);
let at = 0;

export const router = {
    get path(): string {
        return place.path;
    },
    get query(): URLSearchParams {
        return place.query;
    },
    get hash(): string {
        return place.hash;
    },
    get visit(): number {
        return visit;
    },
};

/** The address of a path of the app, for links: href("/imports", { state: "failed" }). */
export function href(path: string, query?: Record<string, string | number | null | undefined>): string {
    const company = session.severalCompanies ? `/c/${encodeURIComponent(session.companyId)}` : "";
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {}))
        if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
    const text = given.toString();
    return BASE + company + path + (text ? `?${text}` : "");
}

/** The same page with other values in the query: filters, tabs, an order.  null or "" takes a value out. */
export function hrefWith(query: Record<string, string | number | null | undefined>): string {
    const merged = new URLSearchParams(place.query);
    for (const [name, value] of Object.entries(query))
        if (value === null || value === undefined || value === "") merged.delete(name);
        else merged.set(name, String(value));
    const text = merged.toString();
    return href(place.path) + (text ? `?${text}` : "");
}

function keepScroll(): void {
    history.replaceState({ ...(history.state as Kept | null), at, scroll: scrollY } satisfies Kept, "");
}

async function arrive(scroll: number): Promise<void> {
    const before = place.path;
    place = read();
    if (place.path !== before) visit++;
    else if (scroll === 0) return;
    await tick();
    restore(scroll);
}

// A page grows as its data come: the place is sought until it is there, and given up when a person scrolls.
function restore(scroll: number): void {
    if (scroll === 0) {
        scrollTo(0, 0);
        return;
    }
    const until = performance.now() + 2000;
    let mine = scrollY;
    const seek = () => {
        if (Math.abs(scrollY - mine) > 4) return;
        scrollTo(0, scroll);
        mine = scrollY;
        if (mine < scroll && performance.now() < until) requestAnimationFrame(seek);
    };
    seek();
}

/** Goes to an address of href(), or to any below /cabinet/. */
export function go(address: string, options: { replace?: boolean } = {}): void {
    keepScroll();
    if (options.replace) history.replaceState({ at } satisfies Kept, "", address);
    else history.pushState({ at: ++at } satisfies Kept, "", address);
    void arrive(0);
}

/** Changes values of the query.  A search box replaces the entry while one types; a filter makes a new one. */
export function setQuery(
    query: Record<string, string | number | null | undefined>,
    options: { replace?: boolean } = {},
): void {
    const address = hrefWith(query);
    if (address === location.pathname + location.search) return;
    keepScroll();
    if (options.replace) history.replaceState({ at } satisfies Kept, "", address);
    else history.pushState({ at: ++at } satisfies Kept, "", address);
    place = read();
}

function onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!link.pathname.startsWith(BASE + "/") || link.pathname.startsWith(BASE + "/api/")) return;
    // A fragment of the page itself is the browser's.
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    if (link.pathname.replace(/\/+$/, "") !== location.pathname.replace(/\/+$/, "")) go(link.href);
    else if (link.search !== location.search) {
        keepScroll();
        history.pushState({ at: ++at } satisfies Kept, "", link.href);
        place = read();
    } else scrollTo(0, 0);
}

/** Begins to follow the address bar.  Once, at the start. */
export function startRouter(): void {
    history.scrollRestoration = "manual";
    at = (history.state as Kept | null)?.at ?? 0;
    place = read();
    const scroll = (history.state as Kept | null)?.scroll ?? 0;
    if (scroll) restore(scroll);
    addEventListener("popstate", (event) => {
        const kept = event.state as Kept | null;
        at = kept?.at ?? 0;
        void arrive(kept?.scroll ?? 0);
    });
    addEventListener("hashchange", () => (place = read()));
    addEventListener("pagehide", keepScroll);
    document.addEventListener("click", onClick);
}

/** The companies are known: the address names the one that is shown. */
export function nameCompany(): void {
    place = read();
    if (session.severalCompanies && !location.pathname.startsWith(`${BASE}/c/`))
        history.replaceState(history.state, "", href(place.path) + location.search + location.hash);
}

/** The values of a pattern, "/imports/{id}", in a path; null when it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
    const want = pattern.split("/"),
        have = path.split("/");
    if (want.length !== have.length) return null;
    const found: Record<string, string> = {};
    for (let i = 0; i < want.length; i++) {
        const part = want[i]!;
        if (part.startsWith("{")) {
            if (!have[i]) return null;
            try {
                found[part.slice(1, -1)] = decodeURIComponent(have[i]!);
            } catch {
                return null;
            }
        } else if (part !== have[i]) return null;
    }
    return found;
}
