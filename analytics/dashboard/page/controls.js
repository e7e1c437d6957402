// What a person chooses: light or dark, and how many minutes.

import { element, span } from "./words.js";

const SPANS = [30, 60, 180, 360], USUAL = 60;

/** Light or dark: as the system says, until the switch says otherwise. */
export function theme(button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = chosen;
    button.textContent = chosen === "dark" ? "Light theme" : "Dark theme";
  };
  button.addEventListener("click", () => {
    localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
}

/** The choice of minutes, kept in the page's address; calls `chosen` now and with each change. */
export function spans(where, chosen) {
  const asked = Number(new URLSearchParams(location.search).get("minutes"));
  const first = SPANS.includes(asked) ? asked : USUAL;
  for (const minutes of SPANS) {
    const input = element("input", { type: "radio", name: "minutes", value: minutes });
    input.checked = minutes === first;
    input.addEventListener("change", () => {
      history.replaceState(null, "", `?minutes=${minutes}`);
      chosen(minutes);
    });
    where.append(element("label", {}, input, span(minutes)));
  }
  chosen(first);
}
