// SPDX-License-Identifier: GPL-3.0-or-later
// Each parameter's share of the variance with its interval, then pairs of parameters together.
charts.importance = function (rows, look) {
  const shown = rows.filter(r => r.share !== null && (r.with === null || r.share >= 0.01)).slice(0, 20)
    .map(r => Object.assign({ name: r.with === null ? String(r.parameter) : r.parameter + " × " + r.with,
                              kind: r.with === null ? "alone" : "together" }, r));
  if (shown.length === 0) return null;
  return frame(look, 26 * shown.length + 70, {
    data: [{ name: "all", values: shown }],
    scales: [
      { name: "y", type: "band", domain: shown.map(r => r.name), range: "height", padding: 0.3 },
      { name: "x", type: "linear", range: "width", nice: true, zero: true,
        domain: { fields: [{ data: "all", field: "share" }, { data: "all", field: "high" }] } },
      { name: "colour", type: "ordinal", domain: ["alone", "together"], range: [look.blue, look.quiet] },
    ],
    axes: [
      { orient: "bottom", scale: "x", grid: true, domain: false, format: ".0%", title: "share of the variance" },
      { orient: "left", scale: "y", domain: false, ticks: false, labelLimit: 220 },
    ],
    legends: shown.some(r => r.with !== null)
      ? [{ fill: "colour", orient: "top", direction: "horizontal", symbolType: "square" }] : [],
    marks: [
      { type: "rect", from: { data: "all" }, encode: { update: {
          y: { scale: "y", field: "name" }, height: { scale: "y", band: 1 }, x: { scale: "x", value: 0 },
          x2: { scale: "x", field: "share" }, fill: { scale: "colour", field: "kind" },
          fillOpacity: { value: 0.8 }, cornerRadius: { value: 2 },
          tooltip: { signal: "{parameter: datum.name, share: format(datum.share, '.1%'), " +
            "from: format(datum.low, '.1%'), to: format(datum.high, '.1%')}" } },
        hover: { fillOpacity: { value: 1 } } } },
      { type: "rule", from: { data: "all" }, interactive: false, encode: { update: {
          y: { scale: "y", field: "name", band: 0.5 }, x: { scale: "x", field: "low" },
          x2: { scale: "x", field: "high" }, stroke: { value: look.ink }, strokeWidth: { value: 1.5 } } } },
    ],
  });
};
