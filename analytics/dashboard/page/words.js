// Elements and texts. Whatever comes from an event goes in as text: nothing in this page reads HTML from a value.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child that is no element is text. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Put a text in, if it is another one: what is unchanged is not announced again. */
export function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** Seconds since 1970 as HH:MM, UTC. */
export const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

/** The same with day and second. */
export const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";

/** How long ago something was, in a word or two. */
export function ago(seconds) {
  if (seconds < 2) return "now";
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

/** A number of minutes. */
export const span = (minutes) => (minutes < 60 ? `${minutes} min` : `${minutes / 60} h`);

/** Whether a minute is final, in a word. */
export const state = (point) => (point.final ? "final" : "provisional");
