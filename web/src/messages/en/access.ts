import type { ru } from "../ru/access.ts";

export const en: typeof ru = {
    login: "Log in",
    email: "E-mail",
    password: "Password",
    enter: "Log in",
    forgot: "Forgot the password? Ask your company's administrator for a link to set a new one.",
    company: "Company",
    chooseCompany: "This e-mail and password fit several companies. Which one do you want?",
    throttled: (wait) => `Too many attempts. The next is possible in ${wait}.`,
    again: "Log in again",
    againText:
        "The session has ended. The page below this window is as you left it: your work goes on after login.",
    other: "Log in as somebody else",
    setup: "First start",
    setupText: "This server has no users yet. Create a company and its first administrator.",
    code: "One-time code",
    codeHint:
        "The server printed it into its log when it started, in the line with the words “one-time code”.",
    companyName: "Company name",
    zone: "Time zone",
    zoneHint: "Dates are shown in it, and dates without a zone in files are read in it.",
    newPassword: "Password",
    newPasswordHint: "At least 8 characters. A long phrase is safer than a short password with signs.",
    showPassword: "Show the password",
    create: "Create and log in",
    invite: "Invitation",
    inviteText: (company) => `You are invited to the company “${company}”.`,
    inviteRole: (role) => `Your role: ${role}.`,
    resetTitle: "New password",
    resetText: (company) => `Set a new password for the company “${company}”.`,
    accept: "Set the password and log in",
    badInvite: "The link does not work",
    badInviteText:
        "It was used or withdrawn, or it has expired. Ask your company's administrator for a new one.",
    toLogin: "To the login page",
};
