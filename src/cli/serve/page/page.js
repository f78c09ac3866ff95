"use strict";
// Everything that comes from the service is text, never markup.
const EVERY_MS = 2000, PATIENCE_MS = 5000, MAX_POINTS = 1800, RATE_MS = 15000;
const $ = (id) => document.getElementById(id);
const make = (name, text, kind) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
const scaled = (value, step, units) => {
  let unit = 0;
  while (value >= step && unit < units.length - 1) { value /= step; unit += 1; }
  const digits = unit === 0 ? (value < 10 && value % 1 ? 1 : 0) : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toFixed(digits) + units[unit];
};
const bytes = (value) => scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"]);
const count = (value) => value < 10000 ? scaled(value, Infinity, [""]) : scaled(value, 1000, ["", "k", "M", "G", "T"]);
const span = (seconds) => {
  seconds = Math.max(0, Math.floor(seconds));
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds % 3600 / 60) + " min";
  return Math.floor(seconds / 86400) + " d " + Math.floor(seconds % 86400 / 3600) + " h";
};
const name = (row) => row.subscription + "/" + row.environment;
const sum = (rows, of) => rows.reduce((all, row) => all + (of(row) || 0), 0);
const values = (counts) => Object.values(counts || {}).reduce((all, one) => all + one, 0);

// Counters of the last seconds, by name; a service that was started anew counts from 0 again.
class Rates {
  constructor() { this.looks = []; }
  add(at, counters) {
    this.looks.push({ at, counters });
    while (this.looks.length > 2 && at - this.looks[1].at >= RATE_MS) this.looks.shift();
  }
  of(key) {
    const first = this.looks[0], last = this.looks[this.looks.length - 1];
    if (!first || last.at <= first.at) return 0;
    return Math.max(0, (last.counters.get(key) || 0) - (first.counters.get(key) || 0)) * 1000 / (last.at - first.at);
  }
}
let rates = new Rates(), points = [], started = "", answered = 0, status = null, skew = 0;

const counters = (now) => {
  const all = new Map(), add = (key, value) => all.set(key, (all.get(key) || 0) + (value || 0));
  for (const row of now.environments) {
    const of = name(row), lines = row.lines ?? values(row.outcomes);
    add("lines", lines); add("lines " + of, lines);
    add("bytes", row.read_bytes); add("bytes " + of, row.read_bytes);
    add("events", values(row.events)); add("events " + of, values(row.events));
  }
  add("raw", now.raw_bytes);
  // A blob that is first seen now is no news: of how many bytes it was before is not known.
  for (const blob of now.blobs || []) all.set("blob " + name(blob) + " " + blob.blob, blob.ingested);
  return all;
};
const blobRate = (blob) => {
  const key = "blob " + name(blob) + " " + blob.blob;
  return rates.looks.length && rates.looks[0].counters.has(key) ? rates.of(key) : 0;
};

