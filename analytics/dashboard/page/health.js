// The pipeline: how far behind it is, how fresh, and which versions are in flight.

import { ago, element, moment, say } from "./words.js";

export class Health {
  constructor(where) {
    this.tiles = {
      lag: new Tile("Processor lag", "offsets to go, by partition"),
      received: new Tile("Last event", "received by the broker"),
      published: new Tile("Last numbers", "published by the streaming job"),
      watermark: new Tile("Watermark", "minutes that end before it are final"),
      late: new Tile("Late events", "came behind the watermark; in a number only if its minute was recomputed since"),
      versions: new Tile("Schema versions in flight", "of the newest events of each topic"),
    };
    this.tiles.versions.card.classList.add("wide");
    where.append(...Object.values(this.tiles).map((tile) => tile.card));
  }

  update({ pipeline, watermark, late }) {
    this.since = { received: pipeline.received, published: pipeline.published };
    this.tiles.lag.update(pipeline.lag ?? "–");
    this.tiles.lag.list([["", pipeline.lags.map(({ partition, text }) => [partition, text])]]);
    this.tiles.watermark.update(watermark === null ? "–" : moment(watermark).slice(11));
    this.tiles.watermark.card.title = watermark === null ? "" : moment(watermark);
    this.tiles.late.update(late);
    this.tiles.versions.update("");
    this.tiles.versions.list(pipeline.versions.map(({ topic, shares }) => [topic, shares]));
  }

  tick(now) {
    for (const [name, time] of Object.entries(this.since)) {
      this.tiles[name].update(time === null ? "–" : ago(now - time));
      this.tiles[name].card.title = time === null ? "" : moment(time);
    }
  }
}

/** A number with a title, and below it lists of names with a text each. */
class Tile {
  constructor(title, note) {
    this.big = element("p", { class: "big" });
    this.lists = element("div", { class: "lists" });
    this.card = element("article", { class: "card", "data-tile": title.toLowerCase() },
      element("h3", {}, title), this.big, element("p", { class: "note" }, note), this.lists);
  }

  update(text) {
    this.big.hidden = !text;
    say(this.big, text);
  }

  list(groups) {
    this.lists.replaceChildren(...groups.filter(([, pairs]) => pairs.length).map(([name, pairs]) => {
      const items = pairs.map(([label, text]) => element("li", {}, `${label} `, element("b", {}, text)));
      return element("div", {}, ...(name ? [element("h4", {}, name)] : []), element("ul", { class: "chips" }, ...items));
    }));
  }
}
