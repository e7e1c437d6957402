// One KPI by minute: the newest number, a chart that can be read by pointer and by keys, and the values as a table.

import { nice, short, stretches, ticks } from "./scale.js";
import { clock, drawn, element, say, state } from "./words.js";

const HEIGHT = 176, LEFT = 46, RIGHT = 12, TOP = 10, BOTTOM = 22, APART = 9;

export class Chart {
  constructor(kpi) {
    const id = `kpi-${kpi.name}`;
    this.title = element("h3", { id });
    this.big = element("span", { class: "big" });
    this.when = element("span", { class: "note" });
    this.total = element("span", { class: "note total" });
    this.picture = drawn("svg", {
      tabindex: "0", role: "slider", "aria-orientation": "horizontal", "aria-valuemin": "0",
    });
    this.reading = element("div", { class: "reading", "aria-hidden": "true", hidden: "" });
    this.plot = element("div", { class: "plot" }, this.picture, this.reading);
    this.body = element("tbody");
    this.table = element("table", {},
      element("caption", { class: "unseen" }),
      element("thead", {}, element("tr", {},
        element("th", { scope: "col" }, "minute (UTC)"),
        element("th", { scope: "col", class: "number" }, "value"),
        element("th", { scope: "col" }, "state"))),
      this.body);
    this.values = element("details", {}, element("summary", {}, "Values"),
      element("div", { class: "scroll", tabindex: "0", role: "region" }, this.table));
    this.card = element("article", { class: "card", "data-kpi": kpi.name, "aria-labelledby": id },
      this.title,
      element("div", { class: "figures" }, element("p", {}, this.big, " ", this.when), this.total),
      this.plot, this.values);
    this.points = [];
    this.at = null;
    this.#listen();
  }

  /** Show new numbers; `now` decides which minute is over. A minute that is pointed at stays so while it is there. */
  update(kpi, now) {
    const kept = this.points[this.at ?? -1]?.minute;
    this.points = kpi.points;
    const index = this.points.findIndex((point) => point.minute === kept);
    this.at = index < 0 ? null : index;
    say(this.title, kpi.title);
    this.picture.setAttribute("aria-label", `${kpi.title} by minute, arrow keys move`);
    this.table.caption.textContent = `${kpi.title} by minute`;
    this.values.lastChild.setAttribute("aria-label", `${kpi.title}, values`);
    say(this.total, kpi.total === null ? "" : `total ${kpi.total}`);
    this.head(now);
    this.draw();
    this.#fill();
  }

  /** The newest minute that is over; if there is none, the one that runs. */
  head(now) {
    const over = this.points.filter((point) => point.minute + 60 <= now);
    const point = over.at(-1) ?? this.points.at(-1);
    if (!point) return;
    const running = over.length ? "" : ", so far";
    say(this.big, point.text);
    const text = `in ${clock(point.minute)}${running}`;
    if (this.when.dataset.said === text + point.final) return;
    this.when.dataset.said = text + point.final;
    this.when.replaceChildren(text, " ", tag(point));
  }

