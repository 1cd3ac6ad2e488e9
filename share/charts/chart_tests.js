// SPDX-License-Identifier: GPL-3.0-or-later
// The gain that each test saw with its interval, and the smallest one that a test would see.
charts.tests = function (rows, look) {
  if (rows.length === 0) return null;
  const kindOf = r => r.kind === "placebo" ? "placebo" : r.verdict === "keep" ? "kept or confirmed"
    : "not kept";
  const shown = rows.map((r, i) => Object.assign({ row: String(i + 1), as: kindOf(r) }, r));
  const kinds = ["kept or confirmed", "not kept", "placebo"];
  const floor = rows[0].visible > 0 ? [rows[0]] : [];
  // Vega warns of the extent of a field that nobody has.
  const known = ["low", "high", "effect"].filter(f => rows.some(r => r[f] !== null));
  const measured = [...known.map(f => ({ data: "all", field: f })),
                    ...floor.map(() => ({ data: "floor", field: "visible" }))];
  return frame(look, 280, {
    data: [{ name: "all", values: shown }, { name: "floor", values: floor }],
    scales: [
      { name: "x", type: "point", domain: shown.map(r => r.row), range: "width", padding: 0.6 },
      { name: "y", type: "linear", range: "height", nice: true, zero: true,
        domain: measured.length > 0 ? { fields: measured } : [0, 1] },
      { name: "colour", type: "ordinal", domain: kinds, range: [look.orange, look.quiet, look.blue] },
      { name: "shape", type: "ordinal", domain: kinds, range: ["triangle-up", "circle", "diamond"] },
      { name: "fill", type: "ordinal", domain: kinds, range: [look.orange, look.quiet, look.paper] },
    ],
    axes: [
      { orient: "left", scale: "y", grid: true, domain: false, title: "gain in " + look.metric, tickCount: 6 },
      { orient: "bottom", scale: "x", title: "test", labelOverlap: true },
    ],
    legends: [{ fill: "fill", stroke: "colour", shape: "shape", orient: "top", direction: "horizontal" }],
    marks: [
      { type: "rule", encode: { update: { x: { value: 0 }, x2: { signal: "width" },
          y: { scale: "y", value: 0 }, stroke: { value: look.faint } } } },
      { type: "rule", from: { data: "floor" }, encode: { update: { x: { value: 0 },
          x2: { signal: "width" }, y: { scale: "y", field: "visible" }, stroke: { value: look.faint },
          strokeDash: { value: [5, 4] } } } },
      { type: "text", from: { data: "floor" }, encode: { update: { x: { signal: "width - 4" },
          y: { scale: "y", field: "visible", offset: -5 }, align: { value: "right" },
          fill: { value: look.faint }, text: { value: "seen in 80 % of tests" } } } },
      { type: "rule", from: { data: "all" }, interactive: false, encode: { update: {
          x: { scale: "x", field: "row" }, y: { scale: "y", field: "low" }, y2: { scale: "y", field: "high" },
          stroke: { scale: "colour", field: "as" }, strokeWidth: { value: 1.5 } } } },
      { type: "symbol", from: { data: "all" }, encode: {
        update: { x: { scale: "x", field: "row" }, y: { scale: "y", field: "effect" },
          size: { value: 80 }, fill: { scale: "fill", field: "as" },
          stroke: { scale: "colour", field: "as" }, shape: { scale: "shape", field: "as" },
          tooltip: { signal: "{decision: datum.decision, kind: datum.kind, experiment: datum.experiment, " +
            "against: datum.against, gain: datum.effect, from: datum.low, to: datum.high, " +
            "pairs: datum.pairs, level: datum.alpha}" } },
        hover: { stroke: { value: look.ink } } } },
    ],
  });
};
