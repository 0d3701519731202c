// Runs before the first paint: what was chosen, or what the system asks for.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("penstock-theme");
  } catch {}
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
