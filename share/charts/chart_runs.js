// SPDX-License-Identifier: GPL-3.0-or-later
// How long each run took, by when it ended.
charts.runs = function (rows, look) {
  const shown = rows.filter(r => r.hours !== null && r.wall_s !== null)
    .map(r => Object.assign({ as: r.class === "ok" ? "ok" : "not ok" }, r));
  if (shown.length < 3) return null;
  return frame(look, 240, {
    data: [{ name: "all", values: shown }],
    scales: [
      { name: "x", type: "linear", domain: { data: "all", field: "hours" }, range: "width", zero: true,
        nice: true },
      { name: "y", type: "linear", domain: { data: "all", field: "wall_s" }, range: "height", zero: true,
        nice: true },
      { name: "colour", type: "ordinal", domain: ["ok", "not ok"], range: [look.blue, look.red] },
      { name: "shape", type: "ordinal", domain: ["ok", "not ok"], range: ["circle", "cross"] },
    ],
    axes: [{ orient: "left", scale: "y", grid: true, domain: false, title: "run, s", tickCount: 5 },
           { orient: "bottom", scale: "x", title: "hours since the first run began" }],
    legends: [{ fill: "colour", shape: "shape", orient: "top", direction: "horizontal" }],
    marks: [{ type: "symbol", from: { data: "all" }, encode: {
      update: { x: { scale: "x", field: "hours" }, y: { scale: "y", field: "wall_s" }, size: { value: 28 },
        fill: { scale: "colour", field: "as" }, shape: { scale: "shape", field: "as" },
        fillOpacity: { value: 0.7 }, stroke: { value: "transparent" },
        tooltip: { signal: "{run: datum.run, experiment: datum.experiment, seed: datum.seed, " +
          "class: datum.class, seconds: datum.wall_s, memory: datum.peak_mib}" } },
      hover: { stroke: { value: look.ink }, fillOpacity: { value: 1 } } } }],
  });
};
