// SPDX-License-Identifier: GPL-3.0-or-later
// Parallel coordinates: every experiment as a line through its parameters.  The slider leaves the best
// share of them; the one below the pointer stands out.
charts.parallel = function (rows, look) {
  const all = rows.filter(r => r.mean !== null), names = [...new Set(all.map(r => r.parameter))].slice(0, 12);
  const brief = x => typeof x === "number" ? String(+x.toPrecision(3)) : String(x).slice(0, 12);
  const means = new Map(all.map(r => [r.experiment, r.mean]));
  const best = [...means].sort((a, b) => look.maximize ? b[1] - a[1] : a[1] - b[1]).map(x => x[0]);
  if (names.length < 2 || best.length < 3) return null;
  const rank = new Map(best.map((experiment, i) => [experiment, i / (best.length - 1)]));
  const shown = all.filter(r => names.includes(r.parameter))
    .map(r => Object.assign({ axis: String(r.parameter), rank: rank.get(r.experiment) }, r));
  const ends = names.map(name => {
    const of = shown.filter(r => r.parameter === name).sort((a, b) => a.place - b.place);
    const low = brief(of[0].value), high = brief(of[of.length - 1].value);
    return { axis: String(name), low: low === high ? "" : low, high: high,
             from: of[0].place, to: of[of.length - 1].place };
  });
  shown.sort((a, b) => b.rank - a.rank || a.experiment - b.experiment);
  const seen = "datum.rank <= best / 100";
  return frame(look, 340, {
    signals: [
      { name: "best", value: 100, bind: { input: "range", min: 1, max: 100, step: 1, name: "best, %" } },
      { name: "picked", value: null, on: [
        { events: "@lines:mouseover", update: "datum.experiment" },
        { events: "@lines:mouseout", update: "null" }] },
    ],
    data: [{ name: "all", values: shown, transform: [{ type: "filter", expr: seen }] },
           { name: "ends", values: ends }],
    scales: [
      { name: "x", type: "point", domain: names.map(String), range: "width", padding: 0.35 },
      { name: "y", type: "linear", domain: [0, 1], range: "height", zero: false },
      { name: "colour", type: "linear", domain: [0, 0.1, 0.4, 1], range: look.ramp, interpolate: "rgb" },
    ],
    axes: [{ orient: "top", scale: "x", domain: false, ticks: false, labelFontWeight: 600, labelPadding: 20,
             labelColor: look.ink, labelLimit: Math.max(40, look.width / names.length - 8), labelFlush: false,
             labelOverlap: false }],
    marks: [
      { type: "rule", from: { data: "ends" }, encode: { update: { x: { scale: "x", field: "axis" },
          y: { value: 0 }, y2: { signal: "height" }, stroke: { value: look.faint } } } },
      { type: "group", name: "fan",
        from: { facet: { name: "one", data: "all", groupby: "experiment",
                         aggregate: { fields: ["rank", "mean"], ops: ["min", "min"], as: ["rank", "mean"] } } },
        marks: [{ type: "line", name: "lines", from: { data: "one" }, encode: { update: {
          x: { scale: "x", field: "axis" }, y: { scale: "y", field: "place" },
          sort: { field: "axis" }, stroke: { scale: "colour", field: "rank" },
          strokeWidth: { signal: "picked === datum.experiment ? 3.5 : 1.3" },
          opacity: { signal: "picked === null ? 0.75 : picked === datum.experiment ? 1 : 0.12" },
          tooltip: { signal: "{experiment: datum.experiment, became: datum.became, mean: datum.mean}" } } } }] },
      { type: "text", from: { data: "ends" }, encode: { update: { x: { scale: "x", field: "axis" },
          y: { scale: "y", field: "to", offset: -6 }, align: { value: "center" }, fill: { value: look.faint },
          text: { field: "high" } } } },
      { type: "text", from: { data: "ends" }, encode: { update: { x: { scale: "x", field: "axis" },
          y: { scale: "y", field: "from", offset: 14 }, align: { value: "center" },
          fill: { value: look.faint }, text: { field: "low" } } } },
    ],
  });
};
