"use strict";
// Times in the zone that the reader chooses: the report's, UTC, or this browser's. Each zone is a function from milliseconds since
// 1970 to its offset from UTC in minutes.
const clock = (() => {
  const list = document.getElementById("zone");
  const changes = (list?.dataset.offsets ?? "0:0").split(" ").map((change) => change.split(":").map(Number));
  const zones = {
    // Earlier times have the first offset.
    report: (at) => (changes.findLast(([from]) => from * 1000 <= at) ?? changes[0])[1],
    utc: () => 0,
    browser: (at) => -new Date(at).getTimezoneOffset(),
  };
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const names = { report: list?.options[0].text ?? "UTC", utc: "UTC", browser: own };
  let chosen = "report";
  const listeners = [];
  const two = (n) => String(n).padStart(2, "0");
  const suffix = (at) => {
    if (names[chosen] === "UTC") return " UTC";
    const minutes = zones[chosen](at);
    const size = Math.abs(minutes);
    return ` ${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  };
  const shifted = (at) => new Date(at + zones[chosen](at) * 60_000).toISOString();
  const day = (at) => shifted(at).slice(0, 10);
  const hour = (at) => shifted(at).slice(11, 19);
  const known = (at) => Math.abs(at) < 8.64e15 - 864e5;
  const written = (time, write) => (known(Date.parse(time)) ? write(Date.parse(time)) : time);
  // To the minute and without the zone, for columns; the whole time is in the title.
  const brief = (time) => written(time, (at) => `${day(at)} ${hour(at).slice(0, 5)}`);
  const short = (time) => written(time, (at) => `${day(at)} ${hour(at)}${suffix(at)}`);
  // A text whose times are elements of their own, so that `write` can show them in another zone. Commands are between backticks.
  const isTime = /(?<![\p{L}\p{N}])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)(?![\p{L}\p{N}])/u;
  const commands = (text) => text.split(/`([^`]+)`/).map((part, i) => {
    if (i % 2 === 0) return part;
    const made = document.createElement("code");
    made.textContent = part;
    return made;
  });
  const parts = (text) => text.split(isTime).flatMap((part, i) => {
    if (i % 2 === 0) return commands(part);
    const made = document.createElement("time");
    made.dateTime = part;
    made.textContent = short(part);
    return made;
  });
  // The same as text, for the search. Many incidents share a text.
  let texts = new Map();
  const words = (text) => {
    if (!texts.has(text)) texts.set(text, text.split(isTime).map((part, i) => (i % 2 === 0 ? part : short(part))).join(""));
    return texts.get(text);
  };
  const inTable = (node) => node.closest("table") && !node.closest(".story");
  const write = () => {
    for (const node of document.querySelectorAll("time[datetime]")) {
      node.textContent = (inTable(node) ? brief : short)(node.dateTime);
    }
    for (const node of document.querySelectorAll("text[data-day]")) node.textContent = day(Date.parse(node.dataset.day));
    for (const node of document.querySelectorAll("text[data-clock]")) node.textContent = hour(Date.parse(node.dataset.clock));
    for (const node of document.querySelectorAll(".zone-name")) node.textContent = names[chosen];
    for (const listener of listeners) listener();
  };
  if (list) {
    list.options[0].text += " (this report)";
    if (own && ![...list.options].some((option) => option.text.split(" ")[0] === own)) {
      list.add(new Option(own + " (this browser)", "browser"));
    }
    list.addEventListener("change", () => {
      chosen = list.value;
      texts = new Map();
      write();
    });
  }
  return { brief, short, parts, words, changed: (listener) => listeners.push(listener) };
})();
