import { settings as t } from "../../messages/settings.ts";
import type { Attempt } from "./hooks.ts";

/** What came of an attempt, in words. */
export function outcome(attempt: Attempt): string {
    if (attempt.status !== null) return t.httpAnswer(attempt.status);
    return t.sendError[attempt.error ?? ""] ?? attempt.error ?? "";
}
