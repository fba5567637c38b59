// The document of an import task, as the server makes it (docs/imports.md).
import type { Resource } from "../../lib/api.ts";

export type TaskState =
    | "uploading"
    | "analysed"
    | "needs_answer"
    | "ready"
    | "queued"
    | "processing"
    | "completed"
    | "completed_with_errors"
    | "failed"
    | "cancelled"
    | "reverting"
    | "reverted";
export type Action = "settings" | "dry_run" | "start" | "cancel" | "revert";

export interface Origin {
    type: "unknown" | "token" | "import_task" | "user" | "command_line" | "inbox";
    id?: string;
    name?: string | null;
}
export interface CountsOf {
    records: number;
    created: number;
    updated: number;
    unchanged: number;
    skipped: number;
    failed: number;
    with_warnings: number;
}
export interface Progress {
    phase: string;
    queue_position?: number;
    records?: number;
    bytes_done?: number;
    bytes?: number;
    records_per_second?: number;
    seconds_left?: number;
    undone?: number;
}
export interface Row {
    line: number;
    cells: string[];
}
export interface ImportColumn {
    header: string;
    /** A field, "custom_attributes" (see attribute), "id", "name_part", "name_part+first_name"; null: left out. */
    becomes: string | null;
    attribute?: string;
    /** Whether customers have that attribute already; left out when there are too many to ask. */
    known?: boolean;
    warning?: "reserved_column" | "near_miss" | "name_part" | "unknown_attribute";
    near?: string;
    samples: string[];
    filled: number;
}
export interface RepairRule {
    column: string;
    rule: string;
    value?: string;
}
export interface Finding {
    code: string;
    column: string;
    count: number;
    message: { ru: string; en: string };
    offer?: { ru: string; en: string };
    examples: { line: number; old: string; new?: string | null }[];
    repair: string | null;
    accept?: Settings;
    accept_one_of?: Settings[];
    accepted: boolean;
}
export interface Settings {
    mapping?: Record<string, string>;
    repairs?: RepairRule[];
    [name: string]: unknown;
}
export interface Analysis {
    format?: "csv" | "xlsx" | "jsonl";
    encoding?: string;
    delimiter?: string;
    quote?: string;
    sheet?: string;
    sheets?: { name: string; hidden: boolean }[];
    header_line?: number;
    columns?: ImportColumn[];
    preview?: Row[];
    head?: Row[];
    encodings?: { encoding: string; lines: Row[] }[];
    delimiters?: { delimiter: string; rows: Row[] }[];
    remembered?: boolean;
    remembered_from?: string;
    findings?: Finding[];
    findings_records?: number;
    findings_complete?: boolean;
}
export interface DryRun extends CountsOf {
    seconds: number;
    fingerprint: string;
    /** How often each field changes. */
    fields: Record<string, number>;
    missing_since?: { import_task: string; count: number };
    difference?: { count: number; first: { record: number; was: string; now: string }[] };
}
export interface Failure {
    code: string;
    message: string;
    setting?: string;
    line?: number;
    column?: number;
    value?: string;
    detail?: string;
}
/** What an undo did, or would do; numbers of customers. */
export interface UndoCounts {
    removed: number;
    restored: number;
    partly: number;
    kept: number;
    gone: number;
}
/** A value, or a whole customer, that an undo leaves as it is. */
export interface Kept {
    external_id?: string | null;
    consumer_id?: string | null;
    field: string;
    key?: string | null;
    undone?: unknown;
    now?: unknown;
    detail: string;
    changed_by?: Origin | null;
    changed_at?: string | null;
}
export interface UndoPreview extends UndoCounts {
    first: Kept[];
    corrections: { id: string; created: number; updated: number }[];
    note?: string;
}
export interface Deed {
    what: string;
    at: string;
    by: Origin;
    address: string | null;
}
export interface ErrorGroup {
    count: number;
    column: string | null;
    code: string;
    field: string;
    key: string | null;
    detail: string;
    where: string;
    examples?: {
        record: number;
        line: number;
        value: string | null;
        external_id: string | null;
        other_id?: string;
    }[];
}
export interface TaskAttributes extends CountsOf {
    state: TaskState;
    possible: Action[];
    file_name: string | null;
    size: number;
    created_by: Origin;
    start: "auto" | "manual";
    settings: Settings;
    bytes_done: number;
    progress: Progress;
    analysis: Analysis | null;
    dry_run: { state: "none" | "queued" | "running" | "done" | "failed"; result: DryRun | null };
    same_content_as: string | null;
    corrects: string | null;
    /** By later imports. */
    corrected?: { failed: number; accepted: number; by: string[] };
    undo: (UndoCounts & { waiting?: number }) | null;
    undo_preview: UndoPreview | null;
    deeds: Deed[];
    sha256: string;
    created_at: string;
    started_at: string | null;
    finished_at: string | null;
    undo_until: string | null;
    files_until: string | null;
    failure: Failure | null;
}
export type Task = Resource<TaskAttributes>;

/** What an event of the task says. */
export interface Live extends CountsOf {
    state: TaskState;
    possible: Action[];
    bytes_done: number;
    dry_run: { state: TaskAttributes["dry_run"]["state"] };
    progress: Progress;
}

/** The place to drop a file, by the path that people know it by. */
export const PLACE = "/settings/import/consumers";
