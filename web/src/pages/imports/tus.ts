// A file on its way to the server by the tus protocol 1.0 (tus.io): in pieces cut from the file as they are sent, so that
// the page's memory does not depend on its size.  A connection that breaks is waited for, and the server is asked how
// much has come.
import { noteAnswer } from "../../lib/connection.svelte.ts";
import { language } from "../../lib/i18n.svelte.ts";
import { session } from "../../lib/session.svelte.ts";

const PIECE = 32 * 1024 * 1024;
const LONGEST_WAIT_MS = 15_000;

export interface Answer {
    /** 0: there was none. */
    status: number;
    header: (name: string) => string | null;
    text: string;
}
export interface Transfer {
    file: Blob;
    /** Where it goes on; "" makes a new upload. */
    location: string;
    /** Where uploads are made. */
    create: string;
    metadata: Record<string, string>;
    oncreated: (location: string) => void;
    /** Bytes that are on their way or there. */
    onprogress: (bytes: number) => void;
    /** The server does not answer, and is asked again soon; then that it does. */
    oncut: (cut: boolean) => void;
    signal: AbortSignal;
}
export type Outcome = { ok: true } | { ok: false; status: number; code: string; detail: string };

function ask(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: Blob | null,
    signal: AbortSignal,
    onprogress?: (sent: number) => void,
): Promise<Answer> {
    // fetch() cannot tell how much of a body has gone.
    return new Promise((resolve) => {
        const request = new XMLHttpRequest();
        const stop = () => request.abort();
        const end = (status: number) => {
            signal.removeEventListener("abort", stop);
            resolve({
                status,
                header: (name) => request.getResponseHeader(name),
                text: request.responseText,
            });
        };
        request.open(method, url);
        request.setRequestHeader("Tus-Resumable", "1.0.0");
        request.setRequestHeader("Accept", "application/vnd.api+json");
        request.setRequestHeader("Accept-Language", language());
        if (method !== "HEAD") request.setRequestHeader("X-CSRF-Token", session.csrfToken || "1");
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        if (onprogress) request.upload.onprogress = (event) => onprogress(event.loaded);
        request.onload = () => end(request.status);
        request.onerror = request.onabort = request.ontimeout = () => end(0);
        signal.addEventListener("abort", stop);
        request.send(body);
    });
}

function base64(text: string): string {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function refusal(answer: Answer): Outcome {
    try {
        const error = (
            JSON.parse(answer.text) as { errors: { code?: string; detail?: string; title?: string }[] }
        ).errors[0]!;
        return {
            ok: false,
            status: answer.status,
            code: error.code ?? "",
            detail: error.detail ?? error.title ?? "",
        };
    } catch {
        return { ok: false, status: answer.status, code: "", detail: "" };
    }
}

function waiting(attempt: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const done = () => {
            clearTimeout(timer);
            removeEventListener("online", done);
            signal.removeEventListener("abort", done);
            resolve();
        };
        const timer = setTimeout(done, Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt));
        addEventListener("online", done);
        signal.addEventListener("abort", done);
    });
}

const ABORTED: Outcome = { ok: false, status: 0, code: "aborted", detail: "" };
const TYPE = { "Content-Type": "application/offset+octet-stream" };

/** Sends the file; resolves when it is there, or cannot come. */
export async function transfer(t: Transfer): Promise<Outcome> {
    let location = t.location;
    let offset: number | null = location ? null : 0;
    for (let attempt = 0; ;) {
        if (t.signal.aborted) return ABORTED;
        const answer = !location
            ? await ask(
                  "POST",
                  t.create,
                  {
                      ...TYPE,
                      "Upload-Length": String(t.file.size),
                      "Upload-Metadata": Object.entries(t.metadata)
                          .map(([key, value]) => `${key} ${base64(value)}`)
                          .join(","),
                  },
                  null,
                  t.signal,
              )
            : offset === null
              ? await ask("HEAD", location, {}, null, t.signal)
              : await ask(
                    "PATCH",
                    location,
                    { ...TYPE, "Upload-Offset": String(offset) },
                    t.file.slice(offset, offset + PIECE),
                    t.signal,
                    (sent) => t.onprogress(offset! + sent),
                );
        if (t.signal.aborted) return ABORTED;
        if (answer.status >= 200 && answer.status < 300) {
            attempt = 0;
            t.oncut(false);
            noteAnswer();
            const made = answer.header("Location");
            if (!location && made) t.oncreated((location = new URL(made, window.location.href).pathname));
            offset = Number(answer.header("Upload-Offset") ?? 0);
            t.onprogress(offset);
            if (offset >= t.file.size) return { ok: true };
            continue;
        }
        if (answer.status === 401) {
            if (await session.again()) continue;
            return refusal(answer);
        }
        // No answer, or one of a server that comes back: another request may still be at the upload.
        const again = [0, 408, 409, 423, 429, 500, 502, 503, 504].includes(answer.status);
        if (!again || (!location && answer.status === 409)) return refusal(answer);
        if (answer.status !== 409 && answer.status !== 423) t.oncut(true);
        if (location) offset = null;
        await waiting(attempt++, t.signal);
    }
}
