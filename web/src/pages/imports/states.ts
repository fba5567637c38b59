// The states of an import and who made it, in words.
import { texts } from "../../lib/i18n.svelte.ts";
import type { Origin, Progress, Task, TaskState } from "./types.ts";

const words = texts({
    ru: {
        file: "Файл",
        state: "Состояние",
        who: "Кто",
        when: "Когда",
        outcome: "Итог",
        states: {
            uploading: "загружается",
            analysed: "читается",
            needs_answer: "есть вопрос",
            ready: "ждёт запуска",
            queued: "в очереди",
            processing: "идёт",
            completed: "готово",
            completed_with_errors: "готово, есть ошибки",
            failed: "не удалось",
            cancelled: "отменён",
            reverting: "возвращается",
            reverted: "возвращено, как было",
        } as Record<TaskState, string>,
        origins: {
            unknown: "—",
            token: "токен",
            import_task: "импорт",
            user: "пользователь",
            command_line: "командная строка",
            inbox: "папка",
        } as Record<Origin["type"], string>,
    },
    en: {
        file: "File",
        state: "State",
        who: "Who",
        when: "When",
        outcome: "Outcome",
        states: {
            uploading: "uploading",
            analysed: "being read",
            needs_answer: "has a question",
            ready: "waits for the start",
            queued: "queued",
            processing: "under way",
            completed: "done",
            completed_with_errors: "done, with errors",
            failed: "failed",
            cancelled: "cancelled",
            reverting: "being undone",
            reverted: "undone",
        },
        origins: {
            unknown: "—",
            token: "token",
            import_task: "import",
            user: "user",
            command_line: "command line",
            inbox: "inbox",
        },
    },
});
const kinds: Partial<Record<TaskState, "good" | "warn" | "bad" | "info">> = {
    needs_answer: "warn",
    ready: "info",
    processing: "info",
    completed: "good",
    completed_with_errors: "warn",
    failed: "bad",
};

export const states = {
    get file() {
        return words.file;
    },
    get state() {
        return words.state;
    },
    get who() {
        return words.who;
    },
    get when() {
        return words.when;
    },
    get outcome() {
        return words.outcome;
    },
    name: (state: TaskState) => words.states[state],
    kind: (state: TaskState) => kinds[state] ?? "plain",
    by: (origin: Origin) =>
        origin.name ??
        (origin.id ? `${words.origins[origin.type]} ${origin.id}` : words.origins[origin.type]),
};

const moving: readonly TaskState[] = ["uploading", "analysed", "queued", "processing", "reverting"];

/** Whether the task goes on by itself. */
export function isMoving(task: Task): boolean {
    return moving.includes(task.attributes.state);
}

/** How far work is, from 0 to 1; undefined: nobody knows. */
export function shareOf(progress: Progress): number | undefined {
    const { bytes, bytes_done } = progress;
    return bytes ? (bytes_done ?? 0) / bytes : undefined;
}