  draw() {
    const width = this.plot.clientWidth || 460;
    const { top, step } = nice(Math.max(0, ...this.points.map((point) => point.value ?? 0)));
    const right = width - RIGHT, bottom = HEIGHT - BOTTOM;
    const first = this.points[0]?.minute ?? 0, length = (this.points.at(-1)?.minute ?? 0) - first || 1;
    this.x = (point) => (this.points.length < 2 ? (LEFT + right) / 2 : LEFT + ((point.minute - first) / length) * (right - LEFT));
    this.y = (value) => bottom - (value / top) * (bottom - TOP);
    this.apart = (right - LEFT) / Math.max(this.points.length - 1, 1);
    const parts = [];
    for (let value = 0; value <= top * 1.0001; value += step) {
      parts.push(drawn("line", { class: "rule", x1: LEFT, x2: right, y1: this.y(value), y2: this.y(value) }),
        drawn("text", { class: "tick", x: LEFT - 8, y: this.y(value) + 4, "text-anchor": "end" }, short(value)));
    }
    for (const point of ticks(this.points, Math.max(2, Math.floor(width / 90)))) {
      parts.push(drawn("text", { class: "tick", x: this.x(point), y: HEIGHT - 4, "text-anchor": "middle" }, clock(point.minute)));
    }
    for (const stretch of stretches(this.points)) parts.push(...this.#stretch(stretch, bottom));
    this.cross = drawn("g");
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.picture.setAttribute("aria-valuemax", Math.max(this.points.length - 1, 0));
    this.picture.replaceChildren(...parts, this.cross);
    this.#point();
  }

  #stretch({ final, points }, bottom) {
    const line = points.map((point, index) => `${index ? "L" : "M"}${this.x(point).toFixed(1)} ${this.y(point.value).toFixed(1)}`).join("");
    const kind = final ? "" : " provisional";
    const parts = [drawn("path", { class: `line${kind}`, d: line })];
    if (final && points.length > 1) {
      parts.unshift(drawn("path", { class: "area", d: `${line}L${this.x(points.at(-1))} ${bottom}L${this.x(points[0])} ${bottom}Z` }));
    }
    // a mark for each provisional minute while they stand apart, else for the last; a lone minute has no line at all
    const marked = points.filter((point) => point.final === final).filter((point, index, all) =>
      all.length === 1 || (!final && (index === all.length - 1 || this.apart >= APART)));
    const dot = (point) => drawn("circle", { class: `dot${kind}`, r: "3", cx: this.x(point), cy: this.y(point.value) });
    return [...parts, ...marked.map(dot)];
  }

  /** Say and mark the minute that is pointed at; without one, the newest is what a screen reader hears. */
  #point() {
    const index = this.at ?? this.points.length - 1, point = this.points[index];
    if (!point) return;
    this.picture.setAttribute("aria-valuenow", index);
    this.picture.setAttribute("aria-valuetext", `${clock(point.minute)}: ${point.text}, ${state(point)}`);
    this.reading.hidden = this.at === null;
    if (this.at === null) {
      this.cross.replaceChildren();
      return;
    }
    const x = this.x(point), value = point.value ?? 0;
    this.cross.replaceChildren(
      drawn("line", { class: "cross", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
      drawn("circle", { class: point.final ? "dot" : "dot provisional", r: "4.5", cx: x, cy: this.y(value) }));
    this.reading.replaceChildren(element("b", {}, point.text), `${clock(point.minute)}, ${state(point)}`);
    const room = this.plot.clientWidth - this.reading.offsetWidth;
    this.reading.style.left = `${Math.min(Math.max(x < room / 2 ? x + 12 : x - this.reading.offsetWidth - 12, 0), room)}px`;
  }

  #fill() {
    if (!this.values.open) return;
    this.body.replaceChildren(...this.points.toReversed().map((point) => element("tr", { "data-minute": point.minute },
      element("th", { scope: "row" }, clock(point.minute)),
      element("td", { class: "number" }, point.text),
      element("td", {}, state(point)))));
  }

  #listen() {
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -1e6, End: 1e6 };
    const go = (index) => {
      this.at = index === null ? null : Math.min(Math.max(index, 0), this.points.length - 1);
      this.#point();
    };
    this.picture.addEventListener("keydown", (event) => {
      if (event.key === "Escape") go(null);
      if (!(event.key in moves)) return;
      event.preventDefault();
      go((this.at ?? this.points.length - 1) + moves[event.key]);
    });
    this.picture.addEventListener("focus", () => this.picture.matches(":focus-visible") && go(this.at ?? this.points.length - 1));
    this.picture.addEventListener("blur", () => go(null));
    this.picture.addEventListener("pointermove", (event) => {
      const x = event.clientX - this.picture.getBoundingClientRect().left;
      const near = this.points.map((point, index) => [Math.abs(this.x(point) - x), index]).sort((a, b) => a[0] - b[0])[0];
      go(near ? near[1] : null);
    });
    this.picture.addEventListener("pointerleave", () => go(null));
    this.values.addEventListener("toggle", () => this.#fill());
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }
}

/** A minute's state as a word with an outline of its own. */
function tag(point) {
  return element("span", { class: point.final ? "tag final" : "tag" }, state(point));
}
