import { number } from "../../lib/format.ts";
import { pluralEn } from "../../lib/plural.ts";
import type { ru } from "../ru/result.ts";

const rows = (n: number) => `${number(n)} ${pluralEn(n, "row", "rows")}`;
const customers = (n: number) => `${number(n)} ${pluralEn(n, "customer", "customers")}`;

export const en: typeof ru = {
    queued: "The import waits for its turn",
    queuedText: (n) =>
        n > 0
            ? `Ahead of it: ${number(n)}. It begins by itself.`
            : "It begins by itself, as soon as there is room.",
    running: "The import is under way",
    reverting: "Being undone",
    leave: "You can close this page: the work goes on at the server, and you can come back here.",
    recordsDone: (n) => `${rows(n)} done`,
    undone: (n) => `${number(n)} passed`,
    speed: (n) => `${number(n)} rows/s`,
    left: (time) => `${time} left`,
    stop: "Stop",
    stopTitle: "Stop the import?",
    stopText: (n) =>
        `What is loaded stays: ${rows(n)} so far. The rest is not loaded. You can undo all of it later.`,
    stopAll: "“Load nothing if there are errors” is chosen: what was loaded is taken back.",

    done: "Done",
    doneAll: (n) => `Done: ${rows(n)} loaded.`,
    doneFailed: (n) => `Done, but ${rows(n)} ${pluralEn(n, "was", "were")} not loaded.`,
    breath: (c) =>
        `The file has ${rows(c.records)}: ${number(c.created)} added, ${number(c.updated)} updated, ${number(c.unchanged)} unchanged, ${number(c.skipped)} skipped, ${number(c.failed)} not loaded.`,
    rest: (n) => `The other ${number(n)} are in already: there is no need to upload the whole file again.`,
    nothingIn: "No row was loaded.",
    took: (time) => `It took ${time}.`,
    warnings: (n) => `${rows(n)} with remarks`,
    cancelled: "The import was stopped",
    cancelledText: (n) =>
        n
            ? `Before that ${rows(n)} were loaded. They are in; you can undo them, or upload the file again: nothing is loaded twice.`
            : "Nothing was written.",
    failed: "The import failed",
    failedKept: (n) =>
        `Before that ${rows(n)} were loaded. They are in; you can upload the file again: nothing is loaded twice.`,
    failedNothing: "Nothing was written.",
    reverted: "Undone",
    revertedText: (removed, restored) =>
        `${customers(removed)} of those added are gone, ${customers(restored)} have their former values again.`,
    seeKept: "What was left, and why",
    uploadAgain: "Upload a file",

    tabs: "About the import",
    tab: { summary: "Outcome", errors: "Errors", rows: "Rows", undo: "Undo", about: "Details" },

    groups: "What to mend",
    groupsText: "The most frequent first.",
    groupRows: (n) => rows(n),
    inColumn: (name) => `column “${name}”`,
    example: (line, value, who) => `line ${number(line)}${who ? `, ${who}` : ""}: ${value}`,
    emptyValue: "empty",
    other: "the customer who has it",
    showGroup: "All such rows",
    allGroups: "All reasons",
    noErrors: "No errors: every row was loaded.",
    noWarnings: "No remarks.",
    warningsTitle: "Remarks",
    warningsText: "These rows were loaded.",
    download: (n) => `Download ${rows(n)} with explanations (XLSX)`,
    downloadPlain: "Download CSV",
    downloadLines: (n) => `Download ${rows(n)} with explanations`,
    dropFixed: "Mend them in Excel, save, and drop that same file here",
    dropFixedText: "It is recognised as a correction of this import: only these rows are loaded.",
    fix: "Mend them here",
    fixLimit: (n) =>
        `Up to ${number(n)} rows can be mended on the page; there are more, so download the file.`,
    fixText:
        "Wrong cells are marked. Arrows and Enter go from row to row, cells can be pasted from Excel. What you type stays until you send it.",
    fixShown: (from, to, all) => `rows ${number(from)}–${number(to)} of ${number(all)}`,
    fixSend: (n) => (n ? `Check ${rows(n)}` : "Check what is mended"),
    fixEarlier: "Rows above",
    fixLater: "Rows below",
    fixNote: "Only rows that you mended are loaded; you see first what would change.",
    fixReset: "Back to what the file has",
    fixedName: "correction",
    filesGone:
        "The file was removed from the server when its time was over, so the rows cannot be downloaded. The list of errors stays.",
    corrected: (accepted, failed) => `${number(accepted)} of ${number(failed)} corrected.`,
    corrections: "Corrections:",
    corrects: (id) => `This corrects import no. ${id}.`,
    openImport: (id) => `import no. ${id}`,

    rowsTitle: "Rows of the file by their outcome",
    rowsOf: {
        created: "New",
        updated: "Updated",
        unchanged: "Unchanged",
        skipped: "Skipped",
        failed: "With errors",
    },
    line: "Line",
    record: "Record",
    customer: "Customer",
    change: "What changed",
    cells: "In the file",
    column: "Column",
    value: "Value",
    problem: "What is wrong",
    noRows: "There are no such rows.",

    undo: "Undo",
    undoUntil: (date) => `Undo (until ${date})`,
    undoText:
        "Customers whom this import added disappear, and those it updated have their former values again.",
    undoTold: "See first what exactly would happen: that changes nothing.",
    undoPreview: "See what would be undone",
    undoLooking: "Looking at what would be undone…",
    undoOver: "It cannot be undone any more: the former values were kept for so long only.",
    undoNone: "There is nothing to undo: this import changed nothing.",
    willRemove: (n) => `${customers(n)} ${pluralEn(n, "disappears", "disappear")}: this import added them`,
    willRestore: (n) => `${customers(n)} ${pluralEn(n, "has", "have")} former values again`,
    willPartly: (n) => `${customers(n)} in part: some values were changed since`,
    willKeep: (n) => `${customers(n)} ${pluralEn(n, "stays", "stay")} as they are: they were changed since`,
    willGone: (n) => `${customers(n)} ${pluralEn(n, "is", "are")} deleted already: nobody to restore`,
    previewFirst: "What stays as it is",
    previewMore: "and others: the whole list is there afterwards",
    withCorrections: (ids) => `Undo what corrected this import, too (${ids})`,
    undoDo: "Undo",
    undoSure: "The file can be imported again afterwards.",
    kept: "What was left, and why",
    keptColumn: {
        who: "Customer",
        field: "Field",
        undone: "From the import",
        now: "Now",
        why: "Why",
        by: "Who and when",
    },
    whole: "the whole customer",
    keptNone: "Nothing: all of it was undone.",

    about: {
        file: "File",
        size: "Size",
        download: "Download the file as it came",
        filesUntil: (date) => `Files are kept until ${date}.`,
        sha: "SHA-256",
        by: "Uploaded by",
        created: "Uploaded",
        started: "Started",
        finished: "Finished",
        settings: "Rules and mapping",
        settingsNone: "the usual ones",
        deeds: "Who did what",
        same: (id) => `The same file was imported before: import no. ${id}.`,
    },
    deed: {
        create: "uploaded the file",
        settings: "changed settings",
        dry_run: "checked it without writing",
        start: "started the import",
        cancel: "stopped it",
        revert_dry_run: "looked at what would be undone",
        revert: "undid it",
    },
};
