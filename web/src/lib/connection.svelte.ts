// Whether the server answers.  What reads is asked again by itself; the shell shows that it is.

let attempts = $state(0);

/** True while requests are being repeated because the server does not answer. */
export function isCut(): boolean {
    return attempts > 0;
}

export function noteCut(): void {
    attempts++;
}

export function noteAnswer(): void {
    if (attempts) attempts = 0;
}

/** Waits before the next attempt, longer each time, and no longer than the browser is offline. */
export function pause(attempt: number, signal?: AbortSignal): Promise<void> {
    const ms = Math.min(15_000, 1000 * 2 ** attempt);
    return new Promise((resolve) => {
        const done = () => {
            clearTimeout(timer);
            removeEventListener("online", done);
            signal?.removeEventListener("abort", done);
            resolve();
        };
        const timer = setTimeout(done, ms);
        addEventListener("online", done);
        signal?.addEventListener("abort", done);
    });
}
