/* Before the first paint: the theme that was chosen last time. */
try {
  const chosen = localStorage.getItem("ketamind-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch { /* storage may be closed; the system's theme holds */ }
