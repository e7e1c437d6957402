// Groups by size: a table whose rows have bars.

import { clock, element, say } from "./words.js";

export class Ranking {
  constructor(name, columns) {
    const id = `group-${name}`;
    this.title = element("h3", { id });
    this.note = element("p", { class: "note" });
    this.number = element("th", { scope: "col", class: "number" });
    this.body = element("tbody");
    this.table = element("table", { "aria-labelledby": id },
      element("thead", {}, element("tr", {},
        ...columns.map((column) => element("th", { scope: "col", class: "label" }, column)),
        element("td", { class: "bar" }),
        this.number)),
      this.body);
    this.card = element("article", { class: "card", "data-group": name, "aria-labelledby": id },
      this.title, this.note, this.table);
  }

  /** Show rows of labels, text and share; `rest` is the line for what is not listed. */
  update({ title, rows, heading, note = "", rest = null, rest_text = "" }) {
    say(this.title, title);
    say(this.note, rows.length ? note : "none yet");
    say(this.number, heading);
    this.table.hidden = !rows.length;
    const lines = rows.map((row) => this.#line(row));
    if (rest !== null) {
      const columns = rows[0].labels.length;
      lines.push(element("tr", { class: "rest" },
        element("th", { scope: "row", colspan: columns + 1 }, `${rest} more`),
        element("td", { class: "number" }, rest_text)));
    }
    this.body.replaceChildren(...lines);
  }

  #line({ labels, text, share }) {
    const bar = element("div");
    bar.style.width = `${share * 100}%`;
    const [first, ...others] = labels;
    return element("tr", {},
      element("th", { scope: "row", class: "label" }, first),
      ...others.map((label) => element("td", { class: "label second" }, label)),
      element("td", { class: "bar", "aria-hidden": "true" }, bar),
      element("td", { class: "number" }, text));
  }
}

/** Over what the numbers of a KPI's ranking are. */
export const over = ({ minute }) => (minute === null ? "total" : `in ${clock(minute)}`);
