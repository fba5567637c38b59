import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/audit.ts";
import { ru } from "./ru/audit.ts";

export const audit = texts({ ru, en });
