// SPDX-License-Identifier: GPL-3.0-or-later
// For each parameter, every experiment's mean over the value that it had.  The experiment below the
// pointer is marked in all panels.

// Small charts side by side: `panels` gives the parts of each, which have their own scales x and y.
function panels(look, list, height, make) {
  const across = Math.max(1, Math.min(list.length, Math.floor(look.width / 250), 3));
  const each = Math.max(160, Math.floor(look.width / across) - 58);
  return { columns: across, each: each, marks: list.map((one, i) => Object.assign({ type: "group",
    title: { text: String(one.name), offset: 4, limit: each },
    encode: { update: { width: { value: each }, height: { value: height } } } }, make(one, i, each))) };
}

// The scale and axis of a parameter: places are values, or the names of choices.
function parameterScale(one, each) {
  if (one.scale === "choice")
    return { name: "x", type: "point", domain: one.values, range: [0, each], padding: 0.5 };
  return { name: "x", type: one.scale === "log" ? "log" : "linear", domain: one.domain, range: [0, each],
           zero: false };
}

// Choices in their order: numbers by size, words as they come.
function choicesOf(list) {
  const all = [...new Set(list.map(r => r.value))];
  if (all.every(x => typeof x === "number")) all.sort((a, b) => a - b);
  return all.map(String);
}

// From the least to the most, with room for marks at the ends.
function widened(values, log) {
  const low = Math.min(...values), high = Math.max(...values);
  if (log) return [low / Math.pow(high / low, 0.05) / 1.02, high * Math.pow(high / low, 0.05) * 1.02];
  const room = (high - low || Math.abs(low) || 1) * 0.05;
  return [low - room, high + room];
}

// The rows of each parameter, in their order; at most twelve, as drawn.
function byParameter(rows) {
  const all = new Map();
  for (const r of rows) {
    if (!all.has(r.parameter)) all.set(r.parameter, []);
    all.get(r.parameter).push(r);
  }
  return [...all].slice(0, 12).map(([name, list]) => {
    const choice = list[0].scale === "choice";
    const values = choice ? choicesOf(list)
                          : list.map(r => r.value).filter(x => typeof x === "number");
    const rowsOfIt = choice ? list.map(r => Object.assign({}, r, { value: String(r.value) })) : list;
    return { name: name, rows: rowsOfIt, scale: list[0].scale, values: values,
             domain: choice ? null : widened(values, list[0].scale === "log") };
  });
}

charts.slices = function (rows, look) {
  const list = byParameter(rows.filter(r => r.mean !== null));
  if (list.length === 0 || list[0].rows.length < 3) return null;
  const extent = extentOf(list[0].rows, look.maximize);
  const grid = panels(look, list, 150, (one, i, each) => ({
    data: [],
    scales: [parameterScale(one, each),
             { name: "y", type: "linear", domain: extent, range: [150, 0], zero: false }],
    axes: [{ orient: "left", scale: "y", grid: true, domain: false, tickCount: 4 },
           { orient: "bottom", scale: "x", tickCount: 4, labelOverlap: true, labelLimit: 70 }],
    marks: [
      { type: "symbol", from: { data: "p" + i }, clip: true, encode: {
        update: Object.assign({ x: { scale: "x", field: "value" }, y: { scale: "y", field: "mean" },
          opacity: { signal: "picked === null || picked === datum.experiment ? 0.85 : 0.25" },
          strokeWidth: { signal: "picked === datum.experiment ? 3 : 1" },
          zindex: { signal: "picked === datum.experiment ? 1 : 0" },
          tooltip: { signal: "{experiment: datum.experiment, became: datum.became, value: datum.value, " +
            "mean: datum.mean}" } }, encodeFate) } },
    ],
  }));
  return {
    padding: 4, autosize: "pad",
    signals: [{ name: "picked", value: null, on: [
      { events: "symbol:mouseover", update: "datum.experiment" },
      { events: "symbol:mouseout", update: "null" }] }],
    data: list.map((one, i) => ({ name: "p" + i, values: one.rows })),
    scales: fateScales(look),
    layout: { columns: grid.columns, padding: { row: 34, column: 26 }, bounds: "full", align: "each" },
    marks: grid.marks,
  };
};
