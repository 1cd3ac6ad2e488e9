// SPDX-License-Identifier: GPL-3.0-or-later
// What the metric does along each parameter, averaged over all others, with a band.
charts.dependence = function (rows, look) {
  const list = byParameter(rows);
  if (list.length === 0) return null;
  const low = Math.min(...rows.map(r => r.low)), high = Math.max(...rows.map(r => r.high));
  const room = (high - low || 1) * 0.05;
  const grid = panels(look, list, 150, (one, i, each) => {
    const place = { scale: "x", field: "value" };
    const tip = { signal: "{value: datum.value, mean: datum.mean, from: datum.low, to: datum.high}" };
    const band = { x: place, y: { scale: "y", field: "low" }, y2: { scale: "y", field: "high" } };
    const bar = { type: "rule", from: { data: "p" + i }, interactive: false, encode: { update:
      Object.assign({ stroke: { value: look.blue }, strokeWidth: { value: 1.5 } }, band) } };
    const area = { type: "area", from: { data: "p" + i }, interactive: false, encode: { update:
      Object.assign({ fill: { value: look.blue }, fillOpacity: { value: 0.2 } }, band) } };
    const line = { type: "line", from: { data: "p" + i }, interactive: false, encode: { update: {
      x: place, y: { scale: "y", field: "mean" }, stroke: { value: look.blue }, strokeWidth: { value: 2 } } } };
    const dots = { type: "symbol", from: { data: "p" + i }, encode: { update: { x: place,
      y: { scale: "y", field: "mean" }, size: { value: 40 }, fill: { value: look.blue },
      opacity: { value: one.scale === "choice" || one.rows.length <= 12 ? 1 : 0 }, tooltip: tip },
      hover: { opacity: { value: 1 } } } };
    return {
      scales: [parameterScale(one, each),
               { name: "y", type: "linear", domain: [low - room, high + room], range: [150, 0], zero: false }],
      axes: [{ orient: "left", scale: "y", grid: true, domain: false, tickCount: 4 },
             { orient: "bottom", scale: "x", tickCount: 4, labelOverlap: true, labelLimit: 70 }],
      marks: one.scale === "choice" ? [bar, dots] : [area, line, dots],
    };
  });
  return {
    padding: 4, autosize: "pad",
    data: list.map((one, i) => ({ name: "p" + i, values: one.rows })),
    layout: { columns: grid.columns, padding: { row: 34, column: 26 }, bounds: "full", align: "each" },
    marks: grid.marks,
  };
};
