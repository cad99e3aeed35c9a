"use strict";
// Times as the reader wants them: UTC, as the page is written, or this browser's zone, as Event Viewer shows them.
const clock = (() => {
  let local = false;
  const listeners = [];
  const two = (n) => String(n).padStart(2, "0");
  const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const hour = (at) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  // To the second; the whole time is in the title.
  const short = (time) => {
    const at = new Date(time);
    if (!local || Number.isNaN(at.getTime())) return time.slice(0, 10) + " " + time.slice(11, 19) + "Z";
    return day(at) + " " + hour(at);
  };
  const write = (nodes, attribute, text) => {
    for (const node of nodes) {
      node.dataset.utc ??= node.textContent;
      node.textContent = local ? text(new Date(node.getAttribute(attribute))) : node.dataset.utc;
    }
  };
  // The minutes of an offset that is not whole hours are real: India, Nepal.
  const offset = () => {
    const minutes = -new Date().getTimezoneOffset();
    const sign = minutes < 0 ? "-" : "+";
    return `UTC${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  };
  const button = document.getElementById("zone");
  button?.addEventListener("click", () => {
    local = !local;
    button.setAttribute("aria-pressed", String(local));
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.getElementById("zone-name").textContent = local ? `Times are ${zone}, now ${offset()}.` : "Times are UTC.";
    write(document.querySelectorAll("time[datetime]"), "datetime", (at) => day(at) + " " + hour(at));
    write(document.querySelectorAll("text[data-day]"), "data-day", day);
    write(document.querySelectorAll("text[data-clock]"), "data-clock", hour);
    for (const listener of listeners) listener();
  });
  return { short, changed: (listener) => listeners.push(listener) };
})();
