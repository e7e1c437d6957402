// The page: one view after the other into elements that stay, so that focus, open tables and readings stay as well.

import { Chart } from "./chart.js";
import { spans, theme } from "./controls.js";
import { Health } from "./health.js";
import { over, Ranking } from "./ranking.js";
import { Stream } from "./stream.js";
import { clock, moment, say } from "./words.js";

const at = (id) => document.getElementById(id);
const charts = new Map(), rankings = new Map();
const health = new Health(at("health"));
const letters = new Ranking("dead-letters", ["reason", "by"]);
at("rankings").append(letters.card);

let view = null, lost = false, offset = 0, heard = 0, told = null;
const now = () => Date.now() / 1000 + offset;

/** The server says what time it is: it is there. */
function clocked(time) {
  offset = time - Date.now() / 1000;
  heard = time;
  lost = false;
  standing();
}

function update(next) {
  view = next;
  const some = view.charts.some((chart) => chart.points.length);
  at("minutes").hidden = !some;
  at("empty").hidden = some || view.reading < 1;
  for (const chart of view.charts) kept(charts, chart.name, at("charts"), () => new Chart(chart)).update(chart, now());
  for (const one of view.rankings) {
    kept(rankings, one.name, at("rankings"), () => new Ranking(one.name, one.dimensions), letters.card)
      .update({ ...one, heading: over(one) });
  }
  const since = `${view.letters.total} since the topic began`;
  letters.update({ ...view.letters, title: "Dead letters by reason", heading: "total", note: since });
  say(at("period"), period(view.charts[0]?.points ?? []));
  health.update(view);
  health.tick(now());
  tell(view);
  standing();
}

/** The element of a name, made when it is first seen, in the order in which they come. */
function kept(known, name, where, make, before = null) {
  if (!known.has(name)) {
    known.set(name, make());
    where.insertBefore(known.get(name).card, before);
  }
  return known.get(name);
}

function period(points) {
  return points.length ? `${clock(points[0].minute)} to ${clock(points.at(-1).minute)} UTC, ${moment(points.at(-1).minute).slice(0, 10)}` : "";
}

/** Once a minute, in words, for those who listen. */
function tell({ charts }) {
  const over = charts[0]?.points.filter((point) => point.minute + 60 <= now()).at(-1)?.minute;
  if (over === undefined || over === told) return;
  const first = told === null;
  told = over;
  if (first) return;
  const values = charts.map((chart) => `${chart.title} ${chart.points.find((point) => point.minute === over)?.text}`);
  say(at("news"), `${clock(over)}: ${values.join(", ")}`);
}

function standing() {
  const [state, status, trouble] = stands();
  document.body.dataset.state = state;
  say(at("status"), status);
  say(at("trouble"), trouble);
  at("trouble").hidden = !trouble;
}

function stands() {
  if (lost) {
    const kept = view ? ` The numbers are those of ${moment(heard)}.` : "";
    return ["lost", "No connection", `The dashboard's server does not answer.${kept} Trying again.`];
  }
  if (view === null) return ["starting", "Connecting", ""];
  const [trouble] = view.troubles;
  if (trouble) {
    const kept = view.charts.some((chart) => chart.points.length) ? ` The numbers are those of ${moment(trouble.since)}.` : "";
    const next = view.troubles.some((one) => one.final) ? "Restart the dashboard." : "It goes on by itself.";
    return ["stale", "Stale", `${view.troubles.map((one) => one.message).join("; ")}.${kept} ${next}`];
  }
  if (view.reading < 1) return ["reading", `Reading history: ${Math.floor(view.reading * 100)} %`, ""];
  return ["live", "Live", ""];
}

const stream = new Stream({
  clock: clocked,
  heard: update,
  lost: () => {
    lost = true;
    standing();
  },
});
theme(at("theme"));
spans(at("spans"), (minutes) => stream.open(minutes));
setInterval(() => {
  if (view === null || lost) return;
  health.tick(now());
  for (const chart of charts.values()) chart.head(now());
}, 1000);
