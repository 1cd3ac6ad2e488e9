// SPDX-License-Identifier: GPL-3.0-or-later
// page.js - brings the figures of a report to life: for each <figure data-chart="NAME"> that has its
// data beside it, charts[NAME](rows, look) gives a Vega specification, which is drawn in place of the
// picture.  Whatever goes wrong, the picture stays.  Nothing here asks for anything outside the page;
// text from the record reaches the page through textContent and Vega's text marks alone.

const charts = {}; // name -> function (rows, look): a Vega specification; chart_<name>.js adds one

// --- data ----------------------------------------------------------------------------------------

// CSV (RFC 4180) -> an array of objects; a field that is a number becomes one, an empty one null.
// Vega's own reader makes code of the heads, which the page's policy forbids.
function rowsOf(text) {
  const table = [];
  let row = [], field = "", quoted = false, wasQuoted = false;
  const end = () => {
    row.push(wasQuoted || field === "" || isNaN(field) ? (field === "" ? null : field) : +field);
    field = "";
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') { field += c; i++; }
      else quoted = false;
    } else if (c === '"') quoted = wasQuoted = true;
    else if (c === ",") end();
    else if (c === "\n") { end(); table.push(row); row = []; }
    else if (c !== "\r") field += c;
  }
  const heads = table.shift() || [];
  return table.map(cells => Object.fromEntries(heads.map((head, i) => [String(head), cells[i]])));
}

// --- the look ------------------------------------------------------------------------------------

const LIGHT = {
  ink: "#1f2328", faint: "#57606a", line: "#d8dee4", grid: "#eaeef2", paper: "#ffffff",
  quiet: "#a8b1bb", blue: "#2f6fb3", orange: "#c8621b", red: "#c93c37", green: "#2f8f5b",
  ramp: ["#c8621b", "#d9a441", "#8fb2cf", "#d8dee4"],
};
const DARK = {
  ink: "#e6edf3", faint: "#9198a1", line: "#30363d", grid: "#21262d", paper: "#0d1117",
  quiet: "#5d6873", blue: "#6cb0f5", orange: "#f0883e", red: "#f47067", green: "#56c288",
  ramp: ["#f0883e", "#c9a24a", "#4f7ea8", "#30363d"],
};
const FATES = ["reverted", "failed", "placebo", "pending", "head moved", "kept (never tested)", "baseline",
               "verified"];

function lookOf(figure) {
  const colours = matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT;
  return Object.assign({ width: Math.max(figure.clientWidth - 26, 260),
                         metric: figure.dataset.metric, maximize: figure.dataset.goal === "maximize" }, colours);
}

// Colour and shape of what became of an experiment, the same in every chart.
function fateScales(look) {
  const q = look.quiet;
  return [
    { name: "fateColour", type: "ordinal", domain: FATES,
      range: [q, look.red, q, q, look.blue, look.blue, look.ink, look.orange] },
    { name: "fateFill", type: "ordinal", domain: FATES,
      range: [q, look.red, look.paper, look.paper, look.blue, look.blue, look.ink, look.orange] },
    { name: "fateShape", type: "ordinal", domain: FATES,
      range: ["circle", "cross", "diamond", "circle", "circle", "circle", "square", "triangle-up"] },
    { name: "fateSize", type: "ordinal", domain: FATES, range: [22, 40, 44, 22, 46, 46, 70, 110] },
  ];
}

const encodeFate = {
  fill: { scale: "fateFill", field: "became" }, stroke: { scale: "fateColour", field: "became" },
  shape: { scale: "fateShape", field: "became" }, size: { scale: "fateSize", field: "became" },
};

function config(look) {
  const font = "system-ui, sans-serif";
  return {
    background: null,
    axis: { domainColor: look.line, tickColor: look.line, gridColor: look.grid, labelColor: look.faint,
            titleColor: look.faint, labelFont: font, titleFont: font, labelFontSize: 11,
            titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8, labelFlush: true },
    title: { color: look.ink, font: font, fontSize: 12, fontWeight: 600, anchor: "start" },
    legend: { labelColor: look.ink, titleColor: look.faint, labelFont: font, titleFont: font,
              labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", symbolStrokeWidth: 1.5 },
    text: { font: font, fill: look.ink, fontSize: 11 },
  };
}

// What every specification begins with.
function frame(look, height, parts) {
  return Object.assign({ width: look.width, height: height, padding: 4,
                         autosize: { type: "fit", contains: "padding" } }, parts);
}

// The part of the metric's range that matters: what was kept and the better three quarters.
function extentOf(rows, maximize) {
  const values = rows.filter(r => r.mean !== null).map(r => r.mean).sort((a, b) => a - b);
  if (values.length === 0) return [0, 1];
  const kept = rows.filter(r => r.mean !== null &&
    ["baseline", "verified", "head moved", "kept (never tested)"].includes(r.became)).map(r => r.mean);
  const at = Math.floor(values.length / 4), n = values.length;
  let low = values[0], high = values[n - 1];
  if (maximize) low = Math.min(values[at], ...kept);
  else high = Math.max(values[n - 1 - at], ...kept);
  const room = (high - low || Math.abs(low) || 1) * 0.06;
  return [low - room, high + room];
}

const short = x => x === null || x === undefined ? "–"
  : typeof x === "number" ? String(+x.toPrecision(6)) : String(x);

// --- what is shown beside the pointer ------------------------------------------------------------

const tip = document.createElement("div");

function showTip(handler, event, item, value) {
  if (value === null || value === undefined || value === "") {
    tip.classList.remove("shown");
    return;
  }
  tip.replaceChildren();
  for (const [name, text] of Object.entries(Object(value))) {
    if (text === null || text === undefined || text === "") continue;
    const line = document.createElement("div"), label = document.createElement("span");
    label.textContent = name;
    line.append(label, " " + short(text));
    tip.append(line);
  }
  tip.classList.add("shown");
  const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const y = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.left = Math.max(x, 4) + "px";
  tip.style.top = Math.max(y, 4) + "px";
}

// --- drawing -------------------------------------------------------------------------------------

const alive = new Map(); // figure -> its view

async function draw(figure) {
  const name = figure.dataset.chart, data = document.getElementById("data-" + figure.dataset.data);
  if (!charts[name] || !data) return;
  const look = lookOf(figure), spec = charts[name](rowsOf(JSON.parse(data.textContent)), look);
  if (!spec) return;
  const old = alive.get(figure), stage = document.createElement("div");
  stage.className = "stage";
  const view = new vega.View(vega.parse(spec, config(look), { ast: true }), {
    expr: vega.expressionInterpreter, renderer: "svg", container: stage, hover: true,
    tooltip: showTip, logLevel: vega.Warn,
  });
  figure.append(stage);
  try {
    await view.runAsync();
  } catch (error) {
    stage.remove();
    throw error;
  }
  if (old) {
    old.finalize();
    old.container().remove();
  }
  alive.set(figure, view);
  figure.classList.add("live");
}

async function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    try {
      await draw(figure);
    } catch (error) {
      console.error("chart '" + figure.dataset.chart + "': " + error.message);
    }
  }
  document.documentElement.dataset.charts = String(alive.size);
}

// The page's script, once all charts are known.
function start() {
  tip.className = "tip";
  document.body.append(tip);
  let wait = 0, width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(wait);
    wait = setTimeout(drawAll, 200);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  drawAll();
}
