// From values to places.

/** A round number at or above the largest value, and the step of the lines up to it. */
export function nice(largest) {
  if (!(largest > 0)) return { top: 1, step: 1 };
  const rough = largest / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  return { top: Math.ceil(largest / step - 1e-9) * step, step };
}

/** A number of an axis: short, never a value that anybody reads off. */
export function short(value) {
  for (const [size, letter] of [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return `${+(value / size).toFixed(1)} ${letter}`;
  }
  return String(+value.toFixed(2));
}

/** Which minutes are written under the axis: at most `most`, at even times. */
export function ticks(points, most) {
  if (!points.length) return [];
  const length = (points.at(-1).minute - points[0].minute) / 60;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 240].find((each) => length / each <= most) ?? 480;
  const even = points.filter((point) => (point.minute / 60) % step === 0);
  return even.length ? even : [points[0]];
}

/** Stretches of points that have values, each all final or all provisional; a provisional one begins where it left off. */
export function stretches(points) {
  const found = [];
  let last = null;
  for (const point of points) {
    if (point.value === null) {
      last = null;
      continue;
    }
    if (last === null || found.at(-1).final !== point.final) {
      found.push({ final: point.final, points: last ? [last] : [] });
    }
    found.at(-1).points.push(point);
    last = point;
  }
  return found;
}
