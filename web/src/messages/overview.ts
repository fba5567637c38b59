import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/overview.ts";
import { ru } from "./ru/overview.ts";

export const overview = texts({ ru, en });
