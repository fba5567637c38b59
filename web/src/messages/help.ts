import { texts } from "../lib/i18n.svelte.ts";
import { en } from "./en/help.ts";
import { ru } from "./ru/help.ts";

/** «Импорт клиентов»: how customers come in. */
export const help = texts({ ru, en });
