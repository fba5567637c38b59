import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/common.ts";
import { ru } from "./ru/common.ts";

/** The texts that all pages share; an area's own file beside this one is made the same way. */
export const common = texts({ ru, en });
