// Light or dark: as the system has it until the button is used; and the colours that canvases draw with.

/** Of UEs: Okabe and Ito's palette for the colour-blind without the vermilion of collisions, each with its ink. */
const PALETTE = [["#56b4e9", "#000"], ["#009e73", "#000"], ["#f0e442", "#000"], ["#cc79a7", "#000"], ["#0072b2", "#fff"]];
const fillOf = (ue) => PALETTE[ue % PALETTE.length];

const onTheme = [];
const dark = matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;
let colours = {};

function showTheme() {
  const theme = chosenTheme ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  element("theme").textContent = theme === "dark" ? "Light" : "Dark";
  element("theme").setAttribute("aria-label", `Change to a ${theme === "dark" ? "light" : "dark"} page`);
  colours = {};
  const probe = make("span");
  document.body.append(probe);
  for (const name of ["paper", "raised", "ink", "muted", "line", "accent", "grid-idle", "buffer", "collision"]) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  for (const redraw of onTheme) redraw();
}
element("theme").addEventListener("click", () => {
  chosenTheme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  showTheme();
});
dark.addEventListener("change", showTheme);
showTheme();
