// What a page shows of the server: asked for when what it depends on changes, with the states that a page has to show.
import type { ApiError, Result } from "./api.ts";

export interface Loaded<T> {
    /** The last answer; stays while a newer one is on its way. */
    readonly value: T | undefined;
    readonly error: ApiError | undefined;
    readonly loading: boolean;
    /** Asks again, and keeps what is shown until the answer is there. */
    reload(): Promise<void>;
    /** Puts in what a write answered. */
    set(value: T): void;
}

/**
 * Asks at once and whenever something that `ask` reads before its first await changes; the answer to an older question
 * is thrown away.  `ask` returns null when there is nothing to ask.  Call it while a component is made.
 *
 *   const tokens = load((signal) => get<Many<Token>>(company("tokens"), undefined, { signal }));
 */
export function load<T>(ask: (signal: AbortSignal) => Promise<Result<T>> | null): Loaded<T> {
    let value = $state.raw<T | undefined>();
    let error = $state.raw<ApiError | undefined>();
    let loading = $state(false);
    let running: AbortController | null = null;

    async function run(): Promise<void> {
        running?.abort();
        const mine = (running = new AbortController());
        const asked = ask(mine.signal);
        if (!asked) {
            value = undefined;
            error = undefined;
            loading = false;
            return;
        }
        loading = true;
        const result = await asked;
        if (running !== mine || mine.signal.aborted) return;
        loading = false;
        if (result.ok) value = result.value;
        error = result.ok ? undefined : result.error;
    }

    $effect(() => {
        void run();
        return () => running?.abort();
    });

    return {
        get value() {
            return value;
        },
        get error() {
            return error;
        },
        get loading() {
            return loading;
        },
        reload: run,
        set(to: T) {
            value = to;
            error = undefined;
        },
    };
}

/**
 * Does something again and again while the component lives, ms after the last time was done; not while the tab is
 * hidden, and at once when it is shown again.  A function that answers a number sets the next pause.
 */
export function every(ms: number, what: () => Promise<number | void>): void {
    $effect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        let over = false,
            busy = false;
        const turn = async () => {
            if (over || busy || document.hidden) return;
            busy = true;
            const next = await what();
            busy = false;
            if (!over) timer = setTimeout(turn, next ?? ms);
        };
        const shown = () => {
            clearTimeout(timer);
            void turn();
        };
        timer = setTimeout(turn, ms);
        document.addEventListener("visibilitychange", shown);
        return () => {
            over = true;
            clearTimeout(timer);
            document.removeEventListener("visibilitychange", shown);
        };
    });
}