const errors = (row) => values(row.errors);
const KINDS = {
  worker: {
    first: ["Lag", () => sum(status.environments, (row) => row.lag_bytes), bytes],
    second: ["Lines a second", () => rates.of("lines"), count],
    tiles: () => [
      ["Lag", bytes(sum(status.environments, (row) => row.lag_bytes))],
      ["Ingested", bytes(rates.of("bytes")) + "/s"],
      ["Lines", count(rates.of("lines")) + "/s"],
      ["Open blobs", count(sum(status.environments, (row) => row.blobs.open))],
      ["Failed blobs", count(sum(status.environments, (row) => row.blobs.failed)), "bad"],
      ["Errors since start", count(sum(status.environments, errors)), "warn"],
    ],
    columns: [
      ["Lag", (row) => row.lag_bytes, bytes], ["Rate", (row) => rates.of("bytes " + name(row)), (rate) => bytes(rate) + "/s"],
      ["Lines/s", (row) => rates.of("lines " + name(row)), count, "wide"], ["Open", (row) => row.blobs.open, count, "wide"],
      ["Closed", (row) => row.blobs.closed, count, "wide"], ["Failed", (row) => row.blobs.failed, count],
      ["Lines", (row) => row.lines, count, "wide"], ["Skipped", (row) => row.skipped_bytes, bytes, "wide"], ["Errors", errors, count, "wide"],
    ],
  },
  monitor: {
    first: ["Bytes in storage", () => sum(status.environments, (row) => row.listed_bytes), bytes],
    second: ["Events a second", () => rates.of("events"), count],
    tiles: () => [
      ["Blobs", count(sum(status.environments, (row) => row.listed_blobs))],
      ["In storage", bytes(sum(status.environments, (row) => row.listed_bytes))],
      ["Events", count(rates.of("events")) + "/s"],
      ["Scans", count(sum(status.environments, (row) => values(row.scans)))],
      ["Errors since start", count(sum(status.environments, errors)), "warn"],
    ],
    columns: [
      ["Blobs", (row) => row.listed_blobs, count], ["Bytes", (row) => row.listed_bytes, bytes],
      ["Last scan", (row) => row.last_scan ? Date.now() + skew - row.last_scan * 1000 : Infinity,
        (age) => age === Infinity ? "never" : span(age / 1000) + " ago"],
      ["Scans", (row) => row.scans.done, count, "wide"], ["Failed scans", (row) => row.scans.failed, count, "wide"],
      ["Events", (row) => values(row.events), count, "wide"], ["Errors", errors, count],
    ],
  },
  extract: {
    first: ["Lag in records", () => sum(status.topics, (row) => row.lag_records), count],
    second: ["Lines a second", () => rates.of("lines"), count],
    tiles: () => [
      ["Lag, records", count(sum(status.topics, (row) => row.lag_records))],
      ["Lines", count(rates.of("lines")) + "/s"],
      ["Text", bytes(rates.of("raw")) + "/s"],
      ["Records since start", count(sum(status.environments, (row) => row.outcomes.application + row.outcomes.http + row.outcomes.proxy))],
      ["Lines with errors", count(sum(status.environments, (row) => row.outcomes.error)), "warn"],
    ],
    columns: [
      ["Lines/s", (row) => rates.of("lines " + name(row)), count], ["Application", (row) => row.outcomes.application, count],
      ["HTTP", (row) => row.outcomes.http, count, "wide"], ["Proxy", (row) => row.outcomes.proxy, count, "wide"],
      ["Skipped", (row) => row.outcomes.skipped, count, "wide"], ["Errors", (row) => row.outcomes.error, count],
    ],
  },
};

// A table that is sorted by the heading that was clicked.
class Sorted {
  constructor(table, columns, by, down) {
    Object.assign(this, { table, columns, by, down, rows: [] });
    const head = table.createTHead().insertRow();
    columns.forEach((column, index) => {
      const th = make("th", undefined, (column.number ? "number " : "") + (column.kind || "")), button = make("button", column.name);
      button.type = "button";
      button.addEventListener("click", () => {
        this.down = this.by === index ? !this.down : column.number === true;
        this.by = index;
        this.draw();
      });
      th.append(button);
      head.append(th);
    });
    this.body = table.createTBody();
  }
  show(rows) { this.rows = rows; this.draw(); }
  draw() {
    [...this.table.tHead.rows[0].cells].forEach((th, index) => {
      if (index === this.by) th.setAttribute("aria-sort", this.down ? "descending" : "ascending"); else th.removeAttribute("aria-sort");
    });
    const get = this.columns[this.by].get, turn = this.down ? -1 : 1;
    const order = (a, b) => turn * (typeof a === "number" ? a - b || 0 : String(a).localeCompare(String(b)));
    const lines = this.rows.map((row) => [get(row), row]).sort((a, b) => order(a[0], b[0])).map(([, row]) => {
      const tr = document.createElement("tr");
      for (const column of this.columns) {
        const value = column.get(row), td = make("td", column.text ? column.text(value, row) : value);
        td.className = [column.number ? "number" : column.wraps ? "name" : "", column.kind || "", column.tone ? column.tone(value, row) : ""].join(" ");
        const more = column.more && column.more(row);
        if (more) td.append(make("small", more, "bad"));
        tr.append(td);
      }
      return tr;
    });
    if (!lines.length) {
      const none = make("td", "none", "faint");
      none.colSpan = this.columns.length;
      lines.push(make("tr"));
      lines[0].append(none);
    }
    this.body.replaceChildren(...lines);
  }
}

