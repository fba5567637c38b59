// The settings of a company as a form has them: every choice with its default, and numbers as text.

export interface Settings {
    name: string;
    zone: string;
    put_contacts: "update" | "ignore";
    import_webhooks: "none" | "record" | "digest";
    import_defaults: Record<string, unknown>;
    keep_files_days: number | null;
    keep_trail_days: number | null;
    keep_audit_days: number | null;
}
export interface SettingsDocument {
    data: {
        type: string;
        id: string;
        attributes: Settings;
        meta?: {
            server?: { keep_files_days: number; keep_trail_days: number; keep_audit_days: number };
            import_defaults_names?: string[];
        };
    };
}

/** The choices of an import, the first of each is what it is without being said. */
export const CHOICES = {
    mode: ["both", "create_only", "update_only"],
    taken_email: ["fail", "leave_out", "adopt"],
    repeats: ["in_order", "first_wins", "fail"],
    attributes: ["merge", "replace"],
    bad_values: ["fail", "leave_out"],
    hidden_rows: ["keep", "leave_out"],
    date_order: ["fail", "dmy", "mdy"],
} as const;
export type ChoiceName = keyof typeof CHOICES;
export const CHOICE_NAMES = Object.keys(CHOICES) as ChoiceName[];
export const FLAGS = ["blank_missing", "clear_blank", "allow_opt_in", "all_or_nothing"] as const;
export type FlagName = (typeof FLAGS)[number];
export const KEEPS = ["keep_files_days", "keep_trail_days", "keep_audit_days"] as const;
export type KeepName = (typeof KEEPS)[number];

export interface Form {
    name: string;
    zone: string;
    put_contacts: string;
    import_webhooks: string;
    choices: Record<ChoiceName, string>;
    flags: Record<FlagName, boolean>;
    keep: Record<KeepName, string>;
}

const isTrue = (value: unknown) => value === true || value === "true";

export function formOf(settings: Settings): Form {
    const given = settings.import_defaults;
    return {
        name: settings.name,
        zone: settings.zone,
        put_contacts: settings.put_contacts,
        import_webhooks: settings.import_webhooks,
        choices: Object.fromEntries(
            CHOICE_NAMES.map((name) => [name, String(given[name] ?? CHOICES[name][0])]),
        ) as Form["choices"],
        flags: Object.fromEntries(FLAGS.map((name) => [name, isTrue(given[name])])) as Form["flags"],
        keep: Object.fromEntries(KEEPS.map((name) => [name, String(settings[name] ?? "")])) as Form["keep"],
    };
}

/** Defaults that the form does not show: they stay as they are. */
export function otherDefaults(settings: Settings): string[] {
    const shown: string[] = [...CHOICE_NAMES, ...FLAGS];
    return Object.keys(settings.import_defaults).filter((name) => !shown.includes(name));
}

/** What of the form differs from what the server has, as the server takes it. */
export function changesOf(form: Form, settings: Settings): Partial<Settings> {
    const before = formOf(settings);
    const changes: Record<string, unknown> = {};
    for (const name of ["name", "zone", "put_contacts", "import_webhooks"] as const)
        if (form[name] !== before[name]) changes[name] = form[name];
    for (const name of KEEPS)
        if (String(form.keep[name] ?? "") !== before.keep[name]) {
            const text = String(form.keep[name] ?? "").trim();
            changes[name] = text === "" ? null : Number(text);
        }
    const same =
        JSON.stringify([form.choices, form.flags]) === JSON.stringify([before.choices, before.flags]);
    if (!same) {
        const kept = otherDefaults(settings).map((name) => [name, settings.import_defaults[name]]);
        const choices = CHOICE_NAMES.filter((name) => form.choices[name] !== CHOICES[name][0]);
        const flags = FLAGS.filter((name) => form.flags[name]);
        changes["import_defaults"] = Object.fromEntries([
            ...kept,
            ...choices.map((name) => [name, form.choices[name]]),
            ...flags.map((name) => [name, true]),
        ]);
    }
    return changes as Partial<Settings>;
}
