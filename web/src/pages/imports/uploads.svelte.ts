// The uploads of this tab, and those that a reload cut off.  They go on while other pages are looked at; what is on its
// way is remembered by the file's name, size and time, so that the same file dropped again goes on where it stopped.
import { company, get, send } from "../../lib/api.ts";
import { session } from "../../lib/session.svelte.ts";
import { transfer, type Outcome } from "./tus.ts";
import type { Task } from "./types.ts";

interface Kept {
    location: string;
    id: string;
    name: string;
    size: number;
    at: number;
}
const KEPT_MS = 6 * 86_400_000;

const storeKey = () => `uploads:${session.companyId}`;

function allKept(): Record<string, Kept> {
    try {
        const all = JSON.parse(localStorage.getItem(storeKey()) ?? "{}") as Record<string, Kept>;
        return Object.fromEntries(Object.entries(all).filter(([, one]) => Date.now() - one.at < KEPT_MS));
    } catch {
        return {};
    }
}

function keep(key: string, one: Kept | null): void {
    const all = allKept();
    if (one) all[key] = one;
    else delete all[key];
    try {
        localStorage.setItem(storeKey(), JSON.stringify(all));
    } catch {
        // It cannot go on after a reload; all else works.
    }
}

function keyOf(file: File): string {
    return `${file.name}|${file.size}|${file.lastModified}`;
}

export class Upload {
    readonly file: File;
    readonly key: string;
    id = $state("");
    /** Bytes that are on their way or there. */
    sent = $state(0);
    state = $state<"sending" | "cut" | "failed" | "done">("sending");
    failure = $state.raw<Extract<Outcome, { ok: false }> | null>(null);
    /** Bytes a second, of the last seconds. */
    speed = $state(0);
    #stop = new AbortController();
    #marks: { at: number; sent: number }[] = [];

    constructor(file: File) {
        this.file = file;
        this.key = keyOf(file);
    }
    get share(): number {
        return this.file.size ? this.sent / this.file.size : 1;
    }
    get secondsLeft(): number | null {
        return this.speed > 0 ? (this.file.size - this.sent) / this.speed : null;
    }
    note(sent: number): void {
        this.sent = sent;
        const now = performance.now();
        this.#marks.push({ at: now, sent });
        while (this.#marks.length > 2 && now - this.#marks[0]!.at > 4000) this.#marks.shift();
        const first = this.#marks[0]!;
        if (now - first.at > 500) this.speed = Math.max(0, ((sent - first.sent) / (now - first.at)) * 1000);
    }
    stop(): void {
        this.#stop.abort();
    }

    async run(oncreated: (id: string) => void): Promise<void> {
        const kept = allKept()[this.key];
        let created = false;
        const made = (location: string) => {
            this.id = location.split("/").pop()!;
            const { name, size } = this.file;
            keep(this.key, { location, id: this.id, name, size, at: Date.now() });
            if (!created) oncreated(this.id);
            created = true;
        };
        if (kept) made(kept.location);
        const go = (location: string) =>
            transfer({
                file: this.file,
                location,
                create: company("import_uploads"),
                metadata: { filename: this.file.name, start: "manual", dry_run: "true" },
                oncreated: made,
                onprogress: (sent) => this.note(sent),
                oncut: (cut) => (this.state = cut ? "cut" : "sending"),
                signal: this.#stop.signal,
            });
        let outcome = await go(kept?.location ?? "");
        // What was begun before is gone, or is whole: it begins anew.
        if (!outcome.ok && kept && [403, 404, 410].includes(outcome.status)) {
            keep(this.key, null);
            created = false;
            outcome = await go("");
        }
        if (!outcome.ok && outcome.code === "aborted") return;
        if (outcome.ok || ![0, 401].includes(outcome.status)) keep(this.key, null);
        this.failure = outcome.ok ? null : outcome;
        this.state = outcome.ok ? "done" : "failed";
    }
}

let running = $state.raw<Upload[]>([]);

function leaving(event: BeforeUnloadEvent): void {
    event.preventDefault();
}
function watch(): void {
    if (running.some((one) => one.state === "sending" || one.state === "cut"))
        addEventListener("beforeunload", leaving);
    else removeEventListener("beforeunload", leaving);
}

/** The upload of this tab that the task is made by. */
export function uploadOf(id: string): Upload | undefined {
    return running.find((one) => one.id === id);
}
/** One that the server did not take at all. */
export function refused(): Upload | undefined {
    return running.find((one) => one.state === "failed" && !one.id);
}
export function forget(upload: Upload): void {
    running = running.filter((one) => one !== upload);
    watch();
}

/** Sends the file, or goes on with it; `oncreated` is told its task as soon as there is one. */
export function upload(file: File, oncreated: (id: string) => void): Upload {
    const key = keyOf(file);
    const same = running.find((one) => one.key === key && (one.state === "sending" || one.state === "cut"));
    if (same) {
        if (same.id) oncreated(same.id);
        return same;
    }
    const made = new Upload(file);
    running = [...running.filter((one) => one.state !== "failed" && one.state !== "done"), made];
    watch();
    void made.run(oncreated).then(watch);
    return made;
}

/** Stops sending and has the server forget what has come. */
export async function drop(id: string): Promise<void> {
    const mine = uploadOf(id);
    if (mine) {
        mine.stop();
        forget(mine);
        keep(mine.key, null);
    }
    for (const [key, one] of Object.entries(allKept())) if (one.id === id) keep(key, null);
    await send("DELETE", company(`import_uploads/${id}`), undefined, {
        headers: { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream" },
    });
}

/** Whether this browser knows the file of an upload that stopped. */
export function known(id: string): { name: string; size: number } | undefined {
    return Object.values(allKept()).find((one) => one.id === id);
}

/** Uploads that stopped: not over, and not of this tab. */
export async function stopped(signal: AbortSignal): Promise<Task[]> {
    const result = await get<{ data: Task[] }>(
        company("import_tasks"),
        { state: "uploading", per_page: 20 },
        { signal, once: true },
    );
    return result.ok ? result.value.data.filter((one) => !uploadOf(one.id)) : [];
}