const tables = {};
const build = () => {
  const kind = KINDS[status.service], column = ([title, get, text, wide]) => ({ name: title, get, text, number: true, kind: wide,
    tone: (value) => value > 0 && (title === "Failed" || title === "Errors") ? "bad" : "" });
  tables.environments = new Sorted($("environments"), [{ name: "Environment", get: name, wraps: true }, ...kind.columns.map(column)], 0, false);
  const of = (state) => state === "failed" ? "bad" : state === "open" ? "good" : "";
  if (status.blobs) {
    tables.blobs = new Sorted($("blobs"), [
      { name: "Blob", get: (row) => row.blob.replace(/^kubernetes\//, "").replace(/_.*$/, ""), wraps: true, more: (row) => row.last_error },
      { name: "Environment", get: name, kind: "wide" }, { name: "Service", get: (row) => row.service, kind: "wide" },
      { name: "Rate", get: blobRate, text: (rate) => bytes(rate) + "/s", number: true },
      { name: "Lag", get: (row) => row.lag_bytes, text: bytes, number: true },
      { name: "Size", get: (row) => row.size, text: bytes, number: true, kind: "wide" },
      { name: "Lines", get: (row) => row.lines, text: count, number: true, kind: "wide" },
      { name: "Status", get: (row) => row.status, tone: of, kind: "wide" },
      { name: "Committed", get: (row) => Date.now() + skew - Date.parse(row.committed_at), text: (age) => span(age / 1000) + " ago", number: true, kind: "wide" },
    ], 3, true);
    $("blobs-part").hidden = false;
  }
  tables.parts = new Sorted($("parts"), [
    { name: "Part", get: (row) => row.name, wraps: true },
    { name: "State", get: (row) => !row.live ? "makes no progress" : row.waiting || "ready", wraps: true,
      tone: (value, row) => !row.live ? "bad" : row.waiting ? "warn" : "good" },
    { name: "Sign of life", get: (row) => row.silent_seconds, text: (age) => span(age) + " ago", number: true, kind: "wide" },
  ], 0, false);
};

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const chart = (at, [title, , text], index) => {
  const values = points.map((point) => point[index]), most = Math.max(...values, 0) || 1, picture = $(at + "-chart");
  picture.classList.toggle("is-empty", points.length < 2);
  const begin = points[0][0], length = Math.max(1, points[points.length - 1][0] - begin);
  const place = (point) => ((point[0] - begin) / length * 100).toFixed(2) + "," + (98 - point[index] / most * 94).toFixed(2);
  const curve = points.map(place).join(" ");
  picture.setAttribute("viewBox", "0 0 100 100");
  picture.setAttribute("aria-label", title + ": " + text(values[values.length - 1]) + ", at most " + text(Math.max(...values, 0)));
  picture.replaceChildren(...[4, 51].map((y) => svg("line", { x1: 0, x2: 100, y1: y, y2: y, class: "grid" })),
    svg("polygon", { points: "0,100 " + curve + " 100,100", class: "area" }), svg("polyline", { points: curve, class: "curve" }));
  $(at + "-name").replaceChildren(make("span", title), make("span", "at most " + text(Math.max(...values, 0)), "faint"));
  picture.nextElementSibling.firstElementChild.textContent = length > 1 ? span(length / 1000) + " ago" : "";
};

const showBlobs = () => {
  if (!tables.blobs) return;
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), onlyFailed = $("failed").checked;
  const text = (row) => [row.blob, name(row), row.service, row.status, row.last_error || ""].join(" ").toLowerCase();
  const shown = status.blobs.filter((row) => (!onlyFailed || row.status === "failed") && words.every((word) => text(row).includes(word)));
  $("blob-count").textContent = shown.length + " of the " + status.blobs.length + " that were committed last";
  tables.blobs.show(shown);
};
const showHealth = () => {
  const { live, ready } = status, [text, kind] = !live.ok ? [live.reason, "bad"] : !ready.ok ? ["not ready: " + ready.reason, "warn"] : ["ready", "good"];
  $("health").textContent = text;
  $("health").className = "pill " + kind;
};
const several = (count, name) => count + " " + name + (count === 1 ? "" : "s");
const show = () => {
  const kind = KINDS[status.service];
  if (!tables.parts) build();
  document.title = "clp " + status.service + " · " + status.host;
  $("service").textContent = status.service;
  $("about").textContent = status.host + " · version " + status.version + " · up " + span(status.uptime_seconds) +
    (status.lanes ? " · " + several(status.lanes.lanes, "lane") + ", " + several(status.lanes.partitions, "partition") : "");
  showHealth();
  $("tiles").replaceChildren(...kind.tiles().map(([label, value, tone]) => {
    const tile = make("div", undefined, "tile");
    tile.append(make("span", label, "faint"), make("b", value, tone && value !== "0" ? tone : ""));
    return tile;
  }));
  chart("first", kind.first, 1);
  chart("second", kind.second, 2);
  tables.environments.show(status.environments);
  showBlobs();
  tables.parts.show(status.parts);
  const lines = status.log.map((line) => {
    const item = make("li");
    item.append(make("span", line.at.slice(0, 19).replace("T", " ") + " ", "faint"),
      make("b", line.level + " ", line.level === "ERROR" ? "bad" : "warn"), document.createTextNode(line.text));
    return item;
  });
  $("log").replaceChildren(...(lines.length ? lines : [make("li", "none", "faint")]));
};
const takeIn = (now) => {
  // On another address, or after an update of the service, the page itself may be another.
  if (status && status.service !== now.service) { location.reload(); return; }
  if (now.started_at !== started) { rates = new Rates(); started = now.started_at; }
  status = now;
  skew = Date.parse(now.now) - Date.now();
  const at = performance.now();
  rates.add(at, counters(now));
  const kind = KINDS[now.service];
  points.push([at, kind.first[1](), kind.second[1]()]);
  // There is no rate at the first look.
  if (points.length === 2) points[0][2] = points[1][2];
  // Beyond an hour every second look is left out, so that the time grows and the memory does not.
  if (points.length > MAX_POINTS) points = points.filter((_, index) => index % 2 === 0 || index === points.length - 1);
  show();
};
const showStale = (reason) => {
  const since = answered ? " for " + span((Date.now() - answered) / 1000) + "; the figures are those from before" : "";
  $("stale").textContent = "The service does not answer" + since + " (" + reason + ").";
  $("stale").hidden = false;
  document.body.className = "is-stale";
  $("health").textContent = "no answer";
  $("health").className = "pill bad";
};
const poll = async () => {
  try {
    const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error("status " + answer.status);
    takeIn(await answer.json());
    answered = Date.now();
    $("stale").hidden = true;
    document.body.className = "";
  } catch (error) {
    showStale(error.name === "TimeoutError" ? "not within " + span(PATIENCE_MS / 1000) : error.message);
  }
  setTimeout(poll, EVERY_MS);
};
$("filter").addEventListener("input", showBlobs);
$("failed").addEventListener("change", showBlobs);
poll();
