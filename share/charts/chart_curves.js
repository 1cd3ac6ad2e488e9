// SPDX-License-Identifier: GPL-3.0-or-later
// Learning curves: each seed, the mean over the seeds and its interval.
charts.curves = function (rows, look) {
  if (rows.length === 0) return null;
  const place = "step" in rows[0] ? "step" : "progress", train = "train_loss" in rows[0];
  if (train) rows.forEach(r => { r.value = r.train_loss; });
  const means = rows.filter(r => r.seed === null), seeds = rows.filter(r => r.seed !== null)
    .map(r => Object.assign({ run: r.experiment + "/" + r.seed }, r));
  const last = Math.max(...means.map(r => r[place]));
  const first = Math.min(...means.map(r => r[place]));
  const late = means.filter(r => r[place] >= first + (last - first) / 7);
  const low = Math.min(...late.map(r => r.low === null ? r.value : r.low));
  const high = Math.max(...late.map(r => r.high === null ? r.value : r.high));
  const room = (high - low || 1) * 0.06;
  const names = [...new Set(means.map(r => r.which))];
  const x = { scale: "x", field: place }, stroke = { scale: "colour", field: "which" };
  const line = (source, by, width, opacity) => ({ type: "group",
    from: { facet: { name: by + "s", data: source, groupby: by } },
    marks: [{ type: "line", from: { data: by + "s" }, interactive: false, encode: { update: {
      x: x, y: { scale: "y", field: "value" }, stroke: stroke, strokeWidth: { value: width },
      opacity: { value: opacity } } } }] });
  return frame(look, 320, {
    data: [{ name: "means", values: means }, { name: "seeds", values: seeds }],
    scales: [
      { name: "x", type: "linear", domain: [first, last], range: "width", zero: false },
      { name: "y", type: "linear", domain: [low - room, high + room], range: "height", zero: false },
      { name: "colour", type: "ordinal", domain: names, range: [look.ink, look.orange] },
    ],
    axes: [{ orient: "left", scale: "y", grid: true, domain: false, title: train ? "train_loss" : look.metric, tickCount: 6 },
           { orient: "bottom", scale: "x", title: place }],
    legends: [{ stroke: "colour", orient: "top", direction: "horizontal", symbolType: "stroke" }],
    marks: [{ type: "group", clip: true, encode: { update: { width: { signal: "width" },
      height: { signal: "height" } } }, marks: [
        { type: "group", from: { facet: { name: "bands", data: "means", groupby: "which" } },
          marks: [{ type: "area", from: { data: "bands" }, interactive: false, encode: { update: { x: x,
            y: { scale: "y", field: "low" }, y2: { scale: "y", field: "high" },
            defined: { signal: "isValid(datum.low)" }, fill: stroke, fillOpacity: { value: 0.16 } } } }] },
        line("seeds", "run", 0.8, 0.35), line("means", "which", 2.2, 1),
        { type: "symbol", from: { data: "means" }, encode: { update: { x: x,
            y: { scale: "y", field: "value" }, size: { value: 60 }, fill: stroke, opacity: { value: 0 },
            tooltip: { signal: "{which: datum.which, experiment: datum.experiment, " + place + ": datum." +
              place + ", mean: datum.value, from: datum.low, to: datum.high}" } },
          hover: { opacity: { value: 1 } } } },
    ] }],
  });
};
