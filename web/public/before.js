// Before the first paint: the theme and the language that were chosen here, so that nothing flashes.
(function () {
    try {
        var theme = localStorage.getItem("theme");
        if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
        var language = localStorage.getItem("language");
        if (language === "en" || language === "ru") document.documentElement.lang = language;
    } catch (e) {
        // A browser that keeps nothing has the system's theme.
    }
})();
