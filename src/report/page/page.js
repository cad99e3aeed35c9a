"use strict";
// The filter, the table of incidents, and what folds. Texts from logs are only ever set as text: textContent, value, title.
(() => {
  const $ = (id) => document.getElementById(id);
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const grouped = (n) => n.toLocaleString("en-US");
  const compared = $("status") !== null;

  // ---- The data: base64 of zlib of one JSON array; src/report/page/data.rs describes it.
  const lists = ["shared_addresses", "evidence", "caveats", "context", "considered", "missing", "asks", "fix", "logs"];
  const plain = ["incident_id", "events", "first_seen", "last_seen"];

  async function load() {
    const holder = $("data");
    const bytes = Uint8Array.from(atob(holder.textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const items = JSON.parse(await new Response(stream).text());
    const members = holder.dataset.members.split(" ");
    holder.remove();
    const texts = [];
    const rows = [];
    for (const item of items) {
      if (typeof item === "string") texts.push(item);
      else if (Array.isArray(item)) rows.push(item);
    }
    return rows.map((values, order) => {
      const row = { order };
      members.forEach((member, i) => {
        const value = values[i];
        if (lists.includes(member)) row[member] = value.map((n) => texts[n]);
        else row[member] = plain.includes(member) ? value : texts[value];
      });
      return row;
    });
  }

  // ---- Columns. A key is what is compared; a row's own order breaks ties.
  const rank = (names) => (row, member) => names.indexOf(row[member]);
  const lower = (row, member) => row[member].toLowerCase();
  const time = (row, member) => Date.parse(row[member]);
  const columns = [
    { member: "status", name: "Status", key: rank(["new", "reopened", "ongoing", "resolved"]), cell: status, only: compared },
    { member: "confidence", name: "Confidence", key: rank(["confirmed", "likely", "possible"]), cell: sure },
    { member: "cause", name: "Cause", key: (row) => row.cause + " " + row.kind, cell: cause },
    { member: "client", name: "Client", key: lower, cell: named },
    { member: "target_spn", name: "Target SPN", key: lower, cell: named },
    { member: "answered_by", name: "Answered by", key: lower, cell: named },
    { member: "events", name: "Events", key: (row) => row.events, cell: number, most: true },
    { member: "first_seen", name: "First seen", key: time, cell: moment },
    { member: "last_seen", name: "Last seen", key: time, cell: moment, most: true },
  ].filter((column) => column.only !== false);

  function status(row) {
    return element("span", "status " + row.status, row.status);
  }
  function sure(row) {
    return element("span", "sure " + row.confidence, row.confidence);
  }
  function cause(row) {
    const both = element("span");
    both.append(element("span", "cause " + row.cause, row.label), " ", element("code", "id", row.kind));
    return both;
  }
  function named(row, member) {
    // A line may end before a dot and behind a slash.
    const made = element("span", "name");
    for (const part of row[member].split(/(?<=[/\\@:])|(?=\.)/)) made.append(part, element("wbr"));
    return made;
  }
  function number(row) {
    return document.createTextNode(grouped(row.events));
  }
  function moment(row, member) {
    const made = element("time", "", clock.brief(row[member]));
    made.dateTime = row[member];
    made.title = row[member];
    return made;
  }

  // ---- What is shown.
  let all = [];
  let shown = [];
  let first = 0;
  let problem = "";
  let problemsInAll;
  const sorted = { by: null, down: false };
  const open = new Set();

  const nameOf = (id) => all.find((row) => row.problem_id === id)?.problem ?? id;

  const haystack = (row) => {
    row.text ??= [
      row.incident_id, row.problem, row.client, row.target_spn, row.answered_by, row.realms, row.kind, row.label, row.cause,
      row.explanation, ...row.shared_addresses, ...[row.evidence, row.context, row.caveats].flat().map(clock.words),
      ...row.missing, ...row.logs,
    ].join("\n").toLowerCase();
    return row.text;
  };

  function choose() {
    const words = $("query").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["cause", "confidence", "status"].map((id) => [id, $(id)?.value ?? ""]);
    shown = all.filter((row) =>
      (problem === "" || row.problem_id === problem) &&
      wanted.every(([member, value]) => value === "" || row[member] === value) &&
      words.every((word) => haystack(row).includes(word)));
    if (sorted.by) {
      const { key, member } = sorted.by;
      const sign = sorted.down ? -1 : 1;
      const keys = new Map(shown.map((row) => [row, key(row, member)]));
      shown.sort((a, b) => {
        const [x, y] = [keys.get(a), keys.get(b)];
        return x < y ? -sign : x > y ? sign : a.order - b.order;
      });
    }
    first = 0;
    follow();
    draw();
  }

  // A problem is shown, anywhere on the page, when one of its incidents is.
  function follow() {
    const whole = shown.length === all.length;
    const fitting = new Set(shown.map((row) => row.problem_id));
    for (const each of document.querySelectorAll("[data-p]")) each.hidden = !whole && !fitting.has(each.dataset.p);
    for (const list of document.querySelectorAll(".further")) {
      list.hidden = !whole && list.querySelector("tbody tr:not([hidden])") === null;
      // A filter opens it, and it closes with the filter.
      if (!whole && !list.open) {
        list.open = true;
        list.dataset.opened = "by filter";
      } else if (whole && list.dataset.opened) {
        list.open = false;
        delete list.dataset.opened;
      }
    }
    const problems = (rows) => new Set(rows.map((row) => row.problem_id)).size;
    problemsInAll ??= problems(all);
    $("shown").textContent = whole ? "" : (problem === "" ? "" : "Only " + nameOf(problem) + ". ") +
      `${grouped(fitting.size)} of ${grouped(problemsInAll)} problems and ` +
      `${grouped(shown.length)} of ${grouped(all.length)} incidents match.`;
    $("shown").hidden = whole;
    limitCards();
    // A part that the filter emptied goes, with its heading and its link.
    const empty = (part) => [...part.querySelectorAll("[data-p]")].every((each) => each.hidden);
    for (const part of document.querySelectorAll("#addresses, #timeline, .group")) part.hidden = !whole && empty(part);
    followAsks(whole);
    for (const link of document.querySelectorAll("nav a")) link.parentElement.hidden = $(link.hash.slice(1)).hidden;
    $("no-match").hidden = whole || !empty($("problems"));
    for (const lines of document.querySelectorAll(".bycause")) lines.hidden = !whole;
  }

  // An item of "Collect next" is shown when one of the incidents shown asks for it.
  function followAsks(whole) {
    const incidents = new Map();
    for (const row of shown.filter((each) => each.status !== "resolved")) {
      for (const ask of row.asks) incidents.set(ask, (incidents.get(ask) ?? 0) + 1);
    }
    const items = [...document.querySelectorAll("[data-ask]")];
    for (const item of items) {
      const wanted = incidents.get(item.dataset.ask) ?? 0;
      item.hidden = !whole && wanted === 0;
      const counts = item.querySelector(".counts");
      counts.dataset.all ??= counts.textContent;
      counts.textContent = whole || item.hidden ? counts.dataset.all : `${grouped(wanted)} of ${counts.dataset.all}`;
    }
    if ($("collect")) $("collect").hidden = items.every((item) => item.hidden);
  }

  function draw() {
    const size = Number($("size").value);
    const body = $("table").tBodies[0];
    const rows = shown.slice(first, first + size);
    body.replaceChildren(...rows.flatMap(drawRow));
    const whole = shown.length === all.length ? "" : ` (of ${grouped(all.length)})`;
    $("count").textContent = rows.length === 0
      ? `No incident matches${whole}`
      : `Incidents ${grouped(first + 1)} to ${grouped(first + rows.length)} of ${grouped(shown.length)}${whole}`;
    // A button that vanishes under the finger takes the focus with it; so they stay, and say that they do nothing.
    $("previous").setAttribute("aria-disabled", String(first === 0));
    $("next").setAttribute("aria-disabled", String(first + size >= shown.length));
  }

  function drawRow(row) {
    const line = element("tr");
    const id = "story-" + row.incident_id;
    const unfold = element("button", "unfold");
    unfold.type = "button";
    unfold.setAttribute("aria-controls", id);
    unfold.setAttribute("aria-label", "The story of " + row.incident_id);
    const head = element("td", "unfold");
    head.append(unfold);
    line.append(head);
    for (const column of columns) {
      const cell = element("td", column.member === "events" ? "number" : "");
      cell.dataset.name = column.name;
      cell.append(column.cell(row, column.member));
      line.append(cell);
    }
    const below = element("tr", "below");
    below.id = id;
    const unfolded = (is) => {
      unfold.setAttribute("aria-expanded", String(is));
      below.hidden = !is;
      if (is && below.childElementCount === 0) {
        const cell = element("td");
        cell.colSpan = columns.length + 1;
        cell.append(story(row));
        below.append(cell);
      }
    };
    unfolded(open.has(row.incident_id));
    unfold.addEventListener("click", () => {
      const is = !open.delete(row.incident_id);
      if (is) open.add(row.incident_id);
      unfolded(is);
    });
    return [line, below];
  }

  function story(row) {
    const made = element("div", "story");
    made.append($("story").content.cloneNode(true));
    for (const node of made.querySelectorAll("[data-text]")) {
      const value = row[node.dataset.text];
      node.textContent = typeof value === "number" ? grouped(value) : value;
    }
    for (const node of made.querySelectorAll("[data-time]")) {
      node.textContent = clock.short(row[node.dataset.time]);
      node.dateTime = row[node.dataset.time];
    }
    for (const part of made.querySelectorAll("[data-part]")) {
      const items = row[part.dataset.part];
      if (items.length === 0) part.remove();
      else part.querySelector("ul, ol").replaceChildren(...items.map((item) => {
        const made = element("li");
        made.append(...clock.parts(item));
        return made;
      }));
    }
    const what = element("p", "counts", "Problem: ");
    const card = $(row.problem_id);
    what.append(card ? link(row.problem_id, row.problem) : row.problem);
    made.querySelector(".why").after(what);
    return made;
  }

  function link(id, text) {
    const made = element("a", "", text);
    made.href = "#" + id;
    return made;
  }

  // ---- Headers that sort.
  function headers() {
    const line = $("table").tHead.rows[0];
    const blank = element("th", "unfold");
    blank.scope = "col";
    blank.append(element("span", "unseen", "Story"));
    line.append(blank);
    for (const column of columns) {
      const head = element("th", column.member === "events" ? "number" : "");
      head.scope = "col";
      const button = element("button", "sort", column.name);
      button.type = "button";
      button.addEventListener("click", () => {
        // The second time it turns round, the third time the report's order is back.
        const start = column.most === true;
        if (sorted.by !== column) Object.assign(sorted, { by: column, down: start });
        else if (sorted.down === start) sorted.down = !start;
        else Object.assign(sorted, { by: null, down: false });
        [...line.cells].forEach((cell) => cell.removeAttribute("aria-sort"));
        if (sorted.by) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
        choose();
      });
      head.append(button);
      line.append(head);
    }
  }

  function options(id, names, title, label = (name) => name) {
    const list = $(id);
    if (!list) return;
    const counts = new Map();
    for (const row of all) counts.set(row[id], (counts.get(row[id]) ?? 0) + 1);
    list.append(new Option(title, ""));
    for (const name of names) {
      if (counts.has(name)) list.append(new Option(`${label(name)} (${grouped(counts.get(name))})`, name));
    }
  }

  function filter(values) {
    $("query").value = values.query ?? "";
    for (const id of ["cause", "confidence", "status"]) if ($(id)) $(id).value = values[id] ?? "";
    problem = values.problem ?? "";
    choose();
  }

  function browse() {
    headers();
    options("cause", ["loopback-shared-ip", "duplicate-spn", "password-mismatch", "wrong-host", "undetermined"], "all causes",
      (name) => all.find((row) => row.cause === name).cause_label);
    options("confidence", ["confirmed", "likely", "possible"], "any confidence");
    options("status", ["new", "reopened", "ongoing", "resolved"], "any status");
    let waiting = 0;
    $("query").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(choose, 120);
    });
    $("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      choose();
    });
    for (const id of ["cause", "confidence", "status"]) $(id)?.addEventListener("change", choose);
    $("size").addEventListener("change", choose);
    $("clear").addEventListener("click", () => filter({}));
    const turn = (by) => {
      const to = first + by * Number($("size").value);
      if (to < 0 || to >= shown.length) return;
      first = to;
      draw();
    };
    $("previous").addEventListener("click", () => turn(-1));
    $("next").addEventListener("click", () => turn(1));
    // Who follows a number goes on where it leads: the heading of that part takes the focus.
    const go = (values, part = "incidents") => {
      filter(values);
      $(part).scrollIntoView();
      $(part + "-title").focus({ preventScroll: true });
    };
    const asButton = (cell, label, values, part) => {
      const button = element("button", "link", cell.textContent);
      button.type = "button";
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => go(values, part));
      cell.replaceChildren(button);
    };
    for (const cell of document.querySelectorAll("td[data-cause]")) {
      const { cause, confidence, part } = cell.dataset;
      const what = cell.textContent === "1" ? part.slice(0, -1) : part;
      asButton(cell, `Show ${cell.textContent} ${what}: ${cause} ${confidence ?? ""}`.trim(), { cause, confidence }, part);
    }
    for (const cell of document.querySelectorAll("td[data-problem]")) {
      const { problem } = cell.dataset;
      const what = cell.textContent === "1" ? "incident" : "incidents";
      asButton(cell, `Show ${cell.textContent} ${what}: ${nameOf(problem)}`, { problem });
    }
    for (const button of document.querySelectorAll("button[data-problem]")) {
      button.addEventListener("click", () => go({ problem: button.dataset.problem }));
    }
    for (const part of ["filters", "browse"]) $(part).hidden = false;
    clock.changed(() => {
      for (const row of all) row.text = undefined;
      draw();
    });
    choose();
    return go;
  }

  // ---- A problem as a ticket, in the order of its card. Markdown marks headings and commands, plain text does not.
  function ticket(card, markdown) {
    const out = [];
    const text = (node) => node.textContent.replace(/\s+/g, " ").trim();
    const heading = (words) => out.push("", markdown ? `**${words}**` : words);
    const plain = (words) => (markdown ? words.replace(/([\\`*_[\]<>|#])/g, "\\$1") : words);
    const title = text(card.querySelector(".title"));
    out.push(markdown ? `## ${plain(title)}` : title);
    const marks = [".cause", ".id", ".sure", ".counts"].map((mark) => card.querySelector("summary " + mark));
    out.push(plain(marks.filter(Boolean).map(text).join(", ")));
    out.push("", plain(text(card.querySelector(".why"))));
    const item = (node, mark) => {
      // Its own text with the times in it; risks and commands follow in lines of their own.
      const isOwn = (each) => each.nodeType === Node.TEXT_NODE || ["time", "code"].includes(each.localName);
      const own = [...node.childNodes].map((each) => (isOwn(each) ? each.textContent : " ")).join("");
      out.push(mark + plain(own.replace(/\s+/g, " ").trim()));
      for (const part of node.querySelectorAll(".aside, .command")) {
        const code = part.querySelector("code");
        if (part.className === "aside") out.push("   " + plain(text(part)));
        else {
          const where = part.querySelector(".on") ? text(part.querySelector(".on")) + " " : "";
          out.push("   " + plain(where) + (markdown ? "`` " + code.textContent + " ``" : code.textContent));
        }
      }
    };
    for (const part of card.querySelectorAll(".ticket > h4")) {
      heading(text(part));
      [...part.nextElementSibling.children].forEach((node, i) => {
        item(node, part.nextElementSibling.localName === "ol" ? `${i + 1}. ` : "- ");
      });
    }
    out.push("", "krbtriage " + card.id);
    return out.join("\n") + "\n";
  }
  async function copy(words) {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      // An old browser, or a page without the right: the selection can be copied all the same.
      const area = element("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      await copy(ticket(button.closest("details.problem"), button.dataset.copy === "markdown"));
      const before = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }

  // ---- Twenty problems at first; a button shows the next ones.
  const step = 20;
  let limit = step;
  const cards = [...document.querySelectorAll("#problems > details.problem")];
  function limitCards() {
    if (!$("more")) return;
    const fitting = cards.filter((card) => !card.hidden);
    fitting.forEach((card, i) => card.classList.toggle("later", i >= limit));
    const rest = Math.max(0, fitting.length - limit);
    $("more").hidden = rest === 0;
    $("more-button").textContent = `Show ${Math.min(step, rest)} more (${grouped(rest)} left)`;
  }
  $("more-button")?.addEventListener("click", () => {
    limit += step;
    limitCards();
  });
  limitCards();

  // ---- Folding, links into folded parts, paper.
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => {
      for (const each of document.querySelectorAll("details.problem")) each.open = button.dataset.fold === "open";
    });
  }
  const unfoldTo = (id, go) => {
    const target = id ? $(id) : null;
    for (let node = target; node; node = node.parentElement) if (node.localName === "details") node.open = true;
    if (target) {
      // A link wins over the filter.
      if (go && target.closest("[hidden]")) $("clear").click();
      if (target.closest(".later")) {
        limit = cards.length;
        limitCards();
      }
      target.scrollIntoView();
    } else if (go && /^[ip][0-9a-f]{12}$/.test(id)) {
      const row = all.find((each) => each.incident_id === id);
      if (row) open.add(id);
      go(row ? { query: id } : { problem: id });
    }
  };
  for (const hidden of document.querySelectorAll(".scripted")) hidden.hidden = false;
  const here = () => location.hash.slice(1);
  addEventListener("hashchange", () => unfoldTo(here(), null));
  if (here()) unfoldTo(here(), null);

  // ---- The audit's search: its cards and rows have all their text, and there is no table.
  if ($("words")) {
    const items = [...document.querySelectorAll("#problems [data-p], #addresses [data-p]")];
    const texts = new Map(items.map((each) => [each, each.textContent.toLowerCase()]));
    const findings = items.filter((each) => each.closest("#problems"));
    const search = () => {
      const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const each of items) each.hidden = !words.every((word) => texts.get(each).includes(word));
      const left = findings.filter((each) => !each.hidden).length;
      $("matches").textContent = words.length === 0 ? "" : `${grouped(left)} of ${grouped(findings.length)} findings`;
      for (const part of document.querySelectorAll("#addresses, .further, .group")) {
        part.hidden = [...part.querySelectorAll("[data-p]")].every((each) => each.hidden);
      }
      $("no-match").hidden = left > 0 || findings.length === 0;
      limitCards();
    };
    $("words").addEventListener("input", search);
    $("search").addEventListener("submit", (event) => event.preventDefault());
  }

  // A page without incidents, and the audit's, have no table.
  if (!$("data")) {
    document.documentElement.dataset.ready = "yes";
    return;
  }
  load().then((rows) => {
    all = rows;
    const go = browse();
    addEventListener("hashchange", () => unfoldTo(here(), go));
    if (here() && !$(here())) unfoldTo(here(), go);
    document.documentElement.dataset.ready = "yes";
  }).catch((error) => {
    // An old browser, or a file that was cut. What is above can be read all the same.
    $("trouble").textContent = "The table of incidents cannot be shown: " + error.message +
      ". A current Edge, Chrome or Firefox can; the problems above are read without it.";
    $("trouble").hidden = false;
    document.documentElement.dataset.ready = "failed";
  });
})();
