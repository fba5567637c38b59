import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/check.ts";
import { ru } from "./ru/check.ts";

/** The way of a file from the place where it is dropped to the button. */
export const check = texts({ ru, en });
