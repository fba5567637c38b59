// One import task: its document, and what its events say meanwhile.
import { company, get, send, type ApiError, type Result } from "../../lib/api.ts";
import type { Action, Live, Settings, Task } from "./types.ts";

interface TaskDocument {
    data: Task;
}

const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 2000;

/** Whether it will be something else soon without anybody asking. */
function moves(task: Task): boolean {
    const { state, dry_run } = task.attributes;
    return (
        ["uploading", "analysed", "queued", "processing", "reverting"].includes(state) ||
        ["queued", "running"].includes(dry_run.state)
    );
}

export class TaskStore {
    readonly id: string;
    task = $state.raw<Task | null>(null);
    live = $state.raw<Live | null>(null);
    error = $state.raw<ApiError | null>(null);
    #asked = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #pause = FIRST_PAUSE_MS;
    #following = false;

    constructor(id: string) {
        this.id = id;
    }
    get path(): string {
        return `import_tasks/${this.id}`;
    }

    #take(result: Result<TaskDocument>, number: number): void {
        if (number < this.#asked) return; // a newer question is under way
        if (result.ok) {
            this.task = result.value.data;
            if (!moves(this.task)) this.live = null;
            this.#look();
        }
        this.error = result.ok ? null : result.error;
    }
    // Events tell what differs from what they said last: of what was over between two of them they say nothing.
    #look(): void {
        clearTimeout(this.#timer);
        if (!this.#following || !this.task || !moves(this.task)) return;
        this.#timer = setTimeout(() => void this.reload(), this.#pause);
        this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 1.5);
    }
    async reload(): Promise<void> {
        const number = ++this.#asked;
        this.#take(await get<TaskDocument>(company(this.path)), number);
    }
    /** Asks something of the task; what it is then is shown at once. */
    async ask(action: Action, body: object = {}): Promise<Result<TaskDocument>> {
        const number = ++this.#asked;
        this.#pause = FIRST_PAUSE_MS;
        const result = await send<TaskDocument>("POST", company(`${this.path}/${action}`), body);
        if (result.ok) this.#take(result, number);
        else void this.reload();
        return result;
    }
    async put(settings: Settings): Promise<Result<TaskDocument>> {
        const number = ++this.#asked;
        this.#pause = FIRST_PAUSE_MS;
        const result = await send<TaskDocument>("PUT", company(`${this.path}/settings`), settings);
        if (result.ok) this.#take(result, number);
        return result;
    }

    /** Follows the task until the function that is returned is called. */
    follow(): () => void {
        let source: EventSource | null = null;
        let timer: ReturnType<typeof setTimeout> | undefined;
        let over = false;
        this.#following = true;
        const hear = (event: MessageEvent<string>) => {
            const live = JSON.parse(event.data) as Live;
            const known = this.task?.attributes;
            this.live = live;
            if (!known || known.state !== live.state || known.dry_run.state !== live.dry_run.state)
                void this.reload();
        };
        const open = () => {
            source?.close();
            if (over) return;
            source = new EventSource(company(`${this.path}/events`));
            source.addEventListener("progress", hear);
            source.addEventListener("end", (event) => {
                hear(event as MessageEvent<string>);
                source?.close();
            });
            source.onerror = () => {
                // The browser comes back by itself unless it was refused: then the document is asked for.
                if (source?.readyState !== EventSource.CLOSED || over) return;
                timer = setTimeout(() => void this.reload().then(open), 3000);
            };
        };
        void this.reload().then(open);
        return () => {
            over = true;
            this.#following = false;
            clearTimeout(timer);
            clearTimeout(this.#timer);
            source?.close();
        };
    }
}
