import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/result.ts";
import { ru } from "./ru/result.ts";

/** An import that runs or is over: its outcome, its errors, the way back. */
export const result = texts({ ru, en });
