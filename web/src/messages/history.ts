import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/history.ts";
import { ru } from "./ru/history.ts";

/** All imports that ever were. */
export const history = texts({ ru, en });
